"""The line in which runs stand for one executor."""

from thalweg.executors.contract import Attempt, Call
from thalweg.tasks.turn import in_turn


class OnePlace:
    """An executor with one place, which only notes what is asked of it."""

    name = "one"
    limit = 1
    meanwhile = None

    def __init__(self):
        self.asked = []

    def start(self, attempt):
        if self.meanwhile is not None:
            self.meanwhile(attempt)
        self.asked.append(("start", attempt))

    def cancel(self, attempt):
        self.asked.append(("cancel", attempt))


def attempt_of(number):
    return Attempt(Call(number, print, ()), lambda _: None)


def test_who_is_cancelled_on_the_way_in_is_cancelled_there():
    executor = OnePlace()
    turn = in_turn(executor)
    executor.meanwhile = turn.cancel  # as another thread may do it
    first, second = attempt_of(0), attempt_of(1)
    turn.start(first)
    assert executor.asked == [("start", first), ("cancel", first)]
    executor.meanwhile = None
    turn.start(second)  # the place is free
    assert executor.asked[2:] == [("start", second)]

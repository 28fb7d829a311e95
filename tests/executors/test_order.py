"""Calls in an order: who is before another passes it its end, and nothing else."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.executors.clock import clock_loop
from thalweg.executors import Gate, InlineExecutor
from thalweg.executors.contract import Call
from thalweg.executors.event_loop import drive_here
from thalweg.executors.order import Order
from thalweg.executors.states import State


class Sleeps(Order):
    """Coroutines that sleep, and note when; one that sleeps for less than nothing raises."""

    def __init__(self, seconds, before, endless=()):
        super().__init__(before, endless)
        self.seconds = seconds
        self.begun = {}
        self.ended = {}

    def call(self, number):
        return Call(number, self.sleep, (number, self.seconds[number]))

    async def sleep(self, number, seconds):
        time = asyncio.get_running_loop().time
        assert number not in self.begun
        self.begun[number] = time()
        try:
            await asyncio.sleep(abs(seconds))
        finally:
            self.ended[number] = time()
        if seconds < 0:
            raise ValueError(number)
        return number * 10


def driven(run, **options):
    with clock_loop() as loop:
        return loop.run_until_complete(drive_here(run, **options)), loop.time()


class Squares(Order):
    """Plain functions, for an executor that makes them in line."""

    def __init__(self, before):
        super().__init__(before)
        self.made = []

    def call(self, number):
        return Call(number, self.square, (number,))

    def square(self, number):
        self.made.append(number)
        return number**2


def test_calls_are_made_in_order():
    run = Squares([[2], [0], []])
    InlineExecutor().drive(run)
    assert (run.made, run.values) == ([2, 0, 1], [0, 1, 4])


def test_those_that_may_start_at_once_do_so_by_number():
    run = Squares([[], [], [], []])
    InlineExecutor().drive(run)
    assert run.made == [0, 1, 2, 3]


def test_a_failure_lets_the_later_ones_start():
    run = Sleeps([-1.0, 1.0], [[], [0]])
    assert driven(run) == (False, 2.0)
    assert run.states == [State.FAILED, State.DONE]
    assert isinstance(run.errors[0], ValueError)
    assert run.values == [None, 10]


def test_a_call_that_cannot_be_made_has_failed():
    class Unmade(Squares):
        def call(self, number):
            if number == 0:
                raise LookupError("there is no such call")
            return super().call(number)

    run = Unmade([[], [0]])
    InlineExecutor().drive(run)
    assert (run.made, run.states, str(run.errors[0])) == ([1], [State.FAILED, State.DONE], "there is no such call")


def test_what_is_endless_is_cancelled_when_all_others_have_ended():
    run = Sleeps([100.0, 2.0], [[], []], endless=[0])
    assert driven(run) == (False, 2.0)
    assert (run.states, run.ended[0]) == ([State.CANCELLED, State.DONE], 2.0)


def test_what_is_endless_does_not_begin_when_all_others_have_ended():
    run = Sleeps([100.0, 2.0], [[1], []], endless=[0])
    driven(run)
    assert (run.states[0], run.begun) == (State.WAITING, {1: 0.0})


def test_a_run_of_endless_calls_alone_is_over_when_they_are():
    run = Sleeps([3.0, 5.0], [[], []], endless=[0, 1])
    assert driven(run) == (False, 5.0)


def test_a_stopped_run_starts_nothing_more():
    class Stopping(Sleeps):
        def fail(self, number, error):
            self.stop()
            super().fail(number, error)

    run = Stopping([-1.0, 1.0, 5.0, 1.0], [[], [0], [], []])
    assert driven(run) == (False, 1.0)
    assert run.states == [State.FAILED, State.WAITING, State.CANCELLED, State.DONE]


def test_a_held_run_starts_nothing_until_it_is_let_go():
    class Held(Sleeps):
        async def sleep(self, number, seconds):
            if number == 0:
                self.is_held = True
            await super().sleep(number, seconds)
            if number == 1:
                self.is_held = False

    run = Held([1.0, 3.0, 1.0], [[], [], [0]])
    driven(run)
    assert run.begun == {0: 0.0, 1: 0.0, 2: 3.0}


def test_a_run_whose_time_is_over_is_cancelled():
    run = Sleeps([1.0, 1.0, 1.0], [[], [0], [1]])
    assert driven(run, seconds=1.5) == (True, 1.5)
    assert run.states == [State.DONE, State.CANCELLED, State.WAITING]


def test_a_call_that_waits_for_a_place_is_ready():
    run = Sleeps([1.0, 1.0], [[], []])
    run.is_told = True
    assert driven(run, gate=Gate(1), listener=run.told, seconds=0.5) == (True, 0.5)
    assert run.states == [State.CANCELLED, State.READY]


def test_a_run_of_nothing_ends():
    assert driven(Sleeps([], [])) == (False, 0.0)


@pytest.mark.parametrize(
    ("before", "is_sound"), [([], True), ([[]], True), ([[1], []], True), ([[0]], False), ([[1], [0], []], False)]
)
def test_a_circle_is_noticed(before, is_sound):
    run = Squares(before)
    assert run.is_sound() is is_sound
    assert run.is_sound() is is_sound, "looking changes nothing"


@st.composite
def orders(draw):
    """Sleeps, in whole seconds so that sums are exact, with what is before each: always something earlier."""
    size = draw(st.integers(0, 12))
    seconds = [float(draw(st.integers(-9, 9))) for _ in range(size)]
    before = [sorted(draw(st.sets(st.integers(0, number - 1), max_size=3))) if number else [] for number in range(size)]
    return seconds, before


@given(orders())
def test_each_begins_when_the_last_before_it_has_ended(order):
    seconds, before = order
    run = Sleeps(seconds, before)
    _, end = driven(run)
    expected = {}
    for number, numbers in enumerate(before):
        begin = max((expected[other][1] for other in numbers), default=0.0)
        expected[number] = begin, begin + abs(seconds[number])
    assert {number: (run.begun[number], run.ended[number]) for number in run.begun} == expected
    assert end == max((ended for _, ended in expected.values()), default=0.0)


@given(orders(), st.integers(1, 3))
def test_a_gate_is_never_exceeded_and_never_idle_while_somebody_waits(order, high):
    seconds, before = order
    run = Sleeps(seconds, before)
    run.is_told = True
    driven(run, gate=Gate(high), listener=run.told)
    assert set(run.begun) == set(range(len(seconds)))
    for number, moment in run.begun.items():
        inside = [each for each in run.begun if run.begun[each] <= moment < run.ended[each]]
        assert len(inside) <= high
        ready_at = max((run.ended[other] for other in before[number]), default=0.0)
        if moment > ready_at:  # it had to wait: all places were taken until then
            others = [each for each in run.begun if run.begun[each] < moment <= run.ended[each]]
            assert len(others) >= high

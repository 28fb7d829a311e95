"""The inline executor: one call after the other, here."""

import threading

from tests.executors.drivables import Steps, call
from thalweg.executors import InlineExecutor


def test_calls_are_made_in_the_thread_that_drives():
    run = Steps((call(1, threading.current_thread),), (call(2, threading.current_thread),))
    InlineExecutor().drive(run)
    assert {value for _, value in run.outcomes.values()} == {threading.current_thread()}


def test_each_call_is_reported_before_the_next_is_taken():
    order = []

    class Noting(Steps):
        def ready(self):
            for one in super().ready():
                order.append(f"{one.number} taken")
                yield one

        def end(self, call, outcome):
            order.append(f"{call.number} {outcome[0]}")
            super().end(call, outcome)

    InlineExecutor().drive(Noting((call(1, abs, -1),), (call(2, abs),), (call(3, abs, -3),)))
    assert order == ["1 taken", "1 done", "2 taken", "2 failed", "3 taken", "3 done"]

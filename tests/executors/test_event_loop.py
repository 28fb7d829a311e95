"""The host of a driver on an event loop: its turns, and what its end waits for."""

import asyncio
import contextvars

import pytest

from tests.executors.clock import clock_loop
from tests.executors.drivables import Steps, call
from thalweg.executors.contract import GRACE_SECONDS
from thalweg.executors.driver import Driver
from thalweg.executors.event_loop import EventLoopExecutor, LoopHost


@pytest.fixture
def loop():
    with clock_loop() as loop:
        yield loop


async def drive(run, **options):
    host, executor = LoopHost(**options), EventLoopExecutor()
    await host.drive(Driver(run, host, lambda _: executor))


async def nothing():
    pass


def test_a_call_that_waits_for_one_other_alone_is_started_in_the_turn_in_which_that_ends(loop):
    run = Steps(*((call(k, nothing), *([k - 1] if k else [])) for k in range(200)))
    loop.run_until_complete(drive(run))
    assert run.events == list(range(200))
    assert loop.turns < 210


def test_what_several_calls_have_made_ready_is_started_together(loop):
    many = range(1, 101)
    run = Steps(
        (call(0, nothing),),
        *((call(k, nothing), 0) for k in many),
        *((call(100 + k, nothing), k) for k in many),
    )
    loop.run_until_complete(drive(run))
    assert run.given == list(range(201))
    assert loop.turns < 10


def test_a_call_that_begins_others_begins_them_in_the_context_of_the_run(loop):
    depth = contextvars.ContextVar("depth", default=0)

    async def deeper():
        depth.set(depth.get() + 1)
        return depth.get()

    run = Steps(*((call(k, deeper), *([k - 1] if k else [])) for k in range(5)))
    loop.run_until_complete(drive(run))
    assert [value for _, value in run.outcomes.values()] == [1] * 5


class Slow:
    """A call that needs some time to end when it is cancelled."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.has_ended = False

    async def __call__(self):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(self.seconds)
            self.has_ended = True


def cancelled_after(loop, seconds, run, **options):
    """Cancel a run, and give when it was through with that."""

    async def main():
        task = asyncio.create_task(drive(run, **options))
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return loop.time()

    return loop.run_until_complete(main())


def test_the_end_of_a_run_waits_for_what_was_cancelled_for_a_grace_period(loop):
    slow = Slow(5.0)
    assert cancelled_after(loop, 1.0, Steps((call(1, slow),))) == 1.0 + GRACE_SECONDS
    assert not slow.has_ended
    loop.run_until_complete(asyncio.sleep(5.0))


def test_the_end_of_a_run_without_a_grace_period_waits_as_long_as_it_takes(loop):
    slow = Slow(5.0)
    assert cancelled_after(loop, 1.0, Steps((call(1, slow),)), grace_seconds=None) == 6.0
    assert slow.has_ended

"""However a scenario ends, nothing of it is left, and every job is told."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest

from thalweg.errors import BuildError
from thalweg.jobs import AbstractJob, Job, Scheduler


class Connected(AbstractJob):
    """A job that keeps a connection until it is shut down."""

    def __init__(self, diary, seconds=1.0, *, shutdown=0.0, error=None, **options):
        super().__init__(**options)
        self.diary = diary
        self.seconds = seconds
        self.shutdown = shutdown
        self.error = error

    async def co_run(self):
        await self.diary.sleep(self.label, self.seconds)

    async def co_shutdown(self):
        self.diary.note("shuts down", self.label)
        await asyncio.sleep(self.shutdown)
        if self.error is not None:
            raise self.error
        self.diary.note("is shut down", self.label)


def test_every_job_is_told_of_the_end_also_those_that_have_not_begun(clock, diary, job):
    boom = job("boom", 2.0, error=ValueError("no luck"), critical=True)
    a, b, c = (Connected(diary, seconds, label=name) for name, seconds in (("a", 1.0), ("b", 9.0), ("c", 1.0)))
    c.requires(b)
    Scheduler(a, b, c, boom).orchestrate(clock)
    assert diary.of("shuts down") == [(2.0, "a"), (2.0, "b"), (2.0, "c")]
    assert diary.entries.index((2.0, "is cancelled", "b")) < diary.entries.index((2.0, "shuts down", "a"))


@pytest.mark.parametrize("how", ["well", "late", "cancelled", "interrupted"])
def test_jobs_are_shut_down_however_the_scenario_ends(clock, diary, how):
    async def interrupt():
        raise KeyboardInterrupt

    jobs = [Connected(diary, 1.0, label="a"), *([Job(interrupt)] if how == "interrupted" else [])]
    scenario = Scheduler(*jobs, timeout=0.5 if how == "late" else None)

    if how == "cancelled":
        cancelled_after(clock, 0.5, scenario)
    elif how == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            scenario.orchestrate(clock)
    else:
        scenario.orchestrate(clock)
    assert [name for _, name in diary.of("is shut down")] == ["a"]


def test_jobs_are_shut_down_side_by_side_before_the_verdict(clock, diary):
    verdict = Scheduler(*(Connected(diary, 1.0, shutdown=0.5, label=name) for name in "abc")).orchestrate(clock)
    assert diary.of("is shut down") == [(1.5, "a"), (1.5, "b"), (1.5, "c")]
    assert (verdict, verdict.seconds) == (True, 1.5)


def test_a_shutdown_takes_no_longer_than_it_may(clock, diary):
    slow, quick = Connected(diary, shutdown=100.0, label="slow"), Connected(diary, label="quick")
    scenario = Scheduler(slow, quick, shutdown_timeout=2.0)
    verdict = scenario.orchestrate(clock)
    assert (verdict, verdict.unclosed, clock.time()) == (True, (slow,), 3.0)
    assert verdict.reason == "and co_shutdown of 'slow' failed"
    assert diary.of("is shut down") == [(1.0, "quick")]


def test_by_default_a_shutdown_may_take_a_second(clock, diary):
    Scheduler(Connected(diary, shutdown=100.0, label="slow")).orchestrate(clock)
    assert clock.time() == 2.0


def test_a_shutdown_that_raises_does_not_keep_others_from_being_shut_down(clock, diary):
    bad, good = Connected(diary, error=OSError("broken"), label="bad"), Connected(diary, label="good")
    scenario = Scheduler(bad, good)
    verdict = scenario.orchestrate(clock)
    assert (verdict, verdict.unclosed) == (True, (bad,))
    assert diary.of("is shut down") == [(1.0, "good")]


def cancelled_after(clock, seconds, scenario, *, times=1):
    """Cancel a scenario from outside; gives the moment at which that is through, and the tasks that are left."""

    async def main():
        task = asyncio.create_task(scenario.co_orchestrate())
        await asyncio.sleep(seconds)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0.25)
        with pytest.raises(asyncio.CancelledError):
            await task
        return clock.time(), asyncio.all_tasks() - {asyncio.current_task()}

    return clock.run_until_complete(main())


def test_nothing_is_left_after_a_cancel_from_outside(clock, diary, job):
    a, b, c = job("a", 1.0), job("b", 10.0), job("c")
    c.requires(b)
    scenario = Scheduler(a, b, c, job("monitor", 100.0, forever=True))
    assert cancelled_after(clock, 2.0, scenario)[1] == set()
    assert diary.cancelled == [(2.0, "monitor"), (2.0, "b")]
    assert (a.is_done(), b.is_running(), c.is_idle()) == (True, True, True)
    assert (scenario.own_run.verdict, scenario.why()) == (None, "it was cancelled")


class Lingering:
    """A coroutine function that needs time to end when it is cancelled."""

    def __init__(self, clock, seconds):
        self.clock = clock
        self.seconds = seconds
        self.ended = None

    async def __call__(self):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(self.seconds)
            self.ended = self.clock.time()


@pytest.mark.parametrize("nested", [False, True])
def test_a_job_that_needs_time_for_its_end_is_waited_for(clock, nested):
    slow = Lingering(clock, 30.0)
    scenario = Scheduler(Scheduler(Job(slow))) if nested else Scheduler(Job(slow))
    moment, left = cancelled_after(clock, 1.0, scenario)
    assert (moment, slow.ended, left) == (31.0, 31.0, set())


def test_a_second_cancel_is_passed_on_to_jobs_that_have_not_ended(clock):
    slow = Lingering(clock, 30.0)
    moment, left = cancelled_after(clock, 1.0, Scheduler(Job(slow)), times=2)
    assert (moment, slow.ended, left) == (1.5, None, set())


def test_the_end_of_a_scenario_waits_for_jobs_that_took_too_long(clock, diary, job):
    slow = Lingering(clock, 30.0)
    late = Job(slow, timeout=2.0)
    Scheduler(late, job("next", required=late)).orchestrate(clock)
    assert diary.begun == [(2.0, "next")]
    assert (slow.ended, clock.time()) == (32.0, 32.0)


def test_a_scenario_is_cancelled_with_the_group_that_it_is_in(clock, diary, job):
    async def boom():
        await asyncio.sleep(1.0)
        raise ValueError("no luck")

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(Scheduler(job("a", 10.0)).co_orchestrate())
            group.create_task(boom())

    with pytest.raises(ExceptionGroup):
        clock.run_until_complete(main())
    assert diary.cancelled == [(1.0, "a")]


def test_values_and_errors_are_freed_with_the_scenario(clock):
    class Big:
        pass

    async def make():
        return Big()

    async def boom(big):
        raise ValueError("no luck")

    gc.collect()
    gc.disable()
    try:
        first = Job(make)
        scenario = Scheduler(first, Job(boom, first.result))
        scenario.orchestrate(clock)
        alive = weakref.ref(first.result())
        scenario.own_run = None
        del first, scenario
        gc.collect()
        assert alive() is None
    finally:
        gc.enable()


@pytest.mark.skipif(os.name == "nt", reason="there are no signals to send")
def test_an_interrupt_ends_the_scenario_and_nothing_is_left():
    code = """
import asyncio, os, signal, sys
from thalweg.jobs import Job, Scheduler

async def work():
    try:
        print("at work", flush=True)
        await asyncio.sleep(60)
    finally:
        print("cleared up", flush=True)

try:
    Scheduler(Job(work)).orchestrate()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "cleared up\ninterrupted\n"
    assert process.returncode == 0


def test_orchestrate_makes_a_loop_of_its_own_and_leaves_none():
    async def which():
        return asyncio.get_running_loop()

    one = Job(which)
    before = set(threading.enumerate())
    assert Scheduler(one).orchestrate()
    assert one.result().is_closed()
    assert set(threading.enumerate()) <= before


def test_a_loop_that_is_given_is_used_and_left_open(clock):
    async def which():
        return asyncio.get_running_loop()

    one = Job(which)
    Scheduler(one).orchestrate(clock)
    assert one.result() is clock
    assert not clock.is_closed()


def test_within_a_loop_a_scenario_must_be_awaited(clock):
    async def main():
        Scheduler().orchestrate()

    with pytest.raises(BuildError, match=r"write await scheduler.co_orchestrate"):
        clock.run_until_complete(main())


def test_a_scenario_is_awaited_within_a_loop(clock, diary, job):
    async def main():
        return await Scheduler(job("a")).co_orchestrate()

    assert clock.run_until_complete(main())
    assert diary.ended == [(1.0, "a")]


def test_run_is_another_name_for_orchestrate(clock, diary, job):
    assert Scheduler(job("a")).run(clock)
    assert diary.ended == [(1.0, "a")]


def test_a_scenario_may_run_in_any_thread():
    async def where():
        return threading.current_thread()

    one = Job(where)
    thread = threading.Thread(target=Scheduler(one).orchestrate)
    thread.start()
    thread.join()
    assert one.result() is thread

"""A scenario runs again if its jobs are made of functions; coroutines are awaited once, or closed."""

import asyncio
import gc
import warnings

import pytest

from thalweg.errors import BuildError
from thalweg.jobs import AbstractJob, Job, PrintJob, Scheduler


def test_a_scenario_runs_again(clock, diary, job):
    first = job("first")
    scenario = Scheduler(first, job("second", required=first))
    assert scenario.orchestrate(clock)
    assert scenario.orchestrate(clock)
    assert diary.begun == [(0.0, "first"), (1.0, "second"), (2.0, "first"), (3.0, "second")]


def test_each_run_begins_anew(clock):
    values = iter([ValueError("no luck"), 1])

    async def give():
        value = next(values)
        if isinstance(value, Exception):
            raise value
        return value

    one = Job(give, critical=True)
    idle = Job(give, required=one, label="idle")
    scenario = Scheduler(one, idle)
    assert not scenario.orchestrate(clock)
    scenario.remove(idle)
    assert scenario.orchestrate(clock)
    assert (one.result(), one.raised_exception(), scenario.why()) == (1, None, "all went well")


def test_a_scenario_with_a_failed_run_may_run_again(clock, diary, job):
    scenario = Scheduler(job("slow", 2.0), timeout=1.0)
    assert not scenario.orchestrate(clock)
    assert scenario.orchestrate(clock, timeout=3.0)
    assert diary.ended == [(3.0, "slow")]


def test_a_scenario_runs_again_on_another_loop():
    async def nap():
        await asyncio.sleep(0)
        return "rested"

    one = Job(nap)
    scenario = Scheduler(one)
    assert [bool(scenario.orchestrate()), bool(scenario.orchestrate())] == [True, True]
    assert one.result() == "rested"


def test_nested_scenarios_run_again(clock, diary, job):
    scenario = Scheduler(Scheduler(job("a"), label="inner"))
    assert scenario.orchestrate(clock)
    assert scenario.orchestrate(clock)
    assert diary.begun == [(0.0, "a"), (1.0, "a")]


def test_jobs_of_classes_run_again(clock):
    class Counting(AbstractJob):
        runs = 0

        async def co_run(self):
            self.runs += 1
            return self.runs

    one = Counting()
    scenario = Scheduler(one, PrintJob("said"))
    scenario.orchestrate(clock)
    scenario.orchestrate(clock)
    assert one.result() == 2


async def give(value):
    return value


def test_a_job_of_a_coroutine_runs(clock):
    one = Job(give(5))
    assert Scheduler(one).orchestrate(clock)
    assert one.result() == 5


@pytest.mark.parametrize("wrap", [asyncio.ensure_future, lambda coroutine: coroutine])
def test_a_job_of_anything_that_can_be_awaited_runs(clock, wrap):
    async def main():
        one = Job(wrap(give(5)))
        assert await Scheduler(one).co_orchestrate()
        return one.result()

    assert clock.run_until_complete(main()) == 5


def test_a_coroutine_cannot_run_again(clock):
    scenario = Scheduler(Job(give(5), label="once"), Job(give, 5))
    assert scenario.orchestrate(clock)
    with pytest.raises(BuildError, match=r"'once' was made of a coroutine.*Job\(function, \*args\)"):
        scenario.orchestrate(clock)


def test_coroutines_that_were_not_begun_are_closed_at_the_end(clock, job):
    boom = job("boom", error=ValueError("no luck"), critical=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scenario = Scheduler(boom, Job(give(5), required=boom))
        scenario.orchestrate(clock)
        del scenario, boom
        gc.collect()


@pytest.mark.parametrize("nested", [False, True])
def test_coroutines_that_are_never_to_run_can_be_closed(nested):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b = Job(give(1)), Job(give(2))
        a.requires(b)
        b.requires(a)
        scenario = Scheduler(Scheduler(a, b)) if nested else Scheduler(a, b)
        assert not scenario.rain_check()
        scenario.close()
        del a, b, scenario
        gc.collect()


def test_nested_coroutines_that_were_not_begun_are_closed_at_the_end(clock, job):
    boom = job("boom", error=ValueError("no luck"), critical=True)
    inner = Scheduler(Job(give(5)), required=boom)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scenario = Scheduler(boom, inner)
        scenario.orchestrate(clock)
        del scenario, boom, inner
        gc.collect()


def test_a_coroutine_that_is_cancelled_before_it_begins_is_closed(clock):
    async def main():
        task = asyncio.create_task(Scheduler(Job(give(5))).co_orchestrate())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clock.run_until_complete(main())
        gc.collect()


def test_a_scenario_that_is_running_cannot_be_run_once_more(clock, job):
    scenario = Scheduler(job("only"))

    async def main():
        async with asyncio.TaskGroup() as group:
            first = group.create_task(scenario.co_orchestrate())
            await asyncio.sleep(0.5)
            with pytest.raises(BuildError, match="'only' takes part in a run that is not over"):
                await scenario.co_orchestrate()
            assert scenario.why() == "it is running"
        return first.result()

    assert clock.run_until_complete(main())


def test_a_job_cannot_take_part_in_two_runs_at_once(clock, job):
    shared = job("shared", required=job("outside"))
    shared.requires(*shared.required, remove=True)
    first = job("first")
    shared.requires(first)

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(Scheduler(first, shared).co_orchestrate())
            await asyncio.sleep(0.5)
            shared.requires(first, remove=True)
            with pytest.raises(BuildError, match="'shared' takes part in a run"):
                await Scheduler(shared).co_orchestrate()

    clock.run_until_complete(main())


def test_a_job_may_take_part_in_one_scenario_after_the_other(clock, diary, job):
    shared = job("shared")
    Scheduler(shared).orchestrate(clock)
    Scheduler(job("next", required=shared)).orchestrate(clock)
    assert diary.begun == [(0.0, "shared"), (1.0, "next")]

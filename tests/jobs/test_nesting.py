"""A scheduler is a job, too: its verdict is its result, or what failed in it goes up."""

import pytest

from thalweg.errors import BuildError
from thalweg.jobs import AbstractJob, Job, Scheduler, Sequence


def failing(job, **options):
    boom = job("boom", error=ValueError("no luck"), critical=True)
    return Scheduler(boom, job("behind", required=boom), label="inner", **options)


def test_a_scenario_within_is_run_as_one_job(clock, diary, job):
    inner = Scheduler(Sequence(job("a"), job("b")), required=job("before"), label="inner")
    scenario = Scheduler(*inner.required, inner, job("after", required=inner))
    assert scenario.orchestrate(clock)
    assert diary.begun == [(0.0, "before"), (1.0, "a"), (2.0, "b"), (3.0, "after")]
    assert (inner.is_done(), inner.result()) == (True, True)


def test_the_failure_of_a_scenario_that_is_not_critical_is_its_verdict(clock, diary, job):
    inner = failing(job)
    verdict = Scheduler(inner, job("after", required=inner)).orchestrate(clock)
    assert (verdict, inner.result(), inner.raised_exception()) == (True, False, None)
    assert diary.begun == [(0.0, "boom"), (1.0, "after")]
    assert verdict.reason == "though 'inner/boom' raised ValueError: no luck"


@pytest.mark.parametrize(("outer", "inner"), [(None, True), (True, None), (False, True)])
def test_the_failure_of_a_critical_scenario_goes_up(clock, diary, job, outer, inner):
    within = failing(job, critical=inner)
    verdict = Scheduler(within, job("after", required=within), job("beside", 10.0), critical=outer).orchestrate(clock)
    assert (verdict, clock.time()) == (False, 1.0)
    assert isinstance(within.raised_exception(), ValueError)
    assert verdict.reason == "for the critical job 'inner' raised ValueError: no luck"
    assert [failed.label for failed in verdict.failed] == ["boom"]
    assert diary.cancelled == [(1.0, "beside")]


def test_it_goes_up_through_all_that_are_critical(clock, job):
    middle = Scheduler(failing(job, critical=True), critical=True, label="middle")
    other = Scheduler(middle, label="other", critical=False)
    verdict = Scheduler(other).orchestrate(clock)
    assert (bool(verdict), bool(other.result()), middle.is_done()) == (True, False, True)
    assert verdict.reason == "though 'other/middle/inner/boom' raised ValueError: no luck"


def test_failures_within_that_are_not_critical_are_told_of(clock, job):
    boom = job("boom", error=ValueError("no luck"))
    verdict = Scheduler(Scheduler(boom, label="inner")).orchestrate(clock)
    assert (verdict, verdict.failed) == (True, (boom,))


def test_scenarios_within_that_have_no_label_are_told_apart(clock, job):
    inner = [Scheduler(job("boom", error=ValueError("no luck"))) for _ in range(2)]
    verdict = Scheduler(*inner).orchestrate(clock)
    assert verdict.reason == "though 'Scheduler #1/boom' and 'Scheduler #2/boom' failed"


@pytest.mark.parametrize("critical", [True, False])
def test_a_scenario_within_has_a_time_of_its_own(clock, diary, job, critical):
    inner = Scheduler(job("slow", 10.0), timeout=2.0, critical=critical, label="inner")
    verdict = Scheduler(inner, job("after", required=inner)).orchestrate(clock)
    assert bool(verdict) is not critical
    assert verdict.failed == (inner,)
    assert diary.cancelled == [(2.0, "slow")]
    assert isinstance(inner.raised_exception(), TimeoutError) is critical
    if not critical:
        assert not inner.result()
        assert diary.begun[-1] == (2.0, "after")


def test_a_scenario_within_has_a_window_of_its_own(clock, diary, job):
    inner = Scheduler(*(job(name) for name in "abc"), jobs_window=1)
    Scheduler(inner, *(job(name) for name in "de"), jobs_window=2).orchestrate(clock)
    assert diary.begun == [(0.0, "d"), (0.0, "a"), (1.0, "e"), (1.0, "b"), (2.0, "c")]


def test_a_scenario_within_may_run_for_ever(clock, diary, job):
    inner = Scheduler(job("watch", 100.0), forever=True)
    assert Scheduler(inner, job("work", 2.0)).orchestrate(clock)
    assert diary.cancelled == [(2.0, "watch")]
    assert (inner.is_running(), inner.why()) == (True, "it was cancelled")


def test_what_is_within_is_cancelled_with_the_outer_one(clock, diary, job):
    deep = Scheduler(Scheduler(job("deep", 100.0)))
    assert not Scheduler(deep, timeout=2.0).orchestrate(clock)
    assert diary.cancelled == [(2.0, "deep")]


def test_what_has_not_begun_within_is_idle(clock, job):
    a = job("a")
    inner = Scheduler(a, required=job("before", 10.0))
    Scheduler(*inner.required, inner).orchestrate(clock, timeout=1.0)
    assert (a.is_idle(), inner.is_idle(), inner.why()) == (True, True, "it has not run")


class Closing(AbstractJob):
    def __init__(self, diary, label, **options):
        super().__init__(label=label, **options)
        self.diary = diary

    async def co_run(self):
        await self.diary.sleep(self.label, 1.0)

    async def co_shutdown(self):
        self.diary.note("shuts down", self.label)


def test_jobs_within_are_shut_down_once_when_their_own_scenario_ends(clock, diary, job):
    inner = Scheduler(Closing(diary, "inside"), label="inner")
    outside = Closing(diary, "outside", required=inner)
    Scheduler(inner, outside).orchestrate(clock)
    assert diary.of("shuts down") == [(1.0, "inside"), (2.0, "outside")]


def test_jobs_within_that_have_not_begun_are_shut_down_with_the_outer_one(clock, diary, job):
    boom = job("boom", error=ValueError("no luck"), critical=True)
    inner = Scheduler(Closing(diary, "inside"), required=boom)
    Scheduler(boom, inner).orchestrate(clock)
    assert diary.of("shuts down") == [(1.0, "inside")]


def test_a_scenario_that_failed_to_shut_down_within_is_told_of(clock, diary):
    class Broken(Closing):
        async def co_shutdown(self):
            raise OSError("broken")

    inner = Scheduler(Broken(diary, "inside"), label="inner", required=Closing(diary, "before"))
    verdict = Scheduler(*inner.required, inner).orchestrate(clock)
    assert (bool(verdict), inner.result().unclosed != ()) == (True, True)


def test_a_circle_within_is_refused_before_anything_begins(clock, diary, job):
    a, b = job("a"), job("b")
    a.requires(b)
    b.requires(a)
    with pytest.raises(BuildError, match="circle"):
        Scheduler(job("first"), Scheduler(a, b)).orchestrate(clock)
    assert diary.entries == []


def test_a_scheduler_cannot_be_within_itself(clock, job):
    outer, inner = Scheduler(label="outer"), Scheduler(label="inner")
    outer.add(inner)
    inner.add(outer)
    with pytest.raises(BuildError, match="'outer' is twice in one scenario, or within itself"):
        outer.orchestrate(clock)


def test_a_job_cannot_be_twice_in_one_scenario(clock, job):
    shared = job("shared")
    with pytest.raises(BuildError, match="'shared' is twice in one scenario"):
        Scheduler(shared, Scheduler(shared)).orchestrate(clock)


def test_deep_scenarios_end(clock, job):
    scenario = Scheduler(job("deep"), critical=True)
    for _ in range(50):
        scenario = Scheduler(scenario)
    assert scenario.orchestrate(clock)


def test_a_scheduler_may_be_awaited_by_itself(clock, diary, job):
    assert clock.run_until_complete(Scheduler(job("a")).co_run())
    with pytest.raises(ValueError, match="no luck"):
        clock.run_until_complete(failing(job, critical=True).co_run())
    assert not clock.run_until_complete(failing(job).co_run())


def test_a_scheduler_as_part_of_a_job_of_ones_own(clock, diary, job):
    inner = Scheduler(job("a"), job("b"))

    async def twice():
        return [bool(await inner.co_orchestrate()) for _ in range(2)]

    both = Job(twice)
    Scheduler(both).orchestrate(clock)
    assert both.result() == [True, True]
    assert [name for _, name in diary.begun] == ["a", "b", "a", "b"]

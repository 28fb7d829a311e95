"""What raises: critical jobs end all else, others are told of, and what requires them runs."""

import asyncio

import pytest

from thalweg.jobs import Job, Scheduler


def test_by_default_nothing_is_critical(clock, diary, job):
    a = job("a")
    boom = job("boom", error=ValueError("no luck"), required=a)
    c = job("c", required=boom)
    verdict = Scheduler(a, boom, c).orchestrate(clock)
    assert verdict == True  # noqa: E712
    assert diary.begun == [(0.0, "a"), (1.0, "boom"), (2.0, "c")]
    assert (c.is_done(), c.raised_exception()) == (True, None)


def test_a_critical_job_that_raises_ends_all_else_at_once(clock, diary, job):
    a = job("a")
    boom = job("boom", error=ValueError("no luck"), required=a, critical=True)
    c, d = job("c", required=boom), job("d", 100.0)
    verdict = Scheduler(a, boom, c, d).orchestrate(clock)
    assert verdict == False  # noqa: E712
    assert clock.time() == 2.0
    assert diary.begun == [(0.0, "a"), (0.0, "d"), (1.0, "boom")]
    assert diary.cancelled == [(2.0, "d")]
    assert (boom.is_done(), c.is_idle(), d.is_running()) == (True, True, True)


@pytest.mark.parametrize("critical", [True, False])
def test_the_exception_is_there_to_be_seen(clock, job, critical):
    error = ValueError("no luck")
    boom = job("boom", error=error, critical=critical)
    Scheduler(boom).orchestrate(clock)
    assert boom.raised_exception() is error
    assert boom.is_done()
    with pytest.raises(ValueError, match="no luck"):
        boom.result()


@pytest.mark.parametrize(
    ("of_scheduler", "of_job", "is_critical"),
    [
        (None, None, False),
        (False, None, False),
        (True, None, True),
        (True, False, False),
        (False, True, True),
        (None, True, True),
    ],
)
def test_a_job_says_itself_whether_it_is_critical_else_its_scheduler_does(
    clock, job, of_scheduler, of_job, is_critical
):
    boom = job("boom", error=ValueError("no luck"), critical=of_job)
    verdict = Scheduler(boom, critical=of_scheduler).orchestrate(clock)
    assert bool(verdict) is not is_critical
    assert boom.is_critical() is is_critical


def test_a_verdict_tells_of_a_failure_that_is_not_critical(clock, job):
    boom, fine = job("boom", error=ValueError("no luck")), job("fine")
    verdict = Scheduler(boom, fine).orchestrate(clock)
    assert verdict.failed == (boom,)
    assert str(verdict) == "True, though 'boom' raised ValueError: no luck"
    assert verdict.error is None


def test_a_verdict_tells_of_many_failures(clock, job):
    jobs = [job(name, error=ValueError(name)) for name in "abcde"]
    scenario = Scheduler(*jobs)
    verdict = scenario.orchestrate(clock)
    assert verdict.failed == tuple(jobs)
    assert verdict.reason == "though 'a', 'b', 'c' and 2 more failed"
    assert scenario.why() == verdict.reason


def test_a_verdict_names_the_critical_job(clock, job):
    error = ValueError("no luck")
    boom = job("boom", error=error, critical=True)
    verdict = Scheduler(boom, job("other", 10.0)).orchestrate(clock)
    assert str(verdict) == "False, for the critical job 'boom' raised ValueError: no luck"
    assert verdict.error is error


def test_a_verdict_names_what_had_not_ended_in_time(clock, job):
    verdict = Scheduler(job("a", 1.0), job("b", 10.0), job("c", 10.0)).orchestrate(clock, timeout=2.5)
    assert str(verdict) == "False, for the time of 2.5 s was over before 'b' and 'c' ended"
    assert isinstance(verdict.error, TimeoutError)


def test_a_verdict_of_a_scenario_where_all_went_well_says_no_more(clock, job):
    scenario = Scheduler(job("a"), job("b"))
    verdict = scenario.orchestrate(clock)
    assert (str(verdict), verdict.failed, verdict.reason, verdict.seconds) == ("True", (), "", 1.0)
    assert scenario.why() == "all went well"


@pytest.mark.parametrize("is_well", [True, False])
def test_a_verdict_is_as_good_as_a_bool(clock, job, is_well):
    verdict = Scheduler(job("a", error=None if is_well else ValueError(), critical=True)).orchestrate(clock)
    assert bool(verdict) is is_well
    assert verdict == is_well
    assert {is_well: "found"}[verdict] == "found"


def test_unlabelled_jobs_are_told_apart(clock, diary):
    jobs = [Job(diary.sleep, "x", 1.0, error) for error in (None, ValueError("no luck"), None)]
    assert str(Scheduler(*jobs).orchestrate(clock)) == "True, though 'sleep #2' raised ValueError: no luck"


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_an_end_of_the_program_is_never_caught(clock, diary, job, ending):
    async def end():
        raise ending

    with pytest.raises(ending):
        Scheduler(job("other", 10.0), Job(end)).orchestrate(clock)
    assert diary.cancelled == [(0.0, "other")]


def test_a_job_that_awaits_what_was_cancelled_has_failed(clock):
    async def disappointed():
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    lost = Job(disappointed, label="lost")
    verdict = Scheduler(lost).orchestrate(clock)
    assert verdict.failed == (lost,)

"""Values go from job to job by `job.result`, not called, among the arguments."""

import pytest

from thalweg.errors import JobError
from thalweg.jobs import Job, PrintJob, Scheduler


async def give(value):
    return value


async def boom():
    raise OSError("no route")


async def add(*args, **kwargs):
    return sum(args) + sum(kwargs.values())


def test_a_result_is_put_in_when_the_job_begins(clock):
    a, b = Job(give, 1), Job(give, 2)
    total = Job(add, a.result, b.result, 100)
    assert Scheduler(total, a, b).orchestrate(clock)
    assert total.result() == 103


def test_a_result_may_be_a_named_argument(clock):
    a = Job(give, 1)
    total = Job(add, 10, kwargs={"x": a.result, "y": 5})
    Scheduler(a, total).orchestrate(clock)
    assert total.result() == 16


def test_whose_result_is_taken_is_required():
    a = Job(give, 1)
    assert Job(add, a.result).required == (a,)


@pytest.mark.parametrize("value", [None, 0, False, [], float("nan")], ids=repr)
def test_any_value_is_a_result(clock, value):
    a = Job(give, value)
    b = Job(give, a.result)
    Scheduler(a, b).orchestrate(clock)
    assert b.result() is value


def test_other_methods_are_values_like_any_other(clock):
    words = ["a"]
    appended = Job(give, words.append)
    Scheduler(appended).orchestrate(clock)
    assert appended.result() == words.append


def test_who_takes_the_result_of_a_job_that_failed_has_failed_and_is_not_made(clock, diary, job):
    bad = Job(boom, label="bad")
    taker = Job(diary.sleep, bad.result, 1.0, label="taker")
    after = job("after", required=taker)
    verdict = Scheduler(bad, taker, after).orchestrate(clock)
    assert verdict.failed == (bad, taker)
    assert str(taker.raised_exception()) == "'taker' takes a result that is not there: 'bad' raised OSError: no route"
    assert isinstance(taker.raised_exception().__cause__, OSError)
    assert diary.begun == [(0.0, "after")]


def test_a_critical_job_that_lacks_a_result_ends_all_else(clock, diary, job):
    bad = Job(boom, label="bad")
    verdict = Scheduler(job("other", 10.0), bad, Job(give, bad.result, critical=True)).orchestrate(clock)
    assert (verdict, clock.time()) == (False, 0.0)
    assert isinstance(verdict.error, JobError)


def test_a_result_that_is_not_there_any_more_is_noticed(clock):
    a = Job(give, 1, label="a")
    taker = Job(give, a.result, label="taker")
    scenario = Scheduler(taker)
    assert not scenario.sanitize()
    scenario.orchestrate(clock)
    text = "'taker' takes a result that is not there: 'a' has no result: it is waiting; ask when it is done"
    assert str(taker.raised_exception()) == text


def test_a_printing_job_takes_results(clock, capsys):
    a = Job(give, 5)
    Scheduler(a, PrintJob("it is", a.result)).orchestrate(clock)
    assert capsys.readouterr().out == "it is 5\n"


def test_there_is_no_result_before_the_end(clock):
    one = Job(give, 1, label="one")
    with pytest.raises(JobError, match="'one' has no result: it is waiting") as caught:
        one.result()
    assert isinstance(caught.value, ValueError)
    assert caught.value.job == "one"


def test_there_is_no_result_of_a_job_that_was_cancelled(clock, job):
    forever = job("forever", 10.0, forever=True)
    Scheduler(forever, job("other")).orchestrate(clock)
    with pytest.raises(JobError, match="it is cancelled"):
        forever.result()


def test_the_result_of_a_scenario_within_is_its_verdict(clock):
    inner = Scheduler(Job(give, 1), label="inner")
    seen = Job(give, inner.result)
    Scheduler(inner, seen).orchestrate(clock)
    assert seen.result() == True  # noqa: E712


def test_a_job_made_elsewhere_keeps_its_own_co_run(clock):
    class Twice(Job):
        async def co_run(self):
            return 2 * await super().co_run()

    a = Job(give, 4)
    twice = Twice(give, a.result)
    Scheduler(a, twice).orchestrate(clock)
    assert twice.result() == 8

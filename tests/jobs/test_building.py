"""How jobs and schedulers are made, changed and asked; what is wrong is said before anything runs."""

from functools import partial

import pytest

from thalweg.errors import BuildError, UnknownNodeError
from thalweg.executors.states import State
from thalweg.jobs import AbstractJob, Engine, Job, PrintJob, Scheduler, Sequence


async def nothing():
    pass


def named(names):
    return {name: Job(nothing, label=name) for name in names}


def chain(names):
    """Jobs that each require the one before, by label."""
    found = named(names)
    Sequence(*found.values())
    return found


def labels(jobs):
    return "".join(sorted(job.label for job in jobs))


def test_requirements_at_creation():
    a, b = Job(nothing), Job(nothing)
    assert Job(nothing, required=a).required == (a,)
    assert Job(nothing, requires=[a, b]).required == (a, b)
    assert Job(nothing, required=a, requires=[b]).required == (a, b)


def test_requirements_later():
    a, b, c = Job(nothing), Job(nothing), Job(nothing)
    assert c.requires(a, [b, None, [a]]) is c
    assert c.required == (a, b)


def test_requirements_taken_away():
    a, b = Job(nothing), Job(nothing)
    b.requires(a)
    b.requires(a, remove=True)
    assert b.required == ()
    with pytest.raises(UnknownNodeError, match="unknown requirement 'nothing'"):
        b.requires(a, remove=True)


@pytest.mark.parametrize("wrong", [5, "a", len], ids=repr)
def test_what_is_no_job_cannot_be_required(wrong):
    with pytest.raises(BuildError, match="which is no job; give jobs, sequences, or lists of these"):
        Job(nothing, required=wrong)


@pytest.mark.parametrize("wrong", [5, None, "nothing", []], ids=repr)
def test_a_job_is_made_of_what_can_be_awaited(wrong):
    with pytest.raises(BuildError, match="cannot be awaited; give a coroutine function or a coroutine"):
        Job(wrong)


def test_a_coroutine_takes_no_further_arguments():
    coroutine = nothing()
    with pytest.raises(BuildError, match="'nothing' is a coroutine, which has its arguments"):
        Job(coroutine, 5)
    coroutine.close()


@pytest.mark.parametrize("timeout", [-1.0, "soon", float("nan"), True])
def test_a_time_that_cannot_be_meant_is_refused(timeout):
    with pytest.raises(BuildError, match="timeout is"):
        Job(nothing, timeout=timeout)
    with pytest.raises(BuildError, match="timeout is"):
        Scheduler(timeout=timeout)
    with pytest.raises(BuildError, match="timeout is"):
        Scheduler().orchestrate(timeout=timeout)


@pytest.mark.parametrize("window", [-1, 1.5, "two", True])
def test_a_window_that_cannot_be_meant_is_refused(window):
    with pytest.raises(BuildError, match="jobs_window is"):
        Scheduler(jobs_window=window)


def test_a_window_that_jobs_that_run_for_ever_may_fill_is_refused(clock):
    jobs = [Job(nothing, forever=True), Job(nothing, forever=True), Job(nothing)]
    with pytest.raises(BuildError, match="give 3 or more"):
        Scheduler(*jobs, jobs_window=2).orchestrate(clock)
    assert Scheduler(*jobs, jobs_window=3).orchestrate(clock)


@pytest.mark.parametrize("wrap", [list, tuple, set, dict.fromkeys])
@pytest.mark.parametrize("add", [Scheduler, lambda jobs: Scheduler().add(jobs)], ids=["made", "added"])
def test_a_list_of_jobs_is_an_error_that_says_what_to_write(wrap, add):
    with pytest.raises(
        BuildError, match=r"a \w+ of jobs was given where jobs are meant; write (Scheduler|add)\(\*jobs"
    ):
        add(wrap([Job(nothing)]))


def test_what_is_no_job_cannot_be_added():
    with pytest.raises(BuildError, match=r"neither a job nor a sequence; write Scheduler\(Job"):
        Scheduler(nothing)


def test_an_engine_is_a_scheduler():
    assert Engine is Scheduler


def test_jobs_are_added_and_removed():
    a, b, c = Job(nothing), Job(nothing), Job(nothing)
    scenario = Scheduler(a)
    assert scenario.add(b) is b
    assert scenario.update([c, a]) is scenario
    assert scenario.jobs == (a, b, c)
    scenario.remove(b)
    assert scenario.jobs == (a, c)
    with pytest.raises(UnknownNodeError, match="unknown job 'nothing'"):
        scenario.remove(b)


def test_a_circle_is_seen_by_a_check():
    jobs = chain("abc")
    scenario = Scheduler(*jobs.values())
    assert scenario.rain_check() is scenario.check_cycles() is True
    jobs["a"].requires(jobs["c"])
    assert scenario.rain_check() is scenario.check_cycles() is False
    assert Scheduler(scenario).rain_check() is False


def test_a_job_that_requires_itself_is_a_circle():
    one = Job(nothing)
    one.requires(one)
    assert not Scheduler(one).rain_check()


def test_a_circle_is_refused_by_name_before_anything_begins(clock, diary, job):
    a, b, c = job("a"), job("b"), job("c")
    a.requires(c)
    b.requires(a)
    c.requires(b)
    with pytest.raises(BuildError, match="in a circle: 'a' -> 'b' -> 'c' -> 'a'; take one"):
        Scheduler(job("first"), a, b, c).orchestrate(clock)
    assert (diary.entries, a.is_idle()) == ([], True)


def test_a_requirement_that_is_not_there_is_refused_by_name_before_anything_begins(clock, diary, job):
    with pytest.raises(BuildError, match=r"'a' requires 'outside', which is not in the scheduler.*sanitize\(\)"):
        Scheduler(job("b"), job("a", required=job("outside"))).orchestrate(clock)
    assert diary.entries == []


def test_requirements_that_are_not_there_can_be_dropped(clock, diary, job):
    b = job("b")
    a = job("a", required=[b, job("outside")])
    inner = Scheduler(job("c", required=[b]))
    scenario = Scheduler(a, b, inner)
    assert scenario.sanitize() is False
    assert a.required == (b,)
    assert scenario.sanitize() is True
    assert scenario.orchestrate(clock)


def diamond():
    """a before b and c, these before d; and f alone."""
    jobs = named("abcdf")
    jobs["b"].requires(jobs["a"])
    jobs["c"].requires(jobs["a"])
    jobs["d"].requires(jobs["b"], jobs["c"])
    return jobs, Scheduler(*jobs.values())


def test_entries_and_exits():
    jobs, scenario = diamond()
    assert labels(scenario.entry_jobs()) == "af"
    assert labels(scenario.exit_jobs()) == "df"
    jobs["f"].forever = True
    assert labels(scenario.exit_jobs()) == "d"
    assert labels(scenario.exit_jobs(discard_forever=False)) == "df"


def test_what_lies_upstream_and_downstream():
    jobs, scenario = diamond()
    assert labels(scenario.predecessors_upstream(jobs["d"])) == "abc"
    assert labels(scenario.predecessors_upstream(jobs["b"], jobs["f"])) == "a"
    assert labels(scenario.successors_downstream(jobs["a"])) == "bcd"
    assert labels(scenario.successors_downstream(jobs["d"], jobs["c"])) == "d"
    assert scenario.successors_downstream(Job(nothing)) == set()


def test_jobs_in_order():
    jobs, scenario = diamond()
    backwards = Scheduler(*reversed(jobs.values()))
    assert [job.label for job in scenario.in_order()] == list("abcdf")
    assert [job.label for job in backwards.in_order()] == list("facbd")


def test_a_job_is_bypassed_and_removed():
    jobs, scenario = diamond()
    scenario.bypass_and_remove(jobs["b"])
    assert labels(scenario.jobs) == "acdf"
    assert labels(jobs["d"].required) == "ac"
    with pytest.raises(KeyError):
        scenario.bypass_and_remove(jobs["b"])


def test_only_some_jobs_are_kept_in_their_order():
    jobs = chain("abcde")
    scenario = Scheduler(*jobs.values())
    scenario.keep_only([jobs["d"], Sequence(jobs["a"]), Job(nothing, label="x")])
    assert labels(scenario.jobs) == "ad"
    assert jobs["d"].required == (jobs["a"],)


def test_the_order_that_led_through_removed_jobs_is_kept():
    jobs, scenario = diamond()
    end = Job(nothing, label="e", required=[jobs["d"], Job(nothing, label="outside")])
    scenario.add(end)
    scenario.keep_only([jobs["b"], jobs["a"], end])
    assert [job.label for job in end.required] == ["b", "a", "outside"]
    assert scenario.jobs == (jobs["a"], jobs["b"], end)


def test_many_jobs_are_removed_in_no_time():
    jobs = list(chain([str(k) for k in range(5000)]).values())
    scenario = Scheduler(*jobs)
    scenario.keep_only([jobs[0], jobs[-1]])
    assert jobs[-1].required == (jobs[0],)


@pytest.mark.parametrize(
    ("starts", "ends", "options", "kept"),
    [
        ("", "", {}, "abcde"),
        ("b", "", {}, "bcde"),
        ("", "d", {}, "abcd"),
        ("b", "d", {}, "bcd"),
        ("b", "d", {"keep_starts": False}, "cd"),
        ("b", "d", {"keep_ends": False}, "bc"),
        ("b", "d", {"keep_starts": False, "keep_ends": False}, "c"),
        ("d", "b", {}, ""),
    ],
)
def test_only_what_lies_between_is_kept(starts, ends, options, kept):
    jobs = chain("abcde")
    scenario = Scheduler(*jobs.values())
    scenario.keep_only_between(starts=[jobs[name] for name in starts], ends=[jobs[name] for name in ends], **options)
    assert labels(scenario.jobs) == kept


def test_the_states_of_a_job(clock, diary, job):
    one = job("one", 1.0)
    seen = []

    async def look():
        seen.append((one.is_idle(), one.is_running(), one.is_done(), one.state))

    before, after = Job(look), Job(look)
    during = Job(look, required=before)
    one.requires(before)
    after.requires(one)
    assert (one.is_idle(), one.is_running(), one.is_done()) == (True, False, False)
    Scheduler(before, one, during, after).orchestrate(clock)
    assert seen == [
        (True, False, False, State.WAITING),
        (False, True, False, State.RUNNING),
        (False, False, True, State.DONE),
    ]


def test_a_scheduler_counts_what_its_jobs_are_at(clock, job):
    a, b = job("a", 1.0), job("b", 9.0)
    scenario = Scheduler(a, b, job("c", required=b))
    assert (scenario.stats(), scenario.why()) == ("0D + 0R + 3I = 3", "it has not run")
    scenario.orchestrate(clock, timeout=2.0)
    assert scenario.stats() == "1D + 1R + 1I = 3"


def test_a_class_without_co_run_fails_with_a_word(clock):
    class Unfinished(AbstractJob):
        pass

    one = Unfinished()
    Scheduler(one).orchestrate(clock)
    assert str(one.raised_exception()) == "Unfinished has no co_run; define it as an async method"


def test_a_class_of_jobs_of_ones_own(clock, diary):
    class Sleeping(AbstractJob):
        async def co_run(self):
            return await diary.sleep(self.label, 2.0)

    first = Sleeping(label="first")
    Scheduler(first, Sleeping(label="second", required=first)).orchestrate(clock)
    assert diary.begun == [(0.0, "first"), (2.0, "second")]
    assert first.result() == "first"


def test_a_printing_job_prints_and_sleeps(clock, capsys):
    PrintJob()
    Scheduler(Sequence(PrintJob("one", 2, sleep=3.0), PrintJob("three", banner="==="))).orchestrate(clock)
    assert capsys.readouterr().out == "one 2\n=== three\n"
    assert clock.time() == 3.0


def test_what_is_called_may_be_anything_that_gives_an_awaitable(clock, diary):
    jobs = [Job(partial(diary.sleep, "a", 1.0)), Job(lambda: diary.sleep("b", 1.0)), Job(diary.sleep, "c", 1.0)]
    assert Scheduler(*jobs).orchestrate(clock)
    assert [job.result() for job in jobs] == ["a", "b", "c"]


def test_what_is_called_and_gives_nothing_to_await_has_failed(clock):
    plain = Job(lambda: 5, label="plain")
    Scheduler(plain).orchestrate(clock)
    assert isinstance(plain.raised_exception(), TypeError)

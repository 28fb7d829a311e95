"""When jobs begin and end: side by side, after what they require, within a window, until the end of the scenario."""

import asyncio
import contextvars

import pytest

from thalweg.executors import Gate
from thalweg.jobs import Job, Scheduler, Sequence


def test_jobs_without_requirements_begin_at_once_in_the_order_in_which_they_were_given(clock, diary, job):
    assert Scheduler(job("a", 0.1), job("b", 0.2), job("c", 0.25)).orchestrate(clock) == True  # noqa: E712
    assert diary.begun == [(0.0, "a"), (0.0, "b"), (0.0, "c")]
    assert diary.ended == [(0.1, "a"), (0.2, "b"), (0.25, "c")]


def test_the_scenario_ends_with_its_last_job(clock, job):
    Scheduler(job("a", 1.0), job("b", 3.0), job("c", 2.0)).orchestrate(clock)
    assert clock.time() == 3.0


def test_a_job_begins_when_what_it_requires_has_ended(clock, diary, job):
    first, second, beside = job("first", 1.0), job("second", 2.0), job("beside", 2.5)
    second.requires(first)
    assert Scheduler(first, second, beside).orchestrate(clock)
    assert diary.entries == [
        (0.0, "begins", "first"),
        (0.0, "begins", "beside"),
        (1.0, "ends", "first"),
        (1.0, "begins", "second"),
        (2.5, "ends", "beside"),
        (3.0, "ends", "second"),
    ]


def test_a_job_begins_when_the_last_of_what_it_requires_has_ended(clock, diary, job):
    first, second = job("first", 1.0), job("second", 4.0)
    Scheduler(first, second, job("both", required=[first, second])).orchestrate(clock)
    assert diary.begun[-1] == (4.0, "both")


def test_jobs_in_the_order_of_a_sequence(clock, diary, job):
    Scheduler(Sequence(job("a", 1.0), job("b", 2.0), job("c", 3.0)), job("beside", 2.5)).orchestrate(clock)
    assert diary.begun == [(0.0, "a"), (0.0, "beside"), (1.0, "b"), (3.0, "c")]


def test_a_sequence_says_the_same_as_requirements(clock, diary, job):
    first, second = job("a", 1.0), job("b", 2.0)
    second.requires(first)
    Scheduler(first, second, job("c", 2.5)).orchestrate(clock)
    by_hand, diary.entries = diary.entries, []
    start = clock.time()
    Scheduler(Sequence(job("a", 1.0), job("b", 2.0)), job("c", 2.5)).orchestrate(clock)
    assert [(time - start, what, name) for time, what, name in diary.entries] == by_hand


def test_a_job_that_runs_for_ever_is_cancelled_when_all_others_have_ended(clock, diary, job):
    assert Scheduler(job("monitor", 1000.0, forever=True), job("a", 1.0), job("b", 2.0)).orchestrate(clock)
    assert (diary.cancelled, clock.time()) == ([(2.0, "monitor")], 2.0)


def test_a_job_that_runs_for_ever_serves_the_others(clock):
    heard = []

    async def listen(bus):
        while True:
            heard.append(await bus.get())

    async def speak(bus, word, seconds):
        await bus.put(f"{word} begins")
        await asyncio.sleep(seconds)
        await bus.put(f"{word} ends")

    bus = asyncio.Queue()
    first = Job(speak, bus, "first", 2.0)
    listener = Job(listen, bus, forever=True)
    second, third = Job(speak, bus, "second", 4.0), Job(speak, bus, "third", 3.0, required=first)
    assert Scheduler(first, second, third, listener).orchestrate(clock)
    assert heard == ["first begins", "second begins", "first ends", "third begins", "second ends", "third ends"]
    assert (listener.is_done(), listener.is_running()) == (False, True)


def test_a_job_that_runs_for_ever_and_ends_by_itself_is_done(clock, job):
    early = job("early", 1.0, forever=True)
    Scheduler(early, job("late", 2.0)).orchestrate(clock)
    assert (early.is_done(), early.result()) == (True, "early")


def test_a_job_that_runs_for_ever_does_not_begin_when_all_others_have_ended(clock, diary, job):
    last = job("last")
    idle = job("idle", forever=True, required=last)
    assert Scheduler(last, idle).orchestrate(clock)
    assert (idle.is_idle(), diary.begun) == (True, [(0.0, "last")])


def test_jobs_that_run_for_ever_alone_run_until_the_time_is_over(clock, diary, job):
    forever = job("forever", 1000.0, forever=True)
    assert Scheduler(forever).orchestrate(clock, timeout=2.5) == False  # noqa: E712
    assert (clock.time(), diary.cancelled, forever.is_running()) == (2.5, [(2.5, "forever")], True)


def test_jobs_that_run_for_ever_alone_and_end_are_a_scenario_that_ends(clock, job):
    assert Scheduler(job("a", 1.0, forever=True), job("b", 2.0, forever=True)).orchestrate(clock)
    assert clock.time() == 2.0


def test_a_scenario_of_nothing_ends_well(clock):
    assert Scheduler().orchestrate(clock) == True  # noqa: E712
    assert clock.time() == 0.0


@pytest.mark.parametrize("asked", [{"made": 2.5}, {"given": 2.5}, {"made": 100.0, "given": 2.5}])
def test_the_time_of_a_scenario_is_limited(clock, diary, job, asked):
    a, b, c = job("a", 1.0), job("b", 10.0), job("c")
    c.requires(b)
    scenario = Scheduler(a, b, c, timeout=asked.get("made"))
    assert not scenario.orchestrate(clock, timeout=asked.get("given"))
    assert clock.time() == 2.5
    assert (a.is_done(), b.is_running(), c.is_idle()) == (True, True, True)
    assert diary.cancelled == [(2.5, "b")]


def test_a_scenario_within_its_time_is_true(clock, job):
    assert Scheduler(job("a", 1.0), timeout=1.5).orchestrate(clock)


def test_a_job_that_takes_too_long_has_raised(clock, diary, job):
    slow = job("slow", 10.0, timeout=2.0)
    assert Scheduler(slow, job("next", required=slow)).orchestrate(clock)
    assert isinstance(slow.raised_exception(), TimeoutError)
    assert diary.begun == [(0.0, "slow"), (2.0, "next")]
    assert diary.cancelled == [(2.0, "slow")]


def test_no_more_jobs_than_the_window_has_places_are_at_work(clock, diary, job):
    names = "abcdef"
    assert Scheduler(*(job(name, 1.0) for name in names), jobs_window=2).orchestrate(clock)
    assert diary.begun == [(0.0, "a"), (0.0, "b"), (1.0, "c"), (1.0, "d"), (2.0, "e"), (2.0, "f")]


@pytest.mark.parametrize("window", [None, 0])
def test_without_a_window_all_begin_at_once(clock, diary, job, window):
    Scheduler(*(job(name) for name in "abcdef"), jobs_window=window).orchestrate(clock)
    assert {time for time, _ in diary.begun} == {0.0}


def test_the_place_of_a_job_that_raised_is_given_back(clock, diary, job):
    jobs = [job(name, 1.0, error=ValueError(name)) for name in "abc"]
    assert Scheduler(*jobs, job("d"), jobs_window=1).orchestrate(clock)
    assert diary.begun == [(0.0, "a"), (1.0, "b"), (2.0, "c"), (3.0, "d")]


def test_the_place_of_a_job_that_took_too_long_is_given_back(clock, diary, job):
    Scheduler(job("slow", 100.0, timeout=1.0), job("next"), jobs_window=1).orchestrate(clock)
    assert diary.begun == [(0.0, "slow"), (1.0, "next")]


def test_a_job_that_waits_for_a_place_is_idle(clock, job):
    first, second = job("first", 2.0), job("second", 2.0)
    Scheduler(first, second, jobs_window=1).orchestrate(clock, timeout=1.0)
    assert (first.is_running(), second.is_idle(), second.is_running()) == (True, True, False)


def test_a_window_may_be_shared_by_scenarios(clock, diary, job):
    gate = Gate(1)

    async def both():
        one, other = Scheduler(job("a"), job("b"), jobs_window=gate), Scheduler(job("c"), jobs_window=gate)
        await asyncio.gather(one.co_orchestrate(), other.co_orchestrate())

    clock.run_until_complete(both())
    assert (diary.begun, gate.inside) == ([(0.0, "a"), (1.0, "b"), (2.0, "c")], 0)


def test_jobs_begin_in_the_context_of_who_orchestrates(clock):
    user = contextvars.ContextVar("user")

    async def who():
        return user.get()

    user.set("ann")
    first = Job(who)
    second = Job(who, required=first)
    Scheduler(first, second).orchestrate(clock)
    assert (first.result(), second.result()) == ("ann", "ann")

"""Random scenarios, and what an oracle by hand says of them: order, windows, failures, each job once."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.executors.clock import clock_loop
from thalweg.jobs import Job, Scheduler


@dataclass(frozen=True)
class Described:
    """A job in words: seconds it sleeps, whether it raises, is critical or endless, what it requires."""

    seconds: int
    raises: bool
    critical: bool
    forever: bool
    before: tuple[int, ...]


NEVER = st.just(value=False)


@st.composite
def scenarios(draw, *, critical=NEVER, forever=NEVER):
    found = []
    for number in range(draw(st.integers(0, 10))):
        before = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else ()
        found.append(
            Described(
                draw(st.integers(0, 5)), draw(st.booleans()), draw(critical), draw(forever), tuple(sorted(before))
            )
        )
    return found


class Trace:
    """What happened when a scenario was run."""

    def __init__(self, described, **options):
        self.begun, self.ended, self.cancelled = {}, {}, {}
        jobs = []
        for number, each in enumerate(described):
            required = [jobs[other] for other in each.before]
            jobs.append(
                Job(
                    self.work,
                    number,
                    each,
                    required=required,
                    critical=each.critical,
                    forever=each.forever,
                    label=str(number),
                )
            )
        self.jobs = jobs
        with clock_loop() as loop:
            self.verdict = Scheduler(*jobs, **options).orchestrate(loop)
            self.end = loop.time()

    async def work(self, number, each):
        time = asyncio.get_running_loop().time
        assert number not in self.begun, "each job once"
        self.begun[number] = time()
        try:
            await asyncio.sleep(each.seconds)
        except asyncio.CancelledError:
            self.cancelled[number] = time()
            raise
        self.ended[number] = time()
        if each.raises:
            raise ValueError(number)
        return number


def times(described):
    """When each job begins and ends if nothing is critical and there is no window."""
    found = []
    for each in described:
        begin = max((found[other][1] for other in each.before), default=0)
        found.append((begin, begin + each.seconds))
    return found


@given(scenarios())
def test_each_job_begins_when_all_that_it_requires_has_ended(described):
    trace = Trace(described)
    expected = times(described)
    assert trace.begun == {number: begin for number, (begin, _) in enumerate(expected)}
    assert trace.ended == {number: end for number, (_, end) in enumerate(expected)}
    assert trace.end == max((end for _, end in expected), default=0)
    assert trace.verdict
    assert {job.label for job in trace.verdict.failed} == {str(k) for k, each in enumerate(described) if each.raises}
    for number, job in enumerate(trace.jobs):
        assert job.is_done()
        assert (job.raised_exception() is not None) is described[number].raises


@given(scenarios(), st.integers(1, 4))
def test_a_window_is_never_exceeded(described, window):
    trace = Trace(described, jobs_window=window)
    assert set(trace.ended) == set(range(len(described)))
    for number, begin in trace.begun.items():
        assert all(trace.ended[other] <= begin for other in described[number].before)
        inside = [k for k in trace.begun if trace.begun[k] <= begin < trace.ended[k]]
        assert len(inside) <= window


@given(scenarios(critical=st.booleans()))
def test_the_first_critical_job_that_raises_ends_everything(described):
    trace = Trace(described)
    expected = times(described)
    fatal = [expected[number][1] for number, each in enumerate(described) if each.raises and each.critical]
    assert bool(trace.verdict) is (not fatal)
    if not fatal:
        assert trace.end == max((end for _, end in expected), default=0)
        return
    moment = min(fatal)
    assert trace.end == moment
    for number, (begin, end) in enumerate(expected):
        if end < moment:
            assert trace.ended[number] == end
        elif begin < moment < end:
            assert trace.cancelled[number] == moment
        elif begin > moment:
            assert trace.jobs[number].is_idle()


@given(scenarios(forever=st.booleans()))
def test_a_scenario_ends_with_the_last_job_that_does_not_run_for_ever(described):
    trace = Trace(described)
    expected = times(described)
    counted = [number for number, each in enumerate(described) if not each.forever]
    end = max((expected[number][1] for number in counted or range(len(described))), default=0)
    assert trace.end == end
    for number, (begin, its_end) in enumerate(expected):
        if its_end < end:
            assert trace.ended[number] == its_end
        elif begin < end < its_end:
            assert trace.cancelled[number] == end
            assert described[number].forever
        elif begin > end:
            assert number not in trace.begun


@given(scenarios(critical=st.booleans(), forever=st.booleans()))
def test_a_scenario_runs_again_as_before(described):
    trace = Trace(described)
    scenario = Scheduler(*trace.jobs)
    with clock_loop() as loop:
        entries = trace.begun, trace.ended, trace.cancelled
        trace.begun, trace.ended, trace.cancelled = {}, {}, {}
        assert scenario.orchestrate(loop) == trace.verdict
        assert (trace.begun, trace.ended, trace.cancelled) == entries


@st.composite
def groups(draw):
    """Groups of seconds, and for each the groups that it requires."""
    found = []
    for number in range(draw(st.integers(0, 5))):
        before = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else ()
        found.append((draw(st.lists(st.integers(0, 5), max_size=4)), sorted(before)))
    return found


@given(groups(), st.integers(0, 3))
def test_scenarios_within_begin_and_end_as_one_job(described, window):
    ends = {}

    async def work(group, seconds):
        time = asyncio.get_running_loop().time
        begin = time()
        await asyncio.sleep(seconds)
        ends.setdefault(group, []).append((begin, time()))

    schedulers = []
    for number, (seconds, before) in enumerate(described):
        jobs = [Job(work, number, each) for each in seconds]
        schedulers.append(Scheduler(*jobs, required=[schedulers[other] for other in before], jobs_window=window))
    with clock_loop() as loop:
        verdict = Scheduler(*schedulers).orchestrate(loop)
        end = loop.time()
    assert verdict
    assert {number: len(each) for number, each in ends.items()} == {
        number: len(seconds) for number, (seconds, _) in enumerate(described) if seconds
    }
    expected = []
    for number, (seconds, before) in enumerate(described):
        begin = max((expected[other] for other in before), default=0)
        expected.append(max((over for _, over in ends.get(number, ())), default=begin))
        assert min((start for start, _ in ends.get(number, ())), default=begin) == begin
        if not window:
            assert expected[-1] == begin + max(seconds, default=0)
    assert end == max(expected, default=0)


@given(scenarios(critical=st.booleans(), forever=st.booleans()), st.integers(0, 12), st.integers(0, 3))
def test_a_cancel_at_any_moment_leaves_nothing(described, moment, window):
    trace = Trace([])
    jobs = []
    for number, each in enumerate(described):
        required = [jobs[other] for other in each.before]
        jobs.append(Job(trace.work, number, each, required=required, critical=each.critical, forever=each.forever))
    endless = sum(each.forever for each in described)

    async def main():
        task = asyncio.create_task(Scheduler(*jobs, jobs_window=window and window + endless).co_orchestrate())
        await asyncio.sleep(moment + 0.5)
        if task.cancel():
            with suppress(asyncio.CancelledError):
                await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with clock_loop() as loop:
        loop.run_until_complete(main())
    assert set(trace.begun) == set(trace.ended) | set(trace.cancelled)
    assert all(time <= moment + 0.5 for time in [*trace.ended.values(), *trace.cancelled.values()])
    for number, job in enumerate(jobs):
        assert job.is_done() is (number in trace.ended)
        assert job.is_idle() is (number not in trace.begun)

"""One run of a scenario: what is driven, how it is brought to its end, and what is said of it then."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import BuildError, CallTimeout
from ..executors.contract import Attempt, Call, Outcome
from ..executors.event_loop import drive_here
from ..executors.events import Stream, Subscriber
from ..executors.gate import Gate
from ..executors.order import Order, Row
from ..executors.states import State
from ..text import error_text
from .job import AbstractJob
from .listing import in_depth, path_of, some

if TYPE_CHECKING:
    from .scheduler import Scheduler

__all__ = ["JobRun", "Verdict", "conduct", "prepare", "shut_down"]


class Verdict:
    """Whether a scenario went as it should: true or false, and equal to `True` or `False`; and why.

    It is false if a critical job raised, or the time was over.

    Attributes
    ----------
    is_well : bool
        Which of the two it is.
    reason : str
        In words; empty if there is nothing to tell.
    failed : tuple of AbstractJob
        All that raised, critical or not, also in scenarios within.
    unclosed : tuple of AbstractJob
        Those whose `co_shutdown` raised, or was not through in time.
    error : Exception or None
        What the critical job raised, or that the time was over.
    seconds : float
        What it took, shutdown included [s].

    Examples
    --------
    >>> from thalweg.jobs import Job, Scheduler
    >>> async def boom():
    ...     raise OSError("no route")
    >>> verdict = Scheduler(Job(boom, label="ping")).orchestrate()
    >>> verdict == True, verdict
    (True, True, though 'ping' raised OSError: no route)
    >>> [job.label for job in verdict.failed]
    ['ping']
    """

    def __init__(self, *, is_well: bool) -> None:
        self.is_well = is_well
        self.reason = ""
        self.failed: tuple[AbstractJob, ...] = ()
        self.unclosed: tuple[AbstractJob, ...] = ()
        self.error: Exception | None = None
        self.seconds = 0.0

    def __bool__(self) -> bool:
        return self.is_well

    def __eq__(self, other: object) -> bool:
        return self.is_well is bool(other) if isinstance(other, bool | Verdict) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.is_well)

    def __repr__(self) -> str:
        return f"{self.is_well}, {self.reason}" if self.reason else str(self.is_well)


class JobRun(Order):
    """A run of a scheduler's jobs, to be driven.

    Parameters
    ----------
    scheduler : Scheduler
    outer : JobRun or None
        The run that it is a job of.
    subscribers : list of callable
        Told of each event.

    Attributes
    ----------
    jobs : list of AbstractJob
        By number.
    nested : list of int
        Numbers of those that are schedulers.
    critical : bool
        Are jobs that do not say so themselves critical?
    culprit : AbstractJob or None
        The critical job that raised.
    has_begun, is_over, is_shut : bool
        Was it driven, was it brought to its end, was `co_shutdown` called on its jobs?
    unclosed : dict of AbstractJob to Exception
        Jobs whose `co_shutdown` went wrong, or was not through in time.
    verdict : Verdict or None
        When it is over, unless it was cancelled.

    Raises
    ------
    BuildError
        It cannot be run; see `Scheduler.co_orchestrate`.
    """

    def __init__(self, scheduler: Scheduler, outer: JobRun | None, subscribers: Sequence[Subscriber]) -> None:
        self.scheduler = scheduler
        self.outer = outer
        self.subscribers = subscribers
        self.critical: bool = bool(outer and outer.critical) if scheduler.critical is None else scheduler.critical
        self.jobs = list(scheduler.jobs)
        self.nested = [number for number, job in enumerate(self.jobs) if job.is_scheduler]
        self.prefix = ""  # of paths: the scenarios that it is in
        self.culprit: AbstractJob | None = None
        self.has_begun = self.is_over = self.is_shut = False
        self.unclosed: dict[AbstractJob, Exception] = {}
        self.verdict: Verdict | None = None
        self.stream: Stream | None = None
        super().__init__(self._before(), [number for number, job in enumerate(self.jobs) if job.forever])
        if not self.is_sound():
            names = " -> ".join([repr(job.name) for job in scheduler.circle()])
            raise BuildError(f"jobs require each other in a circle: {names}; take one of the requirements away")
        window = scheduler.jobs_window or None
        self.gate = Gate(window) if isinstance(window, int) else window
        if self.gate is not None and len(self.uncounted) >= self.gate.high:
            raise BuildError(
                f"jobs_window is {self.gate.high}, and {len(self.uncounted)} jobs that run for ever may fill it; "
                f"give {len(self.uncounted) + 1} or more"
            )
        self.is_told = self.gate is not None

    def _before(self) -> list[Iterable[int]]:
        """By job: the numbers of what it requires."""
        numbers = {job: number for number, job in enumerate(self.jobs)}
        before: list[Iterable[int]] = []
        for job in self.jobs:
            if job.is_spent or (job.latest is not None and not job.latest.is_over):
                raise _unusable(job)
            required: Iterable[AbstractJob] = job.requirements
            for other in job.requirements:
                if other not in numbers:
                    if not other.is_done():
                        raise BuildError(
                            f"{job.name!r} requires {other.name!r}, which is not in the scheduler and has not ended; "
                            "add it, or call sanitize() to drop such requirements"
                        )
                    required = [each for each in required if each is not other]
            before.append(map(numbers.__getitem__, required))
        return before

    def enter(self) -> None:
        """Make it the latest run of its scheduler and of each of its jobs."""
        self.scheduler.own_run = self
        if self.outer is not None:
            self.prefix = f"{self.outer.prefix}{self.outer.names[self.scheduler.number]}/"
        for number, job in enumerate(self.jobs):
            job.latest = self
            job.number = number

    def call(self, number: int) -> Call:
        """How an executor is to make a job."""
        job: Any = self.jobs[number]
        return Call(number, job.function, job.args) if job.is_plain else job.call(number)

    @cached_property
    def names(self) -> list[str]:
        """By number; equal ones are told apart."""
        names = [job.name for job in self.jobs]
        counts, seen = Counter(names), Counter[str]()
        for number, name in enumerate(names):
            if counts[name] > 1:
                seen[name] += 1
                names[number] = f"{name} #{seen[name]}"
        return names

    def path(self, call: Call) -> str:
        """Names of the scenarios that a job is in, and its own."""
        return f"{self.prefix}{self.names[call.number]}"

    def paths(self) -> list[str]:
        """Those of all jobs, also in scenarios within."""
        return [path_of(job) for job, _, _ in in_depth(self.scheduler)]

    def fail(self, number: int, error: Exception) -> None:
        """A job has failed; a critical one ends all else."""
        if self.culprit is None and self.jobs[number].is_critical():
            self.culprit = self.jobs[number]
            self.stop()
        super().fail(number, error)

    def told(self, kind: str, call: Call, data: Attempt | Outcome) -> None:
        """Of a step by the driver."""
        super().told(kind, call, data)
        if self.stream is not None:
            self.stream(kind, call, data)

    def finish(self, rows: list[Row]) -> None:
        """No job of it is being made any more, nor will be."""
        super().finish(rows)
        self.is_over = True
        for number in self.unended():
            self.jobs[number].close()


def _unusable(job: AbstractJob) -> BuildError:
    if job.is_spent:
        return BuildError(
            f"{job.name!r} was made of a coroutine, which can be awaited once, and that was; "
            "make the job of a function to run it again: Job(function, *args)"
        )
    return BuildError(f"{job.name!r} takes part in a run that is not over; wait for that, or make a job of its own")


def prepare(scheduler: Scheduler, subscribers: Sequence[Subscriber]) -> JobRun:
    """A run of a scheduler, and of those among its jobs; everything is looked at before anything is awaited.

    Raises
    ------
    BuildError
        It cannot be run; see `Scheduler.co_orchestrate`.
    """
    runs = [JobRun(scheduler, None, subscribers)]
    seen: set[AbstractJob] = {scheduler}
    for run in runs:  # the list grows while it is read
        if run.nested or len(runs) > 1:
            for job in run.jobs:
                if job in seen:
                    raise BuildError(
                        f"{job.name!r} is twice in one scenario, or within itself; make a job for each place"
                    )
                seen.add(job)
        for number in run.nested:
            inner: Any = run.jobs[number]
            runs.append(JobRun(inner, run, subscribers))
    for run in runs:
        run.enter()
    return runs[0]


async def conduct(run: JobRun, seconds: float | None) -> Verdict:
    """Drive a prepared run to its end, and shut everything down, however it ends.

    Raises
    ------
    CancelledError
        This was cancelled; so were all jobs, and they have ended.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    run.has_begun = True
    if run.subscribers:
        run.stream = Stream(run.subscribers, run.path)
        run.stream("begin", None, run)
    error: BaseException | None = None
    try:
        listener = run.told if run.is_told or run.stream is not None else None
        try:
            is_late = await drive_here(run, seconds=seconds, gate=run.gate, listener=listener)
        finally:
            run.is_shut = True
            run.unclosed = await shut_down(run.jobs, run.scheduler.shutdown_timeout)
        run.verdict = verdict = _verdict(run, seconds if is_late else None)
        verdict.seconds = loop.time() - start
        error = verdict.error
        return verdict
    except BaseException as caught:
        error = caught
        raise
    finally:
        if run.stream is not None:
            run.stream("end", None, run.verdict, error)
        del error  # its traceback holds this frame


async def shut_down(jobs: Iterable[AbstractJob], seconds: float | None) -> dict[AbstractJob, Exception]:
    """Call `co_shutdown` on all jobs at once: those where that went wrong or took too long, and what they raised."""
    closing = _Closing([job for job in jobs if type(job).co_shutdown is not AbstractJob.co_shutdown])
    if closing.jobs and await drive_here(closing, seconds=seconds):
        late = CallTimeout(f"co_shutdown was not through within its shutdown_timeout of {seconds:g} s")
        closing.errors |= {n: late for n, state in enumerate(closing.states) if state is State.CANCELLED}
    return {closing.jobs[number]: error for number, error in closing.errors.items()}


class _Closing(Order):
    """The shutdown of some jobs."""

    def __init__(self, jobs: list[AbstractJob]) -> None:
        super().__init__([()] * len(jobs))
        self.jobs = jobs

    def call(self, number: int) -> Call:
        """That of one job."""
        return Call(number, self.jobs[number].co_shutdown, ())


def _verdict(run: JobRun, seconds: float | None) -> Verdict:
    """The verdict on a run; `seconds` is the time that was over, if it was."""
    verdict = Verdict(is_well=run.culprit is None and seconds is None)
    verdict.failed = tuple(_failed(run))
    verdict.unclosed = tuple(run.unclosed)
    reasons = []
    if run.culprit is not None:
        verdict.error = run.errors[run.culprit.number]
        reasons.append(f"for the critical job {some([run.culprit])} raised {error_text(verdict.error)}")
    elif seconds is not None:
        late = [job for job in run.jobs if not (job.is_done() or job.forever)] or run.jobs
        verdict.error = CallTimeout(f"{run.scheduler.name!r} took longer than its timeout of {seconds:g} s")
        reasons.append(f"for the time of {seconds:g} s was over before {some(late)} ended")
    elif verdict.failed:
        error = verdict.failed[0].raised_exception()
        how = f"raised {error_text(error)}" if len(verdict.failed) == 1 and error is not None else "failed"
        reasons.append(f"though {some(verdict.failed)} {how}")
    if run.unclosed:
        reasons.append(f"and co_shutdown of {some(verdict.unclosed)} failed")
    verdict.reason = ", ".join(reasons)
    return verdict


def _failed(run: JobRun) -> list[AbstractJob]:
    """Jobs that raised, by number; of a scenario within, those in it, or itself if there is none."""
    found: list[AbstractJob] = []
    for number in sorted({*run.nested, *run.errors}):
        job: Any = run.jobs[number]
        inner = job.own_run.verdict if job.is_scheduler else None
        if inner is not None and inner.failed:
            found += inner.failed
        elif number in run.errors or (inner is not None and not inner):
            found.append(job)
    return found

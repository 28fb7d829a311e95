"""Scenarios: jobs that are run in an order that their requirements allow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TextIO, TypedDict, Unpack

from ..errors import BuildError
from ..executors.events import Subscriber, subscribers
from ..executors.gate import Gate
from ..executors.policy import check_count, policy_of
from .jobset import JobSet
from .listing import lines_of, report_of, write
from .run import JobRun, Verdict, conduct, prepare, shut_down

if TYPE_CHECKING:
    from pathlib import Path

    from ..plotting import Plot, SceneOptions
    from .job import AbstractJob
    from .sequence import Sequence

__all__ = ["Engine", "Scheduler"]


class RunOptions(TypedDict, total=False):
    """Keywords of `Scheduler.co_orchestrate`, which says what they mean."""

    timeout: float | None
    on_event: Subscriber | None
    monitor: bool


class Scheduler(JobSet):
    """A scenario: jobs, run side by side, each when all that it requires has ended.

    Parameters
    ----------
    *jobs : job or Sequence
        A scheduler is a job, too.
    jobs_window : int or Gate, optional
        Most jobs that are at work at once; None or 0 for any number.
    timeout : float, optional
        How long it may take [s]; then all jobs are cancelled.
    shutdown_timeout : float or None, optional
        How long `co_shutdown` of all jobs may take at the end [s].
    critical : bool, optional
        Are jobs that do not say so themselves critical?  By default as the scheduler says that this one is a job of,
        else not.  As a job a critical scheduler that fails raises what its critical job raised; any other gives its
        `Verdict` as its result.
    **options : object
        As a job: ``label``, ``forever``, ``required`` or ``requires``.

    Attributes
    ----------
    own_run : JobRun or None
        Its latest run.

    Raises
    ------
    BuildError
        Something is no job, or a number is out of its range.

    Notes
    -----
    Nothing of a scenario is left when it has ended, however that comes: what is at work is cancelled and awaited.  It
    may run again if its jobs are made of functions.

    Examples
    --------
    >>> from thalweg.jobs import Job
    >>> import asyncio
    >>> async def wait(seconds):
    ...     await asyncio.sleep(seconds)
    ...     return seconds
    >>> first = Job(wait, 0.001, label="first")
    >>> scenario = Scheduler(first, Job(wait, 0.002, label="second", required=first))
    >>> scenario.orchestrate()
    True
    >>> scenario.list()
    01   ☉ ☓   <Job `first` -> 0.001>
    02   ☉ ☓   <Job `second` -> 0.002> - requires:{01}
    """

    is_scheduler = True

    def __init__(
        self,
        *jobs: AbstractJob | Sequence,
        jobs_window: int | Gate | None = None,
        timeout: float | None = None,
        shutdown_timeout: float | None = 1.0,
        critical: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*jobs, critical=critical, **options)
        for seconds in (timeout, shutdown_timeout):
            policy_of(None, seconds)
        self.jobs_window = jobs_window
        if jobs_window is not None and not isinstance(jobs_window, Gate) and jobs_window != 0:
            check_count(jobs_window, "jobs_window")
        self.timeout = timeout
        self.shutdown_timeout = shutdown_timeout
        self.own_run: JobRun | None = None

    def orchestrate(self, loop: asyncio.AbstractEventLoop | None = None, **options: Unpack[RunOptions]) -> Verdict:
        """Run the scenario, and wait for its end here.

        Parameters
        ----------
        loop : asyncio.AbstractEventLoop, optional
            One that is not running, and is left open; by default a new one.
        **options : object
            As for `co_orchestrate`.

        Returns
        -------
        Verdict
            True or False, and why.

        Raises
        ------
        BuildError
            It cannot be run; or an event loop runs in this thread, where it must be awaited.
        """
        if _is_on_loop():
            raise BuildError("an event loop runs in this thread; write await scheduler.co_orchestrate(...)")
        # A runner cancels everything if it is interrupted.  It would close the loop, too, if it were asked to.
        work = self.co_orchestrate(**options)
        return asyncio.run(work) if loop is None else asyncio.Runner(loop_factory=lambda: loop).run(work)

    run = orchestrate

    async def co_orchestrate(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the name people know
        on_event: Subscriber | None = None,
        monitor: bool = False,
    ) -> Verdict:
        """Run the scenario on the running event loop.

        Parameters
        ----------
        timeout : float, optional
            How long it may take [s], instead of what the scheduler was made with.
        on_event : callable, optional
            Told of each event of this run, and of those of schedulers within: see `thalweg.monitor.subscribe`.
        monitor : bool, optional
            Show on standard error what each job is at, by `thalweg.monitor.Roster`.

        Returns
        -------
        Verdict
            True or False, and why.

        Raises
        ------
        BuildError
            It cannot be run: a circle of requirements, one that is not there, a coroutine that was awaited before.
        CancelledError
            This was cancelled; so were all jobs, and they have ended.

        Notes
        -----
        It ends when all jobs have ended that do not run for ever, which are then cancelled; or as soon as a critical
        one raises, or the time is over.  A job that holds out against its cancellation is waited for.
        """
        policy_of(None, timeout)
        told = [*subscribers(), *([on_event] if on_event is not None else [])]
        if monitor:
            told.append(self._roster())
        return await conduct(prepare(self, told), self.timeout if timeout is None else timeout)

    async def co_run(self) -> Verdict:
        """As a job of another scheduler: a critical one that fails raises, any other gives its verdict."""
        run = self.own_run
        if run is None or run.outer is None or run.has_begun:
            run = prepare(self, subscribers())
        verdict = await conduct(run, self.timeout)
        if verdict.error is not None and run.critical:
            raise verdict.error
        return verdict

    async def co_shutdown(self) -> None:
        """Call `co_shutdown` on all jobs, unless the end of a run has done so."""
        run = self.own_run
        if run is not None and run.is_shut:
            return
        unclosed = await shut_down(self.jobs, self.shutdown_timeout)
        for error in unclosed.values():
            raise error

    def close(self) -> None:
        """Let go of coroutines that will not be awaited, of jobs that have not begun."""
        run = self.own_run
        if run is not None and not run.has_begun:
            run.finish([])
        for job in self.members:
            if job.is_idle():
                job.close()

    def stats(self) -> str:
        """How many jobs are done, running and idle, such as ``"2D + 3R + 4I = 9"``."""
        done = sum(job.is_done() for job in self.members)
        running = sum(job.is_running() for job in self.members)
        return f"{done}D + {running}R + {len(self.members) - done - running}I = {len(self.members)}"

    def why(self) -> str:
        """How the latest run went, and why."""
        run = self.own_run
        if run is None or not run.has_begun:
            return "it has not run"
        if run.verdict is None:
            return "it was cancelled" if run.is_over else "it is running"
        return run.verdict.reason or "all went well"

    def list(self, file: TextIO | None = None) -> None:
        """Write all jobs in order, a line each, with signs: see `thalweg.jobs.listing`.

        Parameters
        ----------
        file : text file, optional
            By default standard output.
        """
        write(lines_of(self), file)

    def debrief(self, file: TextIO | None = None) -> None:
        """Write what became of the latest run: why, how many, all jobs, and where each error came from.

        Parameters
        ----------
        file : text file, optional
            By default standard output.
        """
        write(report_of(self), file)

    def plot(self, **options: Unpack[SceneOptions]) -> Plot:
        """A picture of the jobs and of what they require, with what became of them.

        Parameters
        ----------
        **options : object
            ``format``, ``view``, ``direction`` and more, as for `thalweg.plotting.plot_scene`.
        """
        from .picture import plot

        return plot(self, **options)

    def save_as_dotfile(self, path: str | Path) -> Path:
        """Write the picture as source of Graphviz, for ``dot -Tpng``; gives the path."""
        return self.plot(format="dot").save(path, "dot")

    def _roster(self) -> Subscriber:
        from ..monitor import Roster

        return Roster(self.name)


Engine = Scheduler


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

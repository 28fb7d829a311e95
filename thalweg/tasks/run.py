"""A run of a flow, as who has begun it sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitTimeout
from contextlib import suppress
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ..dispatcher.recorded import Recorded
from ..errors import CallTimeout, TaskError
from ..executors.background import in_background
from ..executors.states import State
from ..executors.threads import giving_way
from .conduct import Conduct, Manner

__all__ = ["Run", "begin", "conduct", "conduct_here", "resume"]

R_co = TypeVar("R_co", covariant=True)


class Run(Generic[R_co]):
    """A run of a flow in the background.

    Examples
    --------
    >>> from thalweg.tasks import Flow, task
    >>> class Half(Flow):
    ...     @task
    ...     def entrypoint(self, n: int) -> int:
    ...         return n // 2
    >>> run = Half().entrypoint.submit(10)
    >>> run.result(timeout=60), run.status
    (5, 'done')
    """

    def __init__(self, conduct: Conduct, future: Future[None]) -> None:
        self._conduct = conduct
        self._future = future

    @property
    def name(self) -> str:
        """Flow and task that it began with."""
        return self._conduct.tree.root.body.__qualname__

    @property
    def status(self) -> State:
        """What it is at: ``"waiting"``, ``"running"``, ``"done"``, ``"failed"`` or ``"cancelled"``."""
        return self._conduct.state

    @property
    def errors(self) -> dict[str, TaskError]:
        """What went wrong so far, by the path of the task; what only rests on that is not listed."""
        return {error.path: error for error in self._conduct.tree.errors.values()}

    @property
    def counts(self) -> dict[State, int]:
        """How many calls are at what, as far as they are known."""
        return self._conduct.tree.counts()

    @property
    def recorded(self) -> Recorded | None:
        """How it stands in its journal; None without one."""
        return self._conduct.recorded

    def done(self) -> bool:
        """Has it ended?"""
        return self._future.done()

    def result(self, timeout: float | None = None) -> R_co:
        """The value; waits for it.

        Parameters
        ----------
        timeout : float, optional
            How long to wait [s]; the run goes on when it is over.

        Raises
        ------
        TaskError
            A task has failed; of several, the first in the order of the calls.
        CallCancelled
            The run was cancelled.
        CallTimeout
            It has not ended within `timeout`, or took longer than its own.
        """
        try:
            with giving_way():  # the calls of this run may need the thread of the task that waits here
                self._future.result(timeout)
        except WaitTimeout:
            raise CallTimeout(
                f"the run of {self.name!r} has not ended within {timeout:g} s, and goes on; ask again, or cancel() it"
            ) from None
        value: R_co = self._conduct.outcome()
        return value

    def cancel(self) -> bool:
        """End it; calls in flight are cancelled.

        Returns
        -------
        bool
            Was there anything to cancel?
        """
        if self.done():
            return False
        self._conduct.stop()
        return True

    def __await__(self) -> Generator[Any, None, R_co]:
        """Wait for the value; who is cancelled in this leaves the run alone."""
        return self._wait().__await__()

    async def _wait(self) -> R_co:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def tell(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(ended.set)

        self._future.add_done_callback(tell)
        with giving_way():
            await ended.wait()
        value: R_co = self._conduct.outcome()
        return value

    def __repr__(self) -> str:
        return f"<run of {self.name}: {self.status}>"


def begin(first: tuple[Any, type, str, Any], manner: Manner) -> Run[Any]:
    """Begin a run in the background."""
    made = _made(first, manner)
    return Run(made, in_background(made.drive_aside()))


def conduct_here(first: tuple[Any, type, str, Any], manner: Manner) -> Any:
    """Make a run in this thread, and wait for its value."""
    made = _made(first, manner)
    made.drive_here()
    return made.outcome()


async def conduct(first: tuple[Any, type, str, Any], manner: Manner) -> Any:
    """Make a run on the running event loop, and wait for its value."""
    made = _made(first, manner)
    await made.drive_on_loop()
    return made.outcome()


def resume(cls: type, run: str, manner: Manner) -> Run[Any]:
    """Go on with a recorded run of a class of flows."""
    first, name = _recorded(cls, manner.journal, run)
    return begin(first, replace(manner, run=name))


def _recorded(cls: type, journal: Any, run: str) -> tuple[tuple[Any, type, str, Any], str]:
    from .durable import opened_and_resumed

    return opened_and_resumed(cls, journal, run)


def _made(first: tuple[Any, type, str, Any], manner: Manner) -> Conduct:
    return Conduct(first, manner) if manner.journal is None else _durable(first, manner)


def _durable(first: tuple[Any, type, str, Any], manner: Manner) -> Conduct:
    from .durable import Durable

    return Durable(first, manner)

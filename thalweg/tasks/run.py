"""One run of a flow: where it is driven, and how it is asked for its value."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitTimeout
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import CallCancelled, CallTimeout, TaskError
from ..executors import table
from ..executors.background import in_background
from ..executors.contract import Call, Executor, Expired
from ..executors.driver import Driver, Host
from ..executors.events import Stream, subscribers
from ..executors.states import State
from ..workers import joined, scheduler_in_use
from .body import Asked, current, frozen
from .tree import Tree
from .turn import in_turn

__all__ = ["Manner", "Run", "begin", "conduct", "conduct_here"]

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is to be made; as for `BoundTask.using`."""

    executor: Any = None
    timeout: float | None = None
    journal: Any = None
    run: str | None = None


def _executor(named: Any) -> Executor:
    """Who makes the calls of plain functions."""
    if named is None or named in ("sync", "async"):
        named = "threads"
    executor: Executor = table.shared(named) if isinstance(named, str) else named
    return executor


class _Conduct:
    """One run on its way, on whatever it is driven.

    Parameters
    ----------
    first : tuple
        Flow, owner, name and arguments of the task that it begins with.
    manner : Manner

    Attributes
    ----------
    state : State
    value : object
    error : Exception or None
        Why there is no value.
    """

    def __init__(self, first: tuple[Any, type, str, Any], manner: Manner) -> None:
        flow, owner, name, given = first
        self.manner = manner
        self.is_sync = manner.executor == "sync"
        self.executors: dict[str, Executor] = {"sync": table.make("sync")} if self.is_sync else {}
        access = scheduler_in_use() if manner.executor is None else None
        # Coroutine functions are awaited where the run is driven, unless somebody else is named for all calls.
        self.awaits_here = manner.executor == "async" or (manner.executor is None and access is None)
        other = _executor(manner.executor) if access is None else joined(access)
        # A run within a task is not put in line: the task that waits for it has a place already.
        self.other = other if current() is not None else in_turn(other)
        self.tree = Tree(Asked(frozen(flow), owner, name, given), is_awaited=not self.is_sync)
        self.host: Host | None = None
        self.state = State.WAITING
        self.value: Any = None
        self.error: Exception | None = None
        self.is_cancelled = False
        self.is_late = False

    def stop(self) -> None:
        """End the run; what is in flight is cancelled."""
        self.is_cancelled = True
        host = self.host
        if host is not None:
            host.post(self.tree.stop)
        else:
            self.tree.stop()

    def drive_here(self) -> None:
        """Drive it in this thread."""
        with self._telling():
            host = self.host = table.blocking_host()
            with self._ending():
                host.drive(self._driver(host))

    async def drive_on_loop(self) -> None:
        """Drive it on the running event loop."""
        loops = table.event_loops()
        if self.is_sync:
            await loops.in_thread(self.drive_here, self.stop)
            return
        self.executors["async"] = loops.EventLoopExecutor()
        with self._telling():
            host = self.host = loops.LoopHost()
            with self._ending():
                await host.drive(self._driver(host))

    def _driver(self, host: Host) -> Driver:
        tree = self.tree
        if self.is_cancelled:
            tree.stop()
        listener = None if tree.stream is None else tree.told
        driver = Driver(tree, host, self._choose, listener=listener)
        if self.manner.timeout is not None:
            host.call_later(self.manner.timeout, driver.expire)
        self.state = State.RUNNING
        return driver

    def _choose(self, call: Call) -> Executor:
        """Who makes a call: coroutine functions are awaited on the loop, if there is one and nobody was named."""
        function: Any = call.function
        if self.is_sync:
            if call.policy is None or call.policy.timeout_seconds is None:
                return self.executors["sync"]
        elif self.awaits_here and function.is_coroutine and "async" in self.executors:
            return self.executors["async"]
        return self.other

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Note how it ends."""
        try:
            yield
        except Expired:
            self.is_late = True
        finally:
            self.host = None
            self.tree.finish()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell who listens of the beginning, and of the end; note the outcome."""
        told = subscribers()
        stream = self.tree.stream = Stream(told, self.tree.path) if told else None
        if stream is not None:
            stream("begin", None, self)
        try:
            yield
            self._conclude()
        except BaseException as error:
            self.state = State.CANCELLED
            if stream is not None:
                stream("end", None, self, error)
            raise
        if stream is not None:
            stream("end", None, self, self.error)

    def _conclude(self) -> None:
        root, name = self.tree.root, self.tree.root.body.name
        self.state = root.state
        if root.state is State.DONE:
            self.value = root.value
        elif root.state is State.FAILED:
            self.error = self.tree.culprit()
        elif self.is_late:
            self.state = State.FAILED
            self.error = CallTimeout(
                f"the run of {name!r} took longer than its timeout of {self.manner.timeout:g} s; what was in flight "
                "was cancelled"
            )
        else:
            self.error = CallCancelled(f"the run of {name!r} was cancelled, and has no value")

    def outcome(self) -> Any:
        """The value, or the error."""
        if self.error is None:
            return self.value
        error = self.error
        try:
            raise error
        finally:
            del error, self  # the traceback holds this frame


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

    def __init__(self, conduct: _Conduct, future: Future[None]) -> None:
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
        await ended.wait()
        value: R_co = self._conduct.outcome()
        return value

    def __repr__(self) -> str:
        return f"<run of {self.name}: {self.status}>"


def begin(first: tuple[Any, type, str, Any], manner: Manner) -> Run[Any]:
    """Begin a run in the background."""
    conduct = _Conduct(first, manner)
    return Run(conduct, in_background(conduct.drive_on_loop()))


def conduct_here(first: tuple[Any, type, str, Any], manner: Manner) -> Any:
    """Make a run in this thread, and wait for its value."""
    conduct = _Conduct(first, manner)
    conduct.drive_here()
    return conduct.outcome()


async def conduct(first: tuple[Any, type, str, Any], manner: Manner) -> Any:
    """Make a run on the running event loop, and wait for its value."""
    conduct = _Conduct(first, manner)
    await conduct.drive_on_loop()
    return conduct.outcome()

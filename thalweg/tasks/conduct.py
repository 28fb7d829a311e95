"""One run of a flow on its way: where it is driven, who makes its calls, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..dispatcher.recorded import Recorded
from ..errors import BuildError, CallCancelled, CallTimeout
from ..executors import table
from ..executors.contract import Call, Executor, Expired
from ..executors.driver import Driver, Host, Listener
from ..executors.events import Stream, subscribers
from ..executors.states import State
from ..workers import joined, scheduler_in_use
from .body import Asked, current, frozen
from .tree import Tree
from .turn import in_turn

__all__ = ["Conduct", "Manner"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is to be made; as for `BoundTask.using`."""

    executor: Any = None
    timeout: float | None = None
    journal: Any = None
    run: str | None = None

    def __post_init__(self) -> None:
        if self.run is not None and self.journal is None:
            raise BuildError(f"the run {self.run!r} has no journal to be recorded in; give journal='sqlite:///runs.db'")


def _executor(named: Any) -> Executor:
    """Who makes the calls of plain functions."""
    if named is None or named in ("sync", "async"):
        named = "threads"
    executor: Executor = table.shared(named) if isinstance(named, str) else named
    return executor


class Conduct:
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
    error : BaseException or None
        Why there is no value.
    """

    def __init__(self, first: tuple[Any, type, str, Any], manner: Manner) -> None:
        flow, owner, name, given = first
        self.manner = manner
        self.is_sync = manner.executor == "sync"
        self.executors: dict[str, Executor] = {"sync": table.make("sync")} if self.is_sync else {}
        # A run within a task stays where the task is, and is not put in line: the task that waits for it has a place.
        is_within = current() is not None
        access = scheduler_in_use() if manner.executor is None and not is_within else None
        # Coroutine functions are awaited where the run is driven, unless somebody else is named for all calls.
        self.awaits_here = manner.executor == "async" or (manner.executor is None and access is None)
        other = _executor(manner.executor) if access is None else joined(access)
        self.other = other if is_within else in_turn(other)
        self.tree = Tree(Asked(frozen(flow), owner, name, given), is_awaited=not self.is_sync)
        self.host: Host | None = None
        self.state = State.WAITING
        self.value: Any = None
        self.error: BaseException | None = None
        self.is_cancelled = False
        self.is_late = False

    @property
    def recorded(self) -> Recorded | None:
        """How it stands in its journal; None without one."""
        return None

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

    async def drive_aside(self) -> None:
        """Drive it on a loop that others use, too; however it ends, that is left for who asks for the outcome."""
        try:
            await self.drive_on_loop()
        except BaseException as error:
            self.error = error
            if self.state not in (State.FAILED, State.CANCELLED):
                self.state = State.FAILED
            if isinstance(error, asyncio.CancelledError):
                raise

    def _driver(self, host: Host) -> Driver:
        if self.is_cancelled:
            self.tree.stop()
        driver = self._drive_by(host)
        if self.manner.timeout is not None:
            host.call_later(self.manner.timeout, driver.expire)
        self.state = State.RUNNING
        return driver

    def _drive_by(self, host: Host) -> Driver:
        return Driver(self.tree, host, self.choose, listener=self.listener)

    @property
    def listener(self) -> Listener | None:
        """Who is told of each step."""
        return None if self.tree.stream is None else self.tree.told

    def choose(self, call: Call) -> Executor:
        """Who makes a call: coroutine functions are awaited on the loop, if there is one and nobody was named."""
        if self.is_sync:
            if call.policy is None or call.policy.timeout_seconds is None:
                return self.executors["sync"]
        elif self.awaits_here and self.tree.nodes[call.number].body.is_coroutine and "async" in self.executors:
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
            self.state = State.FAILED if isinstance(error, Exception) else State.CANCELLED
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

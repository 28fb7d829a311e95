"""A dispatch whose calls are made by executors: who makes which, and where they are waited for.

The driver lives in the calling thread, or on an event loop where something is to be awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import BuildError, DispatchError
from ..executors import table
from ..executors.contract import Call, Drivable, Executor, Expired
from ..executors.driver import Driver, Host, Listener
from ..executors.events import Stream, Subscriber, subscribers
from .ahead import Ahead
from .calling import Asker, Dispatch, Options
from .failures import Failure
from .in_turn import InTurn
from .nodes import NodeId
from .plan import Plan
from .run import Stopped
from .side_by_side import SideBySide
from .solution import Record, Solution

__all__ = ["Driven", "in_thread"]


class Driven(Dispatch):
    """One dispatch of a model, with its calls made by executors.

    Parameters
    ----------
    dsp, plan, inputs, options
        As for `thalweg.dispatcher.calling.prepare`.
    """

    makes_calls = False

    def __init__(self, dsp: Asker, plan: Plan, inputs: Mapping[NodeId, Any], options: Options) -> None:
        self.default = dsp.executor if options.executor is None else options.executor
        is_foreign = hasattr(self.default, "drive") and not hasattr(self.default, "start")
        self.foreign: Any = self.default if is_foreign else None  # it has a loop of its own
        self.resolved: dict[str, Executor] = {}
        told = [*subscribers(), *([options.on_event] if options.on_event is not None else [])]
        if options.progress:
            told.append(_progress_bar(dsp.name))
        if is_foreign and not getattr(self.foreign, "concurrent", False):
            self.kind = InTurn
        else:
            # Who listens, or lets calls in, or remembers, has to see each call as it begins and ends.
            sees_all = bool(told) or options.timeline or options.gate is not None or options.memory is not None
            sees_all = sees_all or options.journal is not None
            self.kind = SideBySide if sees_all or not self._takes_plans() else Ahead
        super().__init__(dsp, plan, inputs, options)
        self.coroutines = frozenset(plan.network.coroutines)
        self.stream = Stream(told, self.run.path) if told else None
        self.driven: Drivable = self.run  # or what stands between it and its driver
        self.driver: Driver | None = None
        self.failure: Failure | None = None  # what ended the run
        self.is_late = False  # its time was over
        self.inline = "sync"  # who makes calls for which nobody is named; on a loop they would block it
        named = {executor for executor, _ in plan.network.manners.values()}
        self.needs_loop = (
            "async" in named or self.default == "async" or (self.default is None and bool(self.coroutines))
        )
        for name in (self.default, *named):
            if isinstance(name, str) and name != "async":
                self._executor(name)  # an unknown name is refused before anything is called

    def wait(self) -> Solution:
        """Make the calls, and wait for them here."""
        with self._telling() as ended:
            # On a loop of our own only the calls are made: an error that ends a loop is held by it until collected.
            if self.needs_loop:
                _on_own_loop(self)
            else:
                self._drive()
            return ended(self._end())

    async def await_(self) -> Solution:
        """Make the calls, and wait for them on the running event loop, which is never blocked."""
        if self.goes_to_thread:
            return await in_thread(self)
        with self._telling() as ended:
            await self.drive_on_loop()
            return ended(self._end())

    @property
    def goes_to_thread(self) -> bool:
        """Would its driver block a loop?"""
        return self.foreign is not None or (self.default == "sync" and not self.needs_loop)

    def _drive(self) -> None:
        """Make the calls, and note how that ends."""
        with self._ending():
            if self.foreign is not None:
                self.foreign.drive(self.driven)
            else:
                host = table.blocking_host(self.run.stopper)
                host.drive(self._drive_by(host))

    async def drive_on_loop(self) -> None:
        """As `_drive`, on the running event loop."""
        self.inline = "async"
        host = table.event_loops().LoopHost(self.options.stopper)
        with self._ending():
            await host.drive(self._drive_by(host))

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Note the failure that ends the run, or that its time is over; any other error goes on."""
        try:
            yield
        except Stopped as stop:
            self.failure = stop.failure
        except Expired:
            self.is_late = True
        except BaseException:
            self.driver = None  # it holds this dispatch
            raise
        finally:
            self.run.close()

    def _end(self) -> Solution:
        """The solution of calls that have been made, or the error that says why there is none."""
        failure, self.failure = self.failure, None
        del self.driven
        try:
            return self.finish(failure, is_late=self.is_late)
        finally:
            del failure  # its traceback holds this frame

    def complete(self, record: Record) -> None:
        """Add to the record what is not the run's to know."""
        if self.driver is not None:
            record.rows = self.driver.rows
            self.driver = None

    @contextmanager
    def _telling(self) -> Iterator[Callable[[Solution], Solution]]:
        """Tell who listens of the beginning, and of the end, however it comes."""
        stream = self.stream
        if stream is None:
            yield lambda solution: solution
            return
        left: list[Solution] = []

        def ended(solution: Solution) -> Solution:
            left.append(solution)
            return solution

        stream("begin", None, self.run.plan)
        try:
            yield ended
        except BaseException as error:
            stream("end", None, error.solution if isinstance(error, DispatchError) else None, error)
            raise
        stream("end", None, left[0])

    def _drive_by(self, host: Host) -> Driver:
        """A driver for the run, living with `host`."""
        listener: Listener | None = self.stream
        if listener is None and self.options.timeline:
            listener = _unheard
        self.driver = driver = Driver(self.driven, host, self._choose, gate=self.options.gate, listener=listener)
        if self.options.timeout is not None:
            host.call_later(self.options.timeout, driver.expire)
        return driver

    def _choose(self, call: Call) -> Executor:
        """Who makes a call."""
        named = self.default if call.executor is None else call.executor
        if named is None:
            named = self.inline
        if named == "async" and call.number not in self.coroutines:
            named = "threads"
        elif named == "sync" and call.policy is not None and call.policy.timeout_seconds is not None:
            named = "threads"  # where it can be given up
        return self._executor(named) if isinstance(named, str) else named

    def _takes_plans(self) -> bool:
        """Does who makes the calls take them ahead?"""
        default = self.default
        if isinstance(default, str) and default not in ("async", "sync"):
            default = self._executor(default)
        return getattr(default, "takes_plans", False)

    def _executor(self, name: str) -> Executor:
        executor = self.resolved.get(name)
        if executor is None:
            made = name in ("async", "sync")  # one for each dispatch
            executor = self.resolved[name] = table.make(name) if made else table.shared(name)
        return executor


def _unheard(kind: str, call: Call, data: object) -> None:
    """Nobody listens, but each attempt is followed from its start: also one that never ends is in the timeline."""


def _progress_bar(name: str) -> Subscriber:
    from ..monitor.progress import Progress

    return Progress(name)


def _on_own_loop(dispatch: Driven) -> None:
    """Run an event loop for one dispatch."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(dispatch.drive_on_loop())
        return
    raise BuildError(
        "an event loop runs in this thread, and something is to be awaited; write await dsp.adispatch(...)"
    )


async def in_thread(dispatch: Dispatch) -> Solution:
    """Make the calls of a dispatch in a thread, one after the other; cancelled, it ends before its next call."""
    stop = dispatch.run.stopper = _Either(dispatch.options.stopper)
    solution: Solution = await table.event_loops().in_thread(dispatch.wait, stop.set)
    return solution


class _Either:
    """A stopper that can be set from here, too."""

    def __init__(self, other: Any) -> None:
        self.other = other
        self.is_ours = False

    def is_set(self) -> bool:
        """Is one of the two set?"""
        return self.is_ours or (self.other is not None and bool(self.other.is_set()))

    def set(self) -> None:
        """End the run before its next call."""
        self.is_ours = True

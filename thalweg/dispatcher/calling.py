"""One dispatch, from its plan to its solution: who makes the calls, where they are waited for, and what the end means.

Calls in line need none of what stands between a run and other executors, and cost only what they do; everything else
goes through a `Driver`, which lives in the calling thread, or on an event loop where something is to be awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Never

from ..errors import BuildError, DispatchError, RunTimeout, UnreachableError
from ..executors import table
from ..executors.contract import Call, Executor, Expired
from ..executors.driver import Driver, Host
from ..executors.events import Stream, Subscriber, subscribers
from ..executors.inline import InlineExecutor
from .failures import Failure
from .in_turn import InTurn
from .nodes import DataNode, NodeId
from .plan import Plan, path_text
from .run import Run, Stopped
from .side_by_side import SideBySide
from .solution import Solution

if TYPE_CHECKING:
    from ..executors.gate import Gate
    from .dispatcher import Dispatcher

__all__ = ["Dispatch", "Raises", "check_raises"]

Raises = bool | str | Callable[[Exception], Any]


class Dispatch:
    """One dispatch of a model.

    Parameters
    ----------
    dsp : Dispatcher
    plan : Plan
    inputs : mapping
        Given values; those that the plan's model does not know pass through.
    raises, stopper, executor, keep, gate, timeout, on_event
        As for `Dispatcher.dispatch`.

    Raises
    ------
    BuildError
        The plan was made for other inputs, an option is wrong, or coroutine functions are to be called in line.
    UnknownExecutorError
        No executor has that name.
    """

    def __init__(
        self,
        dsp: Dispatcher,
        plan: Plan,
        inputs: Mapping[NodeId, Any],
        *,
        raises: Raises | None = None,
        stopper: Any = None,
        executor: str | Executor | None = None,
        keep: str = "all",
        gate: Gate | None = None,
        timeout: float | None = None,
        on_event: Subscriber | None = None,
    ) -> None:
        if keep not in ("all", "outputs"):
            raise BuildError(f"unknown keep={keep!r}; use 'all' or 'outputs'")
        if timeout is not None and not timeout >= 0:
            raise BuildError(f"timeout is {timeout!r}; give seconds, at least 0")
        index = plan.network.top.index
        given = {name: value for name, value in inputs.items() if name in index}
        if given.keys() != plan.given:
            raise BuildError(f"the plan was made for the inputs {sorted(map(str, plan.given))}; solve for these inputs")
        self.dsp = dsp
        self.passed = {name: value for name, value in inputs.items() if name not in index}
        self.policy: Raises = dsp.raises if raises is None else raises
        self.stopper = stopper
        self.gate = gate
        self.timeout = timeout
        self.default = dsp.executor if executor is None else executor
        self.coroutines = frozenset(plan.network.coroutines)
        told = [*subscribers(), *([on_event] if on_event is not None else [])]
        is_foreign = hasattr(self.default, "drive") and not hasattr(self.default, "start")
        self.foreign: Any = self.default if is_foreign else None
        self.is_in_line = (
            self.default in (None, "sync")
            and not plan.network.manners
            and (not self.coroutines or self.default == "sync")
            and gate is None
            and timeout is None
            and not told
        )
        self._refuse_coroutines(plan)
        self.need_all = self.policy == "unreachable" or self.policy is True
        in_turn = self.is_in_line or (self.foreign is not None and not getattr(self.foreign, "concurrent", False))
        kind = InTurn if in_turn else SideBySide
        self.run: Run = kind(
            plan,
            given,
            raises=check_raises(self.policy),
            stopper=stopper,
            release=keep == "outputs" and plan.search.wanted is not None,
            need_all=self.need_all,
        )
        if self.need_all and plan.search.left > 0:
            self.run.active = False  # nothing is called for what cannot be had
        self.stream = Stream(told, self.run.path) if told else None
        self.driver: Driver | None = None
        self._resolved: dict[Any, Executor] = {}

    def _refuse_coroutines(self, plan: Plan) -> None:
        """Nothing awaits them in line, and then the answer would be a coroutine."""
        if self.default != "sync":
            return
        manners = plan.network.manners
        in_line = [f for f in plan.network.coroutines if manners.get(f, (None,))[0] in (None, "sync")]
        if in_line:
            names = ", ".join(repr(path_text(plan.network.function_path(f))) for f in in_line)
            raise BuildError(f"{names} must be awaited, which calls in line cannot do; leave out executor='sync'")

    @property
    def needs_loop(self) -> bool:
        """Is anything to be awaited?"""
        if self.is_in_line or self.foreign is not None:
            return False
        named = {executor for executor, _ in self.run.network.manners.values()}
        return "async" in named or self.default == "async" or (self.default is None and bool(self.coroutines))

    def wait(self) -> Solution:
        """Make the calls, and wait for them here.

        Raises
        ------
        BuildError
            Something is to be awaited, and this thread runs an event loop already.
        UnreachableError, DispatchError, RunTimeout
            As for `Dispatcher.dispatch`.
        """
        if self.is_in_line:
            return self._ending_with(lambda: InlineExecutor().drive(self.run))
        if self.foreign is not None:
            return self._ending_with(lambda: self.foreign.drive(self.run))
        if self.needs_loop:
            return self._run_loop()
        host = table.blocking_host(self.stopper)
        return self._ending_with(lambda: host.drive(self._drive_by(host)))

    def _run_loop(self) -> Solution:
        """Run an event loop of our own for this dispatch."""
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise BuildError(
                "an event loop runs in this thread, and something is to be awaited; write await dsp.adispatch(...)"
            )
        return asyncio.run(self.await_())

    async def await_(self) -> Solution:
        """Make the calls, and wait for them on the running event loop.

        Notes
        -----
        The loop is never blocked: what would be called in line is called in a thread.
        """
        loops = table.event_loops()
        if self.is_in_line or self.foreign is not None:
            stop = self.run.stopper = _Either(self.stopper)
            solution: Solution = await loops.in_thread(self.wait, stop.set)
            return solution
        host = loops.LoopHost(self.stopper)
        failure: Failure | None = None
        is_late = False
        try:
            await host.drive(self._drive_by(host))
        except Stopped as stop:
            failure = stop.failure
        except Expired:
            is_late = True
        finally:
            self.run.close()
        try:
            return self._finish(failure, is_late=is_late)
        finally:
            del failure  # its traceback holds this frame

    def _drive_by(self, host: Host) -> Driver:
        """A driver for the run, living with `host`."""
        self.driver = Driver(self.run, host, self._choose, gate=self.gate, listener=self.stream)
        if self.timeout is not None:
            host.call_later(self.timeout, self.driver.expire)
        if self.stream is not None:
            self.stream("begin", None, self.run.plan)
        return self.driver

    def _choose(self, call: Call) -> Executor:
        """Who makes a call."""
        named = self.default if call.executor is None else call.executor
        awaited = call.number in self.coroutines
        if named is None:
            named = "async" if self.coroutines else "sync"
        if named == "async" and not awaited:
            named = "threads"
        elif named == "sync" and call.policy is not None and call.policy.timeout_seconds is not None:
            named = "threads"  # where it can be given up
        if not isinstance(named, str):
            return named
        executor = self._resolved.get(named)
        if executor is None:
            made = named in ("async", "sync")  # one for each dispatch
            executor = self._resolved[named] = table.make(named) if made else table.shared(named)
        return executor

    def _ending_with(self, drive: Callable[[], None]) -> Solution:
        failure: Failure | None = None
        is_late = False
        try:
            drive()
        except Stopped as stop:
            failure = stop.failure
        except Expired:
            is_late = True
        finally:
            self.run.close()
            del drive
        try:
            return self._finish(failure, is_late=is_late)
        finally:
            del failure  # its traceback holds this frame

    def _finish(self, failure: Failure | None, *, is_late: bool) -> Solution:
        """What is left, or the error that says why not."""
        run, driver = self.run, self.driver
        run.is_cut_short = run.is_cut_short or is_late
        record = run.record()
        record.passed = self.passed
        if driver is not None:
            record.rows = driver.rows
        solution = self.dsp.solution = Solution(record)
        try:
            if self.stream is not None:
                self.stream("end", None, solution)
            if failure is not None:
                _raise_failure(failure, solution)
            if is_late:
                raise RunTimeout(
                    f"the run took longer than its timeout of {self.timeout:g} s; the solution on this error has what "
                    "was known by then",
                    path="",
                    solution=solution,
                )
            if self.need_all and not solution.stopped and solution.unreachable:
                self._raise_unreachable(solution, run.plan.given)
            return solution
        finally:
            # The traceback of what failed holds this frame: it must not hold what holds the traceback.
            self.driver = self.stream = None
            del self.run, run, driver, record, solution, failure

    def _raise_unreachable(self, solution: Solution, given: frozenset[NodeId]) -> Never:
        outputs = solution.unreachable
        names = ", ".join(map(repr, outputs))
        failures = tuple(solution.errors)
        nodes = self.dsp.nodes
        wanted = [name for name in outputs if name in nodes and isinstance(nodes[name], DataNode)]
        sets = tuple(self.dsp.missing(wanted, given, 3)) if wanted else ()
        message = f"{names} cannot be computed from the given inputs"
        if failures:
            message += f"; failed: {', '.join(failures)}"
        if sets and any(sets):
            message += f"; it would help to give {' or '.join(str(list(names)) for names in sets)}"
        raise UnreachableError(
            message, path="", outputs=outputs, missing=sets, failures=failures, solution=solution
        ) from (next(iter(solution.errors.values())).error if failures else None)


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


def check_raises(raises: Raises) -> Callable[[Failure], bool] | None:
    """When a failure ends the run.

    Raises
    ------
    BuildError
        `raises` is none of the things it can be.
    """
    if callable(raises):
        return lambda failure: bool(raises(failure.error))
    if raises is True:
        return lambda failure: failure.kind != "refused"
    if not raises or raises == "unreachable":
        return None
    raise BuildError(f"unknown raises={raises!r}; use 'unreachable', True, False or a function of the error")


def _raise_failure(failure: Failure, solution: Solution) -> Never:
    error = failure.error
    message = f"{failure.path!r} failed: {type(error).__name__}: {error}"
    raise DispatchError(message, path=failure.path, solution=solution) from error

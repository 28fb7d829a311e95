"""One dispatch, from its plan to its solution: the calls, made in line, and what their end means.

Calls in line need none of what stands between a run and other executors, and cost only what they do.  Everything else
is in `thalweg.dispatcher.driven`, which is loaded when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Never, Protocol
from weakref import ref

from ..errors import BuildError, DispatchError, RunTimeout, UnreachableError
from ..executors.events import subscribers
from ..executors.inline import InlineExecutor
from ..text import any_of
from .failures import Failure
from .in_turn import InTurn
from .nodes import NodeId
from .plan import Plan, path_text
from .replay import Replay
from .run import Run, Stopped
from .solution import Asked, Record, Solution

if TYPE_CHECKING:
    from .memory import Memory

__all__ = ["PLAIN", "Asker", "Dispatch", "Options", "Raises", "check_raises", "prepare"]

Raises = bool | str | Callable[[Exception], Any]


class Asker(Protocol):
    """Who has a dispatch made: a `Dispatcher`, or what stands for one that asked before."""

    name: str
    raises: Raises
    executor: Any
    solution: Solution | None


class Options:
    """How a plan is to be run; see `Dispatcher.dispatch`."""

    __slots__ = (
        "asked",
        "executor",
        "gate",
        "journal",
        "keep",
        "memory",
        "model",
        "on_event",
        "progress",
        "raises",
        "run",
        "stopper",
        "timeline",
        "timeout",
        "wildcard",
    )

    def __init__(
        self,
        *,
        raises: Raises | None = None,
        stopper: Any = None,
        executor: Any = None,
        keep: str = "all",
        gate: Any = None,
        timeout: float | None = None,
        on_event: Callable[[Any], object] | None = None,
        timeline: bool = False,
        progress: bool = False,
        wildcard: bool = False,
        memory: Memory | None = None,
        model: ref[Any] | None = None,
        journal: Any = None,
        run: str | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> None:
        if run is not None and journal is None:
            raise BuildError(f"the run {run!r} has no journal to be recorded in; give journal='sqlite:///runs.db'")
        if keep not in ("all", "outputs"):
            raise BuildError(f"unknown keep={keep!r}; use 'all' or 'outputs'")
        if timeout is not None and not timeout >= 0:
            raise BuildError(f"timeout is {timeout!r}; give seconds, at least 0")
        self.raises = raises
        self.stopper = stopper
        self.executor = executor
        self.keep = keep
        self.gate = gate
        self.timeout = timeout
        self.on_event = on_event
        self.timeline = timeline
        self.progress = progress
        self.wildcard = wildcard  # the plan heeds it; kept for who asks again
        self.memory = memory  # of an earlier run, whose outcomes are to be taken over
        self.model = model  # that asked for it
        self.journal = journal  # where its values are recorded
        self.run = run  # its name there
        self.asked = asked  # what is compared with what the run of this name was asked before


PLAIN = Options()  # what most dispatches have


def prepare(dsp: Asker, plan: Plan, inputs: Mapping[NodeId, Any], options: Options) -> Dispatch:
    """A dispatch of the kind that the options and the model ask for.

    Parameters
    ----------
    dsp : Dispatcher
    plan : Plan
    inputs : mapping
        Given values; those that the plan's model does not know pass through.
    options : Options

    Raises
    ------
    BuildError
        The plan was made for other inputs, or coroutine functions are to be called in line.
    UnknownExecutorError
        No executor has that name.
    """
    named = dsp.executor if options.executor is None else options.executor
    network = plan.network
    if named == "sync":
        _refuse_coroutines(plan)
    if options.journal is not None:
        return _durable(dsp, plan, inputs, options)
    if named != "sync" and (named is not None or network.coroutines):
        return _driven(dsp, plan, inputs, options)
    if network.manners or options.gate is not None or options.timeout is not None:
        return _driven(dsp, plan, inputs, options)
    if options.on_event is not None or options.timeline or options.progress or subscribers():
        return _driven(dsp, plan, inputs, options)
    return Dispatch(dsp, plan, inputs, options)


def _driven(dsp: Asker, plan: Plan, inputs: Mapping[NodeId, Any], options: Options) -> Dispatch:
    from .driven import Driven

    return Driven(dsp, plan, inputs, options)


def _durable(dsp: Asker, plan: Plan, inputs: Mapping[NodeId, Any], options: Options) -> Dispatch:
    from ..journal.models import Durable

    return Durable(dsp, plan, inputs, options)


def _refuse_coroutines(plan: Plan) -> None:
    """Nothing awaits them in line, and then the answer would be a coroutine."""
    manners = plan.network.manners
    in_line = [f for f in plan.network.coroutines if manners.get(f, (None,))[0] in (None, "sync")]
    if in_line:
        names = ", ".join(repr(path_text(plan.network.function_path(f))) for f in in_line)
        raise BuildError(f"{names} must be awaited, which calls in line cannot do; leave out executor='sync'")


class Dispatch:
    """One dispatch of a model, with its calls made in line.

    Parameters
    ----------
    dsp, plan, inputs, options
        As for `prepare`.
    """

    kind: type[Run] = InTurn
    makes_calls = True  # itself, in line

    def __init__(
        self,
        dsp: Asker,
        plan: Plan,
        inputs: Mapping[NodeId, Any],
        options: Options,
        kind: type[Run] | None = None,
    ) -> None:
        self.dsp = dsp
        self.options = options
        self.passed: dict[NodeId, Any] = {}  # what the model does not know
        if inputs.keys() != plan.given:
            index = plan.network.top.index
            self.passed = {name: value for name, value in inputs.items() if name not in index}
            inputs = {name: value for name, value in inputs.items() if name in index}
            if inputs.keys() != plan.given:
                names = sorted(map(str, plan.given))
                raise BuildError(f"the plan was made for the inputs {names}; solve for these inputs")
        policy: Raises = dsp.raises if options.raises is None else options.raises
        self.need_all = policy == "unreachable" or policy is True
        release = options.keep == "outputs" and plan.search.wanted is not None
        self.policy = policy
        self.given = None if options.keep == "outputs" else dict(inputs)
        kind = kind or self.kind
        make: Callable[..., Run] = kind
        if options.memory is not None:
            make = options.memory.run_of(kind)
        elif kind is InTurn and self.makes_calls and not (plan.is_open or release or options.stopper is not None):
            if plan.was_run:
                make = Replay
            plan.was_run = True
        self.run: Run = make(plan, inputs, check_raises(policy), options.stopper, release, self.need_all)
        if self.need_all and plan.search.left > 0:
            self.run.active = False  # nothing is called for what cannot be had

    def wait(self) -> Solution:
        """Make the calls, and wait for them here.

        Raises
        ------
        BuildError
            Something is to be awaited, and this thread runs an event loop already.
        UnreachableError, DispatchError, RunTimeout
            As for `Dispatcher.dispatch`.
        """
        failure: Failure | None = None
        try:
            rest = self.run.follow() if isinstance(self.run, Replay) else self.run
            if rest is not None:
                self.run = rest
                InlineExecutor().drive(rest)
        except Stopped as stop:
            failure = stop.failure
        finally:
            self.run.close()
        try:
            return self.finish(failure)
        finally:
            del failure  # its traceback holds this frame

    async def await_(self) -> Solution:
        """Make the calls, and wait for them on the running event loop, which is never blocked.

        Notes
        -----
        What would be called in line is called in a thread.
        """
        solution: Solution = await _in_thread(self)
        return solution

    def finish(self, failure: Failure | None, *, is_late: bool = False) -> Solution:
        """What is left, or the error that says why not."""
        run = self.run
        run.is_cut_short = run.is_cut_short or is_late
        record = run.record()
        if self.passed:
            record.passed = self.passed
        self._say_what_was_asked(record)
        self.complete(record)
        solution = self.dsp.solution = Solution(record)
        try:
            if failure is not None:
                _raise_failure(failure, solution)
            if is_late:
                raise RunTimeout(
                    f"the run took longer than its timeout of {self.options.timeout:g} s; the solution on this error "
                    "has what was known by then",
                    path="",
                    solution=solution,
                )
            if self.need_all and run.search.left > 0 and not run.stopped and solution.unreachable:
                self._raise_unreachable(solution)
            return solution
        finally:
            # The traceback of what failed holds this frame: it must not hold what holds the traceback.
            del self.run, self.given, run, record, solution, failure

    def complete(self, record: Record) -> None:
        """Add to the record what is not the run's to know."""

    def _say_what_was_asked(self, record: Record) -> None:
        """Note what is needed to ask the same again with other values."""
        options = self.options
        if options.keep != "outputs":
            record.inputs = self.given
        record.asked = Asked(
            ref(self.dsp) if options.model is None else options.model,
            self.policy,
            self.dsp.executor if options.executor is None else options.executor,
            options.wildcard,
        )

    def _raise_unreachable(self, solution: Solution) -> Never:
        outputs = solution.unreachable
        names = ", ".join(map(repr, outputs))
        errors = solution.errors
        in_the_way = solution.record.in_the_way()
        failures = tuple([path for path, failure in errors.items() if failure.function in in_the_way])
        index = solution.record.network.top.index
        wanted = [name for name in outputs if name in index]
        sets = tuple(_what_would_help(solution.record, wanted)) if wanted else ()
        message = f"{names} cannot be computed from the given inputs"
        if failures:
            message += f"; failed: {', '.join(failures)}"
        if sets and any(sets):
            message += f"; it would help to give {any_of(sets)}"
        raise UnreachableError(
            message, path="", outputs=outputs, missing=sets, failures=failures, solution=solution
        ) from (errors[failures[0]].error if failures else None)


def _what_would_help(record: Record, wanted: list[NodeId]) -> list[tuple[NodeId, ...]]:
    from .missing import missing_after

    return missing_after(record, wanted, 3)


def _in_thread(dispatch: Dispatch) -> Any:
    from .driven import in_thread

    return in_thread(dispatch)


def check_raises(raises: Raises) -> Callable[[Failure], bool] | None:
    """When a failure ends the run.

    Raises
    ------
    BuildError
        `raises` is none of the things it can be.
    """
    if not raises or raises == "unreachable":
        return None
    if callable(raises):
        return lambda failure: bool(raises(failure.error))
    if raises is True:
        return lambda failure: failure.kind != "refused"
    raise BuildError(f"unknown raises={raises!r}; use 'unreachable', True, False or a function of the error")


def _raise_failure(failure: Failure, solution: Solution) -> Never:
    error = failure.error
    message = f"{failure.path!r} failed: {type(error).__name__}: {error}"
    raise DispatchError(message, path=failure.path, solution=solution) from error

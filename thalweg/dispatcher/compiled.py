"""Models as plain functions: code that does what a plan says, and repairs what fails.

A compiled function is as quick as the calls written by hand.  Where a step fails, an ordinary run goes on from there
with the values so far, so that it gives what a dispatch would give.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import BuildError, UnknownNodeError
from ..executors.contract import ask
from ..tokens import NONE, UNKNOWN
from . import building
from .calling import Dispatch, Options
from .codegen import Program, Recipe, write
from .failures import Failure
from .hints import Hints, read_hints
from .network import Kind
from .nodes import NodeId
from .plan import Plan
from .replay import Replay, Retraced
from .resuming import Resumed
from .run import Run, Stopped
from .solution import Solution
from .variables import Names, ways

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["Compiled", "compile_model", "compile_plan"]

_numbers = count(1)
_LOOKS = 8  # functions that are asked what they say of an input


class Compiled(partial[Any]):
    """A model as a plain function; made by `Dispatcher.compile`.

    Attributes
    ----------
    inputs, outputs : tuple of Hashable
        Data in the order of the parameters and of the results.
    source : str
        The generated code.

    Notes
    -----
    A ``functools.partial`` without arguments, so that calling it costs next to nothing; `inspect` sees the signature
    and the code behind it.  Safe to call from any number of threads, and by itself.
    """

    inputs: tuple[NodeId, ...]
    outputs: tuple[NodeId, ...]
    recipe: Recipe
    made_by: tuple[Any, ...]
    __name__: str
    __qualname__: str
    __signature__: Any
    __wrapped__: Callable[..., Any]

    @property
    def source(self) -> str:
        """The generated code."""
        return self.recipe.source()

    def __signed__(self) -> tuple[Any, ...]:
        dsp, _, arguments = self.made_by
        return dsp, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        dsp, signature, arguments = self.made_by
        if dsp.signature() != signature:
            raise BuildError(f"{self.__name__!r} cannot be pickled: its model has changed since it was compiled")
        return _rebuild, (dsp, *arguments)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}({', '.join(map(str, self.inputs))}) -> {', '.join(map(str, self.outputs))}>"


def compile_model(
    dsp: Dispatcher,
    inputs: Iterable[NodeId],
    outputs: Iterable[NodeId],
    *,
    fallback: bool = True,
    name: str | None = None,
    constants: Mapping[NodeId, Any] | None = None,
    vectorize: bool = False,
    missing: Any = NONE,
) -> Compiled:
    """Make a plain function of a model as it is now, as quick as the calls written by hand.

    Parameters
    ----------
    dsp : Dispatcher
    inputs : iterable of Hashable
        Data in the order of the parameters, which are called like them as far as Python allows; those with a default
        value in the model may be left out of a call if all behind them may.
    outputs : iterable of Hashable
        Wanted data: a call gives the value of one, a tuple of several.
    fallback : bool, optional
        Where a step fails, take another way with the values so far; else raise the error as it is.
    name : str, optional
        Of the function; by default the model's.
    constants : mapping, optional
        Values that are given here once and for all.  What rests on them and on defaults alone is computed now, and
        not again: its functions must give the same for the same.
    vectorize : bool, optional
        Each argument is a column (an array of shape ``(n,)``, or another sequence) or one value for all rows, and each
        result an array of shape ``(n,)``: what the plain function gives for each row.
    missing : object, optional
        Of a vectorized function: what stands where a row cannot have an output.  By default that raises.

    Returns
    -------
    Compiled
        A callable with a signature; a coroutine function if a function that it calls is one.  It pickles if the model
        does.

    Raises
    ------
    UnreachableError
        An output cannot be had from the inputs; a call raises it if no way is left after failures, and names the rows.
    UnknownNodeError
        A name is not a datum of the model.
    BuildError
        Nothing is wanted, or a function has an executor, a timeout or retries of its own; a vectorized function would
        have to await something; `missing` is given where it means nothing.
    TableError
        Columns given to a vectorized function differ in length, or have more than one dimension.

    Notes
    -----
    Calls are made in line, one after the other, whatever executor the model names, and tell nobody of themselves: there
    are no events and no timeline.  Defaults are read now.  A call that has to take another way does so by a run, which
    remembers ways that it has gone.  A function that gives NONE by an operator of a class of its own is not noticed.
    O(n) in the number of functions, some 10 us for each.

    A vectorized function calls functions with columns if they agree with single calls, and the others row by row, as
    `thalweg.tables.fill` does.  So a function may be called more than once for a row, and numpy may round by
    ``1e-12``, relative.  Rows hold what ``tolist()`` gives: Python's floats, not numpy's.  Numbers that are not floats
    are computed as objects, which do not overflow.  Scalars alone give what the plain function gives.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher(name="circle")
    >>> _ = dsp.add_function("square", lambda radius: 3 * radius**2, ["radius"], ["area"])
    >>> area = dsp.compile(["radius"], ["area"])
    >>> area(2)
    12
    >>> print(area.source)
    def circle(radius):
        try:
            if radius is _NONE:
                raise _Nothing
            area = square(radius)
            return area
        except Exception as error:
            return _repair(error)
    <BLANKLINE>
    >>> dsp.compile(["radius"], ["area"], vectorize=True)([1.0, 2.0])
    array([ 3., 12.])
    """
    given = building.check_ids(inputs, "inputs", once=True)
    wanted = building.check_ids(outputs, "outputs", once=True)
    constants = dict(constants or {})
    _check(dsp, given, wanted, constants)
    if missing is not NONE and not (vectorize and fallback):
        raise BuildError("missing= is for rows that have no way left; give vectorize=True, and leave fallback as it is")
    plan = dsp.solve((*given, *constants), wanted)
    if plan.unreachable:
        # It calls nothing, and says why.
        Dispatch(dsp, plan, dict.fromkeys(plan.given), Options(raises="unreachable")).wait()
    compiled = compile_plan(dsp, plan, given, wanted, name=name, fallback=fallback, constants=constants)
    compiled.made_by = (dsp, dsp.signature(), (given, wanted, fallback, name, constants, vectorize, missing))
    if not vectorize:
        return compiled
    if not set(plan.network.coroutines).isdisjoint(compiled.recipe.way.functions):
        raise BuildError("a function that is to be awaited does not take columns; leave out vectorize, or use map")
    return _vectorized(compiled, plan, missing)


def compile_plan(
    dsp: Dispatcher,
    plan: Plan,
    inputs: tuple[NodeId, ...],
    outputs: tuple[NodeId, ...],
    *,
    name: str | None = None,
    fallback: bool = True,
    constants: Mapping[NodeId, Any] = MappingProxyType({}),
) -> Compiled:
    """Make a plain function of a plan by which all outputs can be had.

    Parameters
    ----------
    dsp : Dispatcher
        The model of the plan.
    plan : Plan
        Made for the inputs and the constants.
    inputs, outputs, name, fallback, constants
        As for `compile_model`.
    """
    label = Names(()).new(name or dsp.name or "model")
    filename = f"thalweg-compiled-{next(_numbers)}-{label}"
    network, way = plan.network, plan.tracks(need_all=True).first.way
    index = network.top.index
    fixed = {network.start_slots.get(index[name], index[name]): value for name, value in constants.items()}
    known = _fold(plan, constants, fixed) if constants else {}
    recipe = Recipe(network, way, inputs, outputs, label, fixed, known, fallback)
    repair = _Repair(dsp, plan, constants, inputs, outputs) if fallback else None
    is_async = not set(plan.network.coroutines).isdisjoint(way.functions)
    program = write(recipe, filename, repair and (repair.arepair if is_async else repair.repair))
    if repair is not None:
        repair.program = program
    function = program.function
    _describe(dsp, program, recipe)
    compiled = Compiled(function)
    compiled.inputs, compiled.outputs = inputs, outputs
    compiled.recipe = recipe
    compiled.__name__ = compiled.__qualname__ = label
    compiled.__doc__ = function.__doc__
    compiled.__wrapped__ = function
    _tell_linecache(compiled, filename, recipe)
    return compiled


def _rebuild(dsp: Dispatcher, inputs: Any, outputs: Any, *options: Any) -> Compiled:
    names = ("fallback", "name", "constants", "vectorize", "missing")
    return compile_model(dsp, inputs, outputs, **dict(zip(names, options, strict=True)))


def _vectorized(compiled: Compiled, plan: Plan, missing: Any) -> Compiled:
    from ..tables.vectorized import vectorized

    return vectorized(compiled, plan, missing)


def _check(
    dsp: Dispatcher, inputs: tuple[NodeId, ...], outputs: tuple[NodeId, ...], constants: Mapping[NodeId, Any]
) -> None:
    if not outputs:
        raise BuildError("outputs is empty; name what the function is to give")
    data = dsp.make_network().top.index  # the data of the model, by id
    for what, names in (("inputs", inputs), ("outputs", outputs), ("constants", constants)):
        for each in names:
            if each not in data:
                raise UnknownNodeError.among(each, data, f"datum in {what}")
    both = [each for each in inputs if each in constants]
    if both:
        raise BuildError(f"{both[0]!r} is among the inputs and the constants; give it once")
    manners = dsp.make_network().manners
    if manners:
        path = "/".join(map(str, dsp.make_network().function_path(next(iter(manners)))))
        raise BuildError(
            f"{path!r} has an executor, a timeout or retries of its own, and compiled calls are made in line and once; "
            "leave them out, or use dispatch"
        )


def _fold(plan: Plan, constants: Mapping[NodeId, Any], fixed: Iterable[int]) -> dict[int, Any]:
    """Values of all that rests on constants and defaults alone, and on a constant at least; by datum.

    What fails now is left to the calls of the function.
    """
    network = plan.network
    run = Replay(plan, dict.fromkeys(plan.given) | dict(constants))
    known = {x: run.values[x] for x in fixed if run.values[x] is not UNKNOWN}
    defaults = {network.start_slots.get(x, x) for x in network.defaults}
    coroutines = set(network.coroutines)
    for _, x, _, _, _, f in [(*step, f) for step, f in ways(run.track.way)]:
        taken, outputs = network.inputs[f], [y for y, _ in network.provides[f]]
        is_fixed = any(u in known for u in taken) and all(u in known or u in defaults for u in taken)
        is_simple = network.kind[f] in (Kind.FUNCTION, Kind.LINK) and f not in coroutines and f not in network.sink_of
        if not (is_fixed and is_simple) or any(y in network.extras or y in network.slot_of for y in outputs):
            continue
        run.special(f, x)
        if run.losses:
            break
        known[x] = run.values[x]
    return known


class _Repair:
    """What generated code calls where a step fails.

    Attributes
    ----------
    program : Program
        The code.
    """

    program: Program

    def __init__(
        self,
        dsp: Dispatcher,
        plan: Plan,
        constants: Mapping[NodeId, Any],
        inputs: tuple[NodeId, ...],
        outputs: tuple[NodeId, ...],
    ) -> None:
        self.dsp = dsp
        self.plan = plan
        self.constants = constants
        self.inputs = inputs
        self.outputs = outputs
        # What is wanted must be had: there is nothing else to give back.
        self.options = Options(raises=dsp.raises if dsp.raises is True or callable(dsp.raises) else "unreachable")

    def repair(self, error: Exception) -> Any:
        """Go on where the code could not; gives what it was to give."""
        dispatch = self._resumed(error)
        if not self.plan.network.coroutines:
            return self._chosen(dispatch.wait())
        return self._chosen(dispatch.finish(_on_own_loop(dispatch)))

    async def arepair(self, error: Exception) -> Any:
        """As `repair`, where something is to be awaited."""
        dispatch = self._resumed(error)
        return self._chosen(dispatch.finish(await _retrace(dispatch)))

    def _resumed(self, error: Exception) -> Dispatch:
        trace = error.__traceback__
        assert trace is not None
        variables = trace.tb_frame.f_locals
        given = {data_id: variables[self.program.parameters[data_id]] for data_id in self.inputs}
        del trace
        dispatch = Dispatch(self.dsp, self.plan, given | dict(self.constants), self.options, kind=Resumed)
        assert isinstance(dispatch.run, Resumed)
        dispatch.run.outer = error.__context__  # the code is handling the error, but not its caller
        dispatch.run.resume(self.program, error)
        return dispatch

    def _chosen(self, solution: Solution) -> Any:
        values = tuple([solution[data_id] for data_id in self.outputs])
        return values[0] if len(values) == 1 else values


def _on_own_loop(dispatch: Dispatch) -> Failure | None:
    """As `_retrace`, on an event loop for that alone."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_retrace(dispatch))
    raise BuildError(
        "an event loop runs in this thread, and what is tried after a failure may have to be awaited; "
        "write await dsp.adispatch(...)"
    )


async def _retrace(dispatch: Dispatch) -> Failure | None:
    """Make the calls that are left; gives the failure that ended the run."""
    assert isinstance(dispatch.run, Replay)
    try:
        dispatch.run = Retraced(dispatch.run)
        await _drive(dispatch.run)
    except Stopped as stop:
        return stop.failure
    finally:
        dispatch.run.close()
    return None


async def _drive(run: Run) -> None:
    """Make the calls of a run one after the other, and await those of coroutine functions."""
    coroutines = frozenset(run.network.coroutines)
    while run.is_active():
        for call in run.ready():
            try:
                if call.domain is not None:
                    ask(call.domain, call.args)
                value = call.function(*call.args)
                if call.number in coroutines:
                    value = await value
                for function in call.filters:
                    value = function(value)
            except Exception as error:
                value = None
                run.failed(call, error)
            else:
                run.done(call, value)


def _describe(dsp: Dispatcher, program: Program, recipe: Recipe) -> None:
    """Defaults, annotations and docstring."""
    function, inputs, outputs = program.function, recipe.inputs, recipe.outputs
    defaults, index = recipe.network.defaults, recipe.network.top.index
    values: list[Any] = []
    for data_id in reversed(inputs):
        if index[data_id] not in defaults:
            break
        values.insert(0, defaults[index[data_id]][2])
    function.__defaults__ = tuple(values) or None
    function.__annotations__ = _annotations(program, recipe)
    results, takes = ", ".join(map(str, outputs)), ", ".join(map(str, inputs))
    function.__doc__ = f"{dsp.description or dsp.name or 'A model'}: {results} from {takes}."


def _annotations(program: Program, recipe: Recipe) -> dict[str, Any]:
    """What the functions that are called say of the inputs, and of the output if there is one."""
    network, called = recipe.network, dict.fromkeys(recipe.way.functions)
    index = network.top.index
    found: dict[str, Any] = {}
    read: dict[int, Hints | None] = {}  # by id of a function, which many nodes may share
    for data_id in recipe.inputs:
        for f in network.consumers[index[data_id]][:_LOOKS]:
            if f not in called or network.kind[f] != Kind.FUNCTION:
                continue
            function = network.records[f].function
            if id(function) not in read:
                read[id(function)] = read_hints(function)
            hints = read[id(function)]
            said = Any if hints is None else hints.of_input(network.arguments[f].index(index[data_id]))
            if said is not Any:
                found[program.parameters[data_id]] = said
                break
    for step, f in zip(recipe.way.steps[-1:], recipe.way.functions[-1:], strict=True):
        if len(recipe.outputs) == 1 and network.kind[f] == Kind.FUNCTION and network.single[f] == step[1]:
            hints = read_hints(network.records[f].function)
            if hints is not None and hints.gives is not Any:
                found["return"] = hints.gives
    return found


def _tell_linecache(compiled: Compiled, filename: str, recipe: Recipe) -> None:
    """Let tracebacks and `inspect` find the code, which is written out when somebody looks, as long as it is there."""
    linecache.cache[filename] = (recipe.source,)
    weakref.finalize(compiled, linecache.cache.pop, filename, None)

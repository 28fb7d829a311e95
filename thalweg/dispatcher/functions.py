"""Models as functions.

Each class here wraps a model so that it can be called, stored and mounted like any function.  A call keeps nothing
between calls, so one object may be called by many threads, and by itself; a failure inside takes another way inside,
and is a failure of the call only if no way is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, TypeAlias, cast

from ..errors import BuildError
from ..executors.events import subscribers
from ..tokens import EMPTY
from .building import check_ids
from .copying import rebuild
from .dispatcher import Dispatcher
from .helpers import combine_dicts, selector
from .nodes import DataNode, FunctionNode, Node, NodeId
from .solution import Solution

__all__ = [
    "DispatchPipe",
    "MapDispatch",
    "SubDispatch",
    "SubDispatchFunction",
    "SubDispatchPipe",
    "add_function",
    "load_dispatcher",
    "run_model",
    "save_dispatcher",
]

_Values: TypeAlias = dict[NodeId, Any]
_COMPILED_AFTER = 100  # calls, for code costs as much as some calls of the plan
_COMPILED_UP_TO = 20_000  # data
_OUTPUT_TYPES = ("all", "dict", "list", "values")


class SubDispatch:
    """A model as a function of dicts of inputs.

    Parameters
    ----------
    dsp : Dispatcher or Blueprint
        The model; later changes of it count.
    outputs : iterable of Hashable, optional
        Wanted data; everything computable by default.
    inputs_dist : mapping, optional
        Initial distances of inputs.
    wildcard : bool, optional
        Recompute data that are both given and wanted.
    shrink : bool, optional
        Keep only what can take part in computing `outputs`.
    output_type : {"all", "dict", "list", "values"}, optional
        What a call gives: the solution, or the `outputs` as dict, as list, or as tuple (the value itself if one).
    function_id : str, optional
        Its name; by default the model's.
    output_type_kw : mapping, optional
        Further keywords of `selector`.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> _ = dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    >>> SubDispatch(dsp, ["b"], output_type="values")({"a": 4})
    8
    """

    def __init__(
        self,
        dsp: Any,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        wildcard: bool = False,
        *,
        shrink: bool = False,
        output_type: str = "all",
        function_id: str | None = None,
        output_type_kw: Mapping[str, Any] | None = None,
    ) -> None:
        if output_type not in _OUTPUT_TYPES:
            raise BuildError(f"unknown output_type {output_type!r}; use one of {', '.join(map(repr, _OUTPUT_TYPES))}")
        self.dsp: Dispatcher = dsp.register()
        self.outputs = None if outputs is None else check_ids(outputs, "outputs", once=True)
        if self.outputs is None and output_type != "all":
            raise BuildError(f"output_type={output_type!r} needs outputs=[...]")
        self.dsp.solve((), self.outputs)  # refuses unknown names
        self.inputs_dist = dict(inputs_dist or {})
        self.wildcard = wildcard
        self.output_type = output_type
        self.output_type_kw = dict(output_type_kw or {})
        self.__name__ = function_id or self.dsp.name or type(self).__name__
        self.__doc__ = self.dsp.description or type(self).__doc__
        if shrink:
            self.dsp = _shrunk(self.dsp, self.outputs)

    def __call__(self, *inputs: Mapping[NodeId, Any], **values: Any) -> Any:
        """Dispatch the model.

        Parameters
        ----------
        *inputs : mapping
            Values by data id; later ones win.
        **values : object
            Further values.
        """
        return self._dispatch(combine_dicts(*inputs, cast("_Values", values)))

    def _dispatch(self, given: Mapping[NodeId, Any]) -> Any:
        distances = {name: d for name, d in self.inputs_dist.items() if name in given}
        return self._select(self.dsp.dispatch(given, self.outputs, distances, self.wildcard))

    def _select(self, solution: Solution) -> Any:
        if self.output_type == "all" or self.outputs is None:
            return solution
        return selector(self.outputs, solution, output_type=self.output_type, **self.output_type_kw)

    def copy(self) -> SubDispatch:
        """The same function on a copy of the model."""
        twin = copy(self)
        twin.dsp = self.dsp.copy()
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__name__!r}>"


class SubDispatchFunction(SubDispatch):
    """A model as a function of positional inputs.

    Parameters
    ----------
    dsp : Dispatcher or Blueprint
        The model as it is now; later changes do not count.
    function_id : str, optional
        Its name; by default the model's.
    inputs : iterable of Hashable, optional
        Data in the order of the parameters; those with a default value in the model may be left out of a call.
    outputs : iterable of Hashable, optional
        Wanted data: a call gives the value of one, a list of several, the solution if left out.
    inputs_dist, wildcard, output_type, output_type_kw
        As for `SubDispatch`, but data both given and wanted are recomputed by default.
    shrink : bool, optional
        Keep only what can take part in computing `outputs` from `inputs` and further named values; on by default
        where both are given.
    first_arg_as_kw : bool, optional
        The first argument of a call is a dict of named values.

    Notes
    -----
    ``inspect.signature`` gives the parameters, with the defaults of the model.  Further data of the model may be
    given by keyword.
    """

    def __init__(
        self,
        dsp: Any,
        function_id: str | None = None,
        inputs: Iterable[NodeId] | None = None,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        shrink: bool = True,
        wildcard: bool = True,
        output_type: str | None = None,
        output_type_kw: Mapping[str, Any] | None = None,
        first_arg_as_kw: bool = False,
    ) -> None:
        wanted = None if outputs is None else check_ids(outputs, "outputs", once=True)
        if output_type is None:
            output_type = "all" if wanted is None else "values" if len(wanted) == 1 else "list"
        super().__init__(
            dsp,
            wanted,
            inputs_dist,
            wildcard,
            output_type=output_type,
            function_id=function_id,
            output_type_kw=output_type_kw,
        )
        self.inputs = check_ids(inputs if inputs is not None else (), "inputs", once=True)
        self.dsp.solve(self.inputs)  # refuses unknown names
        self.first_arg_as_kw = first_arg_as_kw
        defaults = self.dsp.default_values
        self._required = tuple([name for name in self.inputs if name not in defaults])
        if shrink and wanted is not None:
            self.dsp = _shrunk(self.dsp, wanted)
        else:
            self.dsp = self.dsp.copy()

    @property
    def __signature__(self) -> Any:
        from inspect import Parameter, Signature

        defaults = self.dsp.default_values
        parameters: list[Parameter] = []
        optional = False
        for position, name in enumerate(self.inputs):
            optional = optional or name in defaults
            default = defaults.get(name, EMPTY if optional else Parameter.empty)
            plain = isinstance(name, str) and name.isidentifier()
            label = str(name) if plain else f"input_{position}"
            kind = Parameter.POSITIONAL_OR_KEYWORD if plain else Parameter.POSITIONAL_ONLY
            if kind is Parameter.POSITIONAL_ONLY:
                parameters = [p.replace(kind=Parameter.POSITIONAL_ONLY) for p in parameters]
            parameters.append(Parameter(label, kind, default=default))
        return Signature([*parameters, Parameter("values", Parameter.VAR_KEYWORD)])

    def __call__(self, *args: Any, **values: Any) -> Any:
        """Call the model.

        Raises
        ------
        TypeError
            Too many arguments, one given twice, or a required one left out.
        UnknownNodeError
            A named value is not of the model.
        UnreachableError
            An output cannot be had.
        """
        return self._dispatch(self._bind(args, values))

    def _bind(self, args: tuple[Any, ...], values: dict[str, Any]) -> dict[NodeId, Any]:
        """Values by data id."""
        named = cast("_Values", values)
        if self.first_arg_as_kw and args:
            first, args = args[0], args[1:]
            named = combine_dicts(first, named)
        if len(args) > len(self.inputs):
            raise TypeError(f"{self.__name__}() takes {len(self.inputs)} positional arguments but got {len(args)}")
        given: dict[NodeId, Any] = dict(zip(self.inputs, args, strict=False))
        twice = [name for name in named if name in given]
        if twice:
            raise TypeError(f"{self.__name__}() got {twice[0]!r} twice, by position and by name")
        given |= named
        absent = [name for name in self._required if name not in given]
        if absent:
            raise TypeError(f"{self.__name__}() needs {', '.join(map(repr, absent))}")
        return given


class SubDispatchPipe(SubDispatchFunction):
    """A model as a function whose way is found once.

    Parameters
    ----------
    no_domain : bool, optional
        Do not ask the domains of functions (the gates of sub-dispatchers are asked).
    **options
        Those of `SubDispatchFunction`.

    Notes
    -----
    The plan for `inputs` and `outputs` is made when the object is; a call follows it, and leaves it only where
    something fails.  After a hundred calls it is compiled, as by `Dispatcher.compile`, where that gives the same.
    Named values that change the set of inputs make a plan of their own.
    """

    _compiled: Callable[..., Any] | None = None
    _count = 0

    def __init__(
        self,
        dsp: Any,
        function_id: str | None = None,
        inputs: Iterable[NodeId] | None = None,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        no_domain: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(dsp, function_id, inputs, outputs, inputs_dist, **options)
        if no_domain:
            self.dsp = rebuild(self.dsp, _without_domain)
        self._plan = self._solve(self.inputs)

    def _solve(self, given: Iterable[NodeId]) -> Any:
        names = tuple(given)
        distances = {name: d for name, d in self.inputs_dist.items() if name in names}
        return self.dsp.solve(names, self.outputs, distances, self.wildcard)

    def _dispatch(self, given: Mapping[NodeId, Any]) -> Any:
        if given.keys() != self._plan.given:
            return self._select(self.dsp.run(self._solve(given), given))
        if self._compiled is not None and not subscribers():
            return self._call_compiled(*[given[name] for name in self.inputs])
        self._count += 1
        if self._count == _COMPILED_AFTER and self._gives_the_same_compiled():
            self._compiled = _compile(self.dsp, self._plan, self.inputs, self.outputs)
        return self._select(self.dsp.run(self._plan, given))

    def _call_compiled(self, *args: Any) -> Any:
        assert self._compiled is not None
        values = self._compiled(*args)
        return list(values) if self.output_type == "list" else values

    def __call__(self, *args: Any, **values: Any) -> Any:
        """Call the model; see `SubDispatchFunction`."""
        is_plain = not values and len(args) == len(self.inputs) and not self.first_arg_as_kw
        if is_plain and self._compiled is not None and not subscribers():
            return self._call_compiled(*args)
        return super().__call__(*args, **values)

    def _gives_the_same_compiled(self) -> bool:
        """Is what it gives just the values, of calls that are made in line?"""
        dsp, plan, outputs = self.dsp, self._plan, self.outputs
        gives_values = self.output_type == "values" or (self.output_type == "list" and outputs and len(outputs) > 1)
        network = plan.network
        is_in_line = not (network.manners or network.coroutines or dsp.executor)
        return (
            bool(gives_values and is_in_line)
            and not self.output_type_kw
            and dsp.raises == "unreachable"
            and not plan.unreachable
            and len(plan.order) <= _COMPILED_UP_TO
            and set(outputs or ()) <= plan.network.top.index.keys()
        )

    def __getstate__(self) -> dict[str, Any]:
        made = ("_plan", "_compiled", "_count")
        return {name: value for name, value in self.__dict__.items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._plan = self._solve(self.inputs)


class DispatchPipe(SubDispatchPipe):
    """As `SubDispatchPipe`; the name under which models are handed to optimisers and solvers."""


class MapDispatch:
    """A model as a function of a list of inputs, one after the other.

    Parameters
    ----------
    dsp : Dispatcher or Blueprint
    defaults : mapping, optional
        Values for every element that does not have its own.
    recursive_inputs : mapping or iterable, optional
        ``{output: input}``: outputs of one element that are inputs of the next, unless it has its own; or a list of
        data that are called alike on both sides.
    constructor : callable, optional
        Makes the function that is called for each element: `SubDispatch` by default.
    constructor_kwargs : mapping, optional
        Its keywords.
    function_id : str, optional
        Its name.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> _ = dsp.add_function("grow", lambda size, rate: size * rate, ["size", "rate"], ["next_size"])
    >>> grow = MapDispatch(dsp, recursive_inputs={"next_size": "size"})
    >>> [year["next_size"] for year in grow([{"size": 1}, {}, {"rate": 5}], defaults={"rate": 2})]
    [2, 4, 20]
    """

    def __init__(
        self,
        dsp: Any,
        defaults: Mapping[NodeId, Any] | None = None,
        recursive_inputs: Mapping[NodeId, NodeId] | Iterable[NodeId] | None = None,
        constructor: Callable[..., Any] = SubDispatch,
        constructor_kwargs: Mapping[str, Any] | None = None,
        function_id: str | None = None,
    ) -> None:
        self.dsp: Dispatcher = dsp.register()
        self.defaults = dict(defaults or {})
        self.recursive_inputs = _renaming(recursive_inputs)
        self.function = constructor(self.dsp, **dict(constructor_kwargs or {}))
        self.__name__ = function_id or self.dsp.name or "MapDispatch"
        self.__doc__ = self.dsp.description or type(self).__doc__

    def __call__(
        self,
        inputs: Iterable[Mapping[NodeId, Any]],
        defaults: Mapping[NodeId, Any] | None = None,
        recursive_inputs: Mapping[NodeId, NodeId] | Iterable[NodeId] | None = None,
        initial_inputs: Mapping[NodeId, Any] | None = None,
    ) -> list[Any]:
        """Call the model for each element.

        Parameters
        ----------
        inputs : iterable of mapping
            Values by data id.
        defaults, recursive_inputs : optional
            In place of those of the object.
        initial_inputs : mapping, optional
            What the first element gets as the recursive inputs.

        Returns
        -------
        list
            What the function gave for each.
        """
        common = self.defaults if defaults is None else defaults
        carried = self.recursive_inputs if recursive_inputs is None else _renaming(recursive_inputs)
        results: list[Any] = []
        before: Mapping[NodeId, Any] = initial_inputs or {}
        for element in inputs:
            result = self.function(combine_dicts(common, before, element))
            results.append(result)
            if carried:
                named = self._by_name(result)
                before = {target: named[source] for source, target in carried.items() if source in named}
        return results

    def _by_name(self, result: Any) -> Mapping[NodeId, Any]:
        """The outputs that an element has, by name."""
        form = getattr(self.function, "output_type", "all")
        if form in ("all", "dict"):
            return result if isinstance(result, Mapping) else {}
        outputs: Sequence[NodeId] = self.function.outputs
        values = result if form == "list" or len(outputs) > 1 else (result,)
        return dict(zip(outputs, values, strict=True))


def _compile(*arguments: Any) -> Any:
    from .compiled import compile_plan

    return compile_plan(*arguments)


def _without_domain(node: Node) -> Node:
    return replace(node, input_domain=None) if isinstance(node, FunctionNode) else node


def _shrunk(dsp: Dispatcher, outputs: Iterable[NodeId] | None) -> Dispatcher:
    """What matters for `outputs`, and the other data by name: their values may be given, and make no difference."""
    part = dsp.shrink_dsp(outputs=outputs)
    for name in dsp.data_nodes:
        if name not in part.nodes:
            part.put_node(DataNode(name))
    return part


def _renaming(names: Mapping[NodeId, NodeId] | Iterable[NodeId] | None) -> dict[NodeId, NodeId]:
    if names is None:
        return {}
    if isinstance(names, Mapping):
        return dict(names)
    return {name: name for name in check_ids(names, "recursive_inputs", once=True)}


def run_model(
    func: Any, *args: Any, _init: Callable[..., tuple[tuple[Any, ...], dict[str, Any]]] | None = None, **kwargs: Any
) -> Any:
    """Call a function or dispatch a model that is itself a value.

    Parameters
    ----------
    func : callable or Dispatcher
    *args, **kwargs
        Its arguments.
    _init : callable, optional
        Gets the arguments and gives ``(args, kwargs)`` to be used instead.

    Examples
    --------
    >>> run_model(max, 1, 2)
    2
    """
    if _init is not None:
        args, kwargs = _init(*args, **kwargs)
    return func(*args, **kwargs)


def add_function(dsp: Dispatcher, **options: Any) -> Callable[[Any], Any]:
    """Decorator that adds the function below it to `dsp` and leaves it as it is.

    Parameters
    ----------
    dsp : Dispatcher or Blueprint
    **options
        Those of `Dispatcher.add_function`, ``outputs`` among them.
    """

    def add(function: Any) -> Any:
        dsp.add_func(function, **options)
        return function

    return add


def save_dispatcher(dsp: Dispatcher, path: Any) -> None:
    """Write a model by pickle.

    Parameters
    ----------
    dsp : Dispatcher
        Its functions must be importable.
    path : path-like
        Names that end in ``.gz`` or ``.bz2`` are compressed.
    """
    import pickle

    with _open(path, "wb") as file:
        pickle.dump(dsp, file)


def load_dispatcher(path: Any) -> Dispatcher:
    """Read a model written by `save_dispatcher`; load only files that you trust, for a pickle can run code.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    BuildError
        The file holds something else.
    """
    import pickle

    with _open(path, "rb") as file:
        dsp = pickle.load(file)  # noqa: S301 - documented: trusted files only
    if not isinstance(dsp, Dispatcher):
        raise BuildError(f"{path} holds a {type(dsp).__name__}, not a Dispatcher")
    return dsp


def _open(path: Any, mode: str) -> Any:
    """Open a file, through a compressor if its name says so."""
    name = str(path)
    if name.endswith(".gz"):
        import gzip

        return gzip.open(path, mode)
    if name.endswith(".bz2"):
        import bz2

        return bz2.open(path, mode)
    return open(path, mode)  # noqa: PTH123 - a path may be a string

"""The model as it is built: nodes in the order in which they were added, checked one by one.

A model owns its records and nothing else.  It knows how to add, find and copy them; how to find a way through them is
the business of `thalweg.dispatcher.dispatcher`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, cast

from ..errors import BuildError, UnknownNodeError
from ..executors.contract import Executor
from ..executors.policy import Policy, policy_of
from ..tokens import EMPTY, SINK, START
from . import building, copying
from .nodes import DataNode, Filter, FunctionNode, Node, NodeId, SubDispatcherNode

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["Model"]

F = TypeVar("F", bound=Callable[..., Any])


class Model:
    """A weighted graph of data, functions and sub-models, to be built node by node.

    Parameters
    ----------
    name : str, optional
        Name of the model.
    default_values : mapping, optional
        Default values by data id.
    description : str, optional
    executor : str or Executor, optional
        Makes the calls of the functions that name none; of a sub-dispatcher, whatever the model around it says.

    Attributes
    ----------
    nodes : dict of Hashable to Node
        Records of all nodes in the order in which they were added.
    version : int
        Grows with every change.
    """

    def __init__(
        self,
        name: str = "",
        default_values: Mapping[NodeId, Any] | None = None,
        description: str = "",
        executor: str | Executor | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise BuildError(f"the name of a dispatcher is {name!r}; give a string")
        self.name = name
        self.description = description
        self.executor = executor
        self.nodes: dict[NodeId, Node] = {}
        self.version = 0
        self.mounted: list[Model] = []  # children, in the order in which they were mounted
        for data_id, value in (default_values or {}).items():
            self.set_default_value(data_id, value)

    def add_data(
        self,
        data_id: NodeId = EMPTY,
        default_value: Any = EMPTY,
        initial_dist: float | None = None,
        wait_inputs: bool | None = None,
        wildcard: bool | None = None,
        function: Callable[[dict[NodeId, Any]], Any] | None = None,
        callback: Callable[[Any], object] | None = None,
        description: str | None = None,
        filters: Iterable[Filter] | None = None,
        *,
        unit: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> NodeId:
        """Add a datum, or say more about one that is there already.

        Parameters
        ----------
        data_id : Hashable, optional
            Its id; a free one (``"unknown"``) if left out.
        default_value : object, optional
            Counts as given when no value is.
        initial_dist : float, optional
            Distance of the default, 0 by default; ``inf`` makes it a last resort.
        wait_inputs : bool, optional
            Collect the estimates of all providers instead of taking the nearest.
        wildcard : bool, optional
            Recompute the datum when it is both given and wanted; by default as the dispatch says.
        function : callable, optional
            Estimator of a collecting datum: gets ``{provider id: value}``; without one the value is that dict.
        callback : callable, optional
            Called with the value as soon as it is known.
        description : str, optional
        filters : iterable of callable, optional
            Applied to the value, in order; one that raises refuses the provider's value.
        unit : str, optional
            Short for ``attributes={"unit": ...}``.
        attributes : mapping, optional
            Free attributes.

        Returns
        -------
        Hashable
            The id.

        Raises
        ------
        BuildError
            The id is that of a function or not hashable, or an option is wrong.
        """
        if unknown:
            building.refuse_unknown(unknown, self.add_data)
        if data_id is EMPTY or data_id is None:
            data_id = building.free_id("unknown", self.nodes)
        building.check_id(data_id, "data_id")
        if data_id is START or data_id is SINK:
            raise BuildError(f"{data_id!r} is reserved; give the datum another id")
        old = self.nodes.get(data_id)
        if old is None:
            old = DataNode(data_id)
        elif not isinstance(old, DataNode):
            raise BuildError(f"{data_id!r} is a {building.kind_of(old)} of this model; give the datum another id")
        building.check_callable(function, f"the estimator of {data_id!r}")
        building.check_callable(callback, f"the callback of {data_id!r}")
        collects = old.wait_inputs if wait_inputs is None else bool(wait_inputs)
        if function is not None and not collects:
            raise BuildError(f"{data_id!r} has an estimator but does not collect; give wait_inputs=True, too")
        given: dict[str, Any] = {"default_value": default_value} if default_value is not EMPTY else {}
        if initial_dist is not None:
            what = f"initial_dist of {data_id!r}"
            given["initial_dist"] = inf if initial_dist == inf else building.check_weight(initial_dist, what)
        if filters is not None:
            given["filters"] = building.check_filters(filters, f"filters of {data_id!r}")
        options = {
            "wait_inputs": collects,
            "wildcard": wildcard,
            "function": function,
            "callback": callback,
            "description": description,
        }
        given |= {name: value for name, value in options.items() if value is not None}
        given["attributes"] = old.attributes | dict(attributes or {}) | ({"unit": unit} if unit is not None else {})
        self.put_node(replace(old, **given))
        return data_id

    def set_default_value(self, data_id: NodeId, value: Any = EMPTY, initial_dist: float = 0.0) -> None:
        """Set the default of a datum, adding the datum if it is new; `EMPTY` takes the default away.

        Parameters
        ----------
        data_id : Hashable
        value : object, optional
        initial_dist : float, optional
            Distance of the default; ``inf`` makes it a last resort.

        Raises
        ------
        BuildError
            The id is that of a function, or the distance is no distance.
        """
        building.check_id(data_id, "data_id")
        self.add_data(data_id, initial_dist=initial_dist)
        node = self.nodes[data_id]
        assert isinstance(node, DataNode)
        self.put_node(replace(node, default_value=value))

    def add_function(
        self,
        function_id: NodeId | None = None,
        function: Callable[..., Any] | None = None,
        inputs: Iterable[NodeId] | None = None,
        outputs: Iterable[NodeId] | None = None,
        input_domain: Callable[..., Any] | None = None,
        weight: float | None = None,
        inp_weight: Mapping[NodeId, float] | None = None,
        out_weight: Mapping[NodeId, float] | None = None,
        description: str | None = None,
        filters: Iterable[Filter] | None = None,
        *,
        priority: int = 0,
        inputs_kwargs: bool = False,
        inputs_defaults: bool = False,
        attributes: Mapping[str, Any] | None = None,
        executor: str | Executor | None = None,
        timeout: float | None = None,
        retry: Policy | int | None = None,
        **unknown: Never,
    ) -> NodeId:
        """Add a function, and the data that are new with it.

        Parameters
        ----------
        function_id : Hashable, optional
            Its id; by default the function's name, with a suffix if that is taken.
        function : callable
            Called with the values of `inputs`, by position.
        inputs : iterable of Hashable, optional
            Data that it takes; by default the names of its parameters that have no default.
        outputs : iterable of Hashable, optional
            Data that it gives: for one, the result is its value; for n, the result has n values.  Without outputs
            the function is wanted for its effect.
        input_domain : callable, optional
            Called like `function`; the function may be used only if it answers yes.
        weight : float, optional
            Cost of entering the node, 0 by default.
        inp_weight, out_weight : mapping, optional
            Costs of single arcs by data id; the others cost 1.
        description : str, optional
            By default the first line of the function's docstring.
        filters : iterable of callable, optional
            Applied to the result, in order.
        priority : int, optional
            Among equally near providers of a datum the highest wins, then the one added first.
        inputs_kwargs : bool, optional
            Take the parameters that have a default as inputs, too.
        inputs_defaults : bool, optional
            And make their defaults those of the data.
        attributes : mapping, optional
            Free attributes.
        executor : str or Executor, optional
            Makes its calls, whatever the others of the run are made by.
        timeout : float, optional
            How long a call may take [s]; one that takes longer has failed.
        retry : Policy or int, optional
            How often a call is tried before it has failed.

        Returns
        -------
        Hashable
            The id.

        Raises
        ------
        BuildError
            The id is taken, a name of data is that of a function, a weight is no weight, ...

        Notes
        -----
        O(inputs + outputs); the signature is read only where `inputs` is left out.
        """
        if unknown:
            building.refuse_unknown(unknown, self.add_function)
        if not callable(function):
            raise BuildError(f"the function of {function_id!r} is {function!r}; write add_function(function=...)")
        node_id = function_id if function_id is not None else building.function_name(function)
        taken, defaults = building.inputs_of(function, node_id, inputs, with_defaults=inputs_kwargs or inputs_defaults)
        given = building.check_ids(outputs if outputs is not None else (), f"outputs of {node_id!r}", once=True)
        if SINK in given:
            given = tuple([x for x in given if x is not SINK])
        if function_id is None:
            node_id = building.free_id(node_id, {*self.nodes, *taken, *given})
        building.check_callable(input_domain, f"input_domain of {node_id!r}")
        node = FunctionNode(
            node_id,
            function,
            taken,
            given,
            0.0 if weight is None else building.check_weight(weight, f"weight of {node_id!r}"),
            building.check_arcs(inp_weight, taken, f"inp_weight of {node_id!r}"),
            building.check_arcs(out_weight, given, f"out_weight of {node_id!r}"),
            input_domain,
            building.check_filters(filters, f"filters of {node_id!r}") if filters is not None else (),
            building.check_priority(priority, node_id),
            building.first_line(function) if description is None else description,
            dict(attributes or {}),
            executor,
            None if retry is None and timeout is None else policy_of(retry, timeout),
        )
        self._add(node, (*taken, *given))
        if inputs_defaults:
            for name, value in defaults.items():
                self.set_default_value(name, value)
        return node_id

    def add_func(
        self,
        function: Callable[..., Any],
        outputs: Iterable[NodeId] | None = None,
        weight: float | None = None,
        inputs_defaults: bool = False,
        inputs_kwargs: bool = False,
        **options: Any,
    ) -> NodeId:
        """Add a function whose inputs are its parameters: `add_function`, with the function first.

        Parameters
        ----------
        function : callable
        outputs, weight, inputs_defaults, inputs_kwargs, **options
            Those of `add_function`.
        """
        options |= {"weight": weight, "inputs_defaults": inputs_defaults, "inputs_kwargs": inputs_kwargs}
        return self.add_function(options.pop("function_id", None), function, outputs=outputs, **options)

    def function(self, outputs: Iterable[NodeId] | None = None, **options: Any) -> Callable[[F], F]:
        """Decorator that adds the function below it and leaves it as it is.

        Parameters
        ----------
        outputs : iterable of Hashable, optional
        **options
            Those of `add_function`.
        """
        if callable(outputs):
            raise BuildError("write @dsp.function(outputs=[...]), with parentheses")

        def add(function: F) -> F:
            self.add_func(function, outputs, **options)
            return function

        return add

    def add_dispatcher(
        self,
        dsp: Dispatcher | Mapping[str, Any],
        inputs: building.Mapped = None,
        outputs: building.Mapped = None,
        dsp_id: NodeId | None = None,
        input_domain: Callable[[dict[NodeId, Any]], Any] | None = None,
        weight: float | None = None,
        inp_weight: Mapping[NodeId, float] | None = None,
        out_weight: Mapping[NodeId, float] | None = None,
        description: str | None = None,
        include_defaults: bool = False,
        inputs_prefix: str = "",
        outputs_prefix: str = "",
        *,
        priority: int = 0,
        attributes: Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> NodeId:
        """Mount a model inside this one; the child itself is never changed.

        Parameters
        ----------
        dsp : Dispatcher or mapping
            The child; a mapping is given to `add_from_lists` of a new one.
        inputs : mapping or iterable, optional
            ``{parent id: child id}``, the child id maybe a tuple of several; or ids that are common to both.  By
            default all data of the child.
        outputs : mapping or iterable, optional
            ``{child id: parent id}``, likewise.
        dsp_id : Hashable, optional
            Its id; by default the child's name, with a suffix if that is taken.
        input_domain : callable, optional
            The gate: called with ``{parent id: value}`` of the inputs that have arrived, at each arrival, until it
            says yes; nothing enters before.
        weight : float, optional
            Cost of entering the child, 0 by default.
        inp_weight, out_weight : mapping, optional
            Costs of single links by the parent's data id; the others cost 0.
        description : str, optional
        include_defaults : bool, optional
            Make the child's defaults of linked inputs those of the parent's data.
        inputs_prefix, outputs_prefix : str, optional
            Put before the parent's names where common ids are listed.
        priority : int, optional
            As for functions.
        attributes : mapping, optional
            Free attributes.

        Returns
        -------
        Hashable
            The id.

        Raises
        ------
        BuildError
            The id is taken, the child contains this model, ...
        UnknownNodeError
            A mapping names a datum that the child does not have.
        """
        if unknown:
            building.refuse_unknown(unknown, self.add_dispatcher)
        child = self._as_child(dsp)
        node_id = dsp_id if dsp_id is not None else child.name or "sub-dispatcher"
        self._refuse_own(child, node_id)
        data = child.data_nodes
        entries = building.pairs(list(data) if inputs is None else inputs, inputs_prefix, "inputs")
        exits = building.pairs(list(data) if outputs is None else outputs, outputs_prefix, "outputs")
        building.check_mapping(entries, child.nodes, data, "inputs")
        building.check_mapping(exits, child.nodes, data, "outputs")
        building.check_callable(input_domain, f"input_domain of {node_id!r}")
        sources, targets = [parent for parent, _ in entries], [parent for _, parent in exits]
        if dsp_id is None:
            node_id = building.free_id(node_id, {*self.nodes, *sources, *targets})
        node = SubDispatcherNode(
            node_id,
            child,
            tuple(entries),
            tuple(exits),
            0.0 if weight is None else building.check_weight(weight, f"weight of {node_id!r}"),
            building.check_arcs(inp_weight, sources, f"inp_weight of {node_id!r}"),
            building.check_arcs(out_weight, targets, f"out_weight of {node_id!r}"),
            input_domain,
            building.check_priority(priority, node_id),
            description or child.description,
            dict(attributes or {}),
        )
        self._add(node, (*sources, *targets))
        if include_defaults:
            for parent, name in entries:
                inner = child.nodes[name]
                if isinstance(inner, DataNode) and inner.default_value is not EMPTY:
                    self.set_default_value(parent, inner.default_value, inner.initial_dist)
        return node_id

    def add_from_lists(
        self,
        data_list: Iterable[Mapping[str, Any]] | None = None,
        fun_list: Iterable[Mapping[str, Any]] | None = None,
        dsp_list: Iterable[Mapping[str, Any]] | None = None,
    ) -> tuple[list[NodeId], list[NodeId], list[NodeId]]:
        """Add many nodes at once.

        Parameters
        ----------
        data_list, fun_list, dsp_list : iterable of mapping, optional
            Keywords of `add_data`, `add_function` and `add_dispatcher`.

        Returns
        -------
        tuple of list
            Ids of the data, functions and sub-dispatchers.
        """
        with self._all_or_nothing():
            return (
                [self.add_data(**options) for options in data_list or ()],
                [self.add_function(**options) for options in fun_list or ()],
                [self.add_dispatcher(**options) for options in dsp_list or ()],
            )

    @property
    def data_nodes(self) -> dict[NodeId, DataNode]:
        """Records of the data."""
        return {node_id: node for node_id, node in self.nodes.items() if isinstance(node, DataNode)}

    @property
    def function_nodes(self) -> dict[NodeId, FunctionNode]:
        """Records of the functions."""
        return {node_id: node for node_id, node in self.nodes.items() if isinstance(node, FunctionNode)}

    @property
    def sub_dsp_nodes(self) -> dict[NodeId, SubDispatcherNode]:
        """Records of the sub-dispatchers."""
        return {node_id: node for node_id, node in self.nodes.items() if isinstance(node, SubDispatcherNode)}

    @property
    def default_values(self) -> dict[NodeId, Any]:
        """Default values by data id."""
        data = self.data_nodes.items()
        return {node_id: node.default_value for node_id, node in data if node.default_value is not EMPTY}

    def get_node(self, *path: NodeId) -> Node:
        """Record of a node.

        Parameters
        ----------
        *path : Hashable
            Its id, after those of the sub-dispatchers that it is in; or one text with slashes between them.

        Raises
        ------
        UnknownNodeError
            There is no such node.
        """
        dsp = self
        for name in path[:-1]:
            subs = dsp.sub_dsp_nodes
            if name not in subs:
                raise UnknownNodeError.among(name, subs, "sub-dispatcher")
            dsp = subs[name].dsp
        name = path[-1]
        if name in dsp.nodes:
            return dsp.nodes[name]
        if isinstance(name, str) and "/" in name:
            return dsp.get_node(*name.split("/"))
        raise UnknownNodeError.among(name, dsp.nodes, "node")

    def copy(self) -> Self:
        """A model of its own with the same nodes; mounted children are copied, too."""
        return copying.rebuild(self, lambda node: node)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copying.rebuild(self, lambda node: copying.copy_values(node, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        return copying.unpack, (copying.pack(self),)

    def own_state(self) -> dict[str, Any]:
        """What of the model is worth keeping in a file, besides its nodes."""
        return self.__dict__.copy()

    def copy_structure(self) -> Self:
        """An empty model with the same name and description."""
        return type(self)(name=self.name, description=self.description)

    def extend(self, *others: Any) -> Self:
        """Add the nodes of other models, or of blueprints, to this one.

        Parameters
        ----------
        *others : Dispatcher or Blueprint
            They are not changed.

        Returns
        -------
        Dispatcher
            This model.

        Raises
        ------
        BuildError
            A function or sub-dispatcher of another model has an id that is taken.
        """
        with self._all_or_nothing():
            for other in others:
                for node in list(other.register().nodes.values()):
                    if isinstance(node, DataNode) and isinstance(self.nodes.get(node.id), DataNode):
                        self._merge(node)
                        continue
                    building.check_free(node.id, self.nodes)
                    if isinstance(node, SubDispatcherNode):
                        self._refuse_own(node.dsp, node.id)
                    self.put_node(replace(node, attributes=dict(node.attributes)))
        return self

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Undo what was added if anything of it is refused."""
        nodes, mounted = self.nodes.copy(), self.mounted.copy()
        try:
            yield
        except BaseException:
            self.nodes, self.mounted = nodes, mounted
            self.version += 1
            raise

    def register(self) -> Self:
        """The model itself: what a `Blueprint` gives when it is built."""
        return self

    def _as_child(self, dsp: Any) -> Dispatcher:
        if isinstance(dsp, Mapping):
            child = type(self)()
            child.add_from_lists(**dsp)
        else:
            register = getattr(dsp, "register", None)
            child = register() if callable(register) else dsp
        if not isinstance(child, Model):
            raise BuildError(f"add_dispatcher() got {dsp!r}; give a Dispatcher")
        return cast("Dispatcher", child)

    def put_node(self, node: Node) -> None:
        """Add a record as it is, or in place of the one with its id; nothing is checked."""
        self.nodes[node.id] = node
        self.version += 1
        if isinstance(node, SubDispatcherNode):
            self.mounted.append(node.dsp)

    def _add(self, node: FunctionNode | SubDispatcherNode, data: Iterable[NodeId]) -> None:
        """Add a node and the data that are new with it; nothing is added if anything is wrong."""
        building.check_free(node.id, self.nodes)
        building.check_data(node.id, data, self.nodes)
        for data_id in data:
            if data_id not in self.nodes:
                self.nodes[data_id] = DataNode(data_id)
        self.put_node(node)

    def _refuse_own(self, child: Model, node_id: NodeId) -> None:
        if any(member is self for member in copying.family(child)):
            raise BuildError(f"{node_id!r} contains this model; a model cannot be inside itself (copy it first)")

    def _merge(self, node: DataNode) -> None:
        """Add what another model says of a datum that this one has."""
        self.add_data(
            node.id,
            node.default_value,
            node.initial_dist if node.default_value is not EMPTY else None,
            node.wait_inputs or None,
            node.wildcard,
            node.function,
            node.callback,
            node.description or None,
            node.filters or None,
            attributes=node.attributes,
        )

"""The model made flat: nodes numbered, arcs in lists, sub-dispatchers spliced in.

Everything that is special about a model becomes an ordinary datum or an ordinary function here, so that the search is
one loop without cases:

* a sub-dispatcher's link is a function of one input and one output that costs what the link costs;
* a collecting datum ``c`` gets a *slot* for each provider and one function that takes all slots and gives ``c``;
* a gate is a datum that one *asking* function per arriving input provides, and that every entry also takes;
* a function without outputs gets a sink of its own; one without inputs takes START (datum 0).

Function numbers are the order of ties: of two equally near providers the lower number wins.  This module knows the
records and nothing of runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..tokens import EMPTY, SELF, START
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode

if TYPE_CHECKING:
    from ..executors.policy import Policy
    from .dispatcher import Dispatcher

__all__ = ["Kind", "Level", "Network", "flatten"]

Arcs: TypeAlias = list[tuple[int, float]]


_COROUTINE = 0x80  # flag of a code object; `inspect`, which has a name for it, need not be loaded


class Kind:
    """What a function of the network stands for; plain integers, for an enum's members are slow to compare."""

    START: Final = 0
    FUNCTION: Final = 1
    LINK: Final = 2
    COLLECT: Final = 3
    ASK: Final = 4
    DEFAULT: Final = 5


class Level:
    """One mounting of a dispatcher: its path, and the numbers of its data."""

    __slots__ = ("dsp", "executor", "gate", "index", "name", "outlet", "parent", "path", "start", "subs")

    def __init__(self, path: tuple[NodeId, ...], dsp: Dispatcher | None, parent: int, gate: int = -1) -> None:
        self.path = path
        self.name = "" if dsp is None else dsp.name
        self.executor: Any = None  # who makes the calls of the functions that name nobody; None for the run's own
        self.dsp = dsp  # None once the network is made: it outlives changes of its model
        self.parent = parent  # number of the parent's level, -1 at the top
        self.gate = gate  # datum of the gate that every entry waits for, -1 for none
        self.start = -1  # function number of this level's START
        self.index: dict[NodeId, int] = {}  # id -> datum that consumers read
        self.outlet: dict[NodeId, int] = {}  # id -> datum that providers write, where it is another one (wildcards)
        self.subs: dict[NodeId, int] = {}  # sub-dispatcher id -> number of its level


class Network:
    """A flat model.

    Attributes
    ----------
    consumers : list of list of int
        By datum: functions that take it.
    cost : list of float
        By function: its weight and that of the arc from any input, where these arcs weigh the same; else -1.
    provides : list of list of (int, float)
        By function: data that it gives, with the weights of the arcs.
    inputs : list of tuple of int
        By function: data that it waits for, in the order of its parameters.
    arguments : list of tuple of int
        By function: data that it is called with; none where `inputs` is only START or a gate.
    arity : list of int
        By function: number of distinct inputs.
    weight : list of float
        By function: cost of entering it.
    single : list of int
        By function: its only output where that is a datum without filters and callback, else -1.
    plain : list
        By function: the callable itself where calling it is all there is to do, else None.
    kind : list of int
        By function: one of `Kind`.
    records : list
        By function: the record of the node it was made from.
    function_level, data_level : list of int
        Level of each; a link and a gate's asking functions belong to the level of the parent.
    data_ids : list
        By datum: its id, or None for slots, sinks and gates.
    defaults : dict of int to (float, int, object)
        By datum: initial distance, START number of its level, value.
    far : float
        A power of two above every finite distance (of objective ``"span"``): what is far is of an infinite class.
    rank : list of int or None
        Topological rank of each datum among the steps that cost nothing; None where no tie can depend on it.
    """

    __slots__ = (
        "_providers",
        "_ranked",
        "arcs",
        "arguments",
        "arity",
        "collectors",
        "consumers",
        "coroutines",
        "cost",
        "data_ids",
        "data_level",
        "defaults",
        "described",
        "even",
        "extras",
        "far",
        "free_steps",
        "function_level",
        "idle_slots",
        "inputs",
        "kind",
        "levels",
        "manners",
        "plain",
        "provides",
        "rank",
        "records",
        "single",
        "sink_of",
        "slot_of",
        "start_slots",
        "weight",
    )

    def __init__(self) -> None:
        self.consumers: list[list[int]] = []
        self.cost: list[float] = []
        self.even: list[float] = []  # weight of the arc from any input, where they weigh the same
        self.arcs: dict[int, dict[int, float]] = {}  # function -> its inputs, where they weigh differently
        self.provides: list[Arcs] = []
        self.inputs: list[tuple[int, ...]] = []
        self.arguments: list[tuple[int, ...]] = []
        self.arity: list[int] = []
        self.weight: list[float] = []
        self.single: list[int] = []
        self.plain: list[Any] = []
        self.coroutines: list[int] = []  # functions that an executor has to await
        self.manners: dict[int, tuple[Any, Policy | None]] = {}  # function -> its own executor and policy
        self.kind: list[int] = []
        self.records: list[Any] = []
        self.function_level: list[int] = []
        self.data_ids: list[NodeId] = []
        self.data_level: list[int] = []
        self.levels: list[Level] = []
        self.defaults: dict[int, tuple[float, int, Any]] = {}
        self.extras: dict[int, DataNode] = {}  # data with filters or a callback
        self.described: dict[int, DataNode] = {}  # data with a description or attributes, for pictures
        self.collectors: dict[int, int] = {}  # collecting function -> its datum
        self.slot_of: dict[int, NodeId] = {}  # slot -> id of the provider it waits for
        self.start_slots: dict[int, int] = {}  # collecting datum -> slot of what is given
        self.idle_slots: list[int] = []  # start slots that nothing in the model fills
        self.sink_of: dict[int, int] = {}  # function without outputs -> its sink
        self.far = inf
        self.rank: list[int] | None = None
        self.free_steps: list[tuple[int, int]] = []  # pairs of data
        self._providers: list[Arcs] | None = None
        self._ranked: tuple[list[int], bool] | None = None

    @property
    def top(self) -> Level:
        """The level of the model itself."""
        return self.levels[0]

    @property
    def has_free_steps(self) -> bool:
        """Does any step from datum to datum cost nothing?"""
        return bool(self.free_steps)

    @property
    def is_circular(self) -> bool:
        """Are there circles of steps that cost nothing?"""
        return self.has_free_steps and self._free_order()[1]

    def free_ranks(self) -> list[int]:
        """Topological rank of each datum among the steps that cost nothing."""
        return self._free_order()[0]

    def _free_order(self) -> tuple[list[int], bool]:
        if self._ranked is None:
            self._ranked = _ranks(len(self.consumers), self.free_steps)
        return self._ranked

    def arc(self, datum: int, function: int) -> float:
        """Weight of the arc from `datum` to `function`."""
        arcs = self.arcs.get(function)
        return self.even[function] if arcs is None else arcs[datum]

    def providers(self, datum: int) -> Arcs:
        """Functions that give `datum`, with the weights of the arcs; all are listed when first asked for."""
        if self._providers is None:
            lists: list[Arcs] = [[] for _ in self.consumers]
            for function, arcs in enumerate(self.provides):
                for output, weight in arcs:
                    lists[output].append((function, weight))
            # One assignment, so that threads that race here all see complete lists.
            self._providers = lists
        return self._providers[datum]

    def function_path(self, function: int) -> tuple[NodeId, ...]:
        """Ids from the top to the node of `function`."""
        path = self.levels[self.function_level[function]].path
        return (*path, self.records[function].id)

    def data_path(self, datum: int) -> tuple[NodeId, ...]:
        """Ids from the top to `datum`."""
        return (*self.levels[self.data_level[datum]].path, self.data_ids[datum])

    def provider_id(self, function: int, datum: int) -> NodeId:
        """What a person calls the provider `function` of `datum`: START, a function or a sub-dispatcher."""
        kind = self.kind[function]
        if kind in (Kind.START, Kind.DEFAULT):
            return START
        if kind == Kind.LINK and self.function_level[function] != self.data_level[datum]:
            return START  # the parent gave it
        node_id: NodeId = self.records[function].id
        return node_id

    def own_data(self, level: int) -> Iterable[tuple[NodeId, int]]:
        """Ids and numbers of the data of one level, as its solution shows them."""
        index, outlet = self.levels[level].index, self.levels[level].outlet
        return (index | outlet if outlet else index).items()

    def __getstate__(self) -> dict[str, Any]:
        """State without anything that is called: a solution pickles though its functions may not."""
        state = {name: getattr(self, name) for name in self.__slots__}
        state["_providers"] = None
        state["defaults"] = {x: (distance, start, None) for x, (distance, start, _) in self.defaults.items()}
        state["extras"] = {}
        state["manners"] = {}
        state["described"] = {}
        state["plain"] = []
        state["records"] = [Label(record.id) if record is not None else None for record in self.records]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


class Label:
    """What is left of a record in a pickled network: its id."""

    __slots__ = ("id",)

    def __init__(self, node_id: NodeId) -> None:
        self.id = node_id


def flatten(dsp: Dispatcher, split: Iterable[NodeId] = ()) -> Network:
    """Number the nodes of `dsp` and of all that is mounted in it.

    Parameters
    ----------
    dsp : Dispatcher
        The model; it is not changed.
    split : iterable of Hashable, optional
        Data of the top level that are both given and wanted (wildcards): consumers read one datum, providers write
        another.

    Returns
    -------
    Network

    Notes
    -----
    O(V + E) in the size of the model with everything that is mounted; no recursion.
    """
    builder = _Flattener()
    builder.enter(Level((), dsp, parent=-1), set(split))
    stack = [builder.functions_of(0)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        else:
            stack.append(builder.functions_of(child))
    return builder.finish()


class _Flattener:
    """Builds a network level by level, in the order of ties."""

    def __init__(self) -> None:
        self.network = Network()
        self.total = 0.0
        self.free_steps: list[tuple[int, int]] = []  # (datum, datum) pairs that cost nothing
        self.datum(START, -1)

    def datum(self, data_id: NodeId, level: int) -> int:
        network = self.network
        network.data_ids.append(data_id)
        network.data_level.append(level)
        network.consumers.append([])
        return len(network.consumers) - 1

    def function(
        self,
        kind: int,
        record: Any,
        level: int,
        inputs: list[tuple[int, float]],
        outputs: list[tuple[int, float]],
        weight: float = 0.0,
    ) -> int:
        """Append one function with its arcs; an input named twice is one arc and two arguments."""
        network = self.network
        number = len(network.inputs)
        arcs = inputs if len(inputs) < 2 else list(dict(inputs).items())
        even = arcs[0][1] if arcs else 0.0
        for datum, cost in arcs:
            network.consumers[datum].append(number)
            if cost != even:
                even = -1.0
            if cost != inf:
                self.total += cost
        if even < 0.0:
            network.arcs[number] = dict(arcs)
        network.even.append(even)
        network.cost.append(even + weight if even >= 0.0 else -1.0)
        taken = tuple([datum for datum, _ in inputs])
        network.inputs.append(taken)
        network.arguments.append(taken)
        network.arity.append(len(arcs))
        network.provides.append(outputs)
        network.weight.append(weight)
        network.kind.append(kind)
        network.records.append(record)
        network.function_level.append(level)
        single = outputs[0][0] if len(outputs) == 1 else -1
        single = -1 if single in network.extras else single
        network.single.append(single)
        if kind == Kind.FUNCTION and _is_coroutine(record.function):
            network.coroutines.append(number)
        plain = kind == Kind.FUNCTION and single >= 0 and record.input_domain is None and not record.filters
        if kind == Kind.FUNCTION:
            executor = network.levels[level].executor if record.executor is None else record.executor
            if executor is not None or record.policy is not None:
                network.manners[number] = executor, record.policy
                plain = False
        network.plain.append(record.function if plain else None)
        for datum, cost in outputs:
            self.total += cost
            if not cost + weight:
                self.free_steps += [(source, datum) for source, arc in arcs if not arc]
        self.total += weight
        return number

    def enter(self, level: Level, split: set[NodeId] | frozenset[NodeId] = frozenset()) -> int:
        """Number the data of a level."""
        network = self.network
        number = len(network.levels)
        network.levels.append(level)
        for node_id, node in _nodes(level).items():
            if isinstance(node, DataNode):
                datum = level.index[node_id] = self.datum(node_id, number)
                if node_id in split:
                    level.outlet[node_id] = self.datum(node_id, number)
                if node.description or node.attributes:
                    network.described[datum] = node
                if node.filters or node.callback is not None:
                    network.extras[datum] = network.extras[level.outlet.get(node_id, datum)] = node
        return number

    def functions_of(self, number: int) -> Iterator[int]:
        """Number the functions of a level; stops at each sub-dispatcher, giving its level to be numbered first."""
        network = self.network
        level = network.levels[number]
        level.start = self.function(Kind.START, None, number, [], [])
        collecting: list[tuple[DataNode, int, list[tuple[int, float]]]] = []
        for node in _nodes(level).values():
            if isinstance(node, DataNode):
                self.provide_data(node, level, number, collecting)
        slots = {node.id: arcs for node, datum, arcs in collecting if datum == level.outlet.get(node.id, datum)}
        nodes = [node for node in _nodes(level).values() if not isinstance(node, DataNode)]
        position = {node.id: place for place, node in enumerate(nodes)} if collecting else {}
        if any(node.priority for node in nodes):
            nodes.sort(key=lambda node: -node.priority)
        for node in nodes:
            if isinstance(node, FunctionNode):
                self.add_function(node, level, number, slots)
            else:
                child = self.mount(node, level, number)
                yield child
                self.link_out(node, level, number, child, slots)
        for node, datum, arcs in collecting:
            arcs.sort(key=lambda arc: position.get(network.slot_of[arc[0]], -1))
            network.collectors[self.function(Kind.COLLECT, node, number, arcs, [(datum, 0.0)])] = datum

    def provide_data(
        self, node: DataNode, level: Level, number: int, collecting: list[tuple[DataNode, int, list[tuple[int, float]]]]
    ) -> None:
        """Defaults, and the slot of what is given to a collecting datum."""
        network = self.network
        datum = level.outlet.get(node.id, level.index[node.id])
        arcs: list[tuple[int, float]] = []
        if node.wait_inputs:
            collecting.append((node, datum, arcs))
            if node.id in level.outlet:  # consumers get what is made of the given value alone
                given = level.index[node.id]
                collecting.append((node, given, [(self.start_slot(given, number), 0.0)]))
            else:
                arcs.append((self.start_slot(datum, number), 0.0))
        value = level.dsp if node.id is SELF and node.default_value is EMPTY else node.default_value
        if value is EMPTY:
            return
        if node.initial_dist != inf:
            self.total += node.initial_dist
        target = network.start_slots.get(level.index[node.id], level.index[node.id])
        if level.gate < 0:
            network.defaults[level.index[node.id]] = (node.initial_dist, level.start, value)
        else:
            entry = [(0, node.initial_dist), (level.gate, 0.0)]
            self.function(Kind.DEFAULT, replace(node, default_value=value), number, entry, [(target, 0.0)])

    def slot(self, provider: NodeId, level: int) -> int:
        slot = self.datum(None, level)
        self.network.slot_of[slot] = provider
        return slot

    def start_slot(self, datum: int, level: int) -> int:
        """The slot that waits for what is given to a collecting datum."""
        slot = self.network.start_slots.get(datum)
        if slot is None:
            slot = self.network.start_slots[datum] = self.slot(START, level)
        return slot

    def outlet(
        self, data_id: NodeId, provider: NodeId, level: Level, number: int, slots: dict[NodeId, list[tuple[int, float]]]
    ) -> int:
        """The datum that `provider` writes when it gives `data_id`."""
        arcs = slots.get(data_id) if slots else None
        if arcs is None:
            return level.outlet.get(data_id, level.index[data_id])
        if arcs and self.network.slot_of[arcs[-1][0]] == provider:
            return arcs[-1][0]  # a sub-dispatcher may give one datum through several links
        slot = self.slot(provider, number)
        arcs.append((slot, 0.0))
        return slot

    def add_function(
        self, node: FunctionNode, level: Level, number: int, slots: dict[NodeId, list[tuple[int, float]]]
    ) -> None:
        index, arcs = level.index, node.inp_weight
        inputs = (
            [(index[i], 1.0) for i in node.inputs]
            if arcs is None
            else [(index[i], arcs.get(i, 1.0)) for i in node.inputs]
        )
        if not inputs:
            inputs = [(max(level.gate, 0), (node.inp_weight or {}).get(START, 1.0))]
        arcs = node.out_weight or {}
        if slots or level.outlet:
            outputs = [(self.outlet(o, node.id, level, number, slots), arcs.get(o, 1.0)) for o in node.outputs]
        else:
            outputs = [(index[o], arcs.get(o, 1.0)) for o in node.outputs]
        sink = -1
        if not outputs:
            sink = self.datum(None, number)
            outputs = [(sink, 1.0)]
        function = self.function(Kind.FUNCTION, node, number, inputs, outputs, node.weight)
        if not node.inputs:
            self.network.arguments[function] = ()
        if sink >= 0:
            self.network.sink_of[function] = sink

    def mount(self, node: SubDispatcherNode, level: Level, number: int) -> int:
        """Number a child's data and the links into it."""
        inner = Level((*level.path, node.id), node.dsp, parent=number)
        arrivals = dict.fromkeys(parent for parent, _ in node.inputs)
        outer_gate = level.gate
        if node.input_domain is not None:
            inner.gate = self.datum(None, number)
        else:
            inner.gate = outer_gate
        inner.executor = level.executor if node.dsp.executor is None else node.dsp.executor
        child = self.enter(inner)
        level.subs[node.id] = child
        weights = node.inp_weight or {}
        for parent, target in node.inputs:
            entry = [(level.index[parent], weights.get(parent, 0.0) + node.weight)]
            if node.input_domain is not None:
                entry.append((inner.gate, 0.0))
            self.function(Kind.LINK, node, number, entry, [(self.inlet(inner, target, child), 0.0)])
        if node.input_domain is not None:
            asked = arrivals or {None: None}
            for parent in asked:
                source = level.index[parent] if arrivals else max(outer_gate, 0)
                self.function(Kind.ASK, node, number, [(source, 0.0)], [(inner.gate, 0.0)])
        return child

    def inlet(self, level: Level, data_id: NodeId, number: int) -> int:
        """The datum that a link from the parent writes: of a collecting datum, the slot of what is given."""
        node = _nodes(level)[data_id]
        datum = level.index[data_id]
        if not node.wait_inputs:
            return datum
        return self.start_slot(datum, number)

    def link_out(
        self,
        node: SubDispatcherNode,
        level: Level,
        number: int,
        child: int,
        slots: dict[NodeId, list[tuple[int, float]]],
    ) -> None:
        weights = node.out_weight or {}
        inner = self.network.levels[child]
        for source, parent in node.outputs:
            target = self.outlet(parent, node.id, level, number, slots)
            arc = weights.get(parent, 0.0)
            self.function(Kind.LINK, node, number, [(inner.index[source], 0.0)], [(target, arc)])

    def finish(self) -> Network:
        network = self.network
        network.far = 2.0 ** max(40, int(2.0 * self.total).bit_length() + 1)
        for uneven in network.arcs.values():
            uneven.update({datum: network.far for datum, arc in uneven.items() if arc == inf})
        for level in network.levels:
            level.dsp = None
        if self.free_steps or network.start_slots:
            counts = [int(datum in network.defaults) for datum in range(len(network.consumers))]
            for arcs in network.provides:
                for datum, _ in arcs:
                    counts[datum] += 1
            network.idle_slots = [slot for slot in network.start_slots.values() if not counts[slot]]
            network.free_steps = self.free_steps
            if any(counts[datum] > 1 for _, datum in self.free_steps):
                network.rank = network.free_ranks()
        return network


def _is_coroutine(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & _COROUTINE)


def _nodes(level: Level) -> dict[NodeId, Any]:
    """Records of a level whose network is being made."""
    assert level.dsp is not None
    return level.dsp.nodes


def _ranks(count: int, steps: list[tuple[int, int]]) -> tuple[list[int], bool]:
    """Longest number of free steps before each datum, those on one circle sharing a rank; and: is there a circle?"""
    rank = [0] * count
    after: dict[int, list[int]] = {}
    before = dict.fromkeys((node for step in steps for node in step), 0)
    for source, target in steps:
        after.setdefault(source, []).append(target)
        before[target] += 1
    free = [node for node, number in before.items() if not number]
    done = 0
    for node in free:  # Kahn: the list grows while it is read
        done += 1
        for target in after.get(node, ()):
            rank[target] = max(rank[target], rank[node] + 1)
            before[target] -= 1
            if not before[target]:
                free.append(target)
    if done == len(before):
        return rank, False
    import networkx as nx

    condensed = nx.condensation(nx.DiGraph(steps))
    for circle in nx.topological_sort(condensed):
        level = max((rank[next(iter(condensed.nodes[p]["members"]))] + 1 for p in condensed.pred[circle]), default=0)
        for node in condensed.nodes[circle]["members"]:
            rank[node] = level
    return rank, True

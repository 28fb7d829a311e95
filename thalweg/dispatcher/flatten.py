"""From a model to its flat network: nodes numbered, arcs in lists, sub-dispatchers spliced in.

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
from typing import TYPE_CHECKING, Any

from ..tokens import EMPTY, SELF, START
from .network import Kind, Level, Network
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["flatten"]

_COROUTINE = 0x80  # flag of a code object; `inspect`, which has a name for it, need not be loaded


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
        data = [node for node in _nodes(level).values() if isinstance(node, DataNode)]
        if split:
            for node in data:
                level.index[node.id] = self.datum(node.id, number)
                if node.id in split:
                    level.outlet[node.id] = self.datum(node.id, number)
        else:
            names, first = [node.id for node in data], len(network.consumers)
            level.index.update(zip(names, range(first, first + len(names)), strict=True))
            network.data_ids += names
            network.data_level += [number] * len(names)
            network.consumers += [[] for _ in names]
        for node in data:
            if node.description or node.attributes:
                network.described[level.index[node.id]] = node
            if node.filters or node.callback is not None:
                datum = level.index[node.id]
                network.extras[datum] = network.extras[level.outlet.get(node.id, datum)] = node
        return number

    def functions_of(self, number: int) -> Iterator[int]:
        """Number the functions of a level; stops at each sub-dispatcher, giving its level to be numbered first."""
        network = self.network
        level = network.levels[number]
        level.start = self.function(Kind.START, None, number, [], [])
        collecting: list[tuple[DataNode, int, list[tuple[int, float]]]] = []
        for node in _nodes(level).values():
            if isinstance(node, DataNode) and (node.wait_inputs or node.default_value is not EMPTY or node.id is SELF):
                self.provide_data(node, level, number, collecting)
        slots = {node.id: arcs for node, datum, arcs in collecting if datum == level.outlet.get(node.id, datum)}
        nodes = [node for node in _nodes(level).values() if not isinstance(node, DataNode)]
        position = {node.id: place for place, node in enumerate(nodes)} if collecting else {}
        if any(node.priority for node in nodes):
            nodes.sort(key=lambda node: -node.priority)
        is_common = not slots and not level.outlet and level.executor is None
        alike: list[FunctionNode] = []
        for node in nodes:
            if isinstance(node, FunctionNode):
                if is_common and _is_common(node):
                    alike.append(node)
                    continue
                self.add_alike(alike, level, number)
                self.add_function(node, level, number, slots)
            else:
                self.add_alike(alike, level, number)
                child = self.mount(node, level, number)
                yield child
                self.link_out(node, level, number, child, slots)
        self.add_alike(alike, level, number)
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

    def add_alike(self, nodes: list[FunctionNode], level: Level, number: int) -> None:
        """As `add_function` for each of many of which there is little to say; the list is empty afterwards.

        Notes
        -----
        A list at a time, which is what makes the first dispatch of a large model quick: benchmark ``size``.
        """
        network, index = self.network, level.index.__getitem__
        consumers, extras, count, first = network.consumers, network.extras, len(nodes), len(network.inputs)
        taken = [tuple(map(index, node.inputs)) for node in nodes]
        for f, data in enumerate(taken, first):
            for x in data:
                consumers[x].append(f)
        weights = [node.weight for node in nodes]
        provides = [tuple([(index(x), 1.0) for x in node.outputs]) for node in nodes]
        single = [arcs[0][0] if len(arcs) == 1 else -1 for arcs in provides]
        if extras:
            single = [-1 if x in extras else x for x in single]
        network.even += [1.0] * count
        network.cost += [1.0 + weight for weight in weights]
        network.inputs += taken
        network.arguments += taken
        network.arity += map(len, taken)
        network.provides += provides
        network.weight += weights
        network.kind += [Kind.FUNCTION] * count
        network.records += nodes
        network.function_level += [number] * count
        network.single += single
        network.coroutines += [f for f, node in enumerate(nodes, first) if _is_coroutine(node.function)]
        network.plain += [
            node.function if x >= 0 and node.input_domain is None and not node.filters else None
            for node, x in zip(nodes, single, strict=True)
        ]
        self.total += sum(weights) + sum(map(len, taken)) + sum(map(len, provides))
        nodes.clear()

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


def _is_common(node: FunctionNode) -> bool:
    """Do its arcs all weigh 1, to different data, and is it called like others?"""
    if node.inp_weight or node.out_weight or node.executor is not None or node.policy is not None:
        return False
    inputs = node.inputs
    return bool(inputs and node.outputs) and (len(inputs) == 1 or len(set(inputs)) == len(inputs))


def _nodes(level: Level) -> dict[NodeId, Any]:
    """Records of a level whose network is being made."""
    assert level.dsp is not None
    return level.dsp.nodes

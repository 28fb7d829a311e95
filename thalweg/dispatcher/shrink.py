"""The part of a model that can matter for some outputs, given some inputs.

Works on the flat network, because that is where a link, a gate or a collecting datum is an ordinary function, and
carries the answer back to the records of each level.  What is kept:

* *useful* functions: they can be reached from what is given, and what is wanted can be reached from them;
* *waited for*: a provider of a useful collecting datum that cannot be reached.  The collection waits for it in vain, so
  without it distances would change.  It is kept without its own providers;
* *of a circle*: what closes a circle of arcs without cost, where a tie is decided by steps within the circle.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .building import check_ids
from .network import Kind, Network
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode
from .trim import with_links, with_outputs

if TYPE_CHECKING:
    from .dispatcher import Dispatcher
    from .plan import Plan

__all__ = ["reachable", "shrink_dsp", "useful"]


def shrink_dsp(
    dsp: Dispatcher,
    inputs: Iterable[NodeId] | None = None,
    outputs: Iterable[NodeId] | None = None,
    *,
    inputs_dist: Mapping[NodeId, float] | None = None,
    wildcard: bool = True,
) -> Dispatcher:
    """Everything that can take part in any derivation of the outputs from the inputs, fallbacks included.

    Parameters
    ----------
    dsp : Dispatcher
    inputs : iterable of Hashable, optional
        Data that will be given; None: any data may be given, or not.
    outputs : iterable of Hashable, optional
        What will be wanted, as for `Dispatcher.dispatch`; None: everything.
    inputs_dist : mapping, optional
        Initial distances of inputs, 0 by default.
    wildcard : bool, optional
        Keep what computes a datum that is both given and wanted.

    Returns
    -------
    Dispatcher
        A model that gives the outputs the same values in the same way, whatever functions fail.  The inputs and the
        outputs themselves are always in it.

    Raises
    ------
    UnknownNodeError
        An input or output is not in the model.

    Notes
    -----
    O(V + E).  Mounted models are shrunk, too, each mounting for itself.  What computes an input is left out, unless the
    value given could fail to be used: its own filters may refuse it, or it is given at a distance.  The results differ
    from those of the whole model only in what was not wanted: data that became known by the way.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("double", lambda x: 2 * x, ["x"], ["y"])
    'double'
    >>> dsp.add_function("square", lambda x: x * x, ["x"], ["z"])
    'square'
    >>> list(shrink_dsp(dsp, ["x"], ["z"]).nodes)
    ['x', 'z', 'square']
    """
    names = None if outputs is None else check_ids(outputs, "outputs", once=False)
    plan = dsp.solve(inputs, names, inputs_dist, wildcard)
    network, search = plan.network, plan.search
    seeds = set(search.seeds)
    certain: set[int] = set()
    if inputs is None:
        seeds.update([network.start_slots.get(x, x) for x in network.top.index.values()])
    else:
        certain = {x for x in map(network.top.index.__getitem__, plan.given) if _is_certain(plan, x)}
    able = reachable(network, seeds)
    wanted = [x for x, yes in enumerate(able) if yes] if search.wanted is None else search.wanted
    kept = useful(network, able, wanted, certain)
    if network.is_circular:
        kept |= _circles(network, kept)
    part = _Part(network, dsp)
    part.data[0].update(plan.given)
    part.take_data(wanted)
    part.take_functions(kept)
    return part.build()


def reachable(
    network: Network, seeds: Iterable[int], banned: Iterable[int] = (), gone: Container[tuple[int, int]] = ()
) -> bytearray:
    """Data that can become known from `seeds` if nothing fails, without the `banned` functions and `gone` arcs.

    Returns
    -------
    bytearray
        By datum.

    Notes
    -----
    O(V + E).  A collecting datum is known as soon as one estimate is: it may have to be settled without the others.
    """
    able = bytearray(len(network.consumers))
    pending = network.arity.copy()
    for function in network.collectors:
        pending[function] = 1
    for function in banned:
        pending[function] = -1
    stack = list(seeds)
    for datum in stack:
        able[datum] = 1
    while stack:
        for function in network.consumers[stack.pop()]:
            pending[function] -= 1
            if not pending[function]:
                for datum, _ in network.provides[function]:
                    if not able[datum] and (function, datum) not in gone:
                        able[datum] = 1
                        stack.append(datum)
    return able


def _is_certain(plan: Plan, datum: int) -> bool:
    """Is the given value of `datum` used whatever happens?"""
    seed = plan.search.seeds.get(datum)
    node = plan.network.extras.get(datum)
    return seed is not None and not seed[0] and not (node and node.filters)


def useful(network: Network, able: bytearray, wanted: Iterable[int], certain: set[int]) -> set[int]:
    """Functions on the derivations of `wanted`, and those that a collection on them waits for in vain."""
    kept: set[int] = set()
    seen = bytearray(len(able))
    stack = list(wanted)
    while stack:
        datum = stack.pop()
        if seen[datum] or datum in certain:
            continue
        seen[datum] = 1
        providers = [function for function, _ in network.providers(datum) if function not in kept]
        if able[datum]:
            providers = [f for f in providers if f in network.collectors or all(able[u] for u in network.inputs[f])]
            for function in providers:
                stack += network.inputs[function]
            kept.update(providers)
        elif network.data_ids[datum] is None:  # a slot that is waited for; or a sink that is wanted all the same
            kept.update(providers)
    return kept


def _circles(network: Network, kept: set[int]) -> set[int]:
    """Functions with a step in a circle of free arcs that the kept ones touch."""
    import networkx as nx

    steps = [
        (source, datum, function)
        for function, arcs in enumerate(network.provides)
        for datum, cost in arcs
        if not cost + network.weight[function]
        for source in network.inputs[function]
        if not network.arc(source, function)
    ]
    circle: dict[int, int] = {}
    walks = nx.DiGraph([step[:2] for step in steps])
    for number, members in enumerate(nx.strongly_connected_components(walks)):
        if len(members) > 1:
            circle.update(dict.fromkeys(members, number))
    touched = {circle.get(x) for f in kept for x in (*network.inputs[f], *[y for y, _ in network.provides[f]])}
    return {f for u, v, f in steps if u in circle and circle[u] == circle.get(v) and circle[u] in touched}


class _Part:
    """What is kept of each level, and the model built from it.

    Levels are numbered from the top down, so a child has a higher number than what it is mounted in.
    """

    def __init__(self, network: Network, dsp: Dispatcher) -> None:
        levels = network.levels
        self.network = network
        self.models = [dsp]
        self.mounts: list[SubDispatcherNode | None] = [None]  # by level: the node that stands for it
        self.data: list[set[NodeId]] = [set() for _ in levels]
        self.functions: list[set[NodeId]] = [set() for _ in levels]
        self.entering: list[set[tuple[NodeId, NodeId]]] = [set() for _ in levels]  # links, by level of the child
        self.leaving: list[set[tuple[NodeId, NodeId]]] = [set() for _ in levels]
        self.alive = {0}  # levels that are kept whatever is linked to them
        self.gates: dict[int, int] = {}  # gate -> level behind it
        for number, level in enumerate(levels[1:], 1):
            self.gates.setdefault(level.gate, number)
            node = self.models[level.parent].nodes[level.path[-1]]
            assert isinstance(node, SubDispatcherNode)
            self.mounts.append(node)
            self.models.append(node.dsp)

    def take_data(self, data: Iterable[int]) -> None:
        """Keep data; slots, sinks and gates are no data of the model."""
        for datum in data:
            if datum and self.network.data_ids[datum] is not None:
                self.data[self.network.data_level[datum]].add(self.network.data_ids[datum])
                self.alive.add(self.network.data_level[datum])

    def take_functions(self, functions: Iterable[int]) -> None:
        """Keep what functions of the network stand for, with their inputs."""
        network = self.network
        for function in functions:
            level, kind = network.function_level[function], network.kind[function]
            if kind == Kind.FUNCTION:
                self.functions[level].add(network.records[function].id)
            if kind in (Kind.COLLECT, Kind.DEFAULT):
                self.data[level].add(network.records[function].id)
            if kind == Kind.ASK:
                self.alive.add(self.gates[network.provides[function][0][0]])
            if kind == Kind.LINK:
                self._take_link(level, network.inputs[function][0], network.provides[function][0][0])
            else:
                self.take_data(network.inputs[function])

    def _take_link(self, level: int, source: int, target: int) -> None:
        network = self.network
        link = (self._name(source), self._name(target))
        inside, outside = network.data_level[source], network.data_level[target]
        if inside == level:
            inside = outside
            self.entering[inside].add(link)
        else:
            self.leaving[inside].add(link)
        self.data[network.data_level[source]].add(link[0])
        self.data[network.data_level[target]].add(link[1])

    def _name(self, datum: int) -> NodeId:
        """Id of a datum, or of the collecting datum that a slot belongs to."""
        network = self.network
        if datum in network.slot_of:
            datum = network.collectors[network.consumers[datum][0]]
        return network.data_ids[datum]

    def build(self) -> Dispatcher:
        """The model of the top level, with those of the others mounted in it."""
        built: dict[int, Dispatcher] = {}
        for number in range(len(self.models) - 1, -1, -1):
            inner = {name: child for name, child in self.network.levels[number].subs.items() if child in built}
            links = self.entering[number] or self.leaving[number]
            if not (inner or links or self.functions[number] or number in self.alive):
                continue
            self._keep_gate(number)
            part = built[number] = self.models[number].copy_structure()
            for node in self.models[number].nodes.values():
                if isinstance(node, DataNode):
                    if node.id in self.data[number]:
                        part.put_node(replace(node, attributes=dict(node.attributes)))
                elif isinstance(node, FunctionNode):
                    if node.id in self.functions[number]:
                        part.put_node(with_outputs(node, self.data[number]))
                elif node.id in inner:
                    child = inner[node.id]
                    entering = tuple([link for link in node.inputs if link in self.entering[child]])
                    leaving = tuple([link for link in node.outputs if link in self.leaving[child]])
                    part.put_node(with_links(node, built[child], entering, leaving))
        return built[0]

    def _keep_gate(self, number: int) -> None:
        """Keep all that the gate of a level is asked with."""
        mount = self.mounts[number]
        if mount is not None and mount.input_domain is not None:
            self.entering[number].update(mount.inputs)
            self.data[self.network.levels[number].parent].update([parent for parent, _ in mount.inputs])
            self.data[number].update([inner for _, inner in mount.inputs])

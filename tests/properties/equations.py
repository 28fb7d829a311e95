"""One solve by brute force: the distances and the chosen ways, if nothing more fails. Nothing here is fast.

Distances are the least solution of the equations

    D(x) = min over providers f of D(f) + arc(f, x),    D(f) = max or sum over inputs x of D(x) + arc(x, f), + weight

got by iterating them, from nothing known, until nothing changes: round `n` holds the cheapest derivations of depth `n`.
What is no such equation comes in stages, the nearest first, each followed by a fresh fixed point: the opening of a
gate, and the settling of a collecting node from what has arrived. After a failure, what a call was made with stays as
it was settled, and so does what was settled early before the distance of what failed.

A label is `(class, distance, rank, step)`. The rank is that of the node in the static graph of the zero-cost arcs (its
circles shrunk to points), the step counts the zero-cost arcs gone within one circle. So the label of a node is greater
than that of whatever it rests on, and two ways to a datum are compared by class, distance and step, then by the rule
for ties.

Where the definition leaves something open, this reading is taken:

* With "tree" the classes are summed like the distances: two last resorts are dearer than one.
* A collecting node that is settled early starts its class at distance 0.
* A collecting node is settled early only if somebody brings it a value, and is as near as the nearest who does.
* Where the steps within a circle are counted, a way into a child is none (so that what comes from the parent goes
  before the child's own); a way out of it, through a function, a gate or a collecting node is one.
* A wildcard that collects feeds the others what it made of the given value alone.
* What comes into a child over a link comes from START, as the child sees it.
* A gate inside a gated child opens for nobody before the outer one; START in any level below a gate waits for it.
* The distance of a function without inputs in a gated child: START enters at max(0, D(gate)), then the arc of weight 1.
* The circles of zero-cost arcs are those of the whole model, also after something in them failed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

import networkx as nx

from tests.properties.description import START, Datum, Fn, Model, Question, Sub


class Node(NamedTuple):
    """A node of the model laid flat. Kinds: data, wild (the wanted twin of a wildcard), fun, in, out, gate."""

    kind: str
    path: tuple[str, ...]


class Label(NamedTuple):
    """How far a node is; see the head of this file."""

    cls: int
    distance: float
    rank: int
    step: int

    @property
    def shown(self) -> float:
        """The distance that is reported."""
        return self.distance if self.cls == 0 else inf


class Provider(NamedTuple):
    """One way to a datum: from `node` (None: START) at a cost; `order` is its place in the rule for ties."""

    order: tuple[int, int, int, int]
    place: tuple[int, int]
    id: str
    node: Node | None
    cost: float


@dataclass
class Network:
    """A model laid flat, for one question."""

    model: Model
    question: Question
    nodes: list[Node] = field(default_factory=list)
    data: dict[Node, Datum] = field(default_factory=dict)
    functions: dict[Node, Fn] = field(default_factory=dict)
    subs: dict[Node, Sub] = field(default_factory=dict)
    providers: dict[Node, list[Provider]] = field(default_factory=dict)
    sources: dict[Node, list[tuple[Node, float]]] = field(default_factory=dict)
    gates: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    initial: dict[Node, float] = field(default_factory=dict)
    names: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._add_level(self.model, (), ())
        if self.question.wildcard:
            self._add_wildcards()
        zero = nx.DiGraph()
        zero.add_nodes_from(self.nodes)
        zero.add_edges_from((source, node) for source, node, cost in self.arcs() if cost == 0)
        circles = nx.condensation(zero)
        self.circle: dict[Node, int] = circles.graph["mapping"]
        rank = {c: k for k, group in enumerate(nx.topological_generations(circles)) for c in group}
        self.rank = {node: rank[circle] for node, circle in self.circle.items()}
        self.index = {node: k for k, node in enumerate(self.nodes)}

    def has_gate_in_circle(self) -> bool:
        """Whether a gate lies in a circle of zero-cost arcs: the definition does not say how many steps it counts."""
        crowd = Counter(self.circle.values())
        return any(crowd[self.circle[gate]] > 1 for gate in self.subs)

    def arcs(self) -> list[tuple[Node, Node, float]]:
        """Every arc with its cost: that of entering the node belongs to the arc."""
        found = [(source, node, cost) for node, arcs in self.sources.items() for source, cost in arcs]
        found += [(p.node, node, p.cost) for node, ways in self.providers.items() for p in ways if p.node]
        found += [(gate, node, 0.0) for node, gates in self.gates.items() for gate in gates]
        return found

    def _add_level(self, model: Model, path: tuple[str, ...], gates: tuple[Node, ...]) -> None:
        given = dict(self.question.given) if not path else {}
        self.names[path] = {item.id: item.name for item in (*model.data, *model.nodes)}
        for datum in model.data:
            node = Node("data", (*path, datum.id))
            self.nodes.append(node)
            self.data[node] = datum
            self.providers.setdefault(node, [])
            initial = given.get(datum.id, datum.default)
            self.gates[node] = gates if initial is not None else ()
            if initial is not None:
                self.initial[node] = initial
                self.providers[node].append(Provider((1, 0, 0, 0), (0, 0), START, None, 0.0))
        for position, item in enumerate(model.nodes):
            if isinstance(item, Fn):
                self._add_function(item, position, path, gates)
            else:
                self._add_sub(item, position, path, gates)

    def _add_function(self, fn: Fn, position: int, path: tuple[str, ...], gates: tuple[Node, ...]) -> None:
        node = Node("fun", (*path, fn.id))
        self.nodes.append(node)
        self.functions[node] = fn
        weights = dict(fn.inp_weight)
        self.sources[node] = [(Node("data", (*path, x)), weights.get(x, 1.0) + fn.weight) for x in fn.inputs]
        self.gates[node] = () if fn.inputs else gates
        weights = dict(fn.out_weight)
        for k, x in enumerate(fn.outputs):
            way = Provider((2, -fn.priority, position, k), (2, position), fn.id, node, weights.get(x, 1.0))
            self.providers[Node("data", (*path, x))].append(way)

    def _add_sub(self, sub: Sub, position: int, path: tuple[str, ...], gates: tuple[Node, ...]) -> None:
        below = (*path, sub.id)
        gate = Node("gate", below)
        if sub.gate is not None:
            self.nodes.append(gate)
            self.subs[gate] = sub
            parents = dict.fromkeys(parent for parent, _ in sub.inputs)
            self.sources[gate] = [(Node("data", (*path, parent)), 0.0) for parent in parents]
            self.gates[gate] = () if parents else gates
            gates = (*gates, gate)
        inp, out = dict(sub.inp_weight), dict(sub.out_weight)
        self._add_level(sub.model, below, gates)
        for k, (parent, child) in enumerate(sub.inputs):
            node = Node("in", (*below, parent, child))
            self._add_link(node, Node("data", (*path, parent)), inp.get(parent, 0.0) + sub.weight)
            self.gates[node] = gates if sub.gate is not None else ()
            way = Provider((0, 0, 0, k), (1, k), START, node, 0.0)
            self.providers[Node("data", (*below, child))].append(way)
        for k, (child, parent) in enumerate(sub.outputs):
            node = Node("out", (*below, child, parent))
            self._add_link(node, Node("data", (*below, child)), out.get(parent, 0.0))
            way = Provider((2, 0, position, k), (2, position), sub.id, node, 0.0)
            self.providers[Node("data", (*path, parent))].append(way)

    def _add_link(self, node: Node, source: Node, cost: float) -> None:
        self.nodes.append(node)
        self.sources[node] = [(source, cost)]
        self.gates[node] = ()

    def _add_wildcards(self) -> None:
        """Give each datum that is given and wanted a twin, which its providers compute and nobody consumes."""
        for x in self.question.outputs or ():
            node, twin = Node("data", (x,)), Node("wild", (x,))
            if x in dict(self.question.given):
                self.nodes.insert(self.nodes.index(node) + 1, twin)
                self.data[twin] = self.data[node]
                self.gates[twin] = ()
                self.providers[twin] = [way for way in self.providers[node] if way.node]
                self.providers[node] = [way for way in self.providers[node] if not way.node]

    def wanted(self, data_id: str) -> Node:
        """The node that a wanted id stands for."""
        twin = Node("wild", (data_id,))
        return twin if twin in self.data else Node("data", (data_id,))


@dataclass
class Past:
    """What is settled for good, and what failed; a provider that failed still counts where estimates are collected."""

    settled: dict[Node, tuple[Label, list[Provider]]] = field(default_factory=dict)
    opened: dict[Node, tuple[Label, frozenset[Node]]] = field(default_factory=dict)
    functions: set[Node] = field(default_factory=set)
    arcs: set[tuple[Node | None, Node]] = field(default_factory=set)
    ended: dict[tuple[Node | None, Node], Label] = field(default_factory=dict)
    refused: dict[Node, set[frozenset[Node]]] = field(default_factory=dict)
    data: set[Node] = field(default_factory=set)


class Plan:
    """The labels of everything that can be reached, and the chosen ways, if nothing more fails."""

    def __init__(self, network: Network, past: Past) -> None:
        self.network, self.past = network, past
        self.open = dict(past.opened)
        self.settled = dict(past.settled)
        self.labels = self._fixed_point()
        while self._open_nearest_gate() or self._settle_nearest_waiting():
            self.labels = self._fixed_point()
        self.chosen = {node: self._choose(node) for node in network.data if node in self.labels}
        self.needed = self._needed()

    def order(self, node: Node) -> tuple[Label, int]:
        """The place of a node in the order of work."""
        return self.labels[node], self.network.index[node]

    def calls(self) -> list[Node]:
        """The functions to be called, in order."""
        return sorted((n for n in self.needed if n.kind == "fun"), key=self.order)

    def _fixed_point(self) -> dict[Node, Label]:
        labels: dict[Node, Label] = {}
        while True:
            found = {node: self._label(node, labels) for node in self.network.nodes}
            reached = {node: label for node, label in found.items() if label is not None}
            if reached == labels:
                return labels
            labels = reached

    def _label(self, node: Node, labels: dict[Node, Label]) -> Label | None:
        """One application of the equations."""
        if node in self.past.functions or node in self.past.data:
            return None
        if node in self.settled:
            return self.settled[node][0]
        if node.kind == "gate":
            return self.open[node][0] if node in self.open else None
        if node in self.network.data:
            ways = self._arrived(node, labels)
            if not self.network.data[node].collect:
                return min(ways.values(), default=None)
            missing = len(ways) < len(self.network.providers[node])
            if missing or not any(self.lives(way, node) for way in ways):
                return None
            return self._combine(node, list(ways.values()))
        return self._label_of_call(node, labels)

    def _label_of_call(self, node: Node, labels: dict[Node, Label]) -> Label | None:
        """The label of a function or of a pass-through: all its inputs, then the gates that it passes."""
        sources = self.network.sources[node]
        gates = self.network.gates[node]
        if any(n not in labels for n, _ in sources) or any(gate not in labels for gate in gates):
            return None
        if node.kind == "fun" and not sources:
            cost = dict(self.network.functions[node].inp_weight).get(START, 1.0)
            start = self._start(node, 0.0, labels)
            cost += self.network.functions[node].weight
            return start and Label(start.cls, start.distance + cost, self.network.rank[node], start.step)
        weight = self.network.functions[node].weight if node.kind == "fun" else 0.0
        own = self._combine(node, [self.follow(node, n, labels[n], cost) for n, cost in sources], weight)
        return max([own, *(self.follow(node, gate, labels[gate], 0.0) for gate in gates)])

    def _arrived(self, node: Node, labels: dict[Node, Label]) -> dict[Provider, Label]:
        """The label with which each provider reaches a datum; those that ended count if estimates are collected."""
        found: dict[Provider, Label] = {}
        for way in self.network.providers[node]:
            label: Label | None = None
            if not self.lives(way, node):
                label = self.past.ended.get((way.node, node)) if self.network.data[node].collect else None
            elif way.node is None:
                label = self._start(node, self.network.initial[node], labels)
            elif way.node in labels:
                label = self.follow(node, way.node, labels[way.node], way.cost)
            if label is not None:
                found[way] = label
        return found

    def lives(self, way: Provider, node: Node) -> bool:
        """Whether a way to a datum has not failed."""
        return way.node not in self.past.functions and (way.node, node) not in self.past.arcs

    def _start(self, node: Node, initial: float, labels: dict[Node, Label]) -> Label | None:
        """The label of START at a node: its own distance, and not before the gates around it are open."""
        gates = self.network.gates[node]
        if any(gate not in labels for gate in gates):
            return None
        rank = self.network.rank[node]
        own = Label(1, 0.0, rank, 0) if initial == inf else Label(0, initial, rank, 0)
        return max([own, *(self.follow(node, gate, labels[gate], 0.0) for gate in gates)])

    def follow(self, node: Node, source: Node, label: Label, cost: float) -> Label:
        """The label of a way that comes from one node to another at a cost."""
        inside = cost == 0 and self.network.circle[node] == self.network.circle[source]
        collects = node in self.network.data and self.network.data[node].collect
        through = collects or node.kind in ("fun", "out") or source.kind == "gate"
        step = label.step + through if inside else 0
        return Label(label.cls, label.distance + cost, self.network.rank[node], step)

    def _combine(self, node: Node, labels: list[Label], weight: float = 0.0) -> Label:
        """The label of what needs all of these; each of them already holds the weight of the node."""
        top = max(labels)
        if self.network.question.objective == "span":
            return top
        cls = sum(label.cls for label in labels)
        total = sum(label.distance - weight for label in labels) + weight
        steps = [label.step for label in labels if label[:2] == (cls, total)]
        return Label(cls, total, self.network.rank[node], max(steps, default=0))

    def _open_nearest_gate(self) -> bool:
        """Open the gate that opens first, if one does: at the first arrival at which it was not yet refused."""
        ready: list[tuple[Label, int, frozenset[Node]]] = []
        for gate in self.network.subs:
            if gate not in self.open:
                ready += self._next_asking(gate)
        if not ready:
            return False
        label, index, arrived = min(ready, key=lambda asking: asking[:2])
        self.open[self.network.nodes[index]] = (label, arrived)
        return True

    def _next_asking(self, gate: Node) -> list[tuple[Label, int, frozenset[Node]]]:
        index = self.network.index[gate]
        refused = self.past.refused.get(gate, set())
        if not self.network.sources[gate]:
            label = self._start(gate, 0.0, self.labels)
            return [(label, index, frozenset())] if label and frozenset() not in refused else []
        arrivals = {
            source: self.follow(gate, source, self.labels[source], cost)
            for source, cost in self.network.sources[gate]
            if source in self.labels
        }
        for label in sorted(set(arrivals.values())):
            arrived = frozenset(source for source, arrival in arrivals.items() if arrival <= label)
            if arrived not in refused:
                return [(label, index, arrived)]
        return []

    def _settle_nearest_waiting(self) -> bool:
        """Settle one collecting node from what has arrived, if one has something; its class is a new one."""
        waiting: list[tuple[tuple[int, float], int]] = []
        for node in self.network.data:
            if node not in self.labels and node not in self.past.data and self.network.data[node].collect:
                ways = self._arrived(node, self.labels)
                near = [label[:2] for way, label in ways.items() if self.lives(way, node)]
                if near:
                    waiting.append((min(near), self.network.index[node]))
        if not waiting:
            return False
        node = self.network.nodes[min(waiting)[1]]
        cls = 1 + max((label.cls for label in self.labels.values()), default=0)
        arrived = [way for way in self._arrived(node, self.labels) if self.lives(way, node)]
        self.settled[node] = (Label(cls, 0.0, self.network.rank[node], 0), arrived)
        return True

    def _choose(self, node: Node) -> list[Provider]:
        """The provider of a datum, or all that contribute to a collecting one."""
        if node in self.settled:
            return self.settled[node][1]
        ways = self._arrived(node, self.labels)
        if self.network.data[node].collect:
            return [way for way in ways if self.lives(way, node)]
        return [min(ways, key=lambda way: (ways[way], way.order))]

    def _needed(self) -> set[Node]:
        """The nodes on the chosen derivations of what is wanted."""
        wanted = self.network.question.outputs
        if wanted is None:
            bare = [n for n, fn in self.network.functions.items() if not fn.outputs]
            todo = [n for n in (*self.network.data, *bare, *self.network.subs) if n in self.labels]
        else:
            todo = [n for n in map(self.network.wanted, wanted) if n in self.labels]
        return self.derivation(todo)

    def derivation(self, nodes: list[Node]) -> set[Node]:
        """These nodes and all that they rest on."""
        found: set[Node] = set()
        todo = list(nodes)
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo += self.rests_on(node)
        return found

    def rests_on(self, node: Node) -> list[Node]:
        """What must have a value, or be open, before this node."""
        if node.kind == "gate":
            return [*self.open[node][1], *self.network.gates[node]]
        if node in self.network.data:
            ways = self.chosen[node]
            started = any(way.node is None for way in ways)
            return [way.node for way in ways if way.node] + list(self.network.gates[node] if started else ())
        return [source for source, _ in self.network.sources[node]] + list(self.network.gates[node])

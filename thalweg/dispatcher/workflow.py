"""The arcs that a run used, as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tokens import ABSENT, SINK, START, UNKNOWN
from .network import Kind
from .nodes import NodeId
from .plan import public_distance

if TYPE_CHECKING:
    import networkx as nx

    from .solution import Record

__all__ = ["workflow"]


def workflow(record: Record, level: int = 0) -> nx.DiGraph[Any]:
    """The arcs of one level that were used, as a new graph.

    Parameters
    ----------
    record : Record
    level : int, optional

    Returns
    -------
    networkx.DiGraph
        Nodes have a ``kind`` (``"start"``, ``"data"``, ``"function"``, ``"sub_dispatcher"``, ``"sink"``), data also
        their ``distance``; a sub-dispatcher has the ``workflow`` of its own level.
    """
    levels = record.network.levels
    inside, stack = [], [level]
    while stack:
        inside.append(stack.pop())
        stack += levels[inside[-1]].subs.values()
    drawn: dict[int, nx.DiGraph[Any]] = {}
    for number in sorted(inside, reverse=True):  # children before what they are mounted in
        drawn[number] = _draw(record, number, drawn)
    return drawn[level]


def _draw(record: Record, level: int, drawn: dict[int, nx.DiGraph[Any]]) -> nx.DiGraph[Any]:
    """One level, with the graphs of its sub-dispatchers."""
    drawing = _Drawing(record, level)
    network = record.network
    for data_id, x in network.own_data(level):
        if drawing.is_used(x):
            drawing.graph.add_node(data_id, kind="data", distance=public_distance(record.search, x))
            drawing.draw_provider(record.search.provider[x], data_id)
    for f, x in network.sink_of.items():
        if network.function_level[f] == level and record.values[x] is not UNKNOWN:
            drawing.graph.add_node(SINK, kind="sink")
            drawing.draw_provider(f, SINK)
    for sub, child in network.levels[level].subs.items():
        drawing.draw_entries(sub, child)
        if sub in drawing.graph:
            drawing.graph.nodes[sub].update(kind="sub_dispatcher", workflow=drawn[child])
    return drawing.graph


class _Drawing:
    """A graph of one level in the making."""

    def __init__(self, record: Record, level: int) -> None:
        import networkx as nx

        self.record = record
        self.level = level
        self.graph: nx.DiGraph[Any] = nx.DiGraph()

    def is_used(self, x: int) -> bool:
        """Has the datum a value, and is it no default that nothing took?"""
        return self.record.values[x] is not UNKNOWN and not self.record.is_unused(x)

    def name(self, x: int) -> NodeId:
        """Id of a datum of this level; START for what is outside of it."""
        network = self.record.network
        data_id = network.data_ids[x]
        return START if network.data_level[x] != self.level or data_id is None else data_id

    def draw(self, source: NodeId, target: NodeId, kind: str) -> None:
        """An arc out of a node that may be new."""
        self.graph.add_node(source, kind=kind)
        self.graph.add_edge(source, target)

    def draw_provider(self, f: int, target: NodeId) -> None:
        """The arcs through which `target` got its value from `f`."""
        network, record = self.record.network, self.record
        kind = network.kind[f]
        if kind == Kind.COLLECT:
            for slot in record.search.takes(f):
                if record.values[slot] is not ABSENT:
                    self.draw_provider(record.search.provider[slot], target)
        elif kind == Kind.FUNCTION:
            node_id = network.records[f].id
            self.draw(node_id, target, "function")
            for x in network.arguments[f] or (0,):
                source = self.name(x)
                if source is START:
                    self.draw(START, node_id, "start")
                else:
                    self.graph.add_edge(source, node_id)
        elif kind == Kind.LINK and network.function_level[f] == self.level:
            self.draw(network.records[f].id, target, "sub_dispatcher")
        else:
            self.draw(START, target, "start")

    def draw_entries(self, sub: NodeId, child: int) -> None:
        """The links through which values entered a sub-dispatcher."""
        network, search = self.record.network, self.record.search
        for _, x in network.own_data(child):
            f = search.provider[x]
            if self.record.values[x] is UNKNOWN or f < 0:
                continue
            entries = [search.provider[slot] for slot in search.takes(f)] if network.kind[f] == Kind.COLLECT else [f]
            for link in entries:
                if link >= 0 and network.kind[link] == Kind.LINK and network.function_level[link] == self.level:
                    self.graph.add_edge(network.data_ids[network.inputs[link][0]], sub)

"""Functions of one model that others make superfluous: twins, and those that lose to another whenever it works.

Looks at records and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from types import MethodType
from typing import Any

from ..tokens import START
from .nodes import DataNode, FunctionNode, Node, NodeId

__all__ = ["dominated", "identity", "twins"]

_RIVALS = 50  # looked at for one function and one datum, so that thousands of providers do not cost their square


def identity(function: Callable[..., Any]) -> Any:
    """What two mentions of one callable have in common; a bound method is made anew at each mention."""
    return (id(function.__func__), id(function.__self__)) if isinstance(function, MethodType) else id(function)


def twins(nodes: Iterable[Node]) -> Iterator[tuple[FunctionNode, FunctionNode]]:
    """Pairs of functions of which the second does what the first does: the same callables with the same data."""
    known: dict[Any, FunctionNode] = {}
    for node in nodes:
        if isinstance(node, FunctionNode):
            domain = node.input_domain and identity(node.input_domain)
            filters = tuple([identity(function) for function in node.filters])
            first = known.setdefault((identity(node.function), node.inputs, node.outputs, domain, filters), node)
            if first is not node:
                yield first, node


def dominated(nodes: Iterable[Node]) -> Iterator[tuple[FunctionNode, list[FunctionNode]]]:
    """Functions that are never chosen unless others fail, with those others.

    For each of its outputs there is a provider without a domain that needs none but inputs of the function and is
    never dearer, whatever the inputs cost and with either objective; where it can be as dear, it comes first.

    Notes
    -----
    O(E), for at most 50 rivals of a function are looked at for each of its outputs, the cheapest first.  Twins are left
    out, and so are functions that give an estimate to a collecting datum.
    """
    everything = list(nodes)
    functions = [node for node in everything if isinstance(node, FunctionNode)]
    functions.sort(key=lambda node: -node.priority)
    order = {node.id: place for place, node in enumerate(functions)}
    rivals = _rivals(functions, {node.id for node in everything if isinstance(node, DataNode) and node.wait_inputs})
    needs = {node.id: frozenset(node.inputs) for node in functions}
    copies = {twin.id for _, twin in twins(functions)}
    for node in functions:
        winners: dict[NodeId, FunctionNode] = {}
        for datum in node.outputs if node.id not in copies else ():
            near = chain.from_iterable([rivals.get((datum, first), ()) for first in (START, *node.inputs)])
            able = [rival for rival in islice(near, _RIVALS) if needs[rival.id] <= needs[node.id]]
            winner = next((rival for rival in able if _wins(rival, node, datum, order)), None)
            if winner is None:
                break
            winners[winner.id] = winner
        else:
            if winners:
                yield node, list(winners.values())


def _rivals(functions: list[FunctionNode], collecting: set[NodeId]) -> dict[tuple[NodeId, NodeId], list[FunctionNode]]:
    """Functions without a domain by output and first input, the cheapest first."""
    found: dict[tuple[NodeId, NodeId], list[FunctionNode]] = {}
    for node in functions:
        for datum in node.outputs if node.input_domain is None else ():
            if datum not in collecting:
                found.setdefault((datum, node.inputs[0] if node.inputs else START), []).append(node)
    for (datum, _), group in found.items():
        group.sort(key=lambda node: max(_costs(node, datum).values()))
    return found


def _wins(rival: FunctionNode, node: FunctionNode, datum: NodeId, order: dict[NodeId, int]) -> bool:
    """Is `rival`, which needs no more than `node`, chosen for `datum` whenever that could be?"""
    if rival is node:
        return False
    mine, other = _costs(rival, datum), _costs(node, datum)
    # Nothing is nearer than START; with the objective "tree" the arcs add up, and what is common counts once.
    gains = [max(other.values()) - mine[START]] if START in mine else [other[x] - cost for x, cost in mine.items()]
    gains.append(_sum(node, datum) - _sum(rival, datum))
    if min(gains) > 0:
        return True
    # Between ways that cost nothing steps decide, so they are no case for this check.
    return min(gains) == 0 and order[rival.id] < order[node.id] and min(mine.values()) > 0


def _costs(node: FunctionNode, datum: NodeId) -> dict[NodeId, float]:
    """What the way from each input through the function to `datum` costs."""
    arcs, common = node.inp_weight or {}, node.weight + (node.out_weight or {}).get(datum, 1.0)
    return {x: arcs.get(x, 1.0) + common for x in node.inputs or (START,)}


def _sum(node: FunctionNode, datum: NodeId) -> float:
    costs = _costs(node, datum)
    common = node.weight + (node.out_weight or {}).get(datum, 1.0)
    return sum(costs.values()) - (len(costs) - 1) * common

"""What can be said of a model before it runs.

Each check is a function from a `_View` of the model to what it finds, and a row in `_CHECKS`.  Nothing is called and
nothing changed.  A finding is certain: in doubt nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any

from . import hints
from .network import Kind
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode
from .plan import path_text
from .tokens import EMPTY, START

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["Finding", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or suspicious.

    Attributes
    ----------
    severity : {"error", "warning"}
        An error makes a call fail or get a value of a wrong type; a warning may be meant so.
    kind : str
        ``"type"``, ``"arity"``, ``"unreachable"``, ``"dominated"``, ``"hidden"``, ``"unused"``, ``"collecting"``,
        ``"gate"`` or ``"duplicate"``.
    path : tuple of Hashable
        Ids from the top of the model to the node.
    message : str
        What it is, and what to do.
    """

    severity: str
    kind: str
    path: tuple[NodeId, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {path_text(self.path)}: {self.message}"


def check(dsp: Dispatcher) -> list[Finding]:
    r"""What is wrong or suspicious in a model, before it runs.

    Parameters
    ----------
    dsp : Dispatcher
        It is not changed, and none of its functions is called.

    Returns
    -------
    list of Finding
        Errors first, then in the order of the model.  Of a child that is mounted more than once, what holds wherever it
        is mounted is said once.

    Notes
    -----
    =============  ====================================================================================================
    kind           what was found
    =============  ====================================================================================================
    type           a function gives a datum values of a type that a consumer of the datum does not take
    arity          the annotated result of a function cannot be split over its outputs
    unreachable    a function in a mounted child that can never be called: an input has no provider, link or default
    dominated      a function that is never chosen unless another fails: that one needs no more, and is never dearer
    hidden         a default that is always nearer than what provides the datum
    unused         a datum that nothing gives and nothing takes
    collecting     a collecting datum with less than two providers
    gate           a gate without inputs: it is asked once, with nothing
    duplicate      the same callable twice, for the same data
    =============  ====================================================================================================

    O(E + V log V), and as much as the annotations take to be evaluated.  Of the data of the top level it is assumed
    that any may be given.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> def length(text: str) -> int:
    ...     return len(text)
    >>> def shout(text: str) -> str:
    ...     return text.upper()
    >>> dsp.add_function("length", length, ["word"], ["size"])
    'length'
    >>> dsp.add_function("shout", shout, ["size"], ["noise"])
    'shout'
    >>> print(*check(dsp), sep="\\n")
    error: shout: it takes 'size' as str, but 'length' gives it as int; change one of them, or the annotation
    """
    view = _View(dsp)
    placed = [(view.place(finding), finding) for find in _CHECKS for finding in find(view)]
    placed.sort(key=lambda item: item[0])
    return [finding for _, finding in placed]


class _View:
    """A model as the checks look at it: flat, with everything that may be given given; and level by level."""

    def __init__(self, dsp: Dispatcher) -> None:
        plan = dsp.solve([name for name, node in dsp.nodes.items() if isinstance(node, DataNode)])
        self.network = plan.network
        self.search = plan.search  # its distances are the least that are possible
        self.models = [dsp]
        for level in self.network.levels[1:]:
            node = self.models[level.parent].nodes[level.path[-1]]
            assert isinstance(node, SubDispatcherNode)
            self.models.append(node.dsp)
        self.hints: dict[Any, hints.Hints | None] = {}
        self._places: dict[int, dict[NodeId, int]] = {}
        self._level_at = {level.path: number for number, level in enumerate(self.network.levels)}

    def levels(self) -> Iterator[tuple[tuple[NodeId, ...], Dispatcher]]:
        """Each model once, with the path at which it stands first."""
        seen: set[int] = set()
        for level, dsp in zip(self.network.levels, self.models, strict=True):
            if id(dsp) not in seen:
                seen.add(id(dsp))
                yield level.path, dsp

    def place(self, finding: Finding) -> tuple[str, int, int]:
        """Where a finding stands in the list."""
        number = self._level_at[finding.path[:-1]]
        places = self._places.get(number)
        if places is None:
            places = self._places[number] = {name: k for k, name in enumerate(self.models[number].nodes)}
        return finding.severity, number, places[finding.path[-1]]

    def hints_of(self, node: FunctionNode) -> hints.Hints | None:
        """Annotations of a function, read once."""
        key = _identity(node.function)
        if key not in self.hints:
            self.hints[key] = hints.read(node.function)
        return self.hints[key]


def _identity(function: Callable[..., Any]) -> Any:
    """What two mentions of one callable have in common; a bound method is made anew at each mention."""
    return (id(function.__func__), id(function.__self__)) if isinstance(function, MethodType) else id(function)


def _names(ids: Iterable[NodeId]) -> str:
    return ", ".join(map(repr, ids))


def _types(view: _View) -> Iterator[Finding]:
    for path, dsp in view.levels():
        functions = [node for node in dsp.nodes.values() if isinstance(node, FunctionNode)]
        gives: dict[NodeId, list[tuple[FunctionNode, Any]]] = {}
        for node in functions:
            known = view.hints_of(node)
            if known is None or node.filters or not node.outputs:
                continue  # a filter may make anything of the result
            parts = hints.of_outputs(known.gives, len(node.outputs))
            if parts is None:
                count, given = len(node.outputs), hints.name_of(known.gives)
                message = f"it gives {given}, which cannot be split over its {count} outputs; give a tuple of {count}"
                yield Finding("error", "arity", (*path, node.id), message)
                continue
            for name, part in zip(node.outputs, parts, strict=True):
                datum = dsp.nodes[name]
                if isinstance(datum, DataNode) and not datum.wait_inputs and not datum.filters:
                    gives.setdefault(name, []).append((node, part))
        for node in functions:
            yield from _disagreements(view, path, node, gives)


def _disagreements(
    view: _View, path: tuple[NodeId, ...], node: FunctionNode, gives: dict[NodeId, list[tuple[FunctionNode, Any]]]
) -> Iterator[Finding]:
    """Inputs of a function that a provider gives as another type."""
    known = view.hints_of(node)
    if known is None:
        return
    for position, name in enumerate(node.inputs):
        wanted = known.of_input(position)
        for provider, given in gives.get(name, ()):
            if not hints.can_agree(given, wanted):
                takes = f"it takes {name!r} as {hints.name_of(wanted)}"
                other = f"{provider.id!r} gives it as {hints.name_of(given)}"
                cure = "change one of them, or the annotation"
                yield Finding("error", "type", (*path, node.id), f"{takes}, but {other}; {cure}")


def _unreachable(view: _View) -> Iterator[Finding]:
    network, settled = view.network, view.search.settled
    for function, record in enumerate(network.records):
        if network.kind[function] != Kind.FUNCTION or all(settled[u] for u in network.inputs[function]):
            continue
        lacking = [u for u in network.inputs[function] if not settled[u]]
        orphans = [network.data_ids[u] for u in lacking if not network.providers(u)]
        if not record.inputs:
            why = "the gate before it is never asked; link inputs to its sub-dispatcher"
        elif orphans:
            why = (
                f"{_names(orphans)} has no provider, link or default here; link it to the parent, or give it a default"
            )
        else:
            why = f"its input {_names([network.data_ids[u] for u in lacking])} can never be had here"
        yield Finding("warning", "unreachable", network.function_path(function), f"it can never be called: {why}")


def _dominated(view: _View) -> Iterator[Finding]:
    for path, dsp in view.levels():
        functions = [node for node in dsp.nodes.values() if isinstance(node, FunctionNode)]
        functions.sort(key=lambda node: -node.priority)
        field = _Field(dsp, functions)
        copies = {twin.id for _, twin in _twins(functions)}
        for node in functions:
            if node.id not in copies:
                winners = [field.winner(node, x) for x in node.outputs]
                if winners and all(winners):
                    others = _names(dict.fromkeys([winner.id for winner in winners if winner]))
                    cure = "good for a fallback; else make it cheaper, or give the other a domain"
                    yield Finding(
                        "warning", "dominated", (*path, node.id), f"it is used only if {others} fails: {cure}"
                    )


class _Field:
    """The providers of each datum of one model, and which of them always wins against another."""

    LOOKED_AT = 50  # rivals of one function for one datum, so that thousands of providers do not cost their square

    def __init__(self, dsp: Dispatcher, functions: list[FunctionNode]) -> None:
        self.order = {node.id: k for k, node in enumerate(functions)}
        collecting = {name for name, node in dsp.nodes.items() if isinstance(node, DataNode) and node.wait_inputs}
        self.rivals: dict[tuple[NodeId, NodeId], list[tuple[float, int, FunctionNode]]] = {}
        for node in functions:
            if node.input_domain is None:
                cost = node.weight + sum((node.inp_weight or {}).values())
                first = node.inputs[0] if node.inputs else START
                for x in node.outputs:
                    if x not in collecting:
                        self.rivals.setdefault((x, first), []).append((cost, self.order[node.id], node))
        for rivals in self.rivals.values():
            rivals.sort(key=lambda rival: rival[:2])

    def winner(self, node: FunctionNode, datum: NodeId) -> FunctionNode | None:
        """A function that gives `datum` whenever `node` could, at no greater distance."""
        left = self.LOOKED_AT
        for first in dict.fromkeys((START, *node.inputs)):
            for _, _, rival in self.rivals.get((datum, first), ())[:left]:
                left -= 1
                if rival is not node and self._wins(rival, node, datum):
                    return rival
        return None

    def _wins(self, rival: FunctionNode, node: FunctionNode, datum: NodeId) -> bool:
        mine, other = _costs(rival, datum), _costs(node, datum)
        if START in mine:  # it is no farther from anything than from START
            mine, other = {START: mine[START]}, {START: max(other.values())}
        elif not mine.keys() <= other.keys():
            return False
        gains = [other[x] - cost for x, cost in mine.items()]
        # The same for the objective "tree": there the costs of all inputs add up.
        gains.append(sum(_costs(node, datum, once=True).values()) - sum(_costs(rival, datum, once=True).values()))
        if min(gains) > 0:
            return True
        first = self.order[rival.id] < self.order[node.id]
        return first and min(gains) >= 0 and min(mine.values()) > 0  # free ways are compared by steps instead


def _costs(node: FunctionNode, datum: NodeId, *, once: bool = False) -> dict[NodeId, float]:
    """What the way from each input through the function to `datum` costs; `once` counts the common part once."""
    entering, common = node.inp_weight or {}, node.weight + (node.out_weight or {}).get(datum, 1.0)
    costs = {x: entering.get(x, 1.0) + (0.0 if once else common) for x in node.inputs or (START,)}
    return {**costs, None: common} if once else costs


def _hidden(view: _View) -> Iterator[Finding]:
    network, search = view.network, view.search
    for number, level in enumerate(network.levels):
        for name, datum in level.index.items():
            node = view.models[number].nodes[name]
            assert isinstance(node, DataNode)
            if node.default_value is EMPTY or node.wait_inputs or node.filters:
                continue
            arcs = [(f, w) for f, w in network.providers(datum) if network.kind[f] != Kind.DEFAULT]
            arcs = [(f, w) for f, w in arcs if not search.pending[f]]
            nearer = [
                search.ready_at[f] + w > node.initial_dist
                or (search.ready_at[f] + w == node.initial_dist and network.kind[f] == Kind.FUNCTION)
                for f, w in arcs
            ]
            if nearer and all(nearer) and (level.gate < 0 or all(network.kind[f] == Kind.FUNCTION for f, _ in arcs)):
                others = _names(dict.fromkeys([network.records[f].id for f, _ in arcs]))
                message = f"its default, at distance {node.initial_dist:g}, is always nearer than {others}"
                cure = "give the default an initial_dist (inf: a last resort), or take it away"
                yield Finding("warning", "hidden", (*level.path, name), f"{message}; {cure}")


def _unused(view: _View) -> Iterator[Finding]:
    network = view.network
    used = {
        (id(view.models[network.data_level[x]]), network.data_ids[x])
        for x, consumers in enumerate(network.consumers)
        if x and (consumers or any(network.kind[f] != Kind.DEFAULT for f, _ in network.providers(x)))
    }
    for path, dsp in view.levels():
        for name, node in dsp.nodes.items():
            if isinstance(node, DataNode) and not node.wait_inputs and (id(dsp), name) not in used:
                yield Finding("warning", "unused", (*path, name), "nothing gives it and nothing takes it; leave it out")


def _collecting(view: _View) -> Iterator[Finding]:
    network, seen = view.network, set()
    for function, datum in network.collectors.items():
        record = network.records[function]
        slots = [slot for slot in network.inputs[function] if slot not in network.idle_slots]
        slots += [slot for slot in network.inputs[function] if slot in network.idle_slots and datum in network.defaults]
        if len(slots) < 2 and id(record) not in seen:
            seen.add(id(record))
            what = f"a single provider, {network.slot_of[slots[0]]!r}" if slots else "no provider"
            message = f"it collects the estimates of {what}; leave out wait_inputs, or add the others"
            yield Finding("warning", "collecting", network.data_path(datum), message)


def _gates(view: _View) -> Iterator[Finding]:
    for path, dsp in view.levels():
        for node in dsp.nodes.values():
            if isinstance(node, SubDispatcherNode) and node.input_domain is not None and not node.inputs:
                message = (
                    "its gate has no inputs and is asked once, with nothing; link inputs, or leave out input_domain"
                )
                yield Finding("warning", "gate", (*path, node.id), message)


def _duplicates(view: _View) -> Iterator[Finding]:
    for path, dsp in view.levels():
        functions = [node for node in dsp.nodes.values() if isinstance(node, FunctionNode)]
        for node, twin in _twins(functions):
            message = f"it does the same as {node.id!r}, with the same data; leave one of them out"
            yield Finding("warning", "duplicate", (*path, twin.id), message)


def _twins(functions: Iterable[FunctionNode]) -> Iterator[tuple[FunctionNode, FunctionNode]]:
    """Functions that do what an earlier one does."""
    known: dict[Any, FunctionNode] = {}
    for node in functions:
        extras = (node.input_domain and _identity(node.input_domain), tuple(map(_identity, node.filters)))
        first = known.setdefault((_identity(node.function), node.inputs, node.outputs, extras), node)
        if first is not node:
            yield first, node


_CHECKS = (_types, _unreachable, _dominated, _hidden, _unused, _collecting, _gates, _duplicates)

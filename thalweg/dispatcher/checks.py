"""What can be said of a model before it runs.

Each check is a function from a `_View` of the model to what it finds, and a row in `_CHECKS`.  Nothing is called and
nothing changed.  A finding is certain: in doubt nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..tokens import EMPTY
from .dominance import dominated, identity, twins
from .hints import Hints, can_agree, name_of, of_outputs, read_hints
from .network import Kind
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode
from .plan import path_text

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
    >>> print(*check(dsp), sep="\n")
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
        self.hints: dict[Any, Hints | None] = {}
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

    def hints_of(self, node: FunctionNode) -> Hints | None:
        """Annotations of a function, read once."""
        key = identity(node.function)
        if key not in self.hints:
            self.hints[key] = read_hints(node.function)
        return self.hints[key]


def _names(ids: Iterable[NodeId]) -> str:
    return ", ".join(map(repr, ids))


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
        for node, winners in dominated(dsp.nodes.values()):
            cure = "right for a fallback; else let it cost less, or give the other a domain"
            message = f"it is used only where {_names([winner.id for winner in winners])} fails: {cure}"
            yield Finding("warning", "dominated", (*path, node.id), message)


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
        for node, twin in twins(dsp.nodes.values()):
            message = f"it does the same as {node.id!r}, with the same data; leave one of them out"
            yield Finding("warning", "duplicate", (*path, twin.id), message)


def _types(view: _View) -> Iterator[Finding]:
    network = view.network
    given = _given_types(view)
    said: set[tuple[int, int, int]] = set()  # the same records may be mounted twice
    for function, record in enumerate(network.records):
        hints = view.hints_of(record) if network.kind[function] == Kind.FUNCTION else None
        if hints is None:
            continue
        for position, datum in enumerate(network.arguments[function]):
            wanted = hints.of_input(position)
            for offered, provider in given.get(datum, {}).values():
                case = (id(record), position, id(network.records[provider]))
                if case not in said and not can_agree(offered, wanted):
                    said.add(case)
                    yield _disagreement(view, (provider, offered), (function, wanted), position)


def _disagreement(view: _View, gives: tuple[int, Any], takes: tuple[int, Any], position: int) -> Finding:
    """Say that a consumer and a provider do not agree."""
    path, source = view.network.function_path(takes[0]), view.network.function_path(gives[0])
    name = source[-1] if source[:-1] == path[:-1] else path_text(source)
    datum = view.network.records[takes[0]].inputs[position]
    wanted, offered = name_of(takes[1]), name_of(gives[1])
    message = f"it takes {datum!r} as {wanted}, but {name!r} gives it as {offered}"
    return Finding("error", "type", path, f"{message}; change one of them, or the annotation")


def _given_types(view: _View) -> dict[int, dict[Any, tuple[Any, int]]]:
    """By datum: types of the values that its providers give, each with the first function that does, links followed.

    A filter or an estimator may give something else than what it gets, so beyond one nothing is known.
    """
    network = view.network
    changed = {x for x, node in network.extras.items() if node.filters}
    found: dict[int, dict[Any, tuple[Any, int]]] = {}
    queue: list[tuple[int, Any, int]] = []
    for function, record in enumerate(network.records):
        if network.kind[function] == Kind.FUNCTION and not record.filters:
            hints = view.hints_of(record)
            gives = of_outputs(hints.gives, len(record.outputs)) if hints else None
            targets = [datum for datum, _ in network.provides[function]]
            queue += [(datum, given, function) for datum, given in zip(targets, gives or (), strict=False)]
    for datum, given, function in queue:  # the list grows while it is read
        known = found.setdefault(datum, {})
        key = given if isinstance(given, type) else str(given)
        if given is Any or key in known or datum in changed or datum in network.slot_of:
            continue
        known[key] = (given, function)
        for link in network.consumers[datum]:
            if network.kind[link] == Kind.LINK:
                queue.append((network.provides[link][0][0], given, function))
    return found


def _arities(view: _View) -> Iterator[Finding]:
    for path, dsp in view.levels():
        for node in dsp.nodes.values():
            if not isinstance(node, FunctionNode) or node.filters:
                continue
            hints = view.hints_of(node)
            if hints is not None and of_outputs(hints.gives, len(node.outputs)) is None:
                message = f"it gives {name_of(hints.gives)} for its {len(node.outputs)} outputs"
                yield Finding("error", "arity", (*path, node.id), f"{message}; let it give a tuple of as many values")


_CHECKS: tuple[Callable[[_View], Iterator[Finding]], ...] = (
    _types,
    _arities,
    _unreachable,
    _dominated,
    _hidden,
    _unused,
    _collecting,
    _gates,
    _duplicates,
)

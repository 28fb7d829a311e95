"""Why a run went the way it went: answers made from its record, when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from ..errors import UnknownNodeError
from ..tokens import ABSENT, RELEASED, START, UNKNOWN
from .failures import Failure
from .network import Kind, Network
from .nodes import NodeId
from .plan import path_text, public_distance, public_provider
from .search import Search

if TYPE_CHECKING:
    from .solution import Record

__all__ = ["Alternative", "Explanation", "Explanations", "WhyNot", "alternatives", "explain", "explain_all", "why_not"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A provider of a datum that was not chosen, and what became of it.

    Attributes
    ----------
    provider : Hashable
    state : str
        ``"dearer"``, ``"failed"``, ``"refused"``, ``"gave nothing"``, ``"missing inputs"`` or ``"not reached"``.
    distance : float or None
        What the datum would have cost, where that is known.
    missing : tuple of Hashable
        Inputs that it lacked.
    failure : Failure or None
    """

    provider: NodeId
    state: str
    distance: float | None = None
    missing: tuple[NodeId, ...] = ()
    failure: Failure | None = None

    def __str__(self) -> str:
        if self.state == "dearer":
            return f"{self.provider}: dearer, at distance {self.distance:g}"
        if self.missing:
            return f"{self.provider}: lacked {', '.join(map(repr, self.missing))}"
        if self.failure is not None:
            error = self.failure.error
            return f"{self.provider}: {self.state}, {type(error).__name__}: {error}"
        return f"{self.provider}: {self.state}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a datum has the value that it has.

    Attributes
    ----------
    id : Hashable
    value : object
    provider : Hashable or tuple of Hashable
        START, or what gave it; all that contributed to a collecting datum.
    distance : float
    inputs : dict of Hashable to float
        Data that the provider took, with their distances.
    alternatives : tuple of Alternative
    run : str or None
        Of a value that was taken from a journal: the run that has it there.
    """

    id: NodeId
    value: Any
    provider: NodeId | tuple[NodeId, ...]
    distance: float
    inputs: dict[NodeId, float]
    alternatives: tuple[Alternative, ...]
    run: str | None = None

    def __str__(self) -> str:
        if self.provider is START:
            origin = "given"
        elif isinstance(self.provider, tuple):
            origin = f"collected from {', '.join(map(str, self.provider))}"
        else:
            origin = f"from {self.provider}({', '.join(map(str, self.inputs))})"
        if self.run is not None:
            origin += f", recorded in run {self.run!r}"
        value = repr(self.value)
        value = value if len(value) <= 60 else value[:57] + "..."
        lines = [f"{self.id} = {value}: {origin}, at distance {self.distance:g}"]
        lines += [f"    not {alternative}" for alternative in self.alternatives]
        return "\n".join(lines)


class Explanations(dict[NodeId, Explanation]):
    """Explanations by datum; as text, one after the other."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.values()))


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a datum has no value.

    Attributes
    ----------
    id : Hashable
    reason : str
        ``"known"`` (it has one), ``"not wanted"`` (it could be had, but nothing wanted needs it), ``"released"`` (let
        go, for nothing could need it any more), ``"stopped"`` (the run ended before) or ``"unreachable"``.
    missing : tuple of Hashable
        Data that nothing gives and that stand in the way; paths where they are of sub-dispatchers.
    failures : tuple of Failure
        Failures that stand in the way.
    providers : tuple of Alternative
        What became of each provider.
    """

    id: NodeId
    reason: str
    missing: tuple[NodeId, ...] = ()
    failures: tuple[Failure, ...] = ()
    providers: tuple[Alternative, ...] = ()

    def __str__(self) -> str:
        if self.reason != "unreachable":
            return f"{self.id}: {self.reason}"
        lines = [f"{self.id}: it cannot be had"]
        lines += [f"    {provider}" for provider in self.providers]
        if self.missing:
            lines.append(f"    nothing gives {', '.join(map(repr, self.missing))}")
        lines += [f"    failed: {failure}" for failure in self.failures]
        return "\n".join(lines)


def explain_all(record: Record, level: int, data: Iterable[NodeId]) -> Explanations:
    """Explain all known data of a level."""
    index = record.network.levels[level].index
    return Explanations({data_id: explain(record, level, data_id) for data_id in data if data_id in index})


def explain(record: Record, level: int, data_id: NodeId) -> Explanation:
    """Explain one datum.

    Raises
    ------
    UnknownNodeError
        The datum is not in the model, or has no value.
    """
    network, search = record.network, record.search
    x = _number(network, level, data_id)
    if record.values[x] is UNKNOWN:
        reason = why_not(record, level, data_id)
        raise UnknownNodeError(f"there is no value to explain; {reason}", name=data_id, suggestions=())
    provider = public_provider(network, search, x)
    if isinstance(provider, tuple) and network.kind[search.provider[x]] == Kind.COLLECT:
        taken = [slot for slot in search.takes(search.provider[x]) if record.values[slot] is not ABSENT]
        provider = tuple([network.slot_of[slot] for slot in taken])
        inputs = {network.slot_of[slot]: public_distance(search, slot) for slot in taken}
    else:
        taken = [u for u in network.arguments[search.provider[x]] if network.data_ids[u] is not None]
        inputs = {} if provider is START else {network.data_ids[u]: public_distance(search, u) for u in taken}
    distance, others = public_distance(search, x), alternatives(record, search, x)
    return Explanation(data_id, record.value(x), provider, distance, inputs, others, _run(record, search.provider[x]))


def _run(record: Record, function: int) -> str | None:
    """Of a call whose value was taken from a journal: its run there."""
    return record.recorded.run if record.recorded is not None and function in record.recalled else None


def _number(network: Network, level: int, data_id: NodeId) -> int:
    index = network.levels[level].index
    if data_id not in index:
        raise UnknownNodeError.among(data_id, index, "datum")
    return network.levels[level].outlet.get(data_id, index[data_id])


def alternatives(record: Record, search: Search, x: int) -> tuple[Alternative, ...]:
    """What became of the providers of `x` that were not chosen, in the order of ties.

    Parameters
    ----------
    record : Record
    search : Search
        That of the record, or a copy that went on from it.
    x : int
        Number of the datum.
    """
    network = record.network
    failures = {failure.function: failure for failure in record.failures}
    result: list[Alternative] = []
    chosen = search.provider[x]
    if chosen >= 0 and network.kind[chosen] == Kind.COLLECT:
        return _not_collected(record, search, chosen)
    for f, weight in network.providers(x):
        if f == chosen:
            continue
        name = network.provider_id(f, x)
        if f in search.dead:
            failure = failures.get(f)
            state = "refused" if failure is not None and failure.kind == "refused" else "failed"
            result.append(Alternative(name, state, failure=failure))
        elif (f, x) in search.gone:
            result.append(Alternative(name, "gave nothing", failure=failures.get(f)))
        elif search.pending[f] > 0:
            lacking = [u for u in network.inputs[f] if not search.settled[u]]
            names = tuple([network.data_ids[u] for u in lacking if network.data_ids[u] is not None])
            state = "missing inputs" if search.left <= 0 and not search.frontier.distances else "not reached"
            result.append(Alternative(name, state, missing=names if state == "missing inputs" else ()))
        else:
            distance = search.ready_at[f] + weight
            result.append(Alternative(name, "dearer", inf if distance >= network.far else distance))
    return tuple(result)


def _not_collected(record: Record, search: Search, collector: int) -> tuple[Alternative, ...]:
    """What became of the providers whose estimates a collection did not get."""
    network = record.network
    failures = {failure.function: failure for failure in record.failures}
    taken = search.takes(collector)
    result: list[Alternative] = []
    for slot in network.inputs[collector]:
        provider = network.slot_of[slot]
        arcs = network.providers(slot)
        failure = next((failures[f] for f, _ in arcs if f in failures), None)
        if slot in taken and record.values[slot] is ABSENT:
            state = "gave nothing" if failure is None else "refused" if failure.kind == "refused" else "failed"
            result.append(Alternative(provider, state, failure=failure))
        elif slot not in taken and arcs:
            lacking = [u for f, _ in arcs for u in network.inputs[f] if not search.settled[u]]
            names = tuple([network.data_ids[u] for u in lacking if network.data_ids[u] is not None])
            result.append(Alternative(provider, "missing inputs" if names else "not reached", missing=names))
    return tuple(result)


def why_not(record: Record, level: int, data_id: NodeId) -> WhyNot:
    """Say why a datum has no value.

    Raises
    ------
    UnknownNodeError
        The datum is not in the model.
    """
    network = record.network
    x = _number(network, level, data_id)
    if record.values[x] is RELEASED:
        return WhyNot(data_id, "released")
    if record.is_unused(x):
        return WhyNot(data_id, "not wanted")
    if record.values[x] is not UNKNOWN:
        return WhyNot(data_id, "known")
    search = record.search.copy()
    search.left = -1  # as if everything were wanted: can it be had at all?
    search.advance()
    if search.settled[x]:
        return WhyNot(data_id, "stopped" if record.stopped else "not wanted")
    missing, failures = _obstacles(record, search, x)
    return WhyNot(data_id, "unreachable", missing, failures, alternatives(record, search, x))


def _obstacles(record: Record, search: Search, x: int) -> tuple[tuple[NodeId, ...], tuple[Failure, ...]]:
    """What `x` waits for, all the way back: data that nothing gives, and failures."""
    network = record.network
    by_function = {failure.function: failure for failure in record.failures}
    by_node = {failure.node: failure for failure in record.failures}
    missing: dict[NodeId, None] = {}
    failures: dict[str, Failure] = {}
    stack, seen = [x], {x}
    while stack:
        v = stack.pop()
        arcs = network.providers(v)
        path = network.data_path(v)
        if path in by_node:
            failures[by_node[path].path] = by_node[path]
        elif not arcs and network.data_ids[v] is not None:
            missing[path[0] if len(path) == 1 else path_text(path)] = None
        for f, _ in arcs:
            if f in by_function:
                failures[by_function[f].path] = by_function[f]
            elif f not in search.dead:
                new = [u for u in network.inputs[f] if not search.settled[u] and u not in seen]
                seen.update(new)
                stack += new
    return tuple(missing), tuple(failures.values())

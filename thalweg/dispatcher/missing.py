"""What a person must still measure or look up, so that the wanted outputs can be computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ..errors import UnknownNodeError
from .building import check_ids
from .network import Kind, Network
from .nodes import NodeId
from .plan import make_plan
from .search import Search

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["missing"]

_GOAL = -1  # stands for all that is wanted
_SPARE = 8  # sets kept for a datum on the way, beyond those that are asked for


def missing(
    dsp: Dispatcher,
    outputs: Iterable[NodeId],
    inputs: Iterable[NodeId] = (),
    k: int = 5,
    *,
    among: Iterable[NodeId] | None = None,
) -> list[tuple[NodeId, ...]]:
    """Cheapest sets of further inputs that would make all outputs computable.

    Parameters
    ----------
    dsp : Dispatcher
    outputs : iterable of Hashable
        Wanted data.
    inputs : iterable of Hashable, optional
        Data that are given already.
    k : int, optional
        Give at most so many sets.
    among : iterable of Hashable, optional
        Data that could be supplied; by default all of the model but the outputs.

    Returns
    -------
    list of tuple of Hashable
        Fewest values first, then those that bring the outputs nearest, then in the order of the model; none contains
        another.  ``[()]`` if nothing is missing.

    Raises
    ------
    UnknownNodeError
        An id is not in the model.

    Notes
    -----
    A best-first search over the flat network, in which each datum keeps the smallest sets that make it computable, no
    set containing another [1]_.  Finding the smallest set is hard in general (it contains minimum set cover), so a
    datum keeps at most ``k + 8`` sets on the way: what is given always suffices, and is the smallest unless more than
    that many ways to one datum must be told apart.

    References
    ----------
    .. [1] L. Huang, D. Chiang, "Better k-best parsing", IWPT 2005 (the lazy merging of the ways into a node); here
       the cost of a way is the size of a union, so shared values count once.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> _ = dsp.add_function("f", max, ["a", "b"], ["c"])
    >>> _ = dsp.add_function("g", abs, ["d"], ["c"])
    >>> missing(dsp, ["c"], ["a"])
    [('b',), ('d',)]
    """
    network = dsp.make_network()
    index = network.top.index
    wanted = _numbers(check_ids(outputs, "outputs", once=False), index, "output")
    given = check_ids(inputs, "inputs", once=False)
    _numbers(given, index, "input")
    distances = dict.fromkeys(given, 0.0)
    plan = make_plan(network, distances)
    if all(plan.search.settled[x] for x in wanted):
        return [()]
    if among is None:
        allowed = set(index.values()).difference(wanted)
    else:
        allowed = set(_numbers(check_ids(among, "among", once=False), index, "datum in among"))
    sets = _Sets(plan.search, allowed, k + _SPARE).of(wanted)
    named = [tuple([network.data_ids[x] for x in sorted(one)]) for one in sets]
    names = [name for name in network.data_ids if name in index]
    place = {name: number for number, name in enumerate(names)}

    def nearness(one: tuple[NodeId, ...]) -> tuple[int, float, list[int]]:
        nearer = make_plan(network, distances | dict.fromkeys(one, 0.0), [network.data_ids[x] for x in wanted])
        reached = max([nearer.search.dist[x] for x in wanted])
        return len(one), reached, [place[name] for name in one]

    return sorted(named, key=nearness)[:k]


def _numbers(names: Iterable[NodeId], index: dict[NodeId, int], what: str) -> list[int]:
    numbers: list[int] = []
    for name in names:
        if name not in index:
            raise UnknownNodeError.among(name, index, what)
        numbers.append(index[name])
    return numbers


class _Sets:
    """Smallest sets of further inputs by datum, found smallest first, and the nearest of equal ones first.

    A way is a pair of a set and the distance at which it makes a datum computable.
    """

    def __init__(self, search: Search, allowed: set[int], most: int) -> None:
        self.network: Network = search.network
        self.search = search
        self.allowed = allowed
        self.most = most
        self.found: dict[int, dict[frozenset[int], float]] = {}
        self.heap: list[tuple[int, float, list[int], int, frozenset[int]]] = []

    def of(self, wanted: list[int]) -> list[frozenset[int]]:
        """Sets that make all of `wanted` computable."""
        relevant, functions = self._relevant(wanted)
        takers: dict[int, list[int]] = {}
        for f in functions:
            for u in dict.fromkeys(self._takes(f)):
                takers.setdefault(u, []).append(f)
        for u in sorted(relevant):
            if self.search.settled[u]:
                self._push(u, frozenset(), self.search.dist[u])
            elif u in self.allowed:
                self._push(u, frozenset([u]), 0.0)
        while self.heap and len(self.found.get(_GOAL, ())) < self.most:
            _, distance, _, v, one = heappop(self.heap)
            if self._keep(v, one, distance):
                for f in takers.get(v, ()):
                    self._spread(f, v, one, relevant)
                if v in wanted:
                    for union, reached in self._ways(None, wanted, v, one):
                        self._push(_GOAL, union, reached)
        return list(self.found.get(_GOAL, ()))

    def _spread(self, f: int, v: int, one: frozenset[int], relevant: set[int]) -> None:
        """What a function gives by way of `one` for its input `v`."""
        for union, reached in self._ways(f, self._takes(f), v, one):
            for y, w in self.network.provides[f]:
                if y in relevant:
                    self._push(y, union, reached + w)

    def _relevant(self, wanted: list[int]) -> tuple[set[int], list[int]]:
        """Data that the wanted ones could rest on, as far as what is known already, and the functions between."""
        relevant, functions = set(wanted), dict[int, None]()
        stack = list(wanted)
        while stack:
            v = stack.pop()
            if self.search.settled[v]:
                continue
            for f, _ in self.network.providers(v):
                functions[f] = None
                for u in self.network.inputs[f]:
                    if u not in relevant:
                        relevant.add(u)
                        stack.append(u)
        return relevant, list(functions)

    def _takes(self, f: int) -> tuple[int, ...]:
        """What a function needs; a collection needs but one of its estimates, see `_keep`."""
        return () if self.network.kind[f] == Kind.COLLECT else self.network.inputs[f]

    def _push(self, v: int, one: frozenset[int], distance: float) -> None:
        heappush(self.heap, (len(one), distance, sorted(one), v, one))

    def _keep(self, v: int, one: frozenset[int], distance: float) -> bool:
        """Keep a set unless it contains one that was kept, or there are enough."""
        kept = self.found.setdefault(v, {})
        if len(kept) >= self.most or any(other <= one for other in kept):
            return False
        kept[one] = distance
        if v in self.network.slot_of:  # one estimate makes a collecting datum computable
            for f in self.network.consumers[v]:
                for y, _ in self.network.provides[f]:
                    self._push(y, one, distance)
        return True

    def _ways(
        self, f: int | None, taken: Sequence[int], v: int, one: frozenset[int]
    ) -> list[tuple[frozenset[int], float]]:
        """Ways to a function (None: to all that is wanted) through `one` for `v`; the smallest only."""
        arc = self.network.arc if f is not None else _no_arc
        number = f if f is not None else _GOAL
        ways = {one: self.found[v][one] + arc(v, number)}
        for u in dict.fromkeys(taken):
            if u == v:
                continue
            kept = self.found.get(u)
            if not kept:
                return []
            merged: dict[frozenset[int], float] = {}
            for union, reached in ways.items():
                for other, distance in kept.items():
                    both, farther = union | other, max(reached, distance + arc(u, number))
                    merged[both] = min(farther, merged.get(both, farther))
            smallest = sorted(merged.items(), key=_size_and_distance)
            ways = dict(smallest[: self.most])
        weight = self.network.weight[f] if f is not None else 0.0
        return [(union, reached + weight) for union, reached in ways.items()]


def _no_arc(_: int, __: int) -> float:
    return 0.0


def _size_and_distance(way: tuple[frozenset[int], float]) -> tuple[int, float, list[int]]:
    return len(way[0]), way[1], sorted(way[0])

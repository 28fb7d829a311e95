"""Distances: which data can be had, how dear they are, and by which provider.

It decides and never acts: it calls no user code, holds no values, and knows no clock, thread or executor.  It is
Knuth's generalisation of Dijkstra's algorithm to functions of several inputs [1]_ on the flat network (a directed
hypergraph [2]_).

States of a datum::

    unknown --candidate--> tentative --nearest--> settled

References
----------
.. [1] D. E. Knuth, "A generalization of Dijkstra's algorithm", Information Processing Letters 6(1), 1977.
.. [2] G. Gallo, G. Longo, S. Pallottino, S. Nguyen, "Directed hypergraphs and applications", Discrete Applied
   Mathematics 42, 1993.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any

from .frontier import Frontier, by_rank
from .network import Kind, Network

__all__ = ["PAUSED", "Settling"]

_ENTRIES = (Kind.LINK, Kind.DEFAULT)  # they wait for a gate, and do not add its distance to theirs
PAUSED = 2  # settled, but its consumers do not know it yet


class Settling:
    """Distances and chosen providers on one network, for one set of given data.

    Parameters
    ----------
    network : Network
    seeds : dict of int to (float, int)
        Data that are given: distance, and the START number that stands for their provider.
    wanted : sequence of int or None
        Data that bound the search; None for everything.
    tree : bool
        Objective ``"tree"`` (sum over the inputs) instead of ``"span"`` (maximum).
    banned : iterable of int, optional
        Functions that are not to be used.

    Attributes
    ----------
    dist : list of float
        By datum: tentative or settled distance, ``inf`` if unknown.
    provider : list of int
        By datum: function that gives it, -1 if unknown.
    settled : bytearray
        By datum: 0 if it is not, 1 if it is; 2 if it is, but the search pauses there.
    left : int
        Number of wanted data that are not settled; -1 where everything is wanted.

    Notes
    -----
    O(E + V log V) steps of the heap of distinct distances in the worst case; O(E) where distances repeat.
    """

    __slots__ = (
        "clock",
        "dead",
        "dist",
        "doubted",
        "empty",
        "forced",
        "frontier",
        "goal",
        "gone",
        "hops",
        "horizon",
        "is_patient",
        "left",
        "network",
        "offers",
        "pending",
        "provider",
        "rank",
        "ready_at",
        "refused",
        "repaired",
        "seeds",
        "settled",
        "tree",
        "values",
        "wanted",
    )

    def __init__(
        self,
        network: Network,
        seeds: dict[int, tuple[float, int]],
        wanted: Sequence[int] | None,
        *,
        tree: bool = False,
        banned: Iterable[int] = (),
    ) -> None:
        count = len(network.consumers)
        self.network = network
        self.tree = tree
        self.wanted = wanted
        self.seeds = seeds
        self.dist = [inf] * count
        self.provider = [-1] * count
        self.settled = bytearray(count)
        self.pending = network.arity.copy()
        self.ready_at = [0.0] * len(self.pending)
        self.rank = network.rank
        self.hops = None if network.rank is None else [0] * count
        self.horizon = 0.0
        self.repaired = False  # may something be settled that is farther than what is settled next?
        self.doubted: set[int] = set()
        self.offers: dict[int, list[tuple[float, int, int, float]]] = {}
        self.frontier = Frontier()
        self.clock = 0.0
        self.dead: set[int] = set(banned)
        self.empty: set[int] = set()  # slots whose provider ended without a value
        self.gone: set[tuple[int, int]] = set()
        self.refused: dict[int, tuple[float, int]] = {}  # seeds that were lost
        self.forced: dict[int, tuple[int, ...]] = {}
        self.is_patient = False  # nothing is to be forced yet
        self.goal = bytearray(count)
        self.values: Sequence[Any] = ()  # lent by a run: asked only whether one is UNKNOWN
        self.left = -1
        if wanted is not None:
            for datum in wanted:
                self.goal[datum] = 1
            self.left = sum(self.goal)
        for slot in network.idle_slots:
            if slot not in seeds:
                self.pending[network.consumers[slot][0]] -= 1
        for datum, (distance, start) in seeds.items():
            self.dist[datum] = distance = min(distance, network.far)
            self.provider[datum] = start
            self.frontier.push(datum, distance)

    def advance(self) -> list[int]:
        """Settle data, nearest first, until all that is wanted is settled or nothing more can be.

        Returns
        -------
        list of int
            The data that were settled, in that order.
        """
        fresh: list[int] = []
        for _ in self.steps(bytearray(len(self.dist)), fresh):
            pass  # nothing pauses
        return fresh

    def steps(self, pause: bytearray, fresh: list[int]) -> Generator[int, None, None]:
        """Settle data, nearest first, and pause at some, before anything is made of them.

        While it pauses the datum may be lost, with whatever else: so a caller that makes data known at each pause
        never has much to undo.

        Parameters
        ----------
        pause : bytearray
            By datum: whether to pause there.
        fresh : list of int
            Gets the data that are settled, in that order.

        Yields
        ------
        int
            A datum, just settled.

        Notes
        -----
        The hot path of every cold dispatch: benchmark ``dispatch``.
        """
        network, frontier = self.network, self.frontier
        distances, buckets = frontier.distances, frontier.buckets
        consumers, provides, cost = network.consumers, network.provides, network.cost
        dist, provider, settled, goal = self.dist, self.provider, self.settled, self.goal
        pending, ready_at = self.pending, self.ready_at
        rank, hops = self.rank, self.hops
        in_order = not self.tree and not self.repaired  # then the last input of a function is its farthest
        doubted, offers, dead, gone = self.doubted, self.offers, self.dead, self.gone
        append, bucket_at = fresh.append, buckets.get
        bounded = self.wanted is not None
        while distances or (self.left and self._force()):
            d = distances[0]
            if bounded and not self.left and not (doubted and d <= self.horizon):
                return  # all that is wanted is settled for good
            bucket = buckets[d]
            if d > self.clock:
                self.clock = d
            for u in bucket if rank is None or hops is None else by_rank(bucket, rank, hops):
                if settled[u] or dist[u] != d:
                    if u in doubted and dist[u] == d:
                        self._retract(u)
                    continue
                settled[u] = 1
                append(u)
                if bounded and goal[u]:
                    self.left -= 1
                    if d > self.horizon:
                        self.horizon = d
                if pause[u]:
                    settled[u] = PAUSED
                    yield u
                    if self.repaired:
                        in_order = False
                        if doubted and settled[u]:
                            self._postpone(u)
                    if not settled[u]:
                        if distances[0] < d:
                            break
                        continue
                    settled[u] = 1
                for f in consumers[u]:
                    still = pending[f] - 1
                    pending[f] = still
                    if still or f in dead:
                        continue
                    c = cost[f]
                    t = d + c if in_order and c >= 0.0 else self.distance_of(f)
                    ready_at[f] = t
                    for v, w in provides[f]:
                        if gone and (f, v) in gone:
                            continue
                        s = t + w
                        if offers and v in offers:
                            heappush(offers[v], (s, 0 if hops is None else self._hop(u, v, s), f, w))
                        if s < dist[v]:
                            dist[v] = s
                            provider[v] = f
                            if hops is not None:
                                hops[v] = self._hop(u, v, s)
                            other = bucket_at(s)
                            if other is None:
                                buckets[s] = [v]
                                heappush(distances, s)
                            else:
                                other.append(v)
                        elif s == dist[v] and not settled[v]:
                            if hops is None:
                                provider[v] = min(provider[v], f)
                            else:
                                hop = self._hop(u, v, s)
                                hops[v], provider[v] = min((hops[v], provider[v]), (hop, f))
            else:
                if distances[0] == d:
                    heappop(distances)
                    del buckets[d]
                else:  # a loss has made something nearer tentative again
                    buckets[d] = []

    def distance_of(self, function: int) -> float:
        """Distance of a function whose inputs are settled (of a collection: those that have arrived)."""
        network, dist = self.network, self.dist
        if not self.tree and network.cost[function] >= 0.0 and network.kind[function] == Kind.FUNCTION:
            return max([dist[u] for u in network.inputs[function]]) + network.cost[function]  # nearly always
        taken = [u for u in dict.fromkeys(network.inputs[function]) if self.settled[u]]
        cost, weight = network.cost[function], network.weight[function]
        if self.tree and network.kind[function] not in _ENTRIES:
            return sum([dist[u] + network.arc(u, function) for u in taken]) + weight
        if cost >= 0.0:
            return max([dist[u] for u in taken]) + cost
        return max([dist[u] + network.arc(u, function) for u in taken]) + weight

    def _retract(self, datum: int) -> None:
        """Look at a datum in doubt; there is none where nothing is lost."""
        raise NotImplementedError

    def _postpone(self, datum: int) -> None:
        """Take back a settlement if something in doubt comes before it."""
        raise NotImplementedError

    def _hop(self, datum: int, output: int, distance: float) -> int:
        """Steps within a circle of free arcs by which `output` is reached through `datum`."""
        rank, hops = self.rank, self.hops
        assert rank is not None
        assert hops is not None
        if self.dist[datum] != distance or rank[datum] != rank[output]:
            return 0
        # The way into a child is no step: what the parent gives comes before the child's own default.
        level = self.network.data_level
        inward = level[output] != level[datum] == self.network.levels[level[output]].parent
        return hops[datum] + (0 if inward else 1)

    def _force(self) -> bool:
        """Settle the nearest waiting collection from what has arrived; False if there is none.

        Each forced settlement starts a further infinite class of distances, above all that is settled: nothing that
        rests on an incomplete collection can come before what does not.
        """
        if self.is_patient:
            return False
        network, dist, settled = self.network, self.dist, self.settled
        best: tuple[float, int] | None = None
        chosen = -1
        slots: tuple[int, ...] = ()
        for function, datum in network.collectors.items():
            if self.pending[function] <= 0 or function in self.forced or function in self.dead or settled[datum]:
                continue
            if (function, datum) in self.gone:
                continue
            arrived = tuple([slot for slot in network.inputs[function] if settled[slot]])
            estimates = [dist[slot] for slot in arrived if slot not in self.empty]
            if estimates:
                key = (min(estimates), datum)
                if best is None or key < best:
                    best, chosen, slots = key, function, arrived
        if best is None:
            return False
        datum = best[1]
        self.forced[chosen] = slots
        distance = network.far * (self.clock // network.far + 1)
        self.ready_at[chosen] = distance
        self._offer(datum, distance, chosen, 0)
        return True

    def _offer(self, datum: int, distance: float, provider: int, hop: int) -> None:
        """Make `provider` the candidate for `datum`."""
        self.dist[datum] = distance
        self.provider[datum] = provider
        if self.hops is not None:
            self.hops[datum] = hop
        self.frontier.push(datum, distance)

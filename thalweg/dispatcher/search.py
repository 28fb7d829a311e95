"""The search: which provider is the nearest for each datum, and what changes when one fails.

It decides and never acts: it calls no user code, holds no values, and knows no clock, thread or executor.  It is
Knuth's generalisation of Dijkstra's algorithm to functions of several inputs [1]_ on the flat network (a directed
hypergraph [2]_), with a repair after failures that touches only what rested on them [3]_.

States of a datum::

    unknown --candidate--> tentative --nearest--> settled
       ^                       |                     |
       +------- its provider, or what that rests on, is lost

Two rules hold everywhere: a settled datum's distance is final unless something that it rests on is lost, and losing
can only make things dearer.

References
----------
.. [1] D. E. Knuth, "A generalization of Dijkstra's algorithm", Information Processing Letters 6(1), 1977.
.. [2] G. Gallo, G. Longo, S. Pallottino, S. Nguyen, "Directed hypergraphs and applications", Discrete Applied
   Mathematics 42, 1993.
.. [3] G. Ramalingam, T. Reps, "An incremental algorithm for a generalization of the shortest-path problem", Journal
   of Algorithms 21(2), 1996.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

from .frontier import Frontier, by_rank
from .network import Kind, Network
from .tokens import UNKNOWN

__all__ = ["Search"]


_MANY = 8  # providers of a datum
_PAUSED = 2  # settled, but its consumers do not know it yet


class Search:
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
        "forced",
        "frontier",
        "goal",
        "gone",
        "hops",
        "horizon",
        "left",
        "network",
        "offers",
        "pending",
        "provider",
        "rank",
        "reach",
        "ready_at",
        "seeds",
        "settled",
        "tree",
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
        self.reach = [0.0] * len(self.pending)
        self.ready_at = self.reach.copy()
        self.rank = network.rank
        self.hops = None if network.rank is None else [0] * count
        self.horizon = 0.0
        self.doubted: set[int] = set()
        self.offers: dict[int, list[tuple[float, int, int, float]]] = {}
        self.frontier = Frontier()
        self.clock = 0.0
        self.dead: set[int] = set()
        self.gone: set[tuple[int, int]] = set()
        self.forced: dict[int, tuple[int, ...]] = {}
        self.goal = bytearray(count)
        self.left = -1
        if wanted is not None:
            for datum in wanted:
                self.goal[datum] = 1
            self.left = sum(self.goal)
        for slot in network.idle_slots:
            if slot not in seeds:
                self.pending[network.consumers[slot][0][0]] -= 1
        for function in banned:
            self.dead.add(function)
            self.pending[function] = 1 << 60  # never becomes ready
        for datum, (distance, start) in seeds.items():
            self.dist[datum] = distance = min(distance, network.far)
            self.provider[datum] = start
            self.frontier.push(datum, distance)

    def fresh(self) -> Search:
        """A search for the same that has not begun."""
        return Search(self.network, self.seeds.copy(), self.wanted, tree=self.tree)

    def copy(self) -> Search:
        """A search in the same state, to be changed on its own."""
        twin = Search.__new__(Search)
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.seeds = self.seeds.copy()
        twin.offers = {datum: heap.copy() for datum, heap in self.offers.items()}
        for name in ("dist", "provider", "pending", "reach", "ready_at", "dead", "gone", "forced", "frontier", "doubted"):
            setattr(twin, name, getattr(self, name).copy())
        twin.settled = self.settled[:]
        twin.hops = self.hops and self.hops.copy()
        return twin

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
        consumers, provides, weight, inputs = network.consumers, network.provides, network.weight, network.inputs
        dist, provider, settled, goal = self.dist, self.provider, self.settled, self.goal
        pending, reach, ready_at = self.pending, self.reach, self.ready_at
        rank, hops, tree = self.rank, self.hops, self.tree
        doubted, offers = self.doubted, self.offers
        append = fresh.append
        while self._goes_on():
            d = distances[0]
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
                if goal[u]:
                    self.left -= 1
                    self.horizon = max(d, self.horizon)
                if pause[u]:
                    settled[u] = _PAUSED
                    yield u
                    if doubted and settled[u]:
                        self._postpone(u)
                    if not settled[u]:
                        if distances[0] < d:
                            break
                        continue
                    settled[u] = 1
                for f, w in consumers[u]:
                    t = d + w
                    still = pending[f]
                    if still != 1:
                        pending[f] = still - 1
                        if t > reach[f]:
                            reach[f] = t
                        continue
                    pending[f] = 0
                    if tree:
                        t = self._sum(f, inputs[f])
                    else:
                        if t < reach[f]:
                            t = reach[f]
                        else:
                            reach[f] = t
                        t += weight[f]
                    ready_at[f] = t
                    for v, w in provides[f]:
                        s = t + w
                        if offers and v in offers:
                            heappush(offers[v], (s, 0 if hops is None else self._hop(u, v, s), f, w))
                        if s < dist[v]:
                            dist[v] = s
                            provider[v] = f
                            if hops is not None:
                                hops[v] = self._hop(u, v, s)
                            if s in buckets:
                                buckets[s].append(v)
                            else:
                                buckets[s] = [v]
                                heappush(distances, s)
                        elif s == dist[v] and not settled[v]:
                            if hops is None:
                                if f < provider[v]:
                                    provider[v] = f
                            else:
                                hop = self._hop(u, v, s)
                                if (hop, f) < (hops[v], provider[v]):
                                    hops[v], provider[v] = hop, f
            else:
                heappop(distances)
                del buckets[d]

    def _goes_on(self) -> bool:
        """Is there anything to settle, or to reconsider, before what is wanted is settled for good?"""
        distances = self.frontier.distances
        if self.left:
            return bool(distances) or self._force()
        return bool(self.doubted) and distances[0] <= self.horizon

    def _sum(self, function: int, inputs: tuple[int, ...]) -> float:
        """Distance of a function in objective "tree"; an input named twice counts once."""
        total = self.network.weight[function]
        for datum in dict.fromkeys([u for u in inputs if self.settled[u]]):
            for consumer, weight in self.network.consumers[datum]:
                if consumer == function:
                    total += self.dist[datum] + weight
        return total

    def _hop(self, datum: int, output: int, distance: float) -> int:
        """Steps within a circle of free arcs by which `output` is reached through `datum`."""
        rank, hops = self.rank, self.hops
        assert rank is not None
        assert hops is not None
        free = self.dist[datum] == distance and rank[datum] == rank[output]
        return hops[datum] + 1 if free else 0

    def _force(self) -> bool:
        """Settle the nearest waiting collection from what has arrived; False if there is none.

        Each forced settlement starts a further infinite class of distances, above all that is settled: nothing that
        rests on an incomplete collection can come before what does not.
        """
        network, dist, settled = self.network, self.dist, self.settled
        best: tuple[float, int] | None = None
        chosen = -1
        slots: tuple[int, ...] = ()
        for function, datum in network.collectors.items():
            if self.pending[function] <= 0 or function in self.forced or function in self.dead or settled[datum]:
                continue
            arrived = tuple([slot for slot in network.inputs[function] if settled[slot]])
            if arrived:
                key = (min([dist[slot] for slot in arrived]), datum)
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

    def lose(self, function: int, outputs: Iterable[int] | None = None) -> None:
        """Take a failed function out, or only its arcs to `outputs`, and unsettle what rested on it.

        A slot keeps its distance: a provider that failed has ended, and its collection need not wait for it.

        Parameters
        ----------
        function : int
            The function; its inputs have values, so it is settled for good.
        outputs : iterable of int, optional
            Data that it does not give; None for all.
        """
        network, provider = self.network, self.provider
        if outputs is None:
            self.dead.add(function)
            lost = [v for v, _ in network.provides[function]]
        else:
            lost = list(outputs)
            self.gone.update((function, v) for v in lost)
        slots = network.slot_of
        self._let_go([v for v in lost if provider[v] == function and v not in slots], self.ready_at[function])

    def lose_seed(self, datum: int) -> None:
        """Take a given value out: its own filter refused it."""
        distance, _ = self.seeds.pop(datum)
        self._let_go([datum], distance)

    def refuse(self, function: int) -> None:
        """A gate said no to `function`'s arrival, and so to all that arrived with it or before."""
        gate = self.network.provides[function][0][0]
        asked = self.dist[gate]
        for other, _ in self.network.providers(gate):
            source = self.network.inputs[other][0]
            if self.settled[source] and self.dist[source] <= asked:
                self.dead.add(other)
        self.lose(function)

    def _let_go(self, lost: list[int], distance: float) -> None:
        """Unsettle data that have lost their provider, and what rests on them.

        Where everything is wanted, little rests on them, for the search pauses there: it is unsettled at once.  Else
        each datum is put in doubt at its own distance, and the search looks at it when it comes by: if its provider
        costs by then what it did, the loss ends there.  (Within a circle of free arcs, data could vouch for each
        other; and a forced settlement may no longer be the nearest: then all is unsettled at once, too.)
        """
        network = self.network
        forced_later = self.clock >= network.far * (distance // network.far + 1)
        if self.wanted is None or network.is_circular or forced_later:
            self._unsettle(lost, distance)
            return
        if self.rank is None and network.has_free_steps:
            self.rank, self.hops = network.free_ranks(), [0] * len(self.dist)
        for v in lost:
            self._doubt(v)

    def _doubt(self, datum: int) -> None:
        """Put a datum in doubt, for its provider is lost or may be dearer now."""
        if self.settled[datum] == 1:
            self.doubted.add(datum)
            self.frontier.push(datum, self.dist[datum])
        else:
            self._clear(datum)
            self._reconsider(datum)

    def _clear(self, datum: int) -> None:
        """Make a datum unknown."""
        if self.settled[datum] and self.goal[datum]:
            self.left += 1
        self.forced.pop(self.provider[datum], None)
        self.settled[datum] = 0
        self.dist[datum] = inf
        self.provider[datum] = -1

    def _postpone(self, datum: int) -> None:
        """Take back the settlement at which the search pauses, if something in doubt comes before it."""
        distance, rank = self.dist[datum], self.rank
        if self.frontier.distances[0] == distance:
            level = [v for v in self.doubted if self.dist[v] == distance] if rank is not None else []
            if rank is None or all(rank[v] >= rank[datum] for v in level):
                return
        self.settled[datum] = 0
        if self.goal[datum]:
            self.left += 1
        self.frontier.push(datum, self.dist[datum])

    def _retract(self, datum: int) -> None:
        """Unsettle a doubted datum, unless its provider costs what it did; then doubt what rests on it."""
        self.doubted.discard(datum)
        f = self.provider[datum]
        if self._stands(f, datum):
            return
        self._clear(datum)
        for g, _ in self.network.consumers[datum]:
            if not self.pending[g] or datum in self.forced.get(g, ()):
                for v, _ in self.network.provides[g]:
                    if self.provider[v] == g and v not in self.doubted:
                        self._doubt(v)
            self.pending[g] += 1
        self._reconsider(datum)

    def _stands(self, function: int, datum: int) -> bool:
        """Does `function` give `datum` at the distance it has?"""
        if function in self.dead or (function, datum) in self.gone:
            return False
        if self.network.kind[function] == Kind.START:
            return datum in self.seeds
        if self.pending[function]:
            return function in self.forced
        weight = next(w for v, w in self.network.provides[function] if v == datum)
        return self.ready_at[function] + weight == self.dist[datum]

    def _unsettle(self, stack: list[int], distance: float) -> None:
        """Unsettle the data in `stack` and all that rests on them, then look for their next candidates."""
        network, dist, provider, settled = self.network, self.dist, self.provider, self.settled
        pending = self.pending
        above = network.far * (distance // network.far + 1)
        if self.clock >= above:  # what is of a higher class waited for this one to end
            stack += [v for v, d in enumerate(dist) if d >= above and settled[v]]
            self.clock = distance
        loose: list[int] = []
        while stack:
            v = stack.pop()
            old, state = dist[v], settled[v]
            if old == inf:
                continue
            self._clear(v)
            self.doubted.discard(v)
            loose.append(v)
            if state != 1:
                continue  # nothing was made of it yet
            for f, _ in network.consumers[v]:
                if network.kind[f] == Kind.ASK:
                    gate = network.provides[f][0][0]
                    if dist[gate] >= old:
                        stack.append(gate)
                elif not pending[f] or v in self.forced.get(f, ()):
                    stack += [y for y, _ in network.provides[f] if provider[y] == f]
                pending[f] += 1
        for v in loose:
            self._reconsider(v)

    def _reconsider(self, datum: int) -> None:
        """Offer the nearest of the providers that are ready."""
        best: tuple[float, int, int] | None = None
        if datum in self.seeds:
            distance, start = self.seeds[datum]
            best = (min(distance, self.network.far), 0, start)
        heap = self._offers_of(datum)
        while heap and not self._holds(heap[0], datum):
            heappop(heap)
        if heap and (best is None or heap[0][:3] < best):
            best = heap[0][:3]
        if best is not None:
            self._offer(datum, best[0], best[2], best[1])

    def _offers_of(self, datum: int) -> list[tuple[float, int, int, float]]:
        """Heap of what the ready providers of a datum offer: (distance, hops, function, weight of the arc).

        Where there are many providers it is kept, and the search adds to it: failing one after the other they would
        be looked at again and again.
        """
        heap = self.offers.get(datum)
        if heap is None:
            arcs = self.network.providers(datum)
            heap = [(self.ready_at[f] + w, self._hops_to(datum, f, w), f, w) for f, w in arcs if not self.pending[f]]
            heapify(heap)
            if len(arcs) > _MANY:
                self.offers[datum] = heap
        return heap

    def _holds(self, offer: tuple[float, int, int, float], datum: int) -> bool:
        """Is an offer still what the provider offers?"""
        distance, _, f, weight = offer
        if self.pending[f] or f in self.dead or (f, datum) in self.gone:
            return False
        return self.ready_at[f] + weight == distance

    def _hops_to(self, datum: int, function: int, weight: float) -> int:
        if self.hops is None:
            return 0
        distance = self.ready_at[function] + weight
        return max([self._hop(u, datum, distance) for u in self.network.inputs[function]], default=0)

    def takes(self, function: int) -> tuple[int, ...]:
        """Data that must be known before `function` can be called, under the present choice."""
        network = self.network
        kind = network.kind[function]
        if kind == Kind.COLLECT:
            return self.forced.get(function) or tuple([s for s in network.inputs[function] if self.settled[s]])
        if kind == Kind.ASK:
            return self.arrived(network.provides[function][0][0])
        return network.inputs[function]

    def arrived(self, gate: int) -> tuple[int, ...]:
        """Inputs of a gated sub-dispatcher that have arrived when its gate is asked."""
        asked = self.dist[gate]
        sources = [self.network.inputs[f][0] for f, _ in self.network.providers(gate)]
        return tuple([u for u in sources if self.settled[u] and self.dist[u] <= asked])

    def derivation(self, goals: Iterable[int], values: Sequence[Any], touched: set[int]) -> list[int]:
        """Data on the chosen derivations of `goals` that have no value yet, each after what it rests on.

        Parameters
        ----------
        goals : iterable of int
            Settled data.
        values : sequence
            By datum: its value, or `UNKNOWN`.
        touched : set of int
            Gets the data with values that the derivations rest on.

        Returns
        -------
        list of int
            By distance.
        """
        provider = self.provider
        order: list[int] = []
        seen: set[int] = set()
        stack = list(goals)
        while stack:
            v = stack.pop()
            if v < 0:
                order.append(~v)  # all that it rests on stands before it
            elif values[v] is not UNKNOWN:
                touched.add(v)
            elif v not in seen:
                seen.add(v)
                stack.append(~v)
                stack += self.takes(provider[v])
        order.sort(key=self.dist.__getitem__)
        return order

    def milestones(self) -> bytearray:
        """Data that every derivation of what is wanted needs, so that a run may go from one to the next.

        A datum is one if it is wanted, or if all providers of a milestone take it.

        Returns
        -------
        bytearray
            By datum; all, where everything is wanted.
        """
        network = self.network
        if self.wanted is None:
            marked = bytearray(b"\1") * len(self.dist)
            for slot in network.slot_of:
                marked[slot] = 0  # a late estimate is nobody's
            return marked
        marked = bytearray(len(self.dist))
        stack = list(self.wanted)
        while stack:
            v = stack.pop()
            if marked[v]:
                continue
            marked[v] = 1
            if v in self.seeds:
                continue
            common: set[int] | None = None
            for f, _ in network.providers(v):
                if f not in self.dead and (f, v) not in self.gone:
                    taken = () if network.kind[f] == Kind.COLLECT else network.inputs[f]
                    common = set(taken) if common is None else common.intersection(taken)
            stack += common or ()
        return marked

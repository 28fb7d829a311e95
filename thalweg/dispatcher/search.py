"""The search: what changes when a provider is lost, and what is to be done.

It adds to the distances a repair that follows a loss only as far as it changes anything, in the manner of Ramalingam
and Reps [1]_::

    unknown --candidate--> tentative --nearest--> settled <--provider costs what it did--+
       ^                       |                     |                                   |
       |                       |                     +---provider lost or dearer---> in doubt
       |                       |                                                         |
       +-----provider lost-----+-----------------------------provider lost or dearer-----+

Two rules hold everywhere: a settled datum's distance is final unless something that it rests on is lost, and losing
can only make things dearer.

References
----------
.. [1] G. Ramalingam, T. Reps, "An incremental algorithm for a generalization of the shortest-path problem", Journal
   of Algorithms 21(2), 1996.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop
from math import inf
from typing import Any

from ..tokens import UNKNOWN
from .network import Kind
from .settling import Settling

__all__ = ["Search"]

_MANY = 8  # providers of a datum


class Search(Settling):
    """Distances and chosen providers, what changes when a provider is lost, and what is to be done.

    Parameters
    ----------
    network, seeds, wanted, tree, banned
        As for `Settling`.
    """

    __slots__ = ()

    def fresh(self) -> Search:
        """A search for the same that has not begun."""
        return Search(self.network, self.seeds.copy(), self.wanted, tree=self.tree)

    def copy(self) -> Search:
        """A search in the same state, to be changed on its own."""
        twin = Search.__new__(Search)
        for name in Settling.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.seeds = self.seeds.copy()
        twin.offers = {datum: heap.copy() for datum, heap in self.offers.items()}
        for name in (
            "dist",
            "provider",
            "pending",
            "ready_at",
            "dead",
            "empty",
            "gone",
            "refused",
            "forced",
            "frontier",
            "doubted",
        ):
            setattr(twin, name, getattr(self, name).copy())
        twin.settled = self.settled[:]
        twin.hops = self.hops and self.hops.copy()
        return twin

    def lose(self, function: int, outputs: Iterable[int] | None = None) -> list[int]:
        """Take a failed function out, or only its arcs to `outputs`, and unsettle what rested on it.

        A slot keeps its distance: a provider that failed has ended, and its collection need not wait for it.

        Parameters
        ----------
        function : int
            The function; its inputs have values, so it is settled for good.
        outputs : iterable of int, optional
            Data that it does not give; None for all.

        Returns
        -------
        list of int
            Data that may have become unreachable: no other provider stands ready.
        """
        network, provider = self.network, self.provider
        if outputs is None:
            self.dead.add(function)
            outputs = [v for v, _ in network.provides[function]]
        slots = network.slot_of
        lost = [v for v in outputs if v not in slots]
        self.empty.update([v for v in outputs if v in slots])
        self.gone.update([(function, v) for v in lost])
        return self._let_go([v for v in lost if provider[v] == function], self.ready_at[function])

    def lose_seed(self, datum: int) -> list[int]:
        """As `lose`, for a given value that its own filter refused."""
        self.refused[datum] = self.seeds.pop(datum)
        return self._let_go([datum], self.refused[datum][0])

    def refuse(self, function: int) -> list[int]:
        """As `lose`, for a gate that said no to an arrival, and so to all that arrived with it or before."""
        gate = self.network.provides[function][0][0]
        for other, _ in self.network.providers(gate):
            if self._is_before(self.network.inputs[other][0], gate):
                self.dead.add(other)
        return self.lose(function)

    def _let_go(self, lost: list[int], distance: float) -> list[int]:
        """Unsettle data that have lost their provider, and what rests on them.

        Where everything is wanted, little rests on them, for the search pauses there: it is unsettled at once.  Else
        each datum is put in doubt at its own distance, and the search looks at it when it comes by: if its provider
        costs by then what it did, the loss ends there.  (Within a circle of free arcs, data could vouch for each
        other; and a forced settlement may no longer be the nearest: then all is unsettled at once, too.)
        """
        if not lost:
            return []
        network = self.network
        forced_later = self.clock >= network.far * (distance // network.far + 1)
        if self.wanted is None or network.is_circular or forced_later:
            self._unsettle(lost.copy(), distance)
            return lost
        if self.rank is None and network.has_free_steps:
            self.rank, self.hops = network.free_ranks(), [0] * len(self.dist)
        for v in lost:
            self._doubt(v)
        return [v for v in lost if self.dist[v] == inf or v in self.doubted]

    def _doubt(self, datum: int) -> None:
        """Put a datum in doubt, for its provider is lost or may be dearer now."""
        if self.settled[datum] == 1:
            self.repaired = True
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
        shaken: list[int] = []
        for g in self.network.consumers[datum]:
            if not self.pending[g] or datum in self.forced.get(g, ()):
                shaken += [v for v, _ in self.network.provides[g] if self.provider[v] == g and v not in self.doubted]
            self.pending[g] += 1
        self._reconsider(datum)
        for v in shaken:
            self._doubt(v)

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
        if self.wanted is not None or self.clock > min([dist[v] for v in stack]):
            self.repaired = True
        above = network.far * (distance // network.far + 1)
        if self.clock >= above:  # what is of a higher class waited for this one to end
            values = self.values or [UNKNOWN] * len(dist)
            far = [v for v, d in enumerate(dist) if d >= above and settled[v]]
            stack += [v for v in far if values[v] is UNKNOWN]
            self.clock = max([dist[v] for v in far if values[v] is not UNKNOWN], default=distance)
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
            for f in network.consumers[v]:
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
        arcs = self.network.providers(datum)
        if len(arcs) > _MANY:
            heap = self._offers_of(datum, arcs)
            while heap and not self._holds(heap[0], datum):
                heappop(heap)
            if heap and (best is None or heap[0][:3] < best):
                best = heap[0][:3]
        else:
            for f, w in arcs:
                if not self.pending[f] and f not in self.dead and (f, datum) not in self.gone:
                    offer = (self.ready_at[f] + w, self._hops_to(datum, f, w), f)
                    if best is None or offer < best:
                        best = offer
        if best is not None:
            self._offer(datum, best[0], best[2], best[1])

    def _offers_of(self, datum: int, arcs: Sequence[tuple[int, float]]) -> list[tuple[float, int, int, float]]:
        """Heap of what the ready providers of a datum offer: (distance, hops, function, weight of the arc).

        It is kept, and the search adds to it: many providers that fail one after the other would be looked at again
        and again.
        """
        heap = self.offers.get(datum)
        if heap is None:
            heap = self.offers[datum] = [
                (self.ready_at[f] + w, self._hops_to(datum, f, w), f, w) for f, w in arcs if not self.pending[f]
            ]
            heapify(heap)
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
        sources = [self.network.inputs[f][0] for f, _ in self.network.providers(gate)]
        return tuple([u for u in sources if self._is_before(u, gate)])

    def _is_before(self, datum: int, other: int) -> bool:
        """Is a datum settled, and before `other`?"""
        dist, rank, hops = self.dist, self.rank, self.hops
        if not self.settled[datum]:
            return False
        if dist[datum] != dist[other] or rank is None or hops is None:
            return dist[datum] <= dist[other]
        return (rank[datum], hops[datum], datum) < (rank[other], hops[other], other)

    def needed(self, goals: Iterable[int], values: Sequence[Any], touched: set[int]) -> set[int]:
        """Data on the chosen derivations of `goals` that have no value yet.

        Parameters
        ----------
        goals : iterable of int
            Settled data.
        values : sequence
            By datum: its value, or `UNKNOWN`.
        touched : set of int
            Gets the data with values that the derivations rest on.
        """
        network, provider = self.network, self.provider
        kind, inputs = network.kind, network.inputs
        needed: set[int] = set()
        stack = list(goals)
        while stack:
            v = stack.pop()
            if values[v] is not UNKNOWN:
                touched.add(v)
            elif v not in needed:
                needed.add(v)
                f = provider[v]
                stack += inputs[f] if kind[f] == Kind.FUNCTION else self.takes(f)
        return needed

    def derivation(self, goals: Iterable[int], values: Sequence[Any], touched: set[int]) -> list[int]:
        """As `needed`, by distance, each datum after what it rests on."""
        return self._by_distance(self.needed(goals, values, touched))

    def unfold(self, goals: Iterable[int], values: Sequence[Any]) -> Iterator[int]:
        """As `derivation`, found as it is read: each datum comes when all that it rests on has a value.

        It goes depth first, so that little was done in vain if the reader stops at a failure.  Where distances are
        infinite it goes by distance: what is of a lower class must end first.
        """
        if self.clock >= self.network.far:
            yield from self.derivation(goals, values, set())
            return
        provider, kind, inputs = self.provider, self.network.kind, self.network.inputs
        stack = list(goals)
        while stack:
            v = stack[-1]
            if values[v] is not UNKNOWN:
                stack.pop()
                continue
            f = provider[v]
            taken = inputs[f] if kind[f] == Kind.FUNCTION else self.takes(f)
            unknown = [u for u in taken if values[u] is UNKNOWN]
            if unknown:
                stack += unknown
            else:
                yield stack.pop()

    def _by_distance(self, needed: set[int]) -> list[int]:
        """Data by distance, each after what it rests on."""
        order: list[int] = []
        stack = sorted(needed, reverse=True)
        while stack:
            v = stack.pop()
            if v < 0:
                order.append(~v)  # all that it rests on stands before it
            elif v in needed:
                needed.discard(v)
                stack.append(~v)
                stack += [u for u in self.takes(self.provider[v]) if u in needed]
        order.sort(key=self.dist.__getitem__)
        return order

    def milestones(self, goals: Iterable[int] | None = None) -> bytearray:
        """Data that every derivation of what is wanted needs, so that a run may go from one to the next.

        A datum is one if it is wanted, or if all providers of a milestone take it.

        Parameters
        ----------
        goals : iterable of int, optional
            What is wanted and can be had; by default all that is wanted.

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
        inputs, kind, providers = network.inputs, network.kind, network.providers
        stack = list(self.wanted if goals is None else goals)
        while stack:
            v = stack.pop()
            if marked[v]:
                continue
            marked[v] = 1
            if v in self.seeds:
                continue
            arcs = providers(v)
            if len(arcs) == 1:
                f = arcs[0][0]
                if kind[f] != Kind.COLLECT:
                    stack += inputs[f]
            elif arcs:
                options = [inputs[f] for f, _ in arcs]
                if options.count(options[0]) == len(options):
                    stack += options[0]
                else:
                    stack += set(options[0]).intersection(*options[1:])
        return marked

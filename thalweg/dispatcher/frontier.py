"""The frontier of the search, and the one place where the order within a distance is decided.

The frontier is a heap of distinct distances with a list of data for each (buckets): weights repeat in models, so most
pushes are one append.  Benchmark ``dispatch`` shows what it saves over a heap of nodes.

Within one distance data are taken as they came.  Where a tie may depend on steps that cost nothing, they are taken by
*(rank, hops, number)* instead: ``rank`` is the static topological order of the free steps, so everything that can
still reach a datum without cost is taken before it; ``hops`` counts the steps within a circle of free arcs, so what
comes from outside the circle is taken first.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

__all__ = ["Frontier", "by_rank"]


class Frontier:
    """Tentative data by distance.

    Attributes
    ----------
    distances : list of float
        Heap of the distances that have a bucket.
    buckets : dict of float to list of int
        Data pushed at each distance; entries may be out of date, so whoever takes them checks.
    """

    __slots__ = ("buckets", "distances")

    def __init__(self) -> None:
        self.distances: list[float] = []
        self.buckets: dict[float, list[int]] = {}

    def push(self, datum: int, distance: float) -> None:
        """Add `datum` at `distance`."""
        bucket = self.buckets.get(distance)
        if bucket is None:
            self.buckets[distance] = [datum]
            heappush(self.distances, distance)
        else:
            bucket.append(datum)

    def copy(self) -> Frontier:
        """A frontier of its own with the same entries."""
        twin = Frontier()
        twin.distances = self.distances.copy()
        twin.buckets = {distance: bucket.copy() for distance, bucket in self.buckets.items()}
        return twin


def by_rank(bucket: list[int], rank: list[int], hops: list[int]) -> Iterator[int]:
    """Data of a bucket by (rank, hops, number); reads on while the bucket grows.

    Parameters
    ----------
    bucket : list of int
        Data of one distance; whoever takes a datum may append further ones.
    rank, hops : list of int
        By datum.
    """
    heap = [(rank[datum], hops[datum], datum) for datum in bucket]
    heapify(heap)
    read = len(bucket)
    while heap:
        yield heappop(heap)[2]
        for datum in bucket[read:]:
            heappush(heap, (rank[datum], hops[datum], datum))
        read = len(bucket)

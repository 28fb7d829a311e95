"""Which sets of supplies make a goal computable: exactly for small sets, well for large ones.

Works on `Ways`, a network cut down to what can matter, and knows neither records nor values.  A set is found by one of
two engines:

* *all at once*: every datum holds one large integer, a bit for each set of the size in question, that says whether
  the set makes the datum computable.  A function is the bitwise "and" of its inputs, two providers are an "or", so one
  fixed point answers for all sets together: exact, while there are not too many sets of that size;
* *label by label*: every datum keeps the few best sets that make it computable, and a function joins those of its
  inputs, best first, in the manner of Knuth's search.  It takes any size, but a set that is good only because several
  data share it may be missed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import combinations
from math import comb, inf

__all__ = ["Ways", "all_of_size", "best_labels", "can_hold", "indispensable"]

COLUMNS = 1 << 19  # sets of one size that are looked at together
BITS = 1 << 28  # and bits for all data, 32 MB
WORK = 1 << 33  # bits handled in one fixed point

Mask = int


@dataclass(slots=True)
class Ways:
    """Data by number, and the ways between them.

    Attributes
    ----------
    takes : list of tuple of int
        By way: the data it needs, each once.
    gives : list of list of (int, float)
        By way: the data it gives, and what that costs from the farthest of those it needs.
    users : list of list of int
        By datum: ways that take it.
    known : dict of int to float
        Data that are known without supplies, at their distance, 0 for START.
    supplies : list of int
        Data that can be supplied, in the order of the model.
    goal : int
        The datum that is to become computable.
    """

    takes: list[tuple[int, ...]] = field(default_factory=list)
    gives: list[list[tuple[int, float]]] = field(default_factory=list)
    users: list[list[int]] = field(default_factory=list)
    known: dict[int, float] = field(default_factory=dict)
    supplies: list[int] = field(default_factory=list)
    goal: int = -1

    def datum(self) -> int:
        """Number of a new datum."""
        self.users.append([])
        return len(self.users) - 1

    def way(self, takes: Iterable[int], gives: list[tuple[int, float]]) -> None:
        """Add a way."""
        needed = tuple(dict.fromkeys(takes))
        for datum in needed:
            self.users[datum].append(len(self.takes))
        self.takes.append(needed)
        self.gives.append(gives)

    def reach(self, supplied: Iterable[int]) -> bytearray:
        """Data that are computable with these supplies."""
        reached = bytearray(len(self.users))
        pending = [len(takes) for takes in self.takes]
        stack = [*self.known, *supplied]
        for datum in stack:
            reached[datum] = 1
        stack = list(dict.fromkeys(stack))
        while stack:
            for way in self.users[stack.pop()]:
                pending[way] -= 1
                if not pending[way]:
                    for datum, _ in self.gives[way]:
                        if not reached[datum]:
                            reached[datum] = 1
                            stack.append(datum)
        return reached

    def suffice(self, supplied: Iterable[int]) -> bool:
        """Is the goal computable with these supplies?"""
        return bool(self.reach(supplied)[self.goal])

    def near(self, most: int) -> set[int]:
        """The ways that are the fewest steps before the goal, about `most` of them."""
        makers = self.makers()
        found: set[int] = set()
        layer = {self.goal}
        seen: set[int] = set()
        while layer and len(found) < most:
            seen |= layer
            found.update([way for datum in layer for way in makers[datum]])
            layer = {u for datum in layer for way in makers[datum] for u in self.takes[way]} - seen
        return found

    def makers(self) -> list[list[int]]:
        """By datum: ways that give it."""
        found: list[list[int]] = [[] for _ in self.users]
        for way, gives in enumerate(self.gives):
            for datum, _ in gives:
                found[datum].append(way)
        return found

    def order(self) -> list[int]:
        """Ways in an order in which most come after what makes their inputs.

        It is that of a depth-first search, from data that no way gives, backwards in time of departure: where there are
        no circles every way comes after all that it rests on.
        """
        makers = self.makers()
        roots = sorted(range(len(self.users)), key=lambda datum: bool(makers[datum]))
        departure = [-1] * len(self.users)
        clock = 0
        for root in roots:
            stack = [(root, self._beyond(root))] if departure[root] < 0 else []
            departure[root] = max(departure[root], 0)
            while stack:
                datum, beyond = stack[-1]
                following = next((y for y in beyond if departure[y] < 0), -1)
                if following < 0:
                    stack.pop()
                    clock += 1
                    departure[datum] = clock
                else:
                    departure[following] = 0
                    stack.append((following, self._beyond(following)))
        late = [min([departure[datum] for datum in takes], default=clock) for takes in self.takes]
        return sorted(range(len(late)), key=lambda way: -late[way])

    def _beyond(self, datum: int) -> Iterator[int]:
        return (y for way in self.users[datum] for y, _ in self.gives[way])


def indispensable(ways: Ways) -> list[int]:
    """Supplies that are in every set that suffices, as far as that is plain: the goal cannot be had around them."""
    makers = ways.makers()
    free = ways.reach(())
    offered = set(ways.supplies)
    found, seen, stack = [], set(), [ways.goal]
    while stack:
        datum = stack.pop()
        if datum in seen or free[datum]:
            continue
        seen.add(datum)
        options = [set(ways.takes[way]) for way in makers[datum]]
        if datum not in offered:
            stack += set.intersection(*options)
        elif not options:
            found.append(datum)
    return found


def can_hold(ways: Ways, size: int) -> bool:
    """Are there so few sets of this size that all can be looked at together?"""
    count = comb(len(ways.supplies), size)
    return count <= COLUMNS and count * len(ways.users) <= BITS


def all_of_size(ways: Ways, size: int, without: Iterable[frozenset[int]], most: int) -> list[frozenset[int]] | None:
    """The sets of one size that suffice, the nearest `most` of them.

    Parameters
    ----------
    ways : Ways
    size : int
    without : iterable of frozenset
        Leave out the sets that contain one of these.
    most : int
        How many are wanted; of those at an equal distance the first in the order of the model.

    Returns
    -------
    list of frozenset or None
        None where it would take too long.
    """
    columns = comb(len(ways.supplies), size)
    masks = _masks(ways, size)
    left = (1 << columns) - 1
    for known in without:
        inside = left
        for datum in known:
            inside &= masks[datum]
        left &= ~inside
    fixed = _fixed_point(ways, masks, left)
    if fixed is None:
        return None
    if fixed.bit_count() > most:
        fixed = _nearest(ways, {datum: mask & fixed for datum, mask in masks.items()}, fixed, most)
    return [frozenset([ways.supplies[k] for k in _nth(len(ways.supplies), size, bit)]) for bit in _bits(fixed)]


def _masks(ways: Ways, size: int) -> dict[int, Mask]:
    """By supply: the sets that contain it; set number n is the n-th combination."""
    count = len(ways.supplies)
    rows = [bytearray(comb(count, size) // 8 + 1) for _ in range(count)]
    for column, members in enumerate(combinations(rows, size)):
        place, bit = column >> 3, 1 << (column & 7)
        for row in members:
            row[place] |= bit
    return {datum: int.from_bytes(row, "little") for datum, row in zip(ways.supplies, rows, strict=True)}


def _nth(count: int, size: int, number: int) -> list[int]:
    """The n-th combination of `size` of the first `count` numbers."""
    found: list[int] = []
    first = 0
    while len(found) < size:
        block = comb(count - first - 1, size - len(found) - 1)
        if number < block:
            found.append(first)
        else:
            number -= block
        first += 1
    return found


def _bits(mask: Mask) -> Iterator[int]:
    """Numbers of the bits that are set, from the lowest."""
    text = bin(mask)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


def _fixed_point(ways: Ways, masks: dict[int, Mask], full: Mask) -> Mask | None:
    """The sets, of those in `full`, that make the goal computable."""
    held = [0] * len(ways.users)
    for datum, mask in masks.items():
        held[datum] = mask & full
    for datum in ways.known:
        held[datum] = full
    order = ways.order()
    stale = bytearray(b"\1" * len(order))
    budget = WORK // (full.bit_length() + 16_384)
    while any(stale):
        for way in order:
            if not stale[way]:
                continue
            stale[way] = 0
            budget -= 1
            mask = full
            for datum in ways.takes[way]:
                mask &= held[datum]
            for datum, _ in ways.gives[way]:
                if mask & ~held[datum]:
                    held[datum] |= mask
                    for user in ways.users[datum]:
                        stale[user] = 1
        if budget < 0:
            return None
        order.reverse()  # what flows against the order is carried on in the next sweep
    return held[ways.goal]


def _nearest(ways: Ways, masks: dict[int, Mask], full: Mask, most: int) -> Mask:
    """Of sets that suffice, the `most` nearest: Dijkstra's search for all sets at once, by distance."""
    held = [0] * len(ways.users)
    buckets: dict[float, dict[int, Mask]] = {0.0: dict(masks)}
    for datum, distance in ways.known.items():
        buckets.setdefault(distance, {})[datum] = full
    distances = sorted(buckets)
    found = 0
    while distances:
        distance = heappop(distances)
        bucket = buckets.pop(distance)
        while bucket:
            datum, mask = bucket.popitem()
            mask &= ~held[datum]
            held[datum] |= mask
            for way in ways.users[datum] if mask else ():
                ready = mask
                for other in ways.takes[way]:
                    ready &= held[other]
                for target, cost in ways.gives[way]:
                    fresh = ready & ~held[target]
                    if fresh:
                        later = distance + cost
                        if later > distance and later not in buckets:
                            heappush(distances, later)
                        arrivals = buckets.setdefault(later, {}) if later > distance else bucket
                        arrivals[target] = arrivals.get(target, 0) | fresh
        arrived = held[ways.goal]
        if arrived.bit_count() >= most:
            for bit, _ in zip(_bits(arrived & ~found), range(most - found.bit_count()), strict=False):
                found |= 1 << bit
            return found
        found = arrived
    return found


def best_labels(ways: Ways, most: int, near: Container[int], room: int) -> list[frozenset[int]]:
    """Sets that suffice, the smallest and then the nearest that a search label by label finds.

    Parameters
    ----------
    ways : Ways
    most : int
        How many are wanted.
    near : container of int
        Ways that may be used.
    room : int
        How many sets a datum keeps: the work is bounded by it and the number of ways, not by the number of sets.
    """
    bit = {datum: 1 << place for place, datum in enumerate(ways.supplies)}
    held = [_Labels(room) for _ in ways.users]
    heap = [(0, distance, -1, datum, 0) for datum, distance in ways.known.items()]
    heap += [(1, 0.0, place, datum, bit[datum]) for place, datum in enumerate(ways.supplies)]
    heapify(heap)
    serial = len(heap)
    while heap and len(held[ways.goal].settled) < most:
        _, distance, _, datum, mask = heappop(heap)
        if not held[datum].settle(mask, distance):
            continue
        for way in ways.users[datum]:
            joined = [(mask, distance)] if way in near else []
            for other in ways.takes[way]:
                if other != datum and joined:
                    joined = _join(joined, held[other].settled, room)
            for target, cost in ways.gives[way]:
                for union, farthest in joined:
                    size, far = union.bit_count(), farthest + cost
                    if held[target].invite(union, (size, far)):
                        serial += 1
                        heappush(heap, (size, far, serial, target, union))
    sets = [_bits(mask) for mask, _ in held[ways.goal].settled]
    return [frozenset([ways.supplies[place] for place in places]) for places in sets]


class _Labels:
    """The sets that make one datum computable: the few best, and keys of those that may come to be."""

    __slots__ = ("invited", "room", "seen", "settled")

    def __init__(self, room: int) -> None:
        self.room = room
        self.settled: list[tuple[Mask, float]] = []
        self.seen: set[Mask] = set()
        self.invited: list[tuple[int, float]] = []  # negative keys of the best that were seen: the worst first

    def settle(self, mask: Mask, distance: float) -> bool:
        """Keep a set, unless it contains one that is kept."""
        if any(not known & ~mask for known, _ in self.settled):
            return False
        self.settled.append((mask, distance))
        return True

    def invite(self, mask: Mask, key: tuple[int, float]) -> bool:
        """Is a set new, and among the best that were seen?"""
        if mask in self.seen:
            return False
        size, distance = key
        worse = (-size, -distance)
        if len(self.invited) < self.room:
            heappush(self.invited, worse)
        elif worse > self.invited[0]:
            heapreplace(self.invited, worse)
        else:
            return False
        self.seen.add(mask)
        return not any(not known & ~mask for known, _ in self.settled)


def _join(some: list[tuple[Mask, float]], others: list[tuple[Mask, float]], room: int) -> list[tuple[Mask, float]]:
    """The best unions of one set of each."""
    unions: dict[Mask, float] = {}
    for mask, distance in some:
        for other, far in others:
            union, farthest = mask | other, max(distance, far)
            if unions.get(union, inf) > farthest:
                unions[union] = farthest
    if len(unions) <= room:
        return list(unions.items())
    return sorted(unions.items(), key=lambda item: (item[0].bit_count(), item[1]))[:room]

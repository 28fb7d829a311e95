"""Cuts plans into bundles: cheap neighbours travel together, and what can be made side by side still is.

Calls of which each is the only one to take the value of the one before are one chain, and a chain is never cut: nobody
else could go on with it earlier.  Chains at the same depth are shared out; where a depth, or several, cost less than
their way to a worker and back, they are one bundle.  So bundles form no circle: each takes values of shallower ones,
or of its own.

How long calls take decides, as far as it is known.  Of a plan of mostly unknown functions a few bundles are handed out
first, cut as if their calls were not cheap; the rest follows while the last of these are still at work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .bundles import Bundle, Functions, laters_of
from .contract import Attempt
from .later import Later

__all__ = ["Segments", "cut"]

UNKNOWN_SECONDS = 0.002_5  # so long, it is supposed, takes a function that has never been called
PROBES = 4  # bundles of unknown functions that are handed out first, for each place to work at

GRAIN_SECONDS = 0.01  # what takes less is not worth a way of its own
# What is to be shared out goes in large pieces first, and in small ones at the end, so that nobody waits long for the
# last: each is such a part of what is left, for each place to work at, but no smaller than such a part of all.
PIECE = 3
LEAST = 40


class Segments:
    """Plans that are to be cut, and handed out.

    Parameters
    ----------
    functions : Functions
        What is known of functions.
    submit : callable
        Takes attempts, and what stands for their values; gives their bundle, which it has handed out.
    """

    def __init__(self, functions: Functions, submit: Callable[[list[Attempt], list[Later | None]], Bundle]) -> None:
        self._functions = functions
        self._submit = submit
        self._uncut: dict[Attempt, Later | None] = {}
        self._probes: set[Bundle] = set()
        self._unknown_seconds = UNKNOWN_SECONDS

    def add(self, steps: Sequence[tuple[Attempt, Later | None]], places: int) -> None:
        """Take a plan, and hand out of it what makes sense by now."""
        self._uncut.update(steps)
        if not self._probes:
            self._unknown_seconds = UNKNOWN_SECONDS
            self._go_on(places, is_first=True)

    def withdraw(self, attempt: Attempt) -> bool:
        """Take an attempt out; False if it is not here, or not any more."""
        return self._uncut.pop(attempt, self) is not self

    def clear(self) -> list[Attempt]:
        """Take all out."""
        attempts = list(self._uncut)
        self._uncut.clear()
        return attempts

    def ended(self, bundle: Bundle, places: int) -> None:
        """A bundle has ended; if it was one of the last that the rest waited for, that is handed out."""
        if bundle not in self._probes:
            return
        self._probes.discard(bundle)
        if len(self._probes) > places:
            return
        self._probes.clear()
        if self._functions.recent:
            self._unknown_seconds = sum(self._functions.recent) / len(self._functions.recent)
        if self._uncut:
            self._go_on(places, is_first=False)

    def _go_on(self, places: int, *, is_first: bool) -> None:
        attempts, laters = list(self._uncut), list(self._uncut.values())
        known = self._functions.seconds
        unknown = sum([known(attempt.call.function) is None for attempt in attempts]) if is_first else 0

        def seconds(attempt: Attempt) -> float:
            found = known(attempt.call.function)
            return self._unknown_seconds if found is None else found

        bundles = cut(attempts, laters, seconds, places)
        is_probe = 2 * unknown > len(attempts) and len(bundles) > 2 * PROBES * places
        if is_probe:
            del bundles[PROBES * places :]
            self._functions.recent.clear()
        for chosen in bundles:
            for place in chosen:
                self._uncut.pop(attempts[place])
            bundle = self._submit([attempts[place] for place in chosen], [laters[place] for place in chosen])
            if is_probe:
                self._probes.add(bundle)


def cut(
    attempts: Sequence[Attempt],
    laters: Sequence[Later | None],
    seconds: Callable[[Attempt], float],
    places: int,
) -> list[list[int]]:
    """Share attempts out to bundles.

    Parameters
    ----------
    attempts : sequence of Attempt
        Each after those whose values it takes.
    laters : sequence of (Later or None)
        What the value of each is called among the arguments of others.
    seconds : callable
        Gives the time that an attempt will take.
    places : int
        How many calls can be made at once.

    Returns
    -------
    list of list of int
        Places of attempts, each bundle after those that it takes values from.

    Notes
    -----
    Linear in calls and arguments.
    """
    chains, levels = _chains(attempts, laters)
    weights = [sum([seconds(attempts[place]) for place in chain]) for chain in chains]
    by_level: list[list[int]] = []
    for number, level in enumerate(levels):
        while len(by_level) <= level:
            by_level.append([])
        by_level[level].append(number)
    bundles: list[list[int]] = []
    band: list[int] = []  # chains of depths that are not worth being shared out
    spent = 0.0
    for numbers in by_level:
        total = sum([weights[number] for number in numbers])
        if spent + total > GRAIN_SECONDS and band:
            bundles.append(_joined(band, chains))
            band, spent = [], 0.0
        if total > GRAIN_SECONDS and len(numbers) > 1:
            bundles += [_joined(share, chains) for share in _shares(numbers, weights, total, places)]
        else:
            band += numbers
            spent += total
    if band:
        bundles.append(_joined(band, chains))
    return bundles


def _chains(attempts: Sequence[Attempt], laters: Sequence[Later | None]) -> tuple[list[list[int]], list[int]]:
    """Chains of attempts, and how deep each lies."""
    place_of = {id(later): place for place, later in enumerate(laters) if later is not None}
    takes: list[list[int]] = []
    takers = [0] * len(attempts)
    for attempt in attempts:
        found = list(dict.fromkeys([place_of[id(one)] for one in laters_of(attempt.call.args) if id(one) in place_of]))
        takes.append(found)
        for place in found:
            takers[place] += 1
    chains: list[list[int]] = []
    levels: list[int] = []
    chain_of = [0] * len(attempts)
    for place, found in enumerate(takes):
        if len(found) == 1 and takers[found[0]] == 1:
            chain_of[place] = chain_of[found[0]]
            chains[chain_of[place]].append(place)
            continue
        chain_of[place] = len(chains)
        chains.append([place])
        levels.append(max([levels[chain_of[one]] + 1 for one in found], default=0))
    return chains, levels


def _joined(numbers: Sequence[int], chains: list[list[int]]) -> list[int]:
    """The attempts of some chains, in their order."""
    if len(numbers) == 1:
        return chains[numbers[0]]
    return sorted([place for number in numbers for place in chains[number]])


def _shares(numbers: Sequence[int], weights: list[float], total: float, places: int) -> list[list[int]]:
    """Chains of one depth in shares, large ones first."""
    least = max(GRAIN_SECONDS, total / (LEAST * places))
    left = total
    shares: list[list[int]] = []
    share: list[int] = []
    size, goal = 0.0, max(least, left / (PIECE * places))
    for number in numbers:
        # What would make it too large by more than half of itself goes into the next.
        if share and size + 0.5 * weights[number] > goal:
            shares.append(share)
            left -= size
            share, size, goal = [], 0.0, max(least, left / (PIECE * places))
        share.append(number)
        size += weights[number]
    return [*shares, share]

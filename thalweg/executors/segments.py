"""Cuts a plan into bundles: cheap neighbours travel together, and what can be made side by side still is.

Calls of which each is the only one to take the value of the one before are one chain, and a chain is never cut: nobody
else could go on with it earlier.  Chains at the same depth are shared out; where a depth, or several, cost less than
their way to a worker and back, they are one bundle.  So bundles form no circle: each takes values of shallower ones,
or of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .bundles import laters_of
from .contract import Attempt
from .later import Later

__all__ = ["cut"]

GRAIN_SECONDS = 0.01  # what takes less is not worth a way of its own
PIECES = 32  # of one depth, for each place to work at: with so many, nobody waits long for the last


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
            count = min(len(numbers), PIECES * places, int(total / GRAIN_SECONDS) + 1)
            bundles += [_joined(share, chains) for share in _shares(numbers, weights, total, count)]
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


def _shares(numbers: Sequence[int], weights: list[float], total: float, count: int) -> list[list[int]]:
    """Chains of one depth in so many shares of about the same weight."""
    shares: list[list[int]] = [[]]
    spent = 0.0
    for position, number in enumerate(numbers):
        left = len(numbers) - position
        is_full = spent >= total * len(shares) / count
        if shares[-1] and len(shares) < count and (is_full or left <= count - len(shares)):
            shares.append([])
        shares[-1].append(number)
        spent += weights[number]
    return shares

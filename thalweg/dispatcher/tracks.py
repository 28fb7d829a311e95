"""Trodden ways: what is to be done on a plan, step by step, from one loss to the next.

The first track of a plan holds all that is to be done if nothing is lost.  Where something is lost (a function fails,
or gives nothing for some of its outputs), a branch leads to another track, which holds what a run did from there up to
its next loss::

    plan --first--> track --(f failed)--> track --(g gave no x)--> track
                      |
                      +----(h failed)--> track
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from .network import Kind, Network
from .nodes import NodeId
from .search import Search

__all__ = ["Loss", "Step", "Track", "Tracks", "Way"]

# Position; datum to be made known; where calling a function is all there is to do: the function, its argument if it
# has one, else what picks its arguments from the values; where not: None, -1 and what its provider takes.
Step: TypeAlias = tuple[int, int, Any, int, Any]
# A function, and its outputs that are lost; None for all.
Loss: TypeAlias = tuple[int, tuple[int, ...] | None]

_ROOM = 16  # the tracks of a plan may take as much as so many plans


class Way(NamedTuple):
    """What is known of a track, all at once: who goes along it meanwhile has either the old or the new.

    Attributes
    ----------
    steps : list of Step
    functions : list of int
        By step: the provider.
    search : Search or None
        What it came to, where a run went to the end of it without a further loss.
    """

    steps: list[Step]
    functions: list[int]
    search: Search | None


class Track:
    """What is to be done from one loss to the next.

    Attributes
    ----------
    way : Way
    branches : dict of Loss to Track
    used : bytearray or None
        By datum: does what is wanted rest on it, at the end?
    layout : tuple or None
        Ids of the data that are known at the end, in the order of a solution, and what picks their values.
    """

    __slots__ = ("branches", "layout", "used", "way")

    def __init__(self) -> None:
        self.way = Way([], [], None)
        self.branches: dict[Loss, Track] = {}
        self.used: bytearray | None = None
        self.layout: tuple[tuple[NodeId, ...], Callable[[Sequence[Any]], Iterable[Any]]] | None = None

    def lay(
        self, network: Network, ways: Sequence[tuple[int, int, tuple[int, ...]]], search: Search | None = None
    ) -> None:
        """Set what is to be done.

        Parameters
        ----------
        network : Network
        ways : sequence of (int, int, tuple of int)
            Provider, datum, and what the provider takes where it is no function.
        search : Search or None
            As in `Way`.
        """
        plain, arguments = network.plain, network.arguments
        steps: list[Step] = []
        for position, (f, x, taken) in enumerate(ways):
            function = plain[f]
            if function is None:
                steps.append((position, x, None, -1, taken))
            elif len(arguments[f]) == 1:
                steps.append((position, x, function, arguments[f][0], None))
            else:
                steps.append((position, x, function, -1, itemgetter(*arguments[f]) if arguments[f] else _no_arguments))
        self.way = Way(steps, [f for f, _, _ in ways], search)


def _no_arguments(_: Sequence[Any]) -> tuple[()]:
    return ()


class Tracks:
    """All tracks of a plan.

    Parameters
    ----------
    network : Network
    search : Search
        That of the plan.
    order : sequence of int
        Data to be made known if nothing is lost.
    """

    __slots__ = ("first", "network", "taken")

    def __init__(self, network: Network, search: Search, order: Sequence[int]) -> None:
        self.network = network
        self.first = Track()
        provider, kind = search.provider, network.kind
        ways = [(provider[x], x) for x in order]
        self.first.lay(network, [(f, x, () if kind[f] == Kind.FUNCTION else search.takes(f)) for f, x in ways], search)
        self.taken = 0

    def add(self, size: int) -> None:
        """Count what a new track takes; where it is too much all but the first are forgotten."""
        self.taken += size
        if self.taken > _ROOM * len(self.network.consumers):
            self.first.branches, self.taken = {}, size

"""Who can still need a value: so that a run may let it go after the last."""

from __future__ import annotations

from typing import Any

from ..tokens import ABSENT, RELEASED, UNKNOWN
from .network import Network
from .search import Search

__all__ = ["Uses"]


class Uses:
    """Counts who can still need each value, and lets it go after the last.

    A function can still need its inputs until all of its outputs that matter are known, from wherever: so a value
    that a fallback might need is kept.
    """

    def __init__(self, network: Network, search: Search, values: list[Any]) -> None:
        self.network = network
        self.values = values
        self.keep = {0, *(search.wanted or ())}
        self.open: dict[int, int] = {}  # function -> its outputs that matter and are not known
        self.live: dict[int, int] = {}  # datum -> functions that can still need it
        self.matter = set(self.keep)  # data that what is wanted could rest on
        stack = [x for x in self.keep if values[x] is UNKNOWN]
        while stack:
            for f, _ in network.providers(stack.pop()):
                self.open[f] = self.open.get(f, 0) + 1
                if self.open[f] == 1:
                    for u in set(network.inputs[f]):
                        self.live[u] = self.live.get(u, 0) + 1
                        if u not in self.matter:
                            self.matter.add(u)
                            if values[u] is UNKNOWN:
                                stack.append(u)

    def known(self, x: int) -> None:
        """`x` has its value, or needs none: functions that could have given it are wanted less."""
        for f, _ in self.network.providers(x):
            if f in self.open:
                self.open[f] -= 1
                if not self.open[f]:
                    self.spent(f)

    def spent(self, function: int) -> None:
        """`function` can need its inputs no longer."""
        stack = [function]
        while stack:
            f = stack.pop()
            if self.open.pop(f, None) is None:
                continue
            for u in set(self.network.inputs[f]):
                self.live[u] -= 1
                if self.live[u] or u in self.keep:
                    continue
                if self.values[u] is not UNKNOWN:
                    if self.values[u] is not ABSENT:
                        self.values[u] = RELEASED
                    continue
                for g, _ in self.network.providers(u):  # nor are those that would have given it
                    if g in self.open:
                        self.open[g] -= 1
                        if not self.open[g]:
                            stack.append(g)

"""The chain of calls that sets how long a run takes, however many workers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tokens import UNKNOWN
from .network import Kind
from .timeline import Timeline, timed

if TYPE_CHECKING:
    from .solution import Record

__all__ = ["CriticalPath", "critical_path"]


class CriticalPath(Timeline):
    """Calls each of which waited for the one before, and which together took longest of all such chains.

    Attributes
    ----------
    seconds : float
        How long they took together: less time the run cannot take, however many workers it has.
    """

    def __init__(self, calls: Timeline) -> None:
        super().__init__(calls)
        self.seconds = sum([call.end - call.start for call in calls])


def critical_path(record: Record, level: int = 0) -> CriticalPath:
    """The longest chain of calls by the times that were measured.

    A call waits for those that gave what it takes, and for those that were tried in vain for what it gives.

    Parameters
    ----------
    record : Record
    level : int, optional
        Only the calls of this level, and of what is mounted in it, count.

    Returns
    -------
    CriticalPath

    Notes
    -----
    O(V + E).  What was not timed took no time.
    """
    chains = _Chains(record, level)
    for f in dict.fromkeys(record.calls):
        chains.add(f)
    return CriticalPath(Timeline([chains.calls[f] for f in chains.longest()]))


class _Chains:
    """The longest chain up to each call of a run; each call comes after those that it waits for."""

    def __init__(self, record: Record, level: int) -> None:
        self.record = record
        self.calls = timed(record, level)
        self.ends: dict[int, float] = {}  # by call: how long the longest chain is that ends with it
        self.before: dict[int, int] = {}  # by call: the one before it in that chain, -1 for none
        self.at: dict[int, int] = {}  # by datum: the call with the longest chain that it rests on, -1 for none
        self.vain: dict[int, list[int]] = {}  # by datum: calls that were tried for it and gave nothing
        search = record.search
        for f in dict.fromkeys(record.calls):
            for x, _ in record.network.provides[f]:
                if (f, x) in search.gone or x in search.empty:
                    self.vain.setdefault(x, []).append(f)

    def add(self, f: int) -> None:
        """Find the longest chain that ends with a call."""
        before = [self._last_of(u) for u in self.record.search.takes(f)]
        for x, _ in self.record.network.provides[f]:
            before += [g for g in self.vain.get(x, ()) if g in self.ends and g != f]
        last = self._longest_of(before)
        call = self.calls.get(f)
        took = 0.0 if call is None else call.end - call.start
        self.ends[f] = took + (self.ends[last] if last >= 0 else 0.0)
        self.before[f] = last

    def longest(self) -> list[int]:
        """The longest chain of all."""
        chain: list[int] = []
        at = self._longest_of(list(self.ends))
        while at >= 0:
            if at in self.calls:
                chain.append(at)
            at = self.before[at]
        return chain[::-1]

    def _longest_of(self, calls: list[int]) -> int:
        return max([f for f in calls if f >= 0], key=self.ends.__getitem__, default=-1)

    def _last_of(self, datum: int) -> int:
        """The call that a datum waited for longest, through links and collections."""
        at, ends, search, values = self.at, self.ends, self.record.search, self.record.values
        stack = [datum]
        while stack:
            x = stack[-1]
            f = search.provider[x]
            if x in at:
                stack.pop()
            elif f in ends:
                at[x] = f
            elif values[x] is UNKNOWN or self.record.network.kind[f] in (Kind.FUNCTION, Kind.START):
                at[x] = -1
            else:
                taken = search.takes(f)
                unknown = [u for u in taken if u not in at]
                if unknown:
                    at.update(dict.fromkeys(set(unknown) & set(stack), -1))  # a gate within the circle that it opens
                    stack += [u for u in unknown if u not in at]
                else:
                    at[x] = self._longest_of([at[u] for u in taken])
        return at[datum]

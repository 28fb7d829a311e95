"""Calls of earlier runs first: who takes part in an executor with only so many places stands in a line for it.

All runs of a program that use the same threads or processes share one line; each has a `Turn` in it, which for its
driver is the executor.  A run that is begun within a task has none, for the task that waits for it has a place already.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from ..errors import CallCancelled
from ..executors.contract import Attempt, Executor, Outcome

__all__ = ["Turn", "in_turn"]

_AHEAD = 256  # calls of one run that may stand in the line
_lines: WeakKeyDictionary[Executor, _Line] = WeakKeyDictionary()
_runs = count(1)
_lock = threading.Lock()


def in_turn(executor: Executor) -> Executor:
    """The executor for a run that begins now, behind all that have begun before.

    Parameters
    ----------
    executor : Executor
        One with a number of places that it tells is shared in turn; any other is given as it is.
    """
    if _places(executor) is None:
        return executor
    with _lock:
        line = _lines.get(executor)
        if line is None:
            line = _lines[executor] = _Line()
        return Turn(executor, line, next(_runs))


def _places(executor: Any) -> int | None:
    """How many calls an executor makes at once; None if it does not say."""
    limit = getattr(executor, "limit", None)
    return getattr(executor, "max_workers", None) if limit is None else limit


class _Line:
    """Attempts that wait for a place at one executor."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[tuple[int, int, Attempt]] = []  # a heap: number of the run, order of coming
        self.inside: set[Attempt] = set()
        self.entering: dict[Attempt, bool] = {}  # on their way to the executor: was their end asked for meanwhile?
        self.coming = count()


class Turn:
    """One run's share of an executor.

    Parameters
    ----------
    executor : Executor
    line : _Line
        That of the executor.
    number : int
        Of the run: the lower, the sooner.
    """

    capacity = _AHEAD
    takes_chains = False

    def __init__(self, executor: Executor, line: _Line, number: int) -> None:
        self.name = executor.name
        self.executor = executor
        self.line = line
        self.number = number

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt when it is its turn."""
        line = self.line
        attempt.report = partial(self._ended, attempt, attempt.report)
        with line.lock:
            heapq.heappush(line.waiting, (self.number, next(line.coming), attempt))
        self._admit()

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt; one that waits ends at once."""
        line = self.line
        with line.lock:
            if attempt in line.entering:
                line.entering[attempt] = True
                return
            is_inside = attempt in line.inside
            line.inside.discard(attempt)  # one that does not end is not waited for
            is_waiting = False
            if not is_inside:
                kept = [entry for entry in line.waiting if entry[2] is not attempt]
                is_waiting = len(kept) < len(line.waiting)
                line.waiting = kept
                heapq.heapify(line.waiting)
        if is_inside:
            self.executor.cancel(attempt)
            self._admit()
        elif is_waiting:
            now = monotonic()
            attempt.report(
                Outcome(attempt, None, CallCancelled("it was cancelled before it began"), now, now, self.name)
            )

    def close(self, grace_seconds: float) -> None:
        """The executor is shared: nothing is let go."""

    def _ended(self, attempt: Attempt, report: Callable[[Outcome], object], outcome: Outcome) -> None:
        line = self.line
        with line.lock:
            line.inside.discard(attempt)
        report(outcome)
        self._admit()

    def _admit(self) -> None:
        """Start what there is room for."""
        line = self.line
        while True:
            with line.lock:
                if not line.waiting or len(line.inside) >= (_places(self.executor) or 1):
                    return
                attempt = heapq.heappop(line.waiting)[2]
                line.inside.add(attempt)
                line.entering[attempt] = False
            self.executor.start(attempt)
            with line.lock:
                is_unwanted = line.entering.pop(attempt)
            if is_unwanted:
                self.cancel(attempt)

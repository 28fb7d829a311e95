"""What waits to be handed out to a cluster: a queue for each placement, so that none of them blocks another."""

from __future__ import annotations

import heapq
import time
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from .bundles import Bundle, Functions
from .placement import Placement

__all__ = ["Queues"]

QUICK_SECONDS = 0.001  # calls that take no longer travel together
BATCH_SECONDS = 0.01
BATCH_CALLS = 1024
WINDOW = 2  # bundles in the cluster for each place to work at; the others wait here
_RANK = float(1 << 33)  # between one priority and the next: more seconds than any clock tells


class Queues:
    """Bundles that wait, and the number of those of each placement that are in the cluster.

    Parameters
    ----------
    functions : Functions
        What is known of functions.
    """

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._waiting: dict[Placement | None, list[tuple[float, int, Bundle]]] = {}
        self._busy: dict[Placement | None, int] = {}
        self._runs: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # what a run is told by -> when it began
        self._serials = count()

    def add(self, bundle: Bundle) -> None:
        """Let a bundle wait."""
        queue = self._waiting.setdefault(bundle.placement, [])
        heapq.heappush(queue, (-self.priority(bundle), next(self._serials), bundle))

    def withdraw(self, bundle: Bundle) -> None:
        """Take a bundle out."""
        queue = self._waiting[bundle.placement]
        queue[:] = [entry for entry in queue if entry[2] is not bundle]
        heapq.heapify(queue)

    def clear(self) -> list[Bundle]:
        """Take all out."""
        waiting = [bundle for queue in self._waiting.values() for _, _, bundle in queue]
        self._waiting.clear()
        return waiting

    def priority(self, bundle: Bundle) -> float:
        """Of earlier runs the higher one, also among programs that share a cluster."""
        try:
            began = self._runs.setdefault(bundle.attempts[0].report, time.time())
        except TypeError:
            began = time.time()
        placement = bundle.placement
        return (0 if placement is None else placement.priority) * _RANK - began

    def begun(self, bundle: Bundle) -> None:
        """A bundle is in the cluster."""
        self._busy[bundle.placement] = self._busy.get(bundle.placement, 0) + 1

    def ended(self, bundle: Bundle) -> None:
        """A bundle is in the cluster no more."""
        self._busy[bundle.placement] -= 1

    def next(self, places: int) -> Bundle | None:
        """What is to be handed out next, if there is room for it; quick calls with more of their kind."""
        for placement, queue in self._waiting.items():
            if queue and self._busy.get(placement, 0) < WINDOW * places:
                return self._taken(queue, places)
        return None

    def _taken(self, queue: list[tuple[float, int, Bundle]], places: int) -> Bundle:
        _, _, bundle = heapq.heappop(queue)
        total = self._quick_seconds(bundle)
        if total is None:
            return bundle
        share = min(BATCH_CALLS, -(-len(queue) // max(1, places)))
        while queue and len(bundle.attempts) < share:
            seconds = self._quick_seconds(queue[0][2])
            if seconds is None or total + seconds > BATCH_SECONDS:
                break
            total += seconds
            other = heapq.heappop(queue)[2]
            bundle.attempts += other.attempts
            bundle.laters += other.laters
            bundle.reported += other.reported
        return bundle

    def _quick_seconds(self, bundle: Bundle) -> float | None:
        """How long one quick call takes; None if it is not to share its way with others."""
        attempt = bundle.attempts[0]
        if len(bundle.attempts) > 1 or bundle.lives or attempt.limit_seconds is not None or attempt.number > 1:
            return None
        if attempt.call.policy is not None:
            return None
        seconds = self._functions.seconds(attempt.call.function)
        return seconds if seconds is not None and seconds < QUICK_SECONDS else None

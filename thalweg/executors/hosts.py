"""Waits for the calls of a run in the thread that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from .contract import GRACE_SECONDS, Outcome
from .driver import Driver
from .threads import giving_way

__all__ = ["BlockingHost"]

_GLANCE_SECONDS = 0.05  # how long a stopper that nobody tells us of may go unseen


class BlockingHost:
    """A host for a driver in a thread of its own, or of its caller.

    Parameters
    ----------
    stopper : object, optional
        Has ``is_set()``; looked at again and again while nothing else happens.
    """

    def __init__(self, stopper: Any = None) -> None:
        self.posted: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self.timers: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self.serial = 0
        self.stopper = stopper

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread, soon; from any thread."""
        self.posted.put((function, args))

    def reporter(self, receive: Callable[[Outcome], object]) -> Callable[[Outcome], object]:
        """What has `receive` called in the driver's thread; to be called from any thread."""
        put = self.posted.put

        def report(outcome: Outcome) -> None:
            put((receive, (outcome,)))

        return report

    def call_later(self, seconds: float, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread after some time."""
        self.serial += 1
        heappush(self.timers, (monotonic() + seconds, self.serial, function, args))

    def now(self) -> float:
        """Monotonic time [s]."""
        return monotonic()

    def drive(self, driver: Driver) -> None:
        """Drive a run to its end.

        Raises
        ------
        BaseException
            Whatever the run raises, or a call that ends the program; what is in flight is then cancelled and awaited.
        """
        try:
            driver.pump()
            with giving_way():
                while not driver.is_closing:
                    self._step(driver, None)
        finally:
            if not driver.is_over:
                self._clear_up(driver)
            self.timers.clear()
            driver.release()

    def _step(self, driver: Driver, limit: float | None) -> None:
        """Wait for something to happen, and see to all that has."""
        posted = self.posted
        wait = limit
        if self.timers:
            until = max(0.0, self.timers[0][0] - monotonic())
            wait = until if wait is None else min(wait, until)
        if self.stopper is not None:
            wait = _GLANCE_SECONDS if wait is None else min(wait, _GLANCE_SECONDS)
        try:
            function, args = posted.get(timeout=wait)
            function(*args)
            for _ in range(posted.qsize()):
                function, args = posted.get_nowait()
                function(*args)
        except Empty:
            pass
        while self.timers and self.timers[0][0] <= monotonic():
            _, _, function, args = heappop(self.timers)
            function(*args)
        if self.stopper is not None and self.stopper.is_set():
            driver.run.stop()  # type: ignore[attr-defined]
        driver.pump()

    def _clear_up(self, driver: Driver) -> None:
        """Cancel what is in flight, and give it some time to end."""
        driver.close()
        self.stopper = None
        until = monotonic() + GRACE_SECONDS
        while not driver.is_over and monotonic() < until:
            self._step(driver, until - monotonic())
        driver.abandon()

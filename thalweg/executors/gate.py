"""Admission: never more than so many at once, first come, first served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Self

from ..errors import BuildError
from .policy import check_count

__all__ = ["Gate"]


class Gate:
    """Lets in `high` at once; once full, none until fewer than `low` are inside.

    Parameters
    ----------
    high : int
        Most that are inside at once.
    low : int, optional
        After `high` was reached none enters until fewer than this are inside; by default `high`, so that each place
        is given on as soon as it is free.

    Notes
    -----
    Thread-safe; one gate may be shared by many runs.  A gate passed to `Dispatcher.dispatch` admits its calls, one
    passed to `Dispatcher.map` admits runs.

    Examples
    --------
    >>> gate = Gate(2)
    >>> [gate.enter(print), gate.enter(print), gate.enter(print)]
    [True, True, False]
    """

    def __init__(self, high: int, low: int | None = None) -> None:
        low = high if low is None else low
        check_count(high, "high of a gate")
        check_count(low, "low of a gate")
        if low > high:
            raise BuildError(f"low of a gate is {low}, above its high {high}; give at most {high}")
        from threading import Lock

        self.high = high
        self.low = low
        self.inside = 0
        self._was_full = False
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = Lock()

    def enter(self, admitted: Callable[[], object]) -> bool:
        """Enter, or wait in line.

        Parameters
        ----------
        admitted : callable
            Called without arguments when a place is free, in the thread that gave it back; never if this gives True.

        Returns
        -------
        bool
            Whether there is a place now.
        """
        with self._lock:
            if not self._waiting and self._has_room():
                self._take()
                return True
            self._waiting.append(admitted)
            return False

    def leave(self) -> None:
        """Give a place back."""
        calls: list[Callable[[], object]] = []
        with self._lock:
            self.inside -= 1
            while self._waiting and self._has_room():
                self._take()
                calls.append(self._waiting.popleft())
        for admitted in calls:
            admitted()

    def withdraw(self, admitted: Callable[[], object]) -> bool:
        """Leave the line; False if it has been admitted by now, and a place must be given back."""
        with self._lock:
            try:
                self._waiting.remove(admitted)
            except ValueError:
                return False
            return True

    def __enter__(self) -> Self:
        from threading import Event

        free = Event()
        admitted = free.set
        if not self.enter(admitted):
            try:
                free.wait()
            except BaseException:
                self._give_up(admitted)
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    async def __aenter__(self) -> Self:
        import asyncio

        loop = asyncio.get_running_loop()
        free = asyncio.Event()

        def admitted() -> None:
            loop.call_soon_threadsafe(free.set)

        if not self.enter(admitted):
            try:
                await free.wait()
            except BaseException:
                self._give_up(admitted)
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def _give_up(self, admitted: Callable[[], object]) -> None:
        """Leave the line, or the place that was given meanwhile."""
        if not self.withdraw(admitted):
            self.leave()

    def _has_room(self) -> bool:
        if self._was_full and self.inside < self.low:
            self._was_full = False
        return not self._was_full and self.inside < self.high

    def _take(self) -> None:
        self.inside += 1
        self._was_full = self.inside >= self.high

    def __repr__(self) -> str:
        return f"Gate({self.high}, {self.low})"

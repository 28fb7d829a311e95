"""A kitchen clock: an event loop whose minutes pass as soon as everybody waits.

What takes an hour in the kitchen takes a millisecond here, and each thing happens at the same minute on every machine.
Any event loop may be given to `orchestrate`; by default it makes one of the usual kind, with the time of the world.
"""

import asyncio
import selectors


class KitchenClock(asyncio.SelectorEventLoop):
    """An event loop that counts minutes, from 0."""

    def __init__(self) -> None:
        self.minutes = 0.0
        super().__init__(_Patience(self))

    def time(self) -> float:
        """Give the minutes; those who sleep think them seconds."""
        return self.minutes


class _Patience(selectors.SelectSelector):
    """Nobody calls from outside, so whatever is to be waited for is a time: let it pass."""

    def __init__(self, clock: KitchenClock) -> None:
        super().__init__()
        self.clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass that nobody uses."""
        if timeout is None:
            raise RuntimeError("everybody waits, and for nothing that will ever happen")
        self.clock.minutes += timeout
        return super().select(0)

"""Items that wait for a worker: packed when their turn comes, and put together where they are quick."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .depot import Depot
from .items import Item, prepare
from .known import Functions

__all__ = ["Waiting", "is_quick"]

QUICK_SECONDS = 0.000_2  # a call that takes no longer may share a batch
BATCH_SECONDS = 0.001
CALL_SECONDS = 0.000_003  # what a worker needs beside the function itself
BATCH_CALLS = 256
BATCH_BYTES = 1 << 15


class Waiting:
    """The queue of a pool, first come, first served; what has been taken back stands before all others.

    Parameters
    ----------
    functions : Functions
    depot : Depot
    refuse : callable
        Given an item that cannot be packed.
    """

    def __init__(self, functions: Functions, depot: Depot, refuse: Callable[[Item], None]) -> None:
        self._items: deque[Item] = deque()
        self._functions = functions
        self._depot = depot
        self._refuse = refuse

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item) -> None:
        """One more, behind all others."""
        self._items.append(item)

    def add_first(self, item: Item) -> None:
        """One that was taken back."""
        self._items.appendleft(item)

    def clear(self) -> list[Item]:
        """Empty the queue, and give what was in it and is not over."""
        items = [item for item in self._items if not item.is_over]
        self._items.clear()
        return items

    def head(self) -> Item | None:
        """The next item, packed, if there is one."""
        items = self._items
        while items:
            item = items[0]
            if not item.is_over:
                if item.parcel is None:
                    prepare(item, self._functions, self._depot)
                if item.attempts:
                    return item
                self._refuse(item)
            items.popleft()
        return None

    def take(self) -> Item:
        """Remove the head."""
        return self._items.popleft()

    def batch(self, workers: int) -> list[Item]:
        """Remove quick calls from the head: a millisecond's work, or a fair share where there are so many workers."""
        batch: list[Item] = []
        seconds, size, calls = 0.0, 0, 0
        share = -(-len(self._items) // workers)
        while len(batch) < share:
            item = self.head()
            if item is None or (batch and not is_quick(item)):
                break
            seconds += (item.seconds() or 0.0) + CALL_SECONDS * len(item.attempts)
            size += len(item.parcel) if type(item.parcel) is bytes else 256 * len(item.attempts)
            calls += len(item.attempts)
            if batch and (seconds > BATCH_SECONDS or size > BATCH_BYTES or calls > BATCH_CALLS):
                break
            batch.append(self._items.popleft())
        return batch

    def seconds(self) -> float:
        """About how long all this will take, if all is like the head."""
        head = self._items[0].seconds() if self._items else None
        return len(self._items) * ((head or 0.0) + CALL_SECONDS)


def is_quick(item: Item) -> bool:
    """May it share a batch?"""
    if item.is_limited or item.handed or item.files:
        return False
    seconds = item.seconds()
    return seconds is not None and seconds < QUICK_SECONDS

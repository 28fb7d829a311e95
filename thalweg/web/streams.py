"""Events of one long run, kept to be read by any number of clients, each at its own pace (server-sent events).

A client that is slow, or comes later, reads what is kept; what has been dropped meanwhile is told as lost.  Nothing is
kept for a client, so one that never reads costs a task and what lies in its socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Container
from threading import get_ident
from typing import Any

from ..dispatcher import Solution
from ..executors.events import Event
from .values import dump, text_of

__all__ = ["BEAT_SECONDS", "Live"]

BEAT_SECONDS = 15.0  # a stream without events says so often that it is alive


class Live:
    """The events of a run, from when it was accepted.

    Parameters
    ----------
    shown : container of str
        Paths of the nodes whose events are told.
    events_kept : int

    Notes
    -----
    Written by the run, from any thread; read on the event loop in which it was made.
    """

    def __init__(self, shown: Container[str], events_kept: int) -> None:
        self.shown = shown
        self.events: deque[bytes] = deque(maxlen=events_kept)
        self.count = 0
        self.is_over = False
        self.begin: float | None = None
        self.solution: Solution | None = None  # what the run has left, while there is room for it
        self.planned: list[str] = []  # paths of the functions that will be called if none fails
        self.changed = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()

    def __call__(self, event: Event) -> None:
        """Tell an event of the run; what concerns nodes that are not exposed is left out."""
        if self.begin is None:
            self.begin = event.time
        if event.path and event.path not in self.shown:
            return
        if event.kind == "end":
            return  # how the run stands is told when it is known to the store, too
        told: dict[str, Any] = {"path": event.path, "seconds": event.time - self.begin}
        if event.kind == "begin":
            told["calls"] = [name for name in self.planned if name in self.shown]
        elif event.attempt is not None and event.attempt.number > 1:
            told["try"] = event.attempt.number
        if event.error is not None:
            told["error"] = f"{type(event.error).__name__}: {text_of(event.error)}"
        self.tell(str(event.kind), told)

    def tell(self, kind: str, told: dict[str, Any]) -> None:
        """Keep an event, and wake who waits for one; from any thread."""
        data = dump(told)
        if get_ident() == self.thread:
            self._keep(kind.encode(), data)
        elif not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._keep, kind.encode(), data)

    def _keep(self, kind: bytes, data: bytes) -> None:
        self.count += 1
        self.events.append(b"id: %d\nevent: %b\ndata: %b\n\n" % (self.count, kind, data))
        self._wake()

    def end(self) -> None:
        """Let all readers go when they have read what is kept."""
        self.is_over = True
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def read(self, after: int) -> AsyncIterator[bytes]:
        """Events from behind number `after` on, as they come."""
        yield b": a stream of events\n\n"
        while True:
            changed, is_over = self.changed, self.is_over
            missing = self.count - max(after, 0)
            if missing > len(self.events):
                yield b'event: lost\ndata: {"events":%d}\n\n' % (missing - len(self.events))
                missing = len(self.events)
            if missing > 0:
                after = self.count
                yield b"".join(list(self.events)[len(self.events) - missing :])
                continue
            if is_over:
                return
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await changed.wait()
            except TimeoutError:
                yield b": nothing new\n\n"

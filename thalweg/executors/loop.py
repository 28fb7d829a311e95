"""A thread that waits for orders, for descriptors and for times, and does one thing after the other."""

from __future__ import annotations

import heapq
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

__all__ = ["Loop"]


class Loop:
    """The thread; who derives from it says what is done.

    Attributes
    ----------
    thread : threading.Thread
        Daemonic: it never keeps a program from ending.
    selector : selectors.BaseSelector
        What is registered here is given to `noticed`.
    """

    def __init__(self, name: str) -> None:
        self.inbox: deque[tuple[str, Any]] = deque()
        self.selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = count()
        self._asleep = False
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)  # noqa: FBT003 - its only parameter
        self._rope.setblocking(False)  # noqa: FBT003
        self.selector.register(self._bell, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def order(self, what: str, subject: Any) -> None:
        """Put something into the inbox; from any thread."""
        self.inbox.append((what, subject))
        if self._asleep:
            self.wake()

    def wake(self) -> None:
        """Let it take another turn; from any thread."""
        self._asleep = False
        with suppress(OSError):  # full, which wakes too, or closed
            self._rope.send(b"!")

    def at(self, seconds: float, function: Callable[..., None], *arguments: Any) -> None:
        """Call a function after so many seconds."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._count), function, arguments))

    def obeyed(self, what: str, subject: Any) -> None:
        """An order was taken from the inbox."""
        raise NotImplementedError

    def noticed(self, descriptor: int, subject: Any, events: int) -> None:
        """Something that was registered has become ready."""
        raise NotImplementedError

    def turned(self) -> bool:
        """All orders are taken; is there another turn?"""
        raise NotImplementedError

    def ended(self, error: BaseException | None) -> None:
        """No other turn is taken; `error` is what has ended them, if it was not meant."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except BaseException as error:
            self.ended(error)
            raise
        else:
            self.ended(None)
        finally:
            self._rope.close()
            self._bell.close()
            self.selector.close()

    def _turn(self) -> bool:
        while self.inbox:
            self.obeyed(*self.inbox.popleft())
        if not self.turned():
            return False
        # Who puts something into the inbox now will wake us; what was put there before is seen.
        self._asleep = True
        wait = 0.0 if self.inbox else None
        if wait is None and self._timers:
            wait = max(0.0, self._timers[0][0] - time.monotonic())
        ready = self.selector.select(wait)
        self._asleep = False
        for key, events in ready:
            if key.data is None:
                with suppress(BlockingIOError):
                    self._bell.recv(4096)
            else:
                self.noticed(key.fd, key.data, events)
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, function, arguments = heapq.heappop(self._timers)
            function(*arguments)
        return True

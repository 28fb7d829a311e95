"""An event loop in a thread of its own, for what is to go on while the caller does something else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

__all__ = ["in_background"]

_IDLE_SECONDS = 2.0  # without work the thread ends after this time


class _Background:
    """The loop, as long as there is work."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.busy = 0
        self.rounds = 0  # grows with each piece of work

    def begin(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begin a piece of work."""
        with self.lock:
            self.busy += 1
            self.rounds += 1
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                threading.Thread(target=self._run, args=(self.loop,), name="thalweg-runs", daemon=True).start()
            future = asyncio.run_coroutine_threadsafe(work, self.loop)
        future.add_done_callback(self._end)
        return future

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _end(self, _: Future[Any]) -> None:
        with self.lock:
            self.busy -= 1
            loop, rounds = self.loop, self.rounds
        if loop is not None:
            loop.call_soon_threadsafe(loop.call_later, _IDLE_SECONDS, self._rest, rounds)

    def _rest(self, rounds: int) -> None:
        """End the loop if nothing has happened meanwhile."""
        with self.lock:
            if self.busy or rounds != self.rounds or self.loop is None:
                return
            self.loop.stop()
            self.loop = None

    def close(self) -> None:
        """End the loop now, if nothing is at work on it."""
        with self.lock:
            loop, rounds = self.loop, self.rounds
        if loop is not None:
            loop.call_soon_threadsafe(self._rest, rounds)


_background = _Background()


def in_background(work: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Begin a piece of work on a loop in another thread.

    Returns
    -------
    concurrent.futures.Future
        Cancelling it cancels the task.
    """
    return _background.begin(work)

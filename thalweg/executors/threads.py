"""Makes calls in threads.

A thread cannot be stopped from outside: a call that is cancelled, or whose time is over, goes on until it ends by
itself, and what it gives is thrown away.  The threads are daemonic, so that none of them keeps the program alive.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from time import monotonic
from types import CoroutineType
from typing import Any

from ..errors import CallCancelled
from .contract import Attempt, Outcome, perform
from .policy import check_count

__all__ = ["ThreadsExecutor", "giving_way"]

_here = threading.local()


class ThreadsExecutor:
    """A pool of threads that grows as far as it is needed.

    Parameters
    ----------
    max_workers : int, optional
        Most calls that are made at once; by default four more than there are processors, at most 32.

    Notes
    -----
    A thread that waits for a dispatch of its own gives way to another for that time: a call may dispatch a model on the
    executor that makes it.
    """

    name = "threads"
    takes_chains = False

    def __init__(self, max_workers: int | None = None) -> None:
        if max_workers is None:
            max_workers = min(32, (os.cpu_count() or 1) + 4)
        check_count(max_workers, "max_workers")
        self.capacity = 2 * max_workers
        self.limit = max_workers  # and one for each thread that gives way, or is lost in a call
        self.queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self.threads: set[threading.Thread] = set()
        self.idle = threading.Semaphore(0)
        self.lock = threading.Lock()

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt; it is reported when it has ended."""
        # Who takes this out may report.  A copy of a context costs next to nothing before a variable is set in it.
        attempt.handle = [copy_context() if attempt.context is None else attempt.context]
        self.queue.put(attempt)
        if not self.idle.acquire(blocking=False):
            self.grow()

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt; one that is being made is left to itself, and its thread replaced."""
        if _claim(attempt) is not None:
            now = monotonic()
            error = CallCancelled("it was cancelled before it began")
            attempt.report(Outcome(attempt, None, error, now, now, self.name))
        else:
            self._widen(attempt)

    def close(self, grace_seconds: float) -> None:
        """End the threads that are idle, and those that become so within the grace period."""
        with self.lock:
            queue, threads = self.queue, tuple(self.threads)  # each takes itself out of the set when it ends
            self.queue, self.threads, self.idle = SimpleQueue(), set(), threading.Semaphore(0)
        while True:
            try:
                attempt = queue.get_nowait()
            except Empty:
                break
            if attempt is not None:
                self.cancel(attempt)
        for _ in threads:
            queue.put(None)
        until = monotonic() + grace_seconds
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def grow(self) -> None:
        """Start another thread, if there may be one."""
        with self.lock:
            if len(self.threads) < self.limit:
                arguments = (self.queue, self.idle, self.threads)
                name = f"thalweg-{len(self.threads) + 1}"
                thread = threading.Thread(target=self._work, args=arguments, name=name, daemon=True)
                self.threads.add(thread)
                thread.start()

    def _widen(self, attempt: Attempt) -> None:
        """Make up for the thread of an attempt that nobody waits for any more."""
        with self.lock:
            if attempt.handle == []:
                attempt.handle = None  # that thread takes back the place when it is through
                self.limit += 1
            else:
                return
        self.grow()

    def _work(
        self, queue: SimpleQueue[Attempt | None], idle: threading.Semaphore, threads: set[threading.Thread]
    ) -> None:
        _here.executor = self
        place = threading.current_thread().name
        while True:
            try:
                attempt = queue.get_nowait()
            except Empty:
                if len(threads) > self.limit:
                    break
                idle.release()
                attempt = queue.get()
            if attempt is None:
                break
            context = _claim(attempt)
            if context is not None:
                _make(attempt, place, context)
                if attempt.handle is None:
                    with self.lock:
                        self.limit -= 1
            del attempt, context  # what it holds is not ours to keep
        with self.lock:
            threads.discard(threading.current_thread())


def _claim(attempt: Attempt) -> Context | None:
    """Take the right to report an attempt, and what to call it in; whoever comes first has it, others None."""
    try:
        context: Context = attempt.handle.pop()
    except (AttributeError, IndexError):
        return None
    return context


def _make(attempt: Attempt, place: str, context: Context) -> None:
    if attempt.began is not None:
        attempt.began()
    value: Any = None
    error: BaseException | None = None
    start = monotonic()
    try:
        value = context.run(perform, attempt.call)
        if type(value) is CoroutineType:
            import asyncio

            value, error = context.run(asyncio.run, _awaited(value))
    except BaseException as caught:
        error = caught
    attempt.report(Outcome(attempt, value, error, start, monotonic(), place))
    del attempt, value, error  # the traceback of what it raised holds this frame


async def _awaited(coroutine: CoroutineType[Any, Any, Any]) -> tuple[Any, BaseException | None]:
    """What a coroutine gives or raises; an error that ended its loop would be held by it until collected."""
    try:
        return await coroutine, None
    except Exception as error:
        return None, error


@contextmanager
def giving_way() -> Iterator[None]:
    """While the thread waits for other calls, let its pool have another in its place."""
    executor: ThreadsExecutor | None = getattr(_here, "executor", None)
    if executor is None:
        yield
        return
    with executor.lock:
        executor.limit += 1
    if executor.queue.qsize():
        executor.grow()
    try:
        yield
    finally:
        with executor.lock:
            executor.limit -= 1

"""Calls in a pool of worker processes."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Self

from ..errors import BuildError
from .contract import Attempt
from .pool import Pool
from .worker import is_within

__all__ = ["ProcessesExecutor"]

# Attempts of one run that may wait here, for each process: enough to fill batches.
_WAITING = 1024
_LEAVE_SECONDS = 0.2


class ProcessesExecutor:
    """Makes calls in processes that stay: for functions that compute, and for as many processors as there are.

    Parameters
    ----------
    max_workers : int, optional
        Processes at once; by default as many as there are processors for us, and one if this is itself a process of a
        pool.

    Attributes
    ----------
    name : str
        ``"processes"``.
    capacity : int
        Attempts of one run that it takes at once.
    takes_chains : bool
        True: a chain is made in one process, and what only its next call needs does not travel.

    Raises
    ------
    BuildError
        `max_workers` is not a whole number, at least 1.

    Notes
    -----
    Processes are started when they are needed, as new interpreters: nothing is forked.  What a function changes in its
    process, global variables, say, is seen by later calls there and by nobody else.  Each run has functions as they are
    by then, also objects that can be called, closures, and the globals of what ``__main__`` defines; what is imported
    by its name is what its module says there.
    Functions, arguments and results must pickle; lambdas, closures and what ``__main__`` defines need cloudpickle,
    which ``thalweg[processes]`` brings.  Large arrays travel in files in memory: do not change one that a call in
    flight was given.

    A process that dies takes one call with it; the others do not notice.

    Examples
    --------
    >>> from queue import SimpleQueue
    >>> from thalweg.executors import Attempt, Call
    >>> outcomes = SimpleQueue()
    >>> with ProcessesExecutor(max_workers=1) as executor:
    ...     executor.start(Attempt(Call(1, divmod, (7, 2)), outcomes.put))
    ...     outcomes.get().value
    (3, 1)
    """

    name = "processes"
    takes_chains = True
    _is_single_use = False

    def __init__(self, max_workers: int | None = None) -> None:
        if max_workers is None:
            max_workers = 1 if is_within() else _processors()
        if type(max_workers) is not int or max_workers < 1:
            raise BuildError(f"max_workers is {max_workers!r}; give a whole number, at least 1")
        self.max_workers = max_workers
        self.capacity = max_workers if self._is_single_use else _WAITING * max_workers
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._process = 0
        self._finalizer: Any = None

    @property
    def copies(self) -> int:
        """How often a large array was copied for its way to another process, since the processes were started."""
        pool = self._pool
        return 0 if pool is None else pool.copies

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt, or a chain; it is reported when it has ended.  From any thread; never waits."""
        with self._lock:
            # What a fork has copied is not ours.
            if self._pool is None or self._pool.is_over or self._process != os.getpid():
                self._pool = Pool(self.max_workers, is_single_use=self._is_single_use)
                self._process = os.getpid()
                # Also where nobody closes: when this is collected, and when the program ends.
                self._finalizer = weakref.finalize(self, _leave, self._pool, self._process)
            self._pool.order("start", attempt)

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt: one that waits ends at once, one at work with its process."""
        pool = self._pool
        if pool is not None and self._process == os.getpid():
            pool.order("cancel", attempt)

    def close(self, grace_seconds: float = 1.0) -> None:
        """Cancel all that is in flight, and end all processes; a later start begins anew.

        Parameters
        ----------
        grace_seconds : float, optional
            Between asking the processes to end, and ending them [s].
        """
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._finalizer is not None:
            self._finalizer.detach()
            if self._process == os.getpid():
                pool.close(grace_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _leave(pool: Pool, process: int) -> None:
    """Nobody can use a pool any more."""
    if process == os.getpid():
        pool.close(_LEAVE_SECONDS)


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

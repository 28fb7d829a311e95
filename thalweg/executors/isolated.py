"""Each call in a process of its own."""

from __future__ import annotations

from .processes import ProcessesExecutor

__all__ = ["IsolatedExecutor"]


class IsolatedExecutor(ProcessesExecutor):
    """Makes each call in a new process that ends with it: for code that crashes, leaks, or cannot be called twice.

    Parameters
    ----------
    max_workers : int, optional
        Calls at once; by default as many as there are processors.

    Notes
    -----
    A process costs some tens of milliseconds.  While calls wait, the next processes are started ahead, so that a call
    seldom waits for the start of its own.  Chains are not fused.

    Examples
    --------
    >>> import os
    >>> from queue import SimpleQueue
    >>> from thalweg.executors import Attempt, Call
    >>> outcomes = SimpleQueue()
    >>> with IsolatedExecutor(max_workers=1) as executor:
    ...     for number in (1, 2):
    ...         executor.start(Attempt(Call(number, os.getpid, ()), outcomes.put))
    ...     outcomes.get().value != outcomes.get().value
    True
    """

    name = "parallel"
    takes_chains = False
    _is_single_use = True

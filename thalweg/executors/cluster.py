"""What executors on clusters have in common: they hand their calls to an engine, which is started with the first."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Self

from ..errors import MissingExtraError, WorkerDied
from .backend import Backend
from .bundles import Functions
from .clusters import Engine
from .contract import Attempt
from .later import Later

__all__ = ["ClusterExecutor"]

_LEAVE_SECONDS = 0.5


class ClusterExecutor:
    """Makes calls on a cluster, and leaves values there that nobody here has asked for.

    Attributes
    ----------
    name : str
        As in the table of names.
    capacity : int
        Attempts of one run that it takes at once.
    takes_chains, takes_plans : bool
        True.
    submissions : int
        How often a plan, or what became of one after a failure, was handed out.
    """

    name = "cluster"
    extra = "cluster"
    capacity = 1 << 20
    takes_chains = True
    takes_plans = True

    def __init__(self) -> None:
        self.submissions = 0
        self._functions = Functions()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._process = os.getpid()
        self._finalizer: Any = None

    def backend(self) -> Backend:
        """The cluster, not yet joined.

        Raises
        ------
        ImportError
            Its package is not installed.
        """
        raise NotImplementedError

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt, or a chain; it is reported when it has ended.  From any thread; never waits."""
        self._order("start", attempt)

    def start_plan(self, steps: Sequence[tuple[Attempt, Later | None]]) -> None:
        """Begin with attempts of which some take values of others; each is reported when it has ended.

        Parameters
        ----------
        steps : sequence of (Attempt, Later or None)
            Each after those whose values it takes, and by what others know its own.
        """
        self.submissions += 1
        self._order("plan", steps)

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt."""
        engine = self._engine
        if engine is not None and self._process == os.getpid():
            engine.order("cancel", attempt)

    def fetch(self, later: Later) -> Any:
        """A value that was kept in the cluster, brought here; waits for it.

        Raises
        ------
        WorkerDied
            It has been lost, or the executor was closed.
        TransferError
            It cannot travel.
        """
        engine = self._engine
        if engine is None or self._process != os.getpid() or engine is not later.whole.place[0].engine:
            raise WorkerDied("the executor that kept this value has been closed; read it before, or ask for it by name")
        return engine.fetch(later)

    def close(self, grace_seconds: float = 1.0) -> None:
        """Cancel all that is in flight, leave the cluster, and end it if it is ours; a later start begins anew.

        Parameters
        ----------
        grace_seconds : float, optional
            How long the workers may take to end [s].
        """
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is not None:
                self._finalizer.detach()  # the next engine may have one at once
        if engine is not None and self._process == os.getpid():
            engine.close(grace_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _order(self, what: str, subject: Any) -> None:
        with self._lock:
            # What a fork has copied is not ours.
            if self._engine is None or self._process != os.getpid() or not self._engine.order(what, subject):
                self._begin(what, subject)

    def _begin(self, what: str, subject: Any) -> None:
        """Begin with an engine; it has its first order before it can be over, so that this is answered."""
        try:
            backend = self.backend()
        except ImportError as error:
            raise MissingExtraError(
                f"executor {self.name!r} needs {error.name or 'a package'}, which is not installed; "
                f"pip install 'thalweg[{self.extra}]'",
                extra=self.extra,
            ) from error
        if self._process != os.getpid():
            self._functions = Functions()  # their numbers mean the same to workers, whichever fork has given them
            self._process = os.getpid()
        self._engine = engine = Engine(backend, self._functions, weakref.ref(self))
        # Also where nobody closes: when this is collected, and when the program ends.
        self._finalizer = weakref.finalize(self, _leave, engine, self._process)
        engine.order(what, subject)
        engine.thread.start()


def _leave(engine: Engine, process: int) -> None:
    """Nobody can use an executor any more."""
    if process == os.getpid():
        engine.close(_LEAVE_SECONDS)

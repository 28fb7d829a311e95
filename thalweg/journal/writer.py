"""The thread that commits: all that has come together while it wrote the last time, in one transaction.

So the wait for the disk is shared by the calls that end meanwhile, and a journal that is written by many runs has one
commit for all of them.  Between commits it renews the leases of the runs that are driven.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol

from ..errors import JournalError, LeaseLostError, RunCancelledError
from .records import Entry
from .store import Lease, Store

__all__ = ["Writer", "Writing"]

_RENEWALS = 5  # of a lease, within its time
_AT_ONCE = 20_000  # entries of one transaction


class Writing(Protocol):
    """A run that is being written."""

    id: str
    lease: Lease

    def entry(self, order: Any) -> Entry | None:
        """What is to be kept of an order, if anything."""

    def committed(self, orders: list[Any]) -> None:
        """These are on the disk."""

    def broken(self, error: Exception) -> None:
        """Nothing more is kept of it."""


class Writer:
    """Writes what the runs of one journal have to keep.

    Parameters
    ----------
    store : Store
    seconds : float
        For which a lease is taken [s].
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self.store = store
        self.seconds = seconds
        self.queue: SimpleQueue[tuple[Writing | None, Any]] = SimpleQueue()
        self.runs: dict[Lease, Writing] = {}
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def add(self, run: Writing) -> None:
        """Write for a run, and renew its lease, until it is removed."""
        with self.lock:
            self.runs[run.lease] = run
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, name="thalweg-journal", daemon=True)
                self.thread.start()

    def remove(self, run: Writing) -> None:
        """Write for it no more."""
        with self.lock:
            self.runs.pop(run.lease, None)

    def close(self) -> list[Writing]:
        """Write what is left, and end the thread; gives the runs that have not ended, which are told."""
        with self.lock:
            thread, self.thread = self.thread, None
        if thread is not None:
            self.queue.put((None, None))
            thread.join()
        with self.lock:
            left = list(self.runs.values())
        for run in left:
            self._break(run, JournalError(f"the journal was closed before the end of the run {run.id!r}; resume it"))
        return left

    def _work(self) -> None:
        try:
            self._write_all()
        except BaseException as error:  # somebody waits for this thread, and must not wait for ever
            for run in list(self.runs.values()):
                self._break(run, error)
            raise

    def _write_all(self) -> None:
        pause = self.seconds / _RENEWALS
        renewal = monotonic() + pause
        while True:
            orders: dict[Lease, list[Any]] = {}
            is_last = self._collect(orders, max(0.0, renewal - monotonic()))
            if monotonic() >= renewal:
                with self.lock:
                    for lease in self.runs:
                        orders.setdefault(lease, [])
                renewal = monotonic() + pause
            if orders:
                self._write(orders)
            if is_last:
                return

    def _collect(self, orders: dict[Lease, list[Any]], seconds: float) -> bool:
        """Wait for an order, and take all that are there; True if there are to be no more."""
        count = 0
        try:
            run, order = self.queue.get(timeout=seconds)
            while run is not None:
                orders.setdefault(run.lease, []).append(order)
                count += 1
                if count >= _AT_ONCE:
                    return False
                run, order = self.queue.get_nowait()
        except Empty:
            return False
        return True

    def _write(self, orders: dict[Lease, list[Any]]) -> None:
        with self.lock:
            runs = {lease: self.runs[lease] for lease in orders if lease in self.runs}
        batch: dict[Lease, list[Entry]] = {}
        for lease, run in runs.items():
            try:
                batch[lease] = [entry for order in orders[lease] if (entry := run.entry(order)) is not None]
            except Exception as error:  # an error of ours must not end the thread that others wait for
                self._break(run, error)
        if not batch:
            return
        try:
            lost = self.store.commit(batch, self.seconds)
        except Exception as error:
            for lease in batch:
                self._break(runs[lease], error)
            return
        for lease in batch:
            if lease in lost:
                self._break(runs[lease], _loss(runs[lease].id, *lost[lease]))
            elif orders[lease]:
                runs[lease].committed(orders[lease])

    def _break(self, run: Writing, error: BaseException) -> None:
        self.remove(run)
        if not isinstance(error, JournalError):
            error = JournalError(f"the run {run.id!r} could not be recorded: {type(error).__name__}: {error}")
        run.broken(error)


def _loss(run_id: str, state: str, holder: str) -> JournalError:
    """Why a run is no longer this driver's."""
    if state == "cancelled":
        return RunCancelledError(f"the run {run_id!r} was cancelled in its journal; it may be resumed", run=run_id)
    if state == "running":
        return LeaseLostError(
            f"the run {run_id!r} was taken over by {holder}, since this driver had not renewed its lease in time; it "
            "has stopped, and what it had recorded is kept",
            run=run_id,
        )
    return LeaseLostError(f"the run {run_id!r} is {state} in its journal by now; this driver has stopped", run=run_id)

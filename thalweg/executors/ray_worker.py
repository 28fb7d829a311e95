"""What runs on a worker of Ray."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import CallTimeout
from .remote import Record, Shelf, make_bundle, take

__all__ = ["make", "take_values"]

_LAST_SECONDS = 1.0  # a call that does not heed its interruption ends with its process


def make(parcel: bytes, limit_seconds: float | None, count: int, *values: Any) -> tuple[bytes, Shelf]:
    """Make a bundle; gives its records, and its shelf.

    Parameters
    ----------
    parcel : bytes
    limit_seconds : float or None
        How long it may take, which only one that has a single call has.
    count : int
        So many of the values are shelves; the others came beside the parcel.
    *values : object
    """
    told: list[Record] = []
    with _limited(limit_seconds):
        shelf = make_bundle(parcel, values[:count], values[count:], told.extend)
    data = (f"process {os.getpid()}", time.time() - time.monotonic(), [tuple(record) for record in told])
    return pickle.dumps(data, 5), shelf


def take_values(shelf: Shelf, wanted: Sequence[tuple[int, int]]) -> list[Any]:
    """Values of a shelf, or their parts."""
    return take(shelf, wanted)


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """Interrupt what takes longer: Ray makes calls in the main thread, where signals are heard."""
    if seconds is None:
        yield
        return
    rings = 0

    def ring(*_: Any) -> None:
        nonlocal rings
        rings += 1
        if rings > 1:
            os._exit(1)
        raise CallTimeout(f"it took longer than its timeout of {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), _LAST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)

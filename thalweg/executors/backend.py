"""What a cluster and the loop that keeps it busy are for each other: one file each, and neither knows the other's."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from .bundles import Bundle, Packed
from .remote import Record

__all__ = ["Backend", "Watch"]


class Watch(Protocol):
    """The loop, as a cluster sees it; all of it is called in its thread."""

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done beside all else."""

    def told(self, bundle: Bundle, records: Sequence[Record], shift: float, place: str) -> None:
        """What became of calls of a bundle; the worker's clock is behind ours by `shift` [s]."""

    async def ended(self, bundle: Bundle, lost: str | None) -> None:
        """A bundle has ended, and if not all of it was made, why."""

    def lose(self, error: Exception) -> None:
        """The cluster is gone."""


class Backend(Protocol):
    """A cluster, as the loop sees it; all of it is called in the thread of the loop.

    Attributes
    ----------
    name : str
        Of its executor.
    places : int
        How many calls it makes at once.
    address : str or None
        Where others find it, if it is found by an address.
    """

    name: str
    places: int
    address: str | None

    async def open(self, engine: Watch) -> None:
        """Join the cluster, or start it."""

    async def submit(self, bundle: Bundle, packed: Packed, priority: float) -> None:
        """Hand a bundle out; its records, and its end, are told to the engine."""

    async def cancel(self, bundles: Sequence[Bundle]) -> None:
        """End bundles, wherever they are; returns when they have ended, or will by themselves."""

    def has_lost(self, bundle: Bundle) -> bool:
        """Can the values of a bundle not be had any more, though it was made?"""

    async def fetch(self, bundle: Bundle, wanted: Sequence[tuple[int, int]]) -> list[Any]:
        """Values of a bundle, or their parts."""

    def release(self, bundle: Bundle) -> None:
        """Nobody needs the values of a bundle any more."""

    async def close(self, grace_seconds: float) -> None:
        """Leave the cluster; end it if it is ours."""

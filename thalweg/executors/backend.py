"""What a cluster is for the loop that keeps it busy: one file each, and nothing else knows which it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .bundles import Bundle, Packed

if TYPE_CHECKING:
    from .clusters import Engine

__all__ = ["Backend"]


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

    async def open(self, engine: Engine) -> None:
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

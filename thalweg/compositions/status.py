"""What a composition is at, and how its callbacks are called."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

__all__ = ["ENDS", "Status", "tell"]


class Status(StrEnum):
    """What a composition is at; each status equals its name as a string.

    Notes
    -----
    ::

        waiting --> running --> done, failed or cancelled
           |         |   ^              ^
           |         v   |              |
           |        paused -------------+
           +----------------------------+

    Examples
    --------
    >>> Status.DONE == "done"
    True
    """

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"  # all nodes have run
    FAILED = "failed"  # a node has failed, and all that does not wait for it has run
    CANCELLED = "cancelled"  # it ended before its nodes had run

    def __repr__(self) -> str:
        return repr(self.value)


ENDS = frozenset((Status.DONE, Status.FAILED, Status.CANCELLED))


def tell(callback: Callable[..., object] | None, *args: Any) -> None:
    """Call a callback; what it raises is written to the logger ``thalweg.compositions``, and the run goes on."""
    if callback is None:
        return
    try:
        callback(*args)
    except Exception:
        import logging

        logging.getLogger("thalweg.compositions").exception("the callback %r raised; the run goes on", callback)

"""The words for what a node of a run is at: the only ones, in events, records, logs and pictures."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["State"]


class State(StrEnum):
    """What a node is at in a run; each state equals its name as a string.

    Notes
    -----
    ::

        waiting --> ready --> running --> done
           |          |         |  ^
           |          |         |  +---- (a try failed, another comes)
           |          |         +------> failed
           +----------+---------+------> cancelled
           +---------------------------> skipped

    Examples
    --------
    >>> State.DONE == "done"
    True
    >>> f"it is {State.DONE}"
    'it is done'
    """

    WAITING = "waiting"  # for its inputs
    READY = "ready"  # it may start: it waits for room, for a gate, or for its next try
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # nothing needed it, or it could not be had
    CANCELLED = "cancelled"  # the run ended before it did

    def __repr__(self) -> str:
        return repr(self.value)

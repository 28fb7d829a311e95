"""What a journal tells of runs and of their calls."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["ENDED", "FAILED", "UNKEPT", "Entry", "JournalWarning", "Known", "RunInfo", "Taken", "check_sum", "storable"]

ENDED = frozenset(("done", "failed", "cancelled"))
FAILED = "failed"  # the form of an entry whose call has failed
UNKEPT = "unkept"  # the form of an entry whose value could not be kept


class JournalWarning(UserWarning):
    """Something of a recorded run has to be computed again: its code has changed, or it could not be kept."""


class Entry(NamedTuple):
    """What became of one call.

    Attributes
    ----------
    key : str
        Of the call, within its run.
    version : str
        Of its function, and of all that its arguments rest on.
    form : str
        Of the value: see `thalweg.journal.values`; `FAILED` or `UNKEPT` where there is none.
    data : bytes
        The value, or ``b""`` where it lies in a file of its own.
    file : str or None
        Digest of that file.
    attempt : int
        Which attempt it was that ended so.
    seconds : float
        How long the call took [s].
    ended : float
        When, by ``time.time()`` [s].
    error : str or None
        What it failed with, or why its value was not kept.
    """

    key: str
    version: str
    form: str
    data: bytes
    file: str | None
    attempt: int
    seconds: float
    ended: float
    error: str | None

    @property
    def has_value(self) -> bool:
        """Is there a value to go on with?"""
        return self.form not in (FAILED, UNKEPT)


def check_sum(key: str, version: str, form: str, data: bytes, file: str | None) -> int:
    """A number that is kept beside an entry, and differs if a bit of it has changed."""
    text = f"{key}\0{version}\0{form}\0{file}"
    return zlib.crc32(data, zlib.crc32(text.encode()))


def storable(text: str) -> str:
    """A text that every database takes: without halves of characters, and without zeros."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as its journal knows it.

    Attributes
    ----------
    id : str
    kind : str
        What has made it: ``"model"``, ``"flow"`` ...
    name : str
        Of the model or flow.
    state : str
        ``"running"``, ``"done"``, ``"failed"``, ``"cancelled"``, or ``"interrupted"`` (a stopper or the user ended it).
    is_held : bool
        Does somebody drive it now?  A run that is running and not held was interrupted.
    created : float
        By ``time.time()`` [s].
    ended : float or None
        When it ended [s].
    starts : int
        How often it was begun or resumed.
    values, failures : int
        Calls whose values are recorded, and calls that have failed.
    holder : str
        Who drives it, or drove it last.
    error : str or None
        What has ended it.
    """

    id: str
    kind: str
    name: str
    state: str
    is_held: bool
    created: float
    ended: float | None
    starts: int
    values: int
    failures: int
    holder: str
    error: str | None

    @property
    def shown_state(self) -> str:
        """As `state`, or ``"interrupted"`` if nobody drives it though it has not ended."""
        return "interrupted" if self.state == "running" and not self.is_held else self.state


Known = tuple[str, str, bytes, str | None]  # of an entry with a value: version, form, data, file


class Taken(NamedTuple):
    """A run that was taken to be driven.

    Attributes
    ----------
    number : int
        Of the run in its store.
    token : int
        Of the lease: it grows each time somebody takes the run.
    starts : int
    asked : bytes
        What was asked when it was first begun.
    form : str
        Of these bytes.
    known : dict of str to Known
        What is recorded of it, by key: values only.
    """

    number: int
    token: int
    starts: int
    asked: bytes
    form: str
    known: dict[str, Known]

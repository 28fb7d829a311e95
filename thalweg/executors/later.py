"""Values that are not here: what a call will give, or has given and keeps where it was made.

A run that is planned ahead supposes of each call that it will succeed, and goes on with a `Later` in place of its
value.  Calls that take it are handed out with it among their arguments; the executor knows where it will be.
"""

from __future__ import annotations

from typing import Any, Protocol, final

from ..tokens import UNKNOWN

__all__ = ["Keeper", "Kept", "Later"]


class Keeper(Protocol):
    """An executor that keeps values."""

    def fetch(self, later: Later) -> Any:
        """The value, brought here; waits for it."""


@final
class Later:
    """The value of a call, or a part of it.

    Attributes
    ----------
    whole : Later
        Of which it is a part; itself if it is all of it.
    part : int
        Which part; -1 for all.
    place : object
        Of the whole: for the executor, to find it again.
    keeper : Keeper or None
        Of the whole: who can bring it; None as long as nobody has it.
    value : object
        What it is, once it has been brought; UNKNOWN before.
    """

    __slots__ = ("keeper", "part", "place", "value", "whole")

    def __init__(self, whole: Later | None = None, part: int = -1) -> None:
        self.whole = self if whole is None else whole
        self.part = part
        self.place: Any = None
        self.keeper: Keeper | None = None
        self.value: Any = UNKNOWN

    def __repr__(self) -> str:
        return "(kept where it was made)" if self.value is UNKNOWN else repr(self.value)

    def get(self) -> Any:
        """The value, brought here if it is not here yet; waits for it.

        Raises
        ------
        WorkerDied
            It has been lost, or the executor that kept it has been closed.
        TransferError
            It cannot travel.
        """
        if self.value is UNKNOWN:
            whole = self.whole
            if whole.value is UNKNOWN:
                assert whole.keeper is not None
                self.value = whole.keeper.fetch(self)
            else:
                self.value = whole.value if self.part < 0 else whole.value[self.part]
        return self.value


class Kept:
    """In place of a value: it exists, and is kept where it was made.

    Attributes
    ----------
    nothing : tuple of int
        Its parts that are `NONE`.
    """

    __slots__ = ("nothing",)

    def __init__(self, nothing: tuple[int, ...] = ()) -> None:
        self.nothing = nothing

"""What is handed to a worker at once: one attempt or a chain of them, packed."""

from __future__ import annotations

from typing import Any

from ..errors import TransferError
from .contract import Attempt, Call
from .depot import Depot, File
from .known import Functions, Known
from .parcels import Packer, WithFiles, describe, name_of, refused

__all__ = ["Item", "Parcel", "prepare"]

# What an item is sent as: a call, or the calls of a chain one by one.
Parcel = bytes | WithFiles | list[bytes | WithFiles]


class Item:
    """One attempt, or a chain of them, on its way through a pool.

    Attributes
    ----------
    attempts : list of Attempt
    functions : list of Known
        All that a worker must know for it.
    measured : list of Known
        The function of each attempt.
    parcel : Parcel or None
        None until it is prepared.
    files : list of File
        Which the parcel names.
    first : int
        Number that its first attempt has in the worker that has it.
    ended : int
        How many of its attempts have been recorded.
    silent : int
        How many were reported in an earlier life, when their worker died.
    handed : int
        How often it was given to a worker that died before it began.
    refused : tuple of (Attempt, BaseException) or None
        The attempt after the last, and why it is not even tried.
    cancelled : int or None
        Index of the attempt that is to be cancelled.
    is_over : bool
        Nothing of it is reported any more.
    """

    __slots__ = (
        "attempts",
        "cancelled",
        "ended",
        "files",
        "first",
        "functions",
        "handed",
        "is_limited",
        "is_over",
        "measured",
        "parcel",
        "refused",
        "silent",
        "worker",
    )

    def __init__(self, attempts: list[Attempt]) -> None:
        self.attempts = attempts
        self.functions: list[Known] = []
        self.measured: list[Known] = []
        self.parcel: Parcel | None = None
        self.files: list[File] = []
        self.first = 0
        self.ended = 0
        self.silent = 0
        self.handed = 0
        self.refused: tuple[Attempt, BaseException] | None = None
        self.cancelled: int | None = None
        self.is_over = False
        self.is_limited = False
        self.worker: Any = None

    def seconds(self) -> float | None:
        """How long it will take, as far as its functions are known."""
        if len(self.measured) == 1:
            return self.measured[0].seconds
        total = 0.0
        for known in self.measured:
            if known.seconds is None:
                return None
            total += known.seconds
        return total


def prepare(item: Item, functions: Functions, depot: Depot) -> None:
    """Pack an item; from the first attempt on that cannot travel it is cut, and the reason noted."""
    attempts = item.attempts
    functions.begin(attempts[0].report)
    call = attempts[0].call
    if len(attempts) == 1 and type(call) is Call:
        item.is_limited = attempts[0].limit_seconds is not None
        try:
            known = functions.packed(call.function)
            item.parcel = depot.pack((known.number, call.args), item.files)
        except Exception as error:
            _cut(item, 0, _blame(call, error))
        else:
            item.functions = item.measured = [known]
        return
    item.is_limited = any(each.limit_seconds is not None for each in attempts)
    steps: list[bytes | WithFiles] = []
    for index, attempt in enumerate(attempts):
        try:
            steps.append(_step(attempt, item, functions, depot))
        except Exception as error:
            _cut(item, index, _blame(attempt.call, error))
            break
    item.parcel = steps


def _step(attempt: Attempt, item: Item, functions: Functions, depot: Depot) -> bytes | WithFiles:
    """One call of a chain, or one with a domain or filters."""
    call = attempt.call
    known = functions.packed(call.function)
    domain = None if call.domain is None else functions.packed(call.domain)
    filters = [functions.packed(each) for each in call.filters]
    values = (known.number, call.args, domain and domain.number, [each.number for each in filters], attempt.is_kept)
    parcel = depot.pack(values, item.files)
    item.functions += [known, *([] if domain is None else [domain]), *filters]
    item.measured.append(known)
    return parcel


def _cut(item: Item, index: int, error: BaseException) -> None:
    item.refused = (item.attempts[index], error)
    del item.attempts[index:]


def _blame(call: Call, error: Exception) -> TransferError:
    """Say which of a call's arguments cannot travel."""
    if isinstance(error, TransferError):
        return error
    packer = Packer()
    for index, value in enumerate(call.args):
        try:
            packer.pack(value)
        except Exception as reason:
            return refused(f"argument {index + 1} ({describe(value)})", name_of(call.function), reason)
    return refused("what is given to a call", name_of(call.function), error)

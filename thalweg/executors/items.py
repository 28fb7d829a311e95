"""What is handed to a worker at once: one attempt or a chain of them, packed; and the functions that workers know."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import TransferError
from .contract import Attempt, Call
from .depot import Depot, File
from .parcels import Packer, WithFiles, describe, name_of, refused

__all__ = ["Functions", "Item", "Known", "Parcel", "prepare"]

# What an item is sent as: a call, or the calls of a chain one by one.
Parcel = bytes | WithFiles | list[bytes | WithFiles]


class Known:
    """A function that travels once and is then called by its number.

    Attributes
    ----------
    seconds : float or None
        How long its calls take; None before the first has ended.
    large : int
        Bytes of the large array that its last call gave; 0 for none.
    """

    __slots__ = ("function", "large", "name", "number", "parcel", "seconds")

    def __init__(self, number: int, function: Callable[[], Any], name: str, parcel: bytes | WithFiles) -> None:
        self.number = number
        self.function = function
        self.name = name
        self.parcel = parcel
        self.seconds: float | None = None
        self.large = 0

    def took(self, seconds: float) -> None:
        """Learn from a call: at once if it was slower, by and by if it was quicker."""
        known = self.seconds
        self.seconds = seconds if known is None or seconds > known else 0.5 * (known + seconds)


class Functions:
    """The functions of a pool, by identity; one that has been collected is forgotten.

    Parameters
    ----------
    depot : Depot
        Where a function lies that is too long for a socket, until it is forgotten.
    """

    def __init__(self, depot: Depot) -> None:
        self._depot = depot
        self._packer = Packer()
        self._known: dict[int, Known] = {}
        self._files: dict[int, list[File]] = {}
        self._gone: deque[tuple[int, int]] = deque()
        self._count = 0

    def known(self, function: Any) -> Known:
        """The record of a function.

        Raises
        ------
        TransferError
            It does not pickle.
        """
        key = id(function)
        known = self._known.get(key)
        if known is not None and known.function() is function:
            return known
        self._count += 1
        number = self._count
        name = name_of(function)
        files: list[File] = []
        try:
            parcel = self._depot.pack(function, files)
        except Exception as error:
            self._depot.release(files)
            raise refused("the function", name, error) from error
        try:
            reference: Callable[[], Any] = weakref.ref(function, lambda _: self._gone.append((key, number)))
        except TypeError:  # some have no room for such a reference, and are kept

            def reference() -> Any:
                return function

        self._known[key] = known = Known(number, reference, name, parcel)
        self._files[number] = files
        return known

    def forgotten(self) -> Iterator[int]:
        """Numbers of functions that have been collected since this was last asked."""
        while self._gone:
            key, number = self._gone.popleft()
            known = self._known.get(key)
            if known is not None and known.number == number:
                del self._known[key]
            self._depot.release(self._files.pop(number, []))
            yield number


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
    call = attempts[0].call
    if len(attempts) == 1 and type(call) is Call:
        item.is_limited = attempts[0].limit_seconds is not None
        try:
            known = functions.known(call.function)
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
    known = functions.known(call.function)
    domain = None if call.domain is None else functions.known(call.domain)
    filters = [functions.known(each) for each in call.filters]
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

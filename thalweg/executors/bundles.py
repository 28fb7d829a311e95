"""Bundles: calls that travel to a cluster together, as the program that sends them sees them.

What a bundle takes from others is named by their shelves; functions are pickled once, and how long they take is
remembered, so that what is cheap travels with more of its kind.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import TransferError, WorkerDied
from ..tokens import PREVIOUS, UNKNOWN
from . import known
from .contract import Attempt, Call
from .later import Later
from .parcels import LARGE, describe, name_of, refused
from .remote import BundleParcel, Given, Ref, Step, dumps

if TYPE_CHECKING:
    from .placement import Placement

__all__ = ["NEVER_MADE", "Bundle", "Functions", "Packed", "laters_of", "mark", "pack"]

NEVER_MADE = "what it takes was lost, or was never made"


class Functions(known.Functions):
    """What is known of the functions of a program.

    Attributes
    ----------
    owner : str
        A name for all of them together.
    recent : deque of float
        How long the last calls took [s].
    """

    def __init__(self) -> None:
        super().__init__(_Pickles())
        self.owner = uuid4().hex
        self.recent: deque[float] = deque(maxlen=256)

    def took(self, function: Any, seconds: float) -> None:
        """Learn from a call."""
        self.recent.append(seconds)
        self.known(function).took(seconds)


class _Pickles:
    """What travels of a function: its pickle, which occupies nothing."""

    def pack(self, value: Any, _: list[Any]) -> bytes:
        return dumps(value)

    def release(self, _: list[Any]) -> None:
        pass


class Bundle:
    """Calls that are made one after the other in one place, on their way.

    Attributes
    ----------
    attempts : list of Attempt
    laters : list of (Later or None)
        What other calls know the value of each by.
    is_chain : bool
        Does each of them take nothing but the value of the one before?
    is_ahead : bool
        Do others take values of it, or may they?
    reported : list of bool
        Which of them have been reported, or need not be.
    key : str
        Its name in the cluster; "" as long as it has not been handed out.
    future : object
        What the cluster knows it by; holds its values there.
    engine : object
        Who has handed it out, if others take values of it.
    parents : list of Bundle
        That it takes values from.
    cancelled : list of int
        Places of the attempts that are to be cancelled.
    backlog : list or None
        Records that wait for a value which has to be fetched.
    refused : list of (int, Exception)
        Attempts that cannot travel, by their places, and why.
    before, after : Bundle or None
        Those beside it, where it is a link of a chain whose calls are made one by one, after a worker has died of it.
    lives : int
        How often it was handed out.
    is_replaced : bool
        Are its calls made again, in other bundles?
    lost : str or None
        Why it was not made, in the words of its cluster.
    trouble : BaseException or None
        Why the cluster could not even begin with it.
    """

    __slots__ = (
        "after",
        "attempts",
        "backlog",
        "before",
        "cancelled",
        "engine",
        "future",
        "is_ahead",
        "is_chain",
        "is_over",
        "is_replaced",
        "key",
        "laters",
        "lives",
        "lost",
        "parents",
        "placement",
        "refused",
        "reported",
        "trouble",
    )

    def __init__(self, attempts: list[Attempt], *, is_chain: bool = False) -> None:
        self.attempts = attempts
        self.laters: list[Later | None] = [None] * len(attempts)
        self.is_chain = is_chain
        self.is_ahead = False
        self.reported = [False] * len(attempts)
        self.key = ""
        self.future: Any = None
        self.engine: Any = None
        self.parents: list[Bundle] = []
        self.placement: Placement | None = attempts[0].call.placement
        self.cancelled: list[int] = []
        self.backlog: list[Any] | None = None
        self.refused: list[tuple[int, Exception]] = []
        self.is_over = False
        self.is_replaced = False
        self.lost: str | None = None
        self.before: Bundle | None = None
        self.after: Bundle | None = None
        self.trouble: BaseException | None = None
        self.lives = 0

    def unreported(self) -> list[int]:
        """Places of the attempts that somebody waits for."""
        return [place for place, is_reported in enumerate(self.reported) if not is_reported]

    def is_lost(self) -> bool:
        """Will it never have values that others could take, or not any more?"""
        return self.is_over and self.future is None


def mark(bundle: Bundle) -> None:
    """Let each attempt know where it is."""
    for place, attempt in enumerate(bundle.attempts):
        attempt.handle = (bundle, place)


class Packed:
    """A bundle ready to travel.

    Attributes
    ----------
    parcel : bytes
    large : list
        Large values that are not in it.
    given : list
        These, as they travel beside it.
    parents : list of Bundle
    refused : list of (int, Exception)
        Attempts that cannot travel, by their places, and why.
    """

    __slots__ = ("given", "large", "parcel", "parents", "refused")

    def __init__(self) -> None:
        self.parcel = b""
        self.large: list[Any] = []
        self.given: list[Any] = []
        self.parents: list[Bundle] = []
        self.refused: list[tuple[int, Exception]] = []


def pack(bundle: Bundle, functions: Functions) -> Packed:
    """Pack a bundle; what cannot travel is left out, and the reason noted."""
    packed = Packed()
    functions.begin(bundle.attempts[0].report)
    deque(functions.forgotten(), maxlen=0)  # workers forget by themselves what is long unused
    needed: dict[int, tuple[str, bytes]] = {}
    steps: list[bytes] = []
    for place, attempt in enumerate(bundle.attempts):
        try:
            steps.append(_step(bundle, place, attempt, functions, packed, needed))
        except Exception as error:
            packed.refused.append((place, _blame(attempt.call, error)))
            steps.append(pickle.dumps(Step(-1, (), None, (), is_kept=False)))
            if bundle.is_chain:
                break
    packed.parcel = pickle.dumps(BundleParcel(functions.owner, needed, steps, bundle.is_chain), 5)
    return packed


def _step(
    bundle: Bundle, place: int, attempt: Attempt, functions: Functions, packed: Packed, needed: dict[int, Any]
) -> bytes:
    """One call of a bundle."""
    call = attempt.call
    numbers = []
    for each in (call.function, *(() if call.domain is None else (call.domain,)), *call.filters):
        record = functions.packed(each)
        needed[record.number] = (record.name, record.parcel)
        numbers.append(record.number)
    args = [_reference(arg, bundle, place, packed) for arg in call.args]
    domain = None if call.domain is None else numbers[1]
    filters = numbers[1 if domain is None else 2 :]
    step = (numbers[0], args, domain, filters, attempt.is_kept)
    data, size = _measured(step)
    if size >= LARGE:
        data = dumps((numbers[0], [_beside(arg, packed) for arg in args], *step[2:]))
    return data


def _reference(arg: Any, bundle: Bundle, place: int, packed: Packed) -> Any:
    """An argument as it travels: one that is not here is named by where it is."""
    source: Bundle
    if arg is PREVIOUS:
        if place or bundle.before is None:
            return Ref(-1, place - 1)
        source, step, part = bundle.before, 0, -1
    elif type(arg) is not Later:
        return arg if not packed.large else _known(arg, packed)
    elif arg.whole.keeper is None:
        return arg.get()
    else:
        (source, step), part = arg.whole.place, arg.part
    if source is bundle:
        return Ref(-1, step, part)
    if source.is_lost():
        if type(arg) is Later and arg.whole.value is not UNKNOWN:
            return arg.get()  # it was told before it was lost
        raise WorkerDied(NEVER_MADE)
    try:
        shelf = packed.parents.index(source)
    except ValueError:
        shelf = len(packed.parents)
        packed.parents.append(source)
    return Ref(shelf, step, part)


def _known(arg: Any, packed: Packed) -> Any:
    """An argument, or what stands for it if it travels beside the parcel already."""
    for index, value in enumerate(packed.large):
        if value is arg:
            return Ref(-2, index)
    return arg


def _beside(arg: Any, packed: Packed) -> Any:
    """A large argument travels beside the parcel, once."""
    arg = _known(arg, packed)  # it may be there twice
    if type(arg) is Ref:
        return arg
    data, size = _measured(arg)
    if size < LARGE:
        return arg
    packed.large.append(arg)
    # Clusters have their ways with arrays; to them a list of a million texts is a million of values.
    packed.given.append(arg if len(data) < LARGE else Given(dumps(arg)))
    return Ref(-2, len(packed.large) - 1)


def _measured(value: Any) -> tuple[bytes, int]:
    """A pickle, and how many bytes it has; if these are many, there may be others that are not in it."""
    beside = 0

    def stays(buffer: pickle.PickleBuffer) -> bool:
        nonlocal beside
        size = buffer.raw().nbytes
        if size >= LARGE:
            beside += size
        return size < LARGE

    data = dumps(value, buffer_callback=stays)
    return data, len(data) + beside


def _blame(call: Call, error: Exception) -> Exception:
    """Say which of a call's arguments cannot travel."""
    if isinstance(error, (TransferError, WorkerDied)):
        return error
    for index, value in enumerate(call.args):
        if type(value) is Later or value is PREVIOUS:
            continue
        try:
            dumps(value)
        except Exception as reason:
            return refused(f"argument {index + 1} ({describe(value)})", name_of(call.function), reason)
    return refused("what is given to a call", name_of(call.function), error)


def laters_of(args: Iterable[Any]) -> list[Later]:
    """Those among arguments that are not here."""
    return [arg.whole for arg in args if type(arg) is Later]

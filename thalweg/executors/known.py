"""The functions that an executor sends elsewhere: each travels once, and again when what it holds has changed.

In line a function is called as it is.  So that the answer is the same elsewhere, each run sends a function as it is by
then.  One that others find by its name need not be looked at; for a lambda or a closure it is enough to see that what
it names and holds are the same plain things; any other, such as an object that can be called, is pickled once a run to
be compared.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Protocol

from ..signature import codes_in
from .contract import Outcome
from .parcels import name_of, refused

__all__ = ["Functions", "Known"]

# What cannot change, so that it is the same as long as it is the same thing.
_PLAIN = frozenset((bool, bytes, CodeType, complex, float, int, ModuleType, range, str, type(None), type(...)))


class Packs(Protocol):
    """Makes what travels."""

    def pack(self, value: Any, used: list[Any]) -> Any:
        """What travels of a value; what it occupies is added to `used`."""

    def release(self, files: list[Any]) -> None:
        """Free what was occupied."""


class Known:
    """A function, as it was when it was packed; it is called by its number.

    Attributes
    ----------
    number : int
        Another one, when the function has changed.
    function : callable
        Gives the function, or None after its end.
    name : str
    parcel : object
        What travels; None before it is packed.
    seconds : float or None
        How long its calls take; None before the first has ended.
    large : int
        Bytes of the large array that its last call gave; 0 for none.
    state : tuple or None
        What it held by then, if that can be compared.
    run : int
        The latest run that it is good for.
    """

    __slots__ = ("__weakref__", "function", "large", "name", "number", "parcel", "run", "seconds", "state")

    def __init__(self, number: int, function: Callable[[], Any], name: str) -> None:
        self.number = number
        self.function = function
        self.name = name
        self.parcel: Any = None
        self.seconds: float | None = None
        self.large = 0
        self.state: tuple[Any, ...] | None = None
        self.run = 0

    def took(self, seconds: float) -> None:
        """Learn from a call: at once if it was slower, by and by if it was quicker."""
        known = self.seconds
        self.seconds = seconds if known is None or seconds > known else 0.5 * (known + seconds)


class Functions:
    """What is known of functions, by identity, as long as they are there.

    Parameters
    ----------
    packs : Packs
    """

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._known: dict[int, Known] = {}
        self._dead: deque[tuple[int, Any]] = deque()  # functions that have been collected
        self._numbers: dict[int, tuple[weakref.ref[Known], list[Any]]] = {}  # with what each occupies
        self._gone: deque[int] = deque()  # numbers that nobody uses any more
        self._count = 0
        self._begun = 0  # runs, so far
        self._run = 0
        self._runs: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._latest: Callable[[], Any] = _nobody

    def begin(self, report: Callable[[Outcome], object]) -> None:
        """What is packed from now on is for the run to which is reported so."""
        if self._latest() is report:
            return
        try:
            if report not in self._runs:
                self._begun += 1
                self._runs[report] = self._begun
            self._run = self._runs[report]
            self._latest = weakref.ref(report)
        except TypeError:  # it cannot be told from others, and may be for a run of its own
            self._begun += 1
            self._run = self._begun

    def known(self, function: Any) -> Known:
        """The record of a function."""
        key = id(function)
        known = self._known.get(key)
        if known is not None and known.function() is function:
            return known
        self._bury()
        dead = self._dead
        try:
            reference: Callable[[], Any] = weakref.ref(function, lambda ended: dead.append((key, ended)))
        except TypeError:  # some have no room for such a reference, and are kept

            def reference() -> Any:
                return function

        self._known[key] = known = self._numbered(reference, name_of(function))
        return known

    def _numbered(self, reference: Callable[[], Any], name: str) -> Known:
        self._count += 1
        number, gone = self._count, self._gone
        known = Known(number, reference, name)
        self._numbers[number] = weakref.ref(known, lambda _: gone.append(number)), []
        return known

    def packed(self, function: Any) -> Known:
        """The record of a function, with what travels of it as it is in this run.

        Raises
        ------
        TransferError
            It does not pickle.
        """
        known = self.known(function)
        if known.parcel is not None and known.run >= self._run:
            return known
        state = _state(function)
        if known.parcel is None or not _is_same(state, known.state):
            known = self._packed_anew(known, function)
            known.state = state
        known.run = self._run
        return known

    def _packed_anew(self, known: Known, function: Any) -> Known:
        used: list[Any] = []
        try:
            parcel = self._packs.pack(function, used)
        except Exception as error:
            self._packs.release(used)
            raise refused("the function", known.name, error) from error
        if parcel == known.parcel:
            self._packs.release(used)
            return known
        if known.parcel is not None:  # the calls that are on their way are those of the old one
            seconds, large = known.seconds, known.large
            known = self._known[id(function)] = self._numbered(known.function, known.name)
            known.seconds, known.large = seconds, large
        known.parcel = parcel
        self._numbers[known.number][1].extend(used)
        return known

    def seconds(self, function: Any) -> float | None:
        """How long a function takes; None if it has not been called yet."""
        known = self._known.get(id(function))
        return None if known is None or known.function() is not function else known.seconds

    def forgotten(self) -> Iterator[int]:
        """Numbers that are not used any more, since this was last asked."""
        self._bury()
        while self._gone:
            number = self._gone.popleft()
            self._packs.release(self._numbers.pop(number)[1])
            yield number

    def _bury(self) -> None:
        while self._dead:
            key, ended = self._dead.popleft()
            if key in self._known and self._known[key].function is ended:
                del self._known[key]


def _nobody() -> None:
    """Whom the latest run reported to, when there is none."""


def _state(function: Any) -> tuple[Any, ...] | None:
    """What a function names and holds; None if things that can change are among it."""
    if type(function) is FunctionType and _is_found(function):
        return ()
    held: list[Any] = []
    return tuple(held) if _gather(function, held, set()) else None


def _is_same(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> bool:
    if one is None or other is None or len(one) != len(other):
        return False
    return all(a is b for a, b in zip(one, other, strict=True))


def _gather(value: Any, held: list[Any], seen: set[int]) -> bool:
    """Add what tells whether a value is what it was; False if nothing does.

    Notes
    -----
    Of a lambda or a closure what it is made of is added, not itself: what is held here is kept.
    """
    kind = type(value)
    if kind in _PLAIN or (isinstance(value, FunctionType | type) and _is_found(value)):
        held.append(value)
        return True
    if kind is FunctionType:
        if id(value) in seen:
            return True
        seen.add(id(value))
        parts = _parts(value)
    elif kind is BuiltinFunctionType:
        parts = iter((value.__self__, sys.intern(value.__name__)))
    elif kind is partial:
        parts = chain((value.func, value.args), *value.keywords.items())
    elif kind is tuple:
        parts = chain((kind,), value, (...,))
    else:
        return False
    return all(_gather(each, held, seen) for each in parts)


def _parts(function: FunctionType) -> Iterator[Any]:
    yield function.__code__
    yield function.__defaults__
    yield from chain(*sorted((function.__kwdefaults__ or {}).items()))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            yield "empty"
    for name in sorted({name for each in codes_in(function.__code__) for name in each.co_names}):
        if name in function.__globals__:
            yield name
            yield function.__globals__[name]


def _is_found(value: Any) -> bool:
    """Does another process find it by its name, whatever it holds here?"""
    found: Any = sys.modules.get(value.__module__) if value.__module__ != "__main__" else None
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value

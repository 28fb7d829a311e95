"""What runs on a worker of a cluster: bundles of calls, each of which may take values of the others.

A bundle comes as a parcel, with the shelves of earlier bundles that it takes values from, wherever they were made.
What its calls give stays on its own shelf; what is to be known of them elsewhere goes into records.  Nothing here knows
which cluster it is.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ..errors import TransferError
from ..tokens import NONE, UNKNOWN
from .failures import pack_error
from .parcels import describe, refused
from .worker import hinted, make_call

__all__ = ["BundleParcel", "Given", "Record", "Ref", "Shelf", "Step", "dumps", "make_bundle", "take"]

# What a record says of a call.
PLAIN, PACKED, KEPT, ERROR, UNMADE, DROPPED_VALUE = range(6)

SMALL = 1 << 16  # values whose pickle is longer are kept, and fetched by who wants them
_TELL_SECONDS = 0.25  # of a bundle that takes long, records are told as often
_PLAIN_TYPES = frozenset({int, float, bool, str, type(None)})
_PLAIN_TEXT = 200
_KNOWN_FUNCTIONS = 20_000

_functions: OrderedDict[tuple[str, int], Any] = OrderedDict()  # of all bundles that were made here


class Ref(NamedTuple):
    """Among the arguments of a step: a value that is taken from a shelf, or was given beside the parcel.

    Attributes
    ----------
    shelf : int
        Which of the shelves; -1 for that of the bundle itself, -2 for what was given beside.
    step : int
        Which value.
    part : int
        Which part of it; -1 for all.
    """

    shelf: int
    step: int
    part: int = -1


class Step(NamedTuple):
    """One call of a bundle; functions by their numbers in the parcel."""

    function: int
    args: Sequence[Any]
    domain: int | None
    filters: Sequence[int]
    is_kept: bool  # is its value to be told?


class BundleParcel(NamedTuple):
    """A bundle as it travels.

    Attributes
    ----------
    owner : str
        Whose numbers the functions have.
    functions : dict of int to (str, bytes)
        Names and pickles.
    steps : list of bytes
        Pickles of `Step`.
    is_chain : bool
        Is nothing made after the first failure, and a value that only the next call needs not told?
    """

    owner: str
    functions: dict[int, tuple[str, bytes]]
    steps: list[bytes]
    is_chain: bool


class Record(NamedTuple):
    """What became of one step; times by the clock of the worker."""

    step: int
    kind: int
    start: float
    end: float
    data: Any


class Given:
    """A large value that travels beside a parcel, packed as there: to a cluster it is so many bytes."""

    def __init__(self, data: bytes | pickle.PickleBuffer) -> None:
        self.data = data

    @cached_property
    def value(self) -> Any:
        """The value; one for all calls that take it in this process."""
        return pickle.loads(self.data)  # noqa: S301 - it comes from the program that we work for

    def __sizeof__(self) -> int:
        return 64 + memoryview(self.data).nbytes

    def __reduce__(self) -> tuple[Any, ...]:
        return Given, (pickle.PickleBuffer(self.data),)


class Shelf:
    """Values of a bundle, kept where they were made; UNKNOWN in place of those that there are none of.

    Attributes
    ----------
    values : list
    is_lost : bool
        Has the bundle not been made at all?
    """

    def __init__(self, values: list[Any], *, is_lost: bool = False) -> None:
        self.values = values
        self.is_lost = is_lost

    def __sizeof__(self) -> int:
        measure = getattr(sys.modules.get("dask.sizeof"), "sizeof", None)  # nobody else wants to know
        if measure is None:
            return 64
        return 64 + sum(int(measure(value)) for value in self.values if type(value) not in _PLAIN_TYPES)

    def __reduce__(self) -> tuple[Any, ...]:
        return _shelf, ([_travelling(value) for value in self.values], self.is_lost)


def _shelf(values: list[Any], is_lost: bool) -> Shelf:  # noqa: FBT001 - called by pickle
    return Shelf(values, is_lost=is_lost)


class _Stays:
    """In place of a value that cannot travel to another worker."""

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        self.reason = reason


def _travelling(value: Any) -> Any:
    if type(value) in _PLAIN_TYPES or value is UNKNOWN:
        return value
    try:
        dumps(value, buffer_callback=lambda _: None)
    except Exception as error:
        return _Stays(describe(value), f"{type(error).__name__}: {error}")
    return value


def dumps(value: Any, **options: Any) -> bytes:
    """A pickle, by cloudpickle where it is needed; with the options of either."""
    try:
        data = pickle.dumps(value, 5, **options)
    except Exception:
        import cloudpickle

        found: bytes = cloudpickle.dumps(value, 5, **options)
        return found
    if b"__main__" in data:  # by name, which is another module there
        import cloudpickle

        data = cloudpickle.dumps(value, 5, **options)
    return data


def take(shelf: Shelf, wanted: Sequence[tuple[int, int]]) -> list[Any]:
    """Values of a shelf, or their parts."""
    return [shelf.values[step] if part < 0 else shelf.values[step][part] for step, part in wanted]


def make_bundle(
    parcel: bytes, shelves: Sequence[Shelf], given: Sequence[Any], tell: Callable[[list[Record]], object]
) -> Shelf:
    """Make the calls of a bundle, one after the other.

    Parameters
    ----------
    parcel : bytes
        Pickle of a `BundleParcel`.
    shelves : sequence of Shelf
        Of the bundles that it takes values from.
    given : sequence
        Large values, as they came beside the parcel.
    tell : callable
        Takes records; called now and then, and at the end.
    """
    bundle: BundleParcel = pickle.loads(parcel)  # noqa: S301 - it comes from the program that we work for
    work = _Work(bundle, shelves, given)
    told = time.monotonic()
    for index in range(len(bundle.steps)):
        work.make(index)
        now = time.monotonic()
        if now - told > _TELL_SECONDS and work.records:
            tell(work.records)
            work.records, told = [], now
        if work.is_over:
            break
    work.end()
    if work.records:
        tell(work.records)
    return Shelf(work.values)


class _Work:
    """A bundle that is being made."""

    def __init__(self, bundle: BundleParcel, shelves: Sequence[Shelf], given: Sequence[Any]) -> None:
        self.bundle = bundle
        self.shelves = shelves
        self.given = given
        self.values: list[Any] = [UNKNOWN] * len(bundle.steps)
        self.records: list[Record] = []
        self.is_over = False
        self.unsaid: tuple[int, float, float, str] | None = None  # of a chain: not told unless the next call fails

    def make(self, index: int) -> None:
        """Make one call."""
        start = time.monotonic()
        bundle = self.bundle
        name = ""
        try:
            step = Step(*pickle.loads(bundle.steps[index]))  # noqa: S301
            name = bundle.functions[step.function][0]
            args = step.args
            for place, arg in enumerate(args):
                if type(arg) is Ref:
                    if args is step.args:
                        args = list(args)
                    args[place] = found = self._found(arg, name)  # type: ignore[index]
                    if found is UNKNOWN or found is NONE:
                        self.records.append(Record(index, UNMADE, start, start, None))
                        return
            function = self._function(step.function)
            domain = None if step.domain is None else self._function(step.domain)
            filters = [self._function(each) for each in step.filters]
            start = time.monotonic()
            value = make_call(function, args, domain, filters)
        except BaseException as error:
            self._failed(index, start, hinted(error))
            return
        end = time.monotonic()
        self.values[index] = value
        if bundle.is_chain:
            self._linked(index, start, end, name, is_kept=step.is_kept)
        else:
            self._tell_value(index, start, end, name, is_kept=step.is_kept)

    def _found(self, ref: Ref, name: str) -> Any:
        """The value that stands for an argument."""
        if ref.shelf == -2:
            given = self.given[ref.step]
            return given.value if type(given) is Given else given
        value = (self.values if ref.shelf < 0 else self.shelves[ref.shelf].values)[ref.step]
        if ref.part >= 0 and value is not UNKNOWN and value is not NONE and type(value) is not _Stays:
            value = value[ref.part]
        if type(value) is _Stays:
            raise refused(f"an argument ({value.kind})", name, TransferError(value.reason))
        return value

    def _function(self, number: int) -> Any:
        """A function of the bundle, loaded once on this worker."""
        key = (self.bundle.owner, number)
        function = _functions.get(key, UNKNOWN)
        if function is UNKNOWN:
            name, data = self.bundle.functions[number]
            try:
                function = pickle.loads(data)  # noqa: S301
            except Exception as error:
                raise refused("the function", name, hinted(error)) from error
            _functions[key] = function
            if len(_functions) > _KNOWN_FUNCTIONS:
                _functions.popitem(last=False)
        return function

    def _failed(self, index: int, start: float, error: BaseException) -> None:
        self._say_unsaid()
        self.records.append(Record(index, ERROR, start, time.monotonic(), pack_error(error)))
        self.is_over = self.bundle.is_chain or not isinstance(error, Exception)

    def _linked(self, index: int, start: float, end: float, name: str, *, is_kept: bool) -> None:
        """A call of a chain has ended well."""
        if self.values[index] is NONE:
            self._say_unsaid()
            self.is_over = True
            is_kept = True
        elif self.unsaid is not None:
            before, since, until, _ = self.unsaid
            self.records.append(Record(before, DROPPED_VALUE, since, until, None))
            self.values[before] = UNKNOWN
        self.unsaid = None
        if is_kept:
            self._tell_value(index, start, end, name, is_kept=True)
        else:
            self.unsaid = (index, start, end, name)

    def _say_unsaid(self) -> None:
        if self.unsaid is not None:
            (before, start, end, name), self.unsaid = self.unsaid, None
            self._tell_value(before, start, end, name, is_kept=True)

    def end(self) -> None:
        """Tell the last value of a chain, whatever was said of it."""
        self._say_unsaid()

    def _tell_value(self, index: int, start: float, end: float, name: str, *, is_kept: bool) -> None:
        """Note what a call gave: itself if it is small and somebody asks for it, else that it is kept."""
        value = self.values[index]
        kind = type(value)
        data: Any = value
        how = PLAIN
        if kind not in _PLAIN_TYPES or (kind is str and len(value) > _PLAIN_TEXT) or (kind is int and abs(value) >> 62):
            how, data = KEPT, ()
            if value is NONE or is_kept:
                try:
                    how, data = _packed(value)
                except Exception as error:
                    self.values[index] = UNKNOWN
                    refusal = refused(f"the result ({describe(value)})", name, error)
                    self.records.append(Record(index, ERROR, start, end, pack_error(refusal)))
                    self.is_over = self.bundle.is_chain
                    return
            elif kind is tuple:
                data = tuple([place for place, part in enumerate(value) if part is NONE])
        self.records.append(Record(index, how, start, end, data))


def _packed(value: Any) -> tuple[int, Any]:
    """A value in a record; one that is long stays, though it could travel."""
    length = 0

    def stays(buffer: pickle.PickleBuffer) -> bool:
        nonlocal length
        length += buffer.raw().nbytes
        return length < SMALL

    data = dumps(value, buffer_callback=stays)
    if length >= SMALL or len(data) > SMALL:
        return KEPT, ()
    return PACKED, data

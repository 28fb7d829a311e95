"""Functions called with whole columns where they allow it, and row by row where not.

A function was written for single values.  It is tried with columns, and taken at its word only if what it gives is a
column that agrees with single calls on a few rows, the extremes of its arguments among them.  What was found out is
remembered for the whole fill.

Numpy answers where Python raises: ``1 / 0.0`` is infinite in a column and a ZeroDivisionError in a row.  So a column's
result is believed only where it is finite and no floating-point flag was raised; the other rows are asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..tokens import NONE
from .columns import Column, Outcome, Values, call_once, call_rows, is_uniform, lock
from .table import Array, as_objects

__all__ = ["Caller", "Ended"]

Rows: TypeAlias = NDArray[np.intp]

_FEW_ROWS = 8  # below, the rows are called one by one: no dearer than a column and its probes
_TOLERANCE = 1e-12  # relative; numpy and Python round powers and the like differently in the last digits
_ENOUGH = 8  # groups in which single calls agreed; of the next ones a single row is probed
_SAMPLE = 8  # flagged rows that are looked at before flags are held to be harmless
_PLAIN = {"f": float, "i": int, "u": int, "b": bool, "U": str}  # what cells of a column are in Python
_MANY, _CLOSE = 64, 512  # if most of many parts of so few rows are flagged, there is no use in looking closer
_LEAF = 32  # rows that are not told apart in the search for flags


@dataclass(frozen=True, slots=True)
class _Habit:
    """What was found out about a function: does it take columns, what does it give, do flags matter?"""

    columns: bool
    kinds: tuple[str, ...] = ()
    flags_matter: bool | None = None
    agreed: int = 0  # groups in which single calls agreed


class Ended(BaseException):
    """Nobody wants the rest of the table; it is no error of a function, and is not taken for one."""


class Caller:
    """Calls functions over columns and remembers how each wants to be called.

    Parameters
    ----------
    stopper : object or None
        An event with ``is_set()``; once it is set the next call raises `Ended` instead.

    Attributes
    ----------
    filtered : dict of int to callable
        Functions with their filters, by number of the node.
    """

    def __init__(self, stopper: Any = None) -> None:
        self.stopper = stopper
        self._watched: dict[int, Callable[..., Any]] = {}
        self._habits: dict[tuple[Any, ...], _Habit] = {}
        self.filtered: dict[int, Callable[..., Any]] = {}

    def call(
        self,
        function: Callable[..., Any],
        args: Sequence[Values],
        count: int,
        *,
        outputs: int,
        columns: bool | None = None,
    ) -> Outcome:
        """Call a function for all rows of a group.

        Parameters
        ----------
        function : callable
        args : sequence of Values
            Its arguments, by position.
        count : int
            Number of rows.
        outputs : int
            Number of values that it gives; 0 for a domain, which gives one truth.
        columns : bool or None
            Whether it takes columns; None to find out.

        Raises
        ------
        Ended
            By the stopper.
        """
        if self.stopper is not None:
            function = self._watched.setdefault(id(function), self._watch(function))
        if columns:
            trial = _Trial(function, args, count, outputs)
            if trial.arrays is not None:
                return trial.outcome(np.empty(0, np.intp), trial.declared_kinds())
        if not any(isinstance(arg, Column) for arg in args):
            return call_once(function, args, count, outputs)
        if columns is not None or count < _FEW_ROWS:
            return call_rows(function, args, count, outputs)
        return self._find_out(function, args, count, outputs)

    def check(self) -> None:
        """Go on only if somebody wants the rest.

        Raises
        ------
        Ended
            By the stopper.
        """
        if self.stopper is not None and self.stopper.is_set():
            raise Ended

    def _watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, called only while somebody wants what it gives; it keeps the function, and so its id."""

        def watched(*args: Any) -> Any:
            self.check()
            return function(*args)

        return watched

    def _find_out(self, function: Callable[..., Any], args: Sequence[Values], count: int, outputs: int) -> Outcome:
        """Call it as it likes best."""
        key = (id(function), *[arg.kind for arg in args])
        habit = self._habits.get(key)
        if (habit is None or not habit.columns) and is_uniform(args):
            return call_once(function, args, count, outputs)
        if habit is not None and not habit.columns:
            return call_rows(function, args, count, outputs)
        trial = _Trial(function, args, count, outputs)
        if trial.arrays is None:
            self._habits.setdefault(key, _Habit(columns=False))
            return call_rows(function, args, count, outputs)
        doubtful = trial.doubtful_rows()
        agreed = 0 if habit is None else habit.agreed
        kinds = trial.probe(doubtful, agreed)
        if kinds is None or (kinds and habit is not None and kinds != habit.kinds):
            self._habits[key] = _Habit(columns=False)
            return call_rows(function, args, count, outputs)
        if habit is None or agreed < _ENOUGH:
            if not kinds:  # there was nothing to compare
                return call_rows(function, args, count, outputs)
            habit = self._habits[key] = replace(habit or _Habit(columns=True), kinds=kinds, agreed=agreed + 1)
        if trial.flagged:
            doubtful, matter = trial.add_flagged(doubtful, matter=habit.flags_matter)
            self._habits[key] = replace(habit, flags_matter=matter)
        return trial.outcome(doubtful, habit.kinds)


class _Trial:
    """One call with columns, and the questions whether to believe it.

    Attributes
    ----------
    arrays : list of ndarray or None
        What it gave, one array for each output; None if that was no column.
    flagged : bool
        Numpy raised a floating-point flag on the way.
    """

    def __init__(self, function: Callable[..., Any], args: Sequence[Values], count: int, outputs: int) -> None:
        self.function = function
        self.args = args
        self.count = count
        self.outputs = outputs
        self.arrays, self.flagged = self._call(slice(0, count), count)

    def _call(self, rows: slice | Rows, count: int) -> tuple[list[Array] | None, bool]:
        """What it gives for some rows, and whether a flag was raised."""
        # A function that writes into its arguments is none for columns: they are read-only, so it raises.
        columns = [lock(arg.array[rows]) if isinstance(arg, Column) else arg.value for arg in self.args]
        raised: list[str] = []

        def note(kind: str, flag: int) -> None:  # noqa: ARG001 - as numpy calls it
            raised.append(kind)

        with np.errstate(divide="call", over="call", invalid="call", under="ignore", call=note):
            try:
                result = self.function(*columns)
            except Exception:
                return None, True
        return _as_arrays(result, count, self.outputs), bool(raised)

    def doubtful_rows(self) -> Rows:
        """Rows where something is not finite though all arguments are, or though a flag was raised."""
        assert self.arrays is not None
        doubtful: NDArray[np.bool_] | None = None
        for array in self.arrays:
            if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
                doubtful = ~finite if doubtful is None else doubtful | ~finite
        if doubtful is None:
            return np.empty(0, np.intp)
        if not self.flagged:
            for arg in self.args:
                if isinstance(arg, Column) and arg.array.dtype != object:
                    doubtful &= np.isfinite(arg.array)
        return np.flatnonzero(doubtful)

    def probe(self, doubtful: Rows, agreed: int) -> tuple[str, ...] | None:
        """Kinds of the outputs if single calls agree with the columns, None if not; empty if nothing could be compared.

        At first the extremes of the arguments are among the rows, so that what depends on other rows (a mean, a largest
        value, an order) is found out.  Later, what does so for some values only (``if np.any(x < 0)``).
        """
        rows = [self.count // 2]
        if agreed < _ENOUGH:
            rows += [0, self.count - 1]
        if not agreed:
            rows += [self.count // 4, 3 * self.count // 4]
            for arg in self.args:
                if isinstance(arg, Column) and arg.array.dtype != object:
                    rows += [int(arg.array.argmin()), int(arg.array.argmax())]
        skipped = frozenset(doubtful.tolist())
        kinds: set[tuple[str, ...]] = set()
        for row in dict.fromkeys(rows):
            if row not in skipped:
                found = self._compare(row)
                if found is not None:
                    kinds.add(found)
                elif not (self.flagged and self._is_flagged(np.array([row]))):  # flagged rows are looked at later
                    return None
        if len(kinds) > 1:
            return None
        return kinds.pop() if kinds else ()

    def _compare(self, row: int) -> tuple[str, ...] | None:
        """Kinds of what a single call gives, if the columns say the same; else None."""
        assert self.arrays is not None
        here = np.array([row])
        single = call_rows(self.function, [arg.take(here) for arg in self.args], 1, self.outputs)
        if single.errors or single.odd:
            return None
        kinds: list[str] = []
        for array, output in zip(self.arrays, single.outputs, strict=True):
            value = next(iter(output.cells()))
            kind = _kind_of(value, array, self.outputs)
            if not kind or not _is_same(array[row], value):
                return None
            kinds.append(kind)
        return tuple(kinds)

    def declared_kinds(self) -> list[str]:
        """Kinds of the outputs of a function that says that it takes columns: as in one single call, if that works."""
        assert self.arrays is not None
        here = np.array([0])
        single = call_rows(self.function, [arg.take(here) for arg in self.args], 1, self.outputs)
        kinds = []
        for number, array in enumerate(self.arrays):
            fallback = "truth" if not self.outputs else "numpy" if array.dtype == np.float64 else "generic"
            if single.errors or single.odd:
                kinds.append(fallback)
            else:
                value = next(iter(single.outputs[number].cells()))
                kinds.append(_kind_of(value, array, self.outputs) or fallback)
        return kinds

    def add_flagged(self, doubtful: Rows, *, matter: bool | None) -> tuple[Rows, bool | None]:
        """Add the rows where a flag was raised though the result is finite, if such flags matter.

        ``1 / (1 / x)`` is 0 in a column where a single call raises; ``where(x > 0, log(x), 0)`` raises a flag and is
        right.  A sample of the flagged rows tells which of the two it is.
        """
        marked = np.zeros(self.count, np.bool_)
        marked[doubtful] = True
        rest = np.flatnonzero(~marked)
        if matter is False or not self._is_flagged(rest):
            return doubtful, matter
        if matter is None:
            sample = self._find_flagged(rest, 1, _SAMPLE)
            if all(self._compare(int(row)) is not None for row in sample):
                return doubtful, False
        marked[self._find_flagged(rest, _LEAF, None)] = True
        return np.flatnonzero(marked), True

    def _find_flagged(self, rows: Rows, leaf: int, most: int | None) -> Rows:
        """Rows that raise a flag, by halving; `leaf` rows are not told apart, and `most` parts are followed."""
        parts = [rows]
        while parts and max(map(len, parts)) > leaf:
            halves = [half for part in parts for half in _halves(part, leaf)]
            parts = [half for half in halves if self._is_flagged(half)][:most]
            if (
                most is None
                and len(halves) >= _MANY
                and len(halves[0]) <= _CLOSE
                and 2 * sum(map(len, parts)) > len(rows)
            ):
                break
        return np.concatenate(parts) if parts else rows[:0]

    def _is_flagged(self, rows: Rows) -> bool:
        return bool(len(rows)) and self._call(rows, len(rows))[1]

    def outcome(self, doubtful: Rows, kinds: Sequence[str]) -> Outcome:
        """The columns, with the doubtful rows asked one by one."""
        assert self.arrays is not None
        outcome, arrays = Outcome(), self.arrays
        for array in arrays:
            if array.dtype == object:
                outcome.odd += [i for i, cell in enumerate(array) if cell is NONE]
        if len(doubtful):
            single = call_rows(self.function, [arg.take(doubtful) for arg in self.args], len(doubtful), self.outputs)
            numbers = doubtful.tolist()
            outcome.errors = {numbers[i]: error for i, error in single.errors.items()}
            outcome.odd += [numbers[i] for i in single.odd]
            arrays = [array.copy() for array in arrays]
            gone = {*single.errors, *single.odd}
            for array, kind, output in zip(arrays, kinds, single.outputs, strict=False):
                odd = set(self._mend(array, kind, doubtful, output)) - gone
                gone |= odd
                outcome.odd += [numbers[i] for i in odd]
        outcome.outputs = tuple([_as_column(array, kind) for array, kind in zip(arrays, kinds, strict=True)])
        return outcome

    def _mend(self, array: Array, kind: str, rows: Rows, output: Values) -> list[int]:
        """Put the values of single calls into a column; gives those that are of another kind, and so odd there."""
        if isinstance(output, Column) and output.array.dtype == array.dtype and output.kind == kind:
            array[rows] = output.array
            return []
        odd: list[int] = []
        for i, (row, value) in enumerate(zip(rows.tolist(), output.cells(), strict=False)):
            if _kind_of(value, array, self.outputs) == kind:
                array[row] = value
            else:
                odd.append(i)
        return odd


def _halves(part: Rows, leaf: int) -> list[Rows]:
    return [part] if len(part) <= leaf else [part[: len(part) // 2], part[len(part) // 2 :]]


def _as_arrays(result: Any, count: int, outputs: int) -> list[Array] | None:
    """The result as one column for each output, None if it is anything else."""
    if outputs < 2:
        results = [result]
    elif isinstance(result, (tuple, list)) or (isinstance(result, np.ndarray) and result.ndim == 2):
        results = list(result)
    else:
        return None
    kinds = "fiubUO" if outputs else "b"
    for array in results:
        if type(array) is not np.ndarray or array.shape != (count,) or array.dtype.kind not in kinds:
            return None
    return results if len(results) == max(outputs, 1) else None


def _as_column(array: Array, kind: str) -> Column:
    """A column of the values that single calls would have given."""
    if kind in ("python", "numpy"):
        return Column(lock(array.view()), kind == "numpy")
    if kind == "truth":
        return Column(array)
    return Column(lock(array.astype(object) if kind == "plain" else as_objects(list(array))))


def _kind_of(value: Any, array: Array, outputs: int) -> str:
    """What a single call gave, as far as it goes with a column; nothing if it does not."""
    if not outputs:
        return "truth"
    dtype = array.dtype
    if dtype.kind == "O":
        return "objects"
    if isinstance(value, (np.generic, np.ndarray)):
        if value.ndim or value.dtype.kind != dtype.kind or (value.dtype != dtype and dtype.kind != "U"):
            return ""
        return "numpy" if dtype == np.float64 else "generic"
    if type(value) is not _PLAIN.get(dtype.kind):
        return ""
    return "python" if dtype == np.float64 else "plain"


def _is_same(cell: Any, value: Any) -> bool:
    """Is the cell of a column what a single call gave, but for the last digits of a float?"""
    try:
        if isinstance(cell, (float, np.floating)) and isinstance(value, (float, np.floating, np.ndarray)):
            one, other = float(cell), float(value)
            near = abs(one - other) <= _TOLERANCE * abs(other)
            return one == other or near or (one != one and other != other)
        return bool(cell == value) and (isinstance(cell, np.generic) or type(cell) is type(value))
    except (TypeError, ValueError):
        return False

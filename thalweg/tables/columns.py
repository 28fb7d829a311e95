"""Values of data over the rows of a group, and calls row by row.

A column holds what single calls would have passed on: Python's floats or numpy's.  The two differ where it matters
most, for ``1 / 0`` raises with the former and is infinite with the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..tokens import NONE
from .table import Array, as_objects

__all__ = [
    "Column",
    "Constant",
    "Outcome",
    "Values",
    "call_once",
    "call_rows",
    "describe",
    "gather",
    "is_uniform",
    "lock",
    "quiet",
]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one datum over the rows of a group.

    Attributes
    ----------
    array : ndarray
        Of float64, of truths or of objects, of shape ``(n,)``; never written to.
    numpy : bool
        Of float64: a single call would have given numpy's floats, not Python's.
    """

    array: Array
    numpy: bool = False

    def take(self, rows: NDArray[np.intp]) -> Column:
        """The values of some rows."""
        return Column(lock(self.array[rows]), self.numpy)

    def cells(self) -> list[Any]:
        """The values as single calls would have given them."""
        cells: list[Any] = list(self.array) if self.numpy else self.array.tolist()
        return cells

    @property
    def kind(self) -> str:
        """What a function may treat differently: objects, numpy's floats, Python's."""
        return "objects" if self.array.dtype == object else "numpy" if self.numpy else "python"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in all rows."""

    value: Any

    def take(self, rows: NDArray[np.intp]) -> Constant:  # noqa: ARG002 - as a column has it
        """The value of some rows: the same."""
        return self

    def cells(self) -> Iterable[Any]:
        """The value again and again."""
        return repeat(self.value)

    @property
    def kind(self) -> str:
        """The type of the value."""
        return type(self.value).__name__


Values: TypeAlias = Column | Constant


@dataclass(slots=True)
class Outcome:
    """What a function gave for the rows of a group.

    Attributes
    ----------
    outputs : tuple of Values
        For each output its values; meaningless in the rows below.
    errors : dict of int to str
        By row: what was raised.  The text only: an error would hold on to the frames of the fill.
    odd : list of int
        Rows whose answer is not for columns: no value, a wrong number of values.
    """

    outputs: tuple[Values, ...] = ()
    errors: dict[int, str] = field(default_factory=dict)
    odd: list[int] = field(default_factory=list)


def lock(array: Array) -> Array:
    """The array itself, read-only from now on."""
    array.setflags(write=False)
    return array


def is_uniform(args: Sequence[Values]) -> bool:
    """Are all arguments the same in all rows?"""
    return all(isinstance(arg, Constant) or _is_uniform(arg.array) for arg in args)


def _is_uniform(array: Array) -> bool:
    if array.dtype != object:
        bits = array.view(np.int64)  # as numbers 0.0 and -0.0 would be the same
        return bool(bits[0] == bits[-1] and (bits == bits[0]).all())
    first = array[0]
    if type(first) is not str:  # of other objects nobody knows what it means to be equal
        return False
    return all(cell == first for cell in array)


def call_once(function: Callable[..., Any], args: Sequence[Values], count: int, outputs: int) -> Outcome:
    """One call for all rows, where all arguments are the same in all."""
    firsts = [Constant(next(iter(arg.cells()))) for arg in args]
    single = call_rows(function, firsts, 1, outputs)
    if single.errors:
        return Outcome(errors=dict.fromkeys(range(count), single.errors[0]))
    if single.odd:
        return Outcome(odd=list(range(count)))
    values = [next(iter(output.cells())) for output in single.outputs]
    if not outputs:
        return Outcome((Column(np.full(count, values[0], np.bool_)),))
    return Outcome(tuple([Constant(value) for value in values]))


def call_rows(function: Callable[..., Any], args: Sequence[Values], count: int, outputs: int) -> Outcome:
    """One call for each row.

    Parameters
    ----------
    function : callable
    args : sequence of Values
        Its arguments, by position.
    count : int
        Number of rows.
    outputs : int
        Number of values that it gives; 0 for a domain, which gives one truth.
    """
    outcome = Outcome()
    results: list[Any] = [None] * count
    errors, odd = outcome.errors, outcome.odd
    with np.errstate(**quiet()):
        rows = zip(*[arg.cells() for arg in args], strict=False) if args else repeat(())
        for i, row in zip(range(count), rows, strict=False):
            try:
                value = function(*row)
                results[i] = value if outputs else bool(value)
            except Exception as error:
                errors[i] = describe(error)
    if outputs < 2:
        odd += [i for i, value in enumerate(results) if value is NONE]
    else:
        odd += [i for i, value in enumerate(results) if i not in errors and not _is_whole(value, outputs)]
    if errors or odd:
        _fill_gaps(results, {*errors, *odd})
    if not outputs:
        outcome.outputs = (Column(np.array(results, dtype=np.bool_)),)
    elif outputs == 1:
        outcome.outputs = (gather(results),)
    elif results[0] is not None:
        outcome.outputs = tuple([gather([result[k] for result in results]) for k in range(outputs)])
    return outcome


def _is_whole(value: Any, outputs: int) -> bool:
    """Is the value a plain collection of as many values as outputs?"""
    if type(value) not in (tuple, list) and not (isinstance(value, np.ndarray) and value.ndim):
        return False
    return len(value) == outputs and not any(part is NONE for part in value)


def _fill_gaps(results: list[Any], gaps: set[int]) -> None:
    """Put some good value where there is none, so that gaps do not change the kind of a column."""
    good = next((value for i, value in enumerate(results) if i not in gaps), None)
    for i in gaps:
        results[i] = good


def gather(values: list[Any]) -> Column:
    """Values of single calls as a column."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return Column(lock(np.array(values)))
    if kinds == {np.float64}:
        return Column(lock(np.array(values, np.float64)), numpy=True)
    return Column(lock(as_objects(values)))


def describe(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}"


def quiet() -> Mapping[str, Any]:
    """The user's own floating-point settings, without the warnings."""
    return {kind: "ignore" if action in ("warn", "print") else action for kind, action in np.geterr().items()}

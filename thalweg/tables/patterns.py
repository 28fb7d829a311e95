"""Which rows have the same holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .table import Name, Rows

__all__ = ["Pattern", "find_patterns", "row_numbers"]

_BITS = 16  # holes of so many columns go into one code
_FEW = 16  # so many patterns are picked one by one; sorting costs as much as that


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Rows that have holes in the same columns."""

    holes: frozenset[Name]
    rows: Rows
    count: int


def find_patterns(masks: Mapping[Name, NDArray[np.bool_]], count: int) -> list[Pattern]:
    """Group the rows of a table by their holes.

    Parameters
    ----------
    masks : mapping
        For each column that has holes: where they are, of shape ``(n,)``.
    count : int
        Number of rows, n.

    Returns
    -------
    list of Pattern
        In the order of their codes: the same for the same holes, whatever the order of the rows.  Rows come in
        their order, as a slice where they stand together.

    Notes
    -----
    O(n) for each column; one sort of n small integers where there are many patterns.
    """
    names = list(masks)
    codes = np.zeros(count, np.uint16)
    sets: list[frozenset[Name]] = [frozenset()]
    for start in range(0, len(names), _BITS):
        part = names[start : start + _BITS]
        codes, sets = _refine(codes, sets, part, masks)
    groups = _rows_of(codes, len(sets), count)
    return [Pattern(holes, *rows) for holes, rows in zip(sets, groups, strict=True) if rows[1]]


def _refine(
    codes: NDArray[Any],
    sets: list[frozenset[Name]],
    names: list[Name],
    masks: Mapping[Name, NDArray[np.bool_]],
) -> tuple[NDArray[Any], list[frozenset[Name]]]:
    """Split the groups by the holes of up to 16 further columns, and number them anew."""
    bits = np.zeros(len(codes), np.uint16)
    for i, name in enumerate(names):
        bits |= np.multiply(masks[name], np.uint16(1 << i), dtype=np.uint16)
    both = bits if len(sets) == 1 else codes.astype(np.uint32) << _BITS | bits
    found, numbers = _distinct(both)
    fresh = []
    for code in found.tolist():
        bit, old = code & (1 << _BITS) - 1, code >> _BITS
        fresh.append(sets[old] | {name for i, name in enumerate(names) if bit >> i & 1})
    return numbers, fresh


def _distinct(codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The codes that occur, and for each row the place of its code among them."""
    if codes.dtype == np.uint16:
        found = np.flatnonzero(np.bincount(codes, minlength=1))
        places = np.zeros(1 << _BITS, np.uint16)
        places[found] = np.arange(len(found))
        return found, places[codes]
    values, inverse = np.unique(codes, return_inverse=True)
    return values, inverse.astype(np.uint32)


def _rows_of(codes: NDArray[Any], groups: int, count: int) -> list[tuple[Rows, int]]:
    """Rows of each code, and how many they are."""
    if groups == 1:
        return [(slice(0, count), count)]
    if groups <= _FEW:
        parts = [np.flatnonzero(codes == code) for code in range(groups)]
    else:
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=groups))
        parts = np.split(order, ends[:-1])
    return [(_as_slice(rows), len(rows)) for rows in parts]


def _as_slice(rows: NDArray[np.intp]) -> Rows:
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def row_numbers(rows: Rows) -> NDArray[np.intp]:
    """Row numbers as an array."""
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows

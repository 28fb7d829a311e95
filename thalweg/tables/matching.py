"""Do the columns of a table fit the model?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..errors import TableError, near_misses
from .table import Name, Table

__all__ = ["match_columns"]

_SLIP = 0.8  # likeness of two names from which on one is held to be the other, misspelt; planet and parent have 0.67
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def match_columns(
    table: Table, data: Collection[Name], keep: Iterable[Name], *, strict: bool
) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """Tell the columns that the model knows from the others.

    Parameters
    ----------
    table : Table
    data : collection of Hashable
        Data of the model.
    keep : iterable of Hashable
        Columns that may be unknown.
    strict : bool
        No other column may be unknown.

    Returns
    -------
    tuple of tuple of Hashable
        Columns that are data of the model, and the others.

    Raises
    ------
    TableError
        A column looks like a misspelt datum, none is a datum, or a cell of a column of numbers is none.
    """
    known = tuple([name for name in table if name in data])
    others = tuple([name for name in table if name not in data])
    for name in keep:
        if name not in table:
            raise TableError(f"there is no column {name!r} to keep{_hint(near_misses(name, others))}")
    _check_others(others, frozenset(keep), [name for name in data if name not in table], strict=strict)
    if not known:
        names = ", ".join(map(repr, list(data)[:6]))
        raise TableError(f"no column is a datum of the model; its data are {names}{', ...' if len(data) > 6 else ''}")
    _check_numbers(table, known)
    return known, others


def _check_others(others: Iterable[Name], keep: frozenset[Name], free: Collection[Name], *, strict: bool) -> None:
    """Refuse what looks like a misspelt datum that has no column of its own."""
    for name in others:
        if name in keep:
            continue
        close = near_misses(name, free)
        if strict or any(_likeness(name, other) >= _SLIP for other in close):
            raise TableError(
                f"column {name!r} is no datum of the model{_hint(close)} (or keep it, and it stays as it is)"
            )


def _hint(close: Iterable[Name]) -> str:
    names = " or ".join(map(repr, close))
    return f"; did you mean {names}?" if names else ""


def _likeness(name: Name, other: Name) -> float:
    """From 0 to 1, by the letters and digits of two names."""
    from difflib import SequenceMatcher

    one, two = ("".join(filter(str.isalnum, str(each).casefold())) for each in (name, other))
    return SequenceMatcher(None, one, two).ratio()


def _check_numbers(table: Table, known: Iterable[Name]) -> None:
    """Refuse text in a column of numbers."""
    for name in known:
        if name in table.doubts:
            row, text = table.doubts[name]
            comma = ", with a point for the comma" if _DECIMAL_COMMA.fullmatch(text.strip()) else ""
            raise TableError(
                f"column {name!r}, row {row + 1}: {text!r} is no number, but most of the column is;"
                f" mend the cell{comma}, or leave it empty"
            )

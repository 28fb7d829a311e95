"""The table: ordered columns over the same rows, with holes.

A column is an array of float64, where a hole is NaN, or an array of objects, where a hole is None.  A table is never
changed: what fills it makes another one.  Where it was read from a file of text, it remembers the text of every cell,
so that what nobody changed is written as it was read.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import TableError

__all__ = ["Array", "Layout", "Name", "Rows", "Table", "as_numbers", "as_objects"]

Name: TypeAlias = Hashable
Array: TypeAlias = NDArray[Any]
Rows: TypeAlias = NDArray[np.intp] | slice

_EXACT = 2**53  # whole numbers up to here are exact as floats


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of text was laid out, so that the next one can be laid out alike."""

    delimiter: str = ","
    newline: str = "\n"
    mark: bool = False  # a byte-order mark before the first cell
    header: tuple[str, ...] = ()  # names of the columns as they stand in the file


class Table(Mapping[Name, Array]):
    """Columns by name, each with one cell for each row.

    Parameters
    ----------
    columns : mapping, Table, or data frame
        Name of each column and its cells: an array or a sequence of shape ``(n,)``.  Numbers become float64, anything
        else stays as it is; None, NaN and pandas' NA are holes.  A frame of pandas or polars will do.

    Attributes
    ----------
    rows : int
        Number of rows.
    doubts : dict
        Of columns that are numbers for the most part: row and text of the first cell that is none.

    Raises
    ------
    TableError
        The columns differ in length, or one is not one-dimensional.

    Notes
    -----
    Arrays of float64 are not copied; the table shows them read-only.

    Examples
    --------
    >>> table = Table({"body": ["Ceres", "Vesta"], "mass": [9.4e20, None]})
    >>> table["mass"]
    array([9.4e+20,     nan])
    >>> table.holes("mass")
    array([False,  True])
    """

    __slots__ = ("_changed", "_columns", "_texts", "doubts", "layout", "rows")

    def __init__(self, columns: Any) -> None:
        self._columns: dict[Name, Array] = {}
        self._texts: dict[Name, Sequence[str]] = {}
        self._changed: dict[Name, list[Rows]] = {}
        self.doubts: dict[Name, tuple[int, str]] = {}
        self.layout: Layout | None = None
        for name, values in _items(columns):
            self._columns[name] = column = as_column(values, name)
            column.setflags(write=False)
            doubt = _doubt(column)
            if doubt is not None:
                self.doubts[name] = doubt
        lengths = {name: len(column) for name, column in self._columns.items()}
        self.rows = next(iter(lengths.values()), 0)
        for name, length in lengths.items():
            if length != self.rows:
                first = next(iter(lengths))
                raise TableError(f"column {name!r} has {length} cells and {first!r} {self.rows}; give all the same")

    @classmethod
    def read(cls, columns: Mapping[str, Any], texts: Mapping[Name, Sequence[str]], layout: Layout | None) -> Table:
        """A table that remembers the text of its cells."""
        table = cls(columns)
        table._texts = dict(texts)
        table.layout = layout
        return table

    def __getitem__(self, name: Name) -> Array:
        return self._columns[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<Table: {self.rows} rows, columns {', '.join(map(str, self))}>"

    __hash__ = None  # type: ignore[assignment]

    def holes(self, name: Name) -> NDArray[np.bool_]:
        """Where a column has no value, of shape ``(n,)``."""
        return _holes(self._columns[name])

    def is_text(self, name: Name) -> bool:
        """Is the column one of objects, not of numbers?"""
        return self._columns[name].dtype == object

    def texts(self, name: Name) -> Sequence[str] | None:
        """The cells of a column as they were read, if they were read as text."""
        return self._texts.get(name)

    def changed(self, name: Name) -> Iterator[int]:
        """Rows in which a column differs from what was read."""
        for rows in self._changed.get(name, ()):
            yield from range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()

    def with_cells(self, columns: Mapping[Name, tuple[Array, Sequence[Rows]]]) -> Table:
        """A table with other columns in place of its own, or behind them.

        Parameters
        ----------
        columns : mapping
            For each name the column, and the rows in which it differs from the present one.
        """
        table = Table({})
        table.rows, table.layout, table.doubts = self.rows, self.layout, self.doubts
        table._columns, table._texts, table._changed = dict(self._columns), self._texts, dict(self._changed)
        for name, (column, rows) in columns.items():
            column.setflags(write=False)
            table._columns[name] = column
            table._changed[name] = [*self._changed.get(name, ()), *rows]
        return table

    def to_pandas(self) -> Any:
        """The table as a pandas data frame."""
        import pandas as pd

        return pd.DataFrame({name: column.copy() for name, column in self._columns.items()})


def _items(columns: Any) -> Iterable[tuple[Name, Any]]:
    """Names and cells of whatever is much like a table."""
    if isinstance(columns, Mapping):
        return columns.items()
    names = getattr(columns, "columns", None)
    if names is None:
        raise TableError(f"a {type(columns).__name__} is no table; give a mapping of names to columns, or a data frame")
    names = list(names)
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise TableError(f"the table has more than one column {', '.join(sorted(twice))}; name each once")
    return [(name, columns[name].to_numpy()) for name in names]


def as_column(values: Any, name: Name) -> Array:
    """One column, as a `Table` holds it.

    Raises
    ------
    TableError
        It is not one-dimensional.
    """
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise TableError(f"column {name!r} has the shape {values.shape}; give one cell for each row")
        if values.dtype.kind == "f":
            return np.asarray(values, np.float64).view()  # a view: the user's own array stays writeable
        if values.dtype.kind in "iu" and (not len(values) or max(-int(values.min()), int(values.max())) <= _EXACT):
            return values.astype(np.float64)
        values = values.tolist() if values.dtype.kind != "M" else list(values.astype(object))
    elif isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TableError(f"column {name!r} is {values!r}; give a sequence with one cell for each row")
    cells = list(values)
    kinds = set(map(type, cells))
    if kinds == {float}:
        return np.array(cells)
    if kinds - {float, int, str, type(None)}:
        cells = [None if _is_hole(cell) else cell for cell in cells]
    if str not in kinds:
        numbers = as_numbers([np.nan if cell is None else cell for cell in cells])
        if numbers is not None:
            return numbers
    elif float in kinds:
        cells = [None if _is_hole(cell) else cell for cell in cells]
    return as_objects(cells)


def as_numbers(cells: Sequence[Any]) -> NDArray[np.float64] | None:
    """The cells as float64 if every one is a real number that is exact as such, else None; a truth is no number."""
    for kind in set(map(type, cells)):
        if not issubclass(kind, (int, float, np.integer, np.floating)) or issubclass(kind, bool):
            return None
    try:
        numbers = np.array([float(cell) for cell in cells], dtype=np.float64)
    except OverflowError:
        return None
    large = np.flatnonzero(np.abs(numbers) >= _EXACT).tolist()
    return numbers if all(cells[i] == float(numbers[i]) for i in large) else None  # Python compares them exactly


def as_objects(cells: Sequence[Any]) -> Array:
    """An array of objects; one by one, for a cell may be a sequence itself."""
    array = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        array[i] = cell
    return array


def _is_hole(cell: Any) -> bool:
    if cell is None:
        return True
    if isinstance(cell, float):
        return cell != cell
    return type(cell).__name__ in ("NAType", "NaTType")


def _holes(column: Array) -> NDArray[np.bool_]:
    if column.dtype != object:
        holes: NDArray[np.bool_] = np.isnan(column)
        return holes
    return np.fromiter((cell is None for cell in column), dtype=np.bool_, count=len(column))


def _doubt(column: Array) -> tuple[int, str] | None:
    """Row and text of the first cell that is text, where numbers prevail."""
    if column.dtype != object or not {float, int} & set(map(type, column)):
        return None
    texts = [i for i, cell in enumerate(column) if isinstance(cell, str)]
    numbers = sum(isinstance(cell, (float, int)) for cell in column)
    return (texts[0], column[texts[0]]) if texts and numbers >= len(texts) else None

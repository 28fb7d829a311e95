"""Fill the holes of a table, and say how each was filled."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..dispatcher import Dispatcher
from ..errors import TableError, UnknownNodeError, near_misses
from .batches import Batch, Failed
from .filling import Filling
from .patterns import row_numbers
from .routes import Derivation
from .table import Array, Name, Rows, Table

__all__ = ["Cell", "Filled", "FilledCells", "OpenCells", "fill"]


@dataclass(frozen=True, slots=True, eq=False)
class FilledCells:
    """Cells of one column that came about in the same way.

    Attributes
    ----------
    column : Hashable
    rows : ndarray of int
    derivation : Derivation
    failures : tuple of Failed
        What failed before, so that the cells were filled in another way than the first choice.
    """

    column: Name
    rows: Array
    derivation: Derivation
    failures: tuple[Failed, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OpenCells:
    """Cells of one column that could not be filled, for the same reason.

    Attributes
    ----------
    column : Hashable
    rows : ndarray of int
    missing : tuple of tuple of Hashable
        Sets of further data that would help if they were given, cheapest first; not if what failed fails again.
    failures : tuple of Failed
        What failed on the way to them.
    """

    column: Name
    rows: Array
    missing: tuple[tuple[Name, ...], ...]
    failures: tuple[Failed, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that was a hole.

    Attributes
    ----------
    row : int
        Counted from 0.
    column : Hashable
    is_filled : bool
    value : object
    derivation : Derivation or None
    failures : tuple of (str, str, str)
        Path of the function, kind of failure, and what was raised.
    missing : tuple of tuple of Hashable
    """

    row: int
    column: Name
    is_filled: bool
    value: Any
    derivation: Derivation | None
    failures: tuple[tuple[str, str, str], ...]
    missing: tuple[tuple[Name, ...], ...]


class Filled(Mapping[Name, Array]):
    """A filled table, and how each cell came about.

    As a mapping it gives the columns of `table`.

    Attributes
    ----------
    table : Table
        All columns, with their holes filled as far as they could be.
    columns : tuple of Hashable
        The columns that were to be filled.
    others : tuple of Hashable
        Columns that the model does not know; they are as they were.

    Notes
    -----
    How the cells came about is kept once for all rows that went the same way, and made into more when somebody asks.
    """

    def __init__(
        self,
        dsp: Dispatcher,
        table: Table,
        batches: Iterable[Batch],
        columns: tuple[Name, ...],
        others: tuple[Name, ...],
    ) -> None:
        self.table = table
        self.columns = columns
        self.others = others
        self._dsp = dsp
        self._batches = tuple(batches)
        self._missing: dict[tuple[Name, tuple[Name, ...]], tuple[tuple[Name, ...], ...]] = {}

    def __getitem__(self, name: Name) -> Array:
        return self.table[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"<Filled: {self.table.rows} rows, {self.count} cells filled, {self.open_count} open>"

    __hash__ = None  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """Number of cells that were filled."""
        return sum(_length(batch.rows) * len(tuple(batch.filled)) for batch in self._batches)

    @property
    def open_count(self) -> int:
        """Number of cells that stayed open."""
        return sum(_length(batch.rows) * len(batch.wanted) for batch in self._batches) - self.count

    @property
    def errors(self) -> tuple[Failed, ...]:
        """What failed, each function once for the rows in which it did so together."""
        return tuple({id(failed): failed for batch in self._batches for failed in batch.failures}.values())

    @cached_property
    def filled(self) -> tuple[FilledCells, ...]:
        """The filled cells, column by column, those that came about in the same way together."""
        return tuple(
            FilledCells(name, row_numbers(batch.rows), batch.derivation(name), batch.failures_of(name))
            for name in self.columns
            for batch in self._batches
            if name in batch.filled
        )

    @cached_property
    def open(self) -> tuple[OpenCells, ...]:
        """The cells that stayed open, column by column, those with the same reason together."""
        return tuple(
            OpenCells(name, row_numbers(batch.rows), self._what_is_missing(name, batch.given), batch.failures_of(name))
            for name in self.columns
            for batch in self._batches
            if name in batch.wanted and name not in batch.filled
        )

    def cells(self) -> Iterator[Cell]:
        """Every cell that was a hole, row by row in each way; made one by one."""
        for group in (*self.filled, *self.open):
            column = self.table[group.column]
            derivation = group.derivation if isinstance(group, FilledCells) else None
            missing = group.missing if isinstance(group, OpenCells) else ()
            values = column[group.rows].tolist()
            for row, value in zip(group.rows.tolist(), values, strict=True):
                failures = tuple([(each.node, each.kind, each.message(row)) for each in group.failures])
                is_filled = derivation is not None
                yield Cell(
                    row, group.column, is_filled, value if is_filled else None, derivation, failures, missing
                )

    def _what_is_missing(self, name: Name, given: tuple[Name, ...]) -> tuple[tuple[Name, ...], ...]:
        key = (name, given)
        if key not in self._missing:
            self._missing[key] = ()
        return self._missing[key]


def _length(rows: Rows) -> int:
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def fill(
    dsp: Dispatcher,
    table: Any,
    outputs: Iterable[Name] | None = None,
    *,
    keep: Iterable[Name] = (),
    strict: bool = False,
    objective: str = "span",
) -> Filled:
    """Fill the holes of a table by what a model computes from the other cells of each row.

    Every row is one dispatch: its known cells are the inputs, its holes the wanted outputs, and the result is what
    ``dsp.dispatch(cells, holes, raises=False)`` gives.  Rows with the same holes are computed together, with whole
    columns where the functions allow it.

    Parameters
    ----------
    dsp : Dispatcher
        The model.  A function, with its domain, is tried with columns unless its node has
        ``attributes={"columns": ...}``: False calls it row by row, True with columns only, and believes what it says.
    table : Table, mapping of columns, or data frame
        What is known; see `Table`.  It is not changed.
    outputs : iterable of Hashable, optional
        Data to be filled; one without a column gets one.  By default every column that the model knows.
    keep : iterable of Hashable, optional
        Columns that are to stay as they are though the model does not know them, and be no slip of the pen.
    strict : bool, optional
        Refuse every column that the model does not know and that is not among `keep`.
    objective : {"span", "tree"}, optional
        As for `Dispatcher.dispatch`.

    Returns
    -------
    Filled
        The table, and how each cell came about.

    Raises
    ------
    TableError
        A column looks like a misspelt datum of the model, or no column is one; a cell of a column of numbers is none.
    UnknownNodeError
        One of `outputs` is not in the model.

    Notes
    -----
    Values agree with those of a dispatch to the last digits: numpy rounds powers and the like by itself (by up to
    ``1e-12``, relative).  A function may be called with columns, and more than once for a row, so it should be a
    function of its inputs alone.  O(n) for each hole of a pattern; one search for each pattern and set of failures.

    Examples
    --------
    >>> import thalweg as tw
    >>> room = tw.Dispatcher()
    >>> room.add_function("area", lambda width, length: width * length, outputs=["area"])
    'area'
    """
    table = table if isinstance(table, Table) else Table(table)
    data = dsp.data_nodes
    known = tuple([name for name in table if name in data])
    others = tuple([name for name in table if name not in data])
    _check_columns(table, data, known, others, frozenset(keep), strict=strict)
    wanted = known if outputs is None else tuple(dict.fromkeys(outputs))
    for name in wanted:
        if name not in data:
            raise UnknownNodeError.among(name, data, "output")
    filling = Filling(dsp, table, wanted, known, objective)
    filling.run()
    return Filled(dsp, filling.result(), filling.batches, wanted, others)


def _check_columns(
    table: Table,
    data: Mapping[Hashable, Any],
    known: tuple[Name, ...],
    others: tuple[Name, ...],
    keep: frozenset[Name],
    *,
    strict: bool,
) -> None:
    """Refuse columns that cannot be meant as they stand."""
    free = [name for name in data if name not in table]
    for name in others:
        if name in keep:
            continue
        close = near_misses(name, free)
        if strict or any(_is_slip(name, other) for other in close):
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise TableError(f"column {name!r} is no datum of the model{hint} (keep it to let it stay as it is)")
    if not known:
        names = ", ".join(map(repr, list(data)[:6]))
        raise TableError(f"no column is a datum of the model; its data are {names}{', ...' if len(data) > 6 else ''}")
    for name in known:
        if name in table.doubts:
            row, text = table.doubts[name]
            raise TableError(f"column {name!r} has the text {text!r} in row {row + 1} and numbers elsewhere; mend the cell, or empty it")


def _is_slip(name: Name, other: Name) -> bool:
    """Is a name so near to another one that it was hardly meant to be different?"""
    from difflib import SequenceMatcher

    one, two = ("".join(filter(str.isalnum, str(each).casefold())) for each in (name, other))
    return SequenceMatcher(None, one, two).ratio() >= _SLIP


_SLIP = 0.8

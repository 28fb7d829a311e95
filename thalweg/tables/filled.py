"""Fill the holes of a table, and say how each was filled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from typing import Any

import numpy as np

from ..dispatcher import Dispatcher
from ..errors import TableError, UnknownNodeError
from ..executors import Executor
from .batches import Batch, Failed
from .calling import Ended
from .filling import Filling
from .matching import match_columns
from .patterns import row_numbers
from .report import render
from .routes import Derivation
from .table import Array, Name, Rows, Table

__all__ = ["Cell", "CellGroup", "Filled", "fill"]

_SETS = 3  # sets of missing data that are named for an open cell


@dataclass(frozen=True, slots=True, eq=False)
class CellGroup:
    """Cells of one column that came about in the same way, or stayed open for the same reason.

    Attributes
    ----------
    column : Hashable
    rows : ndarray of int
        Counted from 0.
    derivation : Derivation or None
        How the values came about; None for cells that stayed open.
    failures : tuple of Failed
        What failed, so that the first choice was not taken.
    missing : tuple of tuple of Hashable
        Of open cells: sets of further data that would help if they were given, cheapest first.
    """

    column: Name
    rows: Array
    derivation: Derivation | None
    failures: tuple[Failed, ...]
    missing: tuple[tuple[Name, ...], ...] = ()

    def joined(self, others: Iterable[CellGroup]) -> CellGroup:
        """These cells and others as one group."""
        return replace(self, rows=np.sort(np.concatenate([self.rows, *[other.rows for other in others]])))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that was a hole.

    Attributes
    ----------
    row : int
        Counted from 0.
    column : Hashable
    value : object
        None if the cell stayed open.
    derivation : Derivation or None
        How it came about; None if it stayed open.
    failures : tuple of (str, str, str)
        Path of the function, kind of failure, and what was raised.
    missing : tuple of tuple of Hashable
        As for `CellGroup`.
    """

    row: int
    column: Name
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
        among: tuple[Name, ...] | None = None,
    ) -> None:
        self.table = table
        self.columns = columns
        self.others = others
        self._dsp = dsp
        self._among = among
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
        return sum(_length(batch.rows) * len(batch.filled) for batch in self._batches)

    @property
    def open_count(self) -> int:
        """Number of cells that stayed open."""
        return sum(_length(batch.rows) * len(batch.wanted) for batch in self._batches) - self.count

    @property
    def errors(self) -> tuple[Failed, ...]:
        """What failed, each function once for the rows in which it did so together."""
        return tuple({id(failed): failed for batch in self._batches for failed in batch.failures}.values())

    @cached_property
    def filled(self) -> tuple[CellGroup, ...]:
        """The filled cells, column by column, those that came about in the same way together."""
        return tuple(
            CellGroup(name, row_numbers(batch.rows), batch.derivation(name), batch.failures_of(name))
            for name in self.columns
            for batch in self._batches
            if name in batch.filled
        )

    @cached_property
    def open(self) -> tuple[CellGroup, ...]:
        """The cells that stayed open, column by column, those with the same reason together."""
        return tuple(
            CellGroup(name, row_numbers(batch.rows), None, batch.failures_of(name), self._lacks(name, batch.given))
            for name in self.columns
            for batch in self._batches
            if name in batch.wanted and name not in batch.filled
        )

    def cells(self) -> Iterator[Cell]:
        """Every cell that was a hole, row by row, in the order of the columns; made one by one."""
        order = {name: number for number, name in enumerate(self.columns)}

        def place(cell: Cell) -> tuple[int, int]:
            return cell.row, order[cell.column]

        return merge(*map(self._cells_of, (*self.filled, *self.open)), key=place)

    def _cells_of(self, group: CellGroup) -> Iterator[Cell]:
        values = self.table[group.column][group.rows].tolist()
        for row, value in zip(group.rows.tolist(), values, strict=True):
            failures = tuple([(each.node, each.kind, each.message(row)) for each in group.failures])
            found = value if group.derivation is not None else None
            yield Cell(row, group.column, found, group.derivation, failures, group.missing)

    def summary(self) -> str:
        """The whole in one line."""
        cells, rows = self.count + self.open_count, self.table.rows
        counts = f"{self.count} of {cells} holes filled in {rows} row{'s' if rows != 1 else ''}"
        return f"{counts}, {self.open_count} open" if self.open_count else counts

    def report(self, kind: str = "txt") -> str:
        """What became of each hole.

        Parameters
        ----------
        kind : {"txt", "md", "csv", "json"}
            A summary for people, as text or Markdown; or each cell, for machines.

        Raises
        ------
        TableError
            There is no such kind.
        """
        return "".join(render(self, kind))

    def label(self, row: int) -> str:
        """What a row is called: its cell in the first column of text that the model does not know."""
        return "" if self._labels is None else str(self._labels[row] or "")

    @cached_property
    def _labels(self) -> Array | None:
        return next((self.table[name] for name in self.others if self.table.is_text(name)), None)

    def _lacks(self, name: Name, given: tuple[Name, ...]) -> tuple[tuple[Name, ...], ...]:
        key = (name, given)
        if key not in self._missing:
            among = None if self._among is None else [each for each in self._among if each != name]
            # The empty set: nothing is missing, only something failed.
            sets = self._dsp.missing([name], given, _SETS, among=among)
            self._missing[key] = tuple([names for names in sets if names])
        return self._missing[key]

    def retold(self, change: Callable[[CellGroup], CellGroup]) -> Filled:
        """The same, but that what is told of the cells is changed: where not all names are for everybody.

        Parameters
        ----------
        change : callable
            Gives for a group of cells the one that stands for it.
        """
        other = copy(self)
        other.filled = tuple(map(change, self.filled))
        other.open = tuple(map(change, self.open))
        return other


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
    executor: str | Executor | None = None,
    on_rows: Callable[[int], object] | None = None,
    among: Iterable[Name] | None = None,
    stopper: Any = None,
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
    executor : str or Executor, optional
        Makes the calls, as for `Dispatcher.dispatch`: each row is dispatched by itself, many at a time.  That pays for
        functions that take long; by default they are called here, with whole columns where they allow it.
    on_rows : callable, optional
        Told now and then how many rows more are through.
    among : iterable of Hashable, optional
        Data that columns may be; by default all of the model.
    stopper : event, optional
        Has ``is_set()``; when set, the filling ends before the next call.

    Returns
    -------
    Filled
        The table, and how each cell came about.

    Raises
    ------
    TableError
        A column looks like a misspelt datum of the model, or no column is one; a cell of a column of numbers is none;
        the stopper has ended it.
    UnknownNodeError
        One of `outputs` is not in the model.
    UnknownExecutorError
        There is no executor of this name.

    Notes
    -----
    Values agree with those of a dispatch to the last digits: numpy rounds powers and the like by itself (by up to
    ``1e-12``, relative).  A function may be called with columns, and more than once for a row, so it should be a
    function of its inputs alone.  O(n) for each hole of a pattern; one search for each pattern and set of failures.

    Examples
    --------
    >>> import thalweg as tw
    >>> room = tw.Dispatcher()
    >>> _ = room.add_function("multiply", lambda width, length: width * length, outputs=["area"])
    >>> _ = room.add_function("divide", lambda area, width: area / width, outputs=["length"])
    >>> filled = fill(room, {"width": [2.0, 3.0], "length": [4.0, None], "area": [None, 6.0]})
    >>> filled["length"].tolist(), filled["area"].tolist()
    ([4.0, 2.0], [8.0, 6.0])
    """
    table = table if isinstance(table, Table) else Table(table)
    data: Collection[Name] = dsp.data_nodes
    if among is not None:
        allowed = set(among)
        data = {name: None for name in data if name in allowed}
    known, others = match_columns(table, data, tuple(keep), strict=strict)
    wanted = known if outputs is None else tuple(dict.fromkeys(outputs))
    for name in wanted:
        if name not in data:
            raise UnknownNodeError.among(name, data, "output")
    filling = Filling(dsp, table, wanted, known, objective, executor=executor, on_rows=on_rows, stopper=stopper)
    try:
        filling.run()
    except Ended:
        raise TableError("the filling was stopped before its end") from None
    return Filled(dsp, filling.result(), filling.batches, wanted, others, None if among is None else tuple(data))

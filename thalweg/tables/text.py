"""Tables as text: comma-separated values, read and written cell by cell.

A cell is a hole if it is empty or one of ``NA``, ``N/A``, ``NaN``, ``null`` and ``None``, in small or capital letters.
A column of numbers has numbers in all other cells.  What nobody changed is written as it was read, digit by digit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from ..errors import TableError
from .table import Layout, Name, Table

__all__ = ["cell_text", "parse_text", "write_text"]

HOLES = frozenset({"", "na", "n/a", "nan", "null", "none"})

_DELIMITERS = ",;\t|"
_MARK = "\ufeff"


def parse_text(text: str, *, delimiter: str | None = None, as_text: Container[str] = ()) -> Table:
    """A table from its text.

    Parameters
    ----------
    text : str
        The first row names the columns.
    delimiter : str, optional
        What stands between cells; by default whichever of comma, semicolon, tab and bar the first row has most.
    as_text : container of str, optional
        Columns that are text even if all their cells are numbers.

    Raises
    ------
    TableError
        There is no header or no row, a name stands twice, or a row has another number of cells than the header.
    """
    mark = text.startswith(_MARK)
    text = text.removeprefix(_MARK)
    first = text.split("\n", 1)[0]
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=first.count)
    header, rows = _rows(text, delimiter)
    if not rows:
        raise TableError("the table has a header but no row; give at least one")
    names = [name.strip() for name in header]
    layout = Layout(delimiter, "\r\n" if first.endswith("\r") else "\n", mark, tuple(header))
    texts: dict[Name, Sequence[str]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns = {name: _column(texts[name], is_text=name in as_text) for name in names}
    return Table.read(columns, texts, layout)


def _rows(text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, each with as many cells; empty lines do not count."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next((cells for cells in reader if cells), [])
        if not any(header):
            raise TableError("the table is empty; the first row must name the columns")
        names = [name.strip() for name in header]
        for name in names:
            if names.count(name) > 1:
                raise TableError(f"the table has {names.count(name)} columns {name!r}; name each once")
        rows = []
        for cells in reader:
            if len(cells) != len(header):
                if not cells:
                    continue
                raise TableError(
                    f"line {reader.line_num} has {len(cells)} cells, but the header has {len(header)}"
                    + ("; put cells with a comma between quotes" if delimiter == "," else "")
                )
            rows.append(cells)
    except csv.Error as error:
        raise TableError(f"line {reader.line_num} cannot be read: {error}") from error
    return header, rows


def _column(cells: Sequence[str], *, is_text: bool) -> Any:
    """The values of a column: all numbers if they can be."""
    nan = float("nan")
    if not is_text:
        try:
            numbers = [float(cell) if cell else nan for cell in cells]
        except ValueError:
            pass
        else:
            if "_" not in "".join(cells):  # float() takes 1_000, a table does not
                return np.array(numbers)
    values: list[Any] = [None if _is_hole(cell) else cell for cell in cells]
    return values if is_text else _mixed(values)


def _is_hole(cell: str) -> bool:
    return cell.strip().lower() in HOLES


def _mixed(values: list[Any]) -> list[Any]:
    """Numbers where most cells are numbers, so that the others stand out; else text throughout."""
    numbers = [_number(value) if value is not None else None for value in values]
    known = sum(number is not None for number in numbers)
    filled = sum(value is not None for value in values)
    if known < filled - known:
        return values
    return [value if number is None else number for value, number in zip(values, numbers, strict=True)]


def _number(text: str) -> float | None:
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def write_text(table: Table, stream: TextIO, *, digits: int | None = None, delimiter: str | None = None) -> None:
    """Write a table as text, laid out as it was read.

    Parameters
    ----------
    table : Table
    stream : text stream
        Opened with ``newline=""``.
    digits : int, optional
        Significant digits of new numbers; by default as many as it takes to read the very same number again.
    delimiter : str, optional
        What stands between cells; by default what stood there when the table was read, or a comma.
    """
    layout = table.layout or Layout()
    if layout.mark:
        stream.write(_MARK)
    header = [*layout.header, *list(table)[len(layout.header) :]]
    writer = csv.writer(stream, delimiter=delimiter or layout.delimiter, lineterminator=layout.newline)
    writer.writerow(header)
    writer.writerows(zip(*[_texts(table, name, digits) for name in table], strict=True))


def _texts(table: Table, name: Name, digits: int | None) -> Iterable[str]:
    """The cells of a column as text: as read where nothing has changed."""
    texts = table.texts(name)
    if texts is None:
        return _formatted(table[name].tolist(), digits)
    changed = list(table.changed(name))
    if not changed:
        return texts
    cells = list(texts)
    for row, cell in zip(changed, _formatted(table[name][changed].tolist(), digits), strict=True):
        cells[row] = cell
    return cells


def _formatted(values: Sequence[Any], digits: int | None) -> Iterator[str]:
    for value in values:
        yield cell_text(value, digits)


def cell_text(value: Any, digits: int | None = None) -> str:
    """A value as the text of a cell.

    Parameters
    ----------
    value : object
    digits : int, optional
        Significant digits of a number; by default the fewest from which the very same number can be read again.

    Examples
    --------
    >>> cell_text(0.1 + 0.2), cell_text(0.1 + 0.2, 6), cell_text(3.0), cell_text(None)
    ('0.30000000000000004', '0.3', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        if digits is not None:
            return f"{value:.{digits}g}"
        text = repr(value)
        return text.removesuffix(".0")
    return str(value)

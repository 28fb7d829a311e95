"""Tables in files, by the end of their names."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Container
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import TableError
from .atomic import replacing
from .frames import read_excel, read_parquet, write_excel, write_parquet
from .table import Table
from .text import parse_text, write_text

__all__ = ["FORMATS", "dump_table", "format_of", "parse_table", "read_table", "write_table"]


class Format(NamedTuple):
    """How files of one kind are read and written; as text where there is only a delimiter."""

    delimiter: str | None = None
    read: Callable[..., Table] | None = None
    write: Callable[..., None] | None = None


FORMATS = {
    ".csv": Format(),
    ".parquet": Format(read=read_parquet, write=write_parquet),
    ".tsv": Format("\t"),
    ".txt": Format(),
    ".xlsx": Format(read=read_excel, write=write_excel),
}


def format_of(path: str | os.PathLike[str]) -> Format:
    """How a file is read and written, by the end of its name.

    Raises
    ------
    TableError
        No kind of table ends so.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise TableError(f"{os.fspath(path)}: no kind of table ends in {suffix!r}; use one of {', '.join(FORMATS)}")
    return FORMATS[suffix]


def read_table(path: str | os.PathLike[str], *, as_text: Container[str] = (), sheet: str | None = None) -> Table:
    """Read a table.

    Parameters
    ----------
    path : path
        Its end says the kind: ``.csv``, ``.tsv`` and ``.txt`` (UTF-8), ``.parquet`` and ``.xlsx`` (by the extra
        ``tables``).
    as_text : container of str, optional
        Columns of a text file that are text even if all their cells are numbers.
    sheet : str, optional
        Sheet of a workbook, the first by default.

    Raises
    ------
    TableError
        The file is no table, has no row, or is of an unknown kind.
    OSError
        It cannot be read.
    """
    form, name = format_of(path), os.fspath(path)
    if form.read is not None:
        return _with_rows(form.read(path, sheet), name)
    return _text_table(Path(path).read_bytes(), name, form, as_text)


def parse_table(content: bytes, name: str, *, as_text: Container[str] = (), sheet: str | None = None) -> Table:
    r"""A table from the bytes of a file.

    Parameters
    ----------
    content : bytes
    name : str
        What the file is called: its end says the kind, as for `read_table`.
    as_text, sheet
        As for `read_table`.

    Raises
    ------
    TableError
        It is no table, has no row, or is of an unknown kind.

    Examples
    --------
    >>> parse_table(b"body,mass\nCeres,9.4e20\n", "bodies.csv")
    <Table: 1 rows, columns body, mass>
    """
    form = format_of(name)
    if form.read is not None:
        return _with_rows(form.read(io.BytesIO(content), sheet, name), name)
    return _text_table(content, name, form, as_text)


def _with_rows(table: Table, name: str) -> Table:
    if not table.rows or not table:
        raise TableError(f"{name}: the table is empty")
    return table


def _text_table(content: bytes, name: str, form: Format, as_text: Container[str]) -> Table:
    try:
        return parse_text(content.decode(), delimiter=form.delimiter, as_text=as_text)
    except UnicodeDecodeError as error:
        raise TableError(f"{name} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except TableError as error:
        raise TableError(f"{name}: {error}") from error


def write_table(
    table: Table, path: str | os.PathLike[str], *, digits: int | None = None, sheet: str | None = None
) -> None:
    """Write a table; `path` is replaced when all is written, and untouched if anything goes wrong.

    Parameters
    ----------
    table : Table
    path : path
        Its end says the kind, as for `read_table`.
    digits : int, optional
        Significant digits of numbers that are new in a text file; by default as many as it takes to read the very
        same number again, so that nothing is lost and nothing depends on a rounding that nobody asked for.
    sheet : str, optional
        Name of the sheet of a workbook.

    Raises
    ------
    TableError
        The kind is unknown, or cannot hold the table.
    OSError
        It cannot be written.
    """
    format_of(path)
    with replacing(path) as stream:
        dump_table(table, stream, path, digits=digits, sheet=sheet)


def dump_table(
    table: Table, stream: BinaryIO, path: str | os.PathLike[str], *, digits: int | None = None, sheet: str | None = None
) -> None:
    """Write a table to a stream, in the kind that `path` says."""
    form = format_of(path)
    if form.write is not None:
        form.write(table, stream, sheet)
        return
    delimiter = form.delimiter
    if delimiter is None and table.layout is not None and table.layout.delimiter == "\t":
        delimiter = ","  # it was read from a file of another kind
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    write_text(table, text, digits=digits, delimiter=delimiter)
    text.detach()

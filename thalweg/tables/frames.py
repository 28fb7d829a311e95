"""Tables in Parquet and Excel files, through pandas: the extra ``tables``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeAlias

from ..errors import TableError
from .table import Table

__all__ = ["read_excel", "read_parquet", "write_excel", "write_parquet"]

Source: TypeAlias = str | os.PathLike[str] | BinaryIO


def read_parquet(source: Source, sheet: str | None = None, name: str | None = None) -> Table:
    """A table from a Parquet file; errors call it by `name` if it has none of its own."""
    _no_sheet(sheet)
    with _pandas(name or source) as pd:
        return Table(pd.read_parquet(source))


def read_excel(source: Source, sheet: str | None = None, name: str | None = None) -> Table:
    """A table from a sheet of a workbook, the first by default."""
    with _pandas(name or source) as pd:
        return Table(pd.read_excel(source, sheet_name=0 if sheet is None else sheet))


def write_parquet(table: Table, stream: BinaryIO, sheet: str | None = None) -> None:
    """Write a table as a Parquet file."""
    _no_sheet(sheet)
    with _pandas("the table"):
        table.to_pandas().to_parquet(stream, index=False)


def write_excel(table: Table, stream: BinaryIO, sheet: str | None = None) -> None:
    """Write a table as the only sheet of a workbook."""
    with _pandas("the table"):
        table.to_pandas().to_excel(stream, sheet_name=sheet or "Sheet1", index=False, engine="openpyxl")


def _no_sheet(sheet: str | None) -> None:
    if sheet is not None:
        raise TableError(f"a Parquet file has no sheet {sheet!r}")


@contextmanager
def _pandas(path: Any) -> Iterator[Any]:
    """The pandas package; what goes wrong in it becomes a `TableError`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise TableError("Parquet and Excel need pandas; install it with: pip install 'thalweg[tables]'") from error
    try:
        yield pd
    except (OSError, TableError):
        raise
    except ImportError as error:
        raise TableError(f"{error}; install it with: pip install 'thalweg[tables]'") from error
    except Exception as error:  # each reader has errors of its own
        raise TableError(f"{path} cannot be read or written: {type(error).__name__}: {error}") from error

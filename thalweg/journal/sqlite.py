"""A journal in a file of SQLite, with large values in files beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..errors import JournalError
from .files import Files
from .store import Store

__all__ = ["SqliteStore"]

_WAIT_SECONDS = 60.0  # for others who write
_PAUSE_SECONDS = 0.01
_SIZES = (64, 8, 1)  # rows of one statement; few sizes, so that all are prepared once
_VERSION = 1  # of the tables
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteStore(Store):
    """Runs and entries in one file.

    Parameters
    ----------
    path : str
        Made if it is not there; ``PATH.values`` beside it holds the large values.

    Notes
    -----
    Each transaction is on the disk when it ends (write-ahead log, ``synchronous=full``).
    """

    names = {  # noqa: RUF012 - as in the base
        "runs": "runs",
        "entries": "entries",
        "serial": "integer primary key autoincrement",
        "bytes": "blob",
        "float": "real",
        "integer": "integer",
        "now": "((julianday('now') - 2440587.5) * 86400.0)",
        "lock": "",
    }
    errors = (sqlite3.Error,)

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.files = Files(Path(f"{path}.values").absolute())
        with self.translated():
            self.connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
            except BaseException:
                self.connection.close()
                raise

    def _open(self) -> None:
        """Make the tables in an empty file; refuse what is somebody else's, or of a later version."""
        tables = {row[0] for row in self.execute("select name from sqlite_master where type = 'table'")}
        version = self.execute("pragma user_version").fetchone()[0]
        if (tables and "entries" not in tables) or version > _VERSION:
            what = "is of a later version of thalweg" if "entries" in tables else "holds something else"
            raise JournalError(f"the file {self.url} {what}; name another one")
        self._use_log()
        self.execute("pragma synchronous=full")
        if not tables:
            with self.transaction():
                self.create()
                self.execute(f"pragma user_version = {_VERSION}")

    def _use_log(self) -> None:
        """Switch to the write-ahead log; while others open the file, too, SQLite refuses that without waiting."""
        until = monotonic() + _WAIT_SECONDS
        while True:
            try:
                self.execute("pragma journal_mode=wal")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                    raise
                sleep(_PAUSE_SECONDS)
            else:
                return

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute a statement; gives a cursor."""
        return self.connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute an insert for each row: many in one statement, for each gives the interpreter away and waits for it.

        Notes
        -----
        While a busy function holds the interpreter, that wait is what a commit costs: benchmark ``journal``.
        """
        whole, at = list(rows), 0
        start = statement.index("values (") + len("values ")
        group = statement[start : statement.index(")", start) + 1]
        for size in _SIZES:
            joined = statement.replace(group, ", ".join([group] * size), 1)
            while len(whole) - at >= size:
                self.connection.execute(joined, [value for row in whole[at : at + size] for value in row])
                at += size

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile; on the disk when it ends."""
        self.connection.execute("begin immediate")
        try:
            yield
            self.connection.execute("commit")
        except BaseException:
            if self.connection.in_transaction:
                with suppress(sqlite3.Error):  # what went wrong before says more
                    self.connection.execute("rollback")
            raise

    def keep_large(self, data: bytes) -> str:
        """Keep a long value, within a transaction; gives its digest."""
        return self.files.write(data)

    def read_large(self, digest: str) -> bytes:
        """A long value."""
        with self.translated():
            return self.files.read(digest)

    def drop_large(self) -> int:
        """Drop the long values that no entry names, within a transaction; gives how many."""
        named = {row[0] for row in self.execute("select distinct file from entries where file is not null")}
        return self.files.keep_only(named)

    def close(self) -> None:
        """Let go of the file."""
        with self.lock, self.translated():
            self.connection.close()

    def explain(self, error: Exception) -> str:
        """What an error of the file means, and what to do."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            return f"it is damaged, or no journal ({error}); nothing was changed; use a copy of it"
        if code == sqlite3.SQLITE_FULL:
            return "its disk is full; what was recorded before is kept: make room, and resume the run"
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return f"somebody else has been writing to it for {_WAIT_SECONDS:g} s ({error}); try again"
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return f"it cannot be used: {error}; name a file in a folder that is there, and that this process may write"
        return f"it cannot be used: {error}"

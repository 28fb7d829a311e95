"""A journal in a database of PostgreSQL, with large values in a table of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingExtraError
from .files import digest_of
from .store import Store

__all__ = ["PostgresStore"]

_PAUSE_SECONDS = 0.1
_LOCK = 0x7468616C  # of the making of the tables


class PostgresStore(Store):
    """Runs and entries in three tables, whose names begin with ``thalweg_``.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host:port/database``.

    Notes
    -----
    Entries that were on their way to a server that went are written again when it is back, if that is within the time
    of a lease: they are the same however often they are written.
    """

    names = {  # noqa: RUF012 - as in the base
        "runs": "thalweg_runs",
        "entries": "thalweg_entries",
        "serial": "bigint generated always as identity primary key",
        "bytes": "bytea",
        "float": "double precision",
        "integer": "bigint",
        "now": "extract(epoch from clock_timestamp())::double precision",
        "lock": "for update",
    }

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        super().__init__(f"postgresql://{parts.hostname or ''}{parts.path}")  # without the password
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtraError.of("journals in PostgreSQL", "psycopg", "postgres") from error
        self.psycopg = psycopg
        self.errors = (psycopg.Error,)
        self.address = url
        with self.translated():
            self.connection = psycopg.connect(url, autocommit=True)
            try:
                if self.execute("select to_regclass('thalweg_large')").fetchone()[0] is None:
                    with self.transaction():
                        self.execute("select pg_advisory_xact_lock(?)", (_LOCK,))
                        self.create()
                        self.execute(
                            "create table if not exists thalweg_large (digest text primary key, data bytea not null)"
                        )
            except BaseException:
                self.connection.close()
                raise

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement; gives a cursor."""
        return self.connection.execute(statement.replace("?", "%s"), values, binary=True)

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for each row."""
        with self.connection.cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s"), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on the disk when it ends; rows that are read for it are locked."""
        with self.connection.transaction():
            yield

    def keep_large(self, data: bytes) -> str:
        """Keep a long value, within a transaction; gives its digest."""
        digest = digest_of(data)
        # An update locks the row against a prune that finds it unused.
        self.execute(
            "insert into thalweg_large (digest, data) values (?, ?) on conflict (digest) do update set digest = "
            "excluded.digest",
            (digest, data),
        )
        return digest

    def read_large(self, digest: str) -> bytes:
        """A long value."""
        with self.lock, self.translated():
            row = self.execute("select data from thalweg_large where digest = ?", (digest,)).fetchone()
        if row is None or digest_of(bytes(row[0])) != digest:
            raise ValueError(f"the value {digest} is not what was written")
        return bytes(row[0])

    def drop_large(self) -> int:
        """Drop the long values that no entry names, within a transaction; gives how many."""
        self.execute("lock table thalweg_large in share row exclusive mode")  # nobody writes one meanwhile
        cursor = self.execute(
            "delete from thalweg_large where not exists (select 1 from thalweg_entries where file = digest)"
        )
        return int(cursor.rowcount)

    def come_back(self, error: Exception, seconds: float) -> bool:
        """Try for some time to connect again; False if it is not the server that went, or it stays away."""
        if not self.connection.closed and not isinstance(error, self.psycopg.OperationalError):
            return False
        until = monotonic() + seconds
        while monotonic() < until:
            with suppress(self.psycopg.Error):
                self.connection.close()
            try:
                self.connection = self.psycopg.connect(self.address, autocommit=True)
            except self.psycopg.OperationalError:
                sleep(_PAUSE_SECONDS)
            else:
                return True
        return False

    def close(self) -> None:
        """Let go of the connection."""
        with self.lock, self.translated():
            self.connection.close()

    def explain(self, error: Exception) -> str:
        """What an error of the server means, and what to do."""
        text = " ".join(str(error).split())
        code = getattr(error, "sqlstate", None) or ""
        if code.startswith("53"):
            return f"the server has no room ({text}); what was recorded before is kept: make room, and resume the run"
        if code.startswith("XX"):
            return f"the server says that it is damaged ({text}); use a copy of it"
        if isinstance(error, self.psycopg.OperationalError):
            return f"the server cannot be reached ({text}); what was recorded before is kept: resume the run later"
        return f"it cannot be used: {text}"

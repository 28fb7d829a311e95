"""Where long runs are kept: what was asked, how it stands, and what came of it.

A store holds records and knows nothing of models.  What it is given is whole: it is written when a run is accepted,
when its calls begin, and when it has ended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Protocol

from ..errors import BuildError

__all__ = ["ENDED", "FileStore", "MemoryStore", "RunRecord", "RunStore", "store_of"]

ENDED = frozenset(("done", "failed", "cancelled", "interrupted"))


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A long run.

    Attributes
    ----------
    id : str
    asked : bytes
        Body of the request.
    state : str
        ``"waiting"``, ``"running"``, ``"done"``, ``"failed"``, ``"cancelled"`` or ``"interrupted"`` (the server ended
        before the run did, and will not begin it again).
    created : float
        When it was accepted, by ``time.time()`` [s].
    began, ended : float or None
        When its calls began for the latest time, and when it ended [s].
    starts : int
        How often its calls were begun.
    answer : bytes
        What came of it as JSON: all members of the answer, or the problem; empty before.
    """

    id: str
    asked: bytes
    state: str
    created: float
    began: float | None = None
    ended: float | None = None
    starts: int = 0
    answer: bytes = b""

    @property
    def has_ended(self) -> bool:
        """Is there nothing more to come?"""
        return self.state in ENDED


class RunStore(Protocol):
    """Keeps records of runs.

    Attributes
    ----------
    is_durable : bool
        Are they there after a restart?  Its methods may then wait for a disk, and are called in a thread.
    """

    is_durable: bool

    def put(self, record: RunRecord) -> None:
        """Keep a record, in place of an older one of the same run."""

    def get(self, run_id: str) -> RunRecord | None:
        """The record of a run, if there is one."""

    def newest(self, count: int) -> list[RunRecord]:
        """Records by the time at which they were accepted, newest first, without what was asked and answered."""

    def unfinished(self) -> list[RunRecord]:
        """Records of runs that have not ended, oldest first."""

    def forget(self, keep: int) -> None:
        """Drop the oldest of those that have ended, so that this many of them are left."""

    def close(self) -> None:
        """Let files go."""


class MemoryStore:
    """Keeps records as long as the process lives."""

    is_durable = False

    def __init__(self) -> None:
        self.records: dict[str, RunRecord] = {}

    def put(self, record: RunRecord) -> None:
        """Keep a record, in place of an older one of the same run."""
        self.records[record.id] = record

    def get(self, run_id: str) -> RunRecord | None:
        """The record of a run, if there is one."""
        return self.records.get(run_id)

    def newest(self, count: int) -> list[RunRecord]:
        """Records, newest first, without what was asked and answered."""
        latest = list(self.records.values())[: -count - 1 : -1]
        return [replace(record, asked=b"", answer=b"") for record in latest]

    def unfinished(self) -> list[RunRecord]:
        """Records of runs that have not ended, oldest first."""
        return [record for record in self.records.values() if not record.has_ended]

    def forget(self, keep: int) -> None:
        """Drop the oldest of those that have ended."""
        ended = [record.id for record in self.records.values() if record.has_ended]
        for run_id in ended[: max(0, len(ended) - keep)]:
            del self.records[run_id]

    def close(self) -> None:
        """Nothing is open."""


_TABLE = """
create table if not exists runs (
    id text primary key, asked blob not null, state text not null, created real not null,
    began real, ended real, starts integer not null, answer blob not null
)
"""
_COLUMNS = "id, asked, state, created, began, ended, starts, answer"


class FileStore:
    """Keeps records in a file of SQLite, over restarts.

    Parameters
    ----------
    path : str or Path
        Made if it is not there.  One server at a time may use it.

    Raises
    ------
    BuildError
        The file cannot be opened, or is something else.

    Notes
    -----
    Thread-safe.  What was put is on the disk when `put` returns.
    """

    is_durable = True

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.lock = Lock()
        self.opened: sqlite3.Connection | None = None
        try:
            self._file().execute(_TABLE)
        except sqlite3.Error as error:
            self.close()
            raise BuildError(f"the runs cannot be kept in {str(path)!r}: {error}") from error

    def _file(self) -> sqlite3.Connection:
        """The file; opened again if it was closed."""
        if self.opened is None:
            self.opened = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self.opened.execute("pragma journal_mode=wal")
            self.opened.execute("pragma synchronous=full")
        return self.opened

    def put(self, record: RunRecord) -> None:
        """Keep a record, in place of an older one of the same run."""
        marks = ", ".join("?" * 8)
        with self.lock:
            self._file().execute(f"insert or replace into runs ({_COLUMNS}) values ({marks})", astuple(record))  # noqa: S608

    def get(self, run_id: str) -> RunRecord | None:
        """The record of a run, if there is one."""
        return next(iter(self._select("where id = ?", (run_id,))), None)

    def newest(self, count: int) -> list[RunRecord]:
        """Records, newest first, without what was asked and answered."""
        columns = "id, x'', state, created, began, ended, starts, x''"
        return self._select("order by created desc, rowid desc limit ?", (count,), columns)

    def unfinished(self) -> list[RunRecord]:
        """Records of runs that have not ended, oldest first."""
        return self._select("where state in ('waiting', 'running') order by created, rowid")

    def forget(self, keep: int) -> None:
        """Drop the oldest of those that have ended."""
        ended = "state not in ('waiting', 'running')"
        newest = f"select id from runs where {ended} order by created desc, rowid desc limit ?"  # noqa: S608
        with self.lock:
            self._file().execute(f"delete from runs where {ended} and id not in ({newest})", (keep,))  # noqa: S608

    def close(self) -> None:
        """Close the file, until it is needed again."""
        with self.lock:
            if self.opened is not None:
                self.opened.close()
                self.opened = None

    def __del__(self) -> None:
        if getattr(self, "opened", None) is not None:
            self.close()

    def _select(self, which: str, values: Iterable[object] = (), columns: str = _COLUMNS) -> list[RunRecord]:
        statement = f"select {columns} from runs {which}"  # noqa: S608 - of our own texts
        with self.lock, closing(self._file().execute(statement, tuple(values))) as rows:
            return [RunRecord(*row) for row in rows]


def store_of(runs: str | Path | RunStore | None) -> RunStore:
    """The store that is meant: in memory, in a file, or one of the user's own."""
    if runs is None:
        return MemoryStore()
    return FileStore(runs) if isinstance(runs, str | Path) else runs

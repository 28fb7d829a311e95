"""Runs and their entries in tables: what is the same in each database.

Two tables hold all.  A run's row has its lease: who drives it, a token that grows each time somebody takes it, and when
it ends.  Whoever writes says with which token, in the same transaction: a driver whose run was taken over can write
nothing more.  In the statements ``{now}`` is the clock of the database, for all who use it the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any, NoReturn

from ..errors import JournalError, RunHeldError, UnknownRunError, near_misses
from .holder import has_died
from .records import ENDED, Entry, Known, RunInfo, Taken, check_sum

__all__ = ["LARGE_BYTES", "Lease", "Store"]

LARGE_BYTES = 1 << 16  # longer values lie in files of their own

_ENTRY = "key, version, form, data, file, attempt, seconds, ended, error"
_TABLES = """
create table if not exists {runs} (
    number {serial}, id text not null unique, kind text not null, name text not null, asked {bytes} not null,
    form text not null, state text not null, created {float} not null, ended {float}, starts {integer} not null,
    token {integer} not null, holder text not null, expires {float} not null, error text
);
create table if not exists {entries} (
    run {integer} not null, key text not null, version text not null, form text not null, data {bytes} not null,
    file text, attempt {integer} not null, seconds {float} not null, ended {float} not null, error text,
    sum {integer} not null, primary key (run, key)
)
"""
_PUT = (
    "insert into {entries} (run, " + _ENTRY + ", sum) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (run, key) "
    "do update set version = excluded.version, form = excluded.form, data = excluded.data, file = excluded.file, "
    "attempt = excluded.attempt, seconds = excluded.seconds, ended = excluded.ended, error = excluded.error, "
    "sum = excluded.sum"
)
_RUN = (
    "id, kind, name, state, expires - {now}, created, ended, starts, holder, error, "
    "(select count(*) from {entries} where run = number and form not in ('failed', 'unkept')), "
    "(select count(*) from {entries} where run = number and form = 'failed')"
)

Lease = tuple[int, int]  # number and token of a run


class Store:
    """Runs and entries in a database.

    Parameters
    ----------
    url : str
        For people, in messages.

    Notes
    -----
    Thread-safe: one statement after the other.
    """

    names: dict[str, str] = {}  # noqa: RUF012 - of tables, types and the clock in this database; not changed
    errors: tuple[type[Exception], ...] = ()  # which it raises

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = RLock()

    # What each database does in its own way.

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement; gives a cursor."""
        raise NotImplementedError

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for each row."""
        raise NotImplementedError

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and nobody else writes what is read here; on the disk when it ends."""
        raise NotImplementedError

    def keep_large(self, data: bytes) -> str:
        """Keep a long value, within a transaction; gives its digest."""
        raise NotImplementedError

    def read_large(self, digest: str) -> bytes:
        """A long value."""
        raise NotImplementedError

    def drop_large(self) -> int:
        """Drop the long values that no entry names, within a transaction; gives how many."""
        raise NotImplementedError

    def come_back(self, error: Exception, seconds: float) -> bool:  # noqa: ARG002 - for servers
        """Try for some time to reach a server that has gone; False if that is not what went wrong, or it stays away."""
        return False

    def close(self) -> None:
        """Let go of the database."""
        raise NotImplementedError

    def explain(self, error: Exception) -> str:
        """What an error of the database means, and what to do."""
        raise NotImplementedError

    # What is the same.

    def sql(self, statement: str) -> str:
        """A statement with the names of this database."""
        return statement.format_map(self.names)

    def create(self) -> None:
        """Make the tables if they are not there."""
        for statement in _TABLES.split(";"):
            self.execute(self.sql(statement))

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Its errors as ours."""
        foreign: tuple[type[Exception], ...] = (*self.errors, OSError)
        try:
            yield
        except foreign as error:
            raise JournalError(f"the journal {self.url}: {self.explain(error)}") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction of ours."""
        with self.lock, self.translated(), self.transaction():
            yield

    def take(
        self,
        run_id: str,
        *,
        kind: str,
        name: str,
        asked: tuple[str, bytes],
        holder: str,
        seconds: float,
        check: Callable[[str, bytes], None],
    ) -> Taken:
        """Begin a run, or take it over if nobody drives it.

        Parameters
        ----------
        run_id, kind, name : str
        asked : (str, bytes)
            Form and bytes of what is asked.
        holder : str
        seconds : float
            For which the lease is taken.
        check : callable
            Given what was asked when the run was first begun; may raise.

        Raises
        ------
        RunHeldError
            Somebody drives it.
        JournalError
            The journal cannot be read or written; then it is as it was.
        """
        with self.writing():
            form, data = asked
            self.execute(
                self.sql(
                    "insert into {runs} (id, kind, name, asked, form, state, created, starts, token, holder, expires) "
                    "values (?, ?, ?, ?, ?, 'running', {now}, 0, 0, '', 0) on conflict (id) do nothing"
                ),
                (run_id, kind, name, data, form),
            )
            columns = "number, token, starts, asked, form, state, holder, expires - {now}"
            row = self.execute(self.sql(f"select {columns} from {{runs}} where id = ? {{lock}}"), (run_id,)).fetchone()
            number, token, starts, old_asked, old_form, state, old_holder, left = row
            if state == "running" and left > 0 and not has_died(old_holder):
                raise RunHeldError(
                    f"the run {run_id!r} is being driven by {old_holder}; wait for its end, or cancel it",
                    run=run_id,
                    holder=old_holder,
                    seconds=left,
                )
            check(old_form, bytes(old_asked))
            known = self._known(number)  # a damaged page is met before anything is written
            self.execute(
                self.sql(
                    "update {runs} set state = 'running', starts = starts + 1, token = token + 1, holder = ?, "
                    "expires = {now} + ?, ended = null, error = null where number = ?"
                ),
                (holder, seconds, number),
            )
        return Taken(number, token + 1, starts + 1, bytes(old_asked), old_form, known)

    def commit(self, batch: dict[Lease, list[Entry]], seconds: float) -> dict[Lease, tuple[str, str]]:
        """Keep entries, and renew the leases of their runs.

        Parameters
        ----------
        batch : dict of (int, int) to list of Entry
            By number and token of the run; an empty list only renews.
        seconds : float
            For which the leases are renewed.

        Returns
        -------
        dict of (int, int) to (str, str)
            Of runs that are no longer the writer's, of which nothing was kept: state and holder.
        """
        with self.lock, self.translated():
            try:
                return self._commit(batch, seconds)
            except self.errors as error:
                if not self.come_back(error, seconds):
                    raise
                return self._commit(batch, seconds)  # written twice it is the same

    def _commit(self, batch: dict[Lease, list[Entry]], seconds: float) -> dict[Lease, tuple[str, str]]:
        lost: dict[Lease, tuple[str, str]] = {}
        renew = self.sql("update {runs} set expires = {now} + ? where number = ? and token = ? and state = 'running'")
        put = self.sql(_PUT)
        with self.transaction():
            for (number, token), entries in batch.items():
                if self.execute(renew, (seconds, number, token)).rowcount != 1:
                    lost[number, token] = self._state(number)
                elif entries:
                    self.execute_many(put, list(self._rows(number, entries)))
        return lost

    def _rows(self, number: int, entries: Iterable[Entry]) -> Iterator[Sequence[Any]]:
        for entry in entries:
            if len(entry.data) > LARGE_BYTES:
                entry = entry._replace(data=b"", file=self.keep_large(entry.data))
            yield (number, *entry, check_sum(*entry[:5]))

    def _state(self, number: int) -> tuple[str, str]:
        row = self.execute(self.sql("select state, holder from {runs} where number = ?"), (number,)).fetchone()
        return (row[0], row[1]) if row is not None else ("pruned", "")

    def finish(self, lease: Lease, state: str, error: str | None) -> bool:
        """End a run, and give the lease back; False if it is no longer the writer's."""
        with self.writing():
            cursor = self.execute(
                self.sql(
                    "update {runs} set state = ?, error = ?, ended = {now}, expires = 0 where number = ? and token = ? "
                    "and state = 'running'"
                ),
                (state, error, *lease),
            )
            return bool(cursor.rowcount == 1)

    def runs(self, limit: int | None = None) -> list[RunInfo]:
        """Runs, the newest first."""
        statement = f"select {_RUN} from {{runs}} order by number desc" + ("" if limit is None else " limit ?")
        with self.lock, self.translated():
            rows = self.execute(self.sql(statement), () if limit is None else (limit,)).fetchall()
        return [_info(row) for row in rows]

    def run(self, run_id: str) -> RunInfo:
        """A run.

        Raises
        ------
        UnknownRunError
            There is none of this id.
        """
        with self.lock, self.translated():
            row = self.execute(self.sql(f"select {_RUN} from {{runs}} where id = ?"), (run_id,)).fetchone()
            if row is None:
                self._refuse(run_id)
        return _info(row)

    def asked(self, run_id: str) -> tuple[str, bytes]:
        """What was asked, as a form and bytes."""
        with self.lock, self.translated():
            row = self.execute(self.sql("select form, asked from {runs} where id = ?"), (run_id,)).fetchone()
            if row is None:
                self._refuse(run_id)
        return row[0], bytes(row[1])

    def entries(self, run_id: str) -> list[Entry]:
        """What became of the calls of a run, in the order of their ends."""
        with self.lock, self.translated():
            row = self.execute(self.sql("select number from {runs} where id = ?"), (run_id,)).fetchone()
            if row is None:
                self._refuse(run_id)
            return sorted(self._entries(row[0]), key=lambda entry: entry.ended)

    def _entries(self, number: int) -> list[Entry]:
        statement = self.sql(f"select {_ENTRY}, sum from {{entries}} where run = ?")
        entries = [(Entry._make(fields), total) for *fields, total in self.execute(statement, (number,))]
        for entry, total in entries:
            if check_sum(*entry[:5]) != total:
                self._refuse_entry(entry.key)
        return [entry for entry, _ in entries]

    def _known(self, number: int) -> dict[str, Known]:
        """The entries with a value, in a form that a million can be read in: benchmark ``journal``."""
        columns = "key, version, form, data, file, sum"
        statement = self.sql(f"select {columns} from {{entries}} where run = ? and form not in ('failed', 'unkept')")
        known: dict[str, Known] = {}
        for key, version, form, data, file, total in self.execute(statement, (number,)):
            if check_sum(key, version, form, data, file) != total:
                self._refuse_entry(key)
            known[key] = version, form, data, file
        return known

    def _refuse_entry(self, key: str) -> NoReturn:
        raise JournalError(
            f"the journal {self.url} is damaged: what it has of {key!r} is not what was written; nothing was changed; "
            "use a copy of it"
        )

    def cancel(self, run_id: str) -> bool:
        """Have a run end, wherever it is driven; False if it has ended already."""
        with self.writing():
            row = self.execute(self.sql("select state from {runs} where id = ? {lock}"), (run_id,)).fetchone()
            if row is None:
                self._refuse(run_id)
            if row[0] in ENDED:
                return False
            self.execute(
                self.sql("update {runs} set state = 'cancelled', ended = {now}, expires = 0 where id = ?"), (run_id,)
            )
        return True

    def prune(self, run_ids: Sequence[str]) -> tuple[int, int]:
        """Forget runs that nobody drives, and long values that nothing names; gives how many of each."""
        pruned = 0
        with self.writing():
            for run_id in run_ids:
                row = self.execute(
                    self.sql("select number, state, holder, expires - {now} from {runs} where id = ? {lock}"),
                    (run_id,),
                ).fetchone()
                if row is None or (row[1] == "running" and row[3] > 0 and not has_died(row[2])):
                    continue
                self.execute(self.sql("delete from {entries} where run = ?"), (row[0],))
                self.execute(self.sql("delete from {runs} where number = ?"), (row[0],))
                pruned += 1
        with self.writing():  # who dies between the two leaves values without a run, and never the other way round
            return pruned, self.drop_large()

    def _refuse(self, run_id: str) -> NoReturn:
        ids = [row[0] for row in self.execute(self.sql("select id from {runs} order by number desc limit 1000"))]
        close = near_misses(run_id, ids)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise UnknownRunError(f"the journal {self.url} has no run {run_id!r}{hint}", run=run_id)


def _info(row: Sequence[Any]) -> RunInfo:
    run_id, kind, name, state, left, created, ended, starts, holder, error, values, failures = row
    is_held = state == "running" and left > 0 and not has_died(holder)
    return RunInfo(run_id, kind, name, state, is_held, created, ended, starts, values, failures, holder, error)

"""A journal: where runs are recorded, so that a run that was interrupted goes on from what is known."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import BuildError, JournalError, UnkeptValueError
from .holder import here
from .recording import Recording
from .records import Entry, RunInfo, storable
from .store import Store
from .values import Unkept, decode, encode
from .writer import Writer

__all__ = ["LEASE_SECONDS", "Journal", "open_journal"]

LEASE_SECONDS = 15.0
_STORES = {"sqlite": ("sqlite", "SqliteStore"), "postgresql": ("postgres", "PostgresStore")}


class Journal:
    """Durable records of runs.

    Made by `open_journal`; a context manager, which closes it.

    Parameters
    ----------
    store : Store
    pickle : bool
        Pickle what has no safe form, and read pickles.
    lease_seconds : float
        How long a driver that is not heard of keeps its run, where nobody can see whether it lives [s].

    Notes
    -----
    Thread-safe.  Any number of runs may be recorded at once; they share a thread that writes.
    """

    def __init__(self, store: Store, *, pickle: bool = False, lease_seconds: float = LEASE_SECONDS) -> None:
        self.store = store
        self.pickle = pickle
        self.lease_seconds = lease_seconds
        self._writer = Writer(store, lease_seconds)

    def begin(self, kind: str, name: str, asked: Mapping[str, Any], run: str | None = None) -> Recording:
        """Begin a run, or take up one that was interrupted or has ended.

        Parameters
        ----------
        kind : str
            ``"model"``, ``"flow"`` ...
        name : str
            Of the model or flow.
        asked : mapping of str to object
            What is asked of it; a dict within it is compared member by member.  What cannot be kept of it, and of its
            dicts and lists, is noted by its type, and not compared.
        run : str, optional
            Name of the run, its id in this journal; by default a new one.

        Returns
        -------
        Recording
            It has the lease.

        Raises
        ------
        RunHeldError
            Somebody drives this run.
        JournalError
            The run was asked something else; or the journal cannot be used.
        BuildError
            `run` is empty, or cannot be printed.
        """
        run = new_run_id() if run is None else _checked(run)
        kept = _keepable(asked, pickle=self.pickle)

        def check(form: str, data: bytes) -> None:
            self._compare(run, kept, self._decoded(run, form, data))

        taken = self.store.take(
            run,
            kind=kind,
            name=storable(name),
            asked=encode(kept, pickle=self.pickle),
            holder=here(),
            seconds=self.lease_seconds,
            check=check,
        )
        recording = Recording(run, taken, self.store, self._writer, asked=kept, pickle=self.pickle)
        self._writer.add(recording)
        return recording

    def _compare(self, run: str, now: dict[str, Any], before: dict[str, Any]) -> None:
        for member in now.keys() | before.keys():
            new, old = now.get(member), before.get(member)
            if isinstance(new, dict) and isinstance(old, dict):
                other = sorted([repr(key) for key in new.keys() | old.keys() if not self._are_same(new, old, key)])
            else:
                other = [] if self._are_same(now, before, member) else [""]
            if other:
                names = f": {', '.join(other)}" if other[0] else ""
                raise JournalError(
                    f"the run {run!r} was begun with other {member}{names}; give it the same, or a name of its own"
                )

    def _are_same(self, new: Mapping[Any, Any], old: Mapping[Any, Any], key: Any) -> bool:
        if (key in new) != (key in old):
            return False
        one, two = new[key], old[key]
        if type(one) is Unkept or type(two) is Unkept:
            return True
        return encode(one, pickle=self.pickle) == encode(two, pickle=self.pickle)

    def asked(self, run: str) -> dict[str, Any]:
        """What a run was asked; `Unkept` where that could not be kept.

        Raises
        ------
        UnknownRunError
            There is no such run.
        """
        return self._decoded(run, *self.store.asked(run))

    def _decoded(self, run: str, form: str, data: bytes) -> dict[str, Any]:
        try:
            asked: dict[str, Any] = decode(form, data, pickle=self.pickle)
        except UnkeptValueError as error:
            raise UnkeptValueError(f"what the run {run!r} was asked cannot be read: {error}") from error
        except (ValueError, LookupError, TypeError) as error:
            raise JournalError(
                f"the journal {self.store.url} is damaged: what the run {run!r} was asked is not what was written; "
                "nothing was changed; use a copy of it"
            ) from error
        return asked

    def runs(self, limit: int | None = None) -> list[RunInfo]:
        """Runs, the newest first."""
        return self.store.runs(limit)

    def run(self, run: str) -> RunInfo:
        """A run.

        Raises
        ------
        UnknownRunError
            There is no such run.
        """
        return self.store.run(run)

    def entries(self, run: str) -> list[Entry]:
        """What became of the calls of a run, in the order of their ends.

        Raises
        ------
        UnknownRunError
            There is no such run.
        """
        return self.store.entries(run)

    def cancel(self, run: str) -> bool:
        """Have a run end: its driver, wherever it is, stops at its next commit or renewal.

        Returns
        -------
        bool
            False if it has ended already.
        """
        return self.store.cancel(run)

    def prune(
        self,
        runs: Iterable[str] | None = None,
        *,
        states: Iterable[str] = ("done", "cancelled"),
        older_than_seconds: float = 0.0,
    ) -> tuple[int, int]:
        """Forget runs, and large values that no run needs any more.

        Parameters
        ----------
        runs : iterable of str, optional
            These; by default all that have ended in one of the states.  A run that is being driven is never forgotten.
        states : iterable of str, optional
        older_than_seconds : float, optional
            Only what has ended so long ago [s].

        Returns
        -------
        (int, int)
            How many runs, and how many large values.

        Raises
        ------
        UnknownRunError
            There is no run of one of the names.
        """
        if not older_than_seconds >= 0:
            raise BuildError(f"older_than_seconds is {older_than_seconds!r}; give seconds, not less than 0")
        if runs is None:
            wanted = set(states)
            infos = [info for info in self.runs() if info.shown_state in wanted]
        else:
            infos = [self.run(run) for run in runs]
        if older_than_seconds:
            until = time.time() - older_than_seconds
            infos = [info for info in infos if (info.created if info.ended is None else info.ended) <= until]
        return self.store.prune([info.id for info in infos])

    def close(self) -> None:
        """Write what is left, and let go of the database; runs that have not ended are interrupted."""
        try:
            for run in self._writer.close():
                self.store.finish(run.lease, "interrupted", "its journal was closed")
        finally:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Journal {self.store.url}>"


def open_journal(
    where: str | Path | Journal,
    *,
    pickle: bool = False,
    lease_seconds: float = LEASE_SECONDS,
    must_exist: bool = False,
) -> Journal:
    """Open a journal; it is made if it is not there.

    Parameters
    ----------
    where : str, Path or Journal
        ``"sqlite:///runs.db"`` (four slashes before an absolute path), a path, ``"postgresql://host/database"``; or a
        journal, which is given back as it is.
    pickle : bool, optional
        Pickle values that have no safe form, and read pickles.  Reading one can run any code: only for a journal that
        nobody else can write.
    lease_seconds : float, optional
        How long a driver that is not heard of keeps its run [s].
    must_exist : bool, optional
        Make no new file, for who wants to look at runs that there are.

    Raises
    ------
    BuildError
        The address is none of these.
    JournalError
        It cannot be opened, is something else, or is not there though it must.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with open_journal(f"sqlite:///{folder.name}/runs.db") as journal:
    ...     with journal.begin("model", "circle", {"radius": 2}, run="first") as recording:
    ...         recording.record("area", 12.57)
    ...     [(run.id, run.state, run.values) for run in journal.runs()]
    [('first', 'done', 1)]
    >>> folder.cleanup()
    """
    if isinstance(where, Journal):
        return where
    if lease_seconds <= 0:
        raise BuildError(f"lease_seconds is {lease_seconds!r}; give seconds, more than 0")
    given: Any = where
    is_place = isinstance(given, str | Path)
    scheme, separator, path = str(where).partition("://")
    if isinstance(where, Path) or not separator:
        scheme, path = "sqlite", f"/{where}"
    if scheme in ("postgres", "postgresql"):
        scheme, path = "postgresql", f"/{where}"
    if not is_place or scheme not in _STORES or path[:1] != "/" or not path[1:]:
        raise BuildError(f"{str(where)!r} is no journal; give 'sqlite:///runs.db', 'postgresql://...' or a path")
    if must_exist and scheme == "sqlite" and not Path(path[1:]).exists():
        raise JournalError(f"there is no journal {path[1:]}")
    file, factory = _STORES[scheme]
    store: Store = getattr(import_module(f".{file}", __package__), factory)(path[1:])
    return Journal(store, pickle=pickle, lease_seconds=lease_seconds)


def _checked(run: Any) -> str:
    """The name of a run, if it can be written in a line and found again."""
    if not isinstance(run, str) or not run.strip() or not run.isprintable():
        raise BuildError(f"{run!r} is no name of a run; give a text of characters that can be printed")
    return run


def new_run_id() -> str:
    """A name for a run that has none: by the time, and unlike any other."""
    return f"{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def _keepable(asked: Mapping[str, Any], *, pickle: bool) -> dict[str, Any]:
    """What is asked, with `Unkept` for what cannot be kept of it, and of the dicts and lists in it."""

    def keep(value: Any, name: str = "") -> Any:
        try:
            encode(value, pickle=pickle)
        except UnkeptValueError:
            return Unkept(f"{type(value).__module__}.{type(value).__qualname__}{name}")
        return value

    kept: dict[str, Any] = {}
    for member, value in asked.items():
        if type(value) is dict:  # keys have to stay apart
            kept[member] = {keep(key, f" {key!r}"): keep(each) for key, each in value.items()}
        else:
            kept[member] = [keep(each) for each in value] if type(value) is list else keep(value)
    return kept

"""One run that is being recorded: what is known of it, and what is added."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from types import TracebackType
from typing import Any, NamedTuple, Self

from ..errors import JournalError, UnkeptValueError
from ..text import error_text
from ..tokens import UNKNOWN
from .records import FAILED, UNKEPT, Entry, Taken, storable
from .store import Store
from .values import decode, encode
from .writer import Writer

__all__ = ["Order", "Recording"]


class Order(NamedTuple):
    """Something to be kept.

    Attributes
    ----------
    key, version : str
    value : object
    error : BaseException or None
        Of a call that has failed.
    seconds : float
    ended : float
    token : object
        Handed back when it is on the disk.
    """

    key: str
    version: str
    value: Any
    error: BaseException | None
    seconds: float
    ended: float
    token: Any


class Recording:
    """A run that this process drives: it has the lease until `finish`.

    Made by `Journal.begin`.  As a context manager it ends the run as done, or as failed if the block raises.

    Parameters
    ----------
    run_id : str
    taken : Taken
    store : Store
    writer : Writer
    asked : dict of str to object
    pickle : bool
        Pickle what has no safe form, and read pickles.

    Attributes
    ----------
    id : str
        Of the run.
    starts : int
        How often it was begun, this time included.
    asked : dict of str to object
        What is asked of it, with `Unkept` for what is not compared with what was asked before.
    known : dict of str to tuple
        The values that are recorded of earlier starts, and were not recalled yet, by key.
    recalled : int
        Values that were taken from there.
    dropped : list of str
        Keys of entries that were not, since their functions, or what they rest on, have changed.
    unkept : dict of str to str
        Why values could not be kept, by key.
    error : Exception or None
        What has ended the recording.

    Notes
    -----
    `record`, `fail` and `recall` are for one thread at a time.
    """

    def __init__(
        self, run_id: str, taken: Taken, store: Store, writer: Writer, *, asked: dict[str, Any], pickle: bool
    ) -> None:
        self.id = run_id
        self.asked = asked
        self.lease = taken.number, taken.token
        self.starts = taken.starts
        self.known = taken.known
        self.recalled = 0
        self.dropped: list[str] = []
        self.unkept: dict[str, str] = {}
        self.error: Exception | None = None
        self.has_ended = False
        self._store = store
        self._writer = writer
        self._pickle = pickle
        self._waiting: list[Event] = []
        self._told: Callable[[list[Any]], object] | None = None
        self._told_broken: Callable[[Exception], object] | None = None

    def listen(self, told: Callable[[list[Any]], object], broken: Callable[[Exception], object]) -> None:
        """Be told, in the writer's thread, of what is on the disk, by tokens; and of the end, if it comes too early."""
        self._told, self._told_broken = told, broken

    def recall(self, key: str, version: str = "") -> Any:
        """The value that an earlier start has recorded for a call.

        Parameters
        ----------
        key : str
        version : str
            Of the function and what it takes, as it is now; an entry of another version is dropped.

        Returns
        -------
        object
            The value; `UNKNOWN` if there is none to go on with.
        """
        known = self.known.pop(key, None)
        if known is None:
            return UNKNOWN
        recorded_version, form, data, file = known
        if recorded_version != version:
            self.dropped.append(key)
            return UNKNOWN
        if file is not None:
            data = self._large(key, file)
        try:
            value = decode(form, data, pickle=self._pickle)
        except UnkeptValueError as error:
            raise UnkeptValueError(f"the recorded value of {key!r} cannot be read: {error}") from error
        except (ValueError, LookupError, TypeError) as error:
            raise JournalError(f"the recorded value of {key!r} is damaged: {error}") from error
        self.recalled += 1
        return value

    def _large(self, key: str, file: str) -> bytes:
        try:
            return self._store.read_large(file)
        except ValueError as error:
            raise JournalError(f"the recorded value of {key!r} is damaged: {error}") from error

    def record(self, key: str, value: Any, *, version: str = "", seconds: float = 0.0, token: Any = None) -> None:
        """Keep the value of a call, soon.

        Parameters
        ----------
        key, version : str
            As for `recall`.
        value : object
            One that cannot be kept is noted as such, and the call is made again by whoever resumes the run.
        seconds : float
            How long the call took [s].
        token : object
            Handed to who listens when the value is on the disk.
        """
        self._put(Order(key, version, value, None, seconds, time.time(), token))

    def fail(
        self, key: str, error: BaseException, *, version: str = "", seconds: float = 0.0, token: Any = None
    ) -> None:
        """Keep that a call has failed; who resumes the run makes it again."""
        self._put(Order(key, version, None, error, seconds, time.time(), token))

    def _put(self, order: Order) -> None:
        if self.error is not None:
            raise self.error
        self._writer.queue.put((self, order))

    def flush(self) -> None:
        """Wait until all that was recorded is on the disk.

        Raises
        ------
        JournalError
            It cannot be written, or the run is no longer this driver's.
        """
        done = Event()
        self._waiting.append(done)
        if self.error is None:
            self._writer.queue.put((self, done))
            done.wait()
        self._waiting.remove(done)
        if self.error is not None:
            raise self.error

    def finish(self, state: str = "done", error: BaseException | str | None = None) -> None:
        """End the run and give its lease back; what was recorded is written before.

        Parameters
        ----------
        state : str
            ``"done"``, ``"failed"`` or ``"cancelled"``.
        error : BaseException or str, optional
            What has ended it.

        Raises
        ------
        JournalError
            As for `flush`.
        """
        if self.has_ended:
            return
        self.has_ended = True
        try:
            self.flush()
            self._writer.remove(self)
            self._told = self._told_broken = None  # a renewal that comes too late is no loss
            told = error_text(error) if isinstance(error, BaseException) else error
            self._store.finish(self.lease, state, None if told is None else storable(told))
        finally:
            self._writer.remove(self)
            self._told = self._told_broken = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        elif self.error is None:
            self.finish("failed", error)

    # What the writer asks, in its own thread.

    def entry(self, order: Order | Event) -> Entry | None:
        """What is to be kept of an order."""
        if isinstance(order, Event):
            return None
        key, version, value, error, seconds, ended, _ = order
        data, reason = b"", None
        if error is not None:
            form, reason = FAILED, error_text(error)
        else:
            try:
                form, data = encode(value, pickle=self._pickle)
            except UnkeptValueError as refusal:
                form, reason = UNKEPT, str(refusal)
                self.unkept[key] = reason
        told = None if reason is None else storable(reason)
        return Entry(key, version, form, data, None, self.starts, seconds, ended, told)

    def committed(self, orders: list[Order | Event]) -> None:
        """These are on the disk."""
        tokens = []
        for order in orders:
            if isinstance(order, Event):
                order.set()
            elif order.token is not None:
                tokens.append(order.token)
        told = self._told
        if tokens and told is not None:
            told(tokens)

    def broken(self, error: Exception) -> None:
        """Nothing more is kept."""
        self.error = error
        for done in self._waiting.copy():
            done.set()
        told = self._told_broken
        if told is not None:
            told(error)

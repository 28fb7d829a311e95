"""What runs in a worker process: reads frames of attempts, makes the calls, writes records on the board.

Everything happens in the main thread, as a function may expect.  The one other thread waits for the death of the
parent, which a call that takes long would notice too late.
"""

from __future__ import annotations

import os
import pickle
import select
import shutil
import signal
import socket
import struct
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import CoroutineType
from typing import Any

from ..tokens import NONE
from .board import BOOTED, CURRENT, FRAMES, FULL, HALF, HOLDS, LENGTH, LIMIT, RECORD, STARTED, Board
from .contract import PREVIOUS, ask
from .failures import pack_error
from .parcels import LONG, Packer, Scrap, WithFiles, describe, load, refused, write

__all__ = ["hinted", "is_within", "make_call", "serve"]

VALUE, ERROR, DROPPED_VALUE, ARGUMENTS, WITH_FILES = 0, 1, 2, 3, 8
HEADER = struct.Struct("<I")

# The parent is told of records at the latest when the next attempt begins so long after the last telling [s].
TELL_SECONDS = 0.001

_within = False


def is_within() -> bool:
    """Is this process a worker?

    A pool within a worker works, but its processes compete with those of the pool that the worker is in.
    """
    return _within


class _Unloaded:
    """A function as it came; it is loaded by the first attempt that needs it, so that its trouble is that attempt's."""

    def __init__(self, name: str, parcel: bytes | WithFiles) -> None:
        self.name = name
        self.parcel = parcel


class Worker:
    """Serves one parent until it says the end, or dies."""

    def __init__(self, connection: socket.socket, board: Board, scrap: Scrap) -> None:
        self._connection = connection
        self._incoming = connection.makefile("rb")
        self._board = board
        self._scrap = scrap
        self._packer = Packer()
        self._functions: dict[int, Any] = {}
        self._names: dict[int, str] = {}
        self._stash: list[bytes] = []
        self._maps: list[weakref.ref[Any]] = []
        self._half = 1
        self._position = 0
        self._told = 0.0
        self._untold = False
        self.is_ending = False

    def serve(self) -> None:
        """Work until there is nothing more to come."""
        self._board.words[BOOTED] = 1
        while True:
            frame = self._stash.pop(0) if self._stash else self._receive()
            if frame is None:
                return
            self._work(frame)
            if self.is_ending:
                _flush()
                return

    def _receive(self) -> bytes | None:
        head = self._incoming.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        (size,) = HEADER.unpack(head)
        frame = self._incoming.read(size)
        return frame if len(frame) == size else None

    def _work(self, frame: bytes) -> None:
        """Make the attempts of a frame, one after the other."""
        order, first, definitions, forgotten, items, self._scrap.spares = pickle.loads(frame)  # noqa: S301 - it comes from our parent
        if order is not None:
            self._obey(order)
        for number, name, parcel in definitions:
            self._functions[number] = _Unloaded(name, parcel)
            self._names[number] = name
        for number in forgotten:
            self._functions.pop(number, None)
            self._names.pop(number, None)
        self._half ^= 1
        self._position = self._board.start_of(self._half)
        self._told = time.monotonic()
        words = self._board.words
        for item in items:
            words[CURRENT] = first
            if first >= words[LIMIT]:
                words[CURRENT] = 0  # it was not begun
                break
            first = self._make(first, item)
        _flush()
        if self._maps:
            words[HOLDS] = any(each() is not None for each in self._maps)
            self._maps.clear()
        words[FRAMES] += 1
        self._tell()

    def _obey(self, order: dict[str, Any]) -> None:
        """Follow the parent: its paths and its directory, or its wish that this be the end."""
        if order.get("end"):
            self.is_ending = True
        if "path" in order:
            sys.path[:] = order["path"]
        if "directory" in order:
            with suppress(OSError):  # it is gone, or not for us: functions that need it will say so
                os.chdir(order["directory"])

    def _make(self, number: int, item: Any) -> int:
        """Make one call, or a chain of calls; gives the number of the next attempt."""
        if type(item) is list:
            return self._chain(number, item)
        times = self._board.times
        times[STARTED] = 0.0
        start = time.monotonic()
        if self._untold and start - self._told > TELL_SECONDS:
            self._tell()
        try:
            key, args = pickle.loads(item) if type(item) is bytes else load(item, copying=True, mapped=self._mapped)  # noqa: S301
        except BaseException as error:
            self._record(number, start, ARGUMENTS, pack_error(hinted(error)))
            return number + 1
        try:
            function = self._functions[key]
            if type(function) is _Unloaded:
                function = self._load(key)
            times[STARTED] = start = time.monotonic()
            value = function(*args)
            if type(value) is CoroutineType:
                value = _awaited(value)
        except BaseException as error:
            end = time.monotonic()
            self._record(number, start, ERROR, pack_error(error), end)
        else:
            self._record_value(number, start, value, self._names[key])
        return number + 1

    def _chain(self, number: int, steps: Sequence[bytes | WithFiles]) -> int:
        """Make calls of which each may take the value of the one before; gives the number behind the last."""
        behind = number + len(steps)
        times = self._board.times
        value: Any = None
        unsaid: tuple[int, float, str, float] | None = None  # of the value: not wanted unless the next call fails
        for step in steps:
            self._board.words[CURRENT] = number
            times[STARTED] = 0.0
            start = time.monotonic()
            if self._untold and start - self._told > TELL_SECONDS:
                self._tell()
            kind = ARGUMENTS
            try:
                key, args, domain, filters, is_kept = load(step, copying=True, mapped=self._mapped)
                kind = ERROR
                function, domain, filters = self._ready(key, domain, filters)
                args = [value if each is PREVIOUS else each for each in args]
                times[STARTED] = start = time.monotonic()
                made = make_call(function, args, domain, filters)
            except BaseException as error:
                end = time.monotonic()
                if unsaid is None or self._record_value(unsaid[0], unsaid[1], value, *unsaid[2:]):
                    self._record(number, start, kind, pack_error(hinted(error)), end)
                return behind
            end = time.monotonic()
            if made is NONE:
                if unsaid is None or self._record_value(unsaid[0], unsaid[1], value, *unsaid[2:]):
                    self._record_value(number, start, made, self._names[key], end)
                return behind
            if unsaid is not None:
                self._record(unsaid[0], unsaid[1], DROPPED_VALUE, b"", unsaid[3])
                unsaid = None
            value = made
            if not is_kept:
                unsaid = (number, start, self._names[key], end)
            elif not self._record_value(number, start, value, self._names[key], end):
                return behind
            number += 1
        if unsaid is not None:
            self._record_value(unsaid[0], unsaid[1], value, *unsaid[2:])
        return behind

    def _mapped(self, mapping: Any, _: Any) -> None:
        """An argument lies in a file: does it still when the call has ended?"""
        self._maps.append(weakref.ref(mapping))

    def _ready(self, key: int, domain: int | None, filters: Sequence[int]) -> tuple[Any, Any, list[Any]]:
        """The functions of a call, loaded."""
        return (
            self._function(key),
            None if domain is None else self._function(domain),
            [self._function(each) for each in filters],
        )

    def _function(self, key: int) -> Any:
        function = self._functions[key]
        return self._load(key) if type(function) is _Unloaded else function

    def _load(self, key: int) -> Any:
        """A function that came but has not been used yet."""
        unloaded = self._functions[key]
        try:
            function = load(unloaded.parcel, copying=True)
        except Exception as error:
            raise refused("the function", unloaded.name, hinted(error)) from error
        self._functions[key] = function
        return function

    def _record_value(self, number: int, start: float, value: Any, name: str, end: float | None = None) -> bool:
        """Write down what a call gave; False if it cannot travel, which is then written down instead."""
        if end is None:
            end = time.monotonic()
        try:
            data, buffers = self._packer.pack(value)
            if buffers:
                places = tuple(write(each.raw(), self._scrap) for each in buffers)
                self._record(number, start, VALUE, WithFiles(data, places), end)
            else:
                self._record(number, start, VALUE, data, end)
        except Exception as error:
            refusal = refused(f"the result ({describe(value)})", name, error)
            self._record(number, start, ERROR, pack_error(refusal), end)
            return False
        return True

    def _record(self, number: int, start: float, kind: int, data: bytes | WithFiles, end: float | None = None) -> None:
        """Write a record; what is long goes into a file, and its name on the board."""
        if end is None:
            end = time.monotonic()
        if not isinstance(data, bytes):
            if len(data.data) > LONG:
                assert isinstance(data.data, bytes)
                data = data._replace(data=write(data.data, self._scrap))
            kind |= WITH_FILES
            data = pickle.dumps((data.data, data.buffers), 5)
        if len(data) > LONG:
            kind |= WITH_FILES
            data = pickle.dumps((write(data, self._scrap), ()), 5)
        board, position = self._board, self._position
        base = board.start_of(self._half)
        behind = position + RECORD.size + len(data)
        if behind > base + HALF:
            self._wait_for_room()
            position, behind = base, base + RECORD.size + len(data)
        RECORD.pack_into(board.memory, position, number, start, end, kind, len(data))
        board.memory[position + RECORD.size : behind] = data
        self._position = behind
        board.words[LENGTH + self._half] = behind - base
        self._untold = True

    def _wait_for_room(self) -> None:
        """The half is full: let the parent read it, and wait for its word, an empty frame."""
        self._board.words[FULL] = 1
        self._tell()
        while frame := self._receive():
            self._stash.append(frame)
        if frame is None:
            raise SystemExit

    def _tell(self) -> None:
        """Ring: there is something to read on the board."""
        self._untold = False
        self._told = time.monotonic()
        with suppress(OSError):  # the parent is gone; the next reading will say so
            self._connection.send(b"!")


def make_call(
    function: Callable[..., Any], args: Sequence[Any], domain: Callable[..., Any] | None, filters: Sequence[Any]
) -> Any:
    """Make one call, as the contract's `perform` does, and await what a coroutine function gave."""
    if domain is not None:
        ask(domain, args)
    value = function(*args)
    if type(value) is CoroutineType:
        value = _awaited(value)
    for each in filters:
        value = each(value)
    return value


def _awaited(coroutine: CoroutineType[Any, Any, Any]) -> Any:
    import asyncio

    return asyncio.run(coroutine)


def hinted(error: BaseException) -> BaseException:
    """Say what helps where something of the parent's ``__main__`` was looked for here."""
    if "__main__" in str(error):
        error.add_note("what __main__ defines travels only with cloudpickle, which thalweg[processes] brings")
    return error


def _flush() -> None:
    """What functions have printed is to be seen though this process may be killed."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, or nobody reads it
            stream.flush()


def _watch(worker: Worker, connection: int, parent: int, directories: Sequence[str]) -> None:
    """End this process, and what is left of the pool's files, when the parent dies."""
    poll = select.poll()
    poll.register(connection, 0)
    while not poll.poll(5000) and os.getppid() == parent:
        pass
    if not worker.is_ending:
        _remove(directories)
        os._exit(1)


def _remove(directories: Sequence[str]) -> None:
    for each in directories:
        shutil.rmtree(each, ignore_errors=True)


def serve(connection: int, parent: int, board: str, prefix: str, directories: Sequence[str]) -> None:
    """Be a worker; returns when the parent has no more use for it.

    Parameters
    ----------
    connection : int
        Descriptor of our end of the socket.
    parent : int
        Its process id.
    board : str
        Path of the board.
    prefix : str
        Of the names of the files written here.
    directories : sequence of str
        Where they are written, the fastest first.
    """
    global _within  # noqa: PLW0603 - it is said once, of the whole process
    _within = True
    # The keys that interrupt a program are for the parent, which then ends the workers itself.  A handler, and not
    # SIG_IGN, which the processes that a function starts would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    os.set_inheritable(connection, False)  # noqa: FBT003 - its only parameter
    worker = Worker(socket.socket(fileno=connection), Board(board), Scrap(directories, prefix))
    threading.Thread(
        target=_watch, args=(worker, connection, parent, directories), name="thalweg-watch", daemon=True
    ).start()
    worker.serve()
    if not worker.is_ending:
        _remove(directories)

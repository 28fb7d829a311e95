"""One worker as its parent sees it: started, fed with frames, read from its board, ended."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .board import BOOTED, CURRENT, FRAMES, FULL, HOLDS, LENGTH, LIMIT, NO_LIMIT, RECORD, STARTED, Board
from .parcels import Place
from .worker import HEADER

if TYPE_CHECKING:
    from .depot import File
    from .items import Item

__all__ = ["Handle"]

_BOOT = (
    "import sys, json; a = json.loads(sys.argv[1]); sys.path[:] = a.pop(); from thalweg.executors.worker import serve"
)


class Handle:
    """The parent's side of a worker.

    Attributes
    ----------
    items : deque of Item
        Sent, not ended; the first is what the worker is at, or begins next.
    doomed : tuple of (int, BaseException) or None
        The attempt for which it is being killed, and what is to be said of it.
    lent, used : list of File
        Files it may write results into; files that items which have ended were given.
    is_ending : bool
        It gets nothing more.
    is_held : bool
        It begins nothing of what it has; see `hold`.
    is_quick : bool
        What it was sent last is a batch of quick calls.
    is_watched : bool
        Somebody is going to look whether it gets on, and last saw it at attempt `seen`.
    """

    def __init__(self, number: int, directories: list[str]) -> None:
        self.prefix = f"w{number}"
        self.items: deque[Item] = deque()
        self.doomed: tuple[int, BaseException] | None = None
        self.lent: list[File] = []
        self.used: list[File] = []
        self.is_ending = False
        self.is_gone = False
        self.is_held = False
        self.is_quick = False
        self.is_watched = False
        self.sent_at = 0.0
        self.seen = 0
        self.next_number = 1
        self._known: set[int] = set()
        self._setting: tuple[list[str], str] | None = None
        self._forgotten: list[int] = []
        self._sent = 0
        self._answered = 0
        self._read = [0, 0]
        self._unsent = bytearray()
        self._board_path = f"{directories[0]}/{self.prefix}-board"
        self.board = Board(self._board_path, create=True)
        ours, theirs = socket.socketpair()
        self.connection = ours
        ours.setblocking(False)  # noqa: FBT003 - its only parameter
        try:
            with theirs:
                self.process = self._started(theirs.fileno(), directories)
        except OSError:
            ours.close()
            self.board.close()
            raise
        self.place = f"process {self.process.pid}"
        self.watched = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else None

    def _started(self, connection: int, directories: list[str]) -> subprocess.Popen[bytes]:
        """The process; the keys that interrupt a program do not reach it, not even before it can say so itself."""
        arguments = [connection, os.getpid(), self._board_path, self.prefix, directories, sys.path]
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            return subprocess.Popen(  # noqa: S603 - it is this interpreter
                [sys.executable, *_flags(), "-c", f"{_BOOT}; serve(*a)", json.dumps(arguments)],
                pass_fds=[connection],
                stdin=subprocess.DEVNULL,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def send(self, items: list[Item], spares: list[File]) -> None:
        """Hand out attempts, in one frame, and files for large results."""
        self.lent = spares
        first = number = self.next_number
        definitions, parcels = [], []
        for item in items:
            for known in item.functions:
                if known.number not in self._known:
                    self._known.add(known.number)
                    definitions.append((known.number, known.name, known.parcel))
            item.first = number
            number += len(item.attempts)
            parcels.append(item.parcel)
        self.next_number = number
        half = self._sent & 1
        self._sent += 1
        self._read[half] = self.board.words[LENGTH + half] = 0
        self.items.extend(items)
        order = self._order() if definitions else None
        forgotten, self._forgotten = self._forgotten, []
        places = [Place(each.path, 0, each.size) for each in spares]
        self._send(pickle.dumps((order, first, definitions, forgotten, parcels, places), 5))

    def forget(self, number: int) -> None:
        """A function is no longer used."""
        if number in self._known:
            self._known.remove(number)
            self._forgotten.append(number)

    def _order(self) -> dict[str, Any] | None:
        """What has changed here that a new function may rely on there."""
        try:
            setting = (list(sys.path), str(Path.cwd()))
        except OSError:  # the directory we are in has been removed
            return None
        if setting == self._setting:
            return None
        self._setting = setting
        return {"path": setting[0], "directory": setting[1]}

    def end(self) -> None:
        """Let it end by itself, when it has made what it has."""
        self.is_ending = True
        self._send(pickle.dumps(({"end": True}, 0, (), (), (), []), 5))

    def _send(self, frame: bytes) -> None:
        self._unsent += HEADER.pack(len(frame)) + frame
        self.flush()

    def flush(self) -> bool:
        """Send what the socket takes; is there more?"""
        while self._unsent:
            try:
                del self._unsent[: self.connection.send(self._unsent)]
            except BlockingIOError:
                return True
            except OSError:  # it has died; that is noticed elsewhere
                self._unsent.clear()
        return False

    @property
    def is_flushed(self) -> bool:
        """Has all been sent?"""
        return not self._unsent

    def hear(self) -> bool:
        """Read the bells; False if the worker has closed its end."""
        try:
            return bool(self.connection.recv(4096))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def records(self) -> Iterator[tuple[int, float, float, int, bytes]]:
        """What was written on the board since the last reading: attempt, start, end, kind, data; oldest first."""
        words, memory = self.board.words, self.board.memory
        # Read first: a frame answered by now has all its records by now.  Those of a later frame than the one at work
        # are not looked at: it might be begun, and the one before be ended, between two looks.
        answered, is_full = words[FRAMES], words[FULL]
        for frame in range(self._answered, min(self._sent, answered + 1)):
            half = frame & 1
            position, length = self._read[half], words[LENGTH + half]
            base = Board.start_of(half)
            while position < length:
                number, start, end, kind, size = RECORD.unpack_from(memory, base + position)
                begin = base + position + RECORD.size
                position += RECORD.size + size
                self._read[half] = position
                yield number, start, end, kind, memory[begin : begin + size]
        if is_full:
            half = answered & 1
            self._read[half] = words[LENGTH + half] = words[FULL] = 0
            self._send(b"")
        self._answered = answered

    @property
    def frames(self) -> int:
        """Number of frames sent and not answered, as far as records have been read."""
        return self._sent - self._answered

    def current(self) -> tuple[int, float]:
        """The attempt it is at, and since when; 0.0 if its values are still being unpacked."""
        words, times = self.board.words, self.board.times
        while True:
            number = words[CURRENT]
            start = times[STARTED]
            if number == words[CURRENT]:
                return number, start

    @property
    def is_booted(self) -> bool:
        """Has it ever listened?"""
        return bool(self.board.words[BOOTED])

    @property
    def holds(self) -> bool:
        """Has a function kept an argument that lies in a file?"""
        return bool(self.board.words[HOLDS])

    def hold(self, number: int) -> None:
        """Let it begin nothing from this number on."""
        self.is_held = True
        self.board.words[LIMIT] = number

    def release(self) -> None:
        """Let it begin what it is sent."""
        self.is_held = False
        self.board.words[LIMIT] = NO_LIMIT

    def kill(self, *, gently: bool) -> None:
        """Ask the process to end, or end it."""
        if gently:
            self.process.terminate()
        else:
            self.process.kill()

    def reap(self) -> int:
        """Wait for the process, which has closed its end; its exit code, or minus its signal."""
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:  # a function has closed a descriptor that is not its own
            self.process.kill()
            code = self.process.wait()
        self.is_gone = True
        return code

    def close(self) -> None:
        """Let go of what belongs to it; its process has ended."""
        self.connection.close()
        if self.watched is not None:
            os.close(self.watched)
        self.board.close()
        Path(self._board_path).unlink(missing_ok=True)


def _flags() -> list[str]:
    """The options of this interpreter, for those it starts."""
    return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001

"""A small file that a worker and its parent both map: what the worker is at, and what it has made.

A worker writes the number of the attempt before it begins it, and its record when it has ended.  So the parent can see
at any time, and also after a sudden death, what was begun, what has ended and with what; no message gets lost with its
sender, and a worker in the midst of a call that never lets another thread run is still understood.

The numbers of attempts only grow.  To take attempts back, the parent sets `LIMIT` to the first of them: a worker looks
at it after it has written `CURRENT`, and begins nothing from there on.  Both sides write first and read then, so after
a moment, in which both writes have become visible, the parent knows: what lies beyond both is its own again.

Records lie in two halves, used by turns by one frame of attempts after the other, so that a worker begins the next
frame while the parent reads the records of the one before.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

__all__ = [
    "BOOTED",
    "CURRENT",
    "FRAMES",
    "FULL",
    "HALF",
    "HOLDS",
    "LENGTH",
    "LIMIT",
    "NO_LIMIT",
    "RECORD",
    "SIZE",
    "Board",
]

# Words of 64 bits.
BOOTED = 0  # 1 when the worker listens
CURRENT = 1  # the attempt it is at, or was at last
LIMIT = 2  # written by the parent: begin nothing from this number on
FRAMES = 3  # frames of attempts that it is through with
FULL = 4  # 1: the half is full, and the worker waits until its records are read
LENGTH = 5  # and 6: bytes of records in either half
STARTED = 7  # a time: when the current attempt has begun; 0 while its values are unpacked
HOLDS = 8  # 1: a function of the last frame has kept an array that lies in a file of the parent

NO_LIMIT = 1 << 62
HALF = 1 << 16
_HEAD = 128
SIZE = _HEAD + 2 * HALF

# attempt, start, end, kind, length of what follows
RECORD = struct.Struct("<QddBI")


class Board:
    """One side's view of the file.

    Attributes
    ----------
    words : memoryview
        Of integers, by the constants of this file.
    times : memoryview
        The same as times [s].
    memory : mmap
        All of it.
    """

    def __init__(self, path: str, *, create: bool = False) -> None:
        flags = os.O_CREAT | os.O_EXCL if create else 0
        file = os.open(path, flags | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            if create:
                os.ftruncate(file, SIZE)
            self.memory = mmap.mmap(file, SIZE)
        finally:
            os.close(file)
        self._head = memoryview(self.memory)[:_HEAD]
        self.words: Any = self._head.cast("Q")
        self.times: Any = self._head.cast("d")
        if create:
            self.words[LIMIT] = NO_LIMIT

    @staticmethod
    def start_of(half: int) -> int:
        """Where a half begins."""
        return _HEAD + half * HALF

    def close(self) -> None:
        """Let go of the file."""
        for view in (self.words, self.times, self._head):
            view.release()
        self.memory.close()

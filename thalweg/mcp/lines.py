"""Standard input for an event loop, line by line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

__all__ = ["input_lines"]

_CHUNK = 1 << 16


@contextmanager
def input_lines() -> Iterator[AsyncIterator[str]]:
    """Lines of standard input, which is empty for everybody else meanwhile.

    Notes
    -----
    They are read by a thread that nobody has to wait for: one that waits for a line cannot be interrupted, and would
    keep the program from its end.  It reads the descriptor itself, for Python's files are locked while they are read.
    """
    file = os.dup(0)  # never closed: the thread may still wait for it
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    try:
        yield _lines(file)
    finally:
        os.dup2(file, 0)


async def _lines(file: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    came: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        chunk = b"..."
        with suppress(RuntimeError):  # the loop has ended, and so has whoever listened
            while chunk:
                chunk = os.read(file, _CHUNK)
                loop.call_soon_threadsafe(came.put_nowait, chunk)

    Thread(target=read, name="thalweg-input", daemon=True).start()
    parts: list[bytes] = []
    while chunk := await came.get():
        *ended, rest = chunk.split(b"\n")
        for line in ended:
            yield b"".join([*parts, line]).decode(errors="replace")
            parts.clear()
        parts.append(rest)
    if any(parts):
        yield b"".join(parts).decode(errors="replace")

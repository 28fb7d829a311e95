"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` when the block ends well.

    It stands beside `path` under another name until then, so a reader sees the old file or the new one, never a half
    of one; if the block ends by an error, or by the user's interrupt, nothing is left of it.  What is no plain file (a
    pipe, a terminal) is written to directly.

    Parameters
    ----------
    path : path

    Raises
    ------
    OSError
        The folder is missing, is not to be written to, or is full.
    """
    target = Path(path).resolve()  # a link stays a link
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:  # a folder raises here
            yield stream
        return
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    mode = target.stat().st_mode & 0o7777 if target.exists() else None
    # Made by os.open, not by tempfile, so that a new file has the permissions that any other new file would have.
    try:
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            beside.chmod(mode)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise

"""Large values in files beside a journal, each named by what is in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

__all__ = ["Files", "digest_of"]


def digest_of(data: bytes) -> str:
    """The name of a file with this content."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


class Files:
    """A folder of files that are written once.

    Parameters
    ----------
    folder : Path
        Made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, data: bytes) -> str:
        """Keep data; what this gives is on the disk when it returns, and so is the name.

        Returns
        -------
        str
            The digest.
        """
        digest = digest_of(data)
        path = self._path(digest)
        if path.exists():
            _sync(path.parent)  # who wrote it may have died before that
            return digest
        is_new = not path.parent.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{digest}.{os.getpid()}.part")
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise
        _sync(path.parent)
        if is_new:
            _sync(self.folder)
            _sync(self.folder.parent)
        return digest

    def read(self, digest: str) -> bytes:
        """What was kept.

        Raises
        ------
        OSError
            The file is gone.
        ValueError
            It is not what was written.
        """
        data = self._path(digest).read_bytes()
        if digest_of(data) != digest:
            raise ValueError(f"{self._path(digest)} is not what was written there")
        return data

    def keep_only(self, digests: Container[str]) -> int:
        """Remove the files with other names; gives how many."""
        removed = 0
        for path in self.folder.glob("??/*"):
            if path.name not in digests:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

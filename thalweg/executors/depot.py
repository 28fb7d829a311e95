"""The parent's files: what lies in them, who still needs them, and when they go.

A file goes when the last attempt that reads it has ended, and the last array of this process that lies in it has been
collected.  A large one is then kept for a moment, for another array; but not if a function in a worker has kept an
array that lies in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import weakref
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from ctypes import addressof, c_char
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .parcels import LARGE, LONG, Packer, Place, Scrap, WithFiles, bases, load, read, write

if TYPE_CHECKING:
    import mmap
    import pickle

__all__ = ["Depot", "File"]


# So many bytes of files that nobody needs are kept for a moment: to get new pages costs more than to copy.
SPARE_BYTES = 1 << 28


class File:
    """One file.

    Attributes
    ----------
    path : str
    size : int
    is_free : bool
        False if somebody may look at it though it is no longer used: it can go, but not be written to.
    is_lent : bool
        A writer has it, and may use it.
    is_spare, freed_at : bool, float
        It is kept for another large array, since that time.
    uses : int
        Parcels on their way that name it.
    views : int
        Mappings of it in this process.
    key : tuple of int or None
        Address and size of the buffer that was copied into it.
    owner : memoryview or None
        Keeps that buffer alive, so that no other can have the same address meanwhile.
    """

    __slots__ = ("freed_at", "is_free", "is_lent", "is_spare", "key", "owner", "path", "size", "uses", "views")

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size
        self.is_free = True
        self.is_lent = False
        self.is_spare = False
        self.freed_at = 0.0
        self.uses = 0
        self.views = 0
        self.key: tuple[int, int] | None = None
        self.owner: memoryview | None = None


class Depot:
    """All files of one pool; used by the pool's thread alone, but for what is collected.

    Parameters
    ----------
    collected : callable
        Called, in any thread, when an array that lies in a file has been collected; `sweep` is then due.

    Attributes
    ----------
    directories : list of str
        The fastest first.
    copies : int
        How often a large buffer was copied into a file, here or by a worker.
    """

    def __init__(self, collected: Callable[[], None]) -> None:
        self.copies = 0
        self.directories = [tempfile.mkdtemp(prefix=f"thalweg-{os.getpid()}-", dir=base) for base in bases()]
        self._scrap = Scrap(self.directories, "p")
        self._packer = Packer()
        self._collected = collected
        self._gone: deque[tuple[File, int]] = deque()
        self._files: dict[str, File] = {}
        self._spares: list[File] = []
        self._copied: dict[tuple[int, int], File] = {}
        self._addresses: list[int] = []  # sorted: where mappings begin
        self._mapped: dict[int, tuple[int, File]] = {}  # address -> size and file
        self._references: dict[int, weakref.ref[Any]] = {}

    def pack(self, value: Any, used: list[File]) -> bytes | WithFiles:
        """A parcel with a value; the files that it names are added to `used`, to be released.

        Raises
        ------
        Exception
            Whatever stands in the way.
        """
        data, buffers = self._packer.pack(value)
        if not buffers and len(data) <= LONG:
            return data
        places = tuple(self._place_of(each, used) for each in buffers)
        if len(data) <= LONG:
            return WithFiles(data, places)
        return WithFiles(self._written(data, used), places)

    def _written(self, data: Any, used: list[File]) -> Place:
        spares = self.lend(memoryview(data).nbytes)
        self._scrap.spares = [Place(each.path, 0, each.size) for each in spares]
        place = write(data, self._scrap)
        file = self._files.setdefault(place.path, File(place.path, place.size))
        self._use(file, used)
        return place

    def _use(self, file: File, used: list[File]) -> None:
        file.uses += 1
        file.is_lent = file.is_spare = False
        used.append(file)

    def _place_of(self, buffer: pickle.PickleBuffer, used: list[File]) -> Place:
        """Where a buffer lies: in the file it came in, in one made for an attempt still on its way, or in a new one."""
        view = buffer.raw()
        address = _address_of(view)
        if address is None:
            self.copies += 1
            return self._written(view, used)
        known = self._mapping_at(address, view.nbytes)
        if known is not None:
            file, offset = known
            self._use(file, used)
            return Place(file.path, offset, view.nbytes)
        key = (address, view.nbytes)
        copied = self._copied.get(key)
        if copied is not None:
            self._use(copied, used)
            return Place(copied.path, 0, view.nbytes)
        self.copies += 1
        place = self._written(view, used)
        file = self._files[place.path]
        file.key, file.owner = key, view
        self._copied[key] = file
        return place

    def _mapping_at(self, address: int, size: int) -> tuple[File, int] | None:
        self.sweep()
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        start = self._addresses[index]
        length, file = self._mapped[start]
        return (file, address - start) if address + size <= start + length else None

    def load(self, parcel: bytes | WithFiles) -> Any:
        """The value in a parcel from a worker, whose files are ours from now on."""
        if isinstance(parcel, bytes):
            return load(parcel, copying=False)
        with self._taken(parcel):
            return load(parcel, copying=False, mapped=self._map)

    def load_bytes(self, parcel: WithFiles) -> bytes:
        """The pickle in a parcel from a worker, as it is."""
        with self._taken(parcel):
            return read(parcel.data) if isinstance(parcel.data, Place) else parcel.data

    @contextlib.contextmanager
    def _taken(self, parcel: WithFiles) -> Iterator[None]:
        used: list[File] = []
        for place in (*parcel.buffers, *([parcel.data] if isinstance(parcel.data, Place) else [])):
            self._use(self._files.setdefault(place.path, File(place.path, place.size)), used)
        self.copies += len(parcel.buffers)
        try:
            yield
        finally:
            self.release(used, are_free=True)

    def _map(self, mapping: mmap.mmap, place: Place) -> None:
        """Note that an array of ours lies in a file."""
        self.sweep()  # the address may be that of one that has been collected
        file = self._files[place.path]
        file.views += 1
        address = addressof(c_char.from_buffer(mapping))
        insort(self._addresses, address)
        self._mapped[address] = (place.size, file)

        def gone(_: Any) -> None:
            self._gone.append((file, address))
            self._collected()

        # Kept by ourselves: a reference that dies before what it refers to tells nobody.
        self._references[address] = weakref.ref(mapping, gone)

    def sweep(self) -> bool:
        """Let go the files of arrays that have been collected; were there any?"""
        if not self._gone:
            return False
        while self._gone:
            file, address = self._gone.popleft()
            if address in self._mapped and self._mapped[address][1] is file:
                del self._mapped[address], self._references[address]
                del self._addresses[bisect_right(self._addresses, address) - 1]
            file.views -= 1
            self._let_go(file)
        return True

    def release(self, used: list[File], *, are_free: bool = False) -> None:
        """An attempt that needed these files has ended; `are_free` if nothing of it can look at them any more."""
        for file in used:
            file.uses -= 1
            file.is_free &= are_free
            self._let_go(file)
        used.clear()

    def _let_go(self, file: File) -> None:
        """Nobody may need a file any more: keep it for the next array, or remove it."""
        if file.uses or file.views or file.is_spare:
            return
        if file.key is not None:
            self._copied.pop(file.key, None)
            file.key = file.owner = None
        if file.is_free and LARGE <= file.size <= SPARE_BYTES - sum(each.size for each in self._spares):
            file.is_spare, file.freed_at = True, time.monotonic()
            self._spares.append(file)
        else:
            self._remove(file)

    def _remove(self, file: File) -> None:
        del self._files[file.path]
        with contextlib.suppress(OSError):
            Path(file.path).unlink()

    @property
    def has_spares(self) -> bool:
        """Are there files that nobody needs?"""
        return bool(self._spares)

    def lend(self, size: int) -> list[File]:
        """A file for so many bytes, if there is one, to be taken back if it is not used."""
        fitting = [each for each in self._spares if size <= each.size <= 2 * size]
        if not fitting:
            return []
        chosen = min(fitting, key=lambda each: each.size)
        self._spares.remove(chosen)
        chosen.is_lent = True
        return [chosen]

    def take_back(self, lent: list[File], *, are_free: bool = True) -> None:
        """Those of these files that were not used are to be had again."""
        for file in lent:
            if file.is_lent:  # else it was used, and may even be spare again
                file.is_lent = file.is_spare = False
                file.is_free = are_free
                self._let_go(file)
        lent.clear()

    def drop(self, seconds: float) -> None:
        """Remove files that nobody has needed for so long."""
        old = time.monotonic() - seconds
        for file in [each for each in self._spares if each.freed_at <= old]:
            self._spares.remove(file)
            self._remove(file)

    def forget(self, prefix: str) -> None:
        """Remove files that a dead worker has begun and never named."""
        for directory in self.directories:
            for path in Path(directory).glob(f"{prefix}-*"):
                if str(path) not in self._files:
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all files; arrays that lie in them stay what they are until they are collected."""
        for directory in self.directories:
            shutil.rmtree(directory, ignore_errors=True)


def _address_of(view: memoryview) -> int | None:
    """Where the memory of a buffer begins, if its owner says so, as arrays do."""
    interface = getattr(view.obj, "__array_interface__", None)
    return None if interface is None else int(interface["data"][0])

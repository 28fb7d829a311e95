"""The parent's files: what lies in them, who still needs them, and when they go.

A file goes when the last attempt that reads it has ended, and the last array of this process that lies in it has been
collected.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from ctypes import addressof, c_char
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .parcels import LONG, Packer, Place, Scrap, WithFiles, bases, load, read, write

if TYPE_CHECKING:
    import mmap
    import pickle

__all__ = ["Depot", "File"]


class File:
    """One file.

    Attributes
    ----------
    path : str
    uses : int
        Parcels on their way that name it.
    views : int
        Mappings of it in this process.
    key : tuple of int or None
        Address and size of the buffer that was copied into it.
    owner : memoryview or None
        Keeps that buffer alive, so that no other can have the same address meanwhile.
    """

    __slots__ = ("key", "owner", "path", "uses", "views")

    def __init__(self, path: str) -> None:
        self.path = path
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
        place = write(data, self._scrap)
        file = self._files[place.path] = File(place.path)
        self._use(file, used)
        return place

    def _use(self, file: File, used: list[File]) -> None:
        file.uses += 1
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
            self._use(self._files.setdefault(place.path, File(place.path)), used)
        self.copies += len(parcel.buffers)
        try:
            yield
        finally:
            self.release(used)

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

    def sweep(self) -> None:
        """Let go the files of arrays that have been collected."""
        while self._gone:
            file, address = self._gone.popleft()
            if address in self._mapped and self._mapped[address][1] is file:
                del self._mapped[address], self._references[address]
                del self._addresses[bisect_right(self._addresses, address) - 1]
            file.views -= 1
            self._let_go(file)

    def release(self, used: list[File]) -> None:
        """An attempt that needed these files has ended."""
        for file in used:
            file.uses -= 1
            self._let_go(file)
        used.clear()

    def _let_go(self, file: File) -> None:
        if file.uses or file.views or self._files.pop(file.path, None) is None:
            return
        if file.key is not None:
            self._copied.pop(file.key, None)
            file.owner = None
        with contextlib.suppress(OSError):
            Path(file.path).unlink()

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

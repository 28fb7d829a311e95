"""Values on their way between processes: pickled, and large buffers beside the pickle in files that both sides map.

A parcel is what travels through a socket or a board: the pickle itself where it is small and complete, and otherwise
the names of the files in which the rest lies.  Both sides write parcels; the parent alone says when a file goes
(`depot`), for it alone knows who still needs it.
"""

from __future__ import annotations

import mmap
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import TransferError

__all__ = ["LARGE", "Packer", "Place", "Scrap", "WithFiles", "bases", "describe", "load", "read", "write"]

# Buffers from this size on go through a file: below it a copy through the socket costs no more than the calls that make
# and map a file.
LARGE = 1 << 20
# Pickles from this size on go through a file, so that what goes through a socket always fits into its buffer.
LONG = 1 << 14
# A mapping keeps a descriptor open before Python 3.13; a process has a thousand of them, and other uses for them.
_MAPPINGS = 200
_KEEPS_DESCRIPTOR = sys.version_info < (3, 13)

_mapped = 0


class Place(NamedTuple):
    """Where a buffer lies: so many bytes of a file, from an offset."""

    path: str
    offset: int
    size: int


class WithFiles(NamedTuple):
    """A parcel of which a part lies in files: the pickle, or its place, and the places of its buffers."""

    data: bytes | Place
    buffers: tuple[Place, ...]


class Packer:
    """Turns values into pickles and large buffers; one for each thread that packs.

    What `pickle` cannot do, or would do by the name of something in ``__main__``, which is another module in every
    process, is left to cloudpickle where that is installed.
    """

    def __init__(self) -> None:
        self._large: list[pickle.PickleBuffer] = []

    def pack(self, value: Any) -> tuple[bytes, Sequence[pickle.PickleBuffer]]:
        """The pickle of a value, and the buffers that are not in it.

        Raises
        ------
        Exception
            Whatever stands in the way: TypeError, PicklingError, AttributeError, RecursionError ...
        """
        self._large.clear()
        data, problem = b"", None
        try:
            data = pickle.dumps(value, 5, buffer_callback=self._stays)
        except Exception as error:
            problem = error
        if problem is None and b"__main__" not in data:
            return data, self._taken()
        try:
            import cloudpickle
        except ImportError:
            if problem is None:  # the word may stand in a text; if not, whoever unpacks will say so
                return data, self._taken()
            problem.add_note("thalweg[processes] brings cloudpickle, with which lambdas and closures can travel")
            raise problem from None
        del problem  # its traceback holds this frame, and that the value
        self._large.clear()
        data = cloudpickle.dumps(value, 5, buffer_callback=self._stays)
        return data, self._taken()

    def _stays(self, buffer: pickle.PickleBuffer) -> bool:
        """Is the buffer small enough for the pickle itself?"""
        if buffer.raw().nbytes < LARGE:
            return True
        self._large.append(buffer)
        return False

    def _taken(self) -> Sequence[pickle.PickleBuffer]:
        if not self._large:
            return ()
        taken, self._large = self._large, []
        return taken


class Scrap:
    """A name for files of one writer: no two writers share one, so no lock is needed."""

    def __init__(self, directories: Sequence[str], prefix: str) -> None:
        self.directories = directories
        self.prefix = prefix
        self.spares: list[Place] = []  # files that are there and not needed: to write anew into pages costs most
        self._count = 0

    def spare(self, size: int) -> Place | None:
        """The place of so many bytes in a file that is there, if one fits."""
        for index, place in enumerate(self.spares):
            if size <= place.size <= 2 * size:
                del self.spares[index]
                return place._replace(size=size)
        return None

    def paths(self) -> list[str]:
        """A new path in each directory, the fastest first."""
        self._count += 1
        return [f"{directory}/{self.prefix}-{self._count}" for directory in self.directories]


def bases() -> list[str]:
    """Directories in which files cost no disk, the best first; the last one has room when the others are full."""
    import tempfile

    shared = "/dev/shm"  # noqa: S108 - its files are made with names and rights of our own
    usable = [shared] if Path(shared).is_dir() and os.access(shared, os.W_OK) else []
    return [*usable, tempfile.gettempdir()]


def write(data: Any, scrap: Scrap) -> Place:
    """Put bytes into a new file.

    Raises
    ------
    OSError
        There is no room in any directory.
    """
    view = memoryview(data).cast("B")
    place = scrap.spare(view.nbytes)
    if place is not None:
        overwrite(place, view)
        return place
    problem: OSError | None = None
    for path in scrap.paths():
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                fill(file, view)
            finally:
                os.close(file)
        except OSError as error:  # such a file system is often small within containers
            problem = error
            Path(path).unlink(missing_ok=True)
            continue
        return Place(path, 0, view.nbytes)
    assert problem is not None
    raise problem


def overwrite(place: Place, view: memoryview) -> None:
    """Put bytes into a file that is there."""
    file = os.open(place.path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fill(file, view)
    finally:
        os.close(file)


def fill(file: int, view: memoryview) -> None:
    """Write all of it; unlike a copy into a mapping this lets other threads run, and fails where there is no room."""
    written = 0
    while written < view.nbytes:
        written += os.pwrite(file, view[written:], written)


def read(place: Place) -> bytes:
    """The bytes at a place."""
    with Path(place.path).open("rb", buffering=0) as file:
        file.seek(place.offset)
        return file.read(place.size) if place.size < LARGE else _all(file, place.size)


def _all(file: Any, size: int) -> bytes:
    """All bytes: one reading of a file gives at most two gigabytes."""
    parts = []
    while size > 0:
        part = file.read(min(size, 1 << 30))
        if not part:
            raise EOFError("a file of a parcel is shorter than it was")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def opened(place: Place, *, copying: bool, mapped: Callable[[mmap.mmap, Place], None] | None = None) -> memoryview:
    """A writable view of a buffer.

    Parameters
    ----------
    place : Place
    copying : bool
        Shall what is written into it stay here?  Pages are then copied as they are written to.
    mapped : callable, optional
        Told of the mapping, if there is one.
    """
    global _mapped  # noqa: PLW0603 - descriptors are counted by process
    file = os.open(place.path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if _KEEPS_DESCRIPTOR and _mapped >= _MAPPINGS:
            view = memoryview(bytearray(place.size))
            os.preadv(file, [view], place.offset)
            return view
        access = mmap.ACCESS_COPY if copying else mmap.ACCESS_WRITE
        start = place.offset - place.offset % mmap.ALLOCATIONGRANULARITY
        more = {} if _KEEPS_DESCRIPTOR else {"trackfd": False}
        mapping = _Mapping(file, place.offset - start + place.size, access=access, offset=start, **more)
    finally:
        os.close(file)
    _mapped += 1
    if mapped is not None:
        mapped(mapping, place)
    return memoryview(mapping)[place.offset - start :]


class _Mapping(mmap.mmap):
    """A mapping that is counted."""

    def __del__(self) -> None:
        global _mapped  # noqa: PLW0603
        _mapped -= 1


def load(parcel: bytes | WithFiles, *, copying: bool, mapped: Callable[[mmap.mmap, Place], None] | None = None) -> Any:
    """The value in a parcel."""
    if isinstance(parcel, bytes):
        return pickle.loads(parcel)  # noqa: S301 - it comes from our own process
    data = parcel.data if isinstance(parcel.data, bytes) else read(parcel.data)
    buffers = [opened(place, copying=copying, mapped=mapped) for place in parcel.buffers]
    return pickle.loads(data, buffers=buffers)  # noqa: S301


def describe(value: Any) -> str:
    """The type of a value, for messages."""
    return f"a value of type {type(value).__qualname__}"


def refused(what: str, name: str, error: BaseException) -> TransferError:
    """What is said of something that cannot travel.

    Parameters
    ----------
    what : str
        Such as ``"argument 2"``.
    name : str
        Of the function.
    error : BaseException
        Why it cannot.
    """
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    refusal = TransferError(
        f"{what} of {name!r} cannot travel between processes ({why}){notes}; "
        "give it a form that pickles, or run the function in threads",
        function=name,
    )
    refusal.__cause__ = error
    return refusal


def name_of(function: Any) -> str:
    """A function's name for messages."""
    for name in ("__qualname__", "__name__"):
        found = getattr(function, name, None)
        if isinstance(found, str):
            return found
    inner = getattr(function, "func", None)  # that of a partial
    return name_of(inner) if inner is not None and inner is not function else type(function).__qualname__

"""Values as bytes and back: the one place where both directions are defined.

Reading never runs code and never imports a name that stands in the data.  A value comes back as it was, of the same
types, or it is not kept at all: what is of a class that is not listed here, a subclass too, is refused.

====== =========================================================================
form   bytes
====== =========================================================================
json   JSON; what JSON does not have is an object with one member, ``{"~type": ...}``
parts  as json, a line feed, and the long arrays and bytes in it, one after the other
npy    one array, as `numpy.save` writes it
pickle a pickle, where the user has asked for it
====== =========================================================================
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import partial
from io import BytesIO
from math import isfinite
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import FunctionType, MethodType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from ..errors import UnkeptValueError
from ..signature import signature_of
from ..text import error_text
from ..tokens import EMPTY, END, NONE, PLOT, SELF, SINK, START, Token

__all__ = ["Unkept", "decode", "digest_of_value", "encode"]

_PATH = type(Path())  # of this system: one of another has no files here
_CODE = (FunctionType, MethodType, partial, type)
_PART_BYTES = 4096  # what is longer is no part of the JSON
_LONG_DIGITS = 4000  # Python refuses to write longer integers as decimals
_NAMED: dict[str, Any] = {token.name: token for token in (EMPTY, END, NONE, PLOT, SELF, SINK, START)}
_NAMED |= {"...": ..., "NotImplemented": NotImplemented}
_dumps = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


class Unkept(NamedTuple):
    """Stands for a value that was not kept.

    Attributes
    ----------
    type : str
        The class of the value.
    """

    type: str

    def __repr__(self) -> str:
        return self.type


def encode(value: Any, *, pickle: bool = False) -> tuple[str, bytes]:
    """A value as a form and bytes.

    Parameters
    ----------
    value : object
    pickle : bool, optional
        Pickle what has no safe form.

    Raises
    ------
    UnkeptValueError
        It has none, or does not pickle.

    Examples
    --------
    >>> encode({"a": (1, 2.5)})
    ('json', b'{"a":{"~tuple":[1,2.5]}}')
    >>> decode(*encode({1, 2}))
    {1, 2}
    """
    kind = type(value)
    try:
        if (kind is float and isfinite(value)) or (kind is int and -_FAR < value < _FAR):
            return "json", repr(value).encode()
        if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            return "npy", _npy(value)
        parts: list[bytes] = []
        text = _dumps(_Writer(parts).plain(value)).encode()
        if not parts:
            return "json", text
        lengths = _dumps([len(part) for part in parts]).encode()
        return "parts", b"".join((lengths, b"\n", text, b"\n", *parts))
    except UnkeptValueError:
        if not pickle:
            raise
    except RecursionError:
        if not pickle:
            raise UnkeptValueError("it lies too deep, or within itself, to be kept") from None
    return "pickle", _pickled(value)


def decode(form: str, data: bytes, *, pickle: bool = False) -> Any:
    """The value that `encode` was given.

    Parameters
    ----------
    form : str
    data : bytes
    pickle : bool, optional
        Read pickles: they can run any code, so the journal must be one's own.

    Raises
    ------
    UnkeptValueError
        It is a pickle and these are not to be read, or of a form that this version does not know.
    ValueError
        The bytes are not of this form.
    """
    if form == "json":
        plain = data.decode()
        try:
            value, end = _scan(plain, 0)
        except StopIteration:
            raise ValueError("it is no JSON") from None
        if end != len(plain):
            raise ValueError("something stands behind its JSON")
        return value
    if form == "npy":
        return _array(data)
    if form == "parts":
        lengths, _, rest = data.partition(b"\n")
        text, _, joined = rest.partition(b"\n")
        parts, start = [], 0
        for length in json.loads(lengths):
            parts.append(joined[start : start + length])
            start += length
        return json.loads(text, object_hook=_Reader(tuple(parts)).value)
    if form == "pickle":
        if not pickle:
            raise UnkeptValueError("it is a pickle, which could run any code; open the journal with pickle=True")
        return _unpickled(data)
    raise UnkeptValueError(f"its form {form!r} is unknown to this version of thalweg")


def digest_of_value(value: Any) -> bytes:
    """A few bytes that differ where two values do, as far as anybody can say; nothing is ever read from them.

    Notes
    -----
    It is made from the safe form, of a function from its code, and of what has neither from its pickle.  Equal values
    that pickle differently count as different.  What does not pickle either is known by its class.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        if isinstance(value, _CODE):
            form, data = "code", signature_of(value).encode()
        else:
            form, data = encode(value)
    except UnkeptValueError:
        form, data = "pickle", b""
        if not _digest_pickle(value, digest):
            form, digest = "class", hashlib.blake2b(digest_size=16)
            data = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    digest.update(form.encode() + b"\n")
    digest.update(data)
    return digest.digest()


def _digest_pickle(value: Any, digest: hashlib.blake2b) -> bool:
    """Add the pickle of a value, without having it in the memory; False if there is none."""
    import pickle

    class Sink:
        def write(self, data: Any) -> int:
            digest.update(data)
            return len(data)

    try:
        pickle.Pickler(Sink(), protocol=5).dump(value)
    except Exception:  # noqa: BLE001 - whatever it is, the value does not pickle
        return False
    return True


def _pickled(value: Any) -> bytes:
    import pickle

    try:
        return pickle.dumps(value, protocol=5)
    except Exception as error:
        raise UnkeptValueError(f"a {type(value).__name__} does not pickle: {error_text(error)}") from error


def _unpickled(data: bytes) -> Any:
    import pickle

    return pickle.loads(data)  # noqa: S301 - the user has asked for it


def _npy(value: Any) -> bytes:
    from numpy.lib import format as npy

    if value.dtype.hasobject:
        raise UnkeptValueError(
            "an array of objects has no safe form; give it a dtype, or open the journal with pickle=True"
        )
    buffer = BytesIO()
    npy.write_array(buffer, value, allow_pickle=False)
    return buffer.getvalue()


def _array(data: bytes) -> Any:
    from numpy.lib import format as npy

    return npy.read_array(BytesIO(data), allow_pickle=False)


class _Writer:
    """Turns values into what JSON has."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def plain(self, value: Any) -> Any:
        """A value, or what stands for it."""
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return value if -_FAR < value < _FAR else {"~int": hex(value)}
        if kind is float:
            return value if isfinite(value) else {"~float": repr(value)}
        if kind is list:
            return [self.plain(each) for each in value]
        if kind is dict:
            return self._dict(value)
        write = _WRITERS.get(kind)
        if write is not None:
            return {f"~{_NAMES[kind]}": write(self, value)}
        if value is ... or value is NotImplemented:
            return {"~named": repr(value) if value is NotImplemented else "..."}
        if kind.__module__ == "numpy":
            return self._of_numpy(value, kind)
        raise UnkeptValueError(
            f"a value of type {kind.__module__}.{kind.__qualname__} has no safe form; give plain values, arrays or "
            "containers of them, or open the journal with pickle=True"
        )

    def _dict(self, value: dict[Any, Any]) -> Any:
        if all(type(key) is str and key[:1] != "~" for key in value):
            return {key: self.plain(each) for key, each in value.items()}
        return {"~dict": [[self.plain(key), self.plain(each)] for key, each in value.items()]}

    def _of_numpy(self, value: Any, kind: type) -> Any:
        if kind.__name__ == "ndarray":
            return {"~npy": self.raw(_npy(value))}
        from numpy import generic  # what else has a dtype and bytes is an array of another class, such as a memmap

        if not isinstance(value, generic) or value.dtype.kind not in "biufcSUmM":
            raise UnkeptValueError(f"a value of type numpy.{kind.__name__} has no safe form; give an array")
        return {"~numpy": [value.dtype.str, b64encode(value.tobytes()).decode()]}

    def raw(self, data: bytes) -> Any:
        """Bytes: in the JSON, or behind it."""
        if len(data) <= _PART_BYTES:
            return b64encode(data).decode()
        self.parts.append(data)
        return len(self.parts) - 1

    def items(self, value: Any) -> list[Any]:
        """The members of a tuple."""
        return [self.plain(each) for each in value]

    def members(self, value: Any) -> list[Any]:
        """The members of a set, in an order that does not depend on how they were hashed."""
        return sorted([self.plain(each) for each in value], key=_dumps)


def _zone(value: datetime | time) -> Any:
    """The zone of a time: None, an offset [s], an offset and what that is called, or a name."""
    zone = value.tzinfo
    if zone is None:
        return None
    if type(zone) is timezone:
        offset, name = zone.utcoffset(None), zone.tzname(None)
        seconds = offset.total_seconds()
        return seconds if name == timezone(offset).tzname(None) else [seconds, name]
    if type(zone) is ZoneInfo and zone.key:
        return zone.key
    raise UnkeptValueError(f"a zone of time of type {type(zone).__qualname__} has no safe form; use zoneinfo")


def _moment(_: _Writer, value: Any) -> list[Any]:
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, _zone(value)]


def _in_zone(value: Any, fold: int, zone: Any) -> Any:
    place: tzinfo | None = None
    if isinstance(zone, str):
        place = ZoneInfo(zone)
    elif zone is not None:
        seconds, *called = zone if isinstance(zone, list) else [zone]
        place = timezone(timedelta(seconds=seconds), *called)
    return value.replace(tzinfo=place, fold=fold)


def _numpy_scalar(pair: list[str]) -> Any:
    from numpy import frombuffer, zeros

    dtype, data = pair
    if dtype.endswith(("U0", "S0")):  # a text of no length, which has no bytes to be read from
        return zeros(1, dtype=dtype)[0]
    return frombuffer(b64decode(data), dtype=dtype)[0]


_FAR = 10**_LONG_DIGITS
_WRITERS: dict[type, Callable[[_Writer, Any], Any]] = {
    tuple: _Writer.items,
    set: _Writer.members,
    frozenset: _Writer.members,
    bytes: _Writer.raw,
    bytearray: lambda writer, value: writer.raw(bytes(value)),
    complex: lambda writer, value: [writer.plain(value.real), writer.plain(value.imag)],
    Decimal: lambda _, value: str(value),
    Fraction: lambda writer, value: [writer.plain(value.numerator), writer.plain(value.denominator)],
    datetime: _moment,
    date: lambda _, value: value.isoformat(),
    time: _moment,
    timedelta: lambda _, value: [value.days, value.seconds, value.microseconds],
    UUID: lambda _, value: value.hex,
    range: lambda writer, value: [writer.plain(each) for each in (value.start, value.stop, value.step)],
    slice: lambda writer, value: [writer.plain(each) for each in (value.start, value.stop, value.step)],
    PurePosixPath: lambda _, value: str(value),
    PureWindowsPath: lambda _, value: str(value),
    _PATH: lambda _, value: str(value),
    Token: lambda _, value: _token(value),
    Unkept: lambda _, value: value.type,
}
_NAMES = {kind: kind.__name__ for kind in _WRITERS} | {Token: "named", Unkept: "unkept"}


def _token(value: Token) -> str:
    if value.name not in _NAMED:
        raise UnkeptValueError(f"{value.name} has no meaning outside of its run")
    return value.name


class _Reader:
    """Turns what stands for a value into the value."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[bytes, ...]) -> None:
        self.parts = parts

    def value(self, members: dict[str, Any]) -> Any:
        """An object of the JSON as the value that it stands for."""
        if len(members) != 1:
            return members
        ((name, held),) = members.items()
        if name[:1] != "~":
            return members
        if name == "~bytes":
            return self.raw(held)
        if name == "~bytearray":
            return bytearray(self.raw(held))
        if name == "~npy":
            return _array(self.raw(held))
        read = _READERS.get(name)
        if read is None:
            raise UnkeptValueError(f"its type {name[1:]!r} is unknown to this version of thalweg")
        return read(held)

    def raw(self, held: Any) -> bytes:
        """Bytes that lie in the JSON, or behind it."""
        return b64decode(held) if isinstance(held, str) else self.parts[held]


_decoder: Any = json.JSONDecoder(object_hook=_Reader(()).value)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once
_READERS: dict[str, Callable[[Any], Any]] = {
    "~int": lambda held: int(held, 16),
    "~float": float,
    "~dict": dict,
    "~tuple": tuple,
    "~set": set,
    "~frozenset": frozenset,
    "~complex": lambda held: complex(*held),
    "~Decimal": Decimal,
    "~Fraction": lambda held: Fraction(*held),
    "~datetime": lambda held: _in_zone(datetime.fromisoformat(held[0]), *held[1:]),
    "~date": date.fromisoformat,
    "~time": lambda held: _in_zone(time.fromisoformat(held[0]), *held[1:]),
    "~timedelta": lambda held: timedelta(*held),
    "~UUID": lambda held: UUID(hex=held),
    "~range": lambda held: range(*held),
    "~slice": lambda held: slice(*held),
    "~PurePosixPath": PurePosixPath,
    "~PureWindowsPath": PureWindowsPath,
    f"~{_PATH.__name__}": _PATH,
    "~named": _NAMED.__getitem__,
    "~unkept": Unkept,
    "~numpy": _numpy_scalar,
}

"""Values as JSON: the one place where both directions are defined.

Numbers that JSON does not have are the texts ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``; bytes are base64, in the
alphabet for addresses; arrays are lists, dates and times ISO 8601, integers are of any length.  What has no form in
JSON is an object with its ``type`` and, where it has one of its own, its ``text``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

__all__ = ["NON_FINITE", "TEXT_CHARACTERS", "dump", "load", "tame", "text_of"]

NON_FINITE = ("NaN", "Infinity", "-Infinity")
TEXT_CHARACTERS = 1000  # of a value that has no form in JSON
_DEPTH = 10  # of objects in one another, in which a value without a form is looked for


def dump(value: Any) -> bytes:
    """A value as JSON; never an error.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> import datetime, numpy
    >>> dump({"a": float("inf"), "b": numpy.arange(3), "c": datetime.date(2026, 1, 31), "d": b"raw", "e": 2**70})
    b'{"a":"Infinity","b":[0,1,2],"c":"2026-01-31","d":"cmF3","e":1180591620717411303424}'
    >>> dump(max)
    b'{"type":"builtins.builtin_function_or_method","text":"<built-in function max>"}'
    """
    return _dumped(value, ())


def _dumped(value: Any, around: tuple[int, ...]) -> bytes:
    """A value as JSON, that is in these objects."""
    try:
        return to_json(value, fallback=_fallback, inf_nan_mode="strings", bytes_mode="base64")
    except (PydanticSerializationError, ValueError, RecursionError):
        pass
    # One of the values has no form in JSON though its kind has: a list within itself, half of a character.
    if isinstance(value, dict) and id(value) not in around and len(around) < _DEPTH:
        around = (*around, id(value))
        members = (_text(str(name)) + b":" + _dumped(each, around) for name, each in value.items())
        return b"{" + b",".join(members) + b"}"
    return to_json(_described(value))


def load(text: bytes) -> Any:
    """What JSON of `dump` says, whatever that is.

    Parameters
    ----------
    text : bytes

    Notes
    -----
    What comes from others is read with limits, by `pydantic_core.from_json`; of what is our own, integers have any
    number of digits, and lists stand as deep in one another as they were.

    Examples
    --------
    >>> load(dump(10**5000)) == 10**5000
    True
    """
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int:
    return int(Decimal(digits))  # which has no limit to its digits, as `int` of a text has


def tame(value: Any) -> Any:
    """The value, or what stands for it if it must not be read: an iterator may have no end, and reading spends it."""
    return _described(value) if hasattr(type(value), "__next__") else value


def _fallback(value: Any) -> Any:
    """What stands for a value of a kind that JSON does not know."""
    if hasattr(value, "tolist"):  # of numpy, and columns of tables
        dtype = getattr(value, "dtype", None)
        is_time = getattr(dtype, "kind", "") in ("m", "M") and hasattr(value, "astype")
        return (value.astype(str) if is_time else value).tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="list")  # a frame of pandas
    return _described(value)


def _described(value: Any) -> dict[str, str]:
    """The kind of a value, and its text unless that only says where it lies in memory."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    makers: tuple[Any, Any] = kind.__repr__, kind.__str__
    if makers == (object.__repr__, object.__str__):
        return {"type": name}
    text = text_of(value)
    return {"type": name, "text": text} if text else {"type": name}


def text_of(value: Any) -> str:
    """The text of a value or an error, cut where it is long; ``""`` if it has none."""
    try:
        text = str(value)[:TEXT_CHARACTERS]
    except Exception:  # a value of the user may answer by any error
        return ""
    return text.encode("utf-8", "backslashreplace").decode()


def _text(name: str) -> bytes:
    return to_json(name.encode("utf-8", "backslashreplace").decode())

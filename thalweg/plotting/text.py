"""Text for pictures: names, values and numbers made short and harmless, the same in every process.

A value is shown by its `repr` at most; nothing of it is evaluated, formatted by a template or believed.  Whatever a
value does when it is asked for its `repr`, a text comes out.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from itertools import islice
from math import inf
from reprlib import Repr
from typing import Any

__all__ = ["clean", "distance_text", "error_text", "name_text", "seconds_text", "shorten"]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
# What no picture can hold: control characters, halves of surrogate pairs, non-characters, turners of direction.
_BAD = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BAD_OF_LINES = re.compile(_BAD.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
_MANY = 1000  # of more members than this a set is not sorted


def clean(text: str, limit: int = 0, *, lines: bool = False) -> str:
    r"""The text without what no picture can hold, cut at `limit`.

    Parameters
    ----------
    text : str
    limit : int, optional
        Longest result [characters]; 0 for no limit.
    lines : bool, optional
        Keep the ends of lines and tabs.

    Examples
    --------
    >>> clean("two\nlines and more", 12)
    'two lines a…'
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if lines:
        return _BAD_OF_LINES.sub("\ufffd", text)
    return _BAD.sub(lambda found: " " if found[0] in "\n\t\r" else "\ufffd", text)


def name_text(name: Hashable, limit: int = 60) -> str:
    """What a node is called in a picture.

    Examples
    --------
    >>> name_text(("mass", 2))
    "('mass', 2)"
    """
    try:
        text = name if isinstance(name, str) else _ADDRESS.sub("", str(name))
    except Exception:
        text = _failed(name)
    return clean(text, limit) or "(no name)"


def shorten(value: object, limit: int = 40, *, lines: bool = False) -> str:
    """A value as a short text.

    Parameters
    ----------
    value : object
        Anything; if its ``repr`` raises, the text says so.
    limit : int, optional
        Longest result [characters].
    lines : bool, optional
        Keep the ends of lines.

    Returns
    -------
    str
        The same in every process, as far as the value allows: without addresses, sets in order.

    Examples
    --------
    >>> shorten(0.1 + 0.2)
    '0.3'
    >>> shorten({"b", "a"})
    "{'a', 'b'}"
    """
    try:
        text = _Short(limit).repr(value)
    except Exception:
        text = _failed(value)
    return clean(_ADDRESS.sub("", text), limit, lines=lines)


def distance_text(distance: float) -> str:
    """A distance as people read it."""
    return "∞" if distance == inf else f"{distance:g}"


def seconds_text(seconds: float) -> str:
    """A duration with a unit that suits it.

    Examples
    --------
    >>> seconds_text(0.0125), seconds_text(3.2e-6), seconds_text(75.0)
    ('12.5 ms', '3.2 µs', '75 s')
    """
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.2g} µs"


def error_text(error: object, limit: int = 120) -> str:
    """An error in a line, whatever it does when it is asked for its text."""
    if error is None:
        return ""
    try:
        text = str(error).strip()
    except Exception:
        text = "(its message cannot be shown)"
    name = type(error).__name__
    if isinstance(error, str):
        return clean(text, limit)
    return clean(f"{name}: {text}" if text else name, limit)


def _failed(value: object) -> str:
    return f"<{type(value).__name__}: it has no readable repr>"


class _Short(Repr):
    """`reprlib` with limits from one number, arrays and tables by their shape, and numbers that people read."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.maxlevel = 3 if limit < 200 else 5
        members = max(4, limit // 8)
        self.maxtuple = self.maxlist = self.maxdict = self.maxset = self.maxfrozenset = self.maxdeque = members
        self.maxarray = members
        self.maxstring = self.maxother = self.maxlong = limit

    def repr1(self, x: Any, level: int) -> str:
        shape, kind = getattr(x, "shape", None), type(x)
        if isinstance(shape, tuple) and shape and all(type(each) is int for each in shape):
            return f"{kind.__name__} of {' x '.join(map(str, shape))}"
        if isinstance(x, float):
            return float.__format__(x, ".6g" if self.maxother < 200 else ".17g")
        if kind.__module__ == "numpy" and hasattr(x, "item"):
            return self.repr1(x.item(), level)
        return super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 4000:
            return f"<an integer of {x.bit_length()} bits>"
        return super().repr_int(x, level)

    def repr_str(self, x: str, level: int) -> str:  # noqa: ARG002 - as reprlib calls it
        return repr(x) if len(x) <= self.maxstring else repr(x[: self.maxstring])[:-1] + "…"

    def repr_bytes(self, x: bytes, level: int) -> str:  # noqa: ARG002 - as reprlib calls it
        return repr(x) if len(x) <= self.maxstring else repr(x[: self.maxstring])[:-1] + "…"

    def repr_bytearray(self, x: bytearray, level: int) -> str:
        return self.repr_bytes(bytes(x[: self.maxstring + 1]), level)

    def repr_set(self, x: set[Any], level: int) -> str:
        return self._unordered(x, "{", "}", level) if x else "set()"

    def repr_frozenset(self, x: frozenset[Any], level: int) -> str:
        return self._unordered(x, "frozenset({", "})", level) if x else "frozenset()"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0 and x:
            return "{…}"
        inner = [f"{self.repr1(k, level - 1)}: {self.repr1(v, level - 1)}" for k, v in islice(x.items(), self.maxdict)]
        return "{" + ", ".join([*inner, "…"] if len(x) > self.maxdict else inner) + "}"

    def repr_instance(self, x: Any, level: int) -> str:  # noqa: ARG002 - as reprlib calls it
        try:
            text = repr(x)
        except Exception:
            return _failed(x)
        return text if len(text) <= self.maxother else text[: self.maxother] + "…"

    def _unordered(self, x: set[Any] | frozenset[Any], head: str, tail: str, level: int) -> str:
        if len(x) > _MANY:
            return f"{head}{len(x)} members{tail}"
        if level <= 0:
            return f"{head}…{tail}"
        inner = sorted(_ADDRESS.sub("", self.repr1(each, level - 1)) for each in x)
        shown = inner[: self.maxset]
        return head + ", ".join([*shown, "…"] if len(inner) > len(shown) else shown) + tail

"""What the command says: its answer on standard output, all else on standard error."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, BinaryIO

from ..text import whole_text

__all__ = ["as_json", "prepare_streams", "print_json", "print_lines", "say", "shown", "tell_ready"]


def prepare_streams() -> None:
    """Have standard streams take whatever is written.

    One that the caller has closed leads nowhere, and a character that the encoding of standard output lacks is escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their descriptors
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, closefd=False))
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """Say something that is no part of the answer."""
    sys.stderr.write(f"thalweg: {message}\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print the answer for people."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def print_json(answer: Any) -> None:
    """Print the answer for programs: one JSON document, in a line, of ASCII whatever the encoding is."""
    print_lines([json.dumps(as_json(answer), allow_nan=False)])


def as_json(value: Any, within: frozenset[int] = frozenset()) -> Any:
    """A value as JSON has it: arrays as lists, sets and tuples too, all that JSON does not know as text.

    Parameters
    ----------
    value : object
    within : frozenset of int, optional
        Containers that it is in, by ``id()``.

    Examples
    --------
    >>> as_json({"a": float("nan"), ("b", 1): (1, 2), "c": 1j})
    {'a': 'NaN', "('b', 1)": [1, 2], 'c': '1j'}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < _BITS else str(Decimal(value))
    if isinstance(value, float):
        return float(value) if value - value == 0 else _NON_FINITE[str(float(value))]
    if isinstance(value, dict | list | tuple | set | frozenset) and id(value) not in within:
        within |= {id(value)}
        if isinstance(value, dict):
            return {whole_text(name, str): as_json(each, within) for name, each in value.items()}
        return [as_json(each, within) for each in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist(), within)
    return whole_text(value, str)


def tell_ready(chosen: Namespace, output: BinaryIO, model: str, url: str) -> None:
    """Say where a model answers, on standard output that was put aside."""
    told = json.dumps({"model": model, "url": url}) if chosen.json else f"{model} at {url} (Ctrl+C ends)"
    output.write(f"{told}\n".encode())
    output.flush()


_BITS = 14_000  # of a whole number that has not too many digits for those who read JSON
_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def shown(value: Any) -> str:
    """A value for people: texts as they are, scalars of numpy as numbers."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    return value if isinstance(value, str) else whole_text(value)

"""What the command says: its answer on standard output, all else on standard error."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterable
from typing import Any, BinaryIO

__all__ = ["as_json", "print_json", "print_lines", "say", "shown", "tell_ready"]


def say(message: str) -> None:
    """Say something that is no part of the answer."""
    sys.stderr.write(f"thalweg: {message}\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print the answer for people."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def print_json(answer: Any) -> None:
    """Print the answer for programs: one JSON document, in a line, of ASCII whatever the encoding is."""
    print_lines([json.dumps(as_json(answer), allow_nan=False)])


def as_json(value: Any) -> Any:
    """A value as JSON has it: arrays as lists, sets and tuples too, all that JSON does not know as text.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> as_json({"a": float("nan"), ("b", 1): (1, 2), "c": 1j})
    {'a': 'NaN', "('b', 1)": [1, 2], 'c': '1j'}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if value - value == 0 else _NON_FINITE[str(float(value))]
    if isinstance(value, dict):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist())
    return str(value)


def tell_ready(chosen: Namespace, output: BinaryIO, model: str, url: str) -> None:
    """Say where a model answers, on standard output that was put aside."""
    told = json.dumps({"model": model, "url": url}) if chosen.json else f"{model} at {url} (Ctrl+C ends)"
    output.write(f"{told}\n".encode())
    output.flush()


_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def shown(value: Any) -> str:
    """A value for people: texts as they are, scalars of numpy as numbers."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    return value if isinstance(value, str) else repr(value)

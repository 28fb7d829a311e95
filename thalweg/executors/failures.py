"""Exceptions on their way between processes: the class, its arguments, its cause, and the traceback as text."""

from __future__ import annotations

import os
import pickle
from itertools import pairwise
from types import FunctionType
from typing import Any

from ..errors import TransferError
from .parcels import Packer

__all__ = ["load_error", "pack_error"]

# So many causes of causes are sent along.
_CAUSES = 8
# Of a traceback as text: what is longer loses its middle, which in an endless recursion is all the same.
_TEXT = 1 << 13


def pack_error(error: BaseException) -> bytes:
    """An exception as bytes; whatever of it cannot travel stays behind, and its name, message and traceback never."""
    packer = Packer()
    packed: list[tuple[bytes | None, str, str]] = []
    current: BaseException | None = error
    while current is not None and len(packed) < _CAUSES:
        packed.append((_pack_one(current, packer), type(current).__qualname__, _text_of(current)))
        current = current.__cause__
    return pickle.dumps((packed, os.getpid(), _traceback_of(error)), 5)


def _pack_one(error: BaseException, packer: Packer) -> bytes | None:
    """An exception without its cause, so that it can be made again; None if it cannot."""
    try:
        if type(error).__reduce__ is BaseException.__reduce__:
            # As pickle would do it, but without a call of __init__, whose parameters are often not those of `args`.
            parts: Any = (type(error), error.args, error.__dict__)
        else:
            parts = error
        data, buffers = packer.pack(parts)
        return pickle.dumps(parts, 5) if buffers else data  # an error has no files
    except Exception:
        return None


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:
        return f"(its text cannot be had: {type(problem).__name__})"


def _traceback_of(error: BaseException) -> str:
    """The traceback with those of its causes, without the frames of ours below it."""
    import traceback

    try:
        inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
        if inner is None:
            return ""
        lines = traceback.format_exception(type(error), error, inner)
    except Exception as problem:
        return f"(the traceback cannot be had: {type(problem).__name__})"
    text = "".join(lines).rstrip()
    if len(text) > _TEXT:
        text = f"{text[: _TEXT // 2]}\n  ...\n{text[-_TEXT // 2 :]}"
    return text


def load_error(data: bytes) -> BaseException:
    """The exception again, with a note that holds the traceback of the other process.

    One that cannot be made again here is told by a `TransferError` with its name and its text.
    """
    packed, process, text = pickle.loads(data)  # noqa: S301 - it comes from our worker
    errors = [_load_one(*each) for each in packed]
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    if text:
        errors[0].add_note(f"Raised in process {process}:\n{text}")
    return errors[0]


def _bare_init(kind: type[BaseException]) -> Any:
    """The `__init__` of Python's own class below a user's, which takes `args` and sets what is no attribute."""
    inits = (vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base))
    return next(init for init in inits if not isinstance(init, FunctionType))


def _load_one(data: bytes | None, name: str, text: str) -> BaseException:
    problem = "it does not pickle"
    if data is not None:
        try:
            parts = pickle.loads(data)  # noqa: S301
            if isinstance(parts, BaseException):
                return parts
            kind, args, state = parts
            error: BaseException = kind.__new__(kind, *args)
            _bare_init(kind)(error, *args)
            error.__dict__.update(state)
        except Exception as error_here:
            problem = f"it cannot be made again here: {type(error_here).__name__}: {error_here}"
        else:
            return error
    return TransferError(
        f"{name}: {text} (this stands for the exception itself, which cannot travel between processes: {problem})",
        type_name=name,
        text=text,
    )

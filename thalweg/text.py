"""Errors and values in a line, for people, whatever these do when they are asked for their text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["any_of", "error_text", "value_text", "whole_text"]

_LONG = 200  # characters


def error_text(error: BaseException, between: str = ": ") -> str:
    """An error in a line: its class, and its message.

    Parameters
    ----------
    error : BaseException
    between : str, optional
        What stands between the two.

    Examples
    --------
    >>> error_text(OSError("no route"))
    'OSError: no route'
    """
    try:
        message = str(error).strip()
    except Exception:
        message = "(its message cannot be shown)"
    return _line(f"{type(error).__name__}{between if message else ''}{message}")


def any_of(sets: Iterable[Iterable[object]]) -> str:
    """One set of names, or another.

    Parameters
    ----------
    sets : iterable of iterable of object

    Examples
    --------
    >>> any_of([("area",), ("width", "depth")])
    "'area' or 'width' and 'depth'"
    """
    return " or ".join(" and ".join(map(repr, names)) for names in sets)


def value_text(value: object) -> str:
    r"""A value in a line: its `repr`, cut where it is long.

    Parameters
    ----------
    value : object

    Examples
    --------
    >>> value_text("two\nlines"), len(value_text(list(range(1000))))
    ("'two\\nlines'", 200)
    """
    return _line(whole_text(value))


def whole_text(value: object, text: Callable[[object], str] = repr) -> str:
    """A value as its text, of any length and in any number of lines.

    Parameters
    ----------
    value : object
    text : callable, optional
        What gives it: `repr` or `str`.
    """
    try:
        return text(value)
    except Exception:
        return f"<{type(value).__name__}: it has no readable {text.__name__}>"


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"

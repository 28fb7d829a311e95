"""What can be said of a function without calling it: its name, parameters, docstring and source."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from .text import clean, name_text

__all__ = ["about_callable", "first_line"]

_LINES = 200  # of source are shown
Detail = tuple[str, str, str]


def about_callable(function: Callable[..., Any]) -> list[Detail]:
    """Headings with texts: where the function stands, its docstring, its source.

    Parameters
    ----------
    function : callable
        Of any kind; what has no source is named only.

    Returns
    -------
    list of (str, str, str)
        Heading, form (``"text"`` or ``"code"``) and text.

    Examples
    --------
    >>> about_callable(len)[0]
    ('Function', 'text', 'builtins.len')
    """
    bound: list[str] = []
    while isinstance(function, functools.partial):
        bound += [*map(name_text, function.args), *(f"{name}={name_text(v)}" for name, v in function.keywords.items())]
        function = function.func
    found: list[Detail] = [("Function", "text", _name(function))]
    if bound:
        found.append(("With", "text", ", ".join(bound)))
    try:
        function = inspect.unwrap(function)
        doc = inspect.getdoc(function) if inspect.isroutine(function) or inspect.isclass(function) else None
        source = inspect.getsource(function)
    except Exception:  # a callable may answer any question by any error
        doc, source = _doc(function), ""
    if doc:
        found.append(("What it says of itself", "text", clean(doc, 4000, lines=True)))
    if source:
        lines = source.splitlines()
        cut = ["…"] if len(lines) > _LINES else []
        found.append(("Source", "code", clean(textwrap.dedent("\n".join([*lines[:_LINES], *cut])), 20000, lines=True)))
    return found


def first_line(text: object) -> str:
    """The first line of a description or docstring."""
    return clean(text.strip().partition("\n")[0], 120) if isinstance(text, str) else ""


def _name(function: Any) -> str:
    try:
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        module = getattr(function, "__module__", "") or ""
    except Exception:
        name, module = type(function).__qualname__, ""
    return name_text(f"{module}.{name}" if isinstance(module, str) and module else name, 200)


def _doc(function: Any) -> str:
    try:
        doc = function.__doc__ if callable(function) and hasattr(function, "__name__") else None
    except Exception:
        return ""
    return doc.strip() if isinstance(doc, str) else ""

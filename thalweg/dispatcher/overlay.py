"""Large lists and dicts of which few values are changed, without a copy of the rest."""

from __future__ import annotations

from typing import Any

__all__ = ["Overlay", "over", "whole"]

_SMALL = 4096  # what is smaller is copied, and so lets go what was changed
_SHARE = 8  # where an eighth is changed all is copied


class Overlay(dict[Any, Any]):
    """What is changed; whatever else is asked for by its key is that of what lies below.

    Attributes
    ----------
    below : list or dict
        It has all the keys, and is not changed.
    """

    __slots__ = ("below",)

    def __init__(self, below: Any, changed: dict[Any, Any] | None = None) -> None:
        super().__init__(changed or {})
        self.below = below

    def __missing__(self, key: Any) -> Any:
        return self.below[key]


def over(values: Any) -> Any:
    """A twin of a list or dict, or of an `Overlay` of one, in which values can be changed."""
    if isinstance(values, Overlay):
        if len(values) * _SHARE < len(values.below):
            return Overlay(values.below, values)
        values = whole(values)
    return Overlay(values) if len(values) >= _SMALL else values.copy()


def whole(values: Any) -> Any:
    """The list or dict itself."""
    if not isinstance(values, Overlay):
        return values
    copy = values.below.copy()
    for key, value in values.items():
        copy[key] = value
    return copy

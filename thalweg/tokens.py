"""The few reserved values: names of special nodes, and marks that stand for "no value"; imports nothing of ours.

A token equals only itself and survives pickling and copying as itself.
"""

from __future__ import annotations

from typing import final

__all__ = [
    "ABSENT",
    "DROPPED",
    "EMPTY",
    "END",
    "NONE",
    "PLOT",
    "PREVIOUS",
    "RELEASED",
    "SELF",
    "SINK",
    "START",
    "UNKNOWN",
    "Token",
]


@final
class Token:
    """A named constant of its own.

    Parameters
    ----------
    name : str
        Name under which this module holds the token.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


START = Token("START")
"""Provider of all that is given: inputs, defaults, and functions without inputs."""

END = Token("END")
"""Where the wanted outputs go, in pictures."""

SINK = Token("SINK")
"""Where the result of a function without outputs goes; wanted as an output: all such functions."""

EMPTY = Token("EMPTY")
"""No default value."""

NONE = Token("NONE")
"""Returned by a function for an output that it does not give this time."""

SELF = Token("SELF")
"""The model itself, as a value of one of its own inputs."""

PLOT = Token("PLOT")
"""The picture of the model, as the name of an output."""

UNKNOWN = Token("UNKNOWN")
"""Inside a run: this datum has no value yet."""

ABSENT = Token("ABSENT")
"""Inside a run: the provider that this slot waited for has ended without a value."""

RELEASED = Token("RELEASED")
"""Inside a run: the value was let go because nothing can need it any more."""

DROPPED = Token("DROPPED")
"""Between a run and its executor: a value that stayed where it was made, and is gone."""

PREVIOUS = Token("PREVIOUS")
"""Among the arguments of a call that follows another: the value of that one."""

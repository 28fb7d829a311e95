"""What a dispatch says of its journal: what is asked, and what it took from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .nodes import NodeId

__all__ = ["Keeper", "Recorded", "asked_of"]


class Keeper(Protocol):
    """Records runs: `thalweg.journal.Journal`."""

    def begin(self, kind: str, name: str, asked: Mapping[str, Any], run: str | None = None) -> Any:
        """Begin a run, or take up one that was interrupted."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a run stands in its journal.

    Attributes
    ----------
    run : str
        Its name there.
    starts : int
        How often it was begun, this time included.
    recalled : tuple of str
        Keys of the calls whose values were taken from the journal: the paths of their nodes.
    dropped : tuple of str
        Keys of those whose recorded values were not, since their code, or what they rest on, has changed.
    unkept : dict of str to str
        By key: why a value could not be recorded.
    """

    run: str
    starts: int
    recalled: tuple[str, ...]
    dropped: tuple[str, ...]
    unkept: dict[str, str]

    def __str__(self) -> str:
        lines = [f"run {self.run!r}, start {self.starts}: {len(self.recalled)} values from the journal"]
        if self.dropped:
            lines.append(f"dropped, for the code has changed: {_names(self.dropped)}")
        if self.unkept:
            lines.append(f"not kept: {_names(self.unkept)}")
        return "\n".join(lines)


def _names(paths: Iterable[str], most: int = 5) -> str:
    names = list(paths)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def asked_of(
    inputs: Mapping[NodeId, Any] | None,
    outputs: Iterable[NodeId] | None,
    inputs_dist: Mapping[NodeId, float] | None,
    wildcard: bool,  # noqa: FBT001 - in the order in which a dispatch has them
    objective: str,
    strict: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """What a dispatch is asked, to be kept and compared."""
    return {
        "inputs": dict(inputs or {}),
        "outputs": None if outputs is None else list(outputs),
        "inputs_dist": dict(inputs_dist or {}),
        "wildcard": wildcard,
        "objective": objective,
        "strict": strict,
    }

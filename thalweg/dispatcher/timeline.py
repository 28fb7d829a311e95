"""When and where the calls of a run were made: a view of the rows that its driver left, made when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .network import Kind
from .plan import path_text

if TYPE_CHECKING:
    from .solution import Record

__all__ = ["TimedCall", "Timeline", "Try", "timed", "timeline"]


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a call.

    Attributes
    ----------
    number : int
        The first is number 1.
    start, end : float
        By ``time.monotonic()`` of the process that called it [s].
    place : str
        Where it was made, such as ``"thalweg-3"``, a thread.
    error : str or None
        Name of the class of what went wrong; ``"CallCancelled"`` if the run ended before it did.
    """

    number: int
    start: float
    end: float
    place: str
    error: str | None


@dataclass(frozen=True, slots=True)
class TimedCall:
    """When and where a call was made.

    Attributes
    ----------
    path : str
        As in `Solution.calls`.
    start, end : float
        Of its first and of its last try, by ``time.monotonic()`` [s].
    place : str
        Where the last try was made.
    tries : tuple of Try
    """

    path: str
    start: float
    end: float
    place: str
    tries: tuple[Try, ...]


class Timeline(list[TimedCall]):
    """The calls of a run by their start; as text a table, with times from the first start on."""

    def durations(self) -> dict[str, float]:
        """How long each call took, from the start of its first try to the end of its last, by path [s]."""
        return {call.path: call.end - call.start for call in self}

    def __str__(self) -> str:
        if not self:
            return "no call was timed"
        zero = self[0].start
        table = [("start [s]", "took [s]", "call", "place", "tries", "")]
        for call in self:
            start, took = f"{call.start - zero:.6f}", f"{call.end - call.start:.6f}"
            table.append((start, took, call.path, call.place, str(len(call.tries)), call.tries[-1].error or ""))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, (True, True, False, False, True, False), strict=True)
            ).rstrip()
            for row in table
        ]
        return "\n".join(lines)


def timeline(record: Record, level: int) -> Timeline:
    """When and where the calls of a level, and of what is mounted in it, were made.

    Notes
    -----
    O(A log A) in the number of attempts.
    """
    calls = list(timed(record, level).values())
    calls.sort(key=lambda call: call.start)  # equal ones stay in the order in which they ended
    return Timeline(calls)


def timed(record: Record, level: int) -> dict[int, TimedCall]:
    """The calls of a level, and of what is mounted in it, by the numbers of their functions."""
    network, prefix = record.network, record.network.levels[level].path
    tries: dict[int, list[Try]] = {}
    for row in record.rows:
        f = row[0]
        if network.kind[f] == Kind.FUNCTION and network.function_path(f)[: len(prefix)] == prefix:
            tries.setdefault(f, []).append(Try(*row[1:]))
    calls = {}
    for f, rows in tries.items():
        path = path_text(network.function_path(f)[len(prefix) :])
        calls[f] = TimedCall(path, rows[0].start, rows[-1].end, rows[-1].place, tuple(rows))
    return calls

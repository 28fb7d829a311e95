"""What is remembered of rows that went the same way: where, which way, and what failed before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .routes import Derivation, Planner, Route
from .table import Name, Rows

__all__ = ["Alike", "Batch", "Failed", "shorten"]


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """A function that failed in some rows.

    Attributes
    ----------
    node : str
        Path of the function.
    kind : str
        ``"error"``, ``"refused"`` (its domain said no), ``"domain"`` (its domain raised), and the other kinds of
        `thalweg.dispatcher.failures.Failure`.
    rows : ndarray of int
        Rows, in ascending order.
    messages : tuple of str
        What was raised, one for each row, or a single one for all.
    """

    node: str
    kind: str
    rows: NDArray[np.intp]
    messages: tuple[str, ...]
    function: int = -1

    def message(self, row: int) -> str:
        """What was raised in one of the rows."""
        return self.messages[0 if len(self.messages) == 1 else int(np.searchsorted(self.rows, row))]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows that went the same way.

    Attributes
    ----------
    rows : ndarray of int, or slice
    given, wanted : tuple of Hashable
        Columns with a value, and holes to be filled.
    failures : tuple of Failed
    routes : tuple of Route
        The first choice, then what was chosen after each failure.
    derivations : dict of Hashable to Derivation, or None
        Derivation of each filled datum where it is not that of the last route.
    """

    rows: Rows
    given: tuple[Name, ...]
    wanted: tuple[Name, ...]
    failures: tuple[Failed, ...]
    routes: tuple[Route, ...]
    derivations: dict[Name, Derivation] | None = None

    @property
    def filled(self) -> Collection[Name]:
        """Columns that were filled."""
        return self.routes[-1].reached if self.derivations is None else self.derivations

    def derivation(self, name: Name) -> Derivation:
        """How a filled column came about."""
        return self.routes[-1].derivation(name) if self.derivations is None else self.derivations[name]

    def failures_of(self, name: Name) -> tuple[Failed, ...]:
        """The failures that made a datum take another way: of what would have been called for it otherwise."""
        return tuple([failed for failed in self.failures if self._concerns(failed, name)])

    def _concerns(self, failed: Failed, name: Name) -> bool:
        if failed.function < 0:  # the callback of a datum
            return failed.node == str(name)
        return any(route.has_call(failed.function, name) for route in self.routes)


@dataclass(slots=True)
class Alike:
    """Rows, dispatched one by one, that went the same way."""

    derivations: dict[Name, Derivation] | None
    failures: tuple[tuple[str, str, int], ...]  # path, kind and number of each function
    rows: list[int] = field(default_factory=list)
    messages: list[list[str]] = field(default_factory=list)

    def batch(self, planner: Planner, first: Route) -> Batch:
        """The rows as a batch; its routes are those that a walk would have taken."""
        rows = np.array(self.rows, np.intp)
        columns = zip(*self.messages, strict=True)
        failures = [
            Failed(path, kind, rows, shorten(texts), function)
            for (path, kind, function), texts in zip(self.failures, columns, strict=True)
        ]
        routes, banned = [first], first.banned
        for _, _, function in self.failures:
            if function > 0:
                banned |= {function}
                routes.append(planner.route(first.given, first.wanted, banned))
        return Batch(rows, first.given, first.wanted, tuple(failures), tuple(routes), self.derivations)


def shorten(messages: Iterable[str]) -> tuple[str, ...]:
    """The messages of all rows, or only one if they are all the same."""
    texts = tuple(messages)
    return texts if len(set(texts)) > 1 else texts[:1]

"""What is remembered of rows that went the same way: where, which way, and what failed before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .routes import Derivation, Route
from .table import Name, Rows

__all__ = ["Alike", "Batch", "Failed"]


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
        The first choice, then what was chosen after each failure; without failures, or if known.
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
    def filled(self) -> Iterable[Name]:
        """Columns that were filled."""
        return self.routes[-1].reached if self.derivations is None else self.derivations

    def derivation(self, name: Name) -> Derivation:
        """How a filled column came about."""
        return self.routes[-1].derivation(name) if self.derivations is None else self.derivations[name]

    def failures_of(self, name: Name) -> tuple[Failed, ...]:
        """The failures that made a datum take another way."""
        if self.derivations is not None:
            return self.failures  # nobody can tell any more which of them did
        pairs = zip(self.failures, self.routes, strict=False)
        return tuple([failed for failed, route in pairs if route.has_call(failed.function, name)])


@dataclass(slots=True)
class Alike:
    """Rows, dispatched one by one, that went the same way."""

    derivations: dict[Name, Derivation] | None
    failures: tuple[tuple[str, str], ...]
    rows: list[int] = field(default_factory=list)
    messages: list[list[str]] = field(default_factory=list)

    def batch(self, route: Route) -> Batch:
        """The rows as a batch."""
        rows = np.array(self.rows, np.intp)
        failures = [
            Failed(path, kind, rows, tuple(texts))
            for (path, kind), texts in zip(self.failures, zip(*self.messages, strict=True), strict=True)
        ]
        return Batch(rows, route.given, route.wanted, tuple(failures), (route,), self.derivations)

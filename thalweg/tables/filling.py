"""The filling of a table: rows with the same holes go one way together.

A group of rows walks along its route, calling each function once with columns.  Rows that a function fails leave the
group and go on as a group of their own, by the cheapest route without what failed, with all they know so far::

    group --domain refuses, function raises--> group of the failed rows, on another route
      |
      +--end of the route--> batch: cells written, route remembered for the report

What is not plain (gates, collecting nodes, filters and callbacks of data, a value that is not given this time) is
left to a dispatch of each row by itself, which is always right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dispatcher import Dispatcher
from ..dispatcher.network import Kind
from ..dispatcher.plan import path_text
from .calling import Caller
from .columns import Column, Constant, Values
from .patterns import Rows, find_patterns, row_numbers
from .table import Array, Name, Table, as_numbers
from .ways import Planner, Route, Way, dispatch_row

__all__ = ["Batch", "Failed", "Filling"]

_REFUSED = "DomainError: its domain refused the values"
_ALONE = 3  # rows of so small a pattern are dispatched one by one: no dearer, and nothing is tried


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
    ways : dict of Hashable to Way, or None
        Way of each filled datum where it is not that of the last route.
    """

    rows: Rows
    given: tuple[Name, ...]
    wanted: tuple[Name, ...]
    failures: tuple[Failed, ...]
    routes: tuple[Route, ...]
    ways: dict[Name, Way] | None = None

    @property
    def filled(self) -> Iterable[Name]:
        """Columns that were filled."""
        return self.routes[-1].reached if self.ways is None else self.ways

    def way(self, name: Name) -> Way:
        """How a filled column came about."""
        return self.routes[-1].way(name) if self.ways is None else self.ways[name]

    def failures_of(self, name: Name) -> tuple[Failed, ...]:
        """The failures that made a datum take another way."""
        if self.ways is not None:
            return self.failures  # nobody can tell any more which of them did
        pairs = zip(self.failures, self.routes, strict=False)
        return tuple([failed for failed, route in pairs if route.uses(name, failed.function)])


@dataclass(slots=True)
class _Group:
    """Rows on the same route, and what they know."""

    rows: Rows
    count: int
    routes: tuple[Route, ...]
    failures: tuple[Failed, ...] = ()
    values: dict[int, Values] = field(default_factory=dict)
    held: dict[tuple[int, int], Values] = field(default_factory=dict)  # (function, datum): not of use so far

    def part(self, some: NDArray[np.intp], route: Route | None = None, failed: Failed | None = None) -> _Group:
        """Some of the rows, maybe on another route after a failure."""
        return _Group(
            row_numbers(self.rows)[some],
            len(some),
            self.routes if route is None else (*self.routes, route),
            self.failures if failed is None else (*self.failures, failed),
            {x: values.take(some) for x, values in self.values.items()},
            {key: values.take(some) for key, values in self.held.items()},
        )


class Filling:
    """One filling of one table.

    Parameters
    ----------
    dsp : Dispatcher
    table : Table
    wanted : sequence of Hashable
        Data to be filled; those without a column get one.
    known : sequence of Hashable
        Columns that the model knows.
    objective : {"span", "tree"}
    """

    def __init__(
        self, dsp: Dispatcher, table: Table, wanted: Sequence[Name], known: Sequence[Name], objective: str
    ) -> None:
        self.table = table
        self.wanted = wanted
        self.known = known
        self.planner = Planner(dsp, objective)
        self.caller = Caller()
        self.batches: list[Batch] = []
        self.cells = {name: _Cells(table, name) for name in wanted}
        self.groups: list[_Group] = []
        self.filtered: dict[int, Callable[..., Any]] = {}

    def run(self) -> None:
        """Fill all holes that can be filled."""
        table = self.table
        masks = {name: holes for name in self.known if (holes := table.holes(name)).any()}
        for pattern in find_patterns(masks, table.rows):
            given = tuple([name for name in self.known if name not in pattern.holes])
            wanted = tuple([name for name in self.wanted if name in pattern.holes or name not in table])
            if not wanted:
                continue
            self.groups.append(_Group(pattern.rows, pattern.count, (self.planner.route(given, wanted),)))
            while self.groups:
                group = self.groups.pop()
                if group.routes[-1].plain and (group.failures or group.count > _ALONE):
                    self._walk(group)
                else:
                    self._one_by_one(group)

    def result(self) -> Table:
        """The table with what was filled."""
        columns = {name: cells.column() for name, cells in self.cells.items()}
        return self.table.with_cells({name: found for name, found in columns.items() if found is not None})

    def _walk(self, group: _Group) -> None:
        """Go along the route of a group, as far as there are rows left."""
        route = group.routes[-1]
        plan = route.plan
        network, provider = plan.network, plan.search.provider
        for x in plan.order:
            if x in group.values:
                continue
            f = provider[x]
            if network.kind[f] == Kind.LINK:
                group.values[x] = self._value(group, network.inputs[f][0])
            elif (f, x) in group.held:
                group.values[x] = group.held.pop((f, x))
            else:
                self._call(group, f)
                if not group.count:
                    return
                group.values[x] = group.held.pop((f, x))
        for name, x in route.reached.items():
            self.cells[name].put(group.rows, self._value(group, x))
        self.batches.append(Batch(group.rows, tuple(route.given), tuple(route.wanted), group.failures, group.routes))

    def _value(self, group: _Group, x: int) -> Values:
        """Value of a datum that is known: computed, given by a column, or a default."""
        value = group.values.get(x)
        if value is None:
            route = group.routes[-1]
            network = route.plan.network
            name = network.data_ids[x]
            if not network.data_level[x] and name in route.given:
                value = Column(self.table[name][group.rows])
            else:
                value = Constant(network.defaults[x][2])
            group.values[x] = value
        return value

    def _call(self, group: _Group, f: int) -> None:
        """Call a function for a group; rows that it fails leave the group."""
        network = group.routes[0].plan.network
        node = network.records[f]
        columns = node.attributes.get("columns")
        if node.input_domain is not None:
            args = [self._value(group, u) for u in network.arguments[f]]
            answer = self.caller.call(node.input_domain, args, group.count, outputs=0, columns=columns)
            self._part_from(group, f, "domain", answer.errors, answer.odd)
            truths = answer.outputs[0].take(self._rest)
            
        raise NotImplementedError

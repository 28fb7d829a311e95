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
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dispatcher import Dispatcher
from ..dispatcher.network import Kind
from ..dispatcher.plan import path_text
from .batches import Alike, Batch, Failed, shorten
from .calling import Caller
from .cells import Cells
from .columns import Column, Constant, Values, describe, quiet
from .patterns import find_patterns, row_numbers
from .routes import Planner, Route, dispatch_row
from .table import Array, Name, Rows, Table, as_objects

__all__ = ["Filling"]

_REFUSED = "DomainError: its domain refused the values"
_ALONE = 3  # rows of so small a pattern are dispatched one by one: no dearer, and nothing is tried


@dataclass(slots=True)
class _Group:
    """Rows on the same route, and what they know."""

    rows: Rows
    count: int
    routes: tuple[Route, ...]
    failures: tuple[Failed, ...] = ()
    values: dict[int, Values] = field(default_factory=dict)
    held: dict[tuple[int, int], Values] = field(default_factory=dict)  # (function, datum): not of use so far

    def shrink(self, stay: NDArray[np.intp]) -> None:
        """Keep only some of the rows."""
        rest = self.part(stay)
        self.rows, self.count, self.values, self.held = rest.rows, rest.count, rest.values, rest.held

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
        self.dsp = dsp
        self.table = table
        self.wanted = wanted
        self.known = known
        self.planner = Planner(dsp, objective)
        self.caller = Caller()
        self.batches: list[Batch] = []
        self.cells = {name: Cells(table, name) for name in wanted}
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
                if group.routes[-1].is_plain and (group.failures or group.count > _ALONE):
                    self._walk(group)
                else:
                    self._one_by_one(group)

    def result(self) -> Table:
        """The table with what was filled."""
        cells = self.cells.items()
        changed = {name: (each.array, each.rows) for name, each in cells if each.array is not None}
        fresh: dict[Name, tuple[Array, list[Rows]]] = {
            name: (each.base, []) for name, each in cells if each.array is None and name not in self.table
        }
        return self.table.with_cells(changed | fresh)

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
        self.batches.append(Batch(group.rows, route.given, route.wanted, group.failures, group.routes))

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
        """Call a function for a group; rows that it fails leave the group, the others hold what it gave."""
        network = group.routes[0].plan.network
        node = network.records[f]
        columns = node.attributes.get("columns")
        if node.input_domain is not None:
            self._ask(group, f, node.input_domain, columns=columns)
        if not group.count:
            return
        function = self.filtered.setdefault(f, _with_filters(node.function, node.filters))
        args = [self._value(group, u) for u in network.arguments[f]]
        outcome = self.caller.call(function, args, group.count, outputs=len(node.outputs), columns=columns)
        stay = None
        if outcome.errors or outcome.odd:
            gone = np.zeros(group.count, np.bool_)
            gone[[*outcome.errors, *outcome.odd]] = True
            stay = np.flatnonzero(~gone)
            self._fail_each(group, f, "error", outcome.errors)
            if outcome.odd:
                self._one_by_one(group.part(np.array(sorted(outcome.odd), np.intp)))
            group.shrink(stay)
        for (x, _), values in zip(network.provides[f], outcome.outputs, strict=False):
            group.held[f, x] = values if stay is None else values.take(stay)

    def _ask(self, group: _Group, f: int, domain: Callable[..., Any], *, columns: bool | None) -> None:
        """Ask the domain of a function for a group; rows that it refuses leave the group."""
        args = [self._value(group, u) for u in group.routes[0].plan.network.arguments[f]]
        answer = self.caller.call(domain, args, group.count, outputs=0, columns=columns)
        allowed = np.zeros(group.count, np.bool_)
        for truths in answer.outputs:
            assert isinstance(truths, Column)
            allowed |= truths.array
        raised = list(answer.errors)
        allowed[raised] = True
        refused = np.flatnonzero(~allowed)
        if not len(refused) and not raised:
            return
        self._fail(group, f, "refused", refused, (_REFUSED,))
        messages = {i: f"DomainError: its domain raised {error}" for i, error in answer.errors.items()}
        self._fail_each(group, f, "domain", messages)
        allowed[raised] = False
        group.shrink(np.flatnonzero(allowed))

    def _fail_each(self, group: _Group, f: int, kind: str, errors: dict[int, str]) -> None:
        """Send rows that a function failed by another route, each with a message of its own."""
        some = sorted(errors)
        self._fail(group, f, kind, np.array(some, np.intp), shorten([errors[i] for i in some]))

    def _fail(self, group: _Group, f: int, kind: str, some: NDArray[np.intp], messages: tuple[str, ...]) -> None:
        """Send rows that a function failed by another route."""
        if not len(some):
            return
        route = group.routes[-1]
        path = path_text(route.plan.network.function_path(f))
        failed = Failed(path, kind, row_numbers(group.rows)[some], messages, f)
        other = self.planner.route(route.given, route.wanted, route.banned | {f})
        self.groups.append(group.part(some, other, failed))

    def _one_by_one(self, group: _Group) -> None:
        """Dispatch each row of a group by itself."""
        route = group.routes[0]
        rows = row_numbers(group.rows)
        cells = [Column(self.table[name][rows]).cells() for name in route.given]
        found: dict[Any, Alike] = {}
        values: dict[Name, dict[int, Any]] = {name: {} for name in route.wanted}
        with np.errstate(**quiet()):
            for i, row in zip(rows.tolist(), zip(*cells, strict=True) if cells else repeat(()), strict=False):
                solution, derivations = dispatch_row(self.dsp, route, dict(zip(route.given, row, strict=True)))
                for name in route.wanted:
                    if name in solution:
                        values[name][i] = solution[name]
                failures = tuple([(path, each.kind, each.function) for path, each in solution.errors.items()])
                key = None if derivations is None else (tuple(derivations.items()), failures)
                alike = found.setdefault(key, Alike(derivations, failures))
                alike.rows.append(i)
                alike.messages.append([describe(failure.error) for failure in solution.errors.values()])
        for name, filled in values.items():
            if filled:
                self.cells[name].put(np.array(list(filled), np.intp), Column(as_objects(list(filled.values()))))
        self.batches += [alike.batch(self.planner, route) for alike in found.values()]


def _with_filters(function: Callable[..., Any], filters: Iterable[Callable[[Any], Any]]) -> Callable[..., Any]:
    """A function and the filters of its result as one function."""
    chain = tuple(filters)
    if not chain:
        return function

    def filtered(*args: Any) -> Any:
        value = function(*args)
        for each in chain:
            value = each(value)
        return value

    return filtered

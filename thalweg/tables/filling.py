"""The filling of a table: rows with the same holes go one way together, see `thalweg.tables.walking`.

What cannot be gone with columns is left to a dispatch of each row by itself, which is always right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any

import numpy as np

from ..dispatcher import Dispatcher, Solution
from .batches import Alike, Batch
from .calling import Caller
from .cells import Cells
from .columns import Column, Values, describe, quiet
from .patterns import find_patterns, row_numbers
from .routes import Planner, Route, derivations_of
from .table import Array, Name, Rows, Table, as_objects
from .walking import Group, Walk

__all__ = ["Filling"]

_ALONE = 3  # rows of so small a pattern are dispatched one by one: no dearer, and nothing is tried


class Filling(Walk):
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
    executor : str or Executor, optional
        Makes the calls, of each row by itself.
    on_rows : callable, optional
        Told how many rows more are through.
    stopper : object or None
        An event with ``is_set()``; once it is set nothing more is called.
    """

    def __init__(
        self,
        dsp: Dispatcher,
        table: Table,
        wanted: Sequence[Name],
        known: Sequence[Name],
        objective: str,
        *,
        executor: Any = None,
        on_rows: Callable[[int], object] | None = None,
        stopper: Any = None,
    ) -> None:
        super().__init__(Planner(dsp, objective), Caller(stopper))
        self.executor = executor
        self.on_rows = on_rows or (lambda _: None)
        self.dsp = dsp
        self.table = table
        self.wanted = wanted
        self.known = known
        self.batches: list[Batch] = []
        self.cells = {name: Cells(table, name) for name in wanted}

    def run(self) -> None:
        """Fill all holes that can be filled.

        Raises
        ------
        Ended
            By the stopper.
        """
        table = self.table
        masks = {name: holes for name in self.known if (holes := table.holes(name)).any()}
        for pattern in find_patterns(masks, table.rows):
            given = tuple([name for name in self.known if name not in pattern.holes])
            wanted = tuple([name for name in self.wanted if name in pattern.holes or name not in table])
            if not wanted:
                self.on_rows(pattern.count)
                continue
            self.groups.append(Group(pattern.rows, pattern.count, (self.planner.route(given, wanted),)))
            while self.groups:
                group = self.groups.pop()
                by_columns = group.routes[-1].is_plain and (group.failures or group.count > _ALONE)
                if by_columns and self.executor is None:
                    self.walk(group)
                else:
                    self.leave(group)

    def result(self) -> Table:
        """The table with what was filled."""
        cells = self.cells.items()
        changed = {name: (each.array, each.rows) for name, each in cells if each.array is not None}
        fresh: dict[Name, tuple[Array, list[Rows]]] = {
            name: (each.base, []) for name, each in cells if each.array is None and name not in self.table
        }
        return self.table.with_cells(changed | fresh)

    def given(self, group: Group, name: Name) -> Values:
        """Values of a known column in the rows of a group."""
        return Column(self.table[name][group.rows])

    def arrive(self, group: Group, values: dict[Name, Values]) -> None:
        """Write the cells of a group."""
        for name, found in values.items():
            self.cells[name].put(group.rows, found)
        route = group.routes[-1]
        self.batches.append(Batch(group.rows, route.given, route.wanted, group.failures, group.routes))
        self.on_rows(group.count)

    def leave(self, group: Group) -> None:
        """Dispatch each row of a group by itself."""
        route = group.routes[0]
        rows = row_numbers(group.rows)
        cells = [Column(self.table[name][rows]).cells() for name in route.given]
        found: dict[Any, Alike] = {}
        values: dict[Name, dict[int, Any]] = {name: {} for name in route.wanted}
        inputs = (
            dict(zip(route.given, row, strict=True)) for row in (zip(*cells, strict=True) if cells else repeat(()))
        )
        with np.errstate(**quiet()):
            for i, (row, solution) in zip(rows.tolist(), self._dispatched(route, inputs, len(rows)), strict=True):
                derivations = derivations_of(solution, route, row)
                self.caller.check()
                for name in route.wanted:
                    if name in solution:
                        values[name][i] = solution[name]
                failures = tuple([(path, each.kind, each.function) for path, each in solution.errors.items()])
                key = None if derivations is None else (tuple(derivations.items()), failures)
                alike = found.setdefault(key, Alike(derivations, failures))
                alike.rows.append(i)
                alike.messages.append([describe(failure.error) for failure in solution.errors.values()])
                self.on_rows(1)
        for name, filled in values.items():
            if filled:
                self.cells[name].put(np.array(list(filled), np.intp), Column(as_objects(list(filled.values()))))
        self.batches += [alike.batch(self.planner, route) for alike in found.values()]

    def _dispatched(
        self, route: Route, inputs: Iterator[dict[Name, Any]], count: int
    ) -> Iterator[tuple[dict[Name, Any], Solution]]:
        """Rows, and what their dispatches leave; on a plan that is there already where these are in line."""
        rows, stopper = islice(inputs, count), self.caller.stopper
        if self.executor is None:
            return ((row, self.dsp.run(route.plan, row, raises=False, stopper=stopper)) for row in rows)
        known = list(rows)
        options = {"executor": self.executor, "objective": self.planner.objective, "raises": False, "stopper": stopper}
        return zip(known, self.dsp.map(known, route.wanted, **options), strict=True)

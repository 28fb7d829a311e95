"""Compiled models over columns: one walk for all rows, instead of one call for each.

Rows that cannot go together (see `thalweg.tables.walking`) are handed to the compiled function one by one, so what it
says of a row is always the last word.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from ..dispatcher.compiled import Compiled
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import Plan
from ..errors import TableError, UnreachableError
from ..tokens import NONE
from .calling import Caller
from .columns import Column, Constant, Values, gather, lock, quiet
from .patterns import row_numbers
from .routes import Planner, Route
from .table import Array, Rows, as_numbers, as_objects
from .walking import Group, Walk

__all__ = ["vectorized"]

_FEW = 8  # below, rows are called one by one: no dearer
_PART = 1 << 15  # rows that go together: a few columns of so many fit into the cache of a core
_ROUTES = 1000  # ways round failures that are remembered
_NAMED = 5  # rows that an error names


def vectorized(plain: Compiled, plan: Plan, missing: Any) -> Compiled:
    """A compiled model that takes columns.

    Parameters
    ----------
    plain : Compiled
        What it does for one row.
    plan : Plan
        That it was made of.
    missing : object
        What stands where a row cannot have an output; NONE to raise.
    """
    by_columns = _ByColumns(plain, plan, missing)
    compiled = Compiled(by_columns)
    compiled.__dict__ |= plain.__dict__
    compiled.__signature__ = by_columns.signature
    return compiled


class _ByColumns:
    """Calls a compiled model for all rows of some columns.

    Attributes
    ----------
    signature : Signature
        That of the compiled model, whose annotations are about single values.
    planner, caller
        What was found out in earlier calls.
    is_strict : bool
        A failure ends the call, or may do so: no other way is taken with columns.
    """

    def __init__(self, plain: Compiled, plan: Plan, missing: Any) -> None:
        self.plain = plain
        self.plan = plan
        self.missing = missing
        self.dsp, _, (_, _, self.fallback, _, self.constants, *_) = plain.made_by
        self.is_strict = not self.fallback or self.dsp.raises is True or callable(self.dsp.raises)
        slots = plan.network.start_slots.values()
        known = plain.recipe.known.items()
        self.known: dict[int, Values] = {x: Constant(value) for x, value in known if x not in slots}
        signature = inspect.signature(plain)
        parameters = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
        self.signature = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
        self.caller = Caller()
        self.first = Route(plan, (*plain.inputs, *self.constants), plain.outputs, frozenset())
        self.planner = Planner(self.dsp, "span", self.first)

    def __call__(self, *args: Any, **named: Any) -> Any:
        bound = self.signature.bind(*args, **named).arguments
        values: dict[NodeId, Values] = {}
        for data_id, parameter in zip(self.plain.inputs, self.signature.parameters.values(), strict=True):
            is_given = parameter.name in bound
            values[data_id] = _values(bound[parameter.name], data_id) if is_given else Constant(parameter.default)
        count = _count(values)
        if count is None:
            return self.plain(*args, **named)
        if len(self.planner) > _ROUTES:
            self.planner = Planner(self.dsp, "span", self.first)
        return _Rows(self, values, count).results()


class _Rows(Walk):
    """One call, for all its rows.

    Parameters
    ----------
    model : _ByColumns
    values : dict of Hashable to Values
        What is given, by input.
    count : int
        Number of rows.
    """

    def __init__(self, model: _ByColumns, values: dict[NodeId, Values], count: int) -> None:
        super().__init__(model.planner, model.caller)
        self.model = model
        self.columns = values
        self.count = count
        self.values = values | {data_id: Constant(value) for data_id, value in model.constants.items()}
        self.found: dict[NodeId, list[tuple[Rows, Values]]] = {data_id: [] for data_id in model.plain.outputs}
        self.apart: list[NDArray[np.intp]] = []  # rows to be taken one by one
        self.lost: list[NDArray[np.intp]] = []  # those of them that have no way left

    def results(self) -> Any:
        """An array, or a tuple of arrays, one for each output."""
        # A NONE that is given is nothing that is given: only a run knows what to do then.
        is_whole = not any(map(_has_nothing, self.columns.values()))
        for start in range(0, self.count, _PART):
            stop = min(start + _PART, self.count)
            known = dict(self.model.known)
            self.groups.append(Group(slice(start, stop), stop - start, (self.model.first,), values=known))
            while self.groups:
                group = self.groups.pop()
                if is_whole and (group.failures or group.count >= _FEW) and self._is_for_columns(group):
                    self.walk(group)
                else:
                    self.leave(group)
        if self.apart:
            self._one_by_one(np.sort(np.concatenate(self.apart)))
        arrays = tuple([_joined(found, self.count, self.model.missing) for found in self.found.values()])
        return arrays[0] if len(arrays) == 1 else arrays

    def _is_for_columns(self, group: Group) -> bool:
        """May rows go their way together, and to an end?"""
        route = group.routes[-1]
        outlet = route.plan.network.top.outlet
        if not route.is_plain or any(data_id in outlet for data_id in route.wanted):
            return False
        if self.model.missing is not NONE or len(route.reached) == len(route.wanted):
            return True
        self.lost.append(row_numbers(group.rows))
        return False

    def given(self, group: Group, name: NodeId) -> Values:
        """Values of an input in the rows of a group."""
        values = self.values[name]
        return Column(values.array[group.rows], values.numpy) if isinstance(values, Column) else values

    def arrive(self, group: Group, values: dict[NodeId, Values]) -> None:
        """Note the outputs of a group."""
        for data_id, found in values.items():
            self.found[data_id].append((group.rows, found))

    def leave(self, group: Group) -> None:
        """The rows of a group are to be taken one by one, when all others have arrived."""
        self.apart.append(row_numbers(group.rows))

    def fail(self, group: Group, f: int, kind: str, some: NDArray[np.intp], messages: tuple[str, ...]) -> None:
        """Send rows that a function failed by another route, if they may take one."""
        if self.model.is_strict:
            self.apart.append(row_numbers(group.rows)[some])
        else:
            super().fail(group, f, kind, some, messages)

    def _one_by_one(self, rows: NDArray[np.intp]) -> None:
        """Call the compiled function for rows in their order, so that the first error is that of a loop."""
        plain, missing = self.model.plain, self.model.missing
        found: list[list[Any]] = []
        with np.errstate(**quiet()):
            cells = [values.take(rows).cells() for values in self.columns.values()]
            for row, args in zip(rows.tolist(), zip(*cells, strict=False), strict=True):
                try:
                    results = plain(*args)
                except Exception as error:
                    if not (isinstance(error, UnreachableError) and self.model.fallback):
                        error.add_note(f"This was in row {row} of {self.count}.")
                        raise
                    if missing is NONE:
                        self._refuse(row, error)
                    found.append(self._partial(args))
                else:
                    found.append(list(results) if len(plain.outputs) > 1 else [results])
        for data_id, column in zip(plain.outputs, zip(*found, strict=True), strict=True):
            self.found[data_id].append((rows, gather(list(column))))

    def _partial(self, args: tuple[Any, ...]) -> list[Any]:
        """What a row can have."""
        model = self.model
        given = dict(zip(model.plain.inputs, args, strict=True)) | model.constants
        solution = model.dsp.run(model.plan, given, raises=False)
        return [solution.get(data_id, model.missing) for data_id in model.plain.outputs]

    def _refuse(self, row: int, error: UnreachableError) -> Never:
        """Say which rows cannot have all outputs: this one, and those of which it is known."""
        rows = sorted({row, *[each for lost in self.lost for each in lost.tolist() if each > row]})
        names = ", ".join(map(str, rows[:_NAMED])) + (f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else "")
        which = f"row {names}" if len(rows) == 1 else f"rows {names}"
        raise UnreachableError(
            f"{which} of {self.count} cannot have all outputs; in row {row} {error}; compile with missing= to go on",
            path=error.path,
            outputs=error.outputs,
            missing=error.missing,
            failures=error.failures,
            solution=error.solution,
            rows=tuple(rows),
        ) from error.__cause__


def _values(given: Any, name: NodeId) -> Values:
    """What was given for an input: a column, or one value for all rows."""
    if isinstance(given, np.ma.MaskedArray):
        raise TableError(f"{name!r} is a masked array; give one without a mask, with a value in each row")
    if hasattr(given, "__array__") and not isinstance(given, np.generic):
        array = np.asarray(given)
        if array.ndim > 1:
            raise TableError(f"{name!r} has the shape {array.shape}; give one value for each row, or one for all")
        return _column(array) if array.ndim else Constant(array[()])
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes, bytearray, memoryview)):
        return gather(list(given))
    return Constant(given)


def _column(array: Array) -> Column:
    """A column of an array: floats as they are, all else as the objects that a single call would get."""
    if array.dtype.kind == "f" and array.itemsize <= np.dtype(np.float64).itemsize:
        return Column(lock(np.asarray(array, np.float64).view()))  # a view: the user's own array stays writeable
    if array.dtype == object:
        return gather(array.tolist())
    return Column(lock(array.astype(object) if array.dtype.kind in "biucUS" else as_objects(list(array))))


def _count(values: Mapping[NodeId, Values]) -> int | None:
    """How many rows the columns have; None if there is no column."""
    lengths = {data_id: len(each.array) for data_id, each in values.items() if isinstance(each, Column)}
    for data_id, length in lengths.items():
        first = next(iter(lengths))
        if length != lengths[first]:
            raise TableError(f"{data_id!r} has {length} rows and {first!r} {lengths[first]}; give all the same")
    return next(iter(lengths.values()), None)


def _has_nothing(values: Values) -> bool:
    """Is a NONE among the values?"""
    if isinstance(values, Constant):
        return values.value is NONE
    return values.array.dtype == object and any(cell is NONE for cell in values.array)


def _joined(found: Sequence[tuple[Rows, Values]], count: int, missing: Any) -> Array:
    """Values of all rows as one array of the user's own: of numbers if they are, else of objects."""
    filled = sum(len(row_numbers(rows)) for rows, _ in found)
    if filled < count:
        rest = np.ones(count, np.bool_)
        for rows, _ in found:
            rest[rows] = False
        found = [*found, (np.flatnonzero(rest), Constant(missing))]
    is_float = all(_is_float(values) for _, values in found)
    array: Array = np.empty(count, np.float64 if is_float else object)
    for rows, values in found:
        if is_float:
            array[rows] = values.array if isinstance(values, Column) else values.value
        elif isinstance(values, Column):
            array[rows] = as_objects(values.cells()) if values.numpy else values.array.astype(object)
        else:
            array[rows] = as_objects([values.value] * len(array[rows]))
    return array if is_float else _narrowed(array)


def _is_float(values: Values) -> bool:
    if isinstance(values, Column):
        return values.array.dtype == np.float64
    return isinstance(values.value, float)


def _narrowed(objects: Array) -> Array:
    """The same values in an array of truths or numbers, if all are that, and exact as such."""
    cells = objects.tolist()
    kinds = set(map(type, cells))
    kind = next(iter(kinds)) if len(kinds) == 1 else object
    if kind in (bool, int, complex) or (issubclass(kind, np.generic) and kind is not np.void):
        try:
            array: Array = np.array(cells, np.int64 if kind is int else None)
        except OverflowError:
            return objects
        return array if array.ndim == 1 else objects
    numbers = as_numbers(cells)
    return objects if numbers is None else numbers

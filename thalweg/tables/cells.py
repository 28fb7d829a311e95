"""What is written into a column while a table is filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from .columns import Column, Constant, Values
from .table import Array, Name, Rows, Table, as_numbers, as_objects

__all__ = ["Cells"]


class Cells:
    """What is written into one column."""

    def __init__(self, table: Table, name: Name) -> None:
        self.base = table[name] if name in table else np.full(table.rows, np.nan)
        self.array: Array | None = None
        self.rows: list[Rows] = []

    def put(self, rows: Rows, values: Values) -> None:
        """Write values; the column becomes one of objects with the first that is no number."""
        array = self.array = self.base.copy() if self.array is None else self.array
        fresh: Any
        if isinstance(values, Constant):
            numbers = as_numbers([values.value])
            fresh = values.value if numbers is None else numbers[0]
        else:
            numbers = values.array if values.array.dtype != object else as_numbers(values.array.tolist())
            fresh = values.array if numbers is None else numbers
        if array.dtype != object and numbers is None:
            array = self.array = self._as_objects(array)
        if array.dtype != object:
            array[rows] = fresh
        else:
            cells = values.cells() if isinstance(values, Column) else [values.value] * len(array[rows])
            array[rows] = as_objects([_plain(cell) for cell in cells])
        self.rows.append(rows)

    def _as_objects(self, array: Array) -> Array:
        objects = array.astype(object)
        holes = np.isnan(array)
        for rows in self.rows:
            holes[rows] = False  # a NaN that was computed is no hole
        objects[holes] = None
        return objects


def _plain(cell: Any) -> Any:
    """The cell, as Python's own number where it is numpy's."""
    if isinstance(cell, np.generic) or (isinstance(cell, np.ndarray) and not cell.ndim):
        return cell.item()
    return cell

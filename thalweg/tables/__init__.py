"""Tables whose holes are filled by a model: rows with the same holes go one way together."""

from .files import read_table, write_table
from .filled import Filled, fill
from .table import Table

__all__ = ["Filled", "Table", "fill", "read_table", "write_table"]

"""Tables whose holes are filled by a model: rows with the same holes go one way together."""

from .filled import Filled, fill
from .table import Table

__all__ = ["Filled", "Table", "fill"]

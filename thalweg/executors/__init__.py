"""How calls are run: one file per executor, and the table of their names."""

from .contract import Call, Drivable, Executor, perform
from .inline import InlineExecutor

__all__ = ["Call", "Drivable", "Executor", "InlineExecutor", "perform"]

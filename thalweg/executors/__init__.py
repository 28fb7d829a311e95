"""How calls are run: one file per executor, and the table of their names."""

from .contract import Attempt, Call, Drivable, Executor, Outcome, perform
from .inline import InlineExecutor
from .policy import Policy

__all__ = ["Attempt", "Call", "Drivable", "Executor", "InlineExecutor", "Outcome", "Policy", "perform"]

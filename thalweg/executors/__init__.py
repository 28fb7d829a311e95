"""How calls are run: one file per executor, and the table of their names."""

from .contract import Attempt, Call, Drivable, Executor, Outcome, perform
from .events import Event, subscribe
from .gate import Gate
from .inline import InlineExecutor
from .placement import Offer, Placement
from .policy import Policy
from .table import executor_names, open_executor, shutdown_executors

__all__ = [
    "Attempt",
    "Call",
    "Drivable",
    "Event",
    "Executor",
    "Gate",
    "InlineExecutor",
    "Offer",
    "Outcome",
    "Placement",
    "Policy",
    "executor_names",
    "open_executor",
    "perform",
    "shutdown_executors",
    "subscribe",
]

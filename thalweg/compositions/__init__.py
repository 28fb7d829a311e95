"""Very many small graphs of coroutines at once: another way to say what the executors run."""

from ..errors import ContinueAfterErrorException, StopScheduleException, TryAgainException
from .composition import Composition
from .instruments import CallableInstrument, HttpInstrument
from .node_runner import NodeRunner
from .note import DAGNote
from .perform import Metrics, Perform
from .status import Status

__all__ = [
    "CallableInstrument",
    "Composition",
    "ContinueAfterErrorException",
    "DAGNote",
    "HttpInstrument",
    "Metrics",
    "NodeRunner",
    "Perform",
    "Status",
    "StopScheduleException",
    "TryAgainException",
]

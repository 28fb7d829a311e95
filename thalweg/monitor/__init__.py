"""What reads the event stream of runs: progress bars, logs, spans; all off until asked for."""

from ..executors.events import Event, subscribe
from ..executors.states import State
from .logs import Logs, log_to
from .progress import Progress
from .roster import Roster
from .spans import Spans, trace_to

__all__ = ["Event", "Logs", "Progress", "Roster", "Spans", "State", "log_to", "subscribe", "trace_to"]

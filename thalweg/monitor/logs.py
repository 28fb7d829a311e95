"""The event stream as records of the standard `logging`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..dispatcher.solution import Solution
from ..errors import DomainError
from ..executors.contract import Outcome
from ..executors.events import Event, subscribe

if TYPE_CHECKING:
    import logging

__all__ = ["Logs", "log_to"]


class Logs:
    """A subscriber that writes the events of runs to loggers.

    Parameters
    ----------
    logger : str or logging.Logger, optional
        Runs are written to its child ``run``, calls to its child ``call``.

    Notes
    -----
    =========  ================================================================================================
    level      what
    =========  ================================================================================================
    debug      a run begins; a call begins, is done, is cancelled, or its domain refuses the values
    info       a run ends; what came instead of what failed
    warning    a try failed, a call failed; a run ends by an error
    =========  ================================================================================================

    Each record has the fields ``run`` and ``path``, and at the end of something ``seconds``; those of calls ``state``,
    ``try_number`` and ``place``, too.  Handlers, formats and levels are the application's to choose.
    """

    def __init__(self, logger: str | logging.Logger = "thalweg") -> None:
        import logging

        top = logging.getLogger(logger) if isinstance(logger, str) else logger
        self.run_log = top.getChild("run")
        self.call_log = top.getChild("call")
        self.levels = (logging.DEBUG, logging.INFO, logging.WARNING)
        self.begun: dict[int, float] = {}

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if event.kind == "begin":
            self.begun[event.run] = event.time
            self.run_log.debug("run %d begins", event.run, extra={"run": event.run, "path": ""})
        elif event.kind == "end":
            self._write_end(event)
        else:
            self._write_call(event)

    def _write_call(self, event: Event) -> None:
        debug, _, warning = self.levels
        is_refused = isinstance(event.error, DomainError) and event.error.__cause__ is None
        level = debug if event.error is None or is_refused else warning
        attempt = event.attempt
        if attempt is None or not self.call_log.isEnabledFor(level):
            return
        number = attempt.number
        extra: dict[str, Any] = {"run": event.run, "path": event.path, "state": str(event.kind), "try_number": number}
        text = "%s: %s"
        args: list[Any] = [event.path, "failed, to be tried again" if event.kind == "retry" else event.kind]
        if isinstance(event.data, Outcome):
            seconds = event.data.end - event.data.start
            extra |= {"seconds": seconds, "place": event.data.place}
            text += " after %.6f s (try %d, %s)"
            args += [seconds, number, event.data.place]
        if event.error is not None:
            text += ": %s: %s"
            args += [type(event.error).__name__, event.error]
        self.call_log.log(level, text, *args, extra=extra)

    def _write_end(self, event: Event) -> None:
        _, info, warning = self.levels
        seconds = event.time - self.begun.pop(event.run, event.time)
        extra = {"run": event.run, "path": "", "seconds": seconds}
        if isinstance(event.data, Solution):
            for failure in event.data.errors.values():
                if any(other is not None for other in failure.alternative.values()):
                    there = {"run": event.run, "path": failure.path}
                    self.run_log.log(info, "run %d went another way: %s", event.run, failure, extra=there)
        if event.error is None:
            self.run_log.log(info, "run %d ended after %.6f s", event.run, seconds, extra=extra)
        else:
            text = "run %d ended after %.6f s by %s: %s"
            self.run_log.log(warning, text, event.run, seconds, type(event.error).__name__, event.error, extra=extra)


def log_to(logger: str | logging.Logger = "thalweg") -> Callable[[], None]:
    """Write the events of all runs of this process to the standard `logging`.

    Parameters
    ----------
    logger : str or logging.Logger, optional
        As for `Logs`, which says what is written at which level.

    Returns
    -------
    callable
        Ends it.

    Notes
    -----
    Nothing is written, and no logger made, before this is called.  To log one dispatch alone, give it
    ``on_event=Logs()``.

    Examples
    --------
    >>> import logging, sys
    >>> from thalweg import Dispatcher
    >>> handler = logging.StreamHandler(sys.stdout)
    >>> handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(path)s %(state)s"))
    >>> log = logging.getLogger("thalweg.call")
    >>> log.addHandler(handler)
    >>> log.setLevel("DEBUG")
    >>> dsp = Dispatcher()
    >>> dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    'double'
    >>> stop = log_to()
    >>> dsp({"a": 1})["b"]
    DEBUG thalweg.call double running
    DEBUG thalweg.call double done
    2
    >>> stop()
    >>> log.removeHandler(handler)
    >>> log.setLevel("NOTSET")
    """
    return subscribe(Logs(logger))

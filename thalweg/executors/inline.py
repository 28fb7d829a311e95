"""Makes each call at once, in the thread that drives the run."""

from __future__ import annotations

from time import monotonic
from typing import Any

from .contract import Attempt, Call, Drivable, Outcome, perform

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """One call after the other, no thread, no queue.

    Notes
    -----
    A call cannot be cancelled, nor given up when its time is over, for it is made in the thread that would do so: in a
    run that is made in line, calls with a timeout go to a thread.
    """

    name = "sync"
    capacity = 1
    takes_chains = False

    def drive(self, run: Drivable) -> None:
        """Make all calls of `run`, with nothing between them; returns when it is over.

        Notes
        -----
        The loop of every dispatch without an executor: benchmark ``dispatch``.
        """
        done, failed = run.done, run.failed
        while run.is_active():
            for call in run.ready():
                try:
                    if type(call) is Call:
                        value = call.function(*call.args)
                    else:
                        value = perform(call)
                except Exception as error:
                    value = None  # that of the call before is not ours to keep
                    failed(call, error)
                else:
                    done(call, value)

    def start(self, attempt: Attempt) -> None:
        """Make an attempt, here and now."""
        begin = monotonic()
        value: Any = None
        error: BaseException | None = None
        try:
            context = attempt.context
            value = perform(attempt.call) if context is None else context.run(perform, attempt.call)
        except BaseException as caught:  # who drives raises what ends the program
            error = caught
        attempt.report(Outcome(attempt, value, error, begin, monotonic(), self.name))
        del attempt, value, error  # the traceback of what it raised holds this frame

    def cancel(self, attempt: Attempt) -> None:
        """There is nothing to cancel: no attempt is in flight when this can be called."""

    def close(self, grace_seconds: float) -> None:
        """There is nothing to let go."""

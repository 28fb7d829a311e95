"""Makes each call at once, in the thread that drives the run."""

from __future__ import annotations

from .contract import Call, Drivable, perform

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """One call after the other, no thread, no queue.

    Notes
    -----
    The loop of every dispatch without an executor: benchmark ``dispatch``.
    """

    concurrent = False

    def drive(self, run: Drivable) -> None:
        """Make all calls of `run`; returns when it is over."""
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

"""Every exception of thalweg.

This module imports nothing of ours.  Each class derives from `ThalwegError` and from the builtin that a user would
guess, carries its facts as attributes, and pickles.  A message says what happened, to which name, and what to do.
"""

from __future__ import annotations

import graphlib
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

__all__ = [
    "ArityError",
    "BuildError",
    "CallCancelled",
    "CallTimeout",
    "ClusterError",
    "CodeVersionError",
    "ContinueAfterErrorException",
    "CycleError",
    "DispatchError",
    "DomainError",
    "JobError",
    "JournalError",
    "LeaseLostError",
    "MissingExtraError",
    "ModelFileError",
    "PlotError",
    "PromiseError",
    "RenderError",
    "RunCancelledError",
    "RunHeldError",
    "RunTimeout",
    "ServiceError",
    "ServiceUnavailable",
    "SpentError",
    "StopScheduleException",
    "TableError",
    "TaskError",
    "ThalwegError",
    "TransferError",
    "TryAgainException",
    "UnkeptValueError",
    "UnknownExecutorError",
    "UnknownNodeError",
    "UnknownRunError",
    "UnreachableError",
    "WorkerDied",
    "WorkersError",
    "near_misses",
]


class ThalwegError(Exception):
    """Root of all errors raised by thalweg itself.

    Parameters
    ----------
    message : str
        What happened, to which name, what to do.
    **facts : object
        Facts of the case; they become attributes of the error and survive pickling.
    """

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.__dict__.update(facts)

    @property
    def message(self) -> str:
        """The message as one string."""
        return str(self.args[0])

    def __str__(self) -> str:
        # A KeyError would show the repr of its argument; a message is for people.
        return self.message


class BuildError(ThalwegError, ValueError):
    """A model cannot be built as asked: a repeated id, a bad weight, a mapping to nothing."""


class CycleError(BuildError, graphlib.CycleError):
    """Nodes wait for each other in a circle.

    Attributes
    ----------
    cycle : tuple of Hashable
        The nodes, each before the one that waits for it; the first is the last, too.
    """

    cycle: tuple[Hashable, ...]


class UnknownNodeError(ThalwegError, KeyError):
    """A name does not exist in the model.

    Attributes
    ----------
    name : Hashable
        The unknown name.
    suggestions : tuple of Hashable
        Names of the model that look like it, nearest first.
    """

    name: Hashable
    suggestions: tuple[Hashable, ...]

    @classmethod
    def among(cls, name: Hashable, names: Iterable[Hashable], what: str, cure: str = "") -> UnknownNodeError:
        """Say that `name` is not among `names`, with near misses.

        Parameters
        ----------
        name : Hashable
            What was asked for.
        names : iterable of Hashable
            What exists.
        what : str
            The role of the name, e.g. ``"input"``.
        cure : str, optional
            What to do if no suggestion helps.
        """
        close = near_misses(name, names)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        cure = f" ({cure})" if cure else ""
        return cls(f"unknown {what} {name!r}{hint}{cure}", name=name, suggestions=close)


class DispatchError(ThalwegError):
    """A run was ended by a failure (``raises=True`` or a predicate that said so).

    Attributes
    ----------
    path : str
        Path of the node that failed, such as ``"child/f"``.
    solution : Solution
        What was known when the run ended.
    """

    path: str
    solution: Mapping[Hashable, Any]


class UnreachableError(DispatchError, LookupError):
    """A wanted output cannot be had from what was given.

    Attributes
    ----------
    outputs : tuple of Hashable
        The wanted outputs that cannot be had.
    missing : tuple of tuple of Hashable
        Cheapest sets of further inputs that would help, nearest first.
    failures : tuple of str
        Paths of the nodes that failed and stand in the way.
    solution : Solution
        What could be had.
    rows : tuple of int
        Where many rows were computed at once: those that are known to lack an output; the rest is about the first.
    """

    outputs: tuple[Hashable, ...]
    missing: tuple[tuple[Hashable, ...], ...]
    failures: tuple[str, ...]
    rows: tuple[int, ...] = ()


class RunTimeout(DispatchError, TimeoutError):
    """A run took longer than it was given; what was in flight was cancelled.

    Attributes
    ----------
    solution : Solution
        What was known by then.
    """


class CallTimeout(ThalwegError, TimeoutError):
    """A call took longer than the timeout of its node."""


class CallCancelled(ThalwegError):
    """A call was ended before it had a result."""


class SpentError(ThalwegError, RuntimeError):
    """What runs once was to be run, or changed, once more."""


class TryAgainException(ThalwegError):
    """Raised by a node of a composition: this may go better another time.

    Attributes
    ----------
    pause_seconds : float, optional
        Not before this time [s].
    """

    def __init__(self, message: str = "it asks for another try", **facts: Any) -> None:
        super().__init__(message, **facts)


class ContinueAfterErrorException(ThalwegError):
    """Raised by a node of a composition: it has failed, and what waits for it may begin nevertheless."""

    def __init__(self, message: str = "it failed, and says that others may go on", **facts: Any) -> None:
        super().__init__(message, **facts)


class StopScheduleException(ThalwegError):
    """Raised by a node of a composition: nothing of it is to go on."""

    def __init__(self, message: str = "it stopped the composition", **facts: Any) -> None:
        super().__init__(message, **facts)


class ServiceError(ThalwegError, OSError):
    """A service answered with an error, or not at all.

    Attributes
    ----------
    method, url : str
        What was asked.
    status : int or None
        Code of the answer; None if there was none.
    text : str
        The answer.
    """

    method: str
    url: str
    status: int | None
    text: str


class ServiceUnavailable(ServiceError, TryAgainException):
    """A service cannot answer now, and may later.

    Attributes
    ----------
    pause_seconds : float
        Not before this time, as the service says [s]; 0 if it does not.
    """


class WorkerDied(ThalwegError, ChildProcessError):
    """The process that made a call has ended: killed, out of memory, or by `os._exit`."""


class ClusterError(ThalwegError, ConnectionError):
    """A cluster cannot be reached or started, or does not take a call."""


class TransferError(ThalwegError, TypeError):
    """A function, an argument or a result cannot travel to another process or back."""


class UnknownExecutorError(BuildError, LookupError):
    """No executor has this name."""


class DomainError(ThalwegError, ValueError):
    """The domain of a function, or the gate of a sub-dispatcher, refused the values."""


class JobError(ThalwegError, ValueError):
    """A job has no result: it has not ended; or it takes one of a job that has none.

    Attributes
    ----------
    job : str
        Name of the job.
    """

    job: str


class JournalError(ThalwegError, RuntimeError):
    """A journal cannot be read or written: it is damaged, its disk is full, its server is gone."""


class LeaseLostError(JournalError):
    """Another driver has taken a run over, so this one has stopped; what it had recorded is kept.

    Attributes
    ----------
    run : str
        Id of the run.
    """

    run: str


class RunHeldError(JournalError):
    """A run is being driven by somebody else.

    Attributes
    ----------
    run : str
        Id of the run.
    holder : str
        Who drives it.
    seconds : float
        When its lease ends, if nobody renews it, from now [s].
    """

    run: str
    holder: str
    seconds: float


class RunCancelledError(JournalError):
    """A run was cancelled in its journal, so its driver has stopped; it may be resumed.

    Attributes
    ----------
    run : str
        Id of the run.
    """

    run: str


class UnknownRunError(JournalError, KeyError):
    """No run of a journal has this id.

    Attributes
    ----------
    run : str
        The unknown id.
    """

    run: str


class UnkeptValueError(JournalError, TypeError):
    """A value cannot be kept in a journal: it has no safe form, or it is a pickle that nobody has asked for."""


class PromiseError(ThalwegError, TypeError):
    """The promise of a task's value was used as if it were the value.

    Attributes
    ----------
    task : str
        Name of the task that was promised.
    """

    task: str


class TaskError(ThalwegError, RuntimeError):
    """A task of a flow has failed; what it raised is the cause.

    Attributes
    ----------
    task : str
        Name of the task.
    path : str
        Its place among the calls of the run, such as ``"entrypoint/measure[2]"``.
    arguments : str
        What it was called with, in a line.
    chain : tuple of str
        The calls that led to it, from the first on; of very many, the middle is left out.
    """

    task: str
    path: str
    arguments: str
    chain: tuple[str, ...]


class CodeVersionError(ThalwegError, RuntimeError):
    """A worker has another version of the code of a task; it has not called it.

    Attributes
    ----------
    flow : str
        Name of the class.
    place : str or None
        Address of the worker, if it has one.
    """

    flow: str
    place: str | None = None


class WorkersError(ThalwegError, ValueError):
    """A scheduler or workers cannot be started or reached as asked."""


class MissingExtraError(ThalwegError, ImportError):
    """A package is missing that comes with an extra of thalweg.

    Attributes
    ----------
    extra : str
        Name of the extra.
    """

    extra: str

    @classmethod
    def of(cls, what: str, package: str, extra: str) -> MissingExtraError:
        """The error for a thing that needs a package."""
        return cls(f"{what} need {package}, which is not installed; pip install 'thalweg[{extra}]'", extra=extra)


class ArityError(ThalwegError, TypeError):
    """A function gave another number of values than it has outputs."""


class ModelFileError(ThalwegError, ValueError):
    """A model named on the command line cannot be loaded."""


class PlotError(ThalwegError, ValueError):
    """A picture cannot be made as asked: an unknown format or direction, no run to be shown."""


class RenderError(ThalwegError, RuntimeError):
    """A picture cannot be drawn or written: Graphviz is missing or fails, a file cannot be written."""


class TableError(ThalwegError, ValueError):
    """A table cannot be read, or does not fit the model."""


def near_misses(name: Hashable, names: Iterable[Hashable]) -> tuple[Hashable, ...]:
    """Names that look like `name`, nearest first, at most three.

    Parameters
    ----------
    name : Hashable
        What was asked for.
    names : iterable of Hashable
        What exists.

    Examples
    --------
    >>> near_misses("wheight", ["weight", "height", "domain"])
    ('weight', 'height')
    """
    from difflib import get_close_matches

    texts: dict[str, Hashable] = {}
    for other in names:
        texts.setdefault(str(other).lower(), other)
    return tuple(texts[text] for text in get_close_matches(str(name).lower(), list(texts), n=3))

"""The one stream of events that callbacks, progress bars, logs, spans and live pages read.

Without a subscriber there is no stream, and a run that can be made in line is made without one.  Of each call the
events are, in this order::

    running --> retry --> running --> ... --> done, failed or cancelled

A call that the end of the run finds waiting for room, or for its next try, is cancelled without having been running
(again).  All events of a run come from the thread that drives it, one after the other, between its "begin" and its
"end", which comes however the run ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic
from typing import Any

from .contract import Call, SpecialAttempt
from .states import State

__all__ = ["Event", "Stream", "Subscriber", "subscribe", "subscribers"]

_numbers = count(1)
_subscribers: list[Subscriber] = []


class Event:
    """Something that happened in a run.

    Attributes
    ----------
    run : int
        Number of the run in this process.
    path : str
        Path of the node, such as ``"child/f"``; ``""`` where it is the run itself.
    kind : str
        ``"begin"`` and ``"end"`` of a run; of a call a `State`, which equals its name: ``"running"``, ``"done"``,
        ``"failed"``, ``"cancelled"``; ``"retry"`` (this try failed, another will come); and, alone, ``"recalled"`` (the
        call is not made, for its value is in the journal of the run).
    time : float
        By ``time.monotonic()`` [s].
    data : object
        Of ``"begin"``: the plan, or the run of a scenario of jobs; of ``"end"``: the solution or the verdict, or None
        if there is none; of ``"running"``, ``"cancelled"`` and ``"recalled"``: the attempt; else its outcome, both as
        in `thalweg.executors.contract`.
    error : BaseException or None
        What went wrong: of ``"retry"`` and ``"failed"`` in this try, of ``"end"`` what has ended the run.
    """

    __slots__ = ("data", "error", "kind", "path", "run", "time")

    def __init__(
        self, run: int, path: str, kind: str, time: float, data: Any, error: BaseException | None = None
    ) -> None:
        self.run = run
        self.path = path
        self.kind = kind
        self.time = time
        self.data = data
        self.error = error

    @property
    def attempt(self) -> SpecialAttempt | None:
        """The try of a call that it is about; None where it is the run itself."""
        attempt: SpecialAttempt | None = getattr(self.data, "attempt", self.data) if self.path else None
        return attempt

    def __repr__(self) -> str:
        return f"Event(run {self.run}, {self.path!r}, {self.kind})"


Subscriber = Callable[[Event], object]


def subscribe(subscriber: Subscriber) -> Callable[[], None]:
    """Have all runs of this process tell `subscriber` of their events.

    Parameters
    ----------
    subscriber : callable
        Called with each `Event`, in the thread that drives the run; it should be quick.  What it raises is written to
        the logger ``thalweg.events``, and the run goes on.

    Returns
    -------
    callable
        Ends the subscription.  Runs that have begun meanwhile tell of their events to their end.

    Notes
    -----
    Thread-safe.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    'double'
    >>> seen = []
    >>> unsubscribe = subscribe(lambda event: seen.append((event.path, event.kind)))
    >>> dsp({"a": 1})["b"]
    2
    >>> unsubscribe()
    >>> seen
    [('', 'begin'), ('double', 'running'), ('double', 'done'), ('', 'end')]
    """
    _subscribers.append(subscriber)

    def unsubscribe() -> None:
        if subscriber in _subscribers:
            _subscribers.remove(subscriber)

    return unsubscribe


def subscribers() -> list[Subscriber]:
    """Who is told of the events of all runs."""
    return _subscribers.copy()


class Stream:
    """The events of one run.

    Parameters
    ----------
    subscribers : iterable of callable
    path_of : callable
        Path of the node that a call is of.
    """

    def __init__(self, subscribers: Iterable[Subscriber], path_of: Callable[[Call], str]) -> None:
        self.run = next(_numbers)
        self.subscribers = list(subscribers)
        self.path_of = path_of
        self.raised: list[Subscriber] = []

    def __call__(self, kind: str, call: Call | None, data: Any, error: BaseException | None = None) -> None:
        """Tell of one event."""
        if error is None and (kind is State.FAILED or kind == "retry"):
            error = data.error
        event = Event(self.run, "" if call is None else self.path_of(call), kind, monotonic(), data, error)
        for subscriber in self.subscribers:
            try:
                subscriber(event)
            except Exception:
                self._report(subscriber, event)

    def _report(self, subscriber: Subscriber, event: Event) -> None:
        """A subscriber has raised: that is no reason to end the run, nor to fill the log."""
        import logging

        is_first = subscriber not in self.raised
        if is_first:
            self.raised.append(subscriber)
        level = logging.ERROR if is_first else logging.DEBUG
        text = "the subscriber %r raised at %r; the run goes on, and so do its events"
        logging.getLogger("thalweg.events").log(level, text, subscriber, event, exc_info=is_first)

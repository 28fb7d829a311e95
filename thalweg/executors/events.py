"""The one stream of events that callbacks, progress bars, logs, timelines and live pages read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic
from typing import Any

from .contract import Call

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
        ``"begin"`` and ``"end"`` of a run; of a call ``"running"``, ``"retry"`` (this try failed, another will come),
        ``"done"``, ``"failed"``, ``"cancelled"``.
    time : float
        By ``time.monotonic()`` [s].
    data : object
        Of ``"begin"``: the plan; of ``"end"``: the solution, or None if there is none; else the attempt or its outcome,
        as in `thalweg.executors.contract`.
    """

    __slots__ = ("data", "kind", "path", "run", "time")

    def __init__(self, run: int, path: str, kind: str, time: float, data: Any) -> None:
        self.run = run
        self.path = path
        self.kind = kind
        self.time = time
        self.data = data

    def __repr__(self) -> str:
        return f"Event(run {self.run}, {self.path!r}, {self.kind})"


Subscriber = Callable[[Event], object]


def subscribe(subscriber: Subscriber) -> Callable[[], None]:
    """Have all runs of this process tell `subscriber` of their events.

    Parameters
    ----------
    subscriber : callable
        Called with each `Event`, in the thread that drives the run; it should be quick.

    Returns
    -------
    callable
        Ends the subscription.
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

    def __call__(self, kind: str, call: Call | None, data: Any) -> None:
        """Tell of one event."""
        event = Event(self.run, "" if call is None else self.path_of(call), kind, monotonic(), data)
        for subscriber in self.subscribers:
            subscriber(event)

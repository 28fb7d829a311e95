"""A run of calls in an order: each may start when those before it have ended, and takes nothing from them.

Of each call two facts are kept: that it has ended, and, if it went well, what it gave.  Who is before another passes it
nothing but its end, so a failure lets the later ones start all the same::

    waiting --all before it have ended--> ready --> running --> done, failed or cancelled
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from .contract import Attempt, Call, Outcome
from .states import State

__all__ = ["Order"]

Row = tuple[int, int, float, float, str, str | None]  # of a driver, which says what is in it
# To look up a member of an Enum takes as long as all else that is done about a call here.
_WAITING, _READY, _RUNNING, _DONE, _FAILED, _CANCELLED = (
    State.WAITING, State.READY, State.RUNNING, State.DONE, State.FAILED, State.CANCELLED,
)  # fmt: skip


class Order:
    """Numbered calls, to be driven; who derives from it says what each call is.

    Parameters
    ----------
    before : sequence of iterable of int
        By number: the calls that must have ended.
    endless : collection of int, optional
        Calls that nobody waits for: what is left of them when all others have ended is cancelled.  A run of such calls
        alone is over when they are.

    Attributes
    ----------
    states, values : list
        By number.
    errors : dict of int to Exception
        Of those that failed, by number.
    after : list of list of int
        By number: the calls that it is before.
    is_told : bool
        Does the driver tell of each step by `told`?  Then a call that has to wait for a place is ready, not running.
    is_stopped : bool
        Set it, and nothing more starts.
    is_held : bool
        Nothing starts as long as it is set and something is being made.
    rows : list of tuple
        What the driver has noted, when the run is over.

    Notes
    -----
    `ready`, `done` and the making are the hot path of scenarios of jobs: benchmark ``jobs``.
    """

    def __init__(self, before: Sequence[Iterable[int]], endless: Collection[int] = ()) -> None:
        size = len(before)
        self.states = [_WAITING] * size
        self.values: list[Any] = [None] * size
        self.errors: dict[int, Exception] = {}
        self.lacking = [0] * size
        self.after: list[list[int]] = [[] for _ in before]
        for number, numbers in enumerate(before):
            for other in numbers:
                self.after[other].append(number)
                self.lacking[number] += 1
        self.free = deque([number for number, lacking in enumerate(self.lacking) if not lacking])
        self.uncounted = set(endless) if len(endless) < size else set()
        self.counted = size - len(self.uncounted)
        self.is_told = self.is_stopped = self.is_held = False
        self.rows: list[Row] = []

    def call(self, number: int) -> Call:
        """The call of a number, asked for once, when it may start; if this raises, the call has failed."""
        raise NotImplementedError

    def path(self, call: Call) -> str:
        """What people call it."""
        return str(call.number)

    def is_sound(self) -> bool:
        """Would every call have its turn: is there no circle?"""
        lacking = self.lacking.copy()
        order = list(self.free)
        for number in order:  # the list grows while it is read
            for later in self.after[number]:
                lacking[later] -= 1
                if not lacking[later]:
                    order.append(later)
        return len(order) == len(lacking)

    def ready(self) -> Iterator[Call]:
        """Calls that may start now."""
        free, states, make = self.free, self.states, self.call
        begun = _READY if self.is_told else _RUNNING
        while free and self.counted > 0 and not (self.is_stopped or self.is_held):
            number = free.popleft()
            try:
                call = make(number)
            except Exception as error:
                self.fail(number, error)
                continue
            states[number] = begun
            yield call

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        number = call.number
        self.values[number] = value
        self._end(number, _DONE)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        self.fail(call.number, error)

    def fail(self, number: int, error: Exception) -> None:
        """A call has failed, or cannot be made."""
        self.errors[number] = error
        self._end(number, _FAILED)

    def _end(self, number: int, state: State) -> None:
        self.states[number] = state
        lacking = self.lacking
        for later in self.after[number]:
            lacking[later] -= 1
            if not lacking[later]:
                self.free.append(later)
        if number not in self.uncounted:
            self.counted -= 1

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return self.counted > 0 and not self.is_stopped

    def stop(self) -> None:
        """Start nothing more."""
        self.is_stopped = True

    def told(self, kind: str, call: Call, data: Attempt | Outcome) -> None:  # noqa: ARG002 - as a driver calls it
        """Of a step by the driver."""
        if kind is _RUNNING:
            self.states[call.number] = _RUNNING

    def finish(self, rows: list[Row]) -> None:
        """Nothing of it is being made any more, nor will be."""
        self.rows = rows
        self.free.clear()
        self.states = [_CANCELLED if state is _RUNNING else state for state in self.states]

    def unended(self) -> list[int]:
        """Numbers of the calls that have not come to an end of their own."""
        return [number for number, state in enumerate(self.states) if state is not _DONE and state is not _FAILED]

"""A run whose values are recorded: it stands between any `Drivable` and its driver.

A call whose value is known is answered at once, and not made.  The value of any other goes to the journal first, and to
the run when it is on the disk: so nothing starts that rests on a value that could be lost::

    run --Call--> Journaled --Call--> driver
     ^                |  ^               |
     |                |  +----done-------+
     +--done----------+--record--> journal (a group commit) --told by the driver's host--> done
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic
from typing import Any

from ..executors.contract import Call, Drivable, Outcome, SpecialAttempt
from ..executors.driver import Listener
from ..tokens import UNKNOWN
from .identity import Offered
from .recording import Recording

__all__ = ["Describe", "Journaled"]

# By these a driver finds out that calls can be made before the values they take are known here.
_AHEAD = ("follow", "began", "untaken", "planned", "taken_back")

Describe = Callable[[Call], tuple[str, str] | None]
"""Key and version of a call; None for one that is not to be recorded."""


class Journaled:
    """A run with its journal.

    Parameters
    ----------
    run : Drivable
    recording : Recording
    describe : callable
        Key and version of a call, asked when it may start, once; None for one that is not to be recorded.

    Attributes
    ----------
    recalled, recalled_keys : list of int, list of str
        Numbers and keys of the calls that were not made, since their values are known.
    tell : callable or None
        Told of these, as ``"recalled"``; as the listener of a driver.

    Notes
    -----
    Without `tell_by` each value is committed before `done` returns: for executors with a loop of their own.  A failure
    is recorded too, and handed on at once, for nothing rests on it.  The run's calls are made neither in chains nor
    ahead: a value would be used before it is on the disk.
    """

    def __init__(self, run: Drivable, recording: Recording, describe: Describe) -> None:
        self.run = run
        self.recording = recording
        self.describe = describe
        self.recalled: list[int] = []
        self.recalled_keys: list[str] = []
        self.pending = 0  # values on their way to the disk
        self.tell: Listener | None = None
        self._flying: dict[Call, tuple[str, str, float]] = {}
        self._offered: dict[int, Offered] = {}
        self._attempts: dict[str, int] = {}  # of calls that have failed, the last
        self._is_told = False

    def tell_by(self, post: Callable[..., object], relay: Callable[..., object]) -> None:
        """Do not wait for commits: be told of them in the driver's thread.

        Parameters
        ----------
        post : callable
            Of the host: has a function called in the driver's thread.
        relay : callable
            Of the driver: calls a function unless the run is over.
        """
        self._is_told = True
        self.recording.listen(
            told=lambda tokens: post(relay, self._committed, tokens),
            broken=lambda error: post(relay, partial(_raise, error)),
        )

    def ready(self) -> Iterator[Call]:
        """Calls that have to be made."""
        recording, flying = self.recording, self._flying
        for call in self.run.ready():
            named = self.describe(call)
            if named is None:
                yield call
                continue
            key, version = named
            value = recording.recall(key, version)
            if value is not UNKNOWN:
                self.recalled.append(call.number)
                self.recalled_keys.append(key)
                if self.tell is not None:
                    self.tell("recalled", call, SpecialAttempt(call, self._ignore))
                self.run.done(call, value)
                continue
            flying[call] = key, version, monotonic()
            self._offer(call, key)
            yield call

    def _offer(self, call: Call, key: str) -> None:
        """Let the function ask which call it is at."""
        attempt = self._attempts.get(key, self.recording.starts - 1) + 1  # a run may have a call made again by itself
        call.args = [(f"{self.recording.id}:{key}", attempt), *call.args]
        call.function = self._wrapped(call.function)
        if call.domain is not None:
            call.domain = self._wrapped(call.domain)  # type: ignore[misc]

    def _wrapped(self, function: Callable[..., Any]) -> Offered:
        # One for each function: pools of workers know functions by identity.
        offered = self._offered.get(id(function))
        if offered is None:
            offered = self._offered[id(function)] = Offered(function)
        return offered

    def _ignore(self, outcome: Outcome) -> None:
        """Nobody makes a call that was recalled, so nobody reports it."""

    def path(self, call: Call) -> str:
        """What people call the node that a call is of."""
        return self.run.path(call)

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        named = self._flying.pop(call, None)
        if named is None:
            self.run.done(call, value)
            return
        key, version, begun = named
        seconds = monotonic() - begun
        if self._is_told:
            self.pending += 1
            self.recording.record(key, value, version=version, seconds=seconds, token=(call, value))
            return
        self.recording.record(key, value, version=version, seconds=seconds)
        self.recording.flush()
        self.run.done(call, value)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        named = self._flying.pop(call, None)
        if named is not None:
            key, version, begun = named
            self._attempts[key] = call.args[0][1]
            self.recording.fail(key, error, version=version, seconds=monotonic() - begun)
        self.run.failed(call, error)

    def _committed(self, tokens: list[tuple[Call, Any]]) -> None:
        """These values are on the disk; in the driver's thread."""
        self.pending -= len(tokens)
        for call, value in tokens:
            self.run.done(call, value)

    def again(self, call: Call, number: int) -> None:  # noqa: ARG002 - of the try, and a call may be made anew
        """A call is tried once more."""
        if call in self._flying:
            (key, attempt), *args = call.args
            call.args = [(key, attempt + 1), *args]

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return self.run.is_active()

    def is_waiting(self) -> bool:
        """Is something awaited besides calls?"""
        return self.pending > 0

    def __getattr__(self, name: str) -> Any:
        if name in _AHEAD:
            raise AttributeError(name)
        return getattr(self.run, name)


def _raise(error: Exception) -> None:
    raise error

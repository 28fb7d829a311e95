"""The promise between a run and whatever executes its calls.

A run decides which calls may start; an executor makes them.  Neither knows the inside of the other.

1. `Drivable.ready` gives calls that may start now.  It may be read lazily: an executor that finishes each call before
   it takes the next one sees the calls that have become ready meanwhile.
2. Every call taken is reported exactly once, by `Drivable.done` with its value or by `Drivable.failed` with its error,
   always in the thread that drives.
3. An executor makes a call by `perform`, wherever it likes, and passes on any `Exception`.  `KeyboardInterrupt`,
   `SystemExit` and other such are never caught: they end the run.
4. The run is over when `Drivable.is_active` says so; calls not taken are then never made.
5. Executors know nothing of graphs, distances or alternatives: only of calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol

from ..errors import DomainError

__all__ = ["Call", "Drivable", "Executor", "GuardedCall", "perform"]


class Call:
    """One call of a user's function.

    Attributes
    ----------
    number : int
        Name of the call between the run and itself.
    function : callable
    args : sequence
        Values by position.
    domain : callable or None
        Asked with `args` before the call.
    filters : tuple of callable
        Applied to the result, in order.
    """

    __slots__ = ("args", "function", "number")

    domain: ClassVar[Callable[..., Any] | None] = None
    filters: ClassVar[tuple[Callable[[Any], Any], ...]] = ()

    def __init__(self, number: int, function: Callable[..., Any], args: Sequence[Any]) -> None:
        self.number = number
        self.function = function
        self.args = args


class GuardedCall(Call):
    """A call with a domain before it or filters behind it."""

    __slots__ = ("domain", "filters")

    def __init__(
        self,
        number: int,
        function: Callable[..., Any],
        args: Sequence[Any],
        domain: Callable[..., Any] | None,
        filters: tuple[Callable[[Any], Any], ...] = (),
    ) -> None:
        super().__init__(number, function, args)
        self.domain = domain  # type: ignore[misc]
        self.filters = filters  # type: ignore[misc]


class Drivable(Protocol):
    """What an executor drives: the protocol of `graphlib.TopologicalSorter`, and one verb more."""

    def ready(self) -> Iterable[Call]:
        """Calls that may start now, each given once."""

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""


class Executor(Protocol):
    """Makes the calls of a run."""

    def drive(self, run: Drivable) -> None:
        """Make all calls of `run`; returns when it is over."""


def perform(call: Call) -> Any:
    """Make one call: ask the domain, call the function, apply the filters.

    Parameters
    ----------
    call : Call

    Returns
    -------
    object
        What the function gave, after its filters.

    Raises
    ------
    DomainError
        The domain refused, or raised (then it is the cause).
    Exception
        Whatever the function or a filter raises.
    """
    if call.domain is not None:
        ask(call.domain, call.args)
    value = call.function(*call.args)
    for function in call.filters:
        value = function(value)
    return value


def ask(domain: Callable[..., Any], args: Sequence[Any]) -> None:
    """Ask a domain; only a true answer lets the call be made.

    Raises
    ------
    DomainError
        The domain refused, or raised (then it is the cause).
    """
    try:
        allowed = bool(domain(*args))
    except Exception as error:
        raise DomainError(f"its domain raised {type(error).__name__}: {error}") from error
    if not allowed:
        raise DomainError("its domain refused the values")

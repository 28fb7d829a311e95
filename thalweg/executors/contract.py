"""The promise between a run and whatever executes its calls.

A run decides which calls may start; a driver takes them and hands each to an executor, which makes it somewhere::

    Drivable --Call--> Driver --Attempt--> Executor
             <--done-- failed         <--Outcome--

Between a run and what drives it:

1. `Drivable.ready` gives calls that may start now.  It may be read lazily: who finishes each call before taking the
   next one sees the calls that have become ready meanwhile.
2. Every call taken is reported exactly once, by `Drivable.done` with its value or by `Drivable.failed` with its error,
   always in the thread that drives.
3. The run is over when `Drivable.is_active` says so; calls not taken are then never made, and calls in flight are
   cancelled and awaited.

A run may also have `is_waiting`, true while something is awaited that comes by `Driver.relay`, and `again`, told of
each further try of a call before it begins.

Between a driver and an executor:

4. `Executor.start` returns at once.  Every attempt is reported exactly once, from any thread, by its `report`: with
   what `perform` gave or with what it raised, `KeyboardInterrupt` and `SystemExit` included, which end the run.
5. `Executor.cancel` asks for the end of an attempt.  It is reported when it has ended, as a failure or, if it was
   quicker, as it went; one that cannot be stopped, such as a function in a thread, is reported late or never, and
   nobody waits for it beyond a grace period.
6. A worker that dies fails the attempt it was at, and no other, with `WorkerDied`; what it was to do next is done
   elsewhere.
7. Executors know nothing of graphs, distances or alternatives: only of calls.

An executor whose `takes_chains` is true may be given an attempt with `following` ones, each of which takes the value of
the one before it where its call has `PREVIOUS` among its arguments:

8. They are made one after the other, in one place, and reported in that order, each when it has ended; after the first
   that fails, or gives `NONE`, the rest is neither made nor reported.
9. The value of an attempt whose `is_kept` is false is not wanted if the next one succeeds: it is then reported as
   `DROPPED` and need not travel; if the next one fails it is reported as it is, before that failure.

An executor whose `takes_plans` is true may be given, by `start_plan`, attempts whose arguments hold a `Later` in place
of what another attempt of the same run will give, or has given, each with the `Later` that stands for its own value:

10. Each is made when all that it takes has been made, as `start` would make it, wherever that costs least.
11. The value of one whose `is_kept` is false may be reported as `Kept`: it stays where it was made for as long as its
    `Later` is there, whose `get` brings it.
12. After one that fails, or gives `NONE`, those that take its value are not made; they are reported, if at all, after
    it, as failures, and nobody waits for them any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..errors import DomainError
from ..tokens import DROPPED, PREVIOUS
from .policy import Policy

if TYPE_CHECKING:
    from contextvars import Context

    from .placement import Placement

__all__ = [
    "DROPPED",
    "GRACE_SECONDS",
    "PREVIOUS",
    "Attempt",
    "Call",
    "Drivable",
    "Executor",
    "Expired",
    "GuardedCall",
    "Outcome",
    "SpecialAttempt",
    "perform",
    "report_end",
]


GRACE_SECONDS = 1.0  # how long the end of a run, or of an executor, waits for calls that were cancelled


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
    executor : str, Executor or None
        Who is to make the call; None leaves it to the run.
    policy : Policy or None
        How often it is tried, and how long it may take; None for once, as long as it likes.
    placement : Placement or None
        Where it may be made, and before which others; None for anywhere.
    """

    __slots__ = ("args", "function", "number")

    domain: ClassVar[Callable[..., Any] | None] = None
    filters: ClassVar[tuple[Callable[[Any], Any], ...]] = ()
    executor: ClassVar[Any] = None
    policy: ClassVar[Policy | None] = None
    placement: ClassVar[Placement | None] = None

    def __init__(self, number: int, function: Callable[..., Any], args: Sequence[Any]) -> None:
        self.number = number
        self.function = function
        self.args = args


class GuardedCall(Call):
    """A call with a domain before it, filters behind it, or a way of its own to be made."""

    __slots__ = ("domain", "executor", "filters", "placement", "policy")

    def __init__(  # noqa: PLR0913 - one for each thing that a call has, three of them by name only
        self,
        number: int,
        function: Callable[..., Any],
        args: Sequence[Any],
        domain: Callable[..., Any] | None = None,
        filters: tuple[Callable[[Any], Any], ...] = (),
        *,
        executor: Any = None,
        policy: Policy | None = None,
        placement: Placement | None = None,
    ) -> None:
        super().__init__(number, function, args)
        self.domain = domain  # type: ignore[misc]
        self.filters = filters  # type: ignore[misc]
        self.executor = executor  # type: ignore[misc]
        self.policy = policy  # type: ignore[misc]
        self.placement = placement  # type: ignore[misc]


class Attempt:
    """One try of a call, on its way through an executor.

    Attributes
    ----------
    call : Call
    report : callable
        Takes the `Outcome`; may be called from any thread.
    handle : object
        For the executor, to find the attempt again.
    number : int
        The first try is number 1.
    following : sequence of Attempt
        To be made after it, in the same place.
    is_following : bool
        Is it one of these?
    is_kept : bool
        Is the value wanted though the next of a chain has it?
    limit_seconds : float or None
        How long it may take from its start.
    began : callable or None
        To be called at its start where it has a limit, from any thread: the driver then keeps the time, and cancels.
        An executor that keeps the time itself, and reports `CallTimeout`, does not call it.
    context : contextvars.Context or None
        What the function is to be called in, if it is called in this process; None for that of who starts it.
    since : float or None
        When it was handed to its executor, if somebody wants to know [s].
    """

    __slots__ = ("call", "handle", "report")

    number: int
    following: Sequence[Attempt]
    is_following: bool
    is_kept: bool
    limit_seconds: float | None
    began: Any
    context: Context | None
    since: float | None

    def __init__(self, call: Call, report: Callable[[Outcome], object]) -> None:
        self.call = call
        self.report = report
        self.handle: Any = None


# Nearly all attempts are like this, and need no room for it.
Attempt.number = 1
Attempt.following = ()
Attempt.is_following = False
Attempt.is_kept = True
Attempt.limit_seconds = None
Attempt.began = None
Attempt.context = None
Attempt.since = None


class SpecialAttempt(Attempt):
    """An attempt with anything but the first try of one call that may take as long as it likes."""

    __slots__ = ("began", "context", "following", "is_following", "is_kept", "limit_seconds", "number", "since")

    def __init__(self, call: Call, report: Callable[[Outcome], object], number: int = 1) -> None:
        super().__init__(call, report)
        self.number = number
        self.following = ()
        self.is_following = False
        self.is_kept = True
        self.limit_seconds = None
        self.began = None
        self.context = None
        self.since = None


class Outcome:
    """What became of one attempt.

    Attributes
    ----------
    attempt : Attempt
    value : object
        What the function gave, after its filters; None on failure.
    error : BaseException or None
        What it raised.
    start, end : float
        By ``time.monotonic()`` [s].
    place : str
        Where it was made, such as ``"thread 3"``.
    """

    __slots__ = ("attempt", "end", "error", "place", "start", "value")

    def __init__(
        self, attempt: Attempt, value: Any, error: BaseException | None, start: float, end: float, place: str
    ) -> None:
        self.attempt = attempt
        self.value = value
        self.error = error
        self.start = start
        self.end = end
        self.place = place


class Expired(Exception):
    """The time of a run is over; used between a driver and who waits for it."""


class Drivable(Protocol):
    """What is driven: the protocol of `graphlib.TopologicalSorter`, and one verb more."""

    def ready(self) -> Iterable[Call]:
        """Calls that may start now, each given once."""

    def path(self, call: Call) -> str:
        """What people call the node that a call is of."""

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""


class Executor(Protocol):
    """Makes calls somewhere.

    Attributes
    ----------
    name : str
        As in the table of names.
    capacity : int
        Attempts of one run that it takes at once; the run keeps the others.
    takes_chains : bool
        May an attempt have `following` ones?

    Notes
    -----
    One that also has ``takes_plans = True``, and a method ``start_plan``, may be given attempts that take what others
    will give.
    """

    name: str
    capacity: int
    takes_chains: bool

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt; it is reported when it has ended."""

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt."""

    def close(self, grace_seconds: float) -> None:
        """Cancel all that is in flight, and let go threads, processes and files; it starts anew if used again."""


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


def report_end(outcome: Outcome) -> None:
    """Report what became of an attempt; an error of who is told ends nothing but that, and is logged."""
    attempt = outcome.attempt
    attempt.handle = None
    try:
        attempt.report(outcome)
    except Exception:
        import logging

        logging.getLogger("thalweg.executors").exception("who waited for a call could not be told of its end")

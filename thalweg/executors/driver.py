"""The one loop that drives a run: takes its calls, hands each to an executor, and reports what came of it.

Here, and nowhere else, calls are tried again, given up when their time is over, let in by a gate, and cancelled.  A
driver lives in one thread; reports that come from others reach it by its host, which also has the clock
(`thalweg.executors.hosts`, `thalweg.executors.loop_host`)::

    ready --gate--> waiting for room --start--> in flight --report--> done, or failed
                                         ^          |                    |
                                         |          +--time is over------+--tries left--> resting
                                         +----------------------------------------------------+
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from ..errors import (
    ArityError,
    CallCancelled,
    CallTimeout,
    ContinueAfterErrorException,
    DomainError,
    StopScheduleException,
)
from ..tokens import NONE
from .contract import Attempt, Call, Drivable, Executor, Expired, Outcome, SpecialAttempt
from .gate import Gate
from .later import Later
from .states import State

__all__ = ["Driver", "Host", "Listener"]

_PARKED = 256  # calls that may wait for room at their executor, before nothing more is taken from the run
# Another try would go the same way, or is not wanted.
_NO_ACCIDENTS = (ArityError, CallCancelled, ContinueAfterErrorException, DomainError, StopScheduleException)

Listener = Callable[[str, Call, Any], object]


class Host(Protocol):
    """Where a driver lives: it carries reports from other threads, and has the clock."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread, soon; from any thread."""

    def reporter(self, receive: Callable[[Outcome], object]) -> Callable[[Outcome], object]:
        """What has `receive` called in the driver's thread; to be called from any thread."""

    def call_later(self, seconds: float, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread after some time."""

    def now(self) -> float:
        """Monotonic time [s]."""


class Driver:
    """Drives one run.

    Parameters
    ----------
    run : Drivable
    host : Host
    choose : callable
        Takes a call, gives its executor: the same whenever it is asked.
    gate : Gate or None
        Admits the calls.
    listener : callable or None
        Told of each step: kind, call, and an `Attempt` or `Outcome`.

    Attributes
    ----------
    is_over : bool
        Has all ended, or has what was cancelled been given up?
    rows : list of (int, int, float, float, str, str or None)
        By attempt, in the order in which they ended: number of the call, number of the try, start and end [s], place,
        and what went wrong.
    """

    def __init__(
        self,
        run: Drivable,
        host: Host,
        choose: Callable[[Call], Executor],
        *,
        gate: Gate | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.run = run
        self.host = host
        self.choose = choose
        self.gate = gate
        self.listener = listener
        self.flying: dict[Attempt, Executor] = {}
        self.tails: dict[Attempt, Sequence[Attempt]] = {}  # of the following ones: the chain that each is in
        self.load: dict[Executor, int] = {}
        self.parked: deque[tuple[SpecialAttempt, Executor]] = deque()  # their executor has no room
        self.waiting: dict[SpecialAttempt, Callable[[], object]] = {}  # at the gate
        self.resting: dict[SpecialAttempt, None] = {}  # between two tries
        self.ahead: dict[int, tuple[Attempt, Executor]] = {}  # by number of the call: attempts of a plan
        self.given_up: set[Attempt] = set()  # their time was over, and they have not ended yet
        self.report = host.reporter(self.receive)
        self.is_closing = False
        self.is_over = False
        self.rows: list[tuple[int, int, float, float, str, str | None]] = []

    def pump(self) -> None:
        """Start what may start, and see whether all has ended."""
        if self.is_closing:
            self.is_over = not self.flying and not self.given_up
            return
        if self.parked:
            self._start_parked()
        if len(self.parked) < _PARKED:
            self._read()
        run = self.run
        if not run.is_active():
            self.close()
        elif not (self.flying or self.parked or self.waiting or self.resting or _waits(run)):
            raise RuntimeError("the run is active, but has nothing to start and nothing to wait for")

    def _read(self) -> None:
        """Take calls from the run as long as there is room for them."""
        choose, report, load, flying = self.choose, self.report, self.load, self.flying
        is_plain = self.gate is None and self.listener is None
        chains: list[tuple[SpecialAttempt, Executor]] = []
        planned = getattr(self.run, "planned", None) if is_plain else None
        plans: dict[Executor, list[tuple[Attempt, Later | None]]] = {}
        for call in self.run.ready():
            executor = choose(call)
            busy = load.get(executor, 0)
            if planned is not None and call.policy is None and getattr(executor, "takes_plans", False):
                plans.setdefault(executor, []).append(self._planned(executor, planned(call)))
                continue
            if is_plain and call.policy is None and busy < executor.capacity and not executor.takes_chains:
                attempt = Attempt(call, report)
                load[executor] = busy = busy + 1
                flying[attempt] = executor
                executor.start(attempt)
                continue
            special = SpecialAttempt(call, report)
            if executor.takes_chains and self.gate is None and call.policy is None:
                load[executor] = busy = busy + 1
                flying[special] = executor
                chains.append((special, executor))
            elif not self._launch(special, executor) and len(self.parked) + len(self.waiting) >= _PARKED:
                break
            if busy >= executor.capacity:
                break
        for attempt, executor in chains:
            self._start_chain(attempt, executor)
        for executor, steps in plans.items():
            executor.start_plan(steps)  # type: ignore[attr-defined]

    def _planned(self, executor: Executor, planned: tuple[Call, Later | None, bool]) -> tuple[Attempt, Later | None]:
        """An attempt of a plan, with what stands for its value."""
        call, later, is_kept = planned
        attempt = SpecialAttempt(call, self.report)
        attempt.is_kept = is_kept
        self.load[executor] = self.load.get(executor, 0) + 1
        self.flying[attempt] = executor
        self.ahead[call.number] = (attempt, executor)
        return attempt, later

    def receive(self, outcome: Outcome) -> None:
        """Tell the run of an outcome, or try again; in the driver's thread."""
        attempt = outcome.attempt
        executor = self.flying.pop(attempt, None)
        if executor is None:
            self.given_up.discard(attempt)
            return
        self.load[executor] -= 1
        is_special = type(attempt) is not Attempt
        if is_special and attempt.began is not None:
            attempt.began = None  # it holds the attempt
        if self.gate is not None:
            self.gate.leave()
        call, error = attempt.call, outcome.error
        self.rows.append(
            (
                call.number,
                attempt.number,
                outcome.start,
                outcome.end,
                outcome.place,
                None if error is None else type(error).__name__,
            )
        )
        if self.is_closing:
            return
        following = attempt.following if is_special else ()
        if is_special and attempt.is_following:
            following = self.tails.pop(attempt)
            self.run.began(call)  # type: ignore[attr-defined]
            self._tell(State.RUNNING, call, attempt)
        if error is None:
            if self.listener is not None:
                self.listener(State.DONE, call, outcome)
            if following and outcome.value is NONE:
                self._drop(following)
            self.run.done(call, outcome.value)
        elif not isinstance(error, Exception):
            self._tell(State.FAILED, call, outcome)
            raise error
        elif self._is_worth_another(attempt, error):
            self._tell("retry", call, outcome)
            self._try_again(attempt, error)
        else:
            self._drop(following)
            self._tell(State.FAILED, call, outcome)
            self.run.failed(call, error)
        if self.ahead:
            self._take_back(call)

    def _take_back(self, call: Call) -> None:
        """An attempt of a plan has ended; those that take what it did not give are not made, and not waited for."""
        self.ahead.pop(call.number, None)
        for number in self.run.taken_back():  # type: ignore[attr-defined]
            attempt, executor = self.ahead.pop(number)
            if self.flying.pop(attempt, None) is not None:
                self.load[executor] -= 1

    def relay(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function unless all is ending: what a run waits for besides its calls comes in this way."""
        if not self.is_closing:
            function(*args)

    def close(self) -> None:
        """Start nothing more, and cancel what is in flight; its host waits for that no longer than a grace period."""
        if self.is_closing:
            return
        self.is_closing = True
        for attempt, admitted in self.waiting.items():
            if self.gate is not None and not self.gate.withdraw(admitted):
                self.gate.leave()
            self._tell(State.CANCELLED, attempt.call, attempt)
        for attempt, _ in self.parked:
            if self.gate is not None:
                self.gate.leave()
            self._tell(State.CANCELLED, attempt.call, attempt)
        for attempt in self.resting:
            self._tell(State.CANCELLED, attempt.call, attempt)
        self.waiting.clear()
        self.parked.clear()
        self.resting.clear()
        # The last first: a place that becomes free must not be given to what will be cancelled next.
        for flying, executor in reversed(list(self.flying.items())):
            executor.cancel(flying)
            self._tell(State.CANCELLED, flying.call, flying)
        self.is_over = not self.flying and not self.given_up

    def abandon(self) -> None:
        """Wait no longer for what was cancelled."""
        if self.gate is not None:
            for _ in self.flying:
                self.gate.leave()
        now = self.host.now()
        for attempt, executor in self.flying.items():
            if attempt.since is not None:  # how long it will take nobody is going to know
                row = (attempt.call.number, attempt.number, attempt.since, now, executor.name, CallCancelled.__name__)
                self.rows.append(row)
        self.flying.clear()
        self.given_up.clear()
        self.is_closing = self.is_over = True

    def release(self) -> None:
        """Let go of the run: a thread that nobody waits for may hold on to what it is to report to."""
        del self.run, self.report, self.choose

    def expire(self) -> None:
        """The time of the run is over."""
        if not self.is_closing:
            raise Expired

    def _tell(self, kind: str, call: Call, data: Attempt | Outcome) -> None:
        if self.listener is not None:
            self.listener(kind, call, data)

    def _launch(self, attempt: SpecialAttempt, executor: Executor) -> bool:
        """Start an attempt; False if it has to wait at the gate, or for room."""
        gate = self.gate
        if gate is not None:
            admitted = partial(self.host.post, self._admitted, attempt, executor)
            if not gate.enter(admitted):
                self.waiting[attempt] = admitted
                return False
        return self._place(attempt, executor)

    def _admitted(self, attempt: SpecialAttempt, executor: Executor) -> None:
        """The gate has let an attempt in."""
        if self.waiting.pop(attempt, None) is not None:
            self._place(attempt, executor)
        # Else the run was closed meanwhile, and gave the place back.

    def _place(self, attempt: SpecialAttempt, executor: Executor) -> bool:
        load = self.load.get(executor, 0)
        if load >= executor.capacity:
            self.parked.append((attempt, executor))
            return False
        self.load[executor] = load + 1
        self.flying[attempt] = executor
        self._start(attempt, executor)
        return True

    def _start(self, attempt: SpecialAttempt, executor: Executor) -> None:
        policy = attempt.call.policy
        if policy is not None and policy.timeout_seconds is not None:
            attempt.limit_seconds = policy.timeout_seconds
            attempt.began = partial(self.host.post, self._watch, attempt)
        self._tell(State.RUNNING, attempt.call, attempt)
        attempt.since = self.host.now()
        executor.start(attempt)

    def _start_parked(self) -> None:
        for _ in range(len(self.parked)):
            attempt, executor = self.parked.popleft()
            self._place(attempt, executor)

    def _start_chain(self, attempt: SpecialAttempt, executor: Executor) -> None:
        """Start an attempt with all that waits for nothing but its value."""
        follow = getattr(self.run, "follow", None)
        chain: list[SpecialAttempt] = []
        last = attempt
        found = follow(attempt.call) if follow is not None else None
        while found is not None:
            call, last.is_kept = found
            last = SpecialAttempt(call, self.report)
            last.is_following = True
            chain.append(last)
            self.flying[last] = executor
            self.load[executor] += 1
            plain = call.policy is None and self.choose(call) is executor
            found = follow(call) if plain and follow is not None else None
            if not plain:  # it is made by itself after all
                self._forget(chain.pop(), executor)
                (chain[-1] if chain else attempt).is_kept = True
        attempt.following = chain
        self.tails.update(dict.fromkeys(chain, chain))
        self._start(attempt, executor)

    def _forget(self, attempt: Attempt, executor: Executor) -> None:
        del self.flying[attempt]
        attempt.handle = None  # whatever the executor kept there, it reports no more
        self.load[executor] -= 1
        self.run.untaken(attempt.call)  # type: ignore[attr-defined]

    def _drop(self, following: Sequence[Attempt]) -> None:
        """What is left of a chain is not made, for an attempt of it has failed."""
        for later in following:
            executor = self.flying.get(later)
            if executor is not None:
                del self.tails[later]
                self._forget(later, executor)

    def _watch(self, attempt: Attempt) -> None:
        """An attempt with a limit has begun."""
        assert attempt.limit_seconds is not None
        self.host.call_later(attempt.limit_seconds, self._give_up, attempt)

    def _give_up(self, attempt: Attempt) -> None:
        """The time of an attempt is over, if it has not ended yet."""
        executor = self.flying.get(attempt)
        if executor is None or self.is_closing:
            return
        now, limit = self.host.now(), attempt.limit_seconds or 0.0
        executor.cancel(attempt)
        self.given_up.add(attempt)
        late = CallTimeout(f"it took longer than its timeout of {limit:g} s")
        self.receive(Outcome(attempt, None, late, now - limit, now, executor.name))

    def _is_worth_another(self, attempt: Attempt, error: Exception) -> bool:
        policy = attempt.call.policy
        if policy is None or attempt.number >= policy.tries or isinstance(error, _NO_ACCIDENTS):
            return False
        return isinstance(error, policy.errors)

    def _try_again(self, attempt: Attempt, error: Exception) -> None:
        policy = attempt.call.policy
        assert policy is not None
        chance: Callable[[], float] | None = None
        if policy.jitter:
            from random import random

            chance = random
        error.__traceback__ = None  # its frames hold the values, and some of them hold it
        again = getattr(self.run, "again", None)
        if again is not None:
            again(attempt.call, attempt.number + 1)
        another = SpecialAttempt(attempt.call, self.report, attempt.number + 1)
        self.resting[another] = None
        pause = max(policy.pause_after(attempt.number, chance), getattr(error, "pause_seconds", None) or 0.0)
        self.host.call_later(pause, self._wake, another)

    def _wake(self, attempt: SpecialAttempt) -> None:
        if attempt in self.resting:
            del self.resting[attempt]
            self._launch(attempt, self.choose(attempt.call))


def _waits(run: Drivable) -> bool:
    """Does a run wait for something besides its calls?"""
    is_waiting = getattr(run, "is_waiting", None)
    return is_waiting is not None and bool(is_waiting())

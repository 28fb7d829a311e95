"""A run whose calls are made side by side: any number may be in flight, and end in any order.

The search goes ahead of the calls as if none would fail, as far as somebody reads, and a call may start as soon as all
that it takes is known.  Neither can lead astray: a failure only makes things dearer, so what was chosen and has all its
inputs stays chosen unless it fails itself.  Only a collection that is to be settled before it is complete must wait
until all that comes before it has ended, for a failure there may complete it.

States of a datum::

    considered --all that it rests on is known--> queued --called--> in flight --> known
         |                                                               |
         +--(it waits)                                                   +--failed--> considered anew
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ..executors.contract import Call
from ..tokens import DROPPED, NONE, PREVIOUS, RELEASED, UNKNOWN
from .network import Kind
from .nodes import NodeId
from .plan import Plan
from .run import Run

__all__ = ["SideBySide"]


class SideBySide(Run):
    """A run for executors that have many calls in flight.

    Parameters
    ----------
    plan, given, *options
        As for `Run`.
    """

    def __init__(self, plan: Plan, given: Mapping[NodeId, Any], *options: Any) -> None:
        super().__init__(plan, given, *options)
        self.running: set[int] = set()  # functions in flight
        self.queue: deque[int] = deque()  # data whose time may have come
        self.awaited: dict[int, dict[int, None]] = {}  # function in flight -> data that wait for it
        self.lacking = self._count_lacking()  # by function: inputs that are not known
        self.expected: dict[int, int] = {}  # plain function that lacks inputs -> its output, which waits for it
        self.waiters: dict[int, list[list[int]]] = {}  # unknown datum -> [other datum that waits, number of unknown]
        self.parked: dict[int, None] = {}  # data of an infinite class that has not come yet
        self.open_class = 0.0
        self.has_ended = False  # has the source?
        self.is_stale = False  # something was lost that the search has not made up for yet
        self.everything = plan.search.wanted is None
        self.source: Iterator[int]
        if self.everything:
            if not plan.is_open:
                self.search = plan.search.fresh()
            self.owned = True
            self.search.values = self.values
            self.search.is_patient = True
            self.pause = self.search.milestones()
            self.source = self.search.steps(self.pause, [])
        else:
            self.source = iter(plan.order)

    def close(self) -> None:
        """Do no more, and let go what is not needed for the record."""
        self.source = iter(())  # its frame would keep the run, and the run its frame
        self.queue.clear()
        self.waiters.clear()
        super().close()

    def ready(self) -> Iterator[Call]:
        """Calls that may start now; it may be left at any time, and goes on where it was.

        Notes
        -----
        The hot path of every run with an executor: benchmark ``executors``.
        """
        values, running, queue, stopper = self.values, self.running, self.queue, self.stopper
        plain, arguments = self.network.plain, self.network.arguments
        lacking, expected = self.lacking, self.expected
        take, keep = queue.popleft, self.calls.append
        provider, settled, forced = self.search.provider, self.search.settled, self.search.forced
        in_grades = not self.everything
        while self.active:
            if self.is_stale:
                self._look_again()
                provider, settled, forced = self.search.provider, self.search.settled, self.search.forced
                continue
            x = take() if queue else next(self.source, -1)
            if x < 0:
                if not self._goes_on():
                    return
                continue
            f = provider[x]
            call: Call | None = None
            function = plain[f]
            if function is None or f in running or (forced and in_grades):
                if self._consider(x):
                    call = self._call_for(x)
            elif values[x] is UNKNOWN and settled[x]:
                if lacking[f]:
                    expected[f] = x
                else:
                    call = Call(f, function, [values[u] for u in arguments[f]])
            if call is None:
                continue
            if stopper is not None and stopper.is_set():
                self.stop()
                return
            running.add(f)
            keep(f)
            yield call

    def _goes_on(self) -> bool:
        """There is nothing to be looked at now: is there when something else has been done?"""
        self.has_ended = True
        if self.running:
            if self._has_all():
                self.active = False
            return False
        if not self._open_next():
            self.active = False
        return self.active

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        f = call.number
        self.running.discard(f)
        x = self.network.single[f]
        if x >= 0 and value is not NONE:
            if value is DROPPED:
                value = RELEASED
            self.values[x] = value
            if self.uses is not None:
                self.uses.known(x)
            self._wake(x)
            return
        super().done(call, value)
        for x, _ in self.network.provides[f]:
            if x in self.network.slot_of and self.values[x] is not UNKNOWN:
                self._wake(x)
        if f in self.awaited:
            self.queue.extend(self.awaited.pop(f))

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        self.running.discard(call.number)
        self.awaited.pop(call.number, None)
        super().failed(call, error)

    def follow(self, call: Call) -> tuple[Call, bool] | None:
        """The one call that waits for nothing but the value of `call`, to be made after it in the same place.

        Returns
        -------
        (Call, bool) or None
            The call, with `PREVIOUS` among its arguments; and whether the value is wanted besides.
        """
        network, values = self.network, self.values
        x = network.single[call.number]
        if x < 0:
            return None
        waiting = [self.expected[f] for f in network.consumers[x] if f in self.expected]
        waiting += [entry[0] for entry in self.waiters.get(x, ())]
        if len(waiting) != 1:
            return None
        y = waiting[0]
        g = self.search.provider[y]
        if self.is_stale or not self.search.settled[y] or values[y] is not UNKNOWN:
            return None
        if g in self.running or g in self.called or network.kind[g] != Kind.FUNCTION:
            return None
        if any(values[u] is UNKNOWN for u in network.inputs[g] if u != x):
            return None
        values[x] = PREVIOUS
        following = self._call_for(y)
        values[x] = UNKNOWN
        if following is None:
            return None
        self.running.add(g)
        return following, self.uses is None or self.uses.live.get(x, 0) > 1 or x in self.uses.keep

    def began(self, call: Call) -> None:
        """A call that `follow` gave has been made: it counts."""
        self.calls.append(call.number)

    def untaken(self, call: Call) -> None:
        """A call that `follow` gave was not made after all, since the one before it failed."""
        f = call.number
        self.running.discard(f)
        self.called.discard(f)
        self.queue.extend(self.awaited.pop(f, ()))

    def _count_lacking(self) -> list[int]:
        """By function, how many of its inputs are not known as the run begins."""
        lacking, consumers = self.network.arity.copy(), self.network.consumers
        for x, value in enumerate(self.values):
            if value is not UNKNOWN:
                for f in consumers[x]:
                    lacking[f] -= 1
        return lacking

    def _consider(self, x: int) -> bool:
        """Is all known that `x` rests on?  If not, it will be looked at again when it is."""
        values, search, network = self.values, self.search, self.network
        if values[x] is not UNKNOWN or not search.settled[x]:
            return False
        f = search.provider[x]
        if search.forced and not self.everything and self._is_parked(x):
            return False
        if network.kind[f] == Kind.FUNCTION:
            taken = network.inputs[f]
        else:
            taken = search.takes(f)
        unknown = [u for u in taken if values[u] is UNKNOWN]
        if not unknown:
            return True
        if len(unknown) > 1:
            unknown = list(dict.fromkeys(unknown))
        entry = [x, len(unknown)]
        for u in unknown:
            self.waiters.setdefault(u, []).append(entry)
        if self.everything and network.kind[f] == Kind.COLLECT:
            self.queue.extend(unknown)  # the search does not pause at slots
        return False

    def _is_parked(self, x: int) -> bool:
        """Must `x` wait until everything nearer has ended?"""
        degree = self.search.dist[x] // self.network.far
        if degree <= self.open_class:
            return False
        self.parked[x] = None
        return True

    def _has_all(self) -> bool:
        """Is all known that is wanted, though something is in flight?  That can be after a failure only."""
        if self.everything or not self.owned:
            return False
        settled, values = self.search.settled, self.values
        return all(not settled[x] or values[x] is not UNKNOWN for x in self.search.wanted or ())

    def _open_next(self) -> bool:
        """Nothing is in flight, nothing is queued: turn to what had to wait for that; False if there is nothing."""
        if self.parked:
            dist, far = self.search.dist, self.network.far
            self.open_class = min([dist[x] // far for x in self.parked])
            self.queue.extend(self.parked)
            self.parked.clear()
            return True
        if not self.everything or not self.network.collectors:
            return False
        self.search.is_patient = False
        self.source, self.has_ended = self.search.steps(self.pause, []), False
        x = next(self.source, -1)
        self.search.is_patient = True
        if x < 0:
            return False
        self.queue.append(x)
        return True

    def _call_for(self, x: int) -> Call | None:
        """The call that is to make `x` known; None if it is in flight, or if `x` is known by now."""
        f = self.search.provider[x]
        if f in self.running:
            if self.network.single[f] < 0:
                self.awaited.setdefault(f, {})[x] = None
            return None
        function = self.network.plain[f]
        if function is not None:
            values = self.values
            return Call(f, function, [values[u] for u in self.network.arguments[f]])
        call = self._other(f, x)
        if call is not None and self.network.kind[f] == Kind.FUNCTION and self.network.single[f] < 0:
            self.awaited.setdefault(f, {})[x] = None
        return call

    def _know(self, f: int, x: int, value: Any) -> bool:
        """`x` gets its value from `f`, unless one of its filters refuses it."""
        known = super()._know(f, x, value)
        if known:
            self._wake(x)
        return known

    def _wake(self, x: int) -> None:
        """`x` is known: look again at what waited for it alone."""
        lacking, expected = self.lacking, self.expected
        for f in self.network.consumers[x]:
            lacking[f] -= 1
            if not lacking[f] and f in expected:
                self.queue.append(expected.pop(f))
        if x in self.waiters:
            for entry in self.waiters.pop(x):
                if entry[1] == 1:
                    self.queue.append(entry[0])
                entry[1] -= 1

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        """`f` is gone, or does not give `outputs`: let the search think again before anything more is called."""
        for x in self._forgo(f, outputs):
            self._wake(x)
        if not self.owned:
            self.search = self.plan.search.copy()
            self.search.values = self.values
            self.owned = True
        kind = self.network.kind[f]
        if kind == Kind.START:
            for x in outputs or ():
                self.search.lose_seed(x)
        elif kind == Kind.ASK:
            self.search.refuse(f)
        else:
            self.search.lose(f, outputs)
        self.is_stale = True

    def _look_again(self) -> None:
        """Make up for what was lost: what is to be done now is found anew."""
        self.is_stale = False
        if self.everything:
            if self.has_ended:
                self.source, self.has_ended = self.search.steps(self.pause, []), False
            return
        self.search.advance()
        if self.search.left > 0 and self.need_all:
            self.active = False
            return
        self.queue.clear()
        self.expected.clear()
        self.waiters.clear()
        self.parked.clear()
        self.open_class = 0.0
        self.source = self._derivation()

    def _derivation(self) -> Iterator[int]:
        """Data on the chosen derivations of what is wanted, each before what it rests on."""
        search, values, network = self.search, self.values, self.network
        stack = [x for x in reversed(search.wanted or ()) if search.settled[x]]
        seen: set[int] = set()
        while stack:
            x = stack.pop()
            if x in seen or values[x] is not UNKNOWN:
                continue
            seen.add(x)
            f = search.provider[x]
            stack += network.inputs[f] if network.kind[f] == Kind.FUNCTION else search.takes(f)
            yield x

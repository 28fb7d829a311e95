"""A run that goes ahead of its calls: it supposes of each that it will succeed, and hands out what rests on it, too.

In place of the value of such a call stands a `Later`, which calls that take it have among their arguments.  What has
to see a value itself (filters and callbacks of data, collections, gates, calls that are made elsewhere or tried again)
waits for it, as in any other run.  When a call fails, whatever rests on its `Later` is taken back, the search is
repaired once, and what is to be called instead is handed out at once::

    ready --suppose--> supposed --done--> kept, or known
      ^                   |
      +----- taken back --+  what it rests on has failed

That nothing is called that would not be called otherwise is the reasoning of `thalweg.dispatcher.side_by_side`: what
was chosen and has all its inputs stays chosen unless it fails itself; and what has not all its inputs is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..executors.contract import Call, GuardedCall
from ..executors.later import Kept, Later
from ..tokens import NONE, RELEASED, UNKNOWN
from .network import Kind, Network
from .nodes import NodeId
from .plan import Plan
from .run import as_many
from .side_by_side import SideBySide
from .solution import Record

__all__ = ["Ahead"]


class Ahead(SideBySide):
    """A run for executors that take plans.

    Parameters
    ----------
    plan, given, *options
        As for `Run`, none left out; values are let go at its end.
    """

    def __init__(self, plan: Plan, given: Mapping[NodeId, Any], *options: Any) -> None:
        raises, stopper, release, need_all = options
        super().__init__(plan, given, raises, stopper, False, need_all)  # noqa: FBT003 - as it is handed to all runs
        self.releases = release  # at the end
        self.supposed: dict[int, Later] = {}  # function -> what stands for its value; until it has ended
        self.planned_calls: dict[int, Call] = {}  # by function: as they were taken; until they have ended
        self.takers: dict[Later, list[Call]] = {}  # whole -> calls in flight that take it, or a part
        self.barred = _barred(self.network)
        self.asked = self._asked()
        self.unmade: list[int] = []

    def _asked(self) -> bytearray:
        """By datum: is its value to be brought here?  Where everything is wanted, everything is."""
        wanted = self.search.wanted
        if wanted is None:
            return bytearray(b"\1") * len(self.values)
        asked = bytearray(len(self.values))
        network = self.network
        stack = list(wanted)
        while stack:
            x = stack.pop()
            if not asked[x]:
                asked[x] = 1
                stack += [network.inputs[f][0] for f, _ in network.providers(x) if network.kind[f] == Kind.LINK]
        return asked

    def planned(self, call: Call) -> tuple[Call, Later | None, bool]:
        """A call that was taken, as it is to be made ahead; and the run goes on as if it had succeeded.

        Returns
        -------
        (Call, Later or None, bool)
            The call; what stands for its value, or None if the run waits for the value itself; and whether the value
            is to be brought here.
        """
        f = call.number
        network = self.network
        self.planned_calls[f] = call
        for arg in call.args:
            if type(arg) is Later:
                self.takers.setdefault(arg.whole, []).append(call)
        if network.kind[f] != Kind.FUNCTION or self.search.forced:
            return call, None, True
        outputs = [x for x, _ in network.provides[f]]
        if f in network.sink_of:
            return call, None, False
        if any(self.barred[x] for x in outputs):
            return call, None, True
        later = Later()
        self.supposed[f] = later
        if len(outputs) == 1:
            super().done(call, later)
        else:
            super().done(call, tuple([Later(later, place) for place in range(len(outputs))]))
            parts = _Parts(tuple(network.records[f].outputs), len(outputs))
            filters: tuple[Callable[[Any], Any], ...] = (*call.filters, parts)
            call = GuardedCall(f, call.function, call.args, call.domain, filters, placement=call.placement)
        return call, later, any(self.asked[x] for x in outputs)

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`, or has kept it where it was made."""
        self.planned_calls.pop(call.number, None)
        later = self.supposed.pop(call.number, None)
        if later is None:
            super().done(call, None if type(value) is Kept else value)
            return
        outputs = [x for x, _ in self.network.provides[call.number]]
        nothing: tuple[int, ...] = ()
        if value is NONE:
            nothing = tuple(range(len(outputs)))
        elif type(value) is not Kept:
            later.value = value
            if len(outputs) > 1:
                nothing = tuple([place for place, part in enumerate(value) if part is NONE])
        elif len(outputs) > 1:  # else its parts are nobody's business
            nothing = value.nothing
        if nothing:
            self._take_back(later, None if len(nothing) == len(outputs) else nothing)
            self._lose(call.number, [outputs[place] for place in nothing])
        else:
            self.takers.pop(later, None)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        self.planned_calls.pop(call.number, None)
        later = self.supposed.pop(call.number, None)
        if later is not None:
            self._take_back(later, None)
        super().failed(call, error)

    def taken_back(self) -> list[int]:
        """Numbers of the calls that are not made, since what they take will never be; each given once."""
        unmade, self.unmade = self.unmade, []
        return unmade

    def _take_back(self, later: Later, parts: tuple[int, ...] | None) -> None:
        """A value, or these parts of it, will never be: what rests on it is not supposed any more."""
        gone: dict[Later, tuple[int, ...] | None] = {later: parts}
        stack = [later]
        unmade: dict[int, None] = {}
        while stack:
            lost = stack.pop()
            still: list[Call] = []
            for call in self.takers.pop(lost, ()):
                if self.planned_calls.get(call.number) is not call:
                    continue  # it was taken back before
                if not _takes(call, lost, gone[lost]):
                    still.append(call)
                    continue
                unmade[call.number] = None
                del self.planned_calls[call.number]
                own = self.supposed.pop(call.number, None)
                if own is not None:
                    gone[own] = None
                    stack.append(own)
            if still:
                self.takers[lost] = still
        for f in unmade:
            self.running.discard(f)
            self.called.discard(f)
            self.awaited.pop(f, None)
        if unmade:
            self.calls = [f for f in self.calls if f not in unmade]
            self.unmade += unmade
        self._forget(gone)

    def _forget(self, gone: Mapping[Later, tuple[int, ...] | None]) -> None:
        """Data that stood for what will never be are unknown again, and looked at again."""
        values, consumers, lacking = self.values, self.network.consumers, self.lacking
        for x, value in enumerate(values):
            if type(value) is Later and _is_among(value, gone):
                values[x] = UNKNOWN
                for f in consumers[x]:
                    lacking[f] += 1
                self.queue.append(x)
        self.held = {
            place: value for place, value in self.held.items() if type(value) is not Later or not _is_among(value, gone)
        }

    def _goes_on(self) -> bool:
        """There is nothing to be looked at now: is there when something else has been done?"""
        if not self.supposed:
            return super()._goes_on()
        self.has_ended = True
        if self.owned and not self.everything and self._has_all_for_sure():
            self.active = False
        return False

    def _has_all_for_sure(self) -> bool:
        """Is all that is wanted there, though something is in flight?"""
        settled, values, open_ones = self.search.settled, self.values, set(self.supposed.values())
        for x in self.search.wanted or ():
            value = values[x]
            if settled[x] and (value is UNKNOWN or (type(value) is Later and value.whole in open_ones)):
                return False
        return True

    def record(self) -> Record:
        """What the run leaves: values that are here, and what stands for those that are kept elsewhere."""
        values = self.values
        open_ones = set(self.supposed.values())  # the run was ended before they were
        wanted = set(self.search.wanted or ())
        for x, value in enumerate(values):
            if type(value) is Later:
                if value.whole in open_ones:
                    values[x] = UNKNOWN
                elif value.whole.value is not UNKNOWN:
                    values[x] = value.get()
                elif self.releases and x not in wanted:
                    values[x] = RELEASED
        self.held = {place: value for place, value in self.held.items() if type(value) is not Later}
        self.takers.clear()
        record = super().record()
        if self.releases:
            record.held = {}
            record.shown = bytearray(len(values))
            for x in wanted:
                record.shown[x] = 1
        return record


class _Parts:
    """Splits what a function gave, on the worker: a wrong number is a failure of the call."""

    def __init__(self, outputs: tuple[NodeId, ...], count: int) -> None:
        self.outputs = outputs
        self.count = count

    def __call__(self, value: Any) -> Any:
        """The values, one for each output; NONE for all of them is one."""
        return value if value is NONE else as_many(value, self.count, self)


def _takes(call: Call, whole: Later, parts: tuple[int, ...] | None) -> bool:
    """Is a value, or one of these parts, among the arguments of a call?"""
    return parts is None or any(type(arg) is Later and arg.whole is whole and arg.part in parts for arg in call.args)


def _is_among(later: Later, gone: Mapping[Later, tuple[int, ...] | None]) -> bool:
    """Will it never be?"""
    if later.whole not in gone:
        return False
    parts = gone[later.whole]
    return parts is None or later.part in parts


def _barred(network: Network) -> bytearray:
    """By datum: must its value be here before the run can go on?

    It must if it has filters or a callback, or is taken by anything but a call that goes the common way.
    """
    barred = bytearray(len(network.consumers))
    kind, manners = network.kind, network.manners
    for x, consumers in enumerate(network.consumers):
        if x in network.extras or x in network.slot_of:
            barred[x] = 1
        for f in consumers:
            if kind[f] not in (Kind.FUNCTION, Kind.LINK) or f in manners:
                barred[x] = 1
    stack = [x for x, is_barred in enumerate(barred) if is_barred]
    while stack:
        for f, _ in network.providers(stack.pop()):
            if kind[f] == Kind.LINK and not barred[network.inputs[f][0]]:
                barred[network.inputs[f][0]] = 1
                stack.append(network.inputs[f][0])
    return barred

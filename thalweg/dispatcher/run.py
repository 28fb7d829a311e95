"""One dispatch: hands out the calls of a plan, takes their outcomes, and goes another way when one fails.

A run is a `Drivable` (see `thalweg.executors.contract`).  It works through a list of data to be made known; each is
known when its provider has ended well::

    waiting --inputs known--> ready --taken--> running --done--> done
                                                  |
                                                  +--failed--> failed, and its outputs wait for another provider

The plan's search is shared with other runs, so a run that meets its first failure begins one of its own.  From then on
search and run go side by side: the search pauses at what is certainly needed until it is known.  Where everything is
wanted and calls are made one by one, they do so from the start, for then nothing is searched twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import islice
from typing import Any

from ..errors import ArityError, DomainError
from ..executors.contract import Call, GuardedCall
from .failures import Failure
from .network import Kind, Network
from .nodes import NodeId
from .plan import Plan
from .search import Search
from .solution import Record
from .tokens import ABSENT, NONE, RELEASED, UNKNOWN

__all__ = ["Run", "Stopped"]


class Stopped(Exception):
    """The run was ended by the failure it carries; used between a run and the dispatcher only."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.path)
        self.failure = failure


class Run:
    """One run of a plan.

    Parameters
    ----------
    plan : Plan
    given : mapping of Hashable to object
        Given values; their ids are those the plan was made for.
    raises : callable or None
        Told of each failure; a true answer ends the run.
    stopper : object or None
        An event with ``is_set()``; set, it ends the run before the next call.
    release : bool
        Let go values that nothing can need any more.
    """

    def __init__(
        self,
        plan: Plan,
        given: Mapping[NodeId, Any],
        *,
        raises: Callable[[Failure], bool] | None = None,
        stopper: Any = None,
        release: bool = False,
        need_all: bool = False,
    ) -> None:
        network = plan.network
        self.network: Network = network
        self.plan = plan
        self.search: Search = plan.search
        self.raises = raises
        self.stopper = stopper
        self.need_all = need_all
        self.active = True
        self.stopped = False  # by the stopper
        self.values: list[Any] = plan.template.copy()
        self.rest: Iterator[int] = iter(plan.order)  # data still to be made known
        self.touched: set[int] = plan.touched
        self.held: dict[tuple[int, int], Any] = {}  # (function, datum): values that wait for their datum
        self.called = bytearray(len(network.kind))  # of the functions that are not plain
        self.calls: list[int] = []
        self.failures: list[Failure] = []
        self.outer = sys.exception()  # what the caller is handling
        self.ended = False  # have the steps come to their end?
        self.goals: list[int] = []
        self.unsaid: tuple[int, list[int] | None] | None = None  # a loss that the search does not know of yet
        self.all_found = True  # but for what is sought
        self.sought: set[int] = set()  # lost data; only when they are found is what is wanted sure to be in reach
        self.listening: set[int] = set()  # where the search pauses to hear of it
        self.milestones = bytearray()  # data that are certainly needed
        self.pause = bytearray()  # where the search pauses
        self.steps: Generator[int, None, None]
        self.broken = False  # what is still to be done was changed under the reader
        self._fill(given)
        self.uses = _Uses(network, plan.search, self.values) if release else None
        self.owned = False  # is the search ours alone?
        if plan.is_open:
            self._own()
            self.rest = self._onward() if plan.search.wanted is not None else self._all_onward()

    def _fill(self, given: Mapping[NodeId, Any]) -> None:
        network, values = self.network, self.values
        index = network.top.index
        seeds = {x: value for x, (_, _, value) in network.defaults.items()}
        for data_id, value in given.items():
            seeds[index[data_id]] = value
        for x, value in seeds.items():
            target = network.start_slots.get(x, x)
            if values[target] is UNKNOWN:
                self.held[self.search.seeds[target][1], target] = value  # for when it is reached, if ever
            else:
                values[target] = value

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return self.active

    def ready(self) -> Iterator[Call]:
        """Calls that may start now, one after the other; each must be reported before the next is taken."""
        network, values, calls, stopper, held = self.network, self.values, self.calls, self.stopper, self.held
        plain, arguments = network.plain, network.arguments
        call: Call | None
        while self.active:
            self._heed()
            provider, settled = self.search.provider, self.search.settled
            for x in self.rest:
                if values[x] is not UNKNOWN or not settled[x]:
                    continue
                f = provider[x]
                function = plain[f]
                if function is not None:
                    taken = arguments[f]
                    if len(taken) == 1:
                        call = Call(f, function, (values[taken[0]],))
                    else:
                        call = Call(f, function, [values[u] for u in taken])
                else:
                    call = self._other(f, x)
                    if call is None:
                        if self.broken:
                            break
                        continue
                if stopper is not None and stopper.is_set():
                    self.stopped, self.active = True, False
                    return
                calls.append(f)
                yield call
                if self.broken:
                    break
                if function is None and (f, x) in held and not self._know(f, x, held.pop((f, x))):
                    break
            else:
                self.active = False

    def _heed(self) -> None:
        """What is still to be done has been looked at anew."""
        self.broken = False

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        f = call.number
        x = self.network.single[f]
        if x >= 0 and value is not NONE:
            self.values[x] = value
            if self.uses is not None:
                self.uses.known(x)
        elif self.network.kind[f] == Kind.FUNCTION:
            self._split(f, value)
        elif value is NONE:
            self._lose(f, [x for x, _ in self.network.provides[f]])
        else:
            self._know(f, self.network.provides[f][0][0], value)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        f = call.number
        refused = isinstance(error, DomainError) and error.__cause__ is None
        kind = "refused" if refused else "domain" if isinstance(error, DomainError) else "error"
        self._lose(f)
        self._record(self.network.function_path(f), kind, error, f)

    def _other(self, f: int, x: int) -> Call | None:
        """What makes `x` known where that is not the plain call of a function: maybe a call, maybe done at once."""
        network, values = self.network, self.values
        kind, record = network.kind[f], network.records[f]
        if kind == Kind.FUNCTION:
            if not self.called[f]:
                self.called[f] = 1
                args = [values[u] for u in network.arguments[f]]
                return GuardedCall(f, record.function, args, record.input_domain, record.filters)
            self._know(f, x, self.held.pop((f, x)))
        elif kind == Kind.START:
            self._know(f, x, self.held.pop((f, x)))
        elif kind == Kind.LINK:
            self._know(f, x, values[network.inputs[f][0]])
        elif kind == Kind.DEFAULT:
            self._know(f, x, record.default_value)
        elif kind == Kind.ASK:
            data = network.data_ids
            arrived = {data[u]: values[u] for u in self.search.arrived(x) if u and data[u] is not None}
            return GuardedCall(f, _open, [arrived], record.input_domain)
        else:
            slots = self.search.takes(f)
            estimates = {network.slot_of[s]: values[s] for s in slots if values[s] is not ABSENT}
            if not estimates:
                self._lose(f)
            elif record.function is not None:
                return Call(f, record.function, [estimates])
            else:
                self._know(f, x, estimates)
        return None

    def _split(self, f: int, value: Any) -> None:
        """Hand the result of a function to its outputs."""
        network = self.network
        arcs = network.provides[f]
        if f in network.sink_of:
            self.values[arcs[0][0]] = None
            return
        if len(arcs) == 1:
            results: tuple[Any, ...] = (value,)
        else:
            try:
                results = _as_many(value, len(arcs), network.records[f])
            except Exception as error:
                self._lose(f)
                self._record(network.function_path(f), "arity" if type(error) is ArityError else "error", error, f)
                return
        lost: list[int] = []
        for (x, _), result in zip(arcs, results, strict=True):
            if result is NONE:
                lost.append(x)
            elif x in network.slot_of:
                self.values[x] = result
                if self.uses is not None:
                    self.uses.known(x)
            elif self.uses is None or x in self.uses.matter:
                self.held[f, x] = result
        if lost:
            self._lose(f, lost)

    def _know(self, f: int, x: int, value: Any) -> bool:
        """`x` gets its value from `f`, unless one of its filters refuses it."""
        node = self.network.extras.get(x)
        if node is not None:
            try:
                for function in node.filters:
                    value = function(value)
                    if value is NONE:
                        raise DomainError("a filter gave NONE")
            except Exception as error:
                self._lose(f, [x])
                self._record(self.network.data_path(x), "filter", error, f)
                return False
        self.values[x] = value
        if self.uses is not None:
            self.uses.known(x)
        if node is not None and node.callback is not None:
            try:
                node.callback(value)
            except Exception as error:
                self._record(self.network.data_path(x), "callback", error, -1)
        return True

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        """`f` is gone, or does not give `outputs`: let the search think again."""
        lost = [x for x, _ in self.network.provides[f]] if outputs is None else outputs
        for x in lost:
            if x in self.network.slot_of:
                self.values[x] = ABSENT
        if outputs is None and self.uses is not None and self.network.kind[f] != Kind.ASK:
            self.uses.spent(f)  # what a gate was asked with it will be asked with again
        if not self.owned:
            self._start_again(f, outputs, lost)
        else:
            self._tell(f, outputs)
            if self.search.wanted is None:
                return
        # Other calls may now be the right ones.
        if self.ended:
            self.steps, self.ended = self.search.steps(self.pause, []), False
        self.rest = self._onward()
        self.broken = True

    def _tell(self, f: int, outputs: list[int] | None) -> None:
        """Tell the search of a loss; what may be out of reach now is sought before anything more is called."""
        kind, search = self.network.kind[f], self.search
        if kind == Kind.START:
            lost = [v for x in outputs or () for v in search.lose_seed(x)]
        elif kind == Kind.ASK:
            lost = search.refuse(f)
        else:
            lost = search.lose(f, outputs)
        if search.wanted is None:
            return
        self.sought.update([v for v in lost if not self._stands(v)])
        if self.sought:
            self._set_pauses()

    def _stands(self, x: int) -> bool:
        """Is a lost datum sure to be found, by a provider whose inputs the plan found nearer than it?

        What the plan's search settled is still in reach, as long as all that was lost since is.
        """
        planned, search, network = self.plan.search, self.search, self.network
        for f, _ in network.providers(x) if self.all_found else ():
            if f not in search.dead and (f, x) not in search.gone and network.kind[f] != Kind.COLLECT:
                for u in network.inputs[f]:
                    if not planned.settled[u] or planned.dist[u] >= planned.dist[x]:
                        break
                else:
                    return True
        return False

    def _finds(self, x: int) -> bool:
        """Does the search pause at `x` only because it was sought?  When all is found, the milestones count again."""
        self.sought.discard(x)
        if self.sought:
            return True  # nothing is called until all is found
        self._set_pauses()
        return not self.milestones[x]

    def _set_pauses(self) -> None:
        """Pause at the milestones, but while anything is sought only there; and where a loss is to be heard of."""
        self.pause[:] = bytes(len(self.pause)) if self.sought else self.milestones
        for x in (*self.sought, *self.listening):
            self.pause[x] = 1

    def _start_again(self, f: int, outputs: list[int] | None, lost: list[int]) -> None:
        """Follow a search of our own, which learns of the first loss as it comes to it.

        That is cheaper than to undo what the plan's search has found behind the loss, and leaves the plan to others.
        """
        self.touched = self.touched.copy()
        self.search = self.plan.search.fresh()
        self._own()
        if self.network.kind[f] == Kind.START:
            self._tell(f, outputs)
        else:
            self.unsaid = (f, outputs)
            self.listening = set(lost)
            self._set_pauses()

    def _hears(self, x: int, f: int) -> bool:
        """Does the search pause at `x` only for the loss that it does not know of yet?  If it is there, tell it."""
        if self.unsaid is not None and f == self.unsaid[0]:
            self.listening = set()
            self._set_pauses()
            self._tell(*self.unsaid)
            self.unsaid = None
            return True
        return x in self.listening and not self.milestones[x]

    def _own(self) -> None:
        """Begin to go side by side with a search that no other run uses."""
        self.owned = True
        self.search.values = self.values
        goals = self.search.wanted
        if goals is not None and not self.plan.is_open:
            goals = [x for x in goals if self.plan.search.settled[x]]
        self.milestones = self.search.milestones(goals)
        self.pause = self.milestones[:]
        self.goals = list(goals or ())[::-1]  # still to be looked at, the last one first
        self.steps = self.search.steps(self.pause, [])

    def _all_onward(self) -> Iterator[int]:
        """As `_onward`, where everything is wanted: what a datum takes is known when the search comes to it."""
        return self._onward() if self.network.collectors else self.steps

    def _onward(self) -> Iterator[int]:
        """Data to be made known, found as the run goes.

        The search pauses at each datum that is certainly needed until it is known: where everything is wanted at
        each, else at the milestones.  So a failure undoes little, and n failures cost O(n).
        """
        search, values = self.search, self.values
        provider, kind, inputs = search.provider, self.network.kind, self.network.inputs
        touch = self.touched.update if self.network.defaults else None
        for x in self.steps:
            f = provider[x]
            if self.listening and self._hears(x, f):
                continue
            if x in self.sought and self._finds(x):
                continue
            taken = inputs[f] if kind[f] == Kind.FUNCTION else search.takes(f)
            for u in taken:
                if values[u] is UNKNOWN:
                    yield from search.unfold([x], values, self.touched)
                    break
            else:
                if touch is not None:
                    touch(taken)
                yield x
        self.ended = True
        self.all_found = self.all_found and not self.sought
        self.sought.clear()
        self._set_pauses()
        if search.left > 0 and self.need_all:
            return
        while self.goals:
            x = self.goals[-1]
            if search.settled[x]:
                yield from search.unfold([x], values, self.touched)
            self.goals.pop()

    def _record(self, path: tuple[NodeId, ...], kind: str, error: Exception, f: int) -> None:
        failure = Failure(path, kind, error, f)
        self.failures.append(failure)
        if self.raises is not None and self.raises(failure):
            self.active = False
            raise Stopped(failure)
        failure.forget_frames(self.outer)

    def close(self) -> None:
        """Do no more, and let go what is not needed for the record."""
        self.active = False
        self.rest = iter(())  # its frame would keep the run, and the run its frame
        index, start = self.network.top.index, self.network.top.start
        for x in map(index.__getitem__, self.plan.given):  # given values that the search did not come to
            if self.values[x] is UNKNOWN and self.search.provider[x] == start and x not in self.network.extras:
                self.values[x] = self.held.get((start, x), UNKNOWN)

    def record(self) -> Record:
        """What the run leaves."""
        search = self.search
        failures = [x for x in self.failures if not self._opened_later(x)]
        self.failures, self.outer = [], None
        unused = self._unused_defaults() if search.wanted is not None else frozenset()
        record = Record(self.network, search, self.values, failures, self.calls, unused, stopped=self.stopped)
        if self.uses is not None:
            record.hidden = frozenset(range(len(self.values))).difference(search.wanted or ())
        return record

    def _unused_defaults(self) -> frozenset[int]:
        """Defaults that nothing took."""
        known, given = self.plan.template, {self.network.top.index[name] for name in self.plan.given}
        defaults = [x for x in self.network.defaults if x not in given and known[x] is not UNKNOWN]
        return frozenset(defaults).difference(self.touched)

    def _opened_later(self, failure: Failure) -> bool:
        """Did a gate that refused say yes at a later arrival?"""
        f = failure.function
        if f < 0 or self.network.kind[f] != Kind.ASK:
            return False
        return self.values[self.network.provides[f][0][0]] is not UNKNOWN


class _Uses:
    """Counts who can still need each value, and lets it go after the last.

    A function can still need its inputs until all of its outputs that matter are known, from wherever: so a value
    that a fallback might need is kept.
    """

    def __init__(self, network: Network, search: Search, values: list[Any]) -> None:
        self.network = network
        self.values = values
        self.keep = {0, *(search.wanted or ())}
        self.open: dict[int, int] = {}  # function -> its outputs that matter and are not known
        self.live: dict[int, int] = {}  # datum -> functions that can still need it
        self.matter = set(self.keep)  # data that what is wanted could rest on
        stack = [x for x in self.keep if values[x] is UNKNOWN]
        while stack:
            for f, _ in network.providers(stack.pop()):
                self.open[f] = self.open.get(f, 0) + 1
                if self.open[f] == 1:
                    for u in set(network.inputs[f]):
                        self.live[u] = self.live.get(u, 0) + 1
                        if u not in self.matter:
                            self.matter.add(u)
                            if values[u] is UNKNOWN:
                                stack.append(u)

    def known(self, x: int) -> None:
        """`x` has its value, or needs none: functions that could have given it are wanted less."""
        for f, _ in self.network.providers(x):
            if f in self.open:
                self.open[f] -= 1
                if not self.open[f]:
                    self.spent(f)

    def spent(self, function: int) -> None:
        """`function` can need its inputs no longer."""
        stack = [function]
        while stack:
            f = stack.pop()
            if self.open.pop(f, None) is None:
                continue
            for u in set(self.network.inputs[f]):
                self.live[u] -= 1
                if self.live[u] or u in self.keep:
                    continue
                if self.values[u] is not UNKNOWN:
                    if self.values[u] is not ABSENT:
                        self.values[u] = RELEASED
                    continue
                for g, _ in self.network.providers(u):  # nor are those that would have given it
                    if g in self.open:
                        self.open[g] -= 1
                        if not self.open[g]:
                            stack.append(g)


def _open(_: dict[NodeId, Any]) -> bool:
    """What a gate's call gives when its domain has said yes."""
    return True


def _as_many(value: Any, count: int, node: Any) -> tuple[Any, ...]:
    """The values in `value`, one for each output of `node`."""
    names = ", ".join(map(repr, node.outputs))
    if isinstance(value, (str, bytes, Mapping, set, frozenset)):
        raise ArityError(f"it gave one {type(value).__name__} for its {count} outputs {names}; give a tuple of {count}")
    try:
        items = iter(value)
    except TypeError:
        raise ArityError(
            f"it gave one {type(value).__name__} for its {count} outputs {names}; give a tuple of {count}"
        ) from None
    values = tuple(islice(items, count + 1))  # it may have no end
    if len(values) != count:
        number = "more" if len(values) > count else str(len(values))
        raise ArityError(f"it gave {number} values for its {count} outputs {names}; give as many as outputs")
    return values

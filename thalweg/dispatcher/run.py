"""What one dispatch knows while it goes: values, outcomes and failures, and what a call means for them.

A run is a `Drivable` (see `thalweg.executors.contract`).  It works through data to be made known; each is known when
its provider has ended well::

    waiting --inputs known--> ready --taken--> running --done--> done
                                                  |
                                                  +--failed--> failed, and its outputs wait for another provider

In which order, and how far the search goes ahead of the calls, is up to the two kinds of run:
`thalweg.dispatcher.in_turn`, where one call ends before the next is taken, and `thalweg.dispatcher.side_by_side`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from ..errors import ArityError, CallTimeout, DomainError, WorkerDied
from ..executors.contract import Call, GuardedCall
from ..tokens import ABSENT, NONE, UNKNOWN
from .failures import Failure
from .network import Kind, Network
from .nodes import NodeId
from .plan import Plan, derived, path_text
from .search import Search
from .solution import Record
from .uses import Uses

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
    need_all : bool
        Call nothing more when something wanted is out of reach.
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
        self.is_cut_short = False  # it did not come to its end
        self.values: list[Any] = plan.template.copy()
        self.held: dict[tuple[int, int], Any] = {}  # (function, datum): values that wait for their datum
        self.called = bytearray(len(network.kind))  # of the functions that are not plain
        self.calls: list[int] = []
        self.failures: list[Failure] = []
        self.outer = sys.exception()  # what the caller is handling
        self.owned = False  # is the search ours alone?
        self._fill(given)
        self.uses = Uses(network, plan.search, self.values) if release else None

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

    def path(self, call: Call) -> str:
        """What people call the node that a call is of."""
        return path_text(self.network.function_path(call.number))

    def stop(self) -> None:
        """End the run before its next call."""
        self.stopped = self.is_cut_short = True
        self.active = False

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return self.active

    def ready(self) -> Iterable[Call]:
        """Calls that may start now, each given once."""
        raise NotImplementedError

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
        self._lose(f)
        self._record(self.network.function_path(f), _kind_of(error), error, f)

    def _other(self, f: int, x: int) -> Call | None:
        """What makes `x` known where that is not the plain call of a function: maybe a call, maybe done at once."""
        network, values = self.network, self.values
        kind, record = network.kind[f], network.records[f]
        if kind == Kind.FUNCTION:
            if not self.called[f]:
                self.called[f] = 1
                args = [values[u] for u in network.arguments[f]]
                executor, policy = network.manners.get(f, _COMMON)
                domain, filters = record.input_domain, record.filters
                return GuardedCall(f, record.function, args, domain, filters, executor=executor, policy=policy)
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
                self._record(network.function_path(f), _kind_of(error), error, f)
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
        raise NotImplementedError

    def _record(self, path: tuple[NodeId, ...], kind: str, error: Exception, f: int) -> None:
        failure = Failure(path, kind, error, f)
        self.failures.append(failure)
        if self.raises is not None and self.raises(failure):
            self.is_cut_short, self.active = True, False
            raise Stopped(failure)
        failure.forget_frames(self.outer)

    def close(self) -> None:
        """Do no more, and let go what is not needed for the record."""
        self.active = False
        index, start = self.network.top.index, self.network.top.start
        for x in map(index.__getitem__, self.plan.given):  # given values that the search did not come to
            if self.values[x] is UNKNOWN and self.search.provider[x] == start and x not in self.network.extras:
                self.values[x] = self.held.get((start, x), UNKNOWN)

    def record(self) -> Record:
        """What the run leaves."""
        failures = [x for x in self.failures if not self._opened_later(x)]
        self.failures, self.outer = [], None
        record = Record(self.network, self.search, self.values, failures, self.calls, stopped=self.stopped)
        record.used = self._used()
        record.shown = record.used
        if self.uses is not None:
            record.shown = bytearray(len(self.values))
            for x in self.search.wanted or ():
                record.shown[x] = 1
        return record

    def _used(self) -> bytearray | None:
        """By datum: does what is wanted rest on it?  None where all that is known counts.

        By-products of a way that was given up do not: there may be others in another order of the calls.
        A run that did not come to its end shows them nevertheless, for they say how far it came.
        """
        if self.search.wanted is None or self.is_cut_short or (self.need_all and self.search.left > 0):
            return None
        if not self.owned:
            return self.plan.shown
        return derived(self.network, self.search, self.plan.given)

    def _opened_later(self, failure: Failure) -> bool:
        """Did a gate that refused say yes at a later arrival?"""
        f = failure.function
        if f < 0 or self.network.kind[f] != Kind.ASK:
            return False
        return self.values[self.network.provides[f][0][0]] is not UNKNOWN


_COMMON = (None, None)  # neither an executor nor a policy of its own


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


def _kind_of(error: BaseException) -> str:
    """How a call failed, in a word."""
    if isinstance(error, DomainError):
        return "refused" if error.__cause__ is None else "domain"
    for kind, errors in _KINDS.items():
        if isinstance(error, errors):
            return kind
    return "error"


_KINDS = {"arity": ArityError, "timeout": CallTimeout, "died": WorkerDied}

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

from ..errors import ArityError, DomainError
from ..executors.contract import Call, GuardedCall
from ..tokens import ABSENT, NONE, UNKNOWN
from .failures import Failure, Met, forget_frames
from .network import Kind, Network
from .nodes import DataNode, NodeId
from .plan import Plan, derived, path_text
from .search import Search
from .solution import Record
from .uses import Uses

__all__ = ["Run", "Stopped", "as_many"]


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

    Attributes
    ----------
    stopped : bool
        By the stopper.
    is_cut_short : bool
        It did not come to its end.
    owned : bool
        Is the search ours alone?
    """

    active = True
    stopped = False
    is_cut_short = False
    owned = False

    def __init__(
        self,
        plan: Plan,
        given: Mapping[NodeId, Any],
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
        self.values: list[Any]
        self.held: dict[tuple[int, int], Any]  # (function, datum): values that wait for their datum
        self.values, self.held = plan.seat(given)
        self.called: set[int] = set()  # of the functions that are not plain
        self.calls: list[int] = []
        self.failures: list[Failure | Met] = []
        self.outer = sys.exception()  # what the caller is handling
        self.uses = Uses(network, plan.search, self.values) if release else None

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
        self._record(None, None, error, f)

    def _other(self, f: int, x: int) -> Call | None:
        """What makes `x` known where that is not the plain call of a function: maybe a call, maybe done at once."""
        network, values = self.network, self.values
        kind, record = network.kind[f], network.records[f]
        if kind == Kind.FUNCTION:
            if f not in self.called:
                self.called.add(f)
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
            arrived = {data[u]: values[u] for u in self._takes(f) if u and data[u] is not None}
            return GuardedCall(f, _open, [arrived], record.input_domain)
        else:
            slots = self._takes(f)
            estimates = {network.slot_of[s]: values[s] for s in slots if values[s] is not ABSENT}
            if not estimates:
                self._lose(f)
            elif record.function is not None:
                return Call(f, record.function, [estimates])
            else:
                self._know(f, x, estimates)
        return None

    def _takes(self, function: int) -> tuple[int, ...]:
        """What a provider takes that is no function."""
        return self.search.takes(function)

    def _forgo(self, f: int, outputs: list[int] | None) -> list[int]:
        """Mark the slots that `f` does not fill, and need nothing for `f` any more; gives the slots."""
        lost = [x for x, _ in self.network.provides[f]] if outputs is None else outputs
        slots = [x for x in lost if x in self.network.slot_of] if self.network.slot_of else []
        for x in slots:
            self.values[x] = ABSENT
        if outputs is None and self.uses is not None and self.network.kind[f] != Kind.ASK:
            self.uses.spent(f)  # what a gate was asked with it will be asked with again
        return slots

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
                results = as_many(value, len(arcs), network.records[f])
            except Exception as error:
                self._lose(f)
                self._record(None, None, error, f)
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
                value = self._filtered(node, f, x, value)
            except Exception as error:
                self._lose(f, [x])
                self._record(self.network.data_path(x), "filter", error, f, x)
                return False
        self.values[x] = value
        if self.uses is not None:
            self.uses.known(x)
        if node is not None and node.callback is not None:
            try:
                self._call_back(node, f, x, value)
            except Exception as error:
                self._record(self.network.data_path(x), "callback", error, -1, x)
        return True

    def _filtered(self, node: DataNode, f: int, x: int, value: Any) -> Any:  # noqa: ARG002 - who remembers asks whose
        """What the filters of `x` make of a value from `f`."""
        for function in node.filters:
            value = function(value)
            if value is NONE:
                raise DomainError("a filter gave NONE")
        return value

    def _call_back(self, node: DataNode, f: int, x: int, value: Any) -> None:  # noqa: ARG002 - as above
        """Tell who wants to know of the value of `x`."""
        assert node.callback is not None
        node.callback(value)

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        """`f` is gone, or does not give `outputs`: let the search think again."""
        raise NotImplementedError

    def _record(self, path: tuple[NodeId, ...] | None, kind: str | None, error: Exception, f: int, x: int = -1) -> None:
        """Note a failure: of a call if neither path nor kind is given."""
        failure = self._failure(path, kind, error, f)
        failure.datum = x
        self.failures.append(failure)
        self._judge(failure)

    def _judge(self, failure: Failure) -> None:
        """Does a failure end the run?"""
        if self.raises is not None and self.raises(failure):
            self.is_cut_short, self.active = True, False
            raise Stopped(failure)
        forget_frames(failure.error, self.outer)

    def _failure(self, path: tuple[NodeId, ...] | None, kind: str | None, error: Exception, f: int) -> Failure:
        return Failure(path, kind, error, f, network=self.network)

    def close(self) -> None:
        """Do no more, and let go what is not needed for the record."""
        self.active = False
        if not self.held:
            return
        index, start = self.network.top.index, self.network.top.start
        for x in map(index.__getitem__, self.plan.given):  # given values that the search did not come to
            if self.values[x] is UNKNOWN and self.search.provider[x] == start and x not in self.network.extras:
                self.values[x] = self.held.get((start, x), UNKNOWN)

    def record(self) -> Record:
        """What the run leaves."""
        failures = [x for x in self.failures if type(x) is tuple or not self._opened_later(x)]
        self.failures, self.outer = [], None
        network, given = self.network, self.plan.given
        record = Record(network, self.search, self.values, failures, self.calls, given, stopped=self.stopped)
        record.used = record.shown = self._used()
        record.is_whole = not self.is_cut_short and not (self.need_all and self.search.left > 0)
        if self.owned:
            self.search.values = ()  # it may outlive them
        if self.uses is None:
            record.held = self.held
        else:
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

    def _opened_later(self, failure: Failure | Met) -> bool:
        """Did a gate that refused say yes at a later arrival?"""
        f = failure[0] if isinstance(failure, tuple) else failure.function
        if f < 0 or self.network.kind[f] != Kind.ASK:
            return False
        return self.values[self.network.provides[f][0][0]] is not UNKNOWN


_COMMON = (None, None)  # neither an executor nor a policy of its own


def _open(_: dict[NodeId, Any]) -> bool:
    """What a gate's call gives when its domain has said yes."""
    return True


def as_many(value: Any, count: int, node: Any) -> tuple[Any, ...]:
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

"""What a run can take over from an earlier one on the same network, and the runs that do.

A call is made again only if something that it takes is not what it was.  What else the earlier run came to, values,
refusals and failures alike, is told to the new run as if the calls had been made: so it decides all that it would
decide anyway, in the same order.  What is held to be the same is decided datum by datum::

    same  =  it has a value in the earlier run, from the same provider, which takes the same data, each the same
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from ..executors.contract import Call
from ..tokens import ABSENT, NONE, UNKNOWN
from .failures import Failure
from .in_turn import InTurn
from .network import Kind
from .nodes import DataNode, NodeId
from .run import Run
from .side_by_side import SideBySide
from .solution import Record

__all__ = ["Memory", "Remembering"]

_NOT_LOOKED, _SAME, _OTHER = 0, 1, 2


class _Filtered:
    """A value of which it is known what the filters of its datum say; how it was before is not known."""

    __slots__ = ("failure", "value")

    def __init__(self, value: Any, failure: Failure | None = None) -> None:
        self.value = value
        self.failure = failure


class Memory:
    """What an earlier run came to, as far as it holds for other values of some of its inputs.

    Parameters
    ----------
    record : Record
        Of the earlier run; it is not changed.

    Attributes
    ----------
    values : list
        By datum: its value, or `UNKNOWN`.
    affected : list of int
        Data that had values and rest on what has changed, each after what it rests on, as far as it could be ordered.
    forgotten : set of int
        Functions that take something changed: nothing is remembered of them.
    is_simple : bool
        Is there nothing among these that failed, refused or gave nothing, and no gate?
    """

    def __init__(self, record: Record) -> None:
        self.network = record.network
        self.search = record.search
        self.values = record.changed_values()  # maybe an `Overlay`
        self.held = dict(record.held)
        self.affected: list[int] = []
        self.forgotten: set[int] = set()
        self.nothing: set[tuple[int, int]] = set()  # what else gave NONE for a datum than the search has lost
        self.is_simple = True
        self.made: list[int] = []  # calls that were made since, for the same run
        self.failed: dict[int, Failure] = {}
        self.refused: dict[tuple[int, int], Failure] = {}  # by function and datum whose filter refused
        self.told: dict[int, Failure] = {}  # by datum: its callback raised
        self.errors: dict[int, Failure] = {}  # by the identity of what was raised
        self.learn(record.failures)

    def learn(self, failures: Iterable[Failure]) -> None:
        """Remember what failed and may fail again.

        What a gate or a collection failed with, nobody knows afterwards: these are asked again.
        """
        for failure in failures:
            self.errors[id(failure.error)] = failure
            kind = self.network.kind[failure.function] if failure.function >= 0 else Kind.START
            if failure.kind == "callback":
                self.told[failure.datum] = failure
            elif kind in (Kind.COLLECT, Kind.ASK):
                continue
            elif failure.kind == "filter":
                self.refused[failure.function, failure.datum] = failure
            else:
                self.failed[failure.function] = failure

    def change(self, data: Iterable[int]) -> None:
        """Forget given data, and what rests on them.

        Notes
        -----
        O(arcs out of what is affected).  In `affected` a datum comes when the last that it takes has come.
        """
        network, search, values = self.network, self.search, self.values
        consumers, provides, kind, provider = network.consumers, network.provides, network.kind, search.provider
        lacking: dict[int, int] = {}  # function -> changed data that it takes
        gives: dict[int, list[int]] = {}
        stack = list(data)
        for x in stack:  # the list grows while it is read
            for f in consumers[x]:
                if f in lacking:
                    lacking[f] += 1
                    continue
                if kind[f] == Kind.COLLECT and x not in search.takes(f):
                    continue  # it came too late
                lacking[f] = 1
                given = gives[f] = []
                if kind[f] == Kind.ASK:
                    stack += self._forget_gate(provides[f][0][0])
                for y, _ in provides[f]:
                    if provider[y] == f and values[y] is not UNKNOWN:
                        if values[y] is ABSENT:
                            self.is_simple = False
                        values[y] = UNKNOWN
                        given.append(y)
                        stack.append(y)
                    elif self._is_odd(f, y):
                        self.is_simple = False
        self.forgotten.update(lacking)
        self._order(list(data), lacking, gives)
        if len(self.affected) != sum(map(len, gives.values())):
            self.is_simple = False

    def replace(self, x: int, value: Any) -> bool:
        """Another value is given for a datum; True if the one before was what came to be known there."""
        start = self.network.top.start
        self.held[start, x] = value
        is_known = self.search.provider[x] == start and self.values[x] is not UNKNOWN
        # What its filters and its callback will say nobody knows.
        if self.refused.pop((start, x), None) or (is_known and self.told.pop(x, None)):
            self.is_simple = False
        if is_known:
            self.values[x] = UNKNOWN
        return is_known

    def _forget_gate(self, gate: int) -> list[int]:
        """A gate is asked with all that has arrived, whichever arrival it is asked at."""
        self.is_simple = False
        self.forgotten.update([f for f, _ in self.network.providers(gate)])
        was_open = self.values[gate] is not UNKNOWN
        self.values[gate] = UNKNOWN
        return [gate] if was_open else []

    def _is_odd(self, f: int, y: int) -> bool:
        """Did `f` run without giving `y`?"""
        search = self.search
        if (f, y) in search.gone or y in search.empty or f in self.failed:
            return True
        return self.held.pop((f, y), UNKNOWN) is not UNKNOWN

    def _order(self, data: list[int], lacking: dict[int, int], gives: dict[int, list[int]]) -> None:
        """List what is affected: who takes several changed data comes after the last."""
        consumers, kind, order, takes = self.network.consumers, self.network.kind, self.affected, self.search.takes
        for start in (data, order):  # the second grows while it is read
            for x in start:
                for f in consumers[x]:
                    if f in lacking and (kind[f] != Kind.COLLECT or x in takes(f)):
                        lacking[f] -= 1
                        if not lacking[f]:
                            order += gives[f]

    def result(self, f: int, x: int) -> Any:
        """What `f` gave for `x`; UNKNOWN if nobody knows."""
        search, value = self.search, self.values[x]
        if (f, x) in self.held:
            return self.held[f, x]
        if search.provider[x] == f and value is not UNKNOWN and value is not ABSENT:
            return _Filtered(value) if x in self.network.extras else value
        if (f, x) in self.refused:
            return _Filtered(None, self.refused[f, x])
        if (f, x) in self.nothing or (f, x) in search.gone or x in search.empty:
            return NONE
        return UNKNOWN

    def run_of(self, kind: type[Run]) -> Callable[..., Run]:
        """What makes a run of the same kind that remembers."""

        def make(*args: Any, **options: Any) -> Run:
            run = cast("Callable[..., Remembering]", _KINDS[kind])(*args, **options)
            run.memory = self
            run.made = self.made
            return run

        return make


class Remembering(Run):
    """A run that takes over what an earlier one came to, where it is the same again."""

    memory: Memory

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.looked = bytearray(len(self.values))  # by datum: is it the same?
        self.looked[0] = _SAME  # START
        self.made: list[int] = []

    def ready(self) -> Iterator[Call]:
        """Calls that have to be made."""
        for call in super().ready():
            if not self._replay(call):
                self.made.append(call.number)
                yield call

    def began(self, call: Call) -> None:
        """A call that `follow` gave has been made: it counts."""
        self.made.append(call.number)
        super().began(call)  # type: ignore[misc]

    def record(self) -> Record:
        """What the run leaves."""
        record = super().record()
        record.made = self.made
        return record

    def _replay(self, call: Call) -> bool:
        """Tell the outcome of a call without making it, if it is known."""
        f, memory = call.number, self.memory
        if f in memory.forgotten or not self._is_same(f):
            return False
        failure = memory.failed.get(f)
        if failure is not None:
            self.failed(call, failure.error)
            return True
        kind, arcs = self.network.kind[f], self.network.provides[f]
        if kind != Kind.FUNCTION and not self._is_kept(f, arcs[0][0]):
            return False
        results = [memory.result(f, x) for x, _ in arcs]
        if any(result is UNKNOWN for result in results):
            return False
        self.done(call, results[0] if len(arcs) == 1 else tuple(results))
        return True

    def _filtered(self, node: DataNode, f: int, x: int, value: Any) -> Any:
        memory = self.memory
        if type(value) is _Filtered:
            if value.failure is None:
                return value.value
            memory.errors[id(value.failure.error)] = value.failure
            raise value.failure.error
        if self._is_kept(f, x):
            return memory.values[x]
        if f not in memory.forgotten:
            failure = memory.refused.get((f, x))
            if failure is not None and self._is_same(f):
                raise failure.error
        return super()._filtered(node, f, x, value)

    def _call_back(self, node: DataNode, f: int, x: int, value: Any) -> None:
        if not self._is_kept(f, x):
            super()._call_back(node, f, x, value)
            return
        failure = self.memory.told.get(x)
        if failure is not None:
            raise failure.error

    def _failure(self, path: tuple[NodeId, ...] | None, kind: str | None, error: Exception, f: int) -> Failure:
        old = self.memory.errors.get(id(error))
        return super()._failure(path, kind, error, f) if old is None else old.again()

    def _is_kept(self, f: int, x: int) -> bool:
        """Had `x` its value from `f`, and is all the same again?"""
        memory = self.memory
        if f in memory.forgotten or memory.search.provider[x] != f:
            return False
        value = memory.values[x]
        return value is not UNKNOWN and value is not ABSENT and self._is_same(f)

    def _is_same(self, f: int) -> bool:
        """Does `f` take what it took?"""
        if self.network.kind[f] == Kind.START:
            return True
        taken = self.search.takes(f)
        if taken is not self.network.inputs[f] and taken != self.memory.search.takes(f):
            return False
        looked = self.looked
        for x in taken:
            if not looked[x]:
                self._look(x)
            if looked[x] == _OTHER:
                return False
        return True

    def _look(self, datum: int) -> None:
        """Find out whether a datum that is known is the same as it was."""
        looked, old, values = self.looked, self.memory.search, self.memory.values
        provider, kind = self.search.provider, self.network.kind
        stack = [datum]
        while stack:
            x = stack[-1]
            f = provider[x]
            if looked[x]:
                stack.pop()
            elif f != old.provider[x] or values[x] is UNKNOWN:
                looked[x] = _OTHER
            elif kind[f] == Kind.START:
                looked[x] = _SAME
            else:
                taken = self.search.takes(f)
                if taken is not self.network.inputs[f] and taken != old.takes(f):
                    looked[x] = _OTHER
                    continue
                unknown = [u for u in taken if not looked[u]]
                if unknown:
                    stack += unknown
                else:
                    looked[x] = _OTHER if any(looked[u] == _OTHER for u in taken) else _SAME


class _InTurn(Remembering, InTurn):
    """As `InTurn`, remembering."""


class _SideBySide(Remembering, SideBySide):
    """As `SideBySide`, remembering."""


_KINDS: dict[type[Run], type[Remembering]] = {InTurn: _InTurn, SideBySide: _SideBySide}

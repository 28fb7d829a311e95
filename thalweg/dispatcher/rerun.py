"""The same question again with other values: only what depends on them is computed again.

There are two ways.  Where only values have changed, and all that rests on them goes as it went, the way that was taken
is gone again from there: nothing is searched.  Where anything is different (something fails or no longer fails, a gate
is asked, inputs come or go) the whole is searched and run anew, by a run that remembers the calls that are the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..errors import BuildError
from ..executors.events import subscribers
from ..executors.inline import InlineExecutor
from ..tokens import EMPTY, NONE, SINK, UNKNOWN
from .building import check_distances
from .calling import Options, prepare
from .failures import Failure, forget_frames
from .in_turn import InTurn
from .memory import Memory
from .network import Network
from .nodes import DataNode, NodeId
from .overlay import over, whole
from .plan import Plan, check_given, make_plan, plan_to
from .solution import Asked, Record, Solution
from .tracks import Track

__all__ = ["rerun"]

_WAYS = 64  # that are kept of a solution, and of those made from it
_OPTIONS = ("executor", "gate", "on_event", "raises", "stopper", "timeline", "timeout")


def rerun(
    solution: Solution,
    changes: Mapping[NodeId, Any],
    *,
    inputs_dist: Mapping[NodeId, float] | None = None,
    strict: bool = True,
    **options: Any,
) -> Solution:
    """A new solution for changed inputs, in which only what depends on them is computed again.

    Parameters
    ----------
    solution : Solution
        Of a whole model; it is not changed.
    changes : mapping
        Values of inputs by data id: of those that were given, and of further ones.  `EMPTY` takes an input away.
    inputs_dist : mapping, optional
        Initial distances of inputs; the others keep theirs, and further ones have 0.
    strict : bool, optional
        Refuse changes of what the model does not know; False lets them pass through to the solution.
    **options
        ``raises``, ``executor``, ``stopper``, ``gate``, ``timeout``, ``on_event``, ``timeline``, as for
        `Dispatcher.dispatch`; the first two are by default as in the run that left `solution`.  Of calls that are not
        made nobody is told.

    Returns
    -------
    Solution
        What a dispatch of all inputs, as they are now, would leave: the same values, order, distances, providers,
        errors and calls.  `Solution.recomputed` has the calls that were made.

    Raises
    ------
    UnknownNodeError
        A changed id is not in the model.
    BuildError
        The solution is of a part of the model, or of a copy or a file, which has no functions; or its inputs were let
        go by ``keep="outputs"``, and not all are given again.
    UnreachableError, DispatchError, RunTimeout
        As for `Dispatcher.dispatch`.

    Notes
    -----
    It asks the model as it was when it was dispatched, whatever was added to it since, and does not set its
    `Dispatcher.solution`.  (One question needs the model itself: an output that is wanted and was not given before is
    given now, or the other way round, for it may have to be computed again by a `wildcard`.)

    Functions, domains, filters and callbacks are held to be functions of what they take.  One that reads a clock, a
    file or chance is called again only if something that it takes depends on the changes; a call that failed, or was
    out of time, has failed again if nothing that it takes does.  Values are taken over as they are: an array that was
    changed in place since then goes on changed, and what was computed from it before is not computed again.

    O(arcs out of what depends on the changes), and a few copies of flat lists, where nothing fails or failed of it;
    else as a dispatch without the calls.  Thread-safe.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("cover", lambda width, height: width * height, ["width", "height"], ["area"])
    'cover'
    >>> dsp.add_function("measure", lambda height: 3 * height, ["height"], ["rope"])
    'measure'
    >>> solution = dsp({"width": 2, "height": 5})
    >>> wider = solution.rerun({"width": 4})
    >>> dict(wider)
    {'width': 4, 'height': 5, 'area': 20, 'rope': 15}
    >>> wider.recomputed
    ['cover']
    """
    record = solution.record
    asked = _check(solution, changes, options)
    index = record.network.top.index
    if strict:
        check_given(record.network, [name for name in changes if name not in record.passed])
    inputs = {name: value for name, value in changes.items() if name in index}
    passed = dict(record.passed) | {name: value for name, value in changes.items() if name not in index}
    again = _Again(solution, asked, inputs, passed)
    if not options and not inputs_dist and again.is_quick():
        way = None if record.ways is None else record.ways.get(tuple(inputs))
        renewed = again.renew() if way is None else again.follow(way)
        if renewed is not None:
            return renewed
    return again.search(inputs_dist or {}, options)


def _check(solution: Solution, changes: Mapping[NodeId, Any], options: Mapping[str, Any]) -> Asked:
    """How the run was asked for, if it can be asked again."""
    record = solution.record
    if not isinstance(changes, Mapping):
        raise BuildError(f"changes is a {type(changes).__name__}; give a mapping of data ids to values")
    for name in options:
        if name not in _OPTIONS:
            raise BuildError(f"rerun() has no keyword {name!r}; it has {', '.join(_OPTIONS)}")
    if solution.level:
        raise BuildError("this is the solution of a sub-dispatcher; rerun that of the whole model")
    if record.asked is None:
        raise BuildError("a solution that was copied or read from a file has no functions; dispatch the model")
    lacking = record.given - changes.keys() if record.inputs is None else ()
    if lacking:
        names = ", ".join(map(repr, sorted(lacking, key=str)))
        raise BuildError(f"keep='outputs' let the value of {names} go; give it again, or dispatch with keep='all'")
    return record.asked


class _Former:
    """Stands for the model that asked the first time."""

    def __init__(self, asked: Asked) -> None:
        self.name = ""
        self.raises = asked.raises
        self.executor = asked.executor
        self.solution: Solution | None = None


class _Rest(Plan):
    """What is still to be done of a plan, with the values that there are."""

    __slots__ = ("memory",)

    def __init__(self, memory: Memory, order: list[int], given: frozenset[NodeId]) -> None:
        super().__init__(memory.network, memory.search, order, [], set(), given)
        self.memory = memory

    def seat(self, given: Mapping[NodeId, Any]) -> tuple[list[Any], dict[tuple[int, int], Any]]:  # noqa: ARG002
        """Values at the start of the run; it has them for its own."""
        return self.memory.values, self.memory.held


class _Renewal(InTurn):
    """A run along the way that was taken, as long as it leads on."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, {})
        self.lost: list[tuple[int, list[int]]] = []
        self.is_astray = False

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        self.lost.append((f, outputs or []))
        self._stray()

    def _judge(self, failure: Failure) -> None:
        forget_frames(failure.error, self.outer)
        self._stray()

    def _stray(self) -> None:
        self.is_astray = self.broken = True
        self.active = False


class _Way:
    """What is to be done where certain inputs are changed, and goes as it went.

    Parameters
    ----------
    again : _Again
    changed, affected : list of int
        Data that are changed, and those that rest on them, in order.
    """

    def __init__(self, again: _Again, changed: list[int], affected: list[int]) -> None:
        network, provider = again.network, again.record.search.provider
        self.changed = changed
        self.names, self.shown = again.solution.shown_of([*changed, *affected])
        ways = [(provider[x], x, ()) for x in affected]
        self.is_plain = all(network.plain[f] is not None for f, _, _ in ways)
        self.track = Track()
        if self.is_plain:
            self.track.lay(network, ways)


class _Again:
    """One solution whose question is asked again."""

    def __init__(self, solution: Solution, asked: Asked, inputs: dict[NodeId, Any], passed: dict[NodeId, Any]) -> None:
        self.solution = solution
        self.record: Record = solution.record
        self.network: Network = self.record.network
        self.asked = asked
        self.inputs = inputs  # those that are changed
        self.passed = passed
        self.memory: Memory | None = None

    def remember(self) -> tuple[Memory, list[int]]:
        """The memory of the first run, with the values that are changed.

        Returns
        -------
        (Memory, list of int)
            And those data that came to be known as they were given: what rests on the others will be found out.
        """
        memory, index, slots = Memory(self.record), self.network.top.index, self.network.start_slots
        self.memory = memory
        changed: list[int] = []
        for name, value in self.inputs.items():
            x = slots.get(index[name], index[name])
            if memory.replace(x, value):
                changed.append(x)
        return memory, changed

    def is_quick(self) -> bool:
        """May the way that was taken be gone again, in line?"""
        network, record = self.network, self.record
        if not record.is_whole or record.inputs is None or self.asked.executor not in (None, "sync"):
            return False
        if network.manners or network.coroutines or subscribers():
            return False
        for name, value in self.inputs.items():
            if value is EMPTY or name not in record.given:
                return False
        return not any(value is EMPTY for value in self.passed.values())

    def renew(self) -> Solution | None:
        """Go the same way again from the changes on; None if it does not lead on."""
        memory, changed, first = self._changed()
        if not memory.is_simple:
            return None
        order = first + memory.affected
        run = _Renewal(_Rest(memory, order, self.record.given))
        InlineExecutor().drive(run)
        run.rest = iter(())
        if run.is_astray:
            self._learn(run, order)
            return None
        way = _Way(self, changed, memory.affected)
        if len(changed) == len(self.inputs) and not first and way.is_plain:
            ways = self.record.ways
            if ways is None or len(ways) >= _WAYS:
                ways = self.record.ways = {}
            ways[tuple(self.inputs)] = way
        return self._renewed(way, run.values, run.held, run.calls)

    def _changed(self) -> tuple[Memory, list[int], list[int]]:
        """The memory without what rests on the changes; what is changed, and what of that has to pass filters."""
        memory, changed = self.remember()
        network = self.network
        memory.change(changed)
        for x in changed:
            if x not in network.extras:
                memory.values[x] = memory.held.pop((network.top.start, x))
        return memory, changed, [x for x in changed if x in network.extras]

    def follow(self, way: _Way) -> Solution | None:
        """As `renew`, on a way that was gone before.

        Notes
        -----
        The hot path of an input that is changed again and again: benchmark ``rerun``.
        """
        values = self.record.changed_values()
        for x, value in zip(way.changed, self.inputs.values(), strict=True):
            values[x] = value
        failure: Failure | None = None
        (steps, functions, _), outer = way.track.way, sys.exception()
        for position, x, function, one, taken in steps:
            try:
                value = function(values[one]) if one >= 0 else function(*taken(values))
            except Exception as error:  # noqa: BLE001 - whatever a function raises
                failure = Failure(None, None, error, functions[position], network=self.network)
                forget_frames(failure.error, outer)
                break
            if value is NONE:
                break
            values[x] = value
        else:
            return self._renewed(way, values, self.record.held, functions)
        memory, _, _ = self._changed()
        for _, known, _, _, _ in steps[:position]:
            memory.values[known] = values[known]
        memory.made += functions[: position + 1]
        memory.forgotten.difference_update(memory.made)
        if failure is None:
            memory.nothing.add((functions[position], x))
        else:
            memory.learn([failure])
        return None

    def _learn(self, run: _Renewal, order: list[int]) -> None:
        """What was computed before the way ended is not computed again."""
        memory, provider, values = self.memory, self.record.search.provider, run.values
        assert memory is not None
        failures = [Failure.of(met, self.network) for met in run.failures]
        memory.learn(failures)
        memory.made += run.calls
        failed = {failure.function for failure in failures}
        memory.forgotten -= failed.union(run.calls, [provider[x] for x in order if values[x] is not UNKNOWN])
        memory.nothing.update([(f, x) for f, outputs in run.lost if f not in failed for x in outputs])

    def _renewed(self, way: _Way, values: Any, held: Mapping[tuple[int, int], Any], calls: list[int]) -> Solution:
        """The solution as it was, with other values."""
        old = self.record
        record = Record(self.network, old.search, values, old.failures, old.calls, old.given)
        record.used, record.shown, record.layout = old.used, old.shown, old.layout
        record.asked, record.inputs, record.held, record.ways = self.asked, over(old.inputs), held, old.ways
        record.inputs.update(self.inputs)
        record.passed, record.made = self.passed, calls
        return self.solution.renewed(record, way.names, way.shown)

    def search(self, inputs_dist: Mapping[NodeId, float], options: dict[str, Any]) -> Solution:
        """Search and run anew, and remember what is the same."""
        inputs = dict(whole(self.record.inputs or {})) | self.inputs
        inputs = {name: value for name, value in inputs.items() if value is not EMPTY}
        passed = {name: value for name, value in self.passed.items() if value is not EMPTY}
        given = self._distances(inputs, inputs_dist)
        wanted = self.record.search.wanted
        split = self._wildcards(given)
        if self.memory is None and self.record.inputs is not None:
            self.remember()
        memory = self.memory
        if memory is not None:
            memory.values = whole(memory.values)
        if split == self.network.top.outlet.keys():
            tree, targets = self.record.search.tree, None if wanted is None else list(wanted)
            plan = plan_to(self.network, given, targets, tree=tree, ahead=wanted is not None)
        else:
            plan, memory = self._other_plan(given, split), None
        asked = {"raises": self.asked.raises, "wildcard": self.asked.wildcard} | options
        manner = Options(**asked, memory=memory, model=self.asked.model)
        return prepare(_Former(self.asked), plan, inputs | passed, manner).wait()

    def _distances(self, inputs: Mapping[NodeId, Any], changed: Mapping[NodeId, float]) -> dict[NodeId, float]:
        """Initial distances of what is given."""
        index, slots, search = self.network.top.index, self.network.start_slots, self.record.search
        distances = dict.fromkeys(inputs, 0.0)
        for name in inputs:
            if name in self.record.given:
                x = slots.get(index[name], index[name])
                distances[name] = search.seeds[x][0] if x in search.seeds else search.refused[x][0]
        return check_distances(distances, changed)

    def _wildcards(self, given: Mapping[NodeId, float]) -> frozenset[NodeId]:
        """Data to be computed again though they are given."""
        network, record = self.network, self.record
        split = frozenset(network.top.outlet)
        wanted = {network.data_ids[x] for x in record.search.wanted or () if not network.data_level[x]}
        other = wanted & (given.keys() ^ record.given)
        if not other:
            return split
        nodes = self._model().nodes
        both = [nodes[name] for name in wanted & given.keys()]
        return frozenset(
            node.id
            for node in both
            if isinstance(node, DataNode) and (self.asked.wildcard if node.wildcard is None else node.wildcard)
        )

    def _model(self) -> Any:
        """The model that was asked, if it is as it was."""
        model = self.asked.model()
        if model is None or model.make_network(frozenset(self.network.top.outlet)) is not self.network:
            raise BuildError(
                "an output is given now that was not, or the other way round, and the model that could say whether it "
                "is to be computed again was changed or is gone; dispatch the model as it is"
            )
        return model

    def _other_plan(self, given: Mapping[NodeId, float], split: frozenset[NodeId]) -> Plan:
        """A plan in which other data are computed again though they are given: all nodes have other numbers."""
        network, search = self.network, self.record.search
        sinks = {x: f for f, x in network.sink_of.items()}
        wanted: dict[NodeId, None] = {}
        for x in search.wanted or ():
            is_top = x in sinks and not network.function_level[sinks[x]]
            wanted[network.records[sinks[x]].id if is_top else SINK if x in sinks else network.data_ids[x]] = None
        objective = "tree" if search.tree else "span"
        return make_plan(self._model().make_network(split), given, wanted, objective=objective)

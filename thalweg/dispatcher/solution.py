"""What a run leaves: values, and how each came about.

A `Record` holds a whole run in the numbers of its network; a `Solution` is the view of one level of it.  Whatever
needs more than the values (distances, providers, the workflow graph, explanations) is made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from weakref import ref

from ..errors import UnknownNodeError
from ..executors.later import Later
from ..executors.states import State
from ..tokens import ABSENT, RELEASED, START, UNKNOWN
from .building import free_id
from .failures import Failure, Met
from .network import Kind, Network
from .nodes import NodeId
from .overlay import Overlay, over, whole
from .plan import path_text, public_distance, public_provider, unreachable
from .recorded import Recorded
from .search import Search
from .seeing import Listing, Visible

if TYPE_CHECKING:
    import networkx as nx

    from .critical import CriticalPath
    from .explain import Explanation, Explanations, WhyNot
    from .timeline import Timeline

__all__ = ["Asked", "CallRecord", "Record", "Solution"]


class Asked(NamedTuple):
    """How a run was asked for: what is needed to ask again, and cannot be seen of the search."""

    model: ref[Any]
    raises: Any
    executor: Any
    wildcard: bool


# Ids, and what picks their values out of all values of a run.
Layout: TypeAlias = tuple[tuple[NodeId, ...], Callable[[Sequence[Any]], Iterable[Any]]]


class Record:
    """One run, whole, in the numbers of its network."""

    used: bytearray | None = None  # by datum: does what is wanted rest on it?  None for all
    shown: bytearray | None = None  # by datum: does the solution show it?  None for all that are known
    rows: Sequence[tuple[int, int, float, float, str, str | None]] = ()  # attempts, as `Driver.rows`
    passed: Mapping[NodeId, Any] = MappingProxyType({})  # inputs that the model does not know
    inputs: Any = None  # that it knows, with their values as given, in a dict or an `Overlay`; None if they were let go
    held: Mapping[tuple[int, int], Any] = MappingProxyType({})  # by function and datum: values that nothing needed
    ways: dict[tuple[NodeId, ...], Any] | None = None  # from changed inputs on, by these; kept by `rerun`
    made: list[int] | None = None  # calls that were really made; None for all
    recorded: Recorded | None = None  # what it took from a journal
    recalled: frozenset[int] = frozenset()  # functions whose values came from there
    is_whole = True  # did it come to its end?
    asked: Asked | None = None  # None where the functions have not been kept
    layout: Layout | None = None

    def __init__(
        self,
        network: Network,
        search: Search,
        values: list[Any],
        failures: Sequence[Failure | Met],
        calls: list[int],
        given: frozenset[NodeId],
        *,
        stopped: bool = False,
    ) -> None:
        self.network = network
        self.search = search
        self._values = values  # maybe an `Overlay`
        self.calls = calls
        self.given = given  # inputs that the model knows
        self.stopped = stopped  # by the stopper, before its end
        self._met = failures
        self._failures: list[Failure] | None = None  # of these, with what was done instead

    @property
    def values(self) -> list[Any]:
        """By datum: its value, or a token that says why there is none."""
        self._values = whole(self._values)
        return self._values

    @property
    def values_as_they_are(self) -> Any:
        """The values, to be read by their numbers alone: maybe an `Overlay`."""
        return self._values

    def changed_values(self) -> Any:
        """A twin of the values that can be changed; all of them are brought here."""
        return over(self._here())

    def value(self, datum: int) -> Any:
        """The value of one datum, brought here if it was kept where it was made."""
        value = self._values[datum]
        return value.get() if type(value) is Later else value

    def _here(self) -> Any:
        """The values, with those brought here that were kept elsewhere."""
        if type(self._values) is list and any(type(value) is Later for value in self._values):
            self._values = [value.get() if type(value) is Later else value for value in self._values]
        return self._values

    @property
    def failures(self) -> list[Failure]:
        """What failed, in the order in which it failed, with what was done instead."""
        failures = self._failures
        if failures is None:
            failures = [Failure.of(met, self.network) for met in self._met]
            for failure in failures:
                self._find_alternative(failure)
            self._failures = failures
        return failures

    def __getstate__(self) -> dict[str, Any]:
        self.failures  # noqa: B018 - told now, for the functions do not travel
        state = self.__dict__ | {
            "layout": None,
            "_met": (),
            "passed": dict(self.passed),
            "_values": whole(self._here()),
            "ways": None,
        }
        if self.shown is not None:
            state["_values"] = [self.value(x) if self.shown[x] else UNKNOWN for x in range(len(self.values))]
        # Who cannot call the functions any more has no need of these.
        return state | {"inputs": None, "held": {}, "asked": None}

    def _find_alternative(self, failure: Failure) -> None:
        f = failure.function
        if f < 0:
            return
        alone = failure.kind == "filter"  # then only this datum's value was refused
        for x, _ in self.network.provides[f]:
            if self.network.data_ids[x] is not None and not (alone and self.network.data_path(x) != failure.node):
                known = self.values[x] is not UNKNOWN
                other = self.network.provider_id(self.search.provider[x], x) if known else None
                failure.alternative[self.network.data_ids[x]] = other

    def in_the_way(self) -> set[int]:
        """Functions by which what is wanted and unknown could have been had."""
        found: set[int] = set()
        stack = [x for x in self.search.wanted or () if self.values[x] is UNKNOWN]
        while stack:
            for f, _ in self.network.providers(stack.pop()):
                if f not in found:
                    found.add(f)
                    stack += [u for u in self.network.inputs[f] if self.values[u] is UNKNOWN]
        return found

    def is_unused(self, datum: int) -> bool:
        """Is there a default that nothing wanted rests on?"""
        return self.used is not None and datum in self.network.defaults and not self.used[datum]

    def data_of(self, level: int) -> dict[NodeId, Any]:
        """Known data of a level with their values, by distance, then in the order of the model."""
        if self.layout is not None and not level:
            ids, pick = self.layout
            return dict(zip(ids, pick(self.values)))  # noqa: B905 - to say that they are equally long costs time
        names, values = self.network.data_ids, self.values
        return {names[x]: values[x] for x in self._known(level)}

    def laid_out(self) -> Layout:
        """Ids of the known data of the top, and what picks their values out of those of any run that went this way."""
        known = self._known(0)
        ids = tuple([self.network.data_ids[x] for x in known])
        return ids, itemgetter(*known) if len(known) > 1 else lambda values: [values[x] for x in known]

    def _known(self, level: int) -> list[int]:
        """Numbers of the known data of a level, by distance, then in the order of the model."""
        values, shown = self.values, self.shown
        known = [x for _, x in self.network.own_data(level) if values[x] is not UNKNOWN]
        if shown is not None:
            known = [x for x in known if shown[x] and values[x] is not RELEASED]
        known.sort(key=self.search.dist.__getitem__)
        return known


@dataclass(frozen=True, slots=True)
class CallRecord:
    """How a function fared in a run.

    Attributes
    ----------
    path : str
    state : State
        ``"done"``, ``"failed"``, ``"cancelled"`` (the run ended while it was at work) or ``"skipped"``.
    inputs : dict
        Values that it takes, as far as they are known.
    outputs : tuple of Hashable
        Data that it gave in this run.
    failure : Failure or None
    """

    path: str
    state: State
    inputs: dict[NodeId, Any]
    outputs: tuple[NodeId, ...]
    failure: Failure | None


class Solution(Visible, Mapping[Hashable, Any]):
    """Values of one level of a model, and how each came about; read-only.

    Data come by distance, equal ones in the order of the model: the same on every executor.

    Notes
    -----
    Safe to read from any number of threads.  A value that was kept on a cluster is brought here when it is first read
    (`thalweg.executors.dask`).  It pickles and deep-copies if its values do, whether or not the
    functions of the model do.
    """

    __slots__ = ("_level", "_lookup", "_record")

    def __init__(self, record: Record, level: int = 0, data: dict[NodeId, Any] | None = None) -> None:
        self._record = record
        self._level = level
        self._lookup = record.data_of(level) if data is None else data  # maybe an `Overlay`
        if record.passed and not level:
            self._lookup.update(record.passed)

    def __getitem__(self, data_id: NodeId) -> Any:
        try:
            value = self._lookup[data_id]
        except KeyError:
            if data_id in self._record.network.levels[self._level].index:
                raise UnknownNodeError(
                    f"{data_id!r} has no value in this solution; why_not({data_id!r}) says why",
                    name=data_id,
                    suggestions=(),
                ) from None
            raise UnknownNodeError.among(data_id, self._record.network.levels[self._level].index, "datum") from None
        return value.get() if type(value) is Later else value

    def __contains__(self, data_id: object) -> bool:
        return data_id in self._keys

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"Solution({dict(self)!r})"

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._record, self._level)

    def shown_of(self, data: Iterable[int]) -> tuple[list[NodeId], list[int]]:
        """Those of some data that it shows: ids, and numbers."""
        network, known = self._record.network, self._keys
        names, levels, outlet = network.data_ids, network.data_level, network.top.outlet
        shown = [x for x in data if not levels[x] and names[x] in known and outlet.get(names[x], x) == x]
        return [names[x] for x in shown], shown

    def renewed(self, record: Record, names: Iterable[NodeId], data: Iterable[int]) -> Solution:
        """The solution of a run that went the same way, and gave these data other values."""
        known = over(self._lookup)
        known.update(zip(names, map(record.values_as_they_are.__getitem__, data), strict=True))
        return Solution(record, 0, known)

    @property
    def _keys(self) -> dict[NodeId, Any]:
        """Has the ids of the data, in their order."""
        keys: dict[NodeId, Any] = self._lookup.below if isinstance(self._lookup, Overlay) else self._lookup
        return keys

    @property
    def record(self) -> Record:
        """The whole run, in the numbers of its network: for tools that look at all of it."""
        return self._record

    @property
    def level(self) -> int:
        """Number of its level in the network of the record."""
        return self._level

    @property
    def stopped(self) -> bool:
        """Did the stopper end the run before it was done?"""
        return self._record.stopped

    @property
    def errors(self) -> dict[str, Failure]:
        """What failed, by path of the node from this level, in the order in which it failed.

        A datum that refused the values of several providers has a suffix from the second on: ``"x<0>"``.
        """
        prefix = self._path
        errors: dict[str, Failure] = {}
        for failure in self._record.failures:
            if failure.node[: len(prefix)] == prefix:
                errors[str(free_id(path_text(failure.node[len(prefix) :]), errors))] = failure
        return errors

    @property
    def distances(self) -> dict[NodeId, float]:
        """Distance of each datum; ``inf`` for what rests on a last resort or an incomplete collection."""
        return {data_id: public_distance(self._record.search, x) for data_id, x in self._numbers()}

    @property
    def providers(self) -> dict[NodeId, NodeId | tuple[NodeId, ...]]:
        """What gave each datum: START, or the id of a function or sub-dispatcher.

        For a collecting datum: the tuple of the providers whose estimates it got.
        """
        return {data_id: self._provider(x) for data_id, x in self._numbers()}

    @property
    def calls(self) -> list[str]:
        """Paths, from this level, of the functions in the order called; those that failed or refused are among them.

        After `rerun` they are those of a dispatch with the same inputs, whether or not they were called again.
        """
        return self._paths(self._record.calls)

    @property
    def recomputed(self) -> list[str]:
        """Paths, from this level, of the functions that were really called: after a dispatch all, after `rerun` few."""
        made = self._record.made
        return self._paths(self._record.calls if made is None else made)

    @property
    def recorded(self) -> Recorded | None:
        """How the run stands in its journal; None where it has none."""
        return self._record.recorded

    @property
    def unreachable(self) -> tuple[NodeId, ...]:
        """Wanted outputs that could not be had."""
        return unreachable(self._record.network, self._record.search)

    @property
    def workflow(self) -> nx.DiGraph[Any]:
        """The arcs that were used, as a new graph.

        Nodes have a ``kind`` (``"start"``, ``"data"``, ``"function"``, ``"sub_dispatcher"``) and data a ``distance``;
        a sub-dispatcher has the ``workflow`` of its own level.
        """
        from .workflow import workflow

        return workflow(self._record, self._level)

    def sub(self, *path: NodeId) -> Solution:
        """Solution of a sub-dispatcher.

        Parameters
        ----------
        *path : Hashable
            Ids of sub-dispatchers on the way, or one string with slashes.

        Raises
        ------
        UnknownNodeError
            There is no such sub-dispatcher.
        """
        levels, level = self._record.network.levels, self._level
        if len(path) == 1 and isinstance(path[0], str) and path[0] not in levels[level].subs:
            path = tuple(path[0].split("/"))
        for name in path:
            subs = levels[level].subs
            if name not in subs:
                raise UnknownNodeError.among(name, subs, "sub-dispatcher")
            level = subs[name]
        return Solution(self._record, level)

    def get_node(self, *path: NodeId) -> Any:
        """What the node at `path` has come to.

        Returns
        -------
        object
            The value of a datum, the `Solution` of a sub-dispatcher, or the `CallRecord` of a function.

        Raises
        ------
        UnknownNodeError
            There is no such node, or it is a datum without a value.
        """
        if len(path) > 1:
            return self.sub(*path[:-1]).get_node(path[-1])
        (name,) = path
        level = self._record.network.levels[self._level]
        if name in self._keys or name in level.index:
            return self[name]
        if name in level.subs:
            return self.sub(name)
        network = self._record.network
        functions = {
            record.id: f
            for f, record in enumerate(network.records)
            if network.kind[f] == Kind.FUNCTION and network.function_level[f] == self._level
        }
        if name in functions:
            return self._call_record(functions[name])
        if isinstance(name, str) and "/" in name:
            return self.get_node(*name.split("/"))
        raise UnknownNodeError.among(name, [*level.index, *level.subs, *functions], "node")

    def rerun(
        self,
        changes: Mapping[NodeId, Any],
        *,
        inputs_dist: Mapping[NodeId, float] | None = None,
        strict: bool = True,
        **options: Any,
    ) -> Solution:
        """A new solution for changed inputs, in which only what depends on them is computed again.

        See `thalweg.dispatcher.rerun.rerun`.
        """
        from .rerun import rerun

        return rerun(self, changes, inputs_dist=inputs_dist, strict=strict, **options)

    def explain(self, data_id: NodeId = START) -> Explanation | Explanations:
        """Why this way: chosen provider, distance, and what became of the alternatives.

        Parameters
        ----------
        data_id : Hashable, optional
            One datum; all data of the solution if left out.
        """
        from .explain import explain, explain_all

        if data_id is START:
            return explain_all(self._record, self._level, list(self._keys))
        return explain(self._record, self._level, data_id)

    def why_not(self, data_id: NodeId) -> WhyNot:
        """Why a datum has no value: missing inputs, failures, or nobody wanted it."""
        from .explain import why_not

        return why_not(self._record, self._level, data_id)

    def timeline(self) -> Timeline:
        """When and where each call was made, by its start.

        Returns
        -------
        Timeline
            A list of `TimedCall`; as text a small table.  Empty where the calls were made in line and nobody asked for
            it: ``timeline=True`` of a dispatch does, and so do an executor, a gate, a timeout or a subscriber.

        Examples
        --------
        >>> from thalweg import Dispatcher
        >>> dsp = Dispatcher()
        >>> dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
        'double'
        >>> [(call.path, len(call.tries)) for call in dsp({"a": 1}, timeline=True).timeline()]
        [('double', 1)]
        >>> dsp({"a": 1}).timeline()
        []
        """
        from .timeline import timeline

        return timeline(self._record, self._level)

    def critical_path(self) -> CriticalPath:
        """The chain of calls that sets how long the run takes, however many workers there are.

        Returns
        -------
        CriticalPath
            A `Timeline` of these calls, with the ``seconds`` that they took together; empty where no times were kept.
        """
        from .critical import critical_path

        return critical_path(self._record, self._level)

    def report(self) -> Listing:
        """The run in words and tables: what was given, called, refused, and what was had.

        See `thalweg.plotting.report`.
        """
        from ..plotting import report

        return report(self)

    def result(self, timeout: float | None = None) -> Solution:  # noqa: ARG002 - as futures have it
        """The solution itself: its values are values, never futures (kept for code that waits)."""
        return self

    @property
    def _path(self) -> tuple[NodeId, ...]:
        return self._record.network.levels[self._level].path

    def _paths(self, calls: list[int]) -> list[str]:
        network, prefix = self._record.network, self._path
        paths = [network.function_path(f) for f in calls if network.kind[f] == Kind.FUNCTION]
        return [path_text(path[len(prefix) :]) for path in paths if path[: len(prefix)] == prefix]

    def _numbers(self) -> Iterator[tuple[NodeId, int]]:
        level = self._record.network.levels[self._level]
        for data_id in self._keys:
            x = level.outlet.get(data_id, level.index.get(data_id, -1))
            if x >= 0:
                yield data_id, x

    def _provider(self, x: int) -> NodeId | tuple[NodeId, ...]:
        record = self._record
        provider = public_provider(record.network, record.search, x)
        if isinstance(provider, tuple) and record.network.kind[record.search.provider[x]] == Kind.COLLECT:
            slots = record.search.takes(record.search.provider[x])
            return tuple([record.network.slot_of[s] for s in slots if record.values[s] is not ABSENT])
        return provider

    def _call_record(self, f: int) -> CallRecord:
        record, network = self._record, self._record.network
        path = network.function_path(f)
        failure = next((x for x in record.failures if x.node == path), None)
        called = f in set(record.calls)
        given = tuple(
            [network.data_ids[x] for x, _ in network.provides[f] if record.search.provider[x] == f and called]
        )
        if failure is not None:
            state = State.FAILED
        elif not called:
            state = State.SKIPPED
        else:
            rows = record.rows  # in line, and in an earlier run, what was called has ended
            is_done = (
                not rows
                or (record.made is not None and f not in record.made)
                or any(row[0] == f and row[-1] is None for row in rows)
            )
            state = State.DONE if is_done else State.CANCELLED
        inputs = {
            network.data_ids[u]: record.value(u)
            for u in network.arguments[f]
            if record.values[u] is not UNKNOWN and record.values[u] is not RELEASED
        }
        return CallRecord(path_text(path), state, inputs, given, failure)


def _restore(record: Record, level: int) -> Solution:
    return Solution(record, level)

"""The model made flat: nodes numbered, arcs in lists.

How a model becomes one is the business of `thalweg.dispatcher.flatten`.  This module knows the records and nothing of
runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..tokens import START
from .nodes import DataNode, NodeId

if TYPE_CHECKING:
    from ..executors.policy import Policy
    from .dispatcher import Dispatcher

__all__ = ["Arcs", "Kind", "Level", "Network"]

Arcs: TypeAlias = Sequence[tuple[int, float]]


class Kind:
    """What a function of the network stands for; plain integers, for an enum's members are slow to compare."""

    START: Final = 0
    FUNCTION: Final = 1
    LINK: Final = 2
    COLLECT: Final = 3
    ASK: Final = 4
    DEFAULT: Final = 5


class Level:
    """One mounting of a dispatcher: its path, and the numbers of its data."""

    __slots__ = ("dsp", "executor", "gate", "index", "name", "outlet", "parent", "path", "start", "subs")

    def __init__(self, path: tuple[NodeId, ...], dsp: Dispatcher | None, parent: int, gate: int = -1) -> None:
        self.path = path
        self.name = "" if dsp is None else dsp.name
        self.executor: Any = None  # who makes the calls of the functions that name nobody; None for the run's own
        self.dsp = dsp  # None once the network is made: it outlives changes of its model
        self.parent = parent  # number of the parent's level, -1 at the top
        self.gate = gate  # datum of the gate that every entry waits for, -1 for none
        self.start = -1  # function number of this level's START
        self.index: dict[NodeId, int] = {}  # id -> datum that consumers read
        self.outlet: dict[NodeId, int] = {}  # id -> datum that providers write, where it is another one (wildcards)
        self.subs: dict[NodeId, int] = {}  # sub-dispatcher id -> number of its level


class Network:
    """A flat model.

    Attributes
    ----------
    consumers : list of list of int
        By datum: functions that take it.
    cost : list of float
        By function: its weight and that of the arc from any input, where these arcs weigh the same; else -1.
    provides : list of sequence of (int, float)
        By function: data that it gives, with the weights of the arcs.
    inputs : list of tuple of int
        By function: data that it waits for, in the order of its parameters.
    arguments : list of tuple of int
        By function: data that it is called with; none where `inputs` is only START or a gate.
    arity : list of int
        By function: number of distinct inputs.
    weight : list of float
        By function: cost of entering it.
    single : list of int
        By function: its only output where that is a datum without filters and callback, else -1.
    plain : list
        By function: the callable itself where calling it is all there is to do, else None.
    kind : list of int
        By function: one of `Kind`.
    records : list
        By function: the record of the node it was made from.
    function_level, data_level : list of int
        Level of each; a link and a gate's asking functions belong to the level of the parent.
    data_ids : list
        By datum: its id, or None for slots, sinks and gates.
    defaults : dict of int to (float, int, object)
        By datum: initial distance, START number of its level, value.
    far : float
        A power of two above every finite distance (of objective ``"span"``): what is far is of an infinite class.
    rank : list of int or None
        Topological rank of each datum among the steps that cost nothing; None where no tie can depend on it.
    """

    __slots__ = (
        "_providers",
        "_ranked",
        "arcs",
        "arguments",
        "arity",
        "collectors",
        "consumers",
        "coroutines",
        "cost",
        "data_ids",
        "data_level",
        "defaults",
        "described",
        "even",
        "extras",
        "far",
        "free_steps",
        "function_level",
        "idle_slots",
        "inputs",
        "kind",
        "levels",
        "manners",
        "plain",
        "provides",
        "rank",
        "records",
        "single",
        "sink_of",
        "slot_of",
        "start_slots",
        "weight",
    )

    def __init__(self) -> None:
        self.consumers: list[list[int]] = []
        self.cost: list[float] = []
        self.even: list[float] = []  # weight of the arc from any input, where they weigh the same
        self.arcs: dict[int, dict[int, float]] = {}  # function -> its inputs, where they weigh differently
        self.provides: list[Arcs] = []
        self.inputs: list[tuple[int, ...]] = []
        self.arguments: list[tuple[int, ...]] = []
        self.arity: list[int] = []
        self.weight: list[float] = []
        self.single: list[int] = []
        self.plain: list[Any] = []
        self.coroutines: list[int] = []  # functions that an executor has to await
        self.manners: dict[int, tuple[Any, Policy | None]] = {}  # function -> its own executor and policy
        self.kind: list[int] = []
        self.records: list[Any] = []
        self.function_level: list[int] = []
        self.data_ids: list[NodeId] = []
        self.data_level: list[int] = []
        self.levels: list[Level] = []
        self.defaults: dict[int, tuple[float, int, Any]] = {}
        self.extras: dict[int, DataNode] = {}  # data with filters or a callback
        self.described: dict[int, DataNode] = {}  # data with a description or attributes, for pictures
        self.collectors: dict[int, int] = {}  # collecting function -> its datum
        self.slot_of: dict[int, NodeId] = {}  # slot -> id of the provider it waits for
        self.start_slots: dict[int, int] = {}  # collecting datum -> slot of what is given
        self.idle_slots: list[int] = []  # start slots that nothing in the model fills
        self.sink_of: dict[int, int] = {}  # function without outputs -> its sink
        self.far = inf
        self.rank: list[int] | None = None
        self.free_steps: list[tuple[int, int]] = []  # pairs of data
        self._providers: Sequence[Arcs] | None = None
        self._ranked: tuple[list[int], bool] | None = None

    @property
    def top(self) -> Level:
        """The level of the model itself."""
        return self.levels[0]

    @property
    def has_free_steps(self) -> bool:
        """Does any step from datum to datum cost nothing?"""
        return bool(self.free_steps)

    @property
    def is_circular(self) -> bool:
        """Are there circles of steps that cost nothing?"""
        return self.has_free_steps and self._free_order()[1]

    def free_ranks(self) -> list[int]:
        """Topological rank of each datum among the steps that cost nothing."""
        return self._free_order()[0]

    def _free_order(self) -> tuple[list[int], bool]:
        if self._ranked is None:
            self._ranked = _ranks(len(self.consumers), self.free_steps)
        return self._ranked

    def arc(self, datum: int, function: int) -> float:
        """Weight of the arc from `datum` to `function`."""
        arcs = self.arcs.get(function)
        return self.even[function] if arcs is None else arcs[datum]

    def providers(self, datum: int) -> Arcs:
        """Functions that give `datum`, with the weights of the arcs; all are listed when first asked for."""
        if self._providers is None:
            lists: list[list[tuple[int, float]]] = [[] for _ in self.consumers]
            for function, arcs in enumerate(self.provides):
                for output, weight in arcs:
                    lists[output].append((function, weight))
            # One assignment, so that threads that race here all see complete lists.
            self._providers = lists
        return self._providers[datum]

    def function_path(self, function: int) -> tuple[NodeId, ...]:
        """Ids from the top to the node of `function`."""
        path = self.levels[self.function_level[function]].path
        return (*path, self.records[function].id)

    def data_path(self, datum: int) -> tuple[NodeId, ...]:
        """Ids from the top to `datum`."""
        return (*self.levels[self.data_level[datum]].path, self.data_ids[datum])

    def provider_id(self, function: int, datum: int) -> NodeId:
        """What a person calls the provider `function` of `datum`: START, a function or a sub-dispatcher."""
        kind = self.kind[function]
        if kind in (Kind.START, Kind.DEFAULT):
            return START
        if kind == Kind.LINK and self.function_level[function] != self.data_level[datum]:
            return START  # the parent gave it
        node_id: NodeId = self.records[function].id
        return node_id

    def own_data(self, level: int) -> Iterable[tuple[NodeId, int]]:
        """Ids and numbers of the data of one level, as its solution shows them."""
        index, outlet = self.levels[level].index, self.levels[level].outlet
        return (index | outlet if outlet else index).items()

    def __getstate__(self) -> dict[str, Any]:
        """State without anything that is called: a solution pickles though its functions may not."""
        state = {name: getattr(self, name) for name in self.__slots__}
        state["_providers"] = None
        state["defaults"] = {x: (distance, start, None) for x, (distance, start, _) in self.defaults.items()}
        state["extras"] = {}
        state["manners"] = {}
        state["described"] = {}
        state["plain"] = []
        state["records"] = [Label(record.id) if record is not None else None for record in self.records]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


class Label:
    """What is left of a record in a pickled network: its id."""

    __slots__ = ("id",)

    def __init__(self, node_id: NodeId) -> None:
        self.id = node_id


def _ranks(count: int, steps: list[tuple[int, int]]) -> tuple[list[int], bool]:
    """Longest number of free steps before each datum, those on one circle sharing a rank; and: is there a circle?"""
    rank = [0] * count
    after: dict[int, list[int]] = {}
    before = dict.fromkeys((node for step in steps for node in step), 0)
    for source, target in steps:
        after.setdefault(source, []).append(target)
        before[target] += 1
    free = [node for node, number in before.items() if not number]
    done = 0
    for node in free:  # Kahn: the list grows while it is read
        done += 1
        for target in after.get(node, ()):
            rank[target] = max(rank[target], rank[node] + 1)
            before[target] -= 1
            if not before[target]:
                free.append(target)
    if done == len(before):
        return rank, False
    import networkx as nx

    condensed = nx.condensation(nx.DiGraph(steps))
    for circle in nx.topological_sort(condensed):
        level = max((rank[next(iter(condensed.nodes[p]["members"]))] + 1 for p in condensed.pred[circle]), default=0)
        for node in condensed.nodes[circle]["members"]:
            rank[node] = level
    return rank, True

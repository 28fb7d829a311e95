"""Plans: what the search chose, in the order in which it is to be done.

A plan holds a search that has gone as far as it needs to, and the data to be made known, by distance; it is never
changed, so any number of runs may share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf
from typing import Any

from ..errors import BuildError, UnknownNodeError
from ..tokens import SINK, START, UNKNOWN
from .network import Kind, Network
from .nodes import NodeId
from .search import Search
from .seeing import Visible
from .tracks import Tracks

__all__ = ["Plan", "check_given", "derived", "make_plan", "path_text", "plan_to"]


def path_text(path: Iterable[NodeId]) -> str:
    """A node path as people read it: ``"child/f"``."""
    return "/".join(map(str, path))


class Plan(Visible):
    """What will be called, and why.

    Notes
    -----
    Made by `Dispatcher.solve`; equal plans of one model are shared.
    """

    __slots__ = (
        "_calls",
        "_seats",
        "_shown",
        "_tracks",
        "given",
        "is_open",
        "network",
        "order",
        "search",
        "template",
        "touched",
        "was_run",
    )

    def __init__(
        self,
        network: Network,
        search: Search,
        order: list[int],
        template: list[Any],
        touched: set[int],
        given: frozenset[NodeId],
        *,
        is_open: bool = False,
    ) -> None:
        self.network = network
        self.search = search
        self.order = order  # data to be made known, each after what it rests on
        self.template = template  # by datum: UNKNOWN, or None where the value is given
        self.touched = touched  # given data that the order rests on
        self.given = given  # ids that must be given
        self.is_open = is_open  # the search is left to the one run that the plan is for
        self._calls: list[int] | None = None
        self._shown: bytearray | None = None
        self.was_run = False  # then it pays to make tracks
        self._seats: Seats | None = None
        self._tracks: dict[bool, Tracks] = {}

    def seat(self, given: Mapping[NodeId, Any]) -> tuple[list[Any], dict[tuple[int, int], Any]]:
        """Values at the start of a run, by datum; and those that wait for their datum, by START and datum."""
        if self._seats is None:
            self._seats = Seats(self)
        return self._seats.take(given)

    def tracks(self, *, need_all: bool) -> Tracks:
        """The trodden ways of runs that call nothing more when something wanted is out of reach, or of others."""
        tracks = self._tracks.get(need_all)
        if tracks is None:
            tracks = self._tracks.setdefault(need_all, Tracks(self.network, self.search, self.order))
        return tracks

    def __getstate__(self) -> dict[str, Any]:
        """State without anything that is called."""
        return {name: getattr(self, name) for name in self.__slots__} | {"_seats": None, "_tracks": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def calls(self) -> list[str]:
        """Paths of the functions to be called, in order."""
        return [path_text(self.network.function_path(f)) for f in self.functions]

    @property
    def functions(self) -> list[int]:
        """Numbers of the functions to be called, in order."""
        if self._calls is None:
            network, provider = self.network, self.search.provider
            chosen = dict.fromkeys([provider[x] for x in self.order])
            self._calls = [f for f in chosen if network.kind[f] == Kind.FUNCTION]
        return self._calls

    @property
    def distances(self) -> dict[NodeId, float]:
        """Distance of each datum of the plan; ``inf`` for what rests on a last resort."""
        return {data_id: public_distance(self.search, x) for data_id, x in self.known_data()}

    @property
    def providers(self) -> dict[NodeId, NodeId | tuple[NodeId, ...]]:
        """Chosen provider of each datum: START, or the id of a function or sub-dispatcher.

        For a collecting datum: the tuple of the providers whose estimates it takes.
        """
        return {data_id: public_provider(self.network, self.search, x) for data_id, x in self.known_data()}

    @property
    def unreachable(self) -> tuple[NodeId, ...]:
        """Wanted outputs that cannot be had."""
        return unreachable(self.network, self.search)

    @property
    def shown(self) -> bytearray:
        """By datum: does a run without failures leave it in its solution, where the plan has outputs?"""
        if self._shown is None:
            self._shown = _marks(self.search, self.touched, self.order, sure(self.network, self.search, self.given))
        return self._shown

    def known_data(self, level: int = 0) -> Iterator[tuple[NodeId, int]]:
        """Ids and numbers of the data that the plan makes known or takes as given, by distance."""
        known = self.touched.union(self.order)
        everything = self.search.wanted is None
        data = [
            (data_id, x)
            for data_id, x in self.network.own_data(level)
            if x in known or (everything and self.template[x] is not UNKNOWN)
        ]
        data.sort(key=lambda item: self.search.dist[item[1]])
        return iter(data)

    def __repr__(self) -> str:
        return f"Plan({self.calls})"


class Seats:
    """Where the given values and the defaults of a plan go, found once."""

    __slots__ = ("direct", "held", "template", "waiting")

    def __init__(self, plan: Plan) -> None:
        network, index = plan.network, plan.network.top.index
        self.template = plan.template.copy() if network.defaults else plan.template
        self.direct: list[tuple[NodeId, int]] = []
        self.held: dict[tuple[int, int], Any] = {}
        self.waiting: list[tuple[NodeId, tuple[int, int]]] = []
        given = {index[data_id]: data_id for data_id in plan.given}
        for x in dict.fromkeys([*network.defaults, *given]):
            target = network.start_slots.get(x, x)
            is_known = self.template[target] is not UNKNOWN
            place = (-1, -1) if is_known else (plan.search.seeds[target][1], target)
            if x in given and is_known:
                self.direct.append((given[x], target))
            elif x in given:
                self.waiting.append((given[x], place))
            elif is_known:
                self.template[target] = network.defaults[x][2]
            else:
                self.held[place] = network.defaults[x][2]

    def take(self, given: Mapping[NodeId, Any]) -> tuple[list[Any], dict[tuple[int, int], Any]]:
        """Values at the start of one run."""
        values = self.template.copy()
        for data_id, x in self.direct:
            values[x] = given[data_id]
        held = self.held.copy()
        for data_id, place in self.waiting:
            held[place] = given[data_id]
        return values, held


def public_distance(search: Search, datum: int) -> float:
    """Distance as people see it: one class of the infinite is like the other."""
    distance = search.dist[datum]
    return inf if distance >= search.network.far else distance


def public_provider(network: Network, search: Search, datum: int) -> NodeId | tuple[NodeId, ...]:
    """Provider as people see it."""
    function = search.provider[datum]
    if network.kind[function] == Kind.COLLECT:
        return tuple([network.slot_of[slot] for slot in search.takes(function)])
    return network.provider_id(function, datum)


def unreachable(network: Network, search: Search) -> tuple[NodeId, ...]:
    """Wanted outputs that are not settled, by the names under which they were asked for."""
    if search.left <= 0:
        return ()
    missing = {x for x in search.wanted or () if not search.settled[x]}
    if not missing:
        return ()
    names = [data_id for data_id, x in network.own_data(0) if x in missing]
    sinks = [path_text(network.function_path(f)) for f, x in network.sink_of.items() if x in missing]
    return (*names, *sinks)


def derived(network: Network, search: Search, given: Iterable[NodeId]) -> bytearray:
    """By datum: is it on the chosen derivations of what is wanted, or surely as given?"""
    marks = _marks(search, sure(network, search, given))
    stack = [x for x in search.wanted or () if search.settled[x]]
    provider, kind, inputs = search.provider, network.kind, network.inputs
    seen = bytearray(len(marks))
    while stack:
        x = stack.pop()
        if not seen[x]:
            seen[x] = marks[x] = 1
            f = provider[x]
            stack += inputs[f] if kind[f] == Kind.FUNCTION else search.takes(f)
    return marks


def _marks(search: Search, *data: Iterable[int]) -> bytearray:
    """One byte by datum, set for these."""
    marks = bytearray(len(search.dist))
    for numbers in data:
        for x in numbers:
            marks[x] = 1
    return marks


def sure(network: Network, search: Search, given: Iterable[NodeId]) -> list[int]:
    """Given data that nothing can beat and no filter has to see."""
    numbers = map(network.top.index.__getitem__, given)
    return [x for x in numbers if x not in network.extras and search.seeds.get(x, (1.0,))[0] == 0.0]


def make_plan(
    network: Network,
    given: Mapping[NodeId, float],
    wanted: Iterable[NodeId] | None = None,
    *,
    objective: str = "span",
    banned: Iterable[int] = (),
    gone: Iterable[tuple[int, int]] = (),
    ahead: bool = True,
) -> Plan:
    """Find the cheapest way from what is given to what is wanted; calls nothing.

    Parameters
    ----------
    network : Network
    given : mapping of Hashable to float
        Given data of the top level and their initial distances.
    wanted : iterable of Hashable or None
        Wanted data, `SINK`, or functions without outputs; None for everything.
    objective : {"span", "tree"}
        Longest chain, or total of the derivation tree.
    banned : iterable of int, optional
        Functions that are not to be used.
    gone : iterable of (int, int), optional
        Functions and data that they do not give.
    ahead : bool, optional
        Let the search go all the way; False leaves that to the one run that the plan is for.

    Raises
    ------
    UnknownNodeError
        A given or wanted id is not in the model.
    """
    if objective not in ("span", "tree"):
        raise BuildError(f"unknown objective {objective!r}; use 'span' or 'tree'")
    check_given(network, given)
    targets = None if wanted is None else _wanted_numbers(network, wanted)
    return plan_to(network, given, targets, tree=objective == "tree", banned=banned, gone=gone, ahead=ahead)


def plan_to(
    network: Network,
    given: Mapping[NodeId, float],
    targets: list[int] | None,
    *,
    tree: bool,
    banned: Iterable[int] = (),
    gone: Iterable[tuple[int, int]] = (),
    ahead: bool = True,
) -> Plan:
    """As `make_plan`, of ids that are known and wanted data by their numbers."""
    top = network.top
    seeds: dict[int, tuple[float, int]] = {0: (0.0, top.start)}
    for datum, (distance, start, _) in network.defaults.items():
        seeds[datum] = (distance, start)
    for data_id, distance in given.items():
        seeds[top.index[data_id]] = (float(distance), top.start)
    for datum in list(seeds):
        slot = network.start_slots.get(datum)
        if slot is not None:
            seeds[slot] = seeds.pop(datum)
    search = Search(network, seeds, targets, tree=tree, banned=banned)
    search.gone.update(gone)
    fresh = search.advance() if ahead else []
    template: list[Any] = [UNKNOWN] * len(network.consumers)
    template[0] = None  # START
    for datum, (_, start) in seeds.items():
        # A given value that something nearer beats, or whose filters must see it first, is not known yet.
        if search.settled[datum] and search.provider[datum] == start and datum not in network.extras:
            template[datum] = None
    touched: set[int] = set()
    if targets is None:
        slots = {slot for f in network.collectors if search.settled[network.collectors[f]] for slot in search.takes(f)}
        order = [x for x in fresh if template[x] is UNKNOWN and (x not in network.slot_of or x in slots)]
    else:
        needed = search.needed([x for x in targets if search.settled[x]], template, touched)
        order = [x for x in fresh if x in needed]
    return Plan(network, search, order, template, touched, frozenset(given), is_open=not ahead)


def check_given(network: Network, given: Iterable[NodeId]) -> None:
    """Refuse ids of which the model knows nothing.

    Raises
    ------
    UnknownNodeError
        One of them is not in the model.
    """
    index = network.top.index
    for data_id in given:
        if data_id not in index:
            raise UnknownNodeError.among(data_id, index, "input", "use strict=False to let it pass through")


def _wanted_numbers(network: Network, wanted: Iterable[NodeId]) -> list[int]:
    """Data to be settled, each once."""
    top = network.top
    numbers: dict[int, None] = {}
    sinks: dict[NodeId, int] | None = None
    for name in wanted:
        if name in top.index:
            numbers[top.outlet.get(name, top.index[name])] = None
        elif name is SINK:
            numbers.update(dict.fromkeys(network.sink_of.values()))
        elif name is not START:
            if sinks is None:
                sinks = {network.records[f].id: x for f, x in network.sink_of.items() if not network.function_level[f]}
            if name not in sinks:
                raise UnknownNodeError.among(
                    name, [*top.index, *sinks], "output", "only data, and functions without outputs"
                )
            numbers[sinks[name]] = None
    return list(numbers)

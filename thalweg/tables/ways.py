"""Which way the cells of a table are computed: the plans for its patterns of holes, and what to tell about them.

The only file of this package that reads the numbers of plans and searches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..dispatcher import Dispatcher, Plan, Solution
from ..dispatcher.network import Kind, Network
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import make_plan, path_text, public_distance, public_provider
from ..dispatcher.run import Run
from ..dispatcher.search import Search
from ..executors import InlineExecutor

__all__ = ["Planner", "Route", "Way", "dispatch_row", "trace_way"]


@dataclass(frozen=True, slots=True)
class Way:
    """How a value came about.

    Attributes
    ----------
    provider : Hashable or tuple of Hashable
        The function or sub-dispatcher that gave it, or START for a default; all that contributed to a collecting
        datum.
    distance : float
        What the way costs.
    functions : tuple of str
        Paths of the functions on the way, in the order called.
    given : tuple of Hashable
        Given data that it rests on, in the order of the model.
    defaults : tuple of Hashable
        Defaults that it rests on, by path where they are of sub-dispatchers.
    """

    provider: NodeId | tuple[NodeId, ...]
    distance: float
    functions: tuple[str, ...] = ()
    given: tuple[NodeId, ...] = ()
    defaults: tuple[NodeId, ...] = ()


class Route:
    """A plan for rows with the same holes in which the same functions failed.

    Attributes
    ----------
    plan : Plan
    plain : bool
        It holds nothing but functions and links, so that it can be gone with columns.
    reached : dict of Hashable to int
        Wanted data that can be had, with their numbers.
    """

    __slots__ = ("_functions", "_ways", "banned", "given", "plain", "plan", "reached", "wanted")

    def __init__(
        self, plan: Plan, given: Sequence[NodeId], wanted: Sequence[NodeId], banned: frozenset[int], *, plain: bool
    ) -> None:
        self.plan = plan
        self.given = frozenset(given)
        self.wanted = wanted
        self.banned = banned
        self.plain = plain
        index, settled = plan.network.top.index, plan.search.settled
        self.reached = {name: index[name] for name in wanted if settled[index[name]]}
        self._ways: dict[NodeId, Way] = {}
        self._functions: dict[NodeId, frozenset[int]] = {}

    def way(self, name: NodeId) -> Way:
        """How a wanted datum is computed on this route."""
        way = self._ways.get(name)
        if way is None:
            plan = self.plan
            way = self._ways[name] = trace_way(plan, plan.search, self.reached[name], self.given)
        return way

    def uses(self, name: NodeId, function: int) -> bool:
        """Is a function called for a datum on this route?"""
        if name not in self._functions:
            plan = self.plan
            order = plan.search.derivation([self.reached[name]], plan.template, set()) if name in self.reached else []
            self._functions[name] = frozenset(plan.search.provider[x] for x in order)
        return function in self._functions[name]


class Planner:
    """Finds the routes, each once.

    Parameters
    ----------
    dsp : Dispatcher
    objective : {"span", "tree"}
    """

    def __init__(self, dsp: Dispatcher, objective: str) -> None:
        self.dsp = dsp
        self.objective = objective
        self._routes: dict[tuple[tuple[NodeId, ...], tuple[NodeId, ...], frozenset[int]], Route] = {}

    def route(
        self, given: tuple[NodeId, ...], wanted: tuple[NodeId, ...], banned: frozenset[int] = frozenset()
    ) -> Route:
        """The cheapest way from what is given to what is wanted without the functions that failed."""
        key = (given, wanted, banned)
        route = self._routes.get(key)
        if route is None:
            if banned:
                network, distances = self.route(given, wanted).plan.network, dict.fromkeys(given, 0.0)
                plan = make_plan(network, distances, wanted, objective=self.objective, banned=banned)
            else:
                plan = self.dsp.solve(given, wanted, objective=self.objective)
            plain = _is_plain(plan, failed=bool(banned))
            route = self._routes[key] = Route(plan, given, wanted, banned, plain=plain)
        return route


def _is_plain(plan: Plan, *, failed: bool) -> bool:
    """May the plan be gone with columns?

    Only where every step is a function or a link.  Filters and callbacks of data, gates and collecting nodes are left
    to a dispatch of each row.  So is a failure in a model with gates or collecting nodes anywhere: a failed function
    has ended there, which is not the same as not to exist.
    """
    network, provider = plan.network, plan.search.provider
    if failed and (network.collectors or Kind.ASK in network.kind):
        return False
    return all(x not in network.extras and network.kind[provider[x]] in (Kind.FUNCTION, Kind.LINK) for x in plan.order)


def trace_way(plan: Plan, search: Search, datum: int, given: Iterable[NodeId]) -> Way:
    """Say how a settled datum came about.

    Parameters
    ----------
    plan : Plan
        The plan of the run.
    search : Search
        Where the run ended: that of the plan, or what became of it through failures.
    datum : int
    given : iterable of Hashable
        Ids of the given data.
    """
    network = plan.network
    touched: set[int] = set()
    order = search.derivation([datum], plan.template, touched)
    functions = dict.fromkeys(search.provider[x] for x in order)
    paths = [path_text(network.function_path(f)) for f in functions if network.kind[f] == Kind.FUNCTION]
    rests = touched | {x for x in order if network.kind[search.provider[x]] in (Kind.START, Kind.DEFAULT)}
    own, defaults = _given_and_defaults(network, sorted(rests), frozenset(given))
    provider = public_provider(network, search, datum)
    return Way(provider, public_distance(search, datum), tuple(paths), own, defaults)


def _given_and_defaults(
    network: Network, data: Iterable[int], given: frozenset[NodeId]
) -> tuple[tuple[NodeId, ...], tuple[NodeId, ...]]:
    """Ids of the given data and of the defaults among `data`."""
    slots = {slot: datum for datum, slot in network.start_slots.items()}
    own: dict[NodeId, None] = {}
    defaults: dict[NodeId, None] = {}
    for x in data:
        datum = slots.get(x, x)
        if not datum or network.data_ids[datum] is None:
            continue  # START, a gate or a slot
        path = network.data_path(datum)
        if len(path) == 1 and path[0] in given:
            own[path[0]] = None
        else:
            defaults[path[0] if len(path) == 1 else path_text(path)] = None
    return tuple(own), tuple(defaults)


def dispatch_row(route: Route, row: dict[NodeId, Any]) -> tuple[Solution, Callable[[NodeId], Way]]:
    """Dispatch one row by itself, as `Dispatcher.dispatch` does, on a plan that is there already.

    Returns
    -------
    Solution
    callable
        Gives the way of a datum that has a value.
    """
    plan = route.plan
    run = Run(plan, row)
    InlineExecutor().drive(run)
    record = run.record()
    solution = Solution(record, 0, frozenset(row))

    def way(name: NodeId) -> Way:
        if record.search is plan.search:
            found = route.way(name)
        else:
            found = trace_way(plan, record.search, route.plan.network.top.index[name], row)
        provider = solution.providers[name]  # of a collecting datum only those that gave something
        return found if provider == found.provider else Way(provider, *_rest(found))

    return solution, way


def _rest(way: Way) -> tuple[Any, ...]:
    return way.distance, way.functions, way.given, way.defaults

"""The routes of a table: one plan for each pattern of holes and each set of failed functions.

This file reads the numbers of plans and searches; the others of this package hardly do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..dispatcher import Dispatcher, Plan, Solution
from ..dispatcher.network import Kind, Network
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import make_plan, path_text, public_distance, public_provider
from ..dispatcher.search import Search

__all__ = ["Derivation", "Planner", "Route", "derivations_of"]


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a value came about.

    Attributes
    ----------
    provider : Hashable or tuple of Hashable
        The function or sub-dispatcher that gave it, or START for a default; all that contributed to a collecting
        datum.
    distance : float
        What all of it costs.
    functions : tuple of str
        Paths of the functions, in the order called.
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
    given, wanted : tuple of Hashable
    banned : frozenset of int
        The functions that failed.
    is_plain : bool
        It holds nothing but functions and links, so that it can be gone with columns.
    reached : dict of Hashable to int
        Wanted data that can be had, with their numbers.
    """

    __slots__ = ("_derivations", "_functions", "banned", "given", "is_plain", "plan", "reached", "wanted")

    def __init__(
        self, plan: Plan, given: tuple[NodeId, ...], wanted: tuple[NodeId, ...], banned: frozenset[int]
    ) -> None:
        self.plan = plan
        self.given = given
        self.wanted = wanted
        self.banned = banned
        self.is_plain = _is_plain(plan, failed=bool(banned))
        index, settled = plan.network.top.index, plan.search.settled
        self.reached = {name: index[name] for name in wanted if settled[index[name]]}
        self._derivations: dict[NodeId, Derivation] = {}
        self._functions: dict[NodeId, frozenset[int]] = {}

    def derivation(self, name: NodeId) -> Derivation:
        """How a wanted datum is computed on this route."""
        found = self._derivations.get(name)
        if found is None:
            plan = self.plan
            found = self._derivations[name] = _trace(plan, plan.search, self.reached[name], self.given)
        return found

    def has_call(self, function: int, name: NodeId) -> bool:
        """Is a function called for a wanted datum on this route?"""
        if name not in self._functions:
            plan = self.plan
            order = plan.search.derivation([self.reached[name]], plan.template, set()) if name in self.reached else []
            self._functions[name] = frozenset(plan.search.provider[x] for x in order)
        return function in self._functions[name]


def _is_plain(plan: Plan, *, failed: bool) -> bool:
    """May the plan be gone with columns?

    Only where every step is a link, or a function that need not be awaited.  Filters and callbacks of data, gates and
    collecting nodes are left to a dispatch of each row.  So is a failure in a model with gates or collecting nodes
    anywhere: a failed function has ended there, which is not the same as not to exist.
    """
    network, provider = plan.network, plan.search.provider
    if failed and (network.collectors or Kind.ASK in network.kind):
        return False
    if network.coroutines and not set(network.coroutines).isdisjoint(provider[x] for x in plan.order):
        return False
    return all(x not in network.extras and network.kind[provider[x]] in (Kind.FUNCTION, Kind.LINK) for x in plan.order)


class Planner:
    """Finds the routes, each once.

    Parameters
    ----------
    dsp : Dispatcher
    objective : {"span", "tree"}
    first : Route, optional
        A route that is known already.
    """

    def __init__(self, dsp: Dispatcher, objective: str, first: Route | None = None) -> None:
        self.dsp = dsp
        self.objective = objective
        self._routes: dict[tuple[tuple[NodeId, ...], tuple[NodeId, ...], frozenset[int]], Route] = {}
        if first is not None:
            self._routes[first.given, first.wanted, first.banned] = first

    def __len__(self) -> int:
        return len(self._routes)

    def route(
        self, given: tuple[NodeId, ...], wanted: tuple[NodeId, ...], banned: frozenset[int] = frozenset()
    ) -> Route:
        """The cheapest way from what is given to what is wanted, without the functions that failed."""
        key = (given, wanted, banned)
        route = self._routes.get(key)
        if route is None:
            if banned:
                network, distances = self.route(given, wanted).plan.network, dict.fromkeys(given, 0.0)
                plan = make_plan(network, distances, wanted, objective=self.objective, banned=banned)
            else:
                plan = self.dsp.solve(given, wanted, objective=self.objective)
            route = self._routes[key] = Route(plan, given, wanted, banned)
        return route


def derivations_of(solution: Solution, route: Route, row: Mapping[NodeId, Any]) -> dict[NodeId, Derivation] | None:
    """Derivation of each wanted datum that has a value in a row that was dispatched by itself.

    Parameters
    ----------
    solution : Solution
    route : Route
        The one for rows like it.
    row : mapping
        What was given.

    Returns
    -------
    dict of Hashable to Derivation, or None
        None if all are those of the route.
    """
    plan = route.plan
    record = solution.record
    is_same = record.search is plan.search and not record.failures
    if is_same and not plan.network.collectors:
        return None
    index, providers = plan.network.top.index, solution.providers
    derivations: dict[NodeId, Derivation] = {}
    for name in route.wanted:
        if name in solution:
            found = route.derivation(name) if is_same else _trace(plan, record.search, index[name], row)
            if found.provider != providers[name]:  # of a collecting datum only those that gave something count
                found = replace(found, provider=providers[name])
            derivations[name] = found
    return derivations


def _trace(plan: Plan, search: Search, datum: int, given: Iterable[NodeId]) -> Derivation:
    """How a settled datum came about, in the search of the plan or in what became of it through failures."""
    network = plan.network
    touched: set[int] = set()
    order = search.derivation([datum], plan.template, touched)
    functions = dict.fromkeys(search.provider[x] for x in order)
    paths = [path_text(network.function_path(f)) for f in functions if network.kind[f] == Kind.FUNCTION]
    rests = touched | {x for x in order if network.kind[search.provider[x]] in (Kind.START, Kind.DEFAULT)}
    own, defaults = _given_and_defaults(network, sorted(rests), frozenset(given))
    provider = public_provider(network, search, datum)
    return Derivation(provider, public_distance(search, datum), tuple(paths), own, defaults)


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

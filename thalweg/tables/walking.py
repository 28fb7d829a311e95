"""Groups of rows on their way through a model, with whole columns.

A group of rows walks along its route, calling each function once with columns.  Rows that a function fails leave the
group and go on as a group of their own, by the cheapest route without what failed, with all they know so far::

    group --domain refuses, function raises--> group of the failed rows, on another route
      |
      +--end of the route

What is not plain (gates, collecting nodes, filters and callbacks of data, a value that is not given this time) is not
for columns.  This file knows neither where values come from nor where they go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dispatcher.network import Kind
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import path_text
from .batches import Failed, shorten
from .calling import Caller
from .columns import Column, Constant, Values
from .patterns import row_numbers
from .routes import Planner, Route
from .table import Rows

__all__ = ["Group", "Walk"]

_REFUSED = "DomainError: its domain refused the values"


@dataclass(slots=True)
class Group:
    """Rows on the same route, and what they know."""

    rows: Rows
    count: int
    routes: tuple[Route, ...]
    failures: tuple[Failed, ...] = ()
    values: dict[int, Values] = field(default_factory=dict)
    held: dict[tuple[int, int], Values] = field(default_factory=dict)  # (function, datum): not of use so far

    def shrink(self, stay: NDArray[np.intp]) -> None:
        """Keep only some of the rows."""
        rest = self.part(stay)
        self.rows, self.count, self.values, self.held = rest.rows, rest.count, rest.values, rest.held

    def part(self, some: NDArray[np.intp], route: Route | None = None, failed: Failed | None = None) -> Group:
        """Some of the rows, maybe on another route after a failure."""
        return Group(
            row_numbers(self.rows)[some],
            len(some),
            self.routes if route is None else (*self.routes, route),
            self.failures if failed is None else (*self.failures, failed),
            {x: values.take(some) for x, values in self.values.items()},
            {key: values.take(some) for key, values in self.held.items()},
        )


class Walk(ABC):
    """Groups of rows that are still to go their ways.

    Parameters
    ----------
    planner : Planner
    caller : Caller

    Attributes
    ----------
    groups : list of Group
        Those that have begun and not arrived.
    """

    def __init__(self, planner: Planner, caller: Caller) -> None:
        self.planner = planner
        self.caller = caller
        self.groups: list[Group] = []

    @abstractmethod
    def given(self, group: Group, name: NodeId) -> Values:
        """Values of a given datum in the rows of a group."""

    @abstractmethod
    def arrive(self, group: Group, values: dict[NodeId, Values]) -> None:
        """A group is at the end of its route, with all that can be had of what is wanted."""

    @abstractmethod
    def leave(self, group: Group) -> None:
        """The rows of a group are to be taken one by one."""

    def walk(self, group: Group) -> None:
        """Go along the route of a group, as far as there are rows left."""
        route = group.routes[-1]
        plan = route.plan
        network, provider = plan.network, plan.search.provider
        for x in plan.order:
            if x in group.values:
                continue
            f = provider[x]
            if network.kind[f] == Kind.LINK:
                group.values[x] = self._value(group, network.inputs[f][0])
            elif (f, x) in group.held:
                group.values[x] = group.held.pop((f, x))
            else:
                self._call(group, f)
                if not group.count:
                    return
                group.values[x] = group.held.pop((f, x))
        self.arrive(group, {name: self._value(group, x) for name, x in route.reached.items()})

    def _value(self, group: Group, x: int) -> Values:
        """Value of a datum that is known: computed, given by a column, or a default."""
        value = group.values.get(x)
        if value is None:
            route = group.routes[-1]
            network = route.plan.network
            name = network.data_ids[x]
            if not network.data_level[x] and name in route.given:
                value = self.given(group, name)
            else:
                value = Constant(network.defaults[x][2])
            group.values[x] = value
        return value

    def _call(self, group: Group, f: int) -> None:
        """Call a function for a group; rows that it fails leave the group, the others hold what it gave."""
        network = group.routes[0].plan.network
        node = network.records[f]
        columns = node.attributes.get("columns")
        if node.input_domain is not None:
            self._ask(group, f, node.input_domain, columns=columns)
        if not group.count:
            return
        function = self.caller.filtered.setdefault(f, _with_filters(node.function, node.filters))
        args = [self._value(group, u) for u in network.arguments[f]]
        outcome = self.caller.call(function, args, group.count, outputs=len(node.outputs), columns=columns)
        stay = None
        if outcome.errors or outcome.odd:
            gone = np.zeros(group.count, np.bool_)
            gone[[*outcome.errors, *outcome.odd]] = True
            stay = np.flatnonzero(~gone)
            self._fail_each(group, f, "error", outcome.errors)
            if outcome.odd:
                self.leave(group.part(np.array(sorted(outcome.odd), np.intp)))
            group.shrink(stay)
        for (x, _), values in zip(network.provides[f], outcome.outputs, strict=False):
            group.held[f, x] = values if stay is None else values.take(stay)

    def _ask(self, group: Group, f: int, domain: Callable[..., Any], *, columns: bool | None) -> None:
        """Ask the domain of a function for a group; rows that it refuses leave the group."""
        args = [self._value(group, u) for u in group.routes[0].plan.network.arguments[f]]
        answer = self.caller.call(domain, args, group.count, outputs=0, columns=columns)
        allowed = np.zeros(group.count, np.bool_)
        for truths in answer.outputs:
            assert isinstance(truths, Column)
            allowed |= truths.array
        raised = list(answer.errors)
        allowed[raised] = True
        refused = np.flatnonzero(~allowed)
        if not len(refused) and not raised:
            return
        self.fail(group, f, "refused", refused, (_REFUSED,))
        messages = {i: f"DomainError: its domain raised {error}" for i, error in answer.errors.items()}
        self._fail_each(group, f, "domain", messages)
        allowed[raised] = False
        group.shrink(np.flatnonzero(allowed))

    def _fail_each(self, group: Group, f: int, kind: str, errors: dict[int, str]) -> None:
        """Send rows that a function failed by another route, each with a message of its own."""
        some = sorted(errors)
        self.fail(group, f, kind, np.array(some, np.intp), shorten([errors[i] for i in some]))

    def fail(self, group: Group, f: int, kind: str, some: NDArray[np.intp], messages: tuple[str, ...]) -> None:
        """Send rows that a function failed by another route."""
        if not len(some):
            return
        route = group.routes[-1]
        path = path_text(route.plan.network.function_path(f))
        failed = Failed(path, kind, row_numbers(group.rows)[some], messages, f)
        other = self.planner.route(route.given, route.wanted, route.banned | {f})
        self.groups.append(group.part(some, other, failed))


def _with_filters(function: Callable[..., Any], filters: Iterable[Callable[[Any], Any]]) -> Callable[..., Any]:
    """A function and the filters of its result as one function."""
    chain = tuple(filters)
    if not chain:
        return function

    def filtered(*args: Any) -> Any:
        value = function(*args)
        for each in chain:
            value = each(value)
        return value

    return filtered

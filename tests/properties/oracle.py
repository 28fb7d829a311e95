"""What a dispatch must give: the naive process, over the brute-force solver of `equations.py`.

Solve; call the chosen functions in order; at the first failure take out what failed and solve again, keeping the known
values; until nothing fails. What needs no call of a function (filters of data, estimators, gates) is worked out as soon
as what it rests on is known. This file must not know how the library searches; it knows the library's words only.

Where the definition leaves something open, this reading is taken:

* The order of the calls is free, but for what they rest on: that of the run under test is taken (`prefer`), or else
  the order of distance. It decides only which of two failures is met first.
* A given value is filtered when it is on a chosen derivation, as a computed one is.
* The filters of a collecting datum act on what its estimator made, not on the single estimates.
* A gate that refuses is an error of the sub-dispatcher unless it opens later. It is asked if something that is wanted
  rests on it; without outputs, always.
* An output equal to NONE is an answer, not an error; a value that the filters of a datum refuse, and an estimator that
  raises, are errors of the datum.
* A wildcard that cannot be recomputed has no value in the solution, though its given value feeds the others.
* A value that a call gave beside what it was made for may stand in the solution, if that call is its chosen provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.properties import description
from tests.properties.description import NOTHING, Case
from tests.properties.equations import Network, Node, Past, Plan, Provider

Path = tuple[str, ...]


@dataclass
class Answer:
    """What the naive process comes to. Data and functions are named by their paths."""

    values: dict[Path, Any] = field(default_factory=dict)
    known: dict[Path, Any] = field(default_factory=dict)
    providers: dict[Path, str | tuple[str, ...]] = field(default_factory=dict)
    distances: dict[Path, float] = field(default_factory=dict)
    errors: set[tuple[Path, str]] = field(default_factory=set)
    may_fail: set[Path] = field(default_factory=set)
    calls: list[Path] = field(default_factory=list)
    plans: list[list[Path]] = field(default_factory=list)
    derivation: set[Path] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)


def answer(case: Case, prefer: list[Path] | None = None) -> Answer:
    """Give what a dispatch must give."""
    return Naive(case, prefer or []).run()


def first_plan(case: Case) -> Plan:
    """Give what `solve` must give."""
    return Plan(Network(case.model, case.question), Past())


class Naive:
    """One run of the naive process."""

    def __init__(self, case: Case, prefer: list[Path]) -> None:
        self.network = Network(case.model, case.question)
        self.prefer = {path: k for k, path in enumerate(prefer)}
        self.past = Past()
        self.results: dict[Node, Any] = {}
        self.values: dict[Node, Any] = {}
        self.ever: dict[Node, Any] = {}
        self.used: set[Node] = set()
        self.answer = Answer()

    def run(self) -> Answer:
        """Solve and call until nothing fails."""
        plan = self._solve()
        while not self._work(plan):
            plan = self._solve()
        self._conclude(plan)
        return self.answer

    def _solve(self) -> Plan:
        self.values = {node: value for node, value in self.values.items() if node in self.past.settled}
        plan = Plan(self.network, self.past)
        self.answer.plans.append([node.path for node in plan.calls()])
        return plan

    def _work(self, plan: Plan) -> bool:
        """Work a plan off; false at the first failure."""
        while True:
            call = self._next_call(plan)
            before = plan.derivation([call]) if call else set()
            for node in sorted(plan.needed, key=plan.order):
                waits = call is not None and node not in before and self._comes_after(node, call, plan)
                if not waits and not self._work_out(node, plan):
                    return False
            if call is None:
                return True
            if not self._call(call, plan):
                return False

    def _next_call(self, plan: Plan) -> Node | None:
        """The call that is made next: that of the run under test, or else the nearest."""
        todo = [node for node in plan.calls() if node not in self.results]
        last = len(self.prefer)
        first = [node for node in todo if not plan.derivation([node]).intersection(todo) - {node}]
        return min(first, key=lambda node: self.prefer.get(node.path, last), default=None)

    def _comes_after(self, node: Node, call: Node, plan: Plan) -> bool:
        """Whether a call is made before this, which is not what became of the calls before it, is worked out."""
        given = [plan.labels[n][:2] for n in plan.needed & plan.chosen.keys() if call in plan.rests_on(n)]
        if call.path not in self.prefer or plan.labels[node][:2] <= min(given, default=plan.labels[call][:2]):
            return False
        own = node in plan.chosen and (self.network.data[node].collect or plan.chosen[node][0].node is None)
        return own or node.kind == "gate"

    def _is_ready(self, node: Node, plan: Plan) -> bool:
        return all(self._is_known(source) for source in plan.rests_on(node))

    def _is_known(self, node: Node) -> bool:
        """Whether nothing of this node is still to be worked out."""
        if node.kind == "gate":
            return node in self.past.opened
        if node.kind in ("in", "out"):
            ready = all(gate in self.past.opened for gate in self.network.gates[node])
            return ready and self._is_known(self.network.sources[node][0][0])
        return node in self.values or node in self.results

    def _keep(self, failed: Node, plan: Plan) -> None:
        """Keep, when a node failed, what calls were made with, and what was settled early before all that."""
        last = max(plan.labels[node][:2] for node in (failed, *self.used))
        kept = {node: plan.chosen[node] for node in self.used}
        for node in plan.settled.keys() - self.used:
            ways = [way for way in plan.chosen[node] if way.node != failed]
            rests = plan.derivation([way.node for way in ways if way.node])
            if ways and failed not in rests and plan.labels[node][:2] < last:
                kept[node] = ways
        self.past.settled = {node: (plan.labels[node], ways) for node, ways in kept.items()}

    def _call(self, node: Node, plan: Plan) -> bool:
        """Call a function; false when it failed."""
        self.used |= plan.derivation(plan.rests_on(node)) & self.network.data.keys()
        fn = self.network.functions[node]
        args = tuple(self.values[source] for source, _ in self.network.sources[node])
        self.answer.calls.append(node.path)
        value = None
        if not description.domain_refuses(fn, args):
            value = description.result(fn, args)
            for k, rule in enumerate(fn.filters):
                value = value and description.filtered(rule, f"{fn.name}/{k}", value)
        if len(fn.outputs) > 1 and value is not None and len(value) != len(fn.outputs):
            value = None
        if value is None:
            self._keep(node, plan)
            self._end(node, plan)
            self.past.functions.add(node)
            self.answer.errors.add((node.path, "function"))
            return False
        self.results[node] = value
        return True

    def _end(self, node: Node, plan: Plan, only: Node | None = None) -> None:
        """Keep where the arcs of what failed end: collecting nodes still count them."""
        for target, ways in self.network.providers.items():
            for way in ways:
                if way.node == node and only in (None, target):
                    self.past.ended[node, target] = plan.follow(target, node, plan.labels[node], way.cost)

    def _work_out(self, node: Node, plan: Plan) -> bool:
        """Work out what needs no call; false when it failed. What is not ready is left."""
        if not self._is_ready(node, plan):
            return True
        if node.kind == "gate":
            return self._ask(node, plan)
        return self._take(node, plan) if node in self.network.data else True

    def _ask(self, gate: Node, plan: Plan) -> bool:
        if gate in self.past.opened:
            return True
        self.used |= plan.derivation([gate]) & self.network.data.keys()
        arrived = plan.open[gate][1]
        given = {source.path[-1]: self.values[source] for source in arrived}
        if description.gate_refuses(self.network.subs[gate], given):
            self._keep(gate, plan)
            self.past.refused.setdefault(gate, set()).add(arrived)
            return False
        self.past.opened[gate] = plan.open[gate]
        return True

    def _take(self, node: Node, plan: Plan) -> bool:
        """Give a datum its value from its chosen provider, or from all it collected."""
        if node in self.values:
            return True
        empty = [way for way in plan.chosen[node] if self._brought(way, node) == NOTHING]
        if empty:
            return self._lose(empty[0], node, plan)
        value = self._made(node, plan)
        if value is None:
            self.answer.errors.add((node.path, "datum"))
            return self._lose(None if self.network.data[node].collect else plan.chosen[node][0], node, plan)
        self.values[node] = self.ever[node] = value
        if description.callback_raises(self.network.data[node], value):
            self.answer.errors.add((node.path, "callback"))
        return True

    def _made(self, node: Node, plan: Plan) -> Any:
        """What becomes of that which is brought to a datum; None if an estimator or a filter raises."""
        datum = self.network.data[node]
        value: Any = {way.id: self._brought(way, node) for way in self._in_order(node, plan)}
        if not datum.collect:
            (value,) = value.values()
        elif datum.estimator is not None:
            value = description.estimate(datum, self.network.names[node.path[:-1]], value)
        for k, rule in enumerate(datum.filters):
            value = None if value is None else description.filtered(rule, f"{datum.name}/{k}", value)
        return value

    def _in_order(self, node: Node, plan: Plan) -> list[Provider]:
        """The chosen providers in the order in which a collecting node is told of them."""
        return sorted(plan.chosen[node], key=lambda way: way.place)

    def _brought(self, way: Provider, node: Node) -> Any:
        """What a provider brings to a datum."""
        datum = self.network.data[node]
        if way.node is None:
            given = dict(self.network.question.given) if len(node.path) == 1 else {}
            return description.given_value(datum) if datum.id in given else description.default_value(datum)
        if way.node.kind in ("in", "out"):
            return self.values[self.network.sources[way.node][0][0]]
        outputs = self.network.functions[way.node].outputs
        value = self.results[way.node]
        return value[outputs.index(node.path[-1])] if len(outputs) > 1 else value

    def _lose(self, way: Provider | None, node: Node, plan: Plan) -> bool:
        """Take out the arc by which a datum got no value; None: the whole of a collecting one."""
        self._keep(way.node if way and way.node else node, plan)
        if way is None:
            self.past.data.add(node)
        else:
            if way.node is not None:
                self._end(way.node, plan, node)
            self.past.arcs.add((way.node, node))
        return False

    def _by_products(self, plan: Plan) -> None:
        """Work out what nobody wanted, where that needs no further call: a run may, or may not, do the same."""
        for node in sorted(plan.chosen, key=plan.order):
            ready = node not in self.values and self._is_ready(node, plan)
            if ready and not any(self._brought(way, node) == NOTHING for way in plan.chosen[node]):
                value = self._made(node, plan)
                if value is None or description.callback_raises(self.network.data[node], value):
                    self.answer.may_fail.add(node.path)
                if value is not None:
                    self.values[node] = self.ever[node] = value

    def _conclude(self, plan: Plan) -> None:
        found = self.answer
        twins = {node.path for node in self.network.data if node.kind == "wild"}
        valued = [n for n in plan.needed if n in self.values and (n.kind == "wild" or n.path not in twins)]
        for node in sorted(valued, key=plan.order):
            ids = tuple(way.id for way in self._in_order(node, plan))
            found.values[node.path] = self.values[node]
            found.providers[node.path] = ids if self.network.data[node].collect else ids[0]
            found.distances[node.path] = plan.labels[node].shown
        self._by_products(plan)
        found.known = {node.path: value for node, value in self.ever.items()}
        shut = self.past.refused.keys() - self.past.opened.keys()
        found.errors |= {(gate.path, "gate") for gate in shut}
        found.derivation = {node.path for node in plan.needed if node.kind == "fun"}
        place = {datum.id: k for k, datum in enumerate(self.network.model.data)}
        top = [node for node in valued if len(node.path) == 1]
        top.sort(key=lambda node: (plan.labels[node][:2], place[node.path[0]]))
        found.order = [node.path[0] for node in top]
        wanted = self.network.question.outputs or ()
        found.unreachable = [x for x in wanted if self.network.wanted(x) not in plan.labels]

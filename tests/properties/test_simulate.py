"""No schedule is shorter than it can be, and none is longer than list scheduling may be."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import thalweg as tw
from tests.properties import models
from tests.properties.equations import Network
from tests.properties.models import Style, cases


@given(st.data(), cases(Style(failures=False, gates=False)), st.integers(1, 5))
def test_the_bounds_hold(data, case, workers):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    plan = solved(case)
    seconds = {path: data.draw(st.sampled_from((0.0, 1.0, 2.0, 0.5, 7.25)), label=path) for path in plan.calls}
    found = tw.simulate(plan, seconds, workers=workers)
    work, critical = sum(seconds.values()), found.critical_seconds
    assert found.work_seconds == work
    assert max(critical, work / workers) <= found.makespan_seconds + 1e-9
    assert found.makespan_seconds <= work / workers + (1 - 1 / workers) * critical + 1e-9
    assert 0 <= found.utilisation <= 1 + 1e-9
    assert tw.simulate(plan, seconds, workers=len(seconds) + 1).makespan_seconds == critical
    assert tw.simulate(plan, seconds).makespan_seconds == work


@given(st.data(), cases(Style(failures=False, gates=False)), st.integers(1, 3))
def test_each_call_is_made_once_by_a_free_worker_after_what_it_takes(data, case, workers):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    plan = solved(case)
    seconds = {path: data.draw(st.sampled_from((1.0, 2.0, 0.5, 7.25)), label=path) for path in plan.calls}
    rows = tw.simulate(plan, seconds, workers=workers).rows
    assert sorted(row[0] for row in rows) == sorted(plan.calls)
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    times = {path: (start, end) for path, start, end, _ in rows}
    assert {path: end - start for path, (start, end) in times.items()} == pytest.approx(seconds)
    for worker in range(workers):
        ends = [(start, end) for _, start, end, who in rows if who == worker]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))
    dsp = models.build(case.model)
    inputs, _ = models.asked(case)
    order = dsp.run(plan, inputs, raises=False).calls
    assert sorted(order) == sorted(times)
    taken = waits(plan)
    assert all(times[first][1] <= times[then][0] for then, before in taken.items() for first in before)


def solved(case: Any) -> tw.Plan:
    """The plan for a case."""
    inputs, outputs = models.asked(case)
    return models.build(case.model).solve(inputs, outputs, **models.spoken(case.question))


def waits(plan: tw.Plan) -> dict[str, set[str]]:
    """By call, those that it waits for: found by following each datum back, as slowly as plainly."""
    network, search = plan.network, plan.search
    path = dict(zip(plan.functions, plan.calls, strict=True))

    def before(x: int, seen: frozenset[int]) -> set[str]:
        f = search.provider[x]
        if f in path:
            return {path[f]}
        if x in seen or x not in plan.order:
            return set()
        return set().union(*(before(u, seen | {x}) for u in search.takes(f)))

    return {
        name: set().union(*(before(u, frozenset()) for u in network.inputs[f] if u in plan.order))
        for f, name in path.items()
    }

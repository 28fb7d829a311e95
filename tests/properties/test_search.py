"""A dispatch is what the oracle says: values, providers, distances, failures, order and calls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.properties import models
from tests.properties.compare import check, path_of, see
from tests.properties.models import PLAIN_WEIGHTS, ZERO_WEIGHTS, Style, cases
from tests.properties.oracle import answer, first_plan
from thalweg.errors import UnreachableError

SOUND = Style(failures=False)


@given(cases())
def test_a_dispatch_is_what_the_oracle_says(case):
    check(case, see(case))


@given(cases(Style(depth=1, size=7, gates=False)))
def test_a_dispatch_of_one_level_is_what_the_oracle_says(case):
    check(case, see(case))


@given(cases(Style(weights=ZERO_WEIGHTS)))
def test_ties_over_steps_that_cost_nothing_are_what_the_oracle_says(case):
    check(case, see(case))


@given(cases(Style(weights=PLAIN_WEIGHTS, collecting=False, infinite=False)))
def test_a_dispatch_without_collecting_nodes_is_what_the_oracle_says(case):
    check(case, see(case))


@given(cases(Style(size=8, depth=1, failures=False, infinite=False)))
def test_each_objective_answers_by_its_own_measure(case):
    for objective in ("span", "tree"):
        asked = replace(case, question=replace(case.question, objective=objective))
        check(asked, see(asked))


@given(cases())
def test_each_function_is_called_at_most_once(case):
    seen = see(case)
    assert len(set(seen.calls)) == len(seen.calls)
    named = [path[-1] for path in seen.calls]
    assert all(seen.log.count(name) <= named.count(name) for name in seen.log)


@given(cases(SOUND))
def test_without_failures_the_calls_are_exactly_the_derivations(case):
    seen = see(case)
    want = check(case, seen)
    assert set(seen.calls) == want.derivation
    assert sorted(path[-1] for path in seen.calls) == sorted(seen.log)


@given(cases())
def test_a_plan_is_the_first_one_of_the_naive_process(case):
    log = models.Log()
    values, outputs = models.asked(case)
    plan = models.build(case.model, log).solve(list(values), outputs, **models.spoken(case.question))
    want = first_plan(case)
    assert not log.calls
    assert {path_of(path) for path in plan.calls} == {node.path for node in want.calls()}
    for node in want.needed & want.chosen.keys():
        (data_id, *below) = node.path
        hidden = node.kind != "wild" and want.network.wanted(data_id) != node
        if not below and not hidden:
            assert plan.distances[data_id] == want.labels[node].shown
            ids = tuple(way.id for way in sorted(want.chosen[node], key=lambda way: way.place))
            assert models.told_id(plan.providers[data_id]) == (ids if want.network.data[node].collect else ids[0])


@given(cases(Style(failures=False, wanted=True)))
def test_without_failures_a_dispatch_follows_its_plan(case):
    values, outputs = models.asked(case)
    dsp = models.build(case.model)
    plan = dsp.solve(values, outputs, **models.spoken(case.question))
    assert plan.calls == models.ask(dsp, case).calls


@given(cases())
def test_what_cannot_be_had_is_an_error_that_names_it(case):
    want = answer(case, see(case).calls)
    dsp = models.build(case.model)
    if not want.unreachable:
        models.ask(dsp, case, raises="unreachable")
        return
    with pytest.raises(UnreachableError) as caught:
        models.ask(dsp, case, raises="unreachable")
    assert sorted(caught.value.outputs) == sorted(want.unreachable)

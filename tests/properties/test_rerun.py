"""A solution that is run again with other inputs is that of a new dispatch, and calls nothing that it need not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import networkx as nx
from hypothesis import assume, given
from hypothesis import strategies as st

import thalweg as tw
from tests.properties import models
from tests.properties.compare import levels, read
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import Style, cases
from tests.properties.test_orders import Shuffled
from thalweg.errors import DispatchError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Step:
    """What is changed at once: new values by id, `EMPTY` for what is taken away; and distances."""

    changes: dict[str, Any]
    inputs_dist: dict[str, float] | None


@st.composite
def steps(draw: st.DrawFn, case: Case) -> list[Step]:
    """Some changes, one after the other; most give other values for what was given."""
    ids = [datum.id for datum in case.model.data]
    given_ids = [x for x, _ in case.question.given]
    found = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("values", "values", "any", "distances")))
        changed = draw(st.lists(st.sampled_from(given_ids if given_ids and kind == "values" else ids), unique=True))
        values: dict[str, Any] = {}
        for x in changed:
            is_gone = kind == "any" and draw(st.booleans())
            values[x] = tw.EMPTY if is_gone else f"{draw(st.sampled_from('pqrst'))}{number}:{x}"
        there = [x for x in values if values[x] is not tw.EMPTY]
        distances = {x: draw(st.sampled_from((0.0, 1.0, 0.5))) for x in there} if kind == "distances" else None
        found.append(Step(values, distances))
    return found


@st.composite
def stories(draw: st.DrawFn, style: Style | None = None) -> tuple[Case, list[Step]]:
    """A question, and what is changed after it."""
    case = draw(cases(style))
    return case, draw(steps(case))


def after(inputs: dict[str, Any], spoken: dict[str, Any], step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and options of a dispatch after a change."""
    now = {x: value for x, value in (inputs | step.changes).items() if value is not tw.EMPTY}
    distances = (spoken["inputs_dist"] or {}) | (step.inputs_dist or {})
    return now, spoken | {"inputs_dist": {x: distance for x, distance in distances.items() if x in now} or None}


def facts(case: Case, solution: Any) -> dict[str, Any]:
    """All that is to be seen of a solution."""
    seen = read(case, solution)
    return {
        "values": seen.values,
        "distances": seen.distances,
        "providers": seen.providers,
        "calls": solution.calls,
        "orders": [list(solution.sub(*path) if path else solution) for path, _ in levels(case.model)],
        "errors": {path: (each.kind, each.alternative, type(each.error)) for path, each in solution.errors.items()},
        "unreachable": solution.unreachable,
        "workflow": drawn(solution.workflow),
        "states": {path: solution.get_node(path).state for path in solution.calls},
        "explained": str(solution.explain()),
    }


def drawn(workflow: nx.DiGraph[Any]) -> Any:
    """A workflow as something that can be compared, with those of its sub-dispatchers."""
    nodes = {
        node: {key: drawn(value) if isinstance(value, nx.DiGraph) else value for key, value in facts.items()}
        for node, facts in workflow.nodes(data=True)
    }
    return nodes, sorted(workflow.edges, key=str)


STYLES = st.sampled_from((None, Style(failures=False), Style(collecting=False, gates=False)))


@given(st.data(), STYLES, st.sampled_from((False, False, "unreachable", True)))
def test_it_is_the_solution_of_a_new_dispatch(data, style, raises):
    case, story = data.draw(stories(style))
    log = models.Log()
    dsp = models.build(case.model, log)
    (inputs, outputs), spoken = models.asked(case), models.spoken(case.question)
    solution, _ = ended(lambda: models.ask(dsp, case, raises=raises))
    for step in story:
        ended(lambda: solution.rerun(dict.fromkeys(step.changes, "else")))  # noqa: B023 - the way is known from now on
        log.calls.clear()
        solution, error = ended(lambda: solution.rerun(step.changes, inputs_dist=step.inputs_dist))  # noqa: B023
        assert len(log.calls) <= len(solution.recomputed)
        inputs, spoken = after(inputs, spoken, step)
        asked = spoken | {"raises": raises}
        # A model that was not asked before: calls come in another order where a plan is there already.
        fresh, like = ended(lambda: models.build(case.model).dispatch(inputs, outputs, **asked))  # noqa: B023
        assert error == like
        assert facts(case, solution) == facts(case, fresh)


def ended(run: Callable[[], Any]) -> tuple[Any, str]:
    """The solution that a run left, and how it ended if by an error."""
    try:
        return run(), ""
    except DispatchError as error:
        return error.solution, repr(error)


@given(st.data(), STYLES, st.randoms(use_true_random=False), st.integers(1, 6))
def test_it_is_the_same_whatever_makes_the_calls_in_whatever_order(data, style, random, capacity):
    case, story = data.draw(stories(style))
    assume(not Network(case.model, case.question).has_gate_in_circle())
    dsp = models.build(case.model)
    (inputs, outputs), spoken = models.asked(case), models.spoken(case.question)
    solution = models.ask(dsp, case, executor=Shuffled(random, capacity))
    for step in story:
        solution = solution.rerun(step.changes, inputs_dist=step.inputs_dist)
        inputs, spoken = after(inputs, spoken, step)
        fresh = dsp.dispatch(inputs, outputs, raises=False, **spoken)
        assert list(solution.items()) == list(fresh.items())
        assert (solution.distances, solution.providers) == (fresh.distances, fresh.providers)


@given(st.data(), STYLES)
def test_what_does_not_depend_on_the_changes_is_not_called_again(data, style):
    case, story = data.draw(stories(replace(style or Style(), wildcards=False)))
    dsp = models.build(case.model)
    solution = models.ask(dsp, case)
    for step in story:
        before = set(solution.calls)
        solution = solution.rerun(step.changes)
        graph = dsp.graph
        reached = set().union(*(nx.descendants(graph, x) for x in step.changes))
        again = [path for path in solution.recomputed if path in before]
        assert [path for path in again if path.partition("/")[0] not in reached] == []
    assert solution.rerun({}).recomputed == []

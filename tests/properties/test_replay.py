"""A way that was gone before is gone again as if it were new, whatever fails this time."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.properties import models
from tests.properties.compare import Seen, read
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import cases

# What fails depends on the values that are given, so each number stands for other failures.
TURNS = st.lists(st.integers(0, 5), min_size=2, max_size=12)


def values(case: Case, turn: int) -> dict[str, Any]:
    return {x: f"{value}.{turn}" for x, value in models.asked(case)[0].items()}


def ask(dsp: Any, log: models.Log, case: Case, turn: int, **options: Any) -> Seen:
    """Put the question once more, with values of their own."""
    log.calls = []
    _, outputs = models.asked(case)
    solution = dsp.dispatch(values(case, turn), outputs, **{"raises": False, **models.spoken(case.question), **options})
    return read(case, solution, log)


def run_alone(case: Case, turn: int) -> Seen:
    """A run that knows the whole plan, of a model that was never run."""
    log = models.Log()
    dsp = models.build(case.model, log)
    given_, outputs = models.asked(case)
    options = models.spoken(case.question)
    plan = dsp.solve(given_, outputs, options["inputs_dist"], options["wildcard"], objective=options["objective"])
    return read(case, dsp.run(plan, values(case, turn), raises=False), log)


def hold(seen: Seen, alone: Seen) -> None:
    assert list(seen.solution.items()) == list(alone.solution.items())
    assert (seen.values, seen.distances, seen.providers) == (alone.values, alone.distances, alone.providers)
    assert seen.solution.unreachable == alone.solution.unreachable


def hold_whole(seen: Seen, alone: Seen) -> None:
    """As `hold`, with all that a solution can be asked."""
    hold(seen, alone)
    assert seen.calls == alone.calls
    assert seen.log == alone.log
    assert list(map(str, seen.solution.errors.items())) == list(map(str, alone.solution.errors.items()))
    assert str(seen.solution.explain()) == str(alone.solution.explain())
    assert seen.solution.workflow.edges == alone.solution.workflow.edges


@given(cases(), TURNS)
def test_a_way_gone_again_is_as_if_it_were_new(case, turns):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    dsp = models.build(case.model, log)
    for number, turn in enumerate(turns):
        seen = ask(dsp, log, case, turn)
        if number:  # the first dispatch of everything finds its way as it goes
            hold_whole(seen, run_alone(case, turn))


@given(cases(), TURNS)
def test_a_way_gone_again_gives_what_a_first_dispatch_gives(case, turns):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    dsp = models.build(case.model, log)
    for turn in turns:
        other = models.Log()
        hold(ask(dsp, log, case, turn), ask(models.build(case.model, other), other, case, turn))


@given(cases(models.Style(wanted=True)), TURNS, st.sampled_from(["unreachable", True]))
def test_errors_are_those_of_a_first_dispatch(case, turns, raises):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    dsp = models.build(case.model, log)
    for turn in turns:
        found = []
        for model, noted in ((dsp, log), (models.build(case.model, other := models.Log()), other)):
            try:
                seen = ask(model, noted, case, turn, raises=raises)
                found.append((seen.log, list(seen.solution.items())))
            except Exception as error:  # noqa: BLE001 - both must raise the same
                partial = getattr(error, "solution", {})
                found.append((noted.calls, type(error), str(error), list(partial.items())))
        assert found[0] == found[1]

"""Every executor gives the solution of calls in line; how calls are made, if they are quick, changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import thalweg as tw
from tests.executors.rows import params
from tests.properties.compare import see
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import cases

FEW = 5000 if os.environ.get("THALWEG_SOAK") == "1" else 40
NAMES = [("threads", FEW), ("async", FEW), ("processes", max(5, FEW // 10)), ("dask", max(15, FEW // 10))]


@pytest.fixture(scope="module", autouse=True)
def _shut_down() -> Iterator[None]:
    yield
    tw.shutdown_executors()


def hold(case: Case, **options: Any) -> None:
    """Hold a dispatch with options against one in line."""
    assume(not Network(case.model, case.question).has_gate_in_circle())
    alone, driven = see(case), see(case, **options)
    assert list(driven.solution.items()) == list(alone.solution.items())
    assert sorted(driven.solution.unreachable) == sorted(alone.solution.unreachable)
    shown = [(x,) for x in alone.solution]
    assert [driven.providers[x] for x in shown] == [alone.providers[x] for x in shown]
    assert [driven.distances[x] for x in shown] == [alone.distances[x] for x in shown]


@pytest.mark.parametrize("name", params([name for name, _ in NAMES]))
def test_every_executor_gives_the_solution_of_calls_in_line(name: str) -> None:
    @settings(max_examples=dict(NAMES)[name])
    @given(cases())
    def test(case: Case) -> None:
        hold(case, executor=name)

    test()


WAYS = st.fixed_dictionaries(
    {
        "executor": st.sampled_from([None, "sync", "threads", "async"]),
        "gate": st.none()
        | st.integers(1, 4).flatmap(lambda high: st.builds(tw.Gate, st.just(high), st.integers(1, high))),
        "timeout": st.sampled_from([None, 600.0]),
        "on_event": st.sampled_from([None, repr]),
    }
)


@settings(max_examples=FEW)
@given(cases(), WAYS)
def test_gates_limits_and_listeners_change_nothing(case: Case, options: dict[str, Any]) -> None:
    hold(case, **options)
    assert options["gate"] is None or options["gate"].inside == 0

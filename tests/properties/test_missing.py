"""What is said to be missing is what trying all sets shows to be missing."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import thalweg as tw
from tests.properties.models import Style, asked, build, cases
from thalweg.dispatcher.missing import missing

LARGEST = 3


def by_trial(dsp: tw.Dispatcher, outputs: list[str], inputs: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Try all sets up to a size: fewest values first, then the distance of the farthest output, then model order."""
    data = list(dsp.data_nodes)
    offered = [place for place, name in enumerate(data) if name not in outputs and name not in inputs]
    found: list[tuple[int, float, tuple[int, ...]]] = []
    for size in range(LARGEST + 1):
        smaller = [set(each) for _, _, each in found]
        for each in combinations(offered, size):
            if any(other <= set(each) for other in smaller):
                continue
            plan = dsp.solve([*inputs, *[data[place] for place in each]], outputs)
            if not plan.unreachable:
                found.append((size, max(plan.search.dist[x] for x in plan.search.wanted), each))
    return [tuple(data[place] for place in each) for _, _, each in sorted(found)]


def agree(case: Any, outputs: list[str]) -> None:
    dsp = build(case.model)
    inputs, _ = asked(case)
    found = missing(dsp, outputs, inputs, k=500)
    assert [each for each in found if len(each) <= LARGEST] == by_trial(dsp, outputs, inputs)
    assert not any(set(one) < set(other) for one in found for other in found)


@given(cases(Style(failures=False, wildcards=False)), st.data())
def test_all_small_sets_are_found_in_order(case, data):
    names = [datum.id for datum in case.model.data]
    agree(case, data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=2)))

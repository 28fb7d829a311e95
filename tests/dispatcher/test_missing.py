"""What a person must still measure: small cases by hand, and random ones against all subsets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg import Dispatcher
from thalweg.errors import UnknownNodeError


@pytest.fixture
def dsp():
    dsp = Dispatcher()
    dsp.add_function("divide", lambda m, v: m / v, ["mass", "volume"], ["density"])
    dsp.add_function("cube", lambda r: r**3, ["radius"], ["volume"])
    dsp.add_function("weigh", lambda p: p, ["photo"], ["mass"], weight=10)
    return dsp


def test_nothing_is_missing_where_the_output_can_be_computed(dsp):
    assert dsp.missing(["density"], ["mass", "radius"]) == [()]


def test_fewest_values_come_first_then_the_nearest(dsp):
    assert dsp.missing(["density"], ["mass"]) == [("volume",), ("radius",)]


def test_no_set_contains_another(dsp):
    sets = dsp.missing(["density"], k=50)
    assert not [(a, b) for a, b in itertools.permutations(map(set, sets), 2) if a <= b]


def test_outputs_are_not_offered(dsp):
    assert all("density" not in one for one in dsp.missing(["density", "mass"], k=50))


def test_among_says_what_can_be_supplied(dsp):
    assert dsp.missing(["density"], among=["radius", "photo"]) == [("radius", "photo")]


def test_there_may_be_no_way(dsp):
    assert dsp.missing(["density"], among=["photo"]) == []


def test_at_most_k(dsp):
    assert len(dsp.missing(["density"], k=1)) == 1


def test_an_unknown_name_is_refused_with_near_misses(dsp):
    with pytest.raises(UnknownNodeError, match="did you mean 'density'"):
        dsp.missing(["densiti"])


def test_one_estimate_is_enough_for_a_collecting_datum():
    dsp = Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["b"], ["c"])
    assert dsp.missing(["c"]) == [("a",), ("b",)]


def test_a_chain_is_answered_by_what_is_nearest():
    dsp = Dispatcher()
    for i in range(500):
        dsp.add_function(f"f{i}", abs, [i], [i + 1])
    assert dsp.missing([500], k=2) == [(499,), (498,)]


NAMES = [f"v{i}" for i in range(6)]


@st.composite
def cases(draw):
    functions = draw(
        st.lists(
            st.tuples(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), st.sampled_from(NAMES)),
            max_size=7,
        )
    )
    outputs = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
    inputs = draw(st.lists(st.sampled_from([n for n in NAMES if n not in outputs]), max_size=2, unique=True))
    return functions, outputs, inputs


@given(cases())
def test_the_sets_are_all_smallest_sets(case):
    functions, outputs, inputs = case
    dsp = Dispatcher()
    for name in NAMES:
        dsp.add_data(name)
    for number, (takes, gives) in enumerate(functions):
        if gives not in takes:
            dsp.add_function(f"f{number}", max, takes, [gives])
    others = [name for name in NAMES if name not in outputs]
    expected: list[frozenset[str]] = []
    for size in range(len(others) + 1):
        for chosen in map(frozenset, itertools.combinations(others, size)):
            contains = any(smaller <= chosen for smaller in expected)
            if not contains and not dsp.solve({*inputs, *chosen}, outputs).unreachable:
                expected.append(chosen)
    assert set(map(frozenset, dsp.missing(outputs, inputs, k=100))) == set(expected)

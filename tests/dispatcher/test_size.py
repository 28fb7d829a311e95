"""Large models: nothing recurses, nothing is held in a circle, and the size costs what it must."""

import copy
import gc
import pickle
import sys
import weakref

import pytest

import thalweg as tw
from benchmarks.size import SHAPES, against_networkx, build, measure_here

NODES = 20_000


class Big:
    """A value whose going can be seen."""


@pytest.fixture(scope="module")
def chain():
    return build("chain", NODES)


def long(dsp):
    """Is it deeper than any recursion could go?"""
    return len(dsp.function_nodes) > 5 * sys.getrecursionlimit()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_built_solved_and_dispatched(shape):
    found = measure_here(shape, 2_000)
    assert 1_800 <= found["nodes"] <= 2_200
    assert 0 < found["solve, network there"] < 5


@pytest.mark.parametrize("shape", ["chain", "fan-out", "grid"])
def test_distances_are_those_of_networkx(shape):
    assert set(against_networkx(shape, 2_000)) == {"thalweg", "networkx"}


def test_a_long_chain_is_planned_run_and_run_again(chain):
    assert long(chain)
    last = f"d{NODES // 2}"
    for outputs in (None, [last]):
        solution = chain.dispatch({"d0": 1}, outputs, timeline=True)
        assert solution[last] == 1
        assert len(solution.critical_path()) == NODES // 2
        assert solution.rerun({"d0": 2})[last] == 2
        assert len(solution.workflow) == NODES + 2
    plan = chain.solve({"d0"}, [last])
    assert len(plan.calls) == NODES // 2
    assert tw.simulate(plan, {}, default=1, workers=3).makespan_seconds == NODES // 2


def test_a_long_chain_is_explained_copied_shrunk_and_pickled(chain):
    last = f"d{NODES // 2}"
    solution = chain.dispatch({"d0": 1}, [last])
    assert last in str(solution.explain(last))
    assert solution.why_not("d1") is not None
    twins = [
        chain.copy(),
        copy.deepcopy(chain),
        pickle.loads(pickle.dumps(chain)),
        chain.shrink_dsp(["d0"], [last]),
        chain.get_sub_dsp(chain.nodes),
        chain.reweight([chain.dispatch({"d0": 1}, [last], timeline=True)]),
    ]
    assert {len(twin.function_nodes) for twin in twins} == {NODES // 2}
    assert {twin.dispatch({"d0": 1}, [last])[last] for twin in twins} == {1}
    again = pickle.loads(pickle.dumps(solution))
    assert (again[last], len(again.calls)) == (1, NODES // 2)


@pytest.mark.parametrize("outputs", [None, [f"d{NODES // 2}"]])
def test_a_large_solution_is_freed_when_it_is_dropped(chain, outputs):
    gc.collect()
    gc.disable()
    try:
        value = Big()
        there = weakref.ref(value)
        for _ in range(3):  # the search alone, then with a plan, then on a trodden way
            solution = chain.dispatch({"d0": value}, outputs)
        again = solution.rerun({"d0": 1})
        chain.solution = None
        del solution, value
        assert again["d0"] == 1
        del again
        assert there() is None
    finally:
        gc.enable()

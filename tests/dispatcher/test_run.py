"""Runs: which calls are made, with what, and what becomes of their values."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import thalweg as tw
from tests.dispatcher.values import Opaque


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


@pytest.fixture
def seen():
    """What functions were called with, as they note it."""
    return []


def noting(seen, name, result=None):
    def function(*args):
        seen.append((name, *args))
        return name if result is None else result

    return function


def test_a_value_comes_from_a_call(dsp):
    dsp.add_function("f", lambda a, b: a - b, outputs=["c"])
    assert dsp({"a": 5, "b": 2})["c"] == 3


def test_of_two_equal_providers_one_is_called(dsp, seen):
    for name in ("f", "g"):
        dsp.add_function(name, noting(seen, name), ["a"], ["b"])
    assert dsp({"a": 1})["b"] == "f"
    assert seen == [("f", 1)]


def test_what_is_not_wanted_is_not_called(dsp, seen):
    for name in "bcd":
        dsp.add_function(f"to {name}", noting(seen, name), ["a"], [name])
    dsp({"a": 1}, ["c"])
    assert seen == [("c", 1)]


def test_what_is_merely_nearer_is_not_called(dsp, seen):
    dsp.add_function("near", noting(seen, "near"), ["a"], ["b"])
    dsp.add_function("far", noting(seen, "far"), ["a"], ["c"], weight=100)
    dsp({"a": 1}, ["c"])
    assert seen == [("far", 1)]


def test_a_function_whose_outputs_all_come_from_elsewhere_is_not_called(dsp, seen):
    dsp.add_function("f", noting(seen, "f"), ["a"], ["b"])
    dsp.add_function("g", noting(seen, "g", (1, 2)), ["a"], ["b", "a"])
    dsp({"a": 1})
    assert seen == [("f", 1)]


def test_a_function_is_called_once_for_all_its_outputs(dsp, seen):
    dsp.add_function("f", noting(seen, "f", (1, 2, 3)), ["a"], ["b", "c", "d"])
    assert dict(dsp({"a": 0})) == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert seen == [("f", 0)]


def test_an_output_that_nothing_wanted_needs_gets_no_value(dsp):
    dsp.add_function("f", lambda a: (1, 2), ["a"], ["b", "c"])
    assert dict(dsp({"a": 0}, ["c"])) == {"a": 0, "c": 2}


def test_a_given_value_is_not_recomputed(dsp, seen):
    dsp.add_function("f", noting(seen, "f"), ["a"], ["b"])
    assert dict(dsp({"a": 1, "b": 2})) == {"a": 1, "b": 2}
    assert seen == []


def test_functions_without_outputs_are_all_run_where_nothing_is_wanted(dsp, seen):
    dsp.add_function("f", noting(seen, "f"), ["a"])
    dsp.add_function("g", noting(seen, "g"), ["a"])
    dsp.add_function("h", noting(seen, "h"))
    dsp({"a": 1})
    assert sorted(seen) == [("f", 1), ("g", 1), ("h",)]


def test_a_function_without_outputs_is_run_if_it_is_wanted(dsp, seen):
    dsp.add_function("f", noting(seen, "f"), ["a"])
    dsp.add_function("g", noting(seen, "g"), ["a"])
    dsp({"a": 1}, ["g"])
    assert seen == [("g", 1)]


@pytest.mark.parametrize("result", [None, tw.NONE, (1, 2), "text", 0], ids=repr)
def test_what_a_function_without_outputs_gives_is_ignored(dsp, result):
    dsp.add_function("f", lambda a: result, ["a"])
    solution = dsp({"a": 1})
    assert (dict(solution), solution.errors) == ({"a": 1}, {})


@pytest.mark.parametrize("result", [0, None, False, [], (), "", {}, (1, 2), [1], float("nan")], ids=repr)
def test_one_output_is_the_result_whatever_it_is(dsp, result):
    dsp.add_function("f", lambda a: result, ["a"], ["b"])
    assert dsp({"a": 1})["b"] is result


@pytest.mark.parametrize(
    "result",
    [(1, 2), [1, 2], range(1, 3), {1: "x", 2: "y"}.keys(), np.array([1, 2])],
    ids=["tuple", "list", "range", "keys", "array"],
)
def test_several_outputs_are_the_values_of_any_iterable(dsp, result):
    dsp.add_function("f", lambda a: result, ["a"], ["b", "c"])
    solution = dsp({"a": 1})
    assert (solution["b"], solution["c"]) == (1, 2)


def test_several_outputs_may_come_from_a_generator(dsp):
    def halves(a):
        yield a // 2
        yield a - a // 2

    dsp.add_function("f", halves, outputs=["b", "c"])
    assert dict(dsp({"a": 5})) == {"a": 5, "b": 2, "c": 3}


def test_the_given_mapping_stays_as_it_is(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    given = {"a": -1}
    solution = dsp(given)
    assert given == {"a": -1}
    given["a"] = 5
    assert solution["a"] == -1


def test_a_dispatch_leaves_the_model_as_it_is(dsp):
    dsp.add_data("d", 3)
    dsp.add_function("f", lambda a: 1 / a, ["a"], ["b"])
    before = dict(dsp.nodes), dsp.version
    dsp({"a": 0})
    assert (dict(dsp.nodes), dsp.version) == before


def test_filters_of_a_function_act_one_after_the_other_before_the_result_is_split(dsp):
    dsp.add_function("f", lambda a: [a, a + 1], ["a"], ["b", "c"], filters=[reversed, list, lambda pair: [*pair]])
    assert dict(dsp({"a": 1})) == {"a": 1, "b": 2, "c": 1}


def test_filters_of_a_datum_act_one_after_the_other(dsp):
    dsp.add_data("b", filters=[lambda value: value + 1, lambda value: value * 10])
    dsp.add_function("f", abs, ["a"], ["b"])
    assert dsp({"a": 1})["b"] == 20


def test_filters_of_a_datum_see_what_is_given_too(dsp):
    dsp.add_data("a", filters=[float])
    dsp.add_data("d", "2.5", filters=[float])
    assert dict(dsp({"a": "1"})) == {"a": 1.0, "d": 2.5}


def test_a_callback_gets_the_value_of_its_datum(dsp, seen):
    dsp.add_data("a", callback=seen.append)
    dsp.add_data("b", callback=seen.append, filters=[str])
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp({"a": 1})
    assert seen == [1, "2"]


def test_a_domain_gets_what_the_function_gets(dsp, seen):
    dsp.add_function("f", noting(seen, "f"), ["a", "b", "a"], ["c"], input_domain=noting(seen, "domain", [True]))
    dsp({"a": 1, "b": 2})
    assert seen == [("domain", 1, 2, 1), ("f", 1, 2, 1)]


def test_a_collection_without_an_estimator_is_the_dict_of_its_estimates(dsp):
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", lambda a: a + 1, ["a"], ["c"], weight=3)
    dsp.add_function("g", lambda a: a + 2, ["a"], ["c"])
    assert list(dsp({"a": 1, "c": 0})["c"].items()) == [(tw.START, 0), ("f", 2), ("g", 3)]


def test_an_estimator_makes_one_value_of_all_estimates(dsp):
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()) / len(estimates))
    dsp.add_function("f", lambda a: a + 1, ["a"], ["c"])
    dsp.add_function("g", lambda a: a + 3, ["a"], ["c"])
    assert dsp({"a": 1})["c"] == 3


def test_a_collection_is_passed_on_to_its_consumers(dsp):
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: max(estimates.values()))
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", lambda c: -c, ["c"], ["d"])
    assert dsp({"a": -4}, ["d"])["d"] == -4


def test_a_wildcard_feeds_the_consumers_and_is_recomputed(dsp):
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b * 10, ["b"], ["a"])
    assert dict(dsp({"a": 1}, ["a"], wildcard=True)) == {"b": 2, "a": 20}


def test_a_gate_is_asked_at_each_arrival_until_it_says_yes(dsp, seen):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", lambda x: -x, ["x"], ["y"])
    child.add_data("z")

    def gate(arrived):
        seen.append(dict(arrived))
        return "b" in arrived

    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b + 1, ["b"], ["c"])
    dsp.add_dispatcher(child, {"a": "x", "b": "z", "c": "z"}, ["y"], input_domain=gate)
    solution = dsp({"a": 1})
    assert seen == [{"a": 1}, {"a": 1, "b": 2}]
    assert (solution["y"], solution.distances["y"], solution.errors) == (-1, 4, {})


def test_a_gate_is_asked_once_for_what_arrives_together(dsp, seen):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", max, ["x", "y"], ["z"])
    dsp.add_dispatcher(child, ["x", "y"], ["z"], input_domain=lambda arrived: seen.append(dict(arrived)) or True)
    assert dsp({"x": 1, "y": 2})["z"] == 2
    assert seen == [{"x": 1, "y": 2}]


def test_a_gate_without_inputs_is_asked_with_nothing(dsp, seen):
    child = tw.Dispatcher(name="child", default_values={"x": 1})
    dsp.add_dispatcher(child, [], ["x"], input_domain=lambda arrived: seen.append(arrived) or True)
    assert dsp()["x"] == 1
    assert seen == [{}]


def test_a_child_mounted_twice_has_two_states(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("double", lambda x: 2 * x, ["x"], ["y"])
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, dsp_id="one")
    dsp.add_dispatcher(child, {"b": "x"}, {"y": "c"}, dsp_id="two")
    solution = dsp({"a": 1})
    assert dict(solution) == {"a": 1, "b": 2, "c": 4}
    assert [dict(solution.sub(name)) for name in ("one", "two")] == [{"x": 1, "y": 2}, {"x": 2, "y": 4}]


def test_later_inputs_enter_a_running_child(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("there", lambda x: x + 1, ["x"], ["y"])
    child.add_function("back", lambda z: z * 10, ["z"], ["w"])
    dsp.add_dispatcher(child, {"a": "x", "c": "z"}, {"y": "b", "w": "d"})
    dsp.add_function("f", lambda b: b + 1, ["b"], ["c"])
    assert dict(dsp({"a": 1})) == {"a": 1, "b": 2, "c": 3, "d": 30}


def everywhere(value):
    """A model that hands a value through all that can happen to one."""
    child = tw.Dispatcher(name="child", default_values={"inner default": value})
    child.add_function("inside", lambda x, y: x, ["x", "inner default"], ["y"])
    dsp = tw.Dispatcher(default_values={"default": value, "spare": value})
    dsp.add_data("filtered", filters=[lambda value: value])
    dsp.add_data("seen", callback=lambda value: None)
    dsp.add_data("collected", wait_inputs=True)
    dsp.add_data("estimated", value, wait_inputs=True, function=lambda estimates: next(iter(estimates.values())))
    dsp.add_function("one", lambda given: given, outputs=["filtered"], filters=[lambda value: value])
    dsp.add_function("two", lambda a, b: (a, b), ["given", "default"], ["seen", "pair"], input_domain=lambda a, b: 1)
    dsp.add_function("fails", lambda a: 1 / 0, ["seen"], ["rescued"])
    dsp.add_function("rescue", lambda a: a, ["seen"], ["rescued"], weight=5)
    dsp.add_function("nothing", lambda a: tw.NONE, ["seen"], ["rescued"], weight=1)
    dsp.add_function("many", lambda a: [a, tw.NONE, a], ["pair"], ["collected", "rescued", "estimated"])
    dsp.add_function("again", lambda a: a, ["rescued"], ["collected"])
    dsp.add_dispatcher(child, {"rescued": "x"}, {"y": "from child"}, input_domain=lambda arrived: True)
    dsp.add_function("show", lambda a: a, ["from child"])
    return dsp


@pytest.mark.parametrize("keep", ["all", "outputs"])
@pytest.mark.parametrize("outputs", [None, ["from child", "collected", "estimated", "filtered", "show", "given"]])
@pytest.mark.parametrize("value", [Opaque(), np.arange(3.0), np.array([])], ids=["opaque", "array", "empty array"])
def test_a_value_is_never_compared_nor_asked_whether_it_is_true(value, outputs, keep):
    solution = everywhere(value)({"given": value}, outputs, keep=keep)
    assert sorted(solution.errors) == ["fails"]
    assert solution["from child"] is solution["estimated"] is solution["filtered"] is value
    assert [estimate is value for estimate in solution["collected"].values()] == [True, True]


def test_a_value_is_never_compared_by_what_is_told_of_it():
    value = Opaque()
    solution = everywhere(value)({"given": value})
    assert str(solution.explain()).count("<opaque>") > 5
    assert solution.workflow.number_of_nodes() > 5
    assert [solution.why_not(name).reason for name in ("given", "rescued")] == ["known", "known"]
    assert solution.get_node("one").inputs["given"] is value
    assert repr(solution).count("<opaque>") > 5


def test_an_opaque_value_may_be_recomputed_or_given_far_away():
    value = Opaque()
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    dsp.add_function("g", lambda b: b, ["b"], ["a"])
    solution = dsp({"a": value, "b": value}, ["a"], {"b": 5}, wildcard=True)
    assert solution["a"] is value


def test_an_opaque_value_passes_through_a_run_that_is_stopped_or_not_strict():
    value = Opaque()
    stopper = threading.Event()
    stopper.set()
    dsp = everywhere(value)
    solution = dsp({"given": value, "unknown": value}, strict=False, stopper=stopper)
    assert solution["unknown"] is solution["given"] is value


def test_one_model_is_dispatched_by_8_threads_at_once():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", lambda x: 10 // (x % 3), ["x"], ["y"])
    child.add_function("instead", lambda x: -1, ["x"], ["y"], weight=1)
    dsp = tw.Dispatcher(raises=False)
    for i in range(20):
        dsp.add_function(f"f{i}", lambda a: a + 1, [i], [i + 1])
    dsp.add_dispatcher(child, {20: "x"}, {"y": "end"})
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        return [
            (dict(solution), list(solution.errors))
            for solution in (dsp({0: number + i}, outputs) for i in range(30) for outputs in (None, ["end"]))
        ]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    alone = tw.Dispatcher(raises=False).extend(dsp)
    for number, found in enumerate(results):
        expected = [alone({0: number + i}, outputs) for i in range(30) for outputs in (None, ["end"])]
        assert found == [(dict(solution), list(solution.errors)) for solution in expected]


def test_a_model_is_dispatched_by_itself(dsp):
    dsp.add_function("factorial", lambda n: n * dsp({"n": n - 1})["n!"] if n else 1, ["n"], ["n!"])
    assert dsp({"n": 12})["n!"] == 479001600


def test_a_model_that_dispatches_itself_takes_other_ways_in_each(dsp):
    dsp.add_function("smaller", lambda n: 1 + dsp({"n": n - 1})["steps"] if n else 1 / 0, ["n"], ["steps"])
    dsp.add_function("instead", lambda n: 0, ["n"], ["steps"], weight=1)
    solution = dsp({"n": 5})
    assert (solution["steps"], solution.errors) == (5, {})
    assert list(dsp({"n": 0}).errors) == ["smaller"]


def test_a_model_may_be_changed_by_its_own_functions_while_it_runs(dsp):
    def grow(a):
        dsp.add_function("new", abs, ["b"], ["c"])
        return a + 1

    dsp.add_function("grow", grow, ["a"], ["b"])
    assert dict(dsp({"a": 1})) == {"a": 1, "b": 2}
    assert dict(dsp({"b": 2})) == {"b": 2, "c": 2}


def test_a_chain_of_20000_functions_is_run():
    dsp = tw.Dispatcher()
    for i in range(20_000):
        dsp.add_function(("f", i), lambda x: x + 1, [i], [i + 1])
    assert dsp({0: 0})[20_000] == 20_000
    assert dsp({0: 0}, [20_000], keep="outputs")[20_000] == 20_000


def test_200_levels_are_run():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: x + 1, ["x"], ["y"])
    for _ in range(200):
        parent = tw.Dispatcher()
        parent.add_dispatcher(dsp, ["x"], ["y"], dsp_id="in")
        dsp = parent
    solution = dsp({"x": 1})
    assert (solution["y"], solution.calls) == (2, ["in/" * 200 + "f"])
    assert solution.sub(*["in"] * 200)["y"] == 2

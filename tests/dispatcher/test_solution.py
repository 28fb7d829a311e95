"""Solutions: values, and how each came about."""

import copy
import pickle
from collections.abc import Mapping, MutableMapping
from math import inf

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import UnknownNodeError


def fails(*args):
    raise ValueError("no luck")


@pytest.fixture
def dsp():
    """Two children, one in the other; a failure with another way; functions that do not pickle."""
    inner = tw.Dispatcher(name="inner")
    inner.add_function("fails", fails, ["p"], ["q"])
    inner.add_function("negate", lambda p: -p, ["p"], ["q"], weight=1)
    outer = tw.Dispatcher(name="outer")
    outer.add_dispatcher(inner, {"x": "p"}, {"q": "y"})
    outer.add_data("unused", 1)
    dsp = tw.Dispatcher(name="model", default_values={"offset": 100})
    dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    dsp.add_dispatcher(outer, {"b": "x"}, {"y": "c"})
    dsp.add_function("add", lambda c, offset: c + offset, outputs=["d"])
    dsp.add_function("dear", lambda a: 0, ["a"], ["d"], weight=50)
    dsp.add_function("lacks", lambda z: z, ["z"], ["e"])
    return dsp


@pytest.fixture
def solution(dsp):
    return dsp({"a": 3})


def test_it_is_a_mapping_of_data_to_values(solution):
    assert isinstance(solution, Mapping)
    assert dict(solution) == {"a": 3, "offset": 100, "b": 6, "c": -6, "d": 94}


def test_it_cannot_be_changed(solution):
    assert not isinstance(solution, MutableMapping)
    with pytest.raises(TypeError):
        solution["a"] = 5
    with pytest.raises(TypeError):
        del solution["a"]


def test_it_equals_a_dict_of_the_same_values(solution):
    assert solution == {"a": 3, "offset": 100, "b": 6, "c": -6, "d": 94}


def test_it_shows_its_values(solution):
    assert repr(solution) == "Solution({'offset': 100, 'a': 3, 'b': 6, 'c': -6, 'd': 94})"


def test_it_knows_its_length_and_what_is_in_it(solution):
    assert len(solution) == 5
    assert ["b" in solution, "e" in solution, "nonsense" in solution] == [True, False, False]


def test_get_gives_a_default_for_what_has_no_value(solution):
    assert [solution.get("b"), solution.get("e"), solution.get("nonsense", 7)] == [6, None, 7]


def test_data_come_by_distance_then_in_the_order_of_the_model():
    dsp = tw.Dispatcher()
    for name in ("late", "one", "two", "three"):
        dsp.add_data(name)
    dsp.add_function("f", lambda: (3, 2), [], ["three", "two"])
    dsp.add_function("g", abs, ["two"], ["late"])
    dsp.add_data("default", 0, 1)
    solution = dsp({"one": 1})
    assert list(solution) == ["one", "default", "two", "three", "late"]


def test_data_of_infinite_distance_come_last():
    dsp = tw.Dispatcher()
    dsp.add_data("resort", 1, inf)
    dsp.add_function("f", abs, ["resort"], ["b"])
    dsp.add_function("g", abs, ["a"], ["c"], weight=1e9)
    assert list(dsp({"a": 1})) == ["a", "c", "resort", "b"]


def test_a_datum_without_a_value_is_told_to_be_one(solution):
    with pytest.raises(KeyError, match=r"'e' has no value in this solution; why_not\('e'\) says why"):
        solution["e"]


def test_an_unknown_datum_is_told_with_near_misses(solution):
    with pytest.raises(UnknownNodeError, match=r"unknown datum 'ofset'; did you mean 'offset'\?"):
        solution["ofset"]


def test_distances_are_those_of_its_data(solution):
    assert solution.distances == {"a": 0, "offset": 0, "b": 2, "c": 5, "d": 7}


def test_providers_are_those_of_its_data(solution):
    assert solution.providers == {"a": tw.START, "offset": tw.START, "b": "double", "c": "outer", "d": "add"}


def test_errors_have_the_paths_of_their_nodes(solution):
    assert [(path, failure.kind) for path, failure in solution.errors.items()] == [("outer/inner/fails", "error")]


def test_calls_are_paths_in_the_order_called(solution):
    assert solution.calls == ["double", "outer/inner/fails", "outer/inner/negate", "add"]


def test_nothing_is_unreachable_where_everything_is_wanted(solution):
    assert solution.unreachable == ()


def test_a_default_that_nothing_took_is_not_in_a_solution_of_outputs(dsp):
    assert list(dsp({"a": 3}, ["b"])) == ["a", "b"]


def test_the_solution_of_a_child_has_its_own_data(solution):
    assert dict(solution.sub("outer")) == {"unused": 1, "x": 6, "y": -6}


def test_the_solution_of_a_child_of_a_child_is_found_by_its_path(solution):
    inner = {"p": 6, "q": -6}
    assert dict(solution.sub("outer", "inner")) == inner
    assert dict(solution.sub("outer/inner")) == inner
    assert dict(solution.sub("outer").sub("inner")) == inner


def test_the_solution_of_a_child_has_paths_from_there(solution):
    outer = solution.sub("outer")
    assert (list(outer.errors), outer.calls) == (["inner/fails"], ["inner/fails", "inner/negate"])
    assert (list(outer.sub("inner").errors), outer.sub("inner").calls) == (["fails"], ["fails", "negate"])


def test_what_the_parent_gives_to_a_child_is_given_there(solution):
    assert solution.sub("outer").providers == {"unused": tw.START, "x": tw.START, "y": "inner"}


def test_the_solution_of_a_child_has_the_distances_of_the_one_clock(solution):
    assert solution.sub("outer").distances == {"unused": 0, "x": 2, "y": 5}


@pytest.mark.parametrize("path", [("outr",), ("outer", "innr"), ("outer/innr",)], ids=repr)
def test_a_child_that_is_not_there_is_told_with_near_misses(solution, path):
    with pytest.raises(UnknownNodeError, match=r"sub-dispatcher.*did you mean '(outer|inner)'"):
        solution.sub(*path)


def test_an_id_with_a_slash_is_no_path_where_it_is_an_id():
    child = tw.Dispatcher(default_values={"m/s": 1})
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, [], ["m/s"], dsp_id="in/out")
    solution = dsp()
    assert dict(solution.sub("in/out")) == {"m/s": 1}
    assert solution.get_node("m/s") == solution.get_node("in/out", "m/s") == 1


def test_get_node_gives_the_value_of_a_datum(solution):
    assert solution.get_node("b") == 6
    assert solution.get_node("outer", "inner", "q") == solution.get_node("outer/inner/q") == -6


def test_get_node_gives_the_solution_of_a_child(solution):
    assert dict(solution.get_node("outer", "inner")) == {"p": 6, "q": -6}


def test_get_node_gives_how_a_function_fared(solution):
    done = solution.get_node("add")
    assert (done.path, done.state, done.inputs, done.outputs, done.failure) == (
        "add", "done", {"c": -6, "offset": 100}, ("d",), None,
    )  # fmt: skip


def test_get_node_gives_how_a_function_failed(solution):
    failed = solution.get_node("outer", "inner", "fails")
    assert (failed.path, failed.state, failed.inputs, failed.outputs) == ("outer/inner/fails", "failed", {"p": 6}, ())
    assert failed.failure is solution.errors["outer/inner/fails"]


@pytest.mark.parametrize("name", ["dear", "lacks"])
def test_get_node_gives_that_a_function_was_skipped(solution, name):
    assert (solution.get_node(name).state, solution.get_node(name).outputs) == ("skipped", ())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("e",), "'e' has no value"),
        (("ad",), "did you mean 'add'"),
        (("outer", "innr"), "did you mean 'inner'"),
        (("outr", "x"), "did you mean 'outer'"),
        (("outer/inner/nonsense",), "'nonsense'"),
    ],
    ids=repr,
)
def test_get_node_tells_what_is_not_there(solution, path, message):
    with pytest.raises(UnknownNodeError, match=message):
        solution.get_node(*path)


def test_a_collected_datum_has_a_tuple_of_providers():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True)
    for name in ("f", "g"):
        dsp.add_function(name, abs, ["a"], ["c"])
    dsp.add_function("h", fails, ["a"], ["c"])
    assert dsp({"a": 1, "c": 2}).providers["c"] == (tw.START, "f", "g")


def test_a_recomputed_datum_tells_how_it_was_recomputed():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["a"])
    solution = dsp({"a": -1}, ["a"], wildcard=True)
    assert (solution.providers["a"], solution.distances["a"], dict(solution)) == ("g", 4, {"b": 1, "a": 1})


def test_result_is_the_solution_itself(solution):
    assert solution.result() is solution.result(timeout=5) is solution


def seen_through(solution):
    """All that a solution tells, as plain values."""
    return {
        "values": dict(solution),
        "distances": solution.distances,
        "providers": solution.providers,
        "calls": solution.calls,
        "errors": [str(failure) for failure in solution.errors.values()],
        "tracebacks": [failure.traceback for failure in solution.errors.values()],
        "workflow": sorted(map(str, solution.workflow.edges)),
        "explanations": str(solution.explain()),
        "why not": [str(solution.why_not(name)) for name in ("z", "e", "d")],
        "nodes": [str(solution.get_node(name)) for name in ("add", "dear", "double")],
        "child": dict(solution.sub("outer/inner")),
        "stopped": solution.stopped,
        "unreachable": solution.unreachable,
    }


@pytest.mark.parametrize("outputs", [None, ["d"]], ids=["everything", "wanted"])
@pytest.mark.parametrize("duplicate", [lambda s: pickle.loads(pickle.dumps(s)), copy.deepcopy, copy.copy])
def test_a_copy_tells_all_that_the_solution_tells_though_its_functions_do_not_pickle(dsp, duplicate, outputs):
    solution = dsp({"a": 3}, outputs)
    assert seen_through(duplicate(solution)) == seen_through(solution)


def test_a_pickled_child_solution_is_that_of_the_child(solution):
    twin = pickle.loads(pickle.dumps(solution.sub("outer")))
    assert (dict(twin), twin.calls) == ({"unused": 1, "x": 6, "y": -6}, ["inner/fails", "inner/negate"])


def test_a_deep_copy_shares_no_value():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: [*a, 2], ["a"], ["b"])
    solution = dsp({"a": [1]})
    copy.deepcopy(solution)["b"].append(3)
    assert solution["b"] == [1, 2]


def test_a_solution_of_a_collection_is_pickled():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: list(estimates.items()))
    dsp.add_function("f", lambda a: a, ["a"], ["c"])
    twin = pickle.loads(pickle.dumps(dsp({"a": 1, "c": 2})))
    assert twin["c"] == [(tw.START, 2), ("f", 1)]
    assert twin.providers["c"] == (tw.START, "f")


def test_arrays_in_a_solution_are_pickled():
    dsp = tw.Dispatcher()
    dsp.add_function("f", np.negative, ["a"], ["b"])
    twin = pickle.loads(pickle.dumps(dsp({"a": np.arange(3)})))
    assert list(twin["b"]) == [0, -1, -2]


def test_a_pickled_solution_does_not_hold_what_the_model_holds_besides():
    class Local:
        """Does not pickle."""

    dsp = tw.Dispatcher()
    dsp.add_data("other", Local())
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    solution = dsp({"a": 1}, ["b"])
    assert dict(pickle.loads(pickle.dumps(solution))) == {"a": 1, "b": 1}


def test_a_solution_stays_as_it_is_when_the_model_changes(dsp, solution):
    before = seen_through(solution)
    dsp.add_function("new", abs, ["a"], ["d"])
    dsp.add_data("a", 9)
    assert seen_through(solution) == before


def test_two_ids_that_look_alike_are_two():
    dsp = tw.Dispatcher()
    dsp.add_function("f", fails, [1], ["b"])
    dsp.add_function("g", abs, ["1"], ["c"])
    solution = dsp({1: 1, "1": -2})
    assert dict(solution) == {1: 1, "1": -2, "c": 2}


def test_errors_of_functions_whose_ids_look_alike_are_all_told():
    dsp = tw.Dispatcher()
    dsp.add_function(1, fails, ["a"], ["b"])
    dsp.add_function("1", fails, ["a"], ["c"])
    assert sum(str(failure).startswith("1 (error)") for failure in dsp({"a": 1}).errors.values()) == 2


def test_a_solution_is_pickled_whose_failures_were_met_before():
    dsp = tw.Dispatcher()
    dsp.add_function("divide", lambda a: 1 / a, ["a"], ["b"])
    dsp.add_function("instead", lambda a: a, ["a"], ["b"], weight=5)
    solution = [dsp({"a": 0}) for _ in range(4)][-1]
    twin = pickle.loads(pickle.dumps(solution))
    assert str(twin.errors["divide"]) == str(solution.errors["divide"])
    assert twin.errors["divide"].alternative == {"b": "instead"}

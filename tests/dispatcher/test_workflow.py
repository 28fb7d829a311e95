"""The workflow: the arcs that a run used, as a graph."""

from math import inf

import networkx as nx
import pytest

import thalweg as tw


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


def edges(graph):
    return set(graph.edges)


def kinds(graph):
    return dict(graph.nodes(data="kind"))


def test_it_has_the_arcs_that_were_used_and_no_others(dsp):
    dsp.add_function("f", max, ["a", "b"], ["c"])
    dsp.add_function("dear", abs, ["a"], ["c"], weight=9)
    dsp.add_function("lacks", abs, ["z"], ["d"])
    workflow = dsp({"a": 1, "b": 2}).workflow
    assert isinstance(workflow, nx.DiGraph)
    assert edges(workflow) == {(tw.START, "a"), (tw.START, "b"), ("a", "f"), ("b", "f"), ("f", "c")}


def test_nodes_have_their_kind_and_data_their_distance(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    workflow = dsp({"a": 1}).workflow
    assert kinds(workflow) == {tw.START: "start", "a": "data", "f": "function", "b": "data"}
    assert {name: d for name, d in workflow.nodes(data="distance") if d is not None} == {"a": 0, "b": 2}


def test_a_failed_function_is_not_in_it(dsp):
    dsp.add_function("fails", lambda a: 1 / 0, ["a"], ["b"])
    dsp.add_function("g", abs, ["a"], ["b"], weight=1)
    assert edges(dsp({"a": 1}).workflow) == {(tw.START, "a"), ("a", "g"), ("g", "b")}


def test_what_is_not_wanted_is_not_in_it(dsp):
    dsp.add_data("spare", 1)
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["c"])
    assert edges(dsp({"a": 1}, ["b"]).workflow) == {(tw.START, "a"), ("a", "f"), ("f", "b")}


def test_only_outputs_that_were_taken_are_in_it(dsp):
    dsp.add_function("f", lambda a: (1, 2), ["a"], ["a", "b"])
    assert edges(dsp({"a": 1}).workflow) == {(tw.START, "a"), ("a", "f"), ("f", "b")}


def test_a_function_without_inputs_comes_from_start(dsp):
    dsp.add_function("f", lambda: 1, [], ["a"])
    assert edges(dsp().workflow) == {(tw.START, "f"), ("f", "a")}


def test_functions_without_outputs_go_to_the_sink(dsp):
    dsp.add_function("f", abs, ["a"])
    dsp.add_function("g", abs, ["a"])
    workflow = dsp({"a": 1}).workflow
    assert edges(workflow) == {(tw.START, "a"), ("a", "f"), ("a", "g"), ("f", tw.SINK), ("g", tw.SINK)}
    assert kinds(workflow)[tw.SINK] == "sink"


def test_a_collection_comes_from_all_that_contributed(dsp):
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", lambda a: 1 / 0, ["a"], ["c"])
    workflow = dsp({"a": 1, "c": 2}).workflow
    assert edges(workflow) == {(tw.START, "a"), (tw.START, "c"), ("a", "f"), ("f", "c")}


def test_a_child_is_one_node_with_a_workflow_of_its_own(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    child.add_data("spare", 1)
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"})
    workflow = dsp({"a": 1}).workflow
    assert edges(workflow) == {(tw.START, "a"), ("a", "child"), ("child", "b")}
    assert kinds(workflow)["child"] == "sub_dispatcher"
    inner = workflow.nodes["child"]["workflow"]
    assert edges(inner) == {(tw.START, "x"), (tw.START, "spare"), ("x", "inner"), ("inner", "y")}


def test_the_workflow_of_a_child_is_that_of_its_solution(dsp):
    inner = tw.Dispatcher(name="inner")
    inner.add_function("f", abs, ["p"], ["q"])
    outer = tw.Dispatcher(name="outer")
    outer.add_dispatcher(inner, {"x": "p"}, {"q": "y"})
    dsp.add_dispatcher(outer, {"a": "x"}, {"y": "b"})
    solution = dsp({"a": 1})
    nested = solution.workflow.nodes["outer"]["workflow"].nodes["inner"]["workflow"]
    assert edges(nested) == edges(solution.sub("outer/inner").workflow) == {(tw.START, "p"), ("p", "f"), ("f", "q")}


def test_a_child_that_nothing_entered_is_not_in_it(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, input_domain=lambda arrived: False)
    assert edges(dsp({"a": 1}).workflow) == {(tw.START, "a")}


def test_an_input_that_entered_a_collection_of_a_child_is_in_it(dsp):
    child = tw.Dispatcher(name="child")
    child.add_data("x", wait_inputs=True)
    child.add_function("inner", lambda: 1, [], ["x"])
    dsp.add_dispatcher(child, {"a": "x"}, {"x": "b"})
    workflow = dsp({"a": 1}).workflow
    assert edges(workflow) == {(tw.START, "a"), ("a", "child"), ("child", "b")}
    assert edges(workflow.nodes["child"]["workflow"]) == {(tw.START, "x"), (tw.START, "inner"), ("inner", "x")}


def test_a_recomputed_datum_has_both_arcs(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["a"])
    workflow = dsp({"a": 1}, ["a"], wildcard=True).workflow
    assert edges(workflow) >= {("a", "f"), ("f", "b"), ("b", "g"), ("g", "a")}


def test_a_last_resort_is_at_infinite_distance(dsp):
    dsp.add_data("a", 1, inf)
    assert dsp().workflow.nodes["a"]["distance"] == inf


def test_it_is_a_new_graph_each_time(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    solution = dsp({"a": 1})
    solution.workflow.clear()
    assert solution.workflow.number_of_edges() == 3


def test_what_passed_through_is_not_in_it(dsp):
    dsp.add_data("a")
    assert set(dsp({"a": 1, "note": 2}, strict=False).workflow) == {tw.START, "a"}


def test_values_that_were_let_go_leave_their_arcs(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["c"])
    whole = dsp({"a": 1}, ["c"]).workflow
    assert {("f", "b"), ("b", "g"), ("g", "c")} <= edges(whole)
    assert edges(dsp({"a": 1}, ["c"], keep="outputs").workflow) == edges(whole)


def test_2000_levels_need_no_recursion():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["x"], ["y"])
    for _ in range(2000):
        parent = tw.Dispatcher()
        parent.add_dispatcher(dsp, ["x"], ["y"], dsp_id="in")
        dsp = parent
    assert edges(dsp({"x": 1}).workflow) == {(tw.START, "x"), ("x", "in"), ("in", "y")}

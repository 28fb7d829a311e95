"""What can matter for some outputs, given some inputs."""

from math import inf

import pytest

import thalweg as tw
from thalweg.errors import UnknownNodeError, UnreachableError


def left(dsp, inputs=None, outputs=None, **options):
    return set(dsp.shrink_dsp(inputs, outputs, **options).nodes)


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: (a, a), ["a"], ["b", "c"])
    dsp.add_function("g", lambda b: b, ["b"], ["d"])
    dsp.add_function("h", lambda c: c, ["c"], ["e"])
    dsp.add_function("dear", lambda z: z, ["z"], ["d"], weight=9)
    return dsp


def test_what_the_outputs_do_not_rest_on_is_left_out(dsp):
    assert left(dsp, ["a"], ["d"]) == {"a", "f", "b", "g", "d"}


def test_what_the_inputs_do_not_reach_is_left_out(dsp):
    assert left(dsp, ["a"]) == {"a", "f", "b", "c", "g", "d", "h", "e"}


def test_any_data_may_be_given_where_no_inputs_are_said(dsp):
    assert left(dsp, None, ["d"]) == {"a", "f", "b", "g", "d", "dear", "z"}
    assert left(dsp) == set(dsp.nodes)


def test_fallbacks_are_kept(dsp):
    assert left(dsp, ["a", "z"], ["d"]) == {"a", "f", "b", "g", "d", "dear", "z"}


def test_inputs_and_outputs_are_kept_even_if_they_do_not_matter(dsp):
    assert left(dsp, ["a", "c"], ["d", "z"]) == {"a", "f", "b", "g", "d", "c", "z"}
    with pytest.raises(UnreachableError):
        dsp.shrink_dsp(["a"], ["z"])({"a": 1}, ["z"])


def test_a_result_is_still_split_over_all_outputs(dsp):
    small = dsp.shrink_dsp(["a"], ["d"])
    assert small.nodes["f"].outputs == ("b",)
    assert small({"a": 1}, ["d"])["d"] == 1


def test_what_computes_an_input_is_left_out(dsp):
    assert left(dsp, ["a", "b"], ["d"]) == {"a", "b", "g", "d"}


def test_what_computes_an_input_that_may_be_refused_is_kept(dsp):
    dsp.add_data("b", filters=[float])
    assert "f" in left(dsp, ["a", "b"], ["d"])


def test_what_computes_an_input_given_at_a_distance_is_kept(dsp):
    assert "f" in left(dsp, ["a", "b"], ["d"], inputs_dist={"b": 9})


def test_what_computes_a_wildcard_is_kept():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["a"])
    assert left(dsp, ["a"], ["a"]) == {"a", "f", "b", "g"}
    assert left(dsp, ["a"], ["a"], wildcard=False) == {"a"}


def test_functions_without_outputs_are_kept_if_they_are_wanted():
    dsp = tw.Dispatcher()
    dsp.add_function("show", lambda a: None, ["a"])
    dsp.add_function("tell", lambda a: None, ["a"])
    assert left(dsp, ["a"], ["show"]) == {"a", "show"}
    assert left(dsp, ["a"], [tw.SINK]) == {"a", "show", "tell"}
    assert left(dsp, ["a"]) == {"a", "show", "tell"}


def test_a_wanted_function_that_cannot_be_called_can_still_be_named():
    dsp = tw.Dispatcher()
    dsp.add_function("show", lambda a: None, ["a"])
    with pytest.raises(UnreachableError):
        dsp.shrink_dsp([], ["show"])({}, ["show"])


def test_defaults_count_as_given():
    dsp = tw.Dispatcher(default_values={"p": 1})
    dsp.add_function("f", lambda a, p: a + p, ["a", "p"], ["b"])
    assert dsp.shrink_dsp(["a"], ["b"])({"a": 1})["b"] == 2


def test_an_unknown_id_is_refused(dsp):
    with pytest.raises(UnknownNodeError):
        dsp.shrink_dsp(["A"], ["nothing"])


def test_what_a_collection_waits_for_in_vain_is_kept_without_its_providers():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("never", lambda y, a: y, ["y", "a"], ["c"])
    dsp.add_function("nor", abs, ["z"], ["y"])
    small = dsp.shrink_dsp(["a"], ["c"])
    assert set(small.nodes) == {"c", "f", "a", "never", "y"}
    assert dsp({"a": 1}, ["c"]).distances["c"] == small({"a": 1}, ["c"]).distances["c"] == inf


def test_a_circle_of_free_arcs_is_kept_whole():
    """Within one the steps decide: so it matters to b that r closes the circle, though r is never called."""
    free = {"weight": 0, "inp_weight": {}, "out_weight": {}}
    dsp = tw.Dispatcher(default_values={"c": "default"})
    for name, inputs, outputs in [("p", "c", "b"), ("q", "d", "b"), ("r", "ba", "c")]:
        free |= {"inp_weight": dict.fromkeys(inputs, 0), "out_weight": dict.fromkeys(outputs, 0)}
        dsp.add_function(name, lambda *values: values[0], list(inputs), list(outputs), **free)
    small = dsp.shrink_dsp(["d"], ["b"])
    assert "r" in small.nodes
    assert small({"d": "given"}, ["b"])["b"] == dsp({"d": "given"}, ["b"])["b"] == "given"


class TestChildren:
    @pytest.fixture
    def child(self):
        child = tw.Dispatcher(name="child")
        child.add_function("twice", lambda p: 2 * p, ["p"], ["r"])
        child.add_function("other", lambda q: q, ["q"], ["s"])
        return child

    @pytest.fixture
    def dsp(self, child):
        dsp = tw.Dispatcher()
        dsp.add_dispatcher(child, {"P": "p", "Q": "q"}, {"r": "R", "s": "S"}, dsp_id="one")
        dsp.add_dispatcher(child, {"R": "p"}, {"r": "RR"}, dsp_id="two")
        return dsp

    def test_they_are_shrunk_each_mounting_for_itself(self, dsp):
        small = dsp.shrink_dsp(["P", "Q"], ["S", "R"])
        assert set(small.nodes) == {"P", "Q", "R", "S", "one"}
        small = dsp.shrink_dsp(["P"], ["RR"])
        assert set(small.nodes) == {"P", "R", "RR", "one", "two"}
        assert small.nodes["one"].inputs == (("P", "p"),)
        assert set(small.nodes["one"].dsp.nodes) == {"p", "twice", "r"}
        assert small({"P": 1})["RR"] == 4

    def test_they_are_never_changed(self, dsp, child):
        before = dict(child.nodes)
        dsp.shrink_dsp(["P"], ["R"])
        assert child.nodes == before

    def test_a_child_that_does_not_matter_is_left_out(self, dsp):
        assert set(dsp.shrink_dsp(["P"], ["R"]).nodes) == {"P", "R", "one"}

    def test_a_gate_keeps_all_that_it_is_asked_with(self, child):
        dsp = tw.Dispatcher()
        inputs, outputs = {"P": "p", "Q": "q"}, {"r": "R", "s": "S"}
        dsp.add_dispatcher(child, inputs, outputs, dsp_id="sub", input_domain=lambda seen: "Q" in seen)
        dsp.add_function("f", abs, ["a"], ["Q"])
        small = dsp.shrink_dsp(["P", "a"], ["R"])
        assert small.nodes["sub"].inputs == (("P", "p"), ("Q", "q"))
        assert small({"P": 1, "a": 1}, ["R"])["R"] == 2

    def test_where_everything_is_wanted_a_child_without_links_is_kept_if_something_in_it_is_known(self):
        seen = []
        child = tw.Dispatcher()
        child.add_data("x", 1, callback=seen.append)
        dsp = tw.Dispatcher()
        dsp.add_dispatcher(child, {}, {}, dsp_id="sub")
        dsp.shrink_dsp([])()
        assert seen == [1]

    def test_nesting_needs_no_recursion(self):
        dsp = tw.Dispatcher()
        dsp.add_function("f", abs, ["x"], ["y"])
        for _ in range(400):
            outer = tw.Dispatcher()
            outer.add_dispatcher(dsp, ["x"], ["y"], dsp_id="inner")
            dsp = outer
        assert dsp.shrink_dsp(["x"], ["y"])({"x": -1})["y"] == 1

"""Parts of a model: by name, and by what a dispatch used."""

import pytest

import thalweg as tw
from thalweg.errors import BuildError, UnknownNodeError


def arcs(dsp):
    return set(dsp.graph.edges)


@pytest.fixture
def dsp():
    """split: a, b -> c, d; then c -> e, and e with x (a default) -> g; d -> h; z -> c is a dearer way."""
    dsp = tw.Dispatcher(name="model", raises=False, description="whole")
    dsp.add_function("split", divmod, ["a", "b"], ["c", "d"])
    dsp.add_function("more", lambda c: c + 1, ["c"], ["e"])
    dsp.add_function("add", lambda e, x: e + x, ["e", "x"], ["g"])
    dsp.add_function("dear", lambda z: z, ["z"], ["c"], weight=9)
    dsp.add_function("half", lambda d: d / 2, ["d"], ["h"])
    dsp.set_default_value("x", 5)
    return dsp


@pytest.fixture
def parent():
    child = tw.Dispatcher(name="child")
    child.add_function("sum", lambda p, q: p + q, ["p", "q"], ["r"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"A": "p", "B": "q"}, {"r": "C", "p": "P"}, dsp_id="sub", inp_weight={"A": 2, "B": 3})
    return dsp


class TestGraph:
    def test_nodes_have_their_record_and_kind(self, dsp, parent):
        nodes = dsp.graph.nodes
        assert nodes["a"] == {"kind": "data", "node": dsp.nodes["a"]}
        assert nodes["split"]["kind"] == "function"
        assert parent.graph.nodes["sub"]["kind"] == "sub_dispatcher"

    def test_nodes_come_in_the_order_of_the_model(self, dsp):
        assert list(dsp.graph) == list(dsp.nodes)

    def test_arcs_have_their_weights(self):
        dsp = tw.Dispatcher()
        dsp.add_function("f", abs, ["a"], ["b"], weight=7, inp_weight={"a": 2}, out_weight={"b": 3})
        dsp.add_function("g", abs, ["b"], ["c"])
        weights = {(u, v): weight for u, v, weight in dsp.graph.edges.data("weight")}
        assert weights == {("a", "f"): 2, ("f", "b"): 3, ("b", "g"): 1, ("g", "c"): 1}

    def test_links_weigh_nothing_unless_told(self, parent):
        weights = {(u, v): weight for u, v, weight in parent.graph.edges.data("weight")}
        assert weights == {("A", "sub"): 2, ("B", "sub"): 3, ("sub", "C"): 0, ("sub", "P"): 0}

    def test_start_and_sink_are_there_only_if_they_have_arcs(self, dsp):
        assert tw.START not in dsp.graph
        assert tw.SINK not in dsp.graph

    def test_start_gives_to_functions_without_inputs(self):
        dsp = tw.Dispatcher()
        dsp.add_function("now", lambda: 1, [], ["t"])
        assert arcs(dsp) == {(tw.START, "now"), ("now", "t")}
        assert dsp.graph.nodes[tw.START] == {"kind": "start", "node": None}

    def test_sink_takes_from_functions_without_outputs(self):
        dsp = tw.Dispatcher()
        dsp.add_function("show", print, ["t"])
        assert arcs(dsp) == {("t", "show"), ("show", tw.SINK)}
        assert dsp.graph.nodes[tw.SINK] == {"kind": "sink", "node": None}


class TestByName:
    def test_a_function_needs_all_of_its_inputs(self, dsp):
        assert list(dsp.get_sub_dsp(["a", "split", "c"]).nodes) == ["a", "c"]

    def test_a_function_needs_one_of_its_outputs(self, dsp):
        assert list(dsp.get_sub_dsp(["a", "b", "split"]).nodes) == ["a", "b"]

    def test_a_function_without_outputs_needs_none(self):
        dsp = tw.Dispatcher()
        dsp.add_function("show", lambda t: None, ["t"])
        assert list(dsp.get_sub_dsp(["show", "t", tw.SINK]).nodes) == ["t", "show"]

    def test_a_function_without_inputs_needs_none(self):
        dsp = tw.Dispatcher()
        dsp.add_function("now", lambda: 1, [], ["t"])
        assert dsp.get_sub_dsp(["now", "t", tw.START])()["t"] == 1

    @pytest.mark.parametrize(("kept", "value"), [("c", 3), ("d", 1)])
    def test_an_output_that_is_left_gets_the_value_it_gets_in_the_whole(self, dsp, kept, value):
        assert dsp.get_sub_dsp(["a", "b", "split", kept])({"a": 7, "b": 2}) == {"a": 7, "b": 2, kept: value}

    def test_a_part_of_a_part_still_gives_right_values(self):
        dsp = tw.Dispatcher()
        dsp.add_function("f", lambda a: (a, a + 1, a + 2), ["a"], ["x", "y", "z"])
        part = dsp.get_sub_dsp(["a", "f", "y", "z"]).get_sub_dsp(["a", "f", "z"])
        assert part({"a": 1})["z"] == 3

    def test_a_wrong_number_of_values_fails_as_in_the_whole(self):
        dsp = tw.Dispatcher(raises=False)
        dsp.add_function("f", lambda a: (a, a), ["a"], ["x", "y", "z"])
        assert "x" not in dsp.get_sub_dsp(["a", "f", "x"])({"a": 1})

    def test_the_order_of_the_model_stays_whatever_the_order_of_the_names(self, dsp):
        assert list(dsp.get_sub_dsp(reversed(dsp.nodes)).nodes) == list(dsp.nodes)

    def test_what_a_model_says_of_itself_stays(self, dsp):
        part = dsp.get_sub_dsp(["a"])
        assert (part.name, part.raises, part.description) == ("model", False, "whole")

    def test_defaults_stay(self, dsp):
        assert dsp.get_sub_dsp(["x"]).default_values == {"x": 5}

    def test_attributes_are_copied(self, dsp):
        dsp.add_data("a", unit="m")
        part = dsp.get_sub_dsp(["a"])
        part.nodes["a"].attributes["unit"] = "km"
        assert dsp.nodes["a"].attributes == {"unit": "m"}

    def test_an_unknown_name_is_refused_with_near_misses(self, dsp):
        with pytest.raises(UnknownNodeError, match="did you mean 'split'"):
            dsp.get_sub_dsp(["splitt"])

    def test_a_sub_dispatcher_keeps_the_links_whose_data_are_named(self, parent):
        node = parent.get_sub_dsp(["A", "sub", "C"]).nodes["sub"]
        assert (node.inputs, node.outputs, node.inp_weight) == ((("A", "p"),), (("r", "C"),), {"A": 2})

    def test_a_sub_dispatcher_without_links_is_left_out(self, parent):
        assert list(parent.get_sub_dsp(["sub"]).nodes) == []

    def test_a_child_is_copied(self, parent):
        part = parent.get_sub_dsp(["A", "B", "sub", "C"])
        part.nodes["sub"].dsp.add_data("new")
        assert "new" not in parent.nodes["sub"].dsp.nodes

    def test_a_gate_that_would_see_nothing_is_left_out(self):
        child = tw.Dispatcher()
        child.add_function("one", lambda: 1, [], ["r"])
        dsp = tw.Dispatcher(raises=False)
        dsp.add_dispatcher(child, {"A": "p"} if child.add_data("p") else {}, {"r": "C"}, "sub", lambda seen: not seen)
        assert "C" not in dsp()
        assert list(dsp.get_sub_dsp(["sub", "C"]).nodes) == ["C"]


class TestByWorkflow:
    @pytest.fixture(autouse=True)
    def _dispatched(self, dsp):
        dsp({"a": 7, "b": 2})

    def names(self, dsp, *args, **options):
        return set(dsp.get_sub_dsp_from_workflow(*args, **options).nodes)

    def test_forward_a_function_waits_for_all_its_inputs(self, dsp):
        assert self.names(dsp, ["a"]) == {"a"}
        assert self.names(dsp, ["a", "b"]) == {"a", "b", "split", "c", "d", "more", "e", "half", "h"}

    def test_the_order_of_the_sources_does_not_matter(self, dsp):
        assert self.names(dsp, ["x", "b", "a"]) == self.names(dsp, ["a", "b", "x"])

    @pytest.mark.parametrize("options", [{"add_missing": True}, {"check_inputs": False}])
    def test_missing_inputs_can_be_taken_in(self, dsp, options):
        assert self.names(dsp, ["e"], **options) == {"e", "add", "x", "g"}

    def test_in_reverse_it_takes_what_the_values_rest_on(self, dsp):
        assert self.names(dsp, ["e"], reverse=True) == {"e", "more", "c", "split", "a", "b"}

    def test_only_arcs_that_were_used_are_kept(self, dsp):
        part = dsp.get_sub_dsp_from_workflow(["e"], reverse=True)
        assert arcs(part) == {("a", "split"), ("b", "split"), ("split", "c"), ("c", "more"), ("more", "e")}
        assert part({"a": 7, "b": 2}) == {"a": 7, "b": 2, "c": 3, "e": 4}

    def test_it_does_not_go_beyond_a_blocker(self, dsp):
        assert self.names(dsp, ["e"], reverse=True, blockers=["c"]) == {"e", "more", "c"}
        assert self.names(dsp, ["a", "b"], blockers=["c"]) == {"a", "b", "split", "c", "d", "half", "h"}

    def test_a_source_does_not_block(self, dsp):
        assert self.names(dsp, ["c"], blockers=["c"]) == {"c", "more", "e"}

    def test_a_function_that_blocks_is_left_out_without_its_inputs(self, dsp):
        assert self.names(dsp, ["e"], reverse=True, blockers=["more"]) == {"e"}
        assert self.names(dsp, ["e"], reverse=True, blockers=["more"], add_missing=True) == {"e", "more", "c"}

    def test_a_graph_can_be_given_instead(self, dsp):
        assert self.names(dsp, ["z"], graph=dsp.graph) == {"z", "dear", "c", "more", "e"}

    def test_start_is_a_source(self, dsp):
        assert self.names(dsp, [tw.START]) == {"a", "b", "x", "split", "c", "d", "more", "e", "half", "h", "add", "g"}

    def test_an_unknown_source_is_refused(self, dsp):
        with pytest.raises(UnknownNodeError, match="did you mean 'half'"):
            dsp.get_sub_dsp_from_workflow(["halv"])

    def test_without_a_dispatch_there_is_no_workflow(self):
        with pytest.raises(BuildError, match="dispatch the model first"):
            tw.Dispatcher().get_sub_dsp_from_workflow([])

    def test_a_sub_dispatcher_is_entered_at_the_first_of_its_links(self, parent):
        parent({"A": 1, "B": 2})
        part = parent.get_sub_dsp_from_workflow(["A"])
        assert part.nodes["sub"].inputs == (("A", "p"),)
        assert part({"A": 1}) == {"A": 1, "P": 1}

    def test_wildcards_keep_what_computes_a_source_again(self):
        dsp = tw.Dispatcher()
        dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
        dsp.add_function("g", lambda b: b + 1, ["b"], ["a"])
        dsp({"a": 1}, ["a"], wildcard=True)
        assert dsp.get_sub_dsp_from_workflow(["a"])({"a": 1}, ["a"], wildcard=True)["a"] == 3

    def test_a_long_chain_needs_no_recursion(self):
        dsp = tw.Dispatcher()
        for i in range(3000):
            dsp.add_function(f"f{i}", abs, [i], [i + 1])
        dsp({0: 1}, [3000])
        assert len(dsp.get_sub_dsp_from_workflow([3000], reverse=True).nodes) == 6001

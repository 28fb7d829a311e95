"""Parts of a model: by name, by what a dispatch used, by what can matter."""

from __future__ import annotations

import pytest

from thalweg import START, Dispatcher
from thalweg.errors import UnknownNodeError


@pytest.fixture
def dsp():
    dsp = Dispatcher(name="room")
    dsp.add_function("make", lambda: 3.0, outputs=["width"], weight=2)
    dsp.add_function("multiply", lambda width, length: width * length, ["width", "length"], ["area"])
    dsp.add_function("split", lambda area: (area / 2, area / 4), ["area"], ["half", "quarter"])
    dsp.add_function("print", lambda area: None, ["area"])
    return dsp


def test_the_graph_has_every_node_with_its_record(dsp):
    graph = dsp.graph
    assert set(graph.nodes) >= set(dsp.nodes)
    assert graph.nodes["multiply"]["node"] is dsp.nodes["multiply"]
    assert graph.edges["width", "multiply"]["weight"] == 1.0


def test_a_function_is_kept_with_all_its_inputs_or_not_at_all(dsp):
    assert "multiply" in dsp.get_sub_dsp(["width", "length", "area", "multiply"]).nodes
    assert "multiply" not in dsp.get_sub_dsp(["width", "area", "multiply"]).nodes


def test_start_may_be_named(dsp):
    part = dsp.get_sub_dsp(["make", "width", START])
    assert part()["width"] == 3.0


def test_a_function_that_lost_an_output_still_gives_the_right_one(dsp):
    part = dsp.get_sub_dsp(["area", "split", "quarter"])
    assert dict(part({"area": 8.0})) == {"area": 8.0, "quarter": 2.0}


def test_unknown_names_are_refused_with_near_misses(dsp):
    with pytest.raises(UnknownNodeError, match="did you mean 'width'"):
        dsp.get_sub_dsp(["widht"])


def test_the_whole_is_not_changed_and_shares_no_attributes(dsp):
    dsp.add_data("width", unit="m")
    before = list(dsp.nodes)
    part = dsp.get_sub_dsp(list(dsp.nodes))
    part.nodes["width"].attributes["unit"] = "cm"
    assert dsp.nodes["width"].attributes == {"unit": "m"}
    assert list(dsp.nodes) == before


def test_the_latest_workflow_gives_what_was_used(dsp):
    dsp({"width": 2.0, "length": 4.0}, ["quarter"])
    part = dsp.get_sub_dsp_from_workflow(["quarter"], reverse=True)
    assert set(part.function_nodes) == {"multiply", "split"}
    assert part({"width": 2.0, "length": 4.0})["quarter"] == 2.0


def test_shrinking_leaves_out_what_cannot_matter(dsp):
    part = dsp.shrink_dsp(["width", "length"], ["area"])
    assert list(part.function_nodes) == ["multiply"]


def test_shrinking_keeps_fallbacks(dsp):
    dsp.add_function("measure", lambda photo: 1.0, ["photo"], ["area"], weight=50)
    part = dsp.shrink_dsp(["width", "length", "photo"], ["area"])
    assert set(part.function_nodes) == {"multiply", "measure"}


def test_a_child_is_shrunk_in_the_part_only(dsp):
    parent = Dispatcher()
    parent.add_dispatcher(dsp, {"w": "width", "l": "length"}, {"area": "a", "half": "h"}, dsp_id="room")
    part = parent.shrink_dsp(["w", "l"], ["a"])
    assert "split" not in part.nodes["room"].dsp.nodes
    assert "split" in dsp.nodes
    assert part({"w": 2.0, "l": 3.0}, ["a"])["a"] == 6.0

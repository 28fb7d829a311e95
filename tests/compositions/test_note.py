"""The nodes of a composition."""

import json
import pickle

import pytest

from thalweg.compositions import Composition, DAGNote
from thalweg.errors import BuildError


def test_notes_of_one_name_are_one_node():
    one, other = DAGNote("fetch", url="here"), DAGNote("fetch")
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1
    assert one != DAGNote("store")


def test_a_note_is_not_its_name():
    assert DAGNote("fetch") != "fetch"
    assert len({DAGNote("fetch"), "fetch"}) == 2


def test_a_note_of_no_single_instance_equals_itself_alone():
    one, other = DAGNote("fetch", single_instance=False), DAGNote("fetch", single_instance=False)
    assert one == one
    assert one != other
    assert one != DAGNote("fetch")
    assert DAGNote("fetch") != one
    assert len({one, other, DAGNote("fetch")}) == 3


def test_what_tells_a_note_from_others_never_changes():
    note = DAGNote("fetch", url="here")
    assert note.instance_id == note.instance_id
    assert note.instance_id != DAGNote("fetch").instance_id
    for name in ("node_name", "single_instance", "instance_id", "node_data"):
        with pytest.raises(AttributeError):
            setattr(note, name, "other")
    with pytest.raises(TypeError):
        note.node_data["url"] = "there"


def test_the_payload_can_be_said_in_json():
    note = DAGNote("fetch", url="here", tries=[1, 2.5, None], options={"deep": True})
    assert json.loads(json.dumps(dict(note.node_data))) == note.node_data


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", float("nan"), [lambda: None]])
def test_a_payload_that_json_cannot_say_is_refused_by_name(value):
    with pytest.raises(BuildError, match="the payload 'what' of the node 'fetch' cannot be said in JSON"):
        DAGNote("fetch", url="here", what=value)


def test_a_payload_within_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(BuildError, match="'what'"):
        DAGNote("fetch", what=endless)


@pytest.mark.parametrize("single", [True, False])
def test_a_note_that_was_sent_elsewhere_is_the_same_node(single):
    note = DAGNote("fetch", single, url="here")
    twin = pickle.loads(pickle.dumps(note))
    assert twin == note
    assert hash(twin) == hash(note)
    assert (twin.node_data, twin.instance_id) == (note.node_data, note.instance_id)


def test_its_text_tells_it_from_others():
    assert str(DAGNote("fetch")) == "fetch"
    note = DAGNote("fetch", single_instance=False)
    assert str(note) == f"fetch:{note.instance_id}"
    assert repr(DAGNote("fetch", url="here")) == "DAGNote('fetch', url='here')"
    assert eval(repr(DAGNote("fetch", False, n=1))).node_data == {"n": 1}


@pytest.mark.parametrize("graph", [
    lambda bare, full: {full: (), "end": {bare}},
    lambda bare, full: {bare: (), "end": {full}},
    lambda bare, full: {"end": [bare], "other end": [full]},
])  # fmt: skip
def test_of_equal_notes_in_a_graph_the_one_with_a_payload_counts(graph):
    composition = Composition(graph(DAGNote("fetch"), DAGNote("fetch", url="here")))
    notes = [node for node in composition.states if isinstance(node, DAGNote)]
    assert [dict(note.node_data) for note in notes] == [{"url": "here"}]


def test_two_payloads_for_one_node_are_refused():
    with pytest.raises(BuildError, match=r"'fetch' stands in the graph with two payloads.*single_instance=False"):
        Composition({"end": [DAGNote("fetch", url="here"), DAGNote("fetch", url="there")]})

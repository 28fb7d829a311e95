"""Copies and extensions of a model share nothing with it."""

import copy
import pickle

import pytest

import thalweg as tw


def area(width, height):
    return width * height


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


def child():
    """A model with a default, a function and attributes."""
    dsp = tw.Dispatcher(name="child", description="what is inside")
    dsp.add_data("x", 2, 0.5, unit="m", description="a length")
    dsp.add_function("double", lambda x: 2 * x, ["x"], ["y"], weight=3, attributes={"source": "book"})
    return dsp


def state(dsp):
    """Everything that a model holds, to be compared."""
    return [
        tuple(getattr(node, name) if name != "attributes" else dict(node.attributes) for name in type(node).__slots__)
        for node in dsp.nodes.values()
    ]


def copied(dsp):
    return dsp.copy()


def pickled(dsp):
    return pickle.loads(pickle.dumps(dsp))


every_way_to_copy = pytest.mark.parametrize("duplicate", [copied, copy.copy, copy.deepcopy, pickled])


@pytest.fixture
def original(dsp):
    inner = tw.Dispatcher(name="child", raises=False)
    inner.add_function("inner", area, ["x", "x"], ["y"])
    dsp.add_data("a", [1], 2, unit="m", attributes={"notes": ["first"]})
    dsp.add_data("b", filters=[abs], callback=abs)
    dsp.add_function("f", area, ["a", "b"], ["c"], inp_weight={"a": 3}, attributes={"source": "book"})
    dsp.add_dispatcher(inner, {"c": "x"}, {"y": "d"}, input_domain=len, attributes={"source": "book"})
    return dsp


@every_way_to_copy
def test_a_copy_has_all_that_the_original_has(original, duplicate):
    twin = duplicate(original)
    first, second = state(original), state(twin)
    subs = [node[1] for node in (first.pop(), second.pop())]
    assert first == second
    assert state(subs[0]) == state(subs[1])
    assert (twin.name, twin.raises, twin.description) == (original.name, original.raises, original.description)
    assert twin.sub_dsp_nodes["child"].dsp.raises is False


@every_way_to_copy
def test_adding_to_a_copy_leaves_the_original_as_it_is(original, duplicate):
    before = list(original.nodes)
    twin = duplicate(original)
    twin.add_data("new")
    twin.sub_dsp_nodes["child"].dsp.add_data("new")
    assert list(original.nodes) == before
    assert "new" not in original.sub_dsp_nodes["child"].dsp.nodes


@every_way_to_copy
def test_adding_to_the_original_leaves_a_copy_as_it_is(original, duplicate):
    twin = duplicate(original)
    before = list(twin.nodes)
    original.add_data("new")
    original.sub_dsp_nodes["child"].dsp.add_data("new")
    assert list(twin.nodes) == before
    assert "new" not in twin.sub_dsp_nodes["child"].dsp.nodes


@every_way_to_copy
def test_a_copy_has_attributes_of_its_own(original, duplicate):
    twin = duplicate(original)
    for name, node in twin.nodes.items():
        node.attributes["source"] = f"changed for {name}"
    assert [node.attributes.get("source") for node in original.nodes.values()] == [
        None,
        None,
        None,
        "book",
        None,
        "book",
    ]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_a_deep_copy_shares_no_value(original, duplicate):
    twin = duplicate(original)
    twin.default_values["a"].append(2)
    twin.data_nodes["a"].attributes["notes"].append("second")
    assert original.default_values == {"a": [1]}
    assert original.data_nodes["a"].attributes["notes"] == ["first"]


@every_way_to_copy
def test_a_copy_dispatches_as_the_original_does(duplicate):
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child_of_importable(), ["width", "height"], ["area"])
    given = {"width": 2, "height": 3}
    dsp(given)  # what is kept for the next dispatch must not be in the way
    assert dict(duplicate(dsp)(given)) == dict(dsp(given)) == {"width": 2, "height": 3, "area": 6}


def child_of_importable():
    dsp = tw.Dispatcher(name="child")
    dsp.add_function("rectangle", area, outputs=["area"])
    return dsp


def test_a_shared_child_of_a_pickled_model_stays_shared(dsp):
    inner = child_of_importable()
    dsp.add_dispatcher(inner, ["width", "height"], ["area"])
    dsp.add_dispatcher(inner, ["width", "height"], {"area": "again"})
    twin = pickled(dsp)
    assert twin.nodes["child"].dsp is twin.nodes["child<0>"].dsp


class Special(tw.Dispatcher):
    """A model of a class of its own."""


@every_way_to_copy
def test_a_copy_is_of_the_class_of_the_original(duplicate):
    assert type(duplicate(Special(name="s"))) is Special


def test_a_model_saved_to_a_file_is_loaded_again(original, tmp_path):
    for name in ("model.pkl", "model.pkl.gz", "model.pkl.bz2"):
        tw.save_dispatcher(original, tmp_path / name)
        twin = tw.load_dispatcher(str(tmp_path / name))
        assert list(twin.nodes) == list(original.nodes)


def test_a_file_that_holds_something_else_is_refused_by_name(tmp_path):
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(tw.errors.BuildError, match=r"list\.pkl holds a list"):
        tw.load_dispatcher(tmp_path / "list.pkl")


def test_extend_adds_all_nodes_and_gives_the_model(dsp, original):
    dsp = tw.Dispatcher(name="new")
    assert dsp.extend(original, child()) is dsp
    assert list(dsp.nodes) == [*original.nodes, "x", "y", "double"]


def test_extend_leaves_the_others_as_they_are(dsp):
    other = child()
    before, version = state(other), other.version
    dsp.extend(other)
    dsp.add_data("x", 9, unit="km")
    dsp.data_nodes["x"].attributes["type"] = "real"
    dsp.function_nodes["double"].attributes["source"] = "changed"
    assert (state(other), other.version) == (before, version)


def test_extend_keeps_what_is_known_of_a_datum_and_adds_the_rest(dsp):
    dsp.add_data("x", description="mine", attributes={"type": "real"})
    dsp.extend(child())
    node = dsp.data_nodes["x"]
    assert (node.default_value, node.initial_dist) == (2, 0.5)
    assert node.attributes == {"type": "real", "unit": "m"}


def test_extend_keeps_a_default_where_the_other_model_has_none(dsp):
    dsp.add_data("y", 7, 3)
    dsp.extend(child())
    assert (dsp.default_values["y"], dsp.data_nodes["y"].initial_dist) == (7, 3)


def test_extend_takes_a_blueprint(dsp):
    plan = tw.Blueprint()
    plan.add_function("f", area, outputs=["area"])
    assert dsp.extend(plan)({"width": 2, "height": 3})["area"] == 6


def test_an_extended_model_dispatches_anew(dsp):
    dsp.add_data("x")
    assert dict(dsp({"x": 1})) == {"x": 1}
    dsp.extend(child())
    assert dict(dsp({"x": 1})) == {"x": 1, "y": 2}


CUTS = {
    "get_sub_dsp": lambda dsp: dsp.get_sub_dsp(list(dsp.nodes)),
    "shrink_dsp": lambda dsp: dsp.shrink_dsp(["a", "b"], ["c", "d"]),
    "get_sub_dsp_from_workflow": lambda dsp: dsp.get_sub_dsp_from_workflow(["a"], graph=dsp.graph, check_inputs=False),
}
every_cut = pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)


@every_cut
def test_a_part_of_a_model_shares_nothing_with_it(original, cut):
    before, version = state(original), original.version
    inner = original.sub_dsp_nodes["child"].dsp
    inner_before, inner_version = state(inner), inner.version
    part = cut(original)
    part.add_data("a", 9, unit="km")
    part.add_data("new")
    for node in part.nodes.values():
        node.attributes["source"] = "changed"
    for node in part.sub_dsp_nodes.values():
        for innermost in node.dsp.nodes.values():
            innermost.attributes["source"] = "changed"
    assert (state(original), original.version) == (before, version)
    assert (state(inner), inner.version) == (inner_before, inner_version)


def test_a_model_nested_200_levels_deep_is_copied():
    dsp = nested(200)
    assert copy.deepcopy(dsp)({"x": 1})["x"] == dsp.copy()({"x": 1})["x"] == 1


def test_a_model_nested_200_levels_deep_is_pickled():
    assert pickled(nested(200))({"x": 1})["x"] == 1


def nested(depth):
    dsp = tw.Dispatcher(default_values={"y": 2})
    dsp.add_data("x")
    for _ in range(depth):
        parent = tw.Dispatcher()
        parent.add_dispatcher(dsp, ["x"], ["y"], dsp_id="child")
        dsp = parent
    return dsp

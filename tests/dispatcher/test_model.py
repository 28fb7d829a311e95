"""Building a model: what is there afterwards."""

import functools
from fractions import Fraction
from math import inf

import pytest

import thalweg as tw
from thalweg.dispatcher.nodes import DataNode, FunctionNode, SubDispatcherNode
from thalweg.errors import UnknownNodeError


def area(width, height):
    """Area of a rectangle.

    More of it.
    """
    return width * height


def scaled(value, factor=3):
    return value * factor


class Tripled:
    def __call__(self, value):
        return 3 * value


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


def test_a_datum_without_an_id_gets_a_free_one(dsp):
    assert [dsp.add_data(), dsp.add_data(), dsp.add_data()] == ["unknown", "unknown<0>", "unknown<1>"]


def test_a_datum_keeps_all_that_is_said_of_it(dsp):
    done = []
    dsp.add_data("x", 3, 1.5, True, True, sum, done.append, "a length", [abs], unit="m", attributes={"type": "real"})
    node = dsp.data_nodes["x"]
    assert (node.default_value, node.initial_dist, node.wait_inputs, node.wildcard) == (3, 1.5, True, True)
    assert (node.function, node.callback, node.filters) == (sum, done.append, (abs,))
    assert (node.description, node.attributes) == ("a length", {"unit": "m", "type": "real"})


def test_a_last_resort_is_a_default_at_infinite_distance(dsp):
    dsp.add_data("x", 3, inf)
    assert dsp.data_nodes["x"].initial_dist == inf


@pytest.mark.parametrize("value", [0, None, False, [], "", float("nan")], ids=repr)
def test_a_default_may_be_any_value(dsp, value):
    dsp.add_data("x", value)
    assert dsp.default_values["x"] is value


def test_a_datum_declared_again_keeps_its_default(dsp):
    dsp.add_data("x", 3, 1.5)
    dsp.add_data("x", description="now described")
    assert (dsp.default_values["x"], dsp.data_nodes["x"].initial_dist) == (3, 1.5)


def test_a_datum_declared_again_keeps_all_that_is_not_said_anew(dsp):
    dsp.add_data("x", 3, 1.5, True, True, sum, print, "a length", [abs], unit="m")
    before = state(dsp)
    dsp.add_data("x")
    assert state(dsp) == before


def test_a_datum_declared_again_takes_what_is_said_anew(dsp):
    dsp.add_data("x", 3, description="old", attributes={"unit": "m", "type": "real"})
    dsp.add_data("x", 4, description="new", unit="km")
    node = dsp.data_nodes["x"]
    assert (node.default_value, node.description, node.attributes) == (4, "new", {"unit": "km", "type": "real"})


def test_a_datum_taken_by_a_function_keeps_its_default(dsp):
    dsp.add_data("width", 3)
    dsp.add_function("f", area, outputs=["c"])
    assert dsp.default_values == {"width": 3}


def test_a_default_is_set_on_a_datum_that_is_new(dsp):
    dsp.set_default_value("x", 3, 2)
    assert (dsp.default_values, dsp.data_nodes["x"].initial_dist) == ({"x": 3}, 2)


def test_a_default_is_replaced_with_its_distance(dsp):
    dsp.add_data("x", 3, 1.5)
    dsp.set_default_value("x", 4)
    assert (dsp.default_values, dsp.data_nodes["x"].initial_dist) == ({"x": 4}, 0)


def test_a_default_is_taken_away_by_EMPTY(dsp):  # noqa: N802 - the name of the token
    dsp.add_data("x", 3)
    dsp.set_default_value("x")
    assert dsp.default_values == {}


def test_defaults_are_given_with_the_model():
    assert tw.Dispatcher(default_values={"x": 3, "y": None}).default_values == {"x": 3, "y": None}


@pytest.mark.parametrize(
    "ids",
    [("a", "b"), (1, 2), (("a", 1), ("a", 2)), (frozenset("a"), Fraction(1, 3)), (int, len), (0.5, b"b"), ("a b", "")],
    ids=repr,
)
def test_ids_may_be_any_hashable(dsp, ids):
    first, second = ids
    name = ("function", first)
    dsp.add_function(name, lambda x: x + 1, [first], [second])
    solution = dsp({first: 1}, [second])
    assert (solution[second], solution.providers[second]) == (2, name)


def test_inputs_come_from_the_signature(dsp):
    dsp.add_function("f", area, outputs=["c"])
    assert dsp.function_nodes["f"].inputs == ("width", "height")


def test_parameters_with_a_default_are_no_inputs(dsp):
    dsp.add_function("f", scaled, outputs=["y"])
    assert dsp.function_nodes["f"].inputs == ("value",)


def test_parameters_with_a_default_are_inputs_if_asked_for(dsp):
    dsp.add_function("f", scaled, outputs=["y"], inputs_kwargs=True)
    assert (dsp.function_nodes["f"].inputs, dsp.default_values) == (("value", "factor"), {})


def test_defaults_of_parameters_are_those_of_the_data_if_asked_for(dsp):
    dsp.add_function("f", scaled, outputs=["y"], inputs_defaults=True)
    assert (dsp.function_nodes["f"].inputs, dsp.default_values) == (("value", "factor"), {"factor": 3})


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (lambda: 1, ()),
        (lambda a, /, b: a, ("a", "b")),
        (lambda a, *rest, b=1, **named: a, ("a",)),
        (functools.partial(area, 2), ("height",)),
        (functools.partial(area, height=2), ("width",)),
        (Tripled(), ("value",)),
        (Tripled().__call__, ("value",)),
    ],
    ids=["none", "positional only", "rest", "partial", "partial by name", "object", "method"],
)
def test_any_callable_tells_its_inputs(dsp, function, inputs):
    dsp.add_function("f", function, outputs=["y"])
    assert dsp.function_nodes["f"].inputs == inputs


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (area, "area"),
        (functools.partial(area, 2), "area"),
        (Tripled(), "Tripled"),
        (lambda x: x, "<lambda>"),
        (len, "len"),
    ],
    ids=["def", "partial", "object", "lambda", "builtin"],
)
def test_the_id_comes_from_the_function(dsp, function, name):
    assert dsp.add_function(function=function, inputs=["x"], outputs=["y"]) == name


def test_a_function_keeps_all_that_is_said_of_it(dsp):
    dsp.add_function(
        "f",
        area,
        ["a", "b"],
        ["c"],
        max,
        2,
        {"a": 3},
        {"c": 4},
        "why",
        [abs],
        priority=5,
        attributes={"source": "book"},
    )
    node = dsp.function_nodes["f"]
    assert (node.function, node.inputs, node.outputs, node.input_domain) == (area, ("a", "b"), ("c",), max)
    assert (node.weight, node.inp_weight, node.out_weight) == (2, {"a": 3}, {"c": 4})
    assert (node.description, node.filters, node.priority) == ("why", (abs,), 5)
    assert node.attributes == {"source": "book"}


def test_a_function_without_description_has_the_first_line_of_its_docstring(dsp):
    dsp.add_function("f", area, outputs=["c"])
    assert dsp.function_nodes["f"].description == "Area of a rectangle."


def test_a_function_without_outputs_is_wanted_for_its_effect(dsp):
    seen = []
    dsp.add_function("show", seen.append, ["x"])
    dsp({"x": 3})
    assert seen == [3]


def test_SINK_as_the_output_says_that_there_is_none(dsp):  # noqa: N802 - the name of the token
    dsp.add_function("show", abs, ["x"], [tw.SINK])
    assert dsp.function_nodes["show"].outputs == ()


def test_START_as_the_input_says_that_there_is_none(dsp):  # noqa: N802 - the name of the token
    dsp.add_function("begin", lambda: 3, [tw.START], ["x"])
    assert dsp()["x"] == 3


def test_one_input_may_be_taken_twice(dsp):
    dsp.add_function("square", area, ["x", "x"], ["y"])
    assert dsp({"x": 3})["y"] == 9


def test_add_func_has_the_function_first(dsp):
    assert dsp.add_func(area, ["c"], weight=2, function_id="f") == "f"
    assert (dsp.function_nodes["f"].inputs, dsp.function_nodes["f"].weight) == (("width", "height"), 2)


def test_the_decorator_adds_the_function_and_leaves_it_as_it_is(dsp):
    @dsp.function(outputs=["c"], weight=2, function_id="f")
    def sum_of(a, b):
        return a + b

    assert sum_of(1, 2) == 3
    assert dsp.function_nodes["f"].function is sum_of
    assert dsp({"a": 1, "b": 2})["c"] == 3


def test_the_decorator_of_the_package_adds_the_function_and_leaves_it_as_it_is(dsp):
    @tw.add_function(dsp, outputs=["c"], weight=2)
    def sum_of(a, b):
        return a + b

    assert sum_of(1, 2) == 3
    assert (dsp.function_nodes["sum_of"].weight, dsp({"a": 1, "b": 2})["c"]) == (2, 3)


def test_lists_add_data_functions_and_sub_dispatchers_and_give_their_ids(dsp):
    ids = dsp.add_from_lists(
        data_list=[{"data_id": "a", "default_value": 1}, {}],
        fun_list=[{"function": area, "inputs": ["a", "a"], "outputs": ["b"]}],
        dsp_list=[{"dsp": child(), "inputs": {"b": "x"}, "outputs": {"y": "c"}, "dsp_id": "part"}],
    )
    assert ids == (["a", "unknown"], ["area"], ["part"])
    assert list(dsp.nodes) == ["a", "unknown", "b", "area", "c", "part"]


def test_a_child_is_mounted_under_its_name(dsp):
    assert [dsp.add_dispatcher(child(), ["x"], ["y"]) for _ in range(2)] == ["child", "child<0>"]


def test_a_child_without_a_name_gets_a_free_id(dsp):
    assert dsp.add_dispatcher(tw.Dispatcher(default_values={"x": 1})) == "sub-dispatcher"


def test_without_a_mapping_all_data_are_common(dsp):
    dsp.add_dispatcher(child())
    assert dsp({"x": 3})["y"] == 6


def test_a_list_names_common_data(dsp):
    dsp.add_dispatcher(child(), ["x"], ["y"])
    assert dsp({"x": 3})["y"] == 6


def test_a_mapping_renames_data(dsp):
    dsp.add_dispatcher(child(), {"a": "x"}, {"y": "b"})
    assert dict(dsp({"a": 3})) == {"a": 3, "b": 6}


def test_a_list_may_hold_mappings(dsp):
    dsp.add_dispatcher(child(), [{"a": "x"}], ["x", {"y": "b"}])
    assert dict(dsp({"a": 3})) == {"a": 3, "x": 3, "b": 6}


def test_a_datum_may_enter_as_several(dsp):
    inner = tw.Dispatcher(name="child")
    inner.add_function("product", area, ["p", "q"], ["r"])
    dsp.add_dispatcher(inner, {"a": ("p", "q")}, ["r"])
    assert dsp({"a": 3})["r"] == 9


def test_a_datum_may_leave_as_several(dsp):
    dsp.add_dispatcher(child(), {"a": "x"}, {"y": ("b", "c")})
    assert dict(dsp({"a": 3})) == {"a": 3, "b": 6, "c": 6}


def test_tuples_of_the_same_length_are_mapped_one_by_one(dsp):
    inner = tw.Dispatcher(name="child")
    inner.add_function("difference", lambda p, q: p - q, outputs=["r"])
    dsp.add_dispatcher(inner, {("a", "b"): ("p", "q")}, ["r"])
    assert dsp({"a": 3, "b": 1})["r"] == 2


def test_prefixes_stand_before_the_names_of_the_parent(dsp):
    dsp.add_dispatcher(child(), ["x"], ["y"], inputs_prefix="in_", outputs_prefix="out_")
    assert dict(dsp({"in_x": 3})) == {"in_x": 3, "out_y": 6}


def test_defaults_of_linked_inputs_become_those_of_the_parent_if_asked_for(dsp):
    dsp.add_dispatcher(child(), {"a": "x"}, {"y": "b"}, include_defaults=True)
    assert (dsp.default_values, dsp.data_nodes["a"].initial_dist) == ({"a": 2}, 0.5)


def test_defaults_of_a_child_stay_inside_otherwise(dsp):
    dsp.add_dispatcher(child(), {"a": "x"}, {"y": "b"})
    assert dsp.default_values == {}


def test_a_child_may_be_given_as_lists(dsp):
    lists = {"fun_list": [{"function_id": "f", "function": abs, "inputs": ["x"], "outputs": ["y"]}]}
    dsp.add_dispatcher(lists, ["x"], ["y"], dsp_id="child")
    assert dsp({"x": -3})["y"] == 3


def test_a_child_tells_its_description(dsp):
    dsp.add_dispatcher(child(), ["x"], ["y"])
    assert dsp.sub_dsp_nodes["child"].description == "what is inside"


def test_a_sub_dispatcher_keeps_all_that_is_said_of_it(dsp):
    inner = child()
    dsp.add_dispatcher(
        inner, {"a": "x"}, {"y": "b"}, "part", len, 2, {"a": 3}, {"b": 4}, "why", priority=5, attributes={"source": 1}
    )
    node = dsp.sub_dsp_nodes["part"]
    assert (node.dsp, node.inputs, node.outputs) == (inner, (("a", "x"),), (("y", "b"),))
    assert (node.input_domain, node.weight, node.inp_weight, node.out_weight) == (len, 2, {"a": 3}, {"b": 4})
    assert (node.description, node.priority, node.attributes) == ("why", 5, {"source": 1})


def test_mounting_leaves_the_child_as_it_is(dsp):
    inner = child()
    before, version = state(inner), inner.version
    dsp.add_dispatcher(inner, {"a": "x"}, {"y": "b"}, weight=2, include_defaults=True)
    dsp.set_default_value("a", 9)
    dsp({"a": 1})
    assert (state(inner), inner.version) == (before, version)


def test_what_is_added_to_a_child_later_counts_in_its_parent(dsp):
    inner = child()
    dsp.add_dispatcher(inner, {"a": "x"}, {"y": "b"})
    assert dsp({"a": 1})["b"] == 2
    inner.add_function("near", lambda x: -x, ["x"], ["y"])
    assert dsp({"a": 1})["b"] == -1


def test_what_is_added_to_a_child_of_a_child_later_counts_too(dsp):
    inner, middle = child(), tw.Dispatcher(name="middle")
    middle.add_dispatcher(inner, ["x"], ["y"])
    dsp.add_dispatcher(middle, ["x"], ["y"])
    assert dsp({"x": 1})["y"] == 2
    inner.add_function("near", lambda x: -x, ["x"], ["y"])
    assert dsp({"x": 1})["y"] == -1


def test_nodes_are_listed_by_kind_in_the_order_of_addition(dsp):
    dsp.add_function("f", area, ["b", "a"], ["c"])
    dsp.add_dispatcher(child(), {"c": "x"}, {"y": "d"})
    assert {name: type(node) for name, node in dsp.nodes.items()} == {
        "b": DataNode, "a": DataNode, "c": DataNode, "f": FunctionNode, "d": DataNode, "child": SubDispatcherNode,
    }  # fmt: skip
    assert list(dsp.data_nodes) == ["b", "a", "c", "d"]
    assert (list(dsp.function_nodes), list(dsp.sub_dsp_nodes)) == (["f"], ["child"])


def test_a_node_is_found_by_its_path(dsp):
    inner = child()
    dsp.add_dispatcher(inner, ["x"], ["y"])
    assert dsp.get_node("child", "double") is dsp.get_node("child/double") is inner.nodes["double"]
    assert dsp.get_node("y") is dsp.nodes["y"]


@pytest.mark.parametrize("path", [("childs",), ("childs", "x"), ("child", "doubel")], ids=repr)
def test_a_node_that_is_not_there_is_named_with_near_misses(dsp, path):
    dsp.add_dispatcher(child(), ["x"], ["y"])
    with pytest.raises(UnknownNodeError, match=r"did you mean '(child|double)'"):
        dsp.get_node(*path)


def test_a_model_shows_its_name_and_size(dsp):
    dsp.add_dispatcher(child(), ["x"], ["y"])
    assert repr(dsp) == "<Dispatcher 'model': 2 data, 0 functions, 1 sub-dispatchers>"

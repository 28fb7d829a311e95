"""The small functions for values and mappings."""

import functools
import inspect
import pickle

import pytest

import thalweg as tw
from tests.dispatcher.values import Opaque
from thalweg.errors import UnknownNodeError

VALUES = {"mass": [5], "radius": 2, "none": None}


def test_selector_gives_the_chosen_entries_in_the_order_asked_for():
    assert list(tw.selector(["radius", "mass"], VALUES).items()) == [("radius", 2), ("mass", [5])]


@pytest.mark.parametrize(
    ("output_type", "expected"), [("dict", {"radius": 2, "none": None}), ("list", [2, None]), ("values", (2, None))]
)
def test_selector_gives_what_is_asked_for(output_type, expected):
    assert tw.selector(["radius", "none"], VALUES, output_type=output_type) == expected


def test_selector_gives_one_value_by_itself():
    assert tw.selector(["radius"], VALUES, output_type="values") == 2


def test_selector_shares_the_values():
    assert tw.selector(["mass"], VALUES)["mass"] is VALUES["mass"]


def test_selector_copies_the_values_if_asked_to():
    chosen = tw.selector(["mass"], VALUES, copy=True)["mass"]
    assert chosen == [5]
    assert chosen is not VALUES["mass"]


def test_selector_refuses_a_missing_key_with_near_misses():
    with pytest.raises(UnknownNodeError, match=r"'mas'; did you mean 'mass'\? \(allow_miss=True"):
        tw.selector(["mas"], VALUES)


def test_selector_leaves_out_a_missing_key_if_asked_to():
    assert tw.selector(["mas", "radius"], VALUES, allow_miss=True) == {"radius": 2}


def test_selector_refuses_an_unknown_output_type_by_name():
    with pytest.raises(ValueError, match=r"'set'.*'dict', 'list' or 'values'"):
        tw.selector(["mass"], VALUES, output_type="set")


def test_combine_dicts_lets_the_later_win():
    assert tw.combine_dicts({"a": 1, "b": 1}, {"b": 2}, {"c": 3}) == {"a": 1, "b": 2, "c": 3}


def test_combine_dicts_leaves_its_arguments_as_they_are():
    first = {"a": 1}
    tw.combine_dicts(first, {"b": 2})
    assert first == {"a": 1}


def test_combine_dicts_updates_the_base_and_gives_it():
    base = {"a": 1}
    assert tw.combine_dicts({"b": 2}, base=base) is base
    assert base == {"a": 1, "b": 2}


def test_combine_dicts_copies_the_values_if_asked_to():
    assert tw.combine_dicts(VALUES, copy=True)["mass"] is not VALUES["mass"]


def test_combine_dicts_of_nothing_is_empty():
    assert tw.combine_dicts() == {}


def test_map_dict_renames_keys_and_leaves_the_others():
    assert tw.map_dict({"m": "mass"}, {"m": 5, "age": 4}, {"m": 6}) == {"mass": 6, "age": 4}


def test_map_dict_updates_the_base():
    base = {"mass": 1}
    assert tw.map_dict({"m": "mass"}, {"m": 5}, base=base) is base
    assert base == {"mass": 5}


def test_map_list_names_values_by_position():
    assert tw.map_list(["mass", "radius"], 5, 2) == {"mass": 5, "radius": 2}


def test_map_list_renames_a_mapping_and_takes_a_list_apart():
    assert tw.map_list([{"r": "radius"}, ["x", ["y", "z"]]], {"r": 2, "s": 3}, (4, (5, 6))) == {
        "radius": 2, "s": 3, "x": 4, "y": 5, "z": 6,
    }  # fmt: skip


def test_map_list_lets_the_later_win():
    assert tw.map_list(["a", {}, "a"], 1, {"a": 2}, 3) == {"a": 3}


def test_bypass_gives_one_argument_as_it_is():
    value = [1]
    assert tw.bypass(value) is value


def test_bypass_gives_several_arguments_as_a_tuple():
    assert tw.bypass(1, 2) == (1, 2)


def test_bypass_copies_if_asked_to():
    value = [1]
    assert tw.bypass(value, copy=True) == value
    assert tw.bypass(value, copy=True) is not value


@pytest.mark.parametrize(("inputs", "total"), [((), 0), ((3,), 3), ((1, 2.5), 3.5), (([1], [2]), [1, 2])], ids=repr)
def test_summation_adds_whatever_can_be_added(inputs, total):
    assert tw.summation(*inputs) == total


def test_summation_leaves_its_arguments_as_they_are():
    first = [1]
    tw.summation(first, [2])
    assert first == [1]


@pytest.mark.parametrize(
    ("value", "expected"), [("mass", ("mass",)), (("a", "b"), ("a", "b")), (["a"], ["a"]), (3, 3)], ids=repr
)
def test_stlp_makes_a_tuple_of_a_string_only(value, expected):
    assert tw.stlp(value) == expected


def test_kk_dict_maps_names_to_themselves():
    assert tw.kk_dict("a", {"b": "c"}, 3, d="e") == {"a": "a", "b": "c", 3: 3, "d": "e"}


@pytest.mark.parametrize(("keys", "named"), [(("a", "a"), {}), (("a", {"a": "b"}), {}), (("a",), {"a": "b"})], ids=repr)
def test_kk_dict_refuses_a_key_given_twice_by_name(keys, named):
    with pytest.raises(ValueError, match="'a'"):
        tw.kk_dict(*keys, **named)


def test_replicate_value_gives_copies():
    value = [1]
    copies = tw.replicate_value(value, n=3)
    assert copies == ([1], [1], [1])
    assert len({id(copy) for copy in (value, *copies)}) == 4


def test_replicate_value_gives_the_value_itself_if_asked_to():
    value = [1]
    assert all(copy is value for copy in tw.replicate_value(value, copy=False))


def test_replicate_value_feeds_several_outputs():
    dsp = tw.Dispatcher()
    dsp.add_function("f", tw.replicate_value, ["a"], ["b", "c"])
    assert dict(dsp({"a": [1]})) == {"a": [1], "b": [1], "c": [1]}


def test_add_args_takes_further_arguments_in_front():
    assert tw.add_args(max, n=2)("unused", "unused", 1, 3, key=lambda value: -value) == 1


def test_add_args_calls_back_with_the_result_and_all_arguments():
    seen = []
    tw.add_args(abs, callback=lambda *args: seen.append(args))("unused", -1)
    assert seen == [(1, "unused", -1)]


def test_add_args_has_the_signature_of_the_function_and_more_in_front():
    def area(width, height=2):
        """Area."""

    wrapped = tw.add_args(area, n=1)
    assert str(inspect.signature(wrapped)) == "(unused_0, /, width, height=2)"
    assert (wrapped.__name__, wrapped.__doc__) == ("area", "Area.")


def test_add_args_is_named_and_read_like_its_function_when_added():
    dsp = tw.Dispatcher()

    def area(width, height):
        return width * height

    assert dsp.add_func(tw.add_args(area), ["c"], inputs=["x", "width", "height"]) == "area"
    assert dsp({"x": 0, "width": 2, "height": 3})["c"] == 6


def test_add_args_pickles():
    assert pickle.loads(pickle.dumps(tw.add_args(abs)))("unused", -1) == 1


def test_parent_func_is_the_function_inside_wrappers():
    assert tw.parent_func(tw.add_args(functools.partial(tw.add_args(max), 1), n=2)) is max
    assert tw.parent_func(max) is max


def test_parent_func_tells_the_position_of_an_argument():
    assert tw.parent_func(functools.partial(max, 1, 2), input_id=0) == (max, 2)
    assert tw.parent_func(tw.add_args(max, n=2), input_id=2) == (max, 0)


@pytest.mark.parametrize(
    "use",
    [
        lambda value: tw.selector(["a"], {"a": value}, output_type="values"),
        lambda value: tw.combine_dicts({"a": value}, {"a": value})["a"],
        lambda value: tw.map_dict({"a": "b"}, {"a": value})["b"],
        lambda value: tw.map_list(["a"], value)["a"],
        tw.bypass,
        tw.summation,
        tw.stlp,
        lambda value: tw.replicate_value(value, copy=False)[0],
        lambda value: tw.add_args(tw.bypass)("unused", value),
        lambda value: tw.run_model(tw.bypass, value),
    ],
    ids=[
        "selector", "combine_dicts", "map_dict", "map_list", "bypass", "summation", "stlp", "replicate_value",
        "add_args", "run_model",
    ],
)  # fmt: skip
def test_a_value_is_never_compared_nor_asked_whether_it_is_true(use):
    value = Opaque()
    assert use(value) is value

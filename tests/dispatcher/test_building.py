"""Wrong building is refused at once, by name and with the cure, and leaves nothing behind."""

import contextlib
import math

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import BuildError, UnknownNodeError


def area(a, b):
    return a * b


def by_keyword_only(a, *, b):
    return a


def child():
    dsp = tw.Dispatcher(name="child")
    dsp.add_function("inner", abs, ["mass"], ["force"])
    return dsp


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher(name="model")
    dsp.add_data("mass", 5, description="kept")
    dsp.add_function("push", abs, ["mass"], ["force"])
    dsp.add_dispatcher(child(), ["mass"], ["force"], dsp_id="part")
    return dsp


NUMBER = "finite number"
WRONG = {  # what is done; words that the person needs: the name, and the cure
    "repeated function": (lambda d: d.add_function("push", area), ["'push'", "already a function", "another id"]),
    "function called as a datum": (lambda d: d.add_function("mass", area), ["'mass'", "already a datum", "another id"]),
    "function called as a sub-dispatcher": (lambda d: d.add_function("part", area), ["'part'", "sub-dispatcher"]),
    "function called as its own datum": (
        lambda d: d.add_function("speed", area, ["a"], ["speed"]),
        ["'speed'", "the function and of one of its data", "another id"],
    ),
    "function as an input": (lambda d: d.add_function("new", area, ["push"]), ["'push'", "function", "'new'"]),
    "sub-dispatcher as an output": (
        lambda d: d.add_function("new", area, ["x"], ["y", "part"]),
        ["'part'", "sub-dispatcher", "'new'"],
    ),
    "function as a datum": (lambda d: d.add_data("push"), ["'push'", "function", "another id"]),
    "function with a default": (lambda d: d.set_default_value("push", 1), ["'push'", "function", "another id"]),
    "default of no datum": (lambda d: d.set_default_value(None, 1), ["None"]),
    "repeated sub-dispatcher": (
        lambda d: d.add_dispatcher(child(), {"new": "mass"}, {"force": "y"}, dsp_id="part"),
        ["'part'", "already a sub-dispatcher", "another id"],
    ),
    "no function": (lambda d: d.add_function("new", None, ["x"], ["y"]), ["'new'", "None", "function="]),
    "function that cannot be called": (lambda d: d.add_function("new", 3, ["x"], ["y"]), ["'new'", "3", "function="]),
    "signature that cannot be read": (lambda d: d.add_function("new", math.hypot), ["'hypot'", "inputs=[...]"]),
    "parameter by keyword only": (
        lambda d: d.add_function("new", by_keyword_only),
        ["'b'", "'by_keyword_only'", "wrap"],
    ),
    "inputs as a string": (lambda d: d.add_function("new", area, "side"), ["inputs of 'new'", "['side']"]),
    "outputs as a string": (lambda d: d.add_function("new", area, outputs="side"), ["outputs of 'new'", "['side']"]),
    "inputs as a number": (lambda d: d.add_function("new", area, 3), ["inputs of 'new'", "3", "list"]),
    "outputs as a set": (
        lambda d: d.add_function("new", area, ["x"], {"y", "z"}),
        ["outputs of 'new'", "list"],
    ),
    "inputs as a set": (lambda d: d.add_function("new", area, {"x", "y"}), ["inputs of 'new'", "list"]),
    "output twice": (
        lambda d: d.add_function("new", area, ["x"], ["y", "z", "y"]),
        ["outputs of 'new'", "'y' twice", "its own datum"],
    ),
    "unhashable input": (lambda d: d.add_function("new", area, [["x"]]), ["inputs of 'new'", "['x']", "hashable"]),
    "input unhashable inside": (lambda d: d.add_function("new", area, [("x", [])]), ["('x', [])", "hashable"]),
    "output unhashable inside": (
        lambda d: d.add_function("new", area, ["x"], [("y", [])]),
        ["('y', [])", "hashable"],
    ),
    "unhashable function id": (lambda d: d.add_function(["new"], area, ["x"]), ["['new']", "hashable"]),
    "function id unhashable inside": (lambda d: d.add_function(("f", []), area, ["x"]), ["('f', [])", "hashable"]),
    "unhashable data id": (lambda d: d.add_data(["x"]), ["['x']", "hashable"]),
    "data id unhashable inside": (lambda d: d.add_data(("x", [])), ["('x', [])", "hashable"]),
    "reserved token as input": (lambda d: d.add_function("new", area, [tw.EMPTY]), ["EMPTY", "reserved"]),
    "reserved token as output": (lambda d: d.add_function("new", area, ["x"], [tw.NONE]), ["NONE", "reserved"]),
    "reserved token as datum": (lambda d: d.add_data(tw.END), ["END", "reserved"]),
    "None as an output": (lambda d: d.add_function("new", area, ["x"], [None]), ["outputs of 'new'", "None"]),
    "None as an input": (lambda d: d.add_function("new", area, [None], ["y"]), ["inputs of 'new'", "None"]),
    "negative weight": (lambda d: d.add_function("new", area, weight=-1), ["weight of 'new'", "-1", NUMBER]),
    "weight NaN": (lambda d: d.add_function("new", area, weight=math.nan), ["weight of 'new'", "nan", NUMBER]),
    "infinite weight": (lambda d: d.add_function("new", area, weight=math.inf), ["weight of 'new'", "inf", NUMBER]),
    "text as weight": (lambda d: d.add_function("new", area, weight="2"), ["weight of 'new'", "'2'", NUMBER]),
    "truth as weight": (lambda d: d.add_function("new", area, weight=True), ["weight of 'new'", "True", NUMBER]),
    "list as weight": (lambda d: d.add_function("new", area, weight=[1]), ["weight of 'new'", "[1]", NUMBER]),
    "complex weight": (lambda d: d.add_function("new", area, weight=1j), ["weight of 'new'", "1j", NUMBER]),
    "array as weight": (lambda d: d.add_function("new", area, weight=np.ones(2)), ["weight of 'new'", NUMBER]),
    "huge weight": (lambda d: d.add_function("new", area, weight=10**400), ["weight of 'new'", NUMBER]),
    "negative weight of an input": (
        lambda d: d.add_function("new", area, ["x"], ["y"], inp_weight={"x": -2}),
        ["inp_weight of 'new'", "'x'", "-2", NUMBER],
    ),
    "text as weight of an output": (
        lambda d: d.add_function("new", area, ["x"], ["y"], out_weight={"y": "low"}),
        ["out_weight of 'new'", "'y'", "'low'", NUMBER],
    ),
    "weight of no input": (
        lambda d: d.add_function("new", area, ["x"], ["y"], inp_weight={"y": 1}),
        ["inp_weight of 'new'", "'y'", "not one of"],
    ),
    "weight of no output": (
        lambda d: d.add_function("new", area, ["x"], ["y"], out_weight={"x": 1}),
        ["out_weight of 'new'", "'x'", "not one of"],
    ),
    "weights as a number": (
        lambda d: d.add_function("new", area, ["x"], ["y"], inp_weight=2),
        ["inp_weight of 'new'", "2", "mapping"],
    ),
    "weights as a list": (
        lambda d: d.add_function("new", area, ["x"], ["y"], out_weight=["y"]),
        ["out_weight of 'new'", "mapping"],
    ),
    "negative weight of a link": (
        lambda d: d.add_dispatcher(child(), {"x": "mass"}, {}, inp_weight={"x": -1}),
        ["inp_weight of 'child'", "'x'", "-1", NUMBER],
    ),
    "weight of no link": (
        lambda d: d.add_dispatcher(child(), {"x": "mass"}, {}, inp_weight={"mass": 1}),
        ["inp_weight of 'child'", "'mass'", "not one of"],
    ),
    "negative weight of a sub-dispatcher": (
        lambda d: d.add_dispatcher(child(), ["mass"], ["force"], weight=-0.5),
        ["weight of 'child'", "-0.5", NUMBER],
    ),
    "negative initial distance": (lambda d: d.add_data("x", 1, -1), ["initial_dist of 'x'", "-1", NUMBER]),
    "initial distance NaN": (lambda d: d.add_data("x", 1, math.nan), ["initial_dist of 'x'", "nan", NUMBER]),
    "wrong distance of a default": (lambda d: d.set_default_value("x", 1, "far"), ["initial_dist of 'x'", "'far'"]),
    "wrong distance of a known datum": (lambda d: d.set_default_value("mass", 1, -1), ["initial_dist of 'mass'"]),
    "fractional priority": (lambda d: d.add_function("new", area, priority=0.5), ["priority of 'new'", "integer"]),
    "truth as priority": (lambda d: d.add_function("new", area, priority=True), ["priority of 'new'", "integer"]),
    "priority of a sub-dispatcher": (
        lambda d: d.add_dispatcher(child(), ["mass"], ["force"], priority="high"),
        ["priority of 'child'", "'high'", "integer"],
    ),
    "unknown keyword of a function": (
        lambda d: d.add_function("new", area, wheight=3),
        ["'wheight'", "did you mean", "weight", "attributes="],
    ),
    "unknown keyword of a datum": (
        lambda d: d.add_data("x", defualt_value=3),
        ["'defualt_value'", "did you mean default_value", "attributes="],
    ),
    "unknown keyword of a sub-dispatcher": (
        lambda d: d.add_dispatcher(child(), inputs_prefx="a"),
        ["'inputs_prefx'", "inputs_prefix", "attributes="],
    ),
    "unknown keyword of add_func": (lambda d: d.add_func(area, ["c"], wieght=2), ["'wieght'", "weight"]),
    "unknown keyword of the decorator": (lambda d: d.function(["c"], wieght=2)(area), ["'wieght'", "weight"]),
    "unknown keyword in a list": (
        lambda d: d.add_from_lists(fun_list=[{"function": area, "wieght": 2}]),
        ["'wieght'", "weight"],
    ),
    "decorator without parentheses": (lambda d: d.function(area), ["@dsp.function(outputs=[...])"]),
    "domain that cannot be called": (
        lambda d: d.add_function("new", area, input_domain="a > 0"),
        ["input_domain of 'new'", "'a > 0'", "cannot be called"],
    ),
    "one filter without a list": (lambda d: d.add_function("new", area, filters=abs), ["filters of 'new'", "[abs]"]),
    "filter that cannot be called": (lambda d: d.add_function("new", area, filters=[3]), ["filters of 'new'", "3"]),
    "filter of a datum": (lambda d: d.add_data("x", filters=[abs, "no"]), ["filters of 'x'", "'no'"]),
    "callback that cannot be called": (lambda d: d.add_data("x", callback=3), ["callback of 'x'", "3"]),
    "estimator that cannot be called": (
        lambda d: d.add_data("x", wait_inputs=True, function=3),
        ["estimator of 'x'", "3"],
    ),
    "estimator of what does not collect": (lambda d: d.add_data("x", function=sum), ["'x'", "wait_inputs=True"]),
    "gate that cannot be called": (
        lambda d: d.add_dispatcher(child(), ["mass"], ["force"], input_domain=True),
        ["input_domain of 'child'", "True"],
    ),
    "mapping to a datum that is not in the child": (
        lambda d: d.add_dispatcher(child(), {"mass": "mas"}, ["force"]),
        ["inputs", "'mas'", "did you mean 'mass'"],
    ),
    "mapping from a datum that is not in the child": (
        lambda d: d.add_dispatcher(child(), ["mass"], {"forse": "force"}),
        ["outputs", "'forse'", "did you mean 'force'"],
    ),
    "mapping to a function of the child": (
        lambda d: d.add_dispatcher(child(), {"mass": "inner"}, ["force"]),
        ["inputs", "'inner'", "child"],
    ),
    "list with a datum that is not in the child": (
        lambda d: d.add_dispatcher(child(), ["mass", "heat"], ["force"]),
        ["inputs", "'heat'", "child"],
    ),
    "mapping of a function of the parent": (
        lambda d: d.add_dispatcher(child(), {"push": "mass"}, ["force"]),
        ["'push'", "function", "'child'"],
    ),
    "mapping as a string": (lambda d: d.add_dispatcher(child(), "mass", ["force"]), ["inputs", "'mass'", "list"]),
    "mapping as a number": (lambda d: d.add_dispatcher(child(), ["mass"], 3), ["outputs", "3", "list"]),
    "tuples of different length": (
        lambda d: d.add_dispatcher(child(), {("x", "y", "z"): ("mass", "force")}, ["force"]),
        ["('x', 'y', 'z')", "('mass', 'force')", "same length"],
    ),
    "output to a reserved token": (
        lambda d: d.add_dispatcher(child(), ["mass"], {"force": tw.NONE}),
        ["outputs", "NONE", "reserved"],
    ),
    "what is no model": (lambda d: d.add_dispatcher(area), ["area", "Dispatcher"]),
    "model inside itself": (lambda d: d.add_dispatcher(d, ["mass"], ["force"]), ["inside itself", "copy"]),
    "second of several wrong": (
        lambda d: d.add_from_lists([{"data_id": "x"}, {"data_id": "y", "initial_dist": -1}]),
        ["initial_dist of 'y'", NUMBER],
    ),
    "function after data wrong": (
        lambda d: d.add_from_lists([{"data_id": "x"}], [{"function_id": "push", "function": area}]),
        ["'push'", "another id"],
    ),
    "sub-dispatcher after functions wrong": (
        lambda d: d.add_from_lists([], [{"function": area}], [{"dsp": child(), "inputs": {"mass": "mas"}}]),
        ["'mas'", "did you mean 'mass'"],
    ),
    "extension with a taken function": (lambda d: d.extend(extension("push")), ["'push'", "another id"]),
    "extension with a datum of the name of a function": (
        lambda d: d.extend(tw.Dispatcher(default_values={"new": 1, "push": 2})),
        ["'push'"],
    ),
    "extension with a model that holds this one": (lambda d: d.extend(holder(d)), ["inside itself", "copy"]),
}


def extension(function_id):
    other = tw.Dispatcher(default_values={"new": 1, "mass": 9})
    other.add_function("fine", area)
    other.add_function(function_id, area)
    return other


def holder(dsp):
    other = tw.Dispatcher(name="holder")
    other.add_dispatcher(dsp, ["mass"], ["force"])
    return other


every_wrong = pytest.mark.parametrize(("build", "words"), WRONG.values(), ids=WRONG)


@every_wrong
def test_it_is_refused_by_name_and_with_the_cure(dsp, build, words):
    with pytest.raises((BuildError, UnknownNodeError)) as refusal:
        build(dsp)
    assert [word for word in words if word not in str(refusal.value)] == []


@every_wrong
def test_nothing_is_half_added(dsp, build, words):
    before = list(dsp.nodes), list(dsp.nodes.values()), list(dsp.mounted)
    with contextlib.suppress(Exception):  # which error it is has a test of its own
        build(dsp)
    assert (list(dsp.nodes), list(dsp.nodes.values()), list(dsp.mounted)) == before


def test_a_build_error_is_a_value_error():
    with pytest.raises(ValueError, match="weight"):
        tw.Dispatcher().add_function("f", area, weight=-1)


def test_an_unknown_child_datum_is_a_key_error_with_its_near_misses():
    with pytest.raises(KeyError) as refusal:
        tw.Dispatcher().add_dispatcher(child(), {"a": "forc"}, [])
    assert refusal.value.name == "forc"
    assert refusal.value.suggestions == ("force",)


def test_a_model_inside_a_model_inside_itself_is_refused(dsp):
    middle = tw.Dispatcher(name="middle")
    middle.add_dispatcher(dsp, ["mass"], ["force"])
    with pytest.raises(BuildError, match="inside itself"):
        dsp.add_dispatcher(middle, ["mass"], ["force"])


def test_the_name_of_a_model_is_a_string():
    with pytest.raises(BuildError, match="3"):
        tw.Dispatcher(name=3)


def test_a_policy_that_does_not_exist_is_refused_by_name():
    with pytest.raises(BuildError, match=r"'always'.*'unreachable', True, False"):
        tw.Dispatcher(raises="always")


def test_a_default_of_a_reserved_token_refuses_the_model():
    with pytest.raises(BuildError, match="END"):
        tw.Dispatcher(default_values={tw.END: 2})


@pytest.mark.parametrize("weight", [0, 2, 0.5, np.float32(0.5), np.int64(3), np.float64(1e-300)], ids=repr)
def test_a_number_is_a_weight(weight):
    dsp = tw.Dispatcher()
    dsp.add_function("f", area, weight=weight)
    assert dsp.nodes["f"].weight == float(weight)


def test_an_automatic_id_gets_the_first_free_suffix():
    dsp = tw.Dispatcher()
    assert [dsp.add_func(area, [name]) for name in "xyz"] == ["area", "area<0>", "area<1>"]


def test_an_automatic_id_is_free_of_data_too():
    dsp = tw.Dispatcher()
    dsp.add_data("area")
    assert dsp.add_func(area, ["x"]) == "area<0>"


def test_an_automatic_id_is_free_of_the_data_of_the_function_itself():
    dsp = tw.Dispatcher()
    assert dsp.add_func(area, ["area"]) == "area<0>"
    assert dsp({"a": 2, "b": 3})["area"] == 6


def test_an_automatic_id_of_a_sub_dispatcher_is_free_of_its_data():
    dsp = tw.Dispatcher()
    assert dsp.add_dispatcher(child(), {"child": "mass"}, ["force"]) == "child<0>"


def test_an_automatic_id_of_a_lambda_can_be_told_again():
    assert tw.Dispatcher().add_function(function=lambda a: a, outputs=["b"]) == "<lambda>"

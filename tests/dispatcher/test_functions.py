"""Models as functions."""

import copy
import inspect
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import thalweg as tw
from tests.dispatcher.values import Opaque
from thalweg.errors import BuildError, UnknownNodeError, UnreachableError
from thalweg.executors.events import subscribe


def add(a, b):
    return a + b


def scale(c, factor):
    return c * factor


def nearly(a):
    return -a


def positive(c, factor):
    return c > 0


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher(name="model", description="Adds and scales.")
    dsp.add_data("factor", 10)
    dsp.add_function("add", add, outputs=["c"])
    dsp.add_function("scale", scale, outputs=["d"], input_domain=positive)
    dsp.add_function("nearly", nearly, outputs=["d"], weight=9)
    return dsp


GIVEN = {"a": 1, "b": 2}
KINDS = [tw.SubDispatchFunction, tw.SubDispatchPipe, tw.DispatchPipe]
every_kind = pytest.mark.parametrize("kind", KINDS)


def test_a_sub_dispatch_takes_dicts_and_gives_the_solution(dsp):
    assert dict(tw.SubDispatch(dsp)({"a": 1}, {"b": 2})) == {"a": 1, "factor": 10, "b": 2, "c": 3, "d": 30}


def test_a_sub_dispatch_takes_named_values(dsp):
    assert tw.SubDispatch(dsp)({"a": 1, "b": 5}, b=2)["c"] == 3


def test_the_later_of_several_dicts_wins(dsp):
    assert tw.SubDispatch(dsp)({"a": 1, "b": 5}, {"b": 2})["c"] == 3


@pytest.mark.parametrize(
    ("output_type", "expected"), [("dict", {"d": 30, "c": 3}), ("list", [30, 3]), ("values", (30, 3))]
)
def test_a_sub_dispatch_gives_its_outputs_as_asked_for(dsp, output_type, expected):
    assert tw.SubDispatch(dsp, ["d", "c"], output_type=output_type)(GIVEN) == expected


def test_a_sub_dispatch_gives_one_value_by_itself(dsp):
    assert tw.SubDispatch(dsp, ["d"], output_type="values")(GIVEN) == 30


def test_a_sub_dispatch_computes_only_its_outputs(dsp):
    assert tw.SubDispatch(dsp, ["c"])(GIVEN).calls == ["add"]


def test_a_sub_dispatch_may_want_all_functions_without_outputs(dsp):
    seen = []
    dsp.add_function("show", seen.append, ["c"])
    tw.SubDispatch(dsp, [tw.SINK])(GIVEN)
    assert seen == [3]


def test_a_sub_dispatch_hands_on_how_its_outputs_are_chosen(dsp):
    dsp.add_data("e")
    dsp.raises = False
    function = tw.SubDispatch(dsp, ["c", "e"], output_type="dict", output_type_kw={"allow_miss": True})
    assert function(GIVEN) == {"c": 3}


def test_a_sub_dispatch_heeds_initial_distances(dsp):
    function = tw.SubDispatch(dsp, ["c"], {"c": 9}, output_type="values")
    assert [function({"c": 7}), function({**GIVEN, "c": 7})] == [7, 3]


def test_a_sub_dispatch_recomputes_wildcards_if_asked_to():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b * 10, ["b"], ["a"])
    assert tw.SubDispatch(dsp, ["a"], output_type="values", wildcard=True)({"a": 1}) == 20
    assert tw.SubDispatch(dsp, ["a"], output_type="values")({"a": 1}) == 1


def test_a_sub_dispatch_sees_later_changes_of_its_model(dsp):
    function = tw.SubDispatch(dsp, ["c"], output_type="values")
    dsp.add_function("near", lambda a: "near", ["a"], ["c"], priority=1)
    assert function(GIVEN) == "near"


def test_a_copy_of_a_sub_dispatch_has_a_model_of_its_own(dsp):
    twin = tw.SubDispatch(dsp, ["c"], output_type="values").copy()
    dsp.add_function("near", lambda a: "near", ["a"], ["c"], priority=1)
    assert twin(GIVEN) == 3


def test_a_sub_dispatch_may_be_shrunk_to_its_outputs(dsp):
    function = tw.SubDispatch(dsp, ["c"], shrink=True)
    assert "scale" not in function.dsp.nodes
    assert function(GIVEN)["c"] == 3
    assert "scale" in dsp.nodes


def test_the_name_and_the_text_are_those_of_the_model(dsp):
    function = tw.SubDispatch(dsp)
    assert (function.__name__, function.__doc__, repr(function)) == (
        "model", "Adds and scales.", "<SubDispatch 'model'>",
    )  # fmt: skip
    assert tw.SubDispatch(dsp, function_id="other").__name__ == "other"


WRONG = {
    "output": (lambda d: tw.SubDispatch(d, ["ad"]), UnknownNodeError, r"output 'ad'; did you mean 'd' or 'a'\?"),
    "function as output": (lambda d: tw.SubDispatch(d, ["add"]), UnknownNodeError, "output 'add'"),
    "function as input": (
        lambda d: tw.SubDispatchFunction(d, "f", ["add"], ["d"]),
        UnknownNodeError,
        "input 'add'",
    ),
    "input": (
        lambda d: tw.SubDispatchFunction(d, "f", ["aa"], ["d"]),
        UnknownNodeError,
        r"input 'aa'; did you mean 'a'\?",
    ),
    "output of a pipe": (
        lambda d: tw.SubDispatchPipe(d, "f", ["a"], ["factr"]),
        UnknownNodeError,
        r"output 'factr'; did you mean 'factor'\?",
    ),
    "type of everything": (lambda d: tw.SubDispatch(d, output_type="list"), BuildError, "'list' needs outputs="),
    "unknown type": (lambda d: tw.SubDispatch(d, ["d"], output_type="set"), BuildError, "'set'; use one of 'all'"),
    "a string": (lambda d: tw.SubDispatch(d, "d"), BuildError, "outputs is 'd'; give a list"),
    "output twice": (lambda d: tw.SubDispatch(d, ["d", "d"]), BuildError, "outputs has 'd' twice"),
    "input twice": (lambda d: tw.SubDispatchFunction(d, "f", ["a", "a"], ["d"]), BuildError, "inputs has 'a' twice"),
    "recursive": (
        lambda d: tw.MapDispatch(d, recursive_inputs="d"),
        BuildError,
        "recursive_inputs is 'd'; give a list",
    ),
}


@pytest.mark.parametrize(("make", "error", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_by_name_when_it_is_made(dsp, make, error, words):
    with pytest.raises(error, match=words):
        make(dsp)


@every_kind
def test_inputs_are_given_by_position(dsp, kind):
    assert kind(dsp, "f", ["a", "b"], ["d"])(1, 2) == 30


@every_kind
def test_inputs_are_given_by_name(dsp, kind):
    assert kind(dsp, "f", ["a", "b"], ["d"])(1, b=2) == 30


@every_kind
def test_further_data_of_the_model_are_given_by_name(dsp, kind):
    assert kind(dsp, "f", ["a", "b"], ["d"])(1, 2, factor=100) == 300


@every_kind
def test_several_outputs_are_given_as_a_list(dsp, kind):
    assert kind(dsp, "f", ["a", "b"], ["d", "c"])(1, 2) == [30, 3]


@every_kind
def test_without_outputs_the_solution_is_given(dsp, kind):
    assert kind(dsp, "f", ["a", "b"])(1, 2)["d"] == 30


@every_kind
def test_an_input_that_does_not_matter_for_the_outputs_may_be_given(dsp, kind):
    dsp.add_data("z")
    assert kind(dsp, "f", ["a", "b", "z"], ["d"])(1, 2, 3) == 30


def test_an_input_that_shrinking_took_out_may_be_given(dsp):
    dsp.add_data("z")
    assert tw.SubDispatch(dsp, ["d"], shrink=True, output_type="values")({**GIVEN, "z": 3}) == 30


@every_kind
def test_an_input_with_a_default_may_be_left_out(dsp, kind):
    function = kind(dsp, "f", ["a", "b", "factor"], ["d"])
    assert [function(1, 2), function(1, 2, 100), function(1, 2, factor=5)] == [30, 300, 15]


@every_kind
def test_the_signature_has_the_inputs_with_the_defaults_of_the_model(dsp, kind):
    function = kind(dsp, "f", ["a", "b", "factor"], ["d"])
    assert str(inspect.signature(function)) == "(a, b, factor=10, **values)"


@every_kind
def test_the_signature_of_ids_that_are_no_names_is_by_position(kind):
    dsp = tw.Dispatcher()
    dsp.add_function("f", add, [("x", 1), "y z"], ["c"])
    function = kind(dsp, "f", [("x", 1), "y z"], ["c"])
    assert str(inspect.signature(function)) == "(input_0, input_1, /, **values)"
    assert function(1, 2) == 3


@every_kind
def test_an_input_after_one_with_a_default_has_a_signature_too(dsp, kind):
    function = kind(dsp, "f", ["factor", "a", "b"], ["d"])
    assert list(inspect.signature(function).parameters) == ["factor", "a", "b", "values"]
    assert function(100, 1, 2) == 300


@every_kind
@pytest.mark.parametrize(
    ("args", "named", "words"),
    [
        ((1,), {}, r"f\(\) needs 'b'"),
        ((), {}, r"f\(\) needs 'a', 'b'"),
        ((1, 2, 3), {}, r"f\(\) takes 2 positional arguments but got 3"),
        ((1, 2), {"a": 1}, r"f\(\) got 'a' twice"),
    ],
    ids=["one lacks", "all lack", "too many", "twice"],
)
def test_a_wrong_call_is_a_type_error_that_says_what_is_wrong(dsp, kind, args, named, words):
    with pytest.raises(TypeError, match=words):
        kind(dsp, "f", ["a", "b"], ["d"])(*args, **named)


@every_kind
def test_an_unknown_name_is_refused_with_near_misses(dsp, kind):
    with pytest.raises(UnknownNodeError, match="did you mean 'factor'"):
        kind(dsp, "f", ["a", "b"], ["d"])(1, 2, factr=3)


@every_kind
def test_the_first_argument_may_hold_named_values(dsp, kind):
    function = kind(dsp, "f", ["a", "b"], ["d"], first_arg_as_kw=True)
    assert [function({"factor": 100}, 1, 2), function({"b": 2, "factor": 1}, 1)] == [300, 3]


@every_kind
def test_a_failure_inside_takes_another_way_inside(dsp, kind):
    assert kind(dsp, "f", ["a", "b"], ["d"])(-1, -2) == 1


@every_kind
def test_what_cannot_be_had_raises(dsp, kind):
    dsp.add_function("h", lambda d: 1 / 0, ["d"], ["e"])
    with pytest.raises(UnreachableError, match="'e' cannot be computed"):
        kind(dsp, "f", ["a", "b"], ["e"])(1, 2)


@every_kind
def test_later_changes_of_the_model_do_not_count(dsp, kind):
    function = kind(dsp, "f", ["a", "b"], ["d"])
    dsp.add_function("near", lambda a: "near", ["a"], ["d"], priority=1)
    assert function(1, 2) == 30


@every_kind
def test_its_model_is_its_own(dsp, kind):
    before = list(dsp.nodes)
    kind(dsp, "f", ["a", "b"], ["d"]).dsp.add_data("new")
    kind(dsp, "f", ["a", "b"], ["d"], shrink=False).dsp.add_data("new")
    assert list(dsp.nodes) == before


@every_kind
def test_it_may_be_left_unshrunk(dsp, kind):
    dsp.add_function("useless", abs, ["d"], ["nothing else"])
    assert "useless" not in kind(dsp, "f", ["a", "b"], ["d"]).dsp.nodes
    assert "useless" in kind(dsp, "f", ["a", "b"], ["d"], shrink=False).dsp.nodes


@every_kind
def test_what_is_both_given_and_wanted_is_recomputed(kind):
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b * 10, ["b"], ["a"])
    assert kind(dsp, "f", ["a"], ["a"])(1) == 20
    assert kind(dsp, "f", ["a"], ["a"], wildcard=False)(1) == 1


@every_kind
def test_initial_distances_are_heeded(dsp, kind):
    function = kind(dsp, "f", ["a", "b", "c"], ["c"], {"c": 9}, wildcard=False)
    assert function(1, 2, 7) == 3


@every_kind
def test_it_is_a_function_of_a_model_like_any(dsp, kind):
    parent = tw.Dispatcher()
    assert parent.add_func(kind(dsp, "f", ["a", "b"], ["d", "c"]), ["p", "q"]) == "f"
    assert dict(parent(GIVEN)) == {"a": 1, "b": 2, "p": 30, "q": 3}


@every_kind
def test_a_failure_of_it_takes_another_way_outside(dsp, kind):
    dsp.add_function("h", lambda d: 1 / 0, ["d"], ["e"])
    parent = tw.Dispatcher()
    parent.add_function("inside", kind(dsp, "f", ["a", "b"], ["e"]), ["a", "b"], ["x"])
    parent.add_function("outside", lambda a: "outside", ["a"], ["x"], weight=5)
    solution = parent(GIVEN)
    assert (solution["x"], type(solution.errors["inside"].error)) == ("outside", UnreachableError)


@every_kind
def test_it_is_called_by_8_threads_at_once(dsp, kind):
    function = kind(dsp, "f", ["a", "b"], ["d"])
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        return [function(a, number) for a in range(-20, 20)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert results == [[10 * (a + n) if a + n > 0 else -a for a in range(-20, 20)] for n in range(8)]


@every_kind
def test_it_is_called_by_itself(kind):
    dsp = tw.Dispatcher()
    dsp.add_function("factorial", lambda n: n * function(n - 1) if n else 1, ["n"], ["n!"])
    function = kind(dsp, "f", ["n"], ["n!"])
    assert function(10) == 3628800


@every_kind
@pytest.mark.parametrize("duplicate", [lambda f: pickle.loads(pickle.dumps(f)), copy.deepcopy, lambda f: f.copy()])
def test_a_copy_of_it_gives_the_same(dsp, kind, duplicate):
    function = kind(dsp, "f", ["a", "b", "factor"], ["d"])
    twin = duplicate(function)
    assert (type(twin), twin.__name__, str(inspect.signature(twin))) == (kind, "f", str(inspect.signature(function)))
    assert [twin(1, 2), twin(-1, -2), twin(1, 2, factor=5)] == [30, 1, 15]


@every_kind
def test_values_are_never_compared(kind):
    dsp = tw.Dispatcher()
    value = Opaque()
    dsp.add_data("b", value)
    dsp.add_function("f", lambda a, b: a, ["a", "b"], ["c"])
    function = kind(dsp, "f", ["a", "b"], ["c"])
    assert function(value) is function(value, value) is function(a=value, b=value) is value
    assert list(inspect.signature(function).parameters) == ["a", "b", "values"]


@every_kind
def test_arrays_go_through_as_they_are(dsp, kind):
    assert list(kind(dsp, "f", ["a", "b"], ["c"])(np.arange(3), np.ones(3))) == [1, 2, 3]


def test_a_pipe_follows_the_plan_that_was_made_with_it(dsp, monkeypatch):
    function = tw.SubDispatchPipe(dsp, "f", ["a", "b"], ["d"])
    plan = function.dsp.solve(["a", "b"], ["d"])
    assert plan.calls == ["add", "scale"]
    monkeypatch.setattr(function.dsp, "solve", None)
    assert [function(1, 2), function(-1, -2)] == [30, 1]


@pytest.mark.parametrize("outputs", [["d"], ["d", "c"]])
def test_a_pipe_that_is_called_often_gives_what_it_gave(dsp, outputs):
    plain = tw.SubDispatchFunction(dsp, "f", ["a", "b"], outputs)
    pipe = tw.SubDispatchPipe(dsp, "f", ["a", "b"], outputs)
    given = [(k % 7 - 3, k % 5 - 2) for k in range(250)]
    assert [pipe(*each) for each in given] == [plain(*each) for each in given]
    assert [pipe(a, b=b) for a, b in given] == [plain(a, b) for a, b in given]
    twin = pickle.loads(pickle.dumps(pipe))
    assert twin(1, 2) == plain(1, 2)


def test_a_pipe_that_is_called_often_still_tells_who_listens(dsp):
    pipe = tw.SubDispatchPipe(dsp, "f", ["a", "b"], ["d"])
    for _ in range(150):
        pipe(1, 2)
    told = []
    leave = subscribe(told.append)
    pipe(1, 2)
    leave()
    assert told


def test_a_pipe_may_leave_the_domains_unasked(dsp):
    assert tw.SubDispatchPipe(dsp, "f", ["a", "b"], ["d"], no_domain=True)(-1, -2) == -30


def test_a_pipe_that_leaves_domains_unasked_leaves_the_model_as_it_is(dsp):
    tw.SubDispatchPipe(dsp, "f", ["a", "b"], ["d"], no_domain=True)
    assert dsp.function_nodes["scale"].input_domain is positive


@pytest.fixture
def years():
    dsp = tw.Dispatcher(name="years")
    dsp.add_function("grow", lambda size, rate: size * rate, outputs=["next"])
    return dsp


def test_a_map_calls_the_model_for_each_element(dsp):
    results = tw.MapDispatch(dsp)([GIVEN, {"a": -1, "b": -2}])
    assert [result["d"] for result in results] == [30, 1]


def test_a_map_of_nothing_gives_nothing(dsp):
    assert tw.MapDispatch(dsp)([]) == []


def test_a_map_gives_defaults_to_each_element_that_has_none(dsp):
    function = tw.MapDispatch(dsp, {"b": 2})
    assert [result["c"] for result in function([{"a": 1}, {"a": 1, "b": 5}])] == [3, 6]
    assert [result["c"] for result in function([{"a": 1}], defaults={"b": 7})] == [8]


def test_a_map_hands_outputs_to_the_next_element(years):
    function = tw.MapDispatch(years, {"rate": 2}, {"next": "size"})
    assert [year["next"] for year in function([{"size": 1}, {}, {"rate": 5}, {"size": 3}])] == [2, 4, 20, 6]


def test_a_map_gives_initial_inputs_to_the_first_element(years):
    function = tw.MapDispatch(years, {"rate": 2}, {"next": "size"})
    assert [year["next"] for year in function([{}, {}], initial_inputs={"size": 1})] == [2, 4]


def test_a_map_may_be_told_at_the_call_what_is_handed_on(years):
    function = tw.MapDispatch(years, {"rate": 2})
    assert [year["next"] for year in function([{"size": 1}, {}], recursive_inputs={"next": "size"})] == [2, 4]


def test_a_map_may_list_what_is_handed_on_under_its_own_name():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b, ["b"], ["a"])
    function = tw.MapDispatch(
        dsp, recursive_inputs=["a"], constructor_kwargs={"outputs": ["a"], "wildcard": True, "output_type": "values"}
    )
    assert function([{"a": 1}, {}, {}]) == [2, 3, 4]


@pytest.mark.parametrize("output_type", ["all", "dict", "list", "values"])
@pytest.mark.parametrize("outputs", [["next"], ["next", "rate"]], ids=["one", "two"])
def test_a_map_hands_on_outputs_of_every_type(years, outputs, output_type):
    options = {"outputs": outputs, "output_type": output_type}
    function = tw.MapDispatch(years, {"rate": 2}, {"next": "size"}, constructor_kwargs=options)
    results = function([{"size": 1}, {}, {}])
    if output_type in ("all", "dict"):
        results = [result["next"] for result in results]
    elif outputs[1:] or output_type == "list":
        results = [result[0] for result in results]
    assert results == [2, 4, 8]


def test_a_map_hands_on_a_value_that_is_a_tuple():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: (*a, len(a)), ["a"], ["b"])
    options = {"outputs": ["b"], "output_type": "values"}
    function = tw.MapDispatch(dsp, recursive_inputs={"b": "a"}, constructor_kwargs=options)
    assert function([{"a": ()}, {}, {}]) == [(0,), (0, 1), (0, 1, 2)]


def test_a_map_hands_on_a_value_that_is_a_mapping():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: {**a, len(a): "x"}, ["a"], ["b"])
    options = {"outputs": ["b"], "output_type": "values"}
    function = tw.MapDispatch(dsp, recursive_inputs={"b": "a"}, constructor_kwargs=options)
    assert function([{"a": {}}, {}]) == [{0: "x"}, {0: "x", 1: "x"}]


def test_a_failure_in_one_element_of_a_map_takes_another_way_there(dsp):
    results = tw.MapDispatch(dsp)([GIVEN, {"a": -1, "b": -2}, GIVEN])
    assert [list(result.errors) for result in results] == [[], ["scale"], []]


def test_an_element_of_a_map_that_cannot_be_had_raises(dsp):
    function = tw.MapDispatch(dsp, constructor_kwargs={"outputs": ["c"]})
    with pytest.raises(UnreachableError):
        function([GIVEN, {"a": 1}])


def test_a_failing_map_takes_another_way_outside(dsp):
    parent = tw.Dispatcher()
    function = tw.MapDispatch(dsp, constructor_kwargs={"outputs": ["c"]}, function_id="each")
    parent.add_function(function=function, inputs=["rows"], outputs=["results"])
    parent.add_function("instead", len, ["rows"], ["results"], weight=5)
    solution = parent({"rows": [GIVEN, {"a": 1}]})
    assert (solution["results"], list(solution.errors)) == (2, ["each"])


def test_a_map_is_called_by_8_threads_at_once(years):
    function = tw.MapDispatch(years, {"rate": 2}, {"next": "size"})
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        return [year["next"] for year in function([{"size": number}, *[{}] * 30])]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert results == [[n * 2**i for i in range(1, 32)] for n in range(8)]


def test_a_map_pickles(dsp):
    twin = pickle.loads(pickle.dumps(tw.MapDispatch(dsp, {"b": 2}, {"c": "a"}, function_id="each")))
    assert ([result["c"] for result in twin([{"a": 1}, {}])], twin.__name__) == ([3, 5], "each")


def test_a_map_may_call_another_kind_of_function(dsp):
    function = tw.MapDispatch(
        dsp,
        constructor=tw.SubDispatchFunction,
        constructor_kwargs={"inputs": ["a", "b"], "outputs": ["c"], "first_arg_as_kw": True},
    )
    assert function([GIVEN, {"a": 3, "b": 4}]) == [3, 7]


def test_run_model_calls_a_function_that_is_itself_a_value(dsp):
    parent = tw.Dispatcher()
    parent.add_function("run", tw.run_model, ["model", "values"], ["solution"])
    assert parent({"model": dsp, "values": GIVEN})["solution"]["d"] == 30
    assert parent({"model": len, "values": GIVEN})["solution"] == 2


def test_run_model_lets_the_arguments_be_made():
    assert tw.run_model(max, 3, _init=lambda n: ((range(n),), {"key": lambda value: -value})) == 0

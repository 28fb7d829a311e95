"""Failures: every kind is recorded, and another way is taken."""

import copy
import pickle
from math import inf

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArityError, DispatchError, DomainError, UnreachableError


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


def fails(*args):
    raise ValueError("no luck")


def breaks_off(*args):
    """Several values, of which the second cannot be had."""
    yield 1
    raise ValueError("no luck")


class Unready(Exception):
    """Does not pickle: it cannot be made again from its arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")
        self.lock = lambda: None


KINDS = {  # how it fails: options of the function, its outputs, options of the datum b; kind, path and error
    "it raises": ({"function": fails}, "b", {}, ("error", "f", ValueError)),
    "it raises what ends an iteration": (
        {"function": lambda a: next(iter(()))},
        "b",
        {},
        ("error", "f", StopIteration),
    ),
    "its domain says no": ({"input_domain": lambda a: False}, "b", {}, ("refused", "f", DomainError)),
    "its domain says nothing": ({"input_domain": lambda a: None}, "b", {}, ("refused", "f", DomainError)),
    "its domain raises": ({"input_domain": fails}, "b", {}, ("domain", "f", DomainError)),
    "its domain cannot tell": ({"input_domain": lambda a: np.ones(2)}, "b", {}, ("domain", "f", DomainError)),
    "its filter raises": ({"filters": [fails]}, "b", {}, ("error", "f", ValueError)),
    "a filter of the datum raises": ({}, "b", {"filters": [lambda v: v or fails()]}, ("filter", "b", ValueError)),
    "it gives too few values": ({"function": lambda a: (1,)}, "bc", {}, ("arity", "f", ArityError)),
    "it gives too many values": ({"function": lambda a: (1, 2, 3)}, "bc", {}, ("arity", "f", ArityError)),
    "it gives one value for two": ({"function": lambda a: 5}, "bc", {}, ("arity", "f", ArityError)),
    "it gives a text for two": ({"function": lambda a: "bc"}, "bc", {}, ("arity", "f", ArityError)),
    "it gives bytes for two": ({"function": lambda a: b"bc"}, "bc", {}, ("arity", "f", ArityError)),
    "it gives a mapping for two": ({"function": lambda a: {"b": 1, "c": 2}}, "bc", {}, ("arity", "f", ArityError)),
    "it gives a set for two": ({"function": lambda a: {1, 2}}, "bc", {}, ("arity", "f", ArityError)),
    "it gives a number in an array for two": ({"function": np.float64}, "bc", {}, ("arity", "f", ArityError)),
    "it gives NONE for two": ({"function": lambda a: tw.NONE}, "bc", {}, ("arity", "f", ArityError)),
    "it breaks off between its values": ({"function": breaks_off}, "bc", {}, ("error", "f", ValueError)),
}
every_kind = pytest.mark.parametrize(("options", "outputs", "data", "expected"), KINDS.values(), ids=KINDS)


def failing(options, outputs, data, *, instead=True):
    """A model whose function f fails as told, with another way to b."""
    dsp = tw.Dispatcher(name="model")
    dsp.add_data("b", **data)
    dsp.add_function("f", **({"function": lambda a: a} | options), inputs=["a"], outputs=list(outputs))
    if instead:
        dsp.add_function("instead", lambda a: 7, ["a"], ["b"], weight=5)
    dsp.add_function("g", lambda b: b + 1, ["b"], ["d"])
    return dsp


@every_kind
@pytest.mark.parametrize("wanted", [None, ["d"]], ids=["everything", "wanted"])
def test_another_way_is_taken_when(options, outputs, data, expected, wanted):
    solution = failing(options, outputs, data)({"a": 0}, wanted)
    assert (solution["d"], solution.providers["b"], solution.distances["b"]) == (8, "instead", 7)


@every_kind
def test_it_is_recorded_that(options, outputs, data, expected):
    solution = failing(options, outputs, data)({"a": 0})
    (path, failure), *others = solution.errors.items()
    assert (failure.kind, failure.path, type(failure.error), others) == (*expected, [])
    assert path == failure.path


@every_kind
def test_the_alternative_is_recorded_when(options, outputs, data, expected):
    solution = failing(options, outputs, data)({"a": 0})
    (failure,) = solution.errors.values()
    assert failure.alternative["b"] == "instead"


@every_kind
def test_raises_true_ends_the_run_when(options, outputs, data, expected):
    dsp = failing(options, outputs, data)
    if expected[0] == "refused":  # an answer, no failure
        assert dsp({"a": 0}, raises=True)["d"] == 8
        return
    with pytest.raises(DispatchError) as ending:
        dsp({"a": 0}, raises=True)
    assert ending.value.path == expected[1]
    assert type(ending.value.__cause__) is expected[2]
    assert "d" not in ending.value.solution


@every_kind
def test_nothing_is_raised_by_raises_false_when(options, outputs, data, expected):
    assert failing(options, outputs, data)({"a": 0}, raises=False)["d"] == 8


@every_kind
def test_a_predicate_gets_the_error_when(options, outputs, data, expected):
    errors = []
    failing(options, outputs, data)({"a": 0}, raises=errors.append)
    assert [type(error) for error in errors] == [expected[2]]


@every_kind
def test_a_predicate_ends_the_run_when(options, outputs, data, expected):
    with pytest.raises(DispatchError):
        failing(options, outputs, data)({"a": 0}, raises=lambda error: isinstance(error, expected[2]))


@every_kind
def test_the_wanted_output_is_told_to_be_unreachable_when(options, outputs, data, expected):
    with pytest.raises(UnreachableError) as ending:
        failing(options, outputs, data, instead=False)({"a": 0}, ["b"])
    assert (ending.value.outputs, ending.value.failures) == (("b",), (expected[1],))
    assert type(ending.value.__cause__) is expected[2]


@every_kind
def test_a_solution_is_pickled_with_the_record_that(options, outputs, data, expected):
    solution = failing(options, outputs, data)({"a": 0})
    for twin in (pickle.loads(pickle.dumps(solution)), copy.deepcopy(solution)):
        (failure,) = twin.errors.values()
        assert (failure.kind, failure.path, type(failure.error)) == expected
        assert failure.alternative["b"] == "instead"
        assert failure.traceback == solution.errors[expected[1]].traceback


def test_an_output_given_as_NONE_comes_from_elsewhere(dsp):  # noqa: N802 - the name of the token
    dsp.add_function("f", lambda a: tw.NONE, ["a"], ["b"])
    dsp.add_function("g", lambda a: 2, ["a"], ["b"], weight=5)
    solution = dsp({"a": 1})
    assert (solution["b"], solution.providers["b"], solution.errors) == (2, "g", {})


def test_an_output_given_as_NONE_leaves_the_others(dsp):  # noqa: N802 - the name of the token
    dsp.add_function("f", lambda a: (1, tw.NONE), ["a"], ["b", "c"])
    dsp.add_function("g", lambda a: (3, 4), ["a"], ["b", "c"], weight=5)
    solution = dsp({"a": 1})
    assert (solution["b"], solution["c"]) == (1, 4)
    assert solution.providers == {"a": tw.START, "b": "f", "c": "g"}


def test_an_output_given_as_NONE_with_no_other_provider_has_no_value(dsp):  # noqa: N802 - the name of the token
    dsp.add_function("f", lambda a: (1, tw.NONE), ["a"], ["b", "c"])
    dsp.add_function("g", abs, ["c"], ["d"])
    assert dict(dsp({"a": 1})) == {"a": 1, "b": 1}


def test_a_filter_of_a_datum_that_gives_NONE_refuses_the_value(dsp):  # noqa: N802 - the name of the token
    dsp.add_data("b", filters=[lambda value: tw.NONE if value < 0 else value])
    dsp.add_function("f", lambda a: -1, ["a"], ["b"])
    dsp.add_function("g", lambda a: 1, ["a"], ["b"], weight=5)
    solution = dsp({"a": 1})
    assert (solution["b"], solution.errors["b"].kind) == (1, "filter")


def test_a_given_value_refused_by_the_filter_of_its_datum_comes_from_elsewhere(dsp):
    dsp.add_data("b", filters=[lambda value: value if value > 0 else fails()])
    dsp.add_function("f", lambda a: 1, ["a"], ["b"])
    solution = dsp({"a": 1, "b": -1})
    assert (solution["b"], solution.providers["b"], list(solution.errors)) == (1, "f", ["b"])


def test_a_default_refused_by_the_filter_of_its_datum_comes_from_elsewhere(dsp):
    dsp.add_data("b", -1, filters=[lambda value: value if value > 0 else fails()])
    dsp.add_function("f", lambda a: 1, ["a"], ["b"])
    assert dsp({"a": 1})["b"] == 1


def test_both_values_refused_by_one_filter_are_told(dsp):
    dsp.add_data("b", filters=[fails])
    dsp.add_function("f", lambda a: 1, ["a"], ["b"])
    dsp.add_function("g", lambda a: 2, ["a"], ["b"])
    solution = dsp({"a": 1})
    assert list(solution.errors) == ["b", "b<0>"]
    assert str(solution.why_not("b")).count("no luck") >= 2


def test_a_callback_that_raises_is_recorded_and_the_value_stays(dsp):
    dsp.add_data("b", callback=fails)
    dsp.add_function("f", lambda a: 1, ["a"], ["b"])
    dsp.add_function("g", lambda a: 2, ["a"], ["b"], weight=5)
    solution = dsp({"a": 1})
    assert (solution["b"], solution.errors["b"].kind, solution.calls) == (1, "callback", ["f"])


def test_a_callback_that_raises_ends_the_run_if_failures_do(dsp):
    dsp.add_data("b", callback=fails)
    dsp.add_function("f", lambda a: 1, ["a"], ["b"])
    with pytest.raises(DispatchError, match=r"'b' failed: ValueError: no luck"):
        dsp({"a": 1}, raises=True)


def test_an_estimator_that_raises_leaves_its_datum_without_a_value(dsp):
    dsp.add_data("c", wait_inputs=True, function=fails)
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["c"], ["d"])
    solution = dsp({"a": 1})
    assert (dict(solution), solution.errors["c"].kind) == ({"a": 1}, "error")


def test_an_incomplete_collection_whose_value_is_refused_is_given_up(dsp):
    asked = []

    def refuses(value):
        asked.append(value)
        if len(asked) > 3:
            raise SystemExit("asked again and again")
        raise ValueError("no luck")

    dsp.add_data("c", wait_inputs=True, filters=[refuses])
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["z"], ["c"])
    assert dict(dsp({"a": 1})) == {"a": 1}
    assert asked == [{"f": 1}]


def test_a_failed_provider_gives_no_estimate_and_its_collection_does_not_wait(dsp):
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", fails, ["a"], ["c"], weight=5)
    dsp.add_function("g", abs, ["a"], ["c"])
    solution = dsp({"a": 1})
    assert (solution["c"], solution.distances["c"], solution.providers["c"]) == ({"g": 1}, 7, ("g",))


def test_a_provider_that_gave_NONE_gives_no_estimate(dsp):  # noqa: N802 - the name of the token
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", lambda a: tw.NONE, ["a"], ["c"])
    dsp.add_function("g", abs, ["a"], ["c"])
    assert dsp({"a": 1})["c"] == {"g": 1}


def test_a_collection_to_which_nobody_gave_anything_has_no_value(dsp):
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", fails, ["a"], ["c"])
    dsp.add_function("g", lambda a: tw.NONE, ["a"], ["c"])
    assert dict(dsp({"a": 1})) == {"a": 1}


def gated(gate):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp = tw.Dispatcher(name="model")
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, input_domain=gate)
    dsp.add_function("instead", lambda a: 7, ["a"], ["b"], weight=5)
    return dsp


@pytest.mark.parametrize(
    ("gate", "kind"), [(lambda arrived: False, "refused"), (fails, "domain")], ids=["no", "raises"]
)
def test_a_gate_that_stays_shut_is_recorded_and_another_way_taken(gate, kind):
    solution = gated(gate)({"a": 1})
    assert (solution["b"], solution.errors["child"].kind, solution.calls) == (7, kind, ["instead"])


def test_a_failure_inside_a_child_has_its_path_and_takes_another_way_inside(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", fails, ["x"], ["y"])
    child.add_function("g", lambda x: 2, ["x"], ["y"], weight=5)
    dsp.add_dispatcher(child, ["x"], ["y"], dsp_id="part")
    solution = dsp({"x": 1})
    assert (solution["y"], list(solution.errors)) == (2, ["part/f"])
    assert solution.errors["part/f"].node == ("part", "f")


def test_a_failure_inside_a_child_without_another_way_takes_one_outside(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", fails, ["x"], ["y"])
    dsp.add_dispatcher(child, ["x"], ["y"])
    dsp.add_function("g", lambda x: 2, ["x"], ["y"], weight=5)
    solution = dsp({"x": 1})
    assert (solution["y"], solution.providers["y"]) == (2, "g")


def test_a_failure_inside_one_mounting_is_none_of_the_other(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", lambda x: 1 // x, ["x"], ["y"])
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "c"}, dsp_id="one")
    dsp.add_dispatcher(child, {"b": "x"}, {"y": "d"}, dsp_id="two")
    solution = dsp({"a": 0, "b": 1})
    assert (dict(solution), list(solution.errors)) == ({"a": 0, "b": 1, "d": 1}, ["one/f"])


def test_alternatives_are_tried_from_the_nearest_to_the_farthest(dsp):
    for weight in (3, 1, 2):
        dsp.add_function(f"f{weight}", fails, ["a"], ["b"], weight=weight)
    dsp.add_data("b", "last resort", inf)
    solution = dsp({"a": 1})
    assert (solution["b"], solution.calls) == ("last resort", ["f1", "f2", "f3"])


def test_known_values_are_kept_and_no_function_is_called_twice(dsp):
    calls = []

    def noting(name, function):
        return lambda *args: calls.append(name) or function(*args)

    dsp.add_function("f", noting("f", lambda a: a), ["a"], ["b"])
    dsp.add_function("g", noting("g", fails), ["b"], ["c"])
    dsp.add_function("h", noting("h", lambda b: b), ["b"], ["d"])
    dsp.add_function("i", noting("i", fails), ["c", "d"], ["e"])
    dsp.add_function("j", noting("j", lambda d: d), ["d"], ["c"], weight=2)
    dsp.add_function("k", noting("k", lambda d: d), ["d"], ["e"], weight=9)
    for outputs, beside in ((None, {"c": 8}), (["e"], {})):
        calls.clear()
        solution = dsp({"a": 1}, outputs)
        assert sorted(calls) == sorted(set(calls)) == sorted(solution.calls)
        assert solution.distances == {"a": 0, "b": 2, "d": 4, "e": 15} | beside


def test_by_products_of_a_way_that_was_given_up_are_not_in_the_solution(dsp):
    dsp.add_function("f", lambda a: "by-product", ["a"], ["b"])
    dsp.add_function("g", fails, ["b"], ["c"])
    dsp.add_function("h", lambda a: "instead", ["a"], ["c"], weight=9)
    solution = dsp({"a": 1}, ["c"])
    assert (dict(solution), solution.calls) == ({"a": 1, "c": "instead"}, ["f", "g", "h"])


def test_a_run_that_did_not_come_to_its_end_shows_how_far_it_came(dsp):
    dsp.add_function("f", lambda a: "so far", ["a"], ["b"])
    dsp.add_function("g", fails, ["b"], ["c"])
    for options in ({}, {"raises": True}):
        with pytest.raises(DispatchError) as caught:
            dsp({"a": 1}, ["c"], **options)
        assert dict(caught.value.solution) == {"a": 1, "b": "so far"}


def test_what_rested_on_a_failure_takes_its_own_alternative(dsp):
    dsp.add_function("f", fails, ["a"], ["b"])
    dsp.add_function("late f", lambda a: 1, ["a"], ["b"], weight=10)
    dsp.add_function("g", lambda b: "by b", ["b"], ["c"])
    dsp.add_function("h", lambda a: "by a", ["a"], ["c"], weight=5)
    solution = dsp({"a": 1}, ["c"])
    assert (solution["c"], solution.calls) == ("by a", ["f", "h"])


def test_nothing_is_called_after_a_failure_for_what_cannot_be_had(dsp):
    dsp.add_function("f", fails, ["a"], ["b"])
    dsp.add_function("instead", abs, ["a"], ["b"], weight=5)
    dsp.add_function("g", abs, ["a"], ["c"])
    dsp.add_function("h", max, ["c", "z"], ["d"])
    assert dsp({"a": 1}, ["b", "d"], raises=False).calls == ["f", "instead"]


def test_several_failures_on_the_way_to_what_cannot_be_had_leave_the_rest(dsp):
    dsp.add_function("f", lambda: (1, tw.NONE), [], ["a", "b"])
    dsp.add_data("c", filters=[fails])
    dsp.add_function("g", lambda: 1, [], ["c"], out_weight={"c": 0})
    dsp.add_function("h", max, ["c", "z"], ["d"])
    assert dict(dsp({}, ["a", "b", "d"], raises=False)) == {"a": 1}


def test_a_thousand_failures_leave_the_last_way():
    dsp = tw.Dispatcher()
    for i in range(1000):
        dsp.add_function(i, fails, ["a"], ["b"])
    dsp.add_function("last", lambda a: "done", ["a"], ["b"])
    solution = dsp({"a": 1})
    assert (solution["b"], len(solution.errors), solution.providers["b"]) == ("done", 1000, "last")


def test_the_alternative_of_a_failure_is_None_where_there_is_none(dsp):  # noqa: N802 - Python's None
    dsp.add_function("f", fails, ["a"], ["b", "c"])
    dsp.add_function("g", lambda a: 1, ["a"], ["b"], weight=5)
    assert dsp({"a": 1}).errors["f"].alternative == {"b": "g", "c": None}


def test_errors_come_in_the_order_in_which_they_happened(dsp):
    dsp.add_function("late", fails, ["a"], ["b"], weight=5)
    dsp.add_function("early", fails, ["a"], ["c"])
    assert list(dsp({"a": 1}).errors) == ["early", "late"]


def test_a_traceback_shows_the_functions_of_the_user_and_no_others(dsp):
    def outer(a):
        fails(a)

    dsp.add_function("f", outer, ["a"], ["b"])
    lines = dsp({"a": 1}).errors["f"].traceback.splitlines()
    assert (lines[0], lines[-1]) == ("Traceback (most recent call last):", "ValueError: no luck")
    assert [line.split()[-1] for line in lines if line.startswith("  File")] == ["outer", "fails"]


def test_the_traceback_of_a_domain_is_that_of_what_it_raised(dsp):
    dsp.add_function("f", abs, ["a"], ["b"], input_domain=fails)
    lines = dsp({"a": 1}).errors["f"].traceback.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("  File")] == ["fails"]
    assert lines[-1].endswith("ValueError: no luck")


def test_a_failure_as_text_says_what_where_and_what_instead():
    dsp = failing({"function": fails}, "b", {})
    assert str(dsp({"a": 1}).errors["f"]) == "f (error): ValueError: no luck; instead b from instead"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ((1,), "it gave 1 values for its 2 outputs 'b', 'c'; give as many as outputs"),
        ("bc", "it gave one str for its 2 outputs 'b', 'c'; give a tuple of 2"),
        (5, "it gave one int for its 2 outputs 'b', 'c'; give a tuple of 2"),
    ],
    ids=["few", "text", "number"],
)
def test_a_wrong_number_of_values_is_told_with_the_outputs(dsp, result, message):
    dsp.add_function("f", lambda a: result, ["a"], ["b", "c"])
    assert str(dsp({"a": 1}).errors["f"].error) == message


def test_an_endless_iterator_is_the_wrong_number_of_values(dsp):
    import itertools

    asked = iter(lambda: next(counter), 100)  # at 100 it ends, so that a test may fail
    counter = itertools.count()
    dsp.add_function("f", lambda a: asked, ["a"], ["b", "c"])
    assert dsp({"a": 1}).errors["f"].kind == "arity"
    assert next(counter) < 10


def test_an_error_that_cannot_be_pickled_is_kept_as_text(dsp):
    def breaks(a):
        raise Unready(1, 2)

    dsp.add_function("f", breaks, ["a"], ["b"])
    failure = dsp({"a": 1}).errors["f"]
    twin = pickle.loads(pickle.dumps(failure))
    assert (twin.path, str(twin.error)) == ("f", "Unready: 1 and 2")
    assert twin.traceback == failure.traceback


def test_the_exception_that_the_caller_handles_keeps_its_traceback(dsp):
    dsp.add_function("f", fails, ["a"], ["b"])

    def dispatch_while_handling():
        try:
            raise KeyError("of the caller")
        except KeyError as error:
            dsp({"a": 1})
            return error.__traceback__

    assert dispatch_while_handling() is not None


def test_an_error_raised_again_and_again_fails_each_time(dsp):
    error = ValueError("always the same")

    def same(a):
        raise error

    dsp.add_function("f", same, ["a"], ["b"])
    dsp.add_function("g", same, ["a"], ["c"])
    assert [failure.error for failure in dsp({"a": 1}).errors.values()] == [error, error]


def test_the_policy_of_the_model_is_taken_where_the_dispatch_says_nothing():
    dsp = tw.Dispatcher(raises=True)
    dsp.add_function("f", fails, ["a"], ["b"])
    with pytest.raises(DispatchError):
        dsp({"a": 1})


@pytest.mark.parametrize(
    "raises", [False, "unreachable", lambda error: False], ids=["False", "unreachable", "predicate"]
)
def test_the_policy_of_the_dispatch_comes_first(raises):
    dsp = tw.Dispatcher(raises=True)
    dsp.add_function("f", fails, ["a"], ["b"])
    assert list(dsp({"a": 1}, raises=raises).errors) == ["f"]


def test_an_ended_run_tells_what_was_known_and_what_had_failed(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", fails, ["b"], ["c"])
    dsp.add_function("h", abs, ["c"], ["d"])
    with pytest.raises(DispatchError, match=r"^'g' failed: ValueError: no luck$") as ending:
        dsp({"a": 1}, raises=True)
    assert (ending.value.path, dict(ending.value.solution)) == ("g", {"a": 1, "b": 1})
    assert list(ending.value.solution.errors) == ["g"]


def test_the_cause_of_an_ended_run_has_its_traceback(dsp):
    dsp.add_function("f", fails, ["a"], ["b"])
    with pytest.raises(DispatchError) as ending:
        dsp({"a": 1}, raises=True)
    trace = ending.value.__cause__.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert trace.tb_frame.f_code is fails.__code__


def test_a_failure_in_a_child_ends_the_run_with_its_path(dsp):
    child = tw.Dispatcher(name="child", raises=False)
    child.add_function("f", fails, ["x"], ["y"])
    dsp.add_dispatcher(child, ["x"], ["y"])
    with pytest.raises(DispatchError) as ending:
        dsp({"x": 1}, raises=True)
    assert ending.value.path == "child/f"


def test_what_would_help_does_not_count_on_what_has_failed(dsp):
    dsp.add_function("station", fails, ["place"], ["temperature"])
    dsp.add_function("almanac", lambda place, month: 9, ["place", "month"], ["temperature"])
    with pytest.raises(UnreachableError, match=r"failed: station; it would help to give 'month'") as caught:
        dsp({"place": "moor"}, ["temperature"])
    assert (caught.value.missing, caught.value.failures) == ((("month",),), ("station",))


def test_only_failures_that_stand_in_the_way_are_named(dsp):
    dsp.add_data("b", filters=[lambda value: value if value != "maybe" else fails()])
    dsp.add_function("first", lambda a: ("maybe", tw.NONE), ["a"], ["b", "c"])
    dsp.add_function("second", lambda a: ("yes", tw.NONE), ["a"], ["b", "c"], weight=5)
    dsp.add_function("both", lambda b, c: (b, c), ["b", "c"], ["d"])
    with pytest.raises(UnreachableError, match=r"it would help to give 'c'") as caught:
        dsp({"a": 1}, ["d"])
    assert caught.value.failures == ()
    assert caught.value.missing[0] == ("c",)


def test_the_alternative_of_a_refused_value_is_that_of_its_datum_alone(dsp):
    dsp.add_data("b", filters=[lambda value: value if value != "maybe" else fails()])
    dsp.add_function("first", lambda a: ("maybe", 1), ["a"], ["b", "c"])
    dsp.add_function("second", lambda a: "yes", ["a"], ["b"], weight=5)
    solution = dsp({"a": 1})
    assert (dict(solution), solution.errors["b"].alternative) == ({"a": 1, "c": 1, "b": "yes"}, {"b": "second"})

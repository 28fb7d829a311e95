"""What a person asks of a dispatch, and what they are told if it cannot be."""

import pickle

import pytest

import thalweg as tw
from thalweg.errors import BuildError, UnknownNodeError, UnreachableError
from thalweg.executors import InlineExecutor


@pytest.fixture
def called():
    return []


@pytest.fixture
def dsp(called):
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("f", lambda mass: called.append("f") or mass + 1, ["mass"], ["force"])
    dsp.add_function("g", lambda force, time: called.append("g") or force * time, ["force", "time"], ["impulse"])
    return dsp


def test_calling_a_model_dispatches_it(dsp):
    assert dict(dsp({"mass": 1})) == dict(dsp.dispatch({"mass": 1})) == {"mass": 1, "force": 2}


def test_nothing_need_be_given():
    dsp = tw.Dispatcher(default_values={"a": -1})
    dsp.add_function("f", abs, ["a"], ["b"])
    assert dict(dsp()) == {"a": -1, "b": 1}


def test_an_empty_model_gives_an_empty_solution():
    assert dict(tw.Dispatcher()()) == {}


def test_nothing_wanted_is_nothing_computed(dsp, called):
    dsp({"mass": 1}, [])
    assert called == []


def test_any_mapping_may_be_given(dsp):
    from types import MappingProxyType

    assert dsp(MappingProxyType({"mass": 1}))["force"] == 2
    assert dsp(dsp({"mass": 1}))["force"] == 2


def test_inputs_that_are_no_mapping_are_refused_with_the_cure(dsp):
    with pytest.raises(BuildError, match="inputs is a list; give a mapping"):
        dsp(["mass"])


def test_an_unknown_input_is_refused_with_near_misses(dsp, called):
    with pytest.raises(UnknownNodeError, match=r"unknown input 'mas'; did you mean 'mass'\?.*strict=False") as refusal:
        dsp({"mas": 1})
    assert (refusal.value.name, refusal.value.suggestions, called) == ("mas", ("mass",), [])


def test_an_unknown_output_is_refused_with_near_misses(dsp, called):
    with pytest.raises(UnknownNodeError, match=r"unknown output 'forse'; did you mean 'force'\?") as refusal:
        dsp({"mass": 1}, ["forse"])
    assert (refusal.value.name, refusal.value.suggestions, called) == ("forse", ("force",), [])


def test_a_name_like_no_other_is_refused_without_suggestions(dsp):
    with pytest.raises(UnknownNodeError) as refusal:
        dsp({"zzz": 1})
    assert (refusal.value.suggestions, "did you mean" in str(refusal.value)) == ((), False)


def test_a_function_is_no_input(dsp):
    with pytest.raises(UnknownNodeError, match="unknown input 'f'"):
        dsp({"f": 1})


def test_an_unknown_input_passes_through_if_not_strict(dsp):
    solution = dsp({"mass": 1, "note": "n"}, strict=False)
    assert dict(solution) == {"mass": 1, "force": 2, "note": "n"}


def test_what_passes_through_has_neither_provider_nor_distance(dsp):
    solution = dsp({"mass": 1, "note": "n"}, strict=False)
    assert (list(solution.providers), list(solution.distances)) == (["mass", "force"], ["mass", "force"])


def test_what_passes_through_survives_pickling(dsp):
    solution = dsp({"mass": 1, "note": "n"}, strict=False)
    assert dict(pickle.loads(pickle.dumps(solution))) == dict(solution)


def test_an_unknown_output_is_refused_though_not_strict(dsp):
    with pytest.raises(UnknownNodeError):
        dsp({"mass": 1}, ["forse"], strict=False)


def test_initial_distances_decide_between_given_and_computed(dsp):
    assert dsp({"mass": 1, "force": 9}, inputs_dist={"force": 1})["force"] == 9
    assert dsp({"mass": 1, "force": 9}, inputs_dist={"force": 3})["force"] == 2


def test_a_last_resort_is_used_where_nothing_else_can_be_had(dsp):
    dsp.add_data("time", 10, float("inf"))
    dsp.add_function("h", lambda force: 2, ["force"], ["time"], weight=1e6, input_domain=lambda force: force > 2)
    assert [dsp({"mass": mass})["time"] for mass in (1, 2)] == [10, 2]


def test_the_tree_may_prefer_another_way_than_the_span():
    dsp = tw.Dispatcher()
    dsp.add_function("narrow", lambda a: "narrow", ["a"], ["d"], weight=1.5)
    dsp.add_function("broad", lambda a, b, c: "broad", outputs=["d"])
    given = {"a": 1, "b": 2, "c": 3}
    assert [dsp(given, objective=objective)["d"] for objective in ("span", "tree")] == ["broad", "narrow"]


def test_an_executor_makes_the_calls(dsp):
    class Counting(InlineExecutor):
        calls = 0

        def start(self, attempt):
            self.calls += 1
            super().start(attempt)

    executor = Counting()
    assert dsp({"mass": 1}, ["force"], executor=executor)["force"] == 2
    assert executor.calls == 1


def test_an_executor_may_drive_by_itself(dsp):
    class Driving:
        runs = 0

        def drive(self, run):
            self.runs += 1
            InlineExecutor().drive(run)

    executor = Driving()
    assert dsp({"mass": 1}, executor=executor)["force"] == 2
    assert executor.runs == 1


@pytest.mark.parametrize("outputs", [None, ["impulse"]])
def test_a_word_for_keep_that_does_not_exist_is_refused_by_name(dsp, outputs):
    with pytest.raises(BuildError, match=r"keep='some'.*'all' or 'outputs'"):
        dsp({"mass": 1, "time": 1}, outputs, keep="some")


def test_select_output_kw_picks_the_result(dsp):
    select = {"keys": ["force", "mass"], "output_type": "values"}
    assert dsp({"mass": 1}, select_output_kw=select) == (2, 1)


def test_the_latest_solution_is_kept_on_the_model(dsp):
    solution = dsp({"mass": 1})
    assert dsp.solution is solution


def test_a_model_that_was_never_dispatched_has_no_solution(dsp):
    assert dsp.solution is None


def test_a_pickled_model_has_no_solution():
    dsp = tw.Dispatcher(default_values={"a": 1})
    dsp()
    assert pickle.loads(pickle.dumps(dsp)).solution is None


def test_nothing_is_called_if_a_wanted_output_is_unreachable_from_the_start(dsp, called):
    with pytest.raises(UnreachableError):
        dsp({"mass": 1}, ["force", "impulse"])
    assert called == []


def test_an_unreachable_output_is_told_by_name_with_what_is_missing(dsp):
    with pytest.raises(UnreachableError, match=r"'impulse' cannot be computed.*give 'time'") as refusal:
        dsp({"mass": 1}, ["force", "impulse"])
    assert (refusal.value.outputs, refusal.value.missing[0], refusal.value.failures) == (("impulse",), ("time",), ())


def test_an_unreachable_output_is_told_with_the_failures_in_its_way(dsp):
    def fails(force):
        raise ValueError("no luck")

    dsp.add_function("h", fails, ["force"], ["heat"])
    with pytest.raises(UnreachableError, match=r"'heat' cannot be computed.*failed: h") as refusal:
        dsp({"mass": 1}, ["heat"])
    assert (refusal.value.outputs, refusal.value.failures) == (("heat",), ("h",))
    assert isinstance(refusal.value.__cause__, ValueError)


def test_what_could_be_had_is_on_the_error(dsp):
    dsp.add_function("h", lambda force: 1 / 0, ["force"], ["heat"])
    with pytest.raises(UnreachableError) as refusal:
        dsp({"mass": 1}, ["heat"])
    assert dict(refusal.value.solution) == {"mass": 1, "force": 2}
    assert list(refusal.value.solution.errors) == ["h"]


def test_an_unreachable_error_is_pickled_with_what_it_knows(dsp):
    dsp.add_function("h", lambda force: 1 / 0, ["force"], ["heat"])
    with pytest.raises(UnreachableError) as refusal:
        dsp({"mass": 1}, ["heat"])
    twin = pickle.loads(pickle.dumps(refusal.value))
    assert (str(twin), twin.outputs, twin.missing, twin.failures) == (
        str(refusal.value),
        refusal.value.outputs,
        refusal.value.missing,
        refusal.value.failures,
    )
    assert dict(twin.solution) == {"mass": 1, "force": 2}


def test_a_function_without_outputs_may_be_unreachable(dsp):
    dsp.add_function("show", abs, ["impulse"])
    with pytest.raises(UnreachableError) as refusal:
        dsp({"mass": 1}, ["show"])
    assert refusal.value.outputs == ("show",)


def test_an_unreachable_error_is_a_lookup_error(dsp):
    with pytest.raises(LookupError):
        dsp({"mass": 1}, ["impulse"])


def test_what_can_be_had_is_computed_if_nothing_is_raised(dsp):
    solution = dsp({"mass": 1}, ["force", "impulse"], raises=False)
    assert (dict(solution), solution.unreachable) == ({"mass": 1, "force": 2}, ("impulse",))


def test_a_model_may_say_that_nothing_is_raised():
    dsp = tw.Dispatcher(raises=False)
    dsp.add_function("f", abs, ["a"], ["b"])
    assert dict(dsp({}, ["b"])) == {}


def test_a_missing_default_in_a_child_is_told_with_its_way(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", lambda x, y: x, ["x", "y"], ["z"])
    dsp.add_dispatcher(child, {"mass": "x", "speed": "y"}, {"z": "energy"})
    with pytest.raises(UnreachableError, match="give 'speed'"):
        dsp({"mass": 1}, ["energy"])


def test_two_dispatches_of_one_model_do_not_see_each_other(dsp):
    first = dsp({"mass": 1})
    second = dsp({"mass": 2})
    assert (first["force"], second["force"]) == (2, 3)

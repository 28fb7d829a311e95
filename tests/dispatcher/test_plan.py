"""Plans: the calls that the wanted outputs need, in order, and no other."""

import pytest

import thalweg as tw
from thalweg.errors import BuildError, UnknownNodeError


@pytest.fixture
def called():
    return []


@pytest.fixture
def dsp(called):
    dsp = tw.Dispatcher(name="model")

    def noting(name):
        def function(*args):
            called.append(name)
            return name

        return function

    dsp.add_function("f", noting("f"), ["a"], ["b"])
    dsp.add_function("g", noting("g"), ["b"], ["c"])
    dsp.add_function("twin of g", noting("twin of g"), ["b"], ["c"])
    dsp.add_function("h", noting("h"), ["a"], ["d"])
    dsp.add_function("show", noting("show"), ["d"])
    dsp.add_function("tell", noting("tell"), ["b"], weight=1)
    return dsp


def test_solving_calls_nothing(dsp, called):
    dsp.solve(["a"])
    assert called == []


def test_everything_computable_is_planned_where_nothing_is_wanted(dsp):
    assert dsp.solve(["a"]).calls == ["f", "h", "g", "show", "tell"]


def test_only_the_derivations_of_what_is_wanted_are_planned(dsp):
    assert dsp.solve(["a"], ["c"]).calls == ["f", "g"]


def test_a_call_is_planned_after_those_that_it_rests_on(dsp):
    assert dsp.solve(["a"], ["c", "d"]).calls == ["f", "h", "g"]


def test_what_is_given_is_not_planned(dsp):
    assert dsp.solve(["a", "b"], ["c"]).calls == ["g"]


def test_nothing_is_planned_for_what_is_given(dsp):
    assert dsp.solve(["a", "c"], ["c"]).calls == []


def test_a_function_without_outputs_may_be_wanted_by_its_name(dsp):
    assert dsp.solve(["a"], ["tell"]).calls == ["f", "tell"]


def test_all_functions_without_outputs_are_wanted_by_SINK(dsp):  # noqa: N802 - the name of the token
    assert dsp.solve(["a"], [tw.SINK]).calls == ["f", "h", "show", "tell"]


def test_a_datum_wanted_twice_is_planned_once(dsp):
    assert dsp.solve(["a"], ["b", "b"]).calls == ["f"]


def test_inputs_are_ids_or_a_mapping(dsp):
    assert dsp.solve({"a": 1}, ["c"]).calls == dsp.solve(("a",), ["c"]).calls == dsp.solve(iter("a"), ["c"]).calls


def test_distances_are_those_of_the_planned_data(dsp):
    assert dsp.solve(["a"], ["c"]).distances == {"a": 0, "b": 2, "c": 4}


def test_providers_are_those_of_the_planned_data(dsp):
    assert dsp.solve(["a"], ["c"]).providers == {"a": tw.START, "b": "f", "c": "g"}


def test_what_cannot_be_had_is_told(dsp):
    assert dsp.solve([], ["b", "show"]).unreachable == ("b", "show")


def test_what_can_be_had_is_planned_though_something_cannot(dsp):
    assert dsp.solve(["d"], ["b", "show"]).calls == ["show"]


def test_the_call_of_a_child_has_its_path(dsp):
    child = tw.Dispatcher()
    child.add_dispatcher(dsp, ["a"], ["b"], dsp_id="inner")
    parent = tw.Dispatcher()
    parent.add_dispatcher(child, ["a"], ["b"], dsp_id="outer")
    assert parent.solve(["a"], ["b"]).calls == ["outer/inner/f"]


def test_a_plan_shows_its_calls(dsp):
    assert repr(dsp.solve(["a"], ["c"])) == "Plan(['f', 'g'])"


def test_running_a_plan_makes_its_calls(dsp, called):
    plan = dsp.solve(["a"], ["c"])
    solution = dsp.run(plan, {"a": 1})
    assert solution["c"] == "g"
    assert called == solution.calls == plan.calls


def test_a_plan_is_run_any_number_of_times(dsp):
    plan = dsp.solve(["a"], ["c"])
    assert [dict(dsp.run(plan, {"a": i}))["a"] for i in range(3)] == [0, 1, 2]


def test_a_plan_is_the_same_after_a_run_that_failed():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: 1 // a, ["a"], ["b"])
    dsp.add_function("g", lambda a: -1, ["a"], ["b"], weight=1)
    dsp.add_function("h", abs, ["b"], ["c"])
    plan = dsp.solve(["a"], ["c"])
    before = plan.calls, plan.distances, plan.providers
    assert [dsp.run(plan, {"a": a})["b"] for a in (0, 1, 0)] == [-1, 1, -1]
    assert (plan.calls, plan.distances, plan.providers) == before


def test_a_plan_outlives_changes_of_its_model(dsp):
    plan = dsp.solve(["a"], ["c"])
    dsp.add_function("new", lambda a: "new", ["a"], ["c"], priority=1)
    assert dsp.run(plan, {"a": 1})["c"] == "g"


def test_a_plan_is_refused_other_inputs_than_its_own(dsp):
    plan = dsp.solve(["a"], ["c"])
    with pytest.raises(BuildError, match=r"\['a'\].*solve for these inputs"):
        dsp.run(plan, {"b": 1})


def test_an_unknown_input_is_named_with_near_misses(dsp):
    dsp.add_data("mass")
    with pytest.raises(UnknownNodeError, match=r"input 'mas'; did you mean 'mass'\?.*strict=False"):
        dsp.solve(["mas"])


def test_an_unknown_input_is_left_out_if_not_strict(dsp):
    assert dsp.solve(["a", "nonsense"], ["b"], strict=False).calls == ["f"]


def test_an_unknown_output_is_named_with_near_misses(dsp):
    with pytest.raises(UnknownNodeError, match=r"output 'shwo'; did you mean 'show'\?"):
        dsp.solve(["a"], ["shwo"])


def test_a_function_with_outputs_is_no_output(dsp):
    with pytest.raises(UnknownNodeError, match="output 'f'"):
        dsp.solve(["a"], ["f"])


@pytest.mark.parametrize("ids", ["a", 3], ids=repr)
def test_inputs_and_outputs_that_are_no_list_are_refused(dsp, ids):
    with pytest.raises(BuildError, match="inputs is"):
        dsp.solve(ids)
    with pytest.raises(BuildError, match="outputs is"):
        dsp.solve(["a"], ids)


@pytest.mark.parametrize("distance", [-1, float("nan"), "far", None], ids=repr)
def test_a_distance_of_an_input_that_is_none_is_refused(dsp, distance):
    with pytest.raises(BuildError, match=r"inputs_dist\['a'\]"):
        dsp.solve(["a"], inputs_dist={"a": distance})


def test_a_distance_of_what_is_not_given_is_refused(dsp):
    with pytest.raises(UnknownNodeError, match=r"'b'.*not among the inputs"):
        dsp.solve(["a"], inputs_dist={"b": 1})


def test_a_chain_of_20000_functions_is_planned():
    dsp = tw.Dispatcher()
    for i in range(20_000):
        dsp.add_function(("f", i), abs, [i], [i + 1])
    plan = dsp.solve([0], [20_000])
    assert (len(plan.calls), plan.distances[20_000]) == (20_000, 40_000)

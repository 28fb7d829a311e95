"""The same question with other values: what is computed again, what is kept, and what is refused."""

import asyncio
import copy
import gc
import pickle
import re
import threading
import weakref

import pytest

import thalweg as tw
from thalweg.errors import BuildError, DispatchError, RunTimeout, UnknownNodeError, UnreachableError


class Counted:
    """A model of two branches that notes its calls."""

    def __init__(self):
        self.calls = []
        self.dsp = tw.Dispatcher(name="counted")
        self.add("left", ["a"], ["b"])
        self.add("right", ["x"], ["y"])
        self.add("both", ["b", "y"], ["c"])

    def add(self, name, inputs, outputs, function=None, **options):
        def noting(*args):
            self.calls.append(name)
            if function is not None:
                return function(*args)
            return f"{name}({', '.join(map(str, args))})"

        self.dsp.add_function(name, noting, inputs, outputs, **options)

    def heard(self):
        heard, self.calls[:] = list(self.calls), []
        return heard


@pytest.fixture
def model():
    return Counted()


def fail_if(bad):
    def function(value):
        if value == bad:
            raise ValueError(bad)
        return value

    return function


def test_only_what_depends_on_a_change_is_called(model):
    first = model.dsp({"a": 1, "x": 2})
    model.heard()
    second = first.rerun({"a": 3})
    assert model.heard() == second.recomputed == ["left", "both"]
    assert dict(second) == {"a": 3, "x": 2, "b": "left(3)", "y": "right(2)", "c": "both(left(3), right(2))"}
    assert second.calls == first.calls == first.recomputed
    assert first["a"] == 1


def test_no_change_calls_nothing(model):
    first = model.dsp({"a": 1, "x": 2}, ["c"])
    model.heard()
    assert dict(first.rerun({})) == dict(first)
    assert model.heard() == []


def test_it_can_be_done_again_and_again(model):
    solution = model.dsp({"a": 0, "x": 0})
    for number in range(5):
        solution = solution.rerun({"a": number}).rerun({"x": number})
    assert dict(solution) == dict(model.dsp({"a": 4, "x": 4}))


def test_a_further_input_is_taken_and_one_is_taken_away(model):
    first = model.dsp({"a": 1})
    assert "c" not in first
    model.heard()
    second = first.rerun({"x": 2})
    assert model.heard() == ["right", "both"]
    assert dict(second) == dict(model.dsp({"a": 1, "x": 2}))
    model.heard()
    third = second.rerun({"a": tw.EMPTY})
    assert model.heard() == []
    assert (dict(third), third.calls) == ({"x": 2, "y": "right(2)"}, ["right"])


def test_a_given_value_in_the_place_of_a_computed_one_ends_the_computing(model):
    first = model.dsp({"a": 1, "x": 2})
    model.heard()
    second = first.rerun({"b": "given"})
    assert model.heard() == ["both"]
    assert second.providers["b"] is tw.START
    assert second.rerun({"b": tw.EMPTY})["b"] == "left(1)"
    assert model.heard() == ["left", "both"]


def test_distances_stay_unless_they_are_changed(model):
    first = model.dsp({"a": 1, "x": 2}, inputs_dist={"a": 5})
    assert first.rerun({"a": 2}).distances["a"] == 5
    nearer = first.rerun({"a": 2}, inputs_dist={"a": 1})
    assert nearer.distances == model.dsp({"a": 2, "x": 2}, inputs_dist={"a": 1}).distances
    with pytest.raises(UnknownNodeError, match="inputs_dist"):
        first.rerun({}, inputs_dist={"y": 1})
    with pytest.raises(BuildError, match="not negative"):
        first.rerun({}, inputs_dist={"a": -1})


def test_a_failure_takes_the_other_way_and_nothing_is_called_twice(model):
    model.add("first", ["c"], ["d"], fail_if("both(left(bad), right(2))"))
    model.add("second", ["c"], ["d"], weight=1)
    good = model.dsp({"a": 1, "x": 2})
    model.heard()
    bad = good.rerun({"a": "bad"})
    assert model.heard() == bad.recomputed == ["left", "both", "first", "second"]
    assert bad.providers["d"] == "second"
    assert list(bad.errors) == ["first"]
    assert bad.rerun({"a": 1}).providers["d"] == "first"


def test_a_way_that_was_gone_before_is_left_where_it_does_not_lead_on(model):
    model.add(
        "picky", ["b"], ["d"], lambda b: {"left(bad)": fail_if(b), "left(none)": lambda b: tw.NONE}.get(b, str)(b)
    )
    model.add("other", ["b"], ["d"], weight=9)
    model.add("end", ["d"], ["e"])
    first = model.dsp({"a": 0, "x": 0}).rerun({"a": 1})
    for value in (2, "bad", 3, "none"):
        model.heard()
        second = first.rerun({"a": value})
        provider = "other" if isinstance(value, str) else "picky"
        assert sorted(model.heard()) == sorted(second.recomputed)
        assert sorted({*second.recomputed}) == sorted({"left", "both", "picky", provider, "end"})
        assert second.providers["d"] == provider
        assert dict(second) == dict(model.dsp({"a": value, "x": 0}))
        assert [each.traceback.count("fail_if") for each in second.errors.values()] == [1] * (value == "bad")


def test_what_failed_for_other_reasons_has_failed_again(model):
    model.add("fails", ["x"], ["z"], fail_if(2))
    model.add("instead", ["x"], ["z"], weight=1)
    first = model.dsp({"a": 1, "x": 2})
    model.heard()
    for second in (first.rerun({"a": 3}), first.rerun({"a": 3, "b": 4}), first.rerun({"a": 3}, timeline=True)):
        assert "fails" not in model.heard()
        failure = second.errors["fails"]
        assert failure.alternative == {"z": "instead"}
        assert failure.error is first.errors["fails"].error
        assert "ValueError" in failure.traceback
        assert failure.traceback == first.errors["fails"].traceback
        assert second.get_node("fails").state == "failed"


def test_filters_and_callbacks_are_those_of_changed_values_alone(model):
    seen = []
    for name in ("a", "b", "x", "y"):
        model.dsp.add_data(name, filters=[lambda value, name=name: seen.append(name) or value])
        model.dsp.add_data(name, callback=lambda value, name=name: seen.append((name, value)))
    first = model.dsp({"a": 1, "x": 2})
    seen.clear()
    first.rerun({"a": 3})
    assert seen == ["a", ("a", 3), "b", ("b", "left(3)")]
    seen.clear()
    first.rerun({"a": 3}, executor="threads")
    assert seen == ["a", ("a", 3), "b", ("b", "left(3)")]


def test_a_child_is_computed_again_only_where_it_depends():
    child = Counted()
    dsp = tw.Dispatcher(name="parent")
    dsp.add_dispatcher(child.dsp, {"p": "a", "q": "x"}, {"c": "r"}, dsp_id="child")
    first = dsp({"p": 1, "q": 2})
    child.heard()
    second = first.rerun({"q": 3})
    assert child.heard() == ["right", "both"]
    assert second.sub("child")["y"] == "right(3)"
    assert (second.recomputed, second.sub("child").recomputed) == (["child/right", "child/both"], ["right", "both"])
    with pytest.raises(BuildError, match="rerun that of the whole"):
        second.sub("child").rerun({"a": 1})


def test_a_wildcard_is_heeded_where_an_output_comes_to_be_given():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: x + 1, ["x"], ["y"])
    dsp.add_function("g", lambda y: 2 * y, ["y"], ["x"])
    for wildcard in (True, False):
        first = dsp({"y": 1}, ["x"], wildcard=wildcard)
        second = first.rerun({"x": 5})
        assert dict(second) == dict(dsp({"y": 1, "x": 5}, ["x"], wildcard=wildcard))
        third = second.rerun({"y": tw.EMPTY})
        assert dict(third) == dict(dsp({"x": 5}, ["x"], wildcard=wildcard))
        assert dict(third.rerun({"x": tw.EMPTY, "y": 1})) == dict(first)
    dsp.add_data("new")
    with pytest.raises(BuildError, match="changed or is gone"):
        first.rerun({"x": 5})


@pytest.mark.parametrize("executor", ["sync", "threads", "async", "processes"])
def test_it_is_done_by_the_executor_of_the_first_run(executor):
    dsp = tw.Dispatcher()
    dsp.add_function("absolute", abs, ["a"], ["b"])
    dsp.add_function("length", len, ["x"], ["y"])
    dsp.add_function("power", pow, ["b", "y"], ["c"])
    first = dsp({"a": -3, "x": "xx"}, executor=executor, timeline=True)
    second = first.rerun({"a": -2}, timeline=True)
    assert (second["c"], second.recomputed) == (4, ["absolute", "power"])
    kinds = [{re.sub(r"[-\d ]", "", call.place) for call in solution.timeline()} for solution in (first, second)]
    assert kinds[0] == kinds[1]
    assert [call.path for call in second.timeline()] == second.recomputed
    assert {second.get_node(path).state for path in second.calls} == {"done"}


def test_coroutines_are_awaited_again():
    async def later(value):
        await asyncio.sleep(0)
        return value + 1

    dsp = tw.Dispatcher()
    dsp.add_function("later", later, ["a"], ["b"])
    dsp.add_function("other", later, ["x"], ["y"])
    second = dsp({"a": 1, "x": 2}).rerun({"a": 5})
    assert (second["b"], second["y"], second.recomputed) == (6, 3, ["later"])


def test_a_run_that_was_ended_early_goes_on_from_what_it_knew(model):
    model.add("fails", ["x"], ["z"], fail_if(2))
    with pytest.raises(DispatchError) as caught:
        model.dsp({"a": 1, "x": 2}, raises=True)
    assert model.heard() == ["left", "right", "fails"]
    second = caught.value.solution.rerun({"x": 3})
    assert model.heard() == second.recomputed == ["right", "fails", "both"]
    assert dict(second) == dict(model.dsp({"a": 1, "x": 3}))
    with pytest.raises(DispatchError):
        second.rerun({"x": 2})


def test_what_could_not_be_had_can_be_had_with_what_was_missing(model):
    with pytest.raises(UnreachableError) as caught:
        model.dsp({"a": 1}, ["c"])
    assert caught.value.solution.rerun({"x": 2})["c"] == "both(left(1), right(2))"
    with pytest.raises(UnreachableError, match="'c' cannot be computed"):
        model.dsp({"a": 1, "x": 2}, ["c"]).rerun({"x": tw.EMPTY})


def test_options_of_the_first_run_count_unless_others_are_given(model):
    model.add("fails", ["x"], ["z"], fail_if(2))
    lenient = model.dsp({"a": 1, "x": 1}, raises=False)
    assert "fails" in lenient.rerun({"x": 2}).errors
    with pytest.raises(DispatchError):
        lenient.rerun({"x": 2}, raises=True)
    ended = threading.Event()
    model.add("stuck", ["w"], ["v"], lambda w: ended.wait(60))
    try:
        with pytest.raises(RunTimeout):
            lenient = model.dsp({"a": 1, "x": 1}, raises=False).rerun({"w": 1}, timeout=0.05, executor="threads")
    finally:
        ended.set()
    with pytest.raises(BuildError, match="no keyword 'keep'; it has executor"):
        lenient.rerun({}, keep="outputs")


def test_names_that_the_model_does_not_know(model):
    first = model.dsp({"a": 1, "x": 2, "other": 3}, strict=False)
    second = first.rerun({"other": 4, "a": 5})
    assert (second["other"], second["b"]) == (4, "left(5)")
    assert list(second) == list(model.dsp({"a": 5, "x": 2, "other": 4}, strict=False))
    assert "other" not in second.rerun({"other": tw.EMPTY})
    with pytest.raises(UnknownNodeError, match="'aa'"):
        second.rerun({"aa": 1})
    assert second.rerun({"aa": 1}, strict=False)["aa"] == 1
    with pytest.raises(BuildError, match="changes is a list"):
        second.rerun(["a"])


def test_values_that_were_let_go_have_to_be_given_again(model):
    first = model.dsp({"a": 1, "x": 2}, ["c"], keep="outputs")
    with pytest.raises(BuildError, match="let the value of 'x' go"):
        first.rerun({"a": 3})
    assert first.rerun({"a": 3, "x": 2})["c"] == "both(left(3), right(2))"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda solution: pickle.loads(pickle.dumps(solution))])
def test_without_functions_it_is_refused(again):
    dsp = tw.Dispatcher()
    dsp.add_function("absolute", abs, ["a"], ["b"])
    solution = again(dsp({"a": -1}).rerun({"a": -2}))
    assert (solution["b"], solution.recomputed) == (2, ["absolute"])
    with pytest.raises(BuildError, match="has no functions"):
        solution.rerun({"a": 1})


def test_the_model_may_have_changed_or_be_gone_and_its_solution_stays(model):
    dsp = model.dsp
    first = dsp({"a": 1, "x": 2})
    dsp.add_function("new", lambda b: b, ["b"], ["n"])
    second = first.rerun({"a": 3})
    assert "n" not in second
    assert dsp.solution is first
    there = weakref.ref(dsp)
    del dsp, model.dsp
    assert there() is None
    assert dict(second.rerun({"a": 4, "b": 5}))["c"] == "both(5, right(2))"


def test_a_value_changed_in_place_is_taken_as_it_is_now():
    dsp = tw.Dispatcher()
    dsp.add_function("total", sum, ["numbers"], ["sum"])
    dsp.add_function("scaled", lambda numbers, factor: [factor * x for x in numbers], ["numbers", "factor"], ["more"])
    numbers = [1, 2]
    first = dsp({"numbers": numbers, "factor": 1})
    numbers.append(3)
    second = first.rerun({"factor": 2})
    assert (second["sum"], second["more"]) == (3, [2, 4, 6])


class Big:
    """A value whose going can be seen."""


@pytest.mark.parametrize("changes", [{"x": 3}, {"x": "bad"}, {"b": 3}])
def test_solutions_are_freed_one_by_one(model, changes):
    model.add("fails", ["x"], ["z"], fail_if("bad"))
    model.add("made", ["x"], ["big"], lambda x: Big())
    gc.collect()
    gc.disable()
    try:
        first = model.dsp({"a": Big(), "x": 2})
        second = first.rerun(changes)
        model.dsp.solution = None
        there = [weakref.ref(first["a"]), weakref.ref(first["big"])]
        del first
        assert [reference() is None for reference in there] == [False, "x" in changes]
        there.append(weakref.ref(second["big"]))
        del second
        assert [reference() for reference in there] == [None] * 3
    finally:
        gc.enable()


def test_a_large_solution_is_like_a_small_one():
    dsp = tw.Dispatcher()
    for i in range(3000):
        dsp.add_function(f"f{i}", lambda x: x + 1, [f"x{i}"], [f"y{i}"])
    inputs = {f"x{i}": i for i in range(3000)}
    solution = dsp(inputs)
    for number in range(0, 3000, 250):
        changes = {f"x{i}": -i for i in range(number, number + 250)}
        inputs |= changes
        for _ in range(2):
            solution = solution.rerun(changes)
        assert (solution["x5"], solution["y5"], "y6" in solution, "z" in solution, len(solution)) == (
            -5,
            -4,
            True,
            False,
            6000,
        )
    fresh = dsp(inputs)
    assert (dict(solution), list(solution), repr(solution)) == (dict(fresh), list(fresh), repr(fresh))
    again = pickle.loads(pickle.dumps(solution.rerun({"x1": 0})))
    assert (again["y1"], again.get_node("f1").inputs) == (1, {"x1": 0})
    assert solution.rerun({"x1": 0}).rerun({"x2": 0}, raises=False)["y1"] == 1


def test_one_solution_is_run_again_by_many_threads(model):
    first = model.dsp({"a": 0, "x": 0})
    found = {}

    def work(number):
        found[number] = first.rerun({"a": number})["c"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"both(left({number}), right(0))" for number in range(8)}

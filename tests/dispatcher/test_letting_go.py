"""What a run keeps, and when it lets go; nothing waits for the garbage collector."""

import contextlib
import gc
import threading
import weakref

import pytest

import thalweg as tw
from tests.dispatcher.values import Big
from thalweg.errors import DispatchError, ThalwegError


@pytest.fixture(autouse=True)
def no_garbage_collector():
    gc.disable()
    yield
    gc.enable()


class Watch:
    """Makes big values, and tells which of them are still there."""

    def __init__(self):
        self.made = {}
        self.seen = {}

    def make(self, name):
        value = Big()
        self.made[name] = weakref.ref(value)
        return value

    def alive(self):
        return [name for name, value in self.made.items() if value() is not None]

    def look(self, where, result):
        self.seen[where] = self.alive()
        return self.make(result)


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def dsp(watch):
    """A model that gives e from d in two steps, and looks what is there in the second."""
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("before", lambda d: watch.make("between"), ["d"], ["between"])
    dsp.add_function("last", lambda between: watch.look("end", "e"), ["between"], ["e"])
    return dsp


def test_a_value_is_let_go_as_soon_as_its_last_consumer_has_run(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("g", lambda b: watch.look("g", "c"), ["b"], ["c"])
    dsp.add_function("h", lambda b, c: watch.look("h", "d"), ["b", "c"], ["d"])
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"g": ["b"], "h": ["b", "c"], "end": ["between"]}


def test_only_what_is_wanted_is_left(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("d"), ["a"], ["d"])
    solution = dsp({"a": 1}, ["e", "a"], keep="outputs")
    assert (list(solution), watch.alive()) == (["a", "e"], ["e"])


def test_a_wanted_value_is_kept(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("d"), ["a"], ["d"])
    solution = dsp({"a": 1}, ["d", "e"], keep="outputs")
    assert (list(solution), watch.seen) == (["d", "e"], {"end": ["d", "between"]})


def test_all_values_are_kept_where_everything_is_wanted(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("d"), ["a"], ["d"])
    assert list(dsp({"a": 1}, keep="outputs")) == ["a", "d", "between", "e"]


def test_all_values_are_kept_by_default(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("d"), ["a"], ["d"])
    assert list(dsp({"a": 1}, ["e"])) == ["a", "d", "between", "e"]


def test_a_value_that_a_fallback_may_need_is_kept(dsp, watch):
    def fails(c):
        watch.look("fails", "nothing")
        raise ValueError

    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("g", lambda b: watch.make("c"), ["b"], ["c"])
    dsp.add_function("fails", fails, ["c"], ["d"])
    dsp.add_function("fallback", lambda b: watch.look("fallback", "d"), ["b"], ["d"], weight=50)
    assert dsp({"a": 1}, ["e"], keep="outputs").providers["e"] == "last"
    assert watch.seen == {"fails": ["b", "c"], "fallback": ["b"], "end": ["between"]}


def test_a_value_that_only_a_fallback_could_need_is_let_go_when_it_cannot_come_to_that(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("g", lambda b: watch.make("d"), ["b"], ["d"])
    dsp.add_function("fallback", lambda b: 0, ["b"], ["d"], weight=50)
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_a_value_is_not_kept_for_a_provider_of_what_is_given(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("to given", lambda b: 1, ["b"], ["c"])
    dsp.add_function("g", lambda b, c: watch.make("d"), ["b", "c"], ["d"])
    dsp({"a": 1, "c": 2}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_a_value_is_not_kept_for_a_way_that_cannot_be_gone(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("lacks z", lambda b, z: 1, ["b", "z"], ["c"])
    dsp.add_function("by c", lambda c: 1, ["c"], ["d"])
    dsp.add_function("g", lambda b: watch.make("d"), ["b"], ["d"])
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_an_output_that_nothing_needs_is_not_kept(dsp, watch):
    dsp.add_function("f", lambda a: (watch.make("d"), watch.make("useless")), ["a"], ["d", "useless"])
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_the_inputs_of_a_function_with_a_domain_are_let_go(dsp, watch):
    dsp.add_function("f", lambda a: watch.make("b"), ["a"], ["b"])
    dsp.add_function("g", lambda b: watch.make("d"), ["b"], ["d"], input_domain=lambda b: True)
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_estimates_are_let_go_when_their_collection_is_made(dsp, watch):
    dsp.add_data("d", wait_inputs=True, function=lambda estimates: watch.make("d"))
    dsp.add_function("f", lambda a: watch.make("estimate of f"), ["a"], ["d"])
    dsp.add_function("g", lambda a: watch.make("estimate of g"), ["a"], ["d"])
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_a_collection_tells_who_contributed_though_estimates_were_let_go(dsp):
    dsp.add_data("d", wait_inputs=True)
    dsp.add_function("fails", fails, ["a"], ["d"])
    dsp.add_function("f", abs, ["a"], ["d"])
    assert dsp({"a": 1}, ["d"], keep="outputs").providers["d"] == ("f",)


def test_what_a_gate_has_seen_is_kept_until_it_opens(dsp):
    seen = []
    child = tw.Dispatcher(name="child")
    child.add_function("inner", lambda y: y, ["y"], ["z"])
    child.add_data("x")
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda a: a + 2, ["a"], ["c"], weight=1)
    dsp.add_dispatcher(
        child, {"b": "x", "c": "y"}, {"z": "d"}, input_domain=lambda arrived: seen.append(arrived) or len(arrived) > 1
    )
    assert list(dsp({"a": 1}, ["e"], keep="outputs")) == ["e"]
    assert seen == [{"b": 2}, {"b": 2, "c": 3}]


def test_values_in_a_child_are_let_go(dsp, watch):
    child = tw.Dispatcher(name="child")
    child.add_function("f", lambda x: watch.make("y"), ["x"], ["y"])
    child.add_function("g", lambda y: watch.make("z"), ["y"], ["z"])
    dsp.add_dispatcher(child, {"a": "x"}, {"z": "d"})
    dsp({"a": 1}, ["e"], keep="outputs")
    assert watch.seen == {"end": ["between"]}


def test_why_not_says_that_a_value_was_let_go(dsp):
    dsp.add_function("f", lambda a: a, ["a"], ["d"])
    assert dsp({"a": 1}, ["e"], keep="outputs").why_not("d").reason == "released"


def test_why_not_does_not_say_so_of_what_was_never_known(dsp):
    dsp.add_function("f", lambda a: a, ["a"], ["d"])
    dsp.add_function("dear", lambda a: a, ["a"], ["c"])
    dsp.add_function("by c", lambda c: c, ["c"], ["d"])
    assert dsp({"a": 1}, ["e"], keep="outputs").why_not("c").reason == "not wanted"


def fails(*args):
    raise ValueError("no luck")


def succeeds(*args):
    return Big()


def model(**options):
    dsp = tw.Dispatcher(name="model", default_values={"spare": 1})
    child = tw.Dispatcher(name="child")
    child.add_function("inner", succeeds, ["x"], ["y"])
    dsp.add_data("collected", wait_inputs=True)
    dsp.add_function("f", **({"function": succeeds} | options), inputs=["a"], outputs=["b"])
    dsp.add_function("instead", succeeds, ["a"], ["b"], weight=5)
    dsp.add_function("g", succeeds, ["b"], ["collected"])
    dsp.add_function("h", succeeds, ["a"], ["collected"])
    dsp.add_dispatcher(child, {"collected": "x"}, {"y": "c"}, input_domain=lambda arrived: True)
    return dsp


ENDS = {  # how the function fails, and how the run is asked for
    "all is well": ({}, {}),
    "wanted": ({}, {"outputs": ["c"]}),
    "only outputs kept": ({}, {"outputs": ["c"], "keep": "outputs"}),
    "a failure": ({"function": fails}, {}),
    "a failure with wanted outputs": ({"function": fails}, {"outputs": ["c"]}),
    "a domain that says no": ({"input_domain": lambda a: False}, {}),
    "a domain that raises": ({"input_domain": fails}, {"outputs": ["c"]}),
    "nothing given": ({"function": lambda a: tw.NONE}, {"outputs": ["c"]}),
    "a filter that ends the run": ({"filters": [fails]}, {"raises": True}),
    "a failure that ends the run": ({"function": fails}, {"raises": True}),
    "a failure that ends the run to outputs": ({"function": fails}, {"raises": True, "outputs": ["c"]}),
    "a predicate that ends the run": ({"function": fails}, {"raises": lambda error: True}),
    "unreachable from the start": ({}, {"outputs": ["d"]}),
    "unreachable after a failure": ({"function": fails}, {"outputs": ["e"]}),
    "stopped": ({}, {"stopper": threading.Event()}),
    "the end of the program": ({"function": lambda a: exec("raise KeyboardInterrupt")}, {}),
}


@pytest.mark.parametrize(("options", "asked"), ENDS.values(), ids=ENDS)
def test_values_are_freed_when_the_solution_is_dropped_after(options, asked):
    dsp = model(**options)
    dsp.add_function("to d", succeeds, ["nowhere"], ["d"])
    dsp.add_function("to e", fails, ["b"], ["e"])
    if "stopper" in asked:
        dsp.add_data("b", callback=lambda value: asked["stopper"].set())
    value = Big()
    result = None
    with contextlib.suppress(ThalwegError, KeyboardInterrupt):
        result = dsp({"a": value}, **asked)
    values = [value, *[other for other in (result or {}).values() if isinstance(other, Big)]]
    there = [weakref.ref(value) for value in values]
    dsp.solution = None
    del value, values, result
    assert [reference for reference in there if reference() is not None] == []


def test_values_are_freed_after_an_explanation():
    dsp = model(function=fails)
    value = Big()
    there = weakref.ref(value)
    solution = dsp({"a": value})
    assert str(solution.explain())
    assert str(solution.why_not("d" if "d" in dsp.nodes else "b"))
    assert solution.workflow
    assert solution.sub("child").calls
    assert solution.errors["f"].traceback
    dsp.solution = None
    del value, solution
    assert there() is None


def test_values_are_freed_though_the_error_is_kept_elsewhere():
    errors = []

    def keeping(error):
        errors.append(error)
        return False

    dsp = model(function=fails)
    value = Big()
    there = weakref.ref(value)
    dsp({"a": value}, raises=keeping)
    dsp.solution = None
    del value
    assert there() is None
    assert len(errors) == 1


def test_a_solution_outlives_its_model():
    dsp = model()
    solution = dsp({"a": Big()})
    there = weakref.ref(dsp)
    del dsp
    assert there() is None
    assert solution["c"] is not None


def test_a_model_is_freed_when_it_is_dropped():
    dsp = model()
    dsp({"a": Big()})
    there = weakref.ref(dsp)
    del dsp
    assert there() is None


def test_a_handled_dispatch_error_leaves_nothing_behind():
    dsp = model(function=fails)
    value = Big()
    there = weakref.ref(value)
    with pytest.raises(DispatchError) as ending:
        dsp({"a": value}, raises=True)
    dsp.solution = None
    del value, ending
    assert there() is None

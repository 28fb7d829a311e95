"""What ends a run before its end: a stopper, and the end of the program."""

import threading

import pytest

import thalweg as tw


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


@pytest.fixture
def seen():
    """What functions were called with, as they note it."""
    return []


def noting(seen, name, result=None):
    def function(*args):
        seen.append((name, *args))
        return name if result is None else result

    return function


def test_a_stopper_that_is_set_before_lets_nothing_be_called(dsp, seen):
    stopper = threading.Event()
    stopper.set()
    dsp.add_function("f", noting(seen, "f"), ["a"], ["b"])
    solution = dsp({"a": 1}, stopper=stopper)
    assert (dict(solution), seen, solution.stopped) == ({"a": 1}, [], True)


def test_a_stopper_that_is_set_meanwhile_ends_the_run_before_the_next_call(dsp, seen):
    stopper = threading.Event()
    dsp.add_function("f", noting(seen, "f"), ["a"], ["b"])
    dsp.add_function("g", lambda b: stopper.set(), ["b"], ["c"])
    dsp.add_function("h", noting(seen, "h"), ["c"], ["d"])
    solution = dsp({"a": 1}, stopper=stopper)
    assert (dict(solution), seen, solution.stopped) == ({"a": 1, "b": "f", "c": None}, [("f", 1)], True)


def test_a_stopped_run_is_no_failure(dsp):
    stopper = threading.Event()
    dsp.add_function("f", lambda a: stopper.set(), ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["c"])
    solution = dsp({"a": 1}, ["c"], stopper=stopper)
    assert (dict(solution), solution.errors, solution.stopped) == ({"a": 1, "b": None}, {}, True)


def test_a_run_that_was_not_stopped_says_so(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    assert dsp({"a": 1}, stopper=threading.Event()).stopped is False


def test_a_stopper_set_by_the_last_call_stops_nothing(dsp):
    stopper = threading.Event()
    dsp.add_function("f", lambda a: stopper.set(), ["a"], ["b"])
    assert dsp({"a": 1}, stopper=stopper).stopped is False


def test_a_stopper_is_heeded_after_a_failure(dsp, seen):
    stopper = threading.Event()

    def fails(a):
        stopper.set()
        raise ValueError

    dsp.add_function("f", fails, ["a"], ["b"])
    dsp.add_function("g", noting(seen, "g"), ["a"], ["b"], weight=1)
    assert dsp({"a": 1}, stopper=stopper).stopped is True
    assert seen == []


def interrupt(*args):
    raise KeyboardInterrupt


def leave(*args):
    raise SystemExit(3)


PLACES = {
    "function": {"function": True},
    "domain": {"input_domain": True},
    "filter of a function": {"filters": True},
    "filter of a datum": {"data": {"filters": True}},
    "callback": {"data": {"callback": True}},
    "estimator": {"data": {"function": True, "wait_inputs": True}},
    "gate": {"gate": True},
}


def with_interruption(place, ending):
    """A model in which one place ends the program."""

    def at(options, name, default):
        if name not in options:
            return default
        return [ending] if name == "filters" else ending

    options = PLACES[place]
    data = options.get("data", {})
    dsp = tw.Dispatcher()
    dsp.add_data(
        "b",
        filters=at(data, "filters", None),
        callback=at(data, "callback", None),
        wait_inputs=data.get("wait_inputs"),
        function=at(data, "function", None),
    )
    dsp.add_function(
        "f",
        at(options, "function", abs),
        ["a"],
        ["b"],
        input_domain=at(options, "input_domain", None),
        filters=at(options, "filters", None),
    )
    dsp.add_function("instead", abs, ["a"], ["b"], weight=5)
    child = tw.Dispatcher(default_values={"x": 1})
    dsp.add_dispatcher(child, {"a": "x"}, {"x": "c"}, input_domain=at(options, "gate", None))
    dsp.add_function("elsewhere", lambda a: a + 1, ["a"], ["d"])
    return dsp


@pytest.mark.parametrize("raises", ["unreachable", True, False, lambda error: True])
@pytest.mark.parametrize("ending", [interrupt, leave])
@pytest.mark.parametrize("place", PLACES)
def test_an_end_of_the_program_is_never_swallowed(place, ending, raises):
    dsp = with_interruption(place, ending)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        dsp({"a": 1}, raises=raises)


@pytest.mark.parametrize("place", PLACES)
def test_a_model_is_usable_after_an_end_of_the_program_that_was_caught(place):
    dsp = with_interruption(place, interrupt)
    with pytest.raises(KeyboardInterrupt):
        dsp({"a": 1})
    assert dsp({"a": 1}, ["d"])["d"] == 2


def test_an_end_of_the_program_in_a_child_is_never_swallowed(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", leave, ["x"], ["y"])
    dsp.add_dispatcher(child, ["x"], ["y"])
    with pytest.raises(SystemExit) as ending:
        dsp({"x": 1})
    assert ending.value.code == 3


def test_an_end_of_the_program_in_a_model_as_a_function_is_never_swallowed(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", interrupt, ["x"], ["y"])
    dsp.add_function("g", tw.SubDispatchFunction(child, "g", ["x"], ["y"]), ["a"], ["b"])
    with pytest.raises(KeyboardInterrupt):
        dsp({"a": 1})


def test_what_a_predicate_raises_itself_comes_through(dsp):
    def predicate(error):
        raise RuntimeError("from the predicate")

    dsp.add_function("f", lambda a: 1 / 0, ["a"], ["b"])
    with pytest.raises(RuntimeError, match="from the predicate"):
        dsp({"a": 1}, raises=predicate)


def test_why_not_says_that_the_run_was_stopped(dsp):
    stopper = threading.Event()
    stopper.set()
    dsp.add_function("f", abs, ["a"], ["b"])
    for outputs in (None, ["b"]):
        assert dsp({"a": 1}, outputs, stopper=stopper).why_not("b").reason == "stopped"


def test_the_level_of_a_child_knows_that_the_run_was_stopped(dsp):
    stopper = threading.Event()
    stopper.set()
    child = tw.Dispatcher(name="child")
    child.add_function("f", abs, ["x"], ["y"])
    dsp.add_dispatcher(child, ["x"], ["y"])
    assert dsp({"x": 1}, stopper=stopper).sub("child").stopped is True

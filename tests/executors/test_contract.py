"""What every executor promises: the same suite over every row of the table."""

import threading

import numpy as np
import pytest

import thalweg as tw
from tests.dispatcher.values import Opaque
from tests.executors.drivables import Steps, call
from thalweg.errors import DomainError
from thalweg.executors import InlineExecutor

EXECUTORS = {"inline": InlineExecutor}


@pytest.fixture(params=EXECUTORS.values(), ids=EXECUTORS)
def executor(request):
    return request.param()


def fails(*args):
    raise ValueError("no luck")


def interrupt(*args):
    raise KeyboardInterrupt


def leave(*args):
    raise SystemExit(3)


def outcome_of(executor, one):
    run = Steps((one,))
    executor.drive(run)
    return run.outcomes[one.number]


def test_a_value_is_reported(executor):
    assert outcome_of(executor, call(1, max, 2, 3)) == ("done", 3)


@pytest.mark.parametrize("value", [0, None, False, "", (), [], {}, tw.NONE, tw.EMPTY, float("nan")], ids=repr)
def test_any_value_is_a_value(executor, value):
    how, given = outcome_of(executor, call(1, lambda: value))
    assert how == "done"
    assert repr(given) == repr(value)


def test_an_exception_as_a_value_is_a_value(executor):
    how, given = outcome_of(executor, call(1, lambda: ValueError("given, not raised")))
    assert (how, type(given)) == ("done", ValueError)


@pytest.mark.parametrize("value", [np.arange(3), np.array([])], ids=["array", "empty"])
def test_an_array_is_a_value(executor, value):
    how, given = outcome_of(executor, call(1, lambda: value))
    assert how == "done"
    assert given.tolist() == value.tolist()


def test_a_value_is_never_compared(executor):
    how, given = outcome_of(executor, call(1, lambda value: value, Opaque(), domain=lambda value: True))
    assert (how, repr(given)) == ("done", "<opaque>")


@pytest.mark.parametrize("error", [ValueError("no luck"), StopIteration(1), KeyError("k"), Warning("w")], ids=repr)
def test_an_error_is_reported_as_what_was_raised(executor, error):
    def raising():
        raise error

    how, given = outcome_of(executor, call(1, raising))
    assert (how, type(given), given.args) == ("failed", type(error), error.args)


def test_a_call_that_cannot_be_made_is_an_error(executor):
    how, given = outcome_of(executor, call(1, abs, 1, 2, 3))
    assert (how, type(given)) == ("failed", TypeError)


@pytest.mark.parametrize("ending", [interrupt, leave])
@pytest.mark.parametrize("place", ["function", "domain", "filter"])
def test_an_end_of_the_program_is_never_caught(executor, place, ending):
    one = {
        "function": call(1, ending),
        "domain": call(1, abs, -1, domain=ending),
        "filter": call(1, abs, -1, filters=(ending,)),
    }[place]
    run = Steps((one,))
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        executor.drive(run)
    assert run.outcomes == {}


def test_an_executor_is_usable_after_an_end_of_the_program(executor):
    with pytest.raises(KeyboardInterrupt):
        executor.drive(Steps((call(1, interrupt),)))
    assert outcome_of(executor, call(1, abs, -1)) == ("done", 1)


def test_a_call_is_made_if_its_domain_says_yes(executor):
    assert outcome_of(executor, call(1, max, 2, 3, domain=lambda a, b: a < b)) == ("done", 3)


@pytest.mark.parametrize("answer", [False, 0, None, [], np.False_], ids=repr)
def test_a_call_is_not_made_if_its_domain_says_no(executor, answer):
    made = []
    how, error = outcome_of(executor, call(1, made.append, 1, domain=lambda value: answer))
    assert (how, type(error), error.__cause__, made) == ("failed", DomainError, None, [])


def test_a_call_is_not_made_if_its_domain_raises(executor):
    made = []
    how, error = outcome_of(executor, call(1, made.append, 1, domain=fails))
    assert (how, type(error), type(error.__cause__), made) == ("failed", DomainError, ValueError, [])
    assert str(error) == "its domain raised ValueError: no luck"


def test_filters_act_on_the_result_one_after_the_other(executor):
    assert outcome_of(executor, call(1, max, 2, 3, filters=(str, float, lambda value: value + 1))) == ("done", 4.0)


def test_a_filter_that_raises_is_an_error(executor):
    how, error = outcome_of(executor, call(1, max, 2, 3, filters=(str, fails)))
    assert (how, str(error)) == ("failed", "no luck")


def test_each_call_is_made_and_reported_once(executor):
    made = []
    steps = [(call(number, made.append, number),) for number in range(50)]
    run = Steps(*steps)
    executor.drive(run)
    assert sorted(made) == sorted(run.events) == list(range(50))


def test_a_failure_does_not_keep_other_calls_from_being_made(executor):
    run = Steps((call(1, fails),), (call(2, abs, -2),), (call(3, abs, -3), 1))
    executor.drive(run)
    assert {number: how for number, (how, _) in run.outcomes.items()} == {1: "failed", 2: "done", 3: "done"}


def test_what_becomes_ready_meanwhile_is_made(executor):
    run = Steps((call(3, abs, -3), 2), (call(2, abs, -2), 1), (call(1, abs, -1),))
    executor.drive(run)
    assert run.events == [1, 2, 3]


def test_outcomes_are_reported_in_the_thread_that_drives(executor):
    threads = set()

    class Noting(Steps):
        def end(self, call, outcome):
            threads.add(threading.current_thread())
            super().end(call, outcome)

    executor.drive(Noting((call(1, abs, -1),), (call(2, fails),)))
    assert threads == {threading.current_thread()}


def test_nothing_is_made_of_a_run_that_is_over(executor):
    run = Steps((call(1, fails),))
    run.stopped = True
    executor.drive(run)
    assert (run.given, run.outcomes) == ([], {})


def test_nothing_more_is_taken_when_a_run_is_over(executor):
    run = Steps((call(1, abs, -1),), (call(2, abs, -2), 1), stop_after=1)
    executor.drive(run)
    assert run.given == [1]


def test_a_run_of_nothing_ends(executor):
    run = Steps()
    executor.drive(run)
    assert run.outcomes == {}


def test_what_the_run_raises_comes_through(executor):
    class Ending(Steps):
        def done(self, call, value):
            raise RuntimeError("the run is over")

    with pytest.raises(RuntimeError, match="the run is over"):
        executor.drive(Ending((call(1, abs, -1),), (call(2, abs, -2),)))


def test_a_call_may_drive_another_run(executor):
    inner = Steps((call(1, abs, -5),))

    def nested():
        type(executor)().drive(inner)
        return inner.outcomes[1][1]

    assert outcome_of(executor, call(1, nested)) == ("done", 5)


def test_one_executor_drives_one_run_after_the_other(executor):
    assert [outcome_of(executor, call(n, abs, -n)) for n in (1, 2)] == [("done", 1), ("done", 2)]


def test_a_dispatch_gives_what_it_gives_without_an_executor(executor):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", lambda x: x + 1, ["x"], ["y"], input_domain=lambda x: x < 3)
    dsp = tw.Dispatcher(name="model")
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("fails", fails, ["a"], ["b"])
    dsp.add_function("instead", lambda a: a + 1, ["a"], ["b"], weight=1)
    dsp.add_function("two", lambda a, b: (a, b), outputs=["c", "d"])
    dsp.add_function("one", lambda a: 10, ["a"], ["c"])
    dsp.add_dispatcher(child, {"c": "x", "b": "x"}, {"y": "e"})
    for outputs in (None, ["e"], ["c", "d"]):
        alone, driven = dsp({"a": 1}, outputs), dsp({"a": 1}, outputs, executor=executor)
        assert list(driven.items()) == list(alone.items())
        assert (driven.providers, driven.distances) == (alone.providers, alone.distances)
        assert driven.errors.keys() == alone.errors.keys()

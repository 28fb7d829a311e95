"""When and where each call was made."""

import dataclasses
import pickle
import threading
import time

import pytest

import thalweg as tw
from tests.dispatcher.values import Flaky


def chain():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("g", lambda b: b + 1, ["b"], ["c"])
    return dsp


def test_a_run_in_line_leaves_none_unless_asked_for_it():
    dsp = chain()
    assert dsp({"a": 1}).timeline() == []
    assert str(dsp({"a": 1}).timeline()) == "no call was timed"
    assert [call.path for call in dsp({"a": 1}, timeline=True).timeline()] == ["f", "g"]


@pytest.mark.parametrize("executor", ["sync", "async", "threads"])
def test_calls_come_by_their_start_with_times_and_place(executor):
    solution = chain()({"a": 1}, executor=executor, timeline=True)
    f, g = solution.timeline()
    assert [f.path, g.path] == solution.calls
    assert f.start <= f.end <= g.start <= g.end
    (only,) = f.tries
    assert (only.number, only.start, only.end, only.place, only.error) == (1, f.start, f.end, f.place, None)
    assert f.place == ("sync" if executor == "sync" else f.place)
    assert f.place


def test_asking_for_it_changes_nothing_of_the_solution():
    dsp = chain()
    plain, timed = dsp({"a": 1}), dsp({"a": 1}, timeline=True)
    assert (dict(plain), list(plain), plain.calls) == (dict(timed), list(timed), timed.calls)


@pytest.mark.parametrize(
    "ask", [lambda dsp, **how: dsp({"a": 1}, **how), lambda dsp, **how: dsp.submit({"a": 1}, **how)]
)
def test_it_is_asked_for_of_each_way_to_dispatch(ask):
    assert len(ask(chain(), timeline=True).result().timeline()) == 2


def test_each_try_has_its_row():
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(2), ["a"], ["b"], retry=3)
    (call,) = dsp({"a": 1}, timeline=True).timeline()
    assert [(each.number, each.error) for each in call.tries] == [(1, "OSError"), (2, "OSError"), (3, None)]
    assert (call.start, call.end) == (call.tries[0].start, call.tries[-1].end)


def test_what_failed_and_what_came_instead_are_both_there():
    dsp = tw.Dispatcher()
    dsp.add_function("bad", Flaky(1), ["a"], ["b"])
    dsp.add_function("good", Flaky(0), ["a"], ["b"], weight=1)
    solution = dsp({"a": 1}, ["b"], timeline=True)
    assert [(call.path, call.tries[-1].error) for call in solution.timeline()] == [("bad", "OSError"), ("good", None)]


def test_paths_are_from_the_level_that_is_asked():
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(chain(), {"x": "a"}, {"c": "y"}, dsp_id="child")
    dsp.add_function("last", lambda y: y, ["y"], ["z"])
    solution = dsp({"x": 1}, timeline=True)
    assert [call.path for call in solution.timeline()] == ["child/f", "child/g", "last"]
    assert [call.path for call in solution.sub("child").timeline()] == ["f", "g"] == solution.sub("child").calls


def test_domains_of_sub_dispatchers_are_no_calls_of_functions():
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(chain(), {"x": "a"}, {"c": "y"}, dsp_id="child", input_domain=lambda given: True)
    solution = dsp({"x": 1}, timeline=True)
    assert [call.path for call in solution.timeline()] == ["child/f", "child/g"] == solution.calls


def test_it_survives_pickling():
    solution = tw.Dispatcher()
    solution.add_function("sum", sum, ["a"], ["b"])
    solution = solution({"a": (1, 2)}, timeline=True)
    again = pickle.loads(pickle.dumps(solution)).timeline()
    assert again == solution.timeline()
    assert pickle.loads(pickle.dumps(again)) == again


def test_its_records_cannot_be_changed():
    (call, _) = chain()({"a": 1}, timeline=True).timeline()
    for record in (call, call.tries[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            record.start = 0
        assert not hasattr(record, "__dict__")


def test_as_text_it_is_a_table():
    dsp = tw.Dispatcher()
    dsp.add_function("a long name", Flaky(1), ["a"], ["b"])
    dsp.add_function("g", Flaky(0), ["a"], ["c"])
    head, first, second = str(dsp({"a": 1}, timeline=True).timeline()).splitlines()
    assert head.split() == ["start", "[s]", "took", "[s]", "call", "place", "tries"]
    assert first.split()[0] == "0.000000"
    assert first.endswith("OSError")
    assert {line.index(word) for line, word in ((head, "call"), (first, "a long"), (second, "g"))} == {first.index("a")}


def test_a_call_that_the_end_of_the_run_left_at_work_is_there_and_was_cancelled():
    stopper, ended, times = threading.Event(), threading.Event(), []

    def stuck(a):
        times.append(time.monotonic())
        stopper.set()
        ended.wait(60)

    dsp = tw.Dispatcher()
    dsp.add_function("stuck", stuck, ["a"], ["b"])
    try:
        solution = dsp({"a": 1}, executor="threads", stopper=stopper, timeline=True)
    finally:
        ended.set()
    (call,) = solution.timeline()
    assert (call.path, call.tries[-1].error) == ("stuck", "CallCancelled")
    assert call.start <= times[0] < call.end
    assert solution.get_node("stuck").state == "cancelled"


def test_states_of_calls_are_those_of_events():
    dsp = tw.Dispatcher()
    dsp.add_function("bad", Flaky(9), ["a"], ["b"])
    dsp.add_function("good", Flaky(0), ["a"], ["b"], weight=1)
    dsp.add_function("far", Flaky(0), ["a"], ["b"], weight=9)
    for how in ({}, {"timeline": True}):
        solution = dsp({"a": 1}, ["b"], **how)
        states = [solution.get_node(name).state for name in ("good", "bad", "far")]
        assert states == ["done", "failed", "skipped"]

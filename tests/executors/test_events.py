"""The event stream: what is told, in which order, on each executor."""

import asyncio
import logging
import sys
import threading
from collections import defaultdict

import pytest

import thalweg as tw
from tests.dispatcher.values import Flaky
from thalweg.errors import CallTimeout, DispatchError, RunTimeout, UnreachableError
from thalweg.executors import events, subscribe
from thalweg.executors.contract import PREVIOUS, Outcome, perform
from thalweg.executors.states import State

EXECUTORS = ["sync", "async", "threads"]
ENDS = {"done", "failed", "cancelled"}


def diamond():
    dsp = tw.Dispatcher()
    dsp.add_function("top", lambda a: a, ["a"], ["b"])
    dsp.add_function("left", lambda b: b, ["b"], ["c"])
    dsp.add_function("right", lambda b: b, ["b"], ["d"])
    dsp.add_function("bottom", lambda c, d: c + d, ["c", "d"], ["e"])
    return dsp


def kinds(seen):
    """Kinds of the events by path."""
    found = defaultdict(list)
    for event in seen:
        found[event.path].append(event.kind)
    return dict(found)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_each_call_begins_and_ends_once_between_begin_and_end(executor):
    seen = []
    solution = diamond()({"a": 1}, executor=executor, on_event=seen.append)
    assert (seen[0].kind, seen[0].path, seen[-1].kind, seen[-1].path) == ("begin", "", "end", "")
    assert seen[-1].data is solution
    assert seen[-1].error is None
    calls = {path: told for path, told in kinds(seen).items() if path}
    assert calls == {path: ["running", "done"] for path in ("top", "left", "right", "bottom")}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_call_runs_after_those_that_it_rests_on_are_done_and_time_goes_on(executor):
    seen = []
    diamond()({"a": 1}, executor=executor, on_event=seen.append)
    order = [(event.path, event.kind) for event in seen]
    for before, after in [("top", "left"), ("top", "right"), ("left", "bottom"), ("right", "bottom")]:
        assert order.index((before, "done")) < order.index((after, "running"))
    assert [event.time for event in seen] == sorted(event.time for event in seen)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_retry_is_told_with_its_error_and_the_call_runs_again(executor):
    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("f", Flaky(2), ["a"], ["b"], retry=3)
    assert dsp({"a": 1}, executor=executor, on_event=seen.append)["b"] == 1
    assert kinds(seen)["f"] == ["running", "retry", "running", "retry", "running", "done"]
    assert [event.attempt.number for event in seen if event.path] == [1, 1, 2, 2, 3, 3]
    assert [type(event.error) for event in seen if event.kind == "retry"] == [OSError, OSError]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_call_that_fails_is_followed_by_its_alternative(executor):
    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("bad", Flaky(1), ["a"], ["b"])
    dsp.add_function("good", Flaky(0), ["a"], ["b"], weight=1)
    dsp({"a": 1}, ["b"], executor=executor, on_event=seen.append)
    assert [(event.path, event.kind) for event in seen[1:-1]] == [
        ("bad", "running"),
        ("bad", "failed"),
        ("good", "running"),
        ("good", "done"),
    ]
    assert isinstance(seen[2].error, OSError)


@pytest.mark.parametrize("executor", ["sync", "threads"])
def test_a_call_whose_time_is_over_fails_once_however_late_it_ends(executor):
    dsp, seen, ended = tw.Dispatcher(), [], threading.Event()
    dsp.add_function("slow", lambda a: ended.wait(30), ["a"], ["b"], timeout=0.01)
    dsp({"a": 1}, executor=executor, on_event=seen.append)
    ended.set()
    assert kinds(seen)["slow"] == ["running", "failed"]
    assert isinstance(seen[2].error, CallTimeout)


def test_a_coroutine_whose_time_is_over_fails_once():
    async def slow(a):
        await asyncio.Event().wait()

    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("slow", slow, ["a"], ["b"], timeout=0.01)
    dsp({"a": 1}, on_event=seen.append)
    assert kinds(seen)["slow"] == ["running", "failed"]


def test_a_task_that_is_cancelled_cancels_its_calls_and_ends():
    async def main():
        begun, seen = asyncio.Event(), []

        async def slow(a):
            begun.set()
            await asyncio.Event().wait()

        dsp = tw.Dispatcher()
        dsp.add_function("slow", slow, ["a"], ["b"])
        task = asyncio.create_task(dsp.adispatch({"a": 1}, on_event=seen.append))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return seen

    seen = asyncio.run(main())
    assert kinds(seen) == {"": ["begin", "end"], "slow": ["running", "cancelled"]}
    assert seen[-1].data is None
    assert isinstance(seen[-1].error, asyncio.CancelledError)


def test_what_waits_for_its_next_try_when_the_run_ends_is_cancelled():
    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("f", Flaky(9), ["a"], ["b"], retry=tw.Policy(tries=3, pause_seconds=60))
    with pytest.raises(RunTimeout):
        dsp({"a": 1}, timeout=0.01, on_event=seen.append)
    assert kinds(seen)["f"] == ["running", "retry", "cancelled"]


def test_what_waits_at_the_gate_when_the_run_ends_is_cancelled_without_having_run():
    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("bad", Flaky(1), ["a"], ["b"])
    dsp.add_function("other", Flaky(0), ["a"], ["c"])
    with pytest.raises(DispatchError):
        dsp({"a": 1}, executor="threads", gate=tw.Gate(1), raises=True, on_event=seen.append)
    assert kinds(seen) == {"": ["begin", "end"], "bad": ["running", "failed"], "other": ["cancelled"]}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_end_comes_with_what_the_dispatch_raises(executor):
    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("bad", Flaky(9), ["a"], ["b"])
    for raises, kind in [(True, DispatchError), ("unreachable", UnreachableError)]:
        seen.clear()
        with pytest.raises(kind) as caught:
            dsp({"a": 1}, ["b"], executor=executor, raises=raises, on_event=seen.append)
        assert [event.kind for event in seen] == ["begin", "running", "failed", "end"]
        assert seen[-1].error is caught.value
        assert seen[-1].data is caught.value.solution


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_end_comes_also_when_the_program_is_interrupted(executor):
    def interrupt(a):
        raise SystemExit(3)

    dsp, seen = tw.Dispatcher(), []
    dsp.add_function("f", interrupt, ["a"], ["b"])
    with pytest.raises(SystemExit):
        dsp({"a": 1}, executor=executor, on_event=seen.append)
    assert (seen[-1].kind, seen[-1].data, type(seen[-1].error)) == ("end", None, SystemExit)
    assert [event.kind for event in seen].count("end") == 1


def test_an_executor_with_a_loop_of_its_own_has_a_begin_and_an_end():
    class Backwards:
        def drive(self, run):
            while run.is_active():
                for call in run.ready():
                    run.done(call, perform(call))

    seen = []
    assert diamond()({"a": 1}, executor=Backwards(), on_event=seen.append)["e"] == 2
    assert kinds(seen) == {"": ["begin", "end"]}


def test_calls_that_follow_others_in_their_place_begin_and_end_once_too():
    class Chains:
        """Makes whole chains at once, here."""

        name, takes_chains, capacity = "chains", True, 8

        def start(self, attempt):
            value = None
            for each in [attempt, *attempt.following]:
                call = each.call
                call.args = [value if argument is PREVIOUS else argument for argument in call.args]
                value = perform(call)
                each.report(Outcome(each, value, None, 0.0, 1.0, "here"))

        def cancel(self, attempt):
            pass

        def close(self, grace_seconds):
            pass

    dsp, seen, lengths = tw.Dispatcher(), [], []
    for i in range(4):
        dsp.add_function(f"f{i}", lambda value: value + 1, [f"x{i}"], [f"x{i + 1}"])

    def listen(event):
        seen.append(event)
        if event.kind == "running":
            lengths.append(len(event.attempt.following))

    assert dsp({"x0": 0}, ["x4"], executor=Chains(), on_event=listen)["x4"] == 4
    assert sum(lengths) > 0
    assert {path: told for path, told in kinds(seen).items() if path} == {
        f"f{i}": ["running", "done"] for i in range(4)
    }


def test_nobody_is_told_of_a_dispatch_in_line_that_nobody_listens_to():
    dsp, called = diamond(), []
    dsp({"a": 1})

    def watch(frame, kind, _):
        if kind == "call" and frame.f_code.co_filename.startswith(events.__file__.rpartition("events")[0]):
            called.append(frame.f_code.co_name)

    sys.setprofile(watch)
    try:
        dsp({"a": 1})
    finally:
        sys.setprofile(None)
    assert sorted(set(called) - {"__init__"}) == ["drive", "subscribers"]  # the loop, and the look for listeners


def test_a_dispatch_on_an_executor_that_nobody_listens_to_makes_no_events():
    dsp, seen = diamond(), []
    dsp({"a": 1}, executor="threads", on_event=seen.append)
    dsp({"a": 1}, executor="threads")
    dsp({"a": 1}, executor="threads", on_event=seen.append)
    assert seen[-1].run == seen[0].run + 1  # a stream takes a number


def test_a_subscriber_is_told_of_all_runs_until_it_leaves():
    dsp, seen = diamond(), []
    unsubscribe = subscribe(seen.append)
    try:
        dsp({"a": 1})
        dsp({"a": 1}, executor="threads")
    finally:
        unsubscribe()
    count = len(seen)
    unsubscribe()
    dsp({"a": 1})
    assert (count, len(seen)) == (20, 20)
    assert len({event.run for event in seen}) == 2


def test_runs_at_once_have_numbers_of_their_own():
    dsp, seen = diamond(), []
    futures = [dsp.submit({"a": i}, executor="threads", on_event=seen.append) for i in range(20)]
    for future in futures:
        future.result(30)
    runs = defaultdict(list)
    for event in seen:
        runs[event.run].append(event)
    assert len(runs) == 20
    for told in runs.values():
        assert [told[0].kind, told[-1].kind] == ["begin", "end"]
        assert len(told) == 10


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_subscriber_that_raises_is_logged_once_and_the_run_goes_on(executor, caplog):
    def broken(event):
        raise ValueError(f"cannot read {event.kind}")

    seen = []
    unsubscribe = subscribe(broken)
    try:
        with caplog.at_level(logging.INFO, "thalweg.events"):
            assert diamond()({"a": 1}, executor=executor, on_event=seen.append)["e"] == 2
    finally:
        unsubscribe()
    assert len(seen) == 10
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("thalweg.events", "ERROR")
    assert "broken" in record.getMessage()
    assert "cannot read begin" in str(record.exc_info[1])


def test_a_state_is_its_name():
    assert [str(state) for state in State] == [
        "waiting", "ready", "running", "done", "failed", "skipped", "cancelled",
    ]  # fmt: skip
    assert State("done") is State.DONE
    assert State.DONE == "done"
    assert {"done": 1}[State.DONE] == 1
    assert repr(State.DONE) == "'done'"

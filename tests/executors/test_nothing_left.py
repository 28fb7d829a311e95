"""A dispatch leaves nothing behind, however it ends: no value, thread, task or file; and it can be interrupted."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

import thalweg as tw
from tests.dispatcher.values import Big
from tests.executors.doors import PATIENCE_SECONDS, aside
from tests.executors.rows import Waiting, params
from thalweg.errors import ThalwegError


@pytest.fixture
def no_garbage_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fails(*args):
    raise ValueError("no luck")


def big(*args):
    return Big()


async def awaited_big(*args):
    await asyncio.sleep(0)
    return Big()


ENDS = {  # how the function in the middle is made, and how the run is asked for
    "all is well": ({}, {}),
    "wanted": ({}, {"outputs": ["c"]}),
    "only outputs kept": ({}, {"outputs": ["c"], "keep": "outputs"}),
    "a failure": ({"function": fails}, {}),
    "a failure with wanted outputs": ({"function": fails}, {"outputs": ["c"], "keep": "outputs"}),
    "tried again": ({"function": fails, "retry": 3}, {"outputs": ["c"]}),
    "a domain that says no": ({"input_domain": lambda b: False}, {}),
    "a gate": ({"function": fails}, {"gate": tw.Gate(1)}),
    "told of": ({"function": fails}, {"on_event": repr}),
    "a callback that stops it": ({}, {"stopper": threading.Event()}),
}


def model(made=big, **options):
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("first", made, ["a"], ["b"])
    dsp.add_function("middle", **({"function": made} | options), inputs=["b"], outputs=["c"])
    dsp.add_function("beside", made, ["a"], ["e"])
    dsp.add_function("instead", made, ["b"], ["c"], weight=5)
    dsp.add_function("to d", fails, ["c"], ["d"])
    return dsp


def watched(*values):
    """Events that are set when the values are freed."""
    events = []
    for value in values:
        events.append(threading.Event())
        weakref.finalize(value, events[-1].set)
    return events


def freed(events):
    """Are all freed?  A thread that has reported needs a moment to let go."""
    return all(event.wait(PATIENCE_SECONDS) for event in events)


@pytest.mark.usefixtures("no_garbage_collector")
@pytest.mark.parametrize("name", params(["sync", "threads", "async", "coroutines"]))
@pytest.mark.parametrize(("options", "asked"), ENDS.values(), ids=ENDS)
def test_values_are_freed_when_the_solution_is_dropped_after(name, options, asked):
    dsp = model(awaited_big if name == "coroutines" else big, **options)
    if "stopper" in asked:
        asked["stopper"].clear()
        dsp.add_data("b", callback=lambda value: asked["stopper"].set())
    value = Big()
    result = None
    executor = {"coroutines": None, "sync": None}.get(name, name)
    asked = {"timeout": 60.0} | asked  # so that a driver drives calls in line, too
    with contextlib.suppress(ThalwegError, KeyboardInterrupt):
        result = dsp({"a": value}, executor=executor, **asked)
    events = watched(
        value, *[other for other in (result or {}).values() if isinstance(other, Big) and other is not value]
    )
    dsp.solution = None
    del value, result
    assert freed(events)


@pytest.mark.usefixtures("no_garbage_collector")
@pytest.mark.parametrize("name", ["threads", "async"])
@pytest.mark.parametrize("options", [{"timeout": 0.02}, {"timeout": 0.02, "retry": 2}], ids=str)
def test_values_are_freed_though_a_thread_hangs_past_its_timeout(name, options, door):
    dsp = model()
    dsp.add_function("hangs", Waiting(door, None), ["x"], ["c"], weight=-0.0, **options)
    value = Big()
    solution = dsp({"a": value, "x": 1}, executor=name)
    assert solution["c"] is not None
    assert solution.errors["hangs"].kind == "timeout"
    events = watched(value, solution["b"], solution["c"])
    dsp.solution = None
    del value, solution
    assert freed(events)


@pytest.mark.usefixtures("no_garbage_collector")
@pytest.mark.parametrize("in_thread", [True, False], ids=["thread", "coroutine"])
def test_values_are_freed_when_a_run_is_stopped(in_thread, door):
    async def wait(x):
        return await door.await_()

    dsp = model()
    dsp.add_function("hangs", Waiting(door, None) if in_thread else wait, ["x"], ["y"])
    value = Big()
    events = watched(value)
    stopper = threading.Event()
    driving = aside(dsp.dispatch, {"a": value, "x": 1}, executor="async", stopper=stopper)
    door.guest()
    stopper.set()
    assert driving.result(PATIENCE_SECONDS).stopped
    dsp.solution = None
    del value, driving
    assert freed(events)


def ours():
    return {thread for thread in threading.enumerate() if thread.name.startswith("thalweg")}


def test_no_thread_is_left_when_executors_are_shut_down():
    tw.shutdown_executors()
    dsp = model()
    for name in ("threads", "async"):
        dsp({"a": 1}, executor=name)
    assert ours()
    assert tw.shutdown_executors() == ["threads"]
    assert {thread for thread in ours() if thread.name != "thalweg-runs"} == set()
    assert tw.shutdown_executors() == []


def test_executors_that_were_shut_down_begin_anew():
    dsp = model()
    for _ in range(3):
        assert dsp({"a": 1}, ["b"], executor="threads").calls == ["first"]
        assert tw.shutdown_executors() == ["threads"]


def test_a_dispatch_goes_on_though_its_executor_is_shut_down(door):
    dsp = model()
    dsp.add_function("slow", Waiting(door, "late"), ["a"], ["x"])
    dsp.add_function("after", str.upper, ["x"], ["y"])
    driving = aside(dsp.dispatch, {"a": 1}, ["y"], executor="threads")
    guest = door.guest()
    closing = aside(tw.shutdown_executors)
    guest.let_go()
    assert driving.result(PATIENCE_SECONDS)["y"] == "LATE"
    assert closing.result(PATIENCE_SECONDS) == ["threads"]


def test_no_thread_is_left_when_an_executor_of_ones_own_is_closed(door):
    before = ours()
    with tw.open_executor("threads", max_workers=3) as executor:
        model()({"a": 1}, executor=executor)
        assert len(ours() - before) in (1, 2, 3)
    assert ours() - before == set()


def test_a_thread_that_hangs_ends_when_its_call_does(door):
    before = ours()
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("hangs", Waiting(door, None), ["x"], ["y"], timeout=0.02)
    with tw.open_executor("threads", max_workers=1) as executor:
        assert dsp({"x": 1}, executor=executor).errors["hangs"].kind == "timeout"
        assert tw.Dispatcher(name="empty")({}, executor=executor) == {}
        assert model()({"a": 1}, ["b"], executor=executor).calls == ["first"], "another thread has taken its place"
    left = ours() - before
    assert len(left) == 1
    assert all(thread.daemon for thread in left)
    door.guest().let_go()
    for thread in left:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_the_loop_of_the_background_ends_when_nothing_is_at_work_on_it():
    assert model().submit({"a": 1}, ["b"]).result(PATIENCE_SECONDS).calls == ["first"]
    (thread,) = [thread for thread in ours() if thread.name == "thalweg-runs"]
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert model().submit({"a": 1}, ["b"]).result(PATIENCE_SECONDS).calls == ["first"], "and begins anew"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files cannot be listed here")
def test_no_file_is_left_open():
    dsp = model(awaited_big, function=fails)
    dsp({"a": 1})
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is one of them
    for _ in range(20):
        dsp({"a": 1})
        dsp({"a": 1}, executor="threads")
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - as before


@pytest.mark.parametrize("options", [{}, {"executor": "threads"}], ids=str)
def test_no_task_is_left_on_the_loop(options):
    async def main():
        await asyncio.gather(*(model(awaited_big, function=fails).adispatch({"a": 1}, **options) for _ in range(10)))
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()


SCRIPT = """
import asyncio, threading, sys
import thalweg as tw

def hang(a):
    print("begun", flush=True)
    threading.Event().wait()

async def wait(a):
    print("begun", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned", flush=True)

dsp = tw.Dispatcher(name="model")
dsp.add_function("hangs", {function}, ["a"], ["b"])
dsp.add_function("after", print, ["b"], ["c"])
try:
    {statement}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(5)
"""
STATEMENTS = {
    "threads": ("hang", 'dsp({"a": 1}, executor="threads")'),
    "async plain": ("hang", 'dsp({"a": 1}, executor="async")'),
    "in line": ("hang", 'dsp({"a": 1})'),
    "in line, by a driver": ("hang", 'dsp({"a": 1}, timeout=60.0)'),
    "coroutine": ("wait", 'dsp({"a": 1})'),
    "coroutine, wanted": ("wait", 'dsp({"a": 1}, ["c"], timeout=60.0, gate=tw.Gate(1))'),
    "awaited": ("wait", 'asyncio.run(dsp.adispatch({"a": 1}))'),
    "map": ("wait", 'list(dsp.map([{"a": 1}], gate=tw.Gate(1)))'),
    "processes": ("hang", 'dsp({"a": 1}, executor="processes")'),
}


@pytest.mark.parametrize("name", params(STATEMENTS))
def test_an_interrupt_from_the_keyboard_ends_a_dispatch(name):
    function, statement = STATEMENTS[name]
    script = SCRIPT.replace("{function}", function).replace("{statement}", statement)
    command = [sys.executable, "-W", "error", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    awaited = function == "wait"
    assert (said.splitlines(), complaints) == (["cleaned"] * awaited + ["interrupted"], "")
    assert process.returncode == 5

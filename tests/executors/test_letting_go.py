"""What a driven run made is freed when its solution is dropped, without the garbage collector."""

import asyncio
import contextlib
import gc
import threading
import weakref

import pytest

import thalweg as tw
from tests.dispatcher.values import Big
from tests.executors.doors import PATIENCE_SECONDS
from thalweg.errors import ThalwegError


@pytest.fixture(autouse=True)
def _without_the_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def is_freed(reference):
    """Is a value freed, now or as soon as a thread of an executor has let go of it?"""
    freed = threading.Event()
    value = reference()
    if value is None:
        return True
    weakref.finalize(value, freed.set)
    del value
    return freed.wait(PATIENCE_SECONDS)


def fails(*args):
    raise ValueError("no luck")


RUNS = {
    "threads": {"executor": "threads"},
    "an event loop": {"executor": "async"},
    "in line, with a subscriber": {"on_event": lambda event: None},
    "in line, with its times": {"timeline": True},
    "threads, with a time that is not over": {"executor": "threads", "timeout": 60},
    "an event loop, with a time that is not over": {"executor": "async", "timeout": 60},
    "a gate": {"gate": tw.Gate(1)},
    "only the outputs": {"executor": "threads", "outputs": ["d"], "keep": "outputs"},
    "the first failure ends it": {"executor": "threads", "raises": True},
    "its time is over": {"executor": "threads", "outputs": ["never"], "timeout": 0.05},
}


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("first", lambda a: Big(), ["a"], ["b"], timeout=60)
    dsp.add_function("second", fails, ["b"], ["c"], retry=2)
    dsp.add_function("instead", lambda b: Big(), ["b"], ["c"], weight=5)
    dsp.add_function("third", lambda c: Big(), ["c"], ["d"])
    never = threading.Event()
    dsp.add_function("waits", lambda e: never.wait(), ["e"], ["never"])
    yield dsp
    never.set()


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
def test_values_are_freed(dsp, options):
    given = Big()
    there = weakref.ref(given)
    inputs = {"a": given, "e": 1} if "never" in options.get("outputs", ()) else {"a": given}
    solution = None
    with contextlib.suppress(ThalwegError):
        solution = dsp(inputs, **options)
    made = [weakref.ref(value) for value in (solution or {}).values() if isinstance(value, Big)]
    dsp.solution = None
    del given, inputs, solution
    assert all(is_freed(reference) for reference in (there, *made))


async def fails_later(*args):
    await asyncio.sleep(0)
    raise ValueError("no luck")


ENDS = {
    "the first failure": {"raises": True},
    "an output out of reach": {"outputs": ["c"]},
    "nothing more to do": {"outputs": ["c"], "raises": False},
}


@pytest.mark.parametrize("ending", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("executor", ["sync", "threads", "async", "processes"])
@pytest.mark.parametrize("function", [fails, fails_later])
def test_values_are_freed_after_a_failure(function, executor, ending):
    if executor == "sync" and function is fails_later:
        pytest.skip("nothing awaits it")
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("f", function, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["c"])
    given = Big()
    there = weakref.ref(given)
    with contextlib.suppress(ThalwegError):
        dsp({"a": given}, executor=executor, **ending)
    dsp.solution = None
    del given
    assert is_freed(there)


def test_values_of_a_run_that_was_cancelled_are_freed():
    async def main():
        began = asyncio.Event()

        async def wait(a):
            began.set()
            await asyncio.Event().wait()

        dsp = tw.Dispatcher(name="model")
        dsp.add_function("wait", wait, ["a"], ["b"])
        given = Big()
        there = weakref.ref(given)
        task = asyncio.create_task(dsp.adispatch({"a": given}))
        del given
        await began.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        del task
        await asyncio.sleep(0)
        return is_freed(there)

    assert asyncio.run(main())


def test_values_of_a_run_that_was_awaited_are_freed_while_the_loop_goes_on(dsp):
    async def main():
        solution = await dsp.adispatch({"a": Big()}, timeout=60)
        made = [weakref.ref(value) for value in solution.values() if isinstance(value, Big)]
        dsp.solution = None
        del solution
        await asyncio.sleep(0)
        return [is_freed(reference) for reference in made]

    assert asyncio.run(main()) == [True] * 4


def test_values_of_a_run_in_the_background_are_freed(dsp):
    future = dsp.submit({"a": Big()})
    made = [weakref.ref(value) for value in future.result().values() if isinstance(value, Big)]
    dsp.solution = None
    del future
    tw.shutdown_executors()
    assert [is_freed(reference) for reference in made] == [True] * 4

"""A dispatch gives the same on every executor: whole models, mixed runs, and dispatches inside of calls."""

import asyncio
import threading
from inspect import iscoroutine

import pytest

import thalweg as tw
from tests.executors.doors import PATIENCE_SECONDS, aside
from tests.executors.rows import NAMES, OUTSIDE, Waiting, params
from thalweg.errors import BuildError, UnknownExecutorError, UnreachableError
from thalweg.executors import executor_names

AHEAD = [name for name in NAMES if name != "sync"]  # where a slow call does not hold back others


def some(name, number):
    """As many calls as a test can afford on an executor."""
    return min(number, 20) if name == "parallel" else number


def fails(*args):
    raise ValueError("no luck")


def add_one(x):
    return x + 1


def waiting(function):
    """The same as a coroutine function."""

    async def awaited(*args):
        await asyncio.sleep(0)
        return function(*args)

    return awaited


def model(wrap=lambda function: function):
    child = tw.Dispatcher(name="child")
    child.add_function("inner", wrap(lambda x: x + 1), ["x"], ["y"], input_domain=lambda x: x < 30)
    child.add_function("spare", wrap(lambda x: -x), ["x"], ["y"], weight=9)
    dsp = tw.Dispatcher(name="model", default_values={"given": 7})
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("fails", wrap(fails), ["a"], ["b"])
    dsp.add_function("gives nothing", wrap(lambda a: tw.NONE), ["a"], ["b"], weight=1)
    dsp.add_function("instead", wrap(lambda a: a + 1), ["a"], ["b"], weight=2)
    dsp.add_function("two", wrap(lambda a, b: (a, b)), inputs=["a", "b"], outputs=["c", "d"])
    dsp.add_function("one", wrap(lambda a: 10), ["a"], ["c"])
    dsp.add_function("none of many", wrap(lambda given: (1, tw.NONE, 3)), ["given"], ["e1", "e2", "e3"])
    dsp.add_function("too few", wrap(lambda given: (1,)), ["given"], ["f1", "f2"])
    dsp.add_function("effect", wrap(lambda d: d), ["d"])
    dsp.add_dispatcher(child, {"c": "x", "b": "x"}, {"y": "e"})
    return dsp


def same(driven, alone):
    assert list(driven.items()) == list(alone.items())
    assert (driven.providers, driven.distances) == (alone.providers, alone.distances)
    assert driven.errors.keys() == alone.errors.keys()
    assert {path: (x.kind, x.alternative) for path, x in driven.errors.items()} == {
        path: (x.kind, x.alternative) for path, x in alone.errors.items()
    }


@pytest.mark.parametrize("name", params(NAMES))
@pytest.mark.parametrize("outputs", [None, ["e"], ["c", "d"], ["e1", "e3"]])
@pytest.mark.parametrize("objective", ["span", "tree"])
def test_values_providers_distances_and_order_are_those_of_calls_in_line(name, outputs, objective):
    dsp = model()
    asked = {"outputs": outputs, "objective": objective}
    same(dsp({"a": 1}, **asked, executor=name), dsp({"a": 1}, **asked))


@pytest.mark.parametrize("outputs", [None, ["e"], ["c", "d"], ["e1", "e3"]])
def test_coroutine_functions_give_what_the_same_plain_functions_give(outputs):
    same(model(waiting)({"a": 1}, outputs), model()({"a": 1}, outputs))


@pytest.mark.parametrize("name", params(NAMES))
def test_what_cannot_be_had_is_an_error(name):
    with pytest.raises(UnreachableError) as error:
        model()({"a": 1}, ["e2", "b"], executor=name)
    assert error.value.outputs == ("e2",)


def chain(length, head):
    dsp = tw.Dispatcher(name="chain")
    dsp.add_function("head", head, ["x"], ["x0"])
    for k in range(length):
        dsp.add_function(f"f{k}", add_one, [f"x{k}"], [f"x{k + 1}"])
    return dsp


@pytest.mark.parametrize("name", params(AHEAD))
@pytest.mark.parametrize("wanted", [True, False], ids=["one output", "everything"])
def test_a_chain_of_5000_behind_a_slow_head_comes_to_its_end(name, wanted, door):
    length = some(name, 5_000)
    dsp = chain(length, Waiting(door, 0))
    driving = aside(dsp.dispatch, {"x": 1}, [f"x{length}"] if wanted else None, executor=name)
    door.guest().let_go()
    assert driving.result(60)[f"x{length}"] == length


def test_a_chain_of_5000_coroutine_functions_comes_to_its_end(door):
    async def head(x):
        return await door.await_(0)

    async def following(x):
        return x + 1

    dsp = chain(0, head)
    for k in range(5_000):
        dsp.add_function(f"f{k}", following, [f"x{k}"], [f"x{k + 1}"])
    driving = aside(dsp.dispatch, {"x": 1}, ["x5000"])
    door.guest().let_go()
    assert driving.result(60)["x5000"] == 5_000


@pytest.mark.parametrize("name", params(AHEAD))
@pytest.mark.parametrize("wanted", [True, False], ids=["some outputs", "everything"])
def test_quick_functions_do_not_wait_for_a_slow_one_that_they_do_not_rest_on(name, wanted, door):
    number = some(name, 100)
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("slow", Waiting(door, "late"), ["a"], ["s"])
    dsp.add_function("behind", str.upper, ["s"], ["t"])
    for k in range(number):
        dsp.add_function(f"quick {k}", add_one, [f"x{k}" if k % 10 else "a"], [f"x{k + 1}"])
    ended = []
    all_quick = threading.Event()

    def note(event):
        if event.kind == "done":
            ended.append(event.path)
            if len(ended) == number:
                all_quick.set()

    outputs = ["t", *(f"x{k}" for k in range(1, number + 1))] if wanted else None
    driving = aside(dsp.dispatch, {"a": 1}, outputs, executor=name, on_event=note)
    guest = door.guest()
    assert all_quick.wait(PATIENCE_SECONDS)
    assert "slow" not in ended
    guest.let_go()
    assert driving.result(PATIENCE_SECONDS)["t"] == "LATE"


@pytest.mark.parametrize("name", params(NAMES))
def test_one_model_is_dispatched_by_many_threads_at_once(name):
    dsp = model()
    start = threading.Barrier(8)
    times = {"parallel": 1, "processes": 20, "parallel-pool": 20}.get(name, 100)

    def dispatch(a):
        start.wait(PATIENCE_SECONDS)
        return [dsp({"a": a}, ["e", "d"], executor=name) for _ in range(times)]

    dispatching = [aside(dispatch, a) for a in range(8)]
    for a, future in enumerate(dispatching):
        alone = dsp({"a": a}, ["e", "d"])
        for driven in future.result(60):
            same(driven, alone)


def test_one_model_of_coroutine_functions_is_dispatched_by_many_threads_at_once():
    dsp, plain = model(waiting), model()
    start = threading.Barrier(8)

    def dispatch(a):
        start.wait(PATIENCE_SECONDS)
        return [dsp({"a": a}, ["e", "d"]) for _ in range(20)]

    dispatching = [aside(dispatch, a) for a in range(8)]
    for a, future in enumerate(dispatching):
        for driven in future.result(60):
            same(driven, plain({"a": a}, ["e", "d"]))


def test_one_model_is_dispatched_by_many_tasks_at_once():
    dsp = model(waiting)

    async def main():
        return await asyncio.gather(*(dsp.adispatch({"a": a}, ["e", "d"]) for a in range(100)))

    for a, driven in enumerate(asyncio.run(main())):
        assert driven["d"] == a + 1


def countdown(executor):
    """A model whose one function dispatches the model again, until n is 0."""
    dsp = tw.Dispatcher(name="countdown")

    def down(n):
        return dsp({"n": n - 1}, ["depth"], executor=executor)["depth"] + 1 if n else 0

    dsp.add_function("down", down, ["n"], ["depth"])
    return dsp


@pytest.mark.parametrize("name", params([name for name in NAMES if name not in OUTSIDE]))
def test_a_call_may_dispatch_its_model_again(name):
    assert countdown(name)({"n": 40}, ["depth"], executor=name)["depth"] == 40


@pytest.mark.parametrize("name", params(OUTSIDE))
def test_a_call_in_a_process_may_dispatch_on_processes(name):
    assert countdown(name)({"n": 2}, ["depth"], executor=name)["depth"] == 2


def test_dispatches_in_calls_may_be_deeper_than_an_executor_has_threads():
    with tw.open_executor("threads", max_workers=2) as executor:
        dispatching = [aside(countdown(executor).dispatch, {"n": 30}, ["depth"], executor=executor) for _ in range(4)]
        assert [future.result(60)["depth"] for future in dispatching] == [30] * 4


def test_dispatches_in_calls_may_be_deeper_than_an_executor_has_threads_on_a_loop():
    dsp = tw.Dispatcher(name="model")
    inner = tw.Dispatcher(name="inner")
    inner.add_function("plain", add_one, ["x"], ["y"])

    with tw.open_executor("threads", max_workers=1) as executor:

        def nested(x):
            return inner({"x": x}, ["y"], executor=executor)["y"]

        async def first(x):
            return x

        dsp.add_function("first", first, ["x"], ["u"])
        dsp.add_function("nested", nested, ["u"], ["v"], executor=executor)
        assert dsp({"x": 1}, ["v"])["v"] == 2


def test_a_coroutine_function_may_await_its_model_again():
    dsp = tw.Dispatcher(name="countdown")

    async def down(n):
        return (await dsp.adispatch({"n": n - 1}, ["depth"]))["depth"] + 1 if n else 0

    dsp.add_function("down", down, ["n"], ["depth"])
    assert dsp({"n": 40}, ["depth"])["depth"] == 40


def test_a_plain_function_beside_coroutine_functions_may_dispatch_a_model_of_such():
    inner = tw.Dispatcher(name="inner")
    inner.add_function("add", waiting(add_one), ["x"], ["y"])
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("first", waiting(add_one), ["x"], ["u"])
    dsp.add_function("nested", lambda u: inner({"x": u}, ["y"])["y"], ["u"], ["v"])
    assert dsp({"x": 1}, ["v"])["v"] == 3


def here(_):
    return threading.current_thread().name


def in_loop(_):
    try:
        return bool(asyncio.get_running_loop())
    except RuntimeError:
        return False


async def awaited_in_loop(_):
    return in_loop(_)


def test_a_function_names_its_executor():
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("here", here, ["a"], ["b"])
    dsp.add_function("there", here, ["a"], ["c"], executor="threads")
    solution = dsp({"a": 1})
    assert solution["b"] == threading.current_thread().name
    assert solution["c"].startswith("thalweg-")


def test_a_function_that_names_its_executor_keeps_it_in_a_run_on_another():
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("here", here, ["a"], ["b"], executor="sync")
    dsp.add_function("there", here, ["a"], ["c"])
    solution = dsp({"a": 1}, executor="threads")
    assert solution["b"] == threading.current_thread().name
    assert solution["c"].startswith("thalweg-")


def test_a_model_names_its_executor_and_a_dispatch_another():
    dsp = tw.Dispatcher(name="model", executor="threads")
    dsp.add_function("f", here, ["a"], ["b"])
    assert dsp({"a": 1})["b"].startswith("thalweg-")
    assert dsp({"a": 1}, executor="sync")["b"] == threading.current_thread().name


def test_a_child_names_its_executor_for_its_functions():
    child = tw.Dispatcher(name="child", executor="threads")
    child.add_function("f", here, ["x"], ["y"])
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("f", here, ["a"], ["b"])
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "c"})
    solution = dsp({"a": 1})
    assert solution["b"] == threading.current_thread().name
    assert solution["c"].startswith("thalweg-")


@pytest.mark.parametrize("name", params(["threads", "processes", "parallel"]))
def test_functions_of_one_run_are_made_on_different_executors(name):
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("awaited", awaited_in_loop, ["a"], ["b"])
    dsp.add_function("plain", in_loop, ["a"], ["c"])
    dsp.add_function("elsewhere", abs, ["a"], ["d"], executor=name)
    dsp.add_function("all", lambda b, c, d: (b, c, d), ["b", "c", "d"], ["e"])
    assert dsp({"a": -1}, ["e"])["e"] == (True, False, 1)


@pytest.mark.parametrize("named", ["thread", "proceses", "dusk"])
def test_an_unknown_name_is_an_error_that_lists_the_names_and_nothing_is_called(named):
    called = []
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("f", called.append, ["a"], ["b"])
    with pytest.raises(UnknownExecutorError, match=f"unknown executor '{named}'") as error:
        dsp({"a": 1}, executor=named)
    assert error.value.name == named
    assert all(repr(name) in str(error.value) for name in executor_names())
    dsp.add_function("g", called.append, ["a"], ["c"], executor=named)
    with pytest.raises(UnknownExecutorError):
        dsp({"a": 1})
    assert called == []


def test_a_near_miss_of_a_name_is_suggested():
    with pytest.raises(UnknownExecutorError, match="did you mean 'threads'"):
        tw.Dispatcher(name="model", executor="thread")({})


def test_coroutine_functions_are_awaited_without_being_told():
    dsp = model(waiting)
    solution = dsp({"a": 1}, ["e", "d"])
    assert not any(map(iscoroutine, solution.values()))
    assert solution["d"] == 2


@pytest.mark.parametrize("executor", ["async", "threads"])
def test_coroutine_functions_are_awaited_on_every_executor_of_this_process(executor):
    dsp = model(waiting)
    same(dsp({"a": 1}, ["e", "d"], executor=executor), model()({"a": 1}, ["e", "d"]))


def test_coroutine_functions_of_a_child_are_awaited():
    child = tw.Dispatcher(name="child")
    child.add_function("f", waiting(add_one), ["x"], ["y"])
    dsp = tw.Dispatcher(name="model")
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"})
    assert dsp({"a": 1}, ["b"])["b"] == 2


@pytest.mark.parametrize("executor", [None, "async"])
def test_a_dispatch_inside_a_running_loop_says_to_await_it(executor):
    dsp = model(waiting if executor is None else lambda function: function)

    async def main():
        with pytest.raises(BuildError, match=r"await dsp\.adispatch"):
            dsp({"a": 1}, executor=executor)
        return await dsp.adispatch({"a": 1}, ["d"], executor=executor)

    assert asyncio.run(main())["d"] == 2


@pytest.mark.parametrize("executor", [None, "sync", "threads"])
def test_plain_functions_are_dispatched_inside_a_running_loop(executor):
    async def main():
        return model()({"a": 1}, ["d"], executor=executor)

    assert asyncio.run(main())["d"] == 2

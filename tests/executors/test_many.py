"""Dispatches that are awaited, in the background, and many at once."""

import asyncio
import itertools
import threading
from concurrent.futures import CancelledError, Future

import pytest

import thalweg as tw
from tests.executors.doors import PATIENCE_SECONDS, aside
from tests.executors.rows import Waiting
from thalweg.dispatcher import many
from thalweg.errors import BuildError, RunTimeout, UnknownNodeError, UnreachableError
from thalweg.executors.background import in_background


def fails(*args):
    raise ValueError("no luck")


def halve(x):
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x // 2


def plain():
    dsp = tw.Dispatcher(name="plain")
    dsp.add_function("halve", halve, ["x"], ["y"])
    return dsp


def awaited():
    async def function(x):
        await asyncio.sleep(0)
        return halve(x)

    dsp = tw.Dispatcher(name="awaited")
    dsp.add_function("halve", function, ["x"], ["y"])
    return dsp


def slow(door, function=None):
    """A model of a coroutine function that waits at a door."""

    async def wait(x):
        await door.await_()
        return x if function is None else function(x)

    dsp = tw.Dispatcher(name="slow")
    dsp.add_function("wait", wait, ["x"], ["y"])
    return dsp


def slow_in_thread(door):
    dsp = tw.Dispatcher(name="slow")
    dsp.add_function("wait", Waiting(door, "late"), ["x"], ["y"])
    dsp.add_function("after", str.upper, ["y"], ["z"])
    return dsp


MODELS = [plain, awaited]
OPTIONS = [{}, {"executor": "threads"}, {"executor": "async"}, {"gate": tw.Gate(1)}, {"timeout": 60.0}]


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_dispatch_may_be_awaited(made, options):
    solution = asyncio.run(made().adispatch({"x": 4}, ["y"], **options))
    assert (dict(solution), solution.calls) == ({"x": 4, "y": 2}, ["halve"])


@pytest.mark.parametrize("made", MODELS)
def test_an_error_of_an_awaited_dispatch_is_raised_where_it_is_awaited(made):
    with pytest.raises(UnreachableError, match="'y' cannot be computed"):
        asyncio.run(made().adispatch({"x": 3}, ["y"]))


def test_a_wrong_question_is_an_error_where_it_is_awaited():
    with pytest.raises(UnknownNodeError):
        asyncio.run(plain().adispatch({"z": 3}))


@pytest.mark.parametrize("options", [*OPTIONS, {"executor": "sync"}, {"executor": "sync", "timeout": 60.0}], ids=str)
def test_a_loop_goes_on_while_a_dispatch_is_awaited(options, door):
    dsp = slow_in_thread(door)

    async def main():
        task = asyncio.create_task(dsp.adispatch({"x": 1}, ["z"], **options))
        guest = await asyncio.to_thread(door.guest)  # it comes while the loop is free, or never
        guest.let_go()
        return (await task)["z"]

    assert asyncio.run(main()) == "LATE"


@pytest.mark.parametrize("made", [slow, slow_in_thread])
@pytest.mark.parametrize("options", [*OPTIONS, {"on_event": repr}], ids=str)
def test_a_task_that_is_cancelled_cancels_what_is_in_flight(made, options, door):
    dsp = made(door)

    async def main():
        task = asyncio.create_task(dsp.adispatch({"x": 1}, **options))
        guest = await asyncio.to_thread(door.guest)
        task.cancel()
        if made is slow and options.get("executor") != "threads":
            await asyncio.to_thread(guest.left)
        with pytest.raises(asyncio.CancelledError):
            await task
        guest.let_go()
        return asyncio.all_tasks() == {asyncio.current_task()}

    assert asyncio.run(main())
    if "gate" in options:
        assert options["gate"].inside == 0


def test_calls_that_are_cancelled_are_awaited(door):
    cleaned = []

    async def wait(x):
        try:
            await door.await_()
        finally:
            await asyncio.sleep(0)
            cleaned.append(x)

    dsp = tw.Dispatcher(name="model")
    for k in range(5):
        dsp.add_function(f"f{k}", wait, ["x"], [f"y{k}"])

    async def main():
        task = asyncio.create_task(dsp.adispatch({"x": 1}))
        for _ in range(5):
            await asyncio.to_thread(door.guest)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return list(cleaned)

    assert asyncio.run(main()) == [1] * 5


def test_a_timeout_of_asyncio_ends_a_dispatch(door):
    async def main():
        async with asyncio.timeout(0.05):
            await slow(door).adispatch({"x": 1})

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    door.guest().left()


def test_a_group_of_tasks_ends_all_dispatches_with_the_first_that_fails(door):
    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(slow(door).adispatch({"x": 1}))
            await asyncio.to_thread(door.guest)
            group.create_task(awaited().adispatch({"x": 3}, ["y"]))

    with pytest.raises(ExceptionGroup) as error:
        asyncio.run(main())
    assert [type(one) for one in error.value.exceptions] == [UnreachableError]


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_dispatch_in_the_background_gives_a_future(made, options):
    future = made().submit({"x": 4}, ["y"], **options)
    assert isinstance(future, Future)
    assert future.result(PATIENCE_SECONDS)["y"] == 2


@pytest.mark.parametrize("made", MODELS)
def test_a_future_has_the_error_of_its_dispatch(made):
    error = made().submit({"x": 3}, ["y"]).exception(PATIENCE_SECONDS)
    assert isinstance(error, UnreachableError)
    assert list(error.solution.errors) == ["halve"]


def test_a_future_of_a_wrong_question_has_the_error():
    assert isinstance(plain().submit({"z": 1}).exception(PATIENCE_SECONDS), UnknownNodeError)


def test_a_future_may_be_waited_for_in_a_running_loop():
    async def main():
        return (await asyncio.wrap_future(awaited().submit({"x": 4})))["y"]

    assert asyncio.run(main()) == 2


@pytest.mark.parametrize("made", [slow, slow_in_thread])
def test_a_future_that_is_cancelled_ends_the_calls_in_flight(made, door):
    events = []
    ended = threading.Event()

    def note(event):
        events.append((event.kind, event.path))
        if event.kind == "cancelled":
            ended.set()

    future = made(door).submit({"x": 1}, on_event=note)
    guest = door.guest()
    assert future.cancel()
    assert future.cancelled()
    assert ended.wait(PATIENCE_SECONDS)
    if made is slow:
        guest.left()
    guest.let_go()
    assert events[:3] == [("begin", ""), ("running", "wait"), ("cancelled", "wait")]
    with pytest.raises(CancelledError):
        future.result()


def test_futures_run_side_by_side(door):
    dsp = slow(door)
    futures = [dsp.submit({"x": k}) for k in range(20)]
    for guest in [door.guest() for _ in futures]:
        guest.let_go()
    assert [future.result(PATIENCE_SECONDS)["y"] for future in futures] == list(range(20))


ROWS_OPTIONS = [{}, {"executor": "threads"}, {"executor": "async"}, {"gate": tw.Gate(3)}, {"gate": tw.Gate(4, 2)}]


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", ROWS_OPTIONS, ids=str)
def test_many_rows_give_their_results_in_order(made, options):
    rows = [{"x": 2 * k} for k in range(50)]
    assert [solution["y"] for solution in made().map(rows, ["y"], **options)] == list(range(50))


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", ROWS_OPTIONS, ids=str)
def test_many_rows_may_give_their_results_as_they_come(made, options):
    rows = [{"x": 2 * k} for k in range(50)]
    found = [solution["y"] for solution in made().map(rows, ["y"], ordered=False, **options)]
    assert sorted(found) == list(range(50))


def test_results_come_in_the_order_in_which_they_end(door):
    results = slow(door).map([{"x": 1}, {"x": 2}], ordered=False, executor="async")
    first = aside(next, results)
    guests = [door.guest(), door.guest()]
    guests[1].let_go()
    early = first.result(PATIENCE_SECONDS)["x"]
    guests[0].let_go()
    assert {early, next(results)["x"]} == {1, 2}
    assert list(results) == []


def test_a_quick_row_does_not_wait_for_a_slow_one_if_order_does_not_matter(door):
    async def wait(x):
        return await door.await_(x) if x == 1 else x

    dsp = tw.Dispatcher(name="model")
    dsp.add_function("wait", wait, ["x"], ["y"])
    results = dsp.map([{"x": 1}, {"x": 2}, {"x": 3}], ordered=False, executor="async")
    with results_closed(results):
        assert {next(results)["y"], next(results)["y"]} == {2, 3}
        door.guest().let_go()
        assert next(results)["y"] == 1


class results_closed:  # noqa: N801 - reads as what it is for
    """Closes a generator."""

    def __init__(self, results):
        self.results = results

    def __enter__(self):
        return self.results

    def __exit__(self, *_):
        self.results.close()


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("options", ROWS_OPTIONS, ids=str)
def test_errors_may_take_the_place_of_results(made, ordered, options):
    rows = [{"x": k} for k in range(10)]
    found = list(made().map(rows, ["y"], return_exceptions=True, ordered=ordered, **options))
    kinds = [type(one).__name__ for one in found]
    assert sorted(kinds) == ["Solution"] * 5 + ["UnreachableError"] * 5
    if ordered:
        assert kinds == ["Solution", "UnreachableError"] * 5


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", ROWS_OPTIONS, ids=str)
def test_the_first_error_ends_the_rest(made, options):
    read = []
    rows = (read.append(k) or {"x": k} for k in itertools.count())
    results = made().map(rows, ["y"], **options)
    assert next(results)["y"] == 0
    with pytest.raises(UnreachableError):
        list(results)
    number = len(read)
    assert list(results) == []
    assert len(read) == number
    assert all(gate.inside == 0 for gate in options.values() if isinstance(gate, tw.Gate))


@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("options", ROWS_OPTIONS, ids=str)
def test_rows_without_end_are_read_as_there_is_room(made, options):
    read = []
    rows = (read.append(k) or {"x": 2 * k} for k in itertools.count())
    results = made().map(rows, ["y"], **options)
    assert [next(results)["y"] for _ in range(5)] == list(range(5))
    gate = options.get("gate")
    ahead = 2 * gate.high if gate is not None else 1000
    assert len(read) <= 5 + ahead
    results.close()


def test_nothing_is_read_before_the_first_result_is_asked_for():
    read = []
    results = plain().map((read.append(k) or {"x": k} for k in range(3)), executor="threads")
    assert read == []
    results.close()


@pytest.mark.parametrize("has_begun", [True, False])
def test_an_interrupt_finds_also_the_dispatch_that_was_just_begun(monkeypatch, has_begun):
    begun, ends = threading.Event(), []

    async def wait(x):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # it is given the time to end well
            ends.append(x)

    def interrupted(work):
        future = in_background(work)
        if work.__name__ == "_admitted":
            assert not has_begun or begun.wait(PATIENCE_SECONDS)
            raise KeyboardInterrupt  # before anybody has kept what was begun
        return future

    monkeypatch.setattr(many, "in_background", interrupted)
    dsp = tw.Dispatcher()
    dsp.add_function("wait", wait, ["x"], ["y"])
    with pytest.raises(KeyboardInterrupt):
        list(dsp.map([{"x": 1}]))
    assert ends == [1] * begun.is_set()


@pytest.mark.parametrize("made", [slow, slow_in_thread])
def test_dispatches_that_nobody_will_ask_for_are_cancelled(made, door):
    gate = tw.Gate(2)
    results = made(door).map(({"x": k} for k in itertools.count()), gate=gate, executor="async", on_event=repr)
    driving = aside(next, results)
    guests = [door.guest(), door.guest()]
    guests[0].let_go()
    guests.append(door.guest())
    if made is slow_in_thread:
        guests[1].let_go()
    try:
        driving.result(PATIENCE_SECONDS)
    finally:
        results.close()
    assert gate.inside == 0
    for guest in guests:
        guest.let_go()


def test_never_more_rows_are_dispatched_at_once_than_a_gate_lets_in(door):
    dsp = slow(door)
    results = dsp.map([{"x": k} for k in range(6)], gate=tw.Gate(2))
    driving = aside(list, results)
    for _ in range(3):
        guests = [door.guest(), door.guest()]
        assert door.is_quiet()
        for guest in guests:
            guest.let_go()
    assert [solution["y"] for solution in driving.result(PATIENCE_SECONDS)] == list(range(6))


def test_none_enters_a_full_gate_until_fewer_than_low_are_inside(door):
    dsp = slow(door)
    driving = aside(list, dsp.map([{"x": k} for k in range(7)], gate=tw.Gate(3, 2)))
    guests = [door.guest() for _ in range(3)]
    guests.pop().let_go()
    guests.pop().let_go()  # now one is inside, fewer than two
    guests += [door.guest(), door.guest()]
    assert door.is_quiet()
    for _ in range(4):
        for guest in guests:
            guest.let_go()
        guests = [door.guest()] if _ < 2 else []
    assert len(driving.result(PATIENCE_SECONDS)) == 7


def test_one_gate_may_be_shared_by_maps(door):
    gate = tw.Gate(2)
    dsp = slow(door)
    driving = [aside(list, dsp.map([{"x": k} for k in range(3)], gate=gate)) for _ in range(2)]
    for _ in range(3):
        guests = [door.guest(), door.guest()]
        assert door.is_quiet()
        for guest in guests:
            guest.let_go()
    assert [len(future.result(PATIENCE_SECONDS)) for future in driving] == [3, 3]


@pytest.mark.parametrize("options", [{"executor": "threads"}, {"gate": tw.Gate(2)}], ids=str)
def test_a_map_may_be_dispatched_inside_a_call(options):
    inner = awaited()
    dsp = tw.Dispatcher(name="model")
    rows = [{"x": 2 * k} for k in range(5)]
    dsp.add_function("all", lambda a: [one["y"] for one in inner.map(rows, **options)], ["a"], ["b"])
    assert dsp({"a": 1}, executor="threads")["b"] == list(range(5))


@pytest.mark.parametrize("made", [slow, slow_in_thread])
@pytest.mark.parametrize("way", ["dispatch", "adispatch", "submit", "map"])
def test_a_run_that_takes_too_long_is_an_error_with_what_was_known(made, way, door):
    dsp = made(door)
    dsp.add_function("quick", abs, ["x"], ["q"])

    def run():
        if way == "adispatch":
            return asyncio.run(dsp.adispatch({"x": -1}, timeout=0.2))
        if way == "submit":
            return dsp.submit({"x": -1}, timeout=0.2).result(PATIENCE_SECONDS)
        if way == "map":
            return list(dsp.map([{"x": -1}], timeout=0.2, executor="async"))
        return dsp({"x": -1}, timeout=0.2, executor="async")

    with pytest.raises(RunTimeout, match="longer than its timeout") as error:
        run()
    assert dict(error.value.solution) == {"x": -1, "q": 1}
    assert isinstance(error.value, TimeoutError)
    guest = door.guest()
    if made is slow:
        guest.left()
    guest.let_go()


@pytest.mark.parametrize("executor", [None, "sync"])
def test_a_run_in_line_that_takes_too_long_ends_after_the_call(executor):
    dsp = tw.Dispatcher(name="model")
    called = []
    dsp.add_function("waits", lambda x: threading.Event().wait(0.1), ["x"], ["y"])
    dsp.add_function("after", called.append, ["y"], ["z"])
    with pytest.raises(RunTimeout):
        dsp({"x": 1}, timeout=0.05, executor=executor)
    assert called == []


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_timeout_that_cannot_be_meant_is_refused(timeout):
    with pytest.raises(BuildError, match="give seconds"):
        plain()({"x": 2}, timeout=timeout)

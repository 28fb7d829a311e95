"""Calls that are tried again, given up, and let in one by one."""

import asyncio
import threading

import pytest

import thalweg as tw
from tests.executors.clock import clock_loop
from tests.executors.doors import PATIENCE_SECONDS, Door, aside
from tests.executors.drivables import Steps, call
from tests.executors.rows import Waiting
from thalweg.errors import BuildError, CallTimeout, ContinueAfterErrorException, StopScheduleException
from thalweg.executors.driver import Driver

LOCAL = [None, "sync", "threads", "async"]


class Unlucky:
    """Raises some times, then gives a value."""

    def __init__(self, times, error=ValueError):
        self.times = times
        self.error = error
        self.calls = 0

    def __call__(self, *args):
        self.calls += 1
        if self.calls <= self.times:
            raise self.error(f"no luck {self.calls}")
        return self.calls


def model(function, **options):
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("f", function, ["a"], ["b"], **options)
    dsp.add_function("instead", lambda a: "instead", ["a"], ["b"], weight=5)
    return dsp


@pytest.mark.parametrize("executor", LOCAL)
def test_a_call_is_tried_as_often_as_is_said(executor):
    function = Unlucky(2)
    solution = model(function, retry=3)({"a": 1}, ["b"], executor=executor)
    assert (solution["b"], function.calls, len(solution.errors)) == (3, 3, 0)


@pytest.mark.parametrize("executor", LOCAL)
def test_the_alternative_is_taken_after_the_last_try(executor):
    function = Unlucky(3)
    solution = model(function, retry=3)({"a": 1}, ["b"], executor=executor)
    assert (solution["b"], function.calls, str(solution.errors["f"].error)) == ("instead", 3, "no luck 3")


@pytest.mark.parametrize("executor", LOCAL)
def test_only_the_errors_that_are_named_are_worth_another_try(executor):
    policy = tw.Policy(tries=3, errors=(KeyError, OSError))
    named, other = Unlucky(1, OSError), Unlucky(1)
    assert model(named, retry=policy)({"a": 1}, ["b"], executor=executor)["b"] == 2
    assert model(other, retry=policy)({"a": 1}, ["b"], executor=executor)["b"] == "instead"
    assert other.calls == 1


@pytest.mark.parametrize("executor", LOCAL)
def test_a_refusal_is_not_tried_again(executor):
    asked = []
    dsp = model(abs, retry=3, input_domain=asked.append)
    assert dsp({"a": 1}, ["b"], executor=executor)["b"] == "instead"
    assert asked == [1]


@pytest.mark.parametrize("signal", [ContinueAfterErrorException, StopScheduleException])
def test_a_signal_that_wants_no_other_try_gets_none(signal):
    function = Unlucky(1, signal)
    assert model(function, retry=3)({"a": 1}, ["b"])["b"] == "instead"
    assert function.calls == 1


@pytest.mark.parametrize(("asked", "moment"), [(30.0, 30.0), (0.5, 2.0), (None, 2.0)])
def test_an_error_may_ask_for_a_longer_pause_not_for_a_shorter_one(asked, moment):
    moments = []

    async def busy(a):
        moments.append(asyncio.get_running_loop().time())
        if len(moments) == 1:
            error = OSError("busy")
            error.pause_seconds = asked
            raise error
        return a

    dsp = model(busy, retry=tw.Policy(tries=2, pause_seconds=2.0))
    with clock_loop() as loop:
        loop.run_until_complete(dsp.adispatch({"a": 1}, ["b"]))
    assert moments == [0.0, moment]


def test_coroutine_functions_are_tried_again():
    function = Unlucky(2)

    async def awaited(a):
        await asyncio.sleep(0)
        return function(a)

    assert model(awaited, retry=3)({"a": 1}, ["b"])["b"] == 3


@pytest.mark.parametrize("executor", LOCAL)
def test_the_alternative_of_a_call_that_hangs_is_taken(executor):
    with Door() as door:
        solution = model(Waiting(door, "late"), timeout=0.05)({"a": 1}, ["b"], executor=executor)
    assert (solution["b"], solution.errors["f"].kind) == ("instead", "timeout")
    assert isinstance(solution.errors["f"].error, CallTimeout)


def test_a_coroutine_function_that_hangs_is_ended():
    with Door() as door:

        async def wait(a):
            return await door.await_()

        driving = aside(model(wait, timeout=0.05).dispatch, {"a": 1}, ["b"])
        door.guest().left()
        assert driving.result(PATIENCE_SECONDS)["b"] == "instead"


class Clock:
    """A host whose time is moved by hand."""

    def __init__(self):
        self.time = 0.0
        self.timers = []

    def post(self, function, *args):
        function(*args)

    def reporter(self, receive):
        return receive

    def call_later(self, seconds, function, *args):
        self.timers.append((self.time + seconds, function, args))

    def now(self):
        return self.time

    def drive(self, driver):
        pauses = []
        driver.pump()
        while not driver.is_over:
            self.timers.sort(key=lambda timer: timer[0])
            until, function, args = self.timers.pop(0)
            pauses.append(until - self.time)
            self.time = until
            function(*args)
            driver.pump()
        return pauses


def tries(policy, times):
    """The pauses between the tries of a call that fails some times, and how the driver has noted them."""
    run, clock = Steps((call(1, Unlucky(times), policy=policy),)), Clock()
    executor = tw.executors.InlineExecutor()
    driver = Driver(run, clock, lambda _: executor)
    pauses = clock.drive(driver)
    return pauses, [(row[1], row[5]) for row in driver.rows], run.outcomes[1][0]


def test_pauses_grow():
    pauses, rows, how = tries(tw.Policy(tries=5, pause_seconds=0.5, growth=3.0), 4)
    assert pauses == [0.5, 1.5, 4.5, 13.5]
    assert rows == [(1, "ValueError"), (2, "ValueError"), (3, "ValueError"), (4, "ValueError"), (5, None)]
    assert how == "done"


def test_pauses_are_left_to_chance_within_their_jitter():
    policy = tw.Policy(tries=200, pause_seconds=1.0, growth=1.0, jitter=0.5)
    pauses, _, how = tries(policy, 200)
    assert (how, len(pauses)) == ("failed", 199)
    assert 0.5 <= min(pauses) < 0.75
    assert 1.25 < max(pauses) <= 1.5


@pytest.mark.parametrize(
    "options",
    [{"retry": 0}, {"retry": True}, {"timeout": -1.0}, {"retry": tw.Policy(jitter=2.0)}, {"retry": tw.Policy(tries=0)}],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_when_the_function_is_added(options):
    with pytest.raises(BuildError, match="; give"):
        model(abs, **options)


class Most:
    """The most calls that were inside at once."""

    def __init__(self, places):
        self.barrier = threading.Barrier(places)
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def __call__(self, *args):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.barrier.wait(PATIENCE_SECONDS)
        with self.lock:
            self.inside -= 1


def test_a_gate_is_shared_by_dispatches():
    most, gate = Most(2), tw.Gate(2)
    dsp = tw.Dispatcher(name="model")
    for k in range(4):
        dsp.add_function(f"f{k}", most, ["a"], [f"b{k}"])
    dispatching = [aside(dsp.dispatch, {"a": 1}, executor="threads", gate=gate) for _ in range(3)]
    for future in dispatching:
        assert len(future.result(PATIENCE_SECONDS)) == 5
    assert (most.most, gate.inside) == (2, 0)


def test_a_gate_may_be_entered_by_threads():
    most, gate = Most(3), tw.Gate(3)

    def enter():
        with gate:
            most()

    for future in [aside(enter) for _ in range(12)]:
        future.result(PATIENCE_SECONDS)
    assert (most.most, gate.inside) == (3, 0)


def test_a_gate_may_be_entered_by_tasks():
    gate, seen = tw.Gate(3), []

    async def enter():
        async with gate:
            seen.append(gate.inside)
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(enter() for _ in range(20)))

    asyncio.run(main())
    assert (len(seen), max(seen), gate.inside) == (20, 3, 0)


def test_a_task_that_is_cancelled_in_the_line_of_a_gate_leaves_it():
    gate = tw.Gate(1)

    async def main():
        async with gate:
            waiting = asyncio.create_task(gate.__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(PATIENCE_SECONDS), gate:
            return gate.inside

    assert asyncio.run(main()) == 1
    assert gate.inside == 0


def test_a_full_gate_opens_when_fewer_than_low_are_inside_first_come_first_served():
    gate, admitted = tw.Gate(3, 2), []
    assert [gate.enter(print) for _ in range(3)] == [True] * 3
    for name in "abcd":
        assert not gate.enter(lambda name=name: admitted.append(name))
    gate.leave()
    assert admitted == []
    gate.leave()
    assert (admitted, gate.inside) == (["a", "b"], 3)
    gate.leave()
    gate.leave()
    assert (admitted, gate.inside) == (["a", "b", "c", "d"], 3)

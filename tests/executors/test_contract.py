"""What every executor promises: the same suite over every row of the table."""

import os
import signal
import threading

import numpy as np
import pytest

import thalweg as tw
from tests.dispatcher.values import Opaque
from tests.executors.doors import PATIENCE_SECONDS, Book, Door, aside
from tests.executors.drivables import Line, Steps, call
from tests.executors.rows import ALONE, ROWS, Inline, opened, params
from thalweg.errors import CallCancelled, CallTimeout, DomainError, WorkerDied
from thalweg.executors import Gate, InlineExecutor, Policy
from thalweg.executors.contract import PREVIOUS, Expired

SIDE_BY_SIDE = [name for name in ROWS if name not in ALONE]


@pytest.fixture(params=params(ROWS), scope="module")
def row(request):
    """One executor for many tests: whatever happens in one, the next finds it usable."""
    with opened(request.param) as row:
        yield row


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path / "book")


def side_by_side(**options):
    """Have a test run on every row that makes calls side by side."""
    return pytest.mark.parametrize("row", params(SIDE_BY_SIDE), indirect=True, scope="module", **options)


def fails(*args):
    raise ValueError("no luck")


def nothing(*args):
    return tw.NONE


def interrupt(*args):
    raise KeyboardInterrupt


def leave(*args):
    raise SystemExit(3)


def die(*args):
    os._exit(3)


def be_killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)


def outcome_of(row, function, *args, **options):
    run = Steps((call(1, row.fn(function), *args, **options),))
    row.drive(run)
    return run.outcomes[1]


def test_a_value_is_reported(row):
    assert outcome_of(row, max, 2, 3) == ("done", 3)


@pytest.mark.parametrize("value", [0, None, False, "", (), [], {}, tw.NONE, tw.EMPTY, float("nan")], ids=repr)
def test_any_value_is_a_value(row, value):
    how, given = outcome_of(row, lambda: value)
    assert how == "done"
    assert repr(given) == repr(value)


def test_an_exception_as_a_value_is_a_value(row):
    how, given = outcome_of(row, lambda: ValueError("given, not raised"))
    assert (how, type(given)) == ("done", ValueError)


@pytest.mark.parametrize("value", [np.arange(3), np.array([])], ids=["array", "empty"])
def test_an_array_is_a_value(row, value):
    how, given = outcome_of(row, lambda: value)
    assert how == "done"
    assert given.tolist() == value.tolist()


def test_a_value_is_never_compared(row):
    how, given = outcome_of(row, lambda value: value, Opaque(), domain=lambda value: True)
    assert (how, repr(given)) == ("done", "<opaque>")


@pytest.mark.parametrize("error", [ValueError("no luck"), StopIteration(1), KeyError("k"), Warning("w")], ids=repr)
def test_an_error_is_reported_as_what_was_raised(row, error):
    if isinstance(error, StopIteration) and row.fn(abs) is not abs:
        pytest.skip("Python itself makes another error of it in a coroutine")

    def raising():
        raise error

    how, given = outcome_of(row, raising)
    assert (how, type(given), given.args) == ("failed", type(error), error.args)


def test_a_call_that_cannot_be_made_is_an_error(row):
    how, given = outcome_of(row, abs, 1, 2, 3)
    assert (how, type(given)) == ("failed", TypeError)


@pytest.mark.parametrize("ending", [interrupt, leave])
@pytest.mark.parametrize("place", ["function", "domain", "filter"])
def test_an_end_of_the_program_is_never_caught(row, place, ending):
    one = {
        "function": call(1, row.fn(ending)),
        "domain": call(1, row.fn(abs), -1, domain=ending),
        "filter": call(1, row.fn(abs), -1, filters=(ending,)),
    }[place]
    run = Steps((one,))
    with pytest.raises((KeyboardInterrupt, SystemExit)) as ended:
        row.drive(run)
    assert ended.type is (KeyboardInterrupt if ending is interrupt else SystemExit)
    assert run.outcomes == {}


def test_an_executor_is_usable_after_an_end_of_the_program(row):
    with pytest.raises(KeyboardInterrupt):
        row.drive(Steps((call(1, row.fn(interrupt)),)))
    assert outcome_of(row, abs, -1) == ("done", 1)


@side_by_side()
def test_an_end_of_the_program_cancels_what_is_in_flight(row, door):
    def ending(*_):
        door.wait()
        raise KeyboardInterrupt

    async def awaited(*_):
        await door.await_()
        raise KeyboardInterrupt

    function = ending if row.fn(abs) is abs else awaited
    with Door() as other:
        driving = aside(row.drive, Steps((call(1, row.slow(other)),), (call(2, function),)))
        slow = other.guest()
        door.guest().let_go()
        if row.stops:
            slow.left()
        with pytest.raises(KeyboardInterrupt):
            driving.result(PATIENCE_SECONDS)


def test_a_call_is_made_if_its_domain_says_yes(row):
    assert outcome_of(row, max, 2, 3, domain=lambda a, b: a < b) == ("done", 3)


@pytest.mark.parametrize("answer", [False, 0, None, [], np.False_], ids=repr)
def test_a_call_is_not_made_if_its_domain_says_no(row, book, answer):
    how, error = outcome_of(row, book.note, 1, domain=lambda value: answer)
    assert (how, type(error), error.__cause__, book.lines()) == ("failed", DomainError, None, [])


def test_a_call_is_not_made_if_its_domain_raises(row, book):
    how, error = outcome_of(row, book.note, 1, domain=fails)
    assert (how, type(error), type(error.__cause__), book.lines()) == ("failed", DomainError, ValueError, [])
    assert str(error) == "its domain raised ValueError: no luck"


def test_filters_act_on_the_result_one_after_the_other(row):
    assert outcome_of(row, max, 2, 3, filters=(str, float, lambda value: value + 1)) == ("done", 4.0)


def test_a_filter_that_raises_is_an_error(row):
    how, error = outcome_of(row, max, 2, 3, filters=(str, fails))
    assert (how, str(error)) == ("failed", "no luck")


def test_each_call_is_made_and_reported_once(row, book):
    run = Steps(*((call(number, row.fn(book.note), number),) for number in range(row.some)))
    row.drive(run)
    assert sorted(map(int, book.lines())) == sorted(run.events) == list(range(row.some))


def test_a_great_many_calls_are_made(row):
    run = Steps(*((call(number, row.fn(abs), -number),) for number in range(row.many)))
    row.drive(run)
    assert run.outcomes == {number: ("done", number) for number in range(row.many)}


def test_a_failure_does_not_keep_other_calls_from_being_made(row):
    run = Steps((call(1, row.fn(fails)),), (call(2, row.fn(abs), -2),), (call(3, row.fn(abs), -3), 1))
    row.drive(run)
    assert {number: how for number, (how, _) in run.outcomes.items()} == {1: "failed", 2: "done", 3: "done"}


def test_what_becomes_ready_meanwhile_is_made(row):
    run = Steps((call(3, row.fn(abs), -3), 2), (call(2, row.fn(abs), -2), 1), (call(1, row.fn(abs), -1),))
    row.drive(run)
    assert run.events == [1, 2, 3]


def test_outcomes_are_reported_in_the_thread_that_drives(row):
    threads = set()

    class Noting(Steps):
        def end(self, call, outcome):
            threads.add(threading.current_thread())
            super().end(call, outcome)

    row.drive(Noting((call(1, row.fn(abs), -1),), (call(2, row.fn(fails)),)))
    assert threads == {threading.current_thread()}


def test_nothing_is_made_of_a_run_that_is_over(row):
    run = Steps((call(1, row.fn(fails)),))
    run.stopped = True
    row.drive(run)
    assert (run.given, run.outcomes) == ([], {})


def test_nothing_more_is_taken_when_a_run_is_over(row):
    run = Steps((call(1, row.fn(abs), -1),), (call(2, row.fn(abs), -2), 1), stop_after=1)
    row.drive(run)
    assert run.given == [1]


def test_a_run_of_nothing_ends(row):
    run = Steps()
    row.drive(run)
    assert run.outcomes == {}


def test_what_the_run_raises_comes_through(row):
    class Ending(Steps):
        def done(self, call, value):
            raise RuntimeError("the run is over")

    with pytest.raises(RuntimeError, match="the run is over"):
        row.drive(Ending((call(1, row.fn(abs), -1),), (call(2, row.fn(abs), -2),)))


def test_a_call_may_drive_another_run(row):
    if not row.shares or row.fn(abs) is not abs:
        pytest.skip("a process has executors of its own, and a coroutine must not block its loop")
    inner = Steps((call(1, abs, -5),))

    def nested():
        row.drive(inner)
        return inner.outcomes[1][1]

    assert outcome_of(row, nested) == ("done", 5)


def test_one_executor_drives_one_run_after_the_other(row):
    assert [outcome_of(row, abs, -n) for n in (1, 2)] == [("done", 1), ("done", 2)]


def test_one_executor_drives_many_runs_at_once(row):
    start = threading.Barrier(8)
    size = row.some

    def one(number):
        run = Steps(*((call(k, row.fn(divmod), number, k + 1),) for k in range(size)))
        start.wait(PATIENCE_SECONDS)
        row.drive(run)
        return run.outcomes

    driving = [aside(one, number) for number in range(8)]
    for number, future in enumerate(driving):
        expected = {k: ("done", divmod(number, k + 1)) for k in range(size)}
        assert future.result(60) == expected


def test_values_go_from_call_to_call_along_a_line(row):
    run = Line(call(1, row.fn(abs), -1), *(call(n, row.fn(max), PREVIOUS, n) for n in range(2, 6)), kept={3})
    row.drive(run)
    assert {number: value for number, value in run.values().items() if value != "dropped"}.items() >= {
        3: 3,
        5: 5,
    }.items()
    assert run.events == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("ending", [fails, nothing])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_line_ends_where_a_call_fails_or_gives_nothing(row, place, ending):
    functions = [abs, abs, abs, abs]
    functions[place - 1] = ending
    arguments = [-1, PREVIOUS, PREVIOUS, PREVIOUS]
    run = Line(*(call(k + 1, row.fn(functions[k]), arguments[k]) for k in range(4)))
    run.stop_after = place
    row.drive(run)
    assert list(run.outcomes) == list(range(1, place + 1))
    assert run.outcomes[place][0] == ("failed" if ending is fails else "done")
    if place > 1:
        assert run.outcomes[place - 1] == ("done", 1), "a value that was withheld is given before the failure"
    if row.executor.takes_chains:
        assert sorted(run.dropped) == list(range(place + 1, 5))


@side_by_side()
def test_quick_calls_do_not_wait_for_a_slow_one(row, door):
    number = 2 * row.some
    quick = range(1, number + 1)
    seen = threading.Event()

    class Telling(Steps):
        def end(self, call, outcome):
            super().end(call, outcome)
            if len(self.outcomes) == number:
                seen.set()

    run = Telling((call(0, row.slow(door, "late")),), *((call(k, row.fn(abs), -k),) for k in quick))
    driving = aside(row.drive, run)
    guest = door.guest()
    assert seen.wait(PATIENCE_SECONDS)
    assert 0 not in run.outcomes
    guest.let_go()
    driving.result(PATIENCE_SECONDS)
    assert run.outcomes[0] == ("done", "late")


@side_by_side()
def test_calls_are_made_at_once(row, door):
    run = Steps(*((call(k, row.slow(door, k)),) for k in range(2)))
    driving = aside(row.drive, run)
    guests = [door.guest(), door.guest()]
    for guest in guests:
        guest.let_go()
    driving.result(PATIENCE_SECONDS)
    assert run.outcomes == {0: ("done", 0), 1: ("done", 1)}


SHORT = Policy(timeout_seconds=0.05)


@side_by_side()
def test_a_call_that_hangs_past_its_timeout_fails(row, door):
    run = Steps((call(1, row.slow(door), policy=SHORT),), (call(2, row.fn(abs), -2), 1))
    driving = aside(row.drive, run)
    guest = door.guest()
    if row.stops:
        guest.left()
    driving.result(PATIENCE_SECONDS)
    how, error = run.outcomes[1]
    assert (how, type(error)) == ("failed", CallTimeout)
    assert "0.05 s" in str(error)
    assert run.outcomes[2] == ("done", 2)


@side_by_side()
def test_every_try_that_hangs_is_given_up(row, door):
    run = Steps((call(1, row.slow(door), policy=SHORT._replace(tries=3)),))
    driver = row.drive(run)
    assert type(run.outcomes[1][1]) is CallTimeout
    assert [(number, tried, trouble) for number, tried, _, _, _, trouble in driver.rows] == [
        (1, tried, "CallTimeout") for tried in (1, 2, 3)
    ]


@side_by_side()
def test_a_call_that_is_quicker_than_its_timeout_gives_its_value(row):
    policy = Policy(tries=3, timeout_seconds=PATIENCE_SECONDS)
    run = Steps(*((call(k, row.fn(abs), -k, policy=policy),) for k in range(row.some)))
    row.drive(run)
    assert run.outcomes == {k: ("done", k) for k in range(row.some)}


@side_by_side()
def test_the_time_of_a_call_begins_when_it_is_made(row, door):
    """Two calls for one place: the second waits longer than its timeout before it is made."""

    def outcome_of_the_second(limit):
        policy = Policy(timeout_seconds=limit)
        run = Steps((call(1, row.slow(door)),), (call(2, row.fn(abs), -2, policy=policy),))
        driving = aside(row.drive, run, gate=Gate(1))
        guest = door.guest()
        threading.Event().wait(2 * limit)  # the time that passes is what is tested
        guest.let_go()
        driving.result(PATIENCE_SECONDS)
        return run.outcomes[2]

    # On a busy machine a call may take longer than the first limit, but not than each.
    assert ("done", 2) in map(outcome_of_the_second, (0.05, 0.5, 5.0))


@side_by_side()
def test_a_run_that_is_stopped_ends_though_calls_are_in_flight(row, door):
    stopper = threading.Event()
    run = Steps((call(1, row.slow(door)),), (call(2, row.fn(abs), -2), 1))
    driving = aside(row.drive, run, stopper=stopper)
    guest = door.guest()
    stopper.set()
    driving.result(PATIENCE_SECONDS)
    assert run.outcomes == {}
    if row.stops:
        guest.left()


@side_by_side()
def test_a_run_whose_time_is_over_ends_though_calls_are_in_flight(row, door):
    run = Steps((call(1, row.slow(door)),), (call(2, row.fn(abs), -2), 1))
    with pytest.raises(Expired):
        row.drive(run, timeout=0.05)
    assert run.outcomes == {}


@side_by_side()
def test_calls_that_wait_for_a_place_are_not_made_when_the_run_ends(row, door, book):
    gate, stopper = Gate(1), threading.Event()
    run = Steps((call(1, row.slow(door)),), *((call(k, row.fn(book.note), k),) for k in range(2, 20)))
    driving = aside(row.drive, run, gate=gate, stopper=stopper)
    guest = door.guest()
    stopper.set()
    driving.result(PATIENCE_SECONDS)
    guest.let_go()
    assert (run.outcomes, book.lines(), gate.inside) == ({}, [], 0)


@pytest.mark.parametrize("name", params(["threads", "processes", "parallel", "dask"]))
def test_calls_in_the_queue_of_an_executor_are_not_made_when_the_run_ends(name, door, book):
    stopper = threading.Event()
    with opened(name, max_workers=1) as row:
        run = Steps((call(1, row.slow(door)),), *((call(k, book.note, k),) for k in range(2, 20)))
        driving = aside(row.drive, run, stopper=stopper)
        guest = door.guest()
        stopper.set()
        driving.result(PATIENCE_SECONDS)
        guest.let_go()
        assert (run.outcomes, book.lines()) == ({}, [])
        assert outcome_of(row, abs, -1) == ("done", 1)


@side_by_side()
def test_never_more_are_made_at_once_than_a_gate_lets_in(row, door):
    run = Steps(*((call(k, row.slow(door, k)),) for k in range(6)))
    driving = aside(row.drive, run, gate=Gate(2))
    for _ in range(3):
        guests = [door.guest(), door.guest()]
        assert door.is_quiet()
        for guest in guests:
            guest.let_go()
    driving.result(PATIENCE_SECONDS)
    assert run.outcomes == {k: ("done", k) for k in range(6)}


def test_a_gate_is_left_whatever_happens(row):
    if isinstance(row, Inline):
        pytest.skip("it has no gate")
    gate = Gate(2)
    ends = [abs, fails, max, lambda: tw.NONE]
    run = Steps(*((call(k, row.fn(ends[k % 4]), policy=Policy(tries=2)),) for k in range(row.some)))
    row.drive(run, gate=gate)
    assert (len(run.outcomes), gate.inside) == (row.some, 0)


@pytest.mark.parametrize("name", params(["threads", "processes", "parallel", "dask"]))
def test_an_executor_that_is_shut_down_while_busy_ends_what_is_in_its_queue(name, door):
    with opened(name, max_workers=1) as row:
        run = Steps((call(1, row.slow(door, "late")),), (call(2, abs, -2),), (call(3, abs, -3), 1, 2))
        driving = aside(row.drive, run)
        guest = door.guest()
        row.close(0.0)
        guest.let_go()
        driving.result(PATIENCE_SECONDS)
        if row.executor.capacity > 1:  # else the driver has kept it
            how, error = run.outcomes[2]
            assert (how, type(error)) == ("failed", CallCancelled)
        assert run.outcomes[1][0] == ("failed" if row.stops else "done")
        assert run.outcomes[3] == ("done", 3), "an executor begins anew when it is used again"


@pytest.mark.parametrize("name", params(["processes", "parallel", "dask"]))
@pytest.mark.parametrize("death", [die, be_killed])
def test_a_worker_that_dies_fails_its_call_and_no_other(name, death):
    with opened(name) as row:
        run = Steps((call(0, death),), *((call(k, abs, -k),) for k in range(1, row.some)), (call(-1, abs, -1), 0))
        row.drive(run)
        how, error = run.outcomes.pop(0)
        assert (how, type(error)) == ("failed", WorkerDied)
        assert run.outcomes == {-1: ("done", 1)} | {k: ("done", k) for k in range(1, row.some)}


@pytest.mark.parametrize("name", params(["processes", "parallel", "dask"]))
def test_a_call_that_kills_its_worker_is_tried_again(name, tmp_path):
    book = Book(tmp_path / "book")
    mark = tmp_path / "mark"

    def dies_once():
        book.note("tried")
        if not mark.exists():
            mark.touch()
            os._exit(9)
        return "alive"

    with opened(name) as row:
        run = Steps((call(1, dies_once, policy=Policy(tries=2, errors=(WorkerDied,))),))
        row.drive(run)
        assert (run.outcomes, book.lines()) == ({1: ("done", "alive")}, ["tried", "tried"])


def test_a_dispatch_gives_what_it_gives_without_an_executor():
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
        alone, driven = dsp({"a": 1}, outputs), dsp({"a": 1}, outputs, executor=InlineExecutor())
        assert list(driven.items()) == list(alone.items())
        assert (driven.providers, driven.distances) == (alone.providers, alone.distances)
        assert driven.errors.keys() == alone.errors.keys()

"""The pool of processes: values, failures, death, limits, cancelling, chains, and what it leaves behind."""

import functools
import gc
import os
import signal
import sys
import threading

import pytest

from tests.executors import work
from tests.executors.processes import (
    Sink,
    nothing_left_behind,
    outcome,
    outcomes,
    run_chain,
    until,
    value,
)
from thalweg import NONE
from thalweg.errors import BuildError, CallCancelled, CallTimeout, DomainError, TransferError, WorkerDied
from thalweg.executors.contract import DROPPED, PREVIOUS
from thalweg.executors.processes import ProcessesExecutor


@pytest.fixture(scope="module")
def executor():
    with ProcessesExecutor(max_workers=2) as executor:
        yield executor


@pytest.fixture
def fresh():
    with ProcessesExecutor(max_workers=2) as executor:
        yield executor


@pytest.fixture
def single():
    with ProcessesExecutor(max_workers=1) as executor:
        yield executor


# Values


@pytest.mark.parametrize("given", [0, None, False, "", (), [], {}, b"", 2.5, "__main__"], ids=repr)
def test_any_value_comes_back(executor, given):
    found = value(executor, work.same, given)
    assert (type(found), found) == (type(given), given)


def test_a_long_value_comes_back(executor):
    given = list(range(300_000))
    assert value(executor, work.same, given) == given


def test_a_lambda_and_a_closure_can_be_called(executor):
    five = 5
    assert value(executor, lambda number: number + five, 2) == 7


def test_a_lambda_is_a_value(executor):
    assert value(executor, work.same, lambda: 3)() == 3


def test_a_partial_and_a_method_can_be_called(executor):
    assert value(executor, functools.partial(work.add, 3), 4) == 7
    assert value(executor, "a-b".split, "-") == ["a", "b"]


def test_a_coroutine_function_is_awaited(executor):
    assert value(executor, work.awaited, 7) == 7
    assert value(executor, functools.partial(work.awaited, 8), filters=(work.increase,)) == 9


def test_the_call_is_made_in_another_process(executor):
    found = outcome(executor, work.process)
    assert found.value != os.getpid()
    assert found.place == f"process {found.value}"


def test_start_and_end_are_times_of_the_clock_of_all(executor):
    import time

    before = time.monotonic()
    found = outcome(executor, time.sleep, 0.02)
    assert before <= found.start <= found.end <= time.monotonic()
    assert found.end - found.start >= 0.02


def test_a_domain_and_filters_are_used_there(executor):
    assert value(executor, work.add, 1, 2, domain=lambda a, b: a < b, filters=(work.increase, str)) == "4"
    refused = outcome(executor, work.add, 2, 1, domain=lambda a, b: a < b).error
    assert (type(refused), str(refused)) == (DomainError, "its domain refused the values")


def test_paths_and_directory_of_the_parent_hold_there(single, tmp_path, monkeypatch):
    assert value(single, work.same, 1) == 1
    (tmp_path / "just_written.py").write_text("def give():\n    import os\n    return os.getcwd()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    import just_written

    try:
        assert value(single, just_written.give) == str(tmp_path)
    finally:
        del sys.modules["just_written"]


def test_the_environment_of_the_parent_holds_there(fresh, monkeypatch):
    monkeypatch.setenv("THALWEG_TEST", "seen")
    assert value(fresh, os.getenv, "THALWEG_TEST") == "seen"


def test_code_can_tell_that_it_is_in_a_worker(executor):
    from thalweg.executors.worker import is_within

    assert value(executor, is_within) is True
    assert is_within() is False


def test_a_pool_within_a_worker_works(executor):
    def nested(number):
        with ProcessesExecutor() as inner:
            assert inner.max_workers == 1
            return value(inner, work.increase, number)

    assert value(executor, nested, 4) == 5


# Failures


def test_an_error_comes_back_with_the_traceback_as_a_note(executor):
    error = outcome(executor, work.fails, 3).error
    assert (type(error), error.args) == (ValueError, ("no luck", 3))
    (note,) = error.__notes__
    assert note.startswith("Raised in process ")
    assert "in fails" in note
    assert 'raise ValueError("no luck", *args)' in note
    assert "worker.py" not in note


def test_an_error_comes_back_with_its_cause(executor):
    error = outcome(executor, work.fails_because).error
    assert type(error) is LookupError
    assert (type(error.__cause__), error.__cause__.args) == (ValueError, ("no luck",))


def test_an_error_that_pickle_could_not_make_again_comes_back(executor):
    error = outcome(executor, work.raise_odd).error
    assert (type(error), str(error), error.first) == (work.Odd, "one and two", "one")


@pytest.mark.parametrize("function", [work.raise_locked, work.raise_broken])
def test_an_error_that_cannot_travel_is_told(executor, function):
    error = outcome(executor, function).error
    assert type(error) is TransferError
    assert error.type_name in str(error)
    assert error.text in str(error)
    assert f"in {function.__name__}" in error.__notes__[0]


def test_an_end_of_the_program_is_reported_as_it_is(executor):
    assert type(outcome(executor, work.interrupt).error) is KeyboardInterrupt
    error = outcome(executor, work.leave).error
    assert (type(error), error.code) == (SystemExit, 3)
    assert type(outcome(executor, work.raise_ending).error) is work.Ending


def test_a_function_that_does_not_pickle_is_named(executor):
    lock = threading.Lock()

    def guarded():
        return lock

    error = outcome(executor, guarded).error
    assert type(error) is TransferError
    assert "the function of 'test_a_function_that_does_not_pickle_is_named.<locals>.guarded' cannot travel" in str(
        error
    )


def test_a_function_that_cannot_be_loaded_there_is_named(executor, monkeypatch):
    import types

    module = types.ModuleType("only_here")
    exec("def function():\n    return 1", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    error = outcome(executor, module.function).error
    assert type(error) is TransferError
    assert "the function of 'function' cannot travel" in str(error)
    assert "only_here" in str(error)


@pytest.mark.parametrize("bad", [work.Unpicklable(), work.Broken()], ids=["here", "there"])
def test_an_argument_that_cannot_travel_is_a_failure_that_names_the_function(executor, bad):
    error = outcome(executor, work.add, 1, bad).error
    assert type(error) is TransferError
    assert "'add' cannot travel between processes" in str(error)
    assert "argument" in str(error)


@pytest.mark.parametrize("function", [work.make_unpicklable, work.make_broken])
def test_a_result_that_cannot_travel_is_a_failure_that_names_the_function(executor, function):
    error = outcome(executor, function).error
    assert type(error) is TransferError
    assert f"of {function.__name__!r} cannot travel between processes" in str(error)
    assert "result" in str(error)


def test_memory_that_runs_out_is_an_error_like_others(single):
    assert type(outcome(single, work.limit_memory_and_take, 1 << 34).error) is MemoryError


# Many


def test_ten_thousand_calls_are_made_and_reported_once_each(executor):
    found = outcomes(executor, *[(work.increase, number) for number in range(10_000)])
    assert [each.value for each in found] == list(range(1, 10_001))
    assert len({each.place for each in found}) == 2


def test_failures_among_many_are_those_of_their_calls(executor):
    found = outcomes(executor, *[(divmod, 1, number % 3) for number in range(600)])
    assert [type(each.error) is ZeroDivisionError for each in found] == [number % 3 == 0 for number in range(600)]


def test_many_threads_may_start_at_once(executor):
    values = [None] * 8

    def begin(place):
        found = outcomes(executor, *[(work.add, place, number) for number in range(200)])
        values[place] = [each.value for each in found]

    threads = [threading.Thread(target=begin, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [[place + number for number in range(200)] for place in range(8)]


def warmed_up(executor, *functions):
    """Let the executor learn that these calls are quick, so that it makes batches of them."""
    for _ in range(3):
        for each in outcomes(executor, *functions):
            assert each.error is None


def test_a_slow_call_does_not_hold_back_those_in_its_batch(fresh, tmp_path):
    log, gate = tmp_path / "log", tmp_path / "gate"
    warmed_up(fresh, *[(work.note_and_wait_if, str(log), 0, None)] * 50)
    sink = Sink()
    attempts = [
        sink.attempt(work.note_and_wait_if, str(log), number, str(gate) if number == 20 else None)
        for number in range(200)
    ]
    for attempt in attempts:
        fresh.start(attempt)
    others = sink.take_all([each for each in attempts if each is not attempts[20]])
    assert all(each.error is None for each in others)
    assert sink.is_empty()
    gate.touch()
    assert sink.take().value == 20


def test_with_one_process_those_before_a_slow_call_are_reported_before_it_ends(single, tmp_path):
    log, gate = tmp_path / "log", tmp_path / "gate"
    warmed_up(single, *[(work.note_and_wait_if, str(log), 0, None)] * 50)
    sink = Sink()
    attempts = [
        sink.attempt(work.note_and_wait_if, str(log), number, str(gate) if number == 5 else None)
        for number in range(10)
    ]
    for attempt in attempts:
        single.start(attempt)
    sink.take_all(attempts[:5])
    gate.touch()
    sink.take_all(attempts[5:])


# Death


def test_a_worker_that_is_killed_fails_its_call(executor):
    error = outcome(executor, work.kill).error
    assert type(error) is WorkerDied
    assert str(error).startswith("'kill' ended with the process that ran it (process ")
    assert "killed by signal 9, SIGKILL" in str(error)
    assert error.exit_code == -9


def test_a_worker_that_ends_itself_fails_its_call(executor):
    error = outcome(executor, work.exit_at_once).error
    assert (type(error), error.exit_code) == (WorkerDied, 3)


def test_the_pool_heals(executor):
    for _ in range(3):
        assert type(outcome(executor, work.kill).error) is WorkerDied
        assert value(executor, work.increase, 1) == 2


def test_the_death_of_a_worker_fails_no_other_call(fresh):
    calls = [(work.kill,) if number % 10 == 3 else (work.increase, number) for number in range(40)]
    for number, each in enumerate(outcomes(fresh, *calls)):
        if number % 10 == 3:
            assert type(each.error) is WorkerDied
        else:
            assert each.value == number + 1


def test_each_call_of_a_batch_in_which_a_worker_dies_is_made_once(fresh, tmp_path):
    log = tmp_path / "log"
    warmed_up(fresh, *[(work.note_and_die_if, str(log), "warm", False)] * 50)
    found = outcomes(fresh, *[(work.note_and_die_if, str(log), number, number == 40) for number in range(100)])
    assert [type(each.error) for each in found] == [WorkerDied if n == 40 else type(None) for n in range(100)]
    lines = [line for line in log.read_text().split() if line != "warm"]
    assert sorted(lines, key=int) == [str(number) for number in range(100)]


def test_a_worker_that_dies_idle_is_not_missed(single):
    process = value(single, work.process)
    os.kill(process, signal.SIGKILL)
    assert value(single, work.process) != process


# Limits


def test_a_call_that_takes_too_long_is_ended(executor, tmp_path):
    error = outcome(executor, work.say_and_wait, str(tmp_path / "begun"), limit=0.05).error
    assert type(error) is CallTimeout
    assert str(error) == "it took longer than its timeout of 0.05 s"
    assert value(executor, work.increase, 1) == 2


def test_a_call_that_ignores_the_wish_that_it_end_is_killed(executor, tmp_path):
    error = outcome(executor, work.say_and_wait_stubbornly, str(tmp_path / "begun"), limit=0.05).error
    assert type(error) is CallTimeout


def test_a_call_that_lets_no_other_thread_run_is_ended(executor, tmp_path):
    assert type(outcome(executor, work.hold_everything, str(tmp_path / "begun"), limit=0.1).error) is CallTimeout


def test_a_call_that_is_quick_enough_is_not_ended(executor):
    assert value(executor, work.increase, 1, limit=30.0) == 2


def test_a_limit_counts_from_the_start_of_the_call(single, tmp_path):
    def errors(limit):
        gate = tmp_path / f"gate {limit}"
        sink = Sink()
        first = sink.attempt(work.wait_for, str(gate))
        second = sink.attempt(work.increase, 1, limit=limit)
        single.start(first)
        single.start(second)
        threading.Event().wait(1.5 * limit)  # time itself is what is tested
        gate.touch()
        return [each.error for each in sink.take_all([first, second])]

    # On a busy machine a call may take longer than the first limit, but not than each.
    assert [None, None] in map(errors, (0.2, 1.0, 5.0))


# Cancelling


def test_a_call_at_work_is_cancelled(executor, tmp_path):
    sink = Sink()
    attempt = sink.attempt(work.say_and_wait, str(tmp_path / "begun"))
    executor.start(attempt)
    until((tmp_path / "begun").exists)
    executor.cancel(attempt)
    error = sink.take().error
    assert type(error) is CallCancelled
    assert str(error) == "'say_and_wait' was cancelled while it was at work"
    assert value(executor, work.increase, 1) == 2


def test_a_call_that_waits_is_cancelled_at_once(single, tmp_path):
    sink = Sink()
    first = sink.attempt(work.wait_for, str(tmp_path / "gate"))
    second, third = sink.attempt(work.increase, 1), sink.attempt(work.increase, 2)
    for attempt in (first, second, third):
        single.start(attempt)
    single.cancel(second)
    found = sink.take()
    assert (found.attempt, type(found.error)) == (second, CallCancelled)
    assert str(found.error) == "'increase' was cancelled before it began"
    (tmp_path / "gate").touch()
    assert [each.error for each in sink.take_all([first, third])] == [None, None]


def test_cancelling_one_call_of_a_batch_leaves_the_others(fresh, tmp_path):
    log, gate = tmp_path / "log", tmp_path / "gate"
    warmed_up(fresh, *[(work.note_and_wait_if, str(log), "warm", None)] * 50)
    sink = Sink()
    attempts = [
        sink.attempt(work.note_and_wait_if, str(log), number, str(gate) if number == 10 else None)
        for number in range(40)
    ]
    for attempt in attempts:
        fresh.start(attempt)
    until(lambda: "10\n" in log.read_text())
    fresh.cancel(attempts[10])
    found = sink.take_all(attempts)
    assert [type(each.error) for each in found] == [CallCancelled if n == 10 else type(None) for n in range(40)]


def test_cancelling_what_has_ended_does_nothing(executor):
    sink = Sink()
    attempt = sink.attempt(work.increase, 1)
    executor.start(attempt)
    assert sink.take().value == 2
    executor.cancel(attempt)
    assert value(executor, work.increase, 1) == 2
    assert sink.is_empty()


# Chains


def chain_of(sink, *calls, kept=()):
    return [sink.attempt(*call, is_kept=index in kept or index == len(calls) - 1) for index, call in enumerate(calls)]


def test_a_chain_hands_each_value_to_the_next_call(executor):
    sink = Sink()
    found = run_chain(executor, *chain_of(sink, (work.add, 1, 2), (work.add, PREVIOUS, 10), (work.add, 100, PREVIOUS)))
    assert [each.value for each in found] == [DROPPED, DROPPED, 113]
    assert found[0].value is DROPPED
    assert len({each.place for each in found}) == 1


def test_a_value_that_is_kept_is_reported(executor):
    sink = Sink()
    found = run_chain(executor, *chain_of(sink, (work.increase, 1), (work.increase, PREVIOUS), kept=(0,)))
    assert [each.value for each in found] == [2, 3]


def test_a_value_in_a_chain_need_not_travel(executor):
    sink = Sink()
    found = run_chain(executor, *chain_of(sink, (work.make_unpicklable,), (type, PREVIOUS)))
    assert [each.value for each in found] == [DROPPED, work.Unpicklable]


def test_after_a_failure_the_rest_of_a_chain_is_not_made(executor, tmp_path):
    sink = Sink()
    log = str(tmp_path / "log")
    calls = ((work.increase, 1), (work.increase, PREVIOUS), (work.fails, PREVIOUS), (work.note, log, PREVIOUS))
    found = run_chain(executor, *chain_of(sink, *calls))
    assert [each.value for each in found[:2]] == [DROPPED, 3]
    assert (type(found[2].error), found[2].error.args) == (ValueError, ("no luck", 3))
    assert value(executor, work.increase, 1) == 2
    assert sink.is_empty()
    assert not (tmp_path / "log").exists()


def test_after_none_the_rest_of_a_chain_is_not_made(executor):
    sink = Sink()
    head, *rest = chain_of(sink, (work.increase, 1), (work.give_none, PREVIOUS), (work.increase, PREVIOUS))
    head.following = rest
    executor.start(head)
    assert [sink.take().value for _ in range(2)] == [2, NONE]
    assert value(executor, work.increase, 1) == 2
    assert sink.is_empty()


def test_an_argument_in_a_chain_that_cannot_travel_fails_its_call_alone(executor):
    sink = Sink()
    calls = ((work.increase, 1), (work.add, PREVIOUS, work.Unpicklable()), (work.increase, PREVIOUS))
    found = run_chain(executor, *chain_of(sink, *calls))
    assert found[0].value == 2
    assert type(found[1].error) is TransferError
    assert "argument 2" in str(found[1].error)


def test_a_kept_value_in_a_chain_that_cannot_travel_is_a_failure(executor):
    sink = Sink()
    found = run_chain(executor, *chain_of(sink, (work.make_unpicklable,), (work.same, PREVIOUS), kept=(0,)))
    assert [type(each.error) for each in found] == [TransferError]


def test_a_worker_that_dies_in_a_chain_fails_the_call_it_was_at(executor):
    sink = Sink()
    calls = ((work.increase, 1), (work.increase, PREVIOUS), (work.kill_with, PREVIOUS), (work.increase, PREVIOUS))
    found = run_chain(executor, *chain_of(sink, *calls))
    assert [each.value for each in found[:2]] == [DROPPED, 3]
    assert type(found[2].error) is WorkerDied
    assert "'kill_with'" in str(found[2].error)


def test_a_limit_in_a_chain_ends_its_call_alone(executor, tmp_path):
    sink = Sink()
    head = sink.attempt(work.increase, 1, is_kept=False)
    slow = sink.attempt(work.say_and_wait, str(tmp_path / "begun"), limit=0.1)
    found = run_chain(executor, head, slow)
    assert found[0].value == 2
    assert type(found[1].error) is CallTimeout


@pytest.mark.parametrize(
    "cancelled", [lambda *chain: chain, lambda *chain: chain[1:], lambda *chain: chain[1:2]], ids=["all", "rest", "one"]
)
def test_a_chain_is_cancelled_where_it_is(executor, tmp_path, cancelled):
    sink = Sink()
    head, slow, last = chain_of(sink, (work.increase, 1), (work.say_and_wait, str(tmp_path / "begun")), (work.fails,))
    head.following = [slow, last]
    executor.start(head)
    until((tmp_path / "begun").exists)
    for attempt in cancelled(head, slow, last):
        executor.cancel(attempt)
    found = [sink.take() for _ in range(1 + (head not in cancelled(head, slow, last)))]
    assert type(found[-1].error) is CallCancelled
    assert [each.value for each in found[:-1]] == [2] * (len(found) - 1)
    assert value(executor, work.increase, 1) == 2
    assert sink.is_empty()


def test_each_call_of_a_chain_is_reported_when_it_has_ended(executor, tmp_path):
    sink = Sink()
    gate = tmp_path / "gate"
    head, slow = chain_of(sink, (work.increase, 1), (work.wait_for, str(gate)), kept=(0,))
    head.following = [slow]
    executor.start(head)
    assert sink.take().value == 2
    gate.touch()
    assert sink.take().value == str(gate)


def test_a_chain_of_thousands_is_made_behind_a_slow_head(executor, tmp_path):
    sink = Sink()
    gate = tmp_path / "gate"
    calls = [(work.wait_for, str(gate)), (len, PREVIOUS), *[(work.increase, PREVIOUS)] * 4_998]
    attempts = chain_of(sink, *calls, kept=range(0, 5_000, 7))
    head, *attempts_behind = attempts
    head.following = attempts_behind
    executor.start(head)
    gate.touch()
    found = sink.take_all(attempts)
    assert found[-1].value == len(str(gate)) + 4_998
    assert all((each.value is DROPPED) is (not each.attempt.is_kept) for each in found)


# The end


def test_closing_cancels_what_is_at_work_and_what_waits(tmp_path):
    executor = ProcessesExecutor(max_workers=1)
    sink = Sink()
    attempts = [sink.attempt(work.say_and_wait, str(tmp_path / "begun")), *(sink.attempt(work.fails) for _ in range(5))]
    with nothing_left_behind():
        for attempt in attempts:
            executor.start(attempt)
        until((tmp_path / "begun").exists)
        executor.close(5.0)
        assert [type(each.error) for each in sink.take_all(attempts)] == [CallCancelled] * 6


def test_closing_kills_what_does_not_want_to_end(tmp_path):
    executor = ProcessesExecutor(max_workers=1)
    sink = Sink()
    attempt = sink.attempt(work.say_and_wait_stubbornly, str(tmp_path / "begun"))
    with nothing_left_behind():
        executor.start(attempt)
        until((tmp_path / "begun").exists)
        executor.close(0.1)
        assert type(sink.take().error) is CallCancelled


def test_closing_in_the_midst_of_batches_reports_every_call():
    executor = ProcessesExecutor(max_workers=2)
    warmed_up(executor, *[(work.increase, 1)] * 20)
    sink = Sink()
    attempts = [sink.attempt(work.increase, number) for number in range(2_000)]
    for attempt in attempts:
        executor.start(attempt)
    executor.close(5.0)
    for each in sink.take_all(attempts):
        assert each.error is None or type(each.error) is CallCancelled


def test_after_closing_it_starts_anew():
    executor = ProcessesExecutor(max_workers=1)
    with nothing_left_behind():
        for _ in range(2):
            assert value(executor, work.increase, 1) == 2
            executor.close(5.0)
        executor.close(5.0)


def test_an_executor_that_nobody_closes_goes_when_it_is_collected():
    with nothing_left_behind():
        executor = ProcessesExecutor(max_workers=1)
        assert value(executor, work.increase, 1) == 2
        del executor
        gc.collect()


def test_nothing_is_left_behind_by_failures_deaths_and_arrays(tmp_path):
    value_of_array = None
    with nothing_left_behind():
        with ProcessesExecutor(max_workers=2) as executor:
            outcomes(executor, *[(work.increase, number) for number in range(500)], (work.kill,), (work.fails,))
            value_of_array = value(executor, work.double, value(executor, work.ones, 400_000))
            outcome(executor, work.say_and_wait, str(tmp_path / "begun"), limit=0.05)
        assert value_of_array.sum() == 800_000.0
        value_of_array = None


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "2"], ids=repr)
def test_a_number_of_workers_that_is_none_is_refused(bad):
    with pytest.raises(BuildError, match="max_workers is"):
        ProcessesExecutor(max_workers=bad)

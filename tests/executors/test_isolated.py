"""Each call in a process of its own."""

import os

import psutil
import pytest

from tests.executors import work
from tests.executors.processes import Sink, nothing_left_behind, outcome, outcomes, until, value
from thalweg.errors import CallCancelled, CallTimeout, WorkerDied
from thalweg.executors.isolated import IsolatedExecutor


@pytest.fixture(scope="module")
def executor():
    with IsolatedExecutor(max_workers=2) as executor:
        yield executor


def test_no_two_calls_share_a_process(executor):
    processes = [each.value for each in outcomes(executor, *[(work.process,)] * 6)]
    assert len(set(processes)) == 6
    assert os.getpid() not in processes


def test_what_a_call_leaves_in_its_process_is_seen_by_no_other(executor):
    assert [value(executor, work.keep, number) for number in (1, 2)] == [1, 1]


def test_a_process_ends_with_its_call(executor):
    process = value(executor, work.process)
    until(lambda: not psutil.pid_exists(process))


def test_errors_and_death_fail_their_calls_alone(executor):
    found = outcomes(executor, (work.fails,), (work.kill,), (work.exit_at_once,), (work.increase, 1))
    assert [type(each.error) for each in found] == [ValueError, WorkerDied, WorkerDied, type(None)]


def test_limits_and_cancelling_end_the_process(executor, tmp_path):
    assert type(outcome(executor, work.say_and_wait, str(tmp_path / "one"), limit=0.05).error) is CallTimeout
    sink = Sink()
    attempt = sink.attempt(work.say_and_wait, str(tmp_path / "two"))
    executor.start(attempt)
    until((tmp_path / "two").exists)
    executor.cancel(attempt)
    assert type(sink.take().error) is CallCancelled


def test_no_more_calls_than_workers_are_at_work(tmp_path):
    sink = Sink()
    with IsolatedExecutor(max_workers=1) as executor:
        first = sink.attempt(work.wait_for, str(tmp_path / "gate"))
        second = sink.attempt(work.note, str(tmp_path / "log"))
        executor.start(first)
        executor.start(second)
        executor.cancel(third := sink.attempt(work.increase, 1))
        executor.start(third)
        (tmp_path / "gate").touch()
        found = sink.take_all([first, second, third])
        assert found[0].end <= found[1].start
        assert found[1].end <= found[2].start


def test_it_takes_as_many_attempts_as_it_has_workers_and_no_chains():
    executor = IsolatedExecutor(max_workers=3)
    assert (executor.name, executor.capacity, executor.takes_chains) == ("parallel", 3, False)


def test_nothing_is_left_behind():
    with nothing_left_behind(), IsolatedExecutor(max_workers=2) as executor:
        outcomes(executor, *[(work.increase, number) for number in range(5)])

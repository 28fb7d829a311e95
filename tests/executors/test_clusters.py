"""What all clusters have in common: when they begin and end, what of a bundle is lost with its worker, what travels."""

import asyncio
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import thalweg as tw
from tests.executors import rows
from tests.executors.doors import aside
from tests.executors.processes import PATIENCE, Sink, outcome, until
from tests.executors.work import increase, kill, note, process, say_and_wait
from thalweg.errors import CallCancelled, ClusterError, WorkerDied
from thalweg.executors.bundles import Bundle, Functions, pack
from thalweg.executors.cluster import ClusterExecutor
from thalweg.executors.later import Later
from thalweg.executors.remote import PLAIN, Record
from thalweg.tokens import NONE

ROOT = Path(__file__).parents[2]


class Absent:
    """A cluster that cannot be had."""

    name = "absent"
    places = 1
    address = None

    async def open(self, engine):
        raise OSError("nobody is there")

    async def close(self, grace_seconds):
        pass


class Alone(ClusterExecutor):
    """An executor on a cluster of the test's own."""

    def __init__(self, backend):
        super().__init__()
        self.made = backend

    def backend(self):
        return self.made


def test_a_cluster_that_fails_before_it_has_its_first_order_fails_that(monkeypatch):
    start = threading.Thread.start

    def start_and_run(thread):
        """The new thread goes first, as far as it comes by itself."""
        start(thread)
        if thread.name == "thalweg-absent":
            thread.join()

    monkeypatch.setattr(threading.Thread, "start", start_and_run)
    found = outcome(Alone(Absent()), abs, -1)
    assert type(found.error) is ClusterError
    assert "nobody is there" in str(found.error)


def whose(address):
    """A program that forks, and has both processes call a function of theirs."""
    return f"""
import os
from thalweg.executors.dask import DaskExecutor
from tests.executors.doors import aside
from tests.executors.processes import value
from tests.executors.work import increase, same

executor = DaskExecutor({address!r})
ours = os.fork()
if ours:
    os.waitpid(ours, 0)
try:
    print(value(executor, same if ours else increase, 5), flush=True)
finally:
    executor.close()
    if not ours:
        os._exit(0)
"""


@rows.DASK
def test_after_a_fork_each_process_has_its_own_functions_called():
    with rows.make("dask", n_workers=1) as cluster:
        outcome(cluster, abs, -1)
        command = [sys.executable, "-c", whose(cluster.scheduler_address)]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["6", "5"]


@rows.DASK
@pytest.mark.parametrize("count", [6, 40])  # handed out all at once, and in two parts
def test_what_rests_on_a_call_that_killed_its_worker_takes_nothing_else_with_it(count):
    dsp = tw.Dispatcher()
    dsp.add_function("deadly", lambda a: kill(), ["a"], ["k"])
    dsp.add_function("after", max, ["k", "x0"], ["y0"])
    for number in range(count):
        dsp.add_function(f"f{number}", lambda a, n=number: n, ["a"], [f"x{number}"])
    for number in range(1, count):
        dsp.add_function(f"g{number}", max, [f"x{number}", f"x{number - 1}"], [f"y{number}"])
    with rows.make("dask", n_workers=2) as cluster:
        solution = dsp({"a": 1}, executor=cluster, raises=False)
    assert list(solution.errors) == ["deadly"]
    assert {key: solution.get(key) for key in solution if key[0] == "y"} == {f"y{n}": n for n in range(1, count)}


@rows.DASK
def test_nothing_within_one_value_is_a_part_of_it():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: (a, NONE, NONE), ["a"], ["b"])
    dsp.add_function("g", len, ["b"], ["c"])
    with rows.make("dask", n_workers=1) as cluster:
        assert dsp({"a": 1}, ["c"], executor=cluster)["c"] == 3


@rows.DASK
def test_a_call_that_is_cancelled_while_its_input_travels_is_not_made(tmp_path, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()
    sink = Sink()
    with rows.make("dask", n_workers=1) as cluster:
        outcome(cluster, abs, -1)
        client = cluster._engine._backend.client
        scatter = client.scatter

        async def slow(*args, **options):
            begun.set()
            await asyncio.to_thread(may_end.wait, PATIENCE)
            return await scatter(*args, **options)

        monkeypatch.setattr(client, "scatter", slow)
        attempt = sink.attempt(note, tmp_path / "called", np.ones(1_000_000))
        cluster.start(attempt)
        assert begun.wait(PATIENCE)
        cluster.cancel(attempt)
        assert type(sink.take().error) is CallCancelled
        may_end.set()
        assert outcome(cluster, abs, -2).value == 2
    assert not (tmp_path / "called").exists()


class Silent(Absent):
    """A cluster that never answers."""

    def __init__(self):
        self.begun = threading.Event()

    async def open(self, engine):
        self.begun.set()
        await asyncio.Event().wait()


def test_an_executor_that_is_closed_does_not_wait_for_a_cluster_that_it_does_not_need_any_more():
    backend, sink = Silent(), Sink()
    executor = Alone(backend)
    executor.start(sink.attempt(abs, -1))
    assert backend.begun.wait(PATIENCE)
    executor.close()
    assert type(sink.take().error) is CallCancelled


@rows.DASK
@pytest.mark.parametrize("seconds", [0.0, 0.1, 1.0])
def test_nothing_is_left_of_a_cluster_that_is_closed_while_it_starts(seconds):
    sink, ours = Sink(), psutil.Process()
    before = ours.children(recursive=True)
    executor = rows.make("dask", n_workers=1)
    executor.start(sink.attempt(abs, -1))
    time.sleep(seconds)  # wherever that is
    executor.close()
    sink.take()
    until(lambda: not [each for each in ours.children(recursive=True) if each not in before and not is_tracker(each)])


def is_tracker(process):
    """Is it the one process that multiprocessing keeps?"""
    return "resource_tracker" in " ".join(process.cmdline())


@rows.DASK
def test_a_kept_value_is_had_while_all_workers_are_at_calls(tmp_path):
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: list(range(a)), ["a"], ["b"])
    dsp.add_function("g", len, ["b"], ["c"])
    sink = Sink()
    with rows.make("dask", n_workers=1) as cluster:
        solution = dsp({"a": 100_000}, ["c"], executor=cluster)
        cluster.start(sink.attempt(say_and_wait, tmp_path / "begun"))
        until((tmp_path / "begun").exists)
        assert len(aside(solution.__getitem__, "b").result(PATIENCE)) == 100_000


@rows.DASK
def test_workers_may_be_threads_of_this_process():
    with rows.make("dask", n_workers=1, processes=False) as cluster:
        assert outcome(cluster, process).value == os.getpid()


class Stepped(Absent):
    """A cluster with one place, whose bundles end when the test says so."""

    def __init__(self):
        self.taken = queue.SimpleQueue()

    async def open(self, engine):
        self.engine = engine

    async def submit(self, bundle, packed, priority):
        self.taken.put(bundle)

    def release(self, bundle):
        pass

    def end(self, bundle, values):
        """Tell of its calls, and of its end."""

        async def tell():
            self.engine.told(bundle, [Record(n, PLAIN, 0.0, 0.0, value) for n, value in enumerate(values)], 0.0, "")
            await self.engine.ended(bundle, None)

        asyncio.run_coroutine_threadsafe(tell(), self.engine._loop).result(PATIENCE)


def test_a_call_that_is_cancelled_is_reported_though_others_that_travel_with_it_are_not():
    backend, sink = Stepped(), Sink()
    executor = Alone(backend)
    executor._functions.took(increase, 1e-6)  # such calls travel together when there is room for them
    attempts = [sink.attempt(abs, -1), sink.attempt(abs, -2), *[sink.attempt(increase, number) for number in (2, 3, 4)]]
    for attempt in attempts[:2]:
        executor.start(attempt)
    first, second = (backend.taken.get(timeout=PATIENCE) for _ in range(2))
    for attempt in attempts[2:]:
        executor.start(attempt)
    backend.end(first, [1])
    shared = backend.taken.get(timeout=PATIENCE)
    assert len(shared.attempts) == 2
    executor.cancel(attempts[3])
    backend.end(second, [2])
    backend.end(shared, [3, 4])
    backend.end(backend.taken.get(timeout=PATIENCE), [5])
    found = sink.take_all(attempts)
    assert [each.value for each in found] == [1, 2, 3, None, 5]
    assert type(found[3].error) is CallCancelled
    executor.close()


def test_what_a_lost_bundle_has_told_is_known_to_who_takes_it():
    sink, later = Sink(), Later()
    source = Bundle([sink.attempt(abs, -1)])
    taker = Bundle([sink.attempt(abs, later)])
    later.place, later.keeper, source.is_over = (source, 0), sink, True
    assert [type(error) for _, error in pack(taker, Functions()).refused] == [WorkerDied]
    later.value = 7
    assert not pack(taker, Functions()).refused

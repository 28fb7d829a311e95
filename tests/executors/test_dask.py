"""Calls on a Dask cluster: plans ahead, what travels, what dies, where calls may go, and what is left behind."""

import asyncio
import gc
import json
import os
import pickle
import signal
import socket
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
from tests.executors.doors import PATIENCE_SECONDS, Book, aside
from tests.executors.processes import Sink, outcome, until
from tests.executors.work import fails, increase, kill, kill_with, make_unpicklable, process, say_and_wait
from thalweg.errors import ClusterError, DispatchError, TransferError, UnreachableError, WorkerDied
from thalweg.executors.contract import PREVIOUS, GuardedCall, SpecialAttempt
from thalweg.executors.later import Later
from thalweg.executors.placement import Offer, Placement
from thalweg.tokens import NONE

pytestmark = rows.DASK


@pytest.fixture(scope="module")
def cluster():
    """The cluster of the file; what a test has broken of it comes back by itself."""
    return rows.Dask().executor


class Travels:
    """Notes each time that it is pickled, and where."""

    def __init__(self, path, data=b""):
        self.path = path
        self.data = data

    def __getstate__(self):
        with self.path.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return self.__dict__


def line(length, function, first=None):
    dsp = tw.Dispatcher()
    dsp.add_function("first", first or function, ["a"], ["x0"])
    for number in range(length):
        dsp.add_function(f"f{number}", function, [f"x{number}"], [f"x{number + 1}"])
    return dsp


def diamond():
    """Two ways to each of two data, one of which fails; and what rests on them."""
    dsp = tw.Dispatcher()
    dsp.add_function("start", increase, ["a"], ["b"])
    dsp.add_function("bad", fails, ["b"], ["c"])
    dsp.add_function("good", increase, ["b"], ["c"], weight=5)
    dsp.add_function("then", increase, ["c"], ["d"])
    dsp.add_function("beside", increase, ["b"], ["e"])
    dsp.add_function("split", divmod, ["d", "e"], ["f", "g"])
    dsp.add_function("end", max, ["f", "g"], ["h"])
    return dsp


def test_a_dispatch_gives_what_it_gives_in_line(cluster):
    dsp = diamond()
    for outputs in (["h"], ["c", "g"], None):
        alone, ahead = dsp({"a": 1}, outputs), dsp({"a": 1}, outputs, executor=cluster)
        assert list(ahead.items()) == list(alone.items())
        assert sorted(ahead.calls) == sorted(alone.calls)
        assert (ahead.providers, ahead.distances) == (alone.providers, alone.distances)
        assert ahead.errors.keys() == alone.errors.keys() == {"bad"}


@pytest.mark.parametrize("failures", [0, 1])
def test_a_failure_costs_one_further_submission(cluster, failures):
    dsp = diamond()
    before = cluster.submissions
    dsp({"a": 1}, ["h"] if failures else ["e"], executor=cluster)
    assert cluster.submissions - before == 1 + failures


def test_what_succeeded_is_not_made_again_after_a_failure(cluster, tmp_path):
    book = Book(tmp_path / "book")
    dsp = tw.Dispatcher()
    dsp.add_function("first", lambda a: book.note("first"), ["a"], ["b"])
    dsp.add_function("beside", lambda b: book.note("beside"), ["b"], ["c"])
    dsp.add_function("bad", fails, ["c"], ["d"])
    dsp.add_function("good", lambda b: book.note("good"), ["b"], ["d"], weight=9)
    dsp.add_function("last", lambda c, d: book.note(f"{c} {d}"), outputs=["e"])
    assert dsp({"a": 1}, ["e"], executor=cluster)["e"] == "beside good"
    assert book.lines() == ["first", "beside", "good", "beside good"]


def test_domains_are_asked_where_the_call_is_made(cluster):
    dsp = tw.Dispatcher()
    us = os.getpid()
    dsp.add_function("there", lambda a: os.getpid(), ["a"], ["b"], input_domain=lambda a: os.getpid() != us)
    dsp.add_function("refuses", lambda b: 0, ["b"], ["c"], input_domain=lambda b: False)
    dsp.add_function("takes", lambda b: "taken", ["b"], ["c"], weight=3)
    solution = dsp({"a": 1}, ["c"], executor=cluster)
    assert (solution["c"], list(solution.errors)) == ("taken", ["refuses"])
    assert solution["b"] != os.getpid()


def test_an_output_of_several_that_is_not_given_is_had_otherwise(cluster):
    dsp = tw.Dispatcher()
    dsp.add_function("two", lambda a: (NONE, a + 1), ["a"], ["b", "c"])
    dsp.add_function("other", lambda a: -a, ["a"], ["b"], weight=2)
    dsp.add_function("sum", lambda b, c: b + c, ["b", "c"], ["d"])
    assert dict(dsp({"a": 1}, ["d"], executor=cluster)) == dict(dsp({"a": 1}, ["d"]))


def test_a_wrong_number_of_outputs_is_a_failure(cluster):
    dsp = tw.Dispatcher()
    dsp.add_function("two", lambda a: (1, 2, 3), ["a"], ["b", "c"])
    dsp.add_function("next", increase, ["b"], ["d"])
    with pytest.raises(UnreachableError, match="'d' cannot be computed") as caught:
        dsp({"a": 1}, ["d"], executor=cluster)
    assert "it gave more values for its 2 outputs" in str(caught.value.solution.errors["two"].error)


def test_the_first_failure_ends_the_run_if_it_is_to(cluster):
    with pytest.raises(DispatchError, match="no luck"):
        diamond()({"a": 1}, ["h"], executor=cluster, raises=True)


def test_what_has_to_see_values_sees_them(cluster):
    seen = []
    dsp = tw.Dispatcher()
    dsp.add_data("b", filters=(lambda value: value * 10,), callback=seen.append)
    dsp.add_data("d", wait_inputs=True, function=lambda estimates: sorted(estimates.values()))
    dsp.add_function("f", increase, ["a"], ["b"])
    dsp.add_function("g", increase, ["b"], ["c"])
    dsp.add_function("h", increase, ["c"], ["d"])
    dsp.add_function("i", increase, ["b"], ["d"])
    dsp.add_function("j", len, ["d"], ["e"])
    solution = dsp({"a": 1}, ["e"], executor=cluster)
    assert (solution["d"], solution["e"], seen) == ([21, 22], 2, [20])


@pytest.mark.parametrize(
    "options",
    [{"on_event": lambda event: None}, {"gate": tw.Gate(2)}, {"timeline": True}],
    ids=lambda options: next(iter(options)),
)
def test_who_has_to_see_each_call_has_them_made_one_by_one(cluster, options):
    before = cluster.submissions
    assert diamond()({"a": 1}, ["h"], executor=cluster, **options)["h"] == diamond()({"a": 1}, ["h"])["h"]
    assert cluster.submissions == before


def test_only_what_was_asked_for_comes_back(cluster, tmp_path):
    path = tmp_path / "travels"
    path.touch()
    dsp = line(10, lambda value: Travels(path, value.data[:-1]), lambda a: Travels(path, bytes(range(a))))
    dsp.add_function("length", lambda value: len(value.data), ["x10"], ["y"])
    solution = dsp({"a": 100}, ["y"], executor=cluster)
    assert (solution["y"], path.read_text()) == (90, ""), "no value has travelled, not even to another worker"
    assert len(solution["x3"].data) == 97, "what was not asked for is brought when it is read"
    assert os.getpid() not in map(int, path.read_text().split())


def test_a_large_array_stays_in_the_cluster(cluster):
    # The counters of this process say how much it has received, from anywhere; the benchmark has 50 MB of it.
    dsp = line(10, lambda array: array + 1.0, lambda a: np.zeros(1_250_000))
    dsp.add_function("total", lambda array: float(array.sum()), ["x10"], ["y"])
    dsp({"a": 1}, ["y"], executor=cluster)
    before = psutil.Process().io_counters().read_chars
    assert dsp({"a": 1}, ["y"], executor=cluster)["y"] == 12_500_000.0
    assert psutil.Process().io_counters().read_chars - before < 5_000_000


LARGE = {"array": np.arange(1_000_000.0), "text": "0123456789" * 800_000, "list": [str(n) for n in range(500_000)]}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_a_large_input_travels_once_for_all_calls_that_take_it(cluster, value):
    dsp = tw.Dispatcher()
    for number in range(8):
        dsp.add_function(f"f{number}", lambda items, n=number: float(items[n]), ["a"], [f"x{number}"])
    before = psutil.Process().io_counters().write_chars
    solution = dsp({"a": value}, [f"x{n}" for n in range(8)], executor=cluster)
    assert [solution[f"x{n}"] for n in range(8)] == list(range(8))
    assert psutil.Process().io_counters().write_chars - before < 3 * len(pickle.dumps(value))


def test_a_dispatch_may_be_awaited(cluster):
    dsp = diamond()

    async def both():
        return await asyncio.gather(*[dsp.adispatch({"a": a}, ["h"], executor=cluster) for a in (1, 2)])

    assert [one["h"] for one in asyncio.run(both())] == [dsp({"a": a}, ["h"])["h"] for a in (1, 2)]


def test_models_within_models_and_coroutine_functions_go_there(cluster):
    async def later(value):
        await asyncio.sleep(0)
        return value + 1

    child = tw.Dispatcher()
    child.add_function("inner", later, ["x"], ["y"])
    child.add_function("inmost", increase, ["y"], ["z"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"z": "b"})
    dsp.add_function("whole", tw.SubDispatchFunction(diamond(), "diamond", ["a"], ["h"]), ["b"], ["c"])
    assert dsp({"a": 1}, ["c"], executor=cluster)["c"] == diamond()({"a": 3}, ["h"])["h"]


def test_a_run_that_is_cancelled_ends_its_calls(cluster, tmp_path):
    dsp = tw.Dispatcher()
    dsp.add_function("wait", say_and_wait, ["a"], ["b"])
    dsp.add_function("next", increase, ["b"], ["c"])
    stopper = threading.Event()
    driving = aside(dsp, {"a": tmp_path / "begun"}, ["c"], executor=cluster, stopper=stopper)
    until((tmp_path / "begun").exists)
    stopper.set()
    assert driving.result(PATIENCE_SECONDS).stopped
    assert outcome(cluster, abs, -1).value == 1


def test_a_call_of_a_chain_that_kills_its_worker_is_told_so(cluster):
    sink = Sink()
    chain = [sink.attempt(increase, 1, is_kept=False), sink.attempt(kill_with, PREVIOUS), sink.attempt(abs, PREVIOUS)]
    chain[0].following = chain[1:]
    cluster.start(chain[0])
    assert sink.take().value == 2
    assert type(sink.take().error) is WorkerDied
    assert outcome(cluster, abs, -1).value == 1
    assert sink.is_empty()


def test_values_that_are_let_go_are_not_kept(cluster):
    solution = diamond()({"a": 1}, ["h"], executor=cluster, keep="outputs")
    assert dict(solution) == {"h": diamond()({"a": 1}, ["h"])["h"]}


def test_a_solution_with_values_in_the_cluster_can_be_kept_and_begun_from(cluster):
    dsp = line(3, lambda array: array + 1.0, lambda a: np.full(3, a))
    dsp.add_function("total", lambda array: float(array.sum()), ["x3"], ["y"])
    solution = dsp({"a": 1.0}, ["y"], executor=cluster)
    assert repr(solution.record.values).count("kept where it was made") == 4
    again = pickle.loads(pickle.dumps(solution))
    assert again["x2"].tolist() == [3.0] * 3
    assert dsp({"a": 1.0}, ["y"], executor=cluster).explain("x3").value.tolist() == [4.0] * 3


def test_a_value_that_cannot_travel_may_be_used_where_it_is(cluster):
    dsp = tw.Dispatcher()
    dsp.add_function("make", make_unpicklable, ["a"], ["b"])
    dsp.add_function("use", lambda b: type(b).__name__, ["b"], ["c"])
    solution = dsp({"a": 1}, ["c"], executor=cluster)
    assert solution["c"] == "Unpicklable"
    with pytest.raises((TransferError, WorkerDied)):
        solution["b"]


def test_a_value_that_cannot_travel_is_an_error_where_it_is_asked_for(cluster):
    found = outcome(cluster, make_unpicklable)
    assert type(found.error) is TransferError
    assert "it stays here" in str(found.error)


def test_an_argument_that_cannot_travel_is_named(cluster):
    lock = threading.Lock()
    found = outcome(cluster, max, 1, lock)
    assert type(found.error) is TransferError
    assert "argument 2 (a value of type lock)" in str(found.error)


def test_what_is_cheap_travels_together(cluster):
    sink = Sink()
    for _ in range(2):
        attempts = [sink.attempt(abs, -k) for k in range(400)]
        before = cluster._engine._backend.count
        for attempt in attempts:
            cluster.start(attempt)
        assert [found.value for found in sink.take_all(attempts)] == list(range(400))
    assert cluster._engine._backend.count - before < 40


def test_a_worker_that_dies_with_a_plan_fails_the_call_that_killed_it(cluster):
    dsp = tw.Dispatcher()
    dsp.add_function("first", increase, ["a"], ["b"])
    dsp.add_function("deadly", lambda b: kill(), ["b"], ["c"])
    dsp.add_function("other", increase, ["b"], ["c"], weight=5)
    dsp.add_function("last", increase, ["c"], ["d"])
    solution = dsp({"a": 1}, ["d"], executor=cluster)
    assert solution["d"] == 4
    assert type(solution.errors["deadly"].error) is WorkerDied


def test_values_that_were_lost_with_a_worker_are_made_again(cluster):
    dsp = line(4, increase)
    solution = dsp({"a": 1}, ["x4"], executor=cluster)
    assert solution["x4"] == 6
    victims = [each.pid for each in cluster._engine._backend.cluster.workers.values()]
    places = {row[4] for row in solution.record.rows}
    assert len(places) == 1
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert dsp({"a": 2}, ["x4"], executor=cluster)["x4"] == 7


def test_a_call_whose_worker_is_killed_is_soon_made_elsewhere(cluster, tmp_path):
    """The call is not to blame, and its policy lets it be tried again."""
    book = Book(tmp_path / "book")
    mark = tmp_path / "mark"

    def wait_the_first_time():
        is_first = not mark.exists()
        mark.touch()
        book.note(os.getpid())
        if is_first:
            time.sleep(3600)
        return time.monotonic()

    dsp = tw.Dispatcher()
    dsp.add_function("f", wait_the_first_time, [], ["b"], retry=tw.Policy(tries=2, errors=(WorkerDied,)))
    driving = aside(dsp, {}, ["b"], executor=cluster)
    until(lambda: len(book.lines()) == 1)
    killed = time.monotonic()
    os.kill(int(book.lines()[0]), signal.SIGKILL)
    assert driving.result(PATIENCE_SECONDS)["b"] - killed < 20.0


def test_a_cluster_that_is_not_there_is_said_so():
    executor = rows.make("dask", address="tcp://127.0.0.1:9", timeout=0.5)
    try:
        found = outcome(executor, abs, -1)
        assert type(found.error) is ClusterError
        assert "cannot be had" in str(found.error)
    finally:
        executor.close()


def test_a_script_that_starts_workers_unguarded_is_told_of_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import thalweg as tw\n"
        "from thalweg.executors.dask import DaskExecutor\n"
        "dsp = tw.Dispatcher()\n"
        "dsp.add_function('f', abs, ['x'], ['y'])\n"
        "with DaskExecutor(n_workers=1) as executor:\n"
        "    dsp({'x': -1}, ['y'], executor=executor)\n"
    )
    command = [sys.executable, script]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert ended.returncode == 1
    assert "under `if __name__ == '__main__':`" in ended.stderr


def test_a_cluster_that_never_answers_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, and says nothing
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with rows.make("dask", address=address, timeout=0.5) as executor:
            found = outcome(executor, abs, -1)
        assert type(found.error) is ClusterError
        assert f"{address} did not answer within 0.5 s" in str(found.error)


def test_a_scheduler_that_is_killed_fails_what_is_at_work_there(tmp_path):
    place = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*command, "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(place)], **quiet
    )
    try:
        until(lambda: place.exists() and place.read_text().endswith("}"))
        executor = rows.make("dask", address=json.loads(place.read_text())["address"])
        sink = Sink()
        waiting = [sink.attempt(abs, -number) for number in range(3)]  # there is no worker
        for attempt in waiting:
            executor.start(attempt)
        until(lambda: executor._engine._held)
        scheduler.kill()
        assert {type(found.error) for found in sink.take_all(waiting)} == {ClusterError}
        executor.close()
    finally:
        scheduler.kill()
        scheduler.wait()


def test_a_cluster_may_be_joined_by_its_address(cluster):
    outcome(cluster, abs, -1)
    with rows.make("dask", address=cluster.scheduler_address) as guest:
        assert outcome(guest, abs, -2).value == 2
        assert diamond()({"a": 1}, ["h"], executor=guest)["h"] == diamond()({"a": 1}, ["h"])["h"]
    assert outcome(cluster, abs, -3).value == 3, "a guest that leaves does not end it"


def test_it_is_seen_by_this_machine_alone(cluster):
    outcome(cluster, abs, -1)
    ours = psutil.Process()
    listening = [
        each.laddr.ip
        for one in (ours, *ours.children(recursive=True))
        for each in one.net_connections()
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def placed(cluster, placement, function=process):
    """What a call with a placement gave."""
    sink = Sink()
    attempt = SpecialAttempt(GuardedCall(1, function, (), placement=placement), sink.queue.put)
    cluster.start(attempt)
    return attempt, sink


def test_calls_go_to_workers_that_offer_what_they_ask_for(cluster):
    outcome(cluster, abs, -1)

    async def add():
        from distributed import Worker

        offers = {"gpu": (Offer(include=("training",)), {"GPU": 1}), "spot": (Offer(("default",), (), ("spot",)), {})}
        return [
            await Worker(
                cluster.scheduler_address,
                name=name,
                nthreads=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                resources=resources,
                startup_information={"thalweg": offer},
            )
            for name, (offer, resources) in offers.items()
        ]

    waiting, sink = placed(cluster, Placement(queue="training", requires={"GPU": 1}, tolerations=()))
    loop = cluster._engine._loop
    workers = asyncio.run_coroutine_threadsafe(add(), loop).result(PATIENCE_SECONDS)
    try:
        assert sink.take_all([waiting])[0].place == "worker gpu", "it has waited for a worker that takes it"
        for placement, place in [
            (Placement(tolerations=("spot",)), {"worker spot"}),
            (Placement(queue="training"), {"worker gpu", "worker 0", "worker 1"}),
            (Placement(), {"worker spot", "worker 0", "worker 1"}),
            (None, {"worker spot", "worker 0", "worker 1"}),
        ]:
            attempt, sink = placed(cluster, placement)
            assert sink.take_all([attempt])[0].place in place
    finally:

        async def remove():
            for worker in workers:
                await worker.close()

        asyncio.run_coroutine_threadsafe(remove(), loop).result(PATIENCE_SECONDS)


def test_a_call_that_no_worker_takes_waits_and_can_be_cancelled(cluster):
    attempt, sink = placed(cluster, Placement(tolerations=("what nobody has",)))
    assert outcome(cluster, abs, -1).value == 1
    assert sink.is_empty()
    cluster.cancel(attempt)
    assert "cancelled" in str(sink.take_all([attempt])[0].error)


def test_a_later_knows_its_value_once_it_is_here():
    whole = Later()
    part = Later(whole, 1)
    whole.value = (1, 2)
    assert (whole.get(), part.get(), repr(part)) == ((1, 2), 2, "2")


SCRIPT = """
import gc, os, threading
import psutil
from thalweg.executors.contract import Attempt, Call
from thalweg.executors.dask import DaskExecutor
from queue import SimpleQueue

def main():
    found = SimpleQueue()
    with DaskExecutor(n_workers=1) as executor:
        executor.start(Attempt(Call(1, abs, (-1,)), found.put))
        assert found.get(timeout=60).value == 1
    gc.collect()
    threads = [each.name for each in threading.enumerate() if each.name.startswith("thalweg")]
    children = [each.cmdline() for each in psutil.Process().children(recursive=True)]
    sockets = [each for each in psutil.Process().net_connections() if each.status == psutil.CONN_LISTEN]
    print(threads, [each for each in children if "resource_tracker" not in " ".join(each)], sockets)

if __name__ == "__main__":
    main()
"""


def test_nothing_is_left_behind(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=True, cwd=Path.cwd()
    )
    assert run.stdout.strip() == "[] [] []"


def test_a_program_that_does_not_close_it_ends_all_the_same(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.replace("with DaskExecutor(n_workers=1) as executor", "for executor in [DaskExecutor(n_workers=1)]")
    )
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=True, cwd=Path.cwd()
    )
    children = run.stdout
    assert "thalweg-dask" in children
    gc.collect()
    assert run.returncode == 0

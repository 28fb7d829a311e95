"""Calls on a Dask cluster of two worker processes: what each costs, what is lost between them, and what travels.

Times are on the wall: what is measured here is mostly who waits for whom.  The competitors take turns on one cluster,
and a row is the median.  *First*: of functions of which nothing is known yet.
"""

from __future__ import annotations

import gc
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from benchmarks.models import Model, fan_out, layered, one
from benchmarks.processes import turns
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options
    from thalweg.executors.dask import DaskExecutor

NAME = "clusters"
WORKERS = 2
CALLS = 10_000
PEER_CALLS = 2_000
CALL_LIMIT = 150.0
WIDE_CALLS = 200
WIDE_SECONDS = 0.020
CHAIN_CALLS = 1_000
CHAIN_SECONDS = 0.010
TIMES_LIMIT = 1.1
ARRAY_BYTES = 50_000_000
HOPS = 10
TRAVEL_LIMIT = 1.0  # MB
STARTS = 200
START_LIMIT = 15.0  # ms
DEATHS = 5
DEATH_LIMIT = 1.0  # s

TINY = {
    "CALLS": 20,
    "PEER_CALLS": 5,
    "WIDE_CALLS": 4,
    "WIDE_SECONDS": 0.002,
    "CHAIN_CALLS": 3,
    "CHAIN_SECONDS": 0.001,
    "ARRAY_BYTES": 80_000,
    "HOPS": 2,
    "STARTS": 3,
    "DEATHS": 1,
}


def measure(options: Options) -> Iterator[Row]:
    from distributed import Client

    from thalweg.executors.dask import DaskExecutor

    with DaskExecutor(n_workers=WORKERS) as executor:
        started(executor, abs, -1)
        with Client(executor.scheduler_address, set_as_default=False) as client:
            try:
                yield from small(executor, client, options)
                yield from wide(executor, options)
                yield from chain(executor, options)
                yield from arrays(executor)
                yield from starts(executor)
                yield from deaths(executor, client)
            finally:
                gc.unfreeze()


def built(model: Model) -> Any:
    import thalweg

    dsp = thalweg.Dispatcher()
    for step in model.steps:
        dsp.add_function(step.name, step.function, list(step.inputs), [step.output])
    return dsp


def dispatched(model: Model, executor: DaskExecutor) -> Callable[[], Any]:
    """One dispatch of a model."""
    dsp = built(model)

    def run() -> Any:
        solution = dsp.dispatch(model.given, model.wanted, executor=executor)
        assert solution[model.wanted[-1]] == 1
        return solution

    return run


def mapped(client: Any, calls: int) -> Callable[[], Any]:
    """So many calls by `Client.map`; the given values are different ones, for equal calls would be made once."""
    base = 0

    def run() -> Any:
        nonlocal base
        base += calls
        return client.gather(client.map(one, range(base, base + calls), pure=False))

    return run


def got(client: Any, calls: int) -> Callable[[], Any]:
    """So many calls as a graph, by `Client.get`."""

    def run() -> Any:
        prefix = f"one-{time.monotonic_ns()}"
        graph = {f"{prefix}-{number}": (one, number) for number in range(calls)}
        return client.get(graph, list(graph))

    return run


def small(executor: DaskExecutor, client: Any, options: Options) -> Iterator[Row]:
    """Trivial calls, as one plan."""
    models = [fan_out(CALLS), layered(CALLS)]
    field: list[tuple[str, int, Callable[[], Any]]] = [
        (f"thalweg, {model.name}", len(model.steps), dispatched(model, executor)) for model in models
    ]
    for name, calls, run in field:
        begun = time.perf_counter()
        run()
        cost = (time.perf_counter() - begun) / calls * 1e6
        yield Row(NAME, "trivial calls, first", name, cost, "us/call", note=f"{calls:,} calls, whole dispatch")
    if options.peers:
        field.append(("dask, Client.map", PEER_CALLS, mapped(client, PEER_CALLS)))
        field.append(("dask, Client.get", PEER_CALLS, got(client, PEER_CALLS)))
    medians = turns(field, max(3, options.rounds // 3))
    ours = medians[field[0][0]]
    for name, calls, _ in field:
        cost = medians[name] * 1e6
        is_ours = name.startswith("thalweg")
        yield Row(
            NAME,
            "trivial calls",
            name,
            cost,
            "us/call",
            medians[name] / ours,
            f"<= {CALL_LIMIT:g}" if is_ours else "",
            cost <= CALL_LIMIT if is_ours else None,
            note=f"{calls:,} calls" + (", whole dispatch" if is_ours else ""),
        )


def nap_wide(value: Any) -> Any:
    time.sleep(WIDE_SECONDS)
    return value


def nap_chain(value: Any) -> Any:
    time.sleep(CHAIN_SECONDS)
    return value


def wide(executor: DaskExecutor, options: Options) -> Iterator[Row]:
    """Calls that wait, all at once; the ideal is what each of them waited for, shared by the workers."""
    import thalweg

    dsp = thalweg.Dispatcher()
    for number in range(WIDE_CALLS):
        dsp.add_function(f"f{number}", nap_wide, ["a"], [f"b{number}"])
    wanted = [f"b{number}" for number in range(WIDE_CALLS)]
    ratios = []
    for _ in range(max(3, options.rounds // 3) + 1):
        begun = time.perf_counter()
        solution = dsp.dispatch({"a": 1}, wanted, executor=executor)
        wall = time.perf_counter() - begun
        busy = sum(row[3] - row[2] for row in solution.record.rows)
        ratios.append(wall / (busy / WORKERS))
    case = f"{WIDE_CALLS} calls of {WIDE_SECONDS * 1e3:g} ms, side by side"
    yield Row(NAME, case, "thalweg, first", ratios[0], "x ideal")
    ratio = statistics.median(ratios[1:])
    yield Row(NAME, case, "thalweg", ratio, "x ideal", 1.0, f"<= {TIMES_LIMIT:g}", ratio <= TIMES_LIMIT)


def chain(executor: DaskExecutor, options: Options) -> Iterator[Row]:
    """Calls that wait, one after the other, to the same in line."""
    import thalweg

    dsp = thalweg.Dispatcher()
    for number in range(CHAIN_CALLS):
        dsp.add_function(f"f{number}", nap_chain, [f"x{number}"], [f"x{number + 1}"])
    wanted = [f"x{CHAIN_CALLS}"]
    ratios = []
    for _ in range(max(1, options.rounds // 4)):
        times = []
        for options_of_run in ({}, {"executor": executor}):
            begun = time.perf_counter()
            dsp.dispatch({"x0": 1}, wanted, **options_of_run)
            times.append(time.perf_counter() - begun)
        ratios.append(times[1] / times[0])
    ratio = statistics.median(ratios)
    case = f"chain of {CHAIN_CALLS:,} calls of {CHAIN_SECONDS * 1e3:g} ms"
    yield Row(NAME, case, "thalweg", ratio, "x inline", 1.0, f"<= {TIMES_LIMIT:g}", ratio <= TIMES_LIMIT)


def fresh(number: int) -> Any:
    return np.zeros(ARRAY_BYTES // 8) + number


def more(array: Any) -> Any:
    return array + 1.0


def total(array: Any) -> float:
    return float(array[0])


def arrays(executor: DaskExecutor) -> Iterator[Row]:
    """An array that is made there, and goes through calls there; what this process reads meanwhile, from anywhere."""
    import thalweg

    dsp = thalweg.Dispatcher()
    dsp.add_function("fresh", fresh, ["a"], ["x0"])
    for number in range(HOPS):
        dsp.add_function(f"f{number}", more, [f"x{number}"], [f"x{number + 1}"])
    dsp.add_function("total", total, [f"x{HOPS}"], ["y"])
    read = []
    for value in (1, 2):
        before = psutil.Process().io_counters().read_chars
        solution = dsp.dispatch({"a": value}, ["y"], executor=executor)
        read.append(psutil.Process().io_counters().read_chars - before)
        assert solution["y"] == value + HOPS
    megabytes = read[-1] / 1e6
    yield Row(
        NAME,
        f"{ARRAY_BYTES / 1e6:g} MB through {HOPS} calls",
        "thalweg",
        megabytes,
        "MB read by the driver",
        limit=f"<= {TRAVEL_LIMIT:g}",
        passed=megabytes <= TRAVEL_LIMIT,
    )


def started(executor: DaskExecutor, function: Callable[..., Any], *args: Any) -> float:
    """Seconds from the start of an attempt to that of its call."""
    from queue import SimpleQueue

    from thalweg.executors import Attempt, Call

    found: SimpleQueue[Any] = SimpleQueue()
    begun = time.monotonic()
    executor.start(Attempt(Call(1, function, args), found.put))
    outcome = found.get(timeout=60)
    if outcome.error is not None:
        raise outcome.error
    return float(outcome.start - begun)


def starts(executor: DaskExecutor) -> Iterator[Row]:
    """Idle workers: how long until a call begins."""
    median = statistics.median([started(executor, abs, -number) for number in range(STARTS)]) * 1e3
    yield Row(
        NAME, "idle worker to started call", "thalweg", median, "ms", None, f"<= {START_LIMIT:g}", median <= START_LIMIT
    )


def die_once(path: str) -> float:
    """Tell who makes it, and wait to be killed; the second time give the moment."""
    book = Path(path)
    if not book.exists():
        draft = book.with_suffix(".draft")
        draft.write_text(str(os.getpid()))
        draft.rename(book)
        time.sleep(3600)
    return time.monotonic()


def deaths(executor: DaskExecutor, client: Any) -> Iterator[Row]:
    """A worker is killed in the middle of a call, whose policy has it tried again; another one is idle."""
    import thalweg
    from thalweg.errors import WorkerDied

    dsp = thalweg.Dispatcher()
    dsp.add_function("f", die_once, ["a"], ["b"], retry=thalweg.Policy(tries=2, errors=(WorkerDied,)))
    seconds = []
    for _ in range(DEATHS):
        with tempfile.TemporaryDirectory() as directory:
            book = Path(directory) / "book"
            found: list[float] = []

            def dispatch(path: str = str(book), found: list[float] = found) -> None:
                found.append(dsp.dispatch({"a": path}, ["b"], executor=executor)["b"])

            thread = threading.Thread(target=dispatch)
            thread.start()
            while not book.exists():
                time.sleep(0.001)
            killed = time.monotonic()
            os.kill(int(book.read_text()), signal.SIGKILL)
            thread.join()
            seconds.append(found[0] - killed)
        client.wait_for_workers(WORKERS, timeout=60)
    median = statistics.median(seconds)
    yield Row(
        NAME,
        "killed worker to restart of its call",
        "thalweg",
        median,
        "s",
        None,
        f"<= {DEATH_LIMIT:g}",
        median <= DEATH_LIMIT,
        note=f"{max(seconds):.2f} s at most",
    )

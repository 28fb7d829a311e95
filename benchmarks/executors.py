"""Calls in threads and on an event loop: what each costs, and how little time is lost between them.

Peers do the same work in the same turns. What waits is measured on the wall, what is busy in processor time.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from benchmarks.harness import said
from benchmarks.models import one
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from benchmarks.__main__ import Options

NAME = "executors"
WORKERS = 4
CALLS = 2_000
THREAD_LIMIT = 40.0  # us per call
LAYERS, WIDTH = 10, 100
NAP_SECONDS = 0.01
NAP_LIMIT = 1.1  # times by hand
NAP_COST_LIMIT = 12.0 / 8.4  # times by hand: 12 us where that is 8.4
DISPATCHES = 1_000
DIAMOND_LIMIT = 1.2
DIAMOND_COST_LIMIT = 0.5  # s

TINY = {"CALLS": 20, "LAYERS": 2, "WIDTH": 3, "DISPATCHES": 5}

Timing = tuple[float, float]  # seconds on the wall, and of the processor


def tidy() -> None:
    """Let each pay for its own garbage only."""
    gc.collect()
    gc.freeze()


def timed(run: Callable[[], Any]) -> Timing:
    wall, busy = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - busy


def turns(field: dict[str, Callable[[], Timing]], rounds: int) -> dict[str, Timing]:
    """Medians of each, taken in turns."""
    for run in field.values():
        run()
    samples: dict[str, list[Timing]] = {name: [] for name in field}
    for _ in range(rounds):
        for name, run in field.items():
            tidy()
            samples[name].append(run())
    return {
        name: (statistics.median([wall for wall, _ in each]), statistics.median([busy for _, busy in each]))
        for name, each in samples.items()
    }


def measure(options: Options) -> Iterator[Row]:
    from thalweg import shutdown_executors

    try:
        yield from naps(options)
        yield from diamonds(options)
        yield from threads(options)  # the last: what the peers load makes all that comes after it slower
    finally:
        gc.unfreeze()
        shutdown_executors()


def fan(calls: int) -> Any:
    import thalweg

    built = thalweg.Dispatcher()
    for number in range(calls):
        built.add_function(f"f{number}", one, ["a"], [f"b{number}"])
    return built


def peers_in_threads(options: Options) -> Iterator[tuple[str, Callable[[], Timing]] | Row]:
    """Others that make independent calls in threads, or rows that say why they do not."""
    if not options.peers:
        return
    for name, prepare in (("dask.threaded", dask_fan), ("pipefunc", pipefunc_fan), ("schedula, async", schedula_fan)):
        try:
            run = prepare()
            run()
            yield name, lambda run=run: timed(run)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is the finding
            yield Row(NAME, "threads, trivial calls", name, None, "", note=said(error))


def dask_fan() -> Callable[[], Any]:
    import dask.threaded

    graph = {"a": 1} | {f"b{number}": (one, "a") for number in range(CALLS)}
    wanted = [f"b{number}" for number in range(CALLS)]
    return lambda: dask.threaded.get(graph, wanted, num_workers=WORKERS)


def pipefunc_fan() -> Callable[[], Any]:
    from pipefunc import PipeFunc, Pipeline

    pipeline = Pipeline([PipeFunc(one, "b", mapspec="x[i] -> b[i]")])
    given = {"x": [1] * CALLS}

    def run() -> Any:
        with ThreadPoolExecutor(WORKERS) as pool:
            return pipeline.map(given, executor=pool, storage="dict", show_progress=False)

    return run


def schedula_fan() -> Callable[[], Any]:
    import schedula as sh

    logging.getLogger("schedula").setLevel(logging.CRITICAL + 1)
    built = sh.Dispatcher()
    for number in range(CALLS):
        built.add_function(f"f{number}", one, ["a"], [f"b{number}"])

    def run() -> Any:
        found = built.dispatch({"a": 1}, executor="async")
        return {name: value.result() if hasattr(value, "result") else value for name, value in found.items()}

    return run


def threads(options: Options) -> Iterator[Row]:
    """Independent calls that do nothing, by four threads."""
    from thalweg import open_executor

    case = "threads, trivial calls"
    built = fan(CALLS)
    with open_executor("threads", max_workers=WORKERS) as executor, ThreadPoolExecutor(WORKERS) as pool:
        field: dict[str, Callable[[], Timing]] = {
            "thalweg": lambda: timed(lambda: built.dispatch({"a": 1}, executor=executor)),
            "concurrent.futures, by hand": lambda: timed(
                lambda: [future.result() for future in [pool.submit(one, 1) for _ in range(CALLS)]]
            ),
        }
        for peer in peers_in_threads(options):
            if isinstance(peer, Row):
                yield peer
            else:
                field[peer[0]] = peer[1]
        medians = turns(field, options.rounds)
    ours = medians["thalweg"][0]
    for name, (wall, _) in medians.items():
        cost = wall / CALLS * 1e6
        is_ours = name == "thalweg"
        limit = f"<= {THREAD_LIMIT:g} us" if is_ours else ""
        passed = cost <= THREAD_LIMIT if is_ours else None
        yield Row(NAME, case, name, cost, "us/call", wall / ours, limit, passed)


async def nap(*_: Any) -> int:
    await asyncio.sleep(NAP_SECONDS)
    return 1


async def naps_by_hand() -> None:
    for _ in range(LAYERS):
        async with asyncio.TaskGroup() as group:
            for _ in range(WIDTH):
                group.create_task(nap(1, 2))


def awaited(work: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Timing]:
    """Seconds that a coroutine takes on a loop that runs already."""

    async def run() -> Timing:
        wall, busy = time.perf_counter(), time.process_time()
        await work()
        return time.perf_counter() - wall, time.process_time() - busy

    return lambda: asyncio.run(run())


def layered(function: Callable[..., Any]) -> Any:
    import thalweg

    built = thalweg.Dispatcher()
    for layer in range(LAYERS):
        for place in range(WIDTH):
            before = [f"x{layer - 1}.{place}", f"x{layer - 1}.{(place + 1) % WIDTH}"] if layer else ["a"]
            built.add_function(f"f{layer}.{place}", function, before, [f"x{layer}.{place}"])
    return built


def naps(options: Options) -> Iterator[Row]:
    """A thousand coroutine functions in layers, each of which sleeps 10 ms."""
    case = f"event loop, {LAYERS} layers of {WIDTH} naps"
    built = layered(nap)
    field = {"asyncio.TaskGroup, by hand": awaited(naps_by_hand), "thalweg": awaited(lambda: built.adispatch({"a": 1}))}
    medians = turns(field, options.rounds)
    (hand_wall, hand_busy), (wall, busy) = medians["asyncio.TaskGroup, by hand"], medians["thalweg"]
    calls = LAYERS * WIDTH
    yield Row(NAME, case, "asyncio.TaskGroup, by hand", hand_wall * 1e3, "ms", hand_wall / wall)
    yield Row(NAME, case, "thalweg", wall * 1e3, "ms", 1.0)
    share = wall / hand_wall
    yield Row(NAME, case, "thalweg / by hand", share, "times", None, f"<= {NAP_LIMIT:g}", share <= NAP_LIMIT)
    yield Row(NAME, case, "asyncio.TaskGroup, by hand, busy", hand_busy / calls * 1e6, "us/coroutine", hand_busy / busy)
    note = "of 12 us where by hand is 8.4"
    cost = busy / calls * 1e6
    limit = f"<= {hand_busy / calls * 1e6 * NAP_COST_LIMIT:.1f} us"
    yield Row(NAME, case, "thalweg, busy", cost, "us/coroutine", 1.0, limit, busy <= hand_busy * NAP_COST_LIMIT, note)


def diamonds(options: Options) -> Iterator[Row]:
    """A thousand dispatches at once of four coroutine functions that sleep for 1 to 100 ms."""
    import thalweg

    async def doze(*_: Any) -> int:
        await asyncio.sleep(random.uniform(0.001, 0.1))
        return 1

    built = thalweg.Dispatcher()
    for name, given, wanted in (("p", "a", "b"), ("q", "a", "c"), ("r", "bc", "d"), ("s", "d", "e")):
        built.add_function(name, doze, list(given), [wanted])
    slowest: list[float] = []

    async def single() -> float:
        start = time.perf_counter()
        await built.adispatch({"a": 1})
        return time.perf_counter() - start

    async def all_at_once() -> None:
        slowest.append(max(await asyncio.gather(*[single() for _ in range(DISPATCHES)])))

    run = awaited(all_at_once)
    run()
    slowest.clear()
    samples = []
    for _ in range(max(3, options.rounds // 3)):
        tidy()
        samples.append(run())
    shares = [wall / slow for (wall, _), slow in zip(samples, slowest, strict=True)]
    share, busy = statistics.median(shares), statistics.median([busy for _, busy in samples])
    case = f"event loop, {DISPATCHES} diamonds at once"
    limit = f"<= {DIAMOND_LIMIT:g}"
    yield Row(NAME, case, "thalweg / slowest of all", share, "times", None, limit, share <= DIAMOND_LIMIT)
    limit = f"<= {DIAMOND_COST_LIMIT:g} s"
    yield Row(NAME, case, "thalweg, busy", busy, "s", None, limit, busy <= DIAMOND_COST_LIMIT)

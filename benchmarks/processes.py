"""Calls in worker processes: what each costs, how well they share the processors, and how arrays travel.

Times are on the wall: what is measured here is mostly who waits for whom. Whatever else runs on the machine counts, so
the competitors take turns, and a row is the median.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import logging
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import said
from benchmarks.models import one
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "processes"
WORKERS = 2
CALLS = 10_000
# What a call costs these is known to be a multiple, so fewer of them tell as much.
LOKY_CALLS = 2_000
SCHEDULA_CALLS = 200
CALL_LIMIT = 20.0
LONG_CALLS = 64
LONG_SECONDS = 0.020
SHARE_LIMIT = 1.15
ARRAY_BYTES = 50_000_000
HOPS = 10
COPIES_LIMIT = 2

TINY = {
    "CALLS": 20,
    "LOKY_CALLS": 5,
    "SCHEDULA_CALLS": 5,
    "LONG_CALLS": 4,
    "LONG_SECONDS": 0.002,
    "ARRAY_BYTES": 80_000,
    "HOPS": 3,
}

Timed = tuple[str, int, "Callable[[], Any]"]


def double(array: Any) -> Any:
    return array * 2.0


def compute(count: int) -> int:
    total = 0
    for number in range(count):
        total += number
    return total


def turns(competitors: list[Timed], rounds: int) -> dict[str, float]:
    """Median seconds of each, by one of its calls."""
    for _, _, run in competitors:
        run()
    samples: dict[str, list[float]] = {name: [] for name, _, _ in competitors}
    for _ in range(rounds):
        for name, calls, run in competitors:
            gc.collect()
            gc.freeze()  # each pays for its own garbage only
            start = time.perf_counter()
            run()
            samples[name].append((time.perf_counter() - start) / calls)
    return {name: statistics.median(times) for name, times in samples.items()}


def fan(function: Callable[..., Any], calls: int, given: Any) -> Callable[[], Any]:
    """A dispatch of independent calls."""
    import thalweg

    built = thalweg.Dispatcher()
    for number in range(calls):
        built.add_function(f"f{number}", function, ["a"], [f"b{number}"])

    def run() -> Any:
        found = built.dispatch({"a": given}, executor="processes")
        assert len(found) == calls + 1
        return found

    return run


def submitted(pool: Any, function: Callable[..., Any], calls: int, given: Any) -> Callable[[], Any]:
    """The same with a pool of futures, by hand."""

    def run() -> None:
        futures = [pool.submit(function, given) for _ in range(calls)]
        for future in futures:
            future.result()

    return run


def schedula_fan(calls: int) -> Callable[[], Any]:
    import schedula as sh

    logging.getLogger("schedula").setLevel(logging.CRITICAL + 1)
    built = sh.Dispatcher()
    for number in range(calls):
        built.add_function(f"f{number}", one, ["a"], [f"b{number}"])

    def run() -> Any:
        found = built.dispatch({"a": 1}, executor="parallel-pool")
        return {name: value.result() if hasattr(value, "result") else value for name, value in found.items()}

    return run


def calls_of_peers(options: Options) -> Iterator[Timed | Row]:
    """Others that make many small calls, or rows that say why they do not."""
    if not options.peers:
        return
    try:
        from loky import get_reusable_executor

        pool = get_reusable_executor(max_workers=WORKERS)
        yield "loky, by hand", LOKY_CALLS, submitted(pool, one, LOKY_CALLS, 1)
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is the finding
        yield Row(NAME, "trivial calls", "loky, by hand", None, "", note=said(error))
    try:
        run = schedula_fan(SCHEDULA_CALLS)
        run()
        yield "schedula, parallel-pool", SCHEDULA_CALLS, run
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        yield Row(NAME, "trivial calls", "schedula, parallel-pool", None, "", note=said(error))


def measure(options: Options) -> Iterator[Row]:
    from thalweg import shutdown_executors

    try:
        with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
            yield from small(pool, options)
            yield from long(pool, options)
            yield from arrays(pool, options)
    finally:
        gc.unfreeze()
        shutdown_executors()
        with contextlib.suppress(ImportError):
            from loky import get_reusable_executor

            get_reusable_executor().shutdown(wait=True)


def small(pool: Any, options: Options) -> Iterator[Row]:
    field: list[Timed] = [
        ("thalweg", CALLS, fan(one, CALLS, 1)),
        ("concurrent.futures, by hand", CALLS, submitted(pool, one, CALLS, 1)),
    ]
    for each in calls_of_peers(options):
        if isinstance(each, Row):
            yield each
        else:
            field.append(each)
    medians = turns(field, options.rounds)
    ours = medians["thalweg"] * 1e6
    for name, calls, _ in field:
        cost = medians[name] * 1e6
        limit = f"<= {CALL_LIMIT:g} us" if name == "thalweg" else ""
        yield Row(
            NAME,
            "trivial calls",
            name,
            cost,
            "us/call",
            cost / ours,
            limit,
            cost <= CALL_LIMIT if limit else None,
            note=f"{calls:,} calls, whole dispatch" if limit else f"{calls:,} calls",
        )


def long(pool: Any, options: Options) -> Iterator[Row]:
    """Calls of 20 ms: those that wait show what is lost between them, those that compute how processors are shared."""
    count = 1_000
    while _seconds(compute, count) < LONG_SECONDS:
        count = count * 5 // 4
    for case, function, given in (("waiting", time.sleep, LONG_SECONDS), ("computing", compute, count)):
        field: list[Timed] = [
            ("serial", 1, lambda function=function, given=given: [function(given) for _ in range(LONG_CALLS)]),  # type: ignore[misc]
            ("thalweg", 1, fan(function, LONG_CALLS, given)),
            ("concurrent.futures, by hand", 1, submitted(pool, function, LONG_CALLS, given)),
        ]
        medians = turns(field, max(3, options.rounds // 3))
        ideal = medians["serial"] / WORKERS
        for name in ("thalweg", "concurrent.futures, by hand"):
            share = medians[name] / ideal
            limit = f"<= {SHARE_LIMIT:g}" if name == "thalweg" else ""
            yield Row(
                NAME,
                f"{LONG_CALLS} calls of 20 ms, {case}",
                name,
                share,
                "x half of serial",
                share / (medians["thalweg"] / ideal),
                limit,
                share <= SHARE_LIMIT if limit else None,
            )


def _seconds(function: Callable[..., Any], given: Any) -> float:
    start = time.perf_counter()
    function(given)
    return time.perf_counter() - start


def arrays(pool: Any, options: Options) -> Iterator[Row]:
    """50 MB through a chain of ten calls, the last value wanted."""
    import thalweg
    from thalweg.executors.processes import ProcessesExecutor

    given = np.ones(ARRAY_BYTES // 8)
    built = thalweg.Dispatcher()
    for number in range(HOPS):
        built.add_function(f"f{number}", double, [f"x{number}"], [f"x{number + 1}"])
    wanted = f"x{HOPS}"

    def by_hand() -> Any:
        value = given
        for _ in range(HOPS):
            value = pool.submit(double, value).result()
        return value

    def here() -> Any:
        value = given
        for _ in range(HOPS):
            value = double(value)
        return value

    with ProcessesExecutor(WORKERS) as executor:

        def ours() -> Any:
            return built.dispatch({"x0": given}, [wanted], executor=executor, keep="outputs")[wanted]

        assert float(ours()[0]) == 2.0**HOPS
        before = executor.copies
        ours()
        copies = executor.copies - before
        field: list[Timed] = [
            ("thalweg", 1, ours),
            ("concurrent.futures, by hand", 1, by_hand),
            ("the calls alone, here", 1, here),
        ]
        medians = turns(field, max(3, options.rounds // 3))
    case = f"50 MB through {HOPS} calls"
    yield Row(NAME, case, "thalweg", copies, "copies", None, f"<= {COPIES_LIMIT}", copies <= COPIES_LIMIT)
    for name, _, _ in field:
        yield Row(NAME, case, name, medians[name] * 1e3, "ms", medians[name] / medians["thalweg"])

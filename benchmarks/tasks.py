"""Flows of trivial tasks, a recursion and a fan: the time of the processor that a call costs, threads and all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks.harness import Competitor, interleave
from benchmarks.report import Row
from thalweg.tasks import Flow, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "tasks"
SIZES = (1_000, 10_000)
GROWTH_LIMIT = 1.5  # times, from the smaller to the larger
EXECUTORS = ("sync", "threads")

TINY = {"SIZES": (5, 20)}


class Trivial(Flow):
    """Tasks with nothing to do but to ask for others."""

    @task
    def recursion(self, n: int) -> int:
        """Ask for the next one, and so on."""
        return self.recursion(n - 1) if n else 0

    @task
    def fan(self, n: int) -> int:
        """Ask for many, and for what takes them all."""
        return self.total([self.same(1) for _ in range(n)])

    @task
    def same(self, value: int) -> int:
        """Give back what is given."""
        return value

    @task
    def total(self, values: list[int]) -> int:
        """Add up."""
        return sum(values)


SHAPES: dict[str, Callable[[int], int]] = {"recursion": lambda _: 0, "fan": lambda size: size}


def busy(run: Callable[[], int], expected: int) -> Callable[[], float]:
    """Time the whole process: threads count."""

    def sample() -> float:
        start = time.process_time()
        found = run()
        seconds = time.process_time() - start
        assert found == expected
        return seconds

    return sample


def ours(shape: str, size: int, executor: str) -> Competitor:
    bound = getattr(Trivial(), shape).using(executor)
    return Competitor(f"thalweg, {executor}", elsewhere=busy(lambda: bound.run(size), SHAPES[shape](size)))


def by_hand(shape: str, size: int) -> Competitor:
    """What cannot be undercut: a pool of threads, and nothing that remembers what waits for what."""

    def run() -> int:
        with ThreadPoolExecutor(4) as pool:
            if shape == "fan":
                return sum(future.result() for future in [pool.submit(int, 1) for _ in range(size)])
            for _ in range(size):
                pool.submit(int, 1).result()
            return 0

    return Competitor("ThreadPoolExecutor, by hand", elsewhere=busy(run, SHAPES[shape](size)))


def measure(options: Options) -> Iterator[Row]:
    for shape in SHAPES:
        costs: dict[str, list[float]] = {}
        for size in SIZES:
            field = [*(ours(shape, size, executor) for executor in EXECUTORS), by_hand(shape, size)]
            medians = interleave(field, options.rounds if size < 5_000 else max(3, options.rounds // 2))
            for name, seconds in medians.items():
                cost = seconds / size * 1e6
                costs.setdefault(name, []).append(cost)
                yield Row(NAME, f"{shape} of {size:,}", name, cost, "us/call", seconds / medians["thalweg, sync"])
        few, many = costs["thalweg, sync"]
        case = f"{shape}, from {SIZES[0]:,} to {SIZES[-1]:,}"
        limit = f"<= {GROWTH_LIMIT:g}"
        growth = many / few
        yield Row(
            NAME, case, "thalweg, a call of many to one of few", growth, "times", None, limit, growth <= GROWTH_LIMIT
        )

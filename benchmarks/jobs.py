"""Scenarios of trivial coroutine jobs, a chain and a fan: what each job costs from the start of a run to its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Competitor, interleave, said
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "jobs"
SIZES = (1_000, 10_000)
LIMIT = 10.0  # us per job
GROWTH_LIMIT = 1.3  # times, from the smaller to the larger

TINY = {"SIZES": (5, 20)}


async def one() -> int:
    return 1


def chain(make: Callable[..., Any], size: int) -> list[Any]:
    """Jobs that each require the one before."""
    found: list[Any] = []
    for _ in range(size):
        found.append(make(required=found[-1] if found else None))
    return found


def fan(make: Callable[..., Any], size: int) -> list[Any]:
    """Jobs that require nothing."""
    return [make(required=None) for _ in range(size)]


SHAPES: dict[str, Callable[[Callable[..., Any], int], list[Any]]] = {"chain": chain, "fan": fan}


def ours(shape: str, size: int) -> Competitor:
    from thalweg.jobs import Job, Scheduler

    return Competitor(
        "thalweg",
        lambda scenario: (scenario.orchestrate(), scenario),
        lambda: Scheduler(*SHAPES[shape](lambda **options: Job(one, **options), size)),
        check,
    )


def asynciojobs(shape: str, size: int) -> Competitor:
    from asynciojobs import Job, Scheduler

    return Competitor(
        "asynciojobs",
        lambda scenario: (scenario.run(), scenario),
        lambda: Scheduler(*SHAPES[shape](lambda **options: Job(one(), **options), size)),
        check,
    )


def by_hand(shape: str, size: int) -> Competitor:
    """What cannot be undercut: a task for each, and nothing else."""

    async def in_a_chain() -> None:
        for _ in range(size):
            await asyncio.create_task(one())

    async def in_a_fan() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(one())

    return Competitor("asyncio, by hand", lambda: asyncio.run(in_a_chain() if shape == "chain" else in_a_fan()))


def check(result: tuple[Any, Any]) -> None:
    is_well, scenario = result
    values = [job.result() for job in scenario.jobs]
    assert is_well
    assert values == [1] * len(values)


def measure(options: Options) -> Iterator[Row]:
    for shape in SHAPES:
        costs = {}
        for size in SIZES:
            field = [ours(shape, size), by_hand(shape, size)]
            case = f"{shape} of {size:,}"
            if options.peers:
                try:
                    field.append(asynciojobs(shape, size))
                except ImportError as error:
                    yield Row(NAME, case, "asynciojobs", None, "", note=said(error))
            rounds = options.rounds if size < 5_000 else max(3, options.rounds // 2)
            medians = interleave(field, rounds)
            costs[size] = medians["thalweg"] / size * 1e6
            for name, seconds in medians.items():
                cost = seconds / size * 1e6
                is_ours = name == "thalweg"
                limit = f"<= {LIMIT:g} us" if is_ours else ""
                passed = cost <= LIMIT if is_ours else None
                yield Row(NAME, case, name, cost, "us/job", seconds / medians["thalweg"], limit, passed)
        growth = costs[SIZES[-1]] / costs[SIZES[0]]
        case = f"{shape}, from {SIZES[0]:,} to {SIZES[-1]:,}"
        limit = f"<= {GROWTH_LIMIT:g}"
        yield Row(
            NAME, case, "thalweg, a job of many to one of few", growth, "times", None, limit, growth <= GROWTH_LIMIT
        )

"""A thousand small graphs whose nodes sleep, a hundred at a time: time beyond what the marks take, and its cost."""

from __future__ import annotations

import asyncio
import gc
import heapq
import random
from typing import TYPE_CHECKING, Any

from benchmarks.executors import Timing, awaited, turns
from benchmarks.harness import said
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "compositions"
COMPOSITIONS = 1_000
HIGH, LOW = 100, 50
BOUND_LIMIT = 1.15  # times what the marks take
SHARE_LIMIT = 0.25  # of what symphonizer costs
WAIT_SECONDS = 2.0
WAIT_LIMIT = 0.05  # s of the processor

TINY = {"COMPOSITIONS": 20, "HIGH": 10, "LOW": 5, "WAIT_SECONDS": 0.1}
Naps = list[dict[str, float]]  # of each composition, the seconds of its nodes


def naps() -> Naps:
    chance = random.Random(1)
    return [{name: chance.uniform(0.001, 0.1) for name in "ABCD"} for _ in range(COMPOSITIONS)]


def bound(all_naps: Naps) -> float:
    """Seconds until the last has ended where nothing costs anything: first come, first served, between the marks."""
    running: list[float] = []
    now, is_full = 0.0, False
    for each in all_naps:
        while is_full:
            now = heapq.heappop(running)
            is_full = len(running) >= LOW
        heapq.heappush(running, now + each["A"] + max(each["B"], each["C"]) + each["D"])
        is_full = len(running) >= HIGH
    return max(running)


def ours(all_naps: Naps) -> Callable[[], Awaitable[None]]:
    from thalweg.compositions import Composition, DAGNote, NodeRunner, Perform

    class Diamond(Composition):
        naps: dict[str, float]

        def configure_node_runner(self, node: Any) -> NodeRunner:
            return NodeRunner(asyncio.sleep, {"delay": self.naps[node.node_name]})

    graph = diamond(DAGNote)

    async def run() -> None:
        done: list[str] = []
        perform = Perform(high_water=HIGH, low_water=LOW)
        for each in all_naps:
            composition = Diamond(graph, lambda _one, status, _error, _seconds: done.append(status))
            composition.naps = each
            await perform.add(composition)
        await perform.drain()
        assert done == ["done"] * len(all_naps)

    return run


def symphonizer(all_naps: Naps) -> Callable[[], Awaitable[None]]:
    """As its own example has it; its marks are the same, and cannot be set."""
    from symphonizer.composition import Composition, DAGNote
    from symphonizer.node_runner import NodeRunner
    from symphonizer.perform import Perform

    class Diamond(Composition):  # type: ignore[misc]
        naps: dict[str, float]

        def configure_node_runner(self, node: Any) -> Any:
            return NodeRunner().prepare(delay=self.naps[node.node_name]).run(asyncio.sleep)

    graph = diamond(DAGNote)

    async def run() -> None:
        done: list[str] = []
        over = asyncio.Event()

        def ended(_one: Any, status: str, _error: Any = None, _seconds: float = 0.0) -> None:
            done.append(status)
            if len(done) == len(all_naps):
                over.set()

        perform = Perform()
        for each in all_naps:
            composition = Diamond(graph, schedule_done_cb=ended)
            composition.naps = each
            await perform.add(composition)
        await over.wait()

    return run


def diamond(make: Callable[[str], Any]) -> dict[Any, set[Any]]:
    return {make("D"): {make("B"), make("C")}, make("C"): {make("A")}, make("B"): {make("A")}}


def one_wait(make: Callable[[Naps], Callable[[], Awaitable[None]]]) -> Callable[[], Awaitable[None]]:
    """A single composition, of which one node sleeps for long."""
    return make([{"A": WAIT_SECONDS, "B": 0.0, "C": 0.0, "D": 0.0}])


def field(options: Options, prepare: Callable[[Any], Any]) -> Iterator[tuple[str, Callable[[], Timing]] | Row]:
    """Us and the peer, or a row that says why not."""
    yield "thalweg", awaited(prepare(ours))
    if options.peers:
        try:
            yield "symphonizer", awaited(prepare(symphonizer))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is the finding
            yield Row(NAME, "diamonds", "symphonizer", None, "", note=said(error))


def medians(options: Options, prepare: Callable[[Any], Any]) -> tuple[dict[str, Timing], list[Row]]:
    found = list(field(options, prepare))
    runs = dict(one for one in found if not isinstance(one, Row))
    return turns(runs, max(3, options.rounds // 3)), [one for one in found if isinstance(one, Row)]


def measure(options: Options) -> Iterator[Row]:
    try:
        yield from diamonds(options)
        yield from waits(options)
    finally:
        gc.unfreeze()


def diamonds(options: Options) -> Iterator[Row]:
    all_naps = naps()
    least = bound(all_naps)
    case = f"{COMPOSITIONS} diamonds, naps of 1 to 100 ms, marks {HIGH}/{LOW}"
    found, missing = medians(options, lambda make: make(all_naps))
    yield from missing
    ours_busy, theirs = found["thalweg"][1], found.get("symphonizer")
    for who, (wall, busy) in found.items():
        is_ours = who == "thalweg"
        limit = f"<= {BOUND_LIMIT:g}" if is_ours else ""
        passed = wall <= BOUND_LIMIT * least if is_ours else None
        yield Row(
            NAME, case, f"{who} / bound", wall / least, "times", None, limit, passed, f"the bound is {least:.3f} s"
        )
        limit = f"< {SHARE_LIMIT * theirs[1]:.3g} s" if is_ours and theirs is not None else ""
        passed = busy < SHARE_LIMIT * theirs[1] if is_ours and theirs is not None else None
        yield Row(NAME, case, f"{who}, busy", busy, "s", busy / ours_busy, limit, passed)


def waits(options: Options) -> Iterator[Row]:
    case = f"one node of {WAIT_SECONDS:g} s"
    found, _ = medians(options, one_wait)
    for who, (_, busy) in found.items():
        limit = f"< {WAIT_LIMIT:g} s" if who == "thalweg" else ""
        passed = busy < WAIT_LIMIT if who == "thalweg" else None
        yield Row(NAME, case, f"{who}, busy", busy, "s", busy / found["thalweg"][1], limit, passed)

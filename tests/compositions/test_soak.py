"""Very many compositions, some of them failing and some cancelled: none lost, none run twice, memory flat, marks kept.

Short by default, a hundred thousand with THALWEG_SOAK=1.
"""

import asyncio
import gc
import os
import random
import tracemalloc
from collections import Counter

import pytest

from tests.compositions.sleepers import DIAMOND
from tests.executors.clock import clock_loop
from thalweg.compositions import Composition, NodeRunner, Perform

MANY = 100_000 if os.environ.get("THALWEG_SOAK") == "1" else 3_000
HIGH, LOW = 100, 50
GROWTH_BYTES = 200_000  # that may be left, whatever their number


class Counted:
    """Makes compositions, some of which fail or are cancelled, and counts everything that happens."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.fates = Counter()
        self.ended = Counter()
        self.alive = {}
        self.running = self.most = 0
        self.was_full = False
        self.broken = []
        self.number = 0

    def make(self):
        fate = self.chance.choices(["well", "failing", "cancelled"], [98, 1, 1])[0]
        self.fates[fate] += 1
        self.number += 1
        composition = Counting(self, fate)
        self.alive[composition.instance_id] = fate
        return composition


class Counting(Composition):
    """A diamond of naps."""

    def __init__(self, count, fate):
        super().__init__(DIAMOND, self.ended, status_cb=self.changed)
        self.count = count
        self.fate = fate
        self.ran = Counter()
        self.victim = count.chance.choice("abcd")

    def configure_node_runner(self, node):
        return NodeRunner(self.nap, {"node": node})

    async def nap(self, node):
        self.ran[node] += 1
        await asyncio.sleep(self.count.chance.uniform(0.001, 0.1))
        if node == self.victim and self.fate == "failing":
            raise ValueError(node)
        if node == self.victim and self.fate == "cancelled":
            self.cancel()
            await asyncio.sleep(1e9)

    def changed(self, _, old, new):
        count = self.count
        if new == "running":
            if count.was_full:
                count.broken.append(f"{count.running} were running, after {HIGH} had been")
            count.running += 1
            count.most = max(count.most, count.running)
            count.was_full = count.running >= HIGH
        elif old == "running":
            count.running -= 1
            count.was_full = count.was_full and count.running >= LOW

    def ended(self, _, status, error, seconds):
        count = self.count
        count.ended[str(status)] += 1
        assert count.alive.pop(self.instance_id) == self.fate, "it ended twice"
        if any(times != 1 for times in self.ran.values()):
            count.broken.append(f"run twice: {self.ran}")
        if self.fate == "well" and (len(self.results) != 4 or len(self.ran) != 4):
            count.broken.append(f"not all was run: {self.ran}")


async def perform_all(count, many, producers):
    perform = Perform(high_water=HIGH, low_water=LOW)

    async def produce():
        while count.number < many:
            await perform.add(count.make())

    await asyncio.gather(*[produce() for _ in range(producers)])
    await perform.drain()
    return perform.metrics


@pytest.mark.timeout(900)
@pytest.mark.slow
def test_none_is_lost_none_runs_twice_marks_are_kept_and_memory_is_flat():
    count = Counted(seed=2026)
    sizes = []
    with clock_loop() as loop:
        tracemalloc.start()
        try:
            for part in (0.25, 0.5, 0.75, 1.0):
                metrics = loop.run_until_complete(perform_all(count, int(MANY * part), producers=20))
                assert metrics.queued == metrics.running == 0
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert count.broken == []
    assert count.alive == {}
    assert sum(count.ended.values()) == count.number >= MANY
    assert count.ended == {
        "done": count.fates["well"], "failed": count.fates["failing"], "cancelled": count.fates["cancelled"],
    }  # fmt: skip
    assert min(count.ended.values()) > MANY / 200
    assert count.most == HIGH
    assert max(sizes[1:]) - sizes[0] < GROWTH_BYTES, sizes

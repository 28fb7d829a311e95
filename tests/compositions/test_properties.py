"""Random graphs of sleeping nodes against an oracle that adds up times; marks against a plain simulation."""

import asyncio
import heapq
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compositions.sleepers import Sleepers, approximately, started, timed
from thalweg.compositions import ContinueAfterErrorException, Perform, TryAgainException
from thalweg.executors import Policy

SOAK = os.environ.get("THALWEG_SOAK") == "1"
often = settings(max_examples=3000 if SOAK else 100, derandomize=not SOAK, deadline=None)  # a machine may be slow
# Whole numbers of an eighth of a second: sums of them are exact.
SECONDS = st.integers(0, 40).map(lambda eighths: eighths / 8)
ENDS = st.sampled_from(["well", "well", "well", "badly", "go on", "again"])
PAUSE_SECONDS = 0.5


@st.composite
def graphs(draw):
    """Nodes in an order that is not that of the graph, with seconds and ends."""
    size = draw(st.integers(0, 12))
    names = draw(st.permutations(range(size)))
    before = {names[place]: draw(st.sets(st.sampled_from(names[:place]))) if place else set() for place in range(size)}
    keys = draw(st.permutations([name for name in before if before[name] or draw(st.booleans())]))
    graph = {name: before[name] for name in keys}
    seen = set(graph).union(*graph.values())
    before = {name: ones for name, ones in before.items() if name in seen}
    return (
        graph,
        {name: before[name] for name in names if name in before},
        {name: draw(SECONDS) for name in before},
        {name: draw(ENDS) for name in before},
    )


def oracle(before, seconds, ends):
    """When each node begins and ends, in plain words: `before` has each node after those it waits for."""
    begun, over, blocked = {}, {}, set()
    for node, others in before.items():
        if any(other in blocked or ends[other] == "badly" for other in others):
            blocked.add(node)
            continue
        begun[node] = max((over[other] for other in others), default=0.0)
        over[node] = begun[node] + seconds[node]
        if ends[node] == "again":
            over[node] += PAUSE_SECONDS + seconds[node]
    return begun, over, blocked


@often
@given(graphs())
def test_every_node_begins_when_it_may_and_only_what_may_begin_does(case):
    graph, before, seconds, ends = case
    kinds = {"badly": ValueError, "go on": ContinueAfterErrorException, "again": TryAgainException}
    raising = {node: [kinds[end](node)] for node, end in ends.items() if end != "well"}
    again = Policy(tries=2, pause_seconds=PAUSE_SECONDS, errors=(TryAgainException,))
    composition = Sleepers(graph, seconds, raising, retry=again)
    end = started(composition, raises=False)
    begun, over, blocked = oracle(before, seconds, ends)
    assert composition.first == begun
    assert {node: times[-1] for node, times in composition.over.items()} == over
    assert end == max(over.values(), default=0.0)
    assert {node for node, state in composition.states.items() if state == "skipped"} == blocked
    assert all(len(times) == (2 if ends[node] == "again" else 1) for node, times in composition.begun.items())
    failed = {node for node in begun if ends[node] in ("badly", "go on")}
    assert set(composition.errors) == failed
    assert set(composition.results) == set(begun) - failed
    is_bad = any(ends[node] == "badly" for node in begun)
    assert [told[1:] for told in composition.ended_with] == [
        ("failed" if is_bad else "done", composition.error, approximately(end))
    ]


@often
@given(graphs(), st.lists(SECONDS, max_size=4), st.sampled_from(["pause", "stop", "cancel"]))
def test_whenever_it_is_paused_stopped_or_cancelled_nothing_is_lost_nor_run_twice(case, moments, what):
    graph, before, seconds, _ = case
    composition = Sleepers(graph, seconds)

    async def main():
        work = asyncio.create_task(composition.start())
        for moment in sorted(moments):
            await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))
            getattr(composition, what)()
        await work
        while composition.status == "paused":
            await composition.start()

    timed(main())
    assert all(len(times) == 1 for times in composition.begun.values())
    assert len(composition.ended_with) == 1
    for node in composition.begun:
        assert set(before[node]) <= set(composition.results)
    assert composition.states.keys() == before.keys()
    assert {node for node, state in composition.states.items() if state == "done"} == set(composition.results)
    if what == "pause":
        assert composition.status == "done"
        assert set(composition.results) == set(before)


def simulated(seconds, high, low):
    """When each of so many would begin: first come, first served; once full, none until fewer than `low` are left."""
    begun, running, now, is_full = [], [], 0.0, False
    for each in seconds:
        while is_full or len(running) >= high:
            now = heapq.heappop(running)
            while running and running[0] == now:  # those that end at one moment leave one after the other
                if len(running) < low:
                    break
                heapq.heappop(running)
            is_full = is_full and len(running) >= low
        begun.append(now)
        heapq.heappush(running, now + each)
        is_full = len(running) >= high
    return begun


@often
@given(st.data(), st.lists(st.integers(1, 1000), max_size=60, unique=True), st.integers(1, 8))
def test_marks_are_kept_as_a_simulation_says(data, durations, high):
    # No two end at one moment: powers of two apart, to the last digit.
    seconds = [duration + 2.0 ** -(10 + place % 20) for place, duration in enumerate(durations)]
    low = data.draw(st.integers(1, high))
    compositions = [Sleepers({"nap": ()}, {"nap": each}) for each in seconds]

    async def main():
        perform = Perform(high_water=high, low_water=low)
        tasks = [asyncio.create_task(perform.add(composition)) for composition in compositions]
        await asyncio.gather(*tasks)
        await perform.drain()
        return perform.metrics

    metrics, _ = timed(main())
    assert [composition.first["nap"] for composition in compositions] == simulated(seconds, high, low)
    assert metrics.most_running == min(high, len(seconds))
    assert metrics.done == len(seconds)

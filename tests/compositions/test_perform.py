"""Very many compositions: marks, turns, counts."""

import asyncio
import logging
import weakref

import pytest

from tests.compositions.sleepers import DIAMOND, Sleepers, approximately, at, timed
from thalweg.compositions import Composition, Perform
from thalweg.errors import BuildError, CycleError, SpentError


class Naps(Sleepers):
    """A composition of one node that sleeps."""

    def __init__(self, seconds=1.0, error=None):
        super().__init__({"nap": ()}, {"nap": seconds}, {"nap": [error]})

    @property
    def moment(self):
        """When it began."""
        return self.first.get("nap")


async def added(perform, compositions):
    """Add all at once, each in a task of its own; gives the tasks."""
    tasks = [asyncio.create_task(perform.add(composition)) for composition in compositions]
    await asyncio.sleep(0)
    return tasks


async def performed(compositions, **marks):
    perform = Perform(**marks)
    tasks = await added(perform, compositions)
    await perform.drain()
    await asyncio.gather(*tasks)
    return perform


def test_at_the_high_mark_none_begins_until_fewer_than_the_low_mark_run():
    compositions = [Naps(seconds) for seconds in (1.0, 2.0, 3.0, 4.0, 1.0, 1.0, 1.0, 1.0)]
    _, end = timed(performed(compositions, high_water=4, low_water=2))
    # Three of the first four must have ended, before three enter; then four are running once more.
    assert [one.moment for one in compositions] == [0.0, 0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 4.0]
    assert end == 5.0


def test_below_the_high_mark_each_begins_at_once():
    compositions = [Naps(10.0) for _ in range(3)]

    async def main():
        async with Perform(high_water=4, low_water=1) as perform:
            for composition in compositions:
                await perform.add(composition)
                await asyncio.sleep(1.0)
                assert perform.metrics.queued == 0

    timed(main())
    assert [one.moment for one in compositions] == [0.0, 1.0, 2.0]


def test_equal_marks_are_a_window():
    compositions = [Naps(seconds) for seconds in (1.0, 2.0, 3.0, 1.0, 1.0)]
    timed(performed(compositions, high_water=3, low_water=3))
    assert [one.moment for one in compositions] == [0.0, 0.0, 0.0, 1.0, 2.0]


def test_who_comes_first_is_served_first_whatever_ends_first():
    compositions = [Naps((7 * number) % 5 + 0.5) for number in range(100)]
    timed(performed(compositions, high_water=10, low_water=5))
    moments = [one.moment for one in compositions]
    assert moments == sorted(moments)


def test_the_marks_are_a_hundred_and_half_of_the_high_one():
    assert (Perform().gate.high, Perform().gate.low) == (100, 50)
    assert (Perform(high_water=7).gate.high, Perform(high_water=7).gate.low) == (7, 3)
    assert Perform(high_water=1).gate.low == 1


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({"high_water": 0}, "high_water is 0"),
        ({"low_water": 0}, "low_water is 0"),
        ({"high_water": 2.5}, "high_water is 2.5"),
        ({"high_water": 5, "low_water": 6}, "low_water is 6, above the high_water of 5"),
    ],
)
def test_marks_that_cannot_be_meant_are_refused(marks, said):
    with pytest.raises(BuildError, match=said):
        Perform(**marks)


def test_add_waits_until_the_composition_begins():
    async def main():
        perform = Perform(high_water=1)
        moments = []
        for _ in range(4):
            await perform.add(Naps(2.0))
            moments.append(asyncio.get_running_loop().time())
        assert perform.metrics.queued == 0
        await perform.drain()
        return moments

    assert timed(main()) == ([0.0, 2.0, 4.0, 6.0], 8.0)


def test_drain_waits_for_those_in_line_and_those_that_run():
    async def main():
        perform = Perform(high_water=2, low_water=1)
        await perform.drain()  # nothing to wait for
        await added(perform, [Naps(2.0) for _ in range(5)])
        await asyncio.gather(perform.drain(), perform.drain())
        assert perform.metrics.done == 5

    assert timed(main())[1] == 6.0


def test_the_end_of_the_block_waits_for_all():
    async def main():
        async with Perform(high_water=2) as perform:
            await perform.add(Naps(3.0))
        return perform.metrics.done

    assert timed(main()) == (1, 3.0)


def test_an_error_in_the_block_cancels_all():
    running, queued = Naps(30.0), Naps(30.0)

    async def troubled(perform):
        async with perform:
            await added(perform, [running, queued])
            await asyncio.sleep(1.0)
            raise LookupError("elsewhere")

    async def main():
        perform = Perform(high_water=1)
        with pytest.raises(LookupError):
            await troubled(perform)
        return perform.metrics

    metrics, end = timed(main())
    assert end == 1.0
    assert (metrics.cancelled, metrics.queued, metrics.running) == (2, 0, 0)
    assert running.over == {"nap": [1.0]}
    assert queued.begun == {}
    assert running.ended_with[0][1] == queued.ended_with[0][1] == "cancelled"


def test_cancelling_it_reaches_every_node():
    compositions = [Sleepers(DIAMOND, {"b": 9.0, "c": 9.0}) for _ in range(10)]

    async def main():
        perform = Perform(high_water=4)
        tasks = await added(perform, compositions)
        await asyncio.sleep(1.5)
        await perform.cancel()
        await asyncio.gather(*tasks)
        return perform.metrics

    metrics, end = timed(main())
    assert (end, metrics.cancelled, metrics.most_running) == (1.5, 10, 4)
    assert [bool(one.begun) for one in compositions] == [True] * 4 + [False] * 6
    assert all(one.over == {"a": [1.0], "b": [1.5], "c": [1.5]} for one in compositions[:4])


def test_one_that_is_cancelled_in_line_leaves_it_at_once_and_its_callback_is_told():
    first, second, third = Naps(5.0), Naps(1.0), Naps(1.0)

    async def main():
        perform = Perform(high_water=1)
        tasks = await added(perform, [first, second, third])
        await at((1.0, second.cancel))
        await asyncio.sleep(0)
        assert tasks[1].done()
        assert (perform.metrics.queued, perform.metrics.cancelled) == (1, 1)
        await perform.drain()

    assert timed(main())[1] == 6.0
    assert (second.begun, third.moment) == ({}, 5.0)
    assert [told[1] for told in second.ended_with] == ["cancelled"]


def test_who_gives_up_adding_cancels_what_waits():
    first, second = Naps(5.0), Naps(1.0)

    async def main():
        perform = Perform(high_water=1)
        tasks = await added(perform, [first, second])
        await at((1.0, tasks[1].cancel))
        await perform.drain()
        assert tasks[1].cancelled()

    timed(main())
    assert (second.status, second.begun) == ("cancelled", {})
    assert first.status == "done"


def test_a_place_is_given_back_whatever_happens():
    class Interrupting(Composition):
        def configure_node_runner(self, node):
            raise ValueError("no runner")

    failing = [Naps(1.0, ValueError("failed")), Interrupting({"a": ()}, lambda *_: None)]
    last = Naps(1.0)

    async def main():
        perform = Perform(high_water=1)
        await added(perform, [*failing, last])
        await perform.drain()
        return perform

    perform, _ = timed(main())
    assert last.moment == 1.0
    assert perform.gate.inside == 0
    assert (perform.metrics.failed, perform.metrics.done) == (2, 1)


def test_a_failed_one_tells_its_callback_and_disturbs_no_other():
    error = ValueError("failed")
    compositions = [Naps(1.0), Naps(0.5, error), Naps(1.0)]
    timed(performed(compositions, high_water=3))
    assert compositions[1].ended_with == [(compositions[1], "failed", error, 0.5)]
    assert [one.status for one in compositions] == ["done", "failed", "done"]


def test_a_failure_without_a_callback_is_logged(caplog):
    def fail(node):
        raise LookupError("nobody would know")

    with caplog.at_level(logging.WARNING, "thalweg.compositions"):
        timed(performed([Composition({"a": ()}, node_executor=fail)]))
    assert "LookupError: nobody would know" in caplog.text


def test_a_circle_is_refused_when_it_is_added_and_its_callback_is_told():
    composition = Sleepers({"a": {"b"}, "b": {"a"}})

    async def main():
        perform = Perform(high_water=1)
        with pytest.raises(CycleError, match=r"a -> b -> a|b -> a -> b"):
            await perform.add(composition)
        return perform.metrics

    metrics, _ = timed(main())
    assert (metrics.queued, metrics.running) == (0, 0)
    assert composition.ended_with[0][1] == "failed"


def test_none_is_added_twice():
    async def main():
        perform, first, second = Perform(high_water=1), Naps(2.0), Naps(2.0)
        await added(perform, [first, second])
        for one in (first, second):
            with pytest.raises(SpentError, match="was added already"):
                await perform.add(one)
        await perform.drain()
        with pytest.raises(SpentError, match="has ended, and runs once"):
            await perform.add(first)
        assert len(first.begun["nap"]) == len(second.begun["nap"]) == 1

    timed(main())


def test_a_paused_one_gives_its_place_back_and_is_added_again_to_go_on():
    first, second = Sleepers(DIAMOND), Naps(4.0)

    async def main():
        perform = Perform(high_water=1)
        await added(perform, [first, second])
        await at((0.5, first.pause))
        await asyncio.sleep(1.0)
        assert (first.status, second.moment) == ("paused", 1.0)
        await perform.add(first)
        await perform.drain()
        return perform.metrics

    metrics, end = timed(main())
    assert first.begun == {"a": [0.0], "b": [5.0], "c": [5.0], "d": [6.0]}
    assert (end, metrics.done, metrics.rate) == (7.0, 2, 2 / 7.0)


def test_one_that_is_paused_at_its_work_keeps_its_place_and_goes_on_by_its_start():
    composition = Sleepers(DIAMOND)

    async def main():
        perform = Perform()
        await perform.add(composition)
        await at((0.5, composition.pause))
        with pytest.raises(SpentError, match=r"goes on by start\(\)"):
            await perform.add(composition)
        assert perform.metrics.running == 1
        await composition.start()
        await perform.drain()
        return perform.metrics

    metrics, end = timed(main())
    assert (end, metrics.done) == (3.0, 1)


def test_the_counts_are_right_at_every_moment():
    seen = []

    async def main():
        perform = Perform(high_water=2, low_water=2)
        await added(perform, [Naps(1.0), Naps(2.0, ValueError()), Naps(2.0), Naps(1.0)])
        for moment in (0.5, 1.5, 2.5, 3.5):
            await at((moment, lambda: seen.append(perform.metrics)))
        await perform.drain()

    timed(main())
    counts = [(one.queued, one.running, one.done, one.failed) for one in seen]
    assert counts == [(2, 2, 0, 0), (1, 2, 1, 0), (0, 2, 1, 1), (0, 0, 3, 1)]
    assert seen[-1].most_running == 2
    assert [one.seconds for one in seen] == [0.5, 1.5, 2.5, 3.5]
    assert [one.rate for one in seen] == approximately([0.0, 1 / 1.5, 2 / 2.5, 4 / 3.5])


def test_the_recent_rate_is_that_of_the_latest_hundred():
    async def main():
        perform = Perform(high_water=1)
        for seconds in [10.0] * 20 + [0.5] * 120:
            await perform.add(Naps(seconds))
        await perform.drain()
        return perform.metrics

    metrics, _ = timed(main())
    assert metrics.recent_rate == approximately(2.0)
    assert metrics.rate == approximately(140 / 260)


def test_before_anything_is_added_there_is_nothing_to_count():
    metrics = Perform().metrics
    assert (metrics.queued, metrics.done, metrics.seconds, metrics.rate, metrics.recent_rate) == (0, 0, 0.0, 0.0, 0.0)


def test_it_keeps_nothing_of_what_has_ended():
    async def main():
        perform = Perform(high_water=2)
        watched = []
        for _ in range(10):
            composition = Composition(DIAMOND, node_executor=lambda node: node)
            watched.append(weakref.ref(composition))
            await perform.add(composition)
        del composition
        await perform.drain()
        await asyncio.sleep(0)
        return [one() for one in watched]

    assert timed(main())[0] == [None] * 10


def test_a_thousand_in_line_are_cancelled_without_a_depth_of_calls():
    async def main():
        perform = Perform(high_water=1)
        first = Naps(1.0)
        tasks = await added(perform, [first, *(Naps() for _ in range(3000))])
        await at((0.5, lambda: None))
        await perform.cancel()
        await asyncio.gather(*tasks)
        return perform.metrics.cancelled

    assert timed(main()) == (3001, 0.5)

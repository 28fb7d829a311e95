"""A small graph of nodes: what begins when, what ends it, and who is told."""

import asyncio
import gc
import graphlib
import logging
import os
import subprocess
import sys
import weakref
from itertools import pairwise
from typing import ClassVar

import pytest

from tests.compositions.sleepers import DIAMOND, Sleepers, approximately, at, beside, started, timed
from tests.executors.clock import clock_loop
from thalweg.compositions import (
    Composition,
    ContinueAfterErrorException,
    DAGNote,
    NodeRunner,
    StopScheduleException,
    TryAgainException,
)
from thalweg.errors import BuildError, CallCancelled, CallTimeout, CycleError, SpentError
from thalweg.executors import Policy, subscribe

DONE = {"a": "done", "b": "done", "c": "done", "d": "done"}


def test_each_node_begins_at_the_moment_in_which_the_last_before_it_ends():
    composition = Sleepers(DIAMOND, {"a": 1.0, "b": 2.0, "c": 3.5, "d": 0.5})
    assert started(composition) == 5.0
    assert composition.first == {"a": 0.0, "b": 1.0, "c": 1.0, "d": 4.5}
    assert composition.states == DONE


def test_nodes_that_wait_for_nothing_run_side_by_side():
    composition = Sleepers(dict.fromkeys(range(50), ()), {number: number / 10 for number in range(50)})
    assert started(composition) == approximately(4.9)
    assert set(composition.first.values()) == {0.0}


def test_nodes_begin_in_the_order_in_which_the_graph_has_them():
    composition = Sleepers({"z": (), "y": (), "end": ["q", "z", "p"], "x": ()})
    started(composition)
    assert list(composition.first) == ["z", "y", "x", "q", "p", "end"]


def test_the_order_does_not_depend_on_the_seed_of_hashes():
    script = (
        "import asyncio; from thalweg.compositions import Composition\n"
        "order = []\n"
        "graph = {'end': {'n%d' % k for k in range(20)}}\n"
        "asyncio.run(Composition(graph, node_executor=lambda node: order.append(node)).start())\n"
        "print(order)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
    assert said.pop().strip().endswith("'end']")


def test_a_graph_without_nodes_is_done_at_once():
    composition = Sleepers({})
    assert started(composition) == 0.0
    assert (composition.status, composition.ended_with) == ("done", [(composition, "done", None, 0.0)])


@pytest.mark.parametrize("kind", [set, list, tuple, frozenset, dict.fromkeys])
def test_what_comes_before_may_be_any_collection(kind):
    composition = Sleepers({"end": kind(["a", "b"])})
    assert started(composition) == 2.0


def test_what_comes_before_counts_once_however_often_it_is_named():
    assert started(Sleepers({"end": ["a", "a", "a"]})) == 2.0


@pytest.mark.parametrize("graph", [{"d": "abc"}, {"d": 3}, [("d", "a")], None])
def test_what_is_no_graph_is_refused(graph):
    with pytest.raises(BuildError, match="give a"):
        Composition(graph)


def test_one_graph_serves_many_compositions_and_may_be_changed_meanwhile():
    graph = {DAGNote("d"): {DAGNote("b"), DAGNote("c")}, DAGNote("c"): {DAGNote("a")}, DAGNote("b"): {DAGNote("a")}}

    async def main():
        compositions = [Sleepers(graph) for _ in range(20)]
        graph.clear()
        await asyncio.gather(*[composition.start() for composition in compositions])
        return compositions

    compositions, end = timed(main())
    assert end == 3.0
    assert {len(composition.results) for composition in compositions} == {4}
    assert len({composition.instance_id for composition in compositions}) == 20


def test_what_nodes_gave_is_there_for_those_after_them():
    class Sum(Composition):
        def configure_node_runner(self, node):
            return NodeRunner().prepare(numbers=[self.results[one] for one in self.graph.get(node, ())]).run(self.sum)

        async def sum(self, numbers):
            await asyncio.sleep(0.1)
            return sum(numbers) or 1

    composition = Sum({3: {1, 2}, 4: {3, 2}, 5: {4, 3, 1}})
    started(composition)
    assert composition.results == {1: 1, 2: 1, 3: 2, 4: 3, 5: 6}


def test_without_a_runner_of_its_own_nodes_get_their_payload():
    async def price(item, count):
        return f"{count} {item}"

    nodes = DAGNote("tea", item="tea", count=2), DAGNote("milk", item="milk", count=1)
    composition = Composition({nodes[1]: {nodes[0]}}, node_executor=price)
    started(composition)
    assert composition.results == {DAGNote("tea"): "2 tea", DAGNote("milk"): "1 milk"}


def test_nodes_that_nothing_can_run_say_what_to_write():
    with pytest.raises(BuildError, match=r"how to run the node 'a'.*node_executor=.*configure_node_runner"):
        started(Composition({"a": ()}))


def test_each_node_may_have_a_runner_of_another_kind():
    class Each(Composition):
        @classmethod
        def configure_node_runner(cls, node):
            return NodeRunner().run({"a": lambda: 1, "b": lambda: "two"}[node])

    composition = Each({"b": {"a"}})
    started(composition)
    assert composition.results == {"a": 1, "b": "two"}
    assert composition.runner("b").result == "two"
    assert composition.runner("other") is None


class TestCallbacks:
    def test_the_end_is_told_once_with_status_error_and_seconds(self):
        composition = Sleepers(DIAMOND)
        started(composition)
        assert composition.ended_with == [(composition, "done", None, 3.0)]

    def test_they_may_take_the_error_and_the_seconds_by_the_names_people_know(self):
        told = []

        def schedule_done(instance, status, error=None, elapsed_time: float = 0):
            told.append((instance.instance_id, status, error, elapsed_time))

        composition = Composition({"a": ()}, schedule_done_cb=schedule_done, node_executor=lambda node: None)
        started(composition)
        assert told == [(composition.instance_id, "done", None, 0.0)]

    def test_each_node_is_told_when_it_has_ended_and_its_result_is_there(self):
        seen = []

        def note(node, state, error):
            seen.append((node, str(state), error, composition.results[node]))

        composition = Composition({"b": {"a"}}, None, note, node_executor=lambda node: f"{node}!")
        started(composition)
        assert seen == [("a", "done", None, "a!"), ("b", "done", None, "b!")]

    def test_each_change_of_status_is_told(self):
        changes = []
        composition = Sleepers(DIAMOND, status_cb=lambda one, old, new: changes.append((one, str(old), str(new))))
        started(composition)
        assert changes == [(composition, "waiting", "running"), (composition, "running", "done")]

    def test_one_that_raises_is_logged_and_changes_nothing(self, caplog):
        def broken(*_):
            raise RuntimeError("broken callback")

        composition = Composition(DIAMOND, broken, broken, status_cb=broken, node_executor=lambda node: node)
        with caplog.at_level(logging.ERROR, "thalweg.compositions"):
            started(composition)
        assert (composition.status, len(composition.results)) == ("done", 4)
        assert caplog.text.count("RuntimeError: broken callback") == 7  # two changes, four nodes, the end

    def test_events_are_told_to_whoever_subscribes(self):
        events = []
        unsubscribe = subscribe(lambda event: events.append((event.path, str(event.kind))))
        try:
            started(Sleepers({"b": {"a"}}))
        finally:
            unsubscribe()
        assert events == [
            ("", "begin"), ("a", "running"), ("a", "done"), ("b", "running"), ("b", "done"), ("", "end"),
        ]  # fmt: skip


class TestFailures:
    def test_what_does_not_wait_for_a_failed_node_still_runs_and_the_error_is_told(self):
        error = LookupError("no b")
        graph = DIAMOND | {"e": {"c"}, "f": {"d"}}
        composition = Sleepers(graph, {"b": 0.5}, {"b": [error]})
        with clock_loop() as loop:
            with pytest.raises(LookupError, match="no b"):
                loop.run_until_complete(composition.start())
            assert loop.time() == 3.0
        assert composition.ended_with == [(composition, "failed", error, 3.0)]
        assert composition.states == {
            "a": "done", "b": "failed", "c": "done", "d": "skipped", "e": "done", "f": "skipped",
        }  # fmt: skip
        assert composition.errors == {"b": error}
        assert list(composition.results) == ["a", "c", "e"]
        assert composition.heard[1] == ("b", "failed", error)

    def test_of_several_errors_the_first_is_raised_and_all_are_kept(self):
        first, second = KeyError("first"), ValueError("second")
        composition = Sleepers({"a": (), "b": ()}, {"a": 2.0}, {"a": [second], "b": [first]})
        with pytest.raises(KeyError, match="first"):
            started(composition)
        assert composition.errors == {"b": first, "a": second}

    def test_it_may_be_told_by_the_status_alone(self):
        composition = Sleepers({"a": ()}, {}, {"a": [ValueError()]})
        assert timed(composition.start(raises=False))[0] == "failed"

    def test_a_node_whose_runner_cannot_be_configured_has_failed(self):
        class Broken(Sleepers):
            def configure_node_runner(self, node):
                if node == "b":
                    raise LookupError("no runner")
                return super().configure_node_runner(node)

        composition = Broken(DIAMOND)
        with pytest.raises(LookupError, match="no runner"):
            started(composition)
        assert composition.states == DONE | {"b": "failed", "d": "skipped"}

    @pytest.mark.parametrize("given", [None, lambda: None])
    def test_what_is_no_runner_is_refused_by_name(self, given):
        class Broken(Composition):
            def configure_node_runner(self, node):
                return given

        with pytest.raises(BuildError, match="for the node 'a'; let it give a NodeRunner"):
            started(Broken({"a": ()}))

    def test_a_runner_that_has_run_already_is_refused(self):
        runner = NodeRunner(lambda: 1)
        timed(runner())

        class Used(Composition):
            def configure_node_runner(self, node):
                return runner

        with pytest.raises(BuildError, match="for the node 'a' that is done already"):
            started(Used({"a": ()}))

    def test_a_node_out_of_time_has_failed_at_its_moment(self):
        class Hasty(Sleepers):
            def configure_node_runner(self, node):
                return NodeRunner(self.sleep, {"node": node}, 2.0 if node == "b" else None)

        composition = Hasty(DIAMOND, {"b": 30.0})
        with pytest.raises(CallTimeout, match="timeout of 2 s"):
            started(composition)
        assert composition.over["b"] == [3.0]
        assert composition.ended_with[0][1:] == ("failed", composition.errors["b"], 3.0)
        assert composition.runner("b").status == "failed"

    def test_a_cancelled_runner_is_a_failed_node(self):
        composition = Sleepers(DIAMOND, {"b": 30.0})
        work = beside(composition.start(raises=False), (1.5, lambda: composition.runner("b").cancel()))
        assert timed(work) == ("failed", 2.0)
        assert isinstance(composition.errors["b"], CallCancelled)
        assert composition.states["c"] == "done"

    def test_a_failure_keeps_nothing_of_the_composition_alive(self):
        async def fail(node):
            await asyncio.sleep(1.0)
            raise ValueError(node)

        gc.disable()
        try:
            composition = Composition({"a": (), "b": ()}, node_executor=fail)
            timed(composition.start(raises=False))
            assert composition.error.args == ("a",)
            watched = weakref.ref(composition)
            del composition
            assert watched() is None
        finally:
            gc.enable()


class TestCircles:
    GRAPH: ClassVar = {"a": {"c"}, "b": {"a"}, "c": {"b"}, "free": ()}

    def test_one_is_refused_by_name_before_anything_runs_and_the_callback_is_told(self):
        composition = Sleepers(self.GRAPH)
        with pytest.raises(CycleError, match=r"in a circle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c);"):
            started(composition)
        assert (composition.begun, composition.status) == ({}, "failed")
        [(told, status, error, seconds)] = composition.ended_with
        assert (told, status, seconds) == (composition, "failed", 0.0)
        assert set(error.cycle) == {"a", "b", "c"}
        assert error.cycle[0] == error.cycle[-1]

    def test_the_error_is_what_graphlib_raises_too(self):
        with pytest.raises(graphlib.CycleError):
            started(Sleepers({"a": {"a"}}))

    def test_it_can_be_looked_for_without_running_anything(self):
        composition = Sleepers(self.GRAPH)
        with pytest.raises(CycleError):
            composition.prepare()
        assert len(composition.ended_with) == 1
        with pytest.raises(SpentError, match="is failed, and runs once"):
            started(composition)


class TestSignals:
    AGAIN = Policy(tries=4, pause_seconds=1.0, growth=2.0, errors=(TryAgainException,))

    def test_a_node_is_tried_again_with_growing_pauses_each_time_by_a_child(self):
        errors = [TryAgainException("busy"), TryAgainException("still busy"), TryAgainException]
        composition = Sleepers(DIAMOND, {"b": 0.5}, {"b": errors}, retry=self.AGAIN)
        started(composition)
        assert composition.begun["b"] == [1.0, 2.5, 5.0, 9.5]  # after pauses of 1, 2 and 4 seconds
        assert (composition.status, composition.first["d"]) == ("done", 10.0)
        [first] = [one for one in composition.runners if one.node_params == {"node": "b"}]
        last = composition.runner("b")
        assert (first.status, str(first.error)) == ("failed", "busy")
        assert last.status == "done"
        assert last.instance_id != first.instance_id
        assert last.parent_id not in (None, first.instance_id)  # there were two between them
        assert [state for node, state, _ in composition.heard if node == "b"] == ["retry", "retry", "retry", "done"]
        assert composition.heard[1][2].args == ("busy",)

    def test_after_the_last_try_it_has_failed(self):
        composition = Sleepers(
            {"a": ()}, {}, {"a": [TryAgainException(f"busy {k}") for k in range(9)]}, retry=self.AGAIN
        )
        with pytest.raises(TryAgainException, match="busy 3"):
            started(composition)
        assert len(composition.begun["a"]) == 4
        assert composition.status == "failed"

    def test_a_node_may_ask_for_a_longer_pause(self):
        error = TryAgainException("come back at noon", pause_seconds=60.0)
        composition = Sleepers({"a": ()}, {}, {"a": [error]}, retry=self.AGAIN)
        assert started(composition) == 62.0

    def test_by_default_it_is_tried_five_times_with_pauses_of_a_tenth_of_a_second_on(self):
        composition = Sleepers({"a": ()}, {"a": 0.0}, {"a": [TryAgainException() for _ in range(9)]})
        with pytest.raises(TryAgainException):
            started(composition)
        begun = composition.begun["a"]
        pauses = [later - former for former, later in pairwise(begun)]
        assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8], rel=0.11)

    def test_any_other_error_is_not_tried_again_unless_the_runner_says_so(self):
        class Patient(Sleepers):
            def configure_node_runner(self, node):
                retry = Policy(tries=3, errors=(OSError,)) if node == "b" else None
                return NodeRunner(self.sleep, {"node": node}, retry=retry)

        composition = Patient({"a": (), "b": ()}, {}, {"a": [OSError("a")], "b": [OSError(), TryAgainException()]})
        with pytest.raises(OSError, match="a"):
            started(composition)
        assert (composition.states["a"], composition.states["b"]) == ("failed", "done")
        assert len(composition.begun["b"]) == 3

    def test_what_is_worth_another_try_can_be_said_for_all_nodes(self):
        errors = {"a": [OSError()], "b": [TryAgainException()], "c": [ValueError("c")]}
        composition = Sleepers({"a": (), "b": (), "c": ()}, {}, errors, retry=Policy(tries=2, errors=(OSError,)))
        with pytest.raises(ValueError, match="c"):
            started(composition)
        assert {node: len(times) for node, times in composition.begun.items()} == {"a": 2, "b": 2, "c": 1}

    def test_a_number_of_tries_is_for_all_errors(self):
        composition = Sleepers({"a": ()}, {}, {"a": [OSError(), ValueError()]}, retry=3)
        assert started(composition) == 3.0
        once = Sleepers({"a": ()}, {}, {"a": [TryAgainException()]}, retry=1)
        with pytest.raises(TryAgainException):
            started(once)

    @pytest.mark.parametrize("retry", [0, True, Policy(tries=0), Policy(errors=OSError)])
    def test_a_policy_that_cannot_be_meant_is_refused(self, retry):
        with pytest.raises(BuildError):
            Composition({}, retry=retry)

    def test_a_runner_that_is_to_be_tried_once_is(self):
        class Once(Sleepers):
            def configure_node_runner(self, node):
                return NodeRunner(self.sleep, {"node": node}, retry=1)

        composition = Once({"a": ()}, {}, {"a": [TryAgainException()]})
        with pytest.raises(TryAgainException):
            started(composition)
        assert len(composition.begun["a"]) == 1

    def test_go_on_lets_what_waits_begin_after_an_error(self):
        error = ContinueAfterErrorException("no matter")
        composition = Sleepers(DIAMOND, {}, {"b": [error]})
        assert timed(composition.start()) == ("done", 3.0)
        assert composition.states == DONE | {"b": "failed"}
        assert composition.errors == {"b": error}
        assert composition.ended_with == [(composition, "done", None, 3.0)]
        assert "b" not in composition.results

    def test_stop_ends_everything_at_that_moment(self):
        error = StopScheduleException("the house is on fire")
        composition = Sleepers(DIAMOND, {"b": 0.5, "c": 10.0}, {"b": [error]})
        assert timed(composition.start()) == ("cancelled", 1.5)
        assert composition.states == {"a": "done", "b": "failed", "c": "cancelled", "d": "skipped"}
        assert composition.ended_with == [(composition, "cancelled", error, 1.5)]
        assert composition.over["c"] == [1.5]
        assert [(node, state) for node, state, _ in composition.heard] == [
            ("a", "done"), ("b", "failed"), ("c", "cancelled"),
        ]  # fmt: skip

    def test_stop_of_the_last_node_is_a_stop(self):
        composition = Sleepers({"a": ()}, {}, {"a": [StopScheduleException]})
        assert timed(composition.start())[0] == "cancelled"

    @pytest.mark.parametrize("signal", [StopScheduleException, ContinueAfterErrorException])
    def test_neither_is_an_error_to_be_tried_again(self, signal):
        class Patient(Sleepers):
            def configure_node_runner(self, node):
                return NodeRunner(self.sleep, {"node": node}, retry=5)

        composition = Patient({"a": ()}, {}, {"a": [signal]})
        started(composition)
        assert len(composition.begun["a"]) == 1


class TestPause:
    def test_nothing_more_begins_and_what_is_at_work_ends(self):
        composition = Sleepers(DIAMOND, {"c": 5.0})
        assert timed(beside(composition.start(), (1.5, composition.pause))) == ("paused", 6.0)
        assert composition.states == {"a": "done", "b": "done", "c": "done", "d": "waiting"}
        assert composition.ended_with == []

    def test_start_goes_on_with_the_rest_and_runs_nothing_twice(self):
        composition = Sleepers(DIAMOND, {"c": 5.0})

        async def main():
            await beside(composition.start(), (1.5, composition.pause))
            await asyncio.sleep(10.0)
            return await composition.start()

        assert timed(main()) == ("done", 17.0)
        assert composition.begun == {"a": [0.0], "b": [1.0], "c": [1.0], "d": [16.0]}
        assert [status for _, status, _, _ in composition.ended_with] == ["done"]

    def test_start_goes_on_while_nodes_are_still_at_work(self):
        composition = Sleepers(DIAMOND | {"e": {"b"}}, {"c": 5.0})

        async def main():
            first = asyncio.create_task(composition.start())
            await at((1.5, composition.pause))
            await asyncio.sleep(2.0)
            assert (composition.status, composition.states["e"]) == ("paused", "waiting")
            return await asyncio.gather(first, composition.start())

        assert timed(main()) == (["done", "done"], 7.0)
        assert composition.first["e"] == 3.5

    def test_each_change_is_told(self):
        changes = []
        composition = Sleepers(DIAMOND, status_cb=lambda one, old, new: changes.append(f"{old} -> {new}"))

        async def main():
            await beside(composition.start(), (0.5, composition.pause))
            await composition.start()

        timed(main())
        assert changes == ["waiting -> running", "running -> paused", "paused -> running", "running -> done"]

    def test_there_is_nothing_to_pause_before_the_start_and_after_the_end(self):
        composition = Sleepers(DIAMOND)
        assert not composition.pause()
        started(composition)
        assert not composition.pause()
        assert composition.status == "done"

    def test_in_the_last_node_it_changes_nothing_but_the_name_of_the_wait(self):
        composition = Sleepers({"a": ()})
        assert timed(beside(composition.start(), (0.5, composition.pause))) == ("done", 1.0)

    def test_a_paused_one_may_be_stopped(self):
        composition = Sleepers(DIAMOND)

        async def main():
            await beside(composition.start(), (0.5, composition.pause))
            assert composition.stop()

        timed(main())
        assert (composition.status, composition.first) == ("cancelled", {"a": 0.0})
        assert [status for _, status, _, _ in composition.ended_with] == ["cancelled"]

    def test_a_paused_one_may_be_stopped_after_its_loop(self):
        composition = Sleepers(DIAMOND)
        timed(beside(composition.start(), (0.5, composition.pause)))
        assert composition.stop()
        assert composition.ended_with[0][1:] == ("cancelled", composition.error, 1.0)


class TestStop:
    def test_nothing_more_begins_and_what_is_at_work_ends(self):
        composition = Sleepers(DIAMOND, {"c": 5.0})
        assert timed(beside(composition.start(), (1.5, composition.stop))) == ("cancelled", 6.0)
        assert composition.states == {"a": "done", "b": "done", "c": "done", "d": "skipped"}
        [(_, status, error, seconds)] = composition.ended_with
        assert (status, seconds) == ("cancelled", 6.0)
        assert isinstance(error, CallCancelled)
        assert str(error) == "it was cancelled before these nodes had run: d"

    def test_no_further_try_is_begun(self):
        again = Policy(tries=3, pause_seconds=100.0)
        composition = Sleepers({"a": ()}, {}, {"a": [ValueError("first try")]}, retry=again)
        assert timed(beside(composition.start(), (2.0, composition.stop))) == ("cancelled", 2.0)
        assert composition.begun["a"] == [0.0]
        assert str(composition.errors["a"]) == "first try"
        assert composition.states == {"a": "failed"}

    def test_after_the_last_node_has_begun_it_takes_nothing_away(self):
        composition = Sleepers({"a": ()})
        assert timed(beside(composition.start(), (0.5, composition.stop))) == ("done", 1.0)

    def test_by_a_node_it_stops_what_would_begin_with_it(self):
        class Stops(Sleepers):
            def configure_node_runner(self, node):
                if node == "c":
                    self.stop()
                return super().configure_node_runner(node)

        composition = Stops({"b": {"a"}, "c": {"a"}, "d": {"a"}})
        assert timed(composition.start())[0] == "cancelled"
        assert composition.states == {"b": "done", "a": "done", "c": "done", "d": "skipped"}

    @pytest.mark.parametrize("end", [Composition.stop, Composition.cancel])
    def test_before_the_start_it_never_runs(self, end):
        composition = Sleepers(DIAMOND)
        assert end(composition)
        assert [status for _, status, _, _ in composition.ended_with] == ["cancelled"]
        assert not end(composition)
        with pytest.raises(SpentError, match="is cancelled, and runs once"):
            started(composition)
        assert composition.begun == {}

    @pytest.mark.parametrize("end", [Composition.stop, Composition.cancel])
    def test_after_the_end_there_is_nothing_to_stop(self, end):
        composition = Sleepers(DIAMOND)
        started(composition)
        assert not end(composition)
        assert (composition.status, len(composition.ended_with)) == ("done", 1)


class TestCancelling:
    def test_it_reaches_every_node_at_work_and_is_awaited(self):
        composition = Sleepers({"end": set(range(20))} | dict.fromkeys(range(20), ()), dict.fromkeys(range(20), 9.0))
        assert timed(beside(composition.start(), (1.5, composition.cancel))) == ("cancelled", 1.5)
        assert composition.over == {number: [1.5] for number in range(20)}
        assert set(composition.states.values()) == {"cancelled", "skipped"}
        assert {runner.status for runner in composition.runners} == {"cancelled"}

    def test_of_the_task_it_reaches_every_node_and_is_told(self):
        composition = Sleepers(DIAMOND, {"b": 9.0, "c": 9.0})

        async def main():
            task = asyncio.create_task(composition.start())
            await at((1.5, task.cancel))
            with pytest.raises(asyncio.CancelledError):
                await task

        assert timed(main())[1] == 1.5
        assert composition.over == {"a": [1.0], "b": [1.5], "c": [1.5]}
        assert [told[1] for told in composition.ended_with] == ["cancelled"]

    def test_a_node_that_needs_time_to_end_gets_it(self):
        left = []

        async def slow(node):
            try:
                await asyncio.sleep(100.0)
            finally:
                await asyncio.sleep(7.0)
                left.append(node)

        composition = Composition({"a": (), "b": ()}, node_executor=slow)
        assert timed(beside(composition.start(), (1.0, composition.cancel))) == ("cancelled", 8.0)
        assert sorted(left) == ["a", "b"]

    def test_before_its_first_step_a_node_never_begins(self):
        class Cancelled(Sleepers):
            def configure_node_runner(self, node):
                self.cancel()
                return super().configure_node_runner(node)

        composition = Cancelled(DIAMOND)
        assert timed(composition.start()) == ("cancelled", 0.0)
        assert composition.begun == {}
        assert composition.states["a"] == composition.runners[0].status == "cancelled"

    def test_what_ends_the_program_goes_through(self):
        class Interrupted(Sleepers):
            async def sleep(self, node):
                await super().sleep(node)
                if node == "b":
                    raise SystemExit(3)

        composition = Interrupted(DIAMOND, {"b": 0.5, "c": 9.0})

        async def main():
            try:
                await composition.start()
            except SystemExit as error:
                return error.code
            return None

        assert timed(main()) == (3, 1.5)
        assert composition.over["c"] == [1.5]


def test_it_runs_once():
    composition = Sleepers(DIAMOND)
    started(composition)
    with pytest.raises(SpentError, match="is done, and runs once; make another one"):
        started(composition)
    assert len(composition.begun["a"]) == 1


def test_started_twice_at_once_it_runs_once_and_both_wait_for_the_end():
    composition = Sleepers(DIAMOND)

    async def main():
        return await asyncio.gather(composition.start(), composition.start())

    assert timed(main()) == (["done", "done"], 3.0)
    assert composition.begun["a"] == [0.0]


def test_what_it_is_is_seen_at_a_glance():
    composition = Sleepers({"a": ()})
    assert repr(composition) == f"<Sleepers {composition.instance_id}: waiting>"


def test_it_is_freed_when_nobody_holds_it():
    gc.disable()
    try:
        composition = Composition(DIAMOND, node_executor=lambda node: node)
        watched = weakref.ref(composition)
        started(composition)
        del composition
        assert watched() is None
    finally:
        gc.enable()


def test_importing_thalweg_does_not_load_it():
    script = "import sys, thalweg; sys.exit(any(name.startswith('thalweg.compositions') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

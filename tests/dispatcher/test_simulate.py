"""What is foretold of a plan is what comes, and what no schedule can beat is not beaten."""

import time

import pytest

import thalweg as tw
from thalweg.errors import BuildError


def chain(count):
    dsp = tw.Dispatcher()
    for i in range(count):
        dsp.add_function(f"f{i}", abs, [f"d{i}"], [f"d{i + 1}"])
    return dsp


def layers(seconds):
    """Four layers of five calls, each of which takes two values of the layer before; every call sleeps."""
    dsp = tw.Dispatcher()
    for row in range(4):
        for column in range(5):
            inputs = [f"d{row}{column}", f"d{row}{(column + 2) % 5}"]
            name = f"f{row}{column}"
            dsp.add_function(name, Sleeping(seconds * (1 + (3 * row + column) % 4)), inputs, [f"d{row + 1}{column}"])
    return dsp, {f"d0{column}": 0 for column in range(5)}


class Sleeping:
    """A function that takes some time and little of the processor; it can be sent to a process."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __call__(self, *args):
        time.sleep(self.seconds)
        return 0


def test_one_worker_makes_one_call_after_the_other():
    plan = chain(3).solve({"d0"})
    found = tw.simulate(plan, {"f0": 1, "f1": 2.5, "f2": 0})
    assert found.rows == [("f0", 0, 1, 0), ("f1", 1, 3.5, 0), ("f2", 3.5, 3.5, 0)]
    assert (found.makespan_seconds, found.work_seconds, found.critical_seconds, found.utilisation) == (3.5, 3.5, 3.5, 1)


def test_workers_that_have_nothing_to_do_count():
    assert tw.simulate(chain(4).solve({"d0"}), {}, default=1, workers=4).utilisation == 0.25


def test_a_call_waits_for_all_that_it_takes_through_links_and_collections():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=len, filters=[lambda value: value])
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["a"], ["c"])
    dsp.add_dispatcher(child, {"c": "x"}, {"y": "d"}, input_domain=lambda arrived: True)
    dsp.add_function("last", abs, ["d"], ["e"])
    dsp.add_function("apart", abs, ["a"])
    found = tw.simulate(dsp.solve({"a"}), {"f": 1, "g": 4, "child/inner": 2, "last": 1, "apart": 2}, workers=2)
    assert {path: (start, end) for path, start, end, _ in found.rows} == {
        "f": (0, 1),
        "g": (0, 4),
        "child/inner": (4, 6),
        "last": (6, 7),
        "apart": (1, 3),
    }
    assert found.critical_seconds == found.makespan_seconds == 7


def test_what_is_given_is_waited_for_by_nobody():
    dsp = chain(3)
    assert [row[0] for row in tw.simulate(dsp.solve(["d0", "d2"], ["d3", "d1"]), {}, default=1).rows] == ["f0", "f2"]


def test_a_plan_without_calls_takes_no_time():
    found = tw.simulate(chain(1).solve({"d1"}, ["d1"]), {})
    assert (found.rows, found.makespan_seconds, found.utilisation, found.timeline) == ([], 0, 0, [])


def test_its_timeline_is_like_that_of_a_run():
    found = tw.simulate(chain(2).solve({"d0"}), {"f0": 1, "f1": 2})
    assert found.timeline.durations() == {"f0": 1, "f1": 2}
    assert str(found.timeline).splitlines()[2].split() == ["1.000000", "2.000000", "f1", "worker", "0", "1"]
    assert repr(found).startswith("Simulation(workers=1, makespan_seconds=3")


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", None])
def test_workers_are_counted(workers):
    with pytest.raises(BuildError, match="at least 1"):
        tw.simulate(chain(1).solve({"d0"}), {}, default=1, workers=workers)


def test_durations_are_times():
    plan = chain(5).solve({"d0"})
    with pytest.raises(BuildError, match="no duration of 'f1', 'f2', 'f3' and 1 more"):
        tw.simulate(plan, {"f0": 1})
    with pytest.raises(BuildError, match="the duration of 'f0' is -1"):
        tw.simulate(plan, {"f0": -1}, default=1)
    with pytest.raises(BuildError, match="durations is a list"):
        tw.simulate(plan, [1])


def test_ten_thousand_workers_and_twice_as_many_calls():
    dsp = tw.Dispatcher()
    for i in range(20_000):
        row, column = divmod(i, 10_000)
        dsp.add_function(f"f{i}", max, [f"d{row},{column}", f"d{row},{column - 1}"], [f"d{row + 1},{column}"])
    plan = dsp.solve([f"d0,{column}" for column in range(-1, 10_000)] + [f"d{row},-1" for row in range(2)])
    begin = time.process_time()
    found = tw.simulate(plan, {}, default=1, workers=10_000)
    assert time.process_time() - begin < 6
    assert (len(found.rows), found.makespan_seconds, found.utilisation) == (20_000, 2, 1)


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_real_runs_on_two_workers_take_as_long_as_foretold(executor):
    """A machine that is busy with something else only makes a run longer: the shortest of some counts."""
    dsp, inputs = layers(0.025)
    foretold = tw.simulate(
        dsp.solve(inputs), {node.id: node.function.seconds for node in dsp.function_nodes.values()}, workers=2
    )
    with tw.open_executor(executor, max_workers=2) as workers:
        dsp(inputs, executor=workers)  # processes are there now
        took = []
        for _ in range(10):
            calls = dsp(inputs, executor=workers, timeline=True).timeline()
            took.append(max(call.end for call in calls) - calls[0].start)
            if abs(min(took) / foretold.makespan_seconds - 1) <= 0.15:
                break
    assert min(took) == pytest.approx(foretold.makespan_seconds, rel=0.15)
    assert foretold.work_seconds / 2 <= foretold.makespan_seconds

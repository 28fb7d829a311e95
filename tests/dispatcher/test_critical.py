"""The chain of calls that sets how long a run takes."""

import pickle

import thalweg as tw
from thalweg.dispatcher.critical import critical_path


def timed(dsp, inputs, seconds, outputs=None):
    """A solution with times of our own making: one call after the other."""
    solution = dsp(inputs, outputs, timeline=True)
    names = {path: seconds[path] for path in solution.calls}
    now, rows = 0.0, []
    for f, number, _, _, place, error in solution.record.rows:
        took = names.get("/".join(map(str, solution.record.network.function_path(f))), 0.0)
        rows.append((f, number, now, now + took, place, error))
        now += took
    solution.record.rows = rows
    return solution


def model():
    dsp = tw.Dispatcher()
    dsp.add_function("short", abs, ["a"], ["b"])
    dsp.add_function("long", abs, ["a"], ["c"])
    dsp.add_function("join", max, ["b", "c"], ["d"])
    dsp.add_function("apart", abs, ["a"], ["e"])
    return dsp


def paths(chain):
    return [call.path for call in chain]


def test_it_is_the_longest_chain_whatever_the_order_of_the_calls():
    chain = timed(model(), {"a": 1}, {"short": 1, "long": 3, "join": 1, "apart": 2}).critical_path()
    assert (paths(chain), chain.seconds) == (["long", "join"], 4)
    chain = timed(model(), {"a": 1}, {"short": 1, "long": 1, "join": 1, "apart": 5}).critical_path()
    assert (paths(chain), chain.seconds) == (["apart"], 5)


def test_what_was_tried_in_vain_was_waited_for():
    def fails(a):
        raise ValueError

    dsp = model()
    dsp.add_function("better", fails, ["a"], ["x"])
    dsp.add_function("dearer", abs, ["a"], ["x"], weight=1)
    dsp.add_function("nothing", lambda a: tw.NONE, ["a"], ["x"], weight=0.5)
    seconds = {"short": 1, "long": 1, "join": 1, "apart": 1, "better": 2, "nothing": 1, "dearer": 0.5}
    chain = timed(dsp, {"a": 1}, seconds).critical_path()
    assert (paths(chain), chain.seconds) == (["better", "nothing", "dearer"], 3.5)


def test_it_goes_through_links_gates_collections_and_estimators():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: max(estimates.values()))
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["a"], ["c"])
    dsp.add_dispatcher(child, {"c": "x"}, {"y": "d"}, input_domain=lambda arrived: True)
    dsp.add_function("last", abs, ["d"], ["e"])
    solution = timed(dsp, {"a": 1}, {"f": 1, "g": 2, "child/inner": 1, "last": 1})
    assert paths(solution.critical_path()) == ["g", "child/inner", "last"]
    assert paths(solution.sub("child").critical_path()) == ["inner"]


def test_without_times_it_is_empty_and_says_so():
    solution = model()({"a": 1})
    assert (list(solution.critical_path()), solution.critical_path().seconds) == ([], 0)
    assert str(solution.critical_path()) == "no call was timed"


def test_it_is_what_a_simulation_with_workers_enough_takes():
    dsp = model()
    solution = timed(dsp, {"a": 1}, {"short": 1, "long": 3, "join": 1, "apart": 2})
    found = tw.simulate(dsp.solve({"a"}), solution.timeline().durations(), workers=9)
    assert solution.critical_path().seconds == found.makespan_seconds == found.critical_seconds


def test_a_chain_of_many_calls_and_levels_is_no_recursion():
    dsp = tw.Dispatcher()
    for i in range(5000):
        dsp.add_function(f"f{i}", abs, [f"d{i}"], [f"d{i + 1}"])
    inner = tw.Dispatcher(name="s")
    inner.add_function("f", abs, ["x"], ["y"])
    for _ in range(300):
        outer = tw.Dispatcher(name="s")
        outer.add_dispatcher(inner, {"x": "x"}, {"y": "y"})
        inner = outer
    dsp.add_dispatcher(inner, {"d5000": "x"}, {"y": "end"})
    dsp.add_function("last", abs, ["end"], ["z"])
    chain = dsp({"d0": 1}, timeline=True).critical_path()
    assert len(chain) == 5002
    assert paths(chain)[-1] == "last"


def test_it_survives_pickling():
    solution = timed(model(), {"a": 1}, {"short": 1, "long": 3, "join": 1, "apart": 2})
    again = pickle.loads(pickle.dumps(solution))
    assert critical_path(again.record) == solution.critical_path()

"""Weights from the times of runs: the cheapest way is the fastest."""

from math import inf

import pytest

import thalweg as tw
from thalweg.errors import BuildError


def timed(dsp, inputs, seconds, outputs=None, **options):
    """A solution whose calls took so many seconds."""
    solution = dsp(inputs, outputs, timeline=True, **options)
    network = solution.record.network
    solution.record.rows = [
        (f, number, 10.0, 10.0 + seconds["/".join(network.function_path(f))], place, error)
        for f, number, _, _, place, error in solution.record.rows
    ]
    return solution


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher(name="two ways", raises=False, executor="threads")
    dsp.add_function("slow", abs, ["a"], ["c"])
    dsp.add_function("half", abs, ["a"], ["b"])
    dsp.add_function("rest", abs, ["b"], ["c"])
    return dsp


def test_distances_are_seconds_and_the_cheapest_way_is_the_fastest(dsp):
    part = dsp.get_sub_dsp(["a", "half", "b", "rest", "c"])
    runs = [timed(dsp, {"a": 1}, {"slow": 4, "half": 1}), timed(part, {"a": 1}, {"half": 2, "rest": 1})]
    assert dsp.solve({"a"}, ["c"]).calls == ["slow"]
    copy = dsp.reweight(runs)
    assert {name: node.weight for name, node in copy.function_nodes.items()} == {"slow": 4, "half": 1.5, "rest": 1}
    plan = copy.solve({"a"}, ["c"])
    assert (plan.calls, plan.distances) == (["half", "rest"], {"a": 0, "b": 1.5, "c": 2.5})
    assert (copy.name, copy.raises, copy.executor) == ("two ways", False, "threads")
    assert dsp.function_nodes["slow"].weight == 0


def test_what_was_not_measured_weighs_the_prior(dsp):
    runs = [timed(dsp, {"a": 1}, {"slow": 4, "half": 1}, ["c", "b"])]
    assert dsp.reweight(runs, prior=0.25).function_nodes["rest"].weight == 0.25
    assert dsp.reweight(runs).function_nodes["rest"].weight == 2.5
    assert dsp.reweight(iter(runs), prior=0).function_nodes["rest"].weight == 0


def test_a_function_without_inputs_weighs_what_it_took_and_no_more():
    dsp = tw.Dispatcher()
    dsp.add_function("read", lambda: 1, [], ["a"])
    dsp.add_function("effect", abs, ["a"])
    copy = dsp.reweight([timed(dsp, {}, {"read": 0.5, "effect": 2})])
    assert copy.solve([]).distances == {"a": 0.5}
    assert copy.graph.edges[tw.START, "read"]["weight"] == 0


def test_only_calls_that_ended_well_count_and_tries_count_together():
    left = [1]

    def once(a):
        if left[0]:
            left[0] -= 1
            raise OSError
        return a

    def fails(a):
        raise ValueError

    dsp = tw.Dispatcher()
    dsp.add_function("twice", once, ["a"], ["b"], retry=2)
    dsp.add_function("fails", fails, ["a"], ["c"])
    solution = dsp({"a": 1}, timeline=True)
    call = next(call for call in solution.timeline() if call.path == "twice")
    assert len(call.tries) == 2
    copy = dsp.reweight([solution], prior=3)
    assert copy.function_nodes["twice"].weight == pytest.approx(call.tries[1].end - call.tries[0].start)
    assert copy.function_nodes["fails"].weight == 3


def test_children_are_weighed_and_one_that_is_mounted_twice_has_one_mean():
    child = tw.Dispatcher(name="child")
    child.add_function("f", abs, ["x"], ["y"], weight=7, inp_weight={"x": 3})
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, dsp_id="one", weight=2, inp_weight={"a": 5})
    dsp.add_dispatcher(child, {"b": "x"}, {"y": "c"}, dsp_id="two", out_weight={"c": 5})
    copy = dsp.reweight([timed(dsp, {"a": 1}, {"one/f": 1, "two/f": 3})])
    assert copy.solve({"a"}).distances == {"a": 0, "b": 2, "c": 4}
    assert child.function_nodes["f"].weight == 7


def test_defaults_keep_their_distances():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.set_default_value("b", 0, initial_dist=inf)
    dsp.set_default_value("a", 0, initial_dist=2)
    copy = dsp.reweight([timed(dsp, {}, {"f": 1})])
    assert copy.solve([]).distances == {"a": 2, "b": 3}


def test_what_the_model_does_not_have_is_left_out(dsp):
    run = timed(dsp, {"a": 1}, {"slow": 4, "half": 1})
    part = dsp.get_sub_dsp(["a", "half", "b"])
    assert part.reweight([run]).function_nodes["half"].weight == 1
    other = tw.Dispatcher()
    other.add_data("half")
    with pytest.raises(BuildError, match="timeline=True"):
        other.reweight([run])


def test_without_times_or_solutions_it_is_refused(dsp):
    with pytest.raises(BuildError, match="timeline=True"):
        dsp.reweight([dsp({"a": 1}, executor="sync")])
    with pytest.raises(BuildError, match="timeline=True"):
        dsp.reweight([])
    with pytest.raises(BuildError, match="give solutions"):
        dsp.reweight([{"a": 1}])
    with pytest.raises(BuildError, match="prior is -1"):
        dsp.reweight([timed(dsp, {"a": 1}, {"slow": 4, "half": 1})], prior=-1)


def test_a_real_run_teaches_which_way_is_fast():
    from threading import Event

    never = Event()
    dsp = tw.Dispatcher()
    dsp.add_function("waits", lambda a: never.wait(0.1), ["a"], ["b"])
    dsp.add_function("quick", lambda a: False, ["a"], ["c"])
    dsp.add_function("bridge", lambda c: c, ["c"], ["b"])
    runs = [dsp({"a": 1}, executor="threads"), dsp({"c": 1}, ["b"], timeline=True)]
    assert dsp.reweight(runs).solve({"a"}, ["b"]).calls == ["quick", "bridge"]

"""Calls on Ray; the whole contract suite is run on it by `make soak`."""

import os
import time

import psutil
import pytest

import thalweg as tw
from tests.executors import rows
from tests.executors.processes import Sink, outcome, run_chain, until
from tests.executors.work import fails, increase, kill, make_unpicklable, ones, say_and_wait, total
from thalweg.errors import BuildError, CallCancelled, CallTimeout, ClusterError, TransferError, WorkerDied
from thalweg.executors.contract import PREVIOUS, GuardedCall, SpecialAttempt
from thalweg.executors.placement import Placement

pytestmark = rows.RAY


@pytest.fixture(scope="module")
def ray():
    return rows.Ray().executor


def test_a_value_and_an_error_are_reported(ray):
    assert outcome(ray, divmod, 7, 2).value == (3, 1)
    found = outcome(ray, fails)
    assert (type(found.error), str(found.error)) == (ValueError, "no luck")


def test_a_chain_is_made_in_one_place(ray):
    sink = Sink()
    found = run_chain(
        ray,
        sink.attempt(ones, 1_000_000, is_kept=False),
        sink.attempt(total, PREVIOUS),
    )
    assert found[1].value == 1_000_000.0


def test_a_plan_keeps_its_values_there_and_is_repaired_once(ray):
    dsp = tw.Dispatcher()
    dsp.add_function("start", ones, ["a"], ["b"])
    dsp.add_function("bad", fails, ["b"], ["c"])
    dsp.add_function("good", increase, ["b"], ["c"], weight=5)
    dsp.add_function("end", total, ["c"], ["d"])
    before = ray.submissions
    solution = dsp({"a": 1000}, ["d"], executor=ray)
    assert (solution["d"], list(solution.errors), ray.submissions - before) == (2000.0, ["bad"], 2)
    assert "kept where it was made" in repr(solution.record.values)
    assert solution["b"].sum() == 1000.0


def test_a_worker_that_dies_fails_its_call(ray):
    assert type(outcome(ray, kill).error) is WorkerDied
    assert outcome(ray, abs, -1).value == 1


def test_a_call_that_is_cancelled_ends_with_its_worker(ray, tmp_path):
    sink = Sink()
    attempt = sink.attempt(say_and_wait, tmp_path / "begun")
    ray.start(attempt)
    until((tmp_path / "begun").exists)
    ray.cancel(attempt)
    assert type(sink.take().error) is CallCancelled


def test_a_call_whose_time_is_over_is_interrupted(ray):
    found = outcome(ray, time.sleep, 3600, limit=0.05)
    assert (type(found.error), "0.05 s" in str(found.error)) == (CallTimeout, True)


def test_what_cannot_travel_is_said(ray):
    assert type(outcome(ray, make_unpicklable).error) is TransferError


def test_a_placement_that_ray_does_not_know_is_refused(ray):
    sink = Sink()
    for placement, kind in [(Placement(queue="other"), ClusterError), (Placement(requires={"CPU": 2}), type(None))]:
        ray.start(SpecialAttempt(GuardedCall(1, os.getpid, (), placement=placement), sink.queue.put))
        assert type(sink.take().error) is kind


def test_it_is_seen_by_this_machine_alone(ray):
    outcome(ray, abs, -1)
    ours = psutil.Process()
    listening = [
        each.laddr.ip.removeprefix("::ffff:")
        for one in (ours, *ours.children(recursive=True))
        for each in one.net_connections()
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(BuildError, match="num_cpus"):
        rows.make("ray", num_cpus=0)
    with pytest.raises(BuildError, match="leave it out"):
        rows.make("ray", num_cpus=1, address="auto")

"""Flows on workers: real processes, which are killed, refuse, and go on serving."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings

from tests.executors.processes import until
from tests.properties.test_tasks import ANY, Grows, by_a_run, plainly
from tests.tasks.flows import Survey
from tests.workers.places import Places
from thalweg.errors import CodeVersionError, TaskError, TransferError, WorkerDied, WorkersError
from thalweg.workers import launch_workers, scheduler_in_use

ROOT = Path(__file__).parents[2]
CASES = {
    "values to a task in a list": lambda flow: (flow.entrypoint, 7),
    "a coroutine function that asks for tasks": lambda flow: (flow.gathers, 4),
    "values within containers": lambda flow: (flow.in_containers,),
    "grafts within lists": lambda flow: (flow.nested, 4),
    "recursion with two branches": lambda flow: (flow.fibonacci, 7),
    "a flow within a flow": lambda flow: (flow.other_flow, 5),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_gives_what_the_plain_call_gives(fleet, case):
    bound, *args = case(Survey())
    assert bound.run(*args) == bound(*args)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(what=ANY)
def test_random_trees_of_calls_give_what_plain_calls_give(fleet, what):
    flow = Grows(factor=3)
    assert by_a_run(flow, what, None) == plainly(flow, what)


def test_threads_of_the_program_use_them_too(fleet):
    with ThreadPoolExecutor(1) as thread:
        process, _ = thread.submit(Survey().where.run).result(60)
    assert process != os.getpid()


def test_runs_go_to_the_workers_and_can_be_awaited(fleet):
    assert scheduler_in_use() == fleet.access

    async def main():
        return [await Survey().where.submit() for _ in range(3)]

    processes = {process for process, _ in asyncio.run(main())}
    assert os.getpid() not in processes


@pytest.mark.parametrize("value", [0, None, [], False, ""], ids=repr)
def test_what_is_false_stays_what_it_is(fleet, value):
    assert Survey().same.run(value) == value


def test_whatever_a_task_does_the_fleet_goes_on(fleet, tmp_path):
    with pytest.raises(TaskError, match="no reason"):
        Survey().fails.run()
    with pytest.raises(TaskError, match=r"called sys\.exit\(3\)"):
        Survey().exits.run()
    with pytest.raises(TaskError, match="cannot travel") as hit:
        Survey().unsendable.run()
    assert isinstance(hit.value.__cause__, TransferError)
    assert Survey().dies_once.run(str(tmp_path / "died")) == "alive"
    with pytest.raises(TaskError) as hit:
        Survey().dies.run()
    assert isinstance(hit.value.__cause__, WorkerDied)
    assert Survey().entrypoint.run(7) == 9


def test_what_tasks_print_is_printed_here_and_nobody_waits_for_room(fleet, capsys):
    text, times = "a line of some length, for a pipe is not that small", 3000
    assert Survey().prints.run(text, times) == times
    shown = []

    def all_is_here():
        shown.append(capsys.readouterr().out)
        return sum([each.count(text) for each in shown]) == times

    until(all_is_here)


def test_a_worker_that_is_killed_at_a_call_is_made_up_for(fleet, tmp_path):
    run = Places().waits_once.submit(str(tmp_path))
    begun = wait_for(tmp_path / "begun")
    os.kill(int(begun.read_text()), signal.SIGKILL)
    assert run.result(60) == "again"


def wait_for(path):
    """Wait for a file that a task on a worker writes: there is no other way to hear of it."""
    until = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < until
        time.sleep(0.005)
    return path


def test_a_run_within_a_task_is_made_where_the_task_is(fleet):
    for run in [Places().runs_within.submit(3) for _ in range(4)]:  # more than there are workers
        count, here, there = run.result(60)
        assert (count, here) == (3, there)


def test_queues_resources_and_tolerations(fleet):
    early = [Places().trains.submit(), Places().at_night.submit()]  # nobody takes these: they wait
    assert {Places().anywhere.run() for _ in range(6)} == {"plain"}
    assert [run.status for run in early] == ["running"] * 2
    with launch_workers(
        1,
        scheduler=fleet.address,
        include_queues=["training"],
        tolerations=["night"],
        resources={"GPU": 1},
        supervise=False,
        env={"PLACE": "special"},
    ):
        runs = early + [Places().trains.submit() for _ in range(3)] + [Places().at_night.submit() for _ in range(2)]
        assert {run.result(60) for run in runs} == {"special"}
        assert {Places().anywhere.run() for _ in range(6)} == {"plain"}


def test_earlier_runs_come_first(tmp_path):
    with launch_workers(1, supervise=False):
        blocker = Places().waits_for.submit(str(tmp_path / "go"), str(tmp_path / "begun"))
        wait_for(tmp_path / "begun")
        runs = [Places().many.submit(str(tmp_path / "log"), name, 5) for name in "abc"]
        (tmp_path / "go").write_text("go")
        assert [run.result(60) for run in runs] == [5, 5, 5]
        assert blocker.result(60) == "gone"
    names = (tmp_path / "log").read_text()
    assert names == "aaaaabbbbbccccc"


OTHER = """
from thalweg.tasks import Flow, task


class Versions(Flow):
    @task
    def entrypoint(self, n):
        return [self.double(i) for i in range(n)]

    @task
    def double(self, n):
        return {factor} * n
"""


@pytest.fixture
def versions(tmp_path, monkeypatch):
    """Two versions of one module: here the new one, in a folder the old one."""
    for name, factor in (("old", 3), ("new", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "versions_of_a_flow.py").write_text(OTHER.format(factor=factor))
    monkeypatch.syspath_prepend(str(tmp_path / "new"))
    yield tmp_path / "old"
    sys.modules.pop("versions_of_a_flow", None)


def test_a_worker_with_other_code_refuses_and_another_one_does_it(versions):
    with launch_workers(1, supervise=False) as fleet:
        from versions_of_a_flow import Versions

        old = {"PYTHONPATH": os.pathsep.join([str(versions), str(ROOT)])}
        with launch_workers(1, scheduler=fleet.address, supervise=False, env=old):
            assert Versions().entrypoint.run(6) == [0, 2, 4, 6, 8, 10]


def test_where_all_workers_have_other_code_that_is_said_and_they_go_on_serving(versions):
    from versions_of_a_flow import Versions

    old = {"PYTHONPATH": os.pathsep.join([str(versions), str(ROOT)])}
    with launch_workers(2, supervise=False, env=old):
        with pytest.raises(TaskError, match="was not called: this worker has another version of versions_of") as hit:
            Versions().entrypoint.run(2)
        assert isinstance(hit.value.__cause__, CodeVersionError)
        assert "install the same version of the code there" in str(hit.value)
        assert Survey().entrypoint.run(7) == 9


def test_nothing_is_left_when_the_block_has_ended():
    with launch_workers(1) as fleet:
        processes = [fleet.scheduler, *fleet.workers]
        all_of_them = [child for each in processes for child in psutil.Process(each.pid).children(recursive=True)]
        assert Survey().same.run(1) == 1
    assert all(each.returncode is not None for each in processes)
    assert not psutil.wait_procs(all_of_them, timeout=30)[1]


def test_they_end_with_the_process_that_launched_them(tmp_path):
    program = (
        "import sys, signal\n"
        "from thalweg.workers import launch_workers\n"
        "if __name__ == '__main__':\n"
        "    with launch_workers(1) as fleet:\n"
        "        print(fleet.scheduler.pid, fleet.workers[0].pid, flush=True)\n"
        "        sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    launched = [psutil.Process(int(each)) for each in process.stdout.readline().split()]
    launched += [child for each in launched for child in each.children(recursive=True)]
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(launched, timeout=30)[1]


def test_one_that_does_not_start_is_said_so():
    with pytest.raises(WorkersError, match="ended before it was there, with the code 2"), launch_workers(1, threads=0):
        raise AssertionError

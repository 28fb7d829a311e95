"""Workers and the scheduler killed at random moments: the run comes to its end, and is right."""

import os
import random
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.tasks.durable_flow import Ledger
from thalweg.errors import ClusterError, TaskError, WorkerDied
from thalweg.journal import open_journal
from thalweg.workers import launch_workers

distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]
IS_LONG = os.environ.get("THALWEG_SOAK") == "1"
RIGHT = Ledger(os.devnull).entrypoint(40)


def lines(log):
    return log.read_text().splitlines() if log.exists() else []


def wait_for_calls(run, log, count):
    """Wait until so many calls more have been made, or the run has ended."""
    until = len(lines(log)) + count
    while not run.done() and len(lines(log)) < until:
        with suppress(TimeoutError, TaskError):
            run.result(timeout=0.002)


def workers_of(fleet):
    """Give the processes that make the calls: below those that watch over them."""
    for each in fleet.workers:
        for child in psutil.Process(each.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has been killed already
                if "spawn_main" in " ".join(child.cmdline()):
                    yield child


def test_workers_are_killed(tmp_path):
    chance, killed, log = random.Random(5), 0, tmp_path / "log"
    with launch_workers(2) as fleet:
        while killed < (50 if IS_LONG else 4):
            run = Ledger(str(log), pause=0.005).entrypoint.submit(40)
            for _ in range(4):
                wait_for_calls(run, log, chance.randrange(1, 40))
                victims = list(workers_of(fleet))
                if victims and not run.done():
                    with suppress(psutil.NoSuchProcess):
                        chance.choice(victims).kill()
                        killed += 1
            assert run.result(120) == RIGHT


class Schedulers:
    """One scheduler after the other at one port."""

    def __init__(self, port):
        self.port = port
        self.start()

    def start(self):
        command = [sys.executable, "-m", "thalweg", "scheduler", "--json", "--until-eof", f"--port={self.port}"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline()

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


@pytest.fixture
def port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_a_program_that_rested_goes_on_with_the_scheduler_that_came_after(tmp_path, port):
    log = tmp_path / "log"
    with Schedulers(port) as schedulers, launch_workers(1, scheduler=f"127.0.0.1:{port}"):
        assert Ledger(str(log)).entrypoint.run(40) == RIGHT
        count = len(lines(log))
        time.sleep(0.3)  # all that was to be heard of the run has been heard
        schedulers.kill()
        schedulers.start()
        with distributed.Client(f"127.0.0.1:{port}", set_as_default=False) as client:
            client.wait_for_workers(1)
        assert Ledger(str(log)).entrypoint.run(40) == RIGHT
    assert len(lines(log)) == 2 * count


@pytest.mark.timeout(0 if IS_LONG else 180)
def test_the_scheduler_is_killed_and_the_run_is_resumed(tmp_path, port):
    chance, log, journal = random.Random(6), tmp_path / "log", f"sqlite:///{tmp_path}/runs.db"
    number = killed = 0
    with Schedulers(port) as schedulers, launch_workers(1, scheduler=f"127.0.0.1:{port}"):
        while killed < (50 if IS_LONG else 2):
            name = f"ledger {number}"
            bound = Ledger(str(log), pause=0.002).entrypoint.using(journal=journal, run=name)
            with open_journal(journal) as opened:
                is_there = name in [info.id for info in opened.runs()]
                known = {entry.key for entry in opened.entries(name) if entry.has_value} if is_there else set()
            before = len(lines(log))
            run = bound.submit(40)
            wait_for_calls(run, log, chance.randrange(1, 80))
            schedulers.kill()
            killed += 1
            schedulers.start()
            with suppress(TaskError):
                assert run.result(100) == RIGHT
                number += 1
            assert {type(error.__cause__) for error in run.errors.values()} <= {ClusterError, WorkerDied}
            made = {line.split("|")[0].partition(":")[2] for line in lines(log)[before:]}
            assert not known & made
        assert bound.run(40) == RIGHT

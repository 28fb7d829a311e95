"""The commands of workers: what they say, and how they end."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.executors import rows
from tests.executors.processes import Sink, until
from tests.executors.work import say_and_wait


def thalweg(*words, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("THALWEG_")}
    return subprocess.Popen(
        [sys.executable, "-m", "thalweg", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | variables,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["worker"], "no scheduler is named; give --scheduler HOST:PORT, or set THALWEG_SCHEDULER"),
        (["worker", "--scheduler", "10.0.0.7:1"], "'10.0.0.7' can be reached from other machines"),
        (["worker", "--scheduler", "localhost:1", "--host", "0.0.0.0"], "'0.0.0.0' can be reached from other"),
        (["worker", "--scheduler", "localhost:1", "--resource", "GPU=none"], "'GPU=none' is no NAME=AMOUNT"),
        (["worker", "--scheduler", "localhost:1", "--memory", "3foo"], "'3foo' is no size; write it as 4GiB"),
        (["scheduler", "--host", "::"], "'::' can be reached from other machines"),
        (["scheduler", "--port", "65536"], "there is no port 65536; give one from 1 to 65535, or 0 for a free one"),
        (["certs", "never", "--days", "9999999"], "days is 9999999; give 1 to 36500"),
        (["scheduler", "--certs", "nowhere"], "'nowhere' lacks ca.pem, node.pem, node.key"),
        (["certs", "/proc/certs"], "/proc/certs: No such file or directory"),
    ],
)
def test_what_makes_no_sense_is_said(words, message):
    process = thalweg(*words)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, message in told) == (2, True), told
    assert "Traceback" not in told


def test_a_scheduler_and_a_worker_tell_where_they_are_and_end_when_they_are_asked():
    scheduler = thalweg("scheduler", "--port", "0", "--json")
    address = json.loads(scheduler.stdout.readline())["address"]
    second = thalweg("scheduler", "--port", address.rpartition(":")[2])
    worker = thalweg("worker", "--name", "one", "--memory", "1GiB", THALWEG_SCHEDULER=address)
    assert worker.stdout.readline() == f"worker for {address}, once that answers (Ctrl+C ends)\n"
    assert worker.stdout.readline().startswith("worker at tcp://127.0.0.1:")
    _, told = second.communicate(timeout=60)
    assert second.returncode == 2
    assert "Address already in use" in told
    for process in (worker, scheduler):
        process.send_signal(signal.SIGINT)
        output, told = process.communicate(timeout=60)
        assert (process.returncode, output, told) == (0, "", "")


def test_a_worker_ends_when_it_is_asked_though_it_is_at_a_call(tmp_path):
    scheduler = thalweg("scheduler", "--port", "0", "--json")
    address = json.loads(scheduler.stdout.readline())["address"]
    worker = thalweg("worker", "--json", THALWEG_SCHEDULER=address)
    worker.stdout.readline()
    sink = Sink()
    with rows.make("dask", address=address) as executor:
        executor.start(sink.attempt(say_and_wait, tmp_path / "begun"))
        until((tmp_path / "begun").exists)
        worker.send_signal(signal.SIGTERM)
        assert worker.communicate(timeout=25)[0] == "", "distributed waits for calls for 30 s"
    scheduler.send_signal(signal.SIGINT)
    scheduler.communicate(timeout=60)
    assert (worker.returncode, scheduler.returncode) == (0, 0)

"""Processes and signals in earnest: parents that die, keys that interrupt, memory and processors that run out."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.executors import work
from tests.executors.processes import outcome, outcomes, until, value
from thalweg.errors import WorkerDied
from thalweg.executors.processes import ProcessesExecutor

PARENT = """
import os, sys, time
from queue import SimpleQueue
from thalweg.executors import Attempt, Call
from thalweg.executors.processes import ProcessesExecutor

def long(path):
    open(path, "w").write(str(os.getpid()))
    time.sleep(3600)

if __name__ == "__main__":
    executor, outcomes = ProcessesExecutor(max_workers=2), SimpleQueue()
    executor.start(Attempt(Call(1, os.getpid, ()), outcomes.put))
    outcomes.get()
    if len(sys.argv) > 1:
        executor.start(Attempt(Call(2, long, (sys.argv[1],)), outcomes.put))
    try:
        print(os.getpid(), flush=True)
        %s
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def begin(ending, *arguments, **options):
    """A program with a pool in it, when it has come to its ending."""
    program = subprocess.Popen(
        [sys.executable, "-c", PARENT % ending, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    assert int(program.stdout.readline()) == program.pid
    return program


def files_of(process):
    return [path for base in {"/dev/shm", tempfile.gettempdir()} for path in Path(base).glob(f"thalweg-{process}-*")]


def finish(program):
    with program:
        output, errors = program.communicate(timeout=60)
    return output.decode(), errors.decode()


def test_workers_and_files_go_when_the_parent_is_killed_in_the_midst_of_a_call(tmp_path):
    path = tmp_path / "begun"
    program = begin("time.sleep(3600)", str(path))
    until(lambda: path.exists() and path.read_text())
    children = psutil.Process(program.pid).children(recursive=True)
    assert int(path.read_text()) in {each.pid for each in children}
    assert files_of(program.pid)
    program.kill()
    finish(program)
    psutil.wait_procs(children, timeout=60)
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in children)
    until(lambda: not files_of(program.pid))


def test_a_program_that_ends_without_closing_leaves_nothing_and_says_nothing():
    program = begin("pass")
    assert finish(program) == ("", "")
    assert program.returncode == 0
    assert not files_of(program.pid)


def test_a_program_that_ends_in_the_midst_of_a_call_does_not_wait_for_it(tmp_path):
    path = tmp_path / "begun"
    program = begin("time.sleep(0.5)", str(path))
    assert finish(program) == ("", "")
    assert not files_of(program.pid)


def test_the_key_that_interrupts_is_for_the_parent_alone(tmp_path):
    path = tmp_path / "begun"
    program = begin("time.sleep(3600)", str(path), start_new_session=True)
    until(lambda: path.exists() and path.read_text())
    worker = psutil.Process(int(path.read_text()))
    worker.send_signal(signal.SIGINT)
    os.killpg(program.pid, signal.SIGINT)
    assert finish(program) == ("interrupted\n", "")
    psutil.wait_procs([worker], timeout=60)
    assert not files_of(program.pid)


def test_a_process_that_a_function_starts_can_be_interrupted():
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    with ProcessesExecutor(max_workers=1) as executor:
        assert value(executor, subprocess.check_output, [sys.executable, "-c", code]) == b"True\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM], ids=str)
def test_each_deadly_signal_is_named(number):
    with ProcessesExecutor(max_workers=1) as executor:
        error = outcome(executor, work.kill, number).error
        assert type(error) is WorkerDied
        assert f"killed by signal {number.value}, {number.name}" in str(error)


@pytest.mark.slow
def test_a_processor_that_is_used_up_is_a_death_like_others():
    with ProcessesExecutor(max_workers=1) as executor:
        assert type(outcome(executor, work.use_up_the_processor).error) is WorkerDied
        assert value(executor, work.increase, 1) == 2


def test_a_fork_of_the_parent_has_a_pool_of_its_own():
    code = PARENT.replace("%s", "") + (
        "\n    if os.fork() == 0:\n"
        "        executor.start(Attempt(Call(3, os.getpid, ()), outcomes.put))\n"
        "        print(outcomes.get().value > 0, flush=True)\n"
        "        executor.close()\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "    executor.start(Attempt(Call(4, os.getppid, ()), outcomes.put))\n"
        "    print(outcomes.get().value == os.getpid(), flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split()[1:] == ["True", "True"]
    assert (done.returncode, done.stderr) == (0, "")


def test_calls_survive_a_storm_of_killings():
    with ProcessesExecutor(max_workers=2) as executor:
        calls = [(work.kill,) if number % 25 == 0 else (work.increase, number) for number in range(200)]
        for number, each in enumerate(outcomes(executor, *calls)):
            assert type(each.error) is WorkerDied if number % 25 == 0 else each.value == number + 1

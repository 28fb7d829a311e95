"""Recorded runs whose drivers, servers and disks fail in earnest.

A driver is a program of its own (`recorded.py`); it is killed when it has told of so many calls, a number that chance
decides, which may be at any moment of the commit of those before.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import recorded
from tests.journal import servers
from thalweg.errors import JournalError
from thalweg.journal import open_journal

SOAK = bool(os.environ.get("THALWEG_SOAK"))
KILLS = 50 if SOAK else 5
PROGRAM = Path(recorded.__file__)
BEGUN = []  # drivers of one test


@pytest.fixture(scope="module")
def server():
    yield from servers.opened()


@pytest.fixture(autouse=True)
def nothing_left():
    """Whatever becomes of a test, its drivers end with it."""
    yield
    for driver in BEGUN:
        if driver.process.poll() is None:
            driver.process.kill()
        driver.close()
    BEGUN.clear()


class Driver:
    """The program, and what it has told."""

    def __init__(self, where, run, seed, executor="threads", lease=15, limit=""):
        arguments = [where, run, str(seed), executor, str(lease), str(limit)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE, text=True, env=environment
        )
        self.calls, self.last = [], ""
        BEGUN.append(self)

    def read(self, calls=None):
        """Hear of so many calls, or of all; True if it has not ended by then."""
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "call":
                self.calls.append(rest)
                if len(self.calls) == calls:
                    return True
            else:
                self.last = line.strip()
        return False

    def kill(self):
        self.process.kill()
        self.read()  # what it had said before
        self.close()

    def close(self):
        self.process.stdout.close()
        return self.process.wait(60)


def expected(seed):
    dsp = recorded.model(seed)
    return dsp.dispatch({f"in{number}": number for number in range(recorded.INPUTS)})


def committed(where, run):
    """What the journal has: values by key."""
    with open_journal(where) as journal:
        entries = [entry for entry in journal.entries(run) if entry.has_value]
        return {entry.key: (entry.data, entry.file) for entry in entries}


def kill_and_resume(where, name, chance, disturb, kills):
    """Runs, one after the other, until so many disturbances have been survived."""
    survived = number = 0
    while survived < kills:
        number += 1
        run, seed, before = f"{name} {number}", chance.randrange(1000), {}
        solution = expected(seed)
        for start in range(1, 1000):
            driver = Driver(where, run, seed, chance.choice(["threads", "sync"]))
            left = len(solution.calls) - len(before)
            if survived < kills and driver.read(chance.randint(1, max(1, left))):
                survived += 1
                disturb(driver)
            else:
                driver.read()
            has_ended = driver.close() == 0
            known = committed(where, run)
            again = set(driver.calls) & before.keys()
            assert not again, f"start {start} of {run} made calls again that were committed"
            assert {key: known[key] for key in before} == before, f"start {start} of {run} lost values"
            assert len(driver.calls) == len(set(driver.calls)), "a call was made twice by one driver"
            before = known
            if has_ended:
                break
        assert driver.last == f"end {recorded.total_of(solution)}"
        assert len(before) == len(solution.calls) - len(solution.errors)
        with open_journal(where) as journal:
            assert journal.run(run).state == "done"


@pytest.mark.timeout(600 if SOAK else 180)
def test_a_driver_that_is_killed_goes_on_from_what_is_committed(tmp_path):
    kill_and_resume(f"sqlite:///{tmp_path}/runs.db", "file", random.Random(1), Driver.kill, KILLS)


@pytest.mark.timeout(600 if SOAK else 180)
def test_a_driver_that_is_killed_goes_on_from_what_is_committed_in_a_server(server):
    kill_and_resume(server.url, "driver", random.Random(2), Driver.kill, KILLS if SOAK else 2)


@pytest.mark.timeout(600 if SOAK else 180)
def test_a_server_that_is_killed_costs_no_value(server):
    """It comes back, at once or too late for the driver, which may notice or not."""
    chance = random.Random(3)

    def disturb(driver):
        server.kill()
        if chance.random() < 0.5:
            driver.kill()
            server.start()
        else:
            server.start()
            driver.read()

    kill_and_resume(server.url, "server", chance, disturb, KILLS if SOAK else 2)


def test_a_server_that_stays_away_is_a_clear_error(server, tmp_path):
    driver = Driver(server.url, "away", 5, lease=1)
    assert driver.read(20)
    server.kill()
    driver.read()
    assert driver.close() == 3
    assert "the server cannot be reached" in driver.last
    assert "resume the run later" in driver.last
    server.start()
    again = Driver(server.url, "away", 5)
    again.read()
    assert again.close() == 0
    assert again.last == f"end {recorded.total_of(expected(5))}"


def test_two_drivers_never_drive_one_run(tmp_path):
    where = f"sqlite:///{tmp_path}/runs.db"
    first = Driver(where, "one", 7, lease=3600)
    assert first.read(3)
    stop_between_commits(first, tmp_path / "runs.db")  # however long the others need
    others = [Driver(where, "one", 7) for _ in range(3)]
    for other in others:
        other.read()
        assert other.close() == 3
        assert other.last.startswith("error RunHeldError")
        assert other.calls == []
    first.process.send_signal(signal.SIGCONT)
    first.read()
    assert first.close() == 0
    assert first.last == f"end {recorded.total_of(expected(7))}"


def test_drivers_that_begin_together_share_nothing(tmp_path):
    where = f"sqlite:///{tmp_path}/runs.db"
    drivers = [Driver(where, "one", 8) for _ in range(4)]
    made = []
    for driver in drivers:
        driver.read()
        if driver.close() == 0:
            assert driver.last == f"end {recorded.total_of(expected(8))}"
        else:
            assert driver.last.startswith("error RunHeldError")
        made += driver.calls
    failing = expected(8).errors
    values = [key for key in made if key not in failing]
    assert len(values) == len(set(values)) == len(expected(8).calls) - len(failing)


def test_a_driver_that_slept_through_its_lease_stops_and_changes_nothing(tmp_path):
    where = f"sqlite:///{tmp_path}/runs.db"
    sleeper = Driver(where, "one", 9, lease=0.5)
    assert sleeper.read(5)
    stop_between_commits(sleeper, tmp_path / "runs.db")
    while True:
        successor = Driver(where, "one", 9)
        if successor.read(1):
            break
        successor.close()
    sleeper.process.send_signal(signal.SIGCONT)
    sleeper.read()
    assert sleeper.close() == 3
    assert sleeper.last.startswith("error LeaseLostError")
    successor.read()
    assert successor.close() == 0
    assert successor.last == f"end {recorded.total_of(expected(9))}"
    with open_journal(where) as journal:
        assert (journal.run("one").state, journal.run("one").starts) == ("done", 2)


def stop_between_commits(driver, path):
    """A driver that is stopped within a transaction would keep everybody from writing."""
    while True:
        driver.process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("begin immediate")
                connection.execute("rollback")
            except sqlite3.OperationalError:
                driver.process.send_signal(signal.SIGCONT)
            else:
                return


def test_a_file_that_may_not_grow_is_a_clear_error_and_keeps_what_it_has(tmp_path):
    where, path = f"sqlite:///{tmp_path}/runs.db", tmp_path / "runs.db"
    driver = Driver(where, "one", 10, limit=120_000)
    driver.read()
    assert driver.close() == 3
    assert driver.last.startswith("error JournalError: the journal")
    assert str(path) in driver.last
    go_on(where, 10)


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("mount") is None, reason="only root mounts a small disk")
def test_a_full_disk_is_a_clear_error_and_keeps_what_it_has(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        where = f"sqlite:///{disk}/runs.db"
        driver = Driver(where, "one", 11)
        driver.read()
        assert driver.close() == 3
        assert "disk is full" in driver.last or "No space left" in driver.last
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        go_on(where, 11)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def go_on(where, seed):
    """What was committed is there, and is not made again."""
    before = committed(where, "one")
    assert before
    driver = Driver(where, "one", seed)
    driver.read()
    assert driver.close() == 0
    assert driver.last == f"end {recorded.total_of(expected(seed))}"
    assert not set(driver.calls) & before.keys()


def test_a_damaged_page_is_a_clear_error_and_leaves_the_file_as_it_was(tmp_path):
    path, where = tmp_path / "runs.db", f"sqlite:///{tmp_path}/runs.db"
    whole = Driver(where, "one", 12)
    whole.read()
    assert whole.close() == 0
    good, page, chance = path.read_bytes(), 4096, random.Random(12)
    pages = range(0, len(good), page)
    for start in pages if SOAK else chance.sample(pages, min(12, len(pages))):
        bad = good[:start] + chance.randbytes(page) + good[start + page :]
        path.write_bytes(bad)
        with pytest.raises(JournalError) as caught:
            dispatch_again(where, 12)
        assert str(path) in str(caught.value)
        assert path.read_bytes() == bad, f"the file was changed though its page at {start} is damaged"
    path.write_bytes(good)
    assert dispatch_again(where, 12).recorded.recalled


def dispatch_again(where, seed):
    inputs = {f"in{number}": number for number in range(recorded.INPUTS)}
    return recorded.model(seed).dispatch(inputs, journal=where, run="one")

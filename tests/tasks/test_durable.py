"""Runs of flows with a journal: what is recorded is not made again."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.tasks.durable_flow import Ledger
from tests.tasks.flows import Survey
from tests.tasks.test_run import Held
from thalweg.errors import BuildError, JournalError, RunHeldError, TaskError, UnknownRunError
from thalweg.journal import open_journal
from thalweg.journal.records import JournalWarning
from thalweg.tasks import Flow, task

ROOT = Path(__file__).parents[2]
KILLS = 50 if os.environ.get("THALWEG_SOAK") == "1" else 3
executors = pytest.mark.parametrize("executor", ["sync", "threads", "processes", None])


@pytest.fixture
def journal(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


class Rates(Flow):
    rate = 2
    table: ClassVar[dict] = {"a": 3}

    @task
    def entrypoint(self, x):
        return self.scaled(x), self.looked_up(x)

    @task
    def scaled(self, x):
        return self.rate * x

    @task
    def looked_up(self, x):
        return self.inner() * x

    def inner(self):
        return type(self).table["a"]


class Half(int):
    """A number of a class of its own, which is not kept."""


def lines(log):
    return log.read_text().splitlines() if log.exists() else []


@executors
def test_a_run_that_is_done_gives_its_value_without_a_call(executor, journal, log):
    bound = Ledger(str(log)).entrypoint.using(executor, journal=journal, run="a")
    value = bound.run(5)
    assert value == Ledger(os.devnull).entrypoint(5)
    made = len(lines(log))
    assert bound.run(5) == value
    assert bound.submit(5).result(60) == value
    assert asyncio.run(bound.arun(5)) == value
    assert len(lines(log)) == made


def test_it_says_how_it_stands(journal, log):
    ledger = Ledger(str(log))
    ledger.submit(2, journal=journal, run="a").result(60)
    run = ledger.submit(2, journal=journal, run="a")
    run.result(60)
    assert (run.recorded.run, run.recorded.starts, len(run.recorded.recalled)) == ("a", 2, len(lines(log)))
    assert "entrypoint/branch[0]" in run.recorded.recalled
    assert Survey().submit(2).recorded is None
    with open_journal(journal) as opened:
        assert opened.run("a").state == "done"
        assert opened.run("a").kind == "flow"


class Mends(Flow):
    """Fails until the test mends what is wrong."""

    calls: ClassVar[Counter[str]] = Counter()
    is_mended = False

    @task
    def entrypoint(self):
        return self.join(self.good(0), self.weak(1), self.good(None))

    @task
    def good(self, value):
        self.calls["good"] += 1
        return value

    @task
    def weak(self, value):
        self.calls["weak"] += 1
        if not self.is_mended:
            raise ValueError("not yet")
        return [value]

    @task
    def join(self, *values):
        self.calls["join"] += 1
        return {"all": values, "set": {1, 2}, "bytes": b"x"}

    @task
    def holds_promises(self):
        one = self.good(1)
        return self.join({"a": [one, (one,)]})


def test_a_call_that_is_made_again_since_its_worker_died_is_another_attempt(journal, log):
    assert Ledger(str(log)).dies_once.using("processes", journal=journal, run="a").run() == ("a:dies_once", 2)
    assert lines(log) == ["1"]


def test_what_has_failed_is_made_again_and_nothing_else(journal, monkeypatch):
    monkeypatch.setattr(Mends, "calls", Counter())
    bound = Mends().entrypoint.using("sync", journal=journal, run="a")
    with pytest.raises(TaskError, match="not yet"):
        bound.run()
    with open_journal(journal) as opened:
        assert opened.run("a").state == "failed"
    monkeypatch.setattr(Mends, "is_mended", True)
    assert bound.run() == {"all": (0, [1], None), "set": {1, 2}, "bytes": b"x"}
    assert Mends.calls == {"good": 2, "weak": 2, "join": 1}


@pytest.mark.parametrize(
    "value", [(np.arange(3), 1), (), (None,), ("thalweg: value", 1), ("thalweg: asked for", [], ("value", 1))]
)
def test_a_tuple_is_recorded_whatever_is_in_it(journal, value):
    bound = Survey().same.using("sync", journal=journal, run="a")
    assert repr(bound.run(value)) == repr(value)
    again = bound.submit(value)
    assert repr(again.result(60)) == repr(value)
    assert len(again.recorded.recalled) == 1


def test_containers_with_promises_are_recorded(journal, monkeypatch):
    monkeypatch.setattr(Mends, "calls", Counter())
    bound = Mends().holds_promises.using("sync", journal=journal, run="a")
    value = bound.run()
    assert value["all"] == ({"a": [1, (1,)]},)
    assert bound.run() == value
    assert Mends.calls == {"good": 1, "join": 1}


def test_a_value_that_cannot_be_kept_is_made_again_and_said_so(journal, log):
    bound = Survey().in_containers.using("sync", journal=journal, run="a")
    with pytest.warns(JournalWarning, match="values could not be kept, and are made again"):
        value = bound.run()
    with pytest.warns(JournalWarning):
        assert bound.run() == value


def test_with_pickles_everything_is_kept(journal):
    with open_journal(journal, pickle=True) as opened:
        bound = Survey().in_containers.using("sync", journal=opened, run="a")
        value = bound.run()
        run = Survey().in_containers.using("threads", journal=opened, run="a").submit()
        assert run.result(60) == value
        assert (len(run.recorded.recalled), run.recorded.unkept) == (5, {})
        other = Survey().other_flow.using("sync", journal=opened, run="b")
        assert other.run(5) == other.run(5) == [2, 5, 6]


def test_a_call_whose_code_has_changed_is_made_again(journal):
    def flow(source):
        space = {"Flow": Flow, "task": task, "__name__": "changes", "calls": Counter()}
        exec(source, space)
        return space["Changes"](), space["calls"]

    source = """
class Changes(Flow):
    @task
    def entrypoint(self):
        return self.add(self.one(), self.two())

    @task
    def one(self):
        calls["one"] += 1
        return 1

    @task
    def two(self):
        calls["two"] += 1
        return self.inner() + 1

    def inner(self):
        return 1

    @task
    def add(self, *values):
        calls["add"] += 1
        return sum(values)
"""
    first, _ = flow(source)
    assert first.entrypoint.using("sync", journal=journal, run="a").run() == 3
    second, calls = flow(source.replace("return 1\n\n    @task\n    def add", "return 5\n\n    @task\n    def add"))
    with pytest.warns(JournalWarning, match="were dropped, since their code or what they take has changed"):
        assert second.entrypoint.using("sync", journal=journal, run="a").run() == 7
    assert calls == {"two": 1, "add": 1}


def test_a_run_that_was_begun_otherwise_is_refused(journal, log):
    Ledger(str(log)).entrypoint.using("sync", journal=journal, run="a").run(2)
    with pytest.raises(JournalError, match="was begun with other arguments"):
        Ledger(str(log)).entrypoint.using("sync", journal=journal, run="a").run(3)
    with pytest.raises(JournalError, match="was begun with other attributes: 'seed'"):
        Ledger(str(log), seed=2).submit(2, journal=journal, run="a").result(60)


def test_a_run_is_resumed_by_its_name(journal, log):
    value = Ledger(str(log), seed=3).entrypoint.using("sync", journal=journal, run="a").run(4)
    made = len(lines(log))
    run = Ledger.resume("a", journal, executor="sync")
    assert run.result(60) == value
    assert (len(lines(log)), run.recorded.starts) == (made, 2)
    with pytest.raises(JournalError, match=r"the run 'a' is a flow .*Ledger.entrypoint', and none of Survey"):
        Survey.resume("a", journal)
    with pytest.raises(UnknownRunError):
        Ledger.resume("b", journal)


def test_to_resume_makes_no_journal(tmp_path):
    with pytest.raises(JournalError, match="there is no journal"):
        Ledger.resume("a", f"sqlite:///{tmp_path}/other.db")
    assert not list(tmp_path.iterdir())


def test_a_run_whose_arguments_could_not_be_kept_is_to_be_submitted_again(journal):
    Survey().choose.using("sync", journal=journal, run="a").submit(5, n=Survey(3)).result(60)
    with pytest.raises(JournalError, match="these could not be kept: n; submit it again with the same flow"):
        Survey.resume("a", journal)


def test_of_arguments_by_position_each_is_kept_or_named(journal):
    Survey().total.using("sync", journal=journal, run="a").run([1], Half(1))
    with pytest.raises(JournalError, match="these could not be kept: 2; submit it again with the same flow"):
        Survey.resume("a", journal)


def test_a_call_is_made_again_if_a_value_in_the_class_has_changed_that_it_names(journal):
    ask = Rates().entrypoint.using("sync", journal=journal, run="a")
    assert ask.run(10) == ask.run(10) == (20, 30)
    for name, value, made in (("rate", 4, r"scaled\[0\]"), ("table", {"a": 5}, r"looked_up\[1\]")):
        changed = type("Rates", (Rates,), {name: value})()
        with pytest.warns(JournalWarning, match=f"1 recorded values were dropped, .*: entrypoint/{made}$"):
            value = changed.entrypoint.using("sync", journal=journal, run="a").run(10)
        assert value == changed.entrypoint(10)
        with pytest.warns(JournalWarning, match="1 recorded values were dropped"):
            assert ask.run(10) == (20, 30)


def test_a_task_that_has_moved_to_another_class_is_found_there(journal):
    tasks = {name: each for name, each in vars(Survey).items() if name in ("entrypoint", "part", "total")}
    whole = type("Moved", (Flow,), {name: task(each.function) for name, each in tasks.items()} | {"divisor": 2})
    value = whole().entrypoint.using("sync", journal=journal, run="a").run(5)
    moved = task(tasks["part"].function)
    parts = type("Moved", (type("Base", (Flow,), {"part": moved}),), {"divisor": 2})
    for name in ("entrypoint", "total"):
        setattr(parts, name, task(tasks[name].function))
        vars(parts)[name].__set_name__(parts, name)
    again = parts().entrypoint.using("sync", journal=journal, run="a").submit(5)
    assert again.result(60) == value
    assert len(again.recorded.recalled) == 7
    lacking = type("Moved", (Flow,), {"entrypoint": task(tasks["entrypoint"].function)})
    with pytest.raises(JournalError, match=r"names the task 'part' of .*Moved, which Moved does not have"):
        lacking().entrypoint.using("sync", journal=journal, run="a").run(5)


def test_other_attributes_that_cannot_be_kept_have_calls_made_again(journal):
    bound = Survey(Half(2)).part.using("sync", journal=journal, run="a")
    assert (bound.run(6), bound.run(6)) == (3, 3)
    with pytest.warns(JournalWarning, match="1 recorded values were dropped"):
        assert Survey(Half(3)).part.using("sync", journal=journal, run="a").run(6) == 2


class Asking(Flow):
    """Asks another flow, with attributes that are nobody's arguments."""

    divisor = 2

    @task
    def entrypoint(self, n):
        return Survey(type(self).divisor).part(n)


def test_so_do_other_attributes_of_a_flow_that_is_asked(journal, monkeypatch):
    bound = Asking().entrypoint.using("sync", journal=journal, run="a")
    with pytest.warns(JournalWarning, match="could not be kept"):
        assert bound.run(6) == 3
    monkeypatch.setattr(Asking, "divisor", 3)
    with pytest.warns(JournalWarning) as said:
        assert bound.run(6) == 2
    assert any("recorded values were dropped" in str(each.message) for each in said)


def test_a_name_without_a_journal_is_refused():
    with pytest.raises(BuildError, match="the run 'a' has no journal"):
        Survey().submit(2, run="a")


def test_a_run_is_driven_by_one_at_a_time(journal, log):
    with open_journal(journal) as opened:
        held = opened.begin("flow", "x", {}, run="a")
        with pytest.raises(RunHeldError):
            Ledger(str(log)).submit(2, journal=journal, run="a").result(60)
        held.finish()


def test_a_cancelled_run_can_be_resumed(journal, tmp_path):
    flow = Held()
    run = flow.forever.using(journal=journal, run="a").submit()
    assert flow.begun.wait(60)
    run.cancel()
    with pytest.raises(Exception, match="was cancelled"):
        run.result(60)
    with open_journal(journal) as opened:
        assert opened.run("a").state == "interrupted"


def start(log, journal, executor, run):
    command = [sys.executable, "-m", "tests.tasks.durable_flow", str(log), journal, executor, run]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after(process, log, count):
    """Kill a process when it has made so many calls more."""
    until = len(lines(log)) + count
    while process.poll() is None and len(lines(log)) < until:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.001)
    process.send_signal(signal.SIGKILL)
    return process.communicate()[0]


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_driver_that_is_killed_loses_nothing_that_was_recorded(executor, journal, log):
    chance, right, number, killed = random.Random(7), Ledger(os.devnull).entrypoint(40), 0, 0
    while killed < KILLS:
        run = f"ledger {number}"
        with open_journal(journal) as opened:
            is_there = run in [info.id for info in opened.runs()]
            known = {f"{run}:{entry.key}" for entry in opened.entries(run)} if is_there else set()
        before = len(lines(log))
        output = kill_after(start(log, journal, executor, run), log, chance.randrange(1, 60))
        made = [line.split("|", 1)[0] for line in lines(log)[before:]]
        assert not known.intersection(made)
        if output:  # it was quicker
            assert int(output) == right
            number += 1
        else:
            killed += 1
    output, _ = start(log, journal, executor, run).communicate(timeout=120)
    assert int(output) == right
    with open_journal(journal) as opened:
        assert {opened.run(f"ledger {each}").state for each in range(number)} <= {"done"}
    made = len(lines(log))  # and by a program in which the module of the flow has another name
    assert Ledger.resume(run, journal, executor="sync").result(60) == right
    assert len(lines(log)) == made

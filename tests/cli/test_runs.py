"""Recorded runs on the command line."""

import json
import subprocess
import sys

import pytest

from thalweg.journal import open_journal

MODEL = """
from thalweg import Dispatcher
from pathlib import Path

dsp = Dispatcher(name="steps")

def first(a):
    print("first")
    return a + 1

def second(b):
    if not Path("ready").exists():
        raise OSError("it is not ready")
    return b * 10

dsp.add_function("first", first, ["a"], ["b"])
dsp.add_function("second", second, ["b"], ["c"])
"""


@pytest.fixture(autouse=True)
def model(folder):
    (folder / "steps.py").write_text(MODEL)


def thalweg(*words, code=0):
    done = subprocess.run(["thalweg", *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_a_run_that_failed_is_listed_shown_and_resumed(folder):
    thalweg("run", "steps.py", "-i", "a=1", "-o", "c", "--as", "nightly", code=1)
    listed, _ = thalweg("runs", "list")
    assert listed.splitlines()[0].split() == ["RUN", "STATE", "VALUES", "FAILED", "STARTS", "BEGUN", "OF"]
    assert listed.splitlines()[1].split()[:5] == ["nightly", "failed", "1", "1", "1"]
    shown, _ = thalweg("runs", "show", "nightly")
    assert "nightly: failed, a run of the model 'steps', begun once" in shown
    assert "OSError: it is not ready" in shown
    (folder / "ready").touch()
    values, told = thalweg("runs", "resume", "nightly", "steps.py")
    assert values == "b = 2\nc = 20\n"
    assert told == "thalweg: run 'nightly', start 2: 1 values from the journal\n"
    values, told = thalweg("runs", "resume", "nightly", "steps.py", "--json", "-q")
    assert json.loads(values) == {"values": {"b": 2, "c": 20}}
    assert told == ""


def test_changed_code_is_said_in_a_line(folder):
    (folder / "ready").touch()
    thalweg("run", "steps.py", "-i", "a=1", "--as", "nightly", "-q")
    (folder / "steps.py").write_text(MODEL.replace("b * 10", "b * 100"))
    values, told = thalweg("run", "steps.py", "-i", "a=1", "--as", "nightly")
    assert values == "b = 2\nc = 200\n"
    assert told == (
        "thalweg: of the run 'nightly' 1 recorded values were dropped, since their functions or what they rest on have "
        "changed: second\n"
    )


def test_the_place_is_an_option_or_in_the_environment(folder, monkeypatch):
    (folder / "ready").touch()
    _, told = thalweg("run", "steps.py", "-i", "a=1", "--journal", "sqlite:///one.db")
    assert "thalweg: recorded as '" in told
    monkeypatch.setenv("THALWEG_JOURNAL", "one.db")
    facts = json.loads(thalweg("runs", "list", "--json")[0])["runs"]
    assert [(run["state"], run["values"]) for run in facts] == [("done", 2)]
    facts = json.loads(thalweg("runs", "show", facts[0]["id"], "--json")[0])
    assert [(call["key"], call["form"]) for call in facts["calls"]] == [("first", "json"), ("second", "json")]


def test_runs_are_cancelled_and_pruned(folder):
    with open_journal(folder / "runs.db") as journal:
        for run in ("one", "two", "three"):
            recording = journal.begin("flow", "", {}, run)
            if run != "three":
                recording.finish()
        assert thalweg("runs", "cancel", "one", "three") == (
            "",
            "thalweg: the run 'one' has ended already: it is done\n",
        )
        with pytest.raises(Exception, match="was cancelled in its journal"):
            recording.flush()
    told = json.loads(thalweg("runs", "cancel", "one", "three", "--json")[0])["runs"]
    assert [(each["id"], each["state"]) for each in told] == [("one", "done"), ("three", "cancelled")]
    assert thalweg("runs", "prune", "--older-than", "1")[0] == "forgotten: runs 0, large values 0\n"
    assert thalweg("runs", "prune", "two")[0] == "forgotten: runs 1, large values 0\n"
    assert json.loads(thalweg("runs", "prune", "--json")[0]) == {"runs": 2, "values": 0}
    assert thalweg("runs", "list")[0] == "no run was recorded\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list"], "there is no journal runs.db"),
        (["list", "one"], "thalweg runs list takes nothing"),
        (["show"], "thalweg runs show takes a RUN"),
        (["resume", "one"], "thalweg runs resume takes a RUN and its MODEL"),
        (["prune", "--older-than", "-5"], "'-5' is no time from 0"),
        (["prune", "--older-than", "nan"], "'nan' is no time from 0"),
        (["show", "one", "--journal", "mysql://host"], "'mysql://host' is no journal"),
    ],
)
def test_what_makes_no_sense_is_said(words, message):
    assert message in thalweg("runs", *words, code=2)[1]


def test_an_unknown_run_is_an_error_and_makes_none(folder):
    with open_journal(folder / "runs.db") as journal:
        journal.begin("flow", "", {}, "nightly").finish()
    assert "did you mean 'nightly'" in thalweg("runs", "show", "nigthly", code=2)[1]
    assert "steps.py has no flow" in thalweg("runs", "resume", "nightly", "steps.py", code=2)[1]


FLOW = """
import sys
from pathlib import Path
from thalweg.tasks import Flow, task

class Counts(Flow):
    def __init__(self, step):
        self.step = step

    @task
    def entrypoint(self, n):
        return self.total([self.one(i) for i in range(n)])

    @task
    def one(self, i):
        print("one", i)
        return i * self.step

    @task
    def total(self, parts):
        if not Path("ready").exists():
            raise OSError("it is not ready")
        return {"total": sum(parts)}

if __name__ == "__main__":
    Counts(3).submit(4, journal="sqlite:///runs.db", run="counted").result(60)
"""


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_run_of_a_flow_is_resumed(folder, executor):
    (folder / "counts.py").write_text(FLOW)
    failed = subprocess.run([sys.executable, "counts.py"], capture_output=True, text=True, check=False)
    assert "it is not ready" in failed.stderr
    listed, _ = thalweg("runs", "list")
    assert listed.splitlines()[1].split()[:5] == ["counted", "failed", "5", "1", "1"]
    assert "did you mean Counts?" in thalweg("runs", "resume", "counted", "counts.py:Count", code=2)[1]
    assert "it is not ready" in thalweg("runs", "resume", "counted", "counts.py:Counts", code=1)[1]
    (folder / "ready").touch()
    value, told = thalweg("runs", "resume", "counted", "counts.py", "--executor", executor)
    assert value == "{'total': 18}\n"
    assert told == "thalweg: run 'counted', start 3: 5 values from the journal\n"
    value, told = thalweg("runs", "resume", "counted", "counts.py", "--json", "-q")
    assert (json.loads(value), told) == ({"value": {"total": 18}}, "")

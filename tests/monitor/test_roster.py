"""What each call is at, a line each on a terminal, else a line an event."""

import asyncio
import io
import re
import sys

import pytest

import thalweg as tw
from thalweg.jobs import Job, Scheduler
from thalweg.monitor import Progress, Roster, subscribe
from thalweg.monitor.progress import Lines


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self):
        return True

    def frames(self):
        """What was shown, frame by frame: lines without colours, and without what fills them up."""
        text = re.sub(r"\x1b\[(?:[0-9;]*m|\?25[lh])", "", self.getvalue())
        frames = re.split(r"(?:\r?\x1b\[2K|\x1b\[1A|\r)+", text)
        return [[line.rstrip() for line in frame.splitlines() if line.strip()] for frame in frames if frame.strip()]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "20")
    return Terminal()


async def give(value):
    await asyncio.sleep(0)
    return value


async def boom():
    raise OSError("no route")


def scenario():
    first = Job(give, 5, label="first")
    inner = Scheduler(Job(boom, label="boom"), Job(give, "x" * 500, label="long"), label="inner", required=first)
    watch = Job(asyncio.sleep, 1000, label="watch", forever=True)
    return Scheduler(watch, inner, first, Job(give, None, label="last", required=inner), label="top")


def without_seconds(text):
    return re.sub(r" *\d+\.\d s", "0.0 s", text)


def test_where_there_is_no_terminal_each_event_is_a_line():
    file = io.StringIO()
    scenario().orchestrate(on_event=Roster("top", file))
    lines = [without_seconds(line) for line in file.getvalue().splitlines()]
    assert lines[-1] == "0.0 s  top: 1 cancelled, 4 done, 1 failed"
    assert [line for line in lines if "inner/long" not in line][:-1] == [
        "0.0 s  watch: running",
        "0.0 s  first: running",
        "0.0 s  first: done: 5",
        "0.0 s  inner: running",
        "0.0 s  inner/boom: running",
        "0.0 s  inner/boom: failed: OSError: no route",
        "0.0 s  inner: done: True, though 'inner/boom' raised OSError: no route",
        "0.0 s  last: running",
        "0.0 s  last: done",
        "0.0 s  watch: cancelled",
    ]
    assert max(map(len, lines)) < 250


def test_monitor_writes_to_standard_error(capsys):
    assert scenario().orchestrate(monitor=True)
    captured = capsys.readouterr()
    assert without_seconds(captured.err.splitlines()[-1]) == "0.0 s  top: 1 cancelled, 4 done, 1 failed"
    assert captured.out == ""


def test_on_a_terminal_each_job_has_a_line(terminal):
    scenario().orchestrate(on_event=Roster("top", terminal))
    last = [re.sub(r"\s{2,}", "  ", without_seconds(line)).strip() for line in terminal.frames()[-1]]
    shown = [re.split(r"\s{2,}|(?<=.)0\.0 s", line) for line in last]
    text = "\n".join(last)
    for name in ("watch", "inner", "boom", "first", "last"):
        assert sum(name in " ".join(cells[:2]) for cells in shown) == 1, text
    assert re.search(r"✔\s+first\s*0\.0 s\s+done: 5", text)
    assert re.search(r"✘\s+boom\s*0\.0 s\s+failed: OSError: no route", text)
    assert re.search(r"■\s+watch\s*0\.0 s\s+cancelled", text)
    assert last[-1].startswith("top: 1 cancelled, 4 done, 1 failed")


def test_on_a_terminal_jobs_that_have_not_begun_have_a_line_too(terminal):
    async def look():
        roster.live.refresh()

    late = Job(give, 1, label="late", required=Job(look, label="early"))
    roster = Roster("top", terminal)
    Scheduler(*late.required, late).orchestrate(on_event=roster)
    assert any(re.search(r"·\s+late\s+waiting", line) for frame in terminal.frames() for line in frame)


def test_where_there_is_no_room_for_all_what_matters_is_shown(terminal):
    jobs = [Job(give, k, label=f"fine {k}") for k in range(100)]
    Scheduler(*jobs, Job(boom, label="boom")).orchestrate(on_event=Roster("many", terminal))
    last = terminal.frames()[-1]
    assert len(last) == 2
    assert "boom" in last[0]
    assert last[1].startswith("many: 100 done, 1 failed")


def test_a_dispatch_is_shown_too():
    tries = iter([OSError("no route"), 7])

    def ask(a):
        answer = next(tries)
        if isinstance(answer, Exception):
            raise answer
        return answer

    dsp = tw.Dispatcher()
    dsp.add_function("ask", ask, ["a"], ["b"], retry=2)
    file = io.StringIO()
    dsp({"a": 1}, on_event=Roster(file=file))
    lines = [without_seconds(line) for line in file.getvalue().splitlines()]
    assert lines[:-1] == [
        "0.0 s  ask: running",
        "0.0 s  ask: retry: OSError: no route",
        "0.0 s  ask: running",
        "0.0 s  ask: done: 7",
    ]
    assert re.fullmatch(r"0\.0 s  run \d+: 1 done", lines[-1])


def test_values_that_cannot_be_shown_are_said_to_be(capsys):
    class Shy:
        def __repr__(self):
            raise RuntimeError

    file = io.StringIO()
    Scheduler(Job(give, Shy(), label="shy")).orchestrate(on_event=Roster(file=file))
    assert "shy: done: <Shy: it has no readable repr>" in file.getvalue()


def test_a_program_without_a_console_has_no_roster(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert scenario().orchestrate(monitor=True)


def test_progress_counts_jobs_too():
    file = io.StringIO()
    Scheduler(Job(give, 1), Job(boom), Job(give, 2)).orchestrate(on_event=Progress("jobs", Lines(file)))
    assert without_seconds(file.getvalue()) == "jobs: 3 of 3 calls, 1 failed,0.0 s\n"


def test_who_subscribes_to_all_runs_is_told_of_scenarios_and_of_those_within():
    seen = []
    unsubscribe = subscribe(lambda event: seen.append((event.path, event.kind)))
    try:
        Scheduler(Scheduler(Job(give, 1, label="a"), label="inner")).orchestrate()
    finally:
        unsubscribe()
    assert seen == [
        ("", "begin"),
        ("inner", "running"),
        ("", "begin"),
        ("inner/a", "running"),
        ("inner/a", "done"),
        ("", "end"),
        ("inner", "done"),
        ("", "end"),
    ]

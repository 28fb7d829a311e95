"""How far runs are, on standard error."""

import io
import math
import re
import sys
import threading

import pytest

import thalweg as tw
from thalweg.errors import DispatchError
from thalweg.monitor import Progress, subscribe
from thalweg.monitor.progress import Lines


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self):
        return True

    def text(self):
        """What was written, without the sequences that move the cursor and colour."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())


def as_stderr(monkeypatch):
    """Let standard error be a terminal; not by a fixture, for pytest sets it anew before the test itself."""
    file = Terminal()
    monkeypatch.setattr(sys, "stderr", file)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return file


def chain(length=3, name="chain"):
    dsp = tw.Dispatcher(name=name)
    for i in range(length):
        dsp.add_function(f"f{i}", lambda value: value + 1, [f"x{i}"], [f"x{i + 1}"])
    return dsp


def without_seconds(text):
    return re.sub(r"\d+\.\d s", "0.0 s", text)


@pytest.mark.parametrize("executor", [None, "sync", "async", "threads"])
@pytest.mark.parametrize("outputs", [None, ["x3"]])
def test_where_there_is_no_terminal_the_end_is_a_line(executor, outputs, capsys):
    assert chain()({"x0": 0}, outputs, executor=executor, progress=True)["x3"] == 3
    captured = capsys.readouterr()
    assert without_seconds(captured.err) == "chain: 3 of 3 calls, 0.0 s\n"
    assert captured.out == ""


def test_a_model_without_a_name_is_known_by_the_number_of_its_run(capsys):
    chain(name="")({"x0": 0}, progress=True)
    assert re.match(r"run \d+: 3 of 3 calls", capsys.readouterr().err)


def test_what_failed_and_how_it_ended_is_said(capsys):
    dsp = chain(1)
    dsp.add_function("bad", lambda x: 1 / 0, ["x1"], ["y"])
    dsp({"x0": 0}, progress=True)
    with pytest.raises(DispatchError):
        dsp({"x0": 0}, progress=True, raises=True)
    first, second = without_seconds(capsys.readouterr().err).splitlines()
    assert first == "chain: 2 of 2 calls, 1 failed, 0.0 s"
    assert second == "chain: 2 of 2 calls, 1 failed, ended by DispatchError, 0.0 s"


def test_a_call_that_comes_instead_of_another_adds_to_the_total(capsys):
    dsp = tw.Dispatcher(name="two ways")
    dsp.add_function("bad", lambda a: 1 / 0, ["a"], ["b"])
    dsp.add_function("good", lambda a: a, ["a"], ["b"], weight=1)
    dsp({"a": 0}, ["b"], progress=True)
    assert "2 of 2 calls, 1 failed" in capsys.readouterr().err


def test_a_call_that_is_tried_again_counts_once(capsys):
    left = [2]

    def flaky(a):
        left[0] -= 1
        if left[0] >= 0:
            raise OSError("not yet")

    dsp = tw.Dispatcher(name="flaky")
    dsp.add_function("f", flaky, ["a"], ["b"], retry=3)
    dsp({"a": 0}, progress=True)
    assert without_seconds(capsys.readouterr().err) == "flaky: 1 of 1 calls, 0.0 s\n"


@pytest.mark.parametrize(("seconds", "count"), [(0.0, 7), (math.inf, 1)])
def test_lines_come_no_more_often_than_they_are_wanted(seconds, count):
    file = io.StringIO()
    chain()({"x0": 0}, ["x3"], on_event=Progress("lines", Lines(file, seconds)))
    assert len(file.getvalue().splitlines()) == count  # of three calls each begins and ends, and one at the end
    assert without_seconds(file.getvalue()).splitlines()[-1] == "lines: 3 of 3 calls, 0.0 s"


def test_a_program_without_standard_error_shows_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert chain()({"x0": 0}, progress=True)["x3"] == 3


def test_a_terminal_shows_a_bar_and_is_left_alone_then(monkeypatch):
    terminal, before = as_stderr(monkeypatch), set(threading.enumerate())
    chain()({"x0": 0}, progress=True)
    assert "━" in terminal.text()
    assert "chain" in terminal.text()
    assert "3 of 3 calls" in terminal.text()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)  # the one that moves the bar has been told to end
        assert not thread.is_alive()
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")  # the cursor is back


def test_names_are_not_taken_for_markup(monkeypatch):
    terminal = as_stderr(monkeypatch)
    chain(name="[red]model[/]")({"x0": 0}, progress=True)
    assert "[red]model[/]" in terminal.text()


def test_runs_at_once_have_bars_below_each_other(monkeypatch):
    terminal = as_stderr(monkeypatch)
    inner = chain(name="inner")
    outer = tw.Dispatcher(name="outer")
    outer.add_function("nested", lambda x0: inner({"x0": x0}, progress=True)["x3"], ["x0"], ["y"])
    assert outer({"x0": 0}, progress=True)["y"] == 3
    last = terminal.text().replace("\r", "\n").split("outer")[-1]
    assert "1 of 1 calls" in last
    assert "3 of 3 calls" in last


def test_a_terminal_without_rich_gets_lines(monkeypatch):
    terminal = as_stderr(monkeypatch)
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    chain()({"x0": 0}, progress=True)
    assert without_seconds(terminal.getvalue()) == "chain: 3 of 3 calls, 0.0 s\n"


def test_all_runs_of_a_process_can_be_shown(capsys):
    unsubscribe = subscribe(Progress())
    try:
        chain()({"x0": 0})
    finally:
        unsubscribe()
    assert "3 calls" in capsys.readouterr().err


@pytest.mark.parametrize("executor", [None, "threads"])
def test_a_map_shows_its_rows(executor, capsys):
    results = chain(name="rows").map([{"x0": i} for i in range(5)], executor=executor, progress=True)
    assert [result["x3"] for result in results] == [3, 4, 5, 6, 7]
    assert without_seconds(capsys.readouterr().err) == "rows: 5 of 5 rows, 0.0 s\n"


def test_a_map_of_who_knows_how_many_rows_counts_them(capsys):
    for _ in chain(name="rows").map(({"x0": i} for i in range(5)), progress=True):
        pass
    assert without_seconds(capsys.readouterr().err) == "rows: 5 rows, 0.0 s\n"


def test_a_map_says_which_rows_failed_or_ended_it(capsys):
    dsp = tw.Dispatcher(name="rows")
    dsp.add_function("f", lambda a: 1 // a, ["a"], ["b"])
    rows = [{"a": 1}, {"a": 0}, {"a": 1}]
    results = list(dsp.map(rows, ["b"], progress=True, return_exceptions=True))
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    with pytest.raises(tw.errors.UnreachableError):
        list(dsp.map(rows, ["b"], progress=True))
    first, second = without_seconds(capsys.readouterr().err).splitlines()
    assert first == "rows: 3 of 3 rows, 1 failed, 0.0 s"
    assert second == "rows: 1 of 3 rows, ended by UnreachableError, 0.0 s"


def test_a_map_that_is_left_ends_its_bar(monkeypatch):
    terminal = as_stderr(monkeypatch)
    for _ in chain().map([{"x0": i} for i in range(5)], progress=True):
        break
    assert terminal.getvalue().endswith("\x1b[?25h")

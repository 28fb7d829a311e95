"""Events as records of the standard logging."""

import logging

import pytest

import thalweg as tw
from tests.dispatcher.values import Flaky
from thalweg.errors import RunTimeout
from thalweg.monitor import Logs, log_to


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG, "thalweg")
    return caplog


def lines(logged):
    return [(record.levelname, record.name, record.getMessage().split(" after ")[0]) for record in logged.records]


def test_nothing_is_logged_before_it_is_asked_for_nor_after_it_has_ended(logged):
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(0), ["a"], ["b"])
    dsp({"a": 1}, executor="threads")
    assert not logged.records
    stop = log_to()
    dsp({"a": 1})
    stop()
    count = len(logged.records)
    dsp({"a": 1})
    assert count == len(logged.records) == 4


def test_runs_and_calls_have_loggers_of_their_own_and_levels_by_weight(logged):
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(1), ["a"], ["b"], retry=2)
    dsp.add_function("bad", Flaky(9), ["b"], ["c"])
    dsp.add_function("good", Flaky(0), ["b"], ["c"], weight=1)
    dsp({"a": 1}, ["c"], on_event=Logs())
    found = [
        (level, name, text.partition(" ")[2] if text.startswith("run") else text) for level, name, text in lines(logged)
    ]
    assert found == [
        ("DEBUG", "thalweg.run", found[0][2]),
        ("DEBUG", "thalweg.call", "f: running"),
        ("WARNING", "thalweg.call", "f: failed, to be tried again"),
        ("DEBUG", "thalweg.call", "f: running"),
        ("DEBUG", "thalweg.call", "f: done"),
        ("DEBUG", "thalweg.call", "bad: running"),
        ("WARNING", "thalweg.call", "bad: failed"),
        ("DEBUG", "thalweg.call", "good: running"),
        ("DEBUG", "thalweg.call", "good: done"),
        ("INFO", "thalweg.run", found[9][2]),
        ("INFO", "thalweg.run", found[10][2]),
    ]
    assert "begins" in found[0][2]
    assert "went another way: bad (error): OSError: not yet; instead c from good" in found[9][2]
    assert "ended" in found[10][2]


def test_records_have_fields(logged):
    dsp, child = tw.Dispatcher(), tw.Dispatcher()
    child.add_function("f", Flaky(1), ["a"], ["b"], retry=2)
    dsp.add_dispatcher(child, {"a": "a"}, {"b": "b"}, dsp_id="child")
    dsp({"a": 1}, executor="threads", on_event=Logs())
    done = next(record for record in logged.records if getattr(record, "state", "") == "done")
    assert (done.path, done.try_number) == ("child/f", 2)
    assert done.place.startswith("thalweg-")
    assert done.seconds >= 0
    end = logged.records[-1]
    assert (end.path, end.run) == ("", done.run)
    assert end.seconds >= done.seconds
    retry = next(record for record in logged.records if getattr(record, "state", "") == "retry")
    assert "OSError: not yet" in retry.getMessage()


def test_a_refusal_is_an_answer_and_no_warning(logged):
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(0), ["a"], ["b"], input_domain=lambda a: False)
    dsp({"a": 1}, on_event=Logs())
    assert {level for level, _, _ in lines(logged)} == {"DEBUG", "INFO"}


def test_a_run_that_raises_ends_with_a_warning_that_names_the_error(logged):
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(9), ["a"], ["b"], retry=tw.Policy(tries=9, pause_seconds=60))
    with pytest.raises(RunTimeout):
        dsp({"a": 1}, timeout=0.01, on_event=Logs())
    assert lines(logged)[-2] == ("DEBUG", "thalweg.call", "f: cancelled")
    assert lines(logged)[-1][0] == "WARNING"
    assert "by RunTimeout: the run took longer" in logged.records[-1].getMessage()


def test_the_logger_may_be_another(caplog):
    dsp = tw.Dispatcher()
    dsp.add_function("f", Flaky(0), ["a"], ["b"])
    caplog.set_level(logging.DEBUG, "mine")
    dsp({"a": 1}, on_event=Logs("mine"))
    dsp({"a": 1}, on_event=Logs(logging.getLogger("mine.too")))
    assert {record.name for record in caplog.records} == {"mine.run", "mine.call", "mine.too.run", "mine.too.call"}


def test_no_handler_is_added():
    Logs("handled")
    names = ("handled", "handled.run", "handled.call", "thalweg", "thalweg.run", "thalweg.call")
    assert not [handler for name in names for handler in logging.getLogger(name).handlers]

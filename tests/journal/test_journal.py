"""A journal in each database: runs, leases, values, and what is told of them."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journal.helpers import rows_of
from thalweg.errors import (
    BuildError,
    JournalError,
    LeaseLostError,
    RunCancelledError,
    RunHeldError,
    UnkeptValueError,
    UnknownRunError,
)
from thalweg.journal import open_journal
from thalweg.journal.holder import has_died, here
from thalweg.tokens import UNKNOWN


@pytest.fixture
def journal(place):
    with open_journal(place) as journal:
        yield journal


def begin(journal, run="one", **asked):
    return journal.begin("flow", "squares", asked, run)


def test_what_was_recorded_is_known_when_the_run_is_taken_up(journal):
    with begin(journal) as recording:
        recording.record("a", (1, {2.5}), version="v1")
    again = begin(journal)
    assert again.recall("a", "v1") == (1, {2.5})
    assert again.starts == 2
    again.finish()


def test_a_value_is_recalled_once(journal):
    with begin(journal) as recording:
        recording.record("a", 1)
    with begin(journal) as again:
        assert again.recall("a") == 1
        assert again.recall("a") is UNKNOWN


def test_a_value_of_another_version_is_dropped_and_that_is_said(journal):
    with begin(journal) as recording:
        recording.record("a", 1, version="v1")
    with begin(journal) as again:
        assert again.recall("a", "v2") is UNKNOWN
        assert again.dropped == ["a"]
        again.record("a", 2, version="v2")
    with begin(journal) as third:
        assert third.recall("a", "v2") == 2


def test_a_failure_is_recorded_and_the_call_is_made_again(journal):
    with begin(journal) as recording:
        recording.fail("a", OSError("no route"))
    assert (journal.run("one").values, journal.run("one").failures) == (0, 1)
    assert journal.entries("one")[0].error == "OSError: no route"
    with begin(journal) as again:
        assert again.recall("a") is UNKNOWN
        again.record("a", 1)
    assert (journal.run("one").values, journal.run("one").failures) == (1, 0)


def test_a_value_that_cannot_be_kept_is_noted_and_not_recalled(journal):
    with begin(journal) as recording:
        recording.record("a", object())
        recording.flush()
        assert "no safe form" in recording.unkept["a"]
    assert journal.run("one").values == 0
    with begin(journal) as again:
        assert again.recall("a") is UNKNOWN
        assert again.dropped == []


def test_a_large_value_lies_by_itself_once_and_goes_with_the_last_run_that_has_it(journal):
    large = bytes(range(256)) * 1000
    for run in ("one", "two"):
        with begin(journal, run) as recording:
            recording.record("a", large)
    assert journal.entries("one")[0].file == journal.entries("two")[0].file is not None
    with begin(journal, "one") as again:
        assert again.recall("a") == large
    assert journal.prune(["one"]) == (1, 0)
    with begin(journal, "two") as again:
        assert again.recall("a") == large
    assert journal.prune(["two"]) == (1, 1)


def test_who_drives_a_run_keeps_others_out(journal, place):
    recording = begin(journal)
    with open_journal(place) as other, pytest.raises(RunHeldError, match="'one' is being driven by") as caught:
        begin(other)
    assert caught.value.run == "one"
    assert caught.value.holder == here()
    assert 0 < caught.value.seconds <= 15
    recording.finish()


def test_a_run_whose_driver_has_died_is_free_at_once(journal):
    recording = begin(journal)
    recording.record("a", 1)
    recording.flush()
    host, space, _, _ = here().split("/")
    journal.store.execute(
        journal.store.sql("update {runs} set holder = ? where id = 'one'"), (f"{host}/{space}/{2**22 + 1}/1",)
    )
    assert not journal.run("one").is_held
    assert journal.run("one").shown_state == "interrupted"
    assert begin(journal).recall("a") == 1


def test_of_a_holder_elsewhere_nobody_says_that_it_has_died():
    host, space, pid, start = here().split("/")
    assert not has_died(here())
    assert has_died(f"{host}/{space}/{pid}/{int(start) + 1}")  # another process had this number
    assert not has_died(f"elsewhere/{space}/{pid}/{int(start) + 1}")
    assert not has_died(f"{host}/another-boot/{pid}/1")
    assert not has_died("")


def test_a_driver_whose_lease_was_taken_stops_and_records_nothing_more(place):
    with open_journal(place, lease_seconds=3600) as journal, open_journal(place) as other:
        old = begin(journal)
        old.record("a", 1)
        old.flush()
        journal.store.execute(journal.store.sql("update {runs} set expires = 0"))
        new = begin(other)
        new.record("a", 2)
        new.flush()
        old.record("b", 3)
        with pytest.raises(LeaseLostError, match="'one' was taken over by"):
            old.flush()
        with pytest.raises(LeaseLostError):
            old.record("c", 4)
        with pytest.raises(LeaseLostError):
            old.finish()
        new.finish()
        assert journal.run("one").state == "done"
        assert [(entry.key, entry.data) for entry in journal.entries("one")] == [("a", b"2")]


def test_a_lease_is_renewed_while_nothing_is_recorded(place, monkeypatch):
    monkeypatch.setattr("thalweg.journal.writer._RENEWALS", 1000)
    with open_journal(place, lease_seconds=60) as journal:
        recording = begin(journal)
        first = rows_of(journal, "select expires from {runs}")[0][0]
        while rows_of(journal, "select expires from {runs}")[0][0] < first + 0.2:
            assert journal.run("one").is_held
        recording.finish()


def test_a_run_that_is_cancelled_stops_at_its_next_commit_and_may_be_resumed(journal):
    recording = begin(journal)
    recording.record("a", 1)
    recording.flush()
    assert journal.cancel("one")
    recording.record("b", 2)
    with pytest.raises(RunCancelledError, match="'one' was cancelled in its journal"):
        recording.flush()
    assert journal.run("one").state == "cancelled"
    assert not journal.cancel("one")
    with begin(journal) as again:
        assert again.recall("a") == 1
        assert again.recall("b") is UNKNOWN


def test_who_listens_is_told_what_is_on_the_disk_in_the_order_of_the_calls(journal):
    recording, told, is_all = begin(journal), [], threading.Event()

    def hear(tokens):
        told.extend(tokens)
        if len(told) == 100:
            is_all.set()

    recording.listen(hear, told.append)
    for number in range(100):
        recording.record(str(number), number, token=number)
    assert is_all.wait(60)
    assert told == list(range(100))
    assert len(journal.entries("one")) == 100
    recording.finish()


def test_a_run_that_was_asked_something_else_is_not_taken_up(journal):
    begin(journal, inputs={"a": 1, "b": [2]}, outputs=["c"]).finish()
    with pytest.raises(JournalError, match="'one' was begun with other inputs: 'b', 'd'"):
        begin(journal, inputs={"a": 1, "b": [3], "d": 1}, outputs=["c"])
    with pytest.raises(JournalError, match="other outputs"):
        begin(journal, inputs={"a": 1, "b": [2]}, outputs=["d"])
    assert journal.run("one").starts == 1
    begin(journal, inputs={"a": 1, "b": [2]}, outputs=["c"]).finish()


def test_what_cannot_be_kept_of_a_question_is_not_compared(journal):
    begin(journal, inputs={"a": object(), "b": 1}).finish()
    begin(journal, inputs={"a": object(), "b": 1}).finish()
    assert journal.asked("one")["inputs"] == {"a": ("builtins.object",), "b": 1}


def test_a_block_that_raises_leaves_a_failed_run(journal):
    with pytest.raises(ZeroDivisionError), begin(journal):
        raise ZeroDivisionError("by nothing")
    run = journal.run("one")
    assert (run.state, run.error) == ("failed", "ZeroDivisionError: by nothing")


def test_runs_are_listed_the_newest_first(journal):
    for run in ("one", "two", "three"):
        begin(journal, run).finish()
    assert [run.id for run in journal.runs()] == ["three", "two", "one"]
    assert [run.id for run in journal.runs(2)] == ["three", "two"]


def test_a_run_without_a_name_gets_one_of_its_own(journal):
    first = journal.begin("flow", "", {})
    second = journal.begin("flow", "", {})
    assert first.id != second.id
    first.finish()
    second.finish()


def test_an_unknown_run_is_an_error_with_a_near_miss(journal):
    begin(journal, "nightly").finish()
    for ask in (journal.run, journal.entries, journal.cancel, journal.asked):
        with pytest.raises(UnknownRunError, match="did you mean 'nightly'"):
            ask("nigthly")


def test_prune_forgets_what_has_ended_and_never_what_is_driven(journal):
    for run, state in (("done", "done"), ("failed", "failed"), ("cancelled", "cancelled")):
        begin(journal, run).finish(state)
    held = begin(journal, "held")
    assert journal.prune(older_than_seconds=3600) == (0, 0)
    assert journal.prune() == (2, 0)
    assert journal.prune(["held"]) == (0, 0)
    assert [run.id for run in journal.runs()] == ["held", "failed"]
    held.finish()


def test_prune_leaves_what_is_younger_named_or_not(journal):
    with begin(journal):
        pass
    for runs in (None, ["one"]):
        assert journal.prune(runs, older_than_seconds=3600) == (0, 0)
        with pytest.raises(BuildError, match="not less than 0"):
            journal.prune(runs, older_than_seconds=float("nan"))
    with pytest.raises(UnknownRunError):
        journal.prune(["one", "other"])
    assert journal.prune(["one"]) == (1, 0)


def test_a_prune_that_fails_takes_no_value_from_a_run_that_stays(journal, monkeypatch):
    with begin(journal) as recording:
        recording.record("a", b"x" * 100_000)
    store, transaction = journal.store, journal.store.transaction

    @contextmanager
    def failing():
        with transaction():
            yield
            raise store.errors[0]("no room")

    monkeypatch.setattr(store, "transaction", failing)
    with pytest.raises(JournalError):
        journal.prune()
    monkeypatch.undo()
    with begin(journal) as again:
        assert len(again.recall("a")) == 100_000


def test_a_pickle_is_kept_and_read_by_choice_only(place):
    with open_journal(place, pickle=True) as journal:
        with begin(journal) as recording:
            recording.record("a", Path)
        with begin(journal) as again:
            assert again.recall("a") is Path
        assert journal.entries("one")[0].form == "pickle"
    refusal = pytest.raises(UnkeptValueError, match=r"'a' cannot be read: it is a pickle.*pickle=True")
    with open_journal(place) as journal, begin(journal) as again, refusal:
        again.recall("a")


def test_a_value_that_was_changed_in_the_database_is_not_believed(journal):
    with begin(journal) as recording:
        recording.record("a", 1)
    journal.store.execute(journal.store.sql("update {entries} set data = ?"), (b"2",))
    with pytest.raises(JournalError, match="is damaged: what it has of 'a' is not what was written"):
        begin(journal)
    assert journal.run("one").starts == 1


def test_many_runs_share_a_journal(journal):
    recordings = [begin(journal, str(number)) for number in range(10)]
    for number in range(20):
        for recording in recordings:
            recording.record(str(number), number)
    for recording in recordings:
        recording.finish()
    assert [(run.state, run.values) for run in journal.runs()] == [("done", 20)] * 10


@pytest.mark.parametrize(
    "where", ["mysql://host/base", "sqlite://", "sqlite:///", "sqlite://runs.db", "https://host", "", 5, b"runs.db"]
)
def test_an_address_that_is_none_is_refused(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=r"is no journal; give 'sqlite:///runs\.db'"):
        open_journal(where)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0b", "\ud800", 5, b"a", Path("a")])
def test_a_run_has_a_name_that_can_be_printed(journal, name):
    with pytest.raises(BuildError, match="no name of a run"):
        journal.begin("model", "m", {}, name)
    assert journal.runs() == []


def test_a_path_will_do_and_a_journal_is_given_back(tmp_path):
    with open_journal(tmp_path / "runs.db") as journal:
        assert open_journal(journal) is journal
    with open_journal(str(tmp_path / "runs.db")):
        pass
    with pytest.raises(BuildError, match="more than 0"):
        open_journal(tmp_path / "runs.db", lease_seconds=0)


def test_a_folder_that_is_not_there_is_an_error_that_names_the_journal(tmp_path):
    with pytest.raises(JournalError, match=r"none/runs\.db: it cannot be used: .*; name a file in a folder"):
        open_journal(tmp_path / "none" / "runs.db")


def test_what_is_no_journal_is_an_error_and_left_alone(tmp_path):
    path = tmp_path / "runs.db"
    path.write_bytes(b"a letter to a friend" * 1000)
    with pytest.raises(JournalError, match="damaged, or no journal"):
        open_journal(path)
    assert path.read_bytes() == b"a letter to a friend" * 1000


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path):
    import sqlite3

    path = tmp_path / "runs.db"
    connection = sqlite3.connect(path)
    connection.execute("create table runs (id text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="holds something else; name another one"):
        open_journal(path)
    assert path.read_bytes() == before


def test_a_journal_of_a_later_version_is_refused(tmp_path):
    import sqlite3

    open_journal(tmp_path / "runs.db").close()
    connection = sqlite3.connect(tmp_path / "runs.db")
    connection.execute("pragma user_version = 2")
    connection.close()
    with pytest.raises(JournalError, match="of a later version of thalweg"):
        open_journal(tmp_path / "runs.db")


def test_a_password_is_not_shown(server):
    with open_journal(server.url) as journal:
        assert repr(journal) == "<Journal postgresql://127.0.0.1/postgres>"


def test_a_large_file_that_was_changed_is_not_believed(tmp_path):
    with open_journal(tmp_path / "runs.db") as journal:
        with begin(journal) as recording:
            recording.record("a", b"x" * 100_000)
        (file,) = (tmp_path / "runs.db.values").glob("??/*")
        file.write_bytes(b"y")
        with begin(journal) as again, pytest.raises(JournalError, match="value of 'a' is damaged"):
            again.recall("a")

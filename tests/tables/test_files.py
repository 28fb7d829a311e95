import os
import stat
import sys

import pytest

from thalweg.errors import TableError
from thalweg.tables import Table, read_table, write_table
from thalweg.tables.atomic import replacing


def names(folder):
    return [each.name for each in folder.iterdir()]


TABLE = {"name": ["Io", None], "mass": [1.5, None], "row": [1, 2]}


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def write_half():
        with replacing(path) as stream:
            stream.write(b"half")
            stream.flush()
            assert path.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_leaves_nothing_behind(tmp_path, error):
    def write_half():
        with replacing(tmp_path / "a.csv") as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert names(tmp_path) == []


def test_an_old_file_keeps_its_permissions_and_a_new_one_has_the_usual_ones(tmp_path):
    path, other, usual = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    path.write_text("old")
    path.chmod(0o640)
    usual.write_text("")
    for each in (path, other):
        with replacing(each) as stream:
            stream.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert other.stat().st_mode == usual.stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "a", tmp_path / "b"
    target.write_text("old")
    link.symlink_to(target)
    with replacing(link) as stream:
        stream.write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to_directly(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with replacing(pipe) as stream:
        stream.write(b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".parquet", ".xlsx"])
def test_a_table_is_read_as_it_was_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_table(Table(TABLE), path)
    table = read_table(path)
    assert list(table) == ["name", "mass", "row"]
    assert table["name"].tolist() == ["Io", None]
    assert table["mass"][0] == 1.5
    assert table.holes("mass").tolist() == [False, True]
    assert names(tmp_path) == [path.name]


def test_a_sheet_is_chosen_by_its_name(tmp_path):
    path = tmp_path / "a.xlsx"
    write_table(Table(TABLE), path, sheet="moons")
    assert read_table(path, sheet="moons").rows == 2
    with pytest.raises(TableError, match="planets"):
        read_table(path, sheet="planets")


def test_parquet_has_no_sheets(tmp_path):
    with pytest.raises(TableError, match="no sheet"):
        write_table(Table(TABLE), tmp_path / "a.parquet", sheet="moons")
    assert names(tmp_path) == []


def test_the_kind_of_file_decides_about_the_delimiter(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tb\n1\t2\n")
    table = read_table(tmp_path / "a.tsv")
    write_table(table, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "a,b\n1,2\n"
    (tmp_path / "b.csv").write_text("a;b\n1;2\n")
    write_table(read_table(tmp_path / "b.csv"), tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text() == "a;b\n1;2\n"


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"no kind of table ends in '.dat'; use one of .csv"):
        read_table(tmp_path / "a.dat")
    with pytest.raises(TableError, match=r"ends in ''"):
        write_table(Table(TABLE), tmp_path / "a")


def test_what_is_no_table_is_refused_with_its_name(tmp_path):
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.csv").write_bytes(b"a\n\xff\n")
    (tmp_path / "c.parquet").write_text("no parquet")
    (tmp_path / "d.xlsx").write_text("no workbook")
    write_table(Table({"a": []}), tmp_path / "e.parquet")
    for name, message in (
        ("a.csv", "is empty"),
        ("b.csv", "no UTF-8 text"),
        ("c.parquet", "cannot be read"),
        ("d.xlsx", "cannot be read"),
        ("e.parquet", "is empty"),
    ):
        with pytest.raises(TableError, match=f"{name}.*{message}"):
            read_table(tmp_path / name)


def test_a_table_that_a_file_cannot_hold_leaves_nothing_behind(tmp_path):
    with pytest.raises(TableError):
        write_table(Table({"a": [object(), object()]}), tmp_path / "a.parquet")
    assert names(tmp_path) == []


def test_without_pandas_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    (tmp_path / "a.xlsx").write_text("")
    with pytest.raises(TableError, match=r"pip install 'thalweg\[tables\]'"):
        read_table(tmp_path / "a.xlsx")


def test_a_missing_folder_is_named_by_the_place_that_was_meant(tmp_path):
    path = tmp_path / "none" / "a.csv"
    with pytest.raises(FileNotFoundError, match=r"a\.csv'$"):
        write_table(Table(TABLE), path)

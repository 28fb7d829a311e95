import io

import numpy as np
import pytest

from thalweg.errors import TableError
from thalweg.tables.text import cell_text, parse_text, write_text


def written(table, **options):
    stream = io.StringIO(newline="")
    write_text(table, stream, **options)
    return stream.getvalue()


def with_cell(table, name, row, value):
    column = table[name].copy()
    column[row] = value
    return table.with_cells({name: (column, [np.array([row])])})


def test_numbers_and_text_are_told_apart():
    table = parse_text("name,mass\nIo,8.93e22\nMoon, 7.3e22 \n")
    assert table["name"].tolist() == ["Io", "Moon"]
    assert table["mass"].tolist() == [8.93e22, 7.3e22]


@pytest.mark.parametrize("hole", ["", "NA", "na", "N/A", "NaN", "nan", "null", "NULL", "None", "  "])
def test_many_words_are_a_hole(hole):
    table = parse_text(f"a,b\n1,x\n{hole},{hole}\n")
    assert table.holes("a").tolist() == [False, True]
    assert table.holes("b").tolist() == [False, True]


TEXTS = [
    "a,b\n1.50,x\n2e0,y\n",
    "a;b\n1.50;x\n",
    "a\tb\n1.50\tx, y\n",
    "a|b\n1.50|x\n",
    "\ufeffa,b\n1.50,x\n",
    "a,b\r\n1.50,x\r\n",
    'a,b\n1.50,"x, y"\n',
    'a,b\n1.50,"a ""quoted"" word"\n',
    'a,b\n1.50,"two\nlines"\n',
    " a , b\n1.50, x \n",
    "a,b\n+1.0,007\nNA,null\n",
    "only\n1.50\n",
    "a,ü\n1.50,ß\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_nobody_changed_is_written_as_it_was_read(text):
    assert written(parse_text(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_changed_cell_changes_no_other(text):
    table = with_cell(parse_text(text), "a" if "only" not in text else "only", 0, 3.25)
    assert written(table) == text.replace("+1.0", "3.25").replace("1.50", "3.25")


def test_a_new_column_stands_behind_the_others():
    table = parse_text("a\n1\n").with_cells({"b": (np.array([0.1]), [slice(0, 1)])})
    assert written(table) == "a,b\n1,0.1\n"


def test_new_numbers_are_written_so_that_they_are_read_again():
    value = 0.1 + 0.2
    table = with_cell(parse_text("a\n1\n"), "a", 0, value)
    assert parse_text(written(table))["a"][0] == value
    assert written(table, digits=3) == "a\n0.3\n"


def test_digits_are_for_new_numbers_only():
    table = with_cell(parse_text("a\n1.23456\n2\n"), "a", 1, 9.87654321)
    assert written(table, digits=3) == "a\n1.23456\n9.88\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (1e22, "1e+22"), (float("inf"), "inf"), (float("nan"), "nan"), (True, "True"), (7, "7"), ("x", "x")],
)
def test_values_as_text(value, text):
    assert cell_text(value) == text


def test_empty_lines_do_not_count():
    assert parse_text("a,b\n\n1,2\n\n").rows == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table is empty"),
        ("\n\n", "the table is empty"),
        (",\n1,2\n", "the table is empty"),
        ("a,b\n", "a header but no row"),
        ("a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, but the header has 2; put cells with a comma between quotes"),
        ("a;b\n1;2\n1\n", "line 3 has 1 cells, but the header has 2$"),
        ("a,b, a\n1,2,3\n", "2 columns 'a'; name each once"),
        ('a,b\n1,"2\n', "line 2 cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(text, message):
    with pytest.raises(TableError, match=message):
        parse_text(text)


def test_text_among_numbers_is_doubted():
    assert parse_text("a\n1\nx\n2\n").doubts == {"a": (1, "x")}
    assert parse_text("a\n1_000\n2\n").doubts == {"a": (0, "1_000")}
    assert parse_text("a\n1\nx\ny\n").doubts == {}
    assert parse_text("a\n1\nx\ny\n")["a"].tolist() == ["1", "x", "y"]


def test_numbers_can_be_declared_text():
    table = parse_text("id,a\n007,1\n,2\n", as_text=["id"])
    assert table["id"].tolist() == ["007", None]
    assert table.is_text("id")

import csv
import io
import json

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import TableError
from thalweg.tables import fill


@pytest.fixture
def filled():
    dsp = tw.Dispatcher()
    dsp.add_function("exact", lambda x, k: k / x, ["x", "k"], ["y"])
    dsp.add_function("rough", lambda x: 3.0 * x, ["x"], ["y"], weight=5)
    dsp.add_function("last", lambda y: y, ["y", "w"], ["z"])
    dsp.set_default_value("k", 2.0)
    table = {
        "name": ["one", "two", "nought", "four"],
        "x": [1.0, 2.0, 0.0, None],
        "y": [None, None, None, 7.0],
        "z": [None, None, None, 8.0],
    }
    return fill(dsp, table)


def test_the_text_tells_of_each_way_the_rows_the_functions_and_what_it_rests_on(filled):
    text = filled.report()
    assert text.startswith("3 of 7 holes filled in 4 rows, 4 open\n")
    assert "rows 1 one, 2 two: by exact from x with the default of k, at distance 2\n" in text
    assert "row 3 nought: by rough from x, at distance 7\n" in text
    assert "not by exact: ZeroDivisionError: float division by zero\n" in text


def test_markdown_tells_the_same_in_tables(filled):
    text = filled.report("md")
    assert "| y | rows 1 one, 2 two | by exact from x with the default of k, at distance 2 |  |\n" in text
    assert "| not by exact: ZeroDivisionError: float division by zero |" in text
    assert "## Open" in text


def test_csv_has_a_line_for_each_hole(filled):
    lines = list(csv.DictReader(io.StringIO(filled.report("csv"))))
    assert len(lines) == 7
    assert [(line["row"], line["column"], line["state"]) for line in lines[:3]] == [
        ("1", "y", "filled"),
        ("1", "z", "open"),
        ("2", "y", "filled"),
    ]
    assert lines[0]["label"] == "one"
    assert lines[4] | {"missing": ""} == {
        "row": "3",
        "label": "nought",
        "column": "y",
        "state": "filled",
        "value": "0",
        "provider": "rough",
        "distance": "7",
        "functions": "rough",
        "given": "x",
        "defaults": "",
        "failed": "exact (error): ZeroDivisionError: float division by zero",
        "missing": "",
    }


def test_json_has_the_same_with_structure(filled):
    report = json.loads(filled.report("json"))
    assert {name: report[name] for name in ("rows", "filled", "open", "columns", "others")} == {
        "rows": 4,
        "filled": 3,
        "open": 4,
        "columns": ["x", "y", "z"],
        "others": ["name"],
    }
    assert len(report["cells"]) == 7
    first = report["cells"][0]
    assert first == {
        "row": 1,
        "label": "one",
        "column": "y",
        "state": "filled",
        "value": 2.0,
        "provider": "exact",
        "distance": 2.0,
        "functions": ["exact"],
        "given": ["x"],
        "defaults": ["k"],
        "failed": [],
    }


def test_json_is_json_though_a_number_is_none():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: x * float("nan"), ["x"], ["y"])
    dsp.set_default_value("x", 1.0, float("inf"))
    report = fill(dsp, {"x": [None], "y": [None]}).report("json")
    cells = json.loads(report, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))["cells"]
    assert [cell["value"] for cell in cells] == [1.0, "nan"]
    assert cells[0]["distance"] == "inf"


def test_a_long_report_comes_in_pieces():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: 2 * x, ["x"], ["y"])
    filled = fill(dsp, {"x": np.arange(5000.0), "y": np.full(5000, np.nan)})
    lines = filled.report("csv").splitlines()
    assert len(lines) == 5001
    assert lines[-1] == "5000,,y,filled,9998,f,2,f,x,,,"
    assert "rows 1, 2, 3, 4, 5, 6, 7, 8 and 4992 more: by f from x, at distance 2" in filled.report()


def test_all_contributors_of_a_collecting_datum_are_named():
    dsp = tw.Dispatcher()
    dsp.add_data("y", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("f", lambda x: 2 * x, ["x"], ["y"])
    dsp.add_function("g", lambda x: tw.NONE if x == 2 else 3 * x, ["x"], ["y"])
    filled = fill(dsp, {"x": [1.0, 2.0], "y": [None, None]})
    lines = list(csv.DictReader(io.StringIO(filled.report("csv"))))
    assert [line["provider"] for line in lines] == ["f + g", "f"]
    assert json.loads(filled.report("json"))["cells"][0]["provider"] == ["f", "g"]


def test_an_unknown_kind_of_report_is_refused(filled):
    with pytest.raises(TableError, match="no kind of report is called 'pdf'; use one of csv, json, md, txt"):
        filled.report("pdf")

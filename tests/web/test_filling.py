"""Tables that are sent to be filled: kinds, options, limits, and what is told of them."""

import base64
import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

import thalweg as tw
from tests.web.models import ask, problem
from thalweg.cli.loading import model_named
from thalweg.tables import Table, fill, read_table
from thalweg.tables.files import dump_table
from thalweg.web import Limits
from thalweg.web.filling import KINDS

PLANETS = Path(__file__).parents[2] / "examples" / "planets"
TYPES = {ending: kind for kind, ending in KINDS.items()}
CSV = b"room,width,length,area\nhall,2,4,\nbath,,2,3\nattic,1,,\n"


def rooms():
    dsp = tw.Dispatcher(name="rooms")
    dsp.add_data("area", unit="m2", description="of the floor")
    dsp.add_function("area from sides", lambda width, length: width * length, ["width", "length"], ["area"])
    dsp.add_function("width from area", lambda area, length: area / length, ["area", "length"], ["width"])
    dsp.add_function("price", lambda area: 1 / (area - 3) * 100, ["area"], ["rent"])
    return dsp


@pytest.fixture(scope="module")
def served():
    return rooms().web()


def send(served, content, query="", kind="text/csv", **headers):
    headers = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(served, f"/fill{query}", method="POST", content=content, headers=headers)


def as_file(table, ending):
    stream = io.BytesIO()
    dump_table(table, stream, f"table{ending}")
    return stream.getvalue()


def test_holes_are_filled_and_it_is_told_why(served):
    told = send(served, CSV).json()
    assert told["summary"] == "2 of 4 holes filled in 3 rows, 2 open"
    assert (told["rows"], told["filled"], told["open"]) == (3, 2, 2)
    columns = {each["name"]: each for each in told["columns"]}
    assert columns["area"] == {
        "name": "area", "known": True, "cells": [8, 3, None], "unit": "m2", "description": "of the floor"
    }  # fmt: skip
    assert columns["room"] == {"name": "room", "known": False, "cells": ["hall", "bath", "attic"]}
    groups = {(each["column"], each["state"]): each for each in told["groups"]}
    assert groups["width", "filled"] == {
        "column": "width", "state": "filled", "count": 1, "rows": [1], "failed": [], "provider": "width from area",
        "distance": 2.0, "why": "by width from area from area, length, at distance 2",
    }  # fmt: skip
    assert groups["length", "open"]["missing"] == []
    assert groups["area", "open"]["why"] == "it would help to give length"


def test_what_failed_is_told():
    told = send(rooms().web(), b"area,rent\n3,\n4,\n", "?data=table,report,cells").json()
    states = {each["state"]: each for each in told["groups"]}
    assert states["open"]["failed"][0]["node"] == "price"
    assert "ZeroDivisionError" in states["open"]["failed"][0]["error"]
    assert "not by price: ZeroDivisionError" in told["report"]
    assert len(list(csv.DictReader(io.StringIO(told["cells"])))) == 2


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".parquet"])
def test_each_kind_of_file_comes_back_as_what_it_was(served, tmp_path, ending):
    table = Table({"room": ["hall", "bath"], "width": [2.0, None], "length": [4.0, 2.0], "area": [None, 3.0]})
    kind = TYPES[ending]
    answer = send(served, as_file(table, ending), "?data=file", kind)
    told = answer.json()["file"]
    assert (told["type"], told["ending"]) == (kind, ending)
    content = told["text"].encode() if "text" in told else base64.b64decode(told["base64"])
    for each in (content, send(served, as_file(table, ending), "", kind, Accept=kind).content):
        path = tmp_path / f"filled{ending}"
        path.write_bytes(each)
        found = read_table(path)
        assert found["area"].tolist() == [8.0, 3.0]
        assert found["width"].tolist() == [2.0, 1.5]
        assert found["room"].tolist() == ["hall", "bath"]


@pytest.mark.parametrize(
    "told", [{"width": [2, None], "length": [4, 3]}, [{"width": 2, "length": 4}, {"length": 3, "width": None}]]
)
def test_json_is_a_table_as_columns_or_as_rows(served, told):
    answer = send(served, json.dumps(told).encode(), "?data=table,file&add=area", TYPES[".json"]).json()
    assert json.loads(answer["file"]["text"]) == {"width": [2, None], "length": [4, 3], "area": [8, None]}
    as_csv = send(served, json.dumps(told).encode(), "?add=area", TYPES[".json"], Accept="text/csv")
    assert as_csv.text.splitlines()[:2] == ["width,length,area", "2,4,8"]
    assert as_csv.headers["content-disposition"] == 'attachment; filename="filled.csv"'


def test_numbers_that_json_lacks_are_read_as_they_are_written(served):
    rows = {"room": ["NaN", "hall"], "width": ["Infinity", 2], "length": [1, "NaN"], "area": [None, 8]}
    told = send(served, json.dumps(rows).encode(), "?data=table,file", TYPES[".json"]).json()
    again = json.loads(told["file"]["text"])
    assert again["area"] == ["Infinity", 8]
    assert again["room"] == rows["room"]
    assert send(served, told["file"]["text"].encode(), "?data=file", TYPES[".json"]).json()["file"] == told["file"]


def test_known_cells_are_given_back_digit_by_digit(served):
    text = b"width,length,area\r\n2.50,4.000,\r\n"
    assert send(served, text, Accept="text/csv").content == b"width,length,area\r\n2.50,4.000,10\r\n"


def test_columns_can_be_chosen_added_and_left_alone(served):
    told = send(served, CSV, "?only=area").json()
    assert told["filled"] == 1
    assert {each["column"] for each in told["groups"]} == {"area"}
    told = send(served, CSV, "?add=rent").json()
    assert [each["name"] for each in told["columns"]][-1] == "rent"
    slip = CSV.replace(b"room", b"rentt")
    told = problem(send(served, slip), 422, "table")
    assert told["detail"].startswith("column 'rentt' is no datum of the model; did you mean 'rent'?")
    assert send(served, slip, "?keep=*").status_code == send(served, slip, "?keep=rentt").status_code == 200
    problem(send(served, CSV, "?keep=nothing"), 422, "table")
    assert "did you mean 'rent'?" in problem(send(served, CSV, "?add=rnet"), 422, "table")["detail"]


def test_only_so_many_rows_are_told_of(served):
    text = b"width,length,area\n" + b"2,3,\n" * 500
    told = send(served, text).json()
    assert (told["rows"], len(told["columns"][0]["cells"]), len(told["groups"][0]["rows"])) == (500, 200, 200)
    assert told["groups"][0]["count"] == 500
    told = send(served, text, "?rows=3&data=table,file").json()
    assert told["columns"][2]["cells"] == [6, 6, 6]
    assert told["file"]["text"].count("\n") == 501


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", ".csv", "the table is empty"),
        (b"width\n", ".csv", "no row"),
        (b"width,length\n1\n", ".csv", "line 2 has 1 cells"),
        (b"\xff\xfe", ".csv", "is no UTF-8 text"),
        (b"width\none\n2\n3\n", ".csv", "'one' is no number"),
        (b"colour\nred\n", ".csv", "no column is a datum"),
        (b"no workbook", ".xlsx", "cannot be read"),
        (b"no parquet", ".parquet", "cannot be read"),
        (b"{", ".json", "this is no JSON"),
        (b"[]", ".json", "a list of rows"),
        (b'{"width": 1}', ".json", "a list of rows"),
        (b'{"width": []}', ".json", "no row"),
        (b'{"width": [1], "length": [1, 2]}', ".json", "column 'length' has 2 cells"),
    ],
)
def test_what_is_no_table_is_told(served, content, kind, said):
    assert said in problem(send(served, content, kind=TYPES[kind]), 422, "table")["detail"]


@pytest.mark.parametrize("query", ["?data=all", "?rows=-1", "?rows=many", "?rows=1000000", "?column=x"])
def test_parameters_are_checked(served, query):
    problem(send(served, CSV, query), 400, "parameter")


def test_bodies_of_other_kinds_are_refused(served):
    for kind in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""):
        told = problem(send(served, CSV, kind=kind), 415, "kind")
        assert "text/csv" in told["detail"]


def test_large_tables_are_refused_before_they_are_read():
    served = rooms().web(limits=Limits(table_bytes=20_000, table_cells=1000))
    problem(send(served, b"width\n" + b"1\n" * 20_000), 413, "too-long")
    problem(send(served, b"width,length\n" + b"1,2\n" * 501), 413, "too-long")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    assert len(stream.getvalue()) < 20_000
    told = problem(send(served, stream.getvalue(), kind=TYPES[".xlsx"]), 413, "too-long")
    assert "unpacked" in told["detail"]
    wide = as_file(Table({"width": [1.0] * 2000}), ".parquet")
    problem(send(served, wide, kind=TYPES[".parquet"]), 413, "too-long")


def test_it_takes_no_longer_than_it_may(work):
    served = work.dsp.web(limits=Limits(run_seconds=0.3))
    told = problem(send(served, b"x,y\n1,\n"), 504, "time")
    assert told["detail"] == "it took longer than 0.3 s; ask for less"


def test_what_is_not_exposed_is_a_stranger_and_never_named():
    dsp = rooms()
    dsp.add_function("secret step", lambda area: area * 7, ["area"], ["hidden"])
    dsp.add_function("use of it", lambda hidden: hidden + 1, ["hidden"], ["total"])
    served = dsp.web(expose=["width", "length", "total", "rent"])
    content = b"width,length,total,rent\n2,3,,\n1,3,,\n"
    answer = send(served, content, "?data=table,report,cells,file")
    for name in ("hidden", "secret", "use of it", "area", "price"):
        assert name not in answer.text
    told = answer.json()
    assert told["columns"][2]["cells"] == [43, 22]
    assert "(not exposed)" in told["report"]
    assert send(served, b"width,length,hidden\n2,3,\n").json()["columns"][2]["known"] is False
    assert "hidden" not in problem(send(served, content, "?add=hiden"), 422, "table")["detail"].replace("hiden", "")


@pytest.fixture(scope="module")
def planets():
    with model_named(f"{PLANETS / 'model.py'}:dsp") as dsp:
        yield dsp


def test_the_planets_come_back_as_from_the_library(planets, tmp_path):
    content = (PLANETS / "bodies_holed.csv").read_bytes()
    served = planets.web()
    filled = fill(planets, read_table(PLANETS / "bodies_holed.csv"))
    told = send(served, content, "?data=report,cells,file").json()
    assert told["summary"] == filled.summary()
    assert told["report"] == filled.report()
    assert told["cells"] == filled.report("csv")
    assert told["file"]["text"] == as_file(filled.table, ".csv").decode()
    assert send(served, content, Accept="text/csv").text == told["file"]["text"]

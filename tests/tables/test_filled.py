import math
import threading

import numpy as np
import pandas as pd
import pytest

import thalweg as tw
from thalweg.errors import TableError, UnknownExecutorError, UnknownNodeError
from thalweg.tables import Table, fill


@pytest.fixture
def room():
    dsp = tw.Dispatcher()
    dsp.add_function("area of", lambda width, length: width * length, ["width", "length"], ["area"])
    dsp.add_function("width of", lambda area, length: area / length, ["area", "length"], ["width"])
    dsp.add_function("length of", lambda area, width: area / width, ["area", "width"], ["length"])
    dsp.add_function("paint", lambda area, coats: area * coats / 8, ["area", "coats"], ["litres"])
    dsp.set_default_value("coats", 2.0)
    return dsp


def test_each_row_is_filled_from_its_own_cells(room):
    table = {"width": [2.0, 3.0, None], "length": [4.0, None, 5.0], "area": [None, 12.0, 20.0]}
    filled = fill(room, table)
    assert {name: column.tolist() for name, column in filled.items()} == {
        "width": [2.0, 3.0, 4.0],
        "length": [4.0, 4.0, 5.0],
        "area": [8.0, 12.0, 20.0],
    }
    assert (filled.count, filled.open_count) == (3, 0)


def test_the_given_table_is_not_changed(room):
    area = np.array([np.nan, 12.0])
    table = Table({"width": [2.0, 3.0], "length": [4.0, 4.0], "area": area})
    fill(room, table)
    assert np.isnan(area[0])
    assert table.holes("area")[0]


def test_a_new_column_may_be_asked_for_and_rests_on_a_default(room):
    filled = fill(room, {"width": [2.0, 3.0], "length": [4.0, 4.0]}, outputs=["litres"])
    assert list(filled) == ["width", "length", "litres"]
    assert filled["litres"].tolist() == [2.0, 3.0]
    (group,) = filled.filled
    assert group.derivation.functions == ("area of", "paint")
    assert group.derivation.given == ("width", "length")
    assert group.derivation.defaults == ("coats",)
    assert group.derivation.provider == "paint"
    assert group.derivation.distance == 4.0


def test_only_what_is_asked_for_is_filled(room):
    filled = fill(room, {"width": [2.0], "length": [4.0], "area": [None], "litres": [None]}, outputs=["area"])
    assert filled["area"].tolist() == [8.0]
    assert np.isnan(filled["litres"][0])


def test_a_default_fills_a_hole_as_in_a_dispatch(room):
    filled = fill(room, {"width": [2.0, 2.0], "coats": [None, 3.0]})
    assert filled["coats"].tolist() == [2.0, 3.0]
    assert filled.filled[0].derivation.provider is tw.START


def test_what_cannot_be_had_stays_open_and_says_what_would_help(room):
    filled = fill(room, {"width": [2.0, 1.0], "area": [None, 3.0], "length": [None, 3.0]})
    assert np.isnan(filled["area"][0])
    assert (filled.count, filled.open_count) == (0, 2)
    area = next(group for group in filled.open if group.column == "area")
    assert area.rows.tolist() == [0]
    assert ("length",) in area.missing


def test_a_refused_row_takes_its_own_alternative():
    dsp = tw.Dispatcher()
    dsp.add_function("exact", lambda x: 2.0 * x, ["x"], ["y"], input_domain=lambda x: x > 10)
    dsp.add_function("rough", lambda x: 3.0 * x, ["x"], ["y"], weight=5)
    x = np.arange(20.0)
    filled = fill(dsp, {"x": x, "y": np.full(20, np.nan)})
    assert filled["y"].tolist() == np.where(x > 10, 2 * x, 3 * x).tolist()
    exact, rough = sorted(filled.filled, key=lambda group: group.derivation.provider)
    assert exact.rows.tolist() == list(range(11, 20))
    assert rough.rows.tolist() == list(range(11))
    (failed,) = rough.failures
    assert (failed.node, failed.kind) == ("exact", "refused")
    assert filled.errors == (failed,)


def test_every_error_is_kept_with_its_row():
    def odd(x):
        raise ValueError(f"no {x}")

    dsp = tw.Dispatcher()
    dsp.add_function("odd", odd, ["x"], ["y"])
    filled = fill(dsp, {"x": np.arange(20.0), "y": np.full(20, np.nan)})
    assert filled.open_count == 20
    cells = list(filled.cells())
    assert [cell.row for cell in cells] == list(range(20))
    assert cells[7].failures == (("odd", "error", "ValueError: no 7.0"),)


def test_a_failure_is_told_of_the_cells_that_it_concerns_only():
    dsp = tw.Dispatcher()
    dsp.add_function("fails", lambda x: 1 / (x - x), ["x"], ["y"])
    dsp.add_function("works", lambda x: 2 * x, ["x"], ["z"])
    for count in (2, 20):
        filled = fill(dsp, {"x": np.arange(float(count)), "y": [None] * count, "z": [None] * count})
        (group,) = filled.filled
        assert (group.column, group.failures) == ("z", ())
        (open_group,) = filled.open
        assert [failed.node for failed in open_group.failures] == ["fails"]


def test_a_function_is_not_called_where_its_domain_says_no():
    seen = []
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: seen.append(x) or x, ["x"], ["y"], input_domain=lambda x: x > 5)
    fill(dsp, {"x": np.arange(20.0), "y": np.full(20, np.nan)})
    assert min(np.min(x) for x in seen) > 5


def test_what_is_known_is_not_computed_again_after_a_failure():
    rows = []
    dsp = tw.Dispatcher()
    dsp.add_function("first", lambda x: rows.append(np.size(x)) or x + 1, ["x"], ["y"], attributes={"columns": True})
    dsp.add_function("fails", lambda y: 1 / (y - y), ["y"], ["z"])
    dsp.add_function("other", lambda y: 5.0 * y, ["y"], ["z"], weight=3)
    filled = fill(dsp, {"x": np.arange(50.0), "y": [None] * 50, "z": [None] * 50})
    assert filled["z"].tolist() == (5 * (np.arange(50.0) + 1)).tolist()
    assert rows == [50, 1]  # one column, and one single call to see what it gives


def test_text_can_be_looked_up_and_filled():
    dsp = tw.Dispatcher()
    dsp.add_function("of", {"Io": "Jupiter", "Moon": "Earth"}.__getitem__, ["moon"], ["planet"])
    filled = fill(dsp, {"moon": ["Io", "Moon", "Phobos"] * 5, "planet": [None] * 15})
    assert filled["planet"].tolist()[:3] == ["Jupiter", "Earth", None]


def test_answers_of_many_kinds_share_a_column():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: {1.0: 2, 2.0: "two", 3.0: True, 4.0: math.nan}[x], ["x"], ["y"])
    filled = fill(dsp, {"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "y": [None, None, None, None, None, 7.0]})
    assert filled["y"].tolist()[:3] == [2, "two", True]
    assert math.isnan(filled["y"][3])
    assert filled["y"].tolist()[4:] == [None, 7.0]
    assert filled.count == 4


def test_a_computed_nan_counts_as_filled():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: x * math.nan, ["x"], ["y"])
    filled = fill(dsp, {"x": np.arange(20.0), "y": np.full(20, np.nan)})
    assert (filled.count, filled.open_count) == (20, 0)


def test_whole_numbers_are_floats_in_a_column_of_numbers():
    dsp = tw.Dispatcher()
    dsp.add_function("f", int, ["x"], ["y"])
    assert fill(dsp, {"x": np.arange(20.0), "y": np.full(20, np.nan)})["y"].dtype == np.float64


def test_a_sub_dispatcher_is_filled_with_columns_too():
    calls = []
    child = tw.Dispatcher()
    child.add_function("double", lambda x: calls.append(np.ndim(x)) or 2 * x, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, dsp_id="child")
    filled = fill(dsp, {"a": np.arange(30.0), "b": np.full(30, np.nan)})
    assert filled["b"].tolist() == (2 * np.arange(30.0)).tolist()
    assert calls.count(1) == 1
    assert filled.filled[0].derivation.provider == "child"
    assert filled.filled[0].derivation.functions == ("child/double",)


def test_rows_with_the_same_holes_share_one_search(room, monkeypatch):
    plans = []
    solve = tw.Dispatcher.solve
    monkeypatch.setattr(tw.Dispatcher, "solve", lambda *args, **options: plans.append(args) or solve(*args, **options))
    fill(room, {"width": [2.0] * 50, "length": [4.0] * 50, "area": [None] * 50})
    assert len(plans) == 1


def test_coroutine_functions_are_awaited_row_by_row():
    async def double(width):
        return 2 * width

    dsp = tw.Dispatcher()
    dsp.add_function("double", double, ["width"], ["length"])
    assert fill(dsp, {"width": [1.0, 2.0, 3.0, 4.0, 5.0]}, ["length"])["length"].tolist() == [2, 4, 6, 8, 10]


def test_a_frame_is_filled_and_goes_back(room):
    filled = fill(room, pd.DataFrame({"width": [2.0, 3.0], "length": [4.0, 4.0], "area": [None, 12.0]}))
    assert filled.table.to_pandas()["area"].tolist() == [8.0, 12.0]


def test_no_rows_nothing_to_fill(room):
    filled = fill(room, {"width": [], "area": []})
    assert filled.summary() == "0 of 0 holes filled in 0 rows"


def test_the_objective_decides_as_in_a_dispatch():
    dsp = tw.Dispatcher()
    dsp.add_function("wide", lambda a, b: a + b, ["a", "b"], ["x"], inp_weight={"a": 2, "b": 2})
    dsp.add_function("narrow", lambda a: -a, ["a"], ["x"], inp_weight={"a": 3})
    table = {"a": [1.0], "b": [2.0], "x": [None]}
    assert fill(dsp, table)["x"].tolist() == [3.0]
    assert fill(dsp, table, objective="tree")["x"].tolist() == [-1.0]


def test_a_column_that_looks_misspelt_is_refused(room):
    with pytest.raises(TableError, match="column 'widht' is no datum of the model; did you mean 'width'"):
        fill(room, {"widht": [1.0], "area": [1.0]})


@pytest.mark.parametrize("name", ["Litres", "LITRES", "litre", " litres"])
def test_letters_and_spaces_are_slips_too(room, name):
    with pytest.raises(TableError, match="litres"):
        fill(room, {"width": [1.0], name: [1.0]})


def test_a_column_that_is_known_already_is_no_suggestion(room):
    assert fill(room, {"width": [1.0], "widths": [2.0]}).others == ("widths",)


def test_other_columns_stay_as_they_are(room):
    filled = fill(room, {"name": ["hall"], "width": [1.0]})
    assert filled.others == ("name",)
    assert filled["name"].tolist() == ["hall"]


def test_a_misspelt_looking_column_can_be_kept(room):
    assert fill(room, {"widht": [1.0], "area": [1.0]}, keep=["widht"]).others == ("widht",)
    with pytest.raises(TableError, match="there is no column 'wdth' to keep; did you mean 'widht'"):
        fill(room, {"widht": [1.0], "area": [1.0]}, keep=["wdth"])


def test_strict_refuses_every_other_column(room):
    with pytest.raises(TableError, match="'name' is no datum"):
        fill(room, {"name": ["hall"], "width": [1.0]}, strict=True)


def test_a_table_of_strangers_is_refused(room):
    with pytest.raises(TableError, match="no column is a datum of the model; its data are 'width', 'length', 'area'"):
        fill(room, {"name": ["hall"]})


def test_an_unknown_output_is_refused(room):
    with pytest.raises(UnknownNodeError, match="unknown output 'aera'; did you mean 'area'"):
        fill(room, {"width": [1.0]}, outputs=["aera"])


def test_text_in_a_column_of_numbers_is_refused_with_its_place(room):
    with pytest.raises(TableError, match=r"column 'width', row 2: '1,5' is no number.* point for the comma"):
        fill(room, {"width": [1.0, "1,5", 2.0]})


def test_the_model_is_left_as_it_was(room):
    version = room.version
    fill(room, {"width": [2.0] * 9, "length": [4.0] * 9, "area": [None] * 9})
    assert room.version == version


@pytest.mark.parametrize("executor", ["sync", "threads"])
def test_an_executor_fills_what_columns_fill_and_says_the_same_of_each_cell(room, executor):
    room.add_function("steep", lambda width: 1 / (width - 2), ["width"], ["litres"], weight=0.5)
    table = {
        "width": [2.0, 3.0, None, 5.0] * 3,
        "length": [4.0, None, 5.0, 1.0] * 3,
        "area": [None, 12.0, 20.0, 5.0] * 3,
    }
    expected = fill(room, table, [*table, "litres"])
    filled = fill(room, table, [*table, "litres"], executor=executor)
    assert {name: column.tolist() for name, column in filled.items()} == {
        name: column.tolist() for name, column in expected.items()
    }
    assert list(filled.cells()) == list(expected.cells())


def test_an_executor_has_several_rows_at_work():
    together = threading.Barrier(3, timeout=60)
    dsp = tw.Dispatcher()
    dsp.add_function("meet", lambda x: together.wait() * 0 + x, ["x"], ["y"])
    with tw.open_executor("threads", max_workers=3) as executor:
        filled = fill(dsp, {"x": [1, 2, 3]}, ["y"], executor=executor)
    assert filled["y"].tolist() == [1, 2, 3]


def test_an_executor_that_is_not_there_is_refused(room):
    with pytest.raises(UnknownExecutorError, match="did you mean 'threads'"):
        fill(room, {"width": [2.0], "length": [4.0], "area": [None]}, executor="thread")


@pytest.mark.parametrize("executor", [None, "threads"])
def test_all_rows_are_told_of_once(room, executor):
    room.add_function("steep", lambda width: 1 / (width - 2), ["width"], ["litres"], weight=0.5)
    table = {
        "width": [2.0, 3.0, None, 5.0] * 5,
        "length": [4.0, None, 5.0, 1.0] * 5,
        "area": [None, 12.0, 20.0, 5.0] * 5,
    }
    told = []
    fill(room, table, [*table, "litres"], executor=executor, on_rows=told.append)
    assert sum(told) == 20
    told.clear()
    fill(room, table, ["area"], executor=executor, on_rows=told.append)
    assert sum(told) == 20


def test_only_data_that_are_among_the_named_ones_are_columns():
    dsp = tw.Dispatcher()
    dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    dsp.add_function("again", lambda b: 2 * b, ["b"], ["c"])
    filled = fill(dsp, {"a": [1.0, None], "b": [None, 5.0], "c": [None, None]}, among=["a", "c"])
    assert filled.others == ("b",)
    assert (filled["b"].tolist()[1], filled["c"].tolist()[0]) == (5.0, 4.0)
    assert np.isnan(filled["c"][1])
    assert [group.missing for group in filled.open if group.column == "c"] == [(("a",),)]
    with pytest.raises(UnknownNodeError):
        fill(dsp, {"a": [1.0]}, ["b"], among=["a", "c"])


@pytest.mark.parametrize("rows", [2, 100])
@pytest.mark.parametrize("columns", [None, False, True])
def test_a_stopper_ends_a_filling_before_the_next_call(rows, columns):
    stopper, calls = threading.Event(), []
    dsp = tw.Dispatcher()

    def first(a):
        calls.append(a)
        stopper.set()
        return a + 1

    dsp.add_function("first", first, ["a"], ["b"], attributes={"columns": columns})
    dsp.add_function("then", calls.append, ["b"], ["c"])
    with pytest.raises(TableError, match="was stopped before its end"):
        fill(dsp, {"a": np.arange(float(rows)), "b": [None] * rows, "c": [None] * rows}, stopper=stopper)
    assert len(calls) == 1


def test_a_stopper_that_is_not_set_changes_nothing():
    dsp = tw.Dispatcher()
    dsp.add_function("f", math.sqrt, ["a"], ["b"], input_domain=lambda a: a != 3)
    table = {"a": [*map(float, range(-3, 30)), None], "b": [None] * 34}
    plain, watched = fill(dsp, table), fill(dsp, table, stopper=threading.Event())
    np.testing.assert_array_equal(plain["b"], watched["b"])
    assert plain.report("json") == watched.report("json")

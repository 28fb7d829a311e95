import numpy as np
import pandas as pd
import polars as pl
import pytest

from thalweg.errors import TableError
from thalweg.tables import Table
from thalweg.tables.table import as_numbers


def test_numbers_become_floats_and_none_a_hole():
    table = Table({"a": [1, None, 2.5]})
    assert table["a"].dtype == np.float64
    assert table["a"].tolist()[::2] == [1.0, 2.5]
    assert table.holes("a").tolist() == [False, True, False]


def test_text_stays_text_with_none_for_its_holes():
    table = Table({"a": ["x", None, "7"]})
    assert table["a"].tolist() == ["x", None, "7"]
    assert table.holes("a").tolist() == [False, True, False]
    assert table.is_text("a")


def test_nan_is_a_hole_among_text_too():
    assert Table({"a": ["x", float("nan")]})["a"].tolist() == ["x", None]


def test_truths_are_no_numbers():
    assert Table({"a": [True, False]})["a"].tolist() == [True, False]
    assert Table({"a": np.array([True, False])}).is_text("a")


def test_whole_numbers_too_large_for_a_float_stay_as_they_are():
    assert Table({"a": [2**53 + 1, 1]})["a"].tolist() == [2**53 + 1, 1]
    assert Table({"a": np.array([2**53 + 1, 1])})["a"].tolist() == [2**53 + 1, 1]
    assert Table({"a": np.array([2**53, 1])})["a"].dtype == np.float64
    assert as_numbers([10**400]) is None


def test_cells_may_be_sequences():
    assert Table({"a": [[1, 2], (3,)]})["a"].tolist() == [[1, 2], (3,)]


def test_a_column_is_read_only_and_the_users_array_is_not():
    own = np.array([1.0, 2.0])
    table = Table({"a": own})
    with pytest.raises(ValueError, match="read-only"):
        table["a"][0] = 3.0
    own[0] = 3.0


def test_columns_must_be_as_long_as_each_other():
    with pytest.raises(TableError, match="column 'b' has 1 cells and 'a' 2"):
        Table({"a": [1, 2], "b": [1]})


@pytest.mark.parametrize("column", [np.zeros((2, 2)), "text", 3.0])
def test_a_column_has_one_dimension(column):
    with pytest.raises(TableError, match="column 'a'"):
        Table({"a": column})


def test_what_is_no_table_is_refused():
    with pytest.raises(TableError, match="a int is no table"):
        Table(3)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_data_frame_will_do(frame):
    table = Table(frame({"a": [1.0, None], "b": ["x", None], "c": [1, 2], "d": [True, False]}))
    assert table.holes("a").tolist() == [False, True]
    assert table["b"].tolist() == ["x", None]
    assert table["c"].tolist() == [1.0, 2.0]
    assert table["d"].tolist() == [True, False]


def test_pandas_own_kinds_of_nothing_are_holes():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.to_datetime(["2020-01-01", None])})
    table = Table(frame)
    assert table.holes("a").tolist() == [False, True]
    assert table["a"][0] == 1.0
    assert table.holes("b").tolist() == [False, True]


def test_a_frame_with_a_name_twice_is_refused():
    with pytest.raises(TableError, match="more than one column a"):
        Table(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_text_among_numbers_is_doubted_but_not_numbers_among_text():
    assert Table({"a": [1.0, "x", 2.0]}).doubts == {"a": (1, "x")}
    assert Table({"a": [1.0, "x", "y"]}).doubts == {}


def test_a_table_goes_back_to_pandas():
    frame = Table({"a": [1.0, None], "b": ["x", None]}).to_pandas()
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"].isna().tolist() == [False, True]


def test_a_table_shows_its_columns():
    assert repr(Table({"a": [1], "b": [2]})) == "<Table: 1 rows, columns a, b>"

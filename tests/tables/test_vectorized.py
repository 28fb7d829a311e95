"""Compiled models over columns."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest

import thalweg as tw
from thalweg.errors import BuildError, TableError, UnreachableError

ROWS = 100


def ramp(count=ROWS):
    return np.arange(1.0, count + 1)


class Spy:
    """A function that counts its calls with columns and with single values."""

    def __init__(self, function):
        self.function = function
        self.columns = self.singles = 0

    def __call__(self, *args):
        if any(isinstance(arg, np.ndarray) for arg in args):
            self.columns += 1
        else:
            self.singles += 1
        return self.function(*args)


def over(a, b):
    return a / b


def first(a, b):
    return a


def add_one(c):
    return c + 1


def above(a, b):
    return b > 10


def model(**options):
    """c is a / b where b is above 10, or dearer a where a is below 50; d is c + 1."""
    dsp = tw.Dispatcher(**options)
    dsp.add_function("over", over, ["a", "b"], ["c"], input_domain=above)
    dsp.add_function("first", first, ["a", "b"], ["c"], weight=5, input_domain=lambda a, b: a < 50)
    dsp.add_function("next", add_one, ["c"], ["d"])
    return dsp


def single(function, **options):
    dsp = tw.Dispatcher()
    dsp.add_function("f", function, ["a"], ["b"])
    return dsp.compile(["a"], ["b"], vectorize=True, **options)


# What it looks like


def test_it_has_the_signature_of_the_inputs_without_what_is_said_of_single_values():
    def power(mass: float, speed: float = 2.0) -> float:
        return mass * speed

    dsp = tw.Dispatcher()
    dsp.add_function(function=power, inputs=["mass", "top speed"], outputs=["power"])
    dsp.set_default_value("top speed", 3.0)
    function = dsp.compile(["mass", "top speed"], ["power"], vectorize=True, name="go")
    assert str(inspect.signature(function)) == "(mass, top_speed=3.0)"
    assert (function.__name__, function.inputs, function.outputs) == ("go", ("mass", "top speed"), ("power",))
    assert inspect.getsource(function) == function.source
    assert function(ramp()).tolist() == (3 * ramp()).tolist()
    assert function(top_speed=ramp(), mass=2.0).tolist() == (2 * ramp()).tolist()
    with pytest.raises(TypeError, match="missing a required argument: 'mass'"):
        function(top_speed=ramp())


def test_it_pickles():
    dsp = tw.Dispatcher()
    dsp.add_function("over", over, ["a", "b"], ["c"])
    function = pickle.loads(pickle.dumps(dsp.compile(["a"], ["c"], constants={"b": 2.0}, vectorize=True)))
    assert function([4.0, 6.0]).tolist() == [2, 3]


def test_it_is_the_model_as_it_was():
    dsp = model()
    function = dsp.compile(["a", "b"], ["d"], vectorize=True)
    dsp.add_function("cheap", lambda a, b: -1.0, ["a", "b"], ["d"])
    assert function(ramp(), 20.0).tolist() == (ramp() / 20 + 1).tolist()


# What it gives


def test_functions_of_columns_are_called_with_columns_and_the_others_row_by_row():
    whole, choice = Spy(lambda a: 2 * a), Spy(lambda b: b if b > 3 else -b)
    dsp = tw.Dispatcher()
    dsp.add_function("whole", whole, ["a"], ["b"])
    dsp.add_function("choice", choice, ["b"], ["c"])
    function = dsp.compile(["a"], ["c", "b"], vectorize=True)
    c, b = function(ramp())
    assert b.tolist() == (2 * ramp()).tolist()
    assert c.tolist() == [-2.0, *(2 * ramp())[1:].tolist()]
    assert (whole.columns, choice.columns, choice.singles) == (1, 1, ROWS)
    assert whole.singles < 10


def test_what_was_found_out_stays_for_the_next_call():
    spy = Spy(lambda a: 2 * a)
    function = single(spy)
    for _ in range(20):
        function(ramp())
    before = spy.singles
    function(ramp())
    assert (spy.singles, spy.columns) == (before + 1, 21)


def test_what_looks_at_other_rows_for_some_values_only_is_found_out_late():
    function = single(lambda a: -a if np.any(a < 0) else a)
    for _ in range(20):
        assert function(ramp()).tolist() == ramp().tolist()
    column = ramp()
    column[7] = -1
    assert function(column).tolist() == np.abs(column).tolist()


def test_long_columns_go_in_parts():
    count = 100_000
    spy = Spy(lambda a: 2 * a)
    assert np.array_equal(single(spy)(ramp(count)), 2 * ramp(count))
    assert 1 < spy.columns < 20


def test_other_rows_are_never_seen():
    function = single(lambda a: a - np.mean(a))
    assert function(ramp()).tolist() == [0.0] * ROWS


@pytest.mark.parametrize(
    ("column", "expected", "dtype"),
    [
        ([1, 2, 3], [1, 2, 3], np.int64),
        ([2**70, 1], [2**70, 1], object),
        (np.array([1, 2], np.uint8), [1, 2], np.int64),
        (np.array([1.5, 2], np.float32), [1.5, 2.0], np.float64),
        ([True, False], [True, False], np.bool_),
        ([1, 2.5], [1.0, 2.5], np.float64),
        ([1j, 2j], [1j, 2j], np.complex128),
        (["one", "two"], ["one", "two"], object),
        ([None, 1.0], [None, 1.0], object),
        ([True, 1.0], [True, 1.0], object),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], object),
        (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), None, "M8[D]"),
        (pd.Series([1.0, 2.0]), [1.0, 2.0], np.float64),
        (range(3), [0, 1, 2], np.int64),
        ((1.0, 2.0), [1.0, 2.0], np.float64),
    ],
)
def test_numbers_give_arrays_of_numbers_and_other_things_objects(column, expected, dtype):
    found = single(lambda a: a)(column)
    assert found.dtype == dtype
    assert found.tolist() == (column.tolist() if expected is None else expected)


@pytest.mark.parametrize(
    ("function", "dtype"),
    [(lambda a: a > 3, np.bool_), (np.float32, np.float32), (lambda a: f"{a}", object), (int, np.int64)],
)
def test_the_same_holds_of_what_functions_give(function, dtype):
    found = single(function)(ramp())
    assert found.dtype == dtype
    assert found.tolist() == [function(a) for a in ramp().tolist()]


def test_whole_numbers_do_not_overflow():
    found = single(lambda a: a * a)(np.full(ROWS, 2**40))
    assert found.tolist() == [2**80] * ROWS


def test_python_refuses_what_numpy_answers():
    dsp = tw.Dispatcher()
    dsp.add_function("inverse", lambda a: 1 / a, ["a"], ["b"])
    dsp.add_function("other", lambda a: -1.0, ["a"], ["b"], weight=9)
    column = ramp()
    column[7] = 0
    assert dsp.compile(["a"], ["b"], vectorize=True)(column)[7] == -1


def test_nan_is_a_value():
    column = ramp()
    column[3] = np.nan
    found = single(lambda a: 2 * a)(column)
    assert np.isnan(found[3])
    assert np.isfinite(np.delete(found, 3)).all()


def test_scalars_alone_give_what_the_plain_function_gives():
    function = model().compile(["a", "b"], ["c", "d"], vectorize=True)
    assert function(40.0, 20.0) == (2.0, 3.0)


def test_no_rows_give_no_rows():
    found = model().compile(["a", "b"], ["c", "d"], vectorize=True)([], 20.0)
    assert [array.shape for array in found] == [(0,), (0,)]


def test_a_default_that_is_a_list_is_one_value():
    dsp = tw.Dispatcher()
    dsp.add_function("pick", lambda a, table: table[int(a)], ["a", "table"], ["b"])
    dsp.set_default_value("table", [10.0, 20.0, 30.0])
    assert dsp.compile(["a", "table"], ["b"], vectorize=True)([2.0, 0.0]).tolist() == [30, 10]


def test_given_columns_stay_as_they_were_and_results_are_the_users_own():
    column = ramp()
    found = single(lambda a: a)(column)
    found += 1
    assert column.tolist() == ramp().tolist()
    column += 1


def test_what_rests_on_constants_is_computed_once():
    calls = []

    def noted(a):
        calls.append(a)
        return a + 1

    dsp = tw.Dispatcher()
    dsp.add_function("once", noted, ["fixed"], ["made"])
    dsp.add_function("twice", lambda made, free: made * free, ["made", "free"], ["both"])
    function = dsp.compile(["free"], ["both"], constants={"fixed": 1.0}, vectorize=True)
    assert function(ramp()).tolist() == function(ramp()).tolist() == (2 * ramp()).tolist()
    assert calls == [1.0]


def test_nested_models_with_gates_and_collecting_data_are_right_too():
    inner = tw.Dispatcher()
    inner.add_function("double", lambda x: 2 * x, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(inner, {"a": "x"}, {"y": "b"}, dsp_id="inner", input_domain=lambda kw: kw["a"] > 5)
    dsp.add_function("other", lambda a: -a, ["a"], ["b"], weight=9)
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("p", lambda b: b, ["b"], ["c"])
    dsp.add_function("q", lambda b: 10 * b, ["b"], ["c"])
    found = dsp.compile(["a"], ["c"], vectorize=True)(ramp(10))
    assert found.tolist() == [11 * (2 * a if a > 5 else -a) for a in range(1, 11)]


# What fails


def test_rows_that_fail_take_their_own_way():
    function = model().compile(["a", "b"], ["c", "d"], vectorize=True)
    b = np.where(ramp() < 30, 5.0, 20.0)
    c, d = function(ramp(), b)
    assert c.tolist() == [a if a < 30 else a / 20 for a in range(1, ROWS + 1)]
    assert d.tolist() == (c + 1).tolist()


def test_what_is_known_is_not_computed_again_after_a_failure():
    spy = Spy(lambda a: 2 * a)
    dsp = tw.Dispatcher()
    dsp.add_function("start", spy, ["a"], ["b"])
    dsp.add_function("root", lambda b: b + 0.5, ["b"], ["c"], input_domain=lambda b: b > 20)
    dsp.add_function("other", lambda b: -b, ["b"], ["c"], weight=9)
    found = dsp.compile(["a"], ["c"], vectorize=True)(ramp())
    assert found[:2].tolist() == [-2, -4]
    assert spy.columns == 1


def test_rows_without_a_way_are_named():
    function = model().compile(["a", "b"], ["c", "d"], vectorize=True)
    said = (
        "rows 49, 50, 51, 52, 53 and 46 more of 100 cannot have all outputs; in row 49 'c', 'd' cannot be computed "
        "from the given inputs; failed: over, first; compile with missing= to go on"
    )
    with pytest.raises(UnreachableError) as caught:
        function(ramp(), 5.0)
    assert str(caught.value) == said
    assert caught.value.rows == tuple(range(49, 100))
    assert caught.value.outputs == ("c", "d")
    assert caught.value.solution["a"] == 50.0
    again = pickle.loads(pickle.dumps(UnreachableError("no", rows=(1,))))
    assert again.rows == (1,)


def test_what_is_missing_may_have_a_value_instead():
    dsp = model()
    function = dsp.compile(["a", "b"], ["a", "d"], vectorize=True, missing=np.nan)
    a, d = function(ramp(), 5.0)
    assert a.tolist() == ramp().tolist()
    assert d[:49].tolist() == (ramp(49) + 1).tolist()
    assert np.isnan(d[49:]).all()
    assert dsp.compile(["a", "b"], ["d"], vectorize=True, missing=None)([1.0, 90.0], 5.0).tolist() == [2.0, None]


def test_without_fallback_the_error_of_the_first_row_is_raised_as_it_is():
    def picky(a):
        if a > 40:
            raise ValueError(f"{a} is too much")
        return a

    with pytest.raises(ValueError, match=r"^43\.0 is too much") as caught:
        single(picky, fallback=False)([1.0] * 20 + [43.0, 1.0, 42.0])
    assert caught.value.__notes__ == ["This was in row 20 of 23."]


def test_a_none_that_is_given_is_not_there():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    dsp.add_function("g", lambda: 7.0, [], ["b"], weight=9)
    column = [1.0, tw.NONE, *[2.0] * 20]
    assert dsp.compile(["a"], ["b"], vectorize=True)(column).tolist() == [1, 7, *[2] * 20]


def test_ways_round_failures_are_searched_once():
    function = model().compile(["a", "b"], ["d"], vectorize=True)
    b = np.where(ramp() < 30, 5.0, 20.0)
    function(ramp(), b)
    routes = len(function.func.planner)
    function(ramp(), b)
    assert len(function.func.planner) == routes == 2


# What cannot be made, or given


def test_what_cannot_be_is_refused_when_it_is_made():
    async def later(a):
        return a

    dsp = tw.Dispatcher()
    dsp.add_function("later", later, ["a"], ["b"])
    with pytest.raises(BuildError, match="to be awaited does not take columns"):
        dsp.compile(["a"], ["b"], vectorize=True)
    with pytest.raises(BuildError, match="give vectorize=True"):
        model().compile(["a", "b"], ["c"], missing=0)
    with pytest.raises(BuildError, match="leave fallback as it is"):
        model().compile(["a", "b"], ["c"], missing=0, vectorize=True, fallback=False)


def test_columns_of_different_lengths_and_shapes_are_refused():
    function = model().compile(["a", "b"], ["c"], vectorize=True)
    with pytest.raises(TableError, match="'b' has 2 rows and 'a' 3; give all the same"):
        function([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(TableError, match=r"'a' has the shape \(2, 2\)"):
        function(np.ones((2, 2)), 1.0)
    with pytest.raises(TableError, match="'a' is a masked array"):
        function(np.ma.masked_equal([1.0, 2.0], 2.0), 1.0)

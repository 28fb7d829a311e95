"""How functions are called: with columns where that is safe, and what it takes to be safe."""

import numpy as np
import pytest

from thalweg.tables.calling import Caller
from thalweg.tables.columns import Column, Constant

ROWS = 1000


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


def call(function, *args, caller=None, outputs=1, columns=None):
    values = [Column(np.array(arg)) if isinstance(arg, (list, np.ndarray)) else Constant(arg) for arg in args]
    count = next((len(arg) for arg in args if isinstance(arg, (list, np.ndarray))), ROWS)
    return (caller or Caller()).call(function, values, count, outputs=outputs, columns=columns)


def ramp(count=ROWS):
    return np.arange(1.0, count + 1)


def test_a_function_of_columns_is_called_once_and_probed():
    spy = Spy(lambda x: 2 * x)
    outcome = call(spy, ramp())
    assert outcome.outputs[0].array.tolist() == (2 * ramp()).tolist()
    assert spy.columns == 1
    assert spy.singles < 10


def test_later_groups_are_probed_less():
    caller, spy = Caller(), Spy(lambda x: 2 * x)
    call(spy, ramp(), caller=caller)
    first = spy.singles
    call(spy, ramp(), caller=caller)
    assert spy.columns == 2
    assert spy.singles - first == 3


def test_a_function_of_single_values_is_tried_with_columns_once():
    caller, spy = Caller(), Spy(lambda x: x if x > 3 else -x)
    for _ in range(3):
        assert call(spy, ramp(), caller=caller).outputs[0].array[0] == -1.0
    assert spy.columns == 1
    assert spy.singles == 3 * ROWS


def test_few_rows_are_not_worth_a_column():
    spy = Spy(lambda x: 2 * x)
    call(spy, ramp(7))
    assert (spy.columns, spy.singles) == (0, 7)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - np.mean(x),
        lambda x: x / np.max(x),
        lambda x: np.cumsum(x) if np.ndim(x) else x,
        lambda x: np.sort(x) if np.ndim(x) else x,
        lambda x: x[::-1] if np.ndim(x) else x,
        np.mean,
        lambda x: 4.0,
        lambda x: (x,),
        lambda x: x * np.ones(3) if not np.ndim(x) else x,
    ],
)
def test_what_is_no_function_of_single_rows_is_called_row_by_row(function):
    values = ramp()
    values[400] = 5000.0  # the extremes are neither first nor last nor in the middle
    values[700] = -5000.0
    outcome = call(function, values)
    expected = [function(value) for value in values.tolist()]
    assert all(np.array_equal(one, other) for one, other in zip(outcome.outputs[0].cells(), expected, strict=True))


def test_a_mean_is_not_believed_because_the_first_group_was_all_the_same():
    caller = Caller()
    call(lambda x: x - np.mean(x), np.full(ROWS, 3.0), caller=caller)
    assert not call(lambda x: x - np.mean(x), ramp(), caller=caller).outputs[0].array.any()


def test_the_same_arguments_in_all_rows_are_asked_once():
    spy = Spy(lambda x, y: x if x > y else y)
    outcome = call(spy, np.full(ROWS, 3.0), 4.0)
    assert outcome.outputs == (Constant(4.0),)
    assert spy.singles <= 2


def test_zero_and_minus_zero_are_not_the_same():
    values = np.zeros(ROWS)
    values[5] = -0.0
    assert call(np.signbit, values).outputs[0].array.tolist() == np.signbit(values).tolist()


def test_no_arguments_one_call():
    spy = Spy(lambda: 3.0)
    assert call(spy).outputs == (Constant(3.0),)
    assert spy.singles == 1


def test_a_function_may_say_that_it_takes_no_columns():
    spy = Spy(lambda x: 2 * x)
    call(spy, ramp(), columns=False)
    assert (spy.columns, spy.singles) == (0, ROWS)


def test_a_function_may_say_that_it_takes_columns_and_is_believed():
    spy = Spy(lambda x: x - np.mean(x))
    call(spy, ramp(), columns=True)
    assert (spy.columns, spy.singles) == (1, 1)  # one, to see what kind of number it gives


def test_a_function_that_writes_into_its_argument_gets_single_values():
    def function(x):
        x += 1
        return x

    values = ramp()
    assert call(function, values).outputs[0].array.tolist() == (ramp() + 1).tolist()
    assert values.tolist() == ramp().tolist()


def test_what_is_infinite_in_a_column_is_asked_again_alone():
    values = ramp()
    values[[3, 500]] = 0.0
    spy = Spy(lambda x: 1 / x)
    outcome = call(spy, values)
    assert outcome.errors == dict.fromkeys([3, 500], "ZeroDivisionError: float division by zero")
    assert spy.singles < 20


def test_an_error_that_a_column_hides_is_found_by_its_flag():
    values = ramp()
    values[[3, 500]] = 0.0
    spy = Spy(lambda x: 1 / (1 / x))
    assert set(call(spy, values).errors) == {3, 500}
    assert spy.singles < 200


def test_flags_that_mean_nothing_are_ignored():
    values = ramp() - 500
    caller, spy = Caller(), Spy(lambda x: np.where(x > 0, np.log(x), 0.0))
    for _ in range(2):
        outcome = call(spy, values, caller=caller)
        assert not outcome.errors
        assert outcome.outputs[0].array[-1] == np.log(500.0)
    assert spy.singles < 60


def test_an_infinity_that_python_gives_too_stays():
    values = ramp()
    values[7] = 1e200
    outcome = call(lambda x: x * 1e200, values)
    assert outcome.outputs[0].array[7] == np.inf
    assert not outcome.errors


def test_numpys_floats_are_passed_on_as_such():
    roots = call(np.sqrt, np.append(ramp(), 0.0)).outputs[0]
    assert roots.kind == "numpy"
    outcome = Caller().call(lambda x: 1 / x, [roots], ROWS + 1, outputs=1)
    assert not outcome.errors  # 1 / numpy.float64(0.0) is infinite, 1 / 0.0 raises
    assert outcome.outputs[0].array[-1] == np.inf


def test_a_root_of_a_negative_number_is_complex_in_python_and_so_not_for_columns():
    values = ramp()
    values[3] = -4.0
    outcome = call(lambda x: x**0.5, values)
    assert outcome.odd == [3]


def test_powers_may_differ_in_the_last_digit():
    spy = Spy(lambda x: x**2.7)
    call(spy, ramp())
    assert (spy.columns, spy.singles < 10) == (1, True)


def test_several_outputs_are_several_columns():
    first, second = call(lambda x: (x, -x), ramp(), outputs=2).outputs
    assert first.array.tolist() == ramp().tolist()
    assert second.array.tolist() == (-ramp()).tolist()


def test_a_wrong_number_of_outputs_is_odd():
    outcome = call(lambda x: (x, x) if x != 3 else (x,), ramp(10), outputs=2)
    assert outcome.odd == [2]
    assert outcome.outputs[0].array[4] == 5.0


def test_a_domain_gives_truths():
    (truths,) = call(lambda x: x > 500, ramp(), outputs=0).outputs
    assert truths.array.dtype == np.bool_
    assert truths.array.sum() == 500
    (truths,) = call(lambda x: 100 < x < 500, ramp(), outputs=0).outputs
    assert truths.array.sum() == 399


def test_a_domain_that_gives_no_truths_is_asked_row_by_row():
    (truths,) = call(lambda x: x % 2, ramp(), outputs=0).outputs
    assert truths.array.sum() == ROWS // 2


def test_text_is_looked_up_row_by_row():
    table = {"a": 1.0, "b": 2.0}
    names = np.array(["a", "b", "a", "c"] * 10, dtype=object)
    outcome = call(lambda name: table[name], names)
    assert outcome.outputs[0].array.dtype == np.float64  # what failed does not spoil the kind of the rest
    assert outcome.errors[3] == "KeyError: 'c'"


def test_whole_numbers_stay_whole():
    outcome = call(int, ramp())
    assert type(outcome.outputs[0].cells()[0]) is int


def test_an_error_leaves_nothing_behind_that_holds_frames():
    outcome = call(lambda x: 1 / (x - 1), ramp(8))
    assert outcome.errors == {0: "ZeroDivisionError: float division by zero"}


def test_an_interrupt_is_not_swallowed():
    def function(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(function, ramp())

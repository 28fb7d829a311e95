"""A vectorized model gives what its compiled function gives for each row: values, and the first error.

The models are those of `test_rows_agree`, whose functions are awkward for columns.
"""

from __future__ import annotations

import os
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import thalweg as tw
from tests.tables.test_rows_agree import DATA, NUMBERS, models, same
from thalweg.dispatcher.codegen import Nothing
from thalweg.errors import ThalwegError, UnreachableError
from thalweg.tables import vectorized

SOAK = os.environ.get("THALWEG_SOAK") == "1"
ABSENT = object()
SETTINGS = settings(
    max_examples=5000 if SOAK else 200,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def questions(draw):
    """What is asked of a model: arguments by input, constants, outputs, number of rows."""
    names = draw(st.permutations(DATA))
    some = draw(st.integers(1, 4))
    rows = draw(st.sampled_from([1, 9, 12, 20, 40]))
    column = st.lists(NUMBERS, min_size=rows, max_size=rows)
    arguments = {name: draw(st.one_of(column, column, column.map(np.array), NUMBERS)) for name in names[:some]}
    arguments[names[0]] = draw(column)
    if draw(st.integers(0, 7)) == 0:
        arguments[names[0]][draw(st.integers(0, rows - 1))] = draw(st.sampled_from([tw.NONE, 3, "text", None, np.nan]))
    constants = {names[some]: draw(NUMBERS)} if draw(st.integers(0, 3)) == 0 else {}
    rest = [name for name in names if name not in constants]
    return arguments, constants, draw(st.lists(st.sampled_from(rest), min_size=1, max_size=3, unique=True)), rows


def rows_of(arguments, count):
    """The arguments of each row, as a loop would pass them on."""
    columns = []
    for given_ in arguments.values():
        is_column = isinstance(given_, (list, np.ndarray))
        columns.append((given_ if isinstance(given_, list) else given_.tolist()) if is_column else [given_] * count)
    return list(zip(*columns, strict=True))


def attempt(function, *args):
    """What a call gives, as a tuple, or its error."""
    try:
        value = function(*args)
    except (ArithmeticError, LookupError, TypeError, ValueError, ThalwegError, Nothing) as error:
        return None, error
    return value if len(function.outputs) > 1 else (value,), None


def loop(function, rows):
    """Values of all rows by output, or the first error and its row."""
    found = []
    with np.errstate(all="ignore"):
        for number, row in enumerate(rows):
            values, error = attempt(function, *row)
            if error is not None:
                return number, error
            found.append(values)
    return None, list(zip(*found, strict=True))


def compiled(dsp, *args, **options):
    try:
        return dsp.compile(*args, **options)
    except UnreachableError:
        assume(False)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@SETTINGS
@given(models(), questions(), st.booleans(), st.sampled_from(["unreachable", True]), st.sampled_from([16, 1 << 15]))
def test_it_gives_what_a_loop_gives(dsp, question, fallback, raises, part):
    arguments, constants, outputs, count = question
    dsp.raises = raises
    options = {"constants": constants, "fallback": fallback}
    plain = compiled(dsp, list(arguments), outputs, **options)
    by_columns = compiled(dsp, list(arguments), outputs, **options, vectorize=True)
    row, expected = loop(plain, rows_of(arguments, count))
    with patch.object(vectorized, "_PART", part):
        found, error = attempt(by_columns, *arguments.values())
    if row is not None:
        assert type(error) is type(expected)
        assert str(expected) in str(error)
        if fallback and isinstance(error, UnreachableError):
            assert error.rows[0] == row
        else:
            assert error.__notes__ == [f"This was in row {row} of {count}."]
        return
    assert error is None, error
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, np.ndarray)
        assert one.shape == (count,)
        assert all(map(same, one.tolist(), other)), (one, other)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@SETTINGS
@given(models(), questions(), st.sampled_from([16, 1 << 15]))
def test_what_is_missing_is_missing_in_a_dispatch(dsp, question, part):
    arguments, constants, outputs, count = question
    by_columns = compiled(dsp, list(arguments), outputs, constants=constants, vectorize=True, missing=ABSENT)
    plan = dsp.solve((*arguments, *constants), outputs)
    with patch.object(vectorized, "_PART", part):
        values, error = attempt(by_columns, *arguments.values())
    assert error is None
    found = dict(zip(outputs, values, strict=True))
    for number, row in enumerate(rows_of(arguments, count)):
        solution = dsp.run(plan, dict(zip(arguments, row, strict=True)) | constants, raises=False)
        for name in outputs:
            if name in solution:
                assert same(found[name][number], solution[name]), (name, number)
            else:
                assert found[name][number] is ABSENT

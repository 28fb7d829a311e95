"""A filled table is what a dispatch of each row gives: same values, same providers, same holes left.

The functions are chosen to be awkward for columns: some raise for some values, some hide it, some look at the other
rows, some write into what they are given.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thalweg as tw
from thalweg.tables import fill

DATA = "abcdef"
SOAK = os.environ.get("THALWEG_SOAK") == "1"


def looks_around(x):
    return x - np.mean(x)


def sorts(x):
    return np.sort(np.atleast_1d(x))[0] if np.ndim(x) == 0 else np.sort(x)


def writes_into(x):
    x += 1
    return x


def raises_below_zero(x):
    if x < 0:
        raise ValueError(f"{x} is below 0")
    return x


def raises_below_zero_anywhere(x):
    if np.any(x < 0):
        raise ValueError("something is below 0")
    return 2.0 * x


def sometimes_nothing(x):
    return tw.NONE if x == 2 else x


def half_of_it(x, y):
    return (tw.NONE if x == 1 else x, y)


def miscounts(x):
    return (x, x, x) if x == 0 else (x, -x)


def kind_of(x):
    return "large" if x > 1 else "small"


ONE_TO_ONE = {
    "double": lambda x: 2 * x,
    "inverse": lambda x: 1 / x,
    "inverse twice": lambda x: 1 / (1 / x),
    "root": lambda x: x**0.5,
    "numpy root": np.sqrt,
    "inverse of numpy": lambda x: 1 / np.float64(x) if isinstance(x, float) else 1 / x,
    "library root": math.sqrt,
    "masked": lambda x: np.where(x > 0, np.log(np.abs(x) + (x == 0)), 0.0),
    "masked log": lambda x: np.where(x > 0, np.log(x), 0.0),
    "whole": int,
    "floor": lambda x: x // 1,
    "modulo": lambda x: x % 0.5,
    "truth": lambda x: x > 1,
    "not": lambda x: ~(x > 1),
    "large power": lambda x: (x * 1e200) ** 2.0,
    "constant": lambda x: 4.0,
    "length": lambda x: len(str(x)),
    "numpy whole": lambda x: np.int64(x) if np.ndim(x) == 0 else x.astype(np.int64),
    "pair": lambda x: (x, x),
    "nothing at all": lambda x: None,
    "kind": kind_of,
    "around": looks_around,
    "sorts": sorts,
    "writes": writes_into,
    "raises": raises_below_zero,
    "raises anywhere": raises_below_zero_anywhere,
    "sometimes nothing": sometimes_nothing,
    "vectorised": np.vectorize(lambda x: x + 1.5),
}
TWO_TO_ONE = {
    "add": lambda x, y: x + y,
    "quotient": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "parallel": lambda x, y: 1 / (1 / x + 1 / y),
    "larger": max,
    "numpy larger": np.maximum,
    "share": lambda x, y: x / np.sum(y),
}
TWO_TO_TWO = {
    "sum and difference": lambda x, y: (x + y, x - y),
    "stacked": lambda x, y: np.array([x + y, x / 2]),
    "list": lambda x, y: [x * y, 1.0],
    "half": half_of_it,
}
ONE_TO_TWO = {"miscounts": miscounts, "parts": lambda x: (x // 1, x % 1), "modf": math.modf}
DOMAINS = {
    "none": None,
    "positive": lambda x, *_: x > 0,
    "between": lambda x, *_: -1 < x < 2,
    "numpy": lambda x, *_: np.less(x, 2) & np.greater(x, -2),
    "raising": lambda x, *_: 1 / x > 0,
    "number": lambda x, *_: x,
    "text": lambda *_: "yes",
    "around": lambda x, *_: x >= np.mean(x),
}
NUMBERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, -0.0, 0.5, 1.0, 2.0, 3.0, 1e-200, 1e200, math.inf])
SHAPES = ((1, 1, ONE_TO_ONE), (1, 1, ONE_TO_ONE), (2, 1, TWO_TO_ONE), (2, 2, TWO_TO_TWO), (1, 2, ONE_TO_TWO))


def add_functions(draw, dsp, prefix, count):
    for number in range(count):
        takes, gives, choice = draw(st.sampled_from(SHAPES))
        name = draw(st.sampled_from(sorted(choice)))
        data = draw(st.permutations(DATA))
        domain = draw(st.sampled_from(sorted(DOMAINS) + ["none"] * 6))
        columns = draw(st.sampled_from([None, None, None, False]))
        dsp.add_function(
            f"{prefix}{number} {name}",
            choice[name],
            inputs=data[:takes],
            outputs=data[takes : takes + gives],
            input_domain=DOMAINS[domain],
            weight=draw(st.sampled_from([0, 0, 1, 5])),
            filters=draw(st.sampled_from([None, None, None, [np.negative], [raises_below_zero]])),
            attributes={} if columns is None else {"columns": columns},
        )


def mean(estimates):
    return sum(estimates.values()) / len(estimates)


@st.composite
def models(draw):
    dsp = tw.Dispatcher()
    for name in DATA:
        kind = draw(st.sampled_from(["plain"] * 8 + ["default", "far", "collect", "filter", "last"]))
        if kind in ("default", "far", "last"):
            distance = {"default": 0.0, "far": 3.0, "last": math.inf}[kind]
            dsp.add_data(name, default_value=draw(NUMBERS), initial_dist=distance)
        elif kind == "collect":
            dsp.add_data(name, wait_inputs=True, function=mean)
        elif kind == "filter":
            dsp.add_data(name, filters=[raises_below_zero])
        else:
            dsp.add_data(name)
    if draw(st.booleans()):
        dsp.add_function("nothing needed", lambda: 1.5, inputs=[], outputs=["f"], weight=3)
    add_functions(draw, dsp, "f", draw(st.integers(2, 7)))
    if draw(st.sampled_from([False, False, True])):
        child = tw.Dispatcher()
        for name in DATA:
            child.add_data(name)
        add_functions(draw, child, "g", 3)
        gate = draw(st.sampled_from([None, None, lambda arrived: all(value > 0 for value in arrived.values())]))
        dsp.add_dispatcher(child, ["a", "b"], ["c", "d"], dsp_id="child", input_domain=gate)
    return dsp


@st.composite
def tables(draw):
    rows = draw(st.sampled_from([1, 3, 12, 20, 40]))
    few = draw(st.sampled_from([1, 2, 3]))  # patterns of holes
    patterns = draw(st.lists(st.sets(st.sampled_from(DATA), min_size=1, max_size=5), min_size=few, max_size=few))
    picks = draw(st.lists(st.integers(0, few - 1), min_size=rows, max_size=rows))
    columns = {}
    for name in DATA:
        cells = draw(st.lists(NUMBERS, min_size=rows, max_size=rows))
        columns[name] = [None if name in patterns[pick] else cell for cell, pick in zip(cells, picks, strict=True)]
    return columns


def same(one, other):
    if isinstance(one, np.ndarray) and not one.ndim:
        one = one.item()
    if isinstance(other, np.ndarray) and not other.ndim:
        other = other.item()
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    if one is None or other is None or isinstance(one, (str, tuple)):
        return one == other
    if one == other or (one != one and other != other):
        return True
    return abs(one - other) <= 1e-12 * abs(other)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(
    max_examples=5000 if SOAK else 200,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(models(), tables(), st.sampled_from(["span", "tree"]))
def test_a_filled_table_is_what_a_dispatch_of_each_row_gives(dsp, table, objective):
    filled = fill(dsp, table, objective=objective)
    cells = {(cell.row, cell.column): cell for cell in filled.cells()}
    for row in range(len(table["a"])):
        known = {name: float(column[row]) for name, column in table.items() if column[row] is not None}
        holes = [name for name in table if name not in known]
        solution = dsp.dispatch(known, holes, raises=False, objective=objective)
        for name, value in known.items():
            assert filled[name][row] == value
        for name in holes:
            cell = cells.pop((row, name))
            assert (cell.derivation is not None) == (name in solution), (row, name, solution.errors)
            if cell.derivation is not None:
                assert same(cell.value, solution[name]), (row, name, cell, solution[name])
                assert cell.derivation.provider == solution.providers[name]
                assert cell.derivation.distance == solution.distances[name]
                assert set(cell.derivation.functions) <= set(solution.calls)
            assert {path for path, _, _ in cell.failures} <= set(solution.errors)
    assert not cells

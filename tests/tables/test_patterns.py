import numpy as np
import pytest

from thalweg.tables.patterns import find_patterns, row_numbers


def rows_by_holes(masks, count):
    return {frozenset(each.holes): row_numbers(each.rows).tolist() for each in find_patterns(masks, count)}


@pytest.mark.parametrize("columns", [1, 5, 16, 17, 33, 40])
def test_every_row_is_in_the_pattern_of_its_holes(columns):
    draw = np.random.default_rng(columns)
    kinds = draw.random((7, columns)) < 0.4
    masks = kinds[draw.integers(0, 7, 200)].T
    expected: dict[frozenset[int], list[int]] = {}
    for row in range(200):
        expected.setdefault(frozenset(np.flatnonzero(masks[:, row]).tolist()), []).append(row)
    assert rows_by_holes(dict(enumerate(masks)), 200) == expected


def test_many_patterns_are_sorted_out():
    draw = np.random.default_rng(1)
    masks = draw.random((12, 3000)) < 0.5
    found = rows_by_holes(dict(enumerate(masks)), 3000)
    assert sorted(row for rows in found.values() for row in rows) == list(range(3000))
    for holes, rows in found.items():
        assert rows == sorted(rows)
        assert all(set(np.flatnonzero(masks[:, row]).tolist()) == holes for row in rows)


def test_rows_that_stand_together_are_a_slice():
    (pattern,) = find_patterns({}, 5)
    assert pattern.rows == slice(0, 5)
    patterns = find_patterns({"a": np.array([True, True, False])}, 3)
    assert [each.rows for each in patterns] == [slice(2, 3), slice(0, 2)]


def test_no_rows_no_patterns():
    assert find_patterns({}, 0) == []

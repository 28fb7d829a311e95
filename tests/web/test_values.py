"""Every value has a form in JSON."""

import dataclasses
import datetime
import decimal
import json
import uuid

import numpy as np
import pandas as pd
import pytest

from thalweg.web.values import dump, load


class Bare:
    pass


class Mute:
    def __str__(self):
        raise RuntimeError("no text")


@dataclasses.dataclass
class Pair:
    one: float
    other: object


def within_itself():
    value = []
    value.append(value)
    return value


def object_within_itself():
    value = {"a": 1}
    value["b"] = value
    return value


def deep_objects():
    value = {"end": {}}
    value["end"]["loop"] = within_itself()
    for _ in range(2000):
        value = {"a": value}
    return value


CASES = {
    "not a number": (float("nan"), "NaN"),
    "infinite, deep within": ({"a": [float("-inf")]}, {"a": ["-Infinity"]}),
    "a long integer": (2**200, 2**200),
    "bytes": (b"\xff\xfe", "__4="),
    "a date": (datetime.date(2026, 1, 31), "2026-01-31"),
    "a time": (datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC), "2026-01-31T12:00:00Z"),
    "a duration": (datetime.timedelta(hours=1), "PT1H"),
    "a decimal": (decimal.Decimal("1.10"), "1.10"),
    "an identity": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "a record": (Pair(float("inf"), Pair(1.0, None)), {"one": "Infinity", "other": {"one": 1.0, "other": None}}),
    "a set": ({1}, [1]),
    "numbers of numpy": ([np.float32(1.5), np.int8(3), np.bool_(True)], [1.5, 3, True]),
    "an array": (np.array([[1.0, np.nan]]), [[1.0, "NaN"]]),
    "an array of times": (np.array(["2026-01-31T00:00:00.000000001"], "M8[ns]"), ["2026-01-31T00:00:00.000000001"]),
    "complex numbers": (np.array([1 + 2j]), ["1+2j"]),
    "a frame": (pd.DataFrame({"a": [1, 2]}), {"a": [1, 2]}),
    "a column": (pd.Series([1.5, 2.5]), [1.5, 2.5]),
    "an object": (Bare(), {"type": f"{__name__}.Bare"}),
    "an object without a text": (Mute(), {"type": f"{__name__}.Mute"}),
    "a list within itself": (
        {"a": 1, "b": within_itself()},
        {"a": 1, "b": {"type": "builtins.list", "text": "[[...]]"}},
    ),
    "an object within itself": (
        object_within_itself(),
        {"a": 1, "b": {"type": "builtins.dict", "text": "{'a': 1, 'b': {...}}"}},
    ),
    "half of a character": ({"a": "\ud800", "b": 2}, {"a": {"type": "builtins.str", "text": "\\ud800"}, "b": 2}),
    "keys that are no text": ({1: "a", (2, 3): "b"}, {"1": "a", "2,3": "b"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_value_and_its_form(case):
    value, form = CASES[case]
    assert json.loads(dump(value), parse_constant=pytest.fail) == form


def test_of_objects_that_are_very_deep_the_outer_ones_are_told():
    told = json.loads(dump(deep_objects()))
    for _ in range(10):
        told = told["a"]
    assert told["type"] == "builtins.dict"


@pytest.mark.parametrize("value", [-(10**5000), [[10**5000], 0.5], {"a": [[[1]]]}], ids=["long", "long within", "deep"])
def test_what_is_dumped_is_loaded(value):
    assert load(dump(value)) == value


def test_a_long_text_of_an_object_is_cut():
    assert len(json.loads(dump(range))["text"]) < 100
    assert len(json.loads(dump(type("Long", (), {"__str__": lambda self: "x" * 10**6})()))["text"]) == 1000

"""How values are read by the annotations of the functions that take them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest

import thalweg as tw
from tests.web.models import ask, problem


def taking(annotation):
    """A served model with a function that gives what it takes, as Python sees it."""
    seen = []

    def take(x):
        seen.append(x)
        return True

    take.__annotations__ = {"x": annotation}
    dsp = tw.Dispatcher(name="taking")
    dsp.add_function("take", take, ["x"], ["y"])
    return dsp.web(), seen


def read(annotation, value):
    served, seen = taking(annotation)
    response = ask(served, "/", {"inputs": {"x": value}, "outputs": ["y"]})
    assert response.status_code == 200, response.text
    return seen[0]


FAMILIES = {
    np.floating: np.float64,
    np.integer: np.int64,
    np.unsignedinteger: np.uint64,
    np.int16: np.int16,
    np.float32: np.float32,
    np.bool_: np.bool_,
    np.complexfloating: np.complex128,
}


@pytest.mark.parametrize("kind", FAMILIES)
def test_an_array_is_of_the_kind_that_is_said_or_the_usual_one_of_a_family(kind):
    array = read(npt.NDArray[kind], [1, 0, 1])
    assert array.dtype == FAMILIES[kind]
    assert array.tolist() == [1, 0, 1]


@pytest.mark.parametrize("kind", [np.number, np.generic])
def test_an_array_of_any_numbers_is_as_it_comes(kind):
    assert read(npt.NDArray[kind], [1, 2]).dtype.kind == "i"
    assert read(npt.NDArray[kind], [1, "NaN"]).dtype.kind == "f"


@pytest.mark.parametrize(("kind", "said"), [(np.floating, np.float64), (np.integer, np.int64), (np.int8, np.int8)])
def test_a_scalar_is_of_the_kind_that_is_said_or_the_usual_one_of_a_family(kind, said):
    assert type(read(kind, 1)) is said


@pytest.mark.parametrize(
    ("kind", "value"), [(np.str_, ["a", "bc"]), (np.object_, ["a", 1, None]), (np.complex128, ["1+2j"])]
)
def test_an_array_may_be_of_something_else_than_numbers(kind, value):
    array = read(npt.NDArray[kind], value)
    assert array.dtype.kind == np.dtype(kind).kind
    assert array.tolist() == [1 + 2j] if kind is np.complex128 else value


def test_an_array_of_days_is_read_from_their_texts():
    array = read(npt.NDArray[np.datetime64], ["2026-01-31"])
    assert array.tolist() == np.array(["2026-01-31"], "M8[D]").tolist()


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (npt.NDArray[np.int64], [1, 1.5]),
        (npt.NDArray[np.int64], [1, "NaN"]),
        (npt.NDArray[np.int16], [70000]),
        (npt.NDArray[np.uint8], [-1]),
        (npt.NDArray[np.bool_], [2]),
        (npt.NDArray[np.float32], [1e300]),
        (np.float32, 1e300),
        (Iterable[int], ["one"]),
        (dict[int, float], {"one": 1.0}),
        (dict[int, float], {"1.5": 1.0}),
    ],
)
def test_a_value_that_its_kind_does_not_have_is_refused_not_made_into_another(annotation, value):
    served, seen = taking(annotation)
    told = problem(ask(served, "/", {"inputs": {"x": value}}), 422, "unfit")
    assert told["errors"][0]["pointer"].startswith("/inputs/x")
    assert not seen


@pytest.mark.parametrize("annotation", [Iterable[float], Iterable, Collection[float]])
def test_what_is_to_be_iterated_can_be_so_by_each_of_its_consumers(annotation):
    def total(x):
        return sum(x)

    total.__annotations__ = {"x": annotation}
    dsp = tw.Dispatcher(name="twice")
    dsp.add_function("total", total, ["x"], ["sum"])
    dsp.add_function("total again", total, ["x"], ["sum again"])
    told = ask(dsp.web(), "/", {"inputs": {"x": [1, 2]}, "outputs": ["sum", "sum again"]}).json()
    assert told["return"] == {"sum": 3, "sum again": 3}


@pytest.mark.parametrize(
    ("annotation", "value", "seen"),
    [
        (dict[int, float], {"1": 2.0}, {1: 2.0}),
        (dict[float, int], {"1.5": 2}, {1.5: 2}),
        (Mapping[int, str], {"-3": "a"}, {-3: "a"}),
        (Mapping[str, float], {"a": "Infinity"}, {"a": float("inf")}),
        (Sequence[float], ["-Infinity", 1], [float("-inf"), 1.0]),
    ],
)
def test_members_are_read_as_values_are_and_numbers_also_as_names(annotation, value, seen):
    assert read(annotation, value) == seen
    served, _ = taking(annotation)
    assert ask(served, "/", {"inputs": {"x": value}, "outputs": ["x"]}).json()["return"]["x"] == value


def test_the_schema_of_whole_numbers_in_an_array_says_so():
    served, _ = taking(npt.NDArray[np.int8])
    schema = served.describe()["components"]["schemas"]["Data_of_taking"]["properties"]["x"]
    item = {"type": "integer", "minimum": -128, "maximum": 127}
    assert schema["anyOf"][0] == {"items": {"anyOf": [item]}}

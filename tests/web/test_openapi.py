"""The description of a served model is true: what it allows is answered as it says, what it does not is refused."""

from __future__ import annotations

import pytest
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

import thalweg as tw
from tests.web.conftest import DESCRIBING
from tests.web.models import ask, body, kinds
from thalweg.web import Limits
from thalweg.web.filling import KINDS


@schemathesis.serializer(*(kind for kind, ending in KINDS.items() if ending in (".parquet", ".xlsx")))
def as_bytes(_, value):
    return value if isinstance(value, bytes) else str(value).encode()


SERVED = kinds().web(insecure=True, limits=Limits(runs_waiting=10**6, runs_kept=10))
DESCRIBED = schemathesis.openapi.from_asgi("/openapi.json", SERVED)


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()


def test_it_is_a_document_of_openapi():
    DESCRIBED.validate()
    schemathesis.openapi.from_dict(body().web().describe()).validate()
    assert len(list(DESCRIBED.get_all_operations())) == 19


@DESCRIBED.parametrize()
@DESCRIBING
def test_what_it_says_is_true(case):
    """What fits is accepted but for what no schema can say."""
    case.call_and_validate(excluded_checks=[] if is_said(case) else [positive_data_acceptance])


def is_said(case):
    """Does the schema say all?  Not if the time is enough, what was given, how long rows are, what is a table."""
    body = case.body
    if case.path == "/fill" or not isinstance(body, dict):
        return case.path != "/fill"
    array = body.get("inputs", {}).get("array", []) if isinstance(body.get("inputs", {}), dict) else []
    has_rows = isinstance(array, list) and any(isinstance(each, list) for each in array)
    return not has_rows and not {"args", "kwargs", "timeout", "inputs_dist"} & body.keys()


def test_each_datum_has_the_schema_of_its_annotation():
    properties = kinds().web().describe()["components"]["schemas"]["Data_of_kinds"]["properties"]
    assert properties["point"] == {
        "$ref": "#/components/schemas/Point",
        "default": {"x": 3, "y": 4},
        "title": "point",
    }
    assert properties["day"] == {"type": "string", "format": "date", "default": "2026-01-31", "title": "day"}
    assert properties["days"] == {"type": "integer", "minimum": -500, "maximum": 500, "default": 1, "title": "days"}
    assert properties["number"] == {"type": "number", "exclusiveMinimum": 0, "default": 4.0, "title": "number"}
    assert properties["array"]["type"] == "array"
    assert properties["colour"]["$ref"] == "#/components/schemas/Colour"
    assert properties["side"]["enum"] == ["left", "right"]
    assert properties["flags"]["items"] == {"type": "boolean"}


def test_units_descriptions_and_what_mounted_models_say_are_in_the_schema():
    told = body().web().describe()["components"]["schemas"]["Data_of_body"]["properties"]
    number = [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"], "type": "string"}]
    assert told["volume"] == {
        "anyOf": number,
        "title": "volume",
        "description": "how much room it takes",
        "x-unit": "m3",
    }
    assert told["temperature"]["anyOf"] == number  # as the function of the model within takes it
    assert told["density"]["anyOf"] == number


def test_the_attribute_type_goes_before_annotations():
    dsp = tw.Dispatcher(name="typed")
    dsp.add_function("f", lambda x: x, ["x"], ["y"])
    dsp.add_data("x", attributes={"type": list[int]})
    told = dsp.web().describe()["components"]["schemas"]["Data_of_typed"]["properties"]
    assert told == {"x": {"type": "array", "items": {"type": "integer"}, "title": "x"}, "y": {"title": "y"}}
    assert ask(dsp.web(), "/", {"inputs": {"x": [1.0, 2]}}).json()["return"]["y"] == [1, 2]
    assert ask(dsp.web(), "/", {"inputs": {"x": [1.5]}}).status_code == 422


def test_a_guarded_model_says_that_it_needs_a_token():
    told = body().web(token="a-token-of-enough-characters").describe()
    assert told["security"] == [{"token": []}]
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "security" not in body().web().describe()

"""The document that says what there is (OpenAPI 3.1): every address, every datum with its schema.

The schemas are those by which requests are checked: both are made of the same types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from .exposure import ServedModel
from .problems import MEDIA_TYPE
from .questions import POSITIONAL, FunctionForm, ModelForm, data_type, typed_dict
from .schema import Kinds, as_json

__all__ = ["document"]

_REFERENCE = "#/components/schemas/{model}"
_STATUSES = {
    "400": "It is no JSON, or a parameter is wrong",
    "401": "A token is missing or wrong",
    "404": "There is no such run",
    "403": "It comes from elsewhere, and no token guards the model",
    "408": "The body did not come in time",
    "413": "The body is too long",
    "415": "The body is not said to be JSON",
    "421": "The Host is none of this server's",
    "422": "It is understood, and cannot be answered",
    "429": "As many requests are at work, and wait, as there may be",
    "500": "The server failed",
    "503": "The server is being shut down",
    "504": "The run took longer than it may",
}
_ASKING = [each for each in _STATUSES if each != "404"]
_LOOKING = ("400", "401", "403", "421", "500")
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457)",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "title", "status", "detail"],
}
_RUN = {
    "type": "object",
    "title": "Run",
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["waiting", "running", "done", "failed", "cancelled", "interrupted"]},
        "created": {"type": "number", "description": "seconds since 1970"},
        "began": {"type": ["number", "null"]},
        "ended": {"type": ["number", "null"]},
        "url": {"type": "string"},
        "events": {"type": "string"},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
    "required": ["id", "state", "created", "began", "ended", "url", "events"],
}
_DATA = {
    "name": "data",
    "in": "query",
    "description": "which members of the answer are wanted",
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "items": {"enum": ["input", "return", "errors", "explain"]}, "minItems": 1},
}
_RUN_ID = {"name": "run", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}


class _Schemas:
    """Types of bodies and answers, to be made into schemas together."""

    def __init__(self) -> None:
        self.types: dict[str, tuple[Any, Any]] = {}

    def add(self, name: str, kind: Any, mode: str = "validation") -> dict[str, str]:
        """A type under a name; the reference to it."""
        self.types[name] = (TypeAdapter(kind), mode)
        return {"$ref": f"#/components/schemas/{name}"}

    def made(self) -> dict[str, Any]:
        """All schemas by name."""
        wanted = [(name, mode, adapter) for name, (adapter, mode) in self.types.items()]
        by_name, shared = TypeAdapter.json_schemas(wanted, ref_template=_REFERENCE)
        made: dict[str, Any] = dict(shared.get("$defs", {}))
        made |= {name: schema for (name, _), schema in by_name.items()}
        return made | {"Problem": _PROBLEM, "Run": _RUN}


def document(
    forms: Mapping[str, ModelForm | FunctionForm],
    kinds: Mapping[int, Kinds],
    root: ServedModel,
    *,
    server: str,
    is_guarded: bool,
) -> dict[str, Any]:
    """The document of an application.

    Parameters
    ----------
    forms : mapping
        How each address reads bodies.
    kinds : mapping
        As `thalweg.web.schema.kinds_of` gives them.
    root : ServedModel
    server : str
        Where the application stands, such as ``"/model"``.
    is_guarded : bool
        Does it need a token?
    """
    schemas = _Schemas()
    paths: dict[str, Any] = {}
    for number, (path, form) in enumerate(forms.items()):
        if isinstance(form, ModelForm):
            operation = _of_model(schemas, number, form, kinds[id(form.model.dsp)])
        else:
            operation = _of_function(schemas, number, form)
        operation["operationId"] = f"call_{number}"
        paths["/" + quote(path)] = {"post": operation}
        if number == 0:
            paths["/"] = {"post": {**operation, "operationId": "call"}}
    paths |= _of_runs(paths["/"]["post"])
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": root.dsp.name or "model", "version": "1", "description": root.dsp.description},
        "servers": [{"url": server or "/"}],
        "paths": paths,
        "components": {"schemas": schemas.made()},
    }
    if is_guarded:
        told["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{"token": []}]
    return told


def _operation(summary: str, description: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "description": description,
        "parameters": [_DATA],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": _responses("200", "The answer", answer, _ASKING),
    }


def _responses(status: str, description: str, answer: dict[str, Any], others: Any) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said: dict[str, Any] = {status: {"description": description, "content": {"application/json": {"schema": answer}}}}
    return said | {each: {"description": _STATUSES[each], "content": problem} for each in others}


def _either(plain: dict[str, Any], called: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [plain, called]}


def _answer(returned: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "return": returned,
            "input": {"type": "object"},
            "errors": {"type": "array", "items": {"type": "object"}},
            "explain": {"type": "object"},
        },
        "additionalProperties": False,
    }


def _object(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return told | ({"required": list(required)} if required else {})


def _of_model(schemas: _Schemas, number: int, form: ModelForm, kinds: Kinds) -> dict[str, Any]:
    model = form.model
    fields = {name: schemas.add(f"Model{number}_{name}", kind) for name, kind in form.fields.items()}
    called = _object(
        {
            "args": {
                "type": "array",
                "prefixItems": [fields[name] for name in POSITIONAL],
                "maxItems": len(POSITIONAL),
            },
            "kwargs": _object({name: said for name, said in fields.items() if name != "timeout"}),
            "timeout": fields["timeout"],
        }
    )
    nodes = model.dsp.data_nodes
    shown = {text: data_type(kinds.shown.get(name, Any), nodes[name]) for text, name in model.data.items()}
    returned = schemas.add(f"Model{number}_return", typed_dict("Return", shown), "serialization")
    name = model.path.rpartition("/")[2]
    text = model.dsp.description or f"Compute what is wanted by {name}, from what is given"
    return _operation(f"Ask {name}", text, _either(_object(fields), called), _answer(returned))


def _of_function(schemas: _Schemas, number: int, form: FunctionForm) -> dict[str, Any]:
    function = form.function
    inputs = schemas.add(f"Function{number}_inputs", form.inputs)
    seconds = schemas.add(f"Function{number}_timeout", form.fields["timeout"])
    loose = schemas.add(f"Function{number}_kwargs", form.optional)
    kinds = form.optional.__annotations__.values()
    members = [schemas.add(f"Function{number}_args_{place}", kind) for place, kind in enumerate(kinds)]
    arguments = (
        {"type": "array", "prefixItems": members, "maxItems": len(members)}
        if members
        else {"type": "array", "maxItems": 0}
    )
    plain = _object({"inputs": inputs, "timeout": seconds}, ("inputs",) if function.required else ())
    called = _object({"args": arguments, "kwargs": loose, "timeout": seconds})
    returned = schemas.add(f"Function{number}_return", as_json(form.gives), "serialization")
    name = str(function.node.id)
    return _operation(f"Call {name}", function.node.description, _either(plain, called), _answer(returned))


def _of_runs(asked: dict[str, Any]) -> dict[str, Any]:
    run = {"$ref": "#/components/schemas/Run"}
    started = {
        "operationId": "start_run",
        "summary": "Start a long run",
        "requestBody": asked["requestBody"],
        "responses": _responses("202", "It is accepted", run, [each for each in _ASKING if each != "504"]),
    }
    started["responses"]["202"]["headers"] = {"Location": {"schema": {"type": "string"}}}
    runs = {"type": "object", "properties": {"runs": {"type": "array", "items": run}}, "required": ["runs"]}
    listed = {
        "operationId": "list_runs",
        "summary": "The latest long runs",
        "responses": _responses("200", "Newest first", runs, _LOOKING),
    }
    one = (*_LOOKING, "404")
    seen = {
        "operationId": "get_run",
        "summary": "How a long run stands, and what came of it",
        "parameters": [_RUN_ID, _DATA],
        "responses": _responses("200", "The run", run, one),
    }
    ended = {
        "operationId": "cancel_run",
        "summary": "Cancel a long run",
        "parameters": [_RUN_ID],
        "responses": _responses("200", "The run", run, one),
    }
    followed: dict[str, Any] = {
        "operationId": "follow_run",
        "summary": "The events of a long run as they come (server-sent events)",
        "parameters": [
            _RUN_ID,
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": "read from behind it",
            },
        ],
        "responses": _responses("200", "Events", {"type": "string"}, (*one, "429")),
    }
    content = followed["responses"]["200"]["content"]
    content["text/event-stream"] = content.pop("application/json")
    return {
        "/runs": {"post": started, "get": listed},
        "/runs/{run}": {"get": seen, "delete": ended},
        "/runs/{run}/events": {"get": followed},
    }

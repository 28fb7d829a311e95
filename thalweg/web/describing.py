"""Parts of the description of a served model: schemas made together, answers with their statuses, objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from .problems import MEDIA_TYPE

__all__ = ["ASKING", "DATA", "LOOKING", "Schemas", "object_of", "responses"]

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
ASKING = [each for each in _STATUSES if each != "404"]
LOOKING = ("400", "401", "403", "421", "500")
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
DATA = {
    "name": "data",
    "in": "query",
    "description": "which members of the answer are wanted",
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "items": {"enum": ["input", "return", "errors", "explain"]}, "minItems": 1},
}


class Schemas:
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


def responses(status: str, description: str, answer: dict[str, Any], others: Any) -> dict[str, Any]:
    """What comes back: an answer with its status, or one of other statuses with a problem."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said: dict[str, Any] = {status: {"description": description, "content": {"application/json": {"schema": answer}}}}
    return said | {each: {"description": _STATUSES[each], "content": problem} for each in others}


def object_of(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The schema of an object with these members and no others."""
    told: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return told | ({"required": list(required)} if required else {})

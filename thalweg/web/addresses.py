"""The addresses of a server that are no model's and no function's: runs, what is asked ahead, pictures, tables."""

from __future__ import annotations

from typing import Any

from .ahead import AheadForm
from .describing import ASKING, DATA, LOOKING, Schemas, object_of, responses
from .drawing import DIRECTIONS
from .filling import KINDS, PARTS
from .questions import ModelForm

__all__ = ["of_page", "of_runs"]

_DIRECTION = {
    "name": "direction",
    "in": "query",
    "description": "where arrows lead: to the right, or down",
    "schema": {"enum": list(DIRECTIONS)},
}
_NAMES = {"type": "array", "items": {"type": "string"}}
_MISSING = {
    "type": "object",
    "properties": {
        "is_enough": {"type": "boolean"},
        "missing": {"type": "array", "items": _NAMES, "description": "sets of data that would do, cheapest first"},
    },
    "required": ["is_enough", "missing"],
}
_PLAN = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "description": "of calls, with those of functions that are not exposed"},
        "calls": {**_NAMES, "description": "functions that would be called, in order"},
        "data": {"type": "object", "description": "of each datum what would give it, and at which distance"},
        "unreachable": {**_NAMES, "description": "what is wanted and cannot be had"},
    },
    "required": ["count", "calls", "data", "unreachable"],
}
_AHEAD = {
    "missing": "What must still be given, so that what is wanted can be computed",
    "plan": "Which functions would be called, and none is",
    "drawing": "What would be done, to be laid over the picture of the model",
}
_CELL = {"type": ["number", "string", "boolean", "null"]}
_COLUMNS = {"type": "object", "additionalProperties": {"type": "array", "items": _CELL}, "minProperties": 1}
_ROWS = {"type": "array", "items": {"type": "object", "additionalProperties": _CELL}, "minItems": 1}
_TABLE = {"anyOf": [_COLUMNS, _ROWS]}
_FILLED = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "rows": {"type": "integer"},
        "filled": {"type": "integer"},
        "open": {"type": "integer"},
        "columns": {"type": "array", "items": {"type": "object"}},
        "groups": {"type": "array", "items": {"type": "object"}, "description": "cells that came about in one way"},
        "report": {"type": "string"},
        "cells": {"type": "string", "description": "a line of CSV for each cell that was a hole"},
        "file": {"type": "object"},
    },
    "required": ["summary", "rows", "filled", "open"],
}
RUN_ID = {"name": "run", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}


def of_runs(asked: dict[str, Any]) -> dict[str, Any]:
    """Long runs, which are asked as the model is."""
    run = {"$ref": "#/components/schemas/Run"}
    started = {
        "operationId": "start_run",
        "summary": "Start a long run",
        "requestBody": asked["requestBody"],
        "responses": responses("202", "It is accepted", run, [each for each in ASKING if each != "504"]),
    }
    started["responses"]["202"]["headers"] = {"Location": {"schema": {"type": "string"}}}
    runs = {"type": "object", "properties": {"runs": {"type": "array", "items": run}}, "required": ["runs"]}
    listed = {
        "operationId": "list_runs",
        "summary": "The latest long runs",
        "responses": responses("200", "Newest first", runs, LOOKING),
    }
    one = (*LOOKING, "404")
    seen = {
        "operationId": "get_run",
        "summary": "How a long run stands, and what came of it",
        "parameters": [RUN_ID, DATA],
        "responses": responses("200", "The run", run, one),
    }
    ended = {
        "operationId": "cancel_run",
        "summary": "Cancel a long run",
        "parameters": [RUN_ID],
        "responses": responses("200", "The run", run, one),
    }
    followed: dict[str, Any] = {
        "operationId": "follow_run",
        "summary": "The events of a long run as they come (server-sent events)",
        "parameters": [
            RUN_ID,
            {
                "name": "Last-Event-ID",
                "in": "header",
                "schema": {"type": "string"},
                "description": "read from behind it",
            },
        ],
        "responses": responses("200", "Events", {"type": "string"}, (*one, "429")),
    }
    content = followed["responses"]["200"]["content"]
    content["text/event-stream"] = content.pop("application/json")
    followed["responses"]["204"] = {"description": "It has ended, and all events are known by `Last-Event-ID`"}
    return {
        "/runs": {"post": started, "get": listed},
        "/runs/{run}": {"get": seen, "delete": ended},
        "/runs/{run}/events": {"get": followed},
    }


def of_page(schemas: Schemas, form: ModelForm) -> dict[str, Any]:
    """What the page asks besides, which is of use to programs, too: what is missing, which way, pictures, tables."""
    found: dict[str, Any] = {
        "/": {"get": _shown()},
        "/missing": {"post": _asked_ahead(schemas, "missing", AheadForm(form, is_missing=True), _MISSING)},
        "/plan": {"post": _asked_ahead(schemas, "plan", AheadForm(form), _PLAN)},
        "/drawing": {"get": _drawn(), "post": _asked_ahead(schemas, "drawing", AheadForm(form), {"type": "object"})},
        "/runs/{run}/drawing": {"get": _drawn(run=True)},
        "/fill": {"post": _filled()},
    }
    found["/drawing"]["post"]["parameters"] = [_DIRECTION]
    return found


def _shown() -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": "show",
        "summary": "The page for people, and this description for programs, as Accept says",
        "responses": responses("200", "The page or the description", {"type": "object"}, LOOKING),
    }
    told["responses"]["200"]["content"]["text/html"] = {"schema": {"type": "string"}}
    return told


def _asked_ahead(schemas: Schemas, name: str, form: AheadForm, answer: dict[str, Any]) -> dict[str, Any]:
    fields = {member: schemas.add(f"{name}_{member}", kind) for member, kind in form.types.items()}
    required = ("outputs",) if form.is_missing else ()
    return {
        "operationId": f"ask_{name}",
        "summary": _AHEAD[name],
        "requestBody": {"required": True, "content": {"application/json": {"schema": object_of(fields, required)}}},
        "responses": responses("200", "The answer", answer, ASKING),
    }


def _drawn(*, run: bool = False) -> dict[str, Any]:
    others = (*LOOKING, "429", "504", *(("404",) if run else ()))
    return {
        "operationId": "get_run_drawing" if run else "get_drawing",
        "summary": "What a long run did, to be laid over the picture of the model" if run else "The model, laid out",
        "parameters": [*((RUN_ID,) if run else ()), _DIRECTION],
        "responses": responses("200", "What the page draws", {"type": "object"}, others),
    }


def _filled() -> dict[str, Any]:
    file = {"schema": {"type": "string", "format": "binary"}}
    content = dict.fromkeys(KINDS, file) | {"application/json": {"schema": _TABLE}}
    names = {"type": "array", "items": {"type": "string"}}
    said = {
        "only": ("columns to be filled, and no others", names),
        "add": ("columns to be filled that the table lacks", names),
        "keep": ("columns that may be strangers to the model; * for all", names),
        "sheet": ("of a workbook, the first by default", {"type": "string"}),
        "rows": ("how many rows the answer tells of", {"type": "integer", "minimum": 0, "maximum": 999_999}),
    }
    parts = {**DATA, "schema": {"type": "array", "items": {"enum": list(PARTS)}, "minItems": 1}}
    told: dict[str, Any] = {
        "operationId": "fill_table",
        "summary": "Fill the holes of a table, row by row",
        "description": "The body is the file; the answer is JSON, or the filled table in the kind that Accept asks for",
        "parameters": [
            parts,
            *(
                {"name": name, "in": "query", "description": text, "schema": schema}
                for name, (text, schema) in said.items()
            ),
        ],
        "requestBody": {"required": True, "content": content},
        "responses": responses("200", "The filled table", _FILLED, ASKING),
    }
    files = {kind: file for kind in KINDS if kind != "application/json"}
    told["responses"]["200"]["content"] |= files
    return told

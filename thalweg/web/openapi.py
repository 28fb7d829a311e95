"""The document that says what there is (OpenAPI 3.1): every address, every datum with its schema.

The schemas are those by which requests are checked: both are made of the same types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .addresses import of_page, of_runs
from .describing import ASKING, DATA, Schemas, object_of, responses
from .exposure import ServedModel
from .questions import POSITIONAL, FunctionForm, ModelForm, data_type, typed_dict
from .schema import Kinds, as_json

__all__ = ["document"]


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
    schemas = Schemas()
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
    paths |= of_runs(paths["/"]["post"])
    root_form = next(iter(forms.values()))
    assert isinstance(root_form, ModelForm)
    for address, operations in of_page(schemas, root_form).items():
        paths.setdefault(address, {}).update(operations)
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
        "parameters": [DATA],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses("200", "The answer", answer, ASKING),
    }


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


def _of_model(schemas: Schemas, number: int, form: ModelForm, kinds: Kinds) -> dict[str, Any]:
    model = form.model
    fields = {name: schemas.add(f"Model{number}_{name}", kind) for name, kind in form.fields.items()}
    called = object_of(
        {
            "args": {
                "type": "array",
                "prefixItems": [fields[name] for name in POSITIONAL],
                "maxItems": len(POSITIONAL),
            },
            "kwargs": object_of({name: said for name, said in fields.items() if name != "timeout"}),
            "timeout": fields["timeout"],
        }
    )
    nodes = model.dsp.data_nodes
    shown = {text: data_type(kinds.shown.get(name, Any), nodes[name]) for text, name in model.data.items()}
    returned = schemas.add(f"Model{number}_return", typed_dict("Return", shown), "serialization")
    name = model.path.rpartition("/")[2]
    text = model.dsp.description or f"Compute what is wanted by {name}, from what is given"
    return _operation(f"Ask {name}", text, _either(object_of(fields), called), _answer(returned))


def _of_function(schemas: Schemas, number: int, form: FunctionForm) -> dict[str, Any]:
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
    plain = object_of({"inputs": inputs, "timeout": seconds}, ("inputs",) if function.required else ())
    called = object_of({"args": arguments, "kwargs": loose, "timeout": seconds})
    returned = schemas.add(f"Function{number}_return", as_json(form.gives), "serialization")
    name = str(function.node.id)
    return _operation(f"Call {name}", function.node.description, _either(plain, called), _answer(returned))

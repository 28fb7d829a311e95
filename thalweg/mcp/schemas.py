"""What each tool takes and gives, as JSON Schema, and what its words say to whoever chooses among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ..web.questions import ModelForm, typed_dict

__all__ = ["Tool", "tools_of"]

_NAMES = {"type": "array", "items": {"type": "string"}}
_TEXT = {"type": "string"}
_NUMBER = {"anyOf": [{"type": "number"}, _TEXT]}  # what is no finite number is a text
_ANY_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": _ANY_OBJECT}


@dataclass(frozen=True, slots=True)
class Tool:
    """A question that can be asked.

    Attributes
    ----------
    name : str
    title : str
    description : str
    takes, gives : dict
        JSON Schema of the arguments, and of the answer.
    calls : bool
        Are functions of the model called for it?
    """

    name: str
    title: str
    description: str
    takes: dict[str, Any]
    gives: dict[str, Any]
    calls: bool = False


def tools_of(form: ModelForm) -> dict[str, Tool]:
    """The tools for a model, by name.

    Parameters
    ----------
    form : ModelForm
        How the model is asked.
    """
    data = _names_schema(form.model.data)
    wanted = _names_schema(form.wanted)
    objective = {"enum": ["span", "tree"], "description": "shortest longest chain, or smallest derivation tree"}
    asked = {name: form.fields[name] for name in ("inputs", "outputs", "objective", "timeout")}
    question = TypeAdapter(typed_dict("question", asked)).json_schema()
    tools = (
        Tool(
            "describe",
            "What the model knows",
            "All data of the model with their units, meanings, kinds and defaults, and its functions with what they "
            "take and give. Ask this first. Nothing is computed.",
            _object({"names": data | {"description": "only these data"}}),
            _object(
                {
                    "model": _TEXT,
                    "description": _TEXT,
                    "data": _ANY_OBJECT,
                    "functions": _ANY_OBJECT,
                    "$defs": _ANY_OBJECT,
                }
            ),
        ),
        Tool(
            "reachable",
            "What can be computed from what",
            "Which data could be computed if these were known, by which functions, and how far away they are by the "
            "weights of the model. Values are not needed, and nothing is computed.",
            _object({"inputs": data | {"description": "names of known data"}, "objective": objective}, ("inputs",)),
            _object({"computable": _ANY_OBJECT, "calls": _NAMES, "out_of_reach": _NAMES}),
        ),
        Tool(
            "compute",
            "Compute",
            "Computes the outputs from the inputs by the cheapest way, and takes another way where a function fails. "
            "Without outputs everything that can be had is computed.",
            question,
            _object({"values": _ANY_OBJECT, "failures": _OBJECTS}),
            calls=True,
        ),
        Tool(
            "explain",
            "Compute, and say why so",
            "As compute, and says of each value what gave it, from what, and why nothing else did.",
            question,
            _object({"values": _ANY_OBJECT, "failures": _OBJECTS, "explanations": _ANY_OBJECT}),
            calls=True,
        ),
        Tool(
            "missing",
            "What else must be known",
            "The cheapest sets of further data with which the outputs could be computed; one empty set if nothing is "
            "missing, none if nothing helps. Nothing is computed.",
            _object(
                {
                    "outputs": wanted | {"minItems": 1, "description": "names of wanted data"},
                    "inputs": data | {"description": "names of known data"},
                    "k": {"type": "integer", "minimum": 1, "maximum": 100, "description": "so many sets at most"},
                },
                ("outputs",),
            ),
            _object({"missing": {"type": "array", "items": _NAMES}}),
        ),
    )
    return {tool.name: tool for tool in tools}


def _names_schema(known: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(known)} if known else {"type": "string", "maxLength": 0}}


def _object(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}

"""What a request asks: bodies are read, checked against the schema of what is asked, and brought into one form.

A model is asked ``{"inputs": {...}, "outputs": [...]}``, a function ``{"inputs": {...}}``; both also understand
``{"args": [...], "kwargs": {...}}``, with the arguments of `Dispatcher.dispatch`, or the inputs of the function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from ..dispatcher.nodes import DataNode, NodeId
from ..errors import near_misses
from ..tokens import EMPTY
from .exposure import ServedFunction, ServedModel
from .problems import Problem
from .schema import Kinds, as_json, of_function
from .values import dump, load

__all__ = ["POSITIONAL", "Form", "FunctionForm", "ModelForm", "Question", "data_type", "one_of", "typed_dict"]

CONFIG = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
POSITIONAL = ("inputs", "outputs", "inputs_dist", "wildcard")  # of `Dispatcher.dispatch`


class Question:
    """What is asked, in the ids of the model.

    Attributes
    ----------
    inputs : dict
    outputs : list or None
    options : dict
        Further options of `Dispatcher.dispatch`.
    seconds : float or None
        How long the client wants to wait.
    asked : dict
        The same as it was asked, for the answer.
    """

    __slots__ = ("asked", "inputs", "options", "outputs", "seconds")

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.inputs: dict[NodeId, Any] = {}
        self.outputs: list[NodeId] | None = None
        self.options: dict[str, Any] = {}
        self.seconds: float | None = asked.get("timeout")


def typed_dict(name: str, fields: Mapping[str, Any], *, total: bool = False) -> Any:
    """A type of JSON objects with these members and no others."""
    kind = cast("Any", TypedDict)(name, dict(fields), total=total)
    kind.__pydantic_config__ = CONFIG
    return kind


def data_type(annotation: Any, node: DataNode | None) -> Any:
    """The type of a datum in JSON, with what is known of it besides."""
    said: dict[str, Any] = {}
    if node is not None:
        unit = node.attributes.get("unit")
        extra = {"x-unit": str(unit)} if unit else {}
        if node.default_value is not EMPTY:
            extra["default"] = load(dump(node.default_value))
        said = {"description": node.description or None, "json_schema_extra": extra}
    title = str(node.id) if node is not None else None
    return Annotated[as_json(annotation), Field(title=title, **said)]


def one_of(names: Iterable[str]) -> Any:
    """The type of a text that is one of these names."""
    known = tuple(names)
    return Literal[known] if known else Annotated[str, Field(min_length=1, max_length=0)]


_DISTANCE: Any = as_json(float)
_SECONDS: Any = Annotated[float, Field(gt=0, description="how long the answer may take to compute [s]")]
_LOOSE = {"args": list[Any], "kwargs": dict[str, Any]}


class Form:
    """How one address reads bodies.

    Parameters
    ----------
    fields : mapping of str to object
        Types of the members of a body.
    is_called : bool, optional
        Does it understand ``args`` and ``kwargs``, too?
    """

    positional: tuple[str, ...] = ()

    def __init__(self, fields: Mapping[str, Any], *, is_called: bool = True) -> None:
        members = {**fields, **_LOOSE} if is_called else fields
        self.adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(typed_dict("Question", members))

    def plain(self, body: bytes) -> dict[str, Any]:
        """The body, checked, in the plain form.

        Raises
        ------
        Problem
            It is no JSON, or does not fit the schema.
        """
        try:
            asked = self.adapter.validate_json(body, strict=True)
            if "args" not in asked and "kwargs" not in asked:
                return asked
        except ValidationError as error:
            raise self.refusal(error, body) from None
        body, places = self.from_call(asked)
        try:
            return self.adapter.validate_json(body, strict=True)
        except ValidationError as error:
            raise self.refusal(error, body, places) from None

    def from_call(self, asked: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """The plain form of arguments, and where each of its members came from."""
        args, kwargs = asked.pop("args", []), asked.pop("kwargs", {})
        if asked.keys() - {"timeout"}:
            raise _unfit("/", "give args and kwargs, or what stands beside them, not both")
        if len(args) > len(self.positional):
            raise _unfit("/args", f"there are {len(args)}, and at most {len(self.positional)} are taken")
        members = dict(zip(self.positional, args, strict=False))
        places = {name: f"/args/{place}" for place, name in enumerate(members)}
        for name, value in kwargs.items():
            if name in members:
                raise _unfit(f"/kwargs/{_escaped(name)}", f"{name!r} is given twice; give it once")
            members[name] = value
            places[name] = f"/kwargs/{_escaped(name)}"
        return to_json(self.around(members, asked), inf_nan_mode="constants"), places

    def around(self, members: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
        """The plain form with these arguments."""
        raise NotImplementedError

    def refusal(self, error: ValidationError, body: bytes, places: Mapping[str, str] | None = None) -> Problem:
        """Why a body is refused."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            return Problem(400, "json", f"this is no JSON: {found[0]['msg'].removeprefix('Invalid JSON: ')}")
        sent = from_json(body)
        errors = [self._entry(each, sent, places) for each in found[:_MOST]]
        more = f"; and {len(found) - 1} more, see errors" if len(found) > 1 else ""
        first = errors[0]
        return Problem(422, "unfit", f"{first['pointer'] or '/'}: {first['detail']}{more}", errors=errors)

    def _entry(self, found: Any, sent: Any, places: Mapping[str, str] | None) -> dict[str, str]:
        path = _path_in(sent, found["loc"], is_missing=found["type"] == "missing")
        pointer = "".join(f"/{_escaped(str(part))}" for part in path)
        if places is not None:
            pointer = self.original(path, places)
        return {"pointer": pointer, "detail": self._said(found, path, sent)}

    def original(self, path: list[str | int], places: Mapping[str, str]) -> str:
        """Where a place of the plain form stands in the arguments."""
        if not path or str(path[0]) not in places:
            return "/kwargs"
        return places[str(path[0])] + "".join(f"/{_escaped(str(part))}" for part in path[1:])

    def _said(self, found: Any, path: list[str | int], sent: Any) -> str:
        """What is wrong; of a name, with near misses."""
        name = _name_in(found, path, sent)
        names = self.names(str(path[0])) if len(path) > 1 else self.members
        if name is not None and names is not None:
            close = near_misses(name[:200], names)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            return f"unknown name {name[:200]!r}{hint}"
        if found["type"] == "missing":
            return "it is missing, and has no default"
        message: str = found["msg"]
        return message.removeprefix("Value error, ")

    members: tuple[str, ...] = ()

    def names(self, member: str) -> Iterable[str] | None:
        """Names that may stand in a member."""
        raise NotImplementedError


_MOST = 20  # errors that are told of one request


class ModelForm(Form):
    """How a model is asked.

    Parameters
    ----------
    model : ServedModel
    kinds : Kinds
    """

    positional = POSITIONAL
    members = (*POSITIONAL, "objective", "timeout", "args", "kwargs")

    def __init__(self, model: ServedModel, kinds: Kinds) -> None:
        self.model = model
        self.wanted = {**model.data, **model.effects}
        self.is_as_named = all(text == name for text, name in self.wanted.items())
        nodes = model.dsp.data_nodes
        fields = {text: data_type(kinds.given.get(name, Any), nodes[name]) for text, name in model.data.items()}
        self.inputs = typed_dict(f"Data of {model.path}", fields)
        wanted: Any = one_of(self.wanted)
        data: Any = one_of(model.data)
        self.fields = {
            "inputs": self.inputs | None,
            "outputs": list[wanted] | None,
            "inputs_dist": dict[data, _DISTANCE] | None,
            "wildcard": bool,
            "objective": Literal["span", "tree"],
            "timeout": _SECONDS,
        }
        super().__init__(self.fields)

    def read(self, body: bytes) -> Question:
        """What a body asks.

        Raises
        ------
        Problem
            It is no JSON, or does not fit the schema.
        """
        asked = self.plain(body)
        question = Question(asked)
        inputs, outputs = asked.get("inputs") or {}, asked.get("outputs")
        data, wanted = self.model.data, self.wanted
        if self.is_as_named:
            question.inputs, question.outputs = inputs, outputs
        else:
            question.inputs = {data[text]: value for text, value in inputs.items()}
            question.outputs = None if outputs is None else [wanted[text] for text in outputs]
        for name in ("wildcard", "objective"):
            if name in asked:
                question.options[name] = asked[name]
        distances = asked.get("inputs_dist")
        if distances:
            self._check_distances(distances, inputs)
            question.options["inputs_dist"] = {data[text]: distance for text, distance in distances.items()}
        return question

    def _check_distances(self, distances: Mapping[str, float], inputs: Mapping[str, Any]) -> None:
        for text, distance in distances.items():
            pointer = f"/inputs_dist/{_escaped(text)}"
            if text not in inputs:
                raise _unfit(pointer, "it is not among the inputs")
            if not distance >= 0:
                raise _unfit(pointer, "a distance is at least 0")

    def around(self, members: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a dispatch are the members of the plain form."""
        return {**members, **others}

    def names(self, member: str) -> Iterable[str] | None:
        """Names of data, and of what may be wanted."""
        return {"inputs": self.model.data, "inputs_dist": self.model.data, "outputs": self.wanted}.get(member)


class FunctionForm(Form):
    """How a function is asked.

    Parameters
    ----------
    function : ServedFunction
    """

    members = ("inputs", "timeout", "args", "kwargs")

    def __init__(self, function: ServedFunction) -> None:
        self.function = function
        self.positional = tuple(function.inputs)
        said, self.gives = of_function(function.node)
        nodes = function.dsp.data_nodes
        kinds = dict(zip(function.node.inputs, said, strict=True))
        fields = {text: data_type(kinds[name], nodes[name]) for text, name in function.inputs.items()}
        self.optional = typed_dict(f"Arguments of {function.path}", fields)
        fields = dict(fields)
        for text in fields.keys() - function.required:
            fields[text] = NotRequired[fields[text]]
        self.inputs = typed_dict(f"Inputs of {function.path}", fields, total=True)
        self.fields = {"inputs": self.inputs, "timeout": _SECONDS}
        super().__init__(self.fields)

    def read(self, body: bytes) -> Question:
        """What a body asks.

        Raises
        ------
        Problem
            It is no JSON, or does not fit the schema.
        """
        asked = self.plain(body)
        if "inputs" not in asked and self.function.required:
            asked = self.plain(to_json({**asked, "inputs": {}}))
        question = Question(asked)
        names = self.function.inputs
        question.inputs = {names[text]: value for text, value in asked.get("inputs", {}).items()}
        question.outputs = [self.function.result]
        return question

    def around(self, members: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a function are its inputs."""
        return {"inputs": members, **others}

    def original(self, path: list[str | int], places: Mapping[str, str]) -> str:
        """Where a place of the plain form stands in the arguments."""
        return super().original(path[1:], places)

    def names(self, member: str) -> Iterable[str] | None:
        """Names of the inputs."""
        return self.function.inputs if member == "inputs" else None


def _unfit(pointer: str, detail: str) -> Problem:
    return Problem(422, "unfit", f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])


def _escaped(part: str) -> str:
    """A part of a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1")


def _name_in(found: Any, path: list[str | int], sent: Any) -> str | None:
    """The name that is unknown, if that is what is wrong: of a member, a key, or an item of a list of names."""
    name: Any = None
    if 0 < len(path) < 3:
        if found["type"] == "extra_forbidden" or found["loc"][-1] == "[key]":
            name = path[-1]
        elif found["type"] == "literal_error" and isinstance(path[-1], int):
            name = sent[path[0]][path[-1]]
    return name if isinstance(name, str) else None


def _path_in(sent: Any, loc: Iterable[str | int], *, is_missing: bool) -> list[str | int]:
    """The place in what was sent; the names that pydantic gives to the members of a union are no part of it."""
    path: list[str | int] = []
    parts = tuple(loc)
    for number, part in enumerate(parts):
        is_member = isinstance(sent, dict) and isinstance(part, str) and part in sent
        is_item = isinstance(sent, list) and isinstance(part, int) and part < len(sent)
        if is_member or is_item:
            sent = sent[part]
            path.append(part)
        elif is_missing and number == len(parts) - 1:
            path.append(part)
    return path

"""What kind of value each datum has, read from the annotations of the functions around it.

A datum is what the functions that take it say it is; if none says anything, what those that give it say.  The
attribute ``type`` of a datum goes before both.  Where functions disagree, any of what they say will do.  What nobody
says, or what has no form in JSON, may be any value.
"""

from __future__ import annotations

import warnings
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
    Set,
)
from functools import lru_cache
from inspect import iscoroutinefunction
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import core_schema, from_json

from ..dispatcher import Dispatcher
from ..dispatcher.copying import family
from ..dispatcher.hints import of_outputs, read_hints
from ..dispatcher.model import Model
from ..dispatcher.nodes import DataNode, FunctionNode, Node, NodeId, SubDispatcherNode
from .values import NON_FINITE

__all__ = ["Kinds", "as_json", "kinds_of", "of_function"]

Annotation = Any  # a class, or one of the forms of `typing`
Said = tuple[NodeId, Annotation]

_MAPPINGS = (dict, Mapping, MutableMapping)
_CONTAINERS = (list, tuple, set, frozenset, Sequence, MutableSequence, Set, MutableSet, *_MAPPINGS)
# For pydantic these are to be read once, while a datum may have any number of consumers.
_LISTS = (Iterable, Collection)


class Kinds:
    """What is said of the data of one model.

    Attributes
    ----------
    given : dict of Hashable to object
        Annotation of each datum as it may be given; `Any` where nothing is said.
    shown : dict of Hashable to object
        The same of its value in an answer.
    """

    def __init__(self) -> None:
        self.given: dict[NodeId, Annotation] = {}
        self.shown: dict[NodeId, Annotation] = {}


def kinds_of(dsp: Dispatcher) -> dict[int, Kinds]:
    """Kinds of the data of a model and of all that is mounted in it, by ``id()`` of the model."""
    found: dict[int, Kinds] = {}
    for model in family(dsp):  # children come before their parents
        found[id(model)] = _kinds(model, found)
    return found


def _kinds(model: Model, of: dict[int, Kinds]) -> Kinds:
    takes: dict[NodeId, list[Annotation]] = {name: [] for name in model.nodes}
    gives: dict[NodeId, list[Annotation]] = {name: [] for name in model.nodes}
    for node in model.nodes.values():
        taken, given = _said_by(node, of)
        for name, said in taken:
            takes[name].append(said)
        for name, said in given:
            gives[name].append(said)
    kinds = Kinds()
    for name, node in model.nodes.items():
        if not isinstance(node, DataNode):
            continue
        said = node.attributes.get("type")
        if said is None and node.wait_inputs:
            said = _result_of(node.function) if node.function is not None else Any
        if said is None:
            wanted = _either(takes[name])
            kinds.given[name] = _either(gives[name]) if wanted is Any else wanted
            kinds.shown[name] = _either([*gives[name], *takes[name]])
        else:
            kinds.given[name] = kinds.shown[name] = said
    return kinds


def _said_by(node: Node, of: dict[int, Kinds]) -> tuple[list[Said], list[Said]]:
    """What a node says of the data that it takes, and of those that it gives."""
    if isinstance(node, FunctionNode):
        wanted, result = of_function(node)
        given = of_outputs(result, len(node.outputs)) or ()
        return list(zip(node.inputs, wanted, strict=True)), list(zip(node.outputs, given, strict=False))
    if isinstance(node, SubDispatcherNode):
        inner = of[id(node.dsp)]
        taken = [(parent, inner.given.get(child, Any)) for parent, child in node.inputs]
        return taken, [(parent, inner.shown.get(child, Any)) for child, parent in node.outputs if child in inner.shown]
    return [], []


def of_function(node: FunctionNode) -> tuple[list[Annotation], Annotation]:
    """What a function says of each of its inputs, and of its result."""
    hints = read_hints(node.function)
    if hints is None:
        return [Any] * len(node.inputs), Any
    gives = _result_of(node.function) if iscoroutinefunction(node.function) else hints.gives
    return [hints.of_input(place) for place in range(len(node.inputs))], gives


def _result_of(function: Callable[..., Any]) -> Annotation:
    """What an annotation says of the result, awaited if it is to be."""
    try:
        return get_type_hints(function, include_extras=True).get("return", Any)
    except Exception:  # an annotation may be any expression, and a callable anything
        return Any


def _either(said: Iterable[Annotation]) -> Annotation:
    """Any of what is said, `Any` if that is nothing."""
    known: list[Annotation] = []
    for each in said:
        if each is not Any and each not in known:
            known.append(each)
    return Union[tuple(known)] if known else Any  # noqa: UP007 - made of what is only known now


@lru_cache(maxsize=4096)
def _checked(annotation: Annotation) -> Annotation:
    rewritten = _rewritten(annotation)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = TypeAdapter(rewritten)
            adapter.json_schema(mode="validation")
            adapter.json_schema(mode="serialization")
    except Exception:  # pydantic asks the user's classes, which may raise anything
        return Any
    return rewritten


def as_json(annotation: Annotation) -> Annotation:
    """An annotation by which pydantic reads a value from JSON; `Any` for what has no form in it.

    Examples
    --------
    >>> as_json(complex), as_json(list[str]), as_json(type(max))
    (<class 'complex'>, list[str], typing.Any)
    """
    try:
        return _checked(annotation)
    except TypeError:  # it cannot be hashed
        return Any


def _rewritten(annotation: Annotation) -> Annotation:
    """The same with numbers and arrays as `thalweg.web.values` has them."""
    if annotation is float:
        return Annotated[float, _Float()]
    if isinstance(annotation, type) and annotation.__module__.partition(".")[0] == "numpy":
        return _of_numpy(annotation)
    origin: Any = get_origin(annotation)
    if annotation is int or (origin is Annotated and get_args(annotation)[0] is int):
        return Annotated[annotation, _Integer()]
    if getattr(origin, "__module__", "") == "numpy":
        return Annotated[Any, _Array(_dtype_of(annotation))]
    if origin in (Union, UnionType):
        return Union[tuple([_rewritten(each) for each in get_args(annotation)])]  # noqa: UP007 - made of what is only known now
    return _of_members(annotation, origin)


def _of_members(annotation: Annotation, origin: Any) -> Annotation:
    """The same of what has others in it."""
    if annotation in _LISTS or origin in _LISTS:
        origin = list
    members = [_rewritten(each) for each in get_args(annotation)] if origin in _CONTAINERS else []
    if not members:
        return list if origin is list else annotation
    if origin in _MAPPINGS and get_args(annotation)[0] in (int, float):
        members[0] = Annotated[members[0], _Key()]
    return origin[tuple(members)]


def _of_numpy(kind: type) -> Annotation:
    import numpy as np

    if issubclass(kind, np.ndarray):
        return Annotated[Any, _Array(None)]
    if issubclass(kind, np.bool_):
        return Annotated[bool, _Scalar(kind)]
    if issubclass(kind, np.integer):
        return Annotated[int, _Integer(), _Scalar(_usual(kind))]
    if issubclass(kind, np.floating):
        return Annotated[float, _Float(), _Scalar(_usual(kind))]
    return kind


def _dtype_of(annotation: Annotation) -> Any:
    """What an annotated array consists of; None for any numbers."""
    import numpy as np

    for part in get_args(annotation)[1:]:
        for said in get_args(part):
            kind = get_origin(said) or said
            if isinstance(kind, type) and issubclass(kind, (np.generic, bool, int, float, complex, str)):
                return _usual(kind)
    return None


def _usual(kind: type) -> Any:
    """The kind itself, the usual one of a whole family such as `numpy.floating`, or None where that is any number."""
    import numpy as np

    families = {
        np.generic: None,
        np.number: None,
        np.integer: np.int64,
        np.signedinteger: np.int64,
        np.unsignedinteger: np.uint64,
        np.inexact: np.float64,
        np.floating: np.float64,
        np.complexfloating: np.complex128,
    }
    return families.get(kind, kind)


class _Float:
    """A number that may be ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def read(value: Any, number: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return float(value) if type(value) is str and value in NON_FINITE else number(value)

        return core_schema.no_info_wrap_validator_function(read, core_schema.float_schema(strict=True))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "number"}, {"enum": list(NON_FINITE), "type": "string"}]}


class _Integer:
    """A number without a fraction: 3.0 is one for JSON Schema, and for many who write JSON."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def whole(value: Any) -> Any:
            return int(value) if type(value) is float and value.is_integer() else value

        return core_schema.no_info_before_validator_function(whole, handler(source))


class _Key:
    """A number as the name of a member of an object, where JSON has texts alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def read(value: Any) -> Any:
            try:
                return from_json(value) if type(value) is str else value
            except ValueError:
                return value

        return core_schema.no_info_before_validator_function(read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string"}


class _Scalar:
    """A number as a scalar of numpy."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        import numpy as np

        def make(value: Any) -> Any:
            try:
                with np.errstate(over="raise"):
                    return self.kind(value)
            except (ArithmeticError, TypeError) as error:
                raise ValueError(str(error)) from None

        return core_schema.no_info_after_validator_function(make, handler(source))


class _Array:
    """An array as a list, or lists of lists; of numbers unless it is said to be of something else."""

    def __init__(self, kind: Any) -> None:
        import numpy as np

        self.kind = kind
        dtype = np.dtype(float if kind is None else kind)
        self.is_of_numbers = dtype.kind in "biuf"
        self.whole: dict[str, Any] | None = None  # schema of its items, where they are whole numbers
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            self.whole = {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.make, core_schema.list_schema())

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        if not self.is_of_numbers:
            return {"type": "array"}
        number = {"enum": list(NON_FINITE), "type": "string"}
        kinds = [{"type": "number"}, number, {"type": "boolean"}] if self.whole is None else [self.whole]
        numbers = {"items": {"anyOf": kinds}}
        rows = {"items": {"type": "array"}}  # that they are of one length, no schema can say
        return {"type": "array", "anyOf": [numbers, rows]}

    def make(self, value: list[Any]) -> Any:
        """The array of a list."""
        import numpy as np

        try:
            if not self.is_of_numbers:
                return np.asarray(value, dtype=self.kind)
            array = np.asarray(value)
            if array.dtype.kind in "US":
                cells = np.asarray(value, dtype=object)
                array = np.array([_number(cell) for cell in cells.flat], dtype=float).reshape(cells.shape)
            if array.dtype.kind not in "biuf":
                raise ValueError("it has something that is no number")
            return array if self.kind is None else _fitted(array, self.kind)
        except (TypeError, OverflowError) as error:
            raise ValueError(str(error)) from None


def _fitted(array: Any, kind: Any) -> Any:
    """The same numbers as another kind of them; what that kind does not have is refused, not made into another."""
    import numpy as np

    try:
        with np.errstate(over="raise", invalid="raise"):
            cast = array.astype(kind)
    except FloatingPointError:
        cast = None
    if cast is None or (cast.dtype.kind in "biu" and not np.array_equal(cast, array)):
        raise ValueError(f"it has a number that is no {np.dtype(kind)}")
    return cast


def _number(cell: Any) -> Any:
    if isinstance(cell, str) and cell not in NON_FINITE:
        raise ValueError(f"{cell[:20]!r} is no number")
    return cell

"""What annotations say of a function's parameters and result, and whether two of them can be true of one value.

In doubt they can: a type is refused only where a value of the one is certainly none of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from numbers import Number
from types import FunctionType, MethodType, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["Hints", "can_agree", "name_of", "of_outputs", "read_hints"]

Annotation: TypeAlias = Any  # a class, or one of the forms of `typing`

_HAS_ARGS = 0x04  # flags of a code object
_IS_COROUTINE = 0x80

# Classes whose values are never values of each other, nor of a class that does not derive from them.
_CLOSED = (str, bytes, int, float, complex, NoneType, dict, list, tuple, set, frozenset)
_ARITHMETIC = ("__float__", "__array__", "__add__", "__mul__")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the annotations of a function say; `Any` where they say nothing.

    Attributes
    ----------
    takes : tuple
        By position of the parameter.
    rest : object
        Of each further value (``*args``).
    gives : object
        Of the result.
    """

    takes: tuple[Annotation, ...]
    rest: Annotation
    gives: Annotation

    def of_input(self, position: int) -> Annotation:
        """What is said of the value at a position."""
        return self.takes[position] if position < len(self.takes) else self.rest


def read_hints(function: Callable[..., Any]) -> Hints | None:
    """What is known of a function; None where nothing is, or where what is said is not sure to be meant of it.

    Parameters
    ----------
    function : callable
        A function, method, class, or partial of one of these; of others nothing is known.

    Notes
    -----
    Annotations given as text are evaluated, as `typing.get_type_hints` does.
    """
    bound = 0
    while isinstance(function, (partial, MethodType)):
        bound += len(function.args) if isinstance(function, partial) else 1
        function = function.func if isinstance(function, partial) else function.__func__
    if isinstance(function, type):
        maker: Any = function.__new__
        is_plain = type(function) is type and (maker is object.__new__ or function in _CLOSED)
        return Hints((), Any, function) if is_plain else None
    if not isinstance(function, FunctionType) or not function.__annotations__ or hasattr(function, "__wrapped__"):
        return None
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception:  # noqa: BLE001 - an annotation may be any expression
        return None
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & _HAS_ARGS else ""
    gives = Any if code.co_flags & _IS_COROUTINE else hints.get("return", Any)
    return Hints(tuple([hints.get(name, Any) for name in names[bound:]]), hints.get(rest, Any), gives)


def of_outputs(gives: Annotation, count: int) -> tuple[Annotation, ...] | None:
    """What a result's annotation says of each of `count` outputs; None if such a result cannot be split so."""
    if count < 2:
        return (gives,) * count
    options = _options(gives)
    if len(options) != 1 or options[0] is Any:
        return (Any,) * count
    origin: Any = get_origin(gives)
    parts = get_args(gives) if origin is tuple else ()
    if Ellipsis in parts:
        return (parts[0],) * count
    if parts:
        return parts if len(parts) == count else None
    cannot = options[0] in (str, bytes, int, float, complex, bool, NoneType, dict, set, frozenset)
    return None if cannot else (Any,) * count


def can_agree(given: Annotation, wanted: Annotation) -> bool:
    """Can a value of type `given` be one of type `wanted`?

    Parameters
    ----------
    given, wanted : object
        Annotations.

    Notes
    -----
    Of a generic only the class counts, of a union each member; numbers of all kinds, those of numpy and arrays of them
    agree; a protocol or abstract class agrees with any class that is not one of the plain builtins.

    Examples
    --------
    >>> can_agree(int, float), can_agree(list[int], list[str]), can_agree(str | None, int | None), can_agree(str, float)
    (True, True, True, False)
    """
    return any(_overlap(one, other) for one in _options(given) for other in _options(wanted))


def name_of(annotation: Annotation) -> str:
    """An annotation as people write it, without what is added to it."""
    origin: Any = get_origin(annotation)
    if origin is Annotated:
        annotation = get_args(annotation)[0]
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _options(annotation: Annotation) -> list[Annotation]:
    """Classes of which one value may be; `Any` for what is not understood."""
    found: list[Annotation] = []
    stack = [annotation]
    while stack:
        each = stack.pop()
        origin: Any = get_origin(each)
        if each is None:
            found.append(NoneType)
        elif hasattr(each, "__supertype__"):
            stack.append(each.__supertype__)  # a NewType
        elif origin is Annotated:
            stack.append(get_args(each)[0])
        elif origin in (Union, UnionType):
            stack += get_args(each)
        elif origin is Literal:
            found += [type(value) for value in get_args(each)]
        elif is_typeddict(each):
            found.append(dict)
        else:
            known = origin if origin is not None else each
            is_class = isinstance(known, type) and known is not object and not getattr(known, "_is_protocol", False)
            found.append(known if is_class else Any)
    return found


def _overlap(one: Annotation, other: Annotation) -> bool:
    """Can a value be of both classes?"""
    if one is Any or other is Any:
        return True
    if _derives(one, other) or _derives(other, one):
        return True
    if _is_number(one) and _is_number(other):
        return True
    closed = [each for each in (one, other) if issubclass(each, _CLOSED)]
    if not closed:
        return _is_open(one) or _is_open(other) or _have_common_child(one, other)
    if len(closed) == 2:
        return False
    another = other if closed[0] is one else one
    if _is_number(closed[0]):
        return any(hasattr(another, name) for name in _ARITHMETIC)
    if issubclass(closed[0], bytes):
        return another in (bytearray, memoryview)
    return _is_open(another) and another.__module__ != "collections.abc"


def _derives(one: type, other: type) -> bool:
    try:
        return issubclass(one, other)
    except TypeError:
        return True


def _is_number(one: type) -> bool:
    return issubclass(one, Number) or (one.__module__ == "numpy" and one.__name__.startswith("bool"))


def _is_open(one: type) -> bool:
    """May a class that does not derive from it stand for it?"""
    return type(one) is not type or one.__module__.partition(".")[0] == "numpy"


def _have_common_child(one: type, other: type) -> bool:
    stack: list[type] = [one]
    seen: set[type] = set()
    while stack:
        children: list[type] = type.__subclasses__(stack.pop())
        for child in children:
            if issubclass(child, other):
                return True
            if child not in seen:
                seen.add(child)
                stack.append(child)
    return False

"""What is checked, and what is filled in, when a node is added to a model."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, TypeAlias

from ..errors import BuildError, UnknownNodeError, near_misses
from ..tokens import EMPTY, END, NONE, SINK, START
from .nodes import DataNode, Filter, FunctionNode, Node, NodeId

__all__ = [
    "Mapped",
    "check_arcs",
    "check_distances",
    "check_id",
    "check_ids",
    "check_weight",
    "free_id",
    "pairs",
    "parameters",
    "refuse_unknown",
]

Mapped: TypeAlias = Mapping[Any, Any] | Iterable[Any] | None


def check_weight(value: Any, what: str) -> float:
    """A weight as float: a finite number, not negative.

    Raises
    ------
    BuildError
        It is not.
    """
    try:
        number = -1.0 if isinstance(value, bool) else float(value.__float__())  # numpy scalars, too; not strings
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise BuildError(f"{what} is {value!r}; give a finite number that is not negative") from None
    if not 0.0 <= number < float("inf"):
        raise BuildError(f"{what} is {value!r}; give a finite number that is not negative")
    return number


def check_distances(given: dict[NodeId, float], inputs_dist: Mapping[NodeId, Any]) -> dict[NodeId, float]:
    """Initial distances of what is given, some of them changed.

    Raises
    ------
    UnknownNodeError
        One is of nothing that is given.
    BuildError
        One is no distance.
    """
    for name, distance in inputs_dist.items():
        if name not in given:
            raise UnknownNodeError.among(name, given, "input in inputs_dist", "it is not among the inputs")
        given[name] = float("inf") if distance == float("inf") else check_weight(distance, f"inputs_dist[{name!r}]")
    return given


def check_arcs(arcs: Mapping[NodeId, Any] | None, ends: Container[NodeId], what: str) -> dict[NodeId, float] | None:
    """Weights of single arcs, each of an existing end.

    Raises
    ------
    BuildError
        A weight is no weight, or belongs to no arc.
    """
    if not arcs:
        return None
    if not isinstance(arcs, Mapping):
        raise BuildError(f"{what} is {arcs!r}; give a mapping of data ids to weights")
    for end in arcs:
        if end not in ends:
            raise BuildError(f"{what} names {end!r}, which is not one of the node's data")
    return {end: check_weight(weight, f"{what}[{end!r}]") for end, weight in arcs.items()}


def check_id(name: Any, what: str) -> None:
    """Refuse what cannot be an id.

    Raises
    ------
    BuildError
        It is not hashable, None or a reserved token.
    """
    try:
        hash(name)
    except TypeError:
        raise BuildError(f"{what} has {name!r}, which cannot be an id because it is not hashable") from None
    if name is None or name is EMPTY or name is NONE or name is END:
        raise BuildError(f"{what} has {name!r}, which is reserved; give another id")


def check_ids(ids: Any, what: str, *, once: bool) -> tuple[NodeId, ...]:
    """Data ids as a tuple; a lone string is refused, for it would be read letter by letter.

    Raises
    ------
    BuildError
        Not a collection of hashable ids, a reserved token among them, or one twice where `once`.
    """
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise BuildError(f"{what} is {ids!r}; give a list of data ids, such as [{ids!r}]")
    if isinstance(ids, (set, frozenset)) and (once or what.startswith("inputs of")):
        raise BuildError(f"{what} is a set, which has no order; give a list")
    names = tuple(ids)
    for name in names:
        check_id(name, what)
    if once and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BuildError(f"{what} has {twice!r} twice; give each output its own datum")
    return names


def refuse_unknown(unknown: Mapping[str, Any], method: Callable[..., Any]) -> None:
    """Refuse keywords that a method does not have.

    Raises
    ------
    BuildError
        There are some.
    """
    for name in unknown:
        close = near_misses(name, [known for known in method.__annotations__ if known not in ("unknown", "return")])
        hint = f"; did you mean {' or '.join(map(str, close))}?" if close else ""
        raise BuildError(
            f"{method.__name__}() has no keyword {name!r}{hint} (free attributes go into attributes={{{name!r}: ...}})"
        )


def free_id(name: NodeId, taken: Container[NodeId]) -> NodeId:
    """`name`, or `name` with the first free suffix ``<0>``, ``<1>``, ..."""
    if name not in taken:
        return name
    number = 0
    while f"{name}<{number}>" in taken:
        number += 1
    return f"{name}<{number}>"


def function_name(function: Callable[..., Any]) -> str:
    """A name for a callable: its own, its class's, or that of what it wraps."""
    for candidate in (function, getattr(function, "func", None), type(function)):
        name = getattr(candidate, "__name__", None)
        if name:
            return str(name)
    return "function"


def first_line(function: Callable[..., Any]) -> str:
    """First line of a function's own docstring."""
    text = getattr(function, "__doc__", None) if hasattr(function, "__name__") else None
    return text.strip().partition("\n")[0] if isinstance(text, str) else ""


def parameters(function: Callable[..., Any], *, with_defaults: bool = False) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Names of the parameters that a call by position needs, and the defaults among them.

    Parameters
    ----------
    function : callable
    with_defaults : bool, optional
        Name the parameters that have a default, too.

    Raises
    ------
    BuildError
        The callable does not tell, or has a keyword-only parameter without default.
    """
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise BuildError(f"the parameters of {function_name(function)!r} cannot be read; give inputs=[...]") from None
    names: list[str] = []
    defaults: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        has_default = parameter.default is not parameter.empty
        if parameter.kind is parameter.KEYWORD_ONLY and not has_default:
            raise BuildError(
                f"parameter {parameter.name!r} of {function_name(function)!r} can only be given by keyword;"
                " wrap the function, or let it be given by position"
            )
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            continue
        if not has_default or with_defaults:
            names.append(parameter.name)
            if has_default:
                defaults[parameter.name] = parameter.default
    return tuple(names), defaults


def inputs_of(
    function: Callable[..., Any], node_id: NodeId, inputs: Iterable[NodeId] | None, *, with_defaults: bool
) -> tuple[tuple[NodeId, ...], dict[str, Any]]:
    """Data that a function takes, as they are given or else by its signature; with the defaults of the latter."""
    if inputs is None:
        return parameters(function, with_defaults=with_defaults)
    names = check_ids(inputs, f"inputs of {node_id!r}", once=False)
    return (tuple([x for x in names if x is not START]) if START in names else names), {}


def check_filters(filters: Iterable[Filter] | None, what: str) -> tuple[Filter, ...]:
    """Filters as a tuple of callables.

    Raises
    ------
    BuildError
        One is not callable.
    """
    if callable(filters):
        raise BuildError(f"{what} is one callable; give a list, [{function_name(filters)}]")
    chain = tuple(filters or ())
    for function in chain:
        check_callable(function, what)
    return chain


def check_callable(function: Any, what: str) -> None:
    """Refuse what cannot be called.

    Raises
    ------
    BuildError
        It cannot.
    """
    if function is not None and not callable(function):
        raise BuildError(f"{what} is {function!r}, which cannot be called")


def pairs(mapping: Mapped, prefix: str, side: str) -> list[tuple[NodeId, NodeId]]:
    """A mapping of data as pairs of source and target.

    Parameters
    ----------
    mapping : mapping or iterable
        ``{source: target}`` where either may be a tuple of several; or a list of ids, and of such mappings, that are
        called alike on both sides.
    prefix : str
        Put before the parent's name where `mapping` lists names.
    side : {"inputs", "outputs"}
        Whether the parent's name is the source or the target.

    Raises
    ------
    BuildError
        A lone string, or tuples of different lengths.
    """
    if isinstance(mapping, str) or not isinstance(mapping, Iterable):
        raise BuildError(f"{side} is {mapping!r}; give a mapping of parent and child ids, or a list of common ids")
    if not isinstance(mapping, Mapping):
        both: list[tuple[NodeId, NodeId]] = []
        for item in mapping:
            if isinstance(item, Mapping):
                both += pairs(item, prefix, side)
            else:
                parent = f"{prefix}{item}" if prefix else item
                both.append((parent, item) if side == "inputs" else (item, parent))
        return both
    result: list[tuple[NodeId, NodeId]] = []
    for source, target in mapping.items():
        sources = source if isinstance(source, tuple) else (source,)
        targets = tuple(target) if isinstance(target, (tuple, list)) else (target,)
        if len(sources) > 1 and len(targets) == len(sources):
            result += zip(sources, targets, strict=True)
        elif len(sources) == 1:
            result += [(sources[0], one) for one in targets]
        else:
            raise BuildError(f"{side} maps {source!r} to {target!r}; give tuples of the same length")
    return list(dict.fromkeys(result))


def check_mapping(
    mapped: list[tuple[NodeId, NodeId]], child: Mapping[NodeId, Any], data: Container[NodeId], side: str
) -> None:
    """Refuse links to data that the child does not have.

    Raises
    ------
    UnknownNodeError
        There is one.
    """
    for source, target in mapped:
        name = target if side == "inputs" else source
        if name not in data:
            others = [node_id for node_id in child if node_id in data]
            raise UnknownNodeError.among(name, others, f"child datum in {side}", f"the child has {len(others)} data")
        parent = source if side == "inputs" else target
        if parent in (START, SINK, END, EMPTY, NONE):
            raise BuildError(f"{side} maps the reserved token {parent!r}")


def check_free(node_id: NodeId, nodes: Mapping[NodeId, Node]) -> None:
    """Refuse an id that is no id, or taken."""
    check_id(node_id, "the id of a node")
    if node_id in nodes:
        what = kind_of(nodes[node_id])
        raise BuildError(
            f"{node_id!r} is already a {what} of this model; give another id, or leave it out for a free one"
        )


def check_data(node_id: NodeId, data: Iterable[NodeId], nodes: Mapping[NodeId, Node]) -> None:
    """Refuse what cannot be data of a new node."""
    for data_id in data:
        if data_id == node_id:
            raise BuildError(
                f"{data_id!r} is the id of the function and of one of its data; give the function another id"
            )
        if data_id in nodes and not isinstance(nodes[data_id], DataNode):
            what = kind_of(nodes[data_id])
            raise BuildError(f"{data_id!r} is a {what} of this model and cannot be a datum of {node_id!r}")


def kind_of(node: Node) -> str:
    """What a person calls a node."""
    if isinstance(node, DataNode):
        return "datum"
    return "function" if isinstance(node, FunctionNode) else "sub-dispatcher"


def check_priority(priority: Any, node_id: NodeId) -> int:
    """Refuse a priority that is no integer.

    Raises
    ------
    BuildError
        It is not.
    """
    if isinstance(priority, int) and not isinstance(priority, bool):
        return priority
    raise BuildError(f"priority of {node_id!r} is {priority!r}; give an integer")

"""Copies of whole models, with everything that is mounted in them; no recursion, however deep they are."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .nodes import DataNode, Node, SubDispatcherNode

if TYPE_CHECKING:
    from .model import Model

    M = TypeVar("M", bound=Model)

__all__ = ["copy_values", "family", "pack", "rebuild", "signed", "unpack"]

# Of the record of a node: where and how often its calls are made, and what only people read, changes no value.
_UNSIGNED = frozenset(("attributes", "callback", "description", "executor", "policy"))


def family(model: Model) -> list[Model]:
    """A model and all that is mounted in it, each once, children before their parents."""
    order: dict[int, Model] = {}
    stack: list[tuple[Model, bool]] = [(model, False)]
    while stack:
        member, is_done = stack.pop()
        if is_done:
            order.setdefault(id(member), member)
        elif id(member) not in order:
            stack.append((member, True))
            stack += [(child, False) for child in member.mounted if id(child) not in order]
    return list(order.values())


def rebuild(model: M, change: Callable[[Node], Node | None]) -> M:
    """A model of its own with changed nodes; what is mounted is rebuilt, too.

    Parameters
    ----------
    model : Model
    change : callable
        Gets each record and gives the one to be used instead, or None to leave the node out.
    """
    twins: dict[int, Any] = {}
    for member in family(model):
        twin = twins[id(member)] = member.copy_structure()
        for node in member.nodes.values():
            changed = change(node)
            if isinstance(changed, SubDispatcherNode) and id(changed.dsp) in twins:
                changed = replace(changed, dsp=twins[id(changed.dsp)])
            if changed is not None:
                twin.put_node(replace(changed, attributes=dict(changed.attributes)))
    rebuilt: M = twins[id(model)]
    return rebuilt


def copy_values(node: Node, memo: dict[int, Any]) -> Node:
    """A record with deep copies of its values."""
    twin = replace(node, attributes=deepcopy(node.attributes, memo))
    if isinstance(twin, DataNode):
        return replace(twin, default_value=deepcopy(twin.default_value, memo))
    return twin


def pack(model: Model) -> list[tuple[type[Model], dict[str, Any]]]:
    """A model as a flat list for pickling, in which children are numbers."""
    members = family(model)
    number = {id(member): place for place, member in enumerate(members)}
    packed: list[tuple[type[Model], dict[str, Any]]] = []
    for member in members:
        nodes = [
            replace(node, dsp=number[id(node.dsp)]) if isinstance(node, SubDispatcherNode) else node  # type: ignore[arg-type]
            for node in member.nodes.values()
        ]
        packed.append((type(member), member.own_state() | {"nodes": nodes, "mounted": []}))
    return packed


def signed(model: Model) -> list[Any]:
    """What of a model counts for its values: see `thalweg.signature`."""
    members = family(model)
    number = {id(member): place for place, member in enumerate(members)}
    told: list[Any] = []
    for member in members:
        told.append(getattr(member, "raises", None))
        for node in member.nodes.values():
            parts = {field.name: getattr(node, field.name) for field in fields(node) if field.name not in _UNSIGNED}
            if isinstance(node, SubDispatcherNode):
                parts["dsp"] = number[id(node.dsp)]
            told.append([type(node).__name__, parts])
    return told


def unpack(packed: list[tuple[type[Model], dict[str, Any]]]) -> Model:
    """What `pack` was given."""
    members: list[Any] = []
    for cls, state in packed:
        member = cls.__new__(cls)
        member.__dict__.update(state | {"nodes": {}})
        for node in state["nodes"]:
            is_mounted = isinstance(node, SubDispatcherNode)
            member.put_node(replace(node, dsp=members[cast("int", node.dsp)]) if is_mounted else node)
        member.version = state["version"]
        members.append(member)
    return members[-1]  # type: ignore[no-any-return]

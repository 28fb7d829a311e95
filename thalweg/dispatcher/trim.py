"""Records with less: a function with some of its outputs, a sub-dispatcher with some of its links.

This file knows records and nothing of models.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ArityError
from .nodes import FunctionNode, NodeId, SubDispatcherNode

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["Pick", "with_links", "with_outputs"]

Links = tuple[tuple[NodeId, NodeId], ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """The filter of a function that has lost some of its outputs: takes the whole result, gives what is left of it.

    Parameters
    ----------
    outputs : tuple of Hashable
        The outputs that the function was made for.
    positions : tuple of int
        Places of those that are left.
    """

    outputs: tuple[NodeId, ...]
    positions: tuple[int, ...]

    def __call__(self, result: Any) -> Any:
        """One value if one output is left, else a tuple of values."""
        count = len(self.outputs)
        if isinstance(result, (str, bytes, Mapping, set, frozenset)) or not isinstance(result, Iterable):
            raise ArityError(f"it gave one {type(result).__name__} for its {count} outputs; give a tuple of {count}")
        values = tuple(result)
        if len(values) != count:
            raise ArityError(f"it gave {len(values)} values for its {count} outputs; give as many as outputs")
        kept = tuple([values[position] for position in self.positions])
        return kept[0] if len(kept) == 1 else kept


def with_outputs(node: FunctionNode, outputs: Container[NodeId]) -> FunctionNode:
    """The record with those of its outputs that are in `outputs`, and attributes of its own."""
    kept = tuple([x for x in node.outputs if x in outputs])
    if kept == node.outputs:
        return replace(node, attributes=dict(node.attributes))
    pick = Pick(node.outputs, tuple([k for k, x in enumerate(node.outputs) if x in outputs]))
    return replace(
        node,
        outputs=kept,
        out_weight=_of(node.out_weight, kept),
        filters=(*node.filters, pick),
        attributes=dict(node.attributes),
    )


def with_links(node: SubDispatcherNode, child: Dispatcher, inputs: Links, outputs: Links) -> SubDispatcherNode:
    """The record with another child and only the links given, and attributes of its own."""
    return replace(
        node,
        dsp=child,
        inputs=inputs,
        outputs=outputs,
        inp_weight=_of(node.inp_weight, {parent for parent, _ in inputs}),
        out_weight=_of(node.out_weight, {parent for _, parent in outputs}),
        attributes=dict(node.attributes),
    )


def _of(weights: Mapping[NodeId, float] | None, ends: Container[NodeId]) -> dict[NodeId, float] | None:
    """Weights of the arcs that are left."""
    return {end: weight for end, weight in (weights or {}).items() if end in ends} or None

"""The records of the three kinds of node.

A record is immutable and knows nothing of the graph it stands in, of distances or of runs.  Models may share records;
what a person may change, the attributes, belongs to one model alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..tokens import EMPTY

if TYPE_CHECKING:
    from ..executors.contract import Executor
    from ..executors.policy import Policy
    from .dispatcher import Dispatcher

__all__ = ["DataNode", "Filter", "FunctionNode", "Node", "NodeId", "SubDispatcherNode"]

NodeId: TypeAlias = Hashable
Filter: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class DataNode:
    """A datum.

    Attributes
    ----------
    id : Hashable
        Name of the datum.
    default_value : object
        Value that counts as given when none is; `EMPTY` for none.
    initial_dist : float
        Distance of the default; ``inf`` makes it a last resort.
    wait_inputs : bool
        Collect the estimates of all providers instead of taking the nearest.
    function : callable or None
        Estimator of a collecting node: takes ``{provider id: value}``, gives the value.
    filters : tuple of callable
        Applied to the value, in order; one that raises refuses the value.
    callback : callable or None
        Called with the value as soon as it is known.
    wildcard : bool or None
        Recompute the datum when it is both given and wanted; `None` leaves it to the dispatch.
    description : str
    attributes : dict
        Free attributes, such as ``unit``.
    """

    id: NodeId
    default_value: Any = EMPTY
    initial_dist: float = 0.0
    wait_inputs: bool = False
    function: Callable[[dict[NodeId, Any]], Any] | None = None
    filters: tuple[Filter, ...] = ()
    callback: Callable[[Any], object] | None = None
    wildcard: bool | None = None
    description: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FunctionNode:
    """A function with the data it takes and gives.

    Attributes
    ----------
    id : Hashable
        Name of the node.
    function : callable
        Called with the values of `inputs`, by position.
    inputs, outputs : tuple of Hashable
        Names of the data; without outputs the function is wanted for its effect.
    weight : float
        Cost of entering the node, finite, not negative.
    inp_weight, out_weight : mapping or None
        Costs of single arcs by datum; the others cost 1.
    input_domain : callable or None
        Called like `function`: may it be used on these values?
    filters : tuple of callable
        Applied to the result, in order, before it is split over the outputs.
    priority : int
        Among equally near providers the one of highest priority wins.
    description : str
    attributes : dict
        Free attributes.
    executor : str, Executor or None
        Makes its calls; None leaves it to the model and the run.
    policy : Policy or None
        How often a call is tried, and how long it may take.
    """

    id: NodeId
    function: Callable[..., Any]
    inputs: tuple[NodeId, ...]
    outputs: tuple[NodeId, ...]
    weight: float = 0.0
    inp_weight: Mapping[NodeId, float] | None = None
    out_weight: Mapping[NodeId, float] | None = None
    input_domain: Callable[..., Any] | None = None
    filters: tuple[Filter, ...] = ()
    priority: int = 0
    description: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    executor: str | Executor | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SubDispatcherNode:
    """A model inside a model.

    Attributes
    ----------
    id : Hashable
        Name of the node.
    dsp : Dispatcher
        The child; never changed by its parent.
    inputs : tuple of (Hashable, Hashable)
        Pairs of parent datum and child datum.
    outputs : tuple of (Hashable, Hashable)
        Pairs of child datum and parent datum.
    weight : float
        Cost of entering the node.
    inp_weight, out_weight : mapping or None
        Costs of single links by parent datum; the others cost 0.
    input_domain : callable or None
        The gate: called with ``{parent datum: value}`` of the inputs that have arrived.
    priority : int
        Among equally near providers the one of highest priority wins.
    description : str
    attributes : dict
        Free attributes.
    """

    id: NodeId
    dsp: Dispatcher
    inputs: tuple[tuple[NodeId, NodeId], ...]
    outputs: tuple[tuple[NodeId, NodeId], ...]
    weight: float = 0.0
    inp_weight: Mapping[NodeId, float] | None = None
    out_weight: Mapping[NodeId, float] | None = None
    input_domain: Callable[[dict[NodeId, Any]], Any] | None = None
    priority: int = 0
    description: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


Node: TypeAlias = DataNode | FunctionNode | SubDispatcherNode

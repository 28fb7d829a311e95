"""Plans kept by what was asked, so that who asks again searches nothing.

They are forgotten when the model changes, and the oldest when there are too many, or too large ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import building
from .nodes import DataNode, NodeId
from .plan import Plan, make_plan

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["Plans", "plan_for"]

_PLANS = 256  # of one model
_ROOM = 1_000_000  # nodes in all plans of one model: a plan takes some 70 bytes for each


class Question:
    """What was asked of a model, and the plan for it, once there is one.

    Parameters
    ----------
    *what : Hashable
        All that a plan depends on besides the model.
    """

    __slots__ = ("is_known", "plan")

    def __init__(self, *what: Any) -> None:  # noqa: ARG002 - the key of the cache
        self.plan: Plan | None = None
        self.is_known = False  # was it asked before?


class Plans:
    """The plans of one version of a model.

    Parameters
    ----------
    signature : Hashable
        The version.
    size : int
        Number of its nodes.

    Attributes
    ----------
    question : callable
        Gives the one `Question` for what is asked; from any thread.
    """

    __slots__ = ("question", "signature")

    def __init__(self, signature: Any = None, size: int = 0) -> None:
        self.signature = signature
        self.question = lru_cache(max(1, min(_PLANS, _ROOM // (size + 1))))(Question)

    def __reduce__(self) -> tuple[Any, ...]:
        return Plans, ()  # they are not worth keeping in a file

    def clear(self) -> None:
        """Forget all."""
        self.question.cache_clear()


def plan_for(
    dsp: Dispatcher,
    inputs: Mapping[NodeId, Any] | Iterable[NodeId] | None,
    outputs: Iterable[NodeId] | None,
    inputs_dist: Mapping[NodeId, float] | None,
    wildcard: bool,
    objective: str,
    *,
    strict: bool,
    ahead: bool = True,
) -> Plan:
    """Check what is asked for, and plan it, unless that was done before."""
    if type(inputs) is not dict and not isinstance(inputs, Mapping):
        inputs = building.check_ids(inputs or (), "inputs", once=False)
    if type(outputs) is not list and outputs is not None:
        outputs = building.check_ids(outputs, "outputs", once=False)
    signature = dsp.signature()
    plans = dsp.plans
    if plans.signature != signature:
        plans = dsp.plans = Plans(signature, len(dsp.make_network().consumers))
    wanted = None if outputs is None else tuple(outputs)
    try:
        distances = frozenset(inputs_dist.items()) if inputs_dist else None
        question = plans.question(frozenset(inputs), wanted, distances, wildcard, objective, strict)
    except TypeError:  # what cannot be asked for is refused in words below
        question = Question()
    plan = question.plan
    if plan is None:
        given = _distances(inputs, inputs_dist)
        wanted = None if outputs is None else building.check_ids(outputs, "outputs", once=False)
        ahead = ahead or question.is_known
        plan = _make_plan(dsp, given, wanted, wildcard, objective, strict=strict, ahead=ahead)
        question.is_known = True
        if not plan.is_open:
            question.plan = plan
    return plan


def _make_plan(
    dsp: Dispatcher,
    given: dict[NodeId, float],
    wanted: tuple[NodeId, ...] | None,
    wildcard: bool,
    objective: str,
    *,
    strict: bool,
    ahead: bool,
) -> Plan:
    network = dsp.make_network(_wildcards(dsp, given, wanted, wildcard))
    if not strict:
        given = {name: distance for name, distance in given.items() if name in network.top.index}
    return make_plan(network, given, wanted, objective=objective, ahead=ahead)


def _wildcards(
    dsp: Dispatcher, given: Mapping[NodeId, Any], wanted: Iterable[NodeId] | None, wildcard: bool
) -> frozenset[NodeId]:
    """Data to be recomputed though they are given."""
    if wanted is None:
        return frozenset()
    both = [name for name in wanted if name in given]
    nodes = [dsp.nodes.get(name) for name in both]
    return frozenset(
        node.id
        for node in nodes
        if isinstance(node, DataNode) and (wildcard if node.wildcard is None else node.wildcard)
    )


def _distances(inputs: Iterable[NodeId], inputs_dist: Mapping[NodeId, float] | None) -> dict[NodeId, float]:
    """Initial distances of what is given."""
    return building.check_distances(dict.fromkeys(inputs, 0.0), inputs_dist or {})

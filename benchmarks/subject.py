"""thalweg's half: the same neutral models, built and dispatched by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.models import Model

# Where a dispatcher keeps its plans.
PLANS = "plans"


def build(model: Model) -> Any:
    import thalweg

    built = thalweg.Dispatcher(name=model.name)
    for step in model.steps:
        built.add_function(step.name, step.function, list(step.inputs), [step.output], weight=step.weight)
    return built


def forget(built: Any) -> None:
    """Drop the plans kept from earlier dispatches, so that the next one searches anew; the network stays."""
    plans = getattr(built, PLANS, None)
    if plans is not None:
        plans.clear()


def keeps_plans(built: Any) -> bool:
    """Is there anything to forget? If not, a dispatch is as cold again as it was."""
    return getattr(built, PLANS, None) is not None


def fill(built: Any, columns: dict[str, Any]) -> Any:
    """A table with its holes filled; the given one stays as it was."""
    from thalweg import tables

    return tables.fill(built, columns).table


def compiled(built: Any, inputs: Sequence[str], outputs: Sequence[str]) -> tuple[Any, Any]:
    """The model as a function of single values, and as one of columns."""
    return tuple([built.compile(inputs, outputs, vectorize=vectorize) for vectorize in (False, True)])  # type: ignore[return-value]


def needed_calls(solution: Any, model: Model, wanted: Sequence[str]) -> set[str]:
    """Ids of the functions on the way back from ``wanted``, by the providers the solution names."""
    inputs = {step.name: step.inputs for step in model.steps}
    providers = solution.providers
    seen: set[str] = set()
    stack = list(wanted)
    while stack:
        provider = providers[stack.pop()]
        if provider in inputs and provider not in seen:
            seen.add(provider)
            stack += inputs[provider]
    return seen

"""The peers, each in its own function and imported only there.

An adapter takes a neutral model and what is wanted (None: everything) and gives a function without arguments that
dispatches the model once, already built, in the way its own documentation recommends as the quickest that still
does the same job: every function called, no value kept from the call before. Plans that a peer keeps by itself from
call to call stay on its side of the balance.
"""

from __future__ import annotations

import logging
import os
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.models import Model

    Dispatch = Callable[[], Mapping[str, Any]]
    Adapter = Callable[[Model, Sequence[str] | None], Dispatch]


class CannotError(Exception):
    """The peer has no way to say this model."""


def schedula(model: Model, wanted: Sequence[str] | None) -> Dispatch:
    # A failure is expected where we measure failures: writing it to the log is not what is measured.
    logging.getLogger("schedula").setLevel(logging.CRITICAL + 1)
    built = schedula_model(model)

    def dispatch() -> Mapping[str, Any]:
        return built.dispatch(model.given, outputs=wanted)  # type: ignore[no-any-return]

    return dispatch


def schedula_model(model: Model) -> Any:
    import schedula as sh

    built = sh.Dispatcher()
    for step in model.steps:
        built.add_function(step.name, step.function, list(step.inputs), [step.output], weight=step.weight)
    return built


def schedula_pipe(model: Model, wanted: Sequence[str] | None) -> Dispatch:
    """schedula's way to repeat: the order of the calls is found once."""
    import schedula as sh

    outputs = list(wanted if wanted is not None else model.computed())
    built = sh.DispatchPipe(schedula_model(model), "pipe", list(model.given), outputs)
    values = list(model.given.values())

    def dispatch() -> Mapping[str, Any]:
        given = built(*values)
        return dict(zip(outputs, given if len(outputs) > 1 else [given], strict=True))

    return dispatch


def graphtik(model: Model, wanted: Sequence[str] | None) -> Dispatch:
    from graphtik import compose, operation

    built = compose(
        model.name,
        *(
            operation(step.function, name=step.name, needs=list(step.inputs), provides=[step.output])
            for step in model.steps
        ),
    )

    def dispatch() -> Mapping[str, Any]:
        return built.compute(model.given, outputs=wanted)  # type: ignore[no-any-return]

    return dispatch


def pipefunc(model: Model, wanted: Sequence[str] | None) -> Dispatch:
    import inspect

    from pipefunc import PipeFunc, Pipeline

    functions = []
    for step in model.steps:
        names = list(inspect.signature(step.function).parameters)
        renames = dict(zip(names, step.inputs, strict=True))
        functions.append(PipeFunc(step.function, step.output, renames=renames))
    built = Pipeline(functions, validate_type_annotations=False)
    ends: Any = list(wanted if wanted is not None else model.wanted)
    ends = ends[0] if len(ends) == 1 else ends

    def dispatch() -> Mapping[str, Any]:
        return built.run(ends, full_output=True, kwargs=model.given)  # type: ignore[no-any-return]

    return dispatch


def hamilton(model: Model, wanted: Sequence[str] | None) -> Dispatch:
    os.environ["HAMILTON_TELEMETRY_ENABLED"] = "false"
    # What it cannot do comes as an error, which is enough.
    logging.getLogger("hamilton").setLevel(logging.CRITICAL + 1)
    from hamilton import base, driver

    # Nodes are functions of a module, named as their output, with the names of their inputs and typed.
    if len(model.computed()) < len(model.steps):
        raise CannotError("a node is the function of that name in a module: one provider for each datum")
    module = types.ModuleType(f"bench_{model.name.replace('-', '_')}_{len(model.steps)}")
    source = "\n".join(
        f"def {step.output}({', '.join(f'{name}: object' for name in step.inputs)}) -> object:\n"
        f"    return {step.inputs[0]}"
        for step in model.steps
    )
    sys.modules[module.__name__] = module
    exec(source, module.__dict__)
    built = driver.Builder().with_modules(module).with_adapters(base.DictResult()).build()
    ends = list(wanted if wanted is not None else model.computed())

    def dispatch() -> Mapping[str, Any]:
        return built.execute(ends, inputs=model.given)  # type: ignore[no-any-return]

    return dispatch


PEERS: dict[str, Adapter] = {
    "schedula": schedula,
    "graphtik": graphtik,
    "pipefunc": pipefunc,
    "Hamilton": hamilton,
}

"""The peers, each in its own function and imported only there.

An adapter takes a neutral model and builds it; what it gives takes what is wanted (None: everything) and gives a
function without arguments that dispatches once, in the way the peer's own documentation recommends as the quickest that
still does the same job: every function called, no value kept from the call before. Plans that a peer keeps by itself
from call to call stay on its side of the balance.
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
    Built = Callable[[Sequence[str] | None], Dispatch]
    Adapter = Callable[[Model], Built]


class CannotError(Exception):
    """The peer has no way to say this model."""


def schedula(model: Model) -> Built:
    # A failure is expected where we measure failures: writing it to the log is not what is measured.
    logging.getLogger("schedula").setLevel(logging.CRITICAL + 1)
    built = schedula_model(model)

    return lambda wanted: lambda: built.dispatch(model.given, outputs=wanted)


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


def graphtik(model: Model) -> Built:
    from graphtik import compose, operation

    built = compose(
        model.name,
        *(
            operation(step.function, name=step.name, needs=list(step.inputs), provides=[step.output])
            for step in model.steps
        ),
    )

    return lambda wanted: lambda: built.compute(model.given, outputs=wanted)


def pipefunc(model: Model) -> Built:
    import inspect

    from pipefunc import PipeFunc, Pipeline

    functions = []
    for step in model.steps:
        names = list(inspect.signature(step.function).parameters)
        renames = dict(zip(names, step.inputs, strict=True))
        functions.append(PipeFunc(step.function, step.output, renames=renames))
    built = Pipeline(functions, validate_type_annotations=False)
    taken = {name for step in model.steps for name in step.inputs}
    leaves = [name for name in model.computed() if name not in taken]

    def asked(wanted: Sequence[str] | None) -> Dispatch:
        # It computes what is asked for and what that needs, and shows it all: everything is asked for by the leaves.
        names = list(wanted if wanted is not None else leaves)
        ends = names[0] if len(names) == 1 else names
        return lambda: built.run(ends, full_output=True, kwargs=model.given)

    return asked


def hamilton(model: Model) -> Built:
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

    def asked(wanted: Sequence[str] | None) -> Dispatch:
        ends = list(wanted if wanted is not None else model.computed())
        return lambda: built.execute(ends, inputs=model.given)

    return asked


PEERS: dict[str, Adapter] = {
    "schedula": schedula,
    "graphtik": graphtik,
    "pipefunc": pipefunc,
    "Hamilton": hamilton,
}

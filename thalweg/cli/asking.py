"""What the commands that ask a model have in common: how they are asked, and what they say of failures."""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Mapping
from typing import Any

from ..dispatcher import Dispatcher, Solution
from ..dispatcher.explain import Explanation
from .options import add_executor, add_inputs, add_objective, add_outputs
from .progress import progress_of
from .telling import say

__all__ = ["add_question", "ask", "explanations", "tell_failures"]


def add_question(parser: argparse.ArgumentParser, *, values: bool = True) -> None:
    """Add what `ask` needs: inputs, outputs, the objective, and where calls are made.

    Parameters
    ----------
    parser : ArgumentParser
    values : bool, optional
        As for `add_inputs`.
    """
    add_inputs(parser, values=values)
    add_outputs(parser)
    add_objective(parser)
    add_executor(parser)


def ask(
    chosen: argparse.Namespace, dsp: Dispatcher, inputs: Mapping[Hashable, Any], *, raises: Any = "unreachable"
) -> Solution:
    """Dispatch a model as the options say, and show how far it is.

    Raises
    ------
    UnknownNodeError, UnreachableError, DispatchError, RunTimeout, BuildError
        As for `Dispatcher.dispatch`.
    """
    plan = dsp.solve(inputs, chosen.outputs, objective=chosen.objective)
    progress = progress_of(chosen, dsp.name or chosen.model)
    options = {"executor": chosen.executor, "timeout": chosen.timeout, "on_event": progress}
    return dsp.run(plan, inputs, raises=raises, **options)


def tell_failures(chosen: argparse.Namespace, solution: Solution) -> None:
    """Say what failed on the way, with its traceback if that is wanted."""
    if chosen.quiet:
        return
    for failure in solution.errors.values():
        say(str(failure))
        if chosen.debug:
            say(failure.traceback.rstrip())


def explanations(solution: Solution) -> list[Explanation]:
    """Why each known datum has its value."""
    return [each for name in solution if isinstance(each := solution.explain(name), Explanation)]

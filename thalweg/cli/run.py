"""``thalweg run``: a model is asked once."""

from __future__ import annotations

import argparse

from ..dispatcher import Solution
from .codes import Exit
from .options import (
    add_executor,
    add_inputs,
    add_manner,
    add_model,
    add_objective,
    add_outputs,
    describe,
    given_values,
    model_of,
)
from .telling import failure_facts, print_json, print_lines, say, shown

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg run``."""
    describe(
        parser,
        "Only what is wanted, and what that needs, is computed.",
        example="""
            $ thalweg run thalweg.cli.river -i width=12 -i depth=1.5 -i speed=0.5 -o flow
            flow = 9.0 m3/s
        """,
    )
    add_model(parser)
    add_inputs(parser)
    add_outputs(parser)
    parser.add_argument("--explain", action="store_true", help="say why each value came about as it did")
    add_objective(parser)
    add_executor(parser)
    add_manner(parser, as_json='{"values": {...}, "failures": [...]}')
    parser.set_defaults(action=run)


def run(chosen: argparse.Namespace) -> Exit:
    """Ask a model once."""
    with model_of(chosen) as dsp:
        inputs = given_values(chosen)
        solution: Solution = dsp.dispatch(
            inputs,
            chosen.outputs,
            objective=chosen.objective,
            raises="unreachable",
            executor=chosen.executor,
            timeout=chosen.timeout,
        )
        names = [name for name in solution if name not in inputs] if chosen.outputs is None else chosen.outputs
        values = {str(name): solution[name] for name in names if name in solution}
        units = {str(name): node.attributes.get("unit", "") for name, node in dsp.data_nodes.items()}
        explanations = str(solution.explain()) if chosen.explain else ""
    for failure in solution.errors.values():
        say(str(failure))
    if chosen.json:
        print_json({"values": values, "failures": [failure_facts(each) for each in solution.errors.values()]})
    else:
        print_lines(f"{name} = {shown(value)} {units.get(name, '')}".rstrip() for name, value in values.items())
    if explanations:
        print_lines(["", explanations])
    return Exit.WELL

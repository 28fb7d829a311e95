"""``thalweg run``: a model is asked once."""

from __future__ import annotations

import argparse
from typing import Any

from .asking import add_question, ask, explanations, tell_failures
from .codes import Exit
from .facts import explanation_facts, failure_facts
from .options import add_journal, add_manner, add_model, describe, given_values, model_of
from .telling import print_json, print_lines, shown

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
    add_question(parser)
    add_journal(parser)
    parser.add_argument(
        "--as",
        metavar="RUN",
        dest="run_name",
        help="record the run under this name; of one that is there only what is left is computed",
    )
    parser.add_argument("--explain", action="store_true", help="say why each value came about as it did, too")
    add_manner(parser, as_json='{"values": {...}, "failures": [...]}')
    parser.set_defaults(action=run)


def run(chosen: argparse.Namespace) -> Exit:
    """Ask a model once."""
    with model_of(chosen) as dsp:
        inputs = given_values(chosen)
        if chosen.run_name or chosen.journal:
            from .recording import recorded

            solution = recorded(chosen, dsp, inputs)
        else:
            solution = ask(chosen, dsp, inputs)
        names = [name for name in solution if name not in inputs] if chosen.outputs is None else chosen.outputs
        values = {str(name): solution[name] for name in names if name in solution}
        units = {str(name): node.attributes.get("unit", "") for name, node in dsp.data_nodes.items()}
        lines = [f"{name} = {shown(value)} {units.get(name, '')}".rstrip() for name, value in values.items()]
        reasons = explanations(solution) if chosen.explain else []
        lines += ["", *map(str, reasons)] if reasons else []
        tell_failures(chosen, solution)
    if chosen.json:
        told: dict[str, Any] = {"values": values, "failures": list(map(failure_facts, solution.errors.values()))}
        if chosen.explain:
            told["explanations"] = list(map(explanation_facts, reasons))
        print_json(told)
    else:
        print_lines(lines)
    return Exit.WELL

"""``thalweg missing``: what else must be known."""

from __future__ import annotations

import argparse

from .codes import Exit
from .options import add_inputs, add_manner, add_model, add_outputs, describe, given_names, model_of, positive
from .telling import print_json, print_lines, say

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg missing``."""
    describe(
        parser,
        "One set of data on each line, the cheapest first. Nothing is called.",
        example="""
            $ thalweg missing thalweg.cli.river -i width -i depth -o flow
            speed
            slope
        """,
    )
    add_model(parser)
    add_inputs(parser, values=False)
    add_outputs(parser, required=True)
    parser.add_argument("-k", metavar="N", type=positive, default=5, help="so many sets at most (default: 5)")
    add_manner(parser, quiet=False, as_json='{"outputs": [...], "missing": [[...], ...]}')
    parser.set_defaults(action=missing)


def missing(chosen: argparse.Namespace) -> Exit:
    """Say what else must be known."""
    with model_of(chosen) as dsp:
        sets = dsp.missing(chosen.outputs, given_names(chosen), chosen.k)
    if chosen.json:
        print_json({"outputs": chosen.outputs, "missing": sets})
    else:
        print_lines(", ".join(map(str, names)) if names else "nothing is missing" for names in sets)
    if not sets:
        say(f"nothing that could be given leads to {', '.join(chosen.outputs)}")
    return Exit.WELL if sets else Exit.CANNOT

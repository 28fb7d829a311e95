"""``thalweg explain``: why values came about as they did, and why others did not."""

from __future__ import annotations

import argparse

from .asking import add_question, ask, explanations, tell_failures
from .codes import Exit
from .facts import explanation_facts, obstacle_facts
from .options import add_manner, add_model, describe, given_values, model_of
from .telling import print_json, print_lines

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg explain``."""
    describe(
        parser,
        "The model is asked, as by `thalweg run`. Of each datum it is said what gave it, and why nothing else did; of "
        "what cannot be had, what stands in the way.",
        example="""
            $ thalweg explain thalweg.cli.river -i width=12 -i depth=1.5 -i slope=0.001 -o speed
            width = 12: given, at distance 0
                not width from area: dearer, at distance 4
            depth = 1.5: given, at distance 0
            slope = 0.001: given, at distance 0
            roughness = 0.035: given, at distance 0
            area = 18.0: from section(width, depth), at distance 2
            speed = 1.0202801868151: from manning(area, width, depth, slope, roughness), at distance 6
                not speed from flow: not reached
        """,
    )
    add_model(parser)
    add_question(parser)
    add_manner(parser, as_json='{"explanations": [...], "why_not": [...]}')
    parser.set_defaults(action=explain)


def explain(chosen: argparse.Namespace) -> Exit:
    """Ask a model, and say why it went that way."""
    with model_of(chosen) as dsp:
        solution = ask(chosen, dsp, given_values(chosen), raises=False)
        reasons = explanations(solution)
        obstacles = [solution.why_not(name) for name in solution.unreachable]
        lines = list(map(str, [*reasons, *obstacles]))
        tell_failures(chosen, solution)
    if chosen.json:
        told = {"explanations": list(map(explanation_facts, reasons)), "why_not": list(map(obstacle_facts, obstacles))}
        print_json(told)
    else:
        print_lines(lines)
    return Exit.CANNOT if obstacles else Exit.WELL

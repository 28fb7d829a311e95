"""``thalweg plan``: what would be called, and called is nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ..dispatcher import Dispatcher, Plan
from ..dispatcher.plan import path_text, public_distance
from ..text import any_of
from ..tokens import START
from .codes import Exit
from .options import add_inputs, add_manner, add_model, add_objective, add_outputs, describe, given_names, model_of
from .telling import print_json, print_lines, say

__all__ = ["add"]

_SETS = 3  # of missing data that are named


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg plan``."""
    describe(
        parser,
        "Values are not needed, and nothing is called. The distance is the cost of the cheapest way there. The exit "
        "code is 1 if a wanted output is out of reach.",
        example="""
            $ thalweg plan thalweg.cli.river -i width -i depth -i slope -o flow
            1. section(width, depth) gives area, at distance 2
            2. manning(area, width, depth, slope, roughness) gives speed, at distance 6
            3. flow from speed(area, speed) gives flow, at distance 8
            given: width, depth, slope; by default: roughness
        """,
    )
    add_model(parser)
    add_inputs(parser, values=False)
    add_outputs(parser)
    add_objective(parser)
    add_manner(
        parser,
        quiet=False,
        as_json='{"calls": [{"function", "inputs", "outputs", "weight", "distance"}, ...], "given": [...], '
        '"defaults": [...], "distances": {...}, "providers": {...}, "unreachable": [...], "missing": [[...], ...]}',
    )
    parser.set_defaults(action=plan)


def plan(chosen: argparse.Namespace) -> Exit:
    """Say what would be called, in order."""
    with model_of(chosen) as dsp:
        names = given_names(chosen)
        found = dsp.solve(names, chosen.outputs, objective=chosen.objective)
        told = _facts(dsp, found)
    if chosen.json:
        print_json(told)
    else:
        print_lines(_lines(told))
    if not found.unreachable:
        return Exit.WELL
    message = f"{', '.join(map(repr, found.unreachable))} cannot be computed from the given inputs"
    if told["missing"]:
        message += f"; it would help to give {any_of(told['missing'])}"
    say(message)
    return Exit.CANNOT


def _facts(dsp: Dispatcher, found: Plan) -> dict[str, Any]:
    providers = found.providers
    sets = dsp.missing(found.unreachable, found.given, _SETS) if found.unreachable else []
    from_start = [name for name, provider in providers.items() if provider is START]
    return {
        "calls": list(_calls(found)),
        "given": [name for name in from_start if name in found.given],
        "defaults": [name for name in from_start if name not in found.given],
        "distances": found.distances,
        "providers": {name: None if each is START else each for name, each in providers.items()},
        "unreachable": found.unreachable,
        "missing": sets,
    }


def _calls(found: Plan) -> Iterator[dict[str, Any]]:
    """The calls in order, with what they take and what the plan has of them."""
    network, search = found.network, found.search
    gives: dict[int, list[int]] = {}
    for x in found.order:
        gives.setdefault(search.provider[x], []).append(x)
    for f in found.functions:
        yield {
            "function": path_text(network.function_path(f)),
            "inputs": [path_text(network.data_path(x)) for x in network.arguments[f] if _has_name(network, x)],
            "outputs": [path_text(network.data_path(x)) for x in gives[f] if _has_name(network, x)],
            "weight": network.weight[f],
            "distance": min(public_distance(search, x) for x in gives[f]),
        }


def _has_name(network: Any, x: int) -> bool:
    return network.data_ids[x] is not None and network.data_ids[x] is not START


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for number, call in enumerate(told["calls"], 1):
        gives = f" gives {', '.join(call['outputs'])}" if call["outputs"] else ""
        yield f"{number}. {call['function']}({', '.join(call['inputs'])}){gives}, at distance {call['distance']:g}"
    if not told["calls"]:
        yield "nothing has to be called"
    origins = {"given": told["given"], "by default": told["defaults"]}
    texts = [f"{how}: {', '.join(map(str, names))}" for how, names in origins.items() if names]
    if texts:
        yield "; ".join(texts)

"""A thousand different questions to one model of formulas: other inputs each time, and three wanted outputs.

The model is that of `benchmarks.formulas`, 720 relations. A question gives random variables and asks for three of those
that can be had from them: from 27 mostly a few, from 60 nearly always all. No question is asked twice, so each needs a
search; the plans of the round before are forgotten. schedula is asked the first of the same questions, for it takes
long, and the two are compared on these.
"""

from __future__ import annotations

import gc
import logging
import random
import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import subject
from benchmarks.formulas import WANTED, formulas
from benchmarks.harness import clock, said
from benchmarks.peers import schedula_model
from benchmarks.reference import Naive
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options
    from benchmarks.models import Model

NAME = "questions"
RELATIONS = 720
INPUTS = (27, 60)
QUESTIONS = 1_000
SAMPLE = 50  # for schedula
ROUNDS = 3
LIMIT = 30.0

TINY = {"RELATIONS": 40, "INPUTS": (10,), "QUESTIONS": 3, "SAMPLE": 2}


class Question(NamedTuple):
    given: dict[str, int]
    wanted: list[str]


def questions(model: Model, hidden: dict[str, int], inputs: int, seed: int = 17) -> list[Question]:
    """Random inputs from which something else can be had, and three random data of that."""
    draw = random.Random(seed)
    known = sorted({name for step in model.steps for name in (*step.inputs, step.output)})
    solver = Naive(model)
    asked: list[Question] = []
    while len(asked) < QUESTIONS:
        given = {name: hidden[name] for name in draw.sample(known, inputs)}
        solver.model = replace(model, given=given)
        distances, _ = solver.solve()
        reached = sorted(distances.keys() - given.keys())
        if len(reached) >= WANTED:
            asked.append(Question(given, draw.sample(reached, WANTED)))
    return asked


def timed(dispatch: Callable[[Question], Any], asked: list[Question], hidden: dict[str, int]) -> list[float]:
    """Seconds that each question takes; what is answered is checked."""
    seconds: list[float] = []
    gc.collect()
    gc.freeze()
    for question in asked:
        start = clock()
        found = dispatch(question)
        seconds.append(clock() - start)
        assert all(found[name] == hidden[name] for name in question.wanted), "wrong values"
        del found
    gc.unfreeze()
    return seconds


def measure(options: Options) -> Iterator[Row]:
    logging.getLogger("schedula").setLevel(logging.CRITICAL + 1)
    model, hidden = formulas(RELATIONS)
    for inputs in INPUTS:
        yield from at(model, hidden, inputs, options)


def at(model: Model, hidden: dict[str, int], inputs: int, options: Options) -> Iterator[Row]:
    case = f"{RELATIONS:,} relations, {inputs} random inputs, {WANTED} wanted"
    asked = questions(model, hidden, inputs)
    built = subject.build(model)
    peer = None
    try:
        peer = schedula_model(model) if options.peers else None
    except ImportError as error:
        yield Row(NAME, case, "schedula", None, "", note=said(error))
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    built.dispatch(*asked[0])  # the network is made
    for _ in range(min(options.rounds, ROUNDS)):
        subject.forget(built)
        ours.append(timed(lambda question: built.dispatch(*question), asked, hidden))
        if peer is not None:
            theirs.append(timed(lambda question: peer.dispatch(*question), asked[:SAMPLE], hidden))
    each = medians(ours)
    yield from rows(case, f"thalweg, all {len(asked):,}", each)
    if theirs:
        yield from compared(case, each[:SAMPLE], medians(theirs))


def medians(rounds: list[list[float]]) -> list[float]:
    """The median of each question over the rounds."""
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def rows(case: str, who: str, each: list[float], note: str = "") -> Iterator[Row]:
    for name, of in (("mean", statistics.fmean), ("median", statistics.median)):
        yield Row(NAME, case, f"{who}, {name}", of(each) * 1e6, "us/question", note=note)


def compared(case: str, ours: list[float], theirs: list[float]) -> Iterator[Row]:
    """How many times faster, on the questions that both were asked; the mean is judged, for callers wait for it."""
    yield from rows(case, f"thalweg, first {len(ours)}", ours)
    yield from rows(case, f"schedula, first {len(theirs)}", theirs)
    for name, of in (("mean", statistics.fmean), ("median", statistics.median)):
        times = of(theirs) / of(ours)
        limit = f">= {LIMIT:g}" if name == "mean" else ""
        passed = times >= LIMIT if limit else None
        yield Row(NAME, case, f"schedula / thalweg, {name}", times, "times", None, limit, passed)

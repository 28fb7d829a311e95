"""A solution for one changed input of 1,000, which a hundredth of 10,000 functions rests on.

*Another input each time* is the first rerun for an input: the way from it is found. *The same input again* goes a way
that is known.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import thalweg
from benchmarks import subject
from benchmarks.harness import Competitor, interleave
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.__main__ import Options

NAME = "rerun"
BLOCKS, FUNCTIONS, INPUTS = 100, 100, 10
LIMIT = 0.03

TINY = {"BLOCKS": 8, "FUNCTIONS": 10}


def add(x: float, y: float) -> float:
    return x + y


def build() -> tuple[thalweg.Dispatcher, dict[str, float]]:
    """Blocks that share nothing: chains of functions, each of which takes one of the block's inputs besides."""
    dsp = thalweg.Dispatcher(name="blocks")
    for block in range(BLOCKS):
        for i in range(FUNCTIONS):
            before = f"y{block},{i - 1}" if i else f"x{block},0"
            dsp.add_function(f"f{block},{i}", add, [before, f"x{block},{1 + i % (INPUTS - 1)}"], [f"y{block},{i}"])
    return dsp, {f"x{block},{i}": float(i) for block in range(BLOCKS) for i in range(INPUTS)}


def measure(options: Options) -> Iterator[Row]:
    for wanted in (None, [f"y{block},{FUNCTIONS - 1}" for block in range(BLOCKS)]):
        case = f"{BLOCKS * FUNCTIONS:,} functions, {'everything' if wanted is None else 'outputs wanted'}"
        dsp, inputs = build()
        solution = dsp.dispatch(inputs, wanted)
        numbers = count(1)

        def same(solution: Any = solution, numbers: Any = numbers) -> Any:
            return solution.rerun({"x5,0": float(next(numbers))})

        def other(solution: Any = solution, numbers: Any = numbers) -> Any:
            solution.record.ways = None
            return solution.rerun({f"x{next(numbers) % BLOCKS},0": -1.0})

        def fresh(dsp: Any = dsp, inputs: Any = inputs, wanted: Any = wanted, numbers: Any = numbers) -> Any:
            return dsp.dispatch(inputs | {"x5,0": float(next(numbers))}, wanted)

        def cold(_: None, fresh: Any = fresh) -> Any:
            return fresh()

        again = Competitor("dispatch, plan there", fresh)
        first = Competitor("dispatch, cold", cold, lambda dsp=dsp: subject.forget(dsp))
        field = [
            again,
            first,
            Competitor("rerun, the same input again", same),
            Competitor("rerun, another input", other),
        ]
        medians = interleave(field, options.rounds)
        for who in field:
            yield Row(NAME, case, who.name, medians[who.name] * 1e6, "us", medians[who.name] / medians[again.name])
        for name, reference in ((field[2].name, again.name), (field[3].name, first.name)):
            ratio = medians[name] / medians[reference]
            said = f"<= {LIMIT:g}"
            yield Row(NAME, case, f"{name} / {reference}", ratio, "times", None, said, ratio <= LIMIT)

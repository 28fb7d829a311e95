"""Compiled models beside the same calls written by hand, and what it costs to compile one.

*By hand*: a function of plain statements, one for each call, that gives the same values. The limit is a tenth more, and
a quarter of a microsecond for each call of the whole. The time to compile is that of a new model each time, planned
beforehand, and the best of several.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import Competitor, clock, interleave, said
from benchmarks.models import SHAPES, Model
from benchmarks.peers import PEERS, schedula_pipe
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "compile"
SIZES = (5, 100, 1_000, 10_000)
# The largest that each of them does in a reasonable time: what pipefunc needs to build grows as the square of the size.
PEERS_UP_TO = {"schedula, DispatchPipe": 1_000, "pipefunc": 100, "Hamilton": 1_000}
TIMES, SECONDS = 1.1, 0.25e-6  # by hand, and more for each call of the whole
CODEGEN_LIMIT = 12.0  # us for each function
# Per function, at a hundred times the size: the caches of the processor alone cost some of it.
LINEAR_LIMIT = 2.0
BEST_OF = 5

TINY = {"SIZES": (5, 12), "BEST_OF": 1}


def by_hand(model: Model) -> Callable[..., Any]:
    """What a person would write: the functions are its globals, every value has a variable."""
    names = {f"call_{number}": step.function for number, step in enumerate(model.steps)}
    lines = [
        f"    {step.output} = {name}({', '.join(step.inputs)})" for name, step in zip(names, model.steps, strict=True)
    ]
    lines.append(f"    return {', '.join(model.wanted)}")
    exec("\n".join([f"def written({', '.join(model.given)}):", *lines]), names)
    written: Callable[..., Any] = names["written"]
    return written


def compiled(model: Model) -> Callable[..., Any]:
    function: Callable[..., Any] = subject.build(model).compile(list(model.given), model.wanted)
    return function


def peers(model: Model) -> Iterator[Competitor | Row]:
    """Each peer's quickest way to ask the same again, or a row that says what keeps it from that."""
    case = f"{model.name}, {len(model.steps):,}"
    for name, largest in PEERS_UP_TO.items():
        if len(model.steps) > largest:
            continue
        try:
            make = PEERS.get(name)
            dispatch = make(model)(model.wanted) if make else schedula_pipe(model, model.wanted)
            found = dispatch()
            assert all(found[each] == 1 for each in model.wanted), "wrong values"
            yield Competitor(name, dispatch)
        except (Exception, RecursionError) as error:  # noqa: BLE001 - whatever a peer raises is the finding
            yield Row(NAME, case, name, None, "", note=said(error))


def measure(options: Options) -> Iterator[Row]:
    for shape, make in SHAPES.items():
        for size in SIZES:
            yield from at(make(size), options)
        yield from codegen(shape, make)


def at(model: Model, options: Options) -> Iterator[Row]:
    size = len(model.steps)
    case = f"{model.name}, {size:,}"
    written, ours, values = by_hand(model), compiled(model), list(model.given.values())
    assert written(*values) == ours(*values), "other values than by hand"
    field = [Competitor("by hand", lambda: written(*values)), Competitor("thalweg, compiled", lambda: ours(*values))]
    for found in peers(model) if options.peers else ():
        if isinstance(found, Row):
            yield found
        else:
            field.append(found)
    medians = interleave(field, options.rounds)
    for who, seconds in medians.items():
        yield Row(NAME, case, who, seconds * 1e6 / size, "us/function", seconds / medians["thalweg, compiled"])
    limit, took = TIMES * medians["by hand"] + SECONDS, medians["thalweg, compiled"]
    said = f"<= {limit * 1e6:.3g}"
    note = f"{TIMES:g} x {medians['by hand'] * 1e6:.3g} us by hand + {SECONDS * 1e6:g} us"
    yield Row(NAME, case, "thalweg, compiled, the whole", took * 1e6, "us", None, said, took <= limit, note)


def codegen(shape: str, make: Callable[[int], Model]) -> Iterator[Row]:
    """Time to compile, for each function, at growing sizes; and with all that comes before it."""
    each: dict[int, float] = {}
    for size in SIZES:
        model = make(size)
        planned, new = best(model, is_planned=True), best(model, is_planned=False)
        each[size] = planned * 1e6 / size
        # In a model of a few functions most of it is for the whole.
        passed = each[size] <= CODEGEN_LIMIT if size >= 100 else None
        case = f"{shape}, compiling"
        yield Row(NAME, case, f"{size:,}", each[size], "us/function", None, f"<= {CODEGEN_LIMIT:g}", passed)
        yield Row(NAME, case, f"{size:,}, just built", new * 1e6 / size, "us/function")
    small = min((size for size in SIZES if size >= 100), default=SIZES[0])
    grown = each[SIZES[-1]] / each[small]
    who = f"{SIZES[-1]:,} / {small:,}, per function"
    yield Row(NAME, f"{shape}, compiling", who, grown, "times", None, f"<= {LINEAR_LIMIT:g}", grown <= LINEAR_LIMIT)


def best(model: Model, *, is_planned: bool) -> float:
    """Seconds to compile a new model."""
    samples: list[float] = []
    for _ in range(BEST_OF):
        built, inputs = subject.build(model), list(model.given)
        if is_planned:
            built.solve(inputs, model.wanted)
        gc.collect()
        gc.freeze()
        start = clock()
        function = built.compile(inputs, model.wanted)
        samples.append(clock() - start)
        gc.unfreeze()
        del function
    return min(samples)

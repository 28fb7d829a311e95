"""A random model of formulas of three variables, each solved for each of its variables: few outputs wanted of many.

Here 720 formulas are 720 relations, each of which gives three functions (x of y and z, y of x and z, z of x and y), so
that the model has 2,160 functions and is full of cycles; 10,200 relations give 30,600. The variables have hidden values
on which all relations hold: whatever way is taken, the value must be the hidden one.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import Competitor, interleave, said
from benchmarks.models import Model, Step, only_used
from benchmarks.peers import PEERS
from benchmarks.reference import Naive, needed
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "formulas"
INPUTS = 27
WANTED = 3
# Relations for each variable: more than one, so that there are alternatives.
ALTERNATIVES = 1.6
SIZES = (720, 10_200)
LIMIT_SECONDS = {10_200: 0.060}

TINY = {"SIZES": (30, 60)}

Triple = tuple["Callable[[int, int], int]", "Callable[[int, int], int]", "Callable[[int, int], int]"]


def plus(c: int) -> Triple:
    """x = y + z + c, solved for x, y and z."""
    return lambda y, z: y + z + c, lambda x, z: x - z - c, lambda x, y: x - y - c


def minus(c: int) -> Triple:
    """x = y - z + c, solved for x, y and z."""
    return lambda y, z: y - z + c, lambda x, z: x + z - c, lambda x, y: y - x + c


def either(c: int) -> Triple:
    """x = y ^ z ^ c, which is its own inverse."""
    return (lambda a, b: a ^ b ^ c,) * 3


def _constant(kind: Callable[[int], Triple], x: int, y: int, z: int) -> int:
    """The constant with which the relation holds on these values."""
    without = kind(0)[0](y, z)
    return x ^ without if kind is either else x - without


def formulas(relations: int, *, inverses: bool = True, seed: int = 3) -> tuple[Model, dict[str, int]]:
    """The model, and the hidden value of every variable.

    Every variable but the inputs has a relation to two earlier ones, half of these near, half anywhere; the other
    relations tie any three. Without ``inverses`` each gives one function, for the latest of its variables.
    """
    draw = random.Random(seed)
    size = INPUTS + round(relations / ALTERNATIVES)
    hidden = [draw.randrange(1, 1000) for _ in range(size)]
    triples: list[tuple[int, int, int]] = []
    for x in range(INPUTS, size):
        low = max(0, x - 60) if draw.random() < 0.5 else 0
        y, z = draw.sample(range(low, x), 2)
        triples.append((x, y, z))
    while len(triples) < relations:
        triples.append(tuple(sorted(draw.sample(range(size), 3), reverse=True)))  # type: ignore[arg-type]
    draw.shuffle(triples)
    steps: list[Step] = []
    for number, (x, y, z) in enumerate(triples):
        kind = draw.choice((plus, minus, either))
        functions = kind(_constant(kind, hidden[x], hidden[y], hidden[z]))
        for k, (out, a, b) in enumerate(((x, y, z), (y, x, z), (z, x, y))[: 3 if inverses else 1]):
            weight = draw.randrange(10)
            steps.append(Step(f"r{number}_{k}", functions[k], (f"v{a}", f"v{b}"), f"v{out}", weight))
    given = only_used({f"v{i}": hidden[i] for i in range(INPUTS)}, steps)
    wanted = [f"v{i}" for i in sorted(draw.sample(range(size * 9 // 10, size), WANTED))]
    return Model("formulas", steps, given, wanted), {f"v{i}": value for i, value in enumerate(hidden)}


def model_alone(relations: int, *, inverses: bool) -> Model:
    return formulas(relations, inverses=inverses)[0]


def counted(model: Model) -> tuple[Model, list[str]]:
    """The model with functions that write down each call, and the list they write to."""
    made: list[str] = []

    def wrap(step: Step) -> Callable[..., Any]:
        def function(*values: Any) -> Any:
            made.append(step.name)
            return step.function(*values)

        return function

    steps = [Step(s.name, wrap(s), s.inputs, s.output, s.weight) for s in model.steps]
    return Model(model.name, steps, model.given, model.wanted), made


def verified(model: Model, hidden: dict[str, int]) -> tuple[int, int]:
    """Calls made by thalweg, and calls needed; the values and distances are checked on the way.

    What is needed is counted twice: back from the outputs by the providers the solution names, and by a solver
    of the benchmark's own.
    """
    watched, made = counted(model)
    solution = subject.build(watched).dispatch(model.given, model.wanted)
    distances, providers = Naive(model).solve()
    reached = solution.distances
    for name in model.wanted:
        assert solution[name] == hidden[name], f"{name}: wrong value"
        assert reached[name] == distances[name], f"{name}: not the cheapest way"
    own = {model.steps[index].name for index in needed(model.steps, providers, model.wanted)}
    by_providers = subject.needed_calls(solution, model, model.wanted)
    assert by_providers == own, "the solution names other providers than the reference"
    assert sorted(made) == sorted(solution.calls), "sol.calls is not what was called"
    assert set(made) == own, "other functions were called than are needed"
    return len(made), len(own)


def measure(options: Options) -> Iterator[Row]:
    for inverses in (True, False):
        able = list(PEERS) if options.peers else []
        for relations in SIZES:
            for found in at(relations, able, options, inverses=inverses):
                if found.who in able and found.value is None:
                    # What it cannot do small it is not asked to do large.
                    able.remove(found.who)
                yield found


def at(relations: int, able: list[str], options: Options, *, inverses: bool) -> Iterator[Row]:
    model, hidden = formulas(relations, inverses=inverses)
    case = f"{relations:,} relations, {len(model.steps):,} functions"
    made, need = verified(model, hidden)
    yield Row(NAME, case, "thalweg, calls made", made, "calls", None, f"= needed: {need}", made == need)
    field = ours(model)
    for name in tuple(able):
        try:
            field.append(peer(name, relations, options, inverses=inverses))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is the finding
            yield Row(NAME, case, name, None, "", note=said(error))
    medians = interleave(field, options.rounds if relations < 5000 else min(options.rounds, 5))
    for who in field:
        seconds = medians[who.name]
        asked = LIMIT_SECONDS.get(relations) if who.name == "thalweg, cold" else None
        limit = f"<= {asked * 1e3:g}" if asked else ""
        passed = seconds <= asked if asked else None
        yield Row(
            NAME, case, who.name, seconds * 1e3, "ms", seconds / medians["thalweg, cold"], limit, passed, who.note
        )


def ours(model: Model) -> list[Competitor]:
    def run(built: Any) -> Any:
        return built.dispatch(model.given, model.wanted)

    built = subject.build(model)

    def forgotten() -> Any:
        subject.forget(built)
        return built

    return [
        Competitor("thalweg, cold", run, forgotten),
        Competitor("thalweg, again", lambda: run(built)),
        Competitor("thalweg, first", run, lambda: subject.build(model)),
    ]


def peer(name: str, relations: int, options: Options, *, inverses: bool) -> Competitor:
    """A peer ready to be timed, after a dispatch whose calls are counted and whose values are checked."""
    arguments = {"relations": relations, "inverses": inverses}
    model, hidden = formulas(relations, inverses=inverses)
    if name == "graphtik" and options.graphtik is not None:
        number, _ = options.graphtik.build(name, "formulas:model_alone", arguments)
        return options.graphtik.competitor(name, number, model.wanted)
    dispatch = PEERS[name](model)(model.wanted)
    watched, made = counted(model)
    result = PEERS[name](watched)(model.wanted)()
    assert all(result[key] == hidden[key] for key in model.wanted), "wrong values"
    return Competitor(name, dispatch, note=f"{len(made)} calls made")

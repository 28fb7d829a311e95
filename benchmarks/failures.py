"""A thousand functions that fail in one dispatch of a model of 10,000, beside the same model without failures.

Every function that fails has a dearer alternative. To search anew after each failure is quadratic; the small sizes show
it, with the naive way and schedula.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import Competitor, interleave
from benchmarks.models import Model, Step, one, only_used, three
from benchmarks.peers import schedula
from benchmarks.reference import Naive
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "failures"
SIZE = 10_000
SMALL = 1_000
LIMIT = 3.0

TINY = {"SIZE": 400, "SMALL": 240}


# Where every datum has alternatives on other inputs, each failure may change the way to what is wanted everywhere: to
# solve again after it is what is asked for, and costs what it costs.
KNOWN = "layered, doubled, 10,000, the last wanted"


def fails(*_: Any) -> Any:
    raise ZeroDivisionError


def _choose(*, failing: bool, function: Callable[..., Any]) -> Callable[..., Any]:
    return fails if failing else function


def chain(size: int, *, failing: bool) -> Model:
    """A chain in which every ninth datum has a second, dearer provider; the first of the two fails."""
    steps: list[Step] = []
    for i in range(size * 9 // 10):
        two = i % 9 == 4
        cheap = _choose(failing=failing and two, function=one)
        steps.append(Step(f"f{i}", cheap, (f"d{i}",), f"d{i + 1}"))
        if two:
            steps.append(Step(f"g{i}", one, (f"d{i}",), f"d{i + 1}", 3))
    return Model("chain", steps, {"d0": 1}, [f"d{size * 9 // 10}"])


def layered(size: int, *, failing: bool) -> Model:
    """Layers of three-input functions; 13 % of the data have a second, dearer provider with inputs of its own."""
    return _layers(size * 88 // 100, failing=failing, doubled=13, bad=13)


def doubled(size: int, *, failing: bool) -> Model:
    """As `layered`, but all data have two providers: which inputs are needed is never certain beforehand."""
    return _layers(size // 2, failing=failing, doubled=100, bad=23)


def _layers(data: int, *, failing: bool, doubled: int, bad: int, seed: int = 11) -> Model:
    """Layers of 100 data, of which `doubled` have two providers; the first of `bad` of these fails.

    Not all of these are tried: where the first has late inputs, the second may be nearer. About a tenth of all
    functions do fail.
    """
    width = 100
    draw = random.Random(seed)
    before = [f"d0_{i}" for i in range(width)]
    given = dict.fromkeys(before, 1)
    steps: list[Step] = []
    for layer in range(1, data // width + 1):
        here = [f"d{layer}_{i}" for i in range(width)]
        twice = draw.sample(here, doubled)
        fail = set(twice[:bad])
        for name in here:
            cheap = _choose(failing=failing and name in fail, function=three)
            steps.append(Step(f"f{name[1:]}", cheap, tuple(draw.sample(before, 3)), name, draw.randrange(3)))
            if name in twice:
                steps.append(Step(f"g{name[1:]}", three, tuple(draw.sample(before, 3)), name, draw.randrange(12, 17)))
        before = here
    return Model("layered", steps, only_used(given, steps), before)


def one_datum(size: int, *, failing: bool) -> Model:
    """A tenth of the functions yield one datum, all but the dearest failing in turn; a chain hangs on it."""
    many = size // 10
    steps = [
        Step(f"p{i}", _choose(failing=failing and i < many, function=one), ("a",), "d0", i) for i in range(many + 1)
    ]
    steps += [Step(f"f{i}", one, (f"d{i}",), f"d{i + 1}") for i in range(size - many - 1)]
    return Model("one datum", steps, {"a": 1}, [f"d{size - many - 1}"])


SHAPES = {"chain": chain, "layered": layered, "layered, doubled": doubled, "one datum": one_datum}


def measure(options: Options) -> Iterator[Row]:
    for shape, make in SHAPES.items():
        for everything in (True, False):
            case = f"{shape}, {SIZE:,}, {'everything' if everything else 'the last wanted'}"
            yield from at(case, make, options, everything=everything)
    for shape, make in SHAPES.items() if options.peers else ():
        yield from small(f"{shape}, {SMALL:,}, everything", make, options)


def _cold(name: str, model: Model, wanted: list[str] | None) -> Competitor:
    built = subject.build(model)

    def run(_: None) -> Any:
        return built.dispatch(model.given, wanted)

    return Competitor(name, run, lambda: subject.forget(built))


def at(case: str, make: Callable[..., Model], options: Options, *, everything: bool) -> Iterator[Row]:
    """With and without failures, at the full size; what came out is compared with the naive way's."""
    well, ill = make(SIZE, failing=False), make(SIZE, failing=True)
    wanted = None if everything else ill.wanted
    verified(make(SMALL, failing=True), wanted_too=not everything, by_naive=True)
    failures = verified(ill, wanted_too=not everything, by_naive=False)
    field = [_cold("thalweg, no failure", well, wanted), _cold("thalweg, failures", ill, wanted)]
    again = subject.build(ill)
    field.append(Competitor("thalweg, failures again", lambda: again.dispatch(ill.given, wanted)))
    medians = interleave(field, options.rounds)
    for who, seconds in medians.items():
        yield Row(NAME, case, who, seconds * 1e3, "ms", seconds / medians["thalweg, failures"])
    times = medians["thalweg, failures"] / medians["thalweg, no failure"]
    note, known = f"{failures} calls failed", case == KNOWN
    yield Row(NAME, case, "failures / none", times, "times", None, f"<= {LIMIT:g}", times <= LIMIT, note, known)


def verified(model: Model, *, wanted_too: bool, by_naive: bool) -> int:
    """Compare with the model without what failed: distances, providers and values. Gives the number of failures.

    `by_naive`: let the naive way find out what fails, too; it is quadratic, so only at small sizes.
    """
    wanted = model.wanted if wanted_too else None
    solution = subject.build(model).dispatch(model.given, wanted)
    failed = set(solution.errors)
    naive = Naive(model)
    if by_naive:
        assert failed == {model.steps[index].name for index in naive.dispatch(wanted)[1]}, "other functions failed"
    removed = {index for index, step in enumerate(model.steps) if step.name in failed}
    distances, providers = naive.solve(removed)
    reached, by = solution.distances, solution.providers
    for name in wanted or model.computed():
        assert solution[name] == 1, f"{name}: wrong value"
        assert reached[name] == distances[name], f"{name}: another distance"
        assert by[name] == model.steps[providers[name]].name, f"{name}: another provider"
    return len(failed)


def small(case: str, make: Callable[..., Model], options: Options) -> Iterator[Row]:
    """thalweg, schedula and the naive way at a size that the naive way can do."""
    well, ill = make(SMALL, failing=False), make(SMALL, failing=True)
    field = [_cold("thalweg, no failure", well, None), _cold("thalweg, failures", ill, None)]
    for name, model in (("no failure", well), ("failures", ill)):
        field.append(Competitor(f"schedula, {name}", schedula(model)(None)))
        field.append(Competitor(f"searching anew, {name}", Naive(model).dispatch))
    medians = interleave(field, min(options.rounds, 5))
    for who, seconds in medians.items():
        yield Row(NAME, case, who, seconds * 1e3, "ms", seconds / medians["thalweg, failures"])

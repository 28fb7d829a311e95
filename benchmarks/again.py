"""Dispatches that were made before: their plans are kept, and so are the ways behind failures that were met before.

*Above the calls*: less what calling the same functions in a plain loop costs; where a third of the cheapest providers
fail, each call of that loop stands in a ``try``. The limits are so much for each function called, and so much for the
dispatch, which a model of five functions mostly is: there it is only reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.dispatch import bare_calls, whole
from benchmarks.harness import Competitor, interleave
from benchmarks.models import SHAPES, Model, Step
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "again"
SIZES = (5, 100, 1_000, 10_000)
JUDGED = 100  # the smallest size that has to keep the limits
EACH, EACH_FAILING = 0.3, 0.6  # us for each function
DISPATCH = 3.0  # us for each dispatch
TRODDEN = 4  # dispatches after which plan and tracks are there

TINY = {"SIZES": (5, 12)}


def fails(*_: Any) -> Any:
    raise ZeroDivisionError


def failing(model: Model) -> Model:
    """Of every three data one has a second, dearer provider, and the first of the two fails."""
    steps: list[Step] = []
    for number, step in enumerate(model.steps):
        if number % 3 == 1:
            steps.append(Step(step.name, fails, step.inputs, step.output))
            steps.append(Step(f"{step.name} instead", step.function, step.inputs, step.output, 1))
        else:
            steps.append(step)
    return Model(model.name, steps, model.given, model.wanted)


def guarded_calls(model: Model) -> Callable[[], None]:
    """The calls themselves, each ready to fail."""
    calls = [(step.function, (1,) * len(step.inputs)) for step in model.steps]
    ones = [function for function, arguments in calls if len(arguments) == 1]
    threes = [function for function, arguments in calls if len(arguments) == 3]

    def run() -> None:
        for function in ones:
            try:  # noqa: SIM105 - that is dearer
                function(1)
            except ZeroDivisionError:
                pass
        for function in threes:
            try:  # noqa: SIM105
                function(1, 1, 1)
            except ZeroDivisionError:
                pass

    return run


def measure(options: Options) -> Iterator[Row]:
    for ill in (False, True):
        for shape, make in SHAPES.items():
            for size in SIZES:
                # With the dearer providers there are as many functions in all.
                model = failing(make(size * 3 // 4)) if ill else make(size)
                yield from at(shape, model, options, ill=ill)


def at(shape: str, model: Model, options: Options, *, ill: bool) -> Iterator[Row]:
    size = len(model.steps)
    case = f"{shape}, {size:,}{', a third failing' if ill else ''}"
    built = subject.build(model)
    for _ in range(TRODDEN - 1):
        built.dispatch(model.given)
    solution = built.dispatch(model.given)
    assert len(solution.errors) == sum(step.function is fails for step in model.steps), "other functions failed"
    assert sorted(solution.calls) == sorted(step.name for step in model.steps), "other functions were called"
    calls = Competitor("calls alone", guarded_calls(model) if ill else bare_calls(model))
    again = Competitor("thalweg, again", lambda: built.dispatch(model.given), check=whole(model, None))
    medians = interleave([calls, again], options.rounds)
    for who, seconds in medians.items():
        yield Row(NAME, case, who, seconds * 1e6 / size, "us/function", seconds / medians[again.name])
    above = (medians[again.name] - medians[calls.name]) * 1e6 / size
    limit = (EACH_FAILING if ill else EACH) + DISPATCH / size
    yield Row(
        NAME,
        case,
        f"{again.name}, above the calls",
        above,
        "us/function",
        None,
        f"<= {limit:.3g}",
        above <= limit if size >= JUDGED else None,
    )

"""What a real dispatch came to, laid beside what the oracle says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import assume

from tests.properties import models
from tests.properties.description import START, Case, Model, Sub, given_value
from tests.properties.equations import Network
from tests.properties.oracle import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]


@dataclass
class Seen:
    """One dispatch, in the words of the oracle."""

    solution: Any
    log: list[str]
    calls: list[Path]
    errors: set[Path]
    values: dict[Path, Any] = field(default_factory=dict)
    distances: dict[Path, float] = field(default_factory=dict)
    providers: dict[Path, Any] = field(default_factory=dict)


def path_of(text: str) -> Path:
    """The path that a text with slashes means."""
    return tuple(text.split("/"))


def levels(model: Model, path: Path = ()) -> Iterator[tuple[Path, Model]]:
    """Every level of a model with its path."""
    yield path, model
    for item in model.nodes:
        if isinstance(item, Sub):
            yield from levels(item.model, (*path, item.id))


def see(case: Case, **options: Any) -> Seen:
    """Build the model, put the question, and read off what came."""
    log = models.Log()
    return read(case, models.ask(models.build(case.model, log), case, **options), log)


def read(case: Case, solution: Any, log: models.Log | None = None) -> Seen:
    """Read off a solution, with the levels below."""
    failed = {failure.node for failure in solution.errors.values()}
    found = Seen(solution, log.calls if log else [], list(map(path_of, solution.calls)), failed)
    for path, _ in levels(case.model):
        part = solution.sub(*path) if path else solution
        found.values |= {(*path, x): models.told(value) for x, value in part.items()}
        found.distances |= {(*path, x): distance for x, distance in part.distances.items()}
        found.providers |= {(*path, x): models.told_id(provider) for x, provider in part.providers.items()}
    return found


def check(case: Case, seen: Seen) -> Answer:
    """Hold a dispatch against the naive process that makes its calls in the same order."""
    assume(not Network(case.model, case.question).has_gate_in_circle())
    want = answer(case, seen.calls)
    assert seen.calls == want.calls
    assert len(set(seen.calls)) == len(seen.calls)
    planned = {path for plan in want.plans for path in plan}
    assert set(seen.calls) <= planned
    beside = {path: seen.values[path] for path in seen.values.keys() - want.values.keys()}
    assert {path: seen.values.get(path) for path in want.values} == want.values
    assert beside == {path: _beside(case, path, want) for path in beside}
    assert {path: seen.distances[path] for path in want.values} == want.distances
    assert {path: seen.providers[path] for path in want.values} == want.providers
    failed = {path for path, _ in want.errors}
    told_too_late = {path for path, kind in want.errors if kind == "callback" and path not in want.values}
    assert failed - told_too_late <= seen.errors <= failed | want.may_fail
    assert [x for x in seen.solution if (x,) in want.values] == want.order
    assert sorted(seen.solution.unreachable) == sorted(want.unreachable)
    return want


def _beside(case: Case, path: Path, want: Answer) -> Any:
    """The value of a datum that nothing wanted rests on: with outputs only one that is given and cannot be beaten."""
    if case.question.outputs is None:
        return want.known.get(path)
    (name,) = path
    datum = next(datum for datum in case.model.data if datum.id == name)
    return given_value(datum) if dict(case.question.given)[name] == 0 and not datum.filters else START

"""What must not matter does not matter."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from tests.properties import changes, models
from tests.properties.compare import Seen, read, see
from tests.properties.models import ZERO_WEIGHTS, Style, cases
from tests.properties.oracle import answer

ROOT = Path(__file__).parents[2]


def facts(seen: Seen) -> dict[str, Any]:
    """All that is to be seen of a dispatch."""
    return {
        "values": seen.values,
        "distances": seen.distances,
        "providers": seen.providers,
        "errors": seen.errors,
        "calls": seen.calls,
        "order": list(seen.solution),
    }


def rename(names: dict[str, str], thing: Any) -> Any:
    """A path, a provider, or a collection of them, with the new ids."""
    if isinstance(thing, (tuple, list, set)):
        return type(thing)(rename(names, part) for part in thing)
    if isinstance(thing, dict):
        return {rename(names, key): value for key, value in thing.items()}
    return names.get(thing, thing)


@given(cases(Style(estimators_only=True)))
def test_the_names_do_not_matter(case):
    other, names = changes.renamed(case)
    first, second = facts(see(case)), facts(see(other))
    providers = {path: rename(names, provider) for path, provider in first.pop("providers").items()}
    assert second.pop("providers") == rename(names, providers)
    assert second == {name: rename(names, fact) for name, fact in first.items()}


@given(cases() | cases(Style(weights=ZERO_WEIGHTS)))
def test_the_unit_of_the_weights_does_not_matter(case):
    first, second = facts(see(case)), facts(see(changes.doubled(case)))
    assert second.pop("distances") == {path: 2 * distance for path, distance in first.pop("distances").items()}
    # The way out of a function without outputs always costs 1, so it may come at another time.
    assert sorted(second.pop("calls")) == sorted(first.pop("calls"))
    assert second == first


@given(cases())
def test_a_dearer_way_is_not_gone(case):
    first = see(case)
    other = changes.with_a_dearer_way(case, {path: first.distances[path] for path in answer(case, first.calls).values})
    assume(other is not None)
    second = see(other)
    if case.question.outputs is None:
        assert facts(second) == facts(first)
    else:
        wanted = {(x,) for x in case.question.outputs if (x,) in first.values}
        assert {path: second.values.get(path) for path in wanted} == {path: first.values[path] for path in wanted}
        assert second.calls == first.calls


@given(cases(Style(collecting=False)), st.randoms(use_true_random=False))
def test_the_order_of_the_data_and_of_the_question_does_not_matter(case, random):
    data = list(case.model.data)
    random.shuffle(data)
    first, second = see(case), see(changes.with_other_order(case, tuple(data)))
    paths = [(x,) for x in case.question.outputs or ()] or [*first.values, *second.values]
    assert {path: first.values.get(path) for path in paths} == {path: second.values.get(path) for path in paths}
    assert {path: first.distances.get(path) for path in paths} == {path: second.distances.get(path) for path in paths}
    assert {path: first.providers.get(path) for path in paths} == {path: second.providers.get(path) for path in paths}


@given(cases(Style(wildcards=False)))
def test_wanting_every_datum_is_wanting_nothing_in_particular(case):
    every = replace(case.question, outputs=tuple(datum.id for datum in case.model.data))
    first = see(replace(case, question=replace(case.question, outputs=None)))
    second = see(replace(case, question=every))
    assert dict(first.solution) == dict(second.solution)
    assert first.solution.distances == second.solution.distances
    assert first.solution.providers == second.solution.providers


@given(cases(), cases())
def test_a_run_leaves_no_trace_in_the_model(case, other):
    log = models.Log()
    dsp = models.build(case.model, log)
    before = pickle.dumps(dsp)
    first = facts(read(case, models.ask(dsp, case)))
    models.ask(models.build(other.model), other)
    assert facts(read(case, models.ask(dsp, case))) == first
    log.calls.clear()
    assert pickle.dumps(dsp) == before


@given(cases())
def test_a_pickled_model_and_a_copied_one_do_the_same(case):
    dsp = models.build(case.model)
    first = facts(read(case, models.ask(dsp, case)))
    assert facts(read(case, models.ask(pickle.loads(pickle.dumps(dsp)), case))) == first
    assert facts(read(case, models.ask(dsp.copy(), case))) == first


@given(cases(Style(wanted=True)))
def test_keeping_the_outputs_alone_gives_the_same_outputs(case):
    dsp = models.build(case.model)
    every, few = models.ask(dsp, case), models.ask(dsp, case, keep="outputs")
    wanted = {x: every[x] for x in case.question.outputs if x in every}
    assert dict(few) == wanted
    assert few.calls == every.calls


@given(cases(Style(wanted=True)))
def test_shrinking_does_not_change_the_outputs(case):
    dsp = models.build(case.model)
    given_ids, outputs = models.asked(case)
    every = models.ask(dsp, case)
    small = dsp.shrink_dsp(given_ids, outputs)
    values, wanted = models.asked(case)
    options = models.spoken(case.question)
    known = {x: value for x, value in values.items() if x in small.nodes}
    near = {x: distance for x, distance in (options.pop("inputs_dist") or {}).items() if x in known}
    left = [x for x in wanted if x in small.nodes]
    found = small.dispatch(known, left, near or None, raises=False, **options)
    assert {x: found.get(x) for x in outputs} == {x: every.get(x) for x in outputs}


def test_the_seed_of_the_hashes_does_not_matter(tmp_path):
    drawn: list[Any] = []

    @seed(20)
    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def draw(case):
        drawn.append(case)

    draw()
    file = tmp_path / "cases.pickle"
    file.write_bytes(pickle.dumps(drawn))
    script = "import sys; from tests.properties.test_metamorphic import digest; sys.stdout.write(digest(sys.argv[1]))"
    digests = set()
    for number in "012":
        command = [sys.executable, "-c", script, str(file)]
        environment = {**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert digests == {digest(str(file))}


def digest(file: str) -> str:
    """All that is to be seen of some dispatches, as one text."""
    drawn = pickle.loads(Path(file).read_bytes())
    found = [facts(see(case)) for case in drawn]
    return repr([{**fact, "errors": sorted(fact["errors"])} for fact in found])

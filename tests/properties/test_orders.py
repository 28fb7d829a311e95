"""The order in which calls end does not matter, nor how many are in flight, nor where chains of them are made."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

import thalweg as tw
from tests.properties.compare import Seen, see
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import cases
from tests.properties.oracle import Answer, answer
from thalweg.executors.contract import perform
from thalweg.executors.later import Kept, Later
from thalweg.tokens import DROPPED, NONE, PREVIOUS


class Shuffled:
    """An executor that has some calls in flight, and ends them in an order drawn beforehand."""

    concurrent = True

    def __init__(self, random: Any, capacity: int, *, takes_chains: bool = False) -> None:
        self.random = random
        self.capacity = capacity
        self.takes_chains = takes_chains

    def drive(self, run: Any) -> None:
        """Make all calls of `run`."""
        flying: list[list[tuple[Any, bool]]] = []
        while run.is_active():
            if len(flying) < self.capacity:
                for call in run.ready():
                    flying.append([(call, True)])
                    if len(flying) >= self.capacity:
                        break
            if self.takes_chains:
                self._lengthen(run, flying)
            if flying:
                self._end_one(run, flying.pop(self.random.randrange(len(flying))))

    def _lengthen(self, run: Any, flying: list[list[tuple[Any, bool]]]) -> None:
        """Add to each chain what follows it."""
        for chain in flying:
            found = run.follow(chain[-1][0])
            while found is not None:
                chain[-1] = (chain[-1][0], found[1])
                chain.append((found[0], True))
                found = run.follow(found[0])

    def _end_one(self, run: Any, chain: list[tuple[Any, bool]]) -> None:
        value = withheld = None
        for place, (call, is_kept) in enumerate(chain):
            before = value
            if place:
                run.began(call)
                call.args = [before if arg is PREVIOUS else arg for arg in call.args]
            try:
                value = perform(call)
            except Exception as error:  # noqa: BLE001 - an executor passes on whatever comes
                if withheld is not None:
                    run.done(withheld, before)
                run.failed(call, error)
                for later, _ in chain[place + 1 :]:
                    run.untaken(later)
                return
            if withheld is not None:
                run.done(withheld, DROPPED)
            withheld = None if is_kept or value is NONE else call
            if withheld is None:
                run.done(call, value)
            if value is NONE:
                for later, _ in chain[place + 1 :]:
                    run.untaken(later)
                return


class Ahead:
    """An executor that is told ahead what will be called, and makes the calls in an order drawn beforehand."""

    concurrent = True
    takes_plans = True

    def __init__(self, random: Any) -> None:
        self.random = random
        self.plans = 0
        self.failures = 0
        self.kept: dict[Later, Any] = {}

    def fetch(self, later: Later) -> Any:
        """A value that was kept."""
        value = self.kept[later.whole]
        return value if later.part < 0 else value[later.part]

    def drive(self, run: Any) -> None:
        """Make all calls of `run`."""
        flying: dict[int, tuple[Any, Later | None, bool]] = {}
        while run.is_active():
            plan = [run.planned(call) for call in run.ready()]
            self.plans += bool(plan)
            flying.update({call.number: (call, *rest) for call, *rest in plan})
            able = [call.number for call, _, _ in flying.values() if self._can_be_made(call)]
            if flying:
                self._end_one(run, *flying.pop(self.random.choice(able)))
            for number in run.taken_back():
                del flying[number]

    def _can_be_made(self, call: Any) -> bool:
        return all(type(arg) is not Later or arg.whole in self.kept for arg in call.args)

    def _end_one(self, run: Any, call: Any, later: Later | None, is_kept: bool) -> None:
        call.args = [self.fetch(arg) if type(arg) is Later else arg for arg in call.args]
        assert not any(arg is NONE for arg in call.args), "it takes what was not given"
        try:
            value = perform(call)
        except Exception as error:  # noqa: BLE001 - an executor passes on whatever comes
            self.failures += 1
            run.failed(call, error)
            return
        if later is not None:
            later.keeper = self
            self.kept[later] = value
        if value is NONE or is_kept:
            run.done(call, value)
        else:
            is_many = later is not None and type(value) is tuple
            run.done(call, Kept(tuple(place for place, part in enumerate(value) if part is NONE) if is_many else ()))


def hold(case: Case, seen: Seen) -> Answer:
    """Hold a dispatch against what the naive process comes to, whatever the order of its calls."""
    want = answer(case)
    assert {path: seen.distances.get(path) for path in want.values} == want.distances
    assert {path: seen.providers.get(path) for path in want.values} == want.providers
    assert [x for x in seen.solution if (x,) in want.values] == want.order
    assert sorted(seen.solution.unreachable) == sorted(want.unreachable)
    assert want.derivation <= set(seen.calls)
    assert len(set(seen.calls)) == len(seen.calls)
    return want


@given(cases(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_the_order_in_which_calls_end_does_not_matter(case, random, capacity):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    alone, seen = see(case), see(case, executor=Shuffled(random, capacity))
    want = hold(case, seen)
    assert {path: seen.values.get(path) for path in want.values} == want.values
    assert dict(seen.solution) == dict(alone.solution)
    assert list(seen.solution) == list(alone.solution)


@given(cases(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_chains_made_in_one_place_change_nothing(case, random, capacity):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    alone, seen = see(case), see(case, executor=Shuffled(random, capacity, takes_chains=True))
    hold(case, seen)
    assert list(seen.solution.items()) == list(alone.solution.items())


@given(cases(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_values_that_are_let_go_change_nothing(case, random, capacity):
    assume(case.question.outputs is not None and not Network(case.model, case.question).has_gate_in_circle())
    alone = see(case, keep="outputs")
    for takes_chains in (False, True):
        seen = see(case, executor=Shuffled(random, capacity, takes_chains=takes_chains), keep="outputs")
        assert list(seen.solution.items()) == list(alone.solution.items())


@given(cases(), st.randoms(use_true_random=False), st.sampled_from(["all", "outputs"]))
def test_what_is_planned_ahead_changes_nothing(case, random, keep):
    assume(not Network(case.model, case.question).has_gate_in_circle())
    alone = see(case, keep=keep)
    executor = Ahead(random)
    seen = see(case, executor=executor, keep=keep)
    if keep == "all":
        hold(case, seen)
    assert list(seen.solution.items()) == list(alone.solution.items())


def layered(seed, *, is_whole):
    """Data in layers, each with a provider that costs much and some with one that costs little, and fails."""

    def fails(*args):
        raise OSError

    dsp, random = tw.Dispatcher(), Random(seed)
    names = ["a", "b"]
    for number in range(random.randrange(4, 12)):
        taken, name = random.sample(names[-4:], 2), f"d{number}"
        fails_first = random.random() < 0.4
        if fails_first and not is_whole:
            dsp.add_function(f"cheap {number}", fails, taken, [name])
        dsp.add_function(f"dear {number}", lambda *args: sum(args), taken, [name], weight=5)
        names.append(name)
    return dsp


@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_what_fails_leaves_the_distances_of_a_model_without_it(random, capacity):
    seed = random.random()
    models = [layered(seed, is_whole=is_whole) for is_whole in (True, False, False)]
    want, alone, seen = (
        dsp({"a": 1, "b": 2}, executor=executor)
        for dsp, executor in zip(models, (None, None, Shuffled(random, capacity)), strict=True)
    )
    assert list(want.distances.items()) == list(alone.distances.items()) == list(seen.distances.items())
    assert list(want.items()) == list(alone.items()) == list(seen.items())

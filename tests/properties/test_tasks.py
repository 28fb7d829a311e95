"""Random trees of calls with grafts: a run gives, or raises, what the plain calls of the same class do."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import thalweg as tw
from thalweg.errors import TaskError
from thalweg.tasks import Flow, task


@dataclass
class Box:
    value: Any


class Grows(Flow):
    """Does what a description says: a tuple of a word and what it is about."""

    def __init__(self, factor):
        self.factor = factor

    @task
    def grow(self, what):
        return self.inline(what)

    @task
    async def grow_awaited(self, what):
        return self.inline(what)

    def inline(self, what):  # noqa: C901, PLR0911 - a word for each thing that a task can do
        word, *rest = what
        match word:
            case "value":
                return rest[0]
            case "list":
                return [self.inline(each) for each in rest]
            case "tuple":
                return tuple([self.inline(each) for each in rest])
            case "dict":
                return {number: self.inline(each) for number, each in enumerate(rest)}
            case "box":
                return Box(self.inline(rest[0]))
            case "call":
                return self.grow(rest[0])
            case "awaited":
                return self.grow_awaited(rest[0])
            case "size":
                return self.size(self.inline(rest[0]))
            case "twice":
                one = self.inline(rest[0])
                return self.pair(one, again=one)
            case "if":
                return self.choose(self.inline(rest[0]), rest[1], rest[2])
            case "forgotten":
                self.inline(rest[0])
                return self.inline(rest[1])
            case "fail":
                return self.fail(rest[0])
        raise AssertionError(word)

    @task
    def size(self, value):
        return len(repr(value)) * self.factor

    @task
    def pair(self, one, again):
        return (one, [again])

    @task
    def choose(self, value, one, other):
        return self.inline(one if value else other)

    @task
    def fail(self, number):
        raise ValueError(f"failure {number}")


VALUES = st.sampled_from([0, 1, None, "", "text", (), False]).map(lambda value: ("value", value))
FAILURES = st.integers(0, 9).map(lambda number: ("fail", number))


def wider(inner):
    one_of = [st.tuples(st.just(word), inner) for word in ("call", "awaited", "size", "twice", "box")]
    many = [
        st.lists(inner, max_size=3).map(lambda each, word=word: (word, *each)) for word in ("list", "tuple", "dict")
    ]
    two = st.tuples(st.just("forgotten"), inner, inner)
    return st.one_of(*one_of, *many, two, st.tuples(st.just("if"), inner, inner, inner))


SOUND = st.recursive(VALUES, wider, max_leaves=12)
ANY = st.recursive(st.one_of(VALUES, VALUES, FAILURES), wider, max_leaves=12)
here = pytest.mark.parametrize("executor", ["sync", "threads"])


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()


def plainly(flow, what):
    try:
        return flow.grow(what), None
    except ValueError as error:
        return None, str(error)


def by_a_run(flow, what, executor):
    try:
        return flow.grow.using(executor).run(what), None
    except TaskError as error:
        return None, str(error.__cause__)


@here
@given(what=SOUND)
def test_a_run_gives_what_plain_calls_give(executor, what):
    flow = Grows(factor=3)
    assert by_a_run(flow, what, executor) == plainly(flow, what)


@here
@given(what=ANY)
def test_a_run_fails_by_the_failure_that_plain_calls_meet_first(executor, what):
    flow = Grows(factor=3)
    assert by_a_run(flow, what, executor) == plainly(flow, what)


@given(descriptions=st.lists(SOUND, min_size=2, max_size=4))
def test_runs_side_by_side_do_not_mix(descriptions):
    flows = [Grows(factor=number) for number in range(len(descriptions))]
    runs = [flow.grow.submit(what) for flow, what in zip(flows, descriptions, strict=True)]
    assert [run.result(60) for run in runs] == [flow.grow(what) for flow, what in zip(flows, descriptions, strict=True)]


def test_processes_give_the_same():
    descriptions = [
        ("list", ("call", ("twice", ("size", ("value", 1)))), ("box", ("awaited", ("value", None)))),
        (
            "if",
            ("call", ("value", 0)),
            ("fail", 1),
            ("dict", ("call", ("tuple", ("value", ""))), ("size", ("value", 3))),
        ),
        ("forgotten", ("twice", ("fail", 2)), ("fail", 3)),
    ]
    flow = Grows(factor=3)
    for what in descriptions:
        assert by_a_run(flow, what, "processes") == plainly(flow, what)

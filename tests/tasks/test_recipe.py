"""Promises within containers: found, and replaced by their values."""

import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.flows import Box, Pair, Sealed
from thalweg.errors import PromiseError
from thalweg.tasks.promise import Promise
from thalweg.tasks.recipe import Recipe, pack

MAKER = object()


def promise(number):
    return Promise(MAKER, number, f"task {number}", "here")


def made(value, values=(10, 11, 12)):
    return pickle.loads(pickle.dumps(pack(value, MAKER))).make(values.__getitem__)


def test_what_has_no_promise_stays_as_it_is():
    value = [1, {"a": (2, {3})}, Box([4])]
    assert pack(value, MAKER) is value


def test_a_promise_alone():
    assert made(promise(1)) == 11


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ([promise(0), 1], [10, 1]),
        ((promise(0),), (10,)),
        ({promise(0), promise(1)}, {10, 11}),
        (frozenset({promise(2)}), frozenset({12})),
        ({"a": promise(0), promise(1): "b"}, {"a": 10, 11: "b"}),
        (Pair(promise(0), 1), Pair(10, 1)),
        (OrderedDict(a=promise(0)), OrderedDict(a=10)),
        (defaultdict(list, a=promise(0)), defaultdict(list, a=10)),
        (Counter({promise(0): 2}), Counter({10: 2})),
        (deque([promise(0)], 5), deque([10], 5)),
        (Box(promise(0), [promise(1)]), Box(10, [11])),
        (Sealed(promise(0)), Sealed(10)),
        ([[[{"a": (Sealed([promise(0)]),)}]]], [[[{"a": (Sealed([10]),)}]]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_containers_are_made_anew(container, expected):
    found = made(container)
    assert found == expected
    assert type(found) is type(expected)


def test_what_is_shared_stays_shared():
    shared = [promise(0)]
    left, right = made([shared, (shared,)])
    assert left is right[0]


def test_what_has_no_promise_is_not_copied():
    plain = object()
    recipe = pack([plain, promise(0)], MAKER)
    assert recipe.make((10,).__getitem__)[0] is plain


def test_each_promise_is_named_once():
    assert pack([promise(2), promise(0), [promise(2)]], MAKER).promised == (2, 0)


def test_a_container_that_holds_itself_is_left_alone():
    circle = [1]
    circle.append(circle)
    assert pack(circle, MAKER) is circle


def test_a_container_that_holds_itself_and_a_promise_is_refused():
    circle = [promise(0)]
    circle.append(circle)
    with pytest.raises(PromiseError, match="a list holds itself and a promise"):
        pack(circle, MAKER)


def test_a_promise_of_another_call_is_refused():
    with pytest.raises(PromiseError, match="another call than the one that asked for it"):
        pack([Promise(object(), 0, "a", "b")], MAKER)


def test_containers_may_be_as_deep_as_they_like():
    value = promise(0)
    for _ in range(20_000):
        value = [value]
    found = pack(value, MAKER).make((10,).__getitem__)
    for _ in range(20_000):
        (found,) = found
    assert found == 10


def test_a_dataclass_is_not_initialised_again():
    calls = []

    @dataclass
    class Counted(Box):
        def __post_init__(self):
            calls.append(1)

    recipe = pack(Counted(promise(0)), MAKER)
    assert recipe.make((10,).__getitem__).value == 10
    assert len(calls) == 1


LEAVES = st.one_of(st.integers(), st.none(), st.text(max_size=3), st.integers(0, 4).map(lambda n: ("promise", n)))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(lambda each: ("tuple", *each)),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        inner.map(Box),
    ),
    max_leaves=25,
)


def filled(tree, leaf):
    if isinstance(tree, tuple) and tree and tree[0] == "promise":
        return leaf(tree[1])
    if isinstance(tree, list):
        return [filled(each, leaf) for each in tree]
    if isinstance(tree, tuple):
        return tuple(filled(each, leaf) for each in tree)
    if isinstance(tree, dict):
        return {key: filled(each, leaf) for key, each in tree.items()}
    if isinstance(tree, Box):
        return Box(filled(tree.value, leaf))
    return tree


@given(TREES)
def test_making_is_the_same_as_filling_in(tree):
    packed = pack(filled(tree, promise), MAKER)
    expected = filled(tree, lambda number: f"value {number}")
    found = packed.make(lambda number: f"value {number}") if type(packed) is Recipe else packed
    assert found == expected

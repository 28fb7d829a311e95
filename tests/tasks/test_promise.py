"""A promise stands for a value, and refuses to be used as one."""

import copy
import math
import operator
import pickle

import pytest

from thalweg.errors import PromiseError
from thalweg.tasks.promise import Promise

USES = {
    "truth": bool,
    "not": operator.not_,
    "length": len,
    "iteration": list,
    "unpacking": lambda promise: [*promise],
    "membership": lambda promise: 1 in promise,
    "equal": lambda promise: promise == 1,
    "unequal": lambda promise: promise != 1,
    "equal, from the other side": lambda promise: 1 == promise,  # noqa: SIM300
    "less": lambda promise: promise < 1,
    "sorting": lambda promise: sorted([promise, 1]),
    "attribute": lambda promise: promise.name,
    "hasattr": lambda promise: hasattr(promise, "name"),
    "item": lambda promise: promise[0],
    "setting an item": lambda promise: operator.setitem(promise, 0, 1),
    "call": lambda promise: promise(),
    "plus": lambda promise: promise + 1,
    "plus, from the right": lambda promise: 1 + promise,
    "minus": operator.neg,
    "division": lambda promise: promise // 2,
    "power": lambda promise: 2**promise,
    "and": lambda promise: promise & 1,
    "int": int,
    "float": float,
    "index": operator.index,
    "round": round,
    "floor": math.floor,
    "str": str,
    "f-string": lambda promise: f"{promise}",
    "percent": lambda promise: "%s" % promise,  # noqa: UP031
    "sum": lambda promise: sum([promise]),
    "max": lambda promise: max(promise, 1),
    "range": range,
    "pickle": pickle.dumps,
    "with": lambda promise: promise.__enter__(),
    "await": lambda promise: promise.__await__(),
}


@pytest.fixture
def promise():
    return Promise(object(), 0, "measure", "entrypoint")


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_it_refuses(promise, use):
    with pytest.raises(
        PromiseError, match=r"the value of the task 'measure', called in 'entrypoint', is promised"
    ) as hit:
        use(promise)
    assert hit.value.task == "measure"


def test_the_refusal_says_what_to_do(promise):
    with pytest.raises(PromiseError, match="its truth value; pass the promise on to another task"):
        bool(promise)


def test_it_can_be_in_a_set_and_be_a_key(promise):
    assert {promise: 1}[promise] == 1
    assert len({promise, promise}) == 1


def test_a_copy_of_it_is_itself(promise):
    assert copy.copy(promise) is promise
    assert copy.deepcopy([promise])[0] is promise


def test_it_can_be_shown(promise):
    assert repr(promise) == "<promise of measure, asked for in entrypoint>"


def test_who_asks_what_kind_of_object_it_is_gets_an_answer(promise):
    assert not hasattr(promise, "__array__")

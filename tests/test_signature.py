"""The version of a function's code: what changes it, and what does not."""

import datetime
import enum
import functools
import importlib.util
import re
import sys
import textwrap
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest

from thalweg import Dispatcher, MapDispatch, SubDispatchFunction, SubDispatchPipe
from thalweg.signature import signature_of


@pytest.fixture
def load(tmp_path):
    """Modules made of texts, one after the other, as if a file were edited between two runs."""
    names = []

    def load(text, name="edited"):
        path = tmp_path / f"{len(names)}" / f"{name}.py"
        path.parent.mkdir()
        path.write_text(textwrap.dedent(text))
        spec = importlib.util.spec_from_file_location(f"{name}{len(names)}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        names.append(spec.name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in names:
        del sys.modules[name]


BASE = """
    G = 9.81

    def helper(x):
        return x * G

    def f(x, y=1):
        return helper(x) + y

    def other():
        return 1
"""


@pytest.mark.parametrize(
    "text",
    [
        '''
        # A comment.
        from __future__ import annotations
        G = 9.81

        def other():
            return 2

        def helper(x: float) -> float:
            """A docstring."""
            return x * G  # a comment

        def f(x, y: int = 1):
            """Another."""
            return (
                helper(x) + y
            )
        ''',
    ],
)
def test_what_does_not_matter_does_not_change_it(load, text):
    assert signature_of(load(BASE).f) == signature_of(load(text).f)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("helper(x) + y", "helper(x) - y"),
        ("x * G", "x / G"),
        ("9.81", "9.82"),
        ("y=1", "y=2"),
        ("(x, y", "(z, y"),
        ("def f", "async def f"),
    ],
)
def test_what_matters_changes_it(load, old, new):
    assert signature_of(load(BASE).f) != signature_of(load(BASE.replace(old, new)).f)


BRANCHES = """
    try:
        import nothing_of_this_name as fast
    except ImportError:
        def helper(x):
            return x + 1

    if True:
        FACTOR = 2
    else:
        FACTOR = 3
    FACTOR += 4

    def f(x):
        value = helper(x)
        return value * FACTOR

    if __name__ == "__main__":
        value = f(1)
"""


@pytest.mark.parametrize(("old", "new"), [("x + 1", "x - 1"), ("= 2", "= 5"), ("+= 4", "+= 6")])
def test_what_stands_in_a_branch_at_the_top_of_the_file_is_looked_at(load, old, new):
    assert signature_of(load(BRANCHES).f) == signature_of(load(BRANCHES.replace("f(1)", "f(2)")).f)
    assert signature_of(load(BRANCHES).f) != signature_of(load(BRANCHES.replace(old, new)).f)


def test_functions_of_one_text_are_the_same_whatever_their_module_is_called(load):
    assert signature_of(load(BASE).f) == signature_of(load(BASE, "renamed").f)


def test_lambdas_on_one_line_are_told_apart(load):
    module = load("a, b, c = (lambda x: x + 1), (lambda x: x + 2), (lambda x: x + 1)")
    assert signature_of(module.a) != signature_of(module.b)
    assert signature_of(module.a) == signature_of(module.c)


def test_a_closure_belongs_to_it():
    def scaled(factor):
        return lambda x: factor * x

    def outer(function):
        return lambda x: function(x) + 1

    assert signature_of(scaled(2)) == signature_of(scaled(2))
    assert signature_of(scaled(2)) != signature_of(scaled(3))
    assert signature_of(scaled([1, {2: "a"}])) != signature_of(scaled([1, {2: "b"}]))
    assert signature_of(scaled(np.arange(3))) != signature_of(scaled(np.arange(4)))
    assert signature_of(scaled({"a", "b", "c"})) == signature_of(scaled({"c", "b", "a"}))
    assert signature_of(outer(scaled(2))) != signature_of(outer(scaled(3)))


def test_it_is_kept_whatever_becomes_of_the_closure():
    seen = []

    def f(x):
        seen.append(x)

    before = signature_of(f)
    f(1)
    assert signature_of(f) == before


class Bank(enum.Enum):
    LEFT = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True)
class Bend:
    radius: float
    bank: Bank = Bank.LEFT


def model_of(factor):
    dsp, child = Dispatcher(), Dispatcher()
    child.add_function("f", lambda x: factor * x, ["x"], ["y"])
    dsp.add_dispatcher(child, {"x": "x"}, {"y": "y"})
    return dsp


def piped(factor):
    """A model as a function that has been called, and may be compiled by now."""
    pipe = SubDispatchPipe(model_of(factor), "pipe", ["x"], ["y"])
    for _ in range(150):
        pipe(1)
    return pipe


HELD = {
    "a dataclass": Bend,
    "a dataclass within others": lambda number: {"a": [Bend(1.0, Bank(number))]},
    "a member of an enumeration": Bank,
    "a day": lambda number: datetime.date(2026, 1, number),
    "a decimal": Decimal,
    "a pattern": lambda number: re.compile("x" * 300 + str(number)),
    "an array of objects": lambda number: np.array([Bend(1), [number]], dtype=object),
    "a model": model_of,
    "a model as a function": lambda number: SubDispatchFunction(model_of(number), "f", ["x"], ["y"]),
    "a model as a function that was called": piped,
    "a model for each of a list": lambda number: MapDispatch(model_of(number)),
    "a compiled model": lambda number: model_of(number).compile(["x"], ["y"]),
}


@pytest.mark.parametrize("make", HELD.values(), ids=HELD)
def test_what_a_closure_or_a_partial_holds_belongs_to_it(make):
    def holding(held):
        return lambda x: held

    for held in (holding, lambda held: functools.partial(max, held)):
        assert signature_of(held(make(1))) == signature_of(held(make(1)))
        assert signature_of(held(make(1))) != signature_of(held(make(2)))


@pytest.mark.parametrize("kind", [name for name in HELD if name.startswith(("a model ", "a compiled"))])
def test_a_function_that_is_made_of_a_model_is_known_by_its_model(kind):
    make = HELD[kind]
    assert signature_of(make(1)) == signature_of(make(1))
    assert signature_of(make(1)) != signature_of(make(2))


class Proxy:
    """Has every attribute, as clients of services do."""

    def __getattr__(self, name):
        return Proxy()

    def __call__(self, x):
        return x


def test_an_object_that_has_every_attribute_has_an_end():
    assert signature_of(Proxy().some.method) == signature_of(Proxy().other)
    assert signature_of(functools.partial(max, Proxy())) == signature_of(functools.partial(max, Proxy()))


def test_an_object_of_another_class_is_known_by_that_alone():
    assert signature_of(functools.partial(max, object())) == signature_of(functools.partial(max, object()))


CLASS = """
    class Scaled:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * x

        def method(self, x):
            return x
"""


def test_objects_methods_and_classes_have_one(load):
    one, two = load(CLASS), load(CLASS.replace("self.factor * x", "self.factor + x"))
    assert signature_of(one.Scaled(2)) == signature_of(one.Scaled(2))
    assert signature_of(one.Scaled(2)) != signature_of(one.Scaled(3))
    assert signature_of(one.Scaled(2)) != signature_of(two.Scaled(2))
    assert signature_of(one.Scaled) != signature_of(two.Scaled)
    assert signature_of(one.Scaled(2).method) == signature_of(one.Scaled(2).method)
    assert signature_of(one.Scaled(2).method) != signature_of(one.Scaled(3).method)
    assert signature_of(one.Scaled(2).method) != signature_of(two.Scaled(2).method)
    assert signature_of({1: 2}.get) == signature_of({1: 2}.get) != signature_of({1: 3}.get)


def test_what_is_wrapped_is_looked_at():
    def f(x, y):
        return x

    def g(x, y):
        return y

    assert signature_of(functools.partial(f, 1)) != signature_of(functools.partial(f, 2))
    assert signature_of(functools.partial(f, 1)) != signature_of(functools.partial(g, 1))
    assert signature_of(functools.lru_cache(f)) != signature_of(functools.lru_cache(g))


def test_what_has_no_source_is_known_by_its_name_or_its_bytecode():
    assert signature_of(len) != signature_of(max)
    assert signature_of(np.sin) != signature_of(np.cos)
    one, two, three = [eval(f"lambda x: x + {number}") for number in (1, 2, 1)]
    assert signature_of(one) != signature_of(two)
    assert signature_of(one) == signature_of(three)


def test_a_file_that_was_edited_meanwhile_is_not_taken_for_the_code(load):
    import linecache
    from pathlib import Path

    module, edited = load(BASE), BASE.replace("+ y", "- y")
    path = Path(module.__file__)
    path.write_text(textwrap.dedent(edited))
    linecache.clearcache()
    assert signature_of(module.f) != signature_of(load(edited).f)


def test_functions_that_name_each_other_and_functions_within_themselves_end(load):
    module = load(
        """
        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            return n != 0 and even(n - 1)
        """
    )
    assert signature_of(module.even) != signature_of(module.odd)

    def again(n):
        return again(n - 1) if n else 0

    assert len(signature_of(again)) == 32


def test_it_is_the_same_in_another_process():
    import subprocess

    program = "from thalweg.signature import signature_of; from thalweg.text import error_text, value_text\n"
    program += "import numpy; print(*map(signature_of, (error_text, value_text, numpy.sin, dict)))\n"
    program += "from tests.test_signature import HELD\n"
    program += "print(*[signature_of(lambda: held) for held in (make(1) for make in HELD.values())])"
    told = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(told) == 1

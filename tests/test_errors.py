"""Errors: what they are, what they say, what they carry."""

import copy
import inspect
import pickle

import pytest

import thalweg as tw
from thalweg import errors
from thalweg.errors import (
    ArityError,
    BuildError,
    DispatchError,
    DomainError,
    ThalwegError,
    UnknownNodeError,
    UnreachableError,
    near_misses,
)

CLASSES = [item for item in vars(errors).values() if inspect.isclass(item) and issubclass(item, Exception)]
every_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


@every_class
def test_thalweg_error_is_above_all(kind):
    assert issubclass(kind, ThalwegError)


@every_class
def test_it_is_listed(kind):
    assert kind.__name__ in errors.__all__


@every_class
def test_it_says_its_message(kind):
    error = kind("what happened, to 'x'; what to do")
    assert str(error) == error.message == "what happened, to 'x'; what to do"


@every_class
def test_it_carries_its_facts(kind):
    assert kind("message", name="x", others=(1, 2)).others == (1, 2)


@every_class
@pytest.mark.parametrize("duplicate", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_a_copy_has_its_message_and_its_facts(kind, duplicate):
    twin = duplicate(kind("message", name="x", others=(1, 2)))
    assert (type(twin), str(twin), twin.name, twin.others) == (kind, "message", "x", (1, 2))


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (BuildError, ValueError),
        (UnknownNodeError, KeyError),
        (UnreachableError, LookupError),
        (UnreachableError, DispatchError),
        (DomainError, ValueError),
        (ArityError, TypeError),
    ],
)
def test_it_is_also_what_a_user_would_guess(kind, builtin):
    assert issubclass(kind, builtin)


def test_an_unknown_name_is_told_with_the_names_that_look_like_it():
    error = UnknownNodeError.among("wheight", ["weight", "height", "domain"], "input", "or leave it out")
    assert str(error) == "unknown input 'wheight'; did you mean 'weight' or 'height'? (or leave it out)"
    assert (error.name, error.suggestions) == ("wheight", ("weight", "height"))


def test_an_unknown_name_like_no_other_is_told_alone():
    error = UnknownNodeError.among("zzz", ["weight"], "input")
    assert (str(error), error.suggestions) == ("unknown input 'zzz'", ())


def test_names_that_look_alike_come_nearest_first():
    assert near_misses("mass", ["mess", "mas", "masses", "time"]) == ("mas", "masses", "mess")


def test_at_most_three_names_look_alike():
    assert len(near_misses("mass", ["mass1", "mass2", "mass3", "mass4"])) == 3


def test_upper_and_lower_case_look_alike():
    assert near_misses("MASS", ["mass"]) == ("mass",)


def test_names_need_not_be_strings():
    assert near_misses(("a", 1), [("a", 2), 7]) == (("a", 2),)
    assert near_misses(12, [11, 123, "x"]) == (123,)


def test_there_is_nothing_to_look_like():
    assert near_misses("mass", []) == ()


def test_an_error_of_a_dispatch_keeps_its_cause():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: 1 / a, ["a"], ["b"])
    with pytest.raises(DispatchError, match="'f' failed: ZeroDivisionError: division by zero") as ending:
        dsp({"a": 0}, raises=True)
    assert isinstance(ending.value.__cause__, ZeroDivisionError)


def test_an_error_of_a_dispatch_is_pickled_with_the_solution():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: 1 / a, ["a"], ["b"])
    with pytest.raises(DispatchError) as ending:
        dsp({"a": 0}, raises=True)
    twin = pickle.loads(pickle.dumps(ending.value))
    assert (str(twin), twin.path, dict(twin.solution)) == (str(ending.value), "f", {"a": 0})
    assert twin.solution.errors["f"].kind == "error"


def test_all_errors_of_the_package_are_caught_as_one():
    with pytest.raises(tw.errors.ThalwegError):
        tw.Dispatcher().add_function("f", abs, weight=-1)
    with pytest.raises(tw.errors.ThalwegError):
        tw.Dispatcher()({"a": 1})

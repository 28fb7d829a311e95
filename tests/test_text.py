"""Errors and values in a line."""

import pytest

from thalweg.text import error_text, value_text


class Shy:
    def __repr__(self):
        raise RuntimeError


class ShyError(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError("no route"), "OSError: no route"),
        (OSError("two\n  lines\n"), "OSError: two lines"),
        (OSError(), "OSError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ShyError(), "ShyError: (its message cannot be shown)"),
    ],
)
def test_an_error_is_its_class_and_its_message(error, text):
    assert error_text(error) == text


def test_class_and_message_may_be_joined_by_something_else():
    assert error_text(OSError("no route"), "!") == "OSError!no route"


@pytest.mark.parametrize(("value", "text"), [(None, "None"), (1.5, "1.5"), ("a\nb", r"'a\nb'")])
def test_a_value_is_its_repr(value, text):
    assert value_text(value) == text


def test_a_value_that_has_no_repr_is_its_class():
    assert value_text(Shy()) == "<Shy: it has no readable repr>"


@pytest.mark.parametrize("text", [error_text(OSError("long " * 100)), value_text("long " * 100)])
def test_what_is_long_is_cut(text):
    assert (len(text), text[-1]) == (200, "…")

"""Texts for pictures are short, harmless, and the same in every process."""

import numpy as np
import pytest

from thalweg.plotting.text import clean, error_text, name_text, shorten


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __repr__


class Grumpy(Hostile):
    def __getattr__(self, name):
        raise RuntimeError(name)


class Huge:
    def __repr__(self):
        return "x" * 10_000_000


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no")


class Endless:
    def __repr__(self):
        return repr([self])


def looped():
    found = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (0.1 + 0.2, "0.3"),
        (float("nan"), "nan"),
        ("a\nb", "'a\\nb'"),
        (b"x" * 100, "b'" + "x" * 37 + "…"),
        (None, "None"),
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset(), "frozenset()"),
        ({"a": 1}, "{'a': 1}"),
        (np.float64(0.5), "0.5"),
        (np.int64(3), "3"),
        (np.zeros((3, 4)), "ndarray of 3 x 4"),
        pytest.param(10**5000, "<an integer of 16610 bits>", id="huge"),
        (set(range(2000)), "{2000 members}"),
    ],
)
def test_values_are_shortened(value, text):
    assert shorten(value) == text


ODD = {
    "hostile": Hostile(),
    "grumpy": Grumpy(),
    "huge": Huge(),
    "endless": Endless(),
    "looped": looped(),
    "within a list": [Hostile()],
    "within a dict": {1: Hostile()},
    "long": "x" * 10_000_000,
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_a_value_does_there_is_a_short_text(name):
    assert 0 < len(shorten(ODD[name])) <= 40


def test_an_object_that_raises_is_named_by_its_class():
    assert shorten(Hostile()) == "<Hostile: it has no readable repr>"
    assert name_text(Hostile()) == "<Hostile: it has no readable repr>"


def test_addresses_are_left_out():
    assert "0x" not in shorten(object(), 200)
    assert "0x" not in shorten([object(), lambda: 1], 200)


def test_control_characters_and_halves_of_pairs_do_not_survive():
    bad = "\x00\x1b\ud800\u202e\uffff"
    assert clean(f"a{bad}b\nc") == "a" + "\ufffd" * 5 + "b c"
    assert clean("a\n\tb\x00", lines=True) == "a\n\tb\ufffd"


def test_an_error_that_cannot_be_shown_is_named():
    assert error_text(HostileError()) == "HostileError: (its message cannot be shown)"
    assert error_text(ValueError()) == "ValueError"
    assert error_text(None) == ""


def test_an_empty_name_has_a_name():
    assert name_text("") == "(no name)"

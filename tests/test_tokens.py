"""The reserved values."""

import copy
import pickle

import pytest

import thalweg as tw
from thalweg import tokens

TOKENS = [getattr(tokens, name) for name in tokens.__all__ if name != "Token"]
every_token = pytest.mark.parametrize("token", TOKENS, ids=repr)


@every_token
def test_a_token_shows_as_its_name(token):
    assert getattr(tokens, repr(token)) is token


@every_token
def test_a_token_equals_only_itself(token):
    assert [other for other in [*TOKENS, repr(token), None] if other == token] == [token]


@every_token
def test_a_token_is_pickled_as_itself(token):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(token, protocol)) is token


@every_token
def test_a_token_is_copied_as_itself(token):
    assert copy.copy(token) is token
    assert copy.deepcopy([token])[0] is token


def test_the_known_tokens_are_public():
    assert [getattr(tokens, name) for name in ("START", "END", "SINK", "EMPTY", "NONE", "SELF", "PLOT")] == [
        tw.START,
        tw.END,
        tw.SINK,
        tw.EMPTY,
        tw.NONE,
        tw.SELF,
        tw.PLOT,
    ]


def test_self_is_the_model_itself_as_a_value():
    dsp = tw.Dispatcher(name="m")
    dsp.add_function("ask", lambda model: model.name, [tw.SELF], ["name"])
    assert dsp()["name"] == "m"

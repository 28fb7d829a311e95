"""The example of machine learning: which way each step goes, and that nothing of the test is learnt from."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def learning(example):
    return example("learning")


def test_the_test_keeps_every_third_wine_and_all_growers(learning):
    features, labels = learning.model.wines()
    train, y, test, y_test = learning.model.split(features, labels)
    assert (len(train), len(test)) == (119, 59)
    assert set(y) == set(y_test) == {0, 1, 2}


def test_gaps_are_filled_by_medians_of_the_training_only(learning):
    train = np.array([[1.0], [3.0], [np.nan], [50.0]])
    _, test = learning.model.impute(train, np.array([[np.nan], [1e9]]))
    assert test[:, 0].tolist() == [3.0, 1e9]


@pytest.mark.parametrize(("steps", "provider"), [(100, "train"), (1, "train in closed form")])
def test_a_solver_that_does_not_end_is_followed_by_one_that_does(learning, steps, provider):
    solution = learning.model.dsp({"steps": steps}, outputs=["right"])
    assert solution.providers["classifier"] == provider
    assert solution["right"] >= 54


def test_a_kept_classifier_says_what_it_said(learning, tmp_path):
    file = tmp_path / "kept"
    first = learning.model.dsp({"model_file": file}, outputs=["guess", "save"])
    second = learning.model.dsp({"model_file": file}, outputs=["guess"])
    assert second.providers["classifier"] == "load"
    assert (first["guess"] == second["guess"]).all()
    assert "train" not in second.calls


def test_the_majority_wins_and_of_equals_the_first(learning):
    opinions = {"a": np.array([0, 1, 2]), "b": np.array([1, 1, 0]), "c": np.array([2, 0, 0])}
    assert learning.model.majority(opinions).tolist() == [0, 1, 0]


def test_an_opinion_that_cannot_be_had_is_left_out(learning):
    features, labels = learning.model.wines()
    few = slice(57, 61)
    solution = learning.model.dsp({"features": features[few], "labels": labels[few]}, outputs=["guess"])
    assert solution.providers["guess"] == ("linear", "naive")
    assert "neighbours" in solution.errors

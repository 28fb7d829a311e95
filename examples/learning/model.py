"""From a table to a tested classifier, with more than one way at each step.

Gaps in the table are filled if there are any; a model that was kept is used if it is there, and trained if it is not;
a solver that does not come to an end is followed by one that does. At the end several classifiers give their opinion,
and those that could be had are counted.
"""

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import thalweg as tw

Array = NDArray[Any]


def wines() -> tuple[Array, Array]:
    """Give 13 measurements of each of 178 wines (178, 13), and which of three growers made it (178,)."""
    table = load_wine()
    return table.data, table.target


def split(features: Array, labels: Array) -> tuple[Array, Array, Array, Array]:
    """Keep every third wine for the test: the rows are sorted by grower, so each has its share."""
    held = np.arange(len(labels)) % 3 == 2
    return features[~held], labels[~held], features[held], labels[held]


def is_whole(train: Array, test: Array) -> bool:
    return not (np.isnan(train).any() or np.isnan(test).any())


def impute(train: Array, test: Array) -> tuple[Array, Array]:
    """Fill gaps by the medians of what is trained on; the test must not be looked at."""
    imputer = SimpleImputer(strategy="median").fit(train)
    return imputer.transform(train), imputer.transform(test)


def scale(train: Array, test: Array) -> tuple[Array, Array]:
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def load(path: Path) -> Any:
    """Read a kept classifier; like every pickle it may be read only if it is ours."""
    return joblib.load(path)


def train_briefly(x: Array, y: Array, steps: int) -> LogisticRegression:
    """Train by so many steps; raises ConvergenceWarning if they do not do."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return LogisticRegression(max_iter=steps).fit(x, y)


def train_directly(x: Array, y: Array) -> LinearDiscriminantAnalysis:
    """Train in closed form: no steps, so nothing to run out of."""
    return LinearDiscriminantAnalysis().fit(x, y)


def majority(opinions: dict[Any, Array]) -> Array:
    """Give what most say of each wine; of equal numbers, what was said first."""
    return np.array([Counter(said).most_common(1)[0][0] for said in zip(*opinions.values(), strict=True)])


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="wine", description="Which grower made a wine, by what is in it")
    dsp.add_function("wines", wines, outputs=["features", "labels"])
    dsp.add_function("split", split, ["features", "labels"], ["x_raw", "y", "x_test_raw", "y_test"])

    # Nothing is done to a table without gaps; the imputer is dearer, so it is asked only when the domain says no.
    whole = ["x_whole", "x_test_whole"]
    dsp.add_function("keep", tw.bypass, ["x_raw", "x_test_raw"], whole, input_domain=is_whole)
    dsp.add_function("impute", impute, ["x_raw", "x_test_raw"], whole, weight=10)
    dsp.add_function("scale", scale, whole, ["x", "x_test"])

    dsp.add_function("load", load, ["model_file"], ["classifier"], input_domain=lambda path: path.is_file())
    dsp.add_function("train", train_briefly, ["x", "y", "steps"], ["classifier"], weight=10)
    dsp.add_function("train in closed form", train_directly, ["x", "y"], ["classifier"], weight=20)
    dsp.add_function("save", joblib.dump, ["classifier", "model_file"], weight=30)
    dsp.set_default_value("steps", 100)

    dsp.add_data("guess", wait_inputs=True, function=majority, description="what most classifiers say")
    dsp.add_function("linear", lambda model, x: model.predict(x), ["classifier", "x_test"], ["guess"])
    dsp.add_function(
        "neighbours", lambda x, y, t: KNeighborsClassifier(5).fit(x, y).predict(t), ["x", "y", "x_test"], ["guess"]
    )
    dsp.add_function("naive", lambda x, y, t: GaussianNB().fit(x, y).predict(t), ["x", "y", "x_test"], ["guess"])
    dsp.add_function("count", lambda guess, truth: int((guess == truth).sum()), ["guess", "y_test"], ["right"])
    return dsp


dsp = build()

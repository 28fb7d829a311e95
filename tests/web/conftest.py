"""What tests of served models share; how many questions the fuzzers ask: few, ten thousand with THALWEG_SOAK=1."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

import thalweg as tw
from tests.web.models import Work

SOAK = os.environ.get("THALWEG_SOAK") == "1"
FUZZING = settings(
    max_examples=10_000 if SOAK else 150,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
DESCRIBING = settings(FUZZING, max_examples=1000 if SOAK else 20)  # for each address and method


@pytest.fixture
def work():
    work = Work()
    yield work
    work.may_end.set()


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()

"""What the tests of executors share."""

import pytest

import thalweg as tw
from tests.executors.doors import Door
from tests.executors.rows import close_clusters


@pytest.fixture
def door():
    with Door() as door:
        yield door


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()
    close_clusters()

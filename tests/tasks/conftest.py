"""What the tests of tasks share."""

import pytest

import thalweg as tw


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()

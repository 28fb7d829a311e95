"""What the tests of workers share: one scheduler with two workers, and certificates."""

import pytest

import thalweg as tw
from thalweg.workers import launch_workers, make_certificates

pytest.importorskip("distributed")


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def fleet():
    with launch_workers(2) as fleet:
        yield fleet


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()

"""What all clusters have in common: when they begin and end, what of a bundle is lost with its worker, what travels."""

import threading

from tests.executors.processes import outcome
from thalweg.errors import ClusterError
from thalweg.executors.cluster import ClusterExecutor


class Absent:
    """A cluster that cannot be had."""

    name = "absent"
    places = 1
    address = None

    async def open(self, engine):
        raise OSError("nobody is there")

    async def close(self, grace_seconds):
        pass


class Alone(ClusterExecutor):
    """An executor on a cluster of the test's own."""

    def __init__(self, backend):
        super().__init__()
        self.made = backend

    def backend(self):
        return self.made


def test_a_cluster_that_fails_before_it_has_its_first_order_fails_that(monkeypatch):
    start = threading.Thread.start

    def start_and_run(thread):
        """The new thread goes first, as far as it comes by itself."""
        start(thread)
        if thread.name == "thalweg-absent":
            thread.join()

    monkeypatch.setattr(threading.Thread, "start", start_and_run)
    found = outcome(Alone(Absent()), abs, -1)
    assert type(found.error) is ClusterError
    assert "nobody is there" in str(found.error)

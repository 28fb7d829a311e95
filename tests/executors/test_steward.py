"""Who may begin with a bundle, as the steward within a Dask scheduler sees it."""

import pytest

from tests.executors import rows

pytestmark = rows.DASK


class Tasks:
    """As much of a scheduler as the steward asks about claims."""

    def __init__(self, *keys):
        self.tasks = dict.fromkeys(keys)
        self.events = []

    def report(self, event, ts):
        self.events.append(event)


@pytest.fixture
def steward():
    from thalweg.executors.dask_steward import Steward

    found = Steward()
    found.scheduler = Tasks("thalweg-1", "thalweg-2")
    return found


def claim(steward, key, worker):
    return steward.claim(key, worker, wants_begin=False)


def test_a_bundle_is_begun_once(steward):
    assert [claim(steward, "thalweg-1", worker) for worker in ("a", "b", "b")] == ["", "died a", "died a"]
    assert claim(steward, "thalweg-2", "a") == ""


def test_what_was_made_may_be_made_again_where_its_values_are_lost(steward):
    assert claim(steward, "thalweg-1", "a") == ""
    steward.transition("thalweg-1", "processing", "memory")
    assert claim(steward, "thalweg-1", "b") == ""


def test_what_a_worker_has_died_of_stays_refused_though_the_answer_is_lost(steward):
    claim(steward, "thalweg-1", "a")
    assert claim(steward, "thalweg-1", "b") == "died a"
    steward.transition("thalweg-1", "processing", "memory")
    assert claim(steward, "thalweg-1", "c") == "died a"


def test_what_is_cancelled_is_not_begun(steward):
    claim(steward, "thalweg-1", "a")
    assert steward.cancel(["thalweg-1", "thalweg-2", "unknown"]) == {
        "thalweg-1": "a",
        "thalweg-2": None,
        "unknown": None,
    }
    assert claim(steward, "thalweg-2", "b") == "cancelled"


def test_what_is_cancelled_before_it_comes_is_not_begun(steward):
    steward.cancel(["thalweg-3", "thalweg-4"])
    steward.scheduler.tasks["thalweg-3"] = None
    assert claim(steward, "thalweg-3", "a") == "cancelled"
    steward.remove_client(steward.scheduler, "thalweg")
    assert steward.cancelled == {"thalweg-3"}, "the others do not come any more"


def test_what_is_forgotten_is_not_begun_and_leaves_nothing(steward):
    claim(steward, "thalweg-1", "a")
    claim(steward, "thalweg-1", "b")
    steward.cancel(["thalweg-2"])
    for key in ("thalweg-1", "thalweg-2"):
        del steward.scheduler.tasks[key]
        steward.transition(key, "released", "forgotten")
        assert claim(steward, key, "c") == "cancelled"
    assert not any((steward.claims, steward.cancelled, steward.refused, steward.placements))

"""Large arrays between processes: how often they are copied, who may write into them, and when their files go."""

import gc
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.executors import work
from tests.executors.processes import Sink, files, outcome, outcomes, run_chain, until, value
from thalweg.errors import WorkerDied
from thalweg.executors import parcels
from thalweg.executors.contract import DROPPED, PREVIOUS
from thalweg.executors.depot import Depot
from thalweg.executors.processes import ProcessesExecutor

COUNT = 400_000  # of floats: three megabytes


@pytest.fixture
def executor():
    with ProcessesExecutor(max_workers=2) as executor:
        yield executor


def copies(executor):
    return executor.copies


def payloads():
    """Files that hold values."""
    return [path for path in files() if Path(path).is_file() and not path.endswith("-board")]


def test_a_small_array_travels_in_the_pickle(executor):
    given = np.arange(1_000.0)
    assert value(executor, work.double, given).tolist() == (given * 2).tolist()
    assert copies(executor) == 0


@pytest.mark.parametrize(
    "given",
    [
        np.arange(COUNT, dtype=np.float64),
        np.arange(COUNT, dtype=np.int64).reshape(4, -1),
        np.asfortranarray(np.arange(COUNT, dtype=np.float64).reshape(4, -1)),
        np.arange(2 * COUNT, dtype=np.float64)[::2],
        np.zeros(COUNT, dtype="datetime64[s]"),
    ],
    ids=["line", "rows", "columns", "strided", "dates"],
)
def test_a_large_array_comes_back_as_it_was(executor, given):
    found = value(executor, work.same, given)
    assert (found.dtype, found.shape) == (given.dtype, given.shape)
    assert (found == given).all()


def test_arrays_within_other_values_travel_too(executor):
    given = {"a": [np.ones(COUNT), 3], "b": (np.zeros(COUNT),)}
    found = value(executor, work.same, given)
    assert found["a"][1] == 3
    assert (found["a"][0].sum(), found["b"][0].sum()) == (COUNT, 0.0)


def test_a_large_array_goes_and_comes_with_one_copy_each(executor):
    found = value(executor, work.double, np.ones(COUNT))
    assert found.sum() == 2 * COUNT
    assert copies(executor) == 2


def test_a_large_array_through_a_chain_of_ten_calls_is_copied_twice(executor):
    sink = Sink()
    attempts = [sink.attempt(work.double, np.ones(COUNT), is_kept=False)]
    attempts += [sink.attempt(work.double, PREVIOUS, is_kept=False) for _ in range(8)]
    attempts += [sink.attempt(work.double, PREVIOUS)]
    found = run_chain(executor, *attempts)
    assert all(each.value is DROPPED for each in found[:-1])
    assert found[-1].value.sum() == 1024 * COUNT
    assert copies(executor) == 2


def test_a_result_that_is_passed_on_is_not_copied_again(executor):
    found = value(executor, work.ones, COUNT)
    assert copies(executor) == 1
    assert value(executor, work.total, found) == COUNT
    assert value(executor, work.total, found[1_000:]) == COUNT - 1_000
    assert value(executor, work.total, found.reshape(2, -1).T) == COUNT
    assert copies(executor) == 1


def test_what_is_written_into_a_result_is_passed_on(executor):
    found = value(executor, work.ones, COUNT)
    found[0] = 11.0
    assert value(executor, work.total, found) == COUNT + 10.0


def test_an_array_given_to_several_calls_at_once_is_copied_once(tmp_path):
    given = np.ones(COUNT)
    sink = Sink()
    with ProcessesExecutor(max_workers=2) as executor:
        gate = str(tmp_path / "gate")
        attempts = [sink.attempt(work.wait_for_and_total, gate, given) for _ in range(2)]
        for attempt in attempts:
            executor.start(attempt)
        until(lambda: (tmp_path / "gate.0").exists() and (tmp_path / "gate.1").exists())
        (tmp_path / "gate").touch()
        assert [each.value for each in sink.take_all(attempts)] == [COUNT, COUNT]
        assert copies(executor) == 1


def test_a_function_that_writes_into_its_argument_changes_nobody_elses(executor):
    given = np.ones(COUNT)
    found = [each.value for each in outcomes(executor, (work.overwrite, given), (work.total, given))]
    assert found == [-COUNT, COUNT]
    assert given.sum() == COUNT
    result = value(executor, work.ones, COUNT)
    assert value(executor, work.overwrite, result) == -COUNT
    assert result.sum() == COUNT


def test_a_result_can_be_written_to(executor):
    found = value(executor, work.ones, COUNT)
    found += 1.0
    assert found.sum() == 2 * COUNT


def test_an_argument_that_a_function_keeps_stays_what_it_was(executor):
    with ProcessesExecutor(max_workers=1) as single:
        value(single, work.keep, np.ones(COUNT))
        for number in range(4):
            assert value(single, work.total, np.full(COUNT, number)) == number * COUNT
        assert value(single, work.kept_total) == COUNT


def test_the_file_of_an_argument_goes_with_the_call(executor):
    assert value(executor, work.total, np.ones(COUNT)) == COUNT
    until(lambda: payloads() == [])


def test_the_file_of_an_argument_goes_though_the_call_fails(executor):
    assert type(outcome(executor, work.fails, np.ones(COUNT)).error) is ValueError
    assert type(outcome(executor, work.kill_with, np.ones(COUNT)).error) is WorkerDied
    until(lambda: payloads() == [])


def test_the_file_of_a_result_goes_with_the_array(executor):
    found = value(executor, work.ones, COUNT)
    part = found[5:10]
    assert len(payloads()) == 1
    del found
    gc.collect()
    assert len(payloads()) == 1
    assert part.tolist() == [1.0] * 5
    del part
    until(lambda: payloads() == [])


def test_files_are_used_again(executor):
    value(executor, work.double, value(executor, work.double, np.ones(COUNT)))
    seen = set(payloads())
    array = np.ones(COUNT)
    for _ in range(12):
        array = value(executor, work.double, array)
        seen |= set(payloads())
    assert array.sum() == 4096 * COUNT
    assert len(seen) <= 6


def test_files_that_are_used_again_hold_what_was_last_written(executor):
    kept = [value(executor, work.same, np.full(COUNT, float(number))) for number in range(3)]
    for number in range(20):
        count = COUNT - number * 1_000
        assert value(executor, work.same, np.full(count, number)).sum() == number * count
    assert [each.sum() for each in kept] == [0, COUNT, 2 * COUNT]


def test_an_array_outlives_its_executor():
    with ProcessesExecutor(max_workers=1) as executor:
        found = value(executor, work.ones, COUNT)
    assert files() == []
    assert found.sum() == COUNT


def test_long_values_and_long_errors_leave_no_file(executor):
    text = "x" * 3_000_000
    assert value(executor, work.same, text) == text
    assert outcome(executor, work.fails, text).error.args == ("no luck", text)
    until(lambda: payloads() == [])


def test_many_arrays_at_once_need_no_more_descriptors_than_there_are():
    with ProcessesExecutor(max_workers=1) as executor:
        found = [each.value for each in outcomes(executor, *[(work.ones, 140_000)] * 300)]
        assert psutil.Process().num_fds() < 300
        assert sum(each.sum() for each in found) == 300 * 140_000


def test_a_full_directory_is_passed_over(tmp_path):
    scrap = parcels.Scrap([str(tmp_path / "absent"), str(tmp_path)], "p")
    place = parcels.write(b"here", scrap)
    assert place.path.startswith(str(tmp_path / "p"))
    assert parcels.read(place) == b"here"


def test_a_pickle_of_something_in_main_goes_by_value():
    made = {}
    exec("class Here:\n    def give(self):\n        return 5", {"__name__": "__main__"}, made)
    data, _ = parcels.Packer().pack(made["Here"]())
    assert parcels.load(data, copying=True).give() == 5


def test_without_cloudpickle_the_cure_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with ProcessesExecutor(max_workers=1) as executor:
        error = outcome(executor, lambda: 3).error
        assert "thalweg[processes]" in str(error)
        assert value(executor, work.same, "__main__") == "__main__"


def test_a_file_that_was_lent_and_used_is_not_taken_back_twice():
    depot = Depot(lambda: None)
    try:
        used = []
        depot.pack(np.ones(COUNT), used)
        depot.release(used, are_free=True)
        lent = depot.lend(8 * COUNT)
        depot.load_bytes(parcels.WithFiles(b"", (parcels.Place(lent[0].path, 0, 8 * COUNT),)))
        depot.take_back(lent)
        assert len(depot.lend(8 * COUNT)) == 1
        assert depot.lend(8 * COUNT) == []
    finally:
        depot.close()

"""Jobs that an executor makes."""

import asyncio
import os

import pytest

import thalweg as tw
from tests.executors import rows
from thalweg.errors import BuildError, CallTimeout, UnknownExecutorError, WorkerDied
from thalweg.jobs import Job, Scheduler


async def process(*values):
    await asyncio.sleep(0)
    return (os.getpid(), *values)


def add(first, second):
    return first[1] + second


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()
    rows.close_clusters()


@pytest.mark.parametrize("name", [*rows.params(["processes", "dask"])])
def test_values_go_from_job_to_job(name):
    executor = rows.Dask().executor if name == "dask" else name
    here = Job(process, 1)
    there = Job(process, 2, executor=executor)
    plain = Job(add, there.result, 40, executor=executor)
    assert Scheduler(here, there, plain).orchestrate()
    assert (here.result(), there.result()[1], plain.result()) == ((os.getpid(), 1), 2, 42)
    assert there.result()[0] != os.getpid()


@pytest.mark.parametrize("name", ["sync", "async"])
def test_who_asks_for_no_other_place_is_served_here(name):
    for _ in range(2):  # each time on a loop of its own
        awaited, plain = Job(process, 1, executor=name), Job(add, (0, 1), 2, executor=name)
        assert Scheduler(awaited, plain).orchestrate()
        assert (awaited.result(), plain.result()) == ((os.getpid(), 1), 3)


@rows.PROCESSES
def test_a_job_elsewhere_fails_as_it_would_here():
    import time

    late = Job(time.sleep, 60, executor="processes", timeout=0.1)
    deadly = Job(os._exit, 3, executor="processes")
    after = Job(process, executor="threads", requires=late)
    Scheduler(late, deadly, after).orchestrate()
    assert [type(job.raised_exception()) for job in (late, deadly)] == [CallTimeout, WorkerDied]
    assert after.result() == (os.getpid(),)


def test_what_cannot_be_meant_is_refused():
    coroutine = process()
    with pytest.raises(BuildError, match="cannot travel"):
        Job(coroutine, executor="processes")
    coroutine.close()
    with pytest.raises(UnknownExecutorError, match="did you mean 'processes'"):
        Scheduler(Job(process, executor="process")).orchestrate()

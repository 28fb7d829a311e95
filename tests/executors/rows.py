"""The rows of the table of executors, and how a run is driven through each."""

import asyncio
import importlib.util
import os
from contextlib import contextmanager
from inspect import iscoroutinefunction

import pytest

from thalweg.executors import InlineExecutor
from thalweg.executors.driver import Driver
from thalweg.executors.event_loop import EventLoopExecutor, LoopHost
from thalweg.executors.hosts import BlockingHost
from thalweg.executors.table import make

DASK = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")
RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
PROCESSES = pytest.mark.skipif(
    importlib.util.find_spec("thalweg.executors.processes") is None, reason="there are no processes in this place"
)


class Row:
    """One executor, and what may be asked of it.

    Attributes
    ----------
    name : str
        As in the table.
    is_here : bool
        Are calls made in the thread that drives?  Then none can be cancelled.
    shares : bool
        Do calls share the memory of who drives?
    stops : bool
        Can a call that is being made be ended?
    some, many : int
        How many calls are some, and how many a great many.
    """

    is_here = False
    shares = True
    stops = False
    some = 50
    many = 10_000

    def __init__(self, name, **options):
        self.name = name
        self.options = options
        self.executor = make(name, **options)

    def fn(self, function):
        """A function as this row is to call it."""
        return function

    def slow(self, door, value=None):
        """A function that waits at a door, whatever it is called with, and gives `value`."""
        return Waiting(door, value)

    def drive(self, run, *, stopper=None, timeout=None, **options):
        host = BlockingHost(stopper)
        driver = Driver(run, host, self.choose, **options)
        if timeout is not None:
            host.call_later(timeout, driver.expire)
        host.drive(driver)
        return driver

    def choose(self, call):
        return self.executor

    def close(self, grace_seconds=1.0):
        self.executor.close(grace_seconds)


class Inline(Row):
    """The loop of the inline executor itself: without a driver."""

    is_here = True

    def __init__(self):
        self.name = "inline"
        self.executor = InlineExecutor()

    def drive(self, run):
        self.executor.drive(run)


class Sync(Row):
    """The inline executor behind a driver."""

    is_here = True


class PlainOnLoop(Row):
    """Plain functions in a dispatch that lives on an event loop."""

    def __init__(self, **options):
        super().__init__("threads", **options)
        self.name = "async"

    def drive(self, run, *, stopper=None, timeout=None, **options):
        async def main():
            host = LoopHost(stopper)
            executor = EventLoopExecutor()
            driver = Driver(run, host, lambda call: self.pick(call, executor), **options)
            if timeout is not None:
                host.call_later(timeout, driver.expire)
            await host.drive(driver)
            return driver

        return asyncio.run(main())

    def pick(self, call, executor):
        return executor if iscoroutinefunction(call.function) else self.executor


class Awaited(PlainOnLoop):
    """Coroutine functions on an event loop."""

    stops = True

    def fn(self, function):
        async def awaited(*args):
            return function(*args)

        return awaited

    def slow(self, door, value=None):
        async def slow(*_):
            return await door.await_(value)

        return slow


class Processes(Row):
    shares = False
    stops = True


class Dask(Processes):
    """A cluster of this machine; one for all tests of a file, but for those that ask for one of their own."""

    many = 2000
    shared = None

    def __init__(self, max_workers=None):
        self.name = "dask"
        self.is_shared = max_workers is None
        if self.is_shared:
            if Dask.shared is None:
                Dask.shared = make("dask", n_workers=2)
            self.executor = Dask.shared
        else:
            self.executor = make("dask", n_workers=max_workers)

    def close(self, grace_seconds=1.0):
        if not self.is_shared:
            super().close(grace_seconds)


class Ray(Dask):
    """One Ray for all tests of a file; a program has no more than one."""

    some = 20
    many = 500
    shared = None

    def __init__(self):
        self.name = "ray"
        self.is_shared = True
        if Ray.shared is None:
            Ray.shared = make("ray", num_cpus=2)
        self.executor = Ray.shared


def close_clusters():
    """End those that tests share: their processes come and go, which other tests would take for what they left."""
    for kind in (Dask, Ray):
        shared, kind.shared = kind.shared, None
        if shared is not None:
            shared.close()


class Isolated(Processes):
    some = 4
    many = 20


class Waiting:
    """Waits at a door when it is called; it can travel to another process."""

    def __init__(self, door, value):
        self.door = door
        self.value = value

    def __call__(self, *_):
        return self.door.wait(self.value)


ROWS = {
    "inline": Inline,
    "sync": lambda: Sync("sync"),
    "threads": lambda **options: Row("threads", **options),
    "async plain": PlainOnLoop,
    "async": Awaited,
    "processes": lambda **options: Processes("processes", **{"max_workers": 2, **options}),
    "dask": Dask,
    **({"ray": Ray} if os.environ.get("THALWEG_SOAK") == "1" else {}),  # each call takes it long
    "parallel": lambda **options: Isolated("parallel", **{"max_workers": 2, **options}),
}
ALONE = ("inline", "sync")  # rows that make calls in the thread that drives
NAMES = ("sync", "async", "threads", "processes", "parallel", "parallel-pool")  # as a dispatch is asked for them
OUTSIDE = ("processes", "parallel", "parallel-pool")


def params(names):
    """Names of executors, with a mark on those that may be missing."""
    marks = {"dask": DASK, "ray": RAY} | dict.fromkeys(OUTSIDE, PROCESSES)
    return [pytest.param(name, marks=marks[name]) if name in marks else name for name in names]


@contextmanager
def opened(name, **options):
    row = ROWS[name](**options)
    try:
        yield row
    finally:
        row.close()

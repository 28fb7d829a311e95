"""The table of executors: name, and where it is made when it is asked for.

An executor from elsewhere has a row of its own as an entry point ``thalweg.executors``: its name, and a callable that
takes the options and gives an `Executor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import UnknownExecutorError, near_misses
from .contract import GRACE_SECONDS, Executor

if TYPE_CHECKING:
    from .hosts import BlockingHost

__all__ = [
    "ROWS",
    "blocking_host",
    "drop",
    "event_loops",
    "executor_names",
    "kept",
    "make",
    "open_executor",
    "shared",
    "shutdown_executors",
]

ROWS = {
    "sync": ("inline", "InlineExecutor", "one after the other, in the thread that dispatches"),
    "async": ("event_loop", "EventLoopExecutor", "on an event loop; plain functions in threads"),
    "threads": ("threads", "ThreadsExecutor", "in threads of this process"),
    "processes": ("processes", "ProcessesExecutor", "in a pool of processes"),
    "parallel-pool": ("processes", "ProcessesExecutor", "the same as 'processes'"),
    "dask": ("dask", "DaskExecutor", "on a Dask cluster, in processes of this machine or of others"),
    "ray": ("ray", "RayExecutor", "on Ray, on this machine or others"),
    "parallel": ("isolated", "IsolatedExecutor", "each in a process of its own"),
}
_ENTRY_POINTS = "thalweg.executors"
_shared: dict[str, Executor] = {}  # those that were asked for by name, until they are shut down


def executor_names() -> list[str]:
    """Names of all executors, those from elsewhere included."""
    return [*ROWS, *sorted(_entry_points().keys() - ROWS.keys())]


def shared(name: str) -> Executor:
    """The executor of this name that all dispatches share; made when it is first asked for.

    Raises
    ------
    UnknownExecutorError
        There is none; the names are listed.
    """
    executor = _shared.get(name)
    if executor is None:
        twin = next((_shared[other] for other in _shared if ROWS.get(other, "")[:2] == ROWS.get(name, " ")[:2]), None)
        # `setdefault` is one step: of threads that race here all get the same.
        executor = _shared.setdefault(name, twin if twin is not None else make(name))
    return executor


def kept(name: str, make_it: Callable[[], Executor]) -> Executor:
    """An executor that is shared until it is shut down, made when it is first asked for; it needs no row."""
    executor = _shared.get(name)
    return executor if executor is not None else _shared.setdefault(name, make_it())


def drop(name: str) -> None:
    """End an executor that is shared, if there is one of this name."""
    executor = _shared.pop(name, None)
    if executor is not None:
        executor.close(GRACE_SECONDS)


def make(name: str, **options: Any) -> Executor:
    """A new executor of this name.

    Raises
    ------
    UnknownExecutorError
        There is none; the names are listed.
    """
    if name in ROWS:
        file, factory, _ = ROWS[name]
        made: Callable[..., Executor] = getattr(import_module(f".{file}", __package__), factory)
    else:
        points = _entry_points()
        if name not in points:
            names = executor_names()
            close = near_misses(name, names)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise UnknownExecutorError(
                f"unknown executor {name!r}{hint} (there are {', '.join(map(repr, names))})", name=name
            )
        made = points[name].load()
    return made(**options)


@contextmanager
def open_executor(name: str, **options: Any) -> Iterator[Executor]:
    """An executor of one's own, for as long as a ``with`` block lasts.

    Parameters
    ----------
    name : str
        As for ``executor=`` of a dispatch.
    **options : object
        Of its class, such as ``max_workers=4``.

    Raises
    ------
    UnknownExecutorError
        There is none of this name; the names are listed.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("add", lambda a, b: a + b, ["a", "b"], ["c"])
    'add'
    >>> with open_executor("threads", max_workers=2) as executor:
    ...     dsp({"a": 1, "b": 2}, executor=executor)["c"]
    3
    """
    executor = make(name, **options)
    try:
        yield executor
    finally:
        executor.close(GRACE_SECONDS)


def shutdown_executors() -> list[str]:
    """End the executors that dispatches share, with their threads and processes; they are made anew when needed.

    Returns
    -------
    list of str
        Names of those that were ended, sorted.
    """
    names = sorted(_shared)
    for executor in dict.fromkeys([_shared.pop(name) for name in names]):
        executor.close(GRACE_SECONDS)
    return names


def blocking_host(stopper: Any = None) -> BlockingHost:
    """A host for a driver in this thread; its file is loaded when it is first needed."""
    host: BlockingHost = import_module(".hosts", __package__).BlockingHost(stopper)
    return host


def event_loops() -> ModuleType:
    """The file that needs asyncio, loaded when something is first awaited."""
    return import_module(".event_loop", __package__)


def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=_ENTRY_POINTS)}

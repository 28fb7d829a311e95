"""Dispatches in the background, one or many, on an event loop that has a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sized
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from queue import SimpleQueue
from threading import get_ident
from typing import TYPE_CHECKING, Any

from ..executors.background import in_background
from ..executors.gate import Gate
from .nodes import NodeId

if TYPE_CHECKING:
    import asyncio

    from .dispatcher import Dispatcher

__all__ = ["map_rows", "submit"]

_AT_ONCE = 1000  # dispatches, where nobody says


def submit(
    dsp: Dispatcher,
    inputs: Mapping[NodeId, Any] | None,
    outputs: Iterable[NodeId] | None,
    options: Mapping[str, Any],
) -> Future[Any]:
    """Begin a dispatch in the background."""
    return in_background(dsp.adispatch(inputs, outputs, **options))


def map_rows(
    dsp: Dispatcher,
    rows: Iterable[Mapping[NodeId, Any]],
    outputs: Iterable[NodeId] | None,
    options: Mapping[str, Any],
    *,
    progress: bool = False,
    **manner: Any,
) -> Iterator[Any]:
    """Dispatch many rows; see `Dispatcher.map`."""
    results = _results(dsp, rows, outputs, options, **manner)
    return _counted(results, len(rows) if isinstance(rows, Sized) else None, dsp.name) if progress else results


def _counted(results: Iterator[Any], total: int | None, name: str) -> Iterator[Any]:
    from ..monitor.progress import counted

    return counted(results, total, name)


def _results(
    dsp: Dispatcher,
    rows: Iterable[Mapping[NodeId, Any]],
    outputs: Iterable[NodeId] | None,
    options: Mapping[str, Any],
    *,
    gate: Gate | None,
    ordered: bool,
    return_exceptions: bool,
) -> Iterator[Any]:
    outputs = None if outputs is None else list(outputs)
    in_line = not dsp.make_network().coroutines and options.get("executor", dsp.executor) in (None, "sync")
    if in_line and gate is None:
        for number, row in enumerate(rows):
            try:
                result = dsp.dispatch(row, outputs, **_of_row(options, number))
            except Exception as error:
                if not return_exceptions:
                    raise
                result = error
            yield result
        return
    flight = _Flight(ordered=ordered)
    width = 2 * gate.high if gate is not None else _AT_ONCE
    try:
        for number, row in enumerate(rows):
            flight.add(_admitted(flight, dsp, gate, row, outputs, _of_row(options, number)))
            if flight.size >= width:
                yield flight.result(return_exceptions=return_exceptions)
        while flight.size:
            yield flight.result(return_exceptions=return_exceptions)
    finally:
        flight.cancel()


def _of_row(options: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """The options of a row: a recorded run of many is a run for each."""
    run = options.get("run")
    return options if run is None else {**options, "run": f"{run}/{number}"}


class _Flight:
    """Dispatches that have begun."""

    def __init__(self, *, ordered: bool) -> None:
        self.ordered = ordered
        self.open: deque[Future[Any]] = deque()
        self.ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self.tasks: set[asyncio.Task[Any]] = set()  # touched on their loop only
        self.is_adding = False  # an interrupt may come when one has begun, and is not among the open ones yet
        self.is_closing = False
        self.thread = 0  # that of their loop

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.open)

    def add(self, dispatch: Coroutine[Any, Any, Any]) -> None:
        """Begin one more."""
        self.is_adding = True
        future = in_background(dispatch)
        self.open.append(future)
        self.is_adding = False
        if not self.ordered:
            future.add_done_callback(self.ended.put)

    def result(self, *, return_exceptions: bool) -> Any:
        """What the next one gives, when it has ended."""
        if self.ordered:
            future = self.open[0]
            with suppress(CancelledError):
                future.exception()  # an interrupt while it is waited for must find it among the open ones
            self.open.popleft()
        else:
            future = self.ended.get()
            self.open.remove(future)
        try:
            return future.result()
        except (Exception, CancelledError) as error:
            if not return_exceptions:
                raise
            return error

    def begun(self) -> None:
        """To be called by each dispatch, on its loop."""
        import asyncio

        task = asyncio.current_task()
        assert task is not None
        if self.is_closing:
            raise asyncio.CancelledError
        self.thread = get_ident()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def cancel(self) -> None:
        """End all that are left, and wait for that; each gives its calls a grace period and no more."""
        self.is_closing = True
        if get_ident() == self.thread:  # where it cannot be waited for
            for future in self.open:
                future.cancel()
        elif self.open or self.is_adding:
            in_background(self._settle()).result()

    async def _settle(self) -> None:
        import asyncio

        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


async def _admitted(
    flight: _Flight,
    dsp: Dispatcher,
    gate: Gate | None,
    row: Mapping[NodeId, Any],
    outputs: Iterable[NodeId] | None,
    options: Mapping[str, Any],
) -> Any:
    """Dispatch a row when the gate lets it in."""
    flight.begun()
    if gate is None:
        return await dsp.adispatch(row, outputs, **options)
    async with gate:
        return await dsp.adispatch(row, outputs, **options)

"""Very many compositions, some at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..errors import BuildError, SpentError
from ..executors.gate import Gate
from ..executors.policy import check_count
from .composition import Composition
from .status import ENDS, Status

__all__ = ["Metrics", "Perform"]

_LATEST = 100  # ends that the recent rate is made of


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a `Perform` has to do, and has done.

    Attributes
    ----------
    queued, running : int
        Compositions that wait in line, and that are being run now.
    most_running : int
        The most that have been run at once.
    done, failed, cancelled : int
        Compositions that have ended, by how.
    seconds : float
        Since the first was added [s].
    rate : float
        Ends per second since then.
    recent_rate : float
        Ends per second, of the latest hundred.
    """

    queued: int
    running: int
    most_running: int
    done: int
    failed: int
    cancelled: int
    seconds: float
    rate: float
    recent_rate: float


class Perform:
    """Runs compositions as they are added, first come, first served.

    Parameters
    ----------
    high_water : int, optional
        Most that run at once.
    low_water : int, optional
        After `high_water` was reached none begins until fewer than this are running; by default half of it.

    Raises
    ------
    BuildError
        A mark is no whole number from 1 on, or the low one is above the high one.

    Notes
    -----
    It belongs to one event loop.  In ``async with`` its end waits for all compositions, or, if something was raised
    there, cancels them.

    Examples
    --------
    >>> import asyncio
    >>> async def double(number):
    ...     return 2 * number
    >>> async def main():
    ...     async with Perform(high_water=10) as perform:
    ...         compositions = [Composition({n: ()}, node_executor=lambda node: double(node)) for n in range(100)]
    ...         for composition in compositions:
    ...             await perform.add(composition)
    ...     return perform.metrics.done, compositions[-1].results
    >>> asyncio.run(main())
    (100, mappingproxy({99: 198}))
    """

    def __init__(self, high_water: int = 100, low_water: int | None = None) -> None:
        check_count(high_water, "high_water")
        low_water = max(1, high_water // 2) if low_water is None else check_count(low_water, "low_water")
        if low_water > high_water:
            raise BuildError(f"low_water is {low_water}, above the high_water of {high_water}; give at most that")
        self.gate = Gate(high_water, low_water)
        self._queued: dict[Composition, None] = {}
        self._running: dict[Composition, asyncio.Task[None]] = {}
        self._most_running = 0
        self._ended = dict.fromkeys(Status, 0)
        self._latest: deque[float] = deque(maxlen=_LATEST + 1)
        self._time: Callable[[], float] = _no_time
        self._since: float | None = None
        self._idle: asyncio.Event | None = None

    async def add(self, composition: Composition) -> None:
        """Run a composition; returns when it has begun, or was cancelled while it waited for its turn.

        Cancelled while it waits, it cancels the composition.  One that was paused is added again to go on.

        Raises
        ------
        CycleError
            Nodes of it wait for each other; it is not run.
        SpentError
            It has ended, or is here already.
        """
        if composition in self._queued or composition in self._running or composition.status is Status.RUNNING:
            raise SpentError(f"{composition!r} was added already; one that is paused at its work goes on by start()")
        if composition.status in ENDS:
            raise SpentError(f"{composition!r} has ended, and runs once; make another one")
        composition.prepare()
        loop = asyncio.get_running_loop()
        if self._since is None:
            self._time = loop.time
            self._since = loop.time()
        turn = loop.create_future()

        def admitted() -> None:
            left_line()
            self._begin(composition)

        def left_line() -> None:
            composition.leave_line = None
            del self._queued[composition]
            if not turn.done():
                turn.set_result(None)

        def withdraw() -> None:
            self.gate.withdraw(admitted)
            left_line()
            self._count(composition.status)

        if self.gate.enter(admitted):
            self._begin(composition)
            return
        self._queued[composition] = None
        composition.leave_line = withdraw
        try:
            await turn
        except asyncio.CancelledError:
            if composition in self._queued:
                composition.cancel()
            raise

    async def drain(self) -> None:
        """Wait until nothing waits in line and nothing is running."""
        if self._queued or self._running:
            if self._idle is None:
                self._idle = asyncio.Event()
            await self._idle.wait()

    async def cancel(self) -> None:
        """Cancel all compositions, and wait for their end."""
        # First those in line: a place that becomes free must not be given to what will be cancelled next.
        for composition in [*self._queued, *self._running]:
            composition.cancel()
        await self.drain()

    @property
    def metrics(self) -> Metrics:
        """What there is to do, and what was done until now."""
        ended, latest = self._ended, self._latest
        seconds = 0.0 if self._since is None else self._time() - self._since
        span = latest[-1] - latest[0] if latest else 0.0
        all_ended = ended[Status.DONE] + ended[Status.FAILED] + ended[Status.CANCELLED]
        return Metrics(
            queued=len(self._queued),
            running=len(self._running),
            most_running=self._most_running,
            done=ended[Status.DONE],
            failed=ended[Status.FAILED],
            cancelled=ended[Status.CANCELLED],
            seconds=seconds,
            rate=all_ended / seconds if seconds else 0.0,
            recent_rate=(len(latest) - 1) / span if span else 0.0,
        )

    def _begin(self, composition: Composition) -> None:
        self._running[composition] = asyncio.get_running_loop().create_task(self._conduct(composition))
        self._most_running = max(self._most_running, len(self._running))

    async def _conduct(self, composition: Composition) -> None:
        """Run a composition that has a place, and give the place back."""
        try:
            if composition.status not in ENDS:
                await composition.start(raises=False)
            if composition.status is Status.FAILED and composition.schedule_done_cb is None:
                _log(composition)  # nobody else is told
        finally:
            del self._running[composition]
            self._count(composition.status)
            self.gate.leave()

    def _count(self, status: Status) -> None:
        if status in ENDS:  # not paused
            self._ended[status] += 1
            self._latest.append(self._time())
        if self._idle is not None and not self._queued and not self._running:
            self._idle.set()
            self._idle = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.drain()
        else:
            await self.cancel()


def _log(composition: Composition) -> None:
    import logging

    logging.getLogger("thalweg.compositions").warning("%r", composition, exc_info=composition.error)


def _no_time() -> float:
    """The clock before there is a loop."""
    return 0.0

"""Runs of a served model: off the event loop, within their time, and in a place that is given back when they end.

A model whose calls would be made in line gets a thread for its run, or is run on the loop itself if it is said to be
quick; one with coroutine functions, executors, timeouts or retries is awaited.  A thread cannot be stopped: when time
is over the client is told so, and the run ends before its next call, which is when its place becomes free.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Event as Flag
from typing import Any, TypeVar

from ..dispatcher import Dispatcher, Solution
from ..dispatcher.nodes import NodeId
from ..errors import CallCancelled, RunTimeout
from ..executors.contract import GRACE_SECONDS, Attempt, Call, Outcome
from ..executors.events import Subscriber
from ..executors.threads import ThreadsExecutor
from .limits import Admission
from .problems import Problem, bug

__all__ = ["Runner", "Workshop"]

_LOG = logging.getLogger("thalweg.web")
T = TypeVar("T")


class Runner:
    """Has models run.

    Parameters
    ----------
    max_workers : int
        Most runs in threads at once.
    is_quick : bool
        Are the calls so short that the event loop may wait for them?

    Notes
    -----
    The threads are made when they are needed, and are its own: another's slow calls do not hold up a request.
    """

    def __init__(self, max_workers: int, *, is_quick: bool) -> None:
        self.threads = ThreadsExecutor(max_workers)
        self.is_quick = is_quick

    async def run(
        self,
        dsp: Dispatcher,
        inputs: Mapping[NodeId, Any],
        outputs: Iterable[NodeId] | None,
        leave: Callable[[], object],
        *,
        seconds: float | None = None,
        on_event: Subscriber | None = None,
        **options: Any,
    ) -> Solution:
        """One dispatch.

        Parameters
        ----------
        dsp : Dispatcher
        inputs, outputs, **options
            As for `Dispatcher.dispatch`.
        leave : callable
            Gives the place of the run back; called when it has ended, from any thread.
        seconds : float, optional
            How long it may take.
        on_event : callable, optional
            Told of the events of the run.

        Raises
        ------
        RunTimeout, UnreachableError, DispatchError, ...
            As for `Dispatcher.dispatch`.
        """
        is_in_line = on_event is None and _is_made_in_line(dsp)
        if is_in_line and not self.is_quick:
            return await self._in_thread(dsp, inputs, outputs, options, leave, seconds)
        solution: Solution
        try:
            if is_in_line:
                solution = _uncancelled(lambda: dsp.dispatch(inputs, outputs, **options))
            else:
                solution = await dsp.adispatch(inputs, outputs, timeout=seconds, on_event=on_event, **options)
        finally:
            leave()
        return solution

    async def _in_thread(
        self,
        dsp: Dispatcher,
        inputs: Mapping[NodeId, Any],
        outputs: Iterable[NodeId] | None,
        options: dict[str, Any],
        leave: Callable[[], object],
        seconds: float | None,
    ) -> Solution:
        stop = Flag()

        def make() -> Solution:
            solution: Solution = dsp.dispatch(inputs, outputs, stopper=stop, **options)
            return solution

        return await self.call(make, leave, seconds=seconds, stop=stop)

    async def call(self, make: Callable[[], T], leave: Callable[[], object], *, seconds: float | None, stop: Flag) -> T:
        """Call something in a thread.

        Parameters
        ----------
        make : callable
        leave : callable
            Gives the place back; called when the call has ended, from any thread.
        seconds : float or None
            How long it may take.
        stop : threading.Event
            Set when nobody waits for it any more.

        Raises
        ------
        RunTimeout
            Its time is over.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Outcome] = loop.create_future()

        def report(outcome: Outcome) -> None:
            leave()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, ended, outcome)

        attempt = Attempt(Call(0, _uncancelled, (make,)), report)
        self.threads.start(attempt)
        timer = None if seconds is None else loop.call_later(seconds, ended.cancel)
        try:
            outcome = await ended
        except asyncio.CancelledError:
            stop.set()
            self.threads.cancel(attempt)
            if _is_being_cancelled():
                raise
            raise RunTimeout(f"the run took longer than {seconds:g} s", path="", solution={}) from None
        finally:
            if timer is not None:
                timer.cancel()
        try:
            if outcome.error is not None:
                raise outcome.error
            value: T = outcome.value
            return value
        finally:
            del outcome, attempt  # the traceback of what it raised holds this frame

    def close(self) -> None:
        """Let the threads go."""
        self.threads.close(GRACE_SECONDS)


class Workshop:
    """Has something made in a thread that is no run, under the limits of those who wait for an answer.

    Parameters
    ----------
    runner : Runner
    admission : Admission
    seconds : float or None
        How long it may take.
    debug : bool
        Tell tracebacks.
    """

    def __init__(self, runner: Runner, admission: Admission, seconds: float | None, *, debug: bool) -> None:
        self.runner = runner
        self.admission = admission
        self.seconds = seconds
        self.debug = debug

    async def make(self, function: Callable[[Flag], T]) -> T:
        """What a function gives; it is called with a flag that is set when nobody waits for it any more.

        Raises
        ------
        Problem
            As many are at work as there may be, its time is over, it raised this, or it failed.
        """
        await self.admission.enter()
        stop = Flag()
        try:
            return await self.runner.call(lambda: function(stop), self.admission.leave, seconds=self.seconds, stop=stop)
        except (asyncio.CancelledError, Problem):
            raise
        except RunTimeout:
            raise Problem(504, "time", f"it took longer than {self.seconds:g} s; ask for less") from None
        except BaseException as error:
            _LOG.error("a request ended by an error of the server", exc_info=error)
            raise bug(error, debug=self.debug) from None


def _uncancelled(make: Callable[[], T]) -> T:
    """What it gives; a function that raises CancelledError does not cancel the task that waits for it."""
    try:
        return make()
    except asyncio.CancelledError as error:
        raise CallCancelled("a function raised CancelledError") from error


def _is_being_cancelled() -> bool:
    """Does somebody want the end of this task?"""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _settle(ended: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not ended.done():
        ended.set_result(outcome)


def _is_made_in_line(dsp: Dispatcher) -> bool:
    """Would a dispatch make all calls itself, one after the other?"""
    if dsp.executor not in (None, "sync"):
        return False
    network = dsp.make_network()
    return not network.manners and not network.coroutines

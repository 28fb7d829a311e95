"""Makes calls on an event loop of asyncio: coroutine functions are awaited, each in a task of its own."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from threading import get_ident
from time import monotonic
from typing import Any

from ..errors import CallCancelled
from .contract import GRACE_SECONDS, Attempt, Call, Executor, Expired, Outcome, ask
from .driver import Driver, Listener
from .gate import Gate
from .order import Order
from .table import shared
from .threads import giving_way

__all__ = ["HERE", "EventLoopExecutor", "LoopHost", "drive_here", "in_thread", "is_awaited", "made_by"]

HERE = (None, "sync", "async")  # what a call on a loop names that is not to go elsewhere
_GLANCE_SECONDS = 0.05  # how long a stopper that nobody tells us of may go unseen


class EventLoopExecutor:
    """Makes the calls of coroutine functions on the running event loop.

    Notes
    -----
    It belongs to one loop, and is made anew for each dispatch.
    """

    name = "async"
    takes_chains = False
    capacity = sys.maxsize

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt; it is reported when it has ended."""
        # The task reports by itself: a callback at its end would cost as much again as the task.
        attempt.handle = self.loop.create_task(_make(attempt), context=attempt.context)
        if attempt.began is not None:
            attempt.began()

    def cancel(self, attempt: Attempt) -> None:
        """Cancel the task of an attempt."""
        task: asyncio.Task[bool] = attempt.handle
        if task.cancel():
            task.add_done_callback(partial(_report_unbegun, attempt))

    def close(self, grace_seconds: float) -> None:
        """Nothing is left open between dispatches."""


async def _make(attempt: Attempt) -> bool:
    """As `perform`, awaiting the function; True, for it was begun."""
    call = attempt.call
    begin = monotonic()
    value: Any = None
    error: BaseException | None = None
    try:
        if type(call) is Call:
            value = await call.function(*call.args)
        else:
            if call.domain is not None:
                ask(call.domain, call.args)
            value = await call.function(*call.args)
            for function in call.filters:
                value = function(value)
    except asyncio.CancelledError:
        error = CallCancelled("it was cancelled")
    except BaseException as caught:
        error = caught
    attempt.report(Outcome(attempt, value, error, begin, monotonic(), "event loop"))
    del attempt, call, value, error  # the traceback of what it raised holds this frame
    return True


def _report_unbegun(attempt: Attempt, task: asyncio.Task[bool]) -> None:
    """Report a task that was cancelled before its first step."""
    if task.cancelled():
        now = monotonic()
        error = CallCancelled("it was cancelled before it began")
        attempt.report(Outcome(attempt, None, error, now, now, "event loop"))


class LoopHost:
    """A host for a driver on the running event loop.

    Parameters
    ----------
    stopper : object, optional
        Has ``is_set()``; looked at again and again.
    grace_seconds : float or None, optional
        How long the end of the run waits for what was cancelled [s]; None for as long as it takes, so that nothing is
        left in the background.
    """

    def __init__(self, stopper: Any = None, grace_seconds: float | None = GRACE_SECONDS) -> None:
        self.loop = asyncio.get_running_loop()
        # Calls start in the context of the dispatch, also when one that ends, in its own, makes room for them.
        self.context = contextvars.copy_context()
        self.thread = get_ident()
        self.stopper = stopper
        self.grace_seconds = grace_seconds
        self.driver: Driver | None = None
        self.over: asyncio.Future[None] = self.loop.create_future()
        self.is_due = False
        self.is_inside = False  # is something of the driver's being called, in its context?
        self.is_clearing = False  # is it only waited for what was cancelled?
        self.timers: set[asyncio.TimerHandle] = set()

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread, soon; from any thread."""
        if get_ident() == self.thread:
            self.loop.call_soon(self._call, function, *args, context=self.context)
            return
        try:
            self.loop.call_soon_threadsafe(self._call, function, *args, context=self.context)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            # A thread that nobody waited for has ended after the loop: there is nobody to tell.

    def reporter(self, receive: Callable[[Outcome], object]) -> Callable[[Outcome], object]:
        """What has `receive` called in the driver's thread; to be called from any thread.

        Notes
        -----
        What several reports have made ready is started together, in the next turn of the loop; where no other is to
        come, it is started at once, for a turn costs as much as a task: benchmark ``jobs``.
        """
        thread, soon, pump, context = self.thread, self.loop.call_soon, self._pump, self.context

        def report(outcome: Outcome) -> None:
            if get_ident() != thread:
                self.post(receive, outcome)
            elif self.driver is not None:
                try:
                    receive(outcome)
                except BaseException as error:
                    self._end(error)
                if not self.is_due:
                    self.is_due = True
                    if self.is_inside or self.driver.flying:
                        soon(pump, context=context)
                    else:
                        context.run(pump)

        return report

    def call_later(self, seconds: float, function: Callable[..., object], *args: Any) -> None:
        """Call a function in the driver's thread after some time."""
        self.timers.add(self.loop.call_later(seconds, self._call, function, *args, context=self.context))

    def now(self) -> float:
        """Monotonic time [s]."""
        return monotonic()

    async def drive(self, driver: Driver) -> None:
        """Drive a run to its end.

        Raises
        ------
        BaseException
            Whatever the run raises, or a call that ends the program, or the cancellation of this task; what is in
            flight is then cancelled and awaited.
        """
        self.driver = driver
        try:
            if self.stopper is not None:
                self._glance()
            self._pump()
            with giving_way():
                await self.over
        finally:
            await self._clear_up(driver)
            self.driver = None
            for timer in self.timers:
                timer.cancel()
            del self.over  # an error that it has holds this frame
            driver.release()

    def _call(self, function: Callable[..., object], *args: Any) -> None:
        if self.driver is None:
            return
        self.is_inside = True
        try:
            function(*args)
        except BaseException as error:
            self._end(error)
        finally:
            self.is_inside = False
        if not self.is_due:
            self.is_due = True
            self.loop.call_soon(self._pump, context=self.context)

    def _pump(self) -> None:
        self.is_due = False
        driver = self.driver
        if driver is None:
            return
        self.is_inside = True
        try:
            driver.pump()
        except BaseException as error:
            self._end(error)
        finally:
            self.is_inside = False
        if driver.is_over or (driver.is_closing and not self.is_clearing):
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)

    def _glance(self) -> None:
        """Look at the stopper."""
        driver = self.driver
        if driver is None or driver.is_closing:
            return
        if self.stopper.is_set():
            self._call(driver.run.stop)  # type: ignore[attr-defined]
        else:
            self.loop.call_later(_GLANCE_SECONDS, self._glance)

    async def _clear_up(self, driver: Driver) -> None:
        """Cancel what is in flight, and give it some time to end."""
        if not driver.is_over:
            driver.close()
            self.is_clearing = True
            self.over = self.loop.create_future()
            self._pump()
            try:
                if self.grace_seconds is None:
                    await self._settle(driver)
                else:
                    async with asyncio.timeout(self.grace_seconds):
                        await self.over
            except TimeoutError:
                pass
            finally:
                driver.abandon()

    async def _settle(self, driver: Driver) -> None:
        """Wait for what was cancelled until it has ended; if this is cancelled, too, that is passed on to the calls."""
        cancelled: asyncio.CancelledError | None = None
        while not driver.is_over:
            try:
                await self.over
            except asyncio.CancelledError as error:
                cancelled = error
                for attempt, executor in list(driver.flying.items()):
                    executor.cancel(attempt)
                self.over = self.loop.create_future()
        if cancelled is not None:
            raise cancelled


async def drive_here(
    run: Order, *, seconds: float | None = None, gate: Gate | None = None, listener: Listener | None = None
) -> bool:
    """Make the calls of a run on the running event loop, until nothing of it is left there.

    Parameters
    ----------
    run : Order
        Of coroutine functions, but for calls that name an executor, which makes them; what the driver has noted is left
        to its `finish`, however the run ends.
    seconds : float, optional
        After which all that is left is cancelled, and awaited however long that takes.
    gate : Gate, optional
    listener : callable, optional

    Returns
    -------
    bool
        Was its time over?

    Raises
    ------
    BaseException
        As `LoopHost.drive`.
    """
    host, executor = LoopHost(grace_seconds=None), EventLoopExecutor()

    def choose(call: Call) -> Executor:
        return executor if call.executor is None else _executor_beside(executor, call)

    driver = Driver(run, host, choose, gate=gate, listener=listener)
    if seconds is not None:
        host.call_later(seconds, driver.expire)
    try:
        await host.drive(driver)
    except Expired:
        return True
    finally:
        run.finish(driver.rows)
    return False


async def in_thread(function: Callable[[], Any], stop: Callable[[], object]) -> Any:
    """What a function gives that is called in a thread.

    Parameters
    ----------
    function : callable
    stop : callable
        Asks it for its end, if the task is cancelled; it is then waited for, for a grace period.
    """
    return await made_by("threads", Call(0, function, ()), stop)


async def made_by(executor: str | Executor, call: Call, stop: Callable[[], object] | None = None) -> Any:
    """What a call gives that an executor makes.

    Parameters
    ----------
    executor : str or Executor
        Not one of event loops.
    call : Call
    stop : callable, optional
        Asks the function for its end, if the task is cancelled; so is the executor, and the end is waited for, for a
        grace period.

    Raises
    ------
    BaseException
        Whatever the call raises.
    UnknownExecutorError
        There is no executor of this name.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Outcome] = loop.create_future()

    def arrive(outcome: Outcome) -> None:
        if not ended.done():
            ended.set_result(outcome)

    def report(outcome: Outcome) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrive, outcome)

    attempt = Attempt(call, report)
    maker = shared(executor) if isinstance(executor, str) else executor
    maker.start(attempt)
    try:
        outcome = await asyncio.shield(ended)
    except asyncio.CancelledError:
        if stop is not None:
            stop()
        maker.cancel(attempt)
        await asyncio.wait([ended], timeout=GRACE_SECONDS)
        raise
    try:
        if outcome.error is not None:
            raise outcome.error
        return outcome.value
    finally:
        del outcome, attempt  # the traceback of what it raised holds this frame


def is_awaited(function: Callable[..., Any]) -> bool:
    """Does a call of it give a coroutine?"""
    return iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _executor_beside(executor: EventLoopExecutor, call: Call) -> Executor:
    """Who makes a call that names an executor: ``"sync"`` and ``"async"`` are this loop, or a thread beside it."""
    named = call.executor
    if named in HERE:
        if is_awaited(call.function):
            return executor
        named = "threads"
    found: Executor = shared(named) if isinstance(named, str) else named
    return found

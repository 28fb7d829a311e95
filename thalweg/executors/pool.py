"""The loop that keeps worker processes busy: it alone knows them, in one thread of its own.

An attempt goes this way::

    put -> pending --feed--> sent to a worker --records--> reported
              ^                    |
              +---- taken back ----+   its worker is late, or died before it began

Calls of functions that are known to be quick are sent in batches of about a millisecond, and a worker has the next one
before it is through with the last; all others go singly to workers that have nothing to do.  While a worker has a batch
it is looked at every two milliseconds; if it does not get on, it keeps what it is at, and the rest is taken back.
"""

from __future__ import annotations

import pickle
import selectors
import signal
import threading
import time
from itertools import count
from typing import Any

from ..errors import CallCancelled, CallTimeout, WorkerDied
from ..tokens import NONE
from .contract import DROPPED, Attempt, Outcome, report_end
from .depot import Depot
from .failures import load_error
from .items import Item
from .known import Functions, Known
from .loop import Loop
from .parcels import WithFiles, name_of, refused
from .waiting import Waiting, is_quick
from .worker import ARGUMENTS, DROPPED_VALUE, VALUE, WITH_FILES
from .workers import Handle

__all__ = ["Pool"]

SPAWN_SECONDS = 0.02  # so much quick work must wait before one more worker is worth its start
LOOK_SECONDS = 0.002
LATE_SECONDS = 0.010
LOST_SECONDS = 0.1
SETTLE_SECONDS = 0.001  # after it, two processes agree on what one of them has written
SPARE_SECONDS = 1.0  # how long a file is kept for the next large array
KILL_SECONDS = 0.5  # between asking a process to end, and ending it
HANDED = 3  # a call that has been given to so many processes that died before they began it is given to no other
STILLBORN = 3  # so many workers in a row that die before they listen, and no more are started


class Pool(Loop):
    """Worker processes, the attempts on their way, and the thread that joins them.

    Parameters
    ----------
    limit : int
        Processes that work at once.
    is_single_use : bool
        Does a process end with the item that it made?

    Attributes
    ----------
    is_over : bool
        It takes nothing more.
    """

    def __init__(self, limit: int, *, is_single_use: bool) -> None:
        super().__init__("thalweg-processes")
        self._limit = limit
        self._is_single_use = is_single_use
        self._workers: list[Handle] = []
        self._names = count(1)
        self._stillborn = 0
        self._closing = False
        self._is_expiring = False
        self.is_over = False
        self._depot = Depot(self.wake)
        self._functions = Functions(self._depot)
        self._pending = Waiting(self._functions, self._depot, self._refuse_all)
        self.thread.start()

    @property
    def copies(self) -> int:
        """How often a large buffer was copied."""
        return self._depot.copies

    def close(self, grace_seconds: float) -> None:
        """End everything; returns when nothing is left, unless it is called by a report."""
        self.order("close", grace_seconds)
        if threading.current_thread() is not self.thread:
            self.thread.join()

    def obeyed(self, what: str, subject: Any) -> None:
        """Start or cancel an attempt, or close."""
        if what == "start":
            self._start(subject)
        elif what == "cancel":
            self._cancel(subject)
        else:
            self._close(subject)

    def turned(self) -> bool:
        """Let go what is not used, hand out what waits."""
        if self._depot.sweep():
            self._expire()
        for number in self._functions.forgotten():
            for worker in self._workers:
                worker.forget(number)
        if self._pending:
            self._feed()
        return bool(self._workers) or not self._closing

    def noticed(self, descriptor: int, subject: Any, events: int) -> None:
        """A worker has rung, can be sent more, or has ended."""
        worker: Handle = subject
        if worker.is_gone:
            return
        if descriptor == worker.watched:
            self._bury(worker)
            return
        if events & selectors.EVENT_WRITE and not worker.flush():
            self.selector.modify(worker.connection, selectors.EVENT_READ, worker)
        if events & selectors.EVENT_READ:
            if worker.hear():
                self._harvest(worker)
            else:
                self._bury(worker)

    def ended(self, error: BaseException | None) -> None:
        """Remove all files; if the loop has failed, which is our fault, nobody must wait for ever."""
        self.is_over = True
        if error is not None:
            for worker in self._workers:
                worker.kill(gently=False)
                worker.reap()
                worker.close()
            items = [*self._pending.clear(), *(item for worker in self._workers for item in worker.items)]
            for item in items:
                if not item.is_over:
                    self._refuse(item, item.attempts[max(item.ended, item.silent)], error)
            for what, subject in self.inbox:
                if what == "start":
                    self._refuse(Item([subject]), subject, error)
        self._depot.close()

    def _start(self, attempt: Attempt) -> None:
        item = Item([attempt, *attempt.following] if attempt.following else [attempt])
        for each in item.attempts:
            each.handle = item
        if self._closing:
            self._refuse(item, attempt, _cancelled(attempt, "the executor is being closed"))
        else:
            self._pending.add(item)

    def _feed(self) -> None:
        """Hand out what waits, as long as there is somebody to take it."""
        pending = self._pending
        while (item := pending.head()) is not None:
            shares = not self._is_single_use and is_quick(item)
            worker = self._worker_for(is_quick=shares)
            if worker is None:
                break
            items = pending.batch(len(self._workers)) if shares else [pending.take()]
            self._send(worker, items, is_quick=shares)
        if self._is_single_use and pending:
            idle = sum(not worker.items and not worker.is_ending for worker in self._workers)
            for _ in range(min(self._limit, len(pending)) - idle):
                self._spawn()

    def _worker_for(self, *, is_quick: bool) -> Handle | None:
        """A worker that can take the next item, or items."""
        usable = [worker for worker in self._workers if not worker.is_ending and not worker.is_held]
        idle = [worker for worker in usable if not worker.frames]
        if self._is_single_use:
            at_work = sum(bool(worker.items) for worker in self._workers)
            if at_work >= self._limit:
                return None
            return next((each for each in idle if each.is_booted), None) or (idle[0] if idle else self._spawn())
        if idle:
            return next((each for each in idle if each.is_booted), idle[0])
        alive = sum(not worker.is_ending for worker in self._workers)
        if is_quick and alive:
            for worker in usable:
                if worker.frames == 1 and worker.is_quick:
                    return worker
            # A worker at quick calls will soon be free; one at a long call may never be.
            if any(worker.is_quick for worker in usable) and self._pending.seconds() < SPAWN_SECONDS:
                return None
        return self._spawn() if alive < self._limit else None

    def _spawn(self) -> Handle | None:
        """One more process."""
        if self._closing or self._stillborn >= STILLBORN:
            return None
        try:
            worker = Handle(next(self._names), self._depot.directories)
        except OSError as error:  # no memory, no descriptor, no file
            if not self._workers:
                self._give_up(f"{type(error).__name__}: {error}")
            return None
        self._workers.append(worker)
        self.selector.register(worker.connection, selectors.EVENT_READ, worker)
        if worker.watched is not None:
            self.selector.register(worker.watched, selectors.EVENT_READ, worker)
        return worker

    def _send(self, worker: Handle, items: list[Item], *, is_quick: bool) -> None:
        for item in items:
            item.worker = worker
        worker.is_quick = is_quick
        worker.sent_at = time.monotonic()
        size = 0 if is_quick else items[0].measured[-1].large
        worker.send(items, self._depot.lend(size) if size else [])
        if not worker.is_flushed:
            self.selector.modify(worker.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, worker)
        if len(items) > 1 or len(items[0].attempts) > 1:
            self._watch(worker)
        limits = [each.limit_seconds for each in items[0].attempts if each.limit_seconds is not None]
        if limits:
            self.at(min(limits), self._check_limit, worker, items[0])

    def _harvest(self, worker: Handle) -> None:
        """Report what a worker has recorded."""
        for number, start, end, kind, data in worker.records():
            item = worker.items[0]
            index = number - item.first
            attempt = item.attempts[index]
            item.measured[index].took(end - start)
            item.ended = index + 1
            value, error = self._unpacked(attempt, item.measured[index], kind, data)
            is_last = error is not None or value is NONE or item.ended == len(item.attempts)
            if is_last:
                worker.items.popleft()
                item.is_over = True
                worker.used += item.files  # until it is seen whether it keeps them
            if index < item.silent and error is not None:
                attempt = item.attempts[item.silent] if item.silent < len(item.attempts) else attempt
            if index >= item.silent or error is not None:
                report_end(Outcome(attempt, value, error, start, end, worker.place))
            if is_last:
                if error is None and value is not NONE and item.refused is not None:
                    self._refuse(item, *item.refused)
            elif item.cancelled == item.ended:
                self._doom(worker, number + 1, _cancelled(item.attempts[item.ended], "while it was at work"))
        if not worker.frames:
            self._at_rest(worker)
        elif not worker.is_watched and sum(len(each.attempts) for each in worker.items) > 1:
            self._watch(worker)

    def _unpacked(self, attempt: Attempt, known: Known, kind: int, data: bytes) -> tuple[Any, BaseException | None]:
        """Value and error in a record."""
        what = kind & ~WITH_FILES
        if what == DROPPED_VALUE:
            return DROPPED, None
        try:
            if what == VALUE:
                if not kind & WITH_FILES:
                    return self._depot.load(data), None
                parcel = WithFiles(*pickle.loads(data))  # noqa: S301 - it comes from our worker
                known.large = max((each.size for each in parcel.buffers), default=0)
                return self._depot.load(parcel), None
            if kind & WITH_FILES:
                data = self._depot.load_bytes(WithFiles(*pickle.loads(data)))  # noqa: S301 - it comes from our worker
            error = load_error(data)
        except BaseException as problem:
            return None, self._unloadable(attempt, problem)
        if what == ARGUMENTS and isinstance(error, Exception):
            error = refused("an argument", name_of(attempt.call.function), error)
        return None, error

    @staticmethod
    def _unloadable(attempt: Attempt, problem: BaseException) -> BaseException:
        if isinstance(problem, Exception):
            return refused("the result", name_of(attempt.call.function), problem)
        return problem

    def _at_rest(self, worker: Handle) -> None:
        """A worker is through with what it was sent; what it did not begin is done elsewhere."""
        if worker.items:
            self._take_back(worker, list(worker.items))
        if worker.used or worker.lent:
            self._depot.release(worker.used, are_free=not worker.holds)
            self._depot.take_back(worker.lent)
            self._expire()
        if worker.is_held:
            worker.release()
        if self._is_single_use and not worker.is_ending:
            self._end(worker)

    def _expire(self) -> None:
        """Let go, in some time, files that nobody has needed by then."""
        if self._depot.has_spares and not self._is_expiring:
            self._is_expiring = True
            self.at(SPARE_SECONDS, self._expired)

    def _expired(self) -> None:
        self._is_expiring = False
        self._depot.drop(SPARE_SECONDS)
        self._expire()

    def _end(self, worker: Handle) -> None:
        worker.end()
        self.at(KILL_SECONDS, self._make_sure, worker)

    def _take_back(self, worker: Handle, items: list[Item]) -> None:
        """Let items that a worker has not begun wait again, before all others."""
        for item in reversed(items):
            worker.items.remove(item)
            item.worker = None
            if self._closing:
                item.cancelled = item.silent
            if item.cancelled is not None:
                self._cancel_waiting(item, item.cancelled)
            if not item.is_over:
                self._pending.add_first(item)

    def _refuse_all(self, item: Item) -> None:
        """Not even the first attempt of an item could be packed."""
        assert item.refused is not None
        self._refuse(item, *item.refused)

    def _refuse(self, item: Item, attempt: Attempt, error: BaseException) -> None:
        """Report an attempt that was not made, or was lost; with it the item is over."""
        item.is_over = True
        self._depot.release(item.files)
        now = time.monotonic()
        place = item.worker.place if item.worker is not None else "processes"
        report_end(Outcome(attempt, None, error, now, now, place))

    def _watch(self, worker: Handle) -> None:
        if not worker.is_watched:
            worker.is_watched = True
            worker.seen = -1
            self.at(LOOK_SECONDS, self._look, worker)

    def _look(self, worker: Handle) -> None:
        """Read what a worker has not told yet; take the rest back if it does not get on."""
        if worker.is_gone or not worker.frames or worker.is_ending:
            worker.is_watched = False
            return
        number, _ = worker.current()
        is_stuck, worker.seen = number == worker.seen, number
        # On some machines a length may be seen a moment before what it is the length of.
        time.sleep(0.000_05)
        self._harvest(worker)
        worker.is_watched = False
        if not worker.frames or not worker.items or worker.is_held:
            return
        age = time.monotonic() - worker.sent_at
        is_begun = worker.items[0].first <= number
        is_late = age > LOST_SECONDS or (is_begun and (is_stuck or age > LATE_SECONDS))
        if is_late and worker.is_booted and worker.items[-1].first > number:
            self._suspect(worker, number)
        elif not is_stuck or not is_begun:
            worker.is_watched = True
            self.at(LOOK_SECONDS, self._look, worker)

    def _suspect(self, worker: Handle, number: int) -> None:
        """Let a worker begin nothing after what it is at."""
        worker.hold(next((each.first for each in worker.items if each.first > number), worker.next_number))
        self.at(SETTLE_SECONDS, self._settle, worker)

    def _settle(self, worker: Handle) -> None:
        """A held worker has seen that it is: what it has not begun is ours."""
        if worker.is_gone or not worker.is_held:
            return
        number, started = worker.current()  # before the records: what it has ended meanwhile is not ours
        self._harvest(worker)
        if not worker.frames:
            return
        begun = [item for item in worker.items if item.first <= number]
        if begun and started and begun[0].measured:
            begun[0].measured[min(number - begun[0].first, len(begun[0].measured) - 1)].took(time.monotonic() - started)
        self._take_back(worker, [item for item in worker.items if item.first > number])
        if begun and begun[0].cancelled is not None:
            self._cancel_begun(worker, begun[0], begun[0].cancelled)

    def _check_limit(self, worker: Handle, item: Item) -> None:
        """End an attempt that takes too long."""
        if worker.is_gone or worker.doomed or not worker.items or worker.items[0] is not item:
            return
        self._harvest(worker)
        if not worker.items or worker.items[0] is not item:
            return
        number, started = worker.current()
        index = number - item.first
        limits = [each.limit_seconds for each in item.attempts]
        if not started or index < 0:
            wait = min(limit for limit in limits if limit is not None)
            self.at(min(max(wait, LOOK_SECONDS), 0.05), self._check_limit, worker, item)
            return
        limit = limits[index]
        left = [each for each in limits[index + 1 :] if each is not None]
        if limit is not None:
            rest = started + limit - time.monotonic()
            if rest <= 0.0:
                text = f"it took longer than its timeout of {limit:g} s"
                self._doom(worker, number, CallTimeout(text, seconds=limit))
                return
            left = [rest, *(rest + each for each in left)]
        if left:
            self.at(max(min(left), 0.0005), self._check_limit, worker, item)

    def _cancel(self, attempt: Attempt) -> None:
        item: Item | None = attempt.handle
        if item is None or item.is_over:
            return
        index = next((n for n, each in enumerate(item.attempts) if each is attempt), None)
        if index is None or index < item.ended:
            return
        worker = item.worker
        if worker is None:
            self._cancel_waiting(item, index)
        elif worker.doomed is None:
            item.cancelled = index if item.cancelled is None else min(index, item.cancelled)
            if worker.is_held:
                self.at(SETTLE_SECONDS, self._settle, worker)
            else:
                self._suspect(worker, worker.current()[0])

    def _cancel_waiting(self, item: Item, index: int) -> None:
        """Cancel an attempt that was not begun; those before it in its chain are still made."""
        attempt = item.attempts[index]
        error = _cancelled(attempt, "before it began")
        if index <= item.silent:
            self._refuse(item, attempt, error)
            return
        del item.attempts[index:]
        item.refused = (attempt, error)
        item.cancelled = None
        item.parcel = None
        item.functions, item.measured = [], []
        self._depot.release(item.files)

    def _cancel_begun(self, worker: Handle, item: Item, index: int) -> None:
        number = max(worker.current()[0], item.first + item.ended)
        if number >= item.first + index:
            attempt = item.attempts[index]
            self._doom(worker, item.first + index, _cancelled(attempt, "while it was at work"))

    def _doom(self, worker: Handle, number: int, error: BaseException) -> None:
        """End a process because of the attempt that it is at."""
        worker.doomed = (number, error)
        worker.is_ending = True
        worker.kill(gently=True)
        self.at(KILL_SECONDS, self._make_sure, worker)

    def _make_sure(self, worker: Handle) -> None:
        if not worker.is_gone:
            worker.kill(gently=False)

    def _bury(self, worker: Handle) -> None:
        """A process has ended: report what it was at, and do elsewhere what it was not."""
        self.selector.unregister(worker.connection)
        if worker.watched is not None:
            self.selector.unregister(worker.watched)
        is_alive = worker.is_booted
        code = worker.reap()
        worker.is_ending = True
        self._workers.remove(worker)
        self._harvest(worker)
        number, _ = worker.current()
        self._stillborn = 0 if is_alive or worker.is_booted else self._stillborn + 1
        begun = [item for item in worker.items if item.first <= number]
        unbegun = [item for item in worker.items if item.first > number]
        for item in unbegun:
            item.handed += worker.doomed is None
        self._take_back(worker, [item for item in unbegun if item.handed < HANDED])
        for item in (*begun, *(item for item in unbegun if item.handed >= HANDED)):
            self._lost(worker, item, number, code)
        worker.items.clear()
        self._depot.release(worker.used)
        self._depot.take_back(worker.lent, are_free=False)
        worker.close()
        self._depot.forget(worker.prefix)
        if self._stillborn >= STILLBORN and not self._workers:
            self._give_up(f"{_death(code)}; what Python says of it is on stderr")

    def _lost(self, worker: Handle, item: Item, number: int, code: int) -> None:
        """Report the attempt that a dead worker was at.

        A value before it that had stayed in the worker is lost too, though nothing is wrong with it: it is made again.
        """
        index = max(number - item.first, item.ended)
        attempt = item.attempts[max(index, item.silent)]
        if item.cancelled is not None and item.cancelled <= max(item.ended, item.silent):
            index = item.ended
            attempt = item.attempts[max(index, item.silent)]
            error: BaseException = _cancelled(attempt, "while it was at work")
        elif item.cancelled is not None and item.cancelled <= index:
            error = _cancelled(attempt, "while it was at work")
        elif worker.doomed is not None and worker.doomed[0] == item.first + index:
            error = worker.doomed[1]
        else:
            name = name_of(attempt.call.function)
            error = WorkerDied(
                f"{name!r} ended with the process that ran it ({worker.place}: {_death(code)})", exit_code=code
            )
        if index == item.ended or index <= item.silent:
            self._refuse(item, attempt, error)
            return
        if self._closing:
            attempt = item.attempts[max(item.ended, item.silent)]
            self._refuse(item, attempt, _cancelled(attempt, "while its executor was closed"))
            return
        again = Item(item.attempts[:index])
        again.silent, again.refused = max(item.ended, item.silent), (attempt, error)
        for each in (*again.attempts, attempt):
            each.handle = again
        item.is_over = True
        self._depot.release(item.files)
        self._pending.add_first(again)

    def _give_up(self, why: str) -> None:
        """No process can be started: what waits fails, and the next attempt tries anew."""
        self._stillborn = 0
        for item in self._pending.clear():
            attempt = item.attempts[item.silent]
            text = f"no process could be started for {name_of(attempt.call.function)!r}: {why}"
            self._refuse(item, attempt, WorkerDied(text))

    def _close(self, grace_seconds: float) -> None:
        """Cancel everything, and end all processes."""
        self._closing = True
        for item in self._pending.clear():
            attempt = item.attempts[item.silent]
            self._refuse(item, attempt, _cancelled(attempt, "before it began, for its executor was closed"))
        for worker in self._workers:
            if not worker.items:
                if not worker.is_ending:
                    worker.end()
            elif worker.doomed is None:
                attempt = worker.items[0].attempts[worker.items[0].ended]
                number = worker.items[0].first + worker.items[0].ended
                self._doom(worker, number, _cancelled(attempt, "while it was at work, for its executor was closed"))
            self.at(grace_seconds, self._make_sure, worker)


def _cancelled(attempt: Attempt, when: str) -> CallCancelled:
    return CallCancelled(f"{name_of(attempt.call.function)!r} was cancelled {when}")


def _death(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    return f"killed by signal {-code}, {name}" + (", perhaps because memory ran out" if code == -9 else "")

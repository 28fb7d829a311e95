"""The loop between the attempts of this program and the bundles of a cluster, in one thread of its own.

An attempt goes this way::

    start -> waiting --feed--> bundle --submit--> in the cluster --records--> reported
    plan  -> cut into bundles ----^                    |
                                  ^                    |
                                  +---- made again ----+   its worker died, or what it takes was lost

What a cluster is, is known by its `Backend` alone.
"""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from ..errors import CallCancelled, ClusterError, TransferError, WorkerDied
from ..tokens import NONE, UNKNOWN
from .backend import Backend
from .bundles import NEVER_MADE, Bundle, Functions, Packed, mark, pack
from .contract import DROPPED, Attempt, Outcome, report_end
from .failures import load_error
from .later import Kept, Later
from .parcels import name_of, refused
from .queues import Queues
from .remote import DROPPED_VALUE, ERROR, KEPT, PACKED, PLAIN, Record
from .segments import Segments

__all__ = ["Engine"]

_DIED = "its worker died; if it is not to blame, retry=Policy(tries=2) tries again"
REMADE = 4  # so often is made again what was lost by no fault of its own


class Engine:
    """The loop, its thread, and all that is on its way.

    Parameters
    ----------
    backend : Backend
    functions : Functions
        What is known of functions.
    keeper : callable
        Gives who fetches a `Later`: a reference, for who holds the engine must not be held by it.

    Attributes
    ----------
    thread : threading.Thread
        To be started by who made it, after its first order.
    """

    def __init__(self, backend: Backend, functions: Functions, keeper: Callable[[], Any]) -> None:
        self._backend = backend
        self._functions = functions
        self._keeper = keeper
        self._orders: deque[tuple[str, Any]] = deque()
        self._is_awake = False
        self._lock = threading.Lock()
        self._queues = Queues(functions)
        self._held: set[Bundle] = set()  # in the cluster
        self._tasks: set[asyncio.Task[Any]] = set()
        self._segments = Segments(functions, self._submit_ahead)
        self._outbox: deque[tuple[Bundle, Packed]] = deque()
        self._doomed: dict[Bundle, None] = {}
        self._fetchers: set[Future[Any]] = set()
        self._is_open = False
        self._end: tuple[float] | None = None
        self._over = asyncio.Event()
        self._error: Exception | None = None
        self._is_over = False
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name=f"thalweg-{backend.name}", daemon=True)

    @property
    def address(self) -> str | None:
        """Where others find the cluster, if it is found by an address."""
        return self._backend.address

    def order(self, what: str, subject: Any) -> bool:
        """Have something done in the thread of the loop; from any thread.  False where it is over, and nothing is."""
        with self._lock:
            if self._is_over:
                return False
            self._orders.append((what, subject))
            if what == "close" and not self._is_open:
                self._loop.call_soon_threadsafe(self._over.set)
            elif self._is_open and not self._is_awake:
                self._is_awake = True
                self._loop.call_soon_threadsafe(self._turn)
        return True

    def fetch(self, later: Later) -> Any:
        """The value of a later, brought here; waits for it."""
        if threading.current_thread() is self.thread:
            raise RuntimeError("a value that is kept in a cluster was read in the thread that would have to fetch it")
        future: Future[Any] = Future()
        self._fetchers.add(future)
        if not self.order("fetch", (later, future)):
            self._deny(future)
        try:
            return future.result()
        finally:
            self._fetchers.discard(future)

    def close(self, grace_seconds: float) -> None:
        """Cancel all, and leave the cluster; returns when that is done, unless it is called by a report."""
        self.order("close", grace_seconds)
        if threading.current_thread() is not self.thread:
            self.thread.join()

    def lose(self, error: Exception) -> None:
        """The cluster is gone: all fails with this; whoever uses the executor again begins anew."""
        self._error = error
        self._over.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _main(self) -> None:
        opening, over = self._loop.create_task(self._backend.open(self)), self._loop.create_task(self._over.wait())
        try:
            await asyncio.wait([opening, over], return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                opening.cancel()  # nobody needs it any more
                await asyncio.wait([opening])
            problem = asyncio.CancelledError() if opening.cancelled() else opening.exception()
            if problem is not None and not over.done():
                self._error = ClusterError(f"the cluster of executor {self._backend.name!r} cannot be had: {problem}")
                self._error.__cause__ = problem
            elif problem is None:
                with self._lock:
                    self._is_open = True
                self._turn()
                await over
        finally:
            over.cancel()
            await self._leave()

    async def _leave(self) -> None:
        """Report what is left, and let go of the cluster."""
        with self._lock:
            self._is_open, self._is_over = False, True
        left = self._queues.clear()
        for what, subject in self._orders:
            if what == "start":
                left.append(Bundle([subject, *subject.following], is_chain=bool(subject.following)))
            elif what == "plan":
                left.append(Bundle([attempt for attempt, _ in subject]))
            elif what == "fetch":
                self._deny(subject[1])
            elif what == "close":
                self._end = (subject,)
        self._orders.clear()
        left += self._held
        left += [Bundle([attempt]) for attempt in self._segments.clear()]
        for bundle in left:
            self._refuse(bundle, self._error or CallCancelled("the executor is being closed"))
        for future in tuple(self._fetchers):
            self._deny(future)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        with suppress(Exception):  # it may be gone already, and that is all that is wanted
            await self._backend.close(self._end[0] if self._end is not None else 0.0)

    def _deny(self, future: Future[Any]) -> None:
        with suppress(Exception):  # it was told something else a moment ago
            future.set_exception(WorkerDied("the executor that kept this value has been closed"))

    def _turn(self) -> None:
        """Follow all orders, and hand out what there is room for."""
        with self._lock:
            self._is_awake = False
        while self._orders:
            what, subject = self._orders.popleft()
            if what == "start":
                self._start(subject)
            elif what == "plan":
                self._segments.add(subject, self._backend.places)
            elif what == "cancel":
                self._cancel(subject)
            elif what == "fetch":
                self.spawn(self._fetch(*subject))
            else:
                self._end = (subject,)
                self._over.set()
                return
        if self._doomed:
            doomed, self._doomed = list(self._doomed), {}
            self.spawn(self._put_down(doomed))
        self.feed()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done beside all else."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._seen)

    def _seen(self, task: asyncio.Task[Any]) -> None:
        """Something has been done; if it has failed, which is our fault, nobody must wait for ever."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._is_over:
            for bundle in tuple(self._held):
                self._refuse(bundle, ClusterError(f"what keeps watch over calls has failed: {error!r}"))

    def _start(self, attempt: Attempt) -> None:
        bundle = Bundle([attempt, *attempt.following], is_chain=bool(attempt.following))
        mark(bundle)
        self._queues.add(bundle)

    def feed(self) -> None:
        """Hand out what waits, as long as there is room in the cluster."""
        while (bundle := self._queues.next(self._backend.places)) is not None:
            mark(bundle)
            self._submit(bundle)

    def _submit_ahead(self, attempts: list[Attempt], laters: list[Later | None]) -> Bundle:
        bundle = self._ahead(attempts, laters)
        self._submit(bundle)
        return bundle

    def _ahead(self, attempts: list[Attempt], laters: Sequence[Later | None]) -> Bundle:
        """A bundle whose values others may take."""
        bundle = Bundle(attempts)
        bundle.is_ahead = True
        bundle.engine = self
        bundle.laters = list(laters)
        mark(bundle)
        keeper = self._keeper()  # who has the values keeps it alive
        for place, later in enumerate(laters):
            if later is not None:
                later.place = (bundle, place)
                later.keeper = keeper
        return bundle

    def _submit(self, bundle: Bundle) -> None:
        """Hand a bundle out."""
        packed = pack(bundle, self._functions)
        bundle.lives += 1
        bundle.parents = packed.parents
        bundle.refused = packed.refused
        if not bundle.is_chain:
            self._refuse_some(bundle)
            if not bundle.unreported() and (not bundle.is_ahead or len(bundle.refused) == len(bundle.attempts)):
                bundle.is_over = True
                return
        elif packed.refused and packed.refused[0][0] == 0:
            self._refuse_some(bundle)
            return
        self._held.add(bundle)
        self._queues.begun(bundle)
        self._outbox.append((bundle, packed))
        if len(self._outbox) == 1:
            self.spawn(self._hand_out())

    async def _hand_out(self) -> None:
        """One bundle after the other, for each may take values of those before."""
        while self._outbox:
            bundle, packed = self._outbox[0]
            try:
                if any(parent.is_lost() for parent in packed.parents):
                    await self.ended(bundle, "upstream")
                elif not bundle.is_over:
                    await self._backend.submit(bundle, packed, self._queues.priority(bundle))
            except Exception as error:
                bundle.is_over = True
                self._refuse(bundle, ClusterError(f"the cluster did not take a call: {type(error).__name__}: {error}"))
                self._let_go(bundle)
            self._outbox.popleft()

    def _refuse_some(self, bundle: Bundle) -> None:
        """Report the attempts that cannot travel."""
        for place, error in bundle.refused:
            self._fail(bundle, place, error)

    def told(self, bundle: Bundle, records: Sequence[Record], shift: float, place: str) -> None:
        """A worker has told what became of calls; its clock is behind ours by `shift`."""
        if bundle.backlog is not None:
            bundle.backlog += [(record, shift, place) for record in records]
            return
        for index, record in enumerate(records):
            if self._is_to_be_fetched(bundle, record):
                bundle.backlog = [(each, shift, place) for each in records[index:]]
                return
            self._tell(bundle, record, shift, place)

    def _is_to_be_fetched(self, bundle: Bundle, record: Record) -> bool:
        return record.kind == KEPT and bundle.attempts[record.step].is_kept and not bundle.reported[record.step]

    def _tell(self, bundle: Bundle, record: Record, shift: float, where: str, value: Any = UNKNOWN) -> None:
        """Report one call."""
        attempt = bundle.attempts[record.step]
        call = attempt.call
        if bundle.reported[record.step]:
            return
        error: BaseException | None = None
        data = record.data
        if record.kind == ERROR:
            value, error = None, load_error(data)
        elif record.kind == PLAIN:
            value = data
        elif record.kind == PACKED:
            try:
                value = pickle.loads(data)  # noqa: S301 - it comes from our worker
            except Exception as problem:
                value, error = None, refused("the result", name_of(call.function), problem)
        elif record.kind == DROPPED_VALUE:
            value = DROPPED
        elif record.kind == KEPT:
            value = Kept(data) if value is UNKNOWN else value
        else:
            value, error = None, WorkerDied(NEVER_MADE)
        if record.kind in (PLAIN, PACKED, KEPT, DROPPED_VALUE):
            self._functions.took(call.function, record.end - record.start)
        later = bundle.laters[record.step]
        if later is not None and error is None and type(value) is not Kept:
            later.value = value
        bundle.reported[record.step] = True
        report_end(Outcome(attempt, value, error, record.start + shift, record.end + shift, where))
        if bundle.is_chain and (error is not None or value is NONE):
            _end_chain(bundle)

    async def ended(self, bundle: Bundle, lost: str | None) -> None:
        """The cluster has no more to do for a bundle.

        Parameters
        ----------
        bundle : Bundle
        lost : str or None
            Why it was not made: ``"died"`` (its worker, while it was there), ``"upstream"`` (what it takes was lost),
            ``"innocent"`` (its worker was ended for the sake of another), ``"refused"`` (it could not be begun) or
            ``"cancelled"``; None if it was made.
        """
        if bundle.is_over:
            return
        bundle.is_over = True
        if lost is None and bundle.backlog is not None:
            await self._digest(bundle)
        left = bundle.unreported()
        if lost is None and left and bundle.is_chain:
            self._end_chain(bundle)
        elif left or (lost is not None and bundle.is_ahead and lost != "cancelled" and not bundle.cancelled):
            for parent in bundle.parents:
                if parent.is_ahead and parent.is_over and not parent.is_replaced and self._backend.has_lost(parent):
                    self._make_once_more(parent, slice(None), None)
            self._make_again(bundle, lost)
        if lost is not None:
            self._backend.release(bundle)
        self._report_cancelled(bundle)
        self._let_go(bundle)
        self._segments.ended(bundle, self._backend.places)
        self.feed()

    def _let_go(self, bundle: Bundle) -> None:
        if bundle in self._held:
            self._held.discard(bundle)
            self._queues.ended(bundle)
        if not bundle.is_ahead and bundle.after is None:
            link: Bundle | None = bundle
            while link is not None:  # whatever was before it in a chain has been taken by now
                self._backend.release(link)
                link = link.before
        bundle.parents = []

    async def _digest(self, bundle: Bundle) -> None:
        """Fetch values that did not fit into their records, and report them."""
        backlog, bundle.backlog = bundle.backlog or [], None
        wanted = [(record.step, -1) for record, _, _ in backlog if self._is_to_be_fetched(bundle, record)]
        found: dict[int, Any] = {}
        problem: Exception | None = None
        try:
            values = await self._backend.fetch(bundle, wanted)
            found = {step: value for (step, _), value in zip(wanted, values, strict=True)}
        except Exception as error:
            problem = error
        for record, shift, where in backlog:
            if record.step in found:
                self._tell(bundle, record, shift, where, found[record.step])
            elif problem is not None and self._is_to_be_fetched(bundle, record):
                name = name_of(bundle.attempts[record.step].call.function)
                told = problem if isinstance(problem, TransferError) else refused("the result", name, problem)
                self._fail(bundle, record.step, told)
            else:
                self._tell(bundle, record, shift, where)

    def _end_chain(self, bundle: Bundle) -> None:
        """All of a chain has been made that could travel."""
        for place, error in bundle.refused:
            if not any(not is_reported for is_reported in bundle.reported[:place]):
                self._fail(bundle, place, error)
        bundle.reported = [True] * len(bundle.reported)

    def _make_again(self, bundle: Bundle, lost: str | None) -> None:
        """What became of calls is not known: who is at fault is told so, the others are made once more."""
        if lost == "cancelled":
            self._refuse(bundle, CallCancelled("the cluster has cancelled it"))
        elif bundle.trouble is not None and (lost == "refused" or bundle.lives > REMADE):
            trouble = f"{type(bundle.trouble).__name__}: {bundle.trouble}"
            self._refuse(bundle, ClusterError(f"a worker could not begin with a call ({trouble}); is thalweg there?"))
        elif bundle.lives > REMADE or (lost == "died" and len(bundle.attempts) == 1 and bundle.unreported()):
            self._refuse(bundle, WorkerDied(_DIED))
        elif lost == "died" and len(bundle.attempts) > 1:  # one of them is at fault: each goes alone
            before: Bundle | None = None
            for place in range(len(bundle.attempts)):
                before = self._make_once_more(bundle, slice(place, place + 1), before)
        else:
            self._make_once_more(bundle, slice(None), bundle.before)

    def _make_once_more(self, bundle: Bundle, places: slice, before: Bundle | None) -> Bundle | None:
        if all(bundle.reported[places]) and not (bundle.is_ahead or bundle.is_chain):
            return None
        attempts = bundle.attempts[places]
        bundle.is_replaced = True
        if bundle.is_ahead:
            again = self._ahead(attempts, bundle.laters[places])
        else:
            again = Bundle(attempts, is_chain=bundle.is_chain)
            mark(again)
        if bundle.is_chain:
            again.before = before
            again.after = bundle.after
            if before is not None:
                before.after = again
            if again.after is not None:
                again.after.before = again
        again.reported = bundle.reported[places]
        again.lives = bundle.lives
        self._submit(again)
        return again

    def _cancel(self, attempt: Attempt) -> None:
        if attempt.handle is None:
            if self._segments.withdraw(attempt):
                self._refuse(Bundle([attempt]), CallCancelled("it was cancelled before it began"))
            return
        bundle, place = attempt.handle
        if bundle.reported[place]:
            return
        if bundle not in self._held:
            self._queues.withdraw(bundle)
            self._refuse(bundle, CallCancelled("it was cancelled before it began"))
            return
        bundle.reported[place] = True
        bundle.cancelled.append(place)
        if not bundle.unreported():
            self._doomed[bundle] = None

    async def _put_down(self, bundles: Sequence[Bundle]) -> None:
        """End bundles that nobody waits for any more, and report that."""
        with suppress(Exception):  # a cluster that is gone has ended them
            await self._backend.cancel(bundles)
        for bundle in bundles:
            bundle.is_over = True
            self._report_cancelled(bundle)
            self._let_go(bundle)
        self.feed()

    def _report_cancelled(self, bundle: Bundle) -> None:
        """Report what was cancelled of a bundle that is made no more."""
        cancelled, bundle.cancelled = bundle.cancelled, []
        for place in cancelled:
            bundle.reported[place] = False
            self._fail(bundle, place, CallCancelled("it was cancelled"))

    async def _fetch(self, later: Later, future: Future[Any]) -> None:
        """Bring a value here."""
        bundle, step = later.whole.place
        try:
            (value,) = await self._backend.fetch(bundle, [(step, later.part)])
        except Exception as error:
            told: Exception = error
            if not isinstance(error, (TransferError, WorkerDied)):
                told = WorkerDied(
                    f"a value that was kept in a cluster is not to be had: {type(error).__name__}: {error}"
                )
                told.__cause__ = error
            with suppress(Exception):
                future.set_exception(told)
        else:
            with suppress(Exception):
                future.set_result(value)

    def _refuse(self, bundle: Bundle, error: BaseException) -> None:
        """Report all that is left of a bundle."""
        for place in bundle.unreported():
            self._fail(bundle, place, error)
            if bundle.is_chain:
                _end_chain(bundle)

    def _fail(self, bundle: Bundle, place: int, error: BaseException) -> None:
        if bundle.reported[place]:
            return
        bundle.reported[place] = True
        now = time.monotonic()
        report_end(Outcome(bundle.attempts[place], None, error, now, now, self._backend.name))


def _end_chain(bundle: Bundle) -> None:
    """The rest of a chain is neither made nor reported."""
    rest: Bundle | None = bundle
    while rest is not None:
        rest.reported = [True] * len(rest.reported)
        rest = rest.after

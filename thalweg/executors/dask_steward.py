"""What thalweg needs to have within a Dask scheduler, and on its workers.

The steward knows which worker has begun with which bundle.  A worker asks it before it begins, so a bundle that was at
work when its worker died is not made once more behind our back; one that only waited there is.  It carries records from
workers to the programs that wait for them, and keeps calls to the workers whose offers take them::

    program --update_graph--> steward: restricts it to workers that take its placement
    worker  --claim--------> steward: begin | died | cancelled
    worker  --records------> steward --event--> program
    program --cancel-------> steward: who has begun with it, if anybody
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from distributed import Scheduler, SchedulerPlugin, Worker, get_worker
from distributed.utils import sync

from .placement import ANNOUNCED, Offer, Placement
from .remote import Record, Shelf, dumps, make_bundle, take

if TYPE_CHECKING:
    from distributed.scheduler import TaskState

__all__ = ["ANNOTATION", "PREFIX", "TOPIC", "Steward", "make", "taken"]

ANNOTATION = "thalweg"
PREFIX = "thalweg"
TOPIC = "thalweg"
_NOWHERE = "nowhere"  # no worker has this address: a call that none takes waits, it does not go anywhere


class Steward(SchedulerPlugin):
    """Lives in a scheduler from the first program that uses it on."""

    name = "thalweg"
    idempotent = True

    def __init__(self) -> None:
        self.claims: dict[str, str] = {}  # key of a bundle that has been begun -> who has
        self.cancelled: set[str] = set()
        self.refused: dict[str, str] = {}  # key of a bundle that a worker has died of -> what is said of it
        self.placements: dict[str, Placement] = {}  # by key, as long as the scheduler knows it
        self.scheduler: Any = None

    async def start(self, scheduler: Scheduler) -> None:
        """Join a scheduler."""
        self.scheduler = scheduler
        scheduler.handlers["thalweg_claim"] = self.claim
        scheduler.handlers["thalweg_cancel"] = self.cancel
        scheduler.stream_handlers["thalweg_records"] = self.records

    def claim(self, key: str, worker: str, wants_begin: bool) -> str:  # noqa: FBT001 - called by name, over the net
        """May a worker begin with a bundle?  Why not, otherwise: the word, and who had begun with it."""
        if key in self.cancelled or key not in self.scheduler.tasks:  # the worker has not heard yet that it is let go
            return "cancelled"
        if key in self.claims:  # and so it stays, also when the answer itself is lost with a worker
            self.refused[key] = f"died {self.claims.pop(key)}"
        if key in self.refused:
            return self.refused[key]
        self.claims[key] = worker
        if wants_begin:
            self._tell(key, {"key": key, "began": True})
        return ""

    def cancel(self, keys: Sequence[str]) -> dict[str, str | None]:
        """Let bundles not be begun, nor those that are still on their way here; gives who has begun with each."""
        found = {key: self.claims.get(key) for key in keys}
        self.cancelled.update(key for key, worker in found.items() if worker is None)
        return found

    def records(self, worker: str, key: str, data: bytes) -> None:  # noqa: ARG002 - each stream names its worker
        """Pass records on to the program that waits for them."""
        self._tell(key, {"key": key, "data": data})

    def _tell(self, key: str, message: dict[str, Any]) -> None:
        task = self.scheduler.tasks.get(key)
        if task is not None:
            event = {"op": "event", "topic": TOPIC, "event": (time.time(), message)}
            self.scheduler.report(event, ts=task)

    def update_graph(
        self, scheduler: Scheduler, *, tasks: Sequence[Any], annotations: Mapping[str, Mapping[Any, Any]], **_: Any
    ) -> None:
        """New tasks: those that are ours are kept to the workers that take them."""
        asked = annotations.get(ANNOTATION, {})
        for key in tasks:
            if isinstance(key, str) and key.startswith(PREFIX):
                self.placements[key] = Placement(**asked[key]) if key in asked else _ANYWHERE
                self._restrict(scheduler.tasks[key])

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:  # noqa: ARG002 - all are compared anew
        """A new worker: what waits may go there, or may not."""
        for key in self.placements:
            task = scheduler.tasks.get(key)
            if task is not None and task.state not in ("memory", "erred", "released", "forgotten"):
                self._restrict(task)

    def remove_client(self, scheduler: Scheduler, client: str) -> None:  # noqa: ARG002 - its name is in its keys
        """A program has left: what was on its way from there does not come any more."""
        tasks = self.scheduler.tasks
        self.cancelled = {key for key in self.cancelled if key in tasks or client not in key}

    def transition(self, key: Any, start: str, finish: str, *_: Any, **__: Any) -> None:
        """A task goes on: one that has ended may be made again where its values are lost."""
        if finish in ("memory", "erred"):
            self.claims.pop(key, None)
        elif finish == "forgotten" or (start == "forgotten" and finish == "released"):
            self.claims.pop(key, None)
            self.cancelled.discard(key)
            self.refused.pop(key, None)
            self.placements.pop(key, None)

    def _restrict(self, task: TaskState) -> None:
        placement = self.placements[str(task.key)]
        workers = self.scheduler.workers
        if placement is _ANYWHERE and not any(ANNOUNCED in each.extra for each in workers.values()):
            return
        takers = {address for address, each in workers.items() if Offer.announced(each.extra).takes(placement)}
        task.worker_restrictions = {_NOWHERE, *(takers.difference(placement.avoid) or takers)}


_ANYWHERE = Placement()


def make(key: str, parcel: bytes, is_limited: bool, given: Sequence[int], *values: Any) -> Shelf:  # noqa: FBT001
    """What a Dask worker is asked to do: make a bundle.

    Parameters
    ----------
    key : str
    parcel : bytes
    is_limited : bool
        Does somebody want to know when it begins?
    given : sequence of int
        Which of the values came beside the parcel; the others are shelves.
    *values : object
    """
    worker = get_worker()
    shelves = [value for place, value in enumerate(values) if place not in given]
    lost = [str(place) for place, shelf in enumerate(shelves) if shelf.is_lost]
    if lost:
        answer = " ".join(["upstream", *lost])
    else:
        answer = sync(worker.loop, _claim, worker, key, is_limited)
    if answer:
        worker.loop.add_callback(_tell, worker, key, pickle.dumps(answer))
        return Shelf([], is_lost=True)

    def tell(records: list[Record]) -> None:
        shift = time.time() - time.monotonic()
        data = pickle.dumps((f"worker {worker.name}", shift, [tuple(record) for record in records]), 5)
        worker.loop.add_callback(_tell, worker, key, data)

    return make_bundle(parcel, shelves, [values[place] for place in given], tell)


def taken(key: str, wanted: list[tuple[int, int]], dask_worker: Worker) -> bytes | None:
    """Values of a shelf that a Dask worker has, packed; None if it has it no more, or they cannot travel.

    Notes
    -----
    It is asked beside all calls: as a task, this would wait until one of them has ended.
    """
    shelf: Any = dask_worker.data.get(key)
    try:
        return None if shelf is None else dumps(take(shelf, wanted))
    except Exception:
        return None  # a task can say why


async def _claim(worker: Worker, key: str, is_limited: bool) -> str:  # noqa: FBT001
    answer: str = await worker.scheduler.thalweg_claim(key=key, worker=worker.address, wants_begin=is_limited)
    return answer


def _tell(worker: Worker, key: str, data: bytes) -> None:
    """Send records; what is lost with the connection is asked for again."""
    with suppress(OSError):
        worker.batched_stream.send({"op": "thalweg_records", "key": key, "data": data})

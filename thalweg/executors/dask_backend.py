"""A Dask cluster, as the engine of an executor sees it; loaded with the first call that goes there."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import dask
from dask.utils import parse_timedelta
from distributed import Client, KilledWorker, LocalCluster

from ..errors import ClusterError
from .bundles import Bundle, Packed
from .dask_steward import ANNOTATION, PREFIX, TOPIC, Steward, make, taken
from .remote import Record, take

if TYPE_CHECKING:
    from .backend import Watch

__all__ = ["DaskBackend"]

_LOOPBACK = "127.0.0.1"
_LOOK_SECONDS = 0.5  # how long the number of workers is taken for what it was
_GUARD = "(a script that starts workers does so under `if __name__ == '__main__':`, for they import it)"
_CONNECT = "distributed.comm.timeouts.connect"
_MORE_SECONDS = 1.0  # the client says more of what it waited for: let it speak first
_CLOSE_SECONDS = 10.0  # what a busy machine may need to end processes that were told to
_SAME_CLOCK_SECONDS = 0.001
_GONE = "gone"  # what has become of values that were made, and could not be made again
_FIRST = float(1 << 40)  # the priority of what is asked about calls: it comes before any call
_annotate: Any = getattr(dask, "annotate")  # noqa: B009 - it is there, but not said to be


class _Client(Client):
    """A client that does not come back by itself: another scheduler knows nothing of calls, and has no steward."""

    lost: Callable[[], None]

    async def _reconnect(self) -> None:
        self.lost()


class DaskBackend:
    """A Dask cluster, as the engine sees it."""

    name = "dask"

    def __init__(self, address: str | None, options: dict[str, Any]) -> None:
        self.address = address
        self.options = options
        self.is_ours = address is None
        self.cluster: Any = None
        self.client: Any = None
        self.count = 0
        self.bundles: dict[str, Bundle] = {}  # by key, as long as they are at work
        self.killed: set[str] = set()  # addresses of workers that were ended on purpose
        self.places = 1  # how many calls it makes at once
        self.wanted = 0  # workers of a cluster of ours

    async def open(self, engine: Watch) -> None:
        """Join the cluster, or start it."""
        self.engine = engine
        if self.is_ours:
            local_cluster: Any = LocalCluster
            host = _LOOPBACK if self.options.get("processes", True) else None  # threads of ours nobody else reaches
            options = {"threads_per_worker": 1, "host": host, "dashboard_address": f"{_LOOPBACK}:0"}
            options |= {"silence_logs": logging.CRITICAL, **self.options}
            starting = asyncio.ensure_future(local_cluster(asynchronous=True, **options))
            try:
                self.cluster = await asyncio.shield(starting)
            except asyncio.CancelledError:
                self.cluster = await starting  # what has begun can be ended when it is there
                raise
            except RuntimeError as error:
                raise RuntimeError(f"{error} {_GUARD}") from error
            self.wanted = len(self.cluster.workers)
            await self._join(self.cluster, {})
        else:
            seconds = parse_timedelta(self.options.get("timeout") or dask.config.get(_CONNECT), "s")
            try:
                async with asyncio.timeout(seconds + _MORE_SECONDS):  # the client's own does not hold for a handshake
                    await self._join(self.address, self.options)
            except TimeoutError as error:
                raise TimeoutError(f"{self.address} did not answer within {seconds:g} s") from error
        engine.spawn(self._look_after())

    async def _join(self, where: Any, options: dict[str, Any]) -> None:
        """Join a cluster."""
        client: Any = _Client
        self.client = client(where, asynchronous=True, **{"set_as_default": False, **options})
        self.client.lost = self._lose
        await self.client
        self.address = self.client.scheduler.address
        self.client.subscribe_topic(TOPIC, self._hear)
        await self.client.register_plugin(Steward())
        await self._count()

    def _lose(self) -> None:
        self.engine.lose(ClusterError(f"the connection to the scheduler at {self.address} was lost"))

    async def _look_after(self) -> None:
        """While there is work, look now and then at who does it; a worker that died as it began has left nobody."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.bundles:
                await self._count()
                if self.is_ours and len(self.cluster.workers) < self.wanted:
                    self.cluster.scale(self.wanted)

    async def _count(self) -> None:
        """Look how many calls can be made at once."""
        with suppress(OSError, RuntimeError):  # it is not there for a moment, or is being left
            self.places = sum((await self.client.nthreads()).values()) or 1

    async def submit(self, bundle: Bundle, packed: Packed, priority: float) -> None:
        """Hand a bundle out."""
        self.count += 1
        bundle.key = key = f"{PREFIX}-{self.client.id}-{self.count}"
        self.bundles[key] = bundle
        given: list[Any] = []
        if packed.given:
            given = await self.client.scatter(packed.given, hash=False, direct=self.cluster is not None)
            if bundle.is_over:  # it was cancelled meanwhile
                return
        parents = [parent.future for parent in packed.parents]
        is_limited = bundle.attempts[0].limit_seconds is not None
        places = range(len(parents), len(parents) + len(given))
        placement = bundle.placement
        arguments = (key, packed.parcel, is_limited, tuple(places), *parents, *given)
        options: dict[str, Any] = {"key": key, "pure": False, "priority": priority}
        if placement is None:
            bundle.future = self.client.submit(make, *arguments, **options)
        else:
            if placement.requires:
                options["resources"] = dict(placement.requires)
            with _annotate(**{ANNOTATION: placement.asked()}):
                bundle.future = self.client.submit(make, *arguments, **options)
        self.engine.spawn(self._watch(bundle, bundle.future))

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """The steward has something to say."""
        message = event[1]
        bundle = self.bundles.get(message["key"])
        if bundle is None:
            return
        if message.get("began"):
            began = bundle.attempts[0].began
            if began is not None:
                began()
            return
        told = pickle.loads(message["data"])  # noqa: S301 - it comes from our worker
        if isinstance(told, str):
            bundle.lost = told
            return
        place, there, records = told
        shift = there - (time.time() - time.monotonic())
        if abs(shift) < _SAME_CLOCK_SECONDS:  # it is the same clock
            shift = 0.0
        self.engine.told(bundle, [Record(*record) for record in records], shift, place)

    async def _watch(self, bundle: Bundle, future: Any) -> None:
        """Wait for the end of a bundle."""
        error = await future.exception()
        lost: str | None = None
        if future.cancelled():
            lost = "cancelled"
        if isinstance(error, KilledWorker):
            lost = "innocent"  # it waited at workers that died; whoever began with it is not told so
        elif error is not None:
            bundle.trouble = error
            lost = "refused" if isinstance(error, ImportError) else "upstream"
        elif lost is None:
            lost = self._lost(bundle)
        self.bundles.pop(bundle.key, None)
        await self.engine.ended(bundle, lost)

    def _lost(self, bundle: Bundle) -> str | None:
        """Why a bundle has not told of all its calls."""
        if bundle.lost is None:  # it was made
            return None
        word, _, which = bundle.lost.partition(" ")
        if word == "upstream" and not bundle.is_over:
            for place in map(int, which.split()):
                bundle.parents[place].lost = _GONE
        return "innocent" if which in self.killed else word

    async def cancel(self, bundles: Sequence[Bundle]) -> None:
        """End bundles: those at work with their workers, if these are ours."""
        keys = [bundle.key for bundle in bundles if bundle.key]  # the others have not been handed out
        begun = await self.client.scheduler.thalweg_cancel(keys=keys)
        for key in keys:
            self.bundles.pop(key, None)
        if self.cluster is not None:
            for address in {address for address in begun.values() if address is not None}:
                self._kill(address)

    def _kill(self, address: str) -> None:
        for nanny in self.cluster.workers.values():
            if getattr(nanny, "worker_address", None) == address and nanny.pid is not None:
                self.killed.add(address)
                os.kill(nanny.pid, signal.SIGKILL)

    def has_lost(self, bundle: Bundle) -> bool:
        """Can the values of a bundle not be had any more, though it was made?"""
        return bundle.future is not None and (bundle.future.status == "error" or bundle.lost == _GONE)

    async def fetch(self, bundle: Bundle, wanted: Sequence[tuple[int, int]]) -> list[Any]:
        """Values of a bundle, or their parts."""
        if not wanted:
            return []
        values: list[Any] | None = None
        with suppress(Exception):  # whoever has them may have gone: a task has them made again
            values = await self._taken(bundle.key, list(wanted))
        if values is None:
            values = await self.client.submit(take, bundle.future, list(wanted), pure=False, priority=_FIRST)
        return values

    async def _taken(self, key: str, wanted: list[tuple[int, int]]) -> list[Any] | None:
        """Values from a worker that has them, however busy it is; None if there is none, or they cannot travel."""
        holders = (await self.client.scheduler.who_has(keys=[key])).get(key)
        if not holders:
            return None
        told = await self.client.run(taken, key, wanted, workers=holders[:1])
        data = told.get(holders[0])
        values: list[Any] | None = None if data is None else pickle.loads(data)  # noqa: S301 - it comes from our worker
        return values

    def release(self, bundle: Bundle) -> None:
        """Nobody needs the values of a bundle any more."""
        bundle.future = None

    async def close(self, grace_seconds: float) -> None:
        """Leave the cluster; end it if it is ours."""
        if self.client is not None:
            await self.client.close(timeout=_CLOSE_SECONDS + grace_seconds)
        if self.cluster is not None:
            await self.cluster.close(timeout=_CLOSE_SECONDS + grace_seconds)

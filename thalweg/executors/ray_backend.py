"""Ray, as the engine of an executor sees it; loaded with the first call that goes there."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ClusterError
from .bundles import Bundle, Packed
from .placement import DEFAULT_QUEUE, Placement
from .ray_worker import make, take_values
from .remote import Record

if TYPE_CHECKING:
    from .backend import Watch

__all__ = ["RayBackend"]

_LOOPBACK = "127.0.0.1"
_SAME_CLOCK_SECONDS = 0.001
# Ray listens on all addresses of a machine, unless it is told that it will be alone; the variable has its name from
# the systems where that is so by default.
_ALONE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_TELLS = "RAY_USAGE_STATS_ENABLED"  # to its makers


class RayBackend:
    """Ray, as the engine sees it."""

    name = "ray"

    def __init__(self, num_cpus: int | None, address: str | None, options: dict[str, Any]) -> None:
        self.num_cpus = num_cpus
        self.address = address
        self.options = options
        self.places = 1
        self.is_ours = False
        is_first = "ray" not in sys.modules
        with _alone(is_wanted=address is None and is_first):
            self.ray: Any = import_module("ray")

    async def open(self, engine: Watch) -> None:
        """Join Ray, or start it."""
        self.engine = engine
        ray = self.ray
        if not ray.is_initialized():
            options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
            if self.address is None:
                options |= {"num_cpus": self.num_cpus, "include_dashboard": False, "_node_ip_address": _LOOPBACK}
            else:
                options["address"] = self.address
            with _alone(is_wanted=self.address is None):
                ray.init(**options | self.options)
            self.is_ours = True
        self.places = int(ray.cluster_resources().get("CPU", 1)) or 1
        self.make = ray.remote(num_cpus=1, max_retries=0, num_returns=2)(make)
        self.take = ray.remote(num_cpus=0, max_retries=0)(take_values)

    async def submit(self, bundle: Bundle, packed: Packed, priority: float) -> None:  # noqa: ARG002 - Ray has none
        """Hand a bundle out."""
        shelves = [parent.future[1] for parent in packed.parents]
        given = [self.ray.put(value) for value in packed.given]
        limit = bundle.attempts[0].limit_seconds
        made = self.make if bundle.placement is None else self.make.options(**_asked(bundle.placement))
        bundle.future = made.remote(packed.parcel, limit, len(shelves), *shelves, *given)
        self.engine.spawn(self._watch(bundle, bundle.future[0], packed.parents))

    async def _watch(self, bundle: Bundle, records: Any, parents: Sequence[Bundle]) -> None:
        """Wait for the end of a bundle."""
        exceptions = self.ray.exceptions
        futures = [parent.future[0] for parent in parents]
        lost: str | None = None
        try:
            place, there, told = pickle.loads(await records)  # noqa: S301 - it comes from our worker
        except exceptions.TaskCancelledError:
            lost = "cancelled"
        except Exception as error:
            died = isinstance(error, (exceptions.WorkerCrashedError, exceptions.NodeDiedError))
            if await _has_failed(futures):
                lost = "upstream"
            elif died:
                lost = "died"
            else:
                lost, bundle.trouble = "refused", error
        else:
            shift = there - (time.time() - time.monotonic())
            if abs(shift) < _SAME_CLOCK_SECONDS:
                shift = 0.0
            self.engine.told(bundle, [Record(*record) for record in told], shift, place)
        await self.engine.ended(bundle, lost)

    async def cancel(self, bundles: Sequence[Bundle]) -> None:
        """End bundles: those at work with their workers."""
        for bundle in bundles:
            if bundle.future is not None:
                self.ray.cancel(bundle.future[0], force=True)
        for bundle in bundles:
            if bundle.future is not None:
                with suppress(Exception):  # that is what was wanted
                    await bundle.future[0]

    def has_lost(self, bundle: Bundle) -> bool:  # noqa: ARG002 - Ray makes again what it needs
        """Can the values of a bundle not be had any more, though it was made?"""
        return False

    async def fetch(self, bundle: Bundle, wanted: Sequence[tuple[int, int]]) -> list[Any]:
        """Values of a bundle, or their parts."""
        values: list[Any] = await self.take.remote(bundle.future[1], list(wanted)) if wanted else []
        return values

    def release(self, bundle: Bundle) -> None:
        """Nobody needs the values of a bundle any more."""
        bundle.future = None

    async def close(self, grace_seconds: float) -> None:  # noqa: ARG002 - Ray ends its processes in its own time
        """Leave Ray; end it if it is ours."""
        if self.is_ours:
            self.ray.shutdown()


def _asked(placement: Placement) -> dict[str, Any]:
    """A placement as Ray says it."""
    if placement.queue != DEFAULT_QUEUE or placement.tolerations:
        raise ClusterError("Ray has neither queues nor tolerations; use requires={...}, or executor='dask'")
    amounts = dict(placement.requires)
    return {"num_cpus": amounts.pop("CPU", 1), "num_gpus": amounts.pop("GPU", 0), "resources": amounts}


async def _has_failed(records: Sequence[Any]) -> bool:
    """Has any of these bundles been lost?"""
    outcomes = await asyncio.gather(*[_wait(each) for each in records])
    return not all(outcomes)


async def _wait(record: Any) -> bool:
    try:
        await record
    except Exception:
        return False
    return True


@contextmanager
def _alone(*, is_wanted: bool) -> Iterator[None]:
    """While Ray is imported, or started, let it know that this machine is all there is; and that it tells nobody."""
    missing = {name: "0" for name in (_ALONE, _TELLS) if is_wanted and name not in os.environ}
    os.environ.update(missing)
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)

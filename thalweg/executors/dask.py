"""Calls on a Dask cluster: one that is there, or one of processes of this machine that is started for it."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from ..errors import BuildError, MissingExtraError
from .bundles import Bundle, Functions, Packed
from .contract import Attempt
from .later import Later

if TYPE_CHECKING:
    from .clusters import Engine

__all__ = ["DaskExecutor"]

_LEAVE_SECONDS = 0.5
_COUNT_SECONDS = 1.0  # how long the number of workers is taken for what it was


class DaskExecutor:
    """Makes calls on a Dask cluster, and leaves values there that nobody here has asked for.

    Parameters
    ----------
    address : str, optional
        Of the scheduler, such as ``"tls://10.0.0.5:8786"``; by default a cluster of our own is started, in processes of
        this machine that only it can reach, and ended with the executor.
    **options : object
        With an address: of `distributed.Client`, such as ``security=``.  Without: of `distributed.LocalCluster`, such
        as ``n_workers=4``, ``memory_limit="2GiB"``, or ``host="0.0.0.0"`` for workers of other machines.

    Attributes
    ----------
    name : str
        ``"dask"``.
    capacity : int
        Attempts of one run that it takes at once.
    takes_chains, takes_plans : bool
        True: what a dispatch will call is submitted ahead, and values stay on the workers.

    Raises
    ------
    MissingExtraError
        ``distributed`` is not installed.

    Notes
    -----
    The cluster is joined, or started, with the first call.  Scheduler and workers must have thalweg installed, and
    whatever modules the functions come from; lambdas, closures and what ``__main__`` defines travel as they are.  A
    program that starts a cluster of its own must guard its main part by ``if __name__ == "__main__":``, for the workers
    import its file.

    A call that is cancelled, or whose time is over, ends with its worker where the cluster is ours, and another worker
    is started; on a cluster of others it is left to itself.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("half", lambda a: a / 2, ["a"], ["b"])
    'half'
    >>> with DaskExecutor(n_workers=1) as executor:
    ...     dsp({"a": 3}, ["b"], executor=executor)["b"]
    1.5
    """

    name = "dask"
    capacity = 1 << 20
    takes_chains = True
    takes_plans = True

    def __init__(self, address: str | None = None, **options: Any) -> None:
        if address is not None and not isinstance(address, str):
            raise BuildError(f"address is {address!r}; give that of a scheduler, such as 'tcp://127.0.0.1:8786'")
        self.address = address
        self.options = options
        self.submissions = 0  # of plans, since it was made
        self._functions = Functions()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._process = 0
        self._finalizer: Any = None

    def start(self, attempt: Attempt) -> None:
        """Begin with an attempt, or a chain; it is reported when it has ended.  From any thread; never waits."""
        self._order("start", attempt)

    def start_plan(self, steps: Sequence[tuple[Attempt, Later | None]]) -> None:
        """Begin with attempts of which some take values of others; each is reported when it has ended.

        Parameters
        ----------
        steps : sequence of (Attempt, Later or None)
            Each after those whose values it takes, and by what others know its own.
        """
        self.submissions += 1
        self._order("plan", steps)

    def cancel(self, attempt: Attempt) -> None:
        """Ask for the end of an attempt."""
        engine = self._engine
        if engine is not None and self._process == os.getpid():
            engine.order("cancel", attempt)

    def fetch(self, later: Later) -> Any:
        """A value that was kept in the cluster, brought here; waits for it."""
        engine = self._engine
        if engine is None or self._process != os.getpid() or engine is not later.whole.place[0].engine:
            from ..errors import WorkerDied

            raise WorkerDied("the executor that kept this value has been closed")
        return engine.fetch(later)

    def close(self, grace_seconds: float = 1.0) -> None:
        """Cancel all that is in flight, leave the cluster, and end it if it is ours; a later start begins anew.

        Parameters
        ----------
        grace_seconds : float, optional
            How long the workers may take to end [s].
        """
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            self._finalizer.detach()
            if self._process == os.getpid():
                engine.close(grace_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _order(self, what: str, subject: Any) -> None:
        with self._lock:
            if self._engine is None or self._engine.is_over or self._process != os.getpid():
                self._begin()
            assert self._engine is not None
            self._engine.order(what, subject)

    def _begin(self) -> None:
        try:
            import distributed  # noqa: F401 - whether it is there
        except ImportError as error:
            raise MissingExtraError(
                "executor 'dask' needs distributed; pip install 'thalweg[dask]'", extra="dask"
            ) from error
        from .clusters import Engine

        self._engine = Engine(_DaskBackend(self.address, self.options), self._functions, self)
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _leave, self._engine, self._process)


def _leave(engine: Engine, process: int) -> None:
    """Nobody can use an executor any more."""
    if process == os.getpid():
        engine.close(_LEAVE_SECONDS)


class _DaskBackend:
    """A Dask cluster, as the engine sees it."""

    name = "dask"

    def __init__(self, address: str | None, options: dict[str, Any]) -> None:
        self.address = address
        self.options = options
        self.cluster: Any = None
        self.client: Any = None
        self.count = 0
        self.bundles: dict[str, Bundle] = {}  # by key, as long as they are at work
        self.killed: set[str] = set()  # addresses of workers that were ended on purpose
        self.places = 1  # how many calls it makes at once
        self.counted = 0.0

    async def open(self, engine: Engine) -> None:
        """Join the cluster, or start it."""
        from distributed import Client, LocalCluster

        from .dask_steward import TOPIC, Steward

        self.engine = engine
        if self.address is None:
            options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None, "silence_logs": 50}
            options |= self.options
            self.cluster = await LocalCluster(asynchronous=True, **options)
            self.client = await Client(self.cluster, asynchronous=True, set_as_default=False)
        else:
            options = {"set_as_default": False, **self.options}
            self.client = await Client(self.address, asynchronous=True, **options)
        self.client.subscribe_topic(TOPIC, self._hear)
        await self.client.register_plugin(Steward())
        await self._count()

    async def _count(self) -> None:
        """Look how many calls can be made at once."""
        self.counted = time.monotonic()
        self.places = sum((await self.client.nthreads()).values()) or 1

    async def submit(self, bundle: Bundle, packed: Packed, priority: float) -> None:
        """Hand a bundle out."""
        import dask

        from .dask_steward import ANNOTATION, PREFIX, make

        self.count += 1
        bundle.key = key = f"{PREFIX}-{self.client.id}-{self.count}"
        self.bundles[key] = bundle
        given: list[Any] = []
        if packed.given:
            given = await self.client.scatter(packed.given, hash=False, direct=self.cluster is not None)
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
            asked = {"queue": placement.queue, "tolerations": placement.tolerations, "avoid": placement.avoid}
            with dask.annotate(**{ANNOTATION: asked}):
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
        place, there, records = pickle.loads(message["data"])  # noqa: S301 - it comes from our worker
        from .remote import Record

        shift = there - (time.time() - time.monotonic())
        if abs(shift) < 0.001:  # it is the same clock
            shift = 0.0
        self.engine.told(bundle, [Record(*record) for record in records], shift, place)

    async def _watch(self, bundle: Bundle, future: Any) -> None:
        """Wait for the end of a bundle."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        lost: str | None = None
        try:
            error = await future.exception()
        except CancelledError:
            error, lost = None, "cancelled"
        if isinstance(error, KilledWorker):
            lost = "innocent"  # it waited at workers that died; whoever began with it is not told so
        elif error is not None:
            lost = "upstream"
        elif lost is None and (bundle.unreported() or bundle.backlog is not None):
            lost = await self._lost(bundle, future)
        self.bundles.pop(bundle.key, None)
        if time.monotonic() - self.counted > _COUNT_SECONDS:
            await self._count()
        await self.engine.ended(bundle, lost)

    async def _lost(self, bundle: Bundle, future: Any) -> str | None:
        """Why a bundle has not told of all its calls."""
        from .dask_steward import lost_of

        if bundle.backlog is not None:
            return None
        lost = await self.client.submit(lost_of, future, pure=False, priority=float(1 << 40))
        if lost is not None and lost.startswith("died "):
            word, address = lost.split(" ", 1)
            return "innocent" if address in self.killed else word
        found: str | None = lost
        return found

    async def cancel(self, bundles: Sequence[Bundle]) -> None:
        """End bundles: those at work with their workers, if these are ours."""
        keys = [bundle.key for bundle in bundles]
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

    async def fetch(self, bundle: Bundle, wanted: Sequence[tuple[int, int]]) -> list[Any]:
        """Values of a bundle, or their parts."""
        from .remote import take

        if not wanted:
            return []
        future = self.client.submit(take, bundle.future, list(wanted), pure=False, priority=float(1 << 40))
        values: list[Any] = await future
        return values

    def release(self, bundle: Bundle) -> None:
        """Nobody needs the values of a bundle any more."""
        bundle.future = None

    async def close(self, grace_seconds: float) -> None:
        """Leave the cluster; end it if it is ours."""
        if self.client is not None:
            await self.client.close()
        if self.cluster is not None:
            await self.cluster.close(timeout=max(grace_seconds, 0.1))

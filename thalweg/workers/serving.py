"""A scheduler, or a worker, as a process of its own: it serves until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import WorkersError
from ..executors.placement import ANNOUNCED, Offer
from ..text import error_text
from .access import LOOPBACK, Access, check_host, checked_folder, distributed, is_loopback, security_of

__all__ = ["Duty", "serve_scheduler", "serve_worker"]

_PORTS = 65_535
_CLOSE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0  # before a worker whose scheduler has gone looks for it again

Told = Callable[[dict[str, Any]], object]


def serve_scheduler(
    *,
    host: str = LOOPBACK,
    port: int = 8786,
    certs: str | Path | None = None,
    ready: Told | None = None,
    until_eof: bool = False,
) -> None:
    """Be a scheduler until a signal comes.

    Parameters
    ----------
    host : str, optional
        Address to listen to; other than this machine's own only with certificates.
    port : int, optional
        0 for a free one.
    certs : str or Path, optional
        Folder of certificates.
    ready : callable, optional
        Told of the address when it listens.
    until_eof : bool, optional
        End when standard input does, too: with the process that holds it.

    Raises
    ------
    WorkersError
        It may not, or cannot, listen there.
    """
    check_host(host, certs)
    if not 0 <= port <= _PORTS:
        raise WorkersError(f"there is no port {port}; give one from 1 to {_PORTS}, or 0 for a free one")
    folder = None if certs is None else checked_folder(certs)
    package = distributed()

    async def serve(ended: asyncio.Event) -> None:
        scheduler = package.Scheduler(
            host=host,
            port=port,
            protocol="tcp" if folder is None else "tls",
            security=security_of(folder),
            dashboard=False,
            dashboard_address=f"{LOOPBACK}:0",  # its pages are for this machine, whatever it listens to
        )
        await _opened(scheduler, f"a scheduler cannot listen to {host}:{port}")
        try:
            if ready is not None:
                ready({"address": scheduler.address})
            await ended.wait()
        finally:
            await scheduler.close()

    _serve(serve, until_eof=until_eof)


@dataclass(frozen=True, slots=True)
class Duty:
    """What a worker is there for, and what it may use.

    Parameters
    ----------
    offer : Offer, optional
        Queues and tolerations.
    resources : mapping of str to float, optional
        What calls can use up while they are made, such as ``{"GPU": 1}``.
    threads : int, optional
        Calls at once.
    memory : str, optional
        How much it may use, such as ``"4GiB"``: a supervised worker that uses more is started anew.
    supervise : bool, optional
        Make the calls in a process below, which is started anew when it ends, however that comes; and come back when
        the scheduler does.
    """

    offer: Offer = field(default_factory=Offer)
    resources: Mapping[str, float] = field(default_factory=dict)
    threads: int = 1
    memory: str = "auto"
    supervise: bool = False


def serve_worker(
    access: Access,
    duty: Duty,
    *,
    name: str | None = None,
    host: str | None = None,
    looking: Callable[[], object] | None = None,
    ready: Told | None = None,
    until_eof: bool = False,
) -> None:
    """Be a worker until a signal comes.

    Parameters
    ----------
    access : Access
        The way to its scheduler; it is waited for.
    duty : Duty
    name : str, optional
        By default its address.
    host : str, optional
        Address to listen to; by default that by which the scheduler is reached.
    looking : callable, optional
        Called when it begins to look for the scheduler.
    ready, until_eof
        As for `serve_scheduler`.

    Raises
    ------
    WorkersError
        It may not listen there.
    """
    if host is not None:
        check_host(host, access.certs)
    elif is_loopback(access.host):
        host = LOOPBACK
    package = distributed()
    options: dict[str, Any] = {
        "nthreads": duty.threads,
        "name": name,
        "host": host,
        "protocol": "tcp" if access.certs is None else "tls",
        "security": access.security(),
        "resources": dict(duty.resources),
        "startup_information": {ANNOUNCED: duty.offer},
        "memory_limit": duty.memory,
        "dashboard": False,
        "dashboard_address": f"{LOOPBACK}:0",
    }
    kind = package.Nanny if duty.supervise else package.Worker

    async def serve(ended: asyncio.Event) -> None:
        was_there = False
        while not ended.is_set():
            if looking is not None:
                looking()
            worker = kind(access.address, **options)
            opening = asyncio.ensure_future(_opened(worker, "the worker cannot start"))
            try:
                is_there = await _before(opening, ended)
            except WorkersError:
                if not was_there or not duty.supervise:
                    raise
                await _let_go(worker, opening)  # it ended while it was being started anew
                await _before(asyncio.ensure_future(asyncio.sleep(_AGAIN_SECONDS)), ended)
                continue
            if not is_there:
                await _let_go(worker, opening)
                return
            was_there = True
            if ready is not None:
                address = worker.worker_address if duty.supervise else worker.address
                ready({"address": address, "name": name or address})
            finished = asyncio.ensure_future(worker.finished())
            is_gone = await _before(finished, ended)
            await _let_go(worker, finished)
            if is_gone and not duty.supervise:
                return
            await _before(asyncio.ensure_future(asyncio.sleep(_AGAIN_SECONDS)), ended)

    _serve(serve, until_eof=until_eof)


async def _opened(server: Any, problem: str) -> None:
    """Start a scheduler or a worker."""
    try:
        await server
    except (OSError, RuntimeError) as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        raise WorkersError(f"{problem}: {error_text(cause)}") from error


async def _before(work: asyncio.Future[Any], ended: asyncio.Event) -> bool:
    """Wait for something, or for the end: did it come first?"""
    ending = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait([work, ending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
    if work.done() and not ended.is_set():
        work.result()
        return True
    return False


async def _let_go(worker: Any, work: asyncio.Future[Any]) -> None:
    """End a worker, and what is waited for of it."""
    work.cancel()
    with suppress(Exception, asyncio.CancelledError):  # it may not have begun, or have gone
        await work
    is_watching = isinstance(worker, distributed().Nanny)
    options = {} if is_watching else {"executor_wait": False}  # it is not sure that calls ever end
    with suppress(Exception):
        await asyncio.wait_for(worker.close(**options), _CLOSE_SECONDS)


def _serve(serve: Callable[[asyncio.Event], Any], *, until_eof: bool) -> None:
    """Run something until a signal comes; the first asks it to end."""

    async def main() -> None:
        ended = asyncio.Event()
        with _signals(ended):
            if until_eof:
                _watch_input(asyncio.get_running_loop(), ended)
            await serve(ended)

    asyncio.run(main())


@contextmanager
def _signals(ended: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    added = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # not the main thread, or not this system
            loop.add_signal_handler(number, ended.set)
            added.append(number)
    try:
        yield
    finally:
        for number in added:
            loop.remove_signal_handler(number)


def _watch_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """End with the process that holds the other side of standard input, however that ends."""

    def watch() -> None:
        sys.stdin.buffer.read()
        with suppress(RuntimeError):  # it has ended already
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="thalweg-input", daemon=True).start()

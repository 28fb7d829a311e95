"""A scheduler and workers for as long as a ``with`` block lasts."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..errors import WorkersError
from ..executors.policy import check_count
from .access import Access, launched
from .joining import leave

__all__ = ["Fleet", "launch_workers"]

_START_SECONDS = 60.0
_END_SECONDS = 10.0


@dataclass
class Fleet:
    """Processes that were launched together.

    Attributes
    ----------
    access : Access
        The way to their scheduler.
    scheduler : Popen or None
        None if it was there before.
    workers : list of Popen
        A process each; with `supervise` the one that watches over it.
    names : list of str
        Of the workers.
    """

    access: Access
    scheduler: subprocess.Popen[str] | None = None
    workers: list[subprocess.Popen[str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return self.access.address


class _Started(NamedTuple):
    """A process, its first line, and the thread that reads what it prints."""

    process: subprocess.Popen[str]
    line: Future[str]
    output: threading.Thread


@contextmanager
def launch_workers(
    count: int,
    *,
    scheduler: str | None = None,
    certs: str | Path | None = None,
    include_queues: Iterable[str] = (),
    exclude_queues: Iterable[str] = (),
    tolerations: Iterable[str] = (),
    resources: Mapping[str, float] | None = None,
    threads: int = 1,
    supervise: bool = True,
    env: Mapping[str, str] | None = None,
) -> Iterator[Fleet]:
    """Launch workers on this machine, and have runs of flows go to them meanwhile.

    Parameters
    ----------
    count : int
        How many workers.
    scheduler : str, optional
        Address of one that is there; by default one is launched, too.
    certs : str or Path, optional
        Folder of certificates.
    include_queues, exclude_queues, tolerations : iterable of str, optional
        What they take; see `thalweg.executors.placement.Offer`.
    resources : mapping of str to float, optional
        What each of them has.
    threads : int, optional
        Calls that each makes at once.
    supervise : bool, optional
        Start a worker anew when its process ends.
    env : mapping of str to str, optional
        Environment variables of theirs.

    Yields
    ------
    Fleet

    Raises
    ------
    WorkersError
        One of them did not start.

    Notes
    -----
    They end with the block, and with this process, however that ends.  They import the same modules as this process,
    from the same folders; what their calls print is printed by this process.
    """
    check_count(count, "the number of workers")
    options = [f"--include-queue={each}" for each in _names(include_queues)]
    options += [f"--exclude-queue={each}" for each in _names(exclude_queues)]
    options += [f"--toleration={each}" for each in _names(tolerations)]
    options += [f"--resource={name}={amount}" for name, amount in (resources or {}).items()]
    options += [f"--threads={threads}", *(["--supervise"] if supervise else [])]
    guarded = [] if certs is None else [f"--certs={certs}"]
    started: list[_Started] = []
    try:
        fleet = _fleet(started, scheduler, certs, guarded, env)
        for _ in range(count):
            started.append(_start(["worker", f"--scheduler={fleet.address}", *options, *guarded], env))
            fleet.workers.append(started[-1].process)
        fleet.names = [_told(each)["name"] for each in started[-count:]]
        launched.append(fleet.access)
        try:
            yield fleet
        finally:
            launched.remove(fleet.access)
            if fleet.scheduler is not None:
                leave(fleet.access)
    finally:
        _end(started[1:] if scheduler is None else started)
        _end(started)


def _fleet(
    started: list[_Started],
    scheduler: str | None,
    certs: str | Path | None,
    guarded: list[str],
    env: Mapping[str, str] | None,
) -> Fleet:
    if scheduler is not None:
        return Fleet(Access(scheduler, certs))
    started.append(_start(["scheduler", "--port=0", *guarded], env))
    return Fleet(Access(_told(started[-1])["address"], certs), started[-1].process)


def _names(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _start(words: list[str], env: Mapping[str, str] | None) -> _Started:
    """Start one, which ends when its standard input does."""
    paths = os.pathsep.join(each or os.curdir for each in sys.path)
    process = subprocess.Popen(  # noqa: S603 - our own command, and words of our own
        [sys.executable, "-m", "thalweg", *words, "--json", "--until-eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", **(env or {})},
        text=True,
        errors="replace",
    )
    line: Future[str] = Future()
    thread = threading.Thread(target=_listen, args=(process.stdout, line), name="thalweg-output", daemon=True)
    thread.start()
    return _Started(process, line, thread)


def _listen(output: IO[str], line: Future[str]) -> None:
    """Read what a process prints to its end, so that it never waits for room; what follows its first line is ours."""
    with output:
        line.set_result(output.readline())
        for text in output:
            with suppress(OSError, ValueError, AttributeError):  # nobody listens to us either
                sys.stdout.write(text)
                sys.stdout.flush()


def _told(started: _Started) -> dict[str, Any]:
    """What a process says of itself when it is there."""
    process = started.process
    try:
        line = started.line.result(_START_SECONDS)
    except TimeoutError:
        process.kill()
        line = started.line.result()
    if not line:
        words: Any = process.args
        _end([started])
        raise WorkersError(
            f"`{shlex.join(map(str, words))}` ended before it was there, with the code {process.returncode}; "
            "what it said is on standard error"
        )
    told: dict[str, Any] = json.loads(line)
    return told


def _end(started: list[_Started]) -> None:
    """End processes; one that does not hear is killed."""
    for each in started:
        if each.process.stdin is not None:
            each.process.stdin.close()
    for each in started:
        try:
            each.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            each.process.kill()
            each.process.wait()
        each.output.join(_END_SECONDS)

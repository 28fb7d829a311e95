"""How much one may ask: length and time of a body, requests at work and waiting, time of a run, open streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

from starlette.requests import ClientDisconnect

from ..errors import BuildError
from ..executors.gate import Gate
from .problems import Problem

__all__ = ["Admission", "Limits", "kind_of_body", "read_body"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes upon itself.

    Attributes
    ----------
    body_bytes : int
        Length of a request's body.
    body_seconds : float
        How long a body may take to come [s].
    head_seconds : float
        How long a connection may be silent, or at the head of a request [s]; where `Site` serves.
    run_seconds : float or None
        How long the answer to a request may take to compute [s]; None for as long as it likes.
    at_work : int
        Requests whose functions are called at once.
    waiting : int
        Requests that wait for their turn; beyond that they are sent away.
    retry_seconds : float
        When those who are sent away are asked to come again [s].
    runs_at_work : int
        Long runs that are at work at once; others wait.
    runs_waiting : int
        Long runs that wait for their turn.
    runs_kept : int
        Long runs that have ended and can still be asked for; the oldest are forgotten.
    long_run_seconds : float or None
        How long a long run may take [s].
    events_kept : int
        Latest events of a long run that can still be read.
    streams : int
        Streams of events that are open at once.
    table_bytes : int
        Length of a table that is to be filled; what is packed in it may have four times as much.
    table_cells : int
        Cells of such a table.
    shutdown_seconds : float
        How long long runs are waited for when the server is shut down [s].
    """

    body_bytes: int = 1 << 20
    body_seconds: float = 10.0
    head_seconds: float = 10.0
    run_seconds: float | None = 60.0
    at_work: int = 64
    waiting: int = 1024
    retry_seconds: float = 1.0
    runs_at_work: int = 4
    runs_waiting: int = 256
    runs_kept: int = 1000
    long_run_seconds: float | None = None
    events_kept: int = 10_000
    streams: int = 2000
    table_bytes: int = 8 << 20
    table_cells: int = 500_000
    shutdown_seconds: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not value >= (
                0 if name in ("waiting", "runs_waiting", "shutdown_seconds") else 1e-9
            ):
                raise BuildError(f"the limit {name} is {value!r}; give a positive number")


class Admission:
    """Places at work, and a line before them.

    Parameters
    ----------
    at_work, waiting : int
    retry_seconds : float
        What those who are sent away are told [s].

    Notes
    -----
    For one event loop; places may be given back from any thread.
    """

    def __init__(self, at_work: int, waiting: int, retry_seconds: float) -> None:
        self.gate = Gate(at_work)
        self.most_waiting = waiting
        self.waiting = 0
        self.retry_seconds = retry_seconds

    async def enter(self) -> None:
        """Wait for a place; it must be given back by `leave`.

        Raises
        ------
        Problem
            The line is full.
        """
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[None] = loop.create_future()

        def admit() -> None:
            loop.call_soon_threadsafe(_settle, admitted)

        if self.gate.enter(admit):
            return
        if self.waiting >= self.most_waiting:
            if self.gate.withdraw(admit):
                self.refuse()
            return  # a place has become free meanwhile, and it is ours
        self.waiting += 1
        try:
            await admitted
        except asyncio.CancelledError:
            if not self.gate.withdraw(admit):
                self.leave()
            raise
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        """Give a place back."""
        self.gate.leave()

    def refuse(self) -> None:
        """Send away.

        Raises
        ------
        Problem
            Always.
        """
        raise Problem(
            429,
            "busy",
            "as many requests are at work, and wait, as there may be; come again later",
            headers={"Retry-After": str(ceil(self.retry_seconds))},
        )

    async def __aenter__(self) -> Self:
        await self.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


_JSON = ("application/json",)


async def read_body(
    scope: Any, receive: Callable[[], Any], limits: Limits, kinds: Collection[str] = _JSON, most: int | None = None
) -> bytes:
    """The body of a request.

    Parameters
    ----------
    scope, receive
        As ASGI has them.
    limits : Limits
    kinds : collection of str, optional
        What it may be said to be.
    most : int, optional
        How many bytes it may have, if not as many as `limits` says.

    Raises
    ------
    Problem
        It is too long, too slow, or not said to be of such a kind.
    ClientDisconnect
        The client has gone.
    """
    most = limits.body_bytes if most is None else most
    _check_head(scope["headers"], kinds, most)
    message = await _within(limits.body_seconds, receive())
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    if message.get("more_body", False):
        body = await _within(limits.body_seconds, _rest(body, receive, most))
    _check_length(len(body), most)
    return body


def kind_of_body(headers: Any) -> str:
    """What a body is said to be."""
    return _kind(next((value for name, value in headers if name == b"content-type"), b""))


def _kind(said: bytes) -> str:
    return said.partition(b";")[0].strip().lower().decode("latin-1")


def _check_head(headers: Any, kinds: Collection[str], most: int) -> None:
    """Refuse what the head says already."""
    kind = length = b""
    for name, value in headers:
        if name == b"content-type":
            kind = value
        elif name == b"content-length":
            length = value
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise Problem(
                415, "kind", "the body is compressed; send it as it is", headers={"Accept-Encoding": "identity"}
            )
    if _kind(kind) not in kinds:
        # A page of another site can send bodies of other kinds without being asked: this is a guard, not a formality.
        one = "send JSON, with" if kinds == _JSON else "send a table, with one of"
        raise Problem(415, "kind", f"{one} Content-Type: {', '.join(kinds)}", headers={"Accept": ", ".join(kinds)})
    if length.isdigit():
        _check_length(int(length[:20]), most)


def _check_length(length: int, most: int) -> None:
    if length > most:
        raise Problem(413, "too-long", f"the body has more than the {most} bytes that it may have")


async def _rest(start: bytes, receive: Callable[[], Any], most: int) -> bytes:
    chunks, length = [start], len(start)
    is_more = True
    while is_more:
        _check_length(length, most)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        length += len(chunks[-1])
        is_more = message.get("more_body", False)
    return b"".join(chunks)


async def _within(seconds: float, awaitable: Any) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await awaitable
    except TimeoutError:
        raise Problem(
            408, "too-slow", f"the body did not come within {seconds:g} s", headers={"Connection": "close"}
        ) from None

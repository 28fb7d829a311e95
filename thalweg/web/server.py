"""A served application: in a thread of its own, with an address and an end.

::

    Site --run--> Server --shutdown--> requests at work are answered, then the thread ends
         --serve: the same in the calling thread, until it is interrupted
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, Self

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ..errors import BuildError
from .limits import Limits
from .security import MUTUAL_TLS, Guard

__all__ = ["Servable", "Server", "Site", "open_socket"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STALLS = 3  # looks in a row at which a client has read nothing of what waits for it


class Servable(Protocol):
    """What a site asks of an application: `thalweg.web.Application` has it."""

    guard: Guard
    limits: Limits

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer a request, as ASGI has it."""

    async def close(self) -> None:
        """End the long runs and the streams."""


class Site:
    """A place where an application is to be served.

    Parameters
    ----------
    application : Application
    host : str, optional
        Address to listen at, a loopback one by default.
    port : int, optional
        0, the default, for a free one.
    certificate, key : str or Path, optional
        Files with the certificate of the server and its key: then it is served over TLS.
    client_ca : str or Path, optional
        File with the certificates that those of clients must be signed by: then only clients with one get a connection,
        and need no token.

    Raises
    ------
    BuildError
        The address can be reached from other machines, and neither a token nor `client_ca` guards the model.
    """

    def __init__(
        self,
        application: Servable,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        client_ca: str | Path | None = None,
    ) -> None:
        if client_ca is not None and certificate is None:
            raise BuildError("client_ca needs a certificate of the server, too; give certificate= and key=")
        if key is not None and certificate is None:
            raise BuildError("key needs the certificate that it belongs to; give certificate=, too")
        if not 0 <= port <= 65535:
            raise BuildError(f"there is no port {port}; give one from 1 to 65535, or 0 for a free one")
        application.guard.check_address(host, mutual_tls=client_ca is not None)
        self.application = application
        self.host = host
        self.port = port
        self.certificate = certificate
        self.key = key
        self.client_ca = client_ca

    def run(self) -> Server:
        """Serve in a thread of its own.

        Returns
        -------
        Server
            It answers when this returns.

        Raises
        ------
        BuildError
            The address is taken or not this machine's, or a certificate cannot be read.
        """
        served = self._made()
        opened = open_socket(self.host, self.port)
        thread = threading.Thread(target=_serve, args=(served, opened), name="thalweg-web", daemon=True)
        thread.start()
        served.is_settled.wait()
        if not served.started:
            thread.join()
            raise BuildError("the server did not start; its log says why")
        return Server(self._url_of(opened), served, thread)

    def serve(self, ready: Callable[[str], object]) -> None:
        """Serve in this thread, until it is interrupted or asked to end (SIGINT, SIGTERM).

        Parameters
        ----------
        ready : callable
            Told the address when it answers.

        Raises
        ------
        BuildError
            As for `run`.
        """
        served = self._made()
        opened = open_socket(self.host, self.port)
        served.ready = lambda: ready(self._url_of(opened))
        _serve(served, opened)

    def _url_of(self, opened: socket.socket) -> str:
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{opened.getsockname()[1]}"

    def _made(self) -> _Uvicorn:
        limits = self.application.limits
        needed = None if limits.run_seconds is None else limits.run_seconds + limits.body_seconds
        config = uvicorn.Config(
            self.application if self.client_ca is None else _Certified(self.application),
            http=_patient(limits.head_seconds),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=None if needed is None else ceil(needed + limits.shutdown_seconds) + 1,
            ssl_certfile=self.certificate,
            ssl_keyfile=self.key,
            ssl_ca_certs=None if self.client_ca is None else str(self.client_ca),
            ssl_cert_reqs=ssl.CERT_NONE if self.client_ca is None else ssl.CERT_REQUIRED,
        )
        try:
            config.load()
        except OSError as error:  # an SSLError is one, too
            raise BuildError(f"the certificate or the key cannot be read: {error}") from error
        return _Uvicorn(config, self.application)


class Server:
    """An application that is being served.

    Attributes
    ----------
    url : str
        Where it answers, such as ``"http://127.0.0.1:5000"``.

    Notes
    -----
    It is shut down by `shutdown`, at the end of a ``with`` block, when nothing refers to it any more, and at the end of
    the program.
    """

    def __init__(self, url: str, served: _Uvicorn, thread: threading.Thread) -> None:
        self.url = url
        self._end = weakref.finalize(self, _shut_down, served, thread)

    def shutdown(self) -> bool:
        """Take no more requests, answer those that were accepted, and end.

        Returns
        -------
        bool
            Whether it was up.

        Notes
        -----
        Requests are waited for as long as they may take; long runs as `Limits.shutdown_seconds` says, then they are
        ended, or left to the next process where a file keeps them.
        """
        is_up = self._end.alive
        self._end()
        return is_up

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        return f"<Server {self.url}{'' if self._end.alive else ', shut down'}>"


def open_socket(host: str, port: int) -> socket.socket:
    """A socket at an address.

    Raises
    ------
    BuildError
        The address is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
        try:
            if sys.platform != "win32":
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
        except BaseException:
            opened.close()
            raise
    except (OSError, UnicodeError) as error:
        text = getattr(error, "strerror", None) or error
        raise BuildError(f"nothing can be served at {host}, port {port}: {text}") from error
    return opened


def _serve(served: _Uvicorn, opened: socket.socket) -> None:
    try:
        served.run(sockets=[opened])
    except SystemExit:  # how uvicorn says that it could not start
        pass
    finally:
        opened.close()
        served.is_settled.set()


def _shut_down(served: _Uvicorn, thread: threading.Thread) -> None:
    served.should_exit = True
    if thread is not threading.current_thread():
        thread.join()


class _Uvicorn(uvicorn.Server):
    """The server of uvicorn, which tells when it answers, and ends without losing what it accepted."""

    def __init__(self, config: uvicorn.Config, application: Servable) -> None:
        super().__init__(config)
        self.application = application
        self.is_settled = threading.Event()  # it answers, or never will
        self.ready: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
        self.is_settled.set()
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections; answer what has come by now."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)  # requests that lie in open connections are read before idle ones are closed
        await asyncio.gather(self.application.close(), super().shutdown(sockets=sockets))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the server, and that is all they do: uvicorn would raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn has it
        """Begin to end; asked a second time, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


class _Certified:
    """An application whose clients have all shown a certificate."""

    def __init__(self, application: Servable) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope[MUTUAL_TLS] = True
        await self.application(scope, receive, send)


def _patient(seconds: float) -> type[asyncio.Protocol]:
    """The protocol of uvicorn with an end to its patience: it waits for heads of requests, and for readers, for ever.

    Parameters
    ----------
    seconds : float
        Between two looks at a connection; a look costs nothing to the requests.
    """
    chosen: Any = AutoHTTPProtocol  # by what is installed

    class Patient(chosen):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._stalls = 0
            self._look_later(None, 0)

        def _look_later(self, cycle: object, unread: int) -> None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look, cycle, unread)

        def connection_lost(self, exc: Exception | None) -> None:
            self._timer.cancel()
            super().connection_lost(exc)

        def _look(self, former_cycle: object, formerly_unread: int) -> None:
            cycle, unread = self.cycle, self.transport.get_write_buffer_size()
            is_at_work = cycle is not None and not cycle.response_complete
            self._stalls = self._stalls + 1 if unread and unread >= formerly_unread else 0
            if self._stalls >= _STALLS:
                self.transport.abort()
            elif not is_at_work and not unread and cycle is former_cycle and not self.transport.is_closing():
                self.transport.close()  # no request has come to its end since the last look
            else:
                self._look_later(cycle, unread)

    return Patient

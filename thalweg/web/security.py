"""Who may ask: the one place that lets a request in or sends it away.

A model calls its functions with what the client sends.  So without a token only this machine is answered, and of its
browsers only pages that this server gave:

* another address than a loopback one, on either end, needs the token (or a client's certificate, where `Site` asks for
  one, or ``insecure=True``);
* a ``Host`` that is none of a loopback address, with which a page of elsewhere would reach us by rebinding its name, is
  refused; so is a request that says it came through a proxy, for then nobody knows from where;
* an ``Origin`` other than the host itself is refused always, and no header of cross-origin sharing is ever sent.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from ..errors import BuildError
from .problems import Problem

__all__ = ["MUTUAL_TLS", "TOKEN_CHARACTERS", "Guard", "is_loopback"]

TOKEN_CHARACTERS = 16  # at least; a short one can be guessed
MUTUAL_TLS = "thalweg.mutual_tls"  # in the scope of a connection whose client has shown its certificate

_LOG = logging.getLogger("thalweg.web")
_FROM_ELSEWHERE = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
_CURE = "give web(token=...), ask for certificates by site(client_ca=...), or say web(insecure=True)"


@lru_cache(maxsize=256)  # the few names and addresses of one server, asked for with every request
def is_loopback(host: str) -> bool:
    """Is this the name or an address of this machine for itself?

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("localhost"), is_loopback("192.0.2.1")
    (True, True, True, False)
    """
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets requests in, or sends them away.

    Parameters
    ----------
    token : str, optional
        What a client must show as ``Authorization: Bearer ...``; then it may come from anywhere.
    hosts : str or iterable of str, optional
        Names by which the server may be called, besides those of a loopback address.
    insecure : bool, optional
        Answer everybody.

    Raises
    ------
    BuildError
        The token is short, or cannot stand in a header.
    """

    def __init__(self, token: str | None, hosts: Iterable[str], *, insecure: bool) -> None:
        if token is not None and (len(token) < TOKEN_CHARACTERS or not token.isascii() or not token.isprintable()):
            raise BuildError(
                f"the token is short or has odd characters; give at least {TOKEN_CHARACTERS} of them, as "
                "secrets.token_urlsafe() does"
            )
        self.token = None if token is None else token.encode()
        said = (hosts,) if isinstance(hosts, str) else hosts
        self.hosts = frozenset(_name_of(host.encode()) for host in said)
        self.insecure = insecure
        if insecure and token is None:
            _LOG.warning("insecure=True: whoever reaches this server may have it call the functions of the model")

    def guards(self, host: str, *, mutual_tls: bool) -> bool:
        """Is it meant that a server listens there?"""
        return self.token is not None or self.insecure or mutual_tls or is_loopback(host)

    def check(self, scope: Mapping[str, Any], *, is_public: bool = False) -> None:
        """Let a request in.

        Parameters
        ----------
        scope : mapping
            As ASGI has it.
        is_public : bool, optional
            It asks for nothing of the model: a browser must have the page before it can be given a token.

        Raises
        ------
        Problem
            It is sent away.
        """
        host = origin = shown = b""
        is_forwarded = False
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                shown = value
            elif name in _FROM_ELSEWHERE:
                is_forwarded = True
        if self.token is not None:
            if not is_public:
                self._check_token(shown)
        elif not self.insecure and MUTUAL_TLS not in scope:
            self._check_place(scope, is_forwarded=is_forwarded)
        name = _name_of(host)
        if self.hosts or (self.token is None and not self.insecure and MUTUAL_TLS not in scope):
            self._check_host(name)
        if origin and origin.partition(b"://")[2].lower() != host.lower():
            raise Problem(403, "origin", "a page of another site sent this; only pages of this server may")

    def _check_token(self, shown: bytes) -> None:
        assert self.token is not None
        scheme, _, token = shown.partition(b" ")
        if scheme.lower() != b"bearer" or not secrets.compare_digest(token.strip(), self.token):
            raise Problem(
                401,
                "token",
                "this needs a token: send Authorization: Bearer TOKEN" if not shown else "this is not the token",
                headers={"WWW-Authenticate": 'Bearer realm="thalweg"'},
            )

    def _check_place(self, scope: Mapping[str, Any], *, is_forwarded: bool) -> None:
        client, server = scope.get("client"), scope.get("server")
        is_here = client is not None and is_loopback(client[0]) and (server is None or is_loopback(server[0]))
        if is_forwarded or not is_here:
            raise Problem(403, "place", f"without a token only this machine is answered; {_CURE}")

    def _check_host(self, name: str) -> None:
        if name not in self.hosts and not is_loopback(name):
            raise Problem(421, "host", "this server is not called so; if it should be, give web(hosts=[...])")

    def check_address(self, host: str, *, mutual_tls: bool) -> None:
        """May a server listen there?

        Raises
        ------
        BuildError
            Anybody could call the functions of the model.
        """
        if not self.guards(host, mutual_tls=mutual_tls):
            raise BuildError(f"{host!r} can be reached from other machines, and nothing guards the model; {_CURE}")


def _name_of(host: bytes) -> str:
    """A host without its port."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.rpartition(":")[0] if ":" in text else text

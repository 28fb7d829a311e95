"""Where a scheduler is, and who may talk to it.

Whoever talks to a scheduler or a worker can have it run code: that is what they are for.  So they listen to their own
machine alone, unless both sides show certificates of one authority; then nothing is read of a message before they have.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingExtraError, WorkersError

__all__ = [
    "LOOPBACK",
    "Access",
    "certs_in_use",
    "check_host",
    "checked_folder",
    "distributed",
    "is_loopback",
    "launched",
    "scheduler_in_use",
    "security_of",
]

SCHEDULER = "THALWEG_SCHEDULER"
CERTS = "THALWEG_CERTS"
LOOPBACK = "127.0.0.1"

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "node.pem", "node.key"

launched: list[Access] = []  # of this process, for as long as their blocks last: the last one counts, in all threads


@dataclass(frozen=True, slots=True)
class Access:
    """The way to a scheduler.

    Parameters
    ----------
    address : str
        Such as ``"tcp://127.0.0.1:8786"``, or without the protocol.
    certs : str or Path, optional
        Folder with ``ca.pem``, ``node.pem`` and ``node.key``, as `make_certificates` makes it.

    Raises
    ------
    WorkersError
        The address is none, is on another machine without certificates, or a certificate is missing.

    Examples
    --------
    >>> Access("localhost:8786").address
    'tcp://localhost:8786'
    """

    address: str
    certs: str | Path | None = None

    def __post_init__(self) -> None:
        protocol = "tcp" if self.certs is None else "tls"
        address = self.address if "://" in self.address else f"{protocol}://{self.address}"
        parts = urlsplit(address)
        try:
            is_whole = bool(parts.hostname) and bool(parts.port)
        except ValueError:
            is_whole = False
        if not is_whole or parts.scheme not in ("tcp", "tls"):
            raise WorkersError(f"{self.address!r} is no address of a scheduler; give HOST:PORT, or tls://HOST:PORT")
        if parts.scheme != protocol:
            cure = "give --certs, or set THALWEG_CERTS" if self.certs is None else "begin it with tls://"
            raise WorkersError(f"the address {address!r} does not fit the certificates; {cure}")
        check_host(parts.hostname or "", self.certs)
        object.__setattr__(self, "address", address)
        if self.certs is not None:
            object.__setattr__(self, "certs", checked_folder(self.certs))

    @property
    def host(self) -> str:
        """The host of the scheduler."""
        return urlsplit(self.address).hostname or ""

    def security(self) -> Any:
        """What `distributed` has to know of the certificates; None without."""
        return security_of(self.certs)

    @classmethod
    def found(cls, address: str | None = None, certs: str | Path | None = None) -> Access | None:
        """The way that is given, or else that the environment names; None if there is none.

        Parameters
        ----------
        address : str, optional
            By default ``THALWEG_SCHEDULER``.
        certs : str or Path, optional
            By default ``THALWEG_CERTS``.
        """
        address = address or os.environ.get(SCHEDULER) or None
        return None if address is None else cls(address, certs_in_use(certs))


def scheduler_in_use() -> Access | None:
    """The scheduler that runs of flows go to if they name no executor: that of `launch_workers`, or of the environment.

    Returns
    -------
    Access or None
        None for this process.
    """
    return launched[-1] if launched else Access.found()


def certs_in_use(certs: str | Path | None = None) -> str | Path | None:
    """The folder of certificates that is given, or else that the environment names; None if there is none."""
    return certs or os.environ.get(CERTS) or None


def check_host(host: str, certs: object) -> None:
    """See that nobody unknown can talk to an address.

    Raises
    ------
    WorkersError
        It can be reached from other machines, and there are no certificates.
    """
    if certs is None and not is_loopback(host):
        raise WorkersError(
            f"{host or 'every address'!r} can be reached from other machines, and who reaches it can run code there; "
            "make certificates by `thalweg certs FOLDER`, and give --certs FOLDER on each of them"
        )


def is_loopback(host: str) -> bool:
    """Does a host stand for this machine, and nothing else?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_folder(certs: str | Path) -> Path:
    """A folder of certificates, with all that is needed in it."""
    folder = Path(certs)
    missing = [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise WorkersError(
            f"the folder {str(folder)!r} lacks {', '.join(missing)}; make them by `thalweg certs {folder}`, "
            "or copy them from where they were made"
        )
    return folder


def security_of(certs: str | Path | None) -> Any:
    """What `distributed` has to know of a folder of certificates; None without."""
    if certs is None:
        return None
    folder = checked_folder(certs)
    authority, certificate, key = (str(folder / name) for name in (AUTHORITY, CERTIFICATE, KEY))
    roles = {
        f"tls_{role}_{part}": path
        for role in ("client", "scheduler", "worker")
        for part, path in (("cert", certificate), ("key", key))
    }
    return distributed().Security(require_encryption=True, tls_ca_file=authority, tls_min_version=771, **roles)


def distributed() -> Any:
    """The package `distributed`.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import distributed as package
    except ImportError as error:
        raise MissingExtraError.of("workers", "distributed", "workers") from error
    return package

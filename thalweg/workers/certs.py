"""Certificates for a scheduler, its workers and those who use them: one authority, and what it has signed."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError, WorkersError
from .access import AUTHORITY, CERTIFICATE, KEY

__all__ = ["make_certificates"]

AUTHORITY_KEY = "ca.key"
_DAYS = 825
_MOST_DAYS = 36_500


def make_certificates(
    folder: str | Path, *, hosts: Iterable[str] = (), days: int = _DAYS, authority: str | Path | None = None
) -> Path:
    """Make the certificate of a node, and the authority that signs it, if there is none yet.

    Parameters
    ----------
    folder : str or Path
        Gets ``ca.pem``, ``node.pem``, ``node.key``: what every scheduler, worker and client needs; and ``ca.key``, with
        which more can be signed: leave that where it is.
    hosts : iterable of str, optional
        Names and addresses of the machine, beside ``localhost``.
    days : int, optional
        How long the certificates are good.
    authority : str or Path, optional
        The folder of an authority that is there; by default `folder`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WorkersError
        The folder has a node already, or the authority is not whole.
    MissingExtraError
        The package `cryptography` is not installed.

    Notes
    -----
    A certificate says that a node belongs to the authority; who has one may run code on all others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = make_certificates(f"{folder}/certs", hosts=["10.0.0.7"])
    ...     sorted(path.name for path in made.iterdir())
    ['ca.key', 'ca.pem', 'node.key', 'node.pem']
    """
    folder = Path(folder)
    if (folder / CERTIFICATE).exists():
        raise WorkersError(f"{str(folder / CERTIFICATE)!r} is there already; name another folder, or remove it")
    if not 1 <= days <= _MOST_DAYS:
        raise WorkersError(f"days is {days}; give 1 to {_MOST_DAYS}")
    folder.mkdir(parents=True, exist_ok=True)
    home = folder if authority is None else Path(authority)
    if authority is None and not (home / AUTHORITY).exists():
        certificate, key = _signed("thalweg authority", days, None, ())
        _write(home / AUTHORITY_KEY, _key_text(key), secret=True)
        _write(home / AUTHORITY, _text(certificate))
    signer = _read_authority(home)
    certificate, key = _signed("thalweg node", days, signer, ("localhost", "127.0.0.1", *hosts))
    _write(folder / KEY, _key_text(key), secret=True)
    _write(folder / CERTIFICATE, _text(certificate))
    if home != folder:
        _write(folder / AUTHORITY, _text(signer[0]))
    return folder


def _cryptography() -> Any:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise MissingExtraError.of("certificates", "cryptography", "workers") from error
    return x509, hashes, serialization, ec


def _read_authority(home: Path) -> tuple[Any, Any]:
    x509, _, serialization, _ = _cryptography()
    try:
        certificate = x509.load_pem_x509_certificate((home / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((home / AUTHORITY_KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise WorkersError(f"{str(home)!r} has no whole authority ({error}); it needs ca.pem and ca.key") from error
    return certificate, key


def _signed(name: str, days: int, signer: tuple[Any, Any] | None, hosts: Iterable[str]) -> tuple[Any, Any]:
    """A certificate and its key: of an authority if nobody else signs it."""
    x509, hashes, _, ec = _cryptography()
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    authority, signing = signer if signer is not None else (None, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if authority is None else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=0 if authority is None else None), True)  # noqa: FBT003
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)  # noqa: FBT003
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), False)  # noqa: FBT003
        .add_extension(_usage(x509, is_authority=authority is None), True)  # noqa: FBT003
    )
    if authority is not None:
        names = [_host(x509, each) for each in dict.fromkeys(hosts)]
        purposes = [x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)  # noqa: FBT003
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)  # noqa: FBT003
    return builder.sign(signing, hashes.SHA256()), key


def _usage(x509: Any, *, is_authority: bool) -> Any:
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(
        digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority, **others
    )


def _host(x509: Any, host: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _text(certificate: Any) -> bytes:
    _, _, serialization, _ = _cryptography()
    text: bytes = certificate.public_bytes(serialization.Encoding.PEM)
    return text


def _key_text(key: Any) -> bytes:
    _, _, serialization, _ = _cryptography()
    text: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text


def _write(path: Path, text: bytes, *, secret: bool = False) -> None:
    """Write a file that nobody else may read while it is being written."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    try:
        os.write(file, text)
    finally:
        os.close(file)

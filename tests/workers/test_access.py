"""Where a scheduler may be, and with which certificates."""

import os
import ssl

import pytest
from cryptography import x509

from thalweg.errors import WorkersError
from thalweg.workers import Access, make_certificates, scheduler_in_use, serve_scheduler, serve_worker
from thalweg.workers.serving import Duty


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("localhost:1", "tcp://localhost:1"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
    ],
)
def test_this_machine_is_reached_without_certificates(address, found):
    assert Access(address).address == found


@pytest.mark.parametrize("address", ["10.0.0.7:8786", "tcp://example.org:8786", "0.0.0.0:8786", "[::]:8786"])
def test_another_machine_is_not(address):
    with pytest.raises(WorkersError, match="can be reached from other machines, and who reaches it can run code there"):
        Access(address)


def test_another_machine_is_reached_with_certificates(certs):
    access = Access("10.0.0.7:8786", certs)
    assert access.address == "tls://10.0.0.7:8786"
    assert access.security().require_encryption


@pytest.mark.parametrize("address", ["", "localhost", "http://localhost:1", "localhost:port", "tcp://:8786"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(WorkersError, match="is no address of a scheduler; give HOST:PORT"):
        Access(address)


def test_the_protocol_fits_the_certificates(certs):
    with pytest.raises(WorkersError, match="does not fit the certificates; give --certs"):
        Access("tls://localhost:8786")
    with pytest.raises(WorkersError, match="does not fit the certificates; begin it with tls://"):
        Access("tcp://localhost:8786", certs)


def test_what_lacks_in_a_folder_is_named(tmp_path):
    with pytest.raises(WorkersError, match=r"lacks ca\.pem, node\.pem, node\.key; make them by `thalweg certs"):
        Access("localhost:8786", tmp_path)


def test_the_environment_names_it(monkeypatch, certs):
    monkeypatch.delenv("THALWEG_SCHEDULER", raising=False)
    assert scheduler_in_use() is None
    monkeypatch.setenv("THALWEG_SCHEDULER", "10.0.0.7:8786")
    monkeypatch.setenv("THALWEG_CERTS", str(certs))
    assert scheduler_in_use() == Access("tls://10.0.0.7:8786", certs)


def test_nobody_listens_to_others_without_certificates():
    with pytest.raises(WorkersError, match=r"'0\.0\.0\.0' can be reached from other machines"):
        serve_scheduler(host="0.0.0.0", port=0)
    with pytest.raises(WorkersError, match=r"'10\.0\.0\.7' can be reached from other machines"):
        serve_worker(Access("localhost:1"), Duty(), host="10.0.0.7")


def test_keys_are_for_their_owner_alone(certs):
    for name in ("ca.key", "node.key"):
        assert os.stat(certs / name).st_mode & 0o777 == 0o600  # noqa: PTH116


def test_a_certificate_is_signed_by_its_authority_and_names_its_hosts(tmp_path, certs):
    folder = make_certificates(tmp_path / "node", hosts=["10.0.0.7", "river"], authority=certs)
    assert sorted(path.name for path in folder.iterdir()) == ["ca.pem", "node.key", "node.pem"]
    node = x509.load_pem_x509_certificate((folder / "node.pem").read_bytes())
    authority = x509.load_pem_x509_certificate((certs / "ca.pem").read_bytes())
    node.verify_directly_issued_by(authority)
    names = node.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "river"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "10.0.0.7"]
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "node.pem", folder / "node.key")


def test_certificates_that_are_there_stay(certs, tmp_path):
    with pytest.raises(WorkersError, match="is there already; name another folder"):
        make_certificates(certs)
    with pytest.raises(WorkersError, match=r"has no whole authority .*; it needs ca\.pem and ca\.key"):
        make_certificates(tmp_path / "new", authority=tmp_path)
    with pytest.raises(WorkersError, match="days is 0"):
        make_certificates(tmp_path / "new", days=0)

"""Who is not known gets nowhere, and what makes no sense does no harm."""

import asyncio
import pickle
import socket
import ssl
import struct
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.tasks.flows import Survey
from thalweg.errors import ClusterError, TaskError
from thalweg.executors import open_executor
from thalweg.workers import Access, launch_workers, make_certificates

distributed = pytest.importorskip("distributed")
Security, connect, send_recv = distributed.Security, distributed.core.connect, distributed.core.send_recv

GARBAGE = {
    "nothing": b"",
    "text": b"GET / HTTP/1.1\r\n\r\n" * 20,
    "noise": bytes(range(256)) * 64,
    "a pickle": struct.pack("<QQ", 8, 1) + pickle.dumps(print),
    "a message that says it is endless": struct.pack("<Q", 1 << 62) + b"x" * 100,
    "a message of very many parts": struct.pack("<QQ", 1 << 40, 1 << 36) + b"x" * 100,
    "a message of a terabyte": struct.pack("<QQQ", 1 << 40, 1, (1 << 40) - 16) + b"x" * 100,
    "a message that is none": struct.pack("<QQQ", 32, 1, 16) + b"\xc1" * 16,
}


class Evil:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.write_text, (Path(self.path), "it ran")


@pytest.fixture(scope="module")
def guarded(certs):
    with launch_workers(1, certs=certs) as fleet:
        yield fleet


def talk(address, data, context=None):
    """Say something to a server, and give what it says until it hangs up, or falls silent."""
    parts = urlsplit(address)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=2)) as connection:
        answer = b""
        with suppress(OSError):  # refused, reset, or silent
            if context is not None:
                connection = context.wrap_socket(connection)
            with closing(connection):
                connection.sendall(data)
                if context is None:
                    connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(1 << 16):
                    answer += part
        return answer


async def have_it_unpickled(address, trap, security=None):
    """Ask a worker for something as programs that it trusts do."""
    arguments = {} if security is None else security.get_connection_args("client")
    connection = await connect(address, timeout=3, **arguments)
    try:
        await send_recv(connection, op="run", function=pickle.dumps(Evil(str(trap))), wait=True)
    finally:
        await connection.close()


def addresses(fleet):
    return [fleet.address, *fleet.names]


def test_with_certificates_runs_go_on_as_ever(guarded):
    assert guarded.address.startswith("tls://")
    assert all(name.startswith("tls://") for name in guarded.names)
    assert Survey().entrypoint.run(7) == 9


def test_a_client_without_a_certificate_gets_nowhere(guarded):
    for security in (Security(), Security(require_encryption=False)):
        with open_executor("dask", address=guarded.address.replace("tls", "tcp"), security=security, timeout=3) as one:
            with pytest.raises(TaskError) as hit:
                Survey().same.using(one).run(1)
            assert isinstance(hit.value.__cause__, ClusterError)


def test_a_client_with_a_certificate_of_another_authority_gets_nowhere(guarded, tmp_path):
    other = Access(guarded.address, make_certificates(tmp_path / "other"))
    with open_executor("dask", address=other.address, security=other.security(), timeout=3) as executor:
        with pytest.raises(TaskError) as hit:
            Survey().same.using(executor).run(1)
        assert isinstance(hit.value.__cause__, ClusterError)
    assert Survey().same.run(1) == 1


def test_who_is_known_may_run_code_on_a_worker(fleet, guarded, certs, tmp_path):
    asyncio.run(have_it_unpickled(fleet.names[0], tmp_path / "here"))
    asyncio.run(have_it_unpickled(guarded.names[0], tmp_path / "there", Access(guarded.address, certs).security()))
    assert [(tmp_path / name).read_text() for name in ("here", "there")] == ["it ran"] * 2


def test_nothing_is_unpickled_of_who_is_not_known(guarded, tmp_path):
    trap = tmp_path / "trap"
    other = Access(guarded.address, make_certificates(tmp_path / "other")).security()
    for address, security in (
        (guarded.names[0], other),
        (guarded.names[0], Security(tls_ca_file=str(tmp_path / "other" / "ca.pem"))),
        (guarded.names[0].replace("tls", "tcp"), None),
    ):
        with pytest.raises((OSError, RuntimeError, TypeError)):
            asyncio.run(have_it_unpickled(address, trap, security))
    assert not trap.exists()
    assert Survey().same.run(1) == 1


def test_who_shows_no_certificate_or_a_forged_one_is_told_nothing(guarded, certs, tmp_path):
    unknown = ssl.create_default_context()
    unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
    other = make_certificates(tmp_path / "other")
    forged = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    forged.check_hostname = False
    forged.load_cert_chain(other / "node.pem", other / "node.key")
    for address in addresses(guarded):
        for context in (unknown, forged):
            assert talk(address, GARBAGE["a pickle"], context) == b""


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_and_oversized_messages_leave_all_of_them_up(fleet, data):
    before = psutil.Process(fleet.scheduler.pid).memory_info().rss
    for address in addresses(fleet):
        talk(address, data)
    assert Survey().same.run(1) == 1
    assert fleet.scheduler.poll() is None
    assert psutil.Process(fleet.scheduler.pid).memory_info().rss < before + (256 << 20)


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_so_they_do_where_certificates_are_asked_for(guarded, data):
    for address in addresses(guarded):
        assert talk(address, data) in (b"", *_ALERTS)
    assert Survey().same.run(1) == 1
    assert guarded.scheduler.poll() is None


_ALERTS = [bytes([21, 3, minor, 0, 2, 2, code]) for minor in (0, 1, 3) for code in range(256)]


def test_they_listen_to_this_machine_alone(fleet):
    processes = [fleet.scheduler, *fleet.workers]
    everybody = [psutil.Process(each.pid) for each in processes]
    everybody += [child for each in everybody for child in each.children(recursive=True)]
    heard = {
        connection.laddr.ip
        for each in everybody
        for connection in each.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert heard == {"127.0.0.1"}

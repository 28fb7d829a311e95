"""A server on a loopback address: how it begins and ends, and what clients of all kinds do to each other."""

import asyncio
import contextlib
import gc
import json
import socket
import ssl
import threading
import weakref
from datetime import UTC, datetime, timedelta

import fastapi
import httpx
import pytest

import thalweg as tw
from tests.web.models import announced, body, client_of
from tests.web.test_limits import QUESTION
from thalweg.errors import BuildError
from thalweg.web import Limits, Server

ASKED = {"inputs": {"volume": 3}, "outputs": ["mass"]}
PATIENCE_SECONDS = 30


def raw(question, path="/", more=""):
    """A request as bytes."""
    text = json.dumps(question)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(text)}\r\n\r\n{text}".encode()


def connect(server):
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)


def read_all(connection):
    """What comes until the other end closes."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def is_up(url):
    try:
        httpx.get(f"{url}/openapi.json", timeout=PATIENCE_SECONDS)
    except httpx.TransportError:
        return False
    return True


def test_a_server_answers_until_it_is_shut_down():
    server = body().web(run=False).site(host="127.0.0.1", port=0).run()
    assert isinstance(server, Server)
    assert httpx.post(server.url, json={"args": [{"volume": 3}, ["mass"]]}).json()["return"] == {"mass": 6.0}
    assert server.shutdown() is True
    assert not is_up(server.url)
    assert server.shutdown() is False
    assert repr(server).endswith("shut down>")


def test_a_block_ends_it():
    with body().web(run=True) as server:
        assert is_up(server.url)
    assert not is_up(server.url)


def test_who_forgets_a_server_ends_it():
    server = body().web().site().run()
    url, thread = server.url, next(each for each in threading.enumerate() if each.name == "thalweg-web")
    ended = weakref.ref(server)
    del server
    gc.collect()
    assert ended() is None
    assert not thread.is_alive()
    assert not is_up(url)


def test_an_application_is_served_again_after_a_shutdown():
    served = body().web()
    for _ in range(2):
        with served.site().run() as server:
            assert httpx.post(server.url, json=ASKED).json() == {"return": {"mass": 6.0}}
            assert httpx.post(f"{server.url}/runs", json=ASKED).status_code == 202


def test_an_address_that_is_taken_is_refused():
    with body().web().site().run() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(BuildError, match=f"port {port}: Address already in use"):
            body().web().site(port=port).run()
    with pytest.raises(BuildError, match="there is no port 70000"):
        body().web().site(port=70000)
    with pytest.raises(BuildError, match="nothing can be served at no"):
        body().web(insecure=True).site("no.such.host.invalid").run()


def test_clients_that_are_silent_or_slow_do_not_hold_up_others_and_are_let_go():
    served = body().web(limits=Limits(head_seconds=0.5, body_seconds=0.5))
    with served.site().run() as server:
        silent = [connect(server) for _ in range(50)]
        half_heads = [connect(server) for _ in range(50)]
        half_bodies = [connect(server) for _ in range(50)]
        for connection in half_heads:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-")
        for connection in half_bodies:
            connection.sendall(raw(ASKED)[:-5])
        second = connect(server)  # a head that stays half after a request that was whole
        second.sendall(raw(ASKED) + b"POST / HT")
        for _ in range(20):
            assert httpx.post(server.url, json=ASKED, timeout=PATIENCE_SECONDS).status_code == 200
        assert [read_all(connection) for connection in (*silent, *half_heads)] == [b""] * 100
        assert all(b" 408 " in read_all(connection) for connection in half_bodies)
        assert b" 200 OK" in read_all(second)
        for connection in (*silent, *half_heads, *half_bodies, second):
            connection.close()


def test_a_client_that_reads_nothing_is_let_go_and_holds_up_nobody():
    dsp = tw.Dispatcher(name="large")
    dsp.add_function("f", lambda x: "x" * 50_000_000, ["x"], ["y"])
    dsp.add_function("g", lambda x: x, ["x"], ["z"])
    with dsp.web(limits=Limits(head_seconds=0.1)).site().run() as server:
        connection = connect(server)
        connection.sendall(raw(QUESTION))
        assert connection.recv(10) == b"HTTP/1.1 2"
        answer = httpx.post(server.url, json={"inputs": {"x": 1}, "outputs": ["z"]}, timeout=PATIENCE_SECONDS)
        assert answer.json() == {"return": {"z": 1}}
        assert server.shutdown()  # which waits for connections
        assert len(read_all(connection)) < 50_000_000
        connection.close()


def test_a_client_that_reads_slowly_gets_all():
    dsp = tw.Dispatcher(name="large")
    dsp.add_function("f", lambda x: "x" * 20_000_000, ["x"], ["y"])
    with dsp.web(limits=Limits(head_seconds=0.05)).site().run() as server, connect(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(raw(QUESTION, more="Connection: close\r\n"))
        assert len(read_all(connection)) > 20_000_000


def test_a_shutdown_loses_no_request_that_was_accepted(work):
    served = work.dsp.web()
    server = served.site().run()
    answers = []

    def one():
        answers.append(httpx.post(server.url, json=QUESTION, timeout=PATIENCE_SECONDS).json())

    clients = [threading.Thread(target=one) for _ in range(30)]
    for client in clients:
        client.start()
    for _ in clients:
        assert work.begun.acquire(timeout=PATIENCE_SECONDS)
    ending = threading.Thread(target=server.shutdown)
    ending.start()
    while is_up(server.url):
        pass
    assert ending.is_alive()
    assert answers == []
    work.may_end.set()
    for thread in (*clients, ending):
        thread.join(PATIENCE_SECONDS)
    assert answers == [{"return": {"y": 1}}] * 30


def test_of_a_shutdown_under_load_every_request_that_was_begun_is_answered():
    begun = []
    dsp = tw.Dispatcher(name="count")
    dsp.add_function("f", lambda x: begun.append(x) or x, ["x"], ["y"])
    server = dsp.web().site().run()
    answered = []

    def load(number):
        with httpx.Client(timeout=PATIENCE_SECONDS) as client, contextlib.suppress(httpx.TransportError):
            for count in range(10**6):
                x = number * 10**6 + count
                assert client.post(server.url, json={"inputs": {"x": x}, "outputs": ["y"]}).json() == {
                    "return": {"y": x}
                }
                answered.append(x)

    clients = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    while len(answered) < 100:
        assert any(client.is_alive() for client in clients)
    server.shutdown()
    for client in clients:
        client.join(PATIENCE_SECONDS)
    assert sorted(begun) == sorted(answered)


@pytest.fixture
def many_files():
    """Room for both ends of a thousand connections."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_thousand_streams_of_events_are_open_at_once_and_all_get_all(work):
    with work.dsp.web().site().run() as server:
        url = httpx.post(f"{server.url}/runs", json=QUESTION).json()["events"]
        assert work.begun.acquire(timeout=PATIENCE_SECONDS)
        host, port = "127.0.0.1", int(server.url.rpartition(":")[2])

        async def follow(started):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            text = await reader.readuntil(b"event: running")
            started.release()
            text += await reader.read()
            writer.close()
            await writer.wait_closed()
            return text

        async def all_of_them():
            started = asyncio.Semaphore(0)
            streams = [asyncio.create_task(follow(started)) for _ in range(1000)]
            for _ in streams:
                await started.acquire()
            assert not any(stream.done() for stream in streams)
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
                assert (await client.get(f"{server.url}/runs")).status_code == 200
            work.may_end.set()
            return await asyncio.gather(*streams)

        texts = asyncio.run(all_of_them())
        assert len(texts) == 1000
        assert all(b'"state":"done"' in text for text in texts)


def test_streams_beyond_the_limit_are_sent_away(work):
    with work.dsp.web(limits=Limits(streams=1)).site().run() as server:
        url = server.url + httpx.post(f"{server.url}/runs", json=QUESTION).json()["events"]
        with httpx.stream("GET", url, timeout=PATIENCE_SECONDS) as first:
            pieces = first.iter_bytes()
            next(pieces)
            assert httpx.get(url).status_code == 429
            work.may_end.set()
            assert b'"state":"done"' in b"".join(pieces)


def test_a_shutdown_ends_streams_and_runs(work):
    served = work.dsp.web(limits=Limits(shutdown_seconds=0.05))
    server = served.site().run()
    url = server.url + httpx.post(f"{server.url}/runs", json=QUESTION).json()["events"]
    with httpx.stream("GET", url, timeout=PATIENCE_SECONDS) as stream:
        assert work.begun.acquire(timeout=PATIENCE_SECONDS)
        server.shutdown()
        assert b'"state":"interrupted"' in stream.read()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and a certificate with its key for the server and for a client."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certificates")
    now = datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())

    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def certificate(who, key):
        import ipaddress

        is_authority = who == "authority"
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(who))
            .issuer_name(name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(address, critical=False)
        )
        return builder.sign(authority_key, hashes.SHA256())

    for who in ("authority", "server", "client"):
        key = authority_key if who == "authority" else ec.generate_private_key(ec.SECP256R1())
        (folder / f"{who}.pem").write_bytes(certificate(who, key).public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        (folder / f"{who}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return folder


def test_clients_that_show_a_certificate_need_no_token(certificates):
    site = (
        body()
        .web()
        .site(
            "0.0.0.0",
            certificate=certificates / "server.pem",
            key=certificates / "server.key",
            client_ca=certificates / "authority.pem",
        )
    )
    with site.run() as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        assert url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificates / "authority.pem")
        with pytest.raises(httpx.TransportError):
            httpx.post(url, json=ASKED, verify=trusting)
        trusting.load_cert_chain(certificates / "client.pem", certificates / "client.key")
        answer = httpx.post(url, json=ASKED, verify=trusting, headers={"Host": "models.example"})
        assert answer.json() == {"return": {"mass": 6.0}}


def test_a_certificate_that_cannot_be_read_is_refused(certificates, tmp_path):
    with pytest.raises(BuildError, match="the certificate or the key cannot be read"):
        body().web().site(certificate=certificates / "server.pem", key=certificates / "client.key").run()
    with pytest.raises(BuildError, match="the certificate or the key cannot be read"):
        body().web().site(certificate=tmp_path / "none.pem").run()


def test_it_is_mounted_in_an_application_of_fastapi():
    outer = fastapi.FastAPI()
    outer.mount("/models/body", body().web())

    @outer.get("/")
    def hello():
        return "hello"

    async def asked():
        async with client_of(outer, timeout=30) as client:
            assert (await client.get("/")).json() == "hello"
            assert (await client.post("/models/body", json=ASKED, follow_redirects=True)).json() == {
                "return": {"mass": 6.0}
            }
            assert (await client.post("/models/body/body/weigh", json={"args": [1]})).json() == {"return": 10.0}
            assert (await client.get("/models/body/nothing")).json()["status"] == 404
            told = (await client.get("/models/body/openapi.json")).json()
            assert told["servers"] == [{"url": "/models/body"}]
            started = await client.post("/models/body/runs", json=ASKED)
            assert started.headers["location"].startswith("/models/body/runs/")
            await client.get(started.json()["events"])
            assert (await client.get(started.headers["location"])).json()["return"] == {"mass": 6.0}

    asyncio.run(asked())


def test_the_example_of_those_who_know_schedula():
    """Encrypt by the model, decrypt by one function of it, as the clients of its servers do."""
    dsp = tw.Dispatcher(name="symmetric_cryptography")

    @dsp.function(outputs=["key"])
    def generate_key() -> int:
        return 7

    @dsp.function(outputs=["encrypted"])
    def encrypt_message(decrypted: str, key: int) -> str:
        return "".join(chr(ord(letter) + key) for letter in decrypted)

    @dsp.function(outputs=["decrypted"])
    def decrypt_message(encrypted: str, key: int) -> str:
        return "".join(chr(ord(letter) - key) for letter in encrypted)

    api = dsp.register().get_sub_dsp(
        ("decrypt_message", "encrypt_message", "key", "encrypted", "decrypted", "generate_key", tw.START)
    )
    server = api.web(run=False).site(host="127.0.0.1", port=0).run()
    answer = httpx.post(server.url, json={"args": [{"decrypted": "message"}]}).json()
    answer = httpx.post(
        f"{server.url}/symmetric_cryptography/decrypt_message?data=input,return",
        json={"kwargs": tw.selector(("key", "encrypted"), answer["return"])},
    ).json()
    assert sorted(answer) == ["input", "return"]
    assert answer["return"] == "message"
    assert server.shutdown() is True


def test_what_is_served_in_the_background_leaves_no_thread():
    announced.clear()
    before = set(threading.enumerate())
    with body().web().site().run() as server:
        httpx.post(server.url, json={"inputs": {"weight": 1.0}, "outputs": ["announce"]})
    assert announced == [1.0]
    assert set(threading.enumerate()) == before

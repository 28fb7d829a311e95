"""What runners call: a service, by HTTP on this machine, and functions in threads."""

import asyncio
import builtins
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from thalweg.compositions import CallableInstrument, Composition, DAGNote, HttpInstrument, NodeRunner, TryAgainException
from thalweg.errors import CallTimeout, MissingExtraError, ServiceError, ServiceUnavailable
from thalweg.executors import Policy

PATIENCE_SECONDS = 20.0
AGAIN = Policy(tries=3, pause_seconds=0.001, errors=(TryAgainException,))


class Service:
    """A server on this machine: it notes what it is asked, and answers by script.

    Attributes
    ----------
    asked : list of (method, path, query, headers, body)
    answers : list of (status, type, body, headers)
        For the next requests; when there is none, it says what it was asked, as JSON.
    connections : set
        From which it was asked.
    was_asked : threading.Event
    awake : threading.Event
        While it is not set nothing is answered.
    """

    def __init__(self):
        self.asked = []
        self.answers = []
        self.connections = set()
        self.was_asked = threading.Event()
        self.awake = threading.Event()
        self.awake.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                service.connections.add(self.client_address)
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                service.asked.append((self.command, parts.path, parse_qs(parts.query), dict(self.headers), body))
                service.was_asked.set()
                service.awake.wait(PATIENCE_SECONDS)
                said = {"method": self.command, "path": parts.path, "query": parse_qs(parts.query), "body": body}
                script = service.answers.pop(0) if service.answers else (200, "application/json", json.dumps(said), {})
                status, kind, text, headers = script
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815 - as its class asks for them

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # who asks may leave before the answer

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.awake.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


def ask(instrument, **request):
    return asyncio.run(NodeRunner(instrument, request)())


def test_the_answer_is_what_its_json_says(service):
    service.answers.append((200, "application/json; charset=utf-8", '{"rate": [1, 2.5, null]}', {}))
    assert ask(HttpInstrument(f"{service.url}/rates")) == {"rate": [1, 2.5, None]}
    assert service.asked[0][:3] == ("GET", "/rates", {})


def test_an_answer_that_is_no_json_is_its_text(service):
    service.answers += [(200, "text/plain; charset=utf-8", "forty-two €", {}), (204, "text/plain", "", {})]
    assert ask(HttpInstrument(service.url)) == "forty-two €"
    assert ask(HttpInstrument(service.url)) is None


def test_what_is_given_as_json_is_sent_as_json(service):
    said = ask(HttpInstrument(service.url), json={"items": [1, "two"], "deep": {"a": None}})
    method, _, _, headers, body = service.asked[0]
    assert (method, headers["Content-Type"]) == ("POST", "application/json")
    assert json.loads(body) == {"items": [1, "two"], "deep": {"a": None}}
    assert json.loads(said["body"]) == json.loads(body)


def test_what_is_given_as_a_form_is_sent_as_a_form(service):
    ask(HttpInstrument(service.url), form={"name": "Ada & Co", "year": 1843})
    method, _, _, headers, body = service.asked[0]
    assert (method, headers["Content-Type"]) == ("POST", "application/x-www-form-urlencoded")
    assert parse_qs(body) == {"name": ["Ada & Co"], "year": ["1843"]}


def test_query_and_headers_and_method_are_sent(service):
    instrument = HttpInstrument(service.url, headers={"X-Key": "key", "X-Kind": "general"})
    ask(instrument, method="PUT", params={"q": "a b"}, headers={"X-Kind": "special"}, json=1)
    method, _, query, headers, _ = service.asked[0]
    assert (method, query, headers["X-Key"], headers["X-Kind"]) == ("PUT", {"q": ["a b"]}, "key", "special")


def test_a_payload_is_a_request(service):
    price = DAGNote("price", url=f"{service.url}/price", json={"item": "tea"})
    stock = DAGNote("stock", url=f"{service.url}/stock", params={"item": "tea"})
    composition = Composition({stock: {price}}, node_executor=HttpInstrument(timeout=PATIENCE_SECONDS))
    assert asyncio.run(composition.start()) == "done"
    assert [(method, path) for method, path, *_ in service.asked] == [("POST", "/price"), ("GET", "/stock")]
    assert composition.results[DAGNote("stock")]["query"] == {"item": ["tea"]}


def test_an_error_of_the_service_is_an_error_with_all_it_said(service):
    service.answers.append((404, "text/plain", "no such rate", {}))
    with pytest.raises(ServiceError, match=r"GET http://\S+/x answered 404 Not Found: 'no such rate'") as caught:
        ask(HttpInstrument(f"{service.url}/x"))
    error = caught.value
    assert (error.status, error.text, error.method, error.url) == (404, "no such rate", "GET", f"{service.url}/x")
    assert not isinstance(error, TryAgainException)
    assert isinstance(error, OSError)


def test_an_answer_called_json_that_is_none_is_an_error(service):
    service.answers.append((200, "application/json", "<html>", {}))
    with pytest.raises(ServiceError, match="called JSON and is none: '<html>'"):
        ask(HttpInstrument(service.url))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_service_that_may_be_well_later_is_asked_again_by_the_composition(service, status):
    service.answers.append((status, "text/plain", "later", {}))
    composition = Composition({DAGNote("a", url=service.url): ()}, node_executor=HttpInstrument(), retry=AGAIN)
    assert asyncio.run(composition.start()) == "done"
    assert len(service.asked) == 2
    first = composition.runner(DAGNote("a")).parent_id
    assert first is not None


def test_after_the_last_try_the_error_says_what_the_service_said(service):
    service.answers += [(503, "text/plain", f"down {number}", {}) for number in range(5)]
    composition = Composition({"a": ()}, node_executor=lambda node: HttpInstrument(service.url)(), retry=AGAIN)
    with pytest.raises(ServiceUnavailable, match="answered 503 Service Unavailable: 'down 2'"):
        asyncio.run(composition.start())
    assert len(service.asked) == 3


def test_an_instrument_may_have_a_policy_of_its_own(service):
    service.answers += [(503, "text/plain", "down", {})] * 2
    patient = HttpInstrument(retry=AGAIN)
    composition = Composition({DAGNote("a", url=service.url): ()}, node_executor=patient, retry=Policy())
    assert asyncio.run(composition.start()) == "done"
    assert len(service.asked) == 3


def test_which_answers_may_be_better_later_can_be_said(service):
    service.answers += [(503, "text/plain", "down", {}), (418, "text/plain", "a teapot", {})]
    instrument = HttpInstrument(service.url, retry_statuses={418})
    with pytest.raises(ServiceError) as down:
        ask(instrument)
    with pytest.raises(ServiceUnavailable):
        ask(instrument)
    assert not isinstance(down.value, ServiceUnavailable)


def test_a_service_may_say_when_to_come_back(service):
    service.answers += [
        (429, "text/plain", "", {"Retry-After": "7"}),
        (429, "text/plain", "", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    ]
    for seconds in (7.0, 0.0):
        with pytest.raises(ServiceUnavailable) as caught:
            ask(HttpInstrument(service.url))
        assert caught.value.pause_seconds == seconds


@pytest.mark.parametrize(("status", "again"), [(429, True), (503, True), (500, False), (504, False)])
def test_what_must_not_be_done_twice_is_asked_again_only_if_it_was_not_done(service, status, again):
    service.answers.append((status, "text/plain", "", {}))
    with pytest.raises(ServiceError) as caught:
        ask(HttpInstrument(service.url), json={"book": "a flight"})
    assert isinstance(caught.value, ServiceUnavailable) is again


@pytest.mark.parametrize(("request_", "again"), [({}, True), ({"json": 1}, False)])
def test_no_answer_in_time_is_an_error(service, request_, again):
    async def main():
        async with HttpInstrument(service.url, timeout=PATIENCE_SECONDS) as instrument:
            await instrument()  # the connection is there
            instrument.timeout = 0.05
            service.awake.clear()
            await instrument(**request_)

    with pytest.raises(ServiceError, match=r"no answer within 0\.05 s; see whether the service is up") as caught:
        asyncio.run(main())
    assert isinstance(caught.value, ServiceUnavailable) is again
    assert caught.value.status is None


def test_the_timeout_of_the_runner_ends_a_request(service):
    service.awake.clear()
    with pytest.raises(CallTimeout):
        asyncio.run(NodeRunner(HttpInstrument(service.url), node_timeout=0.05)())


@pytest.mark.parametrize("request_", [{}, {"json": 1}])
def test_nobody_listens(request_):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ServiceUnavailable, match=f"{url}: .*; see whether the service is up"):
            ask(HttpInstrument(url), **request_)


def test_what_is_no_url_of_the_web_is_not_asked_for_again():
    with pytest.raises(ServiceError, match=r"ftp.*; see whether the URL is right") as caught:
        ask(HttpInstrument("ftp://127.0.0.1/file"))
    assert not isinstance(caught.value, ServiceUnavailable)


def test_a_redirect_is_an_error_unless_a_client_of_ones_own_follows_it(service):
    import httpx

    async def main():
        service.answers.append((302, "text/plain", "", {"Location": "/there"}))
        async with httpx.AsyncClient(follow_redirects=True) as client:
            return await HttpInstrument(service.url, client=client)()

    assert asyncio.run(main())["path"] == "/there"
    service.answers.append((302, "text/plain", "", {"Location": "/there"}))
    with pytest.raises(ServiceError, match="answered 302 Found"):
        ask(HttpInstrument(service.url))


def test_cancelling_leaves_no_connection_behind(service):
    service.awake.clear()
    composition = Composition({"a": ()}, node_executor=lambda node: HttpInstrument(service.url)())

    async def main():
        task = asyncio.create_task(composition.start())
        assert await asyncio.to_thread(service.was_asked.wait, PATIENCE_SECONDS)
        composition.cancel()
        return await task

    assert asyncio.run(main()) == "cancelled"


def test_within_async_with_connections_are_used_again(service):
    async def main():
        async with HttpInstrument(service.url) as instrument:
            for _ in range(5):
                await instrument()
        assert len(service.connections) == 1
        assert instrument.client is None
        for _ in range(3):
            await instrument()
        assert len(service.connections) == 4

    asyncio.run(main())


def test_a_client_of_ones_own_is_used_and_left_open(service):
    import httpx

    async def main():
        async with httpx.AsyncClient(base_url=service.url) as client:
            async with HttpInstrument("/mine", client=client) as instrument:
                assert (await instrument())["path"] == "/mine"
            assert not client.is_closed
            assert instrument.client is client

    asyncio.run(main())


def test_without_a_url_it_says_where_to_give_one():
    with pytest.raises(ValueError, match=r"DAGNote\(name, url=\.\.\.\)"):
        ask(HttpInstrument())


def test_without_httpx_it_says_what_to_install(monkeypatch):
    find = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "httpx":
            raise ImportError(name)
        return find(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'thalweg\[http\]'"):
        ask(HttpInstrument("http://127.0.0.1:1"))


class TestCallables:
    def test_a_plain_function_is_called_in_a_thread_and_the_loop_goes_on(self):
        ticked = threading.Event()

        def wait(number):
            assert ticked.wait(PATIENCE_SECONDS)
            return number, threading.current_thread()

        async def main():
            task = asyncio.create_task(NodeRunner(CallableInstrument(wait), {"number": 3})())
            await asyncio.sleep(0)
            ticked.set()
            return await task

        number, thread = asyncio.run(main())
        assert number == 3
        assert thread is not threading.main_thread()

    def test_a_coroutine_function_is_awaited_here(self):
        async def where(number):
            await asyncio.sleep(0)
            return number, threading.current_thread()

        class Where:
            async def __call__(self, number):
                return await where(number)

        for function in (where, Where()):
            assert ask(CallableInstrument(function), number=3) == (3, threading.current_thread())

    def test_what_it_raises_is_raised(self):
        with pytest.raises(ZeroDivisionError):
            ask(CallableInstrument(lambda a: 1 / a), a=0)

    def test_it_may_have_a_policy_of_its_own(self):
        tries = []

        def fail(node):
            tries.append(node)
            raise OSError("busy")

        retry = Policy(tries=3, errors=(OSError,))
        composition = Composition({"a": ()}, node_executor=CallableInstrument(fail, retry=retry))
        with pytest.raises(OSError, match="busy"):
            asyncio.run(composition.start())
        assert tries == ["a"] * 3

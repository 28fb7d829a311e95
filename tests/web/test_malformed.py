"""Whatever is sent, the answer is an answer or says what is wrong with the question: never an error of the server."""

from __future__ import annotations

import asyncio
import json
import socket

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thalweg as tw
from tests.web.conftest import FUZZING
from tests.web.models import body, client_of, kinds
from thalweg.web import Limits
from thalweg.web.filling import KINDS as FILES

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from(["volume", "scale", "mass", "g", "weight", "least", "announce", "temperature"]) | st.text(
    max_size=5
)
KINDS = st.sampled_from(["point", "day", "days", "array", "number", "colour", "side", "note", "flags"]) | st.text(
    max_size=3
)
MEMBERS = st.sampled_from(
    ["inputs", "outputs", "sets", "inputs_dist", "wildcard", "objective", "timeout", "args", "kwargs"]
)
PATHS = st.sampled_from(
    [
        "/",
        "/body",
        "/body/weigh",
        "/body/bounds",
        "/body/announce",
        "/body/air",
        "/body/air/gas_law",
        "/runs",
        "/runs/0",
        "/missing",
        "/plan",
        "/drawing",
        "/fill",
    ]
) | st.text(max_size=8).map(lambda text: "/" + text)


def questions(names):
    """Questions that are nearly right."""
    named = st.dictionaries(names, JSON_VALUES | st.floats() | st.integers(), max_size=4)
    nearly = st.fixed_dictionaries(
        {},
        optional={
            "inputs": named | JSON_VALUES,
            "outputs": st.lists(names, max_size=4) | JSON_VALUES,
            "inputs_dist": named | JSON_VALUES,
            "sets": st.integers() | JSON_VALUES,
            "wildcard": st.booleans() | JSON_VALUES,
            "objective": st.sampled_from(["span", "tree"]) | JSON_VALUES,
            "timeout": st.floats(min_value=1, max_value=9) | JSON_VALUES,
            "args": st.lists(named | JSON_VALUES, max_size=5) | JSON_VALUES,
            "kwargs": st.dictionaries(MEMBERS | names, named | JSON_VALUES, max_size=3) | JSON_VALUES,
        },
    )
    return nearly | JSON_VALUES | st.dictionaries(MEMBERS, JSON_VALUES, max_size=3)


def as_text(question):
    return json.dumps(question).encode("utf-8", "surrogatepass")


TEXTS = st.binary(max_size=60) | questions(NAMES).map(as_text) | questions(KINDS).map(as_text)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Length", "Accept", "Last-Event-ID", "Authorization", "X-Other"]),
    st.sampled_from(
        ["application/json", "application/json; charset=latin-1", "text/plain", "", "0", "-1", "9" * 30, "*/*"]
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()


def check(response, question):
    """An answer, or a problem that is the client's."""
    assert response.status_code < 500, (question, response.text)
    kind = response.headers["content-type"]
    if response.status_code >= 400:
        assert kind == "application/problem+json"
        told = response.json()
        assert told["status"] == response.status_code
        assert told["detail"]
    else:
        assert kind == "application/json"
        json.loads(response.text, parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def applications(loop):
    limits = Limits(body_bytes=10_000, runs_waiting=10**6, runs_kept=10)
    made = [body().web(limits=limits), kinds().web(limits=limits)]
    yield made
    for application in made:
        loop.run_until_complete(application.close())


def send(loop, application, method, path, **options):
    async def one():
        async with client_of(application, timeout=30) as client:
            return await client.request(method, path, **options)

    return loop.run_until_complete(one())


@FUZZING
@given(question=questions(NAMES), path=PATHS)
def test_questions_that_are_nearly_right(question, path, applications, loop):
    headers = {"Content-Type": "application/json"}
    try:
        url = httpx.URL(path)
    except httpx.InvalidURL:
        url = httpx.URL("/")
    check(send(loop, applications[0], "POST", url, content=as_text(question), headers=headers), question)


@FUZZING
@given(question=questions(KINDS), name=st.sampled_from(["", "/mix", "/double%20array", "/add%20days", "/take%20root"]))
def test_questions_of_many_kinds(question, name, applications, loop):
    headers = {"Content-Type": "application/json"}
    path = f"/kinds{name}"
    check(send(loop, applications[1], "POST", path, content=as_text(question), headers=headers), question)


@FUZZING
@given(
    text=TEXTS,
    headers=HEADERS,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "ODD"]),
    path=st.sampled_from(
        [
            "/",
            "/body",
            "/body/weigh",
            "/runs",
            "/openapi.json",
            "/nothing",
            "//",
            "/runs/",
            "/drawing",
            "/fill",
            "/static/",
        ]
    ),
    query=st.sampled_from(
        ["", "?data=return", "?data=", "?data=x", "?other=1", "?data=return,explain", "?&&&==", "?rows=0&keep=*"]
    ),
)
def test_bodies_heads_and_addresses_of_all_kinds(text, headers, method, path, query, applications, loop):
    response = send(loop, applications[0], method, f"{path}{query}", content=text, headers=headers)
    assert response.status_code < 500, response.text


CELLS = st.sampled_from(["", "1", "2.5", "nan", "x", '"', ",", "\n", "1e999", "0"]) | st.text(max_size=3)
SHEETS = st.builds(
    lambda names, rows: "\n".join([",".join(names), *(",".join(row) for row in rows)]).encode("utf-8", "surrogatepass"),
    st.lists(NAMES, max_size=4),
    st.lists(st.lists(CELLS, max_size=4), max_size=5),
)


@FUZZING
@given(
    table=SHEETS | questions(NAMES).map(as_text) | st.binary(max_size=60),
    kind=st.sampled_from(list(FILES)),
    accept=st.sampled_from(["", "*/*", "application/json", *FILES]),
    query=st.sampled_from(
        ["", "?data=table,report,cells,file", "?add=mass&keep=*", "?only=weight", "?sheet=x", "?rows=2"]
    ),
)
def test_tables_of_all_kinds(table, kind, accept, query, applications, loop):
    headers = {"Content-Type": kind, "Accept": accept}
    response = send(loop, applications[0], "POST", f"/fill{query}", content=table, headers=headers)
    assert response.status_code < 500, (table, response.text)
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"


@FUZZING
@given(data=st.data())
def test_bytes_that_are_no_http(data, server):
    head = data.draw(
        st.sampled_from([b"", b"POST / HTTP/1.1\r\n", b"GET /", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
    )
    with socket.create_connection(server, timeout=30) as connection:
        connection.sendall(head + data.draw(st.binary(max_size=80)) + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    assert not answer or answer.startswith(b"HTTP/1.1 4")


@pytest.fixture(scope="module")
def server():
    with body().web(limits=Limits(head_seconds=5)).site().run() as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        yield host, int(port)
        response = httpx.post(server.url, json={"inputs": {"volume": 3}, "outputs": ["mass"]})
        assert response.json() == {"return": {"mass": 6.0}}

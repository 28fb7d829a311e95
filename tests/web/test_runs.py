"""Long runs: accepted at once, followed, cancelled, and there after a restart."""

import asyncio
import json
import threading

import pytest
from fastapi import FastAPI

from tests.web.models import body, client_of, problem
from tests.web.test_exposure import secret_model
from thalweg import Dispatcher
from thalweg.errors import BuildError
from thalweg.journal import open_journal
from thalweg.web import FileStore, Limits, MemoryStore, RunRecord
from thalweg.web.runs import STARTS

QUESTION = {"inputs": {"volume": 3}, "outputs": ["weight"]}


async def ended(client, url):
    """Wait for the end of a run by its events; give how it stands."""
    await client.get(f"{url}/events")
    return (await client.get(url)).json()


def events_of(text):
    """Numbers, kinds and data of the events of a stream."""
    events = []
    for block in text.split("\n\n"):
        lines = dict(line.partition(": ")[::2] for line in block.splitlines() if line[0] != ":")
        if lines:
            events.append((lines.get("id"), lines["event"], json.loads(lines["data"])))
    return events


def by_client(served, function):
    """Run a coroutine function with a client, and close the application."""

    async def run():
        async with client_of(served, timeout=30) as client:
            try:
                return await function(client)
            finally:
                await served.close()
                served.runner.close()
                served.runs.store.close()

    return asyncio.run(run())


def test_where_it_is_mounted_is_written_as_addresses_are():
    served = body().web()
    outer = FastAPI()
    outer.mount("/some models/körper", served)

    async def asked():
        async with client_of(outer) as client:
            started = await client.post("/some%20models/k%C3%B6rper/runs", json=QUESTION)
            assert started.status_code == 202
            assert started.headers["location"].startswith("/some%20models/k%C3%B6rper/runs/")
            told = await ended(client, started.headers["location"])
            assert told["return"] == {"weight": 60.0}
            document = (await client.get("/some%20models/k%C3%B6rper/openapi.json")).json()
            assert document["servers"] == [{"url": "/some%20models/k%C3%B6rper"}]
            await served.close()

    asyncio.run(asked())


def test_a_run_may_give_numbers_that_are_very_long_and_lists_that_are_very_deep():
    def deep(x):
        value = [x]
        for _ in range(220):
            value = [value]
        return value

    async def asked(client):
        told = (await client.post("/runs", json={"inputs": {"x": 5000}})).json()
        await client.get(told["events"])
        response = await client.get(told["url"])
        assert response.status_code == 200
        said = response.text
        assert f'"long":1{5000 * "0"}' in said
        assert f'"deep":{221 * "["}5000{221 * "]"}' in said

    dsp = Dispatcher(name="much")
    dsp.add_function("power", lambda x: 10**x, ["x"], ["long"])
    dsp.add_function("nest", deep, ["x"], ["deep"])
    by_client(dsp.web(), asked)


def test_a_run_is_accepted_and_gives_what_the_same_question_gives():
    async def asked(client):
        started = await client.post("/runs", json=QUESTION)
        assert started.status_code == 202
        told = started.json()
        assert (told["state"], told["url"]) == ("waiting", started.headers["location"])
        told = await ended(client, told["url"])
        assert (told["state"], told["return"]) == ("done", {"weight": 60.0})
        assert told["created"] <= told["began"] <= told["ended"]
        chosen = (await client.get(f"{told['url']}?data=input,explain")).json()
        assert chosen["input"] == QUESTION
        assert chosen["explain"]["weight"]["provider"] == "weigh"
        assert "return" not in chosen
        listed = (await client.get("/runs")).json()["runs"]
        assert [(each["id"], each["state"]) for each in listed] == [(told["id"], "done")]

    by_client(body().web(), asked)


def test_its_events_are_told_from_the_first_to_the_last():
    async def asked(client):
        url = (await client.post("/runs", json={"inputs": {"scale": 0, "volume": 3}, "outputs": ["mass"]})).json()[
            "url"
        ]
        response = await client.get(f"{url}/events")
        assert response.headers["content-type"].startswith("text/event-stream")
        events = events_of(response.text)
        assert [number for number, _, _ in events] == [str(place + 1) for place in range(len(events))]
        told = [(kind, data["path"]) for _, kind, data in events]
        assert told == [
            ("begin", ""),
            ("running", "measure"),
            ("failed", "measure"),
            ("running", "estimate"),
            ("done", "estimate"),
            ("end", ""),
        ]
        assert events[0][2]["calls"] == ["measure"]
        assert events[2][2]["error"] == "ZeroDivisionError: float division by zero"
        assert events[-1][2]["state"] == "done"
        rest = await client.get(f"{url}/events", headers={"Last-Event-ID": "4"})
        assert events_of(rest.text) == events[4:]
        nothing = await client.get(f"{url}/events", headers={"Last-Event-ID": events[-1][0]})
        assert (nothing.status_code, nothing.content) == (204, b"")  # a browser does not come back
        assert events_of((await client.get(f"{url}/events", headers={"Last-Event-ID": "-x"})).text) == events

    by_client(body().web(), asked)


def test_events_of_what_is_not_exposed_are_not_told():
    async def asked(client):
        url = (await client.post("/runs", json={"inputs": {"a": 1}, "outputs": ["b"]})).json()["url"]
        text = (await client.get(f"{url}/events")).text
        assert "hidden" not in text
        assert "last_step" in text

    by_client(secret_model().web(expose=["a", "b", "last_step"]), asked)


def test_who_reads_late_is_told_what_was_lost():
    async def asked(client):
        url = (await client.post("/runs", json={"inputs": {"volume": 3}})).json()["url"]
        await ended(client, url)
        events = events_of((await client.get(f"{url}/events")).text)
        assert events[0][1] == "lost"
        assert len(events) == 3
        assert events[-1][1] == "end"
        assert events[0][2]["events"] + 2 == int(events[-1][0])

    by_client(body().web(limits=Limits(events_kept=2)), asked)


def test_a_run_that_fails_says_why():
    async def asked(client):
        url = (await client.post("/runs", json={"outputs": ["weight"]})).json()["url"]
        told = await ended(client, url)
        assert told["state"] == "failed"
        assert (told["problem"]["status"], told["problem"]["outputs"]) == (422, ["weight"])
        problem(await client.post("/runs", json={"outputs": ["wieght"]}), 422, "unfit")

    by_client(body().web(), asked)


def test_a_run_is_cancelled(work):
    async def asked(client):
        url = (await client.post("/runs", json={"inputs": {"x": 1}})).json()["url"]
        await work.until_begun()
        assert (await client.get(url)).json()["state"] == "running"
        told = (await client.delete(url)).json()
        assert told["state"] == "cancelled"
        assert events_of((await client.get(f"{url}/events")).text)[-1][2]["state"] == "cancelled"
        work.may_end.set()
        assert (await client.delete(url)).json()["state"] == "cancelled"

    by_client(work.dsp.web(), asked)


def test_a_run_that_waits_is_cancelled_and_the_next_has_its_turn(work):
    async def asked(client):
        urls = [(await client.post("/runs", json={"inputs": {"x": number}})).json()["url"] for number in range(3)]
        await work.until_begun()
        problem(await client.post("/runs", json={"inputs": {"x": 4}}), 429, "busy")
        assert (await client.delete(urls[1])).json()["state"] == "cancelled"
        work.may_end.set()
        states = [(await ended(client, url))["state"] for url in urls]
        assert states == ["done", "cancelled", "done"]

    by_client(work.dsp.web(limits=Limits(runs_at_work=1, runs_waiting=2)), asked)


def test_a_run_has_an_end_in_time(work):
    async def asked(client):
        for question, status in (({}, 504), ({"timeout": 0.05}, 422)):
            url = (await client.post("/runs", json={"inputs": {"x": 1}, **question})).json()["url"]
            told = await ended(client, url)
            assert (told["state"], told["problem"]["status"]) == ("failed", status)

    by_client(work.dsp.web(limits=Limits(long_run_seconds=0.1)), asked)


def test_what_is_no_run_is_not_found():
    async def asked(client):
        for method, path in (("GET", "/runs/0"), ("DELETE", "/runs/0"), ("GET", "/runs/0/events")):
            problem(await client.request(method, path), 404, "no-run")

    by_client(body().web(), asked)


def test_only_so_many_are_kept():
    async def asked(client):
        urls = []
        for _ in range(4):
            urls.append((await client.post("/runs", json=QUESTION)).json()["url"])
            await ended(client, urls[-1])
        assert [(await client.get(url)).status_code for url in urls] == [404, 404, 200, 200]

    by_client(body().web(limits=Limits(runs_kept=2)), asked)


def test_at_a_shutdown_runs_are_waited_for_and_then_interrupted(work):
    served = work.dsp.web(limits=Limits(shutdown_seconds=0.05, runs_at_work=1))

    async def asked():
        async with client_of(served, timeout=30) as client:
            url = (await client.post("/runs", json={"inputs": {"x": 1}})).json()["url"]
            await work.until_begun()
            stream = asyncio.create_task(client.get(f"{url}/events"))
            await served.close()
            assert events_of((await stream).text)[-1][2]["state"] == "interrupted"
            assert (await client.get(url)).json()["state"] == "interrupted"
            problem(await client.post("/runs", json={"inputs": {"x": 1}}), 503, "closing")

    asyncio.run(asked())


def test_runs_in_a_file_are_there_after_a_restart(tmp_path):
    file = tmp_path / "runs.sqlite"

    async def first(client):
        url = (await client.post("/runs", json=QUESTION)).json()["url"]
        return await ended(client, url)

    async def second(client):
        return (await client.get(told["url"])).json()

    told = by_client(body().web(runs=file), first)
    assert told["return"] == {"weight": 60.0}
    assert by_client(body().web(runs=file), second) == told


def test_a_run_that_a_restart_cut_off_is_begun_again(tmp_path, work):
    file = tmp_path / "runs.sqlite"

    async def first(client):
        urls = [(await client.post("/runs", json={"inputs": {"x": x}})).json()["url"] for x in (1, 2)]
        await work.until_begun()
        return urls

    async def second(client):
        return [await ended(client, url) for url in urls]

    limits = Limits(runs_at_work=1, shutdown_seconds=0)
    urls = by_client(work.dsp.web(runs=file, limits=limits), first)
    work.may_end.set()
    told = by_client(work.dsp.web(runs=file, limits=limits), second)
    assert [(each["state"], each["return"]) for each in told] == [
        ("done", {"x": 1, "y": 1}),
        ("done", {"x": 2, "y": 2}),
    ]


def test_a_run_that_a_restart_cut_off_goes_on_from_its_journal(tmp_path, work):
    made = []

    def first_step(x):
        made.append(x)
        return x

    dsp = Dispatcher(name="steps")
    dsp.add_function("first", first_step, ["z"], ["x"])
    dsp.add_dispatcher(work.dsp, {"x": "x"}, {"y": "y"}, dsp_id="work")

    async def first(client):
        url = (await client.post("/runs", json={"inputs": {"z": 7}})).json()["url"]
        await work.until_begun()
        return url

    async def second(client):
        return await ended(client, url)

    kept = {"runs": tmp_path / "runs.sqlite", "journal": tmp_path / "journal.db"}
    limits = Limits(runs_at_work=1, shutdown_seconds=0)
    url = by_client(dsp.web(limits=limits, **kept), first)
    with open_journal(kept["journal"]) as journal:
        assert [(run.shown_state, run.values) for run in journal.runs()] == [("interrupted", 1)]
    work.may_end.set()
    told = by_client(dsp.web(limits=limits, **kept), second)
    assert (told["state"], told["return"]["y"]) == ("done", 7)
    assert made == [7]
    with open_journal(kept["journal"]) as journal:
        assert journal.runs() == []


def test_a_run_that_was_begun_too_often_is_given_up_and_one_that_fits_no_more_has_failed(tmp_path):
    store = FileStore(tmp_path / "runs.sqlite")
    store.put(RunRecord("a" * 32, b'{"inputs": {"volume": 1}}', "running", 1.0, 2.0, None, STARTS))
    store.put(RunRecord("b" * 32, b'{"inputs": {"volumes": 1}}', "running", 1.0, 2.0, None, 1))

    async def asked(client):
        return [(await client.get(f"/runs/{letter * 32}")).json() for letter in "ab"]

    interrupted, failed = by_client(body().web(runs=store), asked)
    assert interrupted["state"] == "interrupted"
    assert (failed["state"], failed["problem"]["status"]) == ("failed", 422)
    store.close()


def record(number, state="done"):
    return RunRecord(f"{number:032x}", b"{}", state, float(number), answer=b'{"return":{}}')


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else FileStore(tmp_path / "runs.sqlite")
    yield store
    store.close()


def test_a_store_keeps_finds_and_forgets(store):
    for number in range(5):
        store.put(record(number, "running" if number in (1, 3) else "done"))
    store.put(record(3, "failed"))
    assert store.get(record(3).id) == record(3, "failed")
    assert store.get("x") is None
    assert [each.created for each in store.newest(3)] == [4.0, 3.0, 2.0]
    assert {each.answer for each in store.newest(3)} == {b""}
    assert store.unfinished() == [record(1, "running")]
    store.forget(2)
    assert [each.created for each in store.newest(9)] == [4.0, 3.0, 1.0]
    store.forget(0)
    assert [each.created for each in store.newest(9)] == [1.0]


def test_a_store_is_asked_by_many_threads(store):
    threads = [threading.Thread(target=store.put, args=(record(number),)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.newest(100)) == 20


def test_a_file_that_is_something_else_is_refused(tmp_path):
    file = tmp_path / "text"
    file.write_text("this is no database" * 100)
    with pytest.raises(BuildError, match="the runs cannot be kept in"):
        body().web(runs=file)
    with pytest.raises(BuildError, match="the runs cannot be kept in"):
        body().web(runs=tmp_path)

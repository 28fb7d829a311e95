"""Nobody can ask for more than the server takes upon itself."""

import asyncio
import threading

import pytest

import thalweg as tw
from tests.web.models import ask, body, client_of, problem
from thalweg.errors import BuildError
from thalweg.web import Limits

QUESTION = {"inputs": {"x": 1}, "outputs": ["y"]}


async def until(condition):
    while not condition():  # noqa: ASYNC110 - nobody tells of it: it is a number in the server
        await asyncio.sleep(0)


def test_a_long_body_is_refused_by_what_it_says_and_by_what_it_is():
    served = body().web(limits=Limits(body_bytes=100))
    question = b'{"inputs": {"volume": 1}}'
    long = question + b" " * 100

    async def pieces():
        for start in range(0, len(long), 10):
            yield long[start : start + 10]

    headers = {"Content-Type": "application/json"}
    assert ask(served, "/", content=question, headers=headers).status_code == 200
    problem(ask(served, "/", content=long, headers=headers), 413, "too-long")
    problem(ask(served, "/", content=pieces(), headers=headers), 413, "too-long")
    problem(ask(served, "/", content=long, headers=headers | {"Content-Length": "9" * 5000}), 413, "too-long")


def test_a_slow_body_is_given_up():
    async def half():
        yield b'{"inputs"'
        await asyncio.sleep(30)

    served = body().web(limits=Limits(body_seconds=0.05))
    response = ask(served, "/", content=half(), headers={"Content-Type": "application/json"})
    problem(response, 408, "too-slow")
    assert response.headers["connection"] == "close"


def test_who_finds_the_line_full_is_told_when_to_come_again(work):
    served = work.dsp.web(limits=Limits(at_work=1, waiting=1, retry_seconds=2.5))

    async def three():
        async with client_of(served, timeout=30) as client:
            first = asyncio.create_task(client.post("/", json=QUESTION))
            await work.until_begun()
            second = asyncio.create_task(client.post("/", json=QUESTION))
            await until(lambda: served.admission.waiting)
            third = await client.post("/", json=QUESTION)
            problem(third, 429, "busy")
            assert third.headers["retry-after"] == "3"
            work.may_end.set()
            return [(await each).status_code for each in (first, second)]

    assert asyncio.run(three()) == [200, 200]
    assert (served.admission.gate.inside, served.admission.waiting) == (0, 0)


def test_a_run_that_was_given_up_keeps_its_place_until_its_call_has_ended(work):
    served = work.dsp.web(limits=Limits(at_work=1, waiting=0, run_seconds=0.05))

    async def asked():
        async with client_of(served, timeout=30) as client:
            problem(await client.post("/", json=QUESTION), 504, "time")
            problem(await client.post("/", json=QUESTION), 429, "busy")
            work.may_end.set()
            await until(lambda: not served.admission.gate.inside)
            return (await client.post("/", json=QUESTION)).status_code

    assert asyncio.run(asked()) == 200


def test_who_leaves_the_line_gives_the_place_to_the_next(work):
    served = work.dsp.web(limits=Limits(at_work=1, waiting=5))

    async def asked():
        async with client_of(served, timeout=30) as client:
            first = asyncio.create_task(client.post("/", json=QUESTION))
            await work.until_begun()
            second = asyncio.create_task(client.post("/", json=QUESTION))
            await until(lambda: served.admission.waiting)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            assert served.admission.waiting == 0
            work.may_end.set()
            await first
            return (await client.post("/", json=QUESTION)).status_code

    assert asyncio.run(asked()) == 200
    assert served.admission.gate.inside == 0


def test_slow_calls_do_not_hold_up_others(work):
    work.dsp.add_function("quick", lambda x: x + 1, ["x"], ["z"])
    served = work.dsp.web()

    async def asked():
        async with client_of(served, timeout=30) as client:
            slow = [asyncio.create_task(client.post("/", json=QUESTION)) for _ in range(20)]
            await work.until_begun(20)
            quick = await client.post("/", json={"inputs": {"x": 1}, "outputs": ["z"]})
            assert not any(each.done() for each in slow)
            work.may_end.set()
            await asyncio.gather(*slow)
            return quick.json()

    assert asyncio.run(asked()) == {"return": {"z": 2}}


def test_limits_are_positive():
    with pytest.raises(BuildError, match="the limit at_work is 0"):
        Limits(at_work=0)
    with pytest.raises(BuildError, match="the limit run_seconds is -1"):
        Limits(run_seconds=-1)
    assert Limits(run_seconds=None, waiting=0).run_seconds is None


def test_a_quick_model_is_run_on_the_event_loop_itself():
    places = []
    dsp = tw.Dispatcher(name="quick")
    dsp.add_function("f", lambda x: places.append(threading.current_thread()) or x, ["x"], ["y"])
    assert ask(dsp.web(quick=True), "/", QUESTION).json() == {"return": {"y": 1}}
    assert ask(dsp.web(), "/", QUESTION).json() == {"return": {"y": 1}}
    assert [place is threading.main_thread() for place in places] == [True, False]


@pytest.mark.parametrize("quick", [False, True])
def test_every_place_is_given_back_however_a_run_ends(quick):
    dsp = tw.Dispatcher(name="ends")

    @dsp.function(outputs=["y"], function_id="f")
    def f(x):
        raise {0: ValueError, 1: SystemExit, 2: KeyboardInterrupt}[x]

    served = dsp.web(quick=quick, limits=Limits(at_work=1, waiting=0))
    statuses = [
        ask(served, path, {"inputs": {"x": x}}).status_code for x in (0, 1, 2, "odd") for path in ("/", "/ends/f")
    ]
    assert statuses == [200, 422, 500, 500, 500, 500, 200, 422]
    assert served.admission.gate.inside == 0

"""What is wrong with a request has a status and a form that a program understands."""

import asyncio
import subprocess
import sys
import threading

import pytest

import thalweg as tw
from tests.web.models import ask, body, kinds, problem
from thalweg.errors import WorkerDied
from thalweg.web import Limits


@pytest.fixture(scope="module")
def served():
    return body().web()


def test_an_unknown_name_is_told_with_what_was_meant(served):
    told = problem(ask(served, "/", {"inputs": {"volum": 1}, "outputs": ["mass", "wieght"]}), 422, "unfit")
    assert told["errors"] == [
        {"pointer": "/inputs/volum", "detail": "unknown name 'volum'; did you mean 'volume'?"},
        {"pointer": "/outputs/1", "detail": "unknown name 'wieght'; did you mean 'weight'?"},
    ]
    assert told["detail"].startswith("/inputs/volum: unknown name 'volum'; did you mean 'volume'?; and 1 more")


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({"inputs": {"volume": "3"}}, "/inputs/volume"),
        ({"inputs": {"volume": True}}, "/inputs/volume"),
        ({"args": [{"volume": "3"}]}, "/args/0/volume"),
        ({"kwargs": {"inputs": {"volume": []}}}, "/kwargs/inputs/volume"),
        ({"args": [{}, ["mass"]], "kwargs": {"inputs": {}}}, "/kwargs/inputs"),
        ({"args": [{}, None, None, False, 5]}, "/args"),
        ({"args": [], "inputs": {}}, "/"),
        ({"executor": "threads"}, "/executor"),
        ({"kwargs": {"executor": "threads"}}, "/kwargs/executor"),
        ({"timeout": 0}, "/timeout"),
        ({"objective": "beauty"}, "/objective"),
        ([], ""),
    ],
)
def test_what_does_not_fit_is_pointed_at(served, question, pointer):
    told = problem(ask(served, "/", question), 422, "unfit")
    assert [each["pointer"] for each in told["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("question", "pointer", "detail"),
    [
        ({}, "/inputs/mass", "it is missing, and has no default"),
        ({"args": [], "kwargs": {}}, "/kwargs", "it is missing, and has no default"),
        ({"args": [1, 2, 3]}, "/args", "there are 3, and at most 2 are taken"),
        ({"args": ["x"]}, "/args/0", "Input should be a valid number"),
        ({"args": [1], "kwargs": {"mass": 1}}, "/kwargs/mass", "'mass' is given twice; give it once"),
        ({"kwargs": {"mas": 1, "mass": 2}}, "/kwargs/mas", "unknown name 'mas'; did you mean 'mass'?"),
    ],
)
def test_what_does_not_fit_a_function_is_pointed_at(served, question, pointer, detail):
    told = problem(ask(served, "/body/weigh", question), 422, "unfit")
    assert told["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize(
    "inputs",
    [
        {"point": {"x": 1}},
        {"point": [1, 2]},
        {"array": [[1], [1, 2]]},
        {"array": ["1"]},
        {"array": 3},
        {"number": -1},
        {"colour": "green"},
        {"days": 1.5},
        {"day": "yesterday"},
        {"flags": [1]},
    ],
)
def test_a_value_of_another_kind_is_refused(inputs):
    told = problem(ask(kinds().web(), "/", {"inputs": inputs}), 422, "unfit")
    assert all(each["pointer"].startswith(f"/inputs/{next(iter(inputs))}") for each in told["errors"])


@pytest.mark.parametrize(
    ("question", "pointer", "detail"),
    [
        ({"inputs": {"side": "lefty"}}, "/inputs/side", "Input should be 'left' or 'right'"),
        ({"objective": "span-wise"}, "/objective", "Input should be 'span' or 'tree'"),
        ({"inputs": {"point": {"x": 1, "y": 2, "points": 3}}}, "/inputs/point/points", "Unexpected keyword argument"),
    ],
)
def test_a_value_that_is_no_name_is_not_told_as_one(question, pointer, detail):
    told = problem(ask(kinds().web(), "/", question), 422, "unfit")
    assert told["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"inputs": ' + b"[" * 5000, b"1" * 5000, b'"\\ud800"', b"{}{}"])
def test_what_is_no_json_is_said_to_be_none(served, text):
    response = ask(served, "/", content=text, headers={"Content-Type": "application/json"})
    assert problem(response, 400, "json")["detail"].startswith("this is no JSON: ")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_a_body_that_a_page_of_elsewhere_could_send_is_refused(served, headers):
    problem(ask(served, "/", content=b"{}", headers=headers), 415, "kind")


def test_other_addresses_and_methods(served):
    told = problem(ask(served, "/body/weihg", {}), 404, "not-found")
    assert "did you mean /body/weigh" in told["detail"]
    for path, method, allowed in (
        ("/", "PUT", "GET, HEAD, POST"),
        ("/body", "GET", "POST"),
        ("/drawing", "PUT", "GET, POST, HEAD"),
        ("/fill", "GET", "POST"),
        ("/body/weigh", "DELETE", "POST"),
        ("/runs", "PUT", "GET, POST, HEAD"),
        ("/runs/0", "POST", "GET, DELETE, HEAD"),
        ("/openapi.json", "POST", "GET, HEAD"),
    ):
        response = ask(served, path, method=method)
        problem(response, 405, "method")
        assert response.headers["allow"] == allowed


def test_what_is_out_of_reach_says_what_would_help(served):
    told = problem(ask(served, "/", {"outputs": ["weight"]}), 422, "unreachable")
    assert told["outputs"] == ["weight"]
    assert ["mass"] in told["missing"]
    assert told["detail"].startswith("'weight' cannot be had from what is given; it would help to give ")


def test_what_failed_in_the_way_is_told_and_what_was_had_is_given(served):
    told = problem(ask(served, "/", {"inputs": {"scale": 0}, "outputs": ["mass", "g"]}), 422, "unreachable")
    assert (told["outputs"], told["return"]) == (["mass"], {"g": 10.0})
    assert told["errors"] == [
        {"node": "measure", "kind": "error", "error": "ZeroDivisionError", "message": "float division by zero"}
    ]
    assert "measure failed: ZeroDivisionError: float division by zero" in told["detail"]
    assert "traceback" not in str(told).lower()


def test_a_function_that_fails_or_refuses_is_a_problem_of_the_values(served):
    told = problem(ask(served, "/body/measure", {"args": [0]}), 422, "failed")
    assert told["detail"] == "measure failed: ZeroDivisionError: float division by zero"
    assert [each["kind"] for each in told["errors"]] == ["error"]
    problem(ask(served, "/body/bounds", {"args": [-1]}), 422, "refused")


def test_a_function_that_gives_nothing_is_a_problem():
    dsp = tw.Dispatcher(name="nothing")
    dsp.add_function("f", lambda x: tw.NONE, ["x"], ["y"])
    told = problem(ask(dsp.web(), "/nothing/f", {"args": [1]}), 422, "unreachable")
    assert told["detail"] == "f gave nothing for these values"


def test_a_model_that_ends_by_the_first_failure_says_which():
    dsp = tw.Dispatcher(name="strict", raises=True)
    dsp.add_function("f", lambda x: 1 / x, ["x"], ["y"])
    told = problem(ask(dsp.web(), "/", {"inputs": {"x": 0}}), 422, "failed")
    assert told["detail"] == "f failed: ZeroDivisionError: division by zero"


def test_tracebacks_are_told_to_who_debugs():
    served = body().web(debug=True)
    told = problem(ask(served, "/body/measure", {"args": [0]}), 422, "failed")
    assert "return 1000.0 / scale" in told["errors"][0]["traceback"]
    told = ask(served, "/", {"inputs": {"scale": 0}}).json()
    assert "return 1000.0 / scale" in told["errors"][0]["traceback"]


def raises(error):
    dsp = tw.Dispatcher(name="worse")

    @dsp.function(outputs=["y"], function_id="f")
    def f(x):
        raise error

    return dsp


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
@pytest.mark.parametrize("path", ["/", "/worse/f"])
@pytest.mark.parametrize("quick", [False, True])
def test_a_function_that_would_end_the_program_does_not_end_the_server(error, path, quick, caplog):
    question = {"inputs": {"x": 1}} | ({"outputs": ["y"]} if path == "/" else {})
    told = problem(ask(raises(error).web(quick=quick), path, question), 500, "server")
    assert told["detail"] == "the server failed; its log says how"
    assert "ended by an error of the server" in caplog.text


def test_a_worker_that_died_is_a_failure_of_the_server():
    served = raises(WorkerDied("it was killed")).web()
    told = problem(ask(served, "/", {"inputs": {"x": 1}, "outputs": ["y"]}), 500, "unreachable")
    assert told["errors"][0]["error"] == "WorkerDied"
    problem(ask(served, "/worse/f", {"args": [1]}), 500, "failed")


def test_the_error_of_a_server_says_nothing_unless_debugged(caplog):
    dsp = tw.Dispatcher(name="odd", executor="no such executor")
    dsp.add_function("f", lambda x: x, ["x"], ["y"])
    told = problem(ask(dsp.web(), "/", {"inputs": {"x": 1}}), 500, "server")
    assert "executor" not in str(told)
    told = problem(ask(dsp.web(debug=True), "/", {"inputs": {"x": 1}}), 500, "server")
    assert "no such executor" in told["traceback"]


@pytest.mark.parametrize("question", [{}, {"timeout": 0.05}])
def test_a_run_that_takes_too_long_is_given_up(question):
    gone_on = threading.Event()
    dsp = tw.Dispatcher(name="slow")
    dsp.add_function("wait", lambda x: gone_on.wait(30), ["x"], ["y"])
    served = dsp.web(limits=Limits(run_seconds=30 if question else 0.05))
    response = ask(served, "/", {"inputs": {"x": 1}, "outputs": ["y"], **question})
    if question:
        told = problem(response, 422, "time")
        assert told["detail"] == "the run took longer than the 0.05 s that it was given; give it more"
    else:
        told = problem(response, 504, "time")
        assert told["detail"] == "the run took longer than 0.05 s; ask for less, or start a long run by POST /runs"
    gone_on.set()


def test_a_run_of_coroutines_that_takes_too_long_is_cancelled():
    ended = []
    dsp = tw.Dispatcher(name="slow")

    @dsp.function(outputs=["y"])
    async def wait(x):
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(sys.exc_info()[0])

    served = dsp.web(limits=Limits(run_seconds=0.05))
    problem(ask(served, "/", {"inputs": {"x": 1}, "outputs": ["y"]}), 504, "time")
    assert ended == [asyncio.CancelledError]


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("it has no text")


@pytest.mark.parametrize(
    ("error", "message"), [(Mute(), ""), (ValueError("\ud800"), "\\ud800"), (ValueError("x" * 10**6), "x" * 1000)]
)
def test_an_error_that_is_hard_to_tell_is_told_as_far_as_it_can_be(error, message):
    served = raises(error).web()
    assert ask(served, "/", {"inputs": {"x": 1}}).json()["errors"][0]["message"] == message
    told = problem(ask(served, "/worse/f", {"args": [1]}), 422, "failed")
    assert told["errors"][0]["message"] == message


def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it():
    code = "import sys; sys.modules['starlette'] = None; import thalweg; thalweg.Dispatcher().web()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "thalweg.errors.MissingExtraError: models as web services need starlette, which is not installed; "
        "pip install 'thalweg[web]'"
    )

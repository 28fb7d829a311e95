"""What is asked before anything is called: what is missing, and which way would be taken."""

import pytest

import thalweg as tw
from tests.web.models import ask, body, problem
from thalweg.web import Limits


@pytest.fixture(scope="module")
def served():
    return body().web()


def test_what_is_missing_is_told_cheapest_first(served):
    dsp = body()
    told = ask(served, "/missing", {"inputs": ["g"], "outputs": ["weight"]}).json()
    assert told == {"is_enough": False, "missing": [list(each) for each in dsp.missing(["weight"], ["g"], 5)]}
    assert ask(served, "/missing", {"outputs": ["weight"], "sets": 1}).json()["missing"] == [["mass"]]


def test_when_it_is_enough_nothing_is_missing(served):
    asked = {"inputs": ["mass"], "outputs": ["weight", "announce"]}
    assert ask(served, "/missing", asked).json() == {"is_enough": True, "missing": []}


def test_what_nothing_helps_to_is_told():
    dsp = tw.Dispatcher(name="lonely")
    dsp.add_data("alone")
    assert ask(dsp.web(), "/missing", {"outputs": ["alone"]}).json() == {"is_enough": False, "missing": []}


def test_the_plan_is_that_of_solve(served):
    told = ask(served, "/plan", {"inputs": ["scale"], "outputs": ["weight"]}).json()
    plan = body().solve(["scale"], ["weight"])
    assert told["calls"] == plan.calls == ["measure", "weigh"]
    assert told["data"]["weight"] == {"provider": "weigh", "distance": plan.distances["weight"]}
    assert told["data"]["g"]["provider"] == "START"
    assert (told["unreachable"], told["count"]) == ([], 2)
    assert ask(served, "/plan", {"outputs": ["weight"]}).json()["unreachable"] == ["weight"]


def test_without_outputs_all_that_can_be_had_is_planned(served):
    assert {"measure", "weigh", "announce"} <= set(ask(served, "/plan", {"inputs": ["scale"]}).json()["calls"])


@pytest.mark.parametrize("path", ["/missing", "/plan", "/drawing"])
def test_wrong_names_are_told_with_near_ones(served, path):
    told = problem(ask(served, path, {"inputs": ["volumen"], "outputs": ["weight"]}), 422, "unfit")
    assert told["errors"] == [{"pointer": "/inputs/0", "detail": "unknown name 'volumen'; did you mean 'volume'?"}]
    told = problem(ask(served, path, {"outputs": ["wieght"]}), 422, "unfit")
    assert told["errors"][0]["detail"] == "unknown name 'wieght'; did you mean 'weight'?"
    told = problem(ask(served, path, {"input": []}), 422, "unfit")
    assert "did you mean 'inputs'?" in str(told["errors"])


def test_to_ask_what_is_missing_something_must_be_wanted(served):
    told = problem(ask(served, "/missing", {"inputs": ["g"]}), 422, "unfit")
    assert told["errors"] == [{"pointer": "/outputs", "detail": "it is missing, and has no default"}]
    problem(ask(served, "/missing", {"outputs": ["weight"], "sets": 21}), 422, "unfit")


def test_what_is_not_exposed_is_not_told():
    served = body().web(expose=["volume", "weight"])
    assert ask(served, "/missing", {"outputs": ["weight"]}).json()["missing"] == [["volume"]]
    told = ask(served, "/plan", {"inputs": ["volume"], "outputs": ["weight"]}).json()
    assert (told["count"], told["calls"]) == (2, [])
    assert told["data"]["weight"]["provider"] is None
    assert set(told["data"]) == {"volume", "weight"}
    problem(ask(served, "/plan", {"inputs": ["mass"]}), 422, "unfit")


def test_no_function_is_called():
    called = []
    dsp = tw.Dispatcher(name="quiet")
    dsp.add_function("f", called.append, ["x"], ["y"], input_domain=called.append)
    for path in ("/missing", "/plan", "/drawing"):
        assert ask(dsp.web(), path, {"inputs": ["x"], "outputs": ["y"]}).status_code == 200
    assert called == []


def test_they_are_under_the_limits():
    served = body().web(limits=Limits(body_bytes=100))
    for path in ("/missing", "/plan", "/drawing"):
        long = {"inputs": ["volume"] * 50, "outputs": ["weight"]}
        problem(ask(served, path, long), 413, "too-long")
        told = ask(served, path, method="POST", content=b"{}", headers={"Content-Type": "text/plain"})
        problem(told, 415, "kind")
        problem(
            ask(served, path, method="POST", content=b"{", headers={"Content-Type": "application/json"}), 400, "json"
        )


def test_ids_that_are_no_text_are_named_by_theirs():
    dsp = tw.Dispatcher(name="odd")
    dsp.add_function("f", abs, [("x", 1)], [2])
    told = ask(dsp.web(), "/missing", {"outputs": ["2"]}).json()
    assert told["missing"] == [["('x', 1)"]]
    told = ask(dsp.web(), "/plan", {"inputs": ["('x', 1)"], "outputs": ["2"]}).json()
    assert told["calls"] == ["f"]
    assert told["data"]["2"] == {"provider": "f", "distance": 2.0}

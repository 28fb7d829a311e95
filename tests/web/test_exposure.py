"""Only what is exposed can be reached, and nothing else is ever named."""

import asyncio
import re

import pytest

import thalweg as tw
from tests.web.models import ask, body, client_of, problem
from thalweg.errors import UnknownNodeError


def secret_model():
    dsp = tw.Dispatcher(name="open")

    @dsp.function(outputs=["hidden"])
    def hidden_step(a: float) -> float:
        if a < 0:
            raise ValueError("the hidden reason")
        return a + 1

    @dsp.function(outputs=["b"])
    def last_step(hidden: float) -> float:
        return hidden * 2

    return dsp


def test_what_is_not_exposed_takes_part_and_is_never_named():
    served = secret_model().web(expose=["a", "b", "last_step"])
    for path in ("/", "/?data=input,return,errors,explain"):
        response = ask(served, path, {"inputs": {"a": 1.0}, "outputs": ["b"]})
        assert response.json()["return"] == {"b": 4.0}
        assert "hidden" not in response.text
    assert ask(served, "/?data=return,explain", {"inputs": {"a": 1.0}}).json()["return"] == {"a": 1.0, "b": 4.0}
    response = ask(served, "/", {"inputs": {"a": -1.0}, "outputs": ["b"]})
    told = problem(response, 422, "unreachable")
    assert told["errors"] == [{"node": None, "kind": "error"}]
    assert "hidden" not in response.text
    response = ask(served, "/", {"outputs": ["b"]})
    assert problem(response, 422, "unreachable")["missing"] == [["a"]]
    assert "hidden" not in response.text
    assert "hidden_step" not in ask(served, "/openapi.json", method="GET").text


def test_what_is_not_exposed_can_be_neither_given_nor_asked_for_nor_called():
    served = secret_model().web(expose=["a", "b"])
    problem(ask(served, "/", {"inputs": {"hidden": 1.0}, "outputs": ["b"]}), 422, "unfit")
    told = problem(ask(served, "/", {"inputs": {"a": 1.0}, "outputs": ["hiddn"]}), 422, "unfit")
    assert "did you mean" not in told["detail"]
    problem(ask(served, "/open/hidden_step", {"args": [1.0]}), 404, "not-found")
    problem(ask(served, "/open/last_step", {"args": [1.0]}), 404, "not-found")
    assert "hidden" not in ask(served, "/openapi.json", method="GET").text


def test_parts_of_models_within_are_exposed_by_their_paths():
    served = body().web(expose=["volume", "mass", "air/gas_law"])
    assert ask(served, "/body/air/gas_law", {"args": [6, 3]}).json() == {"return": 2.0}
    problem(ask(served, "/body/air", {}), 404, "not-found")
    assert set(served.exposure.served) == {"body", "body/air/gas_law"}
    whole = body().web(expose=["air"])
    assert set(whole.exposure.served) == {"body", "body/air", "body/air/gas_law"}


def test_a_part_cut_out_is_all_there_is():
    served = body().get_sub_dsp(["mass", "g", "weight", "weigh"]).web()
    assert set(served.exposure.served) == {"body", "body/weigh"}
    problem(ask(served, "/", {"inputs": {"volume": 1}}), 422, "unfit")


def test_one_name_is_exposed_as_a_list_of_one():
    assert body().web(expose="weigh").exposure.served.keys() == {"body", "body/weigh"}
    with pytest.raises(UnknownNodeError, match="'wieght'"):
        body().web(expose="wieght")


def units():
    """Names have slashes; by its text the hidden function might stand in the model within."""
    within = tw.Dispatcher(name="within")
    within.add_function("km/h", lambda v: 3.6 * v, ["m/s"], ["km/h of v"])
    dsp = tw.Dispatcher(name="units")
    dsp.add_function("x/t", lambda x: x, ["x"], ["m/s"])
    dsp.add_dispatcher(within, {"m/s": "m/s"}, {"km/h of v": "v"}, dsp_id="fast")
    dsp.add_function("fast/hidden", lambda v: v, ["v"], ["end"])
    return dsp


def calls_told(served):
    """Functions that are named by a plan, and by the events of a run."""

    async def asked():
        async with client_of(served) as client:
            plan = (await client.post("/plan", json={"inputs": ["x"]})).json()["calls"]
            started = (await client.post("/runs", json={"inputs": {"x": 1}})).json()
            events = (await client.get(started["events"])).text
            return plan, re.findall('event: done\ndata: {"path":"([^"]*)"', events)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("expose", "told"),
    [
        (None, ["x/t", "fast/km/h", "fast/hidden"]),
        (["x", "x/t"], ["x/t"]),
        (["x", "fast/km/h"], ["fast/km/h"]),
        (["x", "fast"], ["fast/km/h"]),
        (["x"], []),
    ],
)
def test_names_with_slashes_are_told_where_they_are_exposed(expose, told):
    served = units().web(expose=expose)
    assert calls_told(served) == (told, told)
    addresses = {address for address in served.exposure.served if address.count("/") > 1}
    assert addresses == {f"units/{name}" for name in told}


def test_a_node_that_is_not_there_cannot_be_exposed():
    with pytest.raises(UnknownNodeError, match="did you mean 'weight'"):
        body().web(expose=["wieght"])
    with pytest.raises(UnknownNodeError, match="unknown node to be exposed 'gas'"):
        body().web(expose=["air/gas"])
    with pytest.raises(UnknownNodeError):
        body().web(expose=["mass/gas_law"])


def test_two_nodes_cannot_have_one_address():
    dsp = tw.Dispatcher(name="m")
    inner = tw.Dispatcher(name="a")
    inner.add_function("b", abs, ["x"], ["y"])
    dsp.add_dispatcher(inner)
    dsp.add_function("a/b", abs, ["u"], ["v"])
    with pytest.raises(tw.errors.BuildError, match="two nodes have the address 'm/a/b'"):
        dsp.web()

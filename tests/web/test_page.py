"""The page and its files: who gets which, and that nothing of a model is in them."""

import json

import pytest
from fastapi import FastAPI

from tests.web.models import ask, body, problem
from thalweg.errors import BuildError
from thalweg.web.page import assets

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
TOKEN = "a-token-of-enough-characters"


@pytest.fixture(scope="module")
def served():
    return body().web()


def test_people_get_the_page_and_programs_the_description(served):
    page = ask(served, "/", method="GET", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5", ""):
        told = ask(served, "/", method="GET", headers={"Accept": accept})
        assert told.json()["openapi"] == "3.1.0", accept
    assert page.headers["vary"] == "Accept"


def test_the_page_may_load_nothing_but_its_own_files(served):
    page = ask(served, "/", method="GET", headers=HTML)
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[each] for each in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "http" not in page.text


@pytest.mark.parametrize("name", [name for name in assets() if name])
def test_each_file_of_the_page_is_given(served, name):
    found = ask(served, f"/static/{name}", method="GET")
    assert found.status_code == 200
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert found.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])
    again = ask(served, f"/static/{name}", method="GET", headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "page.html", "..%2fpage.py", "%2e%2e%2fapp.py", "a/b.js", ""])
def test_there_are_no_other_files(served, name):
    problem(ask(served, f"/static/{name}", method="GET"), 404, "not-found")


def test_without_a_token_the_page_is_there_and_the_model_is_not():
    served = body().web(token=TOKEN)
    outside = {"base_url": "http://models.example"}
    assert ask(served, "/", method="GET", headers=HTML, **outside).status_code == 200
    assert ask(served, "/static/main.js", method="GET", **outside).status_code == 200
    for method, path in (
        ("GET", "/"),
        ("GET", "/openapi.json"),
        ("GET", "/drawing"),
        ("GET", "/staticfile"),
        ("GET", "/static"),
        ("GET", "/static/"),
        ("GET", "/static/nothing.js"),
        ("GET", "/static/body/weigh"),
        ("GET", "/body"),
        ("POST", "/static/main.js"),
        ("POST", "/missing"),
        ("POST", "/plan"),
        ("POST", "/drawing"),
        ("POST", "/fill"),
    ):
        problem(ask(served, path, method=method, **outside), 401, "token")
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(served, "/drawing", method="GET", headers=shown, **outside).status_code == 200


def test_nothing_of_the_model_is_in_the_files_of_the_page():
    texts = b"".join(asset.body for asset in assets().values())
    assert b"volume" not in texts
    assert b"estimate" not in texts


def test_a_host_that_is_not_this_one_gets_no_page(served):
    problem(ask(served, "/", method="GET", headers=HTML | {"Host": "evil.example"}), 421, "host")


def test_it_stands_under_a_path_of_another_application():
    outer = FastAPI()
    outer.mount("/models/body", body().web(insecure=True))
    page = ask(outer, "/models/body/", method="GET", headers=HTML)
    assert page.status_code == 200
    assert 'href="/' not in page.text
    assert 'src="/' not in page.text
    assert ask(outer, "/models/body", method="GET", headers=HTML).headers["location"].endswith("/models/body/")
    assert ask(outer, "/models/body/static/main.js", method="GET").status_code == 200
    assert ask(outer, "/models/body/missing", {"outputs": ["weight"], "inputs": ["mass"]}).json()["is_enough"]


@pytest.mark.parametrize("name", ["missing", "plan", "drawing", "fill", "static", "runs"])
def test_a_model_cannot_have_the_name_of_an_address_of_the_server(name):
    with pytest.raises(BuildError, match="is an address of the server"):
        body().web(name=name)


def test_the_picture_is_laid_out_in_both_directions(served):
    found = {way: ask(served, f"/drawing?direction={way}", method="GET").json() for way in ("LR", "TB")}
    sizes = {}
    for way, told in found.items():
        assert {"f1", "d1", "s1"} <= {box["key"] for box in told["boxes"]}
        places = told["levels"][""]["places"].values()
        sizes[way] = max(x for x, *_ in places) / max(y for _, y, *_ in places)
    assert sizes["LR"] > sizes["TB"]
    assert ask(served, "/drawing", method="GET").json() == found["LR"]
    problem(ask(served, "/drawing?direction=XY", method="GET"), 400, "parameter")


def test_a_plan_is_laid_over_the_picture(served):
    keys = {box["label"]: box["key"] for box in ask(served, "/drawing", method="GET").json()["boxes"]}
    told = ask(served, "/drawing", {"inputs": ["scale"], "outputs": ["weight"]}).json()
    states = {label: told["boxes"].get(key, {}).get("state") for label, key in keys.items()}
    assert (states["scale"], states["measure"], states["mass"], states["g"]) == (
        "given", "planned", "planned", "default"
    )  # fmt: skip
    assert states["estimate"] == "waiting"
    assert [keys["measure"], keys["mass"], "used"] in told["arrows"]
    assert set(told["usedLevels"][""]["places"]) == {
        keys[each] for each in ("scale", "measure", "mass", "g", "weigh", "weight")
    }


def test_what_is_not_exposed_is_not_in_the_picture():
    served = body().web(expose=["volume", "weight", "air/density"])
    seen = ask(served, "/drawing", method="GET").text + ask(served, "/drawing", {"inputs": ["volume"]}).text
    for name in ("mass", "estimate", "scale", "least", "announce", "gas_law", "temperature"):
        assert name not in seen
    assert '"volume"' in seen
    assert '"density"' in seen
    boxes = ask(served, "/drawing", method="GET").json()["boxes"]
    assert {"/".join(box["path"]) for box in boxes} == {"volume", "weight", "air", "air/density"}


def test_what_is_exposed_has_its_calls_in_the_picture():
    served = body().web(expose=["scale", "measure", "weight"])
    keys = {box["label"]: box["key"] for box in ask(served, "/drawing", method="GET").json()["boxes"]}
    told = ask(served, "/drawing", {"inputs": ["scale"], "outputs": ["weight"]}).json()
    assert told["steps"] == [{"box": keys["measure"], "state": "planned"}]
    assert told["boxes"][keys["measure"]] == {"state": "planned", "order": 1}
    assert [keys["scale"], keys["measure"], "used"] in told["arrows"]


def test_the_description_names_them_all(served):
    paths = json.loads(ask(served, "/openapi.json", method="GET").text)["paths"]
    assert {"/missing", "/plan", "/drawing", "/runs/{run}/drawing", "/fill"} <= set(paths)
    assert set(paths["/"]) == {"get", "post"}

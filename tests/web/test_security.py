"""Who is let in: everybody on this machine, and of others those with the token."""

import asyncio

import httpx
import pytest

from tests.web.models import ask, body, client_of, problem
from thalweg.errors import BuildError

TOKEN = "a-token-of-enough-characters"
QUESTION = {"inputs": {"volume": 3}, "outputs": ["mass"]}


def ask_from(application, client="127.0.0.1", **options):
    async def one():
        transport = httpx.ASGITransport(app=application, client=(client, 1234))
        base = options.pop("base_url", "http://127.0.0.1:5000")
        async with httpx.AsyncClient(transport=transport, base_url=base) as asking:
            return await asking.post("/", json=QUESTION, **options)

    return asyncio.run(one())


@pytest.mark.parametrize("base", ["http://127.0.0.1:5000", "http://localhost", "http://[::1]:5000", "http://127.8.9.1"])
def test_this_machine_is_answered(base):
    assert ask_from(body().web(), base_url=base).status_code == 200


def test_other_machines_are_sent_away_without_a_token():
    told = problem(ask_from(body().web(), client="192.0.2.7"), 403, "place")
    assert "give web(token=...)" in told["detail"]


def test_a_server_that_listens_elsewhere_sends_away_even_this_machine_without_a_token():
    problem(ask_from(body().web(), base_url="http://192.0.2.1"), 403, "place")


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
def test_who_comes_through_a_proxy_may_be_anybody(name):
    problem(ask_from(body().web(), headers={name: "192.0.2.7"}), 403, "place")


@pytest.mark.parametrize("hosts", ["models.example", "Models.Example:8080", ["models.example"]])
def test_a_name_of_the_server_may_stand_alone_and_with_its_port(hosts):
    served = body().web(hosts=hosts)
    assert ask(served, "/", {}, headers={"Host": "models.example:8080"}).status_code == 200
    problem(ask(served, "/", {}, headers={"Host": "m"}), 421, "host")


def test_a_name_that_was_bound_to_this_machine_anew_is_refused():
    served = body().web()
    for host in ("evil.example", "evil.example:5000", "127.0.0.1.evil.example", "", "localhost.evil.example:80"):
        problem(ask_from(served, headers={"Host": host}), 421, "host")
    assert ask_from(served, headers={"Host": "LOCALHOST:5000"}).status_code == 200
    named = body().web(hosts=["Models.Example"])
    assert ask_from(named, headers={"Host": "models.example:8080"}).status_code == 200
    problem(ask_from(named, headers={"Host": "other.example"}), 421, "host")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:6000", "file://"])
@pytest.mark.parametrize("options", [{}, {"token": TOKEN}, {"insecure": True}], ids=["open", "token", "insecure"])
def test_a_page_of_another_site_is_refused(origin, options):
    headers = {"Origin": origin, "Authorization": f"Bearer {TOKEN}"}
    problem(ask_from(body().web(**options), headers=headers), 403, "origin")


def test_a_page_of_this_server_is_answered_and_sharing_is_off():
    response = ask_from(body().web(), headers={"Origin": "http://127.0.0.1:5000"})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]
    response = ask(
        body().web(),
        "/",
        method="OPTIONS",
        headers={"Origin": "http://127.0.0.1:5000", "Access-Control-Request-Method": "POST"},
    )
    assert response.status_code == 405


def test_with_a_token_it_is_needed_everywhere_and_enough():
    served = body().web(token=TOKEN)
    shown = {"Authorization": f"Bearer {TOKEN}"}
    for client in ("127.0.0.1", "192.0.2.7"):
        response = ask_from(served, client=client)
        problem(response, 401, "token")
        assert response.headers["www-authenticate"] == 'Bearer realm="thalweg"'
        response = ask_from(served, client=client, base_url="https://models.example", headers=shown)
        assert response.status_code == 200


@pytest.mark.parametrize(
    "shown", [f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", f"Basic {TOKEN}", "", "Bearer ü"]
)
def test_another_token_is_none(shown):
    problem(ask_from(body().web(token=TOKEN), headers={"Authorization": shown.encode()}), 401, "token")


def test_every_address_asks_for_the_token():
    served = body().web(token=TOKEN)

    async def all_of_them():
        async with client_of(served) as client:
            for method, path in (("GET", "/openapi.json"), ("GET", "/runs"), ("POST", "/runs"), ("GET", "/nothing")):
                problem(await client.request(method, path), 401, "token")

    asyncio.run(all_of_them())


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "ü" * 20, "two\nlines of a token"])
def test_a_token_that_guards_nothing_is_refused(token):
    with pytest.raises(BuildError, match="token"):
        body().web(token=token)


def test_insecure_is_said_aloud_and_answers_everybody(caplog):
    served = body().web(insecure=True)
    assert "whoever reaches this server" in caplog.text
    assert ask_from(served, client="192.0.2.7", base_url="http://models.example").status_code == 200


def test_no_site_at_an_address_that_others_reach_unless_it_is_guarded():
    with pytest.raises(BuildError, match="can be reached from other machines"):
        body().web().site("0.0.0.0")
    with pytest.raises(BuildError, match="client_ca needs a certificate"):
        body().web().site("0.0.0.0", client_ca="ca.pem")
    body().web(token=TOKEN).site("0.0.0.0")
    body().web(insecure=True).site("0.0.0.0")
    for host in ("localhost", "::1", "127.0.0.5"):
        body().web().site(host)

"""The example of remote services: real servers on this machine, each failing in its own way."""

import json
from urllib.error import HTTPError, URLError

import pytest

import thalweg as tw


@pytest.fixture(scope="module")
def services(example):
    return example("services")


@pytest.fixture
def bank(services):
    with services.server.Service() as service:
        yield service


@pytest.fixture
def known(bank, tmp_path):
    file = tmp_path / "rates.json"
    file.write_text(json.dumps({"CHF": 0.9}), encoding="utf-8")
    return {"bank_url": bank.url, "rates_file": file, "currency": "CHF"}


def rate(services, known):
    return services.model.dsp(known, outputs=["rate"])


def test_the_bank_is_asked_once(services, bank, known):
    solution = rate(services, known)
    assert (solution["rate"], solution.calls, bank.asked) == (0.95, ["bank"], 1)


@pytest.mark.parametrize(
    ("mood", "node", "error"),
    [("broken", "bank", HTTPError), ("silent", "bank", (TimeoutError, URLError)), ("confused", "rate", ValueError)],
)
def test_each_failure_leads_to_the_file(services, bank, known, mood, node, error):
    bank.mood = mood
    solution = rate(services, known)
    assert (solution["rate"], solution.providers["rate"]) == (0.9, "yesterday")
    assert isinstance(solution.errors[node].error, error)
    assert bank.asked == 1


def test_a_bank_that_is_gone_is_noticed(services, bank, known):
    bank.stop()
    solution = rate(services, known)
    assert isinstance(solution.errors["bank"].error, URLError)
    assert solution.providers["rate"] == "yesterday"


def test_without_any_other_source_a_rule_of_thumb_is_used(services, bank, known):
    bank.mood = "broken"
    assert rate(services, known | {"currency": "JPY"})["rate"] == 160.0


def test_an_unknown_currency_is_an_error_that_names_all_that_failed(services, bank, known):
    with pytest.raises(tw.errors.UnreachableError) as caught:
        rate(services, known | {"currency": "XXX"})
    assert caught.value.failures == ("bank", "yesterday", "rule of thumb")


def test_postage_counts_each_kilogram_begun(services):
    assert [services.model.postage(kg, 1) for kg in (0.1, 1.0, 1.1)] == [9.0, 9.0, 11.5]

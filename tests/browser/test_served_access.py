"""What people need who do not see the page or have no mouse: axe-core finds nothing serious, in light and in dark."""

import importlib.resources

import pytest
from playwright.sync_api import expect

from tests.browser.served import TOKEN, begin_and_hold, field, want

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")
TABLE = "tank,volume,flow,hours\nsmall,2,,\nlarge,,,\n"


def grave(page):
    """What axe-core finds that keeps people from using a page; run past the policy of the page, as a tool may."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        (each["id"], node["html"][:200], node["failureSummary"])
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_and_an_answer_can_be_used_by_all(pages, url, scheme):
    page = pages.open(url, scheme=scheme)
    for name, text in (("volume", "6"), ("level", "2,5"), ("area", "1")):
        field(page, name).fill(text)
    want(page, "profile")
    expect(page.locator("#enough")).to_contain_text("Still missing")
    assert grave(page) == []
    page.get_by_label("want profile", exact=True).uncheck()
    want(page, "hours")
    field(page, "level").fill("")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    page.locator(".answer-row summary").click()
    page.locator("#times summary").click()
    page.locator('.box[aria-label^="datum, hours"]').click()
    assert grave(page) == []


def test_a_run_that_goes_on_can_be_used_by_all(page, tank):
    begin_and_hold(page, tank)
    page.locator("#times summary").click()
    assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_filled_table_can_be_used_by_all(pages, url, scheme, tmp_path):
    (tmp_path / "tanks.csv").write_text(TABLE)
    page = pages.open(f"{url}#table", scheme=scheme)
    page.set_input_files("#file", tmp_path / "tanks.csv")
    page.get_by_text("Options").click()
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("holes filled")
    page.locator("td.changed.filled").first.click()
    page.get_by_text("Report", exact=True).click()
    assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_failed_and_the_token_can_be_used_by_all(pages, tank, scheme):
    with pages.served(tank.dsp, token=TOKEN) as address:
        page = pages.open(address, scheme=scheme, width=360, expected=["401"], is_ready=False)
        page.get_by_role("dialog").wait_for()
        assert grave(page) == []
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.keyboard.press("Enter")
        pages.ready(page)
        field(page, "volume").fill("6")
        field(page, "flow").fill("0")
        want(page, "hours")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator("#errors li")).to_contain_text("time_to_drain failed")
        assert grave(page) == []

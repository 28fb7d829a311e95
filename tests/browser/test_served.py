"""The page of a served model in a real browser: asked, followed, cancelled, guarded, in the dark, on a phone."""

from types import FunctionType
from typing import Literal

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from fastapi import FastAPI
from playwright.sync_api import expect

import thalweg as tw
from tests.browser.served import TOKEN, begin_and_hold, deep, field, served, shot, states, want
from thalweg.web import Site
from thalweg.web.limits import Limits
from thalweg.web.security import Guard

EVIL = '"><img src=x onerror=window.bad=1><script>window.bad=1</script>'


def test_the_form_is_made_from_the_schema(page):
    assert page.title() == "tank, by thalweg"
    expect(page.locator("#about")).to_have_text("How long a tank takes to drain")
    labels = page.locator(".field:not(.heads) .label").all_inner_texts()
    assert labels[:7] == ["level m", "area m2", "flow m3/h", "is_round", "mass", "levels", "colour"]
    assert labels[7:] == ["volume m3", "hours h", "profile"]
    expect(field(page, "flow")).to_have_attribute("placeholder", "default 0.5")
    assert page.locator('.field[data-name="level"] .about').inner_text() == "of the water above the outlet; above 0"
    assert field(page, "is_round").locator("option").all_inner_texts() == ["default: yes", "yes", "no"]
    assert field(page, "colour").locator("option").all_inner_texts() == ["not given", "blue", "green"]
    shot(page, "form")


def test_what_is_missing_is_said_at_once(page):
    want(page, "hours")
    said = page.locator("#enough")
    expect(said).to_have_text("Still missing for hours: give volume or mass or level and area together.")
    field(page, "level").fill("2")
    expect(said).to_have_text("Still missing for hours: give volume or area or mass.")
    shot(page, "missing")
    said.get_by_role("button", name="area").click()
    expect(field(page, "area")).to_be_focused()
    page.keyboard.type("3")
    expect(said).to_have_text("Enough is known: 2 functions will be called.")
    expect(page.locator(".chip", has_text="planned")).to_be_visible()
    found = states(page)
    assert found["level"] == ["given"]
    assert found["time_to_drain"] == found["hours"] == ["planned"]
    assert found["guess"] == ["not needed"]
    page.get_by_role("button", name="Clear").click()
    expect(said).to_contain_text("With nothing chosen, all that can be had is computed")


def test_a_run_is_followed_while_a_function_is_at_work(page, tank):
    tank.hold()
    field(page, "level").fill("2")
    field(page, "area").fill("3")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    tank.until_begun()
    expect(page.locator("#progress")).to_have_text("1 of 2 calls; at work: time_to_drain")
    expect(page.locator('.box[aria-label="function, time_to_drain, running"]')).to_be_visible()
    found = states(page)
    assert found["from_level"][0] == found["volume"][0] == "computed"
    assert found["hours"] == ["planned"]
    page.locator("#times summary").click()
    expect(page.locator("#timeline .bar")).to_have_count(2)
    wide = page.locator("#timeline .bar", has_text="time_to_drain").bounding_box()["width"]
    shot(page, "running")
    tank.may_end.set()
    expect(page.locator("#said")).to_contain_text("Done: 1 value. It took")
    expect(page.locator(".answer-row")).to_contain_text("12 h")
    found = states(page)
    assert found["hours"] == ["computed", "= 12"]
    assert found["level"] == ["given", "= 2"]
    assert found["time_to_drain"] == ["computed"]
    assert page.locator("#timeline .bar", has_text="time_to_drain").bounding_box()["width"] >= 0.5 * wide
    page.locator(".answer-row summary").click()
    expect(page.locator(".answer-row details")).to_contain_text(
        "time_to_drain gave it, from volume (distance 2), flow; all of it costs 4."
    )
    expect(page.locator(".answer-row details")).to_contain_text("not by guess: it costs more, 13")
    shot(page, "answer")


def test_a_box_says_what_it_is_and_leads_to_its_field(page):
    field(page, "volume").fill("6")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    page.locator('.box[aria-label^="datum, hours"]').click()
    panel = page.locator(".panel")
    expect(panel).to_contain_text("until it is empty [h]")
    expect(panel).to_contain_text("Comes fromtime_to_drain, guess")
    panel.get_by_role("button", name="time_to_drain").click()
    expect(panel.locator("h3")).to_contain_text("time_to_drain")
    page.locator('.box[aria-label^="datum, flow"]').focus()
    page.keyboard.press("Enter")
    panel.get_by_role("button", name="To its field").click()
    expect(field(page, "flow")).to_be_focused()


def test_what_failed_is_told_with_what_was_done_instead(page):
    field(page, "volume").fill("6")
    field(page, "flow").fill("0")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    errors = page.locator("#errors li")
    expect(errors).to_contain_text("time_to_drain failed: ZeroDivisionError: float division by zero")
    expect(errors).to_contain_text("hours came from guess instead")
    found = states(page)
    assert found["time_to_drain"][0] == "failed"
    assert found["hours"] == ["computed", "= 12"]
    shot(page, "failed")


def test_a_problem_is_said_in_plain_words(page):
    field(page, "level").fill("2")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_have_text(
        "'hours' cannot be had from what is given; it would help to give 'volume' or 'area' or 'mass'."
    )
    assert states(page)["hours"] == ["waiting", "waits for volume"]


def test_a_value_that_does_not_fit_is_told_at_its_field(pages, url):
    page = pages.open(url, expected=["422"])
    field(page, "level").fill("2,5")
    note = page.locator('.field[data-name="level"] .wrong')
    expect(note).to_have_text("write a point for the comma")
    expect(field(page, "level")).to_have_attribute("aria-invalid", "true")
    field(page, "level").fill("-1")
    expect(note).to_be_hidden()
    field(page, "area").fill("2")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(note).to_have_text("Input should be greater than 0.")
    expect(field(page, "level")).to_be_focused()
    expect(page.locator("#said")).to_have_text("What was given for level does not fit.")
    field(page, "level").fill("5")
    expect(note).to_be_hidden()
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    expect(note).to_be_hidden()


def test_values_of_all_kinds_are_given(page):
    for name, text in (("volume", "6"), ("levels", "1, 2.5"), ("flow", "1e0")):
        field(page, name).fill(text)
    field(page, "colour").select_option("green")
    field(page, "is_round").select_option("no")
    want(page, "profile")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator(".answer-row .value")).to_have_text('{"1": [6, "green", false], "2.5": [6, "green", false]}')


def test_choices_texts_and_arrays_arrive_as_they_are(pages):
    def same(x):
        return x

    kinds = {
        "texts": (Literal["", " a ", "1,5"], ["empty text", " a ", "1,5"]),
        "numbers": (Literal[1, "1", None], ["1", "1", "nothing"]),
        "__proto__": (str, None),
        "array": (npt.NDArray[np.float64], None),
    }
    dsp = tw.Dispatcher(name="kinds")
    for name, (kind, _) in kinds.items():
        dsp.add_function(f"same {name}", copy_with(same, kind), [name], [f"of {name}"])
    dsp.add_function("gather", lambda *values: list(values), [f"of {name}" for name in kinds], ["all"])

    with pages.served(dsp) as address:
        page = pages.open(address)
        for name, (_, choices) in kinds.items():
            if choices is not None:
                assert field(page, name).locator("option").all_text_contents() == ["not given", *choices]
        expect(field(page, "array")).to_have_attribute("placeholder", "1, 2, 3 or JSON")
        field(page, "__proto__").fill("a,b")
        field(page, "array").fill("1, 2.5")
        want(page, "all")
        for texts, numbers, told in ((1, 1, '["", 1'), (2, 2, '[" a ", "1"'), (3, 3, '["1,5", null')):
            field(page, "texts").select_option(index=texts)
            field(page, "numbers").select_option(index=numbers)
            page.get_by_role("button", name="Compute", exact=True).click()
            expect(page.locator(".answer-row .value")).to_have_text(f'{told}, "a,b", [1, 2.5]]')


def copy_with(function, kind):
    """The same function, with an annotation of what it takes and gives."""
    copy = FunctionType(function.__code__, {})
    copy.__annotations__ = {"x": kind, "return": kind}
    return copy


def test_with_nothing_chosen_all_that_was_computed_is_shown_first(page):
    field(page, "volume").fill("6")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done: 1 value.")
    expect(page.locator(".answer-row:visible .name")).to_have_text(["hours"])
    page.get_by_text("3 more were given, or are defaults").click()
    expect(page.locator(".answer-row:visible .name")).to_have_text(["hours", "volume", "flow", "is_round"])


def test_what_is_said_late_of_a_way_is_not_laid_over_its_run(page):
    held = []
    field(page, "volume").fill("6")
    want(page, "hours")
    expect(page.locator("#enough")).to_contain_text("Enough is known")
    page.route("**/plan", lambda route: held.append(route))  # noqa: PLW0108 - it is marked, which a method cannot be
    field(page, "level").fill("3")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    with page.expect_response("**/plan"):
        held[-1].continue_()
    expect(page.locator("#enough")).to_contain_text("Enough is known")
    assert states(page)["hours"] == ["computed", "= 12"]


def test_a_run_can_be_cancelled(page, tank):
    begin_and_hold(page, tank)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#said")).to_have_text("It was cancelled.")
    expect(page.get_by_role("button", name="Compute", exact=True)).to_be_visible()
    assert states(page)["time_to_drain"][0] == "stopped"
    tank.may_end.set()
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")


def test_a_run_can_be_cancelled_before_it_is_accepted(page, tank):
    tank.hold()
    held = []
    page.route("**/runs", lambda route: held.append(route))  # noqa: PLW0108 - it is marked, which a method cannot be
    field(page, "volume").fill("6")
    want(page, "hours")
    with page.expect_request("**/runs"):
        page.get_by_role("button", name="Compute", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    field(page, "volume").press("Enter")  # one run at a time
    held[0].continue_()
    expect(page.locator("#said")).to_have_text("It was cancelled.")
    assert len(held) == 1


def test_a_guarded_server_asks_for_the_token_and_no_address_has_it(pages, tank):
    with pages.served(tank.dsp, token=TOKEN) as address:
        page = pages.open(address, expected=["401"], is_ready=False)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("This server asks for a token")
        expect(page.get_by_label("Token", exact=True)).to_be_focused()
        page.get_by_label("Token", exact=True).fill("a-token-that-is-wrong")
        page.get_by_role("button", name="Show it").click()
        expect(dialog.get_by_role("alert")).to_have_text("The server does not know this token.")
        shot(page, "token")
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.keyboard.press("Enter")
        pages.ready(page)
        field(page, "volume").fill("6")
        want(page, "hours")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator(".answer-row")).to_contain_text("12 h")
        assert not [each for each in pages.addresses if "token" in each]
        kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert kept == '[{},{},""]'


def test_the_page_works_under_a_path_of_another_application(pages, tank):
    class Outer:
        """An application of FastAPI, as a site needs it."""

        def __init__(self, inner):
            self.guard, self.limits, self.close = Guard(None, (), insecure=False), Limits(), inner.close
            self.app = FastAPI()
            self.app.mount("/models/tank", inner)

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    with Site(Outer(tank.dsp.web())).run() as server:
        page = pages.open(f"{server.url}/models/tank")
        field(page, "volume").fill("6")
        want(page, "hours")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator(".answer-row")).to_contain_text("12 h")
        assert all("/models/tank" in each for each in pages.addresses)
        pages.leave()


def test_a_stream_that_breaks_off_is_taken_up_again(pages, url):
    page = pages.open(url)
    asked = []

    def broken(route):
        latest = route.request.headers.get("last-event-id", "")
        asked.append(latest)
        if len(asked) > 1:
            route.continue_()
            return
        whole = httpx.get(route.request.url).text.split("\n\n")
        route.fulfill(body="\n\n".join(whole[:3]) + "\n\n", content_type="text/event-stream")

    page.route("**/events", broken)
    field(page, "volume").fill("6")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator(".answer-row")).to_contain_text("12 h")
    assert asked == ["", "2"]


def test_without_a_picture_the_page_goes_on(pages, url):
    def refused(route):
        told = {"status": 504, "detail": "it took longer than 60 s; ask for less"}
        route.fulfill(status=504, json=told, content_type="application/problem+json")

    page = pages.open(url, expected=["504"], is_ready=False, prepare=lambda page: page.route("**/drawing?*", refused))
    pages.ready(page)
    expect(page.locator("#picture")).to_have_text("It took too long: it took longer than 60 s; ask for less")
    field(page, "volume").fill("6")
    want(page, "hours")
    expect(page.locator("#enough")).to_have_text("Enough is known: 1 function will be called.")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator(".answer-row")).to_contain_text("12 h")


def test_models_within_are_followed_and_effects_are_wanted(pages):
    with pages.served(deep()) as address:
        page = pages.open(address)
        assert page.locator("legend").all_inner_texts()[-1].startswith("To be done")
        field(page, "a").fill("3")
        want(page, "announce")
        want(page, "b")
        expect(page.locator("#enough")).to_have_text("Enough is known: 3 functions will be called.")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator(".answer-row")).to_contain_text("12")
        found = states(page)
        assert found["within"][0] == "computed"
        assert found["y"] == ["computed", "= 6"]
        assert found["announce"][0] == "computed"


def test_nothing_of_a_model_runs(pages):
    dsp = tw.Dispatcher(name=EVIL, description=EVIL)
    dsp.add_data(f"x{EVIL}", description=EVIL, unit=EVIL)
    dsp.add_function(f"f{EVIL}", lambda x: EVIL, [f"x{EVIL}"], [f"y{EVIL}"], description=EVIL)
    dsp.add_function("g", lambda x: 1 / 0, [f"x{EVIL}"], ["z"])
    with pages.served(dsp, name="evil") as address:
        page = pages.open(address)
        page.locator(".field input[type=text]").first.fill(EVIL.removeprefix(chr(34)))
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator("#said")).to_contain_text("Done")
        for box in page.locator(".box").all():
            box.click()
        page.locator(".answer-row summary").first.click()
        assert page.evaluate("window.bad") is None
        assert page.locator("img").count() == 0


def test_what_is_not_exposed_is_not_on_the_page(pages, tank):
    with pages.served(tank.dsp, expose=["volume", "flow", "hours"]) as address:
        page = pages.open(address)
        field(page, "volume").fill("6")
        want(page, "hours")
        expect(page.locator("#enough")).to_contain_text("Enough is known")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator(".answer-row")).to_contain_text("12 h")
        assert set(states(page)) == {"volume", "flow", "hours"}
        expect(page.locator("#partly")).to_be_visible()
        for name in ("time_to_drain", "guess", "from_mass", "level"):
            assert name not in page.content()


def test_everything_can_be_done_by_the_keyboard(page):
    def go_to(name):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id") == name:
                return
        raise AssertionError(f"{name} is not reached")

    level = field(page, "level").get_attribute("id")
    go_to(level)
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    go_to("want hours")
    page.keyboard.press("Space")
    expect(page.locator("#enough")).to_contain_text("Enough is known")
    go_to("run")
    page.keyboard.press("Enter")
    expect(page.locator(".answer-row")).to_contain_text("12 h")
    expect(page.get_by_role("button", name="Compute", exact=True)).to_be_focused()
    for name in ("nearer", "farther", "fit"):
        assert page.locator(f"#{name}").evaluate("each => each.tabIndex") == 0
    page.locator('.box[tabindex="0"]').focus()
    before = page.locator(".panel h3").count()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".panel h3")).to_be_visible()
    assert before == 0
    page.keyboard.press("Escape")
    expect(page.locator(".panel h3")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(245, 247, 248)"), ("dark", "rgb(29, 36, 41)")])
def test_it_is_light_or_dark_as_its_reader_likes(pages, url, scheme, colour):
    page = pages.open(url, scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == colour
    field(page, "volume").fill("6")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    shot(page, f"answer-{scheme}")
    page.get_by_role("button", name="Light / dark").click()
    assert page.evaluate(background) != colour


def test_a_phone_shows_it_all_without_being_pushed_aside(pages, url):
    page = pages.open(url, width=360, height=740)
    field(page, "volume").fill("6")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Done")
    page.locator(".answer-row summary").click()
    page.locator("#times summary").click()
    page.locator(".box").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shot(page, "phone")


def test_names_that_a_picture_shows_otherwise_are_known_in_it(pages):
    given, computed = "two\nlines", "n" * 300
    dsp = tw.Dispatcher(name="names")
    dsp.add_function("f", lambda x: x, [given], [computed])
    with pages.served(dsp) as address:
        page = pages.open(address)
        groups = page.locator("fieldset")
        assert groups.nth(0).locator("[data-name]").evaluate_all("all => all.map(e => e.dataset.name)") == [given]
        assert groups.nth(1).locator("[data-name]").evaluate_all("all => all.map(e => e.dataset.name)") == [computed]
        page.locator(".box").first.click()
        page.get_by_role("button", name="To its field").click()
        assert page.evaluate("document.activeElement.closest('.field').dataset.name") == given


def test_long_names_and_texts_push_nothing_aside_on_a_phone(pages):
    name = "a_name_as_long_as_those_that_some_people_like_to_give"
    dsp = tw.Dispatcher(name=f"model_with_{name}", description="d" * 80)

    def fail(x):
        raise ValueError("/a/path/with/no/space" * 8)

    dsp.add_function(f"function_with_{name}", lambda x: {"k" * 60: "v" * 90}, [name], [f"datum_with_{name}"])
    dsp.add_function(f"failing_with_{name}", fail, [name], [f"other_with_{name}"])
    with pages.served(dsp, name="long") as address:
        page = pages.open(address, width=360, height=740)
        field(page, name).fill("3")
        page.get_by_role("button", name="Compute", exact=True).click()
        expect(page.locator("#said")).to_contain_text("Done")
        page.locator(".answer-row summary").first.click()
        for box in page.locator(".box").all():
            box.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_server_that_is_gone_is_said_to_be(pages, tank):
    with served(tank.dsp) as address:
        page = pages.open(address, expected=["ERR_CONNECTION_REFUSED"])
    field(page, "volume").fill("6")
    expect(page.locator("#enough")).to_have_text("The server cannot be reached. Is it still running?")

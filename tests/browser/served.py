"""Models that are served to a browser, and pages that fail a test when anything on them goes wrong."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt

import thalweg as tw

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
TOKEN = "a-token-of-enough-characters"


class Tank:
    """A model whose function `time_to_drain` can be held, and says when it has begun."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.may_end.set()
        dsp = self.dsp = tw.Dispatcher(name="tank", description="How long a tank takes to drain")
        dsp.add_data("level", unit="m", description="of the water above the outlet")
        dsp.add_data("area", unit="m2", description="of the tank")
        dsp.add_data("volume", unit="m3", description="what is in it")
        dsp.add_data("flow", 0.5, unit="m3/h", description="through the outlet")
        dsp.add_data("hours", unit="h", description="until it is empty")
        dsp.add_data("is_round", default_value=True)

        @dsp.function(outputs=["volume"])
        def from_level(level: Annotated[float, Gt(0)], area: float) -> float:
            return level * area

        @dsp.function(outputs=["volume"], weight=5)
        def from_mass(mass: float) -> float:
            return mass / 1000

        @dsp.function(outputs=["hours"])
        def time_to_drain(volume: float, flow: float) -> float:
            self.begun.release()
            assert self.may_end.wait(60)
            return volume / flow

        @dsp.function(outputs=["hours"], weight=9)
        def guess(volume: float) -> float:
            return volume * 2

        @dsp.function(outputs=["profile"])
        def make_profile(hours: float, levels: list[float], colour: Literal["blue", "green"], is_round: bool):
            return {f"{each:g}": [hours, colour, is_round] for each in levels}

    def hold(self):
        self.may_end.clear()

    def until_begun(self):
        assert self.begun.acquire(timeout=30)


def deep():
    """A model within a model, and a function that is wanted for its effect."""
    inner = tw.Dispatcher(name="inner")
    inner.add_function("double", lambda x: 2 * x, ["x"], ["y"])
    inner.add_function("double again", lambda y: 2 * y, ["y"], ["z"])
    dsp = tw.Dispatcher(name="outer")
    dsp.add_dispatcher(inner, {"a": "x"}, {"z": "b"}, dsp_id="within")
    dsp.add_function("announce", lambda b: None, ["b"])
    return dsp


@contextmanager
def served(dsp, **options):
    """The address of a served model."""
    with dsp.web(**options).site().run() as server:
        yield f"{server.url}/"


class Watched:
    """A page that goes from server to server; an error on it, a warning, or a request to elsewhere fails the test.

    One for all tests of a file: a new one costs a second of processor time, and nothing of a page outlives the next.
    """

    def __init__(self, browser):
        self.context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self.said)
        self.page.on("request", self.asked)
        self.begin()

    def begin(self):
        """A test begins."""
        self.errors = []
        self.addresses = []
        self.expected = ()
        self.origin = "about:blank"

    def said(self, message):
        is_known = any(text in message.text for text in self.expected)
        if message.type in ("error", "warning") and not is_known:
            self.errors.append(message.text)

    def asked(self, request):
        self.addresses.append(request.url)
        if not request.url.startswith((self.origin, f"blob:{self.origin}")):
            self.errors.append(f"asked {request.url}")

    def open(self, url, *, scheme="light", width=1300, height=900, expected=(), is_ready=True, prepare=None):
        """Open a page; `expected` are texts of errors that the test brings about, `prepare` is told of it before."""
        page = self.page
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        self.expected, self.origin = expected, "/".join(url.split("/")[:3])
        if prepare is not None:
            prepare(page)
        page.goto(url)
        if is_ready:
            self.ready(page)
        return page

    def ready(self, page):
        """Wait until the page has its form, and has said what it knows."""
        page.locator("html[data-ready=yes]").wait_for()
        page.locator("#enough:not(:empty)").wait_for(state="attached")

    @contextmanager
    def served(self, dsp, **options):
        """The address of a served model, which the page leaves before it is shut down."""
        with served(dsp, **options) as address:
            yield address
            self.leave()

    def leave(self):
        """Have the page ask nothing more."""
        self.page.goto("about:blank")

    def end(self):
        """A test ends."""
        self.leave()
        self.page.unroute_all()
        assert self.errors == [], self.errors


def shot(page, name, *, whole=True):
    """Keep a picture of a page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)


def field(page, name):
    """The field of a datum."""
    return page.locator(f'.field[data-name="{name}"] .words + *')


def want(page, name):
    page.get_by_label(f"want {name}", exact=True).check()


def begin_and_hold(page, tank):
    """Begin a run, and have it stay at its slow function."""
    from playwright.sync_api import expect  # it is optional

    tank.hold()
    field(page, "volume").fill("6")
    want(page, "hours")
    page.get_by_role("button", name="Compute", exact=True).click()
    tank.until_begun()
    expect(page.locator('.box[aria-label="function, time_to_drain, running"]')).to_be_visible()


def states(page):
    """By name of a box in the picture: its state, as it is said to those who do not see it."""
    said = page.evaluate("() => [...document.querySelectorAll('.box')].map(each => each.getAttribute('aria-label'))")
    return {text.split(", ")[1]: text.split(", ")[2:] for text in said}

"""A real browser, without a window: that of the system, for no other can be downloaded everywhere."""

import shutil
from contextlib import contextmanager

import pytest

from tests.browser.served import Tank, Watched

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def launched():
    """The browser, or a skip that says what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for found in map(shutil.which, NAMES) if found), None)
    if program is None:
        pytest.skip("there is no Chromium (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        # Containers have no sandbox for it; it sees nothing but pages of our own.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def browser():
    """A browser for each test: its driver runs an event loop in this thread, which other tests must not meet."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def watched():
    """One page for all tests of a file, none of which may run an event loop in this thread."""
    with launched() as browser:
        yield Watched(browser)


@pytest.fixture
def pages(watched):
    """Opens pages of servers, and sees that nothing goes wrong on them."""
    watched.begin()
    yield watched
    watched.end()


@pytest.fixture
def tank():
    tank = Tank()
    yield tank
    tank.may_end.set()


@pytest.fixture
def url(pages, tank):
    with pages.served(tank.dsp) as address:
        yield address
        tank.may_end.set()


@pytest.fixture
def page(pages, url):
    return pages.open(url)


@pytest.fixture
def show(browser, tmp_path):
    """Show a plot, and give its page; an error or a request on the page fails the test."""
    opened, errors = [], []

    def shown(plot, *, scheme="light", **size):
        path = plot.save(tmp_path / "plot.html", "html")
        context = browser.new_context(
            viewport={"width": 1300, "height": 800} | size, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        opened.append(context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda asked: None if asked.url.startswith("file:") else errors.append(asked.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        return page

    yield shown
    for context in opened:
        context.close()
    assert errors == []

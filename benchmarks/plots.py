"""How long it takes to see a model: default settings, from the model to the picture, on the wall.

Graphviz works in a process of its own and a browser in several, so the time on the wall is what counts here. Formulas
hang together in circles, which is the worst case for a layout in layers; a layered model is the usual one.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.formulas import model_alone
from benchmarks.harness import said
from benchmarks.models import layered
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options
    from benchmarks.models import Model

NAME = "plots"
LIMITS = {150: 10.0, 300: 10.0, 1_000: 10.0, 10_000: 30.0}  # [s]
PEER_SIZE = 150
READY_LIMIT = 2.0
BROWSED = 480  # functions of the page that is browsed
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

TINY = {"LIMITS": {30: 10.0}, "PEER_SIZE": 30, "BROWSED": 200}
SHAPES: dict[str, Callable[[int], Model]] = {
    "formulas": lambda size: model_alone(size // 3, inverses=True),
    "layered": layered,
}


def timed(run: Callable[[], Any]) -> float:
    """Seconds on the wall of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(options: Options) -> Iterator[Row]:
    for shape, make in SHAPES.items():
        for size, limit in LIMITS.items():
            built = subject.build(make(size))
            for form in ("svg", "html"):
                value = timed(lambda built=built, form=form: built.plot(format=form).render())
                yield Row(
                    NAME,
                    f"{shape}, {size:,} functions, {form}",
                    "thalweg",
                    value,
                    "s",
                    None,
                    f"<= {limit:g}",
                    value <= limit,
                )
    yield browser()
    if options.peers:
        yield peer()


def browser() -> Row:
    """A page of 1,000 nodes: from its address until a node was found by its name."""
    case = "page of 1,000 nodes, ready and searched"
    program = next((found for found in map(shutil.which, BROWSERS) if found), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        return Row(NAME, case, "thalweg", None, "", note=said(error))
    if program is None:
        return Row(NAME, case, "thalweg", None, "", note="no browser")
    built = subject.build(layered(BROWSED))
    built.dispatch({name: 1 for name in built.data_nodes if name.startswith("d0_")})
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = built.plot(workflow=True).save(Path(folder) / "page.html")
        launched = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = launched.new_page()
        page.goto("about:blank")

        def run() -> None:
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready=yes]")
            page.fill("#search", "f3_1")
            page.keyboard.press("Enter")
            page.locator(".box.selected").wait_for()

        value = timed(run)
        launched.close()
    return Row(NAME, case, "thalweg", value, "s", None, f"<= {READY_LIMIT:g}", value <= READY_LIMIT)


def peer() -> Row:
    """The same formulas drawn by schedula, which draws by Graphviz too."""
    case = f"formulas, {PEER_SIZE:,} functions, svg"
    try:
        from benchmarks.peers import schedula_model

        built = schedula_model(SHAPES["formulas"](PEER_SIZE))
        with tempfile.TemporaryDirectory() as folder:
            value = timed(lambda: built.plot(view=False).render(directory=folder, view=False, index=False))
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is the finding
        return Row(NAME, case, "schedula", None, "", note=said(error))
    return Row(NAME, case, "schedula", value, "s")

"""The page in a real browser: what is seen, clicked, typed and opened."""

import io
import time

import pytest

import thalweg as tw
from tests.plotting.samples import body, ran, random_model, timed
from thalweg.plotting.style import THEMES

EVIL = '"><img src=x onerror=window.bad=1><script>window.bad=1</script>'


def key_of(plot, path):
    return next(box.key for box in plot.drawing.scene.boxes.values() if "/".join(box.path) == path)


def box(page, plot, path):
    return page.locator(f'.box[data-key="{key_of(plot, path)}"]')


def structure(page):
    """What is to be seen, without where: boxes with their texts and styles, arrows with theirs."""
    return page.evaluate(
        """() => ({
          boxes: [...document.querySelectorAll('.box')].map(each => [
            each.querySelector('.name').textContent,
            [...each.querySelectorAll('.line')].map(line => line.textContent).join(' '),
            each.classList.contains('open')]),
          arrows: document.querySelectorAll('.arrow').length,
        })"""
    )


@pytest.fixture
def plot():
    return ran().plot()


@pytest.fixture
def page(show, plot):
    return show(plot)


def test_all_boxes_and_arrows_are_there(page, plot):
    seen = structure(page)
    scene = plot.drawing.shown()
    assert len(seen["boxes"]) == len(scene.boxes)
    assert seen["arrows"] == len(scene.arrows)
    texts = {name: line for name, line, _ in seen["boxes"]}
    assert texts["4. risky"] == 'failed: ValueError: too <big> & "odd"; instead weight came from weigh'
    assert texts["gravity"] == "= 9.81 default"
    assert texts["zeta"] == "nothing gives it"
    assert [name for name, _, is_open in seen["boxes"] if is_open] == ["shape"]


def test_every_box_lies_in_the_window_and_none_on_another(page):
    frames = page.evaluate(
        """() => [...document.querySelectorAll('.box:not(.open) > .shape:last-of-type')].map(each => {
          const {left, top, right, bottom} = each.getBoundingClientRect(); return [left, top, right, bottom]; })"""
    )
    width, height = page.evaluate("[document.getElementById('details').getBoundingClientRect().left, innerHeight]")
    for number, (left, top, right, bottom) in enumerate(frames):
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
        for other in frames[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_a_text_fits_into_its_box(page):
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.box:not(.open)')].filter(each => {
          const frame = each.querySelector('.shape').getBoundingClientRect();
          return [...each.querySelectorAll('text')].some(text => {
            const {left, right} = text.getBoundingClientRect(); return left < frame.left || right > frame.right; });
        }).map(each => each.textContent)"""
    )
    assert outside == []


def test_the_screenshot_shows_each_box_in_the_colour_of_its_state(page, plot):
    image = pytest.importorskip("PIL.Image")
    picture = image.open(io.BytesIO(page.screenshot())).convert("RGB")
    states = THEMES["light"].states
    for drawn in plot.drawing.shown().boxes.values():
        if drawn.kind != "sub_dispatcher":
            frame = page.locator(f'.box[data-key="{drawn.key}"] .shape').last.bounding_box()
            point = int(frame["x"] + 5), int(frame["y"] + frame["height"] / 2)
            assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel(point)) == states[drawn.state].fill, drawn.label


def test_a_click_shows_source_error_and_neighbours(page, plot):
    box(page, plot, "risky").click()
    details = page.locator("#details").inner_text()
    assert "raise ValueError" in details
    assert "Traceback" in details
    assert "Always fails." in details
    assert "number 4 of 5" in details
    assert "weight came from weigh" in details
    page.locator("#details .neighbours button", has_text="weight").click()
    details = page.locator("#details").inner_text()
    assert "39.24" in details
    assert "dear: dearer, at distance" in details


def test_a_selected_box_lights_up_how_it_came_about(page, plot):
    box(page, plot, "density").click()
    lit = page.evaluate("[...document.querySelectorAll('.box.lit .name')].map(each => each.textContent)")
    assert set(lit) == {"density", "3. get density", "volume", "mass", "shape", "1. cube", "side", "edge"}
    page.keyboard.press("Escape")
    assert page.locator(".box.lit").count() == 0
    assert "Calls, in order" in page.locator("#details").inner_text()


def test_sub_dispatchers_open_and_close(page, plot):
    assert box(page, plot, "shape/cube").count() == 1
    page.get_by_role("button", name="Close all").click()
    assert box(page, plot, "shape/cube").count() == 0
    box(page, plot, "shape").dblclick()
    assert box(page, plot, "shape/cube").count() == 1
    box(page, plot, "shape").locator(".name").click()
    page.locator("#toggle").click()
    assert box(page, plot, "shape/cube").count() == 0


def test_a_sub_dispatcher_is_a_page_of_its_own(page, plot):
    box(page, plot, "shape").locator(".name").click()
    page.locator("#enter").click()
    assert page.locator(".box").count() == 5
    assert page.locator("#crumbs").inner_text().split() == ["body", "shape"]
    page.go_back()
    assert page.locator(".box").count() > 5
    page.go_forward()
    page.locator("#crumbs button", has_text="body").click()
    assert page.locator(".box").count() > 5


def test_search_finds_what_is_hidden_and_opens_it(page, plot):
    page.get_by_role("button", name="Close all").click()
    page.keyboard.press("/")
    page.keyboard.type("cub")
    assert page.locator("#found li").all_inner_texts() == ["cube shape computed"]
    page.keyboard.press("Enter")
    assert "selected" in box(page, plot, "shape/cube").get_attribute("class")
    assert page.locator("#details h2").inner_text().startswith("cube")


def test_search_says_when_there_is_nothing(page):
    page.fill("#search", "no such thing")
    assert page.locator("#found").inner_text() == "nothing of this name"


def test_search_looks_into_values_and_errors_too(page):
    page.fill("#search", "odd")
    assert page.locator("#found li").first.inner_text().startswith("risky")


def test_stepping_tells_the_run(page, plot):
    page.locator("#next").click()
    assert page.locator("#told").inner_text() == "1 of 5: cube gives volume = 8"
    assert "later" in box(page, plot, "weigh").get_attribute("class")
    assert "now" in box(page, plot, "shape/cube").get_attribute("class")
    page.keyboard.press("n")
    assert page.locator("#told").inner_text().startswith("2 of 5: moon: its domain said no")
    page.locator("#first").click()
    assert page.locator("#told").inner_text() == "At first 4 values are known."
    page.locator("#slider").fill("5")
    assert page.locator("#told").inner_text() == "5 of 5: weigh gives weight = 39.24"
    page.locator("#whole").click()
    assert page.locator(".box.later").count() == 0


def test_playing_goes_on_by_itself(page):
    page.clock.install()
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Pause"
    page.clock.run_for(1200)
    assert page.locator("#told").inner_text().startswith("1 of 5")
    page.clock.run_for(10_000)
    assert page.locator("#told").inner_text().startswith("5 of 5")
    assert page.locator("#play").inner_text() == "Play"


def test_the_timeline_shows_times_places_and_tries(show):
    page = show(timed().plot())
    page.locator("#show-timeline").click()
    assert page.locator(".row .place").all_inner_texts()[:2] == ["thread-2", "thread-1"]
    assert page.locator(".lane .bar").count() == 5
    risky = page.locator(".lane .bar", has_text="risky")
    assert risky.get_attribute("title").startswith("risky: 300 ms from 200 ms, 2 tries")
    assert risky.locator(".try").count() == 1
    risky.click()
    assert page.locator("#details h2").inner_text().startswith("risky")


def test_without_times_the_timeline_shows_the_order(page):
    page.locator("#show-timeline").click()
    assert page.locator(".lane .bar").all_inner_texts() == ["cube", "moon", "get density", "risky", "weigh"]
    assert "No times were kept" in page.locator("#timeline").inner_text()


def test_what_was_not_used_can_be_hidden(page, plot):
    page.locator("#unused").uncheck()
    assert not box(page, plot, "dear").is_visible()
    assert box(page, plot, "weigh").is_visible()


def test_the_keyboard_reaches_everything(page, plot):
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.dataset?.key || ''"))
    assert {"unused", "open-all", "close-all", "search", "theme", "fit", "details", "next", "slider", "play"} <= seen
    box(page, plot, "edge").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator("#details h2").inner_text().startswith("cube")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#details h2").inner_text().startswith("side")
    box(page, plot, "shape").focus()
    page.keyboard.press("Space")
    assert box(page, plot, "shape/cube").count() == 0


def test_zoom_and_pan(page):
    before = page.locator("#scenery").get_attribute("transform")
    page.mouse.move(400, 700)
    page.mouse.wheel(0, -400)
    nearer = page.locator("#scenery").get_attribute("transform")
    page.mouse.down()
    page.mouse.move(500, 600, steps=4)
    page.mouse.up()
    moved = page.locator("#scenery").get_attribute("transform")
    page.keyboard.press("0")
    assert len({before, nearer, moved}) == 3
    assert page.locator("#scenery").get_attribute("transform") == before
    assert "selected" not in str(structure(page))


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 25, 29)")])
def test_it_is_light_or_dark_as_its_reader_likes(show, plot, scheme, colour):
    page = show(plot, scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == colour
    page.get_by_role("button", name="Light / dark").click()
    assert page.evaluate(background) != colour


def test_dark_can_be_asked_for(show):
    page = show(ran().plot(theme="dark"))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 29)"


def test_nothing_of_a_model_runs(show):
    dsp = tw.Dispatcher(name=EVIL)
    inner = tw.Dispatcher(name=EVIL)
    inner.add_function(f"f{EVIL}", lambda x: EVIL, [f"x{EVIL}"], [f"y{EVIL}"], description=EVIL)
    dsp.add_dispatcher(inner, {f"a{EVIL}": f"x{EVIL}"}, {f"y{EVIL}": f"b{EVIL}"}, dsp_id=f"s{EVIL}")
    page = show(dsp({f"a{EVIL}": EVIL}).plot())
    for element in page.locator(".box:not(.open)").all():
        element.click()
    page.fill("#search", "img")
    page.locator("#show-timeline").click()
    page.locator("#next").click()
    assert page.evaluate("window.bad") is None
    assert page.locator("img").count() == 0


def test_a_model_without_a_run_has_no_steps(show):
    page = show(body().plot())
    assert not page.locator("#run").is_visible()
    assert "Functions" in page.locator("#details").inner_text()


def test_an_empty_model_is_a_page_too(show):
    page = show(tw.Dispatcher(name="empty").plot())
    assert page.locator(".box").count() == 0
    assert "empty" in page.locator("#details").inner_text()


def test_a_narrow_window_shows_everything(show, plot):
    page = show(plot, width=420, height=800)
    box(page, plot, "risky").click()
    assert page.locator("#details h2").is_visible()


def test_other_directions(show):
    for direction in ("TB", "RL", "BT"):
        page = show(ran().plot(direction=direction))
        assert page.locator(".box").count() == 21


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["entangled", "layered"])
def test_a_thousand_boxes_are_ready_within_two_seconds(show, kind):
    from benchmarks import models, subject

    dsp = random_model(530) if kind == "entangled" else subject.build(models.layered(480))
    plot = dsp(dict.fromkeys(list(dsp.data_nodes)[:50], 1)).plot()
    assert len(plot.drawing.scene.boxes) > 1000
    assert min(seconds_to_details(show(plot)) for _ in range(3)) < 2  # the machine of a test may be busy for a while


def seconds_to_details(page):
    """From a fresh load of the page until a box was found by its name and its details are shown."""
    start = time.perf_counter()
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    page.fill("#search", "f1")
    page.keyboard.press("Enter")
    page.locator(".box.selected").wait_for()
    return time.perf_counter() - start


def large_run():
    dsp = body()
    for number in range(60):
        dsp.add_function(f"idle {number}", abs, [f"in {number}"], [f"out {number}"])
    return dsp({"edge": 2, "mass": 4.0})


def test_a_large_page_begins_with_what_took_part(show):
    plot = large_run().plot(depth=1)
    page = show(plot)
    assert not page.locator("#unused").is_checked()
    assert box(page, plot, "weigh").is_visible()
    assert page.locator(".box").count() < 20
    page.locator("#unused").check()
    assert page.locator(".box").count() == len(plot.drawing.scene.boxes)


def test_search_shows_what_took_no_part(show):
    plot = large_run().plot()
    page = show(plot)
    page.fill("#search", "idle 7")
    page.keyboard.press("Enter")
    assert "selected" in box(page, plot, "idle 7").get_attribute("class")
    assert page.locator("#unused").is_checked()

"""Tables in the browser: the planets are sent, filled, explained and given back; what goes wrong is said."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.served import served, shot
from thalweg.cli.loading import model_named
from thalweg.tables import fill, read_table
from thalweg.tables.files import dump_table
from thalweg.web import Limits

PLANETS = Path(__file__).parents[2] / "examples" / "planets"
HOLED = PLANETS / "bodies_holed.csv"


@pytest.fixture(scope="module")
def planets():
    with model_named(f"{PLANETS / 'model.py'}:dsp") as dsp:
        yield dsp


@pytest.fixture(scope="module")
def address(planets):
    with served(planets) as address:
        yield address


@pytest.fixture(scope="module")
def filled(planets):
    return fill(planets, read_table(HOLED))


def send(page, path):
    page.get_by_role("link", name="Fill a table").click()
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Fill", exact=True).click()


def download(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    found = waiting.value
    return found.suggested_filename, Path(found.path()).read_bytes()


def as_file(table, ending):
    stream = io.BytesIO()
    dump_table(table, stream, f"table{ending}")
    return stream.getvalue()


def test_the_planets_are_filled_explained_and_given_back(pages, address, filled):
    page = pages.open(address)
    send(page, HOLED)
    expect(page.locator("#summary")).to_have_text(f"{filled.summary()}.")
    assert page.locator("td.changed.filled").count() == filled.count
    assert page.locator("td.changed.open").count() == filled.open_count
    row = filled.table["body"].tolist().index("Ceres")
    cell = page.locator(f'td[data-row="{row}"][data-column="mass_kg"]')
    expect(cell).to_have_attribute("aria-label", f"mass_kg, row {row + 1} Ceres: 9.383515874e+20, filled")
    cell.click()
    expect(page.locator("#why")).to_contain_text(
        f"mass_kg, row {row + 1} Ceres was filled by mass_from_gm from gm_km3_s2"
    )
    shot(page, "planets")
    assert download(page, "Filled table") == ("bodies_holed-filled.csv", as_file(filled.table, ".csv"))
    assert download(page, "Report") == ("bodies_holed-report.txt", filled.report().encode())
    _, cells = download(page, "Each cell")
    assert len(list(csv.DictReader(io.StringIO(cells.decode())))) == filled.count + filled.open_count
    page.get_by_text("Report", exact=True).click()
    expect(page.locator("#report-text")).to_contain_text("Filled")


def test_arrow_keys_lead_from_filled_cell_to_filled_cell(pages, address):
    page = pages.open(f"{address}#table")
    send(page, HOLED)
    first = page.locator('td.changed[tabindex="0"]')
    expect(first).to_have_count(1)
    first.focus()
    said = page.locator("#why").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#why")).not_to_have_text(said)
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.className").startswith("changed")
    assert page.locator('td.changed[tabindex="0"]').count() == 1


def test_a_workbook_comes_back_as_one(pages, address, filled, tmp_path):
    table = tmp_path / "bodies.xlsx"
    table.write_bytes(as_file(read_table(HOLED), ".xlsx"))
    page = pages.open(address)
    send(page, table)
    expect(page.locator("#summary")).to_contain_text("holes filled")
    name, content = download(page, "Filled table")
    assert name == "bodies-filled.xlsx"
    (tmp_path / name).write_bytes(content)
    found = read_table(tmp_path / name)
    assert found["mass_kg"].tolist()[:10] == pytest.approx(filled["mass_kg"].tolist()[:10], nan_ok=True)


def test_what_is_wrong_with_a_table_is_said_and_can_be_mended(pages, address, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("body,mas_kg,gm_km3_s2\nCeres,,62.6\n")
    page = pages.open(address, expected=["422"])
    page.get_by_role("link", name="Fill a table").click()
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.locator("#filling")).to_have_text("Choose a table first.")
    send(page, table)
    expect(page.locator("#filling")).to_contain_text(
        "Column 'mas_kg' is no datum of the model; did you mean 'mass_kg'?"
    )
    expect(page.locator("#filled")).to_be_hidden()
    page.get_by_text("Options").click()
    page.get_by_label("Leave columns alone").check()
    page.get_by_label("Compute columns that the table lacks").select_option("mass_kg")
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.locator("#summary")).to_have_text("1 of 1 holes filled in 1 row.")
    expect(page.locator("td.filled")).to_have_count(1)
    (tmp_path / "notes.doc").write_text("no table")
    page.set_input_files("#file", tmp_path / "notes.doc")
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.locator("#filling")).to_contain_text("Its name must end in .csv")


def test_a_table_that_is_too_large_is_said_to_be(pages, planets):
    with pages.served(planets, limits=Limits(table_bytes=1000)) as address:
        page = pages.open(address, expected=["413"])
        send(page, HOLED)
        expect(page.locator("#filling")).to_contain_text(
            "That is too much at once: the body has more than the 1000 bytes"
        )


def test_a_large_model_shows_only_the_way(pages, address):
    page = pages.open(address)
    expect(page.locator("#hint")).to_contain_text("boxes: zoom in")
    page.get_by_role("searchbox", name="Search").fill("grav")
    shown = page.locator(".field:not(.heads):visible .name").all_inner_texts()
    assert shown == ["gravitational_constant", "gravity_m_s2", "equatorial_gravity_m_s2"]
    page.get_by_label("want gravity_m_s2", exact=True).check()
    page.get_by_role("searchbox", name="Search").fill("")
    for name, text in (("gm_km3_s2", "22032"), ("mean_radius_km", "2440")):
        page.locator(f'.field[data-name="{name}"] input[type=text]').fill(text)
    expect(page.locator("#enough")).to_have_text("Enough is known: 1 function will be called.")
    expect(page.locator(".box")).to_have_count(4)
    expect(page.locator("#hint")).to_be_hidden()
    page.get_by_role("button", name="Only the way").click()
    assert page.locator(".box").count() > 90
    page.get_by_role("button", name="Only the way").click()
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator(".answer-row .value")).to_have_text("3.700618113")
    expect(page.locator(".box")).to_have_count(4)
    shot(page, "planets-way", whole=False)


def test_a_phone_shows_the_table_without_being_pushed_aside(pages, address):
    page = pages.open(f"{address}#table", width=360, height=740, scheme="dark")
    send(page, HOLED)
    page.locator("td.changed.open").first.click()
    expect(page.locator("#why")).to_contain_text("is still open")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shot(page, "planets-phone")

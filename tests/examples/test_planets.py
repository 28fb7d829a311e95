"""The planets example: a sound table, formulas that agree with it, and a check that would find a slip."""

import csv
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "planets"
MODULES = ("domains", "body", "orbit", "model", "precision", "make_holes", "demo")
TEXT = ("body", "parent")


def rows_of(name):
    with (FOLDER / name).open(newline="", encoding="utf-8") as lines:
        return {row["body"]: row for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def planets():
    """The modules of the example, imported as its scripts import them, and forgotten afterwards."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def published():
    return rows_of("bodies.csv")


def way_to(formulas, column, providers):
    """Give the formulas a value rests on, each after those it needs."""
    way = {}
    waiting = [(column, False)]
    while waiting:
        name, ready = waiting.pop()
        formula = formulas.get(str(providers.get(name)))
        if formula is None or formula.id in way:
            continue
        if ready:
            way[formula.id] = None
        else:
            waiting.append((name, True))
            waiting.extend((each, False) for each in reversed(formula.inputs))
    return tuple(way)


def steps(planets, published):
    """Each single formula where both its inputs and its output are published, with the way it needs."""
    formulas = planets.model.FORMULAS
    for body, row in published.items():
        for formula in formulas.values():
            needed = set(formula.inputs)
            way = ["parent_field"] if needed & set(formulas["parent_field"].outputs) else []
            if "orbit_gm_km3_s2" in needed and formula.id != "gm_of_heavy_companion":
                way = ["parent_field", "orbit_gm" if row["gm_km3_s2"] else "orbit_gm_of_light_body"]
            known = {name for name, text in row.items() if text} | set(planets.model.CONSTANTS)
            known |= {output for name in way for output in formulas[name].outputs}
            for column in formula.outputs:
                if row.get(column) and needed <= known and holds(planets, row, formula, way):
                    yield body, column, [*way, formula.id]


def holds(planets, row, formula, way):
    values = planets.precision.replay(numbers(planets, row), way, {})
    return formula.domain is None or bool(formula.domain(*(values[name] for name in formula.inputs)))


def numbers(planets, row):
    given = {name: float(text) for name, text in row.items() if text and name not in TEXT}
    return planets.model.CONSTANTS | given | {"parent": row["parent"]}


def misfits(planets, published):
    precision = planets.precision.Precision(published)
    for body, column, way in steps(planets, published):
        given = published[body] | {column: ""}
        value = planets.precision.replay(numbers(planets, given), way, {})[column]
        error = abs(value - float(published[body][column]))
        if error > precision.explained(body, column, given, way):
            yield body, column, way[-1]


def test_the_table_holds_the_planets_and_the_large_moons(published):
    assert len(published) >= 24
    assert {"Mercury", "Neptune", "Pluto", "Ceres", "Moon", "Titan", "Triton", "Charon"} <= set(published)


def test_the_model_has_its_formulas_documented(planets):
    assert len(planets.model.FORMULAS) >= 25
    assert set(planets.model.dsp.function_nodes) == set(planets.model.FORMULAS)
    assert all(formula.function.__doc__ for formula in planets.model.FORMULAS.values())


def test_every_column_is_of_the_model(planets, published):
    columns = set(next(iter(published.values()))) - {"body"}
    assert columns <= set(planets.model.dsp.data_nodes)


def test_every_formula_agrees_with_the_published_values(planets, published):
    assert sum(1 for _ in steps(planets, published)) > 500
    assert not list(misfits(planets, published))


def test_every_published_number_comes_from_the_rest_of_its_row(planets, published):
    precision = planets.precision.Precision(published)
    reached = 0
    for body, row in published.items():
        for column in [name for name, text in row.items() if text and name not in TEXT]:
            given = row | {column: ""}
            values = {name: value for name, value in numbers(planets, given).items() if name in row}
            solution = planets.model.dsp.dispatch(values, [column], raises=False)
            if column in solution:
                way = way_to(planets.model.FORMULAS, column, solution.providers)
                reached += 1
                error = abs(solution[column] - float(row[column]))
                assert error <= precision.explained(body, column, given, way), (body, column, way)
    assert reached > 350


@pytest.mark.parametrize(
    ("body", "column", "slip"),
    [
        ("Jupiter", "mass_kg", "1.989125e27"),
        ("Earth", "orbital_speed_km_s", "29.87"),
        ("Io", "mean_motion_deg_d", "203.5889583"),
        ("Pluto", "escape_velocity_km_s", "1.23"),
        ("Titan", "semi_major_axis_km", "1222865"),
        ("Venus", "day_length_hours", "2808.0"),
    ],
)
def test_a_slip_of_the_pen_is_found(planets, published, body, column, slip):
    wrong = published | {body: published[body] | {column: slip}}
    assert any(found == body for found, *_ in misfits(planets, wrong))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("24.8", 0.05), ("24.80", 0.005), ("69911", 0.5), ("4.218e5", 50.0), ("0.0000", 5e-5), ("-1.2723450", 5e-8)],
)
def test_half_a_unit_is_read_from_the_digits(planets, text, expected):
    assert planets.precision.half_unit(text) == pytest.approx(expected, rel=1e-12)


def test_the_holes_are_those_that_the_script_makes(planets, published):
    holed = rows_of("bodies_holed.csv")
    assert list(holed.values()) == planets.make_holes.punch(list(published.values()))
    kept = sum(bool(text) for row in holed.values() for text in row.values())
    whole = sum(bool(text) for row in published.values() for text in row.values())
    names = len(TEXT) * len(published)
    assert 0.35 < 1 - (kept - names) / (whole - names) < 0.45


def test_a_column_of_bodies_gives_what_each_body_gives(planets):
    chance = np.random.default_rng(8)
    parents, small = np.array(["Sun", "Earth", "Sun", "Saturn"]), np.array([0.1, 0.2, 0.3, 1.4])
    for formula in planets.model.FORMULAS.values():
        if formula.id == "parent_field":
            continue
        columns = {name: np.sort(chance.uniform(1e3, 2e3, 4)) for name in formula.inputs}
        columns |= {name: small for name in ("eccentricity", "flattening") if name in columns}
        columns |= {"parent": parents} if "parent" in columns else {}
        columns |= {name: value for name, value in planets.model.CONSTANTS.items() if name in columns}
        holds_for = np.broadcast_to(formula.domain(*columns.values()), 4)
        with np.errstate(invalid="ignore", divide="ignore"):
            results = np.broadcast_to(formula.function(*columns.values()), 4)
        for i in range(4):
            row = [value if np.ndim(value) == 0 else value[i] for value in columns.values()]
            assert bool(formula.domain(*row)) == holds_for[i], formula.id
            if holds_for[i]:
                assert results[i] == pytest.approx(formula.function(*row), rel=1e-13), formula.id

"""How far a computed value may lie from the published one before something is wrong.

The published table states its precision by its digits: a value is known to half a unit of its last one. A computed
value inherits the half units of all the values it came from, along the very way it came:

    explained = half unit of the published value
              + |change of the result| when one input moves by its half unit, summed over all inputs
              + |change of the result| when one formula of the way is off by what it leaves out, summed over those

Formulas that leave something out are few, and listed in `LEFT_OUT`. All else in `allowances.csv` bears its source.
Nothing here is fitted to the errors found: a sum of absolute values is the worst case of the first order, and no more.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from model import CONSTANTS, FORMULAS
from orbit import PARENTS

Row = Mapping[str, str]
HERE = Path(__file__).parent
ROUNDING = 1e-9  # what double precision and Ramanujan's ellipse leave, generously

# A satellite's mean elements are a fit to its real path and are published without an error. Those of the fact sheets
# and those of JPL differ by 3e-5 to 1.2e-4 of the axis (Titan, Iapetus), so half of that is what one may ask of either.
MOON_FIT = 5e-5

# Kepler's law ties axis, period and GM of two bodies alone: an axis off by x puts the period off by 1.5 x, GM by 3 x.
KEPLER = {
    "kepler_period": 1.5,
    "kepler_axis": 1.0,
    "kepler_gm": 3.0,
    "max_speed": 1.5,
    "min_speed": 1.5,
    "flyby_speed": 1.5,
    "axis_from_speeds": 3.0,
}


def half_unit(text: str) -> float:
    """Give half a unit of the last digit as written: 0.05 for '24.8', 50 for '4.218e5', 0.5 for '69911'."""
    return 0.5 * 10.0 ** int(Decimal(text).as_tuple().exponent)


def read_allowances(path: Path = HERE / "allowances.csv") -> dict[tuple[str, str], float]:
    """Give the widths that do not show in the digits, by kind and name."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {(each["kind"], each["name"]): float(each["width"]) for each in csv.DictReader(lines)}


def replay(values: Mapping[str, Any], way: Sequence[str], stretched: Mapping[str, float]) -> dict[str, Any]:
    """Call the formulas of a way in order; a stretched one gives its result times that factor."""
    known = dict(values)
    for name in way:
        formula = FORMULAS[name]
        result = formula.function(*(known[each] for each in formula.inputs))
        results = result if len(formula.outputs) > 1 else (result,)
        for output, value in zip(formula.outputs, results, strict=True):
            known.setdefault(output, value * stretched.get(name, 1.0))
    return known


class Precision:
    """What the published table explains.

    Parameters
    ----------
    published : mapping of str to row
        The whole published table, by body: the half units are read from it, and the neighbours of a body, which
        bend its orbit.
    """

    def __init__(self, published: Mapping[str, Row]) -> None:
        self.published = published
        self.allowances = read_allowances()

    def explained(self, body: str, column: str, given: Row, way: Sequence[str]) -> float:
        """Give the error of a computed cell that the published precision explains.

        Parameters
        ----------
        body, column : str
            The cell.
        given : row
            The row it was computed from, as text; empty cells were not known.
        way : sequence of str
            The ids of the formulas that led to it, in the order called.
        """
        values: dict[str, Any] = dict(CONSTANTS) | {"parent": given["parent"]}
        widths = {name: self.allowances["constant", name] for name in CONSTANTS}
        for name, text in given.items():
            if text and name not in ("body", "parent"):
                values[name], widths[name] = float(text), self.width(body, name, text)
        plain = _result(column, values, way)
        needed = {each for name in way for each in FORMULAS[name].inputs}
        moved = [
            max(abs(_result(column, values | {name: values[name] + step}, way) - plain) for step in (-width, width))
            for name, width in widths.items()
            if name in needed
        ]
        bent = [
            abs(_result(column, values, way, {name: 1 + share}) - plain)
            for name in way
            if (share := self.left_out(body, name))
        ]
        own = self.width(body, column, self.published[body][column])
        return own + sum(moved) + sum(bent) + ROUNDING * abs(plain)

    def width(self, body: str, column: str, text: str) -> float:
        """Give how well a published cell is known: by its digits, or worse if its source says so."""
        return max(half_unit(text), self.allowances.get(("cell", f"{body}/{column}"), 0.0))

    def left_out(self, body: str, formula: str) -> float:
        """Give the share of its result by which a formula may be off for what it leaves out."""
        if formula in KEPLER:
            return KEPLER[formula] * self.bending(body)
        rule = LEFT_OUT.get(formula)
        return rule(self, body) if rule else 0.0

    def bending(self, body: str) -> float:
        """Give the share by which the axis of an orbit may differ from that of two bodies alone.

        To the first order a mass m inside the orbit of a parent M adds m / 3M, one outside at distance a' takes
        (m / 6M) (a / a')^3, and so does the Sun with a moon. To this comes what the fit of the elements leaves.
        """
        row = self.published[body]
        parent, axis = row["parent"], self.axis_km(body)
        gm = PARENTS[parent][0]
        if parent == "Sun":
            share = self.allowances.get(("orbit_fit", body), 0.0) / axis
        else:
            share = MOON_FIT + PARENTS["Sun"][0] / gm * (axis / self.axis_km(parent)) ** 3 / 6
        for other, sibling in self.published.items():
            if other == body or sibling["parent"] != parent or not sibling["gm_km3_s2"]:
                continue
            mass, distance = float(sibling["gm_km3_s2"]) / gm, self.axis_km(other)
            share += mass / 3 if distance < axis else mass / 6 * (axis / distance) ** 3
        return share

    def axis_km(self, body: str) -> float:
        """Give the size of the published orbit."""
        row = self.published[body]
        return abs(float(row["semi_major_axis_km"] or float(row["semi_major_axis_au"]) * CONSTANTS["au_km"]))


def _result(
    column: str, values: Mapping[str, Any], way: Sequence[str], stretched: Mapping[str, float] = MappingProxyType({})
) -> float:
    return float(replay(values, way, stretched)[column])


def _own_mass(precision: Precision, body: str) -> float:
    row = precision.published[body]
    gm, _, _, heaviest = PARENTS[row["parent"]]
    return float(row["gm_km3_s2"]) / gm if row["gm_km3_s2"] else heaviest


def _next_term(precision: Precision, body: str) -> float:
    eccentricity = precision.published[body]["eccentricity"]
    return 175 / 16384 * float(eccentricity or 0) ** 8 * 1.1


LEFT_OUT: dict[str, Callable[[Precision, str], float]] = {
    "orbit_gm_of_light_body": _own_mass,
    "mean_speed_by_series": _next_term,
}

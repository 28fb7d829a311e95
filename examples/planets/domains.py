"""For which values a formula holds: questions that answer element by element, on floats and on numpy columns.

A domain gets the values of its function, in the same places, so its arguments are named for what it asks of them.
"""

from functools import reduce
from typing import Any

import numpy as np

Values = Any  # a float, or a numpy array with one value a body


def positive(*values: Values) -> Values:
    """Whether all values are above zero."""
    return reduce(np.logical_and, (np.greater(value, 0) for value in values))


def positive_and_flat(length: Values, flattening: Values) -> Values:
    """Whether a radius goes with the flattening of a spheroid: 0 (a sphere) up to 1 (a disc)."""
    return np.greater(length, 0) & np.greater_equal(flattening, 0) & np.less(flattening, 1)


def flat(equatorial_km: Values, polar_km: Values) -> Values:
    """Whether the equator bulges, or at least does not sink."""
    return np.greater(polar_km, 0) & np.greater_equal(equatorial_km, polar_km)


def not_zero(value: Values, *_: Values) -> Values:
    """Whether a value may stand below a fraction bar; the axis of a hyperbola is negative."""
    return np.not_equal(value, 0)


def bound(length: Values, eccentricity: Values, *others: Values) -> Values:
    """Whether an orbit closes: 0 <= e < 1, and all else above zero."""
    return positive(length, *others) & np.greater_equal(eccentricity, 0) & np.less(eccentricity, 1)


def conic(axis_km: Values, eccentricity: Values) -> Values:
    """Whether the axis fits the eccentricity: an ellipse (a > 0, e < 1) or a hyperbola (a < 0, e > 1)."""
    return bound(axis_km, eccentricity) | (np.less(axis_km, 0) & np.greater(eccentricity, 1))


def not_parabolic(periapsis_km: Values, eccentricity: Values) -> Values:
    """Whether the orbit has an axis at all; that of a parabola is infinite."""
    return np.greater(periapsis_km, 0) & np.greater_equal(eccentricity, 0) & np.not_equal(eccentricity, 1)


def passing(periapsis_km: Values, eccentricity: Values, orbit_gm_km3_s2: Values) -> Values:
    """Whether the body passes once and is not bound: e > 1."""
    return positive(periapsis_km, orbit_gm_km3_s2) & np.greater(eccentricity, 1)


def kepler(one: Values, other: Values, parent_j2r2_km2: Values) -> Values:
    """Whether Kepler's law can be asked: two of axis, period and GM above zero, a parent that is round or bulges."""
    return positive(one, other) & np.greater_equal(parent_j2r2_km2, 0)


def flyby(periapsis_km: Values, axis_km: Values) -> Values:
    """Whether nearest distance and (negative) axis are those of a hyperbola."""
    return np.greater(periapsis_km, 0) & np.less(axis_km, 0)


def ordered(smaller: Values, larger: Values, *others: Values) -> Values:
    """Whether two positive values come in the order named."""
    return positive(smaller, *others) & np.greater_equal(larger, smaller)


def apoapsis_reaches(axis_km: Values, apoapsis_km: Values) -> Values:
    """Whether an ellipse has this axis and this farthest point: a <= Q < 2 a."""
    return ordered(axis_km, apoapsis_km) & np.less(apoapsis_km, 2 * axis_km)


def light_companion(parent_gm_km3_s2: Values, heaviest_companion: Values) -> Values:
    """Whether nothing that circles the parent weighs more than a thousandth of it."""
    return positive(parent_gm_km3_s2) & np.less(heaviest_companion, 1e-3)


def heavy_companion(orbit_gm_km3_s2: Values, parent_gm_km3_s2: Values) -> Values:
    """Whether the body shows in the difference: less than 1 % of the parent drowns in the digits of the orbit."""
    return np.greater(orbit_gm_km3_s2, 1.01 * np.asarray(parent_gm_km3_s2))


def of_the_sun(period_days: Values, parent: Values, *_: Values) -> Values:
    """Whether a body with this period is a planet, not a moon."""
    return np.greater(period_days, 0) & np.equal(parent, "Sun")


def turning_under_the_sun(rotation_days: Values, period_days: Values, parent: Values) -> Values:
    """Whether the Sun rises at all: a planet that does not keep one face to the Sun."""
    return np.not_equal(rotation_days, period_days) & of_the_sun(period_days, parent)


def meeting_the_earth(period_days: Values, parent: Values, earth_year_days: Values) -> Values:
    """Whether the Earth and a planet overtake one another: not the Earth itself."""
    return of_the_sun(period_days, parent) & np.greater(np.abs(period_days - earth_year_days), 0.1)


def of_a_planet(period_days: Values, parent: Values) -> Values:
    """Whether a body with this period is a moon."""
    return np.greater(period_days, 0) & np.not_equal(parent, "Sun")


def inside_the_earth(synodic_days: Values, axis_km: Values, au_km: Values, *_: Values) -> Values:
    """Whether a planet overtakes the Earth."""
    return positive(synodic_days, axis_km) & np.less(axis_km, 0.95 * au_km)


def outside_the_earth(synodic_days: Values, axis_km: Values, au_km: Values, earth_year_days: Values) -> Values:
    """Whether the Earth overtakes a planet."""
    return np.greater(synodic_days, earth_year_days) & np.greater(axis_km, 1.05 * au_km)

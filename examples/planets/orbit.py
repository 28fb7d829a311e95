"""How a body moves: the shape of its orbit, Kepler's law, speeds and days.

One plain function each, for one body (floats) or for a column of bodies (numpy arrays); `parent_field` alone looks up
a name, and is asked row by row. For which values a formula holds stands in `domains`.
"""

from typing import Any

import numpy as np

Values = Any  # a float, or a numpy array with one value a body

DAY_SECONDS = 86400.0
YEAR_DAYS = 365.25  # the Julian year, which the sources mean by a year

# Of each parent: GM [km3/s2] and J2 (JPL: DE440 and the satellite solutions), the radius J2 is referred to [km],
# and the mass of its heaviest companion over its own.
PARENTS = {
    "Sun": (1.3271244004e11, 0.0, 695700.0, 9.5e-4),
    "Earth": (398600.436, 1.08263e-3, 6378.136, 1.23e-2),
    "Jupiter": (126686531.9, 1.46965e-2, 71492.0, 7.8e-5),
    "Saturn": (37931206.23, 1.62907e-2, 60330.0, 2.4e-4),
    "Uranus": (5793951.3, 3.51068e-3, 25559.0, 3.9e-5),
    "Neptune": (6835099.97, 3.40843e-3, 25225.0, 2.1e-4),
    "Pluto": (869.6, 0.0, 1188.3, 1.22e-1),
}


def parent_field(parent: str) -> tuple[float, float, float]:
    """GM [km3/s2] and J2 R^2 [km2] of the parent, and its heaviest companion's mass over its own; for one row."""
    gm, j2, radius_km, heaviest = PARENTS[parent]
    return gm, j2 * radius_km**2, heaviest


def orbit_gm(parent_gm_km3_s2: Values, gm_km3_s2: Values) -> Values:
    """GM [km3/s2] of both bodies, which is what holds an orbit."""
    return parent_gm_km3_s2 + gm_km3_s2


def orbit_gm_of_light_body(parent_gm_km3_s2: Values, heaviest_companion: Values) -> Values:  # noqa: ARG001
    """GM [km3/s2] that holds the orbit of a body too light to count."""
    return 1.0 * parent_gm_km3_s2


def gm_of_heavy_companion(orbit_gm_km3_s2: Values, parent_gm_km3_s2: Values) -> Values:
    """GM [km3/s2] that the orbit shows beside the parent's."""
    return orbit_gm_km3_s2 - parent_gm_km3_s2


def km_from_au(distance_au: Values, au_km: Values) -> Values:
    """Kilometres of astronomical units."""
    return distance_au * au_km


def au_from_km(distance_km: Values, au_km: Values) -> Values:
    """Astronomical units of kilometres."""
    return distance_km / au_km


def periapsis(semi_major_axis_km: Values, eccentricity: Values) -> Values:
    """Nearest distance [km]; of a hyperbola too, whose axis is negative."""
    return semi_major_axis_km * (1 - eccentricity)


def apoapsis(semi_major_axis_km: Values, eccentricity: Values) -> Values:
    """Farthest distance [km] of a closed orbit."""
    return semi_major_axis_km * (1 + eccentricity)


def axis_from_apsides(periapsis_km: Values, apoapsis_km: Values) -> Values:
    """Semi-major axis [km] between the nearest and the farthest point."""
    return (periapsis_km + apoapsis_km) / 2


def eccentricity_from_apsides(periapsis_km: Values, apoapsis_km: Values) -> Values:
    """Eccentricity of the ellipse between the nearest and the farthest point."""
    return (apoapsis_km - periapsis_km) / (apoapsis_km + periapsis_km)


def axis_from_periapsis(periapsis_km: Values, eccentricity: Values) -> Values:
    """Semi-major axis [km]; negative for a hyperbola."""
    return periapsis_km / (1 - eccentricity)


def axis_from_apoapsis(apoapsis_km: Values, eccentricity: Values) -> Values:
    """Semi-major axis [km] of a closed orbit."""
    return apoapsis_km / (1 + eccentricity)


def eccentricity_from_periapsis(periapsis_km: Values, semi_major_axis_km: Values) -> Values:
    """Eccentricity: 1 less a ratio close to 1, so that digits are lost."""
    return 1 - periapsis_km / semi_major_axis_km


def eccentricity_of_flyby(periapsis_km: Values, semi_major_axis_km: Values) -> Values:
    """Eccentricity of a hyperbola, above 1: its axis is negative."""
    return 1 + periapsis_km / -semi_major_axis_km


def eccentricity_from_apoapsis(semi_major_axis_km: Values, apoapsis_km: Values) -> Values:
    """Eccentricity: a ratio close to 1, less 1, so that digits are lost."""
    return apoapsis_km / semi_major_axis_km - 1


def apoapsis_from_axis(periapsis_km: Values, semi_major_axis_km: Values) -> Values:
    """Farthest distance [km], opposite to the nearest."""
    return 2 * semi_major_axis_km - periapsis_km


def periapsis_from_axis(semi_major_axis_km: Values, apoapsis_km: Values) -> Values:
    """Nearest distance [km], opposite to the farthest."""
    return 2 * semi_major_axis_km - apoapsis_km


def days_from_years(period_years: Values) -> Values:
    """Days of Julian years."""
    return period_years * YEAR_DAYS


def years_from_days(period_days: Values) -> Values:
    """Julian years of days."""
    return period_days / YEAR_DAYS


def mean_motion(period_days: Values) -> Values:
    """Mean motion [deg/day] of a closed orbit."""
    return 360.0 / period_days


def period_from_mean_motion(mean_motion_deg_d: Values) -> Values:
    """Period [days] of a mean motion [deg/day]."""
    return 360.0 / mean_motion_deg_d


def kepler_period(semi_major_axis_km: Values, orbit_gm_km3_s2: Values, parent_j2r2_km2: Values) -> Values:
    """Period [days] by Kepler's third law, with the pull of the parent's bulge on an orbit over its equator."""
    pull = orbit_gm_km3_s2 * (1 + 1.5 * parent_j2r2_km2 / semi_major_axis_km**2)
    return 2 * np.pi * (semi_major_axis_km**3 / pull) ** 0.5 / DAY_SECONDS


def kepler_axis(period_days: Values, orbit_gm_km3_s2: Values, parent_j2r2_km2: Values) -> Values:
    """Semi-major axis [km] of a period [days]: the inverse of `kepler_period`.

    The bulge pulls with some thousandths at most, so each round of the iteration wins more than two digits.
    """
    sphere = (orbit_gm_km3_s2 * (period_days * DAY_SECONDS / (2 * np.pi)) ** 2) ** (1 / 3)
    axis = sphere
    for _ in range(8):
        axis = sphere * (1 + 1.5 * parent_j2r2_km2 / axis**2) ** (1 / 3)
    return axis


def kepler_gm(semi_major_axis_km: Values, period_days: Values, parent_j2r2_km2: Values) -> Values:
    """GM [km3/s2] of both bodies, weighed by the orbit."""
    motion = 2 * np.pi / (period_days * DAY_SECONDS)
    return motion**2 * semi_major_axis_km**3 / (1 + 1.5 * parent_j2r2_km2 / semi_major_axis_km**2)


def ellipse_per_axis(eccentricity: Values) -> Values:
    """Circumference of an ellipse over its semi-major axis, by Ramanujan's second approximation.

    With h = ((a - b) / (a + b))^2 it falls short by 3 h^5 / 2^17 or so: less than 1e-11 up to e = 0.6.
    """
    minor = (1 - eccentricity**2) ** 0.5
    h = ((1 - minor) / (1 + minor)) ** 2
    return np.pi * (1 + minor) * (1 + 3 * h / (10 + (4 - 3 * h) ** 0.5))


def circumference(semi_major_axis_km: Values, eccentricity: Values) -> Values:
    """Length [km] of a closed orbit."""
    return semi_major_axis_km * ellipse_per_axis(eccentricity)


def axis_from_circumference(orbit_circumference_km: Values, eccentricity: Values) -> Values:
    """Semi-major axis [km] of an orbit of known length and shape."""
    return orbit_circumference_km / ellipse_per_axis(eccentricity)


def mean_speed(orbit_circumference_km: Values, period_days: Values) -> Values:
    """Mean speed [km/s] on an orbit of known length."""
    return orbit_circumference_km / (period_days * DAY_SECONDS)


def mean_speed_by_series(semi_major_axis_km: Values, eccentricity: Values, period_days: Values) -> Values:
    """Mean speed [km/s] without the length of the orbit; the next term of the series would be 175/16384 e^8."""
    square = eccentricity**2
    series = 1 - square / 4 - 3 * square**2 / 64 - 5 * square**3 / 256
    return 2 * np.pi * semi_major_axis_km / (period_days * DAY_SECONDS) * series


def circumference_from_speed(orbital_speed_km_s: Values, period_days: Values) -> Values:
    """Length [km] of the way made in one period."""
    return orbital_speed_km_s * period_days * DAY_SECONDS


def period_from_speed(orbit_circumference_km: Values, orbital_speed_km_s: Values) -> Values:
    """Period [days] of a way made at a mean speed."""
    return orbit_circumference_km / orbital_speed_km_s / DAY_SECONDS


def km_h_from_km_s(speed_km_s: Values) -> Values:
    """Speed [km/h]."""
    return speed_km_s * 3600.0


def km_s_from_km_h(speed_km_h: Values) -> Values:
    """Speed [km/s]."""
    return speed_km_h / 3600.0


def max_speed(semi_major_axis_km: Values, eccentricity: Values, orbit_gm_km3_s2: Values) -> Values:
    """Speed [km/s] at the nearest point (vis-viva)."""
    return (orbit_gm_km3_s2 / semi_major_axis_km * (1 + eccentricity) / (1 - eccentricity)) ** 0.5


def flyby_speed(periapsis_km: Values, eccentricity: Values, orbit_gm_km3_s2: Values) -> Values:
    """Speed [km/s] at the nearest point of a body that passes once (vis-viva)."""
    return (orbit_gm_km3_s2 * (1 + eccentricity) / periapsis_km) ** 0.5


def min_speed(semi_major_axis_km: Values, eccentricity: Values, orbit_gm_km3_s2: Values) -> Values:
    """Speed [km/s] at the farthest point (vis-viva)."""
    return (orbit_gm_km3_s2 / semi_major_axis_km * (1 - eccentricity) / (1 + eccentricity)) ** 0.5


def min_speed_from_max(max_speed_km_s: Values, periapsis_km: Values, apoapsis_km: Values) -> Values:
    """Speed [km/s] at the farthest point: equal areas in equal times."""
    return max_speed_km_s * periapsis_km / apoapsis_km


def max_speed_from_min(min_speed_km_s: Values, periapsis_km: Values, apoapsis_km: Values) -> Values:
    """Speed [km/s] at the nearest point: equal areas in equal times."""
    return min_speed_km_s * apoapsis_km / periapsis_km


def axis_from_speeds(min_speed_km_s: Values, max_speed_km_s: Values, orbit_gm_km3_s2: Values) -> Values:
    """Semi-major axis [km]: the product of the two speeds is GM / a."""
    return orbit_gm_km3_s2 / (min_speed_km_s * max_speed_km_s)


def eccentricity_from_speeds(min_speed_km_s: Values, max_speed_km_s: Values) -> Values:
    """Eccentricity: a small difference of two speeds, so that digits are lost."""
    return (max_speed_km_s - min_speed_km_s) / (max_speed_km_s + min_speed_km_s)


def hours_from_days(time_days: Values) -> Values:
    """Hours of days."""
    return time_days * 24.0


def days_from_hours(time_hours: Values) -> Values:
    """Days of hours."""
    return time_hours / 24.0


def synchronous_rotation(period_days: Values, parent: Values) -> Values:  # noqa: ARG001
    """Rotation [days] of a moon that turns the same face to its planet, as all large moons do."""
    return 1.0 * period_days


def solar_day(rotation_days: Values, period_days: Values, parent: Values) -> Values:  # noqa: ARG001
    """Hours from noon to noon. There is no way back: a day does not tell whether the planet turns backwards."""
    return 24.0 / np.abs(1 / rotation_days - 1 / period_days)


def synodic_period(period_days: Values, parent: Values, earth_year_days: Values) -> Values:  # noqa: ARG001
    """Days from one meeting with the Earth to the next."""
    return 1 / np.abs(1 / period_days - 1 / earth_year_days)


def period_of_inner_planet(
    synodic_period_days: Values,
    semi_major_axis_km: Values,  # noqa: ARG001
    au_km: Values,  # noqa: ARG001
    earth_year_days: Values,
) -> Values:
    """Period [days] of a planet that overtakes the Earth."""
    return 1 / (1 / earth_year_days + 1 / synodic_period_days)


def period_of_outer_planet(
    synodic_period_days: Values,
    semi_major_axis_km: Values,  # noqa: ARG001
    au_km: Values,  # noqa: ARG001
    earth_year_days: Values,
) -> Values:
    """Period [days] of a planet that the Earth overtakes."""
    return 1 / (1 / earth_year_days - 1 / synodic_period_days)

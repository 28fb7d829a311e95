"""What a body is: its mass, size, shape and the pull at its surface.

One plain function each, for one body (floats) or for a column of bodies (numpy arrays). An argument bears the name and
the unit of the column it is read from. For which values a formula holds stands in `domains`.
"""

from typing import Any

import numpy as np

Values = Any  # a float, or a numpy array with one value a body


def gm_from_mass(mass_kg: Values, gravitational_constant: Values) -> Values:
    """GM [km3/s2] of a mass [kg]."""
    return gravitational_constant * mass_kg


def mass_from_gm(gm_km3_s2: Values, gravitational_constant: Values) -> Values:
    """Mass [kg] of a GM [km3/s2]: what is measured is GM, and no better known than G is the mass."""
    return gm_km3_s2 / gravitational_constant


def volume_from_radius(mean_radius_km: Values) -> Values:
    """Volume [km3]; the mean radius [km] is that of the sphere of the same volume."""
    return 4 / 3 * np.pi * mean_radius_km**3


def radius_from_volume(volume_km3: Values) -> Values:
    """Mean radius [km] of a volume [km3]."""
    return (3 / (4 * np.pi) * volume_km3) ** (1 / 3)


def area_from_radius(mean_radius_km: Values) -> Values:
    """Surface [km2] of the sphere with the mean radius [km], which is how it is published."""
    return 4 * np.pi * mean_radius_km**2


def radius_from_area(surface_area_km2: Values) -> Values:
    """Mean radius [km] of a surface [km2]."""
    return (surface_area_km2 / (4 * np.pi)) ** 0.5


def radius_from_axes(equatorial_radius_km: Values, polar_radius_km: Values) -> Values:
    """Mean radius [km] of a spheroid."""
    return (equatorial_radius_km**2 * polar_radius_km) ** (1 / 3)


def polar_radius_from_mean(mean_radius_km: Values, equatorial_radius_km: Values) -> Values:
    """Polar radius [km] of a spheroid of known volume; takes up the errors of both radii, threefold and twofold."""
    return mean_radius_km**3 / equatorial_radius_km**2


def equatorial_radius_from_mean(mean_radius_km: Values, polar_radius_km: Values) -> Values:
    """Equatorial radius [km] of a spheroid of known volume."""
    return (mean_radius_km**3 / polar_radius_km) ** 0.5


def equatorial_radius_from_flattening(mean_radius_km: Values, flattening: Values) -> Values:
    """Equatorial radius [km] of a spheroid of known volume and flattening."""
    return mean_radius_km / (1 - flattening) ** (1 / 3)


def flattening_from_axes(equatorial_radius_km: Values, polar_radius_km: Values) -> Values:
    """Flattening (a - c) / a of a spheroid."""
    return (equatorial_radius_km - polar_radius_km) / equatorial_radius_km


def polar_radius(equatorial_radius_km: Values, flattening: Values) -> Values:
    """Polar radius [km] of a flattened body."""
    return equatorial_radius_km * (1 - flattening)


def equatorial_radius(polar_radius_km: Values, flattening: Values) -> Values:
    """Equatorial radius [km] of a flattened body."""
    return polar_radius_km / (1 - flattening)


def density(mass_kg: Values, volume_km3: Values) -> Values:
    """Mean density [kg/m3]."""
    return mass_kg / volume_km3 * 1e-9


def mass_from_density(density_kg_m3: Values, volume_km3: Values) -> Values:
    """Mass [kg] of a volume [km3]."""
    return density_kg_m3 * volume_km3 * 1e9


def volume_from_density(mass_kg: Values, density_kg_m3: Values) -> Values:
    """Volume [km3] of a mass [kg]."""
    return mass_kg / density_kg_m3 * 1e-9


def gravity(gm_km3_s2: Values, radius_km: Values) -> Values:
    """Gravity [m/s2] at a distance from the centre; without the rotation, as the columns are defined."""
    return gm_km3_s2 / radius_km**2 * 1e3


def gm_from_gravity(gravity_m_s2: Values, radius_km: Values) -> Values:
    """GM [km3/s2] that gives this gravity at this distance."""
    return gravity_m_s2 * 1e-3 * radius_km**2


def radius_from_gravity(gm_km3_s2: Values, gravity_m_s2: Values) -> Values:
    """Distance [km] at which GM gives this gravity."""
    return (gm_km3_s2 / (gravity_m_s2 * 1e-3)) ** 0.5


def escape_velocity(gm_km3_s2: Values, mean_radius_km: Values) -> Values:
    """Escape velocity [km/s] from the mean radius."""
    return (2 * gm_km3_s2 / mean_radius_km) ** 0.5


def gm_from_escape(escape_velocity_km_s: Values, mean_radius_km: Values) -> Values:
    """GM [km3/s2] that must be escaped from."""
    return escape_velocity_km_s**2 * mean_radius_km / 2


def radius_from_escape(gm_km3_s2: Values, escape_velocity_km_s: Values) -> Values:
    """Mean radius [km] from which this speed escapes."""
    return 2 * gm_km3_s2 / escape_velocity_km_s**2


def radius_from_surface(gravity_m_s2: Values, escape_velocity_km_s: Values) -> Values:
    """Mean radius [km] of which gravity and escape velocity are both known: v^2 = 2 g R."""
    return escape_velocity_km_s**2 / (2 * gravity_m_s2 * 1e-3)

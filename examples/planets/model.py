"""The model of a body of the solar system: every column of `bodies.csv`, and every way from one to another.

`dsp` is the model. A formula that holds exactly weighs nothing beside its arcs, one that loses digits `LOSES_DIGITS`,
an approximation `APPROXIMATE`, and one that shows what it wants only in a small remainder `REMAINDER`. A value that is
given lies at distance 0, so a published value is always nearer than a computed one.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import body
import domains
import orbit

import thalweg as tw

LOSES_DIGITS, APPROXIMATE, REMAINDER = 4, 10, 40

CONSTANTS = {
    "gravitational_constant": 6.67430e-20,  # [km3/(kg s2)], CODATA 2018
    "au_km": 149597870.7,  # exact since IAU 2012
    "earth_year_days": 365.25636,  # the sidereal year
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A function of the model: its id, what it calls, needs and gives, where it holds, what it weighs."""

    id: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: Callable[..., Any] | None
    weight: float


def formula(
    function: Callable[..., Any],
    *outputs: str,
    where: Callable[..., Any] | None = domains.positive,
    weight: float = 0,
    inputs: tuple[str, ...] | None = None,
    name: str | None = None,
) -> Formula:
    """Give the record of a formula; its inputs are the names of its arguments, unless told otherwise."""
    needed = inputs or tuple(inspect.signature(function).parameters)
    return Formula(name or function.__name__, function, needed, outputs, where, weight)


BODY = [
    formula(body.gm_from_mass, "gm_km3_s2"),
    formula(body.mass_from_gm, "mass_kg"),
    formula(body.volume_from_radius, "volume_km3"),
    formula(body.radius_from_volume, "mean_radius_km"),
    formula(body.area_from_radius, "surface_area_km2"),
    formula(body.radius_from_area, "mean_radius_km"),
    formula(body.radius_from_axes, "mean_radius_km", where=domains.flat),
    formula(body.polar_radius_from_mean, "polar_radius_km", weight=LOSES_DIGITS),
    formula(body.equatorial_radius_from_mean, "equatorial_radius_km", weight=LOSES_DIGITS),
    formula(body.equatorial_radius_from_flattening, "equatorial_radius_km", where=domains.positive_and_flat),
    formula(body.flattening_from_axes, "flattening", where=domains.flat, weight=LOSES_DIGITS),
    formula(body.polar_radius, "polar_radius_km", where=domains.positive_and_flat),
    formula(body.equatorial_radius, "equatorial_radius_km", where=domains.positive_and_flat),
    formula(body.density, "density_kg_m3"),
    formula(body.mass_from_density, "mass_kg"),
    formula(body.volume_from_density, "volume_km3"),
    formula(body.gravity, "gravity_m_s2", inputs=("gm_km3_s2", "mean_radius_km")),
    formula(body.gm_from_gravity, "gm_km3_s2", inputs=("gravity_m_s2", "mean_radius_km")),
    formula(body.radius_from_gravity, "mean_radius_km"),
    formula(
        body.gravity,
        "equatorial_gravity_m_s2",
        inputs=("gm_km3_s2", "equatorial_radius_km"),
        name="equatorial_gravity",
    ),
    formula(
        body.gm_from_gravity,
        "gm_km3_s2",
        inputs=("equatorial_gravity_m_s2", "equatorial_radius_km"),
        name="gm_from_equatorial_gravity",
    ),
    formula(
        body.radius_from_gravity,
        "equatorial_radius_km",
        inputs=("gm_km3_s2", "equatorial_gravity_m_s2"),
        name="equatorial_radius_from_gravity",
    ),
    formula(body.escape_velocity, "escape_velocity_km_s"),
    formula(body.gm_from_escape, "gm_km3_s2"),
    formula(body.radius_from_escape, "mean_radius_km"),
    formula(body.radius_from_surface, "mean_radius_km", weight=LOSES_DIGITS),
]

UNITS = [
    formula(
        function,
        f"{column}_{unit}",
        inputs=(f"{column}_{other}", "au_km"),
        where=domains.not_zero,
        name=f"{column}_{unit}_from_{other}",
    )
    for column in ("semi_major_axis", "periapsis", "apoapsis")
    for function, unit, other in ((orbit.km_from_au, "km", "au"), (orbit.au_from_km, "au", "km"))
] + [
    formula(orbit.days_from_years, "period_days"),
    formula(orbit.years_from_days, "period_years"),
    formula(orbit.mean_motion, "mean_motion_deg_d"),
    formula(orbit.period_from_mean_motion, "period_days"),
    formula(orbit.km_h_from_km_s, "orbital_speed_km_h", inputs=("orbital_speed_km_s",)),
    formula(orbit.km_s_from_km_h, "orbital_speed_km_s", inputs=("orbital_speed_km_h",)),
    formula(orbit.hours_from_days, "rotation_hours", inputs=("rotation_days",), where=domains.not_zero),
    formula(orbit.days_from_hours, "rotation_days", inputs=("rotation_hours",), where=domains.not_zero),
]

SHAPE = [
    formula(orbit.periapsis, "periapsis_km", where=domains.conic),
    formula(orbit.apoapsis, "apoapsis_km", where=domains.bound),
    formula(orbit.axis_from_apsides, "semi_major_axis_km", where=domains.ordered),
    formula(orbit.eccentricity_from_apsides, "eccentricity", where=domains.ordered, weight=LOSES_DIGITS),
    formula(orbit.axis_from_periapsis, "semi_major_axis_km", where=domains.not_parabolic),
    formula(orbit.axis_from_apoapsis, "semi_major_axis_km", where=domains.bound),
    formula(orbit.eccentricity_from_periapsis, "eccentricity", where=domains.ordered, weight=LOSES_DIGITS),
    formula(orbit.eccentricity_of_flyby, "eccentricity", where=domains.flyby),
    formula(orbit.eccentricity_from_apoapsis, "eccentricity", where=domains.apoapsis_reaches, weight=LOSES_DIGITS),
    formula(orbit.apoapsis_from_axis, "apoapsis_km", where=domains.ordered),
    formula(orbit.periapsis_from_axis, "periapsis_km", where=domains.apoapsis_reaches),
    formula(orbit.circumference, "orbit_circumference_km", where=domains.bound, weight=1),
    formula(orbit.axis_from_circumference, "semi_major_axis_km", where=domains.bound, weight=1),
]

MOTION = [
    formula(orbit.parent_field, "parent_gm_km3_s2", "parent_j2r2_km2", "heaviest_companion", where=None),
    formula(orbit.orbit_gm, "orbit_gm_km3_s2"),
    formula(orbit.orbit_gm_of_light_body, "orbit_gm_km3_s2", where=domains.light_companion, weight=APPROXIMATE),
    formula(orbit.gm_of_heavy_companion, "gm_km3_s2", where=domains.heavy_companion, weight=REMAINDER),
    formula(orbit.kepler_period, "period_days", where=domains.kepler),
    formula(orbit.kepler_axis, "semi_major_axis_km", where=domains.kepler),
    formula(orbit.kepler_gm, "orbit_gm_km3_s2", where=domains.kepler, weight=REMAINDER),
    formula(orbit.mean_speed, "orbital_speed_km_s"),
    formula(orbit.mean_speed_by_series, "orbital_speed_km_s", where=domains.bound, weight=APPROXIMATE),
    formula(orbit.circumference_from_speed, "orbit_circumference_km"),
    formula(orbit.period_from_speed, "period_days"),
    formula(orbit.max_speed, "max_speed_km_s", where=domains.bound),
    formula(orbit.flyby_speed, "max_speed_km_s", where=domains.passing),
    formula(orbit.min_speed, "min_speed_km_s", where=domains.bound),
    formula(orbit.min_speed_from_max, "min_speed_km_s"),
    formula(orbit.max_speed_from_min, "max_speed_km_s"),
    formula(orbit.axis_from_speeds, "semi_major_axis_km", where=domains.ordered),
    formula(orbit.eccentricity_from_speeds, "eccentricity", where=domains.ordered, weight=LOSES_DIGITS),
]

DAYS = [
    formula(orbit.synchronous_rotation, "rotation_days", where=domains.of_a_planet, weight=APPROXIMATE),
    formula(orbit.solar_day, "day_length_hours", where=domains.turning_under_the_sun),
    formula(orbit.synodic_period, "synodic_period_days", where=domains.meeting_the_earth),
    formula(orbit.period_of_inner_planet, "period_days", where=domains.inside_the_earth),
    formula(orbit.period_of_outer_planet, "period_days", where=domains.outside_the_earth),
]

FORMULAS = {each.id: each for each in (*BODY, *UNITS, *SHAPE, *MOTION, *DAYS)}


def build() -> tw.Dispatcher:
    """Give the model: the constants as defaults, then the formulas in the order of the lists above."""
    model = tw.Dispatcher(name="planets", description="A body of the solar system and its orbit")
    for name, value in CONSTANTS.items():
        model.add_data(name, default_value=value)
    for each in FORMULAS.values():
        model.add_function(
            each.id,
            each.function,
            inputs=list(each.inputs),
            outputs=list(each.outputs),
            input_domain=each.domain,
            weight=each.weight,
            description=inspect.getdoc(each.function),
        )
    return model


dsp = build()

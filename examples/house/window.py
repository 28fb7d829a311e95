"""The windows of one side of the house: what they lose and what the sun gives.

EN ISO 10077-1:2017 for the U-value of glass, frame and edge together; EN 673 for glass by the resistance of its gap;
EN ISO 13790:2008, 11.3, for the sun.
"""

from quantities import assume, describe, either_way, product, total

import thalweg as tw

QUANTITIES = {
    "count": ("1", "equal windows on this side"),
    "width": ("m", "of one window with its frame"),
    "height": ("m", ""),
    "frame_width": ("m", "seen from the front"),
    "window_area": ("m²", "of one"),
    "glass_area": ("m²", "of one"),
    "frame_area": ("m²", "of one"),
    "edge_length": ("m", "of the glass of one"),
    "frame_share": ("1", "of the area"),
    "gap_resistance": ("m² K/W", "of all gaps and panes of the glazing"),
    "glass_resistance": ("m² K/W", "with the air on both sides"),
    "glass_u_value": ("W/(m² K)", ""),
    "frame_u_value": ("W/(m² K)", ""),
    "edge_psi": ("W/(m K)", "of the spacer"),
    "window_u_value": ("W/(m² K)", ""),
    "area": ("m²", "of all on this side"),
    "transfer": ("W/K", ""),
    "g_value": ("1", "share of the sun's heat that the glass lets in, straight on"),
    "shading": ("1", "share that nothing outside takes away"),
    "slant": ("1", "0.9: the sun does not shine straight on (ISO 13790, 11.4.2)"),
    "sun_area": ("m²", "hole that would let in as much"),
    "irradiation": ("kWh/m²", "on this side in the heating season"),
    "sun_gain": ("kWh", "in the heating season"),
}
INNER_AIR, OUTER_AIR = 1 / 7.7, 1 / 25  # [m² K/W], EN 673


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="window", description="Equal windows on one side of a house")
    describe(dsp, QUANTITIES)
    add_geometry(dsp)
    either_way(
        dsp,
        "gap_resistance",
        lambda r: r + INNER_AIR + OUTER_AIR,
        "glass_resistance",
        lambda r: r - INNER_AIR - OUTER_AIR,
    )
    either_way(dsp, "glass_resistance", lambda r: 1 / r, "glass_u_value", lambda u: 1 / u)
    add_u_value(dsp)
    product(dsp, "area", "window_area", "count")
    product(dsp, "transfer", "window_u_value", "area")
    product(dsp, "sun_gain", "sun_area", "irradiation")

    @dsp.function(outputs=["sun_area"])
    def area_for_the_sun(area: float, frame_share: float, g_value: float, slant: float, shading: float) -> float:
        return area * (1 - frame_share) * g_value * slant * shading

    @dsp.function(outputs=["g_value"])
    def g_value_from_sun_area(sun_area: float, area: float, frame_share: float, slant: float, shading: float) -> float:
        return sun_area / (area * (1 - frame_share) * slant * shading)

    assume(dsp, slant=0.9, shading=0.9, edge_psi=0.05)
    return dsp


def add_geometry(dsp: tw.Dispatcher) -> None:
    product(dsp, "window_area", "width", "height")
    total(dsp, "window_area", "glass_area", "frame_area")
    product(dsp, "frame_area", "frame_share", "window_area")

    @dsp.function(outputs=["glass_area", "edge_length"], input_domain=lambda w, h, f: 2 * f < min(w, h))
    def glass(width: float, height: float, frame_width: float) -> tuple[float, float]:
        w, h = width - 2 * frame_width, height - 2 * frame_width
        return w * h, 2 * (w + h)


def add_u_value(dsp: tw.Dispatcher) -> None:
    """Add ISO 10077-1, equation 1, solved for the window, the glass and the frame."""

    @dsp.function(outputs=["window_u_value"])
    def u_value(glass_area, glass_u_value, frame_area, frame_u_value, edge_length, edge_psi, window_area) -> float:
        return (glass_area * glass_u_value + frame_area * frame_u_value + edge_length * edge_psi) / window_area

    @dsp.function(outputs=["glass_u_value"])
    def u_value_of_glass(
        window_u_value, window_area, glass_area, frame_area, frame_u_value, edge_length, edge_psi
    ) -> float:
        return (window_u_value * window_area - frame_area * frame_u_value - edge_length * edge_psi) / glass_area

    @dsp.function(outputs=["frame_u_value"])
    def u_value_of_frame(
        window_u_value, window_area, glass_area, glass_u_value, frame_area, edge_length, edge_psi
    ) -> float:
        return (window_u_value * window_area - glass_area * glass_u_value - edge_length * edge_psi) / frame_area

"""A wall or a roof: layers, heat transfer, and how cold its inner surface becomes.

EN ISO 6946:2017 for resistances and U-values, EN ISO 13789:2017 for transfer coefficients, EN ISO 13788:2012 for the
temperature factor of the surface (with its own, larger surface resistance, for corners behind furniture).
"""

from quantities import assume, describe, either_way, product, total

import thalweg as tw

QUANTITIES = {
    "inner_thickness": ("m", "plaster and whatever else is inside of the insulation"),
    "inner_conductivity": ("W/(m K)", ""),
    "inner_resistance": ("m² K/W", ""),
    "insulation_thickness": ("m", ""),
    "insulation_conductivity": ("W/(m K)", ""),
    "insulation_resistance": ("m² K/W", ""),
    "outer_thickness": ("m", "masonry, tiles"),
    "outer_conductivity": ("W/(m K)", ""),
    "outer_resistance": ("m² K/W", ""),
    "layers_resistance": ("m² K/W", "all layers, without the air at their surfaces"),
    "inner_surface_resistance": ("m² K/W", "0.13 for walls, 0.10 for heat that goes up (ISO 6946, table 7)"),
    "outer_surface_resistance": ("m² K/W", "0.04 (ISO 6946, table 7)"),
    "resistance": ("m² K/W", "from air to air"),
    "u_value": ("W/(m² K)", ""),
    "bridges": ("W/(m² K)", "a lump for thermal bridges"),
    "u_value_with_bridges": ("W/(m² K)", ""),
    "area": ("m²", "outer dimensions, without windows"),
    "transfer": ("W/K", "heat lost for each degree"),
    "corner_surface_resistance": ("m² K/W", "0.25 for the check of surfaces (ISO 13788)"),
    "surface_factor": ("1", "f_Rsi: how much of the difference between out and in the surface keeps"),
    "indoor_temperature": ("°C", ""),
    "cold_temperature": ("°C", "outdoors, for the check of surfaces"),
    "surface_temperature": ("°C", "of the inner surface"),
}


def build(inner_surface_resistance: float = 0.13) -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="element", description="A wall or a roof of three layers")
    describe(dsp, QUANTITIES)
    for layer in ("inner", "insulation", "outer"):
        product(dsp, f"{layer}_thickness", f"{layer}_resistance", f"{layer}_conductivity")
    total(dsp, "layers_resistance", "inner_resistance", "insulation_resistance", "outer_resistance")
    total(dsp, "resistance", "inner_surface_resistance", "layers_resistance", "outer_surface_resistance")
    either_way(dsp, "resistance", lambda r: 1 / r, "u_value", lambda u: 1 / u)
    total(dsp, "u_value_with_bridges", "u_value", "bridges")
    product(dsp, "transfer", "u_value_with_bridges", "area")
    add_surface(dsp)
    assume(dsp, inner_surface_resistance=inner_surface_resistance, outer_surface_resistance=0.04)
    assume(dsp, corner_surface_resistance=0.25, bridges=0.05)
    return dsp


def add_surface(dsp: tw.Dispatcher) -> None:
    """Add the check of the inner surface: f = 1 - Rsi / R, and the temperature that follows."""

    @dsp.function(outputs=["surface_factor"])
    def surface_factor(
        layers_resistance: float, outer_surface_resistance: float, corner_surface_resistance: float
    ) -> float:
        kept = layers_resistance + outer_surface_resistance
        return kept / (kept + corner_surface_resistance)

    @dsp.function(outputs=["layers_resistance"], input_domain=lambda f, *_: 0 < f < 1)
    def resistance_for_surface(
        surface_factor: float, outer_surface_resistance: float, corner_surface_resistance: float
    ) -> float:
        return corner_surface_resistance * surface_factor / (1 - surface_factor) - outer_surface_resistance

    @dsp.function(outputs=["surface_temperature"])
    def temperature_of_surface(surface_factor: float, indoor_temperature: float, cold_temperature: float) -> float:
        return cold_temperature + surface_factor * (indoor_temperature - cold_temperature)

    @dsp.function(outputs=["surface_factor"], input_domain=lambda _, indoor, cold: indoor > cold)
    def factor_for_temperature(surface_temperature: float, indoor_temperature: float, cold_temperature: float) -> float:
        return (surface_temperature - cold_temperature) / (indoor_temperature - cold_temperature)

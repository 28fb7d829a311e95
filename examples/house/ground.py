"""A slab on the ground: EN ISO 13370:2017.

The ground is a part of the insulation. A well insulated slab and a badly insulated one have formulas of their own, and
each formula has a domain that says where it holds: nobody has to choose.
"""

from math import log, pi

from quantities import assume, describe, product

import thalweg as tw

QUANTITIES = {
    "area": ("m²", "of the slab"),
    "perimeter": ("m", "along the air outside"),
    "characteristic": ("m", "B': area over half of the perimeter"),
    "wall_thickness": ("m", "of the walls that stand on it"),
    "ground_conductivity": ("W/(m K)", "2.0 for sand or gravel, 1.5 for clay or silt"),
    "insulation_thickness": ("m", ""),
    "insulation_conductivity": ("W/(m K)", ""),
    "insulation_resistance": ("m² K/W", "of the slab"),
    "equivalent_thickness": ("m", "d_t: of ground that would insulate as well"),
    "u_value": ("W/(m² K)", ""),
    "edge_psi": ("W/(m K)", "of the joint of wall and floor"),
    "transfer": ("W/K", ""),
}
SURFACES = 0.17 + 0.04  # [m² K/W], heat that goes down, and outdoors


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="ground", description="A slab on the ground")
    describe(dsp, QUANTITIES)
    product(dsp, "insulation_thickness", "insulation_resistance", "insulation_conductivity")
    add_thicknesses(dsp)

    @dsp.function(outputs=["u_value"], input_domain=lambda b, d, _: d < b)
    def u_value_little_insulated(
        characteristic: float, equivalent_thickness: float, ground_conductivity: float
    ) -> float:
        b, d = pi * characteristic, equivalent_thickness
        return 2 * ground_conductivity / (b + d) * log(b / d + 1)

    @dsp.function(outputs=["u_value"], input_domain=lambda b, d, _: d >= b)
    def u_value_well_insulated(characteristic: float, equivalent_thickness: float, ground_conductivity: float) -> float:
        return ground_conductivity / (0.457 * characteristic + equivalent_thickness)

    @dsp.function(outputs=["transfer"])
    def transfer_to_ground(area: float, u_value: float, perimeter: float, edge_psi: float) -> float:
        return area * u_value + perimeter * edge_psi

    @dsp.function(outputs=["u_value"])
    def u_value_from_transfer(area: float, transfer: float, perimeter: float, edge_psi: float) -> float:
        return (transfer - perimeter * edge_psi) / area

    assume(dsp, ground_conductivity=2.0, edge_psi=0.1)
    return dsp


def add_thicknesses(dsp: tw.Dispatcher) -> None:
    @dsp.function(outputs=["characteristic"])
    def characteristic_of_slab(area: float, perimeter: float) -> float:
        return area / (0.5 * perimeter)

    @dsp.function(outputs=["perimeter"])
    def perimeter_from_characteristic(area: float, characteristic: float) -> float:
        return area / (0.5 * characteristic)

    @dsp.function(outputs=["equivalent_thickness"])
    def thickness_as_ground(wall_thickness: float, ground_conductivity: float, insulation_resistance: float) -> float:
        return wall_thickness + ground_conductivity * (SURFACES + insulation_resistance)

    @dsp.function(outputs=["insulation_resistance"])
    def resistance_from_thickness(
        equivalent_thickness: float, wall_thickness: float, ground_conductivity: float
    ) -> float:
        return (equivalent_thickness - wall_thickness) / ground_conductivity - SURFACES

"""A whole house: its shape, and the parts that know about walls, windows, ground, air, demand and supply.

Every part is a model of its own, and may be asked on its own. Here each is mounted under a name: walls and roof are
the same part twice, the windows the same part three times. The data of a part get the name in front
(`roof_u_value`), but for those that all parts have in common (`indoor_temperature`).
"""

import air
import demand
import element
import ground
import supply
import window
from quantities import assume, describe, product, total

import thalweg as tw

QUANTITIES = {
    "length": ("m", "outer dimensions of the house"),
    "width": ("m", ""),
    "storeys": ("1", ""),
    "storey_height": ("m", "from floor to floor"),
    "slab_area": ("m²", ""),
    "perimeter": ("m", ""),
    "floor_area": ("m²", "of all storeys"),
    "facade_area": ("m²", "walls and windows"),
    "window_area": ("m²", "on all sides"),
    "wall_area": ("m²", "without windows"),
    "volume": ("m³", "of the house"),
    "air_share": ("1", "of the volume; the rest is walls and floors"),
    "air_volume": ("m³", ""),
    "envelope_transfer": ("W/K", "through walls, roof, windows and ground"),
    "sun_gain": ("kWh", "through all windows in the heating season"),
}
SIDES = ("south", "north", "sides")
COMMON = {"indoor_temperature", "people", "floor_area", "cold_temperature", "heat", "sun_gain"}
LINKS = {
    "wall": {"area": "wall_area", "surface_temperature": "surface_temperature"},
    "roof": {"area": "slab_area"},
    "south": {"sun_gain": "south_sun_gain"},
    "north": {"sun_gain": "north_sun_gain"},
    "sides": {"sun_gain": "sides_sun_gain"},
    "ground": {"area": "slab_area", "perimeter": "perimeter"},
    "air": {"volume": "air_volume", "surface_temperature": "surface_temperature"},
    "demand": {"envelope_transfer": "envelope_transfer", "air_transfer": "air_transfer"},
    "supply": {},
}


def mount(house: tw.Dispatcher, part: tw.Dispatcher, name: str) -> None:
    """Mount a part; each of its data is the parent's datum of `LINKS` or `COMMON`, else one with the name in front."""
    names = {x: LINKS[name].get(str(x), x if x in COMMON else f"{name}_{x}") for x in part.data_nodes}
    for x, parent in names.items():
        if parent not in house.nodes:
            node = part.data_nodes[x]
            house.add_data(parent, unit=node.attributes["unit"], description=node.description)
    house.add_dispatcher(part, inputs={parent: x for x, parent in names.items()}, outputs=names, dsp_id=name)


def add_shape(house: tw.Dispatcher) -> None:
    product(house, "slab_area", "length", "width")
    product(house, "floor_area", "slab_area", "storeys")
    product(house, "air_volume", "volume", "air_share")
    total(house, "facade_area", "wall_area", "window_area")
    total(house, "window_area", *(f"{side}_area" for side in SIDES))

    @house.function(outputs=["perimeter"])
    def perimeter(length: float, width: float) -> float:
        return 2 * (length + width)

    @house.function(outputs=["facade_area", "volume"])
    def outside(perimeter: float, slab_area: float, storeys: float, storey_height: float) -> tuple[float, float]:
        height = storeys * storey_height
        return perimeter * height, slab_area * height


def build() -> tw.Dispatcher:
    house = tw.Dispatcher(name="house", description="The energy that a house needs, and what it costs")
    describe(house, QUANTITIES)
    mount(house, element.build(), "wall")
    mount(house, element.build(inner_surface_resistance=0.10), "roof")
    for side in SIDES:
        mount(house, window.build(), side)
    mount(house, ground.build(), "ground")
    mount(house, air.build(), "air")
    mount(house, demand.build(), "demand")
    mount(house, supply.build(), "supply")
    add_shape(house)
    envelope = ("wall", "roof", "ground", *SIDES)
    total(house, "envelope_transfer", *(f"{name}_transfer" for name in envelope))
    total(house, "sun_gain", *(f"{side}_sun_gain" for side in SIDES))
    assume(house, air_share=0.8, cold_temperature=-5.0)
    return house


def count_formulas(dsp: tw.Dispatcher) -> int:
    """Give the number of functions of a model and of all that is mounted in it."""
    return len(dsp.function_nodes) + sum(count_formulas(node.dsp) for node in dsp.sub_dsp_nodes.values())


dsp = build()

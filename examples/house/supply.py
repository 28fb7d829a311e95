"""Where the heat comes from, and what it costs: a heat pump where one can work, else a boiler; hot water; the roof.

The heat pump reaches a share of what Carnot allows between its source and the water that it heats. Emissions of gas:
IPCC 2006, volume 2, table 1.4, 56.1 kg of carbon dioxide for each GJ of its lower heating value. The yield of the
roof: IEC 61724-1, peak power times irradiation times performance ratio.
"""

from quantities import assume, describe, product, total

import thalweg as tw

QUANTITIES = {
    "heat": ("kWh", "for the rooms"),
    "people": ("1", ""),
    "water_each": ("l/d", "hot water for each of them"),
    "water": ("l/d", "hot water"),
    "cold_water": ("°C", ""),
    "hot_water": ("°C", ""),
    "water_heat": ("kWh", "in a year"),
    "all_heat": ("kWh", "rooms and water"),
    "source_temperature": ("°C", "of air or ground, mean of the season"),
    "flow_temperature": ("°C", "of the water that goes to radiators or floors"),
    "carnot_share": ("1", "0.4 for air, 0.5 for ground"),
    "performance": ("1", "heat for each kWh of electricity"),
    "electricity": ("kWh", "for the heat pump"),
    "boiler_efficiency": ("1", "of the lower heating value"),
    "gas": ("kWh", "by its lower heating value"),
    "gas_each": ("kWh/m³", "on the bill"),
    "gas_volume": ("m³", "on the meter"),
    "electricity_price": ("€/kWh", ""),
    "gas_price": ("€/kWh", ""),
    "cost": ("€", "of all heat in a year"),
    "electricity_emission": ("kg/kWh", "of carbon dioxide, on the bill"),
    "gas_emission": ("kg/kWh", "of carbon dioxide"),
    "emission": ("kg", "of carbon dioxide in a year"),
    "panel_area": ("m²", "on the roof"),
    "panel_efficiency": ("1", ""),
    "peak_power": ("kW", "at 1000 W/m²"),
    "roof_irradiation": ("kWh/m²", "in a year, on the panels"),
    "performance_ratio": ("1", "what wires, inverter and warmth leave of it"),
    "roof_yield": ("kWh", "in a year"),
    "own_share": ("1", "of the yield that is used in the house"),
    "own_electricity": ("kWh", "from the roof"),
    "bought_electricity": ("kWh", "for the heat pump"),
}
HOTTEST = 60  # [°C], what a usual heat pump can bring
WATER = 1.163e-3  # [kWh/(l K)]
ZERO = 273.15
NO_ROOF, BOILER = 10, 30  # dearer ways: the roof is asked first, and the heat pump before the boiler


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="supply", description="Heat pump or boiler, hot water, and the roof")
    describe(dsp, QUANTITIES)
    add_water(dsp)
    add_heat_pump(dsp)
    product(dsp, "all_heat", "gas", "boiler_efficiency")
    product(dsp, "gas", "gas_volume", "gas_each")
    dsp.add_function("cost of gas", lambda e, p: e * p, ["gas", "gas_price"], ["cost"], weight=BOILER)
    dsp.add_function("emission of gas", lambda e, f: e * f, ["gas", "gas_emission"], ["emission"], weight=BOILER)
    add_roof(dsp)
    assume(dsp, water_each=40, cold_water=10, hot_water=50, carnot_share=0.45, boiler_efficiency=0.95)
    assume(dsp, gas_each=10.0, gas_emission=56.1 * 3.6e-3, performance_ratio=0.8, own_share=0.3)
    return dsp


def add_water(dsp: tw.Dispatcher) -> None:
    product(dsp, "water", "people", "water_each")

    @dsp.function(outputs=["water_heat"])
    def heat_of_water(water: float, hot_water: float, cold_water: float) -> float:
        return 365 * water * WATER * (hot_water - cold_water)

    @dsp.function(outputs=["water"], input_domain=lambda _, hot, cold: hot > cold)
    def water_from_heat(water_heat: float, hot_water: float, cold_water: float) -> float:
        return water_heat / (365 * WATER * (hot_water - cold_water))

    total(dsp, "all_heat", "heat", "water_heat")


def add_heat_pump(dsp: tw.Dispatcher) -> None:
    """Add the heat pump; where it cannot work its domain says so, and the boiler is what is left."""

    @dsp.function(outputs=["performance"], input_domain=lambda _, source, flow: source + 10 <= flow <= HOTTEST)
    def share_of_carnot(carnot_share: float, source_temperature: float, flow_temperature: float) -> float:
        return carnot_share * (flow_temperature + ZERO) / (flow_temperature - source_temperature)

    @dsp.function(outputs=["carnot_share"])
    def share_from_performance(performance: float, source_temperature: float, flow_temperature: float) -> float:
        return performance * (flow_temperature - source_temperature) / (flow_temperature + ZERO)

    product(dsp, "all_heat", "electricity", "performance")
    dsp.add_function("nothing from the roof", tw.bypass, ["electricity"], ["bought_electricity"], weight=NO_ROOF)

    @dsp.function(outputs=["cost"])
    def cost_of_electricity(bought_electricity: float, electricity_price: float) -> float:
        return bought_electricity * electricity_price

    @dsp.function(outputs=["emission"])
    def emission_of_electricity(bought_electricity: float, electricity_emission: float) -> float:
        return bought_electricity * electricity_emission


def add_roof(dsp: tw.Dispatcher) -> None:
    product(dsp, "peak_power", "panel_area", "panel_efficiency")

    @dsp.function(outputs=["roof_yield"])
    def yield_of_roof(peak_power: float, roof_irradiation: float, performance_ratio: float) -> float:
        return peak_power * roof_irradiation * performance_ratio

    @dsp.function(outputs=["peak_power"])
    def peak_power_from_yield(roof_yield: float, roof_irradiation: float, performance_ratio: float) -> float:
        return roof_yield / (roof_irradiation * performance_ratio)

    product(dsp, "own_electricity", "own_share", "roof_yield")

    @dsp.function(outputs=["bought_electricity"])
    def electricity_still_bought(electricity: float, own_electricity: float) -> float:
        return max(0.0, electricity - own_electricity)

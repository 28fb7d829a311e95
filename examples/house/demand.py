"""How much heat the house needs: EN ISO 13790:2008, the seasonal method, and EN 12831-1 for the coldest days.

The house loses heat through its envelope and with its air; sun, people and lamps give some back, of which a heavy
house can use more than a light one.
"""

from math import isclose

from quantities import assume, describe, product, total

import thalweg as tw

QUANTITIES = {
    "envelope_transfer": ("W/K", "through walls, roof, windows and ground"),
    "air_transfer": ("W/K", "with the air"),
    "transfer": ("W/K", "of the house"),
    "indoor_temperature": ("°C", ""),
    "season_temperature": ("°C", "outdoors, mean of the heating season"),
    "season_days": ("d", "length of the heating season"),
    "season_hours": ("h", ""),
    "degree_days": ("K d", "of the heating season"),
    "loss": ("kWh", "in the season"),
    "floor_area": ("m²", ""),
    "inner_power": ("W", "of people, lamps and machines"),
    "inner_power_each": ("W/m²", "of floor"),
    "inner_gain": ("kWh", "in the season"),
    "sun_gain": ("kWh", "in the season"),
    "gain": ("kWh", "in the season"),
    "gain_ratio": ("1", "gain over loss"),
    "storage_each": ("J/(m² K)", "of floor: 110000 light, 165000 medium, 260000 heavy (ISO 13790, table 12)"),
    "storage": ("J/K", "heat capacity of the house"),
    "time_constant": ("h", "in which it cools"),
    "time_exponent": ("1", "a_H = 0.8 + tau / 30 h (ISO 13790, table 9)"),
    "utilisation": ("1", "share of the gain that is of use"),
    "useful_gain": ("kWh", ""),
    "heat": ("kWh", "that the heating has to bring in the season"),
    "heat_each": ("kWh/m²", "of floor"),
    "design_temperature": ("°C", "outdoors, of the coldest days"),
    "power": ("kW", "that the heating needs then"),
}


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="demand", description="Heat that a house needs")
    describe(dsp, QUANTITIES)
    total(dsp, "transfer", "envelope_transfer", "air_transfer")
    add_loss(dsp)
    add_gain(dsp)
    total(dsp, "loss", "heat", "useful_gain")
    product(dsp, "heat", "heat_each", "floor_area")

    @dsp.function(outputs=["power"])
    def power_on_the_coldest_day(transfer: float, indoor_temperature: float, design_temperature: float) -> float:
        return transfer * (indoor_temperature - design_temperature) / 1000

    @dsp.function(outputs=["transfer"])
    def transfer_from_power(power: float, indoor_temperature: float, design_temperature: float) -> float:
        return 1000 * power / (indoor_temperature - design_temperature)

    assume(dsp, indoor_temperature=20.0, inner_power_each=3.0, storage_each=165000.0)
    return dsp


def add_loss(dsp: tw.Dispatcher) -> None:
    dsp.add_function("hours of days", lambda days: 24 * days, ["season_days"], ["season_hours"])
    dsp.add_function("days of hours", lambda hours: hours / 24, ["season_hours"], ["season_days"])

    @dsp.function(outputs=["degree_days"])
    def degree_days_of_season(indoor_temperature: float, season_temperature: float, season_days: float) -> float:
        return (indoor_temperature - season_temperature) * season_days

    @dsp.function(outputs=["season_temperature"])
    def temperature_of_season(indoor_temperature: float, degree_days: float, season_days: float) -> float:
        return indoor_temperature - degree_days / season_days

    @dsp.function(outputs=["loss"])
    def loss_in_season(transfer: float, degree_days: float) -> float:
        return transfer * degree_days * 24 / 1000

    @dsp.function(outputs=["transfer"])
    def transfer_from_loss(loss: float, degree_days: float) -> float:
        return 1000 * loss / (24 * degree_days)

    @dsp.function(outputs=["degree_days"])
    def degree_days_from_loss(loss: float, transfer: float) -> float:
        return 1000 * loss / (24 * transfer)


def add_gain(dsp: tw.Dispatcher) -> None:
    product(dsp, "inner_power", "inner_power_each", "floor_area")
    dsp.add_function("gain indoors", lambda p, t: p * t / 1000, ["inner_power", "season_hours"], ["inner_gain"])
    total(dsp, "gain", "inner_gain", "sun_gain")
    product(dsp, "gain", "gain_ratio", "loss")
    product(dsp, "storage", "storage_each", "floor_area")
    product(dsp, "useful_gain", "utilisation", "gain")

    @dsp.function(outputs=["time_constant"])
    def time_to_cool(storage: float, transfer: float) -> float:
        return storage / 3600 / transfer

    @dsp.function(outputs=["time_exponent"])
    def exponent_of_time(time_constant: float) -> float:
        return 0.8 + time_constant / 30

    @dsp.function(outputs=["utilisation"], input_domain=lambda ratio, _: ratio > 0 and not isclose(ratio, 1))
    def utilisation_in_general(gain_ratio: float, time_exponent: float) -> float:
        return (1 - gain_ratio**time_exponent) / (1 - gain_ratio ** (time_exponent + 1))

    @dsp.function(outputs=["utilisation"], input_domain=lambda ratio, _: isclose(ratio, 1))
    def utilisation_of_equals(gain_ratio: float, time_exponent: float) -> float:  # noqa: ARG001 - as its sister
        return time_exponent / (time_exponent + 1)

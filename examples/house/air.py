"""The air in the house: how much is exchanged, what that costs in heat, and how damp it is.

ISO 2533 for the pressure at a height, the ideal gas for the density, EN ISO 13789:2017 for the transfer by
ventilation, and the formula of Magnus with the coefficients of Sonntag (WMO-No. 8, annex 4.B) for vapour over water.
"""

from math import exp, log

from quantities import assume, describe, either_way, product, total

import thalweg as tw

QUANTITIES = {
    "altitude": ("m", "above the sea"),
    "pressure": ("Pa", "of the air"),
    "indoor_temperature": ("°C", ""),
    "indoor_kelvin": ("K", ""),
    "density": ("kg/m³", "of dry air"),
    "heat_capacity": ("J/(m³ K)", "of a cubic metre of air"),
    "volume": ("m³", "of air in the house"),
    "tightness": ("1/h", "n50: air changes at 50 Pa, as measured with a blower door"),
    "exposure": ("1", "0.07: share of n50 that the wind makes of it (ISO 13789, annex C)"),
    "leakage": ("1/h", "air changes through cracks"),
    "people": ("1", ""),
    "fresh_air_each": ("m³/h", "for each of them"),
    "fresh_air": ("m³/h", "through windows or a fan"),
    "ventilation": ("1/h", "air changes by that"),
    "recovery": ("1", "share of the heat that the fan's heat exchanger brings back"),
    "lost_ventilation": ("1/h", "air changes that would lose as much without it"),
    "air_change": ("1/h", "that counts for heat: cracks and ventilation"),
    "flow": ("m³/h", ""),
    "transfer": ("W/K", ""),
    "humidity": ("1", "relative, indoors"),
    "saturation_pressure": ("Pa", "of vapour, indoors"),
    "vapour_pressure": ("Pa", "indoors"),
    "dew_point": ("°C", ""),
    "vapour_density": ("kg/m³", "absolute humidity"),
    "surface_temperature": ("°C", "of the coldest surface indoors"),
    "surface_saturation": ("Pa", "of vapour there"),
    "surface_humidity": ("1", "relative humidity there: mould grows from 0.8 on (ISO 13788)"),
}
AIR, VAPOUR, HEAT = 287.05, 461.5, 1006.0  # gas constants of dry air and vapour [J/(kg K)], heat capacity [J/(kg K)]


def saturation(celsius: float) -> float:
    """Give the pressure of saturated vapour over water [Pa] at a temperature [°C]."""
    return 611.2 * exp(17.62 * celsius / (243.12 + celsius))


def saturated_at(pressure: float) -> float:
    """Give the temperature [°C] at which vapour of a pressure [Pa] is saturated."""
    x = log(pressure / 611.2)
    return 243.12 * x / (17.62 - x)


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="air", description="Ventilation and humidity")
    describe(dsp, QUANTITIES)
    either_way(
        dsp,
        "altitude", lambda h: 101325 * (1 - 2.25577e-5 * h) ** 5.25588,
        "pressure", lambda p: (1 - (p / 101325) ** (1 / 5.25588)) / 2.25577e-5,
    )  # fmt: skip
    either_way(dsp, "indoor_temperature", lambda c: c + 273.15, "indoor_kelvin", lambda k: k - 273.15)
    dsp.add_function("ideal gas", lambda p, t: p / (AIR * t), ["pressure", "indoor_kelvin"], ["density"])
    either_way(dsp, "density", lambda rho: rho * HEAT, "heat_capacity", lambda c: c / HEAT)
    product(dsp, "leakage", "tightness", "exposure")
    product(dsp, "fresh_air", "people", "fresh_air_each")
    product(dsp, "fresh_air", "ventilation", "volume")
    add_recovery(dsp)
    total(dsp, "air_change", "leakage", "lost_ventilation")
    product(dsp, "flow", "air_change", "volume")
    dsp.add_function("transfer by air", lambda c, q: c * q / 3600, ["heat_capacity", "flow"], ["transfer"])
    dsp.add_function("flow from transfer", lambda h, c: 3600 * h / c, ["transfer", "heat_capacity"], ["flow"])
    add_humidity(dsp)
    assume(dsp, altitude=0, exposure=0.07, recovery=0, fresh_air_each=30, humidity=0.5)
    return dsp


def add_recovery(dsp: tw.Dispatcher) -> None:
    @dsp.function(outputs=["lost_ventilation"])
    def after_recovery(ventilation: float, recovery: float) -> float:
        return ventilation * (1 - recovery)

    @dsp.function(outputs=["ventilation"], input_domain=lambda _, recovery: recovery < 1)
    def before_recovery(lost_ventilation: float, recovery: float) -> float:
        return lost_ventilation / (1 - recovery)

    @dsp.function(outputs=["recovery"], input_domain=lambda _, ventilation: ventilation > 0)
    def recovery_from_loss(lost_ventilation: float, ventilation: float) -> float:
        return 1 - lost_ventilation / ventilation


def add_humidity(dsp: tw.Dispatcher) -> None:
    either_way(dsp, "indoor_temperature", saturation, "saturation_pressure", saturated_at)
    product(dsp, "vapour_pressure", "humidity", "saturation_pressure")
    either_way(dsp, "vapour_pressure", saturated_at, "dew_point", saturation)
    product(dsp, "vapour_pressure", "surface_humidity", "surface_saturation")
    either_way(dsp, "surface_temperature", saturation, "surface_saturation", saturated_at)

    @dsp.function(outputs=["vapour_density"])
    def density_of_vapour(vapour_pressure: float, indoor_kelvin: float) -> float:
        return vapour_pressure / (VAPOUR * indoor_kelvin)

    @dsp.function(outputs=["vapour_pressure"])
    def pressure_of_vapour(vapour_density: float, indoor_kelvin: float) -> float:
        return vapour_density * VAPOUR * indoor_kelvin

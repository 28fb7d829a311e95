"""The example of a house: held against numbers worked out by hand, and every formula against all the others."""

import math

import pytest

import thalweg as tw

PARTS = ("element", "window", "ground", "air", "demand", "supply")
# Two ways to the same thing that differ on purpose: heat pump or boiler, with panels on the roof or without.
ALTERNATIVES = {"cost of gas", "emission of gas", "nothing from the roof"}

# Worked out with pencil and calculator from `house.toml` and the standards named in the files; four digits.
BY_HAND = {
    "wall_area": 177.84,  # 2 (10 + 8) 5.5 = 198, less 12 windows of 1.68 m²
    "wall_resistance": 5.246,  # 0.13 + 0.24/0.5 + 0.16/0.035 + 0.02/0.8 + 0.04
    "wall_u_value": 0.1906,
    "wall_transfer": 42.79,  # (0.1906 + 0.05) 177.84
    "roof_u_value": 0.1386,  # 1 / (0.10 + 0.05 + 6.857 + 0.1692 + 0.04)
    "roof_transfer": 15.09,
    "south_window_u_value": 0.9221,  # (1.1564 0.7 + 0.5236 1.0 + 4.32 0.05) / 1.68
    "south_transfer": 9.294,
    "south_sun_area": 2.810,  # 10.08 (1 - 0.3117) 0.5 0.9 0.9
    "south_sun_gain": 1040,
    "ground_characteristic": 4.444,  # 80 / 18
    "ground_equivalent_thickness": 7.697,  # 0.42 + 2 (0.21 + 0.12/0.035)
    "ground_u_value": 0.2056,  # 2 / (0.457 4.444 + 7.697)
    "ground_transfer": 20.05,  # 80 0.2056 + 36 0.1
    "air_density": 1.204,  # 101325 / (287.05 293.15)
    "air_air_change": 0.4459,  # 0.07 1.5 + 120 / 352
    "air_transfer": 52.81,  # 1211.3 156.96 / 3600
    "air_dew_point": 9.255,  # tables: 9.3 °C for 20 °C and 50 %
    "demand_transfer": 149.3,
    "demand_loss": 11110,  # 149.33 3100 0.024
    "demand_gain": 3878,  # 480 4.8 + 1573.6
    "demand_time_constant": 49.11,  # 26.4e6 / 3600 / 149.33
    "demand_utilisation": 0.9486,  # (1 - 0.3490^2.437) / (1 - 0.3490^3.437)
    "heat": 7432,  # 11110 - 0.9486 3878
    "demand_power": 4.778,  # 149.33 32
    "supply_water_heat": 2717,  # 365 160 1.163e-3 40
    "supply_performance": 4.546,  # 0.45 308.15 / 30.5
    "supply_cost": 669.6,  # 10148 / 4.546 0.30
}


@pytest.fixture(scope="module")
def house(example):
    return example("house")


@pytest.fixture(scope="module")
def known(house):
    return house.demo.read(house.folder / "house.toml")


@pytest.fixture(scope="module")
def solution(house, known):
    return house.model.dsp(known)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_house_is_as_worked_out_by_hand(solution, name):
    assert solution[name] == pytest.approx(BY_HAND[name], rel=6e-4)


def test_there_are_over_a_hundred_different_formulas_and_all_data_have_units(house):
    models = [getattr(house, part).build() for part in PARTS]
    assert sum(len(model.function_nodes) for model in models) > 150
    assert house.model.count_formulas(house.model.dsp) > 250
    assert all(node.attributes["unit"] for model in models for node in model.data_nodes.values())


def test_the_model_has_nothing_suspicious(house):
    assert house.model.dsp.check() == []


@pytest.mark.parametrize("mounted", ["wall", "roof", "south", "north", "sides", "ground", "air", "demand", "supply"])
def test_every_formula_agrees_with_all_the_others(house, known, mounted):
    more = {"supply_panel_area": 30, "supply_panel_efficiency": 0.2, "supply_roof_irradiation": 1150}
    values = house.model.dsp(known | more | {"air_recovery": 0.4}).sub(mounted)
    part = house.model.dsp.sub_dsp_nodes[mounted].dsp
    tried = 0
    for name, function in part.function_nodes.items():
        arguments = [values[x] for x in function.inputs]
        refuses = function.input_domain is not None and not function.input_domain(*arguments)
        if name in ALTERNATIVES or refuses:
            continue
        result = function.function(*arguments)
        results = result if len(function.outputs) > 1 else (result,)
        for output, each in zip(function.outputs, results, strict=True):
            assert each == pytest.approx(values[output], rel=1e-9, abs=1e-9), (name, output)
        tried += 1
    assert tried > 0.85 * len(part.function_nodes)


@pytest.mark.parametrize("insulation", [0.0, 0.1, 0.5, 1.5])
def test_the_slab_has_one_u_value_whatever_its_insulation(house, insulation):
    given = {"area": 80, "perimeter": 36, "wall_thickness": 0.4}
    given |= {"insulation_thickness": insulation, "insulation_conductivity": 0.035}
    solution = house.ground.build()(given, outputs=["u_value"])
    thickness = 0.4 + 2 * (0.21 + insulation / 0.035)
    expected = (
        4 / (math.pi * 40 / 9 + thickness) * math.log(math.pi * 40 / 9 / thickness + 1)
        if thickness < 40 / 9
        else 2 / (0.457 * 40 / 9 + thickness)
    )
    assert solution["u_value"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("celsius", "pascal"), [(0.0, 611.2), (10.0, 1228.0), (20.0, 2339.0), (30.0, 4247.0)]
)  # steam tables, IAPWS
def test_saturated_vapour_is_as_in_the_tables(house, celsius, pascal):
    assert house.air.saturation(celsius) == pytest.approx(pascal, rel=4e-3)
    assert house.air.saturated_at(house.air.saturation(celsius)) == pytest.approx(celsius, abs=1e-9)


def test_the_pressure_at_a_height_is_that_of_the_standard_atmosphere(house):
    air = house.air.build()
    for altitude, pascal in ((0, 101325.0), (1000, 89874.6), (2000, 79495.2)):  # ISO 2533, table
        assert air({"altitude": altitude}, outputs=["pressure"])["pressure"] == pytest.approx(pascal, rel=1e-4)


def test_gains_as_large_as_losses_have_a_formula_of_their_own(house):
    demand = house.demand.build()
    at, beside = (
        demand({"gain_ratio": ratio, "time_exponent": 2.5}, outputs=["utilisation"]) for ratio in (1.0, 1 + 1e-6)
    )
    assert (at.calls[-1], beside.calls[-1]) == ("utilisation_of_equals", "utilisation_in_general")
    assert at["utilisation"] == pytest.approx(beside["utilisation"], rel=1e-5)


@pytest.mark.parametrize("flow", [30, 60, 61, 90])
def test_a_heat_pump_is_used_where_one_can_work(house, known, flow):
    solution = house.model.dsp(known | {"supply_flow_temperature": flow}, outputs=["supply_cost"])
    assert solution.sub("supply").providers["cost"] == ("cost_of_electricity" if flow <= 60 else "cost of gas")


def test_what_is_computed_forth_is_found_back(house, known, solution):
    unknown = "wall_insulation_thickness"
    given = {name: value for name, value in known.items() if name != unknown} | {
        "wall_transfer": solution["wall_transfer"]
    }
    assert house.model.dsp(given, outputs=[unknown])[unknown] == pytest.approx(0.16, rel=1e-9)


def test_what_nobody_measured_is_named(house, known):
    given = {name: value for name, value in known.items() if name != "people"}
    with pytest.raises(tw.errors.UnreachableError) as caught:
        house.model.dsp(given, outputs=["supply_cost"])
    assert any("people" in names for names in house.model.dsp.missing(["supply_cost"], given, 20))
    assert caught.value.missing

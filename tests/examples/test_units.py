"""The example of units: held against the constants of scipy, and strongly connected as it says."""

from fractions import Fraction

import pytest
from scipy import constants

import thalweg as tw

METRES = {
    "km": constants.kilo, "m": 1.0, "cm": constants.centi, "mm": constants.milli, "inch": constants.inch,
    "foot": constants.foot, "yard": constants.yard, "furlong": 220 * constants.yard, "mile": constants.mile,
    "nautical mile": constants.nautical_mile,
}  # fmt: skip
SECONDS = {
    "fortnight": 2 * constants.week, "day": constants.day, "hour": constants.hour, "minute": constants.minute,
    "second": 1.0,
}  # fmt: skip
SPEEDS = {"m/s": 1.0, "km/h": constants.kmh, "mph": constants.mph, "knot": constants.knot}
SPEEDS["furlong/fortnight"] = METRES["furlong"] / SECONDS["fortnight"]
SCALES = {"°C": "Celsius", "K": "Kelvin", "°F": "Fahrenheit", "°R": "Rankine"}


@pytest.fixture(scope="module")
def dsp(example):
    return example("units").model.dsp


@pytest.mark.parametrize("sizes", [METRES, SECONDS], ids=["length", "time"])
def test_each_unit_from_each_is_as_large_as_it_should_be(dsp, sizes):
    for unit, size in sizes.items():
        values = dsp({unit: Fraction(7, 3)}, outputs=sizes)
        for other, other_size in sizes.items():
            assert float(values[other]) == pytest.approx(7 / 3 * size / other_size, rel=1e-14)


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("length", METRES)
def test_a_speed_follows_from_any_length_and_any_time(dsp, speed, length):
    for time, seconds in SECONDS.items():
        value = dsp({length: Fraction(3), time: Fraction(5)}, outputs=[speed])[speed]
        assert float(value) == pytest.approx(3 * METRES[length] / (5 * seconds) / SPEEDS[speed], rel=1e-13)


@pytest.mark.parametrize("scale", SCALES)
def test_temperatures_agree_with_scipy(dsp, scale):
    values = dsp({scale: Fraction(451)})
    assert set(values) == set(SCALES)
    for other, name in SCALES.items():
        assert float(values[other]) == pytest.approx(
            constants.convert_temperature(451.0, SCALES[scale], name), rel=1e-13
        )


def test_every_unit_is_in_one_of_two_strongly_connected_pieces(dsp):
    import networkx as nx

    pieces = [set(piece) & set(dsp.data_nodes) for piece in nx.strongly_connected_components(dsp.graph)]
    assert sorted(map(len, pieces)) == [4, 20]


def test_a_length_alone_gives_no_time(dsp):
    with pytest.raises(tw.errors.UnreachableError):
        dsp({"km": Fraction(1)}, outputs=["hour"])


def test_the_shortest_chain_is_taken(dsp):
    assert dsp({"inch": Fraction(1)}, outputs=["cm"]).calls == ["inch to mm", "mm to cm"]

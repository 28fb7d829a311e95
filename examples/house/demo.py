"""The energy of a house: what it needs, what that costs, and a few questions asked the other way round.

`house.toml` describes the house. Every question is one dispatch of the same model, with what is known and what is
wanted; which of the formulas are used follows from that.
"""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model import count_formulas, dsp
from quantities import ASSUMED

import thalweg as tw

HERE = Path(__file__).parent


def read(path: Path) -> dict[str, float]:
    """Give what is known of a house; the data of a part have its name in front."""
    known: dict[str, float] = {}
    for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
        known |= {f"{name}_{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return known


def without(known: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name not in names}


def ask(question: str, known: Mapping[str, Any], *wanted: str) -> tw.Solution:
    """Ask, and print the answers with their units and how many formulas they took."""
    solution = dsp(known, outputs=wanted)
    print(f"\n{question}")
    for name in wanted:
        unit = dsp.data_nodes[name].attributes["unit"]
        print(f"  {name:28} {solution[name]:10.4g} {unit if unit != '1' else ''}".rstrip())
    used = [call for call in solution.calls if call not in solution.errors]
    print(f"  {len(used)} formulas, {count_assumed(solution)} usual values assumed")
    return solution


def count_assumed(solution: tw.Solution) -> int:
    """Give how many values nobody gave but the model: they start at the distance of what is assumed."""
    levels = [solution, *(solution.sub(name) for name in dsp.sub_dsp_nodes)]
    return sum(
        provider is tw.START and level.distances[name] == ASSUMED
        for level in levels
        for name, provider in level.providers.items()
    )


def main() -> int:
    house = read(HERE / "house.toml")
    print(f"{count_formulas(dsp)} formulas, of which the house itself has {len(dsp.function_nodes)}; parts:")
    for name, node in dsp.sub_dsp_nodes.items():
        print(f"  {name:8} {count_formulas(node.dsp):3} formulas  {node.description}")

    losses = [f"{part}_transfer" for part in ("wall", "roof", "ground", "south", "north", "sides", "air")]
    ask("Where does the heat go?", house, *losses, "demand_transfer")
    needs = ("demand_loss", "demand_useful_gain", "heat", "demand_heat_each", "demand_power")
    ask("What does the house need?", house, *needs)
    ask("What does that cost, with a heat pump?", house, "supply_performance", "supply_cost", "supply_emission")

    solution = ask(
        "And with old radiators of 70 °C?", house | {"supply_flow_temperature": 70}, "supply_cost", "supply_emission"
    )
    refused = [path for path, failure in solution.errors.items() if failure.kind == "refused"]
    print(f"  refused: {', '.join(refused)}")

    roof = {"supply_panel_area": 30, "supply_panel_efficiency": 0.2, "supply_roof_irradiation": 1150}
    ask("And with 30 m² of panels on the roof?", house | roof, "supply_roof_yield", "supply_cost")

    bare = without(house, "wall_insulation_thickness")
    ask("How much insulation for a U-value of 0.15?", bare | {"wall_u_value": 0.15}, "wall_insulation_thickness")
    ask("How much to keep corners free of mould?", bare | {"air_surface_humidity": 0.8, "air_humidity": 0.6},
        "surface_temperature", "wall_insulation_thickness")  # fmt: skip
    bill = {"people": 4, "floor_area": 160, "supply_gas_volume": 2300}
    ask("What does a gas bill say of another house?", bill, "demand_heat_each")

    print("\nNobody measured the windows in the north")
    try:
        dsp(without(house, "north_width", "north_height"), outputs=["demand_power"])
    except tw.errors.UnreachableError as error:
        print(f"  {error}")

    print("\nAnd one part alone: what is the dew point of air of 22 °C and 55 %?")
    air = dsp.sub_dsp_nodes["air"].dsp
    print(f"  {air({'indoor_temperature': 22, 'humidity': 0.55}, outputs=['dew_point'])['dew_point']:.1f} °C")
    return 0


if __name__ == "__main__":
    sys.exit(main())

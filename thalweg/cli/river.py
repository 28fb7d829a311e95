"""A small model of water in a channel, for the examples of the command: ``thalweg run thalweg.cli.river ...``."""

from __future__ import annotations

from math import cbrt, sqrt

from .. import Dispatcher

__all__ = ["river"]

river = Dispatcher(name="river", description="Water that flows in a channel with upright banks")


@river.function(outputs=["area"])
def section(width: float, depth: float) -> float:
    """Cross section of the water."""
    return width * depth


@river.function(function_id="width from area", outputs=["width"])
def width_of(area: float, depth: float) -> float:
    """Width of a known cross section."""
    return area / depth


@river.function(function_id="flow from speed", outputs=["flow"])
def flow_of(area: float, speed: float) -> float:
    """Water that passes in a second."""
    return area * speed


@river.function(function_id="speed from flow", outputs=["speed"])
def speed_of(area: float, flow: float) -> float:
    """Mean speed of a known flow."""
    return flow / area


@river.function(outputs=["speed"], weight=2)
def manning(area: float, width: float, depth: float, slope: float, roughness: float) -> float:
    """Speed by Manning's formula."""
    radius = area / (width + 2 * depth)
    return cbrt(radius * radius) * sqrt(slope) / roughness


river.add_data("width", unit="m", description="Width of the water")
river.add_data("depth", unit="m", description="Depth of the water")
river.add_data("area", unit="m2", description="Cross section of the water")
river.add_data("speed", unit="m/s", description="Mean speed of the water")
river.add_data("flow", unit="m3/s", description="Water that passes in a second")
river.add_data("slope", description="Fall of the bed by length")
river.add_data("roughness", 0.035, unit="s/m^(1/3)", description="Manning's coefficient of the bed")

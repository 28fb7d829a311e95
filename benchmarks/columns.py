"""A compiled model of twenty functions over a million rows: vectorized, beside numpy by hand and a loop.

The functions are a vehicle's: each is one formula of floats, and all of them take arrays as they are.  The code by hand
is what a person would write who knows the model: the same twenty calls with whole columns, in local variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import subject
from benchmarks.harness import Competitor, interleave
from benchmarks.models import Model, Step
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "columns"
ROWS = 1_000_000
LOOPED = 10_000  # rows of the loop, which takes the same time for each
LIMIT = 1.3

TINY = {"ROWS": 200, "LOOPED": 20}

INPUTS = ("mass", "speed", "radius", "ratio", "slope", "wind")
OUTPUTS = ("fuel", "torque")
# Output, inputs, formula.
FORMULAS: tuple[tuple[str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("weight", ("mass",), lambda mass: 9.81 * mass),
    ("rolling", ("weight",), lambda weight: 0.008 * weight),
    ("climb", ("weight", "slope"), lambda weight, slope: weight * slope),
    ("air speed", ("speed", "wind"), lambda speed, wind: speed + wind),
    ("pressure", ("air speed",), lambda speed: 0.6 * speed * speed),
    ("drag", ("pressure",), lambda pressure: 0.7 * pressure),
    ("load", ("rolling", "climb"), lambda rolling, climb: rolling + climb),
    ("force", ("load", "drag"), lambda load, drag: load + drag),
    ("power", ("force", "speed"), lambda force, speed: force * speed),
    ("wheel", ("speed", "radius"), lambda speed, radius: speed / radius),
    ("engine", ("wheel", "ratio"), lambda wheel, ratio: wheel * ratio),
    ("torque", ("power", "engine"), lambda power, engine: power / engine),
    ("friction", ("engine",), lambda engine: 12.0 + 0.02 * engine),
    ("lost", ("friction", "engine"), lambda friction, engine: friction * engine),
    ("gross", ("power", "lost"), lambda power, lost: power + lost),
    ("pace", ("engine",), lambda engine: engine / 600.0),
    ("bend", ("pace",), lambda pace: (pace - 0.4) * (pace - 0.4)),
    ("efficiency", ("bend",), lambda bend: 0.38 / (1.0 + bend)),
    ("heat", ("gross", "efficiency"), lambda gross, efficiency: gross / efficiency),
    ("fuel", ("heat",), lambda heat: heat / 4.3e7),
)


def model() -> Model:
    steps = [Step(f"get {output}", function, inputs, output) for output, inputs, function in FORMULAS]
    return Model("vehicle", steps, {}, list(OUTPUTS))


def by_hand(*columns: Any) -> tuple[Any, Any]:
    (get_weight, get_rolling, get_climb, get_air, get_pressure, get_drag, get_load, get_force, get_power, get_wheel,
     get_engine, get_torque, get_friction, get_lost, get_gross, get_pace, get_bend, get_efficiency, get_heat, get_fuel,
    ) = FUNCTIONS  # fmt: skip
    mass, speed, radius, ratio, slope, wind = columns
    weight = get_weight(mass)
    rolling = get_rolling(weight)
    climb = get_climb(weight, slope)
    air_speed = get_air(speed, wind)
    pressure = get_pressure(air_speed)
    drag = get_drag(pressure)
    load = get_load(rolling, climb)
    force = get_force(load, drag)
    power = get_power(force, speed)
    wheel = get_wheel(speed, radius)
    engine = get_engine(wheel, ratio)
    torque = get_torque(power, engine)
    friction = get_friction(engine)
    lost = get_lost(friction, engine)
    gross = get_gross(power, lost)
    pace = get_pace(engine)
    bend = get_bend(pace)
    efficiency = get_efficiency(bend)
    heat = get_heat(gross, efficiency)
    return get_fuel(heat), torque


FUNCTIONS = tuple(function for _, _, function in FORMULAS)


def columns(rows: int, seed: int = 5) -> list[Any]:
    draw = np.random.default_rng(seed)
    limits = {"mass": (800, 2500), "speed": (5, 40), "radius": (0.28, 0.36), "ratio": (3, 15), "slope": (0, 0.1)}
    return [draw.uniform(*limits.get(name, (0, 8)), rows) for name in INPUTS]


def measure(options: Options) -> Iterator[Row]:
    given = columns(ROWS)
    few = [column[:LOOPED] for column in given]
    expected = by_hand(*given)

    def check(found: Any) -> None:
        for one, other in zip(found, expected, strict=True):
            assert np.allclose(one, other[: len(one)], rtol=1e-12), "wrong values"

    plain, vectorized = subject.compiled(subject.build(model()), INPUTS, OUTPUTS)

    def loop() -> Any:
        return list(zip(*[plain(*row) for row in zip(*[column.tolist() for column in few], strict=True)], strict=True))

    case = f"{len(FORMULAS)} functions, {ROWS:,} rows"
    field = [
        Competitor("by hand", lambda: by_hand(*given), check=check),
        Competitor("thalweg", lambda: vectorized(*given), check=check),
        Competitor("loop", loop, check=check),
    ]
    medians = interleave(field, options.rounds)
    loop_seconds = medians["loop"] * ROWS / LOOPED
    ratio = medians["thalweg"] / medians["by hand"]
    yield Row(NAME, case, "by hand", medians["by hand"] * 1e3, "ms", 1 / ratio)
    yield Row(NAME, case, "thalweg", medians["thalweg"] * 1e3, "ms", 1.0)
    yield Row(NAME, case, "loop of the compiled function", loop_seconds * 1e3, "ms", loop_seconds / medians["thalweg"])
    yield Row(NAME, case, "thalweg / by hand", ratio, "times", None, f"<= {LIMIT:g}", ratio <= LIMIT)

"""A table of a million rows and twelve columns with eight patterns of holes, filled; beside vectorised code by hand.

The columns are those of a vehicle at steady speed, tied by six products, each solved for each of its three columns. The
code by hand knows the eight patterns and what to compute in each, and carries each intermediate result in a local
variable; but it has to find out, as the library has, which row has which pattern. Both leave the given table as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmarks import subject
from benchmarks.harness import Competitor, interleave
from benchmarks.models import Model, Step
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

    Columns: TypeAlias = dict[str, np.ndarray[Any, np.dtype[np.float64]]]
    Rows: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

NAME = "fill"
ROWS = 1_000_000
LIMIT = 2.0

TINY = {"ROWS": 200}
# The first of each is the product of the others: speed [m/s] of the wheel's radius [m] and its turning [rad/s], ...
PRODUCTS = (
    ("speed", "radius", "wheel"),
    ("engine", "wheel", "ratio"),
    ("power", "engine", "torque"),
    ("power", "force", "speed"),
    ("power", "burn", "efficiency"),
    ("burn", "flow", "heat"),
)
FREE = ("radius", "wheel", "ratio", "torque", "efficiency", "heat")
NAMES = (*FREE, "speed", "engine", "power", "force", "burn", "flow")


def times(a: Any, b: Any) -> Any:
    return a * b


def over(a: Any, b: Any) -> Any:
    return a / b


def model() -> Model:
    steps: list[Step] = []
    for number, (product, a, b) in enumerate(PRODUCTS):
        steps.append(Step(f"{number} {product}", times, (a, b), product))
        steps.append(Step(f"{number} {a}", over, (product, b), a))
        steps.append(Step(f"{number} {b}", over, (product, a), b))
    return Model("vehicle", steps, {})


def forwards(c: Columns, rows: Rows) -> None:
    speed = c["speed"][rows]
    wheel = speed / c["radius"][rows]
    engine = wheel * c["ratio"][rows]
    power = engine * c["torque"][rows]
    burn = power / c["efficiency"][rows]
    c["wheel"][rows], c["engine"][rows], c["power"][rows], c["burn"][rows] = wheel, engine, power, burn
    c["force"][rows] = power / speed
    c["flow"][rows] = burn / c["heat"][rows]


def backwards(c: Columns, rows: Rows) -> None:
    wheel, engine = c["wheel"][rows], c["engine"][rows]
    speed = c["radius"][rows] * wheel
    burn = c["flow"][rows] * c["heat"][rows]
    power = burn * c["efficiency"][rows]
    c["speed"][rows], c["burn"][rows], c["power"][rows] = speed, burn, power
    c["ratio"][rows] = engine / wheel
    c["torque"][rows] = power / engine
    c["force"][rows] = power / speed


def efficiency(c: Columns, rows: Rows) -> None:
    c["efficiency"][rows] = c["power"][rows] / c["burn"][rows]


def wheel_and_torque(c: Columns, rows: Rows) -> None:
    c["wheel"][rows] = c["speed"][rows] / c["radius"][rows]
    c["torque"][rows] = c["power"][rows] / c["engine"][rows]


def three_apart(c: Columns, rows: Rows) -> None:
    c["radius"][rows] = c["speed"][rows] / c["wheel"][rows]
    c["heat"][rows] = c["burn"][rows] / c["flow"][rows]
    c["force"][rows] = c["power"][rows] / c["speed"][rows]


def fuel(c: Columns, rows: Rows) -> None:
    burn = c["power"][rows] / c["efficiency"][rows]
    c["burn"][rows] = burn
    c["flow"][rows] = burn / c["heat"][rows]


def middle(c: Columns, rows: Rows) -> None:
    wheel = c["wheel"][rows]
    c["speed"][rows] = c["radius"][rows] * wheel
    c["engine"][rows] = wheel * c["ratio"][rows]
    c["power"][rows] = c["burn"][rows] * c["efficiency"][rows]


def nothing(_columns: Columns, _rows: Rows) -> None:
    """A row without a hole."""


PATTERNS: dict[tuple[str, ...], Callable[[Columns, Rows], None]] = {
    (): nothing,
    ("wheel", "engine", "power", "force", "burn", "flow"): forwards,
    ("speed", "ratio", "torque", "power", "burn", "force"): backwards,
    ("efficiency",): efficiency,
    ("wheel", "torque"): wheel_and_torque,
    ("radius", "heat", "force"): three_apart,
    ("burn", "flow"): fuel,
    ("speed", "engine", "power"): middle,
}


def by_hand(table: Columns) -> Columns:
    filled = {name: column.copy() for name, column in table.items()}
    codes = np.zeros(len(filled["speed"]), np.uint16)
    for bit, column in enumerate(filled.values()):
        codes |= np.isnan(column).astype(np.uint16) << np.uint16(bit)
    bits = {name: 1 << bit for bit, name in enumerate(filled)}
    for names, function in PATTERNS.items():
        function(filled, np.flatnonzero(codes == sum(bits[name] for name in names)))
    return filled


def tables(rows: int, seed: int = 5) -> tuple[Columns, Columns]:
    """The whole table, and the table with holes: every row has one of the patterns, drawn at random."""
    draw = np.random.default_rng(seed)
    whole: Columns = {name: draw.uniform(0.5, 2.0, rows) for name in FREE}
    whole["speed"] = whole["radius"] * whole["wheel"]
    whole["engine"] = whole["wheel"] * whole["ratio"]
    whole["power"] = whole["engine"] * whole["torque"]
    whole["force"] = whole["power"] / whole["speed"]
    whole["burn"] = whole["power"] / whole["efficiency"]
    whole["flow"] = whole["burn"] / whole["heat"]
    holed = {name: column.copy() for name, column in whole.items()}
    pattern = draw.integers(0, len(PATTERNS), rows)
    for number, names in enumerate(PATTERNS):
        for name in names:
            holed[name][pattern == number] = np.nan
    return whole, holed


def measure(options: Options) -> Iterator[Row]:
    whole, holed = tables(ROWS)

    def check(filled: Any) -> None:
        for name, column in whole.items():
            assert np.allclose(np.asarray(filled[name]), column, rtol=1e-9), f"{name}: wrong values"

    built = subject.build(model())
    case = f"{ROWS:,} rows, {len(NAMES)} columns, {len(PATTERNS)} patterns"
    field = [
        Competitor("by hand", lambda: by_hand(holed), check=check),
        Competitor("thalweg", lambda: subject.fill(built, holed), check=check),
    ]
    medians = interleave(field, options.rounds)
    ratio = medians["thalweg"] / medians["by hand"]
    yield Row(NAME, case, "by hand", medians["by hand"] * 1e3, "ms", 1 / ratio)
    yield Row(NAME, case, "thalweg", medians["thalweg"] * 1e3, "ms", 1.0)
    yield Row(NAME, case, "thalweg / by hand", ratio, "times", None, f"<= {LIMIT:g}", ratio <= LIMIT)

"""Fill the holes of a table of planets and moons, and hold the result against what was published.

`bodies_holed.csv` is `bodies.csv` with two of five published numbers taken out. The model computes back what it can;
each computed cell is then compared with the number held back. It may differ by what the published digits explain, and
by no more (see `precision`): the demo ends with exit code 1 if one cell differs by more, or if the median error of a
column reaches 1 %.
"""

import csv
import statistics
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model import FORMULAS, dsp
from precision import Precision, Row

HERE = Path(__file__).parent
NAMES = ("body", "parent")
WORST_MEDIAN = 0.01
HEAD = "{:25} {:>4} {:>6} {:>8}   {:20} {:>8} {:>9}"


@dataclass(frozen=True, slots=True)
class Cell:
    """An empty cell after the filling: its value and the formulas it came from, or why it stayed open."""

    body: str
    column: str
    value: float | None
    way: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A filled cell beside the number held back, all errors as shares of that number."""

    cell: Cell
    published: str
    error: float
    explained: float


def read(path: Path) -> dict[str, dict[str, str]]:
    """Give the rows of a table by body, as the text that was written: its digits are its precision."""
    with path.open(newline="", encoding="utf-8") as lines:
        return {row["body"]: row for row in csv.DictReader(lines)}


def fill(rows: Mapping[str, Row]) -> Iterator[Cell]:
    """Fill every empty cell, row by row; nothing else here knows how it is done."""
    for body, row in rows.items():
        given: dict[Hashable, Any] = {name: float(text) for name, text in row.items() if text and name not in NAMES}
        given["parent"] = row["parent"]
        missing = [column for column, text in row.items() if not text]
        solution = dsp.dispatch(given, missing, raises=False)
        for column in missing:
            if column in solution:
                yield Cell(body, column, float(solution[column]), way_to(column, solution.providers))
            else:
                refused = [name for name in solution.errors if column in FORMULAS[name].outputs]
                why = f"refused by the domain of {', '.join(refused)}" if refused else "nothing given leads to it"
                yield Cell(body, column, None, why=why)


def way_to(column: str, providers: Mapping[str, object]) -> tuple[str, ...]:
    """Give the formulas a value rests on, each after those it needs."""
    way: dict[str, None] = {}
    waiting = [(column, False)]
    while waiting:
        name, ready = waiting.pop()
        formula = FORMULAS.get(str(providers.get(name)))
        if formula is None or formula.id in way:
            continue
        if ready:
            way[formula.id] = None
        else:
            waiting.append((name, True))
            waiting.extend((each, False) for each in reversed(formula.inputs))
    return tuple(way)


def compare(cells: Sequence[Cell], published: Mapping[str, Row], holed: Mapping[str, Row]) -> list[Comparison]:
    """Hold the filled cells against the numbers held back; where nothing was published there is nothing to hold."""
    precision = Precision(published)
    comparisons = []
    for cell in cells:
        text = published[cell.body][cell.column]
        if not text or cell.value is None:
            continue
        unit = abs(float(text)) or 1.0
        explained = precision.explained(cell.body, cell.column, holed[cell.body], cell.way)
        comparisons.append(Comparison(cell, text, abs(cell.value - float(text)) / unit, explained / unit))
    return comparisons


def show(comparisons: Sequence[Comparison], held_back: Mapping[str, int]) -> bool:
    """Print one line for each column; give whether all of them are as good as they must be."""
    print(HEAD.format("column", "held", "filled", "median", "nearest to its limit", "error", "explained"))
    good = True
    for column, count in held_back.items():
        of_column = [each for each in comparisons if each.cell.column == column]
        if not of_column:
            print(f"{column:25} {count:4} {0:6}")
            continue
        median = statistics.median(each.error for each in of_column)
        worst = max(of_column, key=lambda each: each.error / each.explained)
        fine = median < WORST_MEDIAN and worst.error <= worst.explained
        good = good and fine
        print(
            f"{column:25} {count:4} {len(of_column):6} {median:8.1e}   {worst.cell.body:20.20} "
            f"{worst.error:8.1e} {worst.explained:9.1e}{'' if fine else '  <- not explained'}"
        )
    return good


def main() -> int:
    published, holed = read(HERE / "bodies.csv"), read(HERE / "bodies_holed.csv")
    cells = list(fill(holed))
    comparisons = compare(cells, published, holed)
    lost = [(body, name) for body, row in published.items() for name, text in row.items() if text != holed[body][name]]
    columns = [column for column in next(iter(published.values())) if column not in NAMES]
    good = show(comparisons, {each: sum(column == each for _, column in lost) for each in columns})
    still_open = [each for each in cells if each.value is None and (each.body, each.column) in set(lost)]
    extra = sum(each.value is not None for each in cells) - len(comparisons)
    print(f"\n{len(lost)} cells held back, {len(comparisons)} filled; {extra} more that nobody published. Still open:")
    for each in still_open:
        print(f"  {each.body:13} {each.column:25} {each.why}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

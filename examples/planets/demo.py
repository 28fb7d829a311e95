"""Fill the holes of a table of planets and moons, and hold the result against what was published.

`bodies_holed.csv` is `bodies.csv` with two of five published numbers taken out. The model computes back what it can;
each computed cell is then compared with the number held back. It may differ by what the published digits explain, and
by no more (see `precision`): the demo ends with exit code 1 if one cell differs by more, or if the median error of a
column reaches 1 %.
"""

import csv
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model import dsp
from precision import Precision, Row

from thalweg import tables

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


def fill(path: Path) -> Iterator[Cell]:
    """Fill every empty cell of a table; nothing else here knows how it is done."""
    filled = tables.fill(dsp, tables.read_table(path))
    print(f"{filled.summary()}\n")
    for cell in filled.cells():
        body = filled.label(cell.row)
        if cell.derivation is not None:
            yield Cell(body, str(cell.column), float(cell.value), cell.derivation.functions)
        elif cell.failures:
            yield Cell(
                body, str(cell.column), None, why="; ".join(f"{name}: {error}" for name, _, error in cell.failures)
            )
        else:
            yield Cell(body, str(cell.column), None, why="nothing given leads to it")


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
    cells = list(fill(HERE / "bodies_holed.csv"))
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

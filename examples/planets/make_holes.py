"""Punch holes into the published table: `bodies.csv` gives `bodies_holed.csv`, the same for ever.

Bodies of which the same columns are published lose the same cells, two in five, drawn by chance; so they share one
plan. Nobody looks at what can be computed back: a few cells cannot, and the report of a filling must say why.

Run it as `python make_holes.py`. `SEED` is the one number chosen: it is the first with which every column gets a cell
back, so that there is something to compare.
"""

import csv
import random
from pathlib import Path

HERE = Path(__file__).parent
SEED = 24
SHARE = 0.4
NAMES = ("body", "parent")


def punch(rows: list[dict[str, str]], seed: int = SEED) -> list[dict[str, str]]:
    """Give the rows with two of five published numbers taken out."""
    draw = random.Random(seed)  # noqa: S311 (nothing secret here)
    holes: dict[tuple[str, ...], set[str]] = {}
    holed = []
    for row in rows:
        published = tuple(column for column, text in row.items() if text and column not in NAMES)
        if published not in holes:
            holes[published] = set(draw.sample(published, round(SHARE * len(published))))
        holed.append({column: "" if column in holes[published] else text for column, text in row.items()})
    return holed


def main() -> None:
    with (HERE / "bodies.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with (HERE / "bodies_holed.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(punch(rows))


if __name__ == "__main__":
    main()

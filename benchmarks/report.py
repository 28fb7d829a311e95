"""The rows of a run, as a table and as JSON."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import CLOCK_NOTE, GC_NOTE

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = ("case", "who", "value", "unit", "ratio", "limit", "verdict", "note")
PACKAGES = (
    "thalweg",
    "schedula",
    "graphtik",
    "pipefunc",
    "sf-hamilton",
    "asynciojobs",
    "symphonizer",
    "dask",
    "distributed",
    "loky",
    "starlette",
    "networkx",
    "numpy",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number.

    ``ratio`` is to thalweg in the same case; ``passed`` is None where nothing is asked. A limit that is ``known`` to be
    missed does not make the whole run fail: its note says why.
    """

    benchmark: str
    case: str
    who: str
    value: float | None
    unit: str
    ratio: float | None = None
    limit: str = ""
    passed: bool | None = None
    note: str = ""
    known: bool = False


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, in the order of `COLUMNS`."""
    verdict = "" if row.passed is None else "pass" if row.passed else "known" if row.known else "FAIL"
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
    return row.case, row.who, _number(row.value), row.unit, ratio, row.limit, verdict, row.note


def table(rows: Iterable[Row]) -> str:
    """The rows under a head for each benchmark, in columns."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        groups.setdefault(row.benchmark, []).append(cells(row))
    lines: list[str] = []
    for benchmark, group in groups.items():
        widths = [max(map(len, column)) for column in zip(COLUMNS, *group, strict=True)]
        lines += ["", f"## {benchmark}"]
        for line in (COLUMNS, tuple("-" * width for width in widths), *group):
            padded = (
                text.rjust(width) if index in {2, 4} else text.ljust(width)
                for index, (text, width) in enumerate(zip(line, widths, strict=True))
            )
            lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def circumstances() -> dict[str, Any]:
    """On what the numbers were measured."""
    versions: dict[str, str] = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "(not installed)"
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "clock": CLOCK_NOTE,
        "collector": GC_NOTE,
        "packages": versions,
    }


def processor() -> str:
    """Its model as the system calls it, as far as it does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def write(rows: Iterable[Row], path: Path, found: dict[str, Any]) -> None:
    """The rows and the circumstances, as JSON."""
    kept = {"circumstances": found, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

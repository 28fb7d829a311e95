"""``python -m benchmarks [names ...]``: measure, print a table, write results.json; 1 if a limit is missed."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.elsewhere import Elsewhere
from benchmarks.harness import CLOCK_NOTE, GC_NOTE, said
from benchmarks.page import renew
from benchmarks.report import Row, circumstances, table, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

NAMES = (
    "imports",
    "memory",
    "dispatch",
    "again",
    "compile",
    "formulas",
    "questions",
    "failures",
    "fill",
    "clusters",
    "columns",
    "executors",
    "jobs",
    "journal",
    "compositions",
    "plots",
    "processes",
    "rerun",
    "size",
    "tasks",
    "web",
)

NOT_FINISHED = "not finished"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    rounds: int
    peers: bool
    graphtik: Elsewhere | None


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--rounds", type=int, default=11, help="turns of each competitor (default: 11)")
    parser.add_argument("--no-peers", action="store_true", help="thalweg alone")
    parser.add_argument(
        "--graphtik",
        metavar="PYTHON",
        default=os.environ.get("BENCH_GRAPHTIK_PYTHON"),
        help="an interpreter that has graphtik with networkx < 3 (or in BENCH_GRAPHTIK_PYTHON)",
    )
    parser.add_argument("--json", type=Path, default=Path(__file__).with_name("results.json"))
    parser.add_argument("--page", type=Path, help="renew the sections of this page, too")
    parser.add_argument("--tiny", action="store_true", help="do all at tiny sizes, once: see only that it works")
    chosen = parser.parse_args(given)
    for name in chosen.names:
        if name not in NAMES:
            parser.error(f"no benchmark {name!r}: choose from {', '.join(NAMES)}")
    return chosen


def loaded(name: str, *, tiny: bool) -> ModuleType:
    """A benchmark; for a tiny one its sizes are those that it says itself."""
    module = importlib.import_module(f"benchmarks.{name}")
    if tiny:
        vars(module).update(module.TINY)
    return module


def said_of(name: str) -> str:
    """What a benchmark measures, in its own words."""
    path = Path(__file__).with_name(f"{name}.py")
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def main(given: Sequence[str] | None = None) -> int:
    chosen = arguments(given)
    peers = not chosen.no_peers
    other = Elsewhere(chosen.graphtik) if chosen.graphtik and peers else None
    options = Options(1 if chosen.tiny else chosen.rounds, peers, other)
    rows: list[Row] = []
    try:
        for name in chosen.names or NAMES:
            start = time.perf_counter()
            try:
                for row in loaded(name, tiny=chosen.tiny).measure(options):
                    rows.append(row)  # noqa: PERF402 - those before an error stay
            except Exception as error:  # noqa: BLE001 - the others are still to be measured
                traceback.print_exc()
                rows.append(Row(name, NOT_FINISHED, "thalweg", None, "", None, "", passed=False, note=said(error)))
            print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    finally:
        if other is not None:
            other.close()
    if chosen.tiny:
        rows = [row if row.case == NOT_FINISHED else replace(row, limit="", passed=None) for row in rows]
    print(table(rows))
    found = circumstances()
    write(rows, chosen.json, found)
    if chosen.page:
        renew(chosen.page, rows, {name: said_of(name) for name in NAMES}, found)
    missed = [row for row in rows if row.passed is False and not row.known]
    print(f"\n{CLOCK_NOTE}; {GC_NOTE}\n{sum(row.passed is True for row in rows)} limits kept, {len(missed)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

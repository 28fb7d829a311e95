"""``thalweg fill``: the holes of a table."""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TableError
from .codes import Exit
from .options import add_executor, add_manner, add_model, add_objective, describe, model_of, positive
from .progress import counting
from .telling import print_json, say

if TYPE_CHECKING:
    from ..tables import Filled, Table

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg fill``."""
    describe(
        parser,
        "Each row is computed from its own known cells. A cell is a hole if it is empty, NA, N/A, NaN, null or None. "
        "Known cells stay as they are, digit by digit.",
        example="""
            $ printf 'width,depth,area\\n12,1.5,\\n,2,16\\n' | thalweg fill thalweg.cli.river -
            width,depth,area
            12,1.5,18
            8,2,16
            thalweg: 2 of 2 holes filled in 2 rows
        """,
    )
    add_model(parser)
    parser.add_argument(
        "table", metavar="TABLE", help=".csv, .tsv, .txt, .parquet or .xlsx; - for CSV from standard input"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-", help="by its end; by default CSV to standard output"
    )
    parser.add_argument(
        "--report", metavar="REPORT", help="how each cell came about: .txt or .md for people, .csv or .json"
    )
    _add_columns(parser)
    parser.add_argument("--sheet", metavar="NAME", help="sheet of the workbooks")
    parser.add_argument(
        "--digits", metavar="N", type=positive, help="significant digits of new numbers; by default all"
    )
    add_objective(parser)
    add_executor(parser, timeout=False)
    add_manner(parser, as_json='{"rows", "filled", "open", "unknown": [...]}; the table must go to a file')
    parser.set_defaults(action=fill)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="NAME", action="append", help="fill these columns only (repeat it)")
    parser.add_argument("--add", metavar="NAME", action="append", default=[], help="fill a column more (repeat it)")
    parser.add_argument(
        "--keep", metavar="COLUMN", action="append", default=[], help="no datum, and no slip of the pen"
    )
    parser.add_argument("--strict", action="store_true", help="refuse every other column that the model does not know")
    parser.add_argument(
        "--text", metavar="COLUMN", action="append", default=[], help="text, though it looks like numbers"
    )


def fill(chosen: argparse.Namespace) -> Exit:
    """Fill the holes of a table."""
    from .. import tables

    _check_places(chosen)
    table = _read(chosen)
    with model_of(chosen) as dsp:
        outputs = None
        if chosen.only is not None or chosen.add:
            data = dsp.data_nodes
            columns = [name for name in table if name in data] if chosen.only is None else chosen.only
            outputs = [*columns, *chosen.add]
        options = {"strict": chosen.strict, "objective": chosen.objective, "executor": chosen.executor}
        with counting(chosen, dsp.name or chosen.model, "rows", table.rows) as more:
            filled = tables.fill(dsp, table, outputs, keep=chosen.keep, on_rows=more, **options)
    _write(chosen, filled)
    if chosen.json:
        told = {"rows": table.rows, "filled": filled.count, "open": filled.open_count, "unknown": filled.others}
        print_json(told)
    elif not chosen.quiet:
        if filled.others:
            say(f"the model does not know {', '.join(map(repr, filled.others))}; left as it was")
        say(filled.summary() if chosen.report or not filled.open_count else f"{filled.summary()} (--report says why)")
    return Exit.WELL


def _check_places(chosen: argparse.Namespace) -> None:
    """Find out now, not after the work, that the results have nowhere to go."""
    from ..tables.files import format_of
    from ..tables.report import kind_of_report

    if chosen.json and chosen.output == "-":
        raise TableError("the table and --json cannot both go to standard output; name a file for the table by -o")
    if chosen.report is not None:
        kind_of_report(chosen.report)
        if Path(chosen.report).resolve() == Path(chosen.output).resolve():
            raise TableError(f"{chosen.report} cannot be both the table and the report")
    if chosen.output != "-":
        format_of(chosen.output)
    for place in (chosen.output, chosen.report):
        if place is not None and not Path(place).resolve().parent.is_dir():
            raise TableError(f"{place}: there is no folder {str(Path(place).parent)!r}")


def _read(chosen: argparse.Namespace) -> Table:
    from ..tables.files import read_table
    from ..tables.text import parse_text

    if chosen.table == "-":
        return parse_text(sys.stdin.read(), as_text=chosen.text)
    return read_table(chosen.table, as_text=chosen.text, sheet=chosen.sheet)


def _write(chosen: argparse.Namespace, filled: Filled) -> None:
    """Write the table and the report; both are whole before either is put in its place."""
    from ..tables.atomic import replacing
    from ..tables.files import dump_table
    from ..tables.report import kind_of_report, render
    from ..tables.text import write_text

    with ExitStack() as stack:
        if chosen.report is not None:
            report = stack.enter_context(replacing(chosen.report))
            report.writelines(piece.encode() for piece in render(filled, kind_of_report(chosen.report)))
        if chosen.output != "-":
            output = stack.enter_context(replacing(chosen.output))
            dump_table(filled.table, output, chosen.output, digits=chosen.digits, sheet=chosen.sheet)
        else:
            text = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
            write_text(filled.table, text, digits=chosen.digits)
            text.detach()

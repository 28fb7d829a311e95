"""What the words of the command `thalweg` do."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Hashable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dispatcher import Dispatcher, Solution
from ..errors import BuildError, TableError
from .loading import model_named

if TYPE_CHECKING:
    from ..tables import Filled, Table

__all__ = ["assignment", "check", "fill", "missing", "run"]


@contextmanager
def _model(chosen: argparse.Namespace) -> Iterator[Dispatcher]:
    """The model; what it prints meanwhile goes to standard error, for standard output is ours."""
    with redirect_stdout(sys.stderr), model_named(chosen.model) as dsp:
        yield dsp


def _say(message: str) -> None:
    sys.stderr.write(f"thalweg: {message}\n")


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def fill(chosen: argparse.Namespace) -> int:
    """Fill the holes of a table."""
    from .. import tables

    _check_places(chosen)
    table = _read(chosen)
    with _model(chosen) as dsp:
        outputs = None
        if chosen.only is not None or chosen.add:
            data = dsp.data_nodes
            columns = [name for name in table if name in data] if chosen.only is None else chosen.only
            outputs = [*columns, *chosen.add]
        filled = tables.fill(dsp, table, outputs, keep=chosen.keep, strict=chosen.strict, objective=chosen.objective)
    _write(chosen, filled)
    if not chosen.quiet:
        if filled.others:
            _say(f"the model does not know {', '.join(map(repr, filled.others))}; left as it was")
        _say(filled.summary() if chosen.report or not filled.open_count else f"{filled.summary()} (--report says why)")
    return 0


def _check_places(chosen: argparse.Namespace) -> None:
    """Find out now, not after the work, that the results have nowhere to go."""
    from ..tables.files import format_of
    from ..tables.report import kind_of_report

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


def assignment(text: str) -> tuple[str, Any]:
    """The two sides of ``NAME=VALUE``; a value is JSON, else a number as Python knows it, else text.

    Raises
    ------
    ArgumentTypeError
        There is no ``=``.

    Examples
    --------
    >>> assignment("mass=5.9e24"), assignment("body=Earth"), assignment("sizes=[1, 2]")
    (('mass', 5.9e+24), ('body', 'Earth'), ('sizes', [1, 2]))
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    for read in (json.loads, float):
        try:
            return name, read(value)
        except ValueError:
            continue
    return name, value


def run(chosen: argparse.Namespace) -> int:
    """Ask a model once."""
    with _model(chosen) as dsp:
        inputs = _once(chosen.inputs)
        solution: Solution = dsp.dispatch(inputs, chosen.outputs, objective=chosen.objective, raises="unreachable")
        names = [name for name in solution if name not in inputs] if chosen.outputs is None else chosen.outputs
        values = {str(name): solution[name] for name in names if name in solution}
        units = {str(name): node.attributes.get("unit", "") for name, node in dsp.data_nodes.items()}
        explanations = str(solution.explain()) if chosen.explain else ""
    for failure in solution.errors.values():
        _say(str(failure))
    if chosen.json:
        _print([json.dumps(values, default=_as_json)])
    else:
        _print(f"{name} = {_shown(value)} {units.get(name, '')}".rstrip() for name, value in values.items())
    if explanations:
        _print(["", explanations])
    return 0


def _once(assignments: Iterable[tuple[str, Any]]) -> dict[Hashable, Any]:
    """Values by name; a name that is given twice is an error, for who knows which was meant."""
    values: dict[Hashable, Any] = {}
    for name, value in assignments:
        if name in values:
            raise BuildError(f"{name!r} is given twice; give it once")
        values[name] = value
    return values


def _shown(value: Any) -> str:
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    return value if isinstance(value, str) else repr(value)


def _as_json(value: Any) -> Any:
    """What JSON does not know: arrays as lists, all else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def missing(chosen: argparse.Namespace) -> int:
    """Say what else must be known."""
    with _model(chosen) as dsp:
        sets = dsp.missing(chosen.outputs, chosen.inputs, chosen.k)
    if not sets:
        _say(f"nothing that could be given leads to {', '.join(chosen.outputs)}")
        return 1
    _print(", ".join(map(str, names)) if names else "nothing is missing" for names in sets)
    return 0


def check(chosen: argparse.Namespace) -> int:
    """Find what is wrong or suspicious in a model."""
    with _model(chosen) as dsp:
        findings = dsp.check()
    _print(map(str, findings))
    errors = [finding for finding in findings if finding.severity == "error"]
    if not findings:
        _print(["nothing to say against it"])
    return 1 if errors else 0

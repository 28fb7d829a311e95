"""Options that several commands have: one name each, and one meaning."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, BinaryIO

from ..dispatcher import Dispatcher
from ..errors import BuildError
from ..executors import shutdown_executors
from ..tokens import EMPTY
from .loading import model_named

__all__ = [
    "Formatter",
    "add_executor",
    "add_inputs",
    "add_journal",
    "add_manner",
    "add_model",
    "add_objective",
    "add_outputs",
    "assignment",
    "days",
    "describe",
    "given_names",
    "given_values",
    "journal_place",
    "model_of",
    "natural",
    "output_aside",
    "positive",
    "seconds",
]

_JOURNAL = "runs.db"
_MODEL = "the model: path.py:name or package.module:name (without a name: the only dispatcher there)"


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions and examples keep their lines."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **options | {"max_help_position": 28})


def describe(parser: argparse.ArgumentParser, text: str = "", *, example: str) -> None:
    """Say more in the help of a command than its row does, and show an example.

    Parameters
    ----------
    parser : ArgumentParser
    text : str, optional
        Further sentences.
    example : str
        A command after ``$``, and what it prints; tests run it.  The model `thalweg.cli.river` is there for it.
    """
    whole = f"{parser.description or ''} {text}".strip()
    parser.description = textwrap.fill(whole, 79)
    parser.epilog = "example:\n" + textwrap.indent(textwrap.dedent(example).strip("\n"), "  ")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``MODEL``; `model_of` gives it."""
    parser.add_argument("model", metavar="MODEL", help=_MODEL)


def add_manner(parser: argparse.ArgumentParser, *, quiet: bool = True, as_json: str = "") -> None:
    """Add ``--json``, ``-q/--quiet`` and ``--debug``.

    Parameters
    ----------
    parser : ArgumentParser
    quiet : bool, optional
        Is there anything to be quiet about?
    as_json : str, optional
        Shape of the document, for the help; by default the command has no ``--json``.
    """
    if as_json:
        parser.add_argument("--json", action="store_true", help=f"print one JSON document: {as_json}")
    if quiet:
        parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no remarks on standard error")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_inputs(parser: argparse.ArgumentParser, *, values: bool = True) -> None:
    """Add ``-i/--input`` and ``--input-file``; `given_values` or `given_names` gives what was said.

    Parameters
    ----------
    parser : ArgumentParser
    values : bool, optional
        Are values needed?  Where they are not, they may still be there.
    """
    parser.add_argument(
        "-i",
        "--input",
        metavar="NAME=VALUE" if values else "NAME[=VALUE]",
        action="append",
        default=[],
        dest="inputs",
        type=assignment if values else _name_and_more,
        help="a known value: a number, JSON, or text (repeat it)" if values else "known (repeat it)",
    )
    parser.add_argument(
        "--input-file",
        metavar="FILE",
        dest="input_file",
        help="a JSON object of known values by name, - for standard input; -i goes before it",
    )


def add_outputs(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add ``-o/--output``."""
    everything = "" if required else "; by default everything that can be had"
    parser.add_argument(
        "-o",
        "--output",
        metavar="NAME",
        action="append",
        dest="outputs",
        required=required,
        help=f"wanted (repeat it){everything}",
    )


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Add ``--objective``."""
    text = "shortest longest chain (span, the default), or smallest derivation tree"
    parser.add_argument("--objective", choices=("span", "tree"), default="span", help=text)


def add_executor(parser: argparse.ArgumentParser, *, timeout: bool = True) -> None:
    """Add ``--executor``, and ``--timeout`` where there is one run that can be too long."""
    parser.add_argument(
        "--executor", metavar="NAME", help="where the calls are made: sync, async, threads, processes, parallel ..."
    )
    if timeout:
        parser.add_argument("--timeout", metavar="SECONDS", type=seconds, help="how long the run may take")


def add_journal(parser: argparse.ArgumentParser) -> None:
    """Add ``--journal`` and ``--pickle``; `journal_place` gives the place."""
    parser.add_argument(
        "--journal",
        metavar="PLACE",
        help="where runs are recorded: a file, sqlite:///FILE or postgresql://...; by default THALWEG_JOURNAL of the "
        f"environment, else {_JOURNAL}",
    )
    parser.add_argument(
        "--pickle", action="store_true", help="keep and read pickles, too: only in a journal that nobody else can write"
    )


def journal_place(chosen: argparse.Namespace) -> str:
    """Where runs are recorded."""
    return chosen.journal or os.environ.get("THALWEG_JOURNAL") or _JOURNAL


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


def _name_and_more(text: str) -> tuple[str, Any]:
    return assignment(text) if "=" in text else (text, EMPTY)


def given_values(chosen: argparse.Namespace) -> dict[Hashable, Any]:
    """Known values by name: those of the file, and those of the command line before them.

    Raises
    ------
    BuildError
        A name is given twice, or without a value, or the file holds no JSON object.
    """
    values = _given(chosen)
    for name, value in values.items():
        if value is EMPTY:
            raise BuildError(f"{name!r} has no value; write -i {name}=VALUE")
    return values


def given_names(chosen: argparse.Namespace) -> list[Hashable]:
    """Names of what is known, whether or not their values were given."""
    return list(_given(chosen))


def _given(chosen: argparse.Namespace) -> dict[Hashable, Any]:
    values: dict[Hashable, Any] = {}
    for name, value in chosen.inputs:
        if name in values:
            raise BuildError(f"{name!r} is given twice; give it once")
        values[name] = value
    return values if chosen.input_file is None else {**_read_inputs(chosen.input_file), **values}


def _read_inputs(file: str) -> dict[Hashable, Any]:
    name = "standard input" if file == "-" else file
    try:
        values = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except ValueError as error:  # also where it is no text at all
        raise BuildError(f"{name} is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise BuildError(f"{name} holds a {type(values).__name__}; it must be an object of values by name")
    return values


@contextmanager
def model_of(chosen: argparse.Namespace) -> Iterator[Dispatcher]:
    """The model; what is printed meanwhile, also by what it calls in other processes, goes to standard error.

    Standard output is for the answer: print that afterwards.
    """
    with output_aside(), model_named(chosen.model) as dsp:
        try:
            yield dsp
        finally:
            shutdown_executors()


@contextmanager
def output_aside() -> Iterator[BinaryIO]:
    """Standard output as a file of its own, for as long as everybody else's output goes to standard error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)
        try:
            with redirect_stdout(sys.stderr):
                yield output
        finally:
            output.flush()
            os.dup2(output.fileno(), 1)


def natural(text: str) -> int:
    """A whole number from 0."""
    return _from(0, text)


def positive(text: str) -> int:
    """A whole number from 1."""
    return _from(1, text)


def _from(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"{number} is below {least}")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")  # which lies nowhere


def days(text: str) -> float:
    """A time from 0 [d]."""
    number = _number(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time from 0")
    return number


def seconds(text: str) -> float:
    """A time above 0 [s]."""
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time above 0")
    return number

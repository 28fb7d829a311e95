"""The command `thalweg`: its words, and what becomes of errors.

Exit codes: 0, all is well; 1, the model cannot do what was asked (an output out of reach, an error found by `check`);
2, the question is wrong (an unknown name, a broken file); 130, the user's interrupt.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import DispatchError, ThalwegError, UnknownNodeError
from . import actions, serving

__all__ = ["main"]

_MODEL = "the model: path.py:name or package.module:name (without a name: the only dispatcher there)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Its words; by default those of the process.

    Returns
    -------
    int
        The exit code.
    """
    try:
        chosen = _parser().parse_args(argv)
    except SystemExit as stop:  # help, or words that make no sense
        return stop.code if isinstance(stop.code, int) else 2
    try:
        code: int = chosen.action(chosen)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; let the interpreter's last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ThalwegError, OSError) as error:
        if chosen.debug:
            raise
        _say(_message(error))
        return 1 if isinstance(error, DispatchError) else 2
    return code


def _message(error: Exception) -> str:
    """What to say; keywords of Python functions are no cure here."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror}"
    if not isinstance(error, UnknownNodeError):
        return str(error)
    close = " or ".join(map(repr, error.suggestions))
    return f"the model does not know {error.name!r}" + (f"; did you mean {close}?" if close else "")


def _say(message: str) -> None:
    sys.stderr.write(f"thalweg: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thalweg",
        description="Models made of many interdependent functions: fill tables with them, or ask them once.",
    )
    parser.add_argument("--version", action="version", version=f"thalweg {_version()}")
    commands = parser.add_subparsers(metavar="command", required=True)
    _add_fill(commands)
    _add_run(commands)
    _add_missing(commands)
    _add_check(commands)
    _add_serve(commands)
    return parser


def _version() -> str:
    from .. import __version__

    return __version__


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    """A command, with what all have in common."""
    command = commands.add_parser(name, help=text.partition(".")[0], description=text)
    command.add_argument("model", metavar="MODEL", help=_MODEL)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return command


def _add_fill(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fill = _add(
        commands,
        "fill",
        "fill the holes of a table. Each row is computed from its own known cells. A cell is a hole if it is empty, NA,"
        " N/A, NaN, null or None. Known cells stay as they are, digit by digit.",
    )
    fill.add_argument(
        "table", metavar="TABLE", help=".csv, .tsv, .txt, .parquet or .xlsx; - for CSV from standard input"
    )
    fill.add_argument(
        "-o", "--output", metavar="OUT", default="-", help="by its end; by default CSV to standard output"
    )
    fill.add_argument(
        "--report", metavar="REPORT", help="how each cell came about: .txt or .md for people, .csv or .json"
    )
    fill.add_argument("--only", metavar="NAME", action="append", help="fill these columns only (repeat it)")
    fill.add_argument("--add", metavar="NAME", action="append", default=[], help="fill a column more (repeat it)")
    fill.add_argument("--keep", metavar="COLUMN", action="append", default=[], help="no datum, and no slip of the pen")
    fill.add_argument("--strict", action="store_true", help="refuse every other column that the model does not know")
    fill.add_argument(
        "--text", metavar="COLUMN", action="append", default=[], help="text, though it looks like numbers"
    )
    fill.add_argument("--sheet", metavar="NAME", help="sheet of the workbooks")
    fill.add_argument("--digits", metavar="N", type=_positive, help="significant digits of new numbers; by default all")
    _add_objective(fill)
    fill.add_argument("-q", "--quiet", action="store_true", help="no summary on standard error")
    fill.set_defaults(action=actions.fill)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = _add(commands, "run", "ask a model once. Without -o everything that can be had is printed.")
    run.add_argument(
        "-i",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="inputs",
        type=actions.assignment,
        help="a known value: a number, JSON, or text (repeat it)",
    )
    run.add_argument("-o", metavar="NAME", action="append", dest="outputs", help="wanted (repeat it)")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--explain", action="store_true", help="say why each value came about as it did")
    how.add_argument("--json", action="store_true", help="print one JSON object")
    _add_objective(run)
    run.set_defaults(action=actions.run)


def _add_missing(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    missing = _add(
        commands, "missing", "say what else must be known to reach an output. One set on each line, cheapest first."
    )
    missing.add_argument("-i", metavar="NAME", action="append", default=[], dest="inputs", help="known (repeat it)")
    missing.add_argument(
        "-o", metavar="NAME", action="append", required=True, dest="outputs", help="wanted (repeat it)"
    )
    missing.add_argument("-k", metavar="N", type=_positive, default=5, help="so many sets at most (default: 5)")
    missing.set_defaults(action=actions.missing)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = _add(
        commands,
        "check",
        "find what is wrong or suspicious in a model. Calls nothing; exit code 1 if there are errors.",
    )
    check.set_defaults(action=actions.check)


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = _add(
        commands,
        "serve",
        "serve a model over HTTP, until it is interrupted. On a loopback address all of this machine may ask; any "
        "other needs --token-file, --client-ca or --insecure.",
    )
    serve.add_argument("--host", metavar="HOST", default="127.0.0.1", help="address (default: 127.0.0.1)")
    serve.add_argument("--port", metavar="PORT", type=int, default=5000, help="0 for a free one (default: 5000)")
    serve.add_argument(
        "--expose", metavar="NODE", action="append", help="this node only: datum, function or path/within (repeat it)"
    )
    serve.add_argument(
        "--token-file", metavar="FILE", help="file with the token that clients must show; or set THALWEG_TOKEN"
    )
    serve.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[], help="a name of the server (repeat it)"
    )
    serve.add_argument("--certificate", metavar="FILE", help="serve over TLS")
    serve.add_argument("--key", metavar="FILE", help="key of the certificate")
    serve.add_argument("--client-ca", metavar="FILE", help="ask clients for certificates signed by one of these")
    serve.add_argument("--insecure", action="store_true", help="answer everybody who reaches the address")
    serve.add_argument("--runs", metavar="FILE", help="keep long runs in this file, over restarts")
    serve.add_argument("--timeout", metavar="SECONDS", type=float, help="for one answer (default: 60)")
    serve.add_argument("--quick", action="store_true", help="all calls are short: make them without threads")
    serve.add_argument("--at-work", metavar="N", type=_positive, help="questions answered at once (default: 64)")
    serve.set_defaults(action=serving.serve)


def _add_objective(command: argparse.ArgumentParser) -> None:
    text = "shortest longest chain (span, the default), or smallest derivation tree"
    command.add_argument("--objective", choices=("span", "tree"), default="span", help=text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number

"""The command `thalweg`: which words mean what, and what becomes of errors."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterable, Sequence

from ..errors import RunTimeout, ThalwegError, UnknownNodeError, near_misses
from ..text import error_text
from .codes import Exit, code_of
from .facts import failure_facts
from .options import Formatter
from .table import COMMANDS
from .telling import prepare_streams, print_json, say

__all__ = ["main", "whole_parser"]

_DESCRIPTION = (
    "Models made of many interdependent functions: ask them, look at them, serve them, fill tables with them."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Its words; by default those of the process.

    Returns
    -------
    int
        The exit code: see `Exit`.
    """
    if argv is None and "_ARGCOMPLETE" in os.environ:  # a shell asks what may come next
        _complete()
    words = sys.argv[1:] if argv is None else list(argv)
    prepare_streams()
    try:
        return _act(words)
    except OSError as error:
        # Whoever read our output has gone, or there is no room for it; let the interpreter's last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code_of(error)


def _act(words: list[str]) -> int:
    chosen = argparse.Namespace(debug="--debug" in words, json=False)
    try:
        try:
            chosen = _parse(words)
        except SystemExit as stop:  # help, or words that make no sense
            return stop.code if isinstance(stop.code, int) else Exit.WRONG
        code: int = chosen.action(chosen)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as interrupt:
        say("interrupted")
        return code_of(interrupt)
    except Exception as error:  # whatever a model raises is told, and has a code
        if getattr(chosen, "debug", False):
            traceback.print_exception(error)
        return _tell(error, as_json=getattr(chosen, "json", False))


def _tell(error: Exception, *, as_json: bool) -> Exit:
    """Say what went wrong; for programs on standard output as well."""
    code, message = code_of(error), _message(error)
    failures = getattr(getattr(error, "solution", None), "errors", {}).values()
    for failure in failures:
        say(str(failure))
    say(message)
    if as_json:
        told = {"code": code, "type": type(error).__name__, "message": message}
        told |= {name: getattr(error, name) for name in ("outputs", "missing") if hasattr(error, name)}
        told["failures"] = list(map(failure_facts, failures))
        print_json({"error": told})
        sys.stdout.flush()
    return code


def _message(error: Exception) -> str:
    """What to say; keywords of Python functions are no cure here."""
    if isinstance(error, UnknownNodeError):
        close = " or ".join(map(repr, error.suggestions))
        return f"the model does not know {error.name!r}" + (f"; did you mean {close}?" if close else "")
    if isinstance(error, RunTimeout):
        return str(error).partition(";")[0]
    if isinstance(error, ThalwegError):
        return str(error)
    if isinstance(error, OSError):
        return str(error) if error.filename is None or error.strerror is None else f"{error.filename}: {error.strerror}"
    return f"{error_text(error)} (nobody foresaw this; --debug shows where it comes from)"


def _parse(words: list[str]) -> argparse.Namespace:
    """What was chosen; of all commands only the one that was named is loaded."""
    if not words or words[0].startswith("-"):
        parser = _top()
        parser.parse_args(words)  # ends by itself at --help and --version
        parser.error("say which command; thalweg --help lists them")
    row = COMMANDS.get(words[0])
    if row is None:
        close = " or ".join(map(repr, near_misses(words[0], COMMANDS)))
        hint = f"did you mean {close}?" if close else "thalweg --help lists all"
        _top().error(f"there is no command {words[0]!r}; {hint}")
    parser = argparse.ArgumentParser(prog=f"thalweg {row.name}", formatter_class=Formatter, allow_abbrev=False)
    row.add_to(parser)
    return parser.parse_args(words[1:])


def _top() -> argparse.ArgumentParser:
    """What knows the names of the commands, and no more of them."""
    width = max(map(len, COMMANDS))
    rows = [f"  {row.name:<{width}}  {row.does}" for row in COMMANDS.values()]
    parser = argparse.ArgumentParser(
        prog="thalweg",
        usage="thalweg [-h] [--version] COMMAND ...",
        description=_DESCRIPTION,
        epilog="\n".join(["commands:", *rows, "", "thalweg COMMAND --help says more, with an example of each."]),
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"thalweg {_version()}")
    return parser


def _complete() -> None:
    """Answer a shell, and end; of all commands only the one that is being written is loaded."""
    from .completion import complete

    words = os.environ.get("COMP_LINE", "").split()
    complete(whole_parser(words[1:2]))


class WholeParser(argparse.ArgumentParser):
    """The parser of all commands.

    Attributes
    ----------
    commands : dict of str to ArgumentParser
        Those of each.
    """

    commands: dict[str, argparse.ArgumentParser]


def whole_parser(loaded: Iterable[str] | None = None) -> WholeParser:
    """The parser of all commands: for completion, tests and pages.

    Parameters
    ----------
    loaded : iterable of str, optional
        The commands of which more is needed than their names; by default all.
    """
    wanted = COMMANDS.keys() if loaded is None else set(loaded)
    parser = WholeParser(prog="thalweg", description=_DESCRIPTION, formatter_class=Formatter, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"thalweg {_version()}")
    added = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser)
    parser.commands = {}
    for row in COMMANDS.values():
        command = added.add_parser(row.name, help=row.does, formatter_class=Formatter, allow_abbrev=False)
        parser.commands[row.name] = command
        if row.name in wanted:
            row.add_to(command)
    return parser


def _version() -> str:
    from .. import __version__

    return __version__

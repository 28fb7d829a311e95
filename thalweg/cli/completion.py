"""``thalweg completion``, and what it has a shell ask: which words may come next, data of the model among them.

`argcomplete` (the extra ``thalweg[completion]``) speaks with the shells.  At each TAB a shell runs the command with
``_ARGCOMPLETE`` in its environment; `complete` then answers instead of acting.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Hashable, Iterable
from types import ModuleType
from typing import Any

from ..dispatcher import Dispatcher
from ..errors import MissingExtraError, ModelFileError
from ..executors import executor_names
from ..tokens import Token
from .codes import Exit
from .loading import model_named, models_in
from .options import add_manner, describe
from .telling import print_lines

__all__ = ["add", "complete"]

_SHELLS = ("bash", "zsh", "fish")
_NUMBERS = frozenset(("N", "S", "SECONDS", "PORT", "HOST"))  # metavars of what nobody can guess


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg completion``."""
    describe(
        parser,
        "Commands, options, models and the names of their data are then completed by TAB; for these the file of the "
        "model is run. Bash: put source <(thalweg completion bash) into ~/.bashrc. Zsh: the same with zsh into "
        "~/.zshrc, behind compinit. Fish: thalweg completion fish > ~/.config/fish/completions/thalweg.fish. Needs the "
        "extra thalweg[completion].",
        example="""
            $ thalweg completion bash
            #compdef thalweg
            ...
        """,
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    add_manner(parser, quiet=False)
    parser.set_defaults(action=completion)


def completion(chosen: argparse.Namespace) -> Exit:
    """Print what a shell has to load."""
    script: str = _argcomplete().shellcode(["thalweg"], shell=chosen.shell)
    print_lines(script.strip().splitlines())
    return Exit.WELL


def complete(parser: argparse.ArgumentParser) -> None:
    """Tell the shell that asks which words may come next, and end.

    Parameters
    ----------
    parser : ArgumentParser
    """
    argcomplete = _argcomplete()
    completers = _completers(argcomplete)
    pending = [parser]
    while pending:
        for action in pending.pop()._actions:  # noqa: SLF001 - argparse has no other way to its actions
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                pending += action.choices.values()
            elif action.dest in completers and action.metavar not in _NUMBERS:
                vars(action)["completer"] = completers[action.dest]
            elif action.metavar in _NUMBERS:
                vars(action)["completer"] = argcomplete.SuppressCompleter()
    argcomplete.autocomplete(parser, always_complete_options=False, exit_method=os._exit)


def _argcomplete() -> ModuleType:
    try:
        import argcomplete
        import argcomplete.completers
    except ImportError as error:
        raise MissingExtraError.of("completions", "argcomplete", "completion") from error
    module: ModuleType = argcomplete
    return module


def _completers(argcomplete: Any) -> dict[str, Callable[..., Iterable[str]]]:
    """What completes an argument, by its `dest`; all others are files, or have choices."""
    files = argcomplete.completers.FilesCompleter(("py",))

    def models(prefix: str, **_: Any) -> list[str]:
        place, colon, _attribute = prefix.partition(".py:")
        found: list[str] = files(prefix)
        return [f"{place}.py:{name}" for name in _models(f"{place}.py")] if colon else found

    return {
        "model": models,
        "inputs": lambda parsed_args, **_: [f"{name}=" for name in _data(parsed_args)],
        "outputs": lambda parsed_args, **_: _wanted(parsed_args),
        "only": lambda parsed_args, **_: _data(parsed_args),
        "add": lambda parsed_args, **_: _data(parsed_args),
        "focus": lambda parsed_args, **_: _nodes(parsed_args),
        "expose": lambda parsed_args, **_: _nodes(parsed_args),
        "executor": lambda **_: executor_names(),
    }


def _names(chosen: argparse.Namespace, names: Callable[[Dispatcher], Iterable[Hashable]]) -> list[str]:
    """Names that a model has; none if it cannot be loaded, for there is nobody who could be told why."""
    try:
        with model_named(chosen.model) as dsp:
            return [str(name) for name in names(dsp) if not isinstance(name, Token)]
    except Exception:
        return []


def _data(chosen: argparse.Namespace) -> list[str]:
    return _names(chosen, lambda dsp: dsp.data_nodes)


def _wanted(chosen: argparse.Namespace) -> list[str]:
    def names(dsp: Dispatcher) -> list[Hashable]:
        return [*dsp.data_nodes, *(name for name, node in dsp.function_nodes.items() if not node.outputs)]

    return _names(chosen, names)


def _nodes(chosen: argparse.Namespace) -> list[str]:
    return _names(chosen, lambda dsp: dsp.nodes)


def _models(place: str) -> list[str]:
    try:
        return models_in(place)
    except ModelFileError:
        return []

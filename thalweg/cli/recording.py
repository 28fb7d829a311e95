"""Runs of the command that are recorded: loaded only where a journal is named."""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, simplefilter

from ..dispatcher import Dispatcher, Solution
from ..journal import JournalWarning, open_journal
from .options import journal_place
from .progress import progress_of
from .telling import say

__all__ = ["recorded", "warnings_told"]


def recorded(
    chosen: argparse.Namespace, dsp: Dispatcher, inputs: Mapping[Hashable, Any], *, raises: Any = "unreachable"
) -> Solution:
    """As `ask`, recorded in a journal.

    Raises
    ------
    JournalError
        The run cannot be recorded, is driven by somebody else, or was asked something else before.
    UnknownNodeError, UnreachableError, DispatchError, RunTimeout, BuildError
        As for `Dispatcher.dispatch`.
    """
    progress = progress_of(chosen, dsp.name or chosen.model)
    with open_journal(journal_place(chosen), pickle=chosen.pickle) as journal, warnings_told(chosen):
        solution: Solution = dsp.dispatch(
            inputs,
            chosen.outputs,
            objective=chosen.objective,
            raises=raises,
            executor=chosen.executor,
            timeout=chosen.timeout,
            on_event=progress,
            journal=journal,
            run=chosen.run_name,
        )
    if chosen.run_name is None and solution.recorded is not None and not chosen.quiet:
        say(f"recorded as {solution.recorded.run!r}")
    return solution


@contextmanager
def warnings_told(chosen: argparse.Namespace) -> Iterator[None]:
    """What a journal warns of is said in a line."""
    with catch_warnings(record=True, category=JournalWarning) as caught:
        simplefilter("always", JournalWarning)
        yield
    for warning in caught:
        if not chosen.quiet:
            say(str(warning.message))

"""Recorded runs of flows on the command line: loaded only for one that is resumed."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import Any

from ..errors import CallCancelled, ModelFileError, near_misses
from ..executors import shutdown_executors
from ..journal import Journal
from ..tasks import Flow
from .codes import Exit
from .loading import module_named
from .options import output_aside
from .recording import warnings_told
from .telling import print_json, print_lines, say, shown

__all__ = ["resume_flow"]


def resume_flow(chosen: argparse.Namespace, journal: Journal, run: str, name: str) -> Exit:
    """Go on with a recorded run of a flow, and print its value.

    Parameters
    ----------
    chosen : Namespace
    journal : Journal
    run : str
        Name of the run.
    name : str
        Of its class: ``path.py:Name``, or without the name if it is the only flow there.

    Raises
    ------
    ModelFileError
        There is no such flow.
    TaskError, CallTimeout, JournalError
        As for a run.
    """
    with output_aside(), module_named(name) as (module, attribute), warnings_told(chosen):
        try:
            resumed = _flow(module, attribute, name).resume(
                run, journal, executor=chosen.executor, timeout=chosen.timeout
            )
            try:
                value = resumed.result()
            except KeyboardInterrupt:
                resumed.cancel()
                with suppress(CallCancelled):
                    resumed.result()
                raise
        finally:
            shutdown_executors()
    if not chosen.quiet:
        say(str(resumed.recorded))
    if chosen.json:
        print_json({"value": value})
    else:
        print_lines([shown(value)])
    return Exit.WELL


def _flow(module: Any, attribute: str, name: str) -> type[Flow]:
    """The flow of that name, or the only one."""
    flows = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Flow) and value.__module__ == module.__name__
    }
    if not attribute and len(flows) == 1:
        return next(iter(flows.values()))
    if attribute in flows:
        return flows[attribute]
    what = f"no flow {attribute!r}" if attribute else "several flows" if flows else "no flow"
    close = near_misses(attribute, flows) if attribute else tuple(flows)
    hint = f"; did you mean {' or '.join(map(str, close))}?" if close else ""
    raise ModelFileError(f"{name} has {what}{hint}")

"""What can be read of a scenario: its jobs in order, a line each, and what became of them.

=======================  ======  =====
of a job                 sign    ASCII
=======================  ======  =====
critical                 ``⚠``   ``!``
raised an exception      ``★``   ``*``
went without exception   ``☉``   ``o``
complete                 ``☓``   ``x``
running                  ``↺``   ``~``
idle                     ``⚐``   ``.``
runs for ever            ``∞``   ``8``
=======================  ======  =====

A job that was cancelled while it ran keeps the sign of one that runs: it never came to its end.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ..text import error_text, value_text

if TYPE_CHECKING:
    from .job import AbstractJob
    from .scheduler import Scheduler

__all__ = [
    "describe",
    "error_text",
    "in_depth",
    "lines_of",
    "path_of",
    "report_of",
    "signs",
    "some",
    "value_text",
    "write",
]

_ASCII = str.maketrans("⚠★☉☓↺⚐∞…", "!*ox~.8~")
_FEW = 3  # names are listed


def signs(job: AbstractJob, *, critical: bool = False) -> str:
    """Four signs: is it critical, has it raised, what is it at, does it run for ever?"""
    is_idle = job.is_idle()
    is_critical = job.is_critical() or (critical and job.critical is None)
    raised = "★" if job.raised_exception() is not None else " " if is_idle else "☉"
    state = "☓" if job.is_done() else "⚐" if is_idle else "↺"
    return f"{'⚠' if is_critical else ' '} {raised} {state} {'∞' if job.forever else ' '}"


def describe(job: AbstractJob, *, critical: bool = False) -> str:
    """A job in a line: its signs, what it is, and what it gave or raised."""
    shown, error, end = signs(job, critical=critical), job.raised_exception(), ""
    if error is not None:
        end = f" => {'CRIT. EXC.' if shown[0] == '⚠' else 'exception'}:!!{error_text(error, ':')}!!"
    elif job.is_done():
        end = f" -> {value_text(job.result())}"
    return f"{shown} <{type(job).__name__} `{job.label or 'NOLABEL'}`{end}>"


def lines_of(scheduler: Scheduler) -> list[str]:
    """All jobs in order, numbered, those of scenarios within below them."""
    rows = list(in_depth(scheduler))
    width = max(2, len(str(len(rows))))
    number = {job: f"{place:0{width}d}" for place, (job, _, _) in enumerate(rows, 1)}
    lines = []
    for job, depth, critical in rows:
        required = ", ".join([number.get(other, f"`{other.name}`") for other in job.requirements])
        line = f"{number[job]} {'> ' * depth}{describe(job, critical=critical)}"
        lines.append(f"{line} - requires:{{{required}}}" if required else line)
    return lines


def in_depth(scheduler: Scheduler) -> Iterator[tuple[AbstractJob, int, bool]]:
    """Each job with its depth, and whether it is critical if it does not say so itself."""
    pending: list[tuple[Any, int, bool]] = [(job, 0, scheduler.is_critical()) for job in scheduler.in_order()[::-1]]
    while pending:
        job, depth, critical = pending.pop()
        yield job, depth, critical
        if job.is_scheduler:
            within = critical if job.critical is None else job.critical
            pending += [(each, depth + 1, within) for each in job.in_order()[::-1]]


def report_of(scheduler: Scheduler) -> list[str]:
    """What became of a scenario: the list, the numbers, and where each error came from."""
    lines = [f"{scheduler.stats()}: {scheduler.why()}", *lines_of(scheduler)]
    for job, _, _ in in_depth(scheduler):
        error = job.raised_exception()
        if error is not None and not job.is_scheduler:
            lines += [f"{path_of(job)}:", *_traceback(error)]
    run = scheduler.own_run
    for job, error in run.unclosed.items() if run is not None else ():
        lines += [f"co_shutdown of {path_of(job)}:", *_traceback(error)]
    return lines


def _traceback(error: BaseException) -> list[str]:
    """The traceback from the first line on that is not ours."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_globals.get("__name__", "").startswith("thalweg."):
        place = place.tb_next
    text = "".join(traceback.format_exception(type(error), error, place))
    return [f"    {line}" for line in text.rstrip().splitlines()]


def write(lines: list[str], file: TextIO | None) -> None:
    """Write lines; with ASCII only where the file can hold no other signs."""
    target = sys.stdout if file is None else file
    text = "\n".join([*lines, ""])
    try:
        text.encode(target.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
    target.write(text)


def some(jobs: Sequence[AbstractJob]) -> str:
    """Some jobs by name: a few, and how many more there are."""
    named = [repr(path_of(job)) for job in jobs[:_FEW]]
    named += [f"{len(jobs) - _FEW} more"] if len(jobs) > _FEW else []
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def path_of(job: AbstractJob) -> str:
    """Names of the scenarios that a job ran in, and its own."""
    return job.name if job.latest is None else f"{job.latest.prefix}{job.latest.names[job.number]}"

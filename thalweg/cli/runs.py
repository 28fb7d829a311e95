"""``thalweg runs``: runs that were recorded."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import BuildError
from ..journal import Entry, Journal, RunInfo, open_journal
from .asking import tell_failures
from .codes import Exit
from .options import add_executor, add_journal, add_manner, days, describe, journal_place, model_of
from .progress import progress_of
from .recording import warnings_told
from .telling import print_json, print_lines, say, shown

__all__ = ["add"]

_DAY_SECONDS = 86_400.0
_TAKES = {
    "list": (0, 0, "nothing"),
    "show": (1, 1, "a RUN"),
    "resume": (2, 2, "a RUN and its MODEL"),
    "cancel": (1, 1_000_000, "RUNs"),
    "prune": (0, 1_000_000, "RUNs, or nothing for all that have ended well or were cancelled"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg runs``."""
    describe(
        parser,
        "`list` has a line for each run, the newest first; `show RUN` says what became of each of its calls; `resume "
        "RUN MODEL` goes on with a run of that model, or flow, and computes only what is left; `cancel RUN ...` ends "
        "runs, wherever they are driven; `prune` forgets runs that are done or were cancelled, or the RUNs that are "
        "named, and the large values that no other run needs.",
        example="""
            $ thalweg run thalweg.cli.river -i width=12 -i depth=1.5 -o area --as today | cat; thalweg runs show today
            area = 18.0 m2
            today: done, a run of the model 'river', begun once at ...
            CALL     VALUE     TOOK [s]  START
            section  json  ...  1
        """,
    )
    parser.add_argument("what", metavar="WHAT", choices=tuple(_TAKES), help="list, show, resume, cancel or prune")
    parser.add_argument("words", metavar="RUN", nargs="*", help="names of runs; behind resume a run and its MODEL")
    add_journal(parser)
    parser.add_argument(
        "--older-than", metavar="DAYS", type=days, default=0.0, help="prune only what has ended so long ago"
    )
    add_executor(parser)
    add_manner(parser, as_json='{"runs": [...]}; of show {"run": {...}, "calls": [...]}; of resume {"values": {...}}')
    parser.set_defaults(action=runs)


def runs(chosen: argparse.Namespace) -> Exit:
    """Do what was said with recorded runs."""
    least, most, what = _TAKES[chosen.what]
    if not least <= len(chosen.words) <= most:
        raise BuildError(f"thalweg runs {chosen.what} takes {what}")
    with open_journal(journal_place(chosen), pickle=chosen.pickle, must_exist=True) as journal:
        return _ACTIONS[chosen.what](chosen, journal)


def _list(chosen: argparse.Namespace, journal: Journal) -> Exit:
    found = journal.runs()
    if chosen.json:
        print_json({"runs": list(map(_facts, found))})
        return Exit.WELL
    rows = [("RUN", "STATE", "VALUES", "FAILED", "STARTS", "BEGUN", "OF")]
    for run in found:
        numbers = (str(run.values), str(run.failures), str(run.starts))
        rows.append((run.id, run.shown_state, *numbers, _moment(run.created), f"{run.kind} {run.name}".rstrip()))
    print_lines(_table(rows) if found else ["no run was recorded"])
    return Exit.WELL


def _show(chosen: argparse.Namespace, journal: Journal) -> Exit:
    run, entries = journal.run(chosen.words[0]), journal.entries(chosen.words[0])
    if chosen.json:
        print_json({"run": _facts(run), "calls": list(map(_call_facts, entries))})
        return Exit.WELL
    often = "once" if run.starts == 1 else f"{run.starts} times"
    name = f" {run.name!r}" if run.name else ""
    print_lines(
        [f"{run.id}: {run.shown_state}, a run of the {run.kind}{name}, begun {often} at {_moment(run.created)}"]
    )
    if run.is_held:
        print_lines([f"driven by {run.holder}"])
    if run.error:
        print_lines([f"ended by {run.error}"])
    rows = [("CALL", "VALUE", "TOOK [s]", "START", "")]
    rows += [(each.key, each.form, f"{each.seconds:.6f}", str(each.attempt), each.error or "") for each in entries]
    print_lines(_table(rows))
    return Exit.WELL


def _resume(chosen: argparse.Namespace, journal: Journal) -> Exit:
    run, chosen.model = chosen.words
    if journal.run(run).kind == "flow":
        from .flows import resume_flow

        return resume_flow(chosen, journal, run, chosen.model)
    with model_of(chosen) as dsp, warnings_told(chosen):
        progress = progress_of(chosen, dsp.name or chosen.model)
        options = {"executor": chosen.executor, "timeout": chosen.timeout, "on_event": progress}
        solution = dsp.resume(run, journal, **options)
        asked = journal.asked(run)
        names = [name for name in solution if name not in asked["inputs"]]
        values = {str(name): solution[name] for name in names}
        lines = [f"{name} = {shown(value)}" for name, value in values.items()]
        tell_failures(chosen, solution)
    if not chosen.quiet:
        say(str(solution.recorded))
    if chosen.json:
        print_json({"values": values})
    else:
        print_lines(lines)
    return Exit.WELL


def _cancel(chosen: argparse.Namespace, journal: Journal) -> Exit:
    for run in chosen.words:
        if not journal.cancel(run):
            say(f"the run {run!r} has ended already: it is {journal.run(run).state}")
    if chosen.json:
        print_json({"runs": [_facts(journal.run(run)) for run in chosen.words]})
    return Exit.WELL


def _prune(chosen: argparse.Namespace, journal: Journal) -> Exit:
    pruned, values = journal.prune(chosen.words or None, older_than_seconds=chosen.older_than * _DAY_SECONDS)
    if chosen.json:
        print_json({"runs": pruned, "values": values})
    else:
        print_lines([f"forgotten: runs {pruned}, large values {values}"])
    return Exit.WELL


_ACTIONS = {"list": _list, "show": _show, "resume": _resume, "cancel": _cancel, "prune": _prune}


def _facts(run: RunInfo) -> dict[str, Any]:
    facts = {name: getattr(run, name) for name in RunInfo.__slots__}
    return facts | {"state": run.shown_state}


def _call_facts(entry: Entry) -> dict[str, Any]:
    facts = entry._asdict()
    del facts["data"]
    return facts | {"bytes": len(entry.data) if entry.file is None else None}


def _moment(seconds: float) -> str:
    """A time as people here read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

"""What became of each hole of a table, for people (text, Markdown) and for machines (CSV, JSON)."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import TableError
from ..tokens import START
from .text import cell_text

if TYPE_CHECKING:
    from .filled import Cell, CellGroup, Filled

__all__ = ["KINDS", "kind_of_report", "render", "story_of"]

_ROWS_SHOWN = 8


def render(filled: Filled, kind: str) -> Iterator[str]:
    """A report, piece by piece.

    Parameters
    ----------
    filled : Filled
    kind : {"txt", "md", "csv", "json"}

    Raises
    ------
    TableError
        There is no such kind.
    """
    if kind not in KINDS:
        raise TableError(f"no kind of report is called {kind!r}; use one of {', '.join(KINDS)}")
    return KINDS[kind](filled)


def kind_of_report(path: str | os.PathLike[str]) -> str:
    """The kind of report that the end of a file's name asks for.

    Raises
    ------
    TableError
        There is none.
    """
    suffix = Path(path).suffix.lower()
    if suffix.removeprefix(".") not in KINDS:
        ends = ", ".join(f".{kind}" for kind in KINDS)
        raise TableError(f"{os.fspath(path)}: no kind of report ends in {suffix!r}; use one of {ends}")
    return suffix.removeprefix(".")


def _as_text(filled: Filled) -> Iterator[str]:
    """For people: a summary, then every way that was taken, then what stayed open."""
    yield f"{filled.summary()}\n"
    for title, groups in (("Filled", filled.filled), ("Open", filled.open)):
        column: Any = START
        for number, group in enumerate(_merged(groups)):
            if not number:
                yield f"\n{title}\n"
            if group.column != column:
                column = group.column
                yield f"\n  {column}\n"
            yield f"    {_rows_text(filled, group)}: {story_of(group)}\n"
            for line in _failures_text(group):
                yield f"      {line}\n"


def _as_markdown(filled: Filled) -> Iterator[str]:
    """For people: the same as tables."""
    yield f"{filled.summary()}\n"
    for title, groups in (("Filled", filled.filled), ("Open", filled.open)):
        for number, group in enumerate(_merged(groups)):
            if not number:
                yield f"\n## {title}\n\n| column | rows | how | what failed before |\n|---|---|---|---|\n"
            failures = "<br>".join(map(_escaped, _failures_text(group)))
            how = _escaped(story_of(group))
            yield f"| {_escaped(str(group.column))} | {_escaped(_rows_text(filled, group))} | {how} | {failures} |\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


FIELDS = (
    "row",
    "label",
    "column",
    "state",
    "value",
    "provider",
    "distance",
    "functions",
    "given",
    "defaults",
    "failed",
    "missing",
)


def _as_csv(filled: Filled) -> Iterator[str]:
    """For machines: one line for each cell that was a hole."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(FIELDS)
    for cell in filled.cells():
        failed = [f"{node} ({kind}): {message}" for node, kind, message in cell.failures]
        missing = " | ".join(", ".join(map(str, names)) for names in cell.missing)
        state = "open" if cell.derivation is None else "filled"
        derivation = _derivation_texts(cell)
        label, value = filled.label(cell.row), cell_text(cell.value)
        writer.writerow([cell.row + 1, label, cell.column, state, value, *derivation, "; ".join(failed), missing])
        if stream.tell() > 1 << 16:
            yield stream.getvalue()
            stream.seek(0)
            stream.truncate()
    yield stream.getvalue()


def _derivation_texts(cell: Cell) -> Sequence[str]:
    found = cell.derivation
    if found is None:
        return [""] * 5
    names = [" > ".join(found.functions), ", ".join(map(str, found.given)), ", ".join(map(str, found.defaults))]
    return [_provider_text(found.provider), cell_text(found.distance), *names]


def _as_json(filled: Filled) -> Iterator[str]:
    """For machines: the same with structure."""
    head = {
        "rows": filled.table.rows,
        "filled": filled.count,
        "open": filled.open_count,
        "columns": [str(name) for name in filled.columns],
        "others": [str(name) for name in filled.others],
    }
    yield json.dumps(head, indent=1)[:-2] + ',\n "cells": ['
    for number, cell in enumerate(filled.cells()):
        yield (",\n  " if number else "\n  ") + json.dumps(_cell_record(filled, cell), default=str, allow_nan=False)
    yield "\n ]\n}\n"


def _cell_record(filled: Filled, cell: Cell) -> dict[str, Any]:
    """One cell as JSON knows it; a number that is not finite is a text there."""
    record: dict[str, Any] = {
        "row": cell.row + 1,
        "label": filled.label(cell.row),
        "column": str(cell.column),
        "state": "open" if cell.derivation is None else "filled",
    }
    found = cell.derivation
    if found is not None:
        providers = found.provider if isinstance(found.provider, tuple) else (found.provider,)
        record |= {
            "value": _json_value(cell.value),
            "provider": [str(each) for each in providers] if isinstance(found.provider, tuple) else str(providers[0]),
            "distance": _json_value(found.distance),
            "functions": list(found.functions),
            "given": list(map(str, found.given)),
            "defaults": list(map(str, found.defaults)),
        }
    else:
        record["missing"] = [list(map(str, names)) for names in cell.missing]
    record["failed"] = [{"node": node, "kind": kind, "error": message} for node, kind, message in cell.failures]
    return record


def _json_value(value: Any) -> Any:
    return value if not isinstance(value, float) or isfinite(value) else str(value)


KINDS: dict[str, Callable[[Filled], Iterator[str]]] = {
    "csv": _as_csv,
    "json": _as_json,
    "md": _as_markdown,
    "txt": _as_text,
}


def _merged(groups: Iterable[CellGroup]) -> Iterator[CellGroup]:
    """Groups of one column that tell the same story, as one."""
    found: dict[Any, list[CellGroup]] = {}
    for group in groups:
        failures = tuple((each.node, each.kind, each.messages[0]) for each in group.failures)
        found.setdefault((group.column, group.derivation, group.missing, failures), []).append(group)
    for alike in found.values():
        yield alike[0].joined(alike[1:])


def _rows_text(filled: Filled, group: CellGroup) -> str:
    """The rows of a group as people count them, with what they are called."""
    rows = group.rows.tolist()
    named = [f"{row + 1} {filled.label(row)}".rstrip() for row in rows[:_ROWS_SHOWN]]
    more = f" and {len(rows) - len(named)} more" if len(rows) > len(named) else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {', '.join(named)}{more}"


def story_of(group: CellGroup) -> str:
    """How the cells of a group came about, or what they lack."""
    derivation = group.derivation
    if derivation is None:
        sets = [" and ".join(map(str, names)) for names in group.missing]
        return f"it would help to give {', or '.join(sets)}" if sets else "there is no other way"
    if derivation.provider is START:
        return "its default"
    origin = f"by {' > '.join(derivation.functions) or _provider_text(derivation.provider)}"
    rests = [f"from {', '.join(map(str, derivation.given))}"] if derivation.given else []
    if derivation.defaults:
        rests.append(f"with the default of {', '.join(map(str, derivation.defaults))}")
    return f"{' '.join([origin, *rests])}, at distance {derivation.distance:g}"


def _failures_text(group: CellGroup) -> Iterator[str]:
    for each in group.failures:
        others = ", and others like it" if len(each.messages) > 1 else ""
        reason = "its domain refused the values" if each.kind == "refused" else each.messages[0]
        yield f"not by {each.node}: {reason}{others}"


def _provider_text(provider: Any) -> str:
    return " + ".join(map(str, provider)) if isinstance(provider, tuple) else str(provider)

"""The page of the documentation that shows what was measured: a section for each benchmark.

Who runs some of the benchmarks renews their sections and leaves the others: each section says on what it was measured.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benchmarks.report import COLUMNS, cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.report import Row

_HEAD = """# What was measured

`make bench` measures and writes this page; `make bench ARGS="compile again"` renews some of its sections. How it is
done, and what the names mean, is in `benchmarks/README.md` and at the head of each file there. A *ratio* is to thalweg
in the same case. Times of different sections are of different moments: compare within a section only.
"""


def renew(path: Path, rows: Iterable[Row], docs: Mapping[str, str], circumstances: Mapping[str, Any]) -> None:
    """Write the sections of the benchmarks in ``rows``; others stay as they are.

    ``docs`` says of each benchmark what it measures; its order is that of the page.
    """
    sections = _sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.benchmark, []).append(row)
    for name, group in groups.items():
        sections[name] = "\n\n".join([f"## {name}", docs[name], _table(group), _measured_on(circumstances)])
    written = [sections[name] for name in docs if name in sections]
    path.write_text("\n\n".join([_HEAD.strip(), *written]) + "\n", encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    """What stands on the page under each head."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.strip() for part in parts}


def _table(rows: Sequence[Row]) -> str:
    lines = [_line(COLUMNS), "|---|---|---:|---|---:|---|---|---|"]
    lines += [_line(cells(row)) for row in rows]
    return "\n".join(lines)


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(_escaped(text) for text in texts)} |"


def _escaped(text: str) -> str:
    """As Markdown that shows the text as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|$~])", r"\\\1", text)


def _measured_on(circumstances: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in circumstances["packages"].items() if version)
    return (
        f"Measured {circumstances['date'][:10]} with Python {circumstances['python']} on {circumstances['system']}, "
        f"{circumstances['processor']}, {circumstances['cores']} cores, load {circumstances['load']}; {packages}."
    )

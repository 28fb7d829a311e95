"""Models and runs as tables of text and HTML, and as a card for notebooks; no data frames needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..dispatcher.solution import Solution
from .boxes import Box, Scene
from .narrow import close, closed_by_depth
from .scene import scene_of
from .style import KINDS
from .text import distance_text, seconds_text
from .writers import Drawing, writer_of

if TYPE_CHECKING:
    from ..dispatcher.dispatcher import Dispatcher
    from ..dispatcher.plan import Plan

__all__ = ["Report", "Table", "card", "report", "table"]

_CARD_BOXES = 60  # with more, a card has no picture
_CARD_ROWS = 12
_STYLE = 'style="border-collapse:collapse;font:13px/1.5 system-ui,sans-serif"'
_CELL = 'style="text-align:left;padding:2px 12px 2px 0;border-bottom:1px solid #8884;vertical-align:top"'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under heads.

    As a string it is aligned text; Jupyter shows it as HTML.

    Attributes
    ----------
    title : str
    heads : tuple of str
    rows : tuple of tuple of str
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.heads, *self.rows, strict=True)]
        lines = [self.heads, tuple("-" * width for width in widths), *self.rows]
        padded = [
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self.title, *padded] if self.title else padded)

    def __len__(self) -> int:
        return len(self.rows)

    def to_html(self, most: int | None = None) -> str:
        """The table in HTML, with at most so many rows."""
        shown = self.rows if most is None else self.rows[:most]
        heads = "".join(f"<th {_CELL}>{escape(head)}</th>" for head in self.heads)
        body = "".join("<tr>" + "".join(f"<td {_CELL}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in shown)
        more = len(self.rows) - len(shown)
        rest = f"<p>… and {more} more</p>" if more > 0 else ""
        caption = f"<caption {_CELL}><b>{escape(self.title)}</b></caption>" if self.title else ""
        return f"<table {_STYLE}>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{rest}"

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclass(frozen=True, slots=True)
class Report:
    """A run in sentences and tables.

    As a string it is text; Jupyter shows it as HTML.

    Attributes
    ----------
    title : str
    summary : tuple of str
    tables : tuple of Table
    """

    title: str
    summary: tuple[str, ...]
    tables: tuple[Table, ...]

    def __str__(self) -> str:
        return "\n\n".join(["\n".join([self.title, *self.summary]), *map(str, self.tables)])

    def to_html(self) -> str:
        """The report in HTML."""
        said = "".join(f"<li>{escape(line)}</li>" for line in self.summary)
        return f"<h3>{escape(self.title)}</h3><ul>{said}</ul>" + "".join(each.to_html() for each in self.tables)

    def _repr_html_(self) -> str:
        return self.to_html()


def table(subject: Dispatcher | Plan | Solution) -> Table:
    """All nodes, one a row, those of sub-dispatchers too.

    Parameters
    ----------
    subject : Dispatcher, Plan or Solution

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher(name="circle")
    >>> dsp.add_function("area", lambda r: 3 * r**2, ["r"], ["a"])
    'area'
    >>> print(table(dsp))
    circle
    node  kind      takes  gives  about
    ----  --------  -----  -----  -----
    r     datum
    a     datum
    area  function  r      a
    """
    scene = scene_of(subject)
    if scene.subject == "model":
        return _model_table(scene)
    boxes = _by_story(scene)
    heads = ("node", "kind", "state", "value", "distance", "call", "time", "why")
    rows = [
        (
            "/".join(box.path),
            KINDS[box.kind].name,
            box.state,
            box.value,
            "" if box.distance is None else distance_text(box.distance),
            "" if box.order is None else str(box.order),
            "" if box.seconds is None else seconds_text(box.seconds),
            box.note,
        )
        for box in boxes
    ]
    return _lean(Table(scene.title, heads, tuple(rows)))


def report(solution: Solution) -> Report:
    """A run in sentences and tables: what was had, what was called, what failed.

    Parameters
    ----------
    solution : Solution

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher(name="circle")
    >>> dsp.add_function("area", lambda r: 3 * r**2, ["r"], ["a"])
    'area'
    >>> print(report(dsp({"r": 2})))
    circle
    2 data, 1 function.
    1 of 1 functions were called.
    <BLANKLINE>
    Calls
    call  function  took part as  gave
    ----  --------  ------------  ------
    1     area      computed      a = 12
    <BLANKLINE>
    Values
    datum  value  came from  distance
    -----  -----  ---------  --------
    r      2      given      0
    a      12     area       2
    """
    scene = scene_of(solution)
    calls = [_call_row(scene, step.box, step.gives) for step in scene.steps]
    heads = ("call", "function", "took part as", "gave", "time", "why")
    origins = _origins(scene)
    values = [
        (
            "/".join(box.path),
            box.value,
            origins.get(box.key, box.state),
            "" if box.distance is None else distance_text(box.distance),
        )
        for box in _by_story(scene)
        if box.kind == "data" and box.value
    ]
    lost = [
        ("/".join(box.path), box.state, box.note)
        for box in scene.boxes.values()
        if box.kind == "data" and not box.value and (box.is_wanted or box.state == "failed")
    ]
    tables = [
        _lean(Table("Calls", heads, tuple(calls))),
        Table("Values", ("datum", "value", "came from", "distance"), tuple(values)),
        Table("Without a value", ("datum", "state", "why"), tuple(lost)),
    ]
    return Report(scene.title, scene.summary, tuple([each for each in tables if each.rows]))


def card(subject: Dispatcher | Plan | Solution) -> str:
    """A small picture and the table, as HTML for notebooks."""
    scene = scene_of(subject)
    scene = close(scene, closed_by_depth(scene, 0))
    picture = ""
    if len(scene.boxes) <= _CARD_BOXES:
        drawn = writer_of("svg").write(Drawing(scene))
        assert isinstance(drawn, str)
        picture = f'<div style="overflow:auto;max-height:420px">{drawn[drawn.index("<svg") :]}</div>'
    summary = "" if picture else f"<p><b>{escape(scene.title)}</b> {escape(' '.join(scene.summary))}</p>"
    return picture + summary + table(subject).to_html(_CARD_ROWS)


def _model_table(scene: Scene) -> Table:
    takes: dict[str, list[str]] = {}
    gives: dict[str, list[str]] = {}
    for arrow in scene.arrows:
        takes.setdefault(arrow.target, []).append(scene.boxes[arrow.source].label)
        gives.setdefault(arrow.source, []).append(scene.boxes[arrow.target].label)
    rows = [
        (
            "/".join(box.path),
            KINDS[box.kind].name,
            ", ".join(takes.get(box.key, ())) if box.kind == "function" else "",
            ", ".join(gives.get(box.key, ())) if box.kind == "function" else "",
            box.about,
        )
        for box in scene.boxes.values()
    ]
    return Table(scene.title, ("node", "kind", "takes", "gives", "about"), tuple(rows))


def _by_story(scene: Scene) -> list[Box]:
    """Boxes in the order in which they came about; then the rest."""
    order = dict.fromkeys(scene.given, 0)
    for number, step in enumerate(scene.steps, 1):
        order[step.box] = number
        order.update(dict.fromkeys(step.gives, number))
    last = len(scene.steps) + 1
    return sorted(scene.boxes.values(), key=lambda box: (order.get(box.key, last), box.kind == "data"))


def _origins(scene: Scene) -> dict[str, str]:
    """By datum: what gave it its value."""
    return {
        arrow.target: _source_name(scene.boxes[arrow.source])
        for arrow in scene.arrows
        if arrow.state == "used" and scene.boxes[arrow.target].kind == "data"
    }


def _source_name(box: Box) -> str:
    """A function by its name; a datum of another level by its path."""
    return box.label if box.kind == "function" else "/".join(box.path)


def _call_row(scene: Scene, key: str, gives: Sequence[str]) -> tuple[str, ...]:
    box = scene.boxes[key]
    gave = dict.fromkeys(f"{scene.boxes[each].label} = {scene.boxes[each].value}" for each in gives)
    time = "" if box.seconds is None else seconds_text(box.seconds)
    return str(box.order), "/".join(box.path), box.state, ", ".join(gave), time, box.note


def _lean(whole: Table) -> Table:
    """The table without the columns that are empty."""
    kept = [at for at in range(len(whole.heads)) if not whole.rows or any(row[at] for row in whole.rows)]
    rows = tuple([tuple([row[at] for at in kept]) for row in whole.rows])
    return Table(whole.title, tuple([whole.heads[at] for at in kept]), rows)

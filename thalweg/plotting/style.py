"""How pictures look: data only.

The hues are those of Okabe and Ito, which people with every kind of colour vision can tell apart; besides, each state
has its own kind of line and is said in words.

References
----------
M. Okabe and K. Ito, "Color Universal Design: How to make figures and presentations that are friendly to colorblind
people", 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ARROWS", "KINDS", "STATES", "THEMES", "ArrowStyle", "Colours", "Kind", "State", "Theme"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of box: what people call it, what it is, and its shape in each language of pictures."""

    name: str
    meaning: str
    dot: str
    mermaid: tuple[str, str]
    rounded: bool = False
    is_called: bool = False  # is it listed among the calls?
    is_whole: bool = False  # does it stand for what is in it?


@dataclass(frozen=True, slots=True)
class State:
    """A state of a box: what people call it, what it means, its line and whether it matters for the story."""

    name: str
    meaning: str
    line: str
    width: float
    pale: bool = False


@dataclass(frozen=True, slots=True)
class ArrowStyle:
    """A state of an arrow: what it means, its line."""

    meaning: str
    line: str
    width: float
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of one state: of the inside, the line and the text."""

    fill: str
    line: str
    text: str


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of a picture."""

    background: str
    panel: str
    text: str
    muted: str
    arrow: str
    pale_arrow: str
    failed_arrow: str
    cluster: str
    cluster_line: str
    states: dict[str, Colours]


KINDS: dict[str, Kind] = {
    "data": Kind("datum", "a value", "box", ("([", "])"), rounded=True),
    "function": Kind("function", "a function, which turns values into others", "box", ("[", "]"), is_called=True),
    "sub_dispatcher": Kind(
        "sub-dispatcher", "a model within the model: open it by a double click", "box3d", ("[[", "]]"), is_whole=True
    ),
    "job": Kind("job", "a job, which begins when all have ended that lead to it", "box", ("[", "]"), is_called=True),
    "scheduler": Kind(
        "scheduler", "a scenario within the scenario: open it by a double click", "box3d", ("[[", "]]"), is_whole=True
    ),
    "group": Kind("group", "", "folder", ("[[", "]]"), is_whole=True),
}

STATES: dict[str, State] = {
    "": State("", "no run", "solid", 1.0),
    "given": State("given", "was given as an input", "solid", 1.6),
    "default": State("default", "a default of the model was used", "dashed", 1.6),
    "computed": State("computed", "was computed", "solid", 1.6),
    "done": State("done", "ended without an error", "solid", 1.6),
    "running": State("running", "is at work", "solid", 1.6),
    "planned": State("planned", "will be called or computed", "solid", 1.6),
    "failed": State("failed", "raised an error, or gave a value that was refused", "bold", 2.4),
    "refused": State("refused", "its domain refused the values", "bold", 2.4),
    "waiting": State("waiting", "lacks values that nothing gives", "dotted", 1.2),
    "not needed": State("not needed", "could have been used; nothing needed it", "solid", 0.8, pale=True),
    "stopped": State("stopped", "the run was ended before", "dotted", 1.0, pale=True),
}

ARROWS: dict[str, ArrowStyle] = {
    "": ArrowStyle("an arc of the model", "solid", 1.0),
    "used": ArrowStyle("the way that was taken", "solid", 1.8),
    "failed": ArrowStyle("tried, and lost", "dashed", 1.4),
    "unused": ArrowStyle("not used", "dotted", 0.8, pale=True),
}

_LIGHT = {
    "": Colours("#ffffff", "#5b6770", "#1b2126"),
    "given": Colours("#cfe8f7", "#0072b2", "#0b2536"),
    "default": Colours("#e4f1f9", "#56b4e9", "#0b2536"),
    "computed": Colours("#d3efe5", "#009e73", "#06281e"),
    "done": Colours("#d3efe5", "#009e73", "#06281e"),
    "running": Colours("#cfe8f7", "#0072b2", "#0b2536"),
    "planned": Colours("#d3efe5", "#009e73", "#06281e"),
    "failed": Colours("#fbdccb", "#d55e00", "#3a1a00"),
    "refused": Colours("#fcecc8", "#c98a00", "#332300"),
    "waiting": Colours("#faf2f7", "#cf9fbd", "#7a4b69"),
    "not needed": Colours("#fafbfb", "#c3cacf", "#69737a"),
    "stopped": Colours("#f1f2f3", "#9aa3a9", "#5b6770"),
}

_DARK = {
    "": Colours("#232a30", "#93a1ab", "#eef2f4"),
    "given": Colours("#0d3a57", "#56b4e9", "#e8f4fc"),
    "default": Colours("#16303f", "#56b4e9", "#dcebf5"),
    "computed": Colours("#0b3f31", "#2fc79b", "#e2f7f0"),
    "done": Colours("#0b3f31", "#2fc79b", "#e2f7f0"),
    "running": Colours("#0d3a57", "#56b4e9", "#e8f4fc"),
    "planned": Colours("#0b3f31", "#2fc79b", "#e2f7f0"),
    "failed": Colours("#572404", "#ff8b3d", "#ffeadd"),
    "refused": Colours("#4a3503", "#f0b429", "#fff3d6"),
    "waiting": Colours("#2a1e27", "#8a5576", "#d3a9c3"),
    "not needed": Colours("#1b2126", "#3c464d", "#85929b"),
    "stopped": Colours("#1f262b", "#56626a", "#93a1ab"),
}

THEMES: dict[str, Theme] = {
    "light": Theme(
        background="#ffffff",
        panel="#f5f7f8",
        text="#1b2126",
        muted="#5b6770",
        arrow="#46525a",
        pale_arrow="#c3cacf",
        failed_arrow="#d55e00",
        cluster="#f7f9fa",
        cluster_line="#9aa3a9",
        states=_LIGHT,
    ),
    "dark": Theme(
        background="#14191d",
        panel="#1d2429",
        text="#eef2f4",
        muted="#a4b0b8",
        arrow="#b4c0c8",
        pale_arrow="#3c464d",
        failed_arrow="#ff8b3d",
        cluster="#1a2025",
        cluster_line="#56626a",
        states=_DARK,
    ),
}

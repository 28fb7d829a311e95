"""The table of formats: a name, and what writes it.  To add a format, write a file and a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType

from ..errors import PlotError, RenderError
from .boxes import Scene
from .dot import index_lines, to_dot
from .graphviz import has_dot, run_dot
from .html import to_html
from .layout import TANGLED, levels_of, tangle
from .mermaid import to_mermaid
from .narrow import close
from .plain import to_json
from .style import THEMES
from .svg import place_all, to_svg

__all__ = ["DIRECTIONS", "WRITERS", "Drawing", "Writer", "format_of", "writer_of"]

DIRECTIONS = ("LR", "TB", "RL", "BT")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A scene and how it is to be drawn: what every writer is handed.

    Attributes
    ----------
    scene : Scene
        With everything that closed boxes hide.
    closed : frozenset of str
        Boxes that are closed at first, or for good where nobody can open them.
    direction : str
    theme : str
        Key of `style.THEMES`; a page has both, and begins as its reader likes it.
    index : bool
        Is a list of all calls to stand beside the picture?
    links : mapping of str to str
        By closed box: the page that it leads to.
    """

    scene: Scene
    closed: frozenset[str] = frozenset()
    direction: str = "LR"
    theme: str = "light"
    index: bool = False
    links: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def shown(self) -> Scene:
        """The scene with its closed boxes closed."""
        return close(self.scene, self.closed)


@dataclass(frozen=True, slots=True)
class Writer:
    """A format: how it is written, its type, and whether the details of the boxes go into it."""

    write: Callable[[Drawing], str | bytes]
    mime: str
    has_details: bool = False


def _dot(drawing: Drawing) -> str:
    scene = drawing.shown()
    corners = None
    if any(tangle(*level) > TANGLED for level in levels_of(scene).values()):
        places, _ = place_all(scene, drawing.direction)
        corners = {
            key: (at.x - at.width / 2, at.y - at.height / 2, at.x + at.width / 2, at.y + at.height / 2)
            for key, at in places.items()
        }
    return to_dot(
        scene,
        THEMES[drawing.theme],
        direction=drawing.direction,
        index=index_lines(drawing.scene) if drawing.index else (),
        links=drawing.links,
        corners=corners,
    )


def _rendered(form: str) -> Callable[[Drawing], bytes]:
    return lambda drawing: run_dot(_dot(drawing), form)


def _svg(drawing: Drawing) -> str:
    """By Graphviz, or by ourselves where it is missing or fails."""
    reason = "Graphviz is not installed"
    if has_dot():
        try:
            return run_dot(_dot(drawing), "svg").decode("utf-8")
        except RenderError as error:
            reason = error.message
    remark = f"Laid out without Graphviz ({reason}); with it arrows cross less and go around boxes."
    return to_svg(drawing.shown(), THEMES[drawing.theme], direction=drawing.direction, remark=remark)


def _mermaid(drawing: Drawing) -> str:
    return to_mermaid(drawing.shown(), THEMES[drawing.theme], direction=drawing.direction)


def _html(drawing: Drawing) -> str:
    return to_html(drawing.scene, drawing.closed, drawing.direction, theme=drawing.theme, index=drawing.index)


WRITERS: MappingProxyType[str, Writer] = MappingProxyType(
    {
        "dot": Writer(_dot, "text/vnd.graphviz"),
        "html": Writer(_html, "text/html", has_details=True),
        "json": Writer(lambda drawing: to_json(drawing.scene), "application/json", has_details=True),
        "mermaid": Writer(_mermaid, "text/vnd.mermaid"),
        "pdf": Writer(_rendered("pdf"), "application/pdf"),
        "png": Writer(_rendered("png"), "image/png"),
        "svg": Writer(_svg, "image/svg+xml"),
    }
)
_SUFFIXES = {"gv": "dot", "htm": "html", "mmd": "mermaid"}


def writer_of(name: str) -> Writer:
    """The writer of a format.

    Raises
    ------
    PlotError
        There is no such format; the message names those that are.
    """
    if name not in WRITERS:
        raise PlotError(f"unknown format {name!r}; choose from {', '.join(WRITERS)}", format=name)
    return WRITERS[name]


def format_of(path: PurePath) -> str:
    """The format that the ending of a file's name says.

    Raises
    ------
    PlotError
        It has none, or one that says no format.
    """
    suffix = path.suffix[1:].lower()
    name = _SUFFIXES.get(suffix, suffix)
    if name not in WRITERS:
        raise PlotError(
            f"the name {path.name!r} says no format; end it with one of {', '.join('.' + each for each in WRITERS)}, "
            "or give format=...",
            format=suffix,
        )
    return name

"""Pictures as people meet them: what `plot` gives, and what can be done with it."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from ..dispatcher.plan import Plan
from ..dispatcher.solution import Solution
from ..errors import PlotError, RenderError
from .boxes import Scene
from .narrow import closed_by_depth, find_boxes, neighbourhood, used
from .overview import TOO_MANY, overview
from .scene import scene_of
from .style import THEMES
from .writers import DIRECTIONS, Drawing, format_of, writer_of

if TYPE_CHECKING:
    from ..dispatcher.dispatcher import Dispatcher

__all__ = ["Plot", "SceneOptions", "plot", "plot_scene"]


class Plot:
    """A picture that can be shown, saved, and read as text; `plot` makes it.

    As a string it is its source.  In Jupyter it shows itself.

    Attributes
    ----------
    drawing : Drawing
        The scene, and how it is drawn.
    format : str or None
        As asked for; None: a page for `show`, SVG in Jupyter, and for `save` what the name of the file says.
    """

    def __init__(self, drawing: Drawing, format: str | None = None, detailed: Any = None) -> None:  # noqa: A002 - as in `plot`
        self.drawing = drawing
        self.format = format
        self._make_detailed = detailed

    @cached_property
    def detailed(self) -> Drawing:
        """The same with what pages show of a box when somebody asks."""
        details = self._make_detailed() if self._make_detailed is not None else {}
        boxes = self.drawing.scene.boxes
        kept = {key: items for key, items in details.items() if key in boxes}
        return replace(self.drawing, scene=replace(self.drawing.scene, details=kept))

    def render(self, format: str | None = None) -> str | bytes:  # noqa: A002 - as in `plot`
        """The picture in a format: text, or bytes for PNG and PDF.

        Parameters
        ----------
        format : str, optional
            By default that of the plot, else ``"svg"``.

        Raises
        ------
        PlotError
            The format is unknown.
        RenderError
            Graphviz is missing or fails, and the format cannot do without.
        """
        writer = writer_of(format or self.format or "svg")
        return writer.write(self.detailed if writer.has_details else self.drawing)

    def save(self, path: str | Path, format: str | None = None, *, pages: bool = False) -> Path:  # noqa: A002
        """Write the picture into a file.

        Parameters
        ----------
        path : str or Path
            Its ending says the format, unless `format` does.
        format : str, optional
        pages : bool, optional
            Write a page for each closed sub-dispatcher too, beside the file, and make its box a link to it.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        PlotError
            The format is unknown.
        RenderError
            The picture cannot be drawn, or the file cannot be written.
        """
        target = Path(path)
        name = format or (self.format if self.format and not target.suffix else None) or format_of(target)
        plots = _linked(self, target) if pages else {target: self}
        for place, each in plots.items():
            content = each.render(name)
            try:
                place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
            except OSError as error:
                raise RenderError(
                    f"cannot write {str(place)!r}: {error.strerror or error}; give another path"
                ) from error
        return target

    def show(self) -> Path:
        """Open the picture in a browser.

        Returns
        -------
        Path
            The file that is shown.

        Raises
        ------
        RenderError
            There is no browser, or the picture cannot be drawn.
        """
        name = self.format if self.format in ("svg", "png", "pdf") else "html"
        path = self.save(Path(tempfile.mkdtemp(prefix="thalweg-")) / f"plot.{name}")
        if not webbrowser.open(path.as_uri()):
            raise RenderError(f"no browser could be opened; the picture is in {str(path)!r}")
        return path

    def __str__(self) -> str:
        name = self.format or "dot"
        text = self.render("dot" if name in ("svg", "png", "pdf") else name)
        assert isinstance(text, str)
        return text

    def __repr__(self) -> str:
        scene = self.drawing.scene
        return f"<Plot of {scene.subject} {scene.title!r}: {len(scene.boxes)} boxes, {len(scene.arrows)} arrows>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What Jupyter shows."""
        name = self.format or "svg"
        content = self.render(name)
        if name == "html":
            assert isinstance(content, str)
            framed = f'<iframe srcdoc="{escape(content)}" style="width:100%;height:640px;border:0"></iframe>'
            content = framed
        bundle: dict[str, Any] = {"text/plain": repr(self), writer_of(name).mime: content}
        if name in ("dot", "json"):  # nobody draws them
            bundle = {"text/plain": content}
        kept = {mime for mime in bundle if (not include or mime in include) and mime not in (exclude or ())}
        return {mime: bundle[mime] for mime in bundle if mime in kept}


def plot(
    subject: Dispatcher | Plan | Solution,
    workflow: bool | None = None,
    *,
    index: bool = False,
    view: bool = False,
    path: Hashable | Iterable[Hashable] = (),
    format: str | None = None,  # noqa: A002 - the name people know
    depth: int | None = None,
    focus: Hashable | Iterable[Hashable] = (),
    around: int = 2,
    direction: str = "LR",
    theme: str = "light",
    unused: bool = True,
) -> Plot:
    """A picture of a model, a plan or a solution.

    Parameters
    ----------
    subject : Dispatcher, Plan or Solution
    workflow : bool, optional
        Lay the run over the model: of a model its latest dispatch.  By default for plans and solutions only.
    index : bool, optional
        List all calls in their order beside the picture.
    view : bool, optional
        Open it in a browser at once.
    path : str or iterable of Hashable, optional
        The sub-dispatcher to be drawn, instead of the whole: its ids from the top, or one string with slashes.
    format : {"html", "svg", "dot", "mermaid", "json", "png", "pdf"}, optional
        By default what suits the occasion.
    depth : int, optional
        How deep sub-dispatchers are drawn open; 0 closes all.  By default as far as the picture stays readable.
    focus : Hashable or list of Hashable, optional
        Draw only the neighbourhood of these nodes; a node in a sub-dispatcher also as ``"child/f"``.
    around : int, optional
        How many arrows away a neighbour may be.
    direction : {"LR", "TB", "RL", "BT"}, optional
        Where the arrows lead: left to right, top to bottom ...
    theme : {"light", "dark"}, optional
    unused : bool, optional
        Draw what a run or plan did not use, too.

    Returns
    -------
    Plot

    Raises
    ------
    PlotError
        A format, direction or theme is unknown, or there is no run to be shown.
    UnknownNodeError
        A node of `path` or `focus` is not in the model.

    Notes
    -----
    More than 3,000 boxes are gathered in groups; a page can open them.  Nothing of the model is called or evaluated.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher(name="circle")
    >>> dsp.add_function("area", lambda r: 3 * r**2, ["r"], ["a"])
    'area'
    >>> plot(dsp({"r": 2}))
    <Plot of run 'circle': 3 boxes, 2 arrows>
    """
    shown: Any = subject
    is_run = workflow is not False
    if not isinstance(subject, Plan | Solution):
        is_run = bool(workflow)
        shown = subject.solution if is_run else subject
        if shown is None:
            raise PlotError("there is no run to be shown; dispatch the model first, or leave workflow out")
    where = _as_path(path)
    return plot_scene(
        scene_of(shown, where, run=is_run),
        lambda: scene_of(shown, where, run=is_run, details=True).details,
        index=index,
        view=view,
        format=format,
        depth=depth,
        focus=focus,
        around=around,
        direction=direction,
        theme=theme,
        unused=unused,
    )


class SceneOptions(TypedDict, total=False):
    """Keywords of `plot_scene`, which mean what they mean for `plot`."""

    index: bool
    view: bool
    format: str | None
    depth: int | None
    focus: Hashable | Iterable[Hashable]
    around: int
    direction: str
    theme: str
    unused: bool


def plot_scene(
    scene: Scene,
    details: Callable[[], dict[str, list[tuple[str, str, str]]]] = dict,
    **options: Unpack[SceneOptions],
) -> Plot:
    """A picture of anything that is boxes and arrows.

    Parameters
    ----------
    scene : Scene
    details : callable, optional
        Gives what pages show of a box when somebody asks: see `Scene.details`.
    **options : object
        ``index``, ``view``, ``format``, ``depth``, ``focus``, ``around``, ``direction``, ``theme`` and ``unused``, as
        for `plot`.

    Returns
    -------
    Plot

    Raises
    ------
    PlotError
        A format, direction or theme is unknown.
    UnknownNodeError
        A box of `focus` is not there.

    Examples
    --------
    >>> from thalweg.plotting import Arrow, Box
    >>> boxes = {key: Box(key, "", (key,), "job", key) for key in ("dig", "sow")}
    >>> plot_scene(Scene("garden", "model", boxes, [Arrow("dig", "sow")]))
    <Plot of model 'garden': 2 boxes, 1 arrows>
    """
    direction, theme = options.get("direction", "LR"), options.get("theme", "light")
    form, depth, around = options.get("format"), options.get("depth"), options.get("around", 2)
    _refuse_unknown(direction, DIRECTIONS, "direction")
    _refuse_unknown(theme, THEMES, "theme")
    if form is not None:
        writer_of(form)
    _refuse_negative(depth, "depth")
    _refuse_negative(around, "around")
    names = _as_names(options.get("focus", ()))
    if names:
        scene = neighbourhood(scene, find_boxes(scene, names), around)
    if not options.get("unused", True):
        scene = used(scene)
    scene, closed = _gathered(scene, depth)
    drawing = Drawing(scene, frozenset(closed), direction, theme, options.get("index", False))
    made = Plot(drawing, form, details)
    if options.get("view"):
        made.show()
    return made


def _refuse_unknown(value: Any, known: Iterable[str], what: str) -> None:
    if value not in known:
        raise PlotError(f"unknown {what} {value!r}; choose from {', '.join(known)}")


def _refuse_negative(value: Any, what: str) -> None:
    if value is not None and (type(value) is not int or value < 0):
        raise PlotError(f"{what}={value!r} is no whole number from 0; give one")


def _gathered(scene: Scene, depth: int | None) -> tuple[Scene, set[str]]:
    """The scene, in groups if it is too large to be drawn at all, and the boxes that are closed at first."""
    closed = closed_by_depth(scene, depth)
    hidden = {box.key for box in scene.boxes.values() if box.parent in closed}
    if depth is None and len(scene.boxes) - len(hidden) > TOO_MANY:
        scene = overview(scene)
        closed = closed_by_depth(scene, 0)
    return scene, closed


def _as_path(path: Any) -> tuple[Hashable, ...]:
    if isinstance(path, str):
        return tuple([name for name in path.split("/") if name])
    return tuple(path) if isinstance(path, list | tuple) else (path,)


def _as_names(focus: Any) -> list[Hashable]:
    if isinstance(focus, list | set | frozenset | dict) or (isinstance(focus, tuple) and not focus):
        return list(focus)
    return [focus]


def _linked(whole: Plot, target: Path) -> dict[Path, Plot]:
    """The plot and one for each closed sub-dispatcher, joined by links."""
    drawing = whole.drawing
    children = drawing.scene.children()
    files = {key: f"{target.stem}-{key}{target.suffix}" for key in drawing.closed if key in children}
    found: dict[Path, Plot] = {}
    for key, name in [("", target.name), *sorted(files.items())]:
        scene = drawing.scene
        links = {other: files[other] for other in files if other != key}
        if key:
            box = scene.boxes[key]
            inside = {each for each in scene.boxes if each != key and key in _above(scene, each)}
            boxes = {
                each.key: replace(each, parent="" if each.parent == key else each.parent)
                for each in scene.boxes.values()
                if each.key in inside
            }
            arrows = [arrow for arrow in scene.arrows if arrow.source in inside and arrow.target in inside]
            scene = replace(scene, title=f"{scene.title} / {box.label}", boxes=boxes, arrows=arrows, summary=())
        page = replace(drawing, scene=scene, closed=drawing.closed - {key}, links=MappingProxyType(links))
        found[target.with_name(name)] = Plot(page, whole.format)
    return found


def _above(scene: Scene, key: str) -> list[str]:
    found = []
    while key:
        key = scene.boxes[key].parent
        found.append(key)
    return found

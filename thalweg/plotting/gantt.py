"""When calls ran, and which of them the whole run waited for: figures of matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dispatcher.solution import Solution
from ..errors import PlotError
from .boxes import Scene, Span
from .scene import scene_of
from .style import THEMES, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["critical_chain", "critical_path", "gantt"]

_ROW_INCHES = 0.28
_MOST_ROWS = 200


def gantt(solution: Solution, *, theme: str = "light") -> Figure:
    """A bar for each call of a run: when it began, how long it took, where it ran.

    Parameters
    ----------
    solution : Solution
        If no times were kept of its run, calls stand in their order, one unit each.
    theme : {"light", "dark"}, optional

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``savefig``; Jupyter shows it.

    Raises
    ------
    PlotError
        matplotlib is missing, or the theme is unknown.

    Notes
    -----
    The first 200 calls are drawn.
    """
    look = _theme(theme)
    scene = scene_of(solution)
    spans = list(scene.spans) or [
        Span(step.box, float(number), number + 1.0, "") for number, step in enumerate(scene.steps)
    ]
    unit, factor = _unit(spans) if scene.spans else ("call", 1.0)
    figure, axes = _figure(min(len(spans), _MOST_ROWS), look)
    for row, span in enumerate(spans[:_MOST_ROWS]):
        _bar(axes, row, scene, span, factor, look)
        for start, end, error in span.tries[:-1]:
            if error:
                axes.barh(row, (end - start) * factor, left=start * factor, height=0.7, fill=False, hatch="////", lw=0)
    labels = [_label(scene, span) for span in spans[:_MOST_ROWS]]
    return _finished(figure, axes, labels, f"time [{unit}]" if scene.spans else "order of calls", scene.title, look)


def critical_path(solution: Solution, *, theme: str = "light") -> Figure:
    """The chain of calls that the end of a run waited for.

    Parameters
    ----------
    solution : Solution
        If no times were kept of its run, the chain is the longest by distance.
    theme : {"light", "dark"}, optional

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    PlotError
        matplotlib is missing, or the theme is unknown.
    """
    look = _theme(theme)
    scene = scene_of(solution)
    chain = critical_chain(scene)
    unit, factor = _unit(chain) if scene.spans else ("distance", 1.0)
    figure, axes = _figure(len(chain), look)
    for row, span in enumerate(chain):
        _bar(axes, row, scene, span, factor, look)
        if row:
            before = chain[row - 1]
            axes.plot([before.end * factor, span.start * factor], [row - 1, row], color=look.arrow, lw=1, ls=":")
    labels = [_label(scene, span) for span in chain]
    what = f"time [{unit}]" if scene.spans else "distance"
    return _finished(figure, axes, labels, what, f"{scene.title}: what the end waited for", look)


def critical_chain(scene: Scene) -> list[Span]:
    """Calls that the last one waited for, each for the one before it; without times, by distances.

    A call waits for the calls that gave its values, and for those that were tried before it and failed.

    Parameters
    ----------
    scene : Scene
        Of a run.
    """
    gives: dict[str, list[str]] = {}
    takes: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}  # by datum: calls that were tried for it in vain
    for arrow in scene.arrows:
        if arrow.state == "used":
            gives.setdefault(arrow.source, []).append(arrow.target)
        elif arrow.state == "failed" and scene.boxes[arrow.target].kind == "data":
            lost.setdefault(arrow.target, []).append(arrow.source)
        if arrow.state == "used" or (arrow.state == "failed" and scene.boxes[arrow.target].kind == "function"):
            takes.setdefault(arrow.target, []).append(arrow.source)
    spans = {span.box: span for span in scene.spans} or _by_distance(scene, gives, takes)
    at = max(spans, key=lambda key: spans[key].end, default=None)
    chain: list[Span] = []
    while at is not None and spans[at] not in chain:
        chain.append(spans[at])
        tried = [key for datum in gives.get(at, ()) for key in lost.get(datum, ()) if key in spans]
        before = _calls_before(at, takes, spans) + [key for key in tried if spans[key].end <= spans[at].start]
        at = max(before, key=lambda key: spans[key].end, default=None)
    return chain[::-1]


def _calls_before(key: str, takes: dict[str, list[str]], spans: dict[str, Span]) -> list[str]:
    """The calls whose values a call took, through data and links."""
    found: list[str] = []
    met = {key}
    stack = list(takes.get(key, ()))
    while stack:
        at = stack.pop()
        if at in met:
            continue
        met.add(at)
        if at in spans:
            found.append(at)
        else:
            stack += takes.get(at, ())
    return sorted(found)


def _by_distance(scene: Scene, gives: dict[str, list[str]], takes: dict[str, list[str]]) -> dict[str, Span]:
    """Calls from the distance of their farthest input to that of their nearest output."""

    def distances(keys: list[str]) -> list[float]:
        found = [scene.boxes[key].distance for key in keys]
        return [each for each in found if each is not None and each != float("inf")]

    spans = {}
    for step in scene.steps:
        start = max(distances(takes.get(step.box, [])), default=0.0)
        end = min(distances(gives.get(step.box, [])), default=None)
        if end is not None:
            spans[step.box] = Span(step.box, start, max(start, end), "")
    return spans


def _theme(name: str) -> Theme:
    if name not in THEMES:
        raise PlotError(f"unknown theme {name!r}; choose from {', '.join(THEMES)}")
    return THEMES[name]


def _figure(rows: int, look: Theme) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotError("this figure needs matplotlib; install it: pip install 'thalweg[plot]'") from error
    figure = Figure(figsize=(9, 1.2 + _ROW_INCHES * max(3, rows)), layout="constrained", facecolor=look.background)
    axes = figure.add_subplot(facecolor=look.background)
    return figure, axes


def _bar(axes: Any, row: int, scene: Scene, span: Span, factor: float, look: Theme) -> None:
    colours = look.states[scene.boxes[span.box].state]
    width = (span.end - span.start) * factor
    axes.barh(row, width, left=span.start * factor, height=0.7, color=colours.fill, edgecolor=colours.line, lw=1.2)


def _finished(figure: Any, axes: Any, labels: list[str], what: str, title: str, look: Theme) -> Figure:
    """Labels, axis and title; the first call stands at the top."""
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(max(len(labels), 3) - 0.5, -0.5)
    axes.set_xlabel(what, color=look.text)
    axes.set_title(_plain(title), loc="left", fontsize=11, color=look.text)
    axes.tick_params(colors=look.text)
    axes.grid(axis="x", color=look.pale_arrow, lw=0.5)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(look.muted)
    finished: Figure = figure
    return finished


def _label(scene: Scene, span: Span) -> str:
    name = scene.boxes[span.box].label
    return _plain(f"{name}  ({span.place})" if span.place else name)


def _plain(text: str) -> str:
    """A text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")


def _unit(spans: list[Span]) -> tuple[str, float]:
    longest = max((span.end for span in spans), default=1.0)
    return ("s", 1.0) if longest >= 1 else ("ms", 1e3) if longest >= 1e-3 else ("µs", 1e6)

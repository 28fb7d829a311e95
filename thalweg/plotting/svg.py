"""A scene as SVG drawn by ourselves, for where Graphviz is not."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from .boxes import Arrow, Box, Scene
from .dot import box_lines, box_title
from .layout import Level, Place, Point, box_size, lay_out, levels_of, text_width
from .style import ARROWS, KINDS, STATES, Theme

__all__ = ["arrow_path", "place_all", "to_svg"]

_MARGIN = 16.0
_HEAD = 24.0  # of an open box, for its name
_DASHES = {"dashed": "6 4", "dotted": "2 3"}


def to_svg(scene: Scene, theme: Theme, *, direction: str = "LR", remark: str = "") -> str:
    """The picture as a file of its own, without scripts, fonts or anything from outside.

    Parameters
    ----------
    scene : Scene
        With all closed boxes closed already.
    theme : Theme
    direction : {"LR", "TB", "RL", "BT"}
    remark : str
        A line below the picture.
    """
    places, levels = place_all(scene, direction)
    heading = [scene.title, *scene.summary]
    top = _MARGIN + 18.0 * (len(heading) + 1)
    states = {box.state for box in scene.boxes.values()}
    named = [state.name for key, state in STATES.items() if key and key in states]
    whole = levels.get("", Level({}))
    wide = max([whole.width, *(text_width(line, 12) for line in [*heading, remark]), 100.0 * len(named)])
    width, height = wide + 2 * _MARGIN, top + whole.height + 2 * _MARGIN + (18 if remark else 0)
    children = scene.children()
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" font-family="Helvetica,Arial,sans-serif" font-size="11" role="img">'
        ),
        f"<title>{_text(scene.title)}</title>",
        _markers(theme),
        f'<rect width="100%" height="100%" fill="{theme.background}"/>',
        *_heading(heading, scene, theme),
        f'<g transform="translate({_MARGIN:.0f} {top:.0f})">',
    ]
    lines += [_cluster(box, places[key], theme) for key, box in scene.boxes.items() if key in children]
    lines += [_arrow(arrow, scene, places, levels, theme, direction) for arrow in scene.arrows]
    lines += [_box(box, places[key], theme) for key, box in scene.boxes.items() if key not in children]
    lines.append("</g>")
    if remark:
        lines.append(f'<text x="{_MARGIN:.0f}" y="{height - 8:.0f}" fill="{theme.muted}">{_text(remark)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def place_all(scene: Scene, direction: str) -> tuple[dict[str, Place], dict[str, Level]]:
    """Where every box stands, all open: inner levels are laid out first, for the outer need their sizes."""
    levels = levels_of(scene)
    sizes = {key: box_size(box) for key, box in scene.boxes.items()}
    done: dict[str, Level] = {}
    waves: dict[str, int] = {}  # by open box: how deep it is nested
    for name in levels:
        waves[name] = 0 if not name else waves[scene.boxes[name].parent] + 1
    for wave in sorted(set(waves.values()), reverse=True):
        batch = {name: levels[name] for name, depth in waves.items() if depth == wave}
        done.update(lay_out(batch, sizes, direction))
        for name in batch:
            if name:
                level = done[name]
                sizes[name] = max(level.width, sizes[name][0]) + 2 * _MARGIN, level.height + _HEAD + 2 * _MARGIN
    corner: dict[str, tuple[float, float]] = {"": (0.0, 0.0)}
    places: dict[str, Place] = {}
    for key, box in scene.boxes.items():
        inner = done[box.parent].places[key]
        left, top = corner[box.parent]
        places[key] = place = Place(left + inner.x, top + inner.y, inner.width, inner.height)
        corner[key] = place.x - place.width / 2 + _MARGIN, place.y - place.height / 2 + _HEAD + _MARGIN / 2
    return places, done


def arrow_path(source: Place, target: Place, direction: str, route: list[Point] | None = None) -> str:
    """The curve of an arrow: along its route, or from side to side."""
    if route:
        head, *rest = [f"{x:.1f} {y:.1f}" for x, y in route]
        return f"M{head}C{' '.join(rest)}"
    sign = 1 if direction in ("LR", "TB") else -1
    if direction in ("LR", "RL"):
        x1, x2 = source.x + sign * source.width / 2, target.x - sign * target.width / 2
        bend = sign * max(24.0, abs(x2 - x1) / 2)
        points = (x1, source.y, x1 + bend, source.y, x2 - bend, target.y, x2, target.y)
    else:
        y1, y2 = source.y + sign * source.height / 2, target.y - sign * target.height / 2
        bend = sign * max(24.0, abs(y2 - y1) / 2)
        points = (source.x, y1, source.x, y1 + bend, target.x, y2 - bend, target.x, y2)
    return "M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}".format(*points)


def _text(text: str) -> str:
    return escape(text, quote=True)


def _markers(theme: Theme) -> str:
    """Heads of arrows, one for each colour."""
    colours = {"arrow": theme.arrow, "pale": theme.pale_arrow, "failed": theme.failed_arrow}
    return (
        "<defs>"
        + "".join(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
            f'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for name, colour in colours.items()
        )
        + "</defs>"
    )


def _heading(heading: list[str], scene: Scene, theme: Theme) -> list[str]:
    """Title, summary, and what the colours mean."""
    found = []
    for number, line in enumerate(heading):
        weight = ' font-weight="bold" font-size="13"' if not number else ' font-size="12"'
        y = _MARGIN + 10 + 18 * number
        found.append(f'<text x="{_MARGIN:.0f}" y="{y:.0f}" fill="{theme.text}"{weight}>{_text(line)}</text>')
    x, y = _MARGIN, _MARGIN + 10 + 18.0 * len(heading)
    states = {box.state for box in scene.boxes.values()}
    for key, state in STATES.items():
        if key and key in states:
            colours = theme.states[key]
            found.append(
                f'<rect x="{x:.0f}" y="{y - 10:.0f}" width="11" height="11" rx="2" fill="{colours.fill}" '
                f'stroke="{colours.line}" stroke-width="1.5"/>'
                f'<text x="{x + 16:.0f}" y="{y:.0f}" fill="{theme.text}">{state.name}</text>'
            )
            x += 34 + text_width(state.name, 11)
    return found


def _cluster(box: Box, place: Place, theme: Theme) -> str:
    x, y = place.x - place.width / 2, place.y - place.height / 2
    return (
        f'<g><rect x="{x:.1f}" y="{y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="8" '
        f'fill="{theme.cluster}" stroke="{theme.cluster_line}"/><text x="{x + 10:.1f}" y="{y + 18:.1f}" '
        f'fill="{theme.text}" font-weight="bold" font-size="12">{_text(box.label)}</text></g>'
    )


def _box(box: Box, place: Place, theme: Theme) -> str:
    kind, state, colours = KINDS[box.kind], STATES[box.state], theme.states[box.state]
    x, y = place.x - place.width / 2, place.y - place.height / 2
    dashes = f' stroke-dasharray="{_DASHES[state.line]}"' if state.line in _DASHES else ""
    shape = (
        f'width="{place.width:.1f}" height="{place.height:.1f}" rx="{14 if kind.rounded else 2}" '
        f'fill="{colours.fill}" stroke="{colours.line}" stroke-width="{state.width:g}"{dashes}'
    )
    outer = ""
    if box.is_wanted:
        outer = (
            f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="{place.width + 8:.1f}" height="{place.height + 8:.1f}" '
            f'rx="{18 if kind.rounded else 4}" fill="none" stroke="{colours.line}"/>'
        )
    if KINDS[box.kind].is_whole:
        outer += f'<rect x="{x + 5:.1f}" y="{y + 5:.1f}" {shape}/>'
    texts = [
        (
            f'<text x="{place.x:.1f}" y="{y + 18:.1f}" text-anchor="middle" font-weight="bold" font-size="12.5" '
            f'fill="{colours.text}">{_text(box_title(box))}</text>'
        )
    ]
    texts += [
        f'<text x="{place.x:.1f}" y="{y + 33 + 14 * number:.1f}" text-anchor="middle" fill="{colours.text}">'
        f"{_text(line)}</text>"
        for number, line in enumerate(box_lines(box))
    ]
    said = " · ".join([part for part in ("/".join(box.path), box.about, box.state, box.note) if part])
    return f'<g><title>{_text(said)}</title>{outer}<rect x="{x:.1f}" y="{y:.1f}" {shape}/>{"".join(texts)}</g>'


def _arrow(
    arrow: Arrow,
    scene: Scene,
    places: Mapping[str, Place],
    levels: Mapping[str, Level],
    theme: Theme,
    direction: str,
) -> str:
    look = ARROWS[arrow.state]
    name = "pale" if look.pale else "failed" if arrow.state == "failed" else "arrow"
    colour = {"pale": theme.pale_arrow, "failed": theme.failed_arrow, "arrow": theme.arrow}[name]
    source, target = places[arrow.source], places[arrow.target]
    route = None
    parent = scene.boxes[arrow.source].parent
    if parent == scene.boxes[arrow.target].parent and (arrow.source, arrow.target) in levels[parent].routes:
        inner = levels[parent].places[arrow.source]
        across, down = source.x - inner.x, source.y - inner.y
        route = [(x + across, y + down) for x, y in levels[parent].routes[arrow.source, arrow.target]]
    dashes = f' stroke-dasharray="{_DASHES[look.line]}"' if look.line in _DASHES else ""
    return (
        f'<path d="{arrow_path(source, target, direction, route)}" fill="none" stroke="{colour}" '
        f'stroke-width="{look.width:g}"{dashes} marker-end="url(#{name})"/>'
    )

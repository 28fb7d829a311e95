"""A scene as the source of Graphviz, the same byte for byte in every process.

Nothing of a model reaches the source but as quoted text: keys are ours, and labels are escaped twice, for the language
of labels and for that of strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .boxes import Arrow, Box, Scene
from .style import ARROWS, KINDS, STATES, Theme
from .text import distance_text, seconds_text

__all__ = ["box_lines", "box_title", "index_lines", "layout_settings", "quoted", "to_dot"]

_PLAIN = 250  # boxes; beyond, labels are one line
_NAMES = re.compile(r"\\([NGETHL])")
_ODD = re.compile(r"[^\w\u0080-\U0010ffff .,:;=/+*()?!%'-]", re.ASCII)
_FONT = "Helvetica,Arial,sans-serif"


def to_dot(
    scene: Scene,
    theme: Theme,
    *,
    direction: str = "LR",
    index: Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    corners: Mapping[str, tuple[float, float, float, float]] | None = None,
) -> str:
    """The source of Graphviz for a scene.

    Parameters
    ----------
    scene : Scene
        With all closed boxes closed already: a box with others in it becomes a cluster.
    theme : Theme
    direction : {"LR", "TB", "RL", "BT"}
        Where the arrows lead.
    index : iterable of str
        Lines of a list that stands beside the picture.
    links : mapping of str to str, optional
        By box: the page that it leads to.
    corners : mapping of str to (float, float, float, float), optional
        By box: left, top, right and bottom [px], where Graphviz shall draw and not lay out.

    Returns
    -------
    str

    Examples
    --------
    >>> from thalweg.plotting.style import THEMES
    >>> print(to_dot(Scene("nothing", "model", {}, []), THEMES["light"]).splitlines()[0])
    digraph "nothing" {
    """
    children = scene.children()
    is_plain = len(scene.boxes) > _PLAIN
    settings = {
        "rankdir": direction,
        "bgcolor": theme.background,
        "fontname": _FONT,
        "fontcolor": theme.text,
        "fontsize": "12",
        "labelloc": "t",
        "labeljust": "l",
        "nodesep": "0.2",
        "ranksep": "0.45",
        "pad": "0.2",
        **layout_settings(len(scene.boxes), len(scene.arrows)),
    }
    if corners is not None:
        settings.update(layout="nop", splines="line")
    lines = [
        f"digraph {quoted(scene.title)} {{",
        f"  graph [{_attributes(settings)}, label=<{_heading(scene, theme)}>];",
        f'  node [fontname="{_FONT}", fontsize="11", margin="0.12,0.06", height="0.3", style="filled"];',
        f'  edge [fontname="{_FONT}", fontsize="9", fontcolor="{theme.muted}", arrowsize="0.6"];',
    ]
    stack: list[tuple[str, str]] = [("", "")]  # (key of a box, or text to be written once it is done)
    while stack:
        key, text = stack.pop()
        if text:
            lines.append(text)
            continue
        indent = "  " * (1 + _depth(scene, key)) if key else ""
        if key and key in children:
            lines += _cluster_head(scene.boxes[key], theme, indent, (corners or {}).get(key))
        elif key:
            place = (corners or {}).get(key)
            link = (links or {}).get(key)
            lines.append(indent + _node(scene.boxes[key], theme, is_plain=is_plain, link=link, place=place))
            continue
        stack += [("", f"{indent}}}")] if key else []
        stack += [(child, "") for child in reversed(children.get(key, ()))]
    lines += [f"  {_arrow(arrow, theme, is_plain=is_plain)}" for arrow in scene.arrows]
    listed = "".join(f'{_markup(line)}<BR ALIGN="LEFT"/>' for line in index)
    if listed:
        lines.append(f"  index [shape=plaintext, style=solid, fontcolor={quoted(theme.text)}, label=<{listed}>];")
    return "\n".join([*lines, "}", ""])


def layout_settings(boxes: int, arrows: int) -> dict[str, str]:
    """What keeps the work of Graphviz within bounds: the larger the picture, the plainer its arrows."""
    size = boxes + arrows
    if size <= 600:
        return {"splines": "true"}
    settings = {"splines": "polyline" if size <= 1500 else "line", "nslimit": "4", "nslimit1": "4", "mclimit": "0.5"}
    if size > 3000:
        settings.update(nslimit="1", nslimit1="1", mclimit="0.05")
    return settings


def quoted(text: str) -> str:
    r"""A string of the language: what is a backslash or a quote stays one.

    Examples
    --------
    >>> print(quoted('a "quoted" back\\slash'))
    "a \"quoted\" back\\slash"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def box_lines(box: Box) -> list[str]:
    """What stands in a box below its name, most telling first."""
    lines = [f"= {box.value}"] if box.value else []
    facts = [box.state] if box.state not in ("", "computed", "done") else []
    if box.note:
        facts = [f"{box.state}: {box.note}" if box.state in ("failed", "refused") else box.note]
    facts += [f"distance {distance_text(box.distance)}"] if box.distance else []
    facts += [seconds_text(box.seconds)] if box.seconds is not None else []
    if facts:
        lines += _folded(" · ".join(facts))
    elif box.about and not box.value:
        lines += _folded(box.about)
    return lines


def _folded(text: str, width: int = 36, most: int = 3) -> list[str]:
    """A long text in a few lines, broken between words where that is possible."""
    lines: list[str] = []
    for word in text.split(" "):
        while len(word) > width:
            lines.append(word[:width])
            word = word[width:]
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: width - 1]}…"]


def box_title(box: Box) -> str:
    """The name of a box with the number of its call."""
    return f"{box.order}. {box.label}" if box.order is not None else box.label


def _attributes(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={quoted(value)}" for name, value in pairs.items())


def _markup(text: str) -> str:
    r"""A text in a label with markup: of ASCII only what is certainly plain stays as it is.

    Even here Graphviz takes ``\N`` and the like for names of its own, and knows no way to say no: a space without
    width comes between.
    """
    return _ODD.sub(lambda found: f"&#{ord(found[0])};", _NAMES.sub("\\\\\u200b\\1", text))


def _depth(scene: Scene, key: str) -> int:
    depth = 0
    while scene.boxes[key].parent:
        key = scene.boxes[key].parent
        depth += 1
    return depth


def _heading(scene: Scene, theme: Theme) -> str:
    """Title, summary and the meaning of the colours."""
    lines = [f"<B>{_markup(scene.title)}</B>", *map(_markup, _paired(scene.summary))]
    states = {box.state for box in scene.boxes.values()}
    key = [
        f'<FONT COLOR="{theme.states[name].line}">&#9632;</FONT> {_markup(state.name)}'
        for name, state in STATES.items()
        if name and name in states
    ]
    lines += [" &#160; ".join(key)] if key else []
    return '<BR ALIGN="LEFT"/>'.join(lines) + '<BR ALIGN="LEFT"/>'


def _paired(sentences: Iterable[str], width: int = 90) -> list[str]:
    """Sentences in lines of about `width` characters."""
    lines: list[str] = []
    for sentence in sentences:
        if lines and len(lines[-1]) + len(sentence) < width:
            lines[-1] += f" {sentence}"
        else:
            lines.append(sentence)
    return lines


def _cluster_head(box: Box, theme: Theme, indent: str, place: tuple[float, float, float, float] | None) -> list[str]:
    pairs = {
        "style": "rounded,filled" + (",dashed" if STATES[box.state].pale else ""),
        "fillcolor": theme.cluster,
        "color": theme.cluster_line,
        "tooltip": _tooltip(box),
    }
    if place is not None:
        left, top, right, bottom = place
        pairs["bb"] = f"{left:.0f},{-bottom:.0f},{right:.0f},{-top:.0f}"
    about = f' <FONT COLOR="{theme.muted}">{_markup(box.about)}</FONT>' if box.about else ""
    label = f"<B>{_markup(box.label)}</B>{about}"
    return [
        f"{indent}subgraph cluster_{box.key} {{",
        f"{indent}  graph [{_attributes(pairs)}, label=<{label}>];",
    ]


def _node(
    box: Box,
    theme: Theme,
    *,
    is_plain: bool,
    link: str | None,
    place: tuple[float, float, float, float] | None,
) -> str:
    kind, state, colours = KINDS[box.kind], STATES[box.state], theme.states[box.state]
    style = ["filled", *(["rounded"] if kind.rounded else []), *([] if state.line == "solid" else [state.line])]
    pairs = {
        "shape": kind.dot,
        "style": ",".join(style),
        "fillcolor": colours.fill,
        "color": colours.line,
        "fontcolor": colours.text,
        "penwidth": f"{state.width:g}",
        "tooltip": _tooltip(box),
    }
    if box.is_wanted:
        pairs["peripheries"] = "2"
    if link is not None:
        pairs["URL"] = link
    if place is not None:
        left, top, right, bottom = place
        pairs["pos"] = f"{(left + right) / 2:.0f},{-(top + bottom) / 2:.0f}"
        pairs.update(width=f"{(right - left) / 72:.2f}", height=f"{(bottom - top) / 72:.2f}")
    if is_plain:
        return f"{box.key} [{_attributes({**pairs, 'label': box_title(box)})}];"
    title = f"<B>{_markup(box_title(box))}</B>" if box.kind != "data" or box.value else _markup(box_title(box))
    rest = [f'<FONT POINT-SIZE="10">{_markup(line)}</FONT>' for line in box_lines(box)]
    return f"{box.key} [{_attributes(pairs)}, label=<{'<BR/>'.join([title, *rest])}>];"


def _tooltip(box: Box) -> str:
    parts = ["/".join(box.path), box.about, box.value and f"= {box.value}", box.state, box.note]
    return " · ".join([part for part in parts if part])


def _arrow(arrow: Arrow, theme: Theme, *, is_plain: bool) -> str:
    look = ARROWS[arrow.state]
    colour = theme.pale_arrow if look.pale else theme.failed_arrow if arrow.state == "failed" else theme.arrow
    pairs = {"color": colour, "penwidth": f"{look.width:g}"}
    if look.line != "solid":
        pairs["style"] = look.line
    if arrow.count > 1:
        pairs["label"] = f"{arrow.count}x"
    elif arrow.weight is not None and not is_plain:
        pairs["label"] = distance_text(arrow.weight)
    return f"{arrow.source} -> {arrow.target} [{_attributes(pairs)}];"


def index_lines(scene: Scene) -> list[str]:
    """All calls in their order, or the functions of a model, one a line."""
    named = [box for box in scene.boxes.values() if KINDS[box.kind].is_called]
    named.sort(key=lambda box: (box.order is None, box.order or 0))
    return [
        " · ".join([box_title(box), *([box.state] if box.state else []), *([box.note] if box.note else [])])
        for box in named
    ]

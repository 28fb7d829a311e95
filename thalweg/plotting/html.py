"""A scene as one page that needs nothing else: no network, no server, no library.

The page is put together from the readable files in ``page/``.  What comes from a model goes into it as JSON only, in
an element that no browser runs, and its scripts set texts, never markup.  A policy in the page forbids it everything
but its own style and script, by their hashes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from .boxes import Scene
from .dot import box_lines
from .layout import LAYER_GAP, Level, box_size, lay_out, levels_of
from .narrow import used
from .plain import as_data
from .style import ARROWS, KINDS, STATES, THEMES, Theme

__all__ = ["drawing_data", "drawing_script", "drawing_style", "level_data", "to_html"]

_DRAWING = ("arrange.js", "draw.js", "panels.js", "picture.js")
_MANY = 60  # boxes; with more, a page begins with what took part, if that is the lesser part
_ENGINES = {
    "dot": "",
    "fast-sugiyama": "Laid out without Graphviz; with it arrows cross less and go around boxes.",
    "layers": "Laid out in plain layers: without Graphviz, or too entangled for it.",
}


def to_html(scene: Scene, closed: frozenset[str], direction: str, *, theme: str, index: bool) -> str:
    """The page.

    Parameters
    ----------
    scene : Scene
        Whole: a reader may open what is closed.
    closed : frozenset of str
        Boxes that are closed at first.
    direction : {"LR", "TB", "RL", "BT"}
    theme : {"light", "dark"}
        Light leaves it to the settings of the reader.
    index : bool
        Begin with the list of all calls shown.
    """
    data = drawing_data(scene, closed, direction) | {"index": index}
    style = f"\n{_file('page.css')}\n{drawing_style()}"
    code = "\n".join([drawing_script(), _file("main.js")])
    script = f"\n(() => {{\n'use strict';\n{code}\n}})();\n"
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    parts = [
        "<!doctype html>",
        f'<html lang="en"{" data-theme=" + chr(34) + "dark" + chr(34) if theme == "dark" else ""}>',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{escape(scene.title)}</title>",
        f"<style>{style}</style></head>",
        f"<body>{_file('body.html')}",
        f'<script type="application/json" id="scene">{_inert(data)}</script>',
        f"<script>{script}</script>",
        "</body></html>",
        "",
    ]
    return "\n".join(parts)


def drawing_data(
    scene: Scene,
    closed: frozenset[str],
    direction: str,
    sizes: Mapping[str, tuple[float, float]] | None = None,
    gap: float = LAYER_GAP,
) -> dict[str, Any]:
    """What the scripts of a page need to draw a scene.

    Parameters
    ----------
    scene : Scene
    closed : frozenset of str
        Boxes that are closed at first.
    direction : {"LR", "TB", "RL", "BT"}
    sizes : mapping of str to (float, float), optional
        Width and height of each box [px]; by default what its texts need.
    gap : float, optional
        Between layers [px].
    """
    sizes = sizes or {key: box_size(box) for key, box in scene.boxes.items()}
    levels = lay_out(levels_of(scene), sizes, direction, gap)
    plainest = max((level.engine for level in levels.values() if level.places), key=list(_ENGINES).index, default="dot")
    used_levels = lay_out(levels_of(used(scene)), sizes, direction, gap) if scene.subject != "model" else levels
    told = sum(len(level.places) for level in used_levels.values())
    return as_data(scene) | {
        "usedLevels": {name: level_data(level) for name, level in used_levels.items() if level.places},
        "showsUnused": len(scene.boxes) <= _MANY or told > len(scene.boxes) / 2 or not told,
        "closed": sorted(closed),
        "direction": direction,
        "lines": {key: lines for key, box in scene.boxes.items() if (lines := box_lines(box))},
        "levels": {name: level_data(level) for name, level in levels.items()},
        "kinds": {name: asdict(kind) for name, kind in KINDS.items()},
        "states": {name: asdict(state) for name, state in STATES.items()},
        "arrowStyles": {name: asdict(look) for name, look in ARROWS.items()},
        "remark": _ENGINES[plainest],
    }


def drawing_script() -> str:
    """The scripts that draw, as one text; ``Picture`` is the class to be used."""
    return "\n".join([_file(name) for name in _DRAWING])


def drawing_style() -> str:
    """How pictures look: boxes, arrows, chips and bars, and the colours of both themes."""
    return f"{_file('picture.css')}\n{_colours()}"


def _file(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _inert(data: Any) -> str:
    """JSON that ends no element, opens no comment, and breaks no line of a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def level_data(level: Level) -> dict[str, Any]:
    """One level for the page, in tenths of pixels."""
    return {
        "places": {
            key: [round(number, 1) for number in (place.x, place.y, place.width, place.height)]
            for key, place in level.places.items()
        },
        "routes": [
            [source, target, [[round(x, 1), round(y, 1)] for x, y in points]]
            for (source, target), points in level.routes.items()
        ],
    }


def _colours() -> str:
    """The styles of states and arrows, and the colours of both themes, from the tables."""
    dashes = {"dashed": "6 4", "dotted": "2 3"}
    rules = []
    for number, state in enumerate(STATES.values()):
        dash = f"stroke-dasharray:{dashes[state.line]};" if state.line in dashes else ""
        rules.append(
            f".state-{number} .shape{{fill:var(--fill-{number});stroke:var(--line-{number});"
            f"stroke-width:{state.width:g};{dash}}}"
            f".state-{number} .halo{{stroke:var(--line-{number})}}.state-{number} text{{fill:var(--text-{number})}}"
            f".chip.state-{number},.bar.state-{number}{{background:var(--fill-{number});"
            f"border-color:var(--line-{number});color:var(--text-{number})}}"
            f".state-text-{number}{{color:var(--text-{number});background:var(--fill-{number});border-radius:4px;"
            "padding:0 6px}"
        )
    for number, (name, look) in enumerate(ARROWS.items()):
        colour = "pale-arrow" if look.pale else "failed-arrow" if name == "failed" else "arrow"
        dash = f"stroke-dasharray:{dashes[look.line]};" if look.line in dashes else ""
        rules.append(
            f".arrow-{number}{{stroke:var(--{colour});stroke-width:{look.width:g}px;{dash}}}"
            f".head-{number} path{{fill:var(--{colour})}}"
        )
    light, dark = _variables(THEMES["light"]), _variables(THEMES["dark"])
    rules += [
        f":root{{color-scheme:light;{light}}}",
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}",
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}",
    ]
    return "\n".join([*rules, ""])


def _variables(theme: Theme) -> str:
    pairs = {
        "background": theme.background,
        "panel": theme.panel,
        "text": theme.text,
        "muted": theme.muted,
        "line": theme.pale_arrow,
        "link": theme.states["given"].line,
        "failed": theme.failed_arrow,
        "arrow": theme.arrow,
        "pale-arrow": theme.pale_arrow,
        "failed-arrow": theme.failed_arrow,
        "cluster": theme.cluster,
        "cluster-line": theme.cluster_line,
    }
    for number, name in enumerate(STATES):
        colours = theme.states[name]
        pairs |= {f"fill-{number}": colours.fill, f"line-{number}": colours.line, f"text-{number}": colours.text}
    return "".join(f"--{name}:{value};" for name, value in pairs.items())

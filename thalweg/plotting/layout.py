"""Where boxes stand when we draw them ourselves, level by level: a level is what stands in one box, or at the top.

The engine is Graphviz where it is there.  Without it layers come from fast-sugiyama, and without that, or where a
level is too large for it, from networkx with one sweep of barycentres (decision 0010).  All are deterministic.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median
from typing import Any

from ..errors import RenderError
from .boxes import Box, Scene
from .dot import box_lines, box_title, layout_settings
from .graphviz import has_dot, run_dot
from .style import KINDS

__all__ = ["LAYER_GAP", "TANGLED", "Level", "Place", "box_size", "lay_out", "levels_of", "tangle", "text_width"]

GAP = 22.0  # between boxes of a layer [px]
LAYER_GAP = 56.0  # between layers [px]
_INCH = 72.0
_DOT_SHARE = 0.9  # of that gap, where Graphviz leads arrows around boxes
_LIBRARY_LIMIT = 1200  # boxes and arrows that fast-sugiyama lays out within a second or two
TANGLED = 10_000  # layers that all arrows cross: with more, a layout that routes them takes longer than a few seconds
_ROUTED = 900  # boxes and arrows that Graphviz routes quickly
_NARROW = set("iljtfrI.,:;'|!()[]{}/ ")
_WIDE = set("mwMW@%…—∞")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Centre and size of a box [px]."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Level:
    """One level, laid out.

    Attributes
    ----------
    places : dict of str to Place
    routes : dict of (str, str) to list of point
        By pair of boxes: points of a cubic Bezier curve, where the engine gave them.
    width, height : float
    engine : str
        ``"dot"``, ``"fast-sugiyama"`` or ``"layers"``.
    """

    places: dict[str, Place]
    routes: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0
    engine: str = "layers"


def text_width(text: str, size: float) -> float:
    """About how wide a text is [px], in the usual sans-serif fonts; rather too wide than too narrow."""
    total = 0.0
    for letter in text:
        if letter in _NARROW:
            total += 0.36
        elif letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
            total += 1.0
        else:
            total += 0.72 if letter.isupper() else 0.6
    return total * size


def box_size(box: Box) -> tuple[float, float]:
    """Width and height of a box with its texts [px]."""
    lines = box_lines(box)
    widths = [text_width(box_title(box), 13.5), *(text_width(line, 11) for line in lines)]
    sign = 26.0 if KINDS[box.kind].is_whole else 0.0  # room for the sign that it can be opened
    return max(52.0, max(widths) + 24.0 + sign), 28.0 + 14.0 * len(lines)


def levels_of(scene: Scene) -> dict[str, tuple[list[str], list[tuple[str, str]]]]:
    """By box that others stand in, and "" for the top: these boxes, and the arrows that are of this level.

    An arrow is of the level where its ways out of the nesting meet.
    """
    boxes = scene.boxes
    found: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
        parent: (keys, []) for parent, keys in scene.children().items()
    }
    chains: dict[str, list[str]] = {"": [""]}
    for box in boxes.values():
        chains[box.key] = [box.key, *chains[box.parent]]
    for arrow in scene.arrows:
        above = {boxes[key].parent: key for key in chains[arrow.source] if key}
        end = next((key for key in chains[arrow.target] if key and boxes[key].parent in above), "")
        start = above.get(boxes[end].parent, "") if end else ""
        if start and start != end:
            found[boxes[end].parent][1].append((start, end))
    return {parent: (keys, list(dict.fromkeys(pairs))) for parent, (keys, pairs) in found.items()}


def lay_out(
    levels: Mapping[str, tuple[Sequence[str], Sequence[tuple[str, str]]]],
    sizes: Mapping[str, tuple[float, float]],
    direction: str = "LR",
    gap: float = LAYER_GAP,
) -> dict[str, Level]:
    """Lay out each level.

    Parameters
    ----------
    levels : mapping of str to (sequence of str, sequence of (str, str))
        Boxes and arrows of each level.
    sizes : mapping of str to (float, float)
        Width and height of each box [px].
    direction : {"LR", "TB", "RL", "BT"}
    gap : float, optional
        Between layers [px].

    Notes
    -----
    Where `dot` fails, or takes too long, the levels are laid out as if it were not there.
    """
    found: dict[str, Level] = {}
    if has_dot():
        routable = {name: level for name, level in levels.items() if tangle(*level) <= TANGLED}
        try:
            found = _by_dot(routable, sizes, direction, gap)
        except RenderError:
            found = {}  # it crashes on some graphs; the picture says by what it was laid out
    return {
        name: found[name] if name in found else _by_layers(keys, pairs, sizes, direction, gap)
        for name, (keys, pairs) in levels.items()
    }


def _by_dot(
    levels: Mapping[str, tuple[Sequence[str], Sequence[tuple[str, str]]]],
    sizes: Mapping[str, tuple[float, float]],
    direction: str,
    gap: float,
) -> dict[str, Level]:
    """All levels by one process."""
    sources, names = [], []
    for name, (keys, pairs) in levels.items():
        if not keys:
            continue
        names.append(name)
        settings = layout_settings(len(keys), len(pairs))
        settings["splines"] = "true" if len(keys) + len(pairs) <= _ROUTED else "false"
        given = ";".join(f'{key}="{value}"' for key, value in settings.items())
        lines = [
            (
                f"digraph {{ rankdir={direction};nodesep=0.3;ranksep={gap * _DOT_SHARE / _INCH:.3f};{given};"
                'node[fixedsize=true,shape=box,label=""];'
                "edge[arrowhead=none]"
            )
        ]
        lines += [f"{key}[width={sizes[key][0] / _INCH:.3f},height={sizes[key][1] / _INCH:.3f}]" for key in keys]
        lines += [f"{source}->{target}" for source, target in pairs]
        sources.append("\n".join([*lines, "}"]))
    if not sources:
        return {name: Level({}, engine="dot") for name in levels}
    text = run_dot("\n".join(sources), "plain", timeout_seconds=60.0).decode("utf-8")
    graphs = [
        list(lines) for is_end, lines in groupby(text.splitlines(), key=lambda line: line == "stop") if not is_end
    ]
    found = {name: Level({}, engine="dot") for name in levels}
    found.update({name: _read_plain(lines) for name, lines in zip(names, graphs, strict=True)})
    return found


def _read_plain(lines: Iterable[str]) -> Level:
    """One graph of the format "plain"; its y grows upwards."""
    places: dict[str, Place] = {}
    routes: dict[tuple[str, str], list[Point]] = {}
    width = height = 0.0
    for line in lines:
        words = line.split()
        if words[0] == "graph":
            width, height = float(words[2]) * _INCH, float(words[3]) * _INCH
        elif words[0] == "node":
            x, y, w, h = (float(word) * _INCH for word in words[2:6])
            places[words[1]] = Place(x, height - y, w, h)
        elif words[0] == "edge":
            numbers = [float(word) * _INCH for word in words[4 : 4 + 2 * int(words[3])]]
            points = [(x, height - y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            if len(points) > 1:
                routes[words[1], words[2]] = points
    return Level(places, routes, width, height, "dot")


def _by_layers(
    keys: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    direction: str,
    gap: float,
) -> Level:
    """Layers without Graphviz, then coordinates that suit the sizes."""
    across = 1 if direction in ("LR", "RL") else 0  # which of (width, height) lies within a layer
    layers: list[list[tuple[str, float]]] | None = None
    engine = "layers"
    if len(keys) + len(pairs) <= _LIBRARY_LIMIT and tangle(keys, pairs) <= TANGLED:
        layers = _library_layers(keys, pairs)
        engine = "fast-sugiyama" if layers is not None else engine
    if layers is None:
        layers = _plain_layers(keys, pairs)
    step = median([sizes[key][across] for key in keys]) + GAP if keys else 1.0
    places: dict[str, Place] = {}
    along = 0.0
    for layer in layers:
        thickness = max(sizes[key][1 - across] for key, _ in layer)
        end = None
        for key, wish in layer:
            size = sizes[key][across]
            start = wish * step - size / 2 if end is None else max(wish * step - size / 2, end + GAP)
            end = start + size
            middle = along + thickness / 2, start + size / 2
            x, y = middle if across else middle[::-1]
            places[key] = Place(x, y, *sizes[key])
        along += thickness + gap
    return _fitted(places, direction, engine)


def _fitted(places: dict[str, Place], direction: str, engine: str) -> Level:
    """The places moved so that all stand right of and below the origin; turned about for RL and BT."""
    left = min((p.x - p.width / 2 for p in places.values()), default=0.0)
    top = min((p.y - p.height / 2 for p in places.values()), default=0.0)
    width = max((p.x + p.width / 2 for p in places.values()), default=0.0) - left
    height = max((p.y + p.height / 2 for p in places.values()), default=0.0) - top

    def moved(p: Place) -> Place:
        x, y = p.x - left, p.y - top
        return Place(width - x if direction == "RL" else x, height - y if direction == "BT" else y, p.width, p.height)

    return Level({key: moved(place) for key, place in places.items()}, {}, width, height, engine)


def _library_layers(keys: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, float]]] | None:
    """Layers by fast-sugiyama, with the position of each box in its layer; None where it is missing or fails."""
    try:
        from fast_sugiyama import from_edges
    except ImportError:
        return None
    number = {key: place for place, key in enumerate(keys)}
    edges = [(number[source], number[target]) for source, target in pairs]
    layers: list[list[tuple[str, float]]] = []
    beside = 0.0  # components stand side by side
    placed: set[int] = set()
    try:
        components = from_edges(edges, vertex_spacing=1, dummy_vertices=True) if edges else []
    except Exception:  # a panic of its core arrives as an exception of its own
        return None
    for positions, *_ in components:
        heights = sorted({y for _, (_, y) in positions}, reverse=True)
        left = min(x for _, (x, _) in positions)
        widest = 0.0
        for name, (x, y) in sorted(positions, key=lambda item: (item[1][0], item[0])):
            depth = heights.index(y)
            while len(layers) <= depth:
                layers.append([])
            widest = max(widest, x - left)
            if name < len(keys):
                layers[depth].append((keys[name], beside + x - left))
                placed.add(name)
        beside += widest + 1.0
    alone = [key for key in keys if number[key] not in placed]
    if alone:
        layers = layers or [[]]
        layers[0] += [(key, beside + place) for place, key in enumerate(alone)]
    return [layer for layer in layers if layer]


def tangle(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> int:
    """How many layers the arrows cross, in all: what a layered layout that routes its arrows has to work through."""
    import networkx as nx

    graph = _without_circles(keys, pairs)
    layer = {key: depth for depth, layer in enumerate(nx.topological_generations(graph)) for key in layer}
    return sum(abs(layer[target] - layer[source]) for source, target in pairs)


def _without_circles(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Any:
    """A graph without the arrows that close a circle in a walk through it."""
    import networkx as nx

    graph: Any = nx.DiGraph()
    graph.add_nodes_from(keys)
    graph.add_edges_from(pairs)
    active: set[str] = set()
    back = []
    for source, target, label in nx.dfs_labeled_edges(graph):
        if label == "forward":
            active.add(target)
        elif label == "reverse":
            active.discard(target)
        elif target in active:
            back.append((source, target))
    graph.remove_edges_from(back)
    return graph


def _plain_layers(keys: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, float]]]:
    """Layers by the number of arrows from what nothing leads to, ordered by the mean position of the neighbours.

    So an arrow leads at most one layer on, and circles do not make the picture long; layers that are much longer than
    the others are cut.
    """
    near: dict[str, list[str]] = {key: [] for key in keys}
    ahead: dict[str, list[str]] = {key: [] for key in keys}
    waiting = dict.fromkeys(keys, 0)
    for source, target in pairs:
        ahead[source].append(target)
        near[source].append(target)
        near[target].append(source)
        waiting[target] += source != target
    layer_of: dict[str, int] = {}
    # First from what nothing leads to, all at once; circles that no such start leads to are entered one by one.
    for start in [[key for key in keys if not waiting[key]], *([key] for key in keys)]:
        front = [key for key in start if key not in layer_of]
        depth = 0
        while front:
            layer_of.update(dict.fromkeys(front, depth))
            front = list(dict.fromkeys(n for key in front for n in ahead[key] if n not in layer_of))
            depth += 1
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for key in keys:
        layers[layer_of[key]].append(key)
    most = max(12, int(2 * len(keys) ** 0.5))
    layers = [layer[at : at + most] for layer in _ordered(layers, near) for at in range(0, len(layer), most)]
    return [[(key, float(place)) for place, key in enumerate(layer)] for layer in layers]


def _ordered(layers: list[list[str]], near: dict[str, list[str]]) -> list[list[str]]:
    """Each layer sorted by the mean place of the neighbours, onwards and back."""
    place = {key: at / max(1, len(layer)) for layer in layers for at, key in enumerate(layer)}
    for sweep in range(6):
        for number in range(len(layers))[:: 1 if sweep % 2 == 0 else -1]:
            layer = layers[number]
            wish = {
                key: sum(place[n] for n in near[key]) / len(near[key]) if near[key] else place[key] for key in layer
            }
            layers[number] = layer = sorted(layer, key=wish.__getitem__)
            place.update({key: at / len(layer) for at, key in enumerate(layer)})
    return layers

"""Less of a scene: the neighbourhood of some boxes, what a run used, what is hidden by a closed box.

It knows boxes and arrows only.  A closed box hides what stands in it, and takes over its arrows.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import replace

from ..errors import UnknownNodeError
from .boxes import Arrow, Box, Scene
from .text import name_text

__all__ = ["ancestors", "close", "closed_by_depth", "find_boxes", "neighbourhood", "nesting", "used"]

_COMFORT = 200  # boxes that a person can still read at once
_TELLING = {"given", "default", "computed", "done", "running", "planned", "failed", "refused"}
_STATES = ("used", "failed", "", "unused")  # of arrows that become one the first is kept


def find_boxes(scene: Scene, names: Iterable[Hashable]) -> list[str]:
    """Keys of boxes by name, by path with slashes, or by path as a tuple.

    Raises
    ------
    UnknownNodeError
        There is no such box.
    """
    by_name: dict[Hashable, list[str]] = {}
    for box in scene.boxes.values():
        called: list[Hashable] = [box.path[-1:], box.path, "/".join(box.path), box.label]
        for each in dict.fromkeys(called):
            by_name.setdefault(each, []).append(box.key)
    found: dict[str, None] = {}
    for name in names:
        text: Hashable = tuple(map(name_text, name)) if isinstance(name, tuple) else name_text(name, 200)
        keys = by_name.get(text) or by_name.get(name_text(name, 200))
        if not keys:
            labels = dict.fromkeys(box.label for box in scene.boxes.values())
            raise UnknownNodeError.among(name, labels, "node in focus")
        found.update(dict.fromkeys(keys))
    return list(found)


def neighbourhood(scene: Scene, keys: Iterable[str], around: int) -> Scene:
    """The part of a scene within `around` arrows of some boxes; of a box with others in it, of all of them."""
    near: dict[str, list[str]] = {key: [] for key in scene.boxes}
    for arrow in scene.arrows:
        near[arrow.source].append(arrow.target)
        near[arrow.target].append(arrow.source)
    children = scene.children()
    edge = list(keys)
    for key in edge:  # the list grows while it is read
        edge += children.get(key, ())
    reached = dict.fromkeys(edge)
    for _ in range(around):
        edge = list(dict.fromkeys(other for key in edge for other in near[key] if other not in reached))
        reached.update(dict.fromkeys(edge))
    return _keep(scene, reached)


def used(scene: Scene) -> Scene:
    """What took part in a run or plan, and what was wanted; a model as it is."""
    if scene.subject == "model":
        return scene
    return _keep(scene, [box.key for box in scene.boxes.values() if box.state in _TELLING or box.is_wanted])


def _keep(scene: Scene, keys: Iterable[str]) -> Scene:
    """Some boxes, with those that they stand in, and the arrows between them."""
    kept: set[str] = set()
    for key in keys:
        while key and key not in kept:
            kept.add(key)
            key = scene.boxes[key].parent
    boxes = {key: box for key, box in scene.boxes.items() if key in kept}
    arrows = [arrow for arrow in scene.arrows if arrow.source in kept and arrow.target in kept]
    steps = tuple([replace(s, gives=tuple([k for k in s.gives if k in kept])) for s in scene.steps if s.box in kept])
    given = tuple([key for key in scene.given if key in kept])
    return replace(scene, boxes=boxes, arrows=arrows, steps=steps, given=given)


def nesting(scene: Scene) -> dict[str, int]:
    """How many boxes each box stands in."""
    depth = {"": -1}
    for box in scene.boxes.values():
        depth[box.key] = depth[box.parent] + 1
    del depth[""]
    return depth


def closed_by_depth(scene: Scene, depth: int | None) -> set[str]:
    """Boxes to be closed so that no box is drawn deeper than `depth`; None: as many as keep the picture readable."""
    levels = nesting(scene)
    outer = {box.parent for box in scene.boxes.values()} - {""}
    if depth is None:
        counts = [0] * (max(levels.values(), default=0) + 1)
        for level in levels.values():
            counts[level] += 1
        depth = 0
        while depth + 1 < len(counts) and sum(counts[: depth + 2]) <= _COMFORT:
            depth += 1
    return {key for key in outer if levels[key] >= depth}


def ancestors(boxes: dict[str, Box], key: str) -> list[str]:
    """The box itself and all that it stands in, innermost first."""
    found = []
    while key:
        found.append(key)
        key = boxes[key].parent
    return found


def close(scene: Scene, closed: Collection[str]) -> Scene:
    """The scene with some boxes closed: what stands in them is gone, and their arrows are one for each pair."""
    shown: dict[str, str] = {}  # by key: the box that stands for it
    for box in scene.boxes.values():
        over = shown.get(box.parent, "")
        shown[box.key] = over if over and (over in closed or over != box.parent) else box.key
    boxes = {key: box for key, box in scene.boxes.items() if shown[key] == key}
    merged: dict[tuple[str, str], Arrow] = {}
    for arrow in scene.arrows:
        pair = shown[arrow.source], shown[arrow.target]
        if pair[0] == pair[1]:
            continue
        other = merged.get(pair)
        if other is None:
            weight = arrow.weight if pair == (arrow.source, arrow.target) else None
            merged[pair] = replace(arrow, source=pair[0], target=pair[1], weight=weight)
        else:
            state = min(arrow.state, other.state, key=_STATES.index)
            merged[pair] = replace(other, state=state, weight=None, count=other.count + arrow.count)
    return replace(scene, boxes=boxes, arrows=list(merged.values()))

"""Too many boxes to be drawn: those that belong together are gathered in groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from .boxes import Box, Scene

__all__ = ["TOO_MANY", "overview"]

_NAMES = (
    ("function", "functions"),
    ("data", "data"),
    ("sub_dispatcher", "sub-dispatchers"),
    ("job", "jobs"),
    ("scheduler", "schedulers"),
)
TOO_MANY = 3000  # boxes that Graphviz still draws within seconds


def overview(scene: Scene) -> Scene:
    """The scene with the boxes of its top gathered in groups.

    Notes
    -----
    Communities by label propagation, which is near to linear, then those that are still too many are joined with the
    neighbour to which most arrows lead.  The outcome is the same in every process.
    """
    import networkx as nx

    top = [box.key for box in scene.boxes.values() if not box.parent]
    number = {key: place for place, key in enumerate(top)}
    above: dict[str, str] = {}
    for box in scene.boxes.values():
        above[box.key] = above[box.parent] if box.parent else box.key
    pairs = Counter(
        (number[above[arrow.source]], number[above[arrow.target]])
        for arrow in scene.arrows
        if above[arrow.source] != above[arrow.target]
    )
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(len(top)))
    graph.add_weighted_edges_from([(a, b, count) for (a, b), count in pairs.items()])
    found = nx.community.louvain_communities(graph, weight="weight", seed=1)
    groups = sorted([sorted(members) for members in found], key=lambda members: members[0])
    boxes: dict[str, Box] = {}
    group_of: dict[str, str] = {}
    degree: dict[int, int] = dict(graph.degree())
    for place, members in enumerate(groups):
        key = f"g{place}"
        kinds = Counter(scene.boxes[top[each]].kind for each in members)
        data = [each for each in members if scene.boxes[top[each]].kind == "data"] or members
        names = sorted(data, key=lambda each: (-degree[each], each))[:2]
        label = " · ".join([scene.boxes[top[each]].label for each in names])
        about = ", ".join(f"{kinds[kind]} {name}" for kind, name in _NAMES if kinds[kind])
        boxes[key] = Box(key, "", (label,), "group", label, about=about)
        group_of.update({top[each]: key for each in members})
    for box in scene.boxes.values():
        boxes[box.key] = box if box.parent else replace(box, parent=group_of[box.key])
    said = f"Gathered in {len(groups)} groups: too many boxes to be drawn at once."
    return replace(scene, boxes=boxes, summary=(*scene.summary, said))

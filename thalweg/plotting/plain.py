"""A scene as JSON: for other programs, and for the page."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from .boxes import Scene

__all__ = ["as_data", "to_json"]

FORMAT = 1  # grows when a name goes or changes its meaning


def as_data(scene: Scene) -> dict[str, Any]:
    """The scene as dicts, lists, texts and numbers; fields that say nothing are left out of boxes and arrows."""
    boxes = [_lean(asdict(box)) for box in scene.boxes.values()]
    arrows = [_lean(asdict(arrow)) for arrow in scene.arrows]
    for arrow in arrows:
        if arrow.get("count") == 1:
            del arrow["count"]
    return {
        "format": FORMAT,
        "title": scene.title,
        "subject": scene.subject,
        "summary": scene.summary,
        "boxes": boxes,
        "arrows": arrows,
        "given": scene.given,
        "steps": [asdict(step) for step in scene.steps],
        "spans": [asdict(span) for span in scene.spans],
        "details": scene.details,
    }


def to_json(scene: Scene) -> str:
    """The scene as a text of JSON; an infinite distance is ``"Infinity"``.

    Examples
    --------
    >>> to_json(Scene("nothing", "model", {}, []))[:32]
    '{"format":1,"title":"nothing","s'
    """
    return json.dumps(as_data(scene), ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _lean(fields: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in fields.items() if value not in ("", None, False)}
    return {name: "Infinity" if value == float("inf") else value for name, value in found.items()}

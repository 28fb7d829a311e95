"""A scene as a flowchart of Mermaid, for pages that draw it: GitHub, GitLab, MkDocs, Jupyter."""

from __future__ import annotations

from .boxes import Box, Scene
from .dot import box_lines, box_title
from .style import ARROWS, KINDS, STATES, Theme

__all__ = ["to_mermaid"]

_LINES = {"solid": "-->", "dashed": "-.->", "dotted": "-.->"}
# In a quoted label everything but these is plain text; they are written as numbered entities.
_SPECIAL = {letter: f"#{ord(letter)};" for letter in '"&<>#`\\;'}


def to_mermaid(scene: Scene, theme: Theme, *, direction: str = "LR") -> str:
    """The source of Mermaid for a scene.

    Parameters
    ----------
    scene : Scene
        With all closed boxes closed already.
    theme : Theme
    direction : {"LR", "TB", "RL", "BT"}

    Examples
    --------
    >>> from thalweg.plotting.style import THEMES
    >>> print(to_mermaid(Scene("nothing", "model", {}, []), THEMES["light"]), end="")
    flowchart LR
    """
    children = scene.children()
    lines = [f"flowchart {direction}"]
    stack: list[tuple[str, int]] = [("", 0)]
    while stack:
        key, depth = stack.pop()
        indent = "  " * depth
        if key.startswith("/"):
            lines.append(f"{indent}end")
            continue
        if key and key in children:
            lines.append(f'{indent}subgraph {key}["{_label(scene.boxes[key].label)}"]')
            stack.append(("/", depth))
        elif key:
            lines.append(indent + _node(scene.boxes[key]))
            continue
        stack += [(child, depth + 1) for child in reversed(children.get(key, ()))]
    for arrow in scene.arrows:
        line = "==>" if arrow.state == "used" else _LINES[ARROWS[arrow.state].line]
        count = f"|{arrow.count}x|" if arrow.count > 1 else ""
        lines.append(f"  {arrow.source} {line}{count} {arrow.target}")
    lines += _classes(scene, theme, children)
    return "\n".join([*lines, ""])


def _label(text: str) -> str:
    return "".join([_SPECIAL.get(letter, letter) for letter in text])


def _node(box: Box) -> str:
    opening, closing = KINDS[box.kind].mermaid
    text = "<br/>".join([_label(line) for line in (box_title(box), *box_lines(box))])
    return f'{box.key}{opening}"{text}"{closing}'


def _classes(scene: Scene, theme: Theme, children: dict[str, list[str]]) -> list[str]:
    """One class for each state that occurs."""
    found = []
    for number, (name, state) in enumerate(STATES.items()):
        members = [box.key for box in scene.boxes.values() if box.state == name and box.key not in children]
        if members:
            colours = theme.states[name]
            dashes = ",stroke-dasharray:5 3" if state.line in ("dashed", "dotted") else ""
            found.append(
                f"  classDef state{number} fill:{colours.fill},stroke:{colours.line},color:{colours.text},"
                f"stroke-width:{state.width:g}px{dashes}"
            )
            found.append(f"  class {','.join(members)} state{number}")
    return found

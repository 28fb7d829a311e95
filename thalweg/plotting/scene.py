"""From a model, a plan or a solution to a scene: with `story`, the only file of pictures that knows models.

The structure is read off the flat network, so what is mounted is there too; a plan or a record of a run is laid over
it as states, values, order and distances.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..dispatcher.network import Kind, Network
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import Plan, path_text
from ..dispatcher.solution import Solution
from ..errors import UnknownNodeError
from ..tokens import START
from .boxes import Arrow, Box, Scene
from .callables import about_callable, first_line
from .story import Overlay, PlanOverlay, RunOverlay
from .text import clean, distance_text, name_text, shorten

if TYPE_CHECKING:
    from ..dispatcher.dispatcher import Dispatcher
    from ..dispatcher.timeline import TimedCall

__all__ = ["Structure", "scene_of", "spans_of"]


def scene_of(
    subject: Dispatcher | Plan | Solution, path: Iterable[NodeId] = (), *, run: bool = True, details: bool = False
) -> Scene:
    """The picture of a model, a plan or a solution, not drawn yet.

    Parameters
    ----------
    subject : Dispatcher, Plan or Solution
    path : iterable of Hashable, optional
        Ids of sub-dispatchers on the way to the one to be drawn.
    run : bool, optional
        Lay the plan or the run over the model.
    details : bool, optional
        Collect what is shown of a box when somebody asks: source, docstring, tracebacks, alternatives.

    Returns
    -------
    Scene

    Raises
    ------
    UnknownNodeError
        There is no such sub-dispatcher.

    Notes
    -----
    O(V + E), besides the texts of the values.
    """
    level = 0
    if isinstance(subject, Solution):
        network, level = subject.record.network, subject.level
    else:
        network = subject.network if isinstance(subject, Plan) else subject.make_network()
    for name in path:
        subs = network.levels[level].subs
        if name not in subs:
            raise UnknownNodeError.among(name, subs, "sub-dispatcher")
        level = subs[name]
    structure = Structure(network, level)
    overlay: Overlay | None = None
    if run and isinstance(subject, Plan):
        overlay = PlanOverlay(structure, subject)
    elif run and isinstance(subject, Solution):
        overlay = RunOverlay(structure, subject.record, subject.level, spans_of(subject))
    return structure.scene(overlay, details=details)


def spans_of(solution: Solution) -> list[TimedCall]:
    """Rows of the timeline of a solution, by start; empty if no times were kept."""
    return sorted(solution.timeline(), key=lambda row: (row.start, row.end))


class Structure:
    """What of a network is drawn from one level down: boxes and arrows without a run."""

    def __init__(self, network: Network, top: int) -> None:
        self.network = network
        self.top = top
        self.levels = [top]
        for level in self.levels:  # the list grows while it is read
            self.levels += network.levels[level].subs.values()
        inside = set(self.levels)
        self.home = self._homes()
        self.level_of = {number: level for level in self.levels for number in network.levels[level].index.values()}
        self.functions = [
            f for f, kind in enumerate(network.kind) if kind == Kind.FUNCTION and network.function_level[f] in inside
        ]
        self.links = [
            f
            for f, kind in enumerate(network.kind)
            if kind == Kind.LINK and self.ends(f)[0] in self.level_of and self.ends(f)[1] in self.level_of
        ]

    def _homes(self) -> dict[int, int]:
        """The datum that is drawn for each: a wildcard's two are one, and slots stand for what they collect."""
        network = self.network
        home = {x: x for level in network.levels for x in level.index.values()}
        for level in network.levels:
            home.update({x: level.index[name] for name, x in level.outlet.items()})
        for f, datum in network.collectors.items():
            home.update(dict.fromkeys(network.inputs[f], home[datum]))
        return home

    def ends(self, link: int) -> tuple[int, int]:
        """The drawn data that a link joins."""
        return self.home[self.network.inputs[link][0]], self.home.get(self.network.provides[link][0][0], -1)

    def box_of_level(self, level: int) -> str:
        """Key of the box that a level is in; empty at the top."""
        return "" if level == self.top else f"s{level}"

    def path(self, path: Iterable[NodeId]) -> tuple[str, ...]:
        """A path of ids as names."""
        return tuple([name_text(name, 200) for name in path])

    def given_from_outside(self, level: int) -> dict[int, NodeId]:
        """Data of a level that links from its parent fill, with the parent's names."""
        network = self.network
        return {
            self.ends(f)[1]: network.data_ids[self.ends(f)[0]]
            for f in self.links
            if network.data_level[network.provides[f][0][0]] == level and network.function_level[f] != level
        }

    def boxes(self) -> dict[str, Box]:
        """All boxes, each after the one that it stands in."""
        network = self.network
        members: dict[int, list[int]] = {level: [] for level in self.levels}
        for f in self.functions:
            members[network.function_level[f]].append(f)
        subs = {child: name for level in self.levels for name, child in network.levels[level].subs.items()}
        records = {child: self._sub_record(child) for child in subs}
        found: dict[str, Box] = {}
        for level in self.levels:
            parent = self.box_of_level(level)
            if level != self.top:
                where, record = network.levels[level].path, records[level]
                about = first_line(getattr(record, "description", "")) or name_text(network.levels[level].name)
                outer = self.box_of_level(network.levels[level].parent)
                label = name_text(where[-1])
                about = "" if about in (label, "(no name)") else about
                found[parent] = Box(parent, outer, self.path(where), "sub_dispatcher", label, about=about)
            for name, x in network.levels[level].index.items():
                if name is not START:
                    about = _about_datum(network.described.get(x))
                    path = self.path(network.data_path(x))
                    found[f"d{x}"] = Box(f"d{x}", parent, path, "data", name_text(name), about=about)
            for f in members[level]:
                record = network.records[f]
                path = self.path(network.function_path(f))
                about = first_line(getattr(record, "description", "")) or _first_line_of(record)
                found[f"f{f}"] = Box(f"f{f}", parent, path, "function", name_text(record.id), about=about)
        return found

    def _sub_record(self, level: int) -> Any:
        """The record of the sub-dispatcher that a level was mounted by, if a link of it is there."""
        network = self.network
        path = network.levels[level].path
        parent = network.levels[level].parent
        for f in self.links:
            if network.function_level[f] == parent and network.records[f].id == path[-1]:
                return network.records[f]
        return None

    def arrows(self, overlay: Overlay | None) -> list[Arrow]:
        """All arcs; those of a link join the data of two levels."""
        network, home = self.network, self.home
        found: list[Arrow] = []
        for f in self.functions:
            key = f"f{f}"
            for x in dict.fromkeys(network.arguments[f]):
                if x in home and f"d{home[x]}" != "d0":
                    state = overlay.entering(f) if overlay else ""
                    found.append(Arrow(f"d{home[x]}", key, state, _weight(network.arc(x, f), 1.0)))
            for x, weight in network.provides[f]:
                if x in home:
                    state = overlay.leaving(f, x) if overlay else ""
                    found.append(Arrow(key, f"d{home[x]}", state, _weight(weight, 1.0)))
        for f in self.links:
            source, target = self.ends(f)
            x, leaving = network.provides[f][0]
            state = overlay.leaving(f, x) if overlay else ""
            weight = leaving + network.arc(network.inputs[f][0], f)
            found.append(Arrow(f"d{source}", f"d{target}", state, _weight(weight, 0.0)))
        return found

    def scene(self, overlay: Overlay | None, *, details: bool) -> Scene:
        """Everything together."""
        network = self.network
        boxes = self.boxes()
        title = name_text(network.levels[self.top].name or path_text(network.levels[self.top].path) or "model")
        if overlay is None:
            found = self.details() if details else {}
            return Scene(title, "model", boxes, self.arrows(None), summary=(self._counts(),), details=found)
        boxes = {key: overlay.dress(box) for key, box in boxes.items()}
        _dress_subs(boxes, overlay)
        arrows = self.arrows(overlay)
        given, steps = overlay.steps(boxes)
        summary = (self._counts(), *overlay.summary(boxes))
        found = overlay.details(self.details()) if details else {}
        return Scene(title, overlay.subject, boxes, arrows, summary, given, steps, overlay.spans(boxes), found)

    def _counts(self) -> str:
        data = sum(len(self.network.levels[level].index) for level in self.levels)
        counts = ((data, "data"), (len(self.functions), "function"), (len(self.levels) - 1, "sub-dispatcher"))
        said = [
            f"{n} {name}{'s' if n != 1 and name != 'data' else ''}"
            for n, name in counts
            if n or name != "sub-dispatcher"
        ]
        return f"{', '.join(said)}."

    def details(self) -> dict[str, list[tuple[str, str, str]]]:
        """What records say of their nodes."""
        network = self.network
        found: dict[str, list[tuple[str, str, str]]] = {}
        for f in self.functions:
            record = network.records[f]
            found[f"f{f}"] = items = _description(record)
            if hasattr(record, "function"):
                items += about_callable(record.function)
                domain = record.input_domain
                items += [("Domain", "text", about_callable(domain)[0][2])] if domain is not None else []
                items += [("Weight", "text", distance_text(record.weight))] if record.weight else []
        for level in self.levels:
            for x in network.levels[level].index.values():
                items = found[f"d{x}"] = _description(network.described.get(x))
                if x in network.defaults:
                    items.append(("Default", "code", shorten(network.defaults[x][2], 2000, lines=True)))
            if level != self.top:
                found[f"s{level}"] = _description(self._sub_record(level))
        return found


def _first_line_of(record: Any) -> str:
    """The first line of the docstring of a record's function, if it has one of its own."""
    function = getattr(record, "function", None)
    return first_line(getattr(function, "__doc__", None)) if hasattr(function, "__code__") else ""


def _about_datum(node: Any) -> str:
    if node is None:
        return ""
    unit = node.attributes.get("unit")
    unit = f"[{name_text(unit, 20)}]" if unit is not None else ""
    return f"{first_line(node.description)} {unit}".strip()


def _description(record: Any) -> list[tuple[str, str, str]]:
    """Description and attributes of a record."""
    found: list[tuple[str, str, str]] = []
    text = getattr(record, "description", "")
    if isinstance(text, str) and text:
        found.append(("Description", "text", clean(text.strip(), 4000, lines=True)))
    attributes = getattr(record, "attributes", None) or {}
    found += [(name_text(name).capitalize(), "text", _attribute_text(value)) for name, value in attributes.items()]
    return found


def _attribute_text(value: object) -> str:
    """A free attribute: text as it is, anything else by its shortened repr."""
    return clean(value, 500) if isinstance(value, str) else shorten(value, 500)


def _weight(weight: float, usual: float) -> float | None:
    return None if weight == usual else weight


def _dress_subs(boxes: dict[str, Box], overlay: Overlay) -> None:
    """States of sub-dispatchers from what is in them, innermost first."""
    inside: dict[str, set[str]] = {}
    for key in reversed(boxes):
        box = boxes[key]
        if box.kind == "sub_dispatcher":
            states = inside.get(key, set())
            state = next((s for s in ("computed", "planned", "stopped", "not needed", "waiting") if s in states), "")
            if state == "" and "given" in states:
                state = "not needed"
            note = overlay.failure_note(box.path)
            box = boxes[key] = replace(box, state=note[0] if note else state, note=note[1] if note else "")
        inside.setdefault(box.parent, set()).add(box.state)

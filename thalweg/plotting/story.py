"""What a plan or a run says of a model: states, values, order and distances, laid over its boxes.

With `scene` it is what of pictures knows models.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from ..dispatcher.explain import alternatives
from ..dispatcher.network import Kind
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import Plan, path_text, public_distance
from ..dispatcher.solution import Record
from ..tokens import ABSENT, RELEASED, UNKNOWN
from .boxes import Box, Span, Step
from .text import clean, distance_text, error_text, name_text, seconds_text, shorten

if TYPE_CHECKING:
    from ..dispatcher.search import Search
    from ..dispatcher.timeline import TimedCall
    from .scene import Structure

__all__ = ["Overlay", "PlanOverlay", "RunOverlay"]

_FEW = 3  # names are listed in a note


class Overlay:
    """What a plan and a run have in common: a search, laid over a structure."""

    subject = ""

    def __init__(self, structure: Structure, search: Search, reach: Search, calls: list[int]) -> None:
        self.structure = structure
        self.network = structure.network
        self.search = search
        self.reach = reach  # as if everything were wanted: what can be had at all?
        self.calls = calls
        self.order = {f: number for number, f in enumerate(self.calls, 1)}
        self.outlet = {x: level.outlet.get(name, x) for level in self.network.levels for name, x in level.index.items()}
        self.wanted = {structure.home.get(x, x) for x in search.wanted or ()}
        self.sinks = {f for f, x in self.network.sink_of.items() if x in (search.wanted or ())}

    def dress(self, box: Box) -> Box:
        """The box with its state."""
        if box.kind == "data":
            return self._datum(box, int(box.key[1:]))
        if box.kind == "function":
            return self._function(box, int(box.key[1:]))
        return box

    def entering(self, f: int) -> str:
        """State of the arcs into a function."""
        return "used" if f in self.order else "unused"

    def leaving(self, f: int, x: int) -> str:
        """State of the arc from a function or link to the datum or slot that it writes."""
        if self.search.provider[x] != f or not self.is_known(x):
            return "unused"
        return "used"

    def is_known(self, x: int) -> bool:
        """Has the datum a value that the story tells of?"""
        raise NotImplementedError

    def failure_note(self, path: tuple[str, ...]) -> tuple[str, str] | None:  # noqa: ARG002 - a plan has none
        """State and reason, where the node at `path` failed."""
        return None

    def details(self, found: dict[str, list[tuple[str, str, str]]]) -> dict[str, list[tuple[str, str, str]]]:
        """The details of the model, with what can be said of the run."""
        return found

    def steps(self, boxes: dict[str, Box]) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """What was there from the start, and the calls one by one."""
        known_at = self._known_at()
        gives: dict[int, list[str]] = {}
        for x, number in known_at.items():
            if f"d{x}" in boxes:
                gives.setdefault(number, []).append(f"d{x}")
        steps = [
            Step(f"f{f}", boxes[f"f{f}"].state, tuple(gives.get(n, ())), self._told(boxes[f"f{f}"], boxes, gives, n))
            for f, n in self.order.items()
            if f"f{f}" in boxes
        ]
        return tuple(gives.get(0, ())), tuple(steps)

    def _told(self, box: Box, boxes: dict[str, Box], gives: dict[int, list[str]], number: int) -> str:
        """A call in words."""
        if box.state in ("failed", "refused"):
            return f"{box.label}: {box.note}"
        own = [boxes[key] for key in gives.get(number, ())]
        got = dict.fromkeys(f"{each.label} = {each.value}" if each.value else each.label for each in own)
        return f"{box.label} gives {', '.join(got)}" if got else f"{box.label} is called"

    def _known_at(self) -> dict[int, int]:
        """By drawn datum that is known: the number of the call that made it known, 0 for what was given."""
        network, provider = self.network, self.search.provider
        at: dict[int, int] = {}
        data = [self.outlet[x] for x in self.structure.level_of if self.is_known(self.outlet[x])]
        for start in data:
            stack = [start]
            while stack:
                x = stack[-1]
                f = provider[x]
                kind = network.kind[f]
                needs = (
                    [network.inputs[f][0]]
                    if kind == Kind.LINK
                    else [s for s in network.inputs[f] if self.is_known(s)]
                    if kind == Kind.COLLECT
                    else []
                )
                missing = [y for y in needs if y not in at]
                if missing and len(stack) <= len(provider):
                    stack += missing
                    continue
                at[x] = max((at.get(y, 0) for y in needs), default=0) if needs else self.order.get(f, 0)
                stack.pop()
        found = {self.structure.home[x]: at[x] for x in data}
        return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))

    def summary(self, boxes: dict[str, Box]) -> list[str]:
        """What happened, in a few sentences."""
        raise NotImplementedError

    def spans(self, boxes: dict[str, Box]) -> tuple[Span, ...]:  # noqa: ARG002 - a plan has none
        """Times of the calls."""
        return ()

    def _distance(self, x: int) -> float | None:
        return public_distance(self.search, x)

    def _absent(self, x: int) -> tuple[str, str]:
        """State of a datum without a value, and why."""
        if self.reach.settled[self.outlet[x]]:
            return "not needed", ""
        providers = self.network.providers(self.outlet[x])
        if not providers:
            return "waiting", "nothing gives it"
        lacking = dict.fromkeys(u for f, _ in providers if f not in self.reach.dead for u in self._lacking(f))
        return "waiting", _waits_for([self.network.data_ids[u] for u in lacking])

    def _lacking(self, f: int) -> list[int]:
        """Inputs of a function that cannot be had; a slot counts as what it waits for."""
        ids, settled = self.network.data_ids, self.reach.settled
        return [u for u in self.network.inputs[f] if not settled[u] and ids[u] is not None]

    def _datum(self, box: Box, x: int) -> Box:
        raise NotImplementedError

    def _function(self, box: Box, f: int) -> Box:
        raise NotImplementedError

    def _origin(self, x: int) -> tuple[str, str]:
        """State of a known datum, and where it came from if that is not a function."""
        network = self.network
        f = self.search.provider[x]
        kind = network.kind[f]
        if kind in (Kind.START, Kind.DEFAULT):
            is_top = network.data_level[x] == 0
            return ("given" if is_top and network.data_ids[x] in self.given() else "default"), ""
        if kind == Kind.LINK:
            source = network.inputs[f][0]
            if network.data_level[source] < network.data_level[x]:
                return "given", f"from {name_text(network.data_ids[source])} outside"
        return "computed", ""

    def given(self) -> frozenset[NodeId]:
        """Ids of what was given."""
        raise NotImplementedError


class PlanOverlay(Overlay):
    """A plan over the model: what will be called."""

    subject = "plan"

    def __init__(self, structure: Structure, plan: Plan) -> None:
        self.plan = plan
        reach = plan.search.copy()
        reach.left = -1
        reach.advance()
        super().__init__(structure, plan.search, reach, plan.functions)
        self.known = plan.touched.union(plan.order)
        if plan.search.wanted is None:
            self.known |= {x for x, mark in enumerate(plan.template) if mark is not UNKNOWN}

    def given(self) -> frozenset[NodeId]:
        """Ids of what was given."""
        return self.plan.given

    def is_known(self, x: int) -> bool:
        """Has the datum a value that the story tells of?"""
        return x in self.known

    def _datum(self, box: Box, x: int) -> Box:
        y = self.outlet[x]
        if not self.is_known(y):
            state, note = self._absent(x)
            return replace(box, state=state, note=note, is_wanted=x in self.wanted)
        state, note = self._origin(y)
        state = "planned" if state == "computed" else state
        return replace(box, state=state, note=note, distance=self._distance(y), is_wanted=x in self.wanted)

    def _function(self, box: Box, f: int) -> Box:
        if f in self.order:
            return replace(box, state="planned", order=self.order[f], is_wanted=f in self.sinks)
        lacking = self._lacking(f)
        if lacking:
            return replace(box, state="waiting", note=_waits_for([self.network.data_ids[u] for u in lacking]))
        return replace(box, state="not needed")

    def summary(self, boxes: dict[str, Box]) -> list[str]:
        """What happened, in a few sentences."""
        total = len(self.structure.functions)
        said = [f"{len(self.order)} of {total} functions will be called."]
        missing = [box.label for box in boxes.values() if box.is_wanted and box.state == "waiting"]
        return said + ([f"Cannot be had: {_listed(missing)}."] if missing else [])


class RunOverlay(Overlay):
    """A run over the model: what was called, and what came of it."""

    subject = "run"

    def __init__(self, structure: Structure, record: Record, level: int, rows: list[TimedCall]) -> None:
        self.record = record
        reach = record.search.copy()
        reach.left = -1
        reach.advance()
        network = structure.network
        calls = [f for f in record.calls if network.kind[f] == Kind.FUNCTION and f in set(structure.functions)]
        super().__init__(structure, record.search, reach, calls)
        self.rows = rows
        self.outside = len(network.levels[level].path)  # of a path, before what the rows say
        self.failures: dict[tuple[str, ...], Any] = {}
        for failure in record.failures:
            self.failures.setdefault(structure.path(failure.node), failure)
        self.seconds: dict[str, float] = {}
        for row in rows:
            self.seconds[row.path] = self.seconds.get(row.path, 0.0) + row.end - row.start

    def given(self) -> frozenset[NodeId]:
        """Ids of what was given."""
        return self.record.given

    def is_known(self, x: int) -> bool:
        """Has the datum a value that the story tells of?"""
        used = self.record.used
        return self._has_value(x) and (used is None or bool(used[x]))

    def _has_value(self, x: int) -> bool:
        value = self.record.values[x]
        return value is not UNKNOWN and value is not ABSENT

    def failure_note(self, path: tuple[str, ...]) -> tuple[str, str] | None:
        """State and reason, where the node at `path` failed."""
        failure = self.failures.get(path)
        if failure is None:
            return None
        state = "refused" if failure.kind == "refused" else "failed"
        others = [
            f"{name_text(datum)} came from {name_text(other)}"
            for datum, other in failure.alternative.items()
            if other is not None
        ]
        text = "its domain said no" if state == "refused" else error_text(failure.error)
        return state, text + (f"; instead {_listed(others)}" if others else "")

    def entering(self, f: int) -> str:
        """State of the arcs into a function."""
        if f not in self.order:
            return "unused"
        return "failed" if self.failure_note(self._path(f)) else "used"

    def leaving(self, f: int, x: int) -> str:
        """State of the arc from a function or link to the datum or slot that it writes."""
        if self.search.provider[x] == f and self.is_known(x):
            return "used"
        lost = f in self.order and (f in self.search.dead or (f, x) in self.search.gone)
        return "failed" if lost else "unused"

    def _row_path(self, f: int) -> str:
        """The path of a function as the rows of the timeline have it."""
        return path_text(self.network.function_path(f)[self.outside :])

    def _path(self, f: int) -> tuple[str, ...]:
        return self.structure.path(self.network.function_path(f))

    def _datum(self, box: Box, x: int) -> Box:
        y = self.outlet[x]
        failed = self.failure_note(box.path)
        is_wanted = x in self.wanted
        if not self.is_known(y):
            state, note = self._absent(x)
            if failed:
                state, note = failed
            elif self.record.is_unused(y):
                state, note = "not needed", "its default was not used"
            elif self._has_value(y):
                state, note = "not needed", "came about, but nothing wanted rests on it"
            elif self.record.stopped and state == "not needed":
                state = "stopped"
            return replace(box, state=state, note=note, is_wanted=is_wanted)
        value = self.record.values[y]
        state, note = self._origin(y)
        if failed:
            note = failed[1]
        text = "(let go)" if value is RELEASED else shorten(value)
        return replace(box, state=state, note=note, value=text, distance=self._distance(y), is_wanted=is_wanted)

    def _function(self, box: Box, f: int) -> Box:
        seconds = self.seconds.get(self._row_path(f))
        if f in self.order:
            in_vain = all(self._has_value(x) and not self.is_known(x) for x, _ in self.network.provides[f])
            note = "called, but nothing wanted rests on it" if in_vain and f not in self.network.sink_of else ""
            state, note = self.failure_note(box.path) or ("computed", note)
            is_wanted = f in self.sinks
            return replace(box, state=state, note=note, order=self.order[f], seconds=seconds, is_wanted=is_wanted)
        failed = self.failure_note(box.path)
        if failed:
            return replace(box, state=failed[0], note=failed[1])
        lacking = self._lacking(f)
        if lacking:
            return replace(box, state="waiting", note=_waits_for([self.network.data_ids[u] for u in lacking]))
        return replace(box, state="stopped" if self.record.stopped else "not needed")

    def summary(self, boxes: dict[str, Box]) -> list[str]:
        """What happened, in a few sentences."""
        functions = [box for box in boxes.values() if box.kind == "function"]
        called = [box for box in functions if box.order is not None and box.state != "refused"]
        said = [f"{len(called)} of {len(functions)} functions were called."]
        for state in ("failed", "refused"):
            names = [box.label for box in functions if box.state == state]
            if names:
                said.append(f"{state.capitalize()}: {_listed(names)}.")
        wanted = [box for box in boxes.values() if box.is_wanted]
        had = [f"{box.label} = {box.value}" if box.value else box.label for box in wanted if _is_had(box)]
        lost = [box.label for box in wanted if not _is_had(box)]
        said += [f"Wanted and had: {_listed(had)}."] if had else []
        said += [f"Wanted and not had: {_listed(lost)}."] if lost else []
        said += ["The run was ended before it was done."] if self.record.stopped else []
        if self.record.recorded is not None:
            said += [f"{line[0].upper()}{line[1:]}." for line in str(self.record.recorded).splitlines()]
        if self.rows:
            took = max(row.end for row in self.rows) - min(row.start for row in self.rows)
            said.append(f"The calls took {seconds_text(took)}.")
        return said

    def spans(self, boxes: dict[str, Box]) -> tuple[Span, ...]:
        """Times of the calls."""
        keys = {self._row_path(f): f"f{f}" for f in self.structure.functions}
        rows = [row for row in self.rows if keys.get(row.path) in boxes]
        first = min((row.start for row in rows), default=0.0)
        return tuple(
            [
                Span(
                    keys[row.path],
                    row.start - first,
                    row.end - first,
                    clean(str(row.place), 60),
                    tuple([(each.start - first, each.end - first, error_text(each.error)) for each in row.tries]),
                )
                for row in rows
            ]
        )

    def details(self, found: dict[str, list[tuple[str, str, str]]]) -> dict[str, list[tuple[str, str, str]]]:
        """The details of the model, with what can be said of the run."""
        for key, items in found.items():
            if key[0] == "d":
                items[:0] = self._about_value(int(key[1:]))
        for f in self.structure.functions:
            failure = self.failures.get(self._path(f))
            if failure is not None:
                found[f"f{f}"][:0] = [("Error", "error", clean(_traceback(failure), 20000, lines=True))]
        return found

    def _about_value(self, x: int) -> list[tuple[str, str, str]]:
        y = self.outlet[x]
        items: list[tuple[str, str, str]] = []
        value = self.record.values[y]
        is_known = self.is_known(y)
        if is_known and value is not RELEASED:
            items.append(("Value", "code", shorten(value, 2000, lines=True)))
        failure = self.failures.get(self.structure.path(self.network.data_path(x)))
        if failure is not None:
            items.append(("Error", "error", clean(_traceback(failure), 20000, lines=True)))
        others = alternatives(self.record, self.search if is_known else self.reach, y)
        if others:
            heading = "Why not another way" if is_known else "Why it has no value"
            items.append((heading, "text", "\n".join([_alternative_text(each) for each in others])))
        return items


def _is_had(box: Box) -> bool:
    return box.state in ("given", "default", "computed")


def _alternative_text(each: Any) -> str:
    """What became of another provider, in words; errors may refuse to be shown."""
    name = name_text(each.provider)
    if each.state == "dearer":
        return f"{name}: dearer, at distance {distance_text(each.distance if each.distance is not None else inf)}"
    if each.missing:
        return f"{name}: lacked {_listed([name_text(x) for x in each.missing])}"
    if each.failure is not None:
        return f"{name}: {each.state}, {error_text(each.failure.error)}"
    return f"{name}: {each.state}"


def _traceback(failure: Any) -> str:
    try:
        return str(failure.traceback)
    except Exception:
        return error_text(failure.error)


def _waits_for(names: list[NodeId]) -> str:
    return f"waits for {_listed([name_text(name) for name in names])}" if names else ""


def _listed(names: list[str], most: int = _FEW) -> str:
    """Names in a row, the first few."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

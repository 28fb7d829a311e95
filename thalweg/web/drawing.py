"""The picture of the model, and what a plan or a run lays over it, as data for the page that draws them.

The model is laid out once for each direction.  A plan or a run then only says how boxes and arrows are to look, by the
keys of the model's boxes, so that nothing moves while a run goes on.  Nodes that are not exposed are left out, and
with them all that might name them: notes, and the story of the run.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..dispatcher.plan import Plan, path_text
from ..dispatcher.solution import Solution
from ..plotting.boxes import Box, Scene
from ..plotting.html import drawing_data, level_data
from ..plotting.layout import box_size, lay_out, levels_of
from ..plotting.narrow import used
from ..plotting.picture import plot_scene
from ..plotting.scene import Structure, scene_of
from ..plotting.text import name_text
from .ahead import AheadForm, plan_of
from .answers import answered, chosen, parameters
from .exposure import ServedModel, Shown
from .limits import Limits, read_body
from .problems import Problem
from .values import dump

if TYPE_CHECKING:
    from starlette.requests import Request

    from .questions import ModelForm
    from .running import Workshop
    from .runs import Runs

__all__ = ["DIRECTIONS", "Drawings"]

DIRECTIONS = ("LR", "TB")
_GAP = 30.0  # between layers [px]: the page has little room
_NAME = 200  # characters of a name in the paths of boxes
_READABLE = 120  # boxes of a way; one with more is shown within the whole model
_SAYS = ("state", "value", "note", "order", "distance", "seconds", "is_wanted")  # of a box, by a plan or a run


class Drawings:
    """Answers with pictures.

    Parameters
    ----------
    form : ModelForm
        How the model is asked.
    workshop : Workshop
    limits : Limits
    runs : Runs
    """

    def __init__(self, form: ModelForm, workshop: Workshop, limits: Limits, runs: Runs) -> None:
        self.form = AheadForm(form)
        self.workshop = workshop
        self.limits = limits
        self.runs = runs
        self.models: dict[str, bytes] = {}
        self.lock = Lock()  # a picture is not laid out twice at once

    async def model(self, request: Request) -> Response:
        """The picture of the model."""
        direction = _direction(request)
        text = self.models.get(direction) or await self.workshop.make(lambda _: self._drawn(direction))
        return Response(text, media_type="application/json")

    def _drawn(self, direction: str) -> bytes:
        with self.lock:
            if direction not in self.models:
                self.models[direction] = dump(_picture(self.form.model, direction))
            return self.models[direction]

    async def plan(self, request: Request) -> Response:
        """What would be done, to be laid over the picture of the model."""
        asked = self.form.read(await read_body(request.scope, request.receive, self.limits))
        model, direction = self.form.model, _direction(request)
        return answered(await self.workshop.make(lambda _: _overlay(plan_of(model, asked), model.shown, direction)))

    async def run(self, request: Request) -> Response:
        """What a long run did, to be laid over the picture of the model."""
        solution = await self.runs.solution(request.path_params["run"])
        if solution is None:
            raise Problem(404, "no-picture", "there is no picture of this run: it has not ended, or was long ago")
        shown, direction = self.form.model.shown, _direction(request)
        return answered(await self.workshop.make(lambda _: _overlay(solution, shown, direction)))


def _direction(request: Request) -> str:
    """Where arrows are to lead."""
    said = [value for name, value in parameters(request.scope["query_string"]) if name == "direction"]
    return next(iter(chosen("direction", said[:1], DIRECTIONS)), "LR")


def _picture(model: ServedModel, direction: str) -> dict[str, Any]:
    """The model, laid out, with room in each box for what a run will say."""
    scene = scene_of(model.dsp)
    drawing = plot_scene(_visible(scene, model.shown), direction=direction).drawing
    boxes = drawing.scene.boxes
    sizes = {key: _room(box) for key, box in boxes.items()}
    told = drawing_data(drawing.scene, drawing.closed, direction, sizes, _GAP)
    kept = ("boxes", "arrows", "levels", "closed", "direction", "kinds", "states", "arrowStyles")
    network = model.dsp.make_network()
    names = {f"f{f}": path_text(network.function_path(f)) for f in Structure(network, 0).functions}
    numbers = dict(network.own_data(0))
    data = {text: f"d{numbers[name]}" for text, name in model.data.items() if name in numbers}
    return {name: told[name] for name in kept} | {
        "usedLevels": {},
        "showsUnused": True,
        "lines": {},
        "calls": {path: key for key, path in names.items() if key in boxes},  # as events name them
        "data": {text: key for text, key in data.items() if key in boxes},  # as the form names them
        "isWhole": model.shown.paths is None,
    }


def _room(box: Box) -> tuple[float, float]:
    """Size of a box with its name and one line, a value or a time, whatever else is known of it."""
    bare = Box(box.key, box.parent, box.path, box.kind, box.label)
    if box.kind == "function":
        return box_size(replace(bare, order=99, value="0" * 6))
    return box_size(replace(bare, value="0" * 11) if box.kind == "data" else replace(bare, about=box.about))


def _visible(scene: Scene, shown: Shown) -> Scene:
    """A scene without the nodes that are not exposed."""
    if shown.paths is None:
        return scene
    may = {"sub_dispatcher": shown.leads_to}
    boxes = {key: replace(box, note="") for key, box in scene.boxes.items() if may.get(box.kind, shown.has)(box.path)}
    arrows = [arrow for arrow in scene.arrows if arrow.source in boxes and arrow.target in boxes]
    steps = tuple([replace(step, gives=(), text="") for step in scene.steps if step.box in boxes])
    spans = tuple([span for span in scene.spans if span.box in boxes])
    return replace(scene, boxes=boxes, arrows=arrows, summary=(), given=(), steps=steps, spans=spans, details={})


def _overlay(subject: Plan | Solution, shown: Shown, direction: str) -> dict[str, Any]:
    """How boxes and arrows look with a plan or a run, and where those stand that take part, if they stand alone."""
    scene = _visible(scene_of(subject), shown)
    part = used(scene)
    levels = {}
    if len(part.boxes) < _READABLE:
        sizes = {key: _room(box) for key, box in part.boxes.items()}
        levels = lay_out(levels_of(part), sizes, direction, _GAP)
    said = {key: {name: getattr(box, name) for name in _SAYS} for key, box in scene.boxes.items()}
    if isinstance(subject, Plan):  # what is given is to be seen also while it is not enough
        given = {(name_text(name, _NAME),) for name in subject.given}
        for key, box in scene.boxes.items():
            if box.kind == "data" and box.path in given:
                said[key] |= {"state": "given", "note": ""}
    return {
        "subject": scene.subject,
        "usedLevels": {name: level_data(level) for name, level in levels.items() if level.places},
        "boxes": {
            key: {name: value for name, value in box.items() if value not in ("", None, False)}
            for key, box in said.items()
        },
        "arrows": [[arrow.source, arrow.target, arrow.state] for arrow in scene.arrows],
        "spans": [asdict(span) for span in scene.spans],
        "steps": [{"box": step.box, "state": step.state} for step in scene.steps],
    }

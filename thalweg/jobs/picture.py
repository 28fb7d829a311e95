"""A scenario as boxes and arrows: what of pictures knows jobs."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from ..executors.states import State
from ..plotting.boxes import Arrow, Box, Scene, Step
from ..plotting.callables import about_callable, first_line
from ..plotting.picture import Plot, SceneOptions, plot_scene
from ..plotting.text import clean, error_text, name_text, shorten

if TYPE_CHECKING:
    from .job import AbstractJob
    from .scheduler import Scheduler

__all__ = ["plot", "scene_of_jobs"]

_STATES = {State.DONE: "done", State.FAILED: "failed", State.RUNNING: "running", State.CANCELLED: "stopped"}
Detail = tuple[str, str, str]


def plot(scheduler: Scheduler, **options: Unpack[SceneOptions]) -> Plot:
    """A picture of a scenario; see `Scheduler.plot`."""
    return plot_scene(scene_of_jobs(scheduler), lambda: _details(scheduler), **options)


def scene_of_jobs(scheduler: Scheduler) -> Scene:
    """The picture of a scenario, not drawn yet.

    Notes
    -----
    O(V + E), besides the texts of the values; between two schedulers an arrow leads from each end to each beginning.
    """
    homes = _homes(scheduler)
    keys = _keys(homes)
    boxes = {keys[job]: _box(job, keys[job], keys.get(homes[job], "")) for job in homes}
    begun: list[tuple[float, str]] = []
    for run in [run for home in [scheduler, *homes] if (run := getattr(home, "own_run", None)) is not None]:
        for row in run.rows:
            key = keys.get(run.jobs[row[0]], "")
            if key:
                boxes[key] = replace(boxes[key], seconds=row[3] - row[2])
                begun.append((row[2], key))
    for number, (_, key) in enumerate(sorted(begun), 1):
        boxes[key] = replace(boxes[key], order=number)
    steps = [Step(key, boxes[key].state, (), _told(boxes[key])) for _, key in sorted(begun)]
    arrows = [
        Arrow(keys[one], keys[each], "" if job.is_idle() else "used")
        for job in homes
        for other in job.requirements
        if other in homes
        for one in _ends(other, "exit_jobs")
        for each in _ends(job, "entry_jobs")
    ]
    has_run = scheduler.own_run is not None and scheduler.own_run.has_begun
    said = [f"{scheduler.stats()}: {scheduler.why()}."] if has_run else []
    title = name_text(scheduler.label or "scenario")
    subject = "run" if has_run else "model"
    return Scene(title, subject, boxes, arrows, (f"{len(homes)} jobs.", *said), steps=tuple(steps))


def _homes(scheduler: Scheduler) -> dict[AbstractJob, AbstractJob]:
    """By job: the scheduler that it is in; outer ones first."""
    homes: dict[AbstractJob, AbstractJob] = {}
    schedulers: list[Any] = [scheduler]
    for each in schedulers:  # the list grows while it is read
        homes |= dict.fromkeys(each.in_order(), each)
        schedulers += [job for job in each.jobs if job.is_scheduler]
    return homes


def _keys(homes: dict[AbstractJob, AbstractJob]) -> dict[AbstractJob, str]:
    return {job: f"j{number}" for number, job in enumerate(homes)}


def _box(job: AbstractJob, key: str, parent: str) -> Box:
    state, note, value = _STATES.get(job.state, ""), "", ""
    error = job.raised_exception()
    if error is not None:
        note = error_text(error)
    elif state == "stopped":
        note = "runs for ever, ended with the others" if job.forever else "cancelled"
    elif job.latest is not None and job.latest.is_over and not state:
        state, note = "stopped", "had not begun"
    elif state == "done" and job.result() is not None:
        value = shorten(job.result())
    about = ["critical"] if job.is_critical() else []
    about += ["for ever"] if job.forever else []
    about += [first_line(job.about.__doc__)] if hasattr(job.about, "__code__") else []
    path = tuple(
        [name_text(name, 200) for name in [*(job.latest.prefix if job.latest else "").split("/")[:-1], job.name]]
    )
    kind = "scheduler" if job.is_scheduler else "job"
    said = ", ".join([each for each in about if each])
    return Box(key, parent, path, kind, path[-1], state=state, value=value, note=note, about=said)


def _ends(job: AbstractJob, which: str) -> list[AbstractJob]:
    """The job, or of a scheduler the jobs at its beginning or end."""
    found: list[AbstractJob] = []
    pending: list[Any] = [job]
    for each in pending:  # the list grows while it is read
        inner = (getattr(each, which)() or each.jobs) if each.is_scheduler else ()
        pending += inner
        found += [] if inner else [each]
    return found


def _told(box: Box) -> str:
    """A job in words."""
    return f"{box.label}: {box.note}" if box.note else f"{box.label} gives {box.value}" if box.value else box.label


def _details(scheduler: Scheduler) -> dict[str, list[Detail]]:
    """What pages show of a job when somebody asks."""
    found: dict[str, list[Detail]] = {}
    for job, key in _keys(_homes(scheduler)).items():
        found[key] = items = [] if job.is_scheduler else about_callable(job.about)
        error = job.raised_exception()
        if error is not None:
            items.append(("Error", "error", clean("".join(traceback.format_exception(error)), 20000, lines=True)))
        elif job.is_done():
            items.append(("Result", "code", shorten(job.result(), 2000, lines=True)))
    return found

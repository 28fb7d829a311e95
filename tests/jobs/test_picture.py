"""Pictures of scenarios: boxes and arrows, before and after a run, in every format."""

import json
import shutil
import subprocess
from functools import partial

import pytest

from thalweg.jobs import AbstractJob, Job, PrintJob, Scheduler
from thalweg.jobs.picture import scene_of_jobs
from thalweg.plotting import WRITERS


@pytest.fixture
def scenario(job):
    first = job("first")
    inner = Scheduler(job("left", required=None), job("right", error=ValueError("no luck")), label="inner")
    inner.requires(first)
    last = job("last", required=inner, critical=True)
    return Scheduler(first, inner, last, job("monitor", 100.0, forever=True), job("behind", required=last), label="top")


def arrows(scene):
    name = {key: box.label for key, box in scene.boxes.items()}
    return {(name[arrow.source], name[arrow.target]): arrow.state for arrow in scene.arrows}


def boxes(scene, field):
    return {box.label: getattr(box, field) for box in scene.boxes.values()}


def test_a_scenario_before_it_has_run(scenario):
    scene = scene_of_jobs(scenario)
    assert (scene.title, scene.subject, scene.summary) == ("top", "model", ("7 jobs.",))
    assert boxes(scene, "kind") == {
        "first": "job",
        "inner": "scheduler",
        "last": "job",
        "monitor": "job",
        "behind": "job",
        "left": "job",
        "right": "job",
    }
    assert set(boxes(scene, "state").values()) == {""}


def test_arrows_of_a_scheduler_begin_and_end_within_it(scenario):
    assert arrows(scene_of_jobs(scenario)) == {
        ("first", "left"): "",
        ("first", "right"): "",
        ("left", "last"): "",
        ("right", "last"): "",
        ("last", "behind"): "",
    }


def test_arrows_of_a_scheduler_without_jobs_end_at_itself(job):
    first = job("first")
    empty = Scheduler(label="empty", required=first)
    scene = scene_of_jobs(Scheduler(first, empty, job("last", required=empty)))
    assert arrows(scene) == {("first", "empty"): "", ("empty", "last"): ""}


def test_a_scenario_after_it_has_run(clock, scenario):
    scenario.orchestrate(clock, timeout=2.5)
    scene = scene_of_jobs(scenario)
    assert scene.subject == "run"
    assert boxes(scene, "state") == {
        "first": "done",
        "inner": "done",
        "left": "done",
        "right": "failed",
        "last": "stopped",
        "monitor": "stopped",
        "behind": "stopped",
    }
    assert boxes(scene, "note") | {"inner": ""} == {
        "first": "",
        "inner": "",
        "left": "",
        "right": "ValueError: no luck",
        "last": "cancelled",
        "monitor": "runs for ever, ended with the others",
        "behind": "had not begun",
    }
    assert boxes(scene, "value")["left"] == "'left'"
    assert boxes(scene, "order") == {
        "first": 1,
        "monitor": 2,
        "inner": 3,
        "left": 4,
        "right": 5,
        "last": 6,
        "behind": None,
    }
    assert boxes(scene, "about")["last"] == "critical, For jobs: sleep, and give the name, or raise."
    assert boxes(scene, "path")["left"] == ("inner", "left")
    assert arrows(scene)["last", "behind"] == ""
    assert arrows(scene)["first", "left"] == "used"
    assert [scene.boxes[step.box].label for step in scene.steps] == [
        "first",
        "monitor",
        "inner",
        "left",
        "right",
        "last",
    ]


@pytest.mark.parametrize("form", [name for name in WRITERS if name not in ("png", "pdf")])
@pytest.mark.parametrize("has_run", [False, True])
def test_a_scenario_in_every_format(clock, scenario, form, has_run):
    if has_run:
        scenario.orchestrate(clock)
    text = scenario.plot().render(form)
    for name in ("first", "left", "last"):
        assert name in text


def test_a_page_tells_more_of_each_job(clock, scenario):
    scenario.orchestrate(clock)
    data = json.loads(scenario.plot(format="json").render())
    keys = {box["label"]: box["key"] for box in data["boxes"]}
    details = {label: {head: text for head, _, text in data["details"][key]} for label, key in keys.items()}
    assert "async def sleep" in details["first"]["Source"]
    assert details["first"]["Result"] == "'first'"
    assert details["right"]["Error"].splitlines()[-1] == "ValueError: no luck"


def test_a_scenario_as_source_of_graphviz(clock, scenario, tmp_path):
    scenario.orchestrate(clock)
    path = scenario.save_as_dotfile(tmp_path / "scenario.dot")
    source = path.read_text()
    assert path == tmp_path / "scenario.dot"
    assert source.startswith('digraph "top" {')
    assert "subgraph cluster_" in source


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", ["scenario.dot", "scenario.txt", "scenario"])
def test_graphviz_understands_it(scenario, tmp_path, name):
    path = scenario.save_as_dotfile(tmp_path / name)
    done = subprocess.run(["dot", "-Tplain", path], capture_output=True, text=True, check=True)
    assert len([line for line in done.stdout.splitlines() if line.startswith("edge")]) == 5


def test_part_of_a_scenario(scenario):
    scene = scenario.plot(focus="first", around=1).drawing.scene
    assert set(boxes(scene, "label")) == {"first", "inner", "left", "right"}


def test_jobs_of_any_kind_are_drawn(clock):
    class Probe(AbstractJob):
        """Looks."""

        async def co_run(self):
            pass

    async def wait():
        pass

    coroutine = wait()
    scenario = Scheduler(Probe(), PrintJob("said"), Job(coroutine), Job(partial(wait)))
    page = scenario.plot().render("html")
    assert "Looks." in page
    scenario.close()

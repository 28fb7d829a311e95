"""What a picture holds, before it is drawn."""

import pickle

import pytest

import thalweg as tw
from tests.plotting.samples import body, ran, timed
from thalweg.errors import UnknownNodeError
from thalweg.plotting import scene_of
from thalweg.plotting.scene import spans_of
from thalweg.plotting.text import shorten


@pytest.fixture(scope="module")
def run():
    return scene_of(ran(), details=True)


def box(scene, path):
    (found,) = [each for each in scene.boxes.values() if "/".join(each.path) == path]
    return found


def arrow(scene, source, target):
    keys = box(scene, source).key, box(scene, target).key
    (found,) = [each for each in scene.arrows if (each.source, each.target) == keys]
    return found


def detail(scene, path, heading):
    return next(text for name, _, text in scene.details[box(scene, path).key] if name == heading)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("edge", "given"),
        ("gravity", "default"),
        ("shape/side", "given"),
        ("shape/volume", "computed"),
        ("density", "computed"),
        ("get density", "computed"),
        ("shape", "computed"),
        ("risky", "failed"),
        ("moon", "refused"),
        ("dear", "not needed"),
        ("lost", "waiting"),
        ("zeta", "waiting"),
        ("shape/ball", "waiting"),
    ],
)
def test_each_box_of_a_run_has_its_state(run, path, state):
    assert box(run, path).state == state


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("risky", 'ValueError: too <big> & "odd"; instead weight came from weigh'),
        ("moon", "its domain said no; instead weight came from weigh"),
        ("lost", "waits for zeta"),
        ("zeta", "nothing gives it"),
        ("shape/side", "from edge outside"),
    ],
)
def test_notes_say_why(run, path, note):
    assert box(run, path).note == note


def test_values_distances_and_the_order_of_calls_are_those_of_the_solution(run):
    solution = ran()
    for name, value in solution.items():
        assert box(run, name).value == shorten(value)
        assert box(run, name).distance == solution.distances[name]
    called = sorted((each for each in run.boxes.values() if each.order is not None), key=lambda each: each.order)
    assert ["/".join(each.path) for each in called] == solution.calls


@pytest.mark.parametrize(
    ("source", "target", "state"),
    [
        ("mass", "weigh", "used"),
        ("weigh", "weight", "used"),
        ("volume", "risky", "failed"),
        ("risky", "weight", "failed"),
        ("mass", "dear", "unused"),
        ("dear", "weight", "unused"),
        ("edge", "shape/side", "used"),
        ("radius", "shape/radius", "unused"),
    ],
)
def test_the_way_that_was_taken_is_marked(run, source, target, state):
    assert arrow(run, source, target).state == state


def test_steps_tell_the_run_call_by_call(run):
    assert [run.boxes[step.box].label for step in run.steps] == ["cube", "moon", "get density", "risky", "weigh"]
    assert run.steps[0].text == "cube gives volume = 8"
    assert {run.boxes[key].label for key in run.given} == {"edge", "mass", "gravity", "side"}
    everything = [*run.given, *(key for step in run.steps for key in step.gives)]
    assert sorted(everything) == sorted(each.key for each in run.boxes.values() if each.value)


def test_the_summary_says_what_was_called_and_what_failed(run):
    assert run.summary == (
        "12 data, 8 functions, 1 sub-dispatcher.",
        "4 of 8 functions were called.",
        "Failed: risky.",
        "Refused: moon.",
    )


def test_details_hold_source_docstring_traceback_and_alternatives(run):
    assert "raise ValueError" in detail(run, "risky", "Source")
    assert detail(run, "risky", "What it says of itself") == "Always fails."
    assert detail(run, "risky", "Error").startswith("Traceback")
    assert "dear: dearer, at distance" in detail(run, "weight", "Why not another way")
    assert detail(run, "gravity", "Unit") == "m/s2"
    assert detail(run, "gravity", "Description") == "Pull of the earth."


def test_what_is_wanted_is_marked_and_summed_up():
    scene = scene_of(body()({"mass": 2.0}, ["weight", "density"], raises=False))
    assert {each.label for each in scene.boxes.values() if each.is_wanted} == {"weight", "density"}
    assert "Wanted and had: weight = 19.62." in scene.summary
    assert "Wanted and not had: density." in scene.summary


def test_a_given_value_that_equals_its_default_is_still_given():
    solution = body()({"mass": 1.0, "gravity": 9.81}, ["weight"])
    assert box(scene_of(solution), "gravity").state == "given"


def test_a_default_that_nothing_took_is_not_needed():
    scene = scene_of(body()({"mass": 1.0, "edge": 1}, ["density"]))
    assert (box(scene, "gravity").state, box(scene, "gravity").note) == ("not needed", "its default was not used")


def test_a_plan_shows_what_will_be_called():
    plan = body().solve(["edge", "mass"], ["density"])
    scene = scene_of(plan)
    assert scene.subject == "plan"
    assert [scene.boxes[step.box].label for step in scene.steps] == ["cube", "get density"]
    assert (box(scene, "density").state, box(scene, "weigh").state) == ("planned", "not needed")
    assert arrow(scene, "get density", "density").state == "used"


def test_a_model_has_no_states():
    scene = scene_of(body())
    assert (scene.subject, {each.state for each in scene.boxes.values()}) == ("model", {""})
    assert box(scene, "gravity").about == "Pull of the earth. [m/s2]"
    assert box(scene, "risky").about == "Always fails."


def test_a_part_can_be_shown_alone():
    whole, part = ran(), scene_of(ran(), ["shape"])
    assert {each.label for each in part.boxes.values()} == {"side", "radius", "volume", "cube", "ball"}
    assert part.title == "shape"
    assert scene_of(whole.sub("shape")) == part


def test_an_unknown_part_is_refused_with_its_near_miss():
    with pytest.raises(UnknownNodeError, match="did you mean 'shape'"):
        scene_of(body(), ["shap"])


def test_a_collecting_datum_shows_all_that_contributed():
    dsp = tw.Dispatcher()
    dsp.add_data("mean", wait_inputs=True, function=lambda estimates: sum(estimates.values()) / len(estimates))
    dsp.add_function("one", lambda a: a + 1, ["a"], ["mean"])
    dsp.add_function("two", lambda a: a + 2, ["a"], ["mean"])
    dsp.add_function("none", lambda b: b, ["b"], ["mean"])
    scene = scene_of(dsp({"a": 1}))
    assert box(scene, "mean").value == "2.5"
    assert [arrow(scene, name, "mean").state for name in ("one", "two", "none")] == ["used", "used", "unused"]
    assert scene.steps[-1].gives == (box(scene, "mean").key,)


def test_a_wildcard_is_one_box():
    dsp = tw.Dispatcher()
    dsp.add_function("next", lambda a: a + 1, ["a"], ["b"])
    dsp.add_function("back", lambda b: b * 10, ["b"], ["a"])
    scene = scene_of(dsp({"a": 1}, ["a"], wildcard=True))
    assert [each.label for each in scene.boxes.values()] == ["a", "b", "next", "back"]
    assert box(scene, "a").value == "20"


def test_values_that_were_let_go_are_said_to_be():
    solution = body()({"edge": 2, "mass": 4.0}, ["density"], keep="outputs")
    assert box(scene_of(solution), "volume").value == "(let go)"


def test_a_function_without_outputs_and_one_without_inputs_are_drawn():
    dsp = tw.Dispatcher()
    dsp.add_function("make", lambda: 1, [], ["a"])
    dsp.add_function("show", lambda a: None, ["a"], [])
    scene = scene_of(dsp())
    assert [(each.label, each.state) for each in scene.boxes.values()] == [
        ("a", "computed"),
        ("make", "computed"),
        ("show", "computed"),
    ]


def test_a_closed_gate_is_a_refusal_of_the_sub_dispatcher():
    inner = tw.Dispatcher(name="inner")
    inner.add_function("f", lambda x: x, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(inner, {"a": "x"}, {"y": "b"}, dsp_id="inner", input_domain=lambda values: False)
    assert box(scene_of(dsp({"a": 1})), "inner").state == "refused"


def test_a_solution_that_was_pickled_is_drawn_without_sources():
    dsp = tw.Dispatcher(name="pickled")
    dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    solution = pickle.loads(pickle.dumps(dsp({"a": 2})))
    scene = scene_of(solution, details=True)
    assert (box(scene, "b").value, box(scene, "a").state) == ("4", "given")


def test_looking_changes_nothing():
    solution = ran()
    before = dict(solution), solution.calls, solution.distances
    for _ in range(2):
        scene_of(solution, details=True)
        solution.why_not("omega")
    assert (dict(solution), solution.calls, solution.distances) == before


def test_times_of_the_calls_are_laid_over_them():
    scene = scene_of(timed())
    assert [scene.boxes[span.box].label for span in scene.spans] == ["moon", "cube", "risky", "get density", "weigh"]
    assert scene.spans[0].start == 0
    assert box(scene, "shape/cube").seconds == pytest.approx(0.2)
    (risky,) = [span for span in scene.spans if span.box == box(scene, "risky").key]
    assert (risky.place, len(risky.tries), risky.tries[0][2]) == ("thread-2", 2, "ValueError")
    assert scene.summary[-1] == "The calls took 600 ms."


def test_without_times_there_are_none():
    assert spans_of(ran()) == []
    assert scene_of(ran()).spans == ()


def test_times_of_a_real_run_are_shown_at_every_level():
    solution = body()({"edge": 2, "mass": 4.0}, timeline=True)
    whole, part = scene_of(solution), scene_of(solution.sub("shape"))
    assert [whole.boxes[span.box].label for span in whole.spans] == [path.split("/")[-1] for path in solution.calls]
    assert [part.boxes[span.box].label for span in part.spans] == ["cube"]
    assert box(whole, "shape/cube").seconds == box(part, "shape/cube").seconds is not None


def test_what_came_about_on_a_way_that_was_given_up_is_not_needed():
    def broken(middle):
        raise ValueError

    dsp = tw.Dispatcher()
    dsp.add_function("first", lambda a: a, ["a"], ["middle"])
    dsp.add_function("second", broken, ["middle"], ["b"])
    dsp.add_function("other", lambda a: a, ["a"], ["b"], weight=9)
    solution = dsp({"a": 1}, ["b"])
    scene = scene_of(solution)
    assert "middle" not in solution
    assert box(scene, "middle").note == "came about, but nothing wanted rests on it"
    assert box(scene, "first").note == "called, but nothing wanted rests on it"

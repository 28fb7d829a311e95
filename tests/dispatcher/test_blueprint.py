"""Models written down first and built when they are needed."""

import pickle

import pytest

import thalweg as tw
from thalweg.errors import BuildError


def area(width, height):
    return width * height


@pytest.fixture
def plan():
    plan = tw.Blueprint(name="rectangle", raises=False)
    plan.add_data("height", 3, unit="m")
    plan.add_function("multiply", area, outputs=["area"])
    return plan


def test_it_builds_the_model_that_was_written_down(plan):
    dsp = plan.register()
    assert isinstance(dsp, tw.Dispatcher)
    assert (dsp.name, dsp.raises, list(dsp.nodes)) == ("rectangle", False, ["height", "width", "area", "multiply"])


def test_it_builds_the_model_once(plan):
    assert plan.register() is plan.register()


def test_it_builds_anew_what_was_written_down_later(plan):
    plan.register()
    plan.set_default_value("width", 2)
    assert plan.register()()["area"] == 6


def test_each_way_to_add_is_written_down():
    child = tw.Blueprint(name="child")
    child.add_func(abs, ["y"], inputs=["x"])
    other = tw.Dispatcher()
    other.add_function("g", lambda d: d + 1, ["d"], ["e"])
    plan = tw.Blueprint()
    plan.add_dispatcher(child, {"b": "x"}, {"y": "c"})
    plan.add_from_lists(data_list=[{"data_id": "a", "default_value": -2}])
    plan.extend(other)

    @plan.function(outputs=["b"])
    def double(a):
        return 2 * a

    @tw.add_function(plan, outputs=["d"])
    def add(c):
        return c + 1

    assert dict(plan()) == {"a": -2, "b": -4, "c": 4, "d": 5, "e": 6}


def test_writing_down_gives_the_blueprint(plan):
    assert plan.add_data("x").add_function("f", abs, ["x"], ["y"]).set_default_value("x", -1) is plan


def test_calling_it_dispatches_the_model(plan):
    assert plan({"width": 2}, ["area"])["area"] == 6


def test_writing_down_checks_nothing_and_building_does(plan):
    plan.add_function("f", area, weight=-1)
    with pytest.raises(BuildError, match="weight of 'f'"):
        plan.register()


def test_it_is_mounted_as_a_child(plan):
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(plan, ["width"], ["area"])
    assert dsp({"width": 4})["area"] == 12


def test_it_extends_another():
    first, second = tw.Blueprint(), tw.Blueprint()
    second.add_function("f", abs, ["a"], ["b"])
    first.extend(second)
    assert first({"a": -1})["b"] == 1


def test_it_is_a_model_as_a_function_too(plan):
    assert tw.SubDispatch(plan, ["area"], output_type="values")({"width": 2}) == 6


def test_what_is_done_to_one_model_is_not_done_to_the_next(plan):
    dsp = tw.Dispatcher().extend(plan)
    dsp.add_data("new")
    assert "new" not in plan.register().nodes


def test_it_pickles(plan):
    assert pickle.loads(pickle.dumps(plan))({"width": 2})["area"] == 6


def test_it_shows_how_many_steps_it_has(plan):
    assert repr(plan) == "<Blueprint of 2 steps>"


def test_it_is_known_by_its_other_name():
    assert tw.BlueDispatcher is tw.Blueprint

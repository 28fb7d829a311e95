"""Figures of when calls ran."""

import pytest

pytest.importorskip("matplotlib")

from tests.plotting.samples import ran, timed
from thalweg.errors import PlotError
from thalweg.plotting import critical_path, gantt, scene_of
from thalweg.plotting.gantt import critical_chain


def bars(figure):
    (axes,) = figure.axes
    return [(patch.get_x(), patch.get_width()) for patch in axes.patches if patch.get_fill()]


def names(figure):
    (axes,) = figure.axes
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_bar_for_each_call_by_its_start():
    figure = gantt(timed())
    assert names(figure) == [
        "moon  (thread-2)",
        "cube  (thread-1)",
        "risky  (thread-2)",
        "get density  (thread-1)",
        "weigh  (thread-2)",
    ]
    assert bars(figure)[2] == pytest.approx((200, 300))
    assert figure.axes[0].get_xlabel() == "time [ms]"


def test_without_times_calls_stand_in_their_order():
    figure = gantt(ran())
    assert names(figure) == ["cube", "moon", "get density", "risky", "weigh"]
    assert figure.axes[0].get_xlabel() == "order of calls"


def test_the_critical_path_goes_back_over_what_was_tried_in_vain():
    scene = scene_of(timed())
    assert [scene.boxes[span.box].label for span in critical_chain(scene)] == ["cube", "risky", "weigh"]


def test_without_times_the_critical_path_is_that_of_the_distances():
    scene = scene_of(ran())
    chain = critical_chain(scene)
    assert chain[-1].end == max(ran().distances.values())
    assert critical_path(ran()).axes[0].get_xlabel() == "distance"


def test_figures_can_be_saved(tmp_path):
    for number, figure in enumerate([gantt(timed(), theme="dark"), critical_path(timed())]):
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 1000


def test_an_unknown_theme_is_refused():
    with pytest.raises(PlotError, match="choose from light, dark"):
        gantt(ran(), theme="pink")

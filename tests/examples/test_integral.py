"""The example of areas: they are right, made of as few pieces as are needed, and the same wherever they are made."""

import math

import pytest

from thalweg.tasks import TaskError


@pytest.fixture(scope="module")
def model(example):
    return example("integral").model


@pytest.mark.parametrize("executor", ["sync", "threads"])
@pytest.mark.parametrize(
    ("curve", "exact"),
    [(math.exp, math.e - 1), (math.cos, math.sin(1)), (lambda x: x**3, 0.25)],
    ids=["exp", "cos", "cube"],
)
def test_areas_are_right_and_the_plain_call_gives_the_same(model, executor, curve, exact):
    integral = model.Integral(curve, 1e-9)
    area, pieces = integral.entrypoint.using(executor).run(0.0, 1.0)
    assert area == pytest.approx(exact, abs=1e-8)
    assert (area, pieces) == integral.entrypoint(0.0, 1.0)


def test_a_parabola_needs_no_more_pieces_than_it_was_begun_with(model):
    assert model.Integral(lambda x: 3 * x * x, 1e-12).entrypoint.run(0.0, 2.0, pieces=3) == (pytest.approx(8.0), 3)


def test_a_peak_has_its_pieces_where_it_is(model):
    integral = model.Integral(model.peak, 1e-6)
    left, right = integral.area.run(0.0, 0.5), integral.area.run(0.5, 1.0)
    assert left[1] > 5 * right[1]


def test_what_is_not_there_is_said(model, tmp_path):
    integral = model.Integral(model.Recorded(str(tmp_path / "none")), 1e-6)
    assert integral.entrypoint.run(0.0, 0.5)[0] == pytest.approx(1 - math.exp(-0.5))
    with pytest.raises(TaskError, match=r"the measurements beyond 0\.5 are not there yet"):
        integral.entrypoint.run(0.0, 1.0)

"""What a type checker knows of a user's model. mypy reads this file; nothing runs it."""

from collections.abc import Callable, Hashable
from typing import Any, assert_type

import thalweg as tw

dsp = tw.Dispatcher(name="typed")


@dsp.function(outputs=["area"])
def surface(width: float, height: float) -> float:
    return width * height


def a_function_of_the_model_keeps_its_type() -> None:
    assert_type(surface(2.0, 3.0), float)
    surface("2", 3.0)  # type: ignore[arg-type]


def ids_are_anything_hashable() -> None:
    assert_type(dsp.add_data("width", default_value=1.0), Hashable)
    dsp.add_data(("width", 1))
    dsp.add_function("volume", lambda area, height: area * height, ["area", "height"], ["volume"])
    dsp.add_function("volume", inputs=12)  # type: ignore[arg-type]


def a_plan_says_what_will_be_called() -> None:
    plan = dsp.solve(["width", "height"], ["area"])
    assert_type(plan, tw.Plan)
    assert_type(plan.calls, list[str])
    assert_type(plan.distances, dict[Hashable, float])


def a_solution_is_a_mapping_and_more(solution: tw.Solution) -> None:
    assert_type(solution["area"], Any)
    assert_type(solution.calls, list[str])
    assert_type(solution.distances, dict[Hashable, float])
    assert_type([path for path, failure in solution.errors.items() if isinstance(failure.error, ValueError)], list[str])
    solution["area"] = 1.0  # type: ignore[index]


def dispatching_can_be_passed_on(ask: Callable[..., Any] = dsp) -> None:
    ask({"width": 1.0}, outputs=["area"])

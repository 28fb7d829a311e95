"""Models said without any library, so that every competitor is given the same one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Step:
    """One function node with one output."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    output: str
    weight: float = 0


@dataclass(frozen=True, slots=True)
class Model:
    """Function nodes, what is given, and what may be asked for."""

    name: str
    steps: list[Step]
    given: dict[str, Any]
    wanted: list[str] = field(default_factory=list)

    def computed(self) -> list[str]:
        """All data that functions compute, each once, in order of addition."""
        return list(dict.fromkeys(step.output for step in self.steps))


def one(x: Any) -> Any:
    return x


def three(x: Any, y: Any, z: Any) -> Any:  # noqa: ARG001 - it stands for any function of three inputs
    return x


def chain(size: int) -> Model:
    """``size`` functions, each fed by the one before."""
    steps = [Step(f"f{i}", one, (f"d{i}",), f"d{i + 1}") for i in range(size)]
    return Model("chain", steps, {"d0": 1}, [f"d{size}"])


def fan_out(size: int) -> Model:
    """``size`` functions, all fed by one datum."""
    steps = [Step(f"f{i}", one, ("d0",), f"e{i}") for i in range(size)]
    return Model("fan-out", steps, {"d0": 1}, [step.output for step in steps])


def layered(size: int, width: int = 50, seed: int = 7) -> Model:
    """``size`` functions in layers of ``width``, each of three inputs drawn from the layer before."""
    draw = random.Random(seed)
    before = [f"d0_{i}" for i in range(width)]
    given = dict.fromkeys(before, 1)
    steps: list[Step] = []
    layer = 0
    while len(steps) < size:
        layer += 1
        here = [f"d{layer}_{i}" for i in range(min(width, size - len(steps)))]
        steps += [Step(f"f{name[1:]}", three, tuple(draw.sample(before, 3)), name) for name in here]
        # A short last layer still has three data to draw from, because only full layers are drawn from.
        before = here
    return Model("layered", steps, only_used(given, steps), before)


def only_used(given: dict[str, Any], steps: list[Step]) -> dict[str, Any]:
    """Without the data that no function takes: a model does not know them."""
    taken = {name for step in steps for name in step.inputs}
    return {name: value for name, value in given.items() if name in taken}


SHAPES: dict[str, Callable[[int], Model]] = {"chain": chain, "fan-out": fan_out, "layered": layered}

"""An own small solver, written apart from the library: what is needed, and what the naive way costs.

Distances are those of the default objective: a function stands at the farthest of its inputs, one arc on, plus its
weight; a datum at its nearest provider, one arc on; of equal providers the one added first.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from benchmarks.models import Model, Step

Solved = tuple[dict[str, float], dict[str, int]]


class Naive:
    """Solve; call in order; at a failure remove the function and solve everything again."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.consumers: dict[str, list[int]] = {}
        for index, step in enumerate(model.steps):
            for name in set(step.inputs):
                self.consumers.setdefault(name, []).append(index)

    def solve(self, removed: Collection[int] = ()) -> Solved:
        """Distances of the data, and the index of the step that provides each."""
        steps, distances, providers = self.model.steps, dict.fromkeys(self.model.given, 0.0), {}
        waits = [len(set(step.inputs)) for step in steps]
        heap: list[tuple[float, int]] = []
        news: list[str] = list(distances)
        while True:
            for name in news:
                for index in self.consumers.get(name, ()):
                    waits[index] -= 1
                    if waits[index] == 0 and index not in removed:
                        # Data are settled in order of distance, so the last input is the farthest.
                        heapq.heappush(heap, (distances[name] + 1 + steps[index].weight + 1, index))
            news = []
            while heap and not news:
                distance, index = heapq.heappop(heap)
                if (output := steps[index].output) not in distances:
                    distances[output], providers[output] = distance, index
                    news.append(output)
            if not news:
                return distances, providers

    def dispatch(self, wanted: Iterable[str] | None = None) -> tuple[dict[str, Any], set[int]]:
        """The values, by the naive way, and the steps that failed."""
        steps, values, removed = self.model.steps, dict(self.model.given), set[int]()
        while True:
            _, providers = self.solve(removed)
            chosen = needed(steps, providers, wanted) if wanted is not None else list(providers.values())
            for index in chosen:
                step = steps[index]
                if step.output in values:
                    continue
                try:
                    values[step.output] = step.function(*[values[name] for name in step.inputs])
                except ArithmeticError:
                    removed.add(index)
                    break
            else:
                return values, removed


def needed(steps: list[Step], providers: dict[str, int], wanted: Iterable[str]) -> list[int]:
    """The steps on the chosen derivations of ``wanted``, in an order in which they can be called."""
    seen: set[int] = set()
    stack = [name for name in wanted if name in providers]
    while stack:
        index = providers[stack.pop()]
        if index not in seen:
            seen.add(index)
            stack += [name for name in steps[index].inputs if name in providers]
    return [index for index in providers.values() if index in seen]

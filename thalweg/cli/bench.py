"""``thalweg bench``: how long a model takes for an answer, and on what.

Everything is measured in turn, round by round, so that whatever slows the machine meets all alike; of each the median
is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from inspect import iscoroutinefunction
from statistics import median
from time import perf_counter
from typing import Any

from ..dispatcher import Dispatcher, Solution
from ..dispatcher.flatten import flatten
from ..dispatcher.plan import make_plan, path_text
from ..errors import BuildError
from .asking import add_question, tell_failures
from .codes import Exit
from .options import add_manner, add_model, describe, given_values, model_of, positive, seconds
from .progress import counting
from .telling import print_json, print_lines, say

__all__ = ["add"]

_SAMPLE_SECONDS = 0.001  # what is quicker is repeated, for a clock cannot tell it
_LEAST_ROUNDS, _MOST_ROUNDS = 3, 1000
_LISTED = 20  # functions that are shown to people
_MEANINGS = {
    "flatten": "the model is made flat, once for each version of it",
    "search": "the cheapest way is found",
    "first dispatch": "all of it: flatten, search and calls",
    "dispatch": "asked again, with the plan at hand",
    "compiled": "as a plain function",
    "functions": "the calls alone, one after the other",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg bench``."""
    describe(
        parser,
        "The functions are called many times. The medians of some rounds are told, as many as fit into --seconds.",
        example="""
            $ thalweg bench thalweg.cli.river -i width=12 -i depth=1.5 -i speed=0.5 -o flow --seconds 0.2 -q
            flatten         ... us  the model is made flat, once for each version of it
            search          ... us  the cheapest way is found
            first dispatch  ... us  all of it: flatten, search and calls
            dispatch        ... us  asked again, with the plan at hand
            compiled        ... us  as a plain function
            functions       ... us  the calls alone, one after the other
              section          ... us
              flow from speed  ... us
            medians of ... rounds
        """,
    )
    add_model(parser)
    add_question(parser)
    parser.add_argument("--seconds", metavar="S", type=seconds, default=1.0, help="how long to measure (default: 1)")
    parser.add_argument("--rounds", metavar="N", type=positive, help="measure so often, however long that takes")
    add_manner(parser, as_json='{"rounds": N, "seconds": {...}, "functions": {...}, "calls": [...]}')
    parser.set_defaults(action=bench)


def bench(chosen: argparse.Namespace) -> Exit:
    """Measure how long a model takes."""
    with model_of(chosen) as dsp:
        bench_of = _Bench(chosen, dsp, given_values(chosen))
        tell_failures(chosen, bench_of.first)
        with counting(chosen, dsp.name or "bench", "rounds", chosen.rounds) as more:
            for _ in bench_of.rounds(chosen):
                more(1)
    if chosen.json:
        told = {"rounds": bench_of.count, "seconds": bench_of.medians(), "functions": bench_of.functions()}
        print_json(told | {"calls": bench_of.first.calls})
        return Exit.WELL
    if bench_of.remark and not chosen.quiet:
        say(bench_of.remark)
    print_lines(bench_of.lines())
    return Exit.WELL


class _Bench:
    """Cases, and the times that they took."""

    def __init__(self, chosen: argparse.Namespace, dsp: Dispatcher, inputs: dict[Hashable, Any]) -> None:
        self.dsp = dsp
        self.inputs = inputs
        self.outputs = chosen.outputs
        self.options = {"executor": chosen.executor, "timeout": chosen.timeout, "objective": chosen.objective}
        self.first = dsp.dispatch(inputs, chosen.outputs, raises="unreachable", **self.options)
        self.cases: dict[str, Callable[[], object]] = {}
        self.by_hand = dict(_functions(self.first))
        self.loops: dict[str, int] = {}
        self.remark = ""
        self.times: dict[str, list[float]] = {}
        self.calls: dict[str, list[float]] = {}
        self.count = 0
        self._add_cases(chosen.objective)

    def _add_cases(self, objective: str) -> None:
        network, given = self.dsp.make_network(), dict.fromkeys(self.inputs, 0.0)
        self.cases["flatten"] = lambda: flatten(self.dsp)
        self.cases["search"] = lambda: make_plan(network, given, self.outputs, objective=objective)
        self.cases["dispatch"] = lambda: self.dsp.dispatch(self.inputs, self.outputs, **self.options)
        wanted = [name for name in self.first if name not in self.inputs] if self.outputs is None else self.outputs
        try:
            compiled = self.dsp.compile(list(self.inputs), wanted)
        except BuildError as error:
            self.remark = f"it cannot be compiled: {error}"
            return
        if iscoroutinefunction(compiled.__wrapped__):
            self.remark = "compiled, it is a coroutine function; that is not measured"
            return
        values = list(self.inputs.values())
        self.cases["compiled"] = lambda: compiled(*values)

    def rounds(self, chosen: argparse.Namespace) -> Iterator[int]:
        """Measure round by round, as long or as often as is wanted."""
        end = perf_counter() + chosen.seconds
        for number in range(1, (chosen.rounds or _MOST_ROUNDS) + 1):
            for name, case in self.cases.items():
                self.times.setdefault(name, []).append(self._sample(name, case))
            twin = self.dsp.copy()  # which knows of no plan, and was never flat
            start = perf_counter()
            twin.dispatch(self.inputs, self.outputs, **self.options)
            self.times.setdefault("first dispatch", []).append(perf_counter() - start)
            for path, call in self.by_hand.items():
                self.calls.setdefault(path, []).append(self._sample(f"/{path}", call))
            self.count = number
            yield number
            if chosen.rounds is None and number >= _LEAST_ROUNDS and perf_counter() >= end:
                return

    def _sample(self, name: str, case: Callable[[], object]) -> float:
        """Seconds that a case takes once."""
        loops = self.loops.get(name)
        start = perf_counter()
        if loops is None:
            case()
            took = perf_counter() - start
            loops = self.loops[name] = max(1, round(_SAMPLE_SECONDS / max(took, 1e-9)))
            start = perf_counter()
        for _ in range(loops):
            case()
        return (perf_counter() - start) / loops

    def medians(self) -> dict[str, float | None]:
        """Median of each case [s]; None for what could not be measured."""
        functions = self.functions()
        found: dict[str, float | None] = {
            name: median(self.times[name]) if name in self.times else None for name in _MEANINGS
        }
        return found | {"functions": sum(functions.values())}

    def functions(self) -> dict[str, float]:
        """Median of each function, the slowest first [s]."""
        medians = {path: median(times) for path, times in self.calls.items()}
        return dict(sorted(medians.items(), key=lambda item: -item[1]))

    def lines(self) -> Iterator[str]:
        """The same for people."""
        for name, took in self.medians().items():
            if took is not None:
                yield f"{name:<14}  {_time(took)}  {_MEANINGS[name]}"
        functions = list(self.functions().items())
        width = max((len(path) for path, _ in functions[:_LISTED]), default=0)
        for path, took in functions[:_LISTED]:
            yield f"  {path:<{width}}  {_time(took)}"
        if len(functions) > _LISTED:
            yield f"  and {len(functions) - _LISTED} quicker ones"
        yield f"medians of {self.count} rounds"


def _functions(solution: Solution) -> Iterator[tuple[str, Callable[[], object]]]:
    """The functions of a run with the arguments that they had; not those that failed, or that are to be awaited."""
    record = solution.record
    network, values = record.network, record.values
    failed = {failure.function for failure in record.failures}
    for f in record.calls:
        if f not in failed and f not in network.coroutines:
            arguments = [values[x] for x in network.arguments[f]]
            yield path_text(network.function_path(f)), partial(network.records[f].function, *arguments)


def _time(took: float) -> str:
    """A time for people."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if took >= size:
            return f"{took / size:6.4g} {unit}".rjust(10)
    return f"{took * 1e6:6.3g} us".rjust(10)

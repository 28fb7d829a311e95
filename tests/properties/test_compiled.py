"""A compiled model gives what a dispatch gives, by the same calls, whatever fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from hypothesis import assume, given

import thalweg as tw
from tests.properties import models
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import Style, cases
from tests.properties.test_replay import TURNS, values

# What a compiled function cannot be asked.
STYLE = Style(wanted=True, wildcards=False, objectives=("span",))


def is_askable(case: Case) -> bool:
    """Is every distance of what is given 0?"""
    return not any(distance for _, distance in case.question.given)


def dispatched(case: Case, turn: int) -> Any:
    """What a dispatch of a model that was never run gives, and the calls that it made."""
    log = models.Log()
    dsp = models.build(case.model, log)
    names, outputs = models.asked(case)
    plan = dsp.solve(names, outputs)
    try:
        solution = dsp.run(plan, values(case, turn))
    except tw.errors.DispatchError as error:
        return log.calls, type(error), str(error)
    return log.calls, [solution[name] for name in outputs]


def compiled(log: models.Log, function: Any, given_: dict[str, Any]) -> Any:
    """What a compiled function gives, and the calls that it made."""
    log.calls = []
    try:
        found = function(*given_.values())
        if asyncio.iscoroutinefunction(function):
            found = asyncio.run(found)
    except tw.errors.DispatchError as error:
        return log.calls, type(error), str(error)
    return log.calls, list(found) if len(function.outputs) > 1 else [found]


def make(case: Case, log: models.Log, **options: Any) -> Any:
    """The function, or why there is none."""
    dsp = models.build(case.model, log)
    names, outputs = models.asked(case)
    try:
        return dsp.compile(names, outputs, **options)
    except tw.errors.UnreachableError as error:
        return log.calls, type(error), str(error)


@given(cases(STYLE), TURNS)
def test_a_compiled_model_gives_what_a_dispatch_gives(case, turns):
    assume(is_askable(case) and not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    function = make(case, log)
    if isinstance(function, tuple):
        assert function == dispatched(case, 0)
        return
    for turn in turns:
        assert compiled(log, function, values(case, turn)) == dispatched(case, turn)


@given(cases(STYLE), TURNS)
def test_what_is_fixed_gives_what_it_gives_when_it_is_given(case, turns):
    assume(is_askable(case) and case.question.given and not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    dsp = models.build(case.model, log)
    names, outputs = models.asked(case)
    fixed = next(iter(names))
    rest = [name for name in names if name != fixed]
    for turn in turns:
        given_ = values(case, turn)
        value = given_.pop(fixed)
        try:
            function = dsp.compile(rest, outputs, constants={fixed: value})
        except tw.errors.UnreachableError as error:
            found: Any = type(error), str(error)
        else:
            _, *found = compiled(log, function, given_)
        assert list(found) == list(dispatched(case, turn)[1:])


def await_some(dsp: Any) -> None:
    """Make every other function, in all levels, a coroutine function."""
    stack, seen = [dsp], set()
    while stack:
        level = stack.pop()
        if id(level) in seen:
            continue
        seen.add(id(level))
        for number, node in enumerate(level.function_nodes.values()):
            if number % 2 == 0:
                level.put_node(replace(node, function=Awaited(node.function).call))
        stack += level.mounted


class Awaited:
    def __init__(self, function: Any) -> None:
        self.function = function

    async def call(self, *args: Any) -> Any:
        await asyncio.sleep(0)
        return self.function(*args)


@given(cases(STYLE), TURNS)
def test_awaited_functions_give_what_others_give(case, turns):
    assume(is_askable(case) and not Network(case.model, case.question).has_gate_in_circle())
    log = models.Log()
    dsp = models.build(case.model, log)
    await_some(dsp)
    names, outputs = models.asked(case)
    try:
        function = dsp.compile(names, outputs)
    except tw.errors.UnreachableError:
        return
    for turn in turns:
        assert compiled(log, function, values(case, turn)) == dispatched(case, turn)

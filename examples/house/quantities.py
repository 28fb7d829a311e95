"""What the parts of the house have in common: how a datum is described, and how an equation is added."""

from collections.abc import Callable, Mapping
from typing import Any

import thalweg as tw

ASSUMED = 20.0  # distance of what is only assumed: it gives way to whatever can be computed nearer than that

Quantities = Mapping[str, tuple[str, str]]  # name: unit, what it is


def describe(dsp: tw.Dispatcher, quantities: Quantities) -> None:
    """Add the data of a part with their units."""
    for name, (unit, text) in quantities.items():
        dsp.add_data(name, unit=unit, description=text)


def assume(dsp: tw.Dispatcher, **values: float) -> None:
    """Add usual values, for those who do not know better."""
    for name, value in values.items():
        dsp.set_default_value(name, value, initial_dist=ASSUMED)


def product(dsp: tw.Dispatcher, whole: str, first: str, second: str) -> None:
    """Add `whole = first * second`, solved for each of the three."""
    dsp.add_function(f"{first} x {second}", lambda a, b: a * b, [first, second], [whole])
    dsp.add_function(f"{whole} / {second}", divide, [whole, second], [first], input_domain=not_by_zero)
    dsp.add_function(f"{whole} / {first}", divide, [whole, first], [second], input_domain=not_by_zero)


def total(dsp: tw.Dispatcher, whole: str, *parts: str) -> None:
    """Add `whole = sum of parts`, solved for each of them."""
    dsp.add_function(f"sum to {whole}", lambda *values: sum(values), parts, [whole])
    for part in parts:
        others = [name for name in parts if name != part]
        dsp.add_function(f"{part} is left of {whole}", lambda a, *taken: a - sum(taken), [whole, *others], [part])


def either_way(
    dsp: tw.Dispatcher, one: str, forth: Callable[[Any], Any], other: str, back: Callable[[Any], Any]
) -> None:
    """Add `other = forth(one)` and `one = back(other)`."""
    dsp.add_function(f"{other} from {one}", forth, [one], [other])
    dsp.add_function(f"{one} from {other}", back, [other], [one])


def divide(a: float, b: float) -> float:
    return a / b


def not_by_zero(_: float, b: float) -> bool:
    return b != 0

"""Units of length, time and speed, and of temperature: each from each, by the few conversions that define them.

A conversion is written down once, as it is defined, and gives two functions, there and back. Nobody writes down how
to get from furlongs a fortnight to knots: the model finds the way. All numbers are fractions, so a way there and back
gives what it began with, to the last digit.

Definitions: the inch, the yard's parts and the mile as agreed in 1959 (exact); the nautical mile of 1929 (exact);
kelvin, Celsius, Fahrenheit and Rankine as in the SI brochure and NIST SP 811.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import thalweg as tw

# unit, how many make one of it, of which unit
FACTORS = [
    ("km", 1000, "m"),
    ("m", 100, "cm"),
    ("cm", 10, "mm"),
    ("inch", "25.4", "mm"),
    ("foot", 12, "inch"),
    ("yard", 3, "foot"),
    ("furlong", 220, "yard"),
    ("mile", 8, "furlong"),
    ("nautical mile", 1852, "m"),
    ("fortnight", 14, "day"),
    ("day", 24, "hour"),
    ("hour", 60, "minute"),
    ("minute", 60, "second"),
]

# speed, length, time
SPEEDS = [
    ("m/s", "m", "second"),
    ("km/h", "km", "hour"),
    ("mph", "mile", "hour"),
    ("knot", "nautical mile", "hour"),
    ("furlong/fortnight", "furlong", "fortnight"),
]

# scale, how many degrees of the other one make one of it, the other, and what that shows when this one shows 0
SCALES = [
    ("°C", 1, "K", "273.15"),
    ("°F", 1, "°R", "459.67"),
    ("°R", "5/9", "K", 0),
]


def scaled(factor: Fraction, offset: Fraction, value: Fraction) -> Fraction:
    return value * factor + offset


def quotient(length: Fraction, time: Fraction) -> Fraction:
    return length / time


def product(speed: Fraction, time: Fraction) -> Fraction:
    return speed * time


def there_and_back(dsp: tw.Dispatcher, unit: str, factor: Fraction, other: str, offset: Fraction) -> None:
    """Add the conversion of `unit` to `other`, and its inverse."""
    forth: Callable[[Fraction], Fraction] = partial(scaled, factor, offset)
    back: Callable[[Fraction], Fraction] = partial(scaled, 1 / factor, -offset / factor)
    dsp.add_function(f"{unit} to {other}", forth, [unit], [other])
    dsp.add_function(f"{other} to {unit}", back, [other], [unit])


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="units", description="Each unit from each")
    for unit, factor, other in FACTORS:
        there_and_back(dsp, unit, Fraction(factor), other, Fraction(0))
    for unit, factor, other, offset in SCALES:
        there_and_back(dsp, unit, Fraction(factor), other, Fraction(offset))
    for speed, length, time in SPEEDS:
        dsp.add_function(f"{length} / {time}", quotient, [length, time], [speed])
        dsp.add_function(f"{speed} x {time}", product, [speed, time], [length])
        dsp.add_function(f"{length} / {speed}", quotient, [length, speed], [time])
    return dsp


dsp = build()

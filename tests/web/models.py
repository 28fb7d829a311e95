"""Models that are served, and how they are asked."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import threading
from typing import Annotated, Literal

import httpx
import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le

import thalweg as tw


def air():
    dsp = tw.Dispatcher(name="air")

    @dsp.function(outputs=["density"])
    def gas_law(pressure: float, temperature: float) -> float:
        return pressure / temperature

    dsp.set_default_value("pressure", 100.0)
    return dsp


def body():
    """Two ways to a mass, one of which fails; a function for its effect; a model within."""
    dsp = tw.Dispatcher(name="body", description="What a body weighs")
    dsp.add_data("volume", unit="m3", description="how much room it takes")
    dsp.add_data("g", 10.0)

    @dsp.function(outputs=["mass"])
    def measure(scale: float) -> float:
        return 1000.0 / scale

    @dsp.function(outputs=["mass"], weight=5)
    def estimate(volume: float) -> float:
        return volume * 2

    @dsp.function(outputs=["weight"])
    def weigh(mass: float, g: float) -> float:
        return mass * g

    @dsp.function(outputs=["least", "most"], input_domain=lambda mass: mass > 0)
    def bounds(mass: float) -> tuple[float, float]:
        return mass - 1, mass + 1

    @dsp.function()
    def announce(weight: float) -> None:
        announced.append(weight)

    dsp.add_dispatcher(air(), {"temperature": "temperature"}, {"density": "density"})
    return dsp


announced: list[float] = []


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: float
    y: float


Positive = Annotated[float, Gt(0)]


def kinds():
    """One function for each kind of value; whatever fits the schema is answered."""
    dsp = tw.Dispatcher(name="kinds")

    @dsp.function(outputs=["length"], function_id="measure point")
    def measure_point(point: Point) -> float:
        return float(np.hypot(point.x, point.y))

    @dsp.function(outputs=["later"], function_id="add days")
    def add_days(day: datetime.date, days: Annotated[int, Ge(-500), Le(500)]) -> str:
        return f"{day} and {days}"

    @dsp.function(outputs=["twice"], function_id="double array")
    def double_array(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return array * 2

    @dsp.function(outputs=["root"], function_id="take root")
    def take_root(number: Positive) -> float:
        return float(number) ** 0.5

    @dsp.function(outputs=["mixed"], function_id="mix")
    def mix(colour: Colour, side: Literal["left", "right"], note: str | None, flags: list[bool]) -> dict[str, str]:
        return {"colour": colour.value, "side": side, "note": str(note), "flags": str(flags)}

    defaults = {
        "point": Point(3, 4),
        "day": datetime.date(2026, 1, 31),
        "days": 1,
        "array": np.arange(2.0),
        "number": 4.0,
        "colour": Colour.RED,
        "side": "left",
        "note": None,
        "flags": [True],
    }
    for name, value in defaults.items():
        dsp.set_default_value(name, value)
    return dsp


def client_of(application, **options):
    """Ask an application without a network, as from this machine."""
    options = {"base_url": "http://127.0.0.1:5000", **options}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application, raise_app_exceptions=False), **options)


def ask(application, path, question=None, method="POST", **options):
    """One request, answered."""

    async def one():
        client = {name: options.pop(name) for name in ("base_url",) if name in options}
        async with client_of(application, **client) as asking:
            if question is not None:
                options["json"] = question
            return await asking.request(method, path, **options)

    return asyncio.run(one())


def problem(response, status, kind):
    """The problem details of a response, which must be of this kind."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert (told["status"], told["type"]) == (status, f"urn:thalweg:problem:{kind}")
    return told


class Work:
    """A model whose only function can be held, and says when it has begun."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.dsp = tw.Dispatcher(name="work")
        self.dsp.add_function("f", self.work, ["x"], ["y"])

    def work(self, x):
        self.begun.release()
        assert self.may_end.wait(30)
        return x

    async def until_begun(self, count=1):
        for _ in range(count):
            assert await asyncio.to_thread(self.begun.acquire, timeout=30)

"""Models that the tests of pictures share."""

from dataclasses import dataclass

import thalweg as tw


def risky(volume):
    """Always fails."""
    raise ValueError('too <big> & "odd"')


def body():
    """A model in which everything happens: a nested model, a default, a failure, a refusal, something missing."""
    shape = tw.Dispatcher(name="shape")
    shape.add_function("cube", lambda side: side**3, ["side"], ["volume"])
    shape.add_function("ball", lambda radius: 4 * radius**3, ["radius"], ["volume"])
    dsp = tw.Dispatcher(name="body")
    dsp.add_dispatcher(shape, {"edge": "side", "radius": "radius"}, {"volume": "volume"}, dsp_id="shape")
    dsp.add_function("get density", lambda mass, volume: mass / volume, ["mass", "volume"], ["density"])
    dsp.add_function("risky", risky, ["volume"], ["weight"])
    dsp.add_function("weigh", lambda mass, gravity: mass * gravity, ["mass", "gravity"], ["weight"], weight=5)
    dsp.add_function("moon", lambda mass: mass, ["mass"], ["weight"], weight=1, input_domain=lambda mass: mass < 0)
    dsp.add_function("dear", lambda mass: mass, ["mass"], ["weight"], weight=50)
    dsp.add_data("gravity", 9.81, unit="m/s2", description="Pull of the earth.")
    dsp.add_function("lost", lambda zeta: zeta, ["zeta"], ["omega"])
    return dsp


def ran():
    """A run of it."""
    return body()({"edge": 2, "mass": 4.0})


@dataclass(frozen=True)
class Row:
    """A row of a timeline, as solutions give them."""

    path: str
    start: float
    end: float
    place: str
    tries: tuple = ()


class Timed(tw.Solution):
    """A solution whose times were kept."""

    def timeline(self):
        lost = ValueError("lost")
        return [
            Row("weigh", 10.5, 10.6, "thread-2"),
            Row("shape/cube", 10.0, 10.2, "thread-1"),
            Row("moon", 10.0, 10.01, "thread-2"),
            Row("get density", 10.21, 10.3, "thread-1"),
            Row("risky", 10.2, 10.5, "thread-2", ((1, 10.2, 10.3, lost), (2, 10.35, 10.5, lost))),
        ]


def timed():
    """The run with hand-made times."""
    return Timed(ran().record)


def random_model(functions, seed=4):
    """Functions of three inputs drawn from all data, so that nearly everything hangs together in circles."""
    import random

    draw = random.Random(seed)
    dsp = tw.Dispatcher(name="random")
    names = [f"x{number}" for number in range(int(functions * 0.9) + 5)]
    for number in range(functions):
        *taken, given = draw.sample(names, 4)
        dsp.add_function(f"f{number}", lambda *values: 1, taken, [given])
    return dsp

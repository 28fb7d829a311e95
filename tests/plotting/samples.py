"""Models that the tests of pictures share."""

import thalweg as tw
from thalweg.dispatcher.timeline import TimedCall, Try


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


class Timed(tw.Solution):
    """A solution with times that are the same each time."""

    def timeline(self):
        lost = [Try(1, 10.2, 10.3, "thread-1", "ValueError"), Try(2, 10.35, 10.5, "thread-2", "ValueError")]
        return [
            row("weigh", 10.5, 10.6, "thread-2"),
            row("shape/cube", 10.0, 10.2, "thread-1"),
            row("moon", 10.0, 10.01, "thread-2"),
            row("get density", 10.21, 10.3, "thread-1"),
            TimedCall("risky", 10.2, 10.5, "thread-2", tuple(lost)),
        ]


def row(path, start, end, place):
    """A call that went well at once."""
    return TimedCall(path, start, end, place, (Try(1, start, end, place, None),))


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

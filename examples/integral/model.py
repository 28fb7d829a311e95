"""The area below a curve, by pieces that are halved where the curve is not smooth enough: a flow of tasks.

How many calls there are nobody knows before: each piece looks at its curve, and asks for its two halves if it has to.
"""

from collections.abc import Callable
from math import exp, sin, sqrt
from pathlib import Path

from thalweg.tasks import Flow, task

Piece = tuple[float, int]  # its area, and the number of pieces that it was made of


def peak(x: float) -> float:
    """Give a curve with a narrow peak at 0.3, as in a spectrum."""
    return 1.0 / ((x - 0.3) ** 2 + 0.0001)


def root(x: float) -> float:
    """Give a curve that is steep without end at 0."""
    return sqrt(x)


def waves(x: float) -> float:
    """Give waves that become shorter."""
    return sin(x * x)


class Recorded:
    """A curve that was measured: it is there when its file is."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __call__(self, x: float) -> float:
        """Give what was measured at one point."""
        if x > 0.5 and not Path(self.file).exists():
            raise FileNotFoundError("the measurements beyond 0.5 are not there yet")
        return exp(-x)


class Integral(Flow):
    """The area below one curve.

    Parameters
    ----------
    curve : callable
    tolerance : float
        How far the halves of a piece may be off the whole.
    """

    def __init__(self, curve: Callable[[float], float], tolerance: float) -> None:
        self.curve = curve
        self.tolerance = tolerance

    @task
    def entrypoint(self, low: float, high: float, pieces: int = 4) -> Piece:
        """Give the area between two ends."""
        width = (high - low) / pieces
        return self.together([self.area(low + i * width, low + (i + 1) * width) for i in range(pieces)])

    @task
    def area(self, low: float, high: float) -> Piece:
        """Give the area of one piece, or have it made of two."""
        middle = (low + high) / 2
        left, right = self.parabola(low, middle), self.parabola(middle, high)
        if abs(left + right - self.parabola(low, high)) < self.tolerance * (high - low):
            return left + right, 1
        return self.together([self.area(low, middle), self.area(middle, high)])

    def parabola(self, low: float, high: float) -> float:
        """Give the area below a parabola through three points of the curve: no task, it is made where it is called."""
        return (high - low) / 6 * (self.curve(low) + 4 * self.curve((low + high) / 2) + self.curve(high))

    @task
    def together(self, pieces: list[Piece]) -> Piece:
        """Give the pieces as one."""
        return sum(area for area, _ in pieces), sum(count for _, count in pieces)

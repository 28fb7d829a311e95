"""Models made of many interdependent functions, and the cheapest way through them."""

from .dispatcher import Dispatcher, Plan, Solution
from .dispatcher.tokens import EMPTY, END, NONE, PLOT, SELF, SINK, START

__all__ = ["EMPTY", "END", "NONE", "PLOT", "SELF", "SINK", "START", "Dispatcher", "Plan", "Solution"]

__version__ = "0.1.0"

"""The model and the way through it."""

from .dispatcher import Dispatcher
from .plan import Plan
from .solution import Solution

__all__ = ["Dispatcher", "Plan", "Solution"]

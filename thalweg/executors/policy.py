"""How often a call is tried, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

from ..errors import BuildError

__all__ = ["Policy", "check_count", "policy_of"]


class Policy(NamedTuple):
    """How a node's calls are made; the alternative is taken after the last try.

    A failure that is no accident is not tried again: a refusal of the domain, a wrong number of values, or an exception
    that says so.  An error with an attribute `pause_seconds` asks for at least that pause.

    Attributes
    ----------
    tries : int
        Number of tries, at least 1.
    pause_seconds : float
        Before the second try [s].
    growth : float
        Each further pause is longer by this factor.
    jitter : float
        Part of each pause that is left to chance, from 0 to 1, so that many do not try again at the same moment.
    errors : tuple of type
        What is worth another try.
    timeout_seconds : float or None
        How long one try may take [s]; None for as long as it likes.

    Examples
    --------
    >>> Policy(tries=3, pause_seconds=0.1, errors=(OSError,)).pause_after(2)
    0.2
    """

    tries: int = 1
    pause_seconds: float = 0.0
    growth: float = 2.0
    jitter: float = 0.0
    errors: tuple[type[BaseException], ...] = (Exception,)
    timeout_seconds: float | None = None

    def pause_after(self, number: int, chance: Callable[[], float] | None = None) -> float:
        """Seconds between try `number` and the next.

        Parameters
        ----------
        number : int
            Of the try that failed, from 1.
        chance : callable, optional
            Gives a number from 0 to 1; by default the middle is taken.
        """
        pause = self.pause_seconds * self.growth ** (number - 1)
        if not self.jitter:
            return pause
        return pause * (1.0 + self.jitter * ((chance() if chance is not None else 0.5) - 0.5) * 2.0)


def policy_of(retry: Policy | int | None, timeout: float | None) -> Policy | None:
    """The policy that the options of a node stand for; None where there is nothing special.

    Raises
    ------
    BuildError
        An option is out of its range.
    """
    if not isinstance(retry, Policy):
        retry = Policy(tries=1 if retry is None else check_count(retry, "retry"))
    policy = retry
    if timeout is not None:
        policy = policy._replace(timeout_seconds=timeout)
    _check(policy)
    return None if policy == Policy() else policy


def _check(policy: Policy) -> None:
    """Refuse what cannot be meant."""
    check_count(policy.tries, "a policy's tries")
    ranges = {"pause_seconds": (0.0, inf), "growth": (0.0, inf), "jitter": (0.0, 1.0)}
    for name, (least, most) in ranges.items():
        _check_number(name, getattr(policy, name), least, most)
    if policy.timeout_seconds is not None:
        _check_number("timeout", policy.timeout_seconds, 0.0, inf)
    errors: Any = policy.errors
    if not isinstance(errors, tuple) or not all(isinstance(x, type) and issubclass(x, Exception) for x in errors):
        raise BuildError(f"a policy's errors is {errors!r}; give a tuple of classes of exceptions")


def check_count(value: Any, what: str) -> int:
    """A whole number, at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BuildError(f"{what} is {value!r}; give a whole number, at least 1")
    return value


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < inf or value > most:
        limits = f"from {least:g} to {most:g}" if most < inf else f"finite, at least {least:g}"
        raise BuildError(f"{name} is {value!r}; give a number {limits}")

"""What a function can ask while it is called: which call this is, in words that stay the same over restarts."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import CoroutineType
from typing import Any, NamedTuple

__all__ = ["CurrentCall", "Offered", "current_call"]

_current: ContextVar[CurrentCall | None] = ContextVar("thalweg_current_call", default=None)


class CurrentCall(NamedTuple):
    """A call that is recorded.

    Attributes
    ----------
    key : str
        The same whenever this call of this run is made, and no other's: to be shown to a service that should do the
        thing once.
    attempt : int
        More than 1 if it may have been made before: in an earlier start of the run, or by an earlier try.
    """

    key: str
    attempt: int


def current_call() -> CurrentCall | None:
    """The recorded call that this code is within; None if there is none.

    Notes
    -----
    It is there inline, in threads, in coroutines and in worker processes, but not in threads that the function starts.

    Examples
    --------
    >>> current_call() is None
    True
    """
    return _current.get()


class Offered:
    """A function that is told which call it is at, before its arguments.

    Parameters
    ----------
    function : callable
    """

    __slots__ = ("__weakref__", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, call: tuple[str, int], *args: Any) -> Any:
        """Call the function, which can then ask by `current_call`."""
        current = CurrentCall(*call)
        token = _current.set(current)
        try:
            value = self.function(*args)
        finally:
            _current.reset(token)
        if type(value) is CoroutineType:
            _current.set(current)  # it goes on in this context, which is that of its task
        return value

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self.function

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __reduce__(self) -> tuple[Any, ...]:
        return Offered, (self.function,)

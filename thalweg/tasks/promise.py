"""What a call of a task gives within a flow: it stands for a value that is not there yet.

A promise may be passed on to other tasks, and returned, also within containers.  Whatever else is done with it would be
done with something that has no value: it is refused, and the message says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import PromiseError

__all__ = ["Promise"]

_HINT = "pass the promise on to another task, which is called with the value and can go on from there, or return it"

_OPERATORS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("lshift", "rshift", "and", "or", "xor"),
)
# What is asked of a value by Python on behalf of what is written: method, and the words for it.
_REFUSED = {
    "its truth value": ("__bool__",),
    "its length": ("__len__",),
    "what is in it": ("__iter__", "__reversed__", "__contains__", "__next__", "__aiter__"),
    "an item of it": ("__getitem__", "__setitem__", "__delitem__"),
    "a comparison": ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"),
    "a call of it": ("__call__",),
    "a number": ("__int__", "__float__", "__complex__", "__index__", "__round__", "__trunc__", "__floor__", "__ceil__"),
    "a text": ("__str__", "__format__", "__bytes__", "__fspath__"),
    "a with block": ("__enter__", "__exit__", "__aenter__", "__aexit__"),
    "arithmetic": (
        *("__neg__", "__pos__", "__abs__", "__invert__"),
        *(f"__{kind}{name}__" for name in _OPERATORS for kind in ("", "r", "i") if (kind, name) != ("i", "divmod")),
    ),
}


class Promise:
    """Stands for the value of a task that has been asked for.

    Parameters
    ----------
    maker : object
        The call of a task in which it was asked for.
    number : int
        Which of its calls it was, from 0.
    name : str
        Of the task that was asked for.
    place : str
        Name of the task in which it was.

    Notes
    -----
    For a type checker it is the value.
    """

    __slots__ = ("_maker", "_name", "_number", "_place")

    def __init__(self, maker: object, number: int, name: str, place: str) -> None:
        self._maker = maker
        self._number = number
        self._name = name
        self._place = place

    def of(self, maker: object) -> int | None:
        """Its number among what `maker` asked for; None if somebody else did."""
        return self._number if self._maker is maker else None

    def __await__(self) -> NoReturn:
        raise self.refusal("it cannot be awaited", "within a flow a task is called without await; " + _HINT)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # somebody asks what kind of object this is
        raise self.refusal(f"it was asked for its attribute {name!r}")

    def __copy__(self) -> Promise:
        return self

    def __deepcopy__(self, memo: Any) -> Promise:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise self.refusal(
            "it lies where it is not looked for, and cannot travel",
            "give promises to tasks as arguments, or within lists, tuples, sets, dicts and dataclasses",
        )

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<promise of {self._name}, asked for in {self._place}>"

    def refusal(self, why: str, hint: str = _HINT) -> PromiseError:
        """The error for a use of it.

        Parameters
        ----------
        why : str
            What was done with it.
        hint : str, optional
            What to do.
        """
        return PromiseError(
            f"the value of the task {self._name!r}, called in {self._place!r}, is promised and not there yet, but "
            f"{why}; {hint}",
            task=self._name,
        )


def _refuser(method: str, what: str) -> Callable[..., NoReturn]:
    def refuse(self: Promise, *_: Any) -> NoReturn:
        raise self.refusal(f"it was asked for {what}")

    refuse.__name__ = refuse.__qualname__ = method
    return refuse


for _what, _methods in _REFUSED.items():
    for _method in _methods:
        setattr(Promise, _method, _refuser(_method, _what))

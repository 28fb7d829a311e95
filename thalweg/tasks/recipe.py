"""Values with promises in them, and how they are made when these are kept.

Looked into are lists, tuples, sets, dicts, deques, what derives from them, and dataclasses, within each other however
deep.  Containers without a promise stay as they are; those with one are made anew, with the values in the places of the
promises.  What is shared stays shared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields
from typing import Any, NamedTuple

from ..errors import PromiseError
from .promise import Promise

__all__ = ["Recipe", "from_plain", "pack", "to_plain"]

_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray})
_OPEN = -1  # a container that is being looked into
_CLEAN = -2  # nothing of it has to be made anew


class _Promised(NamedTuple):
    """In the place of a promise: which one."""

    number: int


class _Made(NamedTuple):
    """In the place of a container with promises: the step that makes it."""

    step: int


class _Step(NamedTuple):
    """One container to be made: how, of which empty shell, with which parts."""

    kind: str
    shell: Any
    parts: list[Any]


class Recipe:
    """How to make a value when its promises are kept.

    Attributes
    ----------
    promised : tuple of int
        Numbers of the promises, each once.
    """

    __slots__ = ("promised", "root", "steps")

    def __init__(self, steps: list[_Step], root: Any, promised: tuple[int, ...]) -> None:
        self.steps = steps
        self.root = root
        self.promised = promised

    def make(self, value_of: Callable[[int], Any]) -> Any:
        """The value.

        Parameters
        ----------
        value_of : callable
            Takes the number of a promise, gives the value.

        Raises
        ------
        Exception
            What the making of a container raises: a value has no hash and is to be in a set.
        """
        made: list[Any] = []

        def part(each: Any) -> Any:
            kind = type(each)
            if kind is _Promised:
                return value_of(each.number)
            return made[each.step] if kind is _Made else each

        for step in self.steps:
            parts = [part(each) for each in step.parts]
            made.append(_KINDS[step.kind].make(step.shell, parts))
        return part(self.root)


def pack(value: Any, maker: object) -> Any:
    """A recipe for a value; the value itself if there is no promise in it.

    Parameters
    ----------
    value : object
    maker : object
        Whose promises these have to be.

    Raises
    ------
    PromiseError
        A promise was made in another call; or a container holds a promise, and itself.
    """
    if type(value) is Promise:
        number = _number(value, maker)
        return Recipe([], _Promised(number), (number,))
    if type(value) in _PLAIN:
        return value
    packing = _Packing(maker)
    root = packing.look(value)
    return value if root is value else Recipe(packing.steps, root, tuple(packing.promised))


class _Packing:
    """One look into a value."""

    def __init__(self, maker: object) -> None:
        self.maker = maker
        self.steps: list[_Step] = []
        self.promised: dict[int, None] = {}
        self.found: dict[int, int] = {}  # by id: the step of a container, `_OPEN` or `_CLEAN`
        self.circles: set[int] = set()  # containers that hold themselves
        self.alive: list[Any] = []  # an id is good as long as the object lives

    def look(self, root: Any) -> Any:
        """What is to stand in the place of a value."""
        opened = self._open(root)
        if opened is None:
            return self._part(root)
        stack = [opened]
        while stack:
            kind, container, rest = stack[-1]
            for each in rest:
                inner = self._open(each)
                if inner is not None:
                    stack.append(inner)
                    break
            else:
                stack.pop()
                self._close(kind, container)
        return self._part(root)

    def _open(self, value: Any) -> tuple[str, Any, Iterator[Any]] | None:
        """A container that has to be looked into; None for all else."""
        if type(value) in _PLAIN or type(value) is Promise:
            return None
        kind = _kind_of(value)
        if kind is None:
            return None
        if id(value) in self.found:
            if self.found[id(value)] == _OPEN:
                self.circles.add(id(value))
            return None
        self.found[id(value)] = _OPEN
        self.alive.append(value)
        return kind, value, iter(_KINDS[kind].parts(value))

    def _close(self, kind: str, container: Any) -> None:
        """All within a container has been looked into."""
        parts = list(_KINDS[kind].parts(container))
        replaced = [self._part(each) for each in parts]
        if all(new is old for new, old in zip(replaced, parts, strict=True)):
            self.found[id(container)] = _CLEAN
            return
        if id(container) in self.circles:
            promise = next(each for each in replaced if type(each) in (_Promised, _Made))
            raise PromiseError(
                f"a {type(container).__name__} holds itself and a promise, and cannot be made anew with the value in "
                "its place; pass the two in separate arguments",
                task=repr(promise),
            )
        self.found[id(container)] = len(self.steps)
        self.steps.append(_Step(kind, _KINDS[kind].shell(container), replaced))

    def _part(self, value: Any) -> Any:
        """What stands in the place of a part that has been looked into."""
        if type(value) is Promise:
            number = _number(value, self.maker)
            self.promised[number] = None
            return _Promised(number)
        step = self.found.get(id(value), _CLEAN)
        return _Made(step) if step >= 0 else value


def _number(promise: Promise, maker: object) -> int:
    number = promise.of(maker)
    if number is None:
        raise promise.refusal(
            "it was used in another call than the one that asked for it",
            "a promise is good in the call of a task that asked for it; return it, and the caller has the value",
        )
    return number


class _Kind(NamedTuple):
    """How a kind of container is taken apart and made."""

    parts: Callable[[Any], Any]
    shell: Callable[[Any], Any]
    make: Callable[[Any, list[Any]], Any]


def _kind_of(value: Any) -> str | None:
    cls = type(value)
    for kind, classes in _CLASSES.items():
        if issubclass(cls, classes):
            return "named tuple" if kind == "tuple" and hasattr(cls, "_make") else kind
    return "record" if hasattr(cls, "__dataclass_fields__") else None


def to_plain(recipe: Recipe) -> Any:
    """A recipe as plain data, as far as its parts are plain, and its containers those of Python itself."""
    steps = [
        (
            step.kind,
            _NAMES.get(step.shell, step.shell) if step.kind == "tuple" else step.shell,
            [_plain_part(each) for each in step.parts],
        )
        for step in recipe.steps
    ]
    return steps, _plain_part(recipe.root), list(recipe.promised)


def from_plain(plain: Any) -> Recipe:
    """The recipe that `to_plain` was given."""
    steps, root, promised = plain
    made = [
        _Step(kind, _BY_NAME.get(shell, shell) if type(shell) is str else shell, [_part_of(each) for each in parts])
        for kind, shell, parts in steps
    ]
    return Recipe(made, _part_of(root), tuple(promised))


def _plain_part(part: Any) -> tuple[str, Any]:
    if type(part) is _Promised:
        return "promised", part.number
    return ("made", part.step) if type(part) is _Made else ("value", part)


def _part_of(plain: tuple[str, Any]) -> Any:
    kind, held = plain
    if kind == "promised":
        return _Promised(held)
    return _Made(held) if kind == "made" else held


def _emptied(value: Any) -> Any:
    shell = copy(value)
    shell.clear()
    return shell


def _filled_list(shell: Any, parts: list[Any]) -> Any:
    made = copy(shell)
    made.extend(parts)
    return made


def _pairs(value: Any) -> list[Any]:
    return [each for pair in value.items() for each in pair]


def _filled_dict(shell: Any, parts: list[Any]) -> Any:
    made = copy(shell)
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        made[key] = value  # to update a Counter would be to count
    return made


def _fields(value: Any) -> list[str]:
    return [field.name for field in fields(value) if hasattr(value, field.name)]


def _bare_record(value: Any) -> tuple[Any, list[str]]:
    """A copy whose fields are empty, and their names; nothing of the class is called to fill it."""
    names = _fields(value)
    bare = copy(value)
    for name in names:
        object.__setattr__(bare, name, None)
    return bare, names


def _filled_record(shell: tuple[Any, list[str]], parts: list[Any]) -> Any:
    bare, names = shell
    made = copy(bare)
    for name, part in zip(names, parts, strict=True):
        object.__setattr__(made, name, part)
    return made


_NAMES: dict[Any, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_BY_NAME = {name: cls for cls, name in _NAMES.items()}
_CLASSES: dict[str, tuple[type, ...]] = {
    "list": (list, deque),
    "dict": (dict,),
    "tuple": (tuple, set, frozenset),
}
_KINDS = {
    "list": _Kind(iter, _emptied, _filled_list),
    "dict": _Kind(_pairs, _emptied, _filled_dict),
    "tuple": _Kind(iter, type, lambda cls, parts: cls(parts)),
    "named tuple": _Kind(iter, type, lambda cls, parts: cls(*parts)),
    "record": _Kind(lambda value: [getattr(value, name) for name in _fields(value)], _bare_record, _filled_record),
}

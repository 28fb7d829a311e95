"""Runs of flows whose values are recorded, and that go on from there.

A call is known by its place among the calls of the run, and by its version: the code of its method and of the methods
that this calls, the attributes of its flow, and its arguments.  What a call has asked for is recorded like a value, as
names and plain data, and read without a name being imported: the classes are those of the flow that is resumed.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from ..dispatcher.recorded import Recorded
from ..errors import CallCancelled, JournalError
from ..executors import table
from ..executors.contract import Call
from ..executors.driver import Driver, Host
from ..journal.journal import Journal, open_journal
from ..journal.journaled import Journaled
from ..journal.recording import Recording
from ..journal.records import JournalWarning
from ..journal.values import Unkept, digest_of_value
from ..signature import codes_in, signature_of
from .body import Asked, Grown
from .conduct import Conduct
from .recipe import Recipe, from_plain, to_plain
from .tree import Tree

__all__ = ["Durable", "opened_and_resumed"]

_GROWN, _VALUE = "thalweg: asked for", "thalweg: value"  # the first of a tuple that stands for something else
_SHOWN = 5  # names in a warning
_DEEP = 8  # calls in a key that are written out
_versions: WeakKeyDictionary[type, dict[FunctionType, str]] = WeakKeyDictionary()


class Durable(Conduct):
    """One run of a flow, recorded in a journal; as `Conduct`."""

    is_given_up = False
    journal: Journal | None = None
    recording: Recording | None = None
    journaled: Journaled | None = None

    def drive_here(self) -> None:
        """Drive what is left of it in this thread."""
        self._begin()
        try:
            super().drive_here()
        except BaseException as error:
            self._stop(error)
            raise
        self._finish()

    async def drive_on_loop(self) -> None:
        """Drive what is left of it on the running event loop, which the disk does not block."""
        if self.is_sync:
            await super().drive_on_loop()
            return
        in_thread = table.event_loops().in_thread
        await in_thread(self._begin, self._give_up)
        try:
            await super().drive_on_loop()
        except BaseException as error:
            await in_thread(partial(self._stop, error), _let_be)
            raise
        await in_thread(self._finish, _let_be)

    @property
    def recorded(self) -> Recorded | None:
        """How it stands in its journal."""
        recording, journaled = self.recording, self.journaled
        if recording is None or journaled is None:
            return None
        recalled = tuple(map(self.tree.path_of, journaled.recalled))
        return Recorded(recording.id, recording.starts, recalled, tuple(recording.dropped), dict(recording.unkept))

    def _drive_by(self, host: Host) -> Driver:
        assert self.journaled is not None
        driver = Driver(self.journaled, host, self.choose, listener=self.listener)
        self.journaled.tell_by(host.post, driver.relay)
        return driver

    def _begin(self) -> None:
        """Take the run in its journal, and put that between the calls and their driver."""
        tree, manner = self.tree, self.manner
        journal = self.journal = open_journal(manner.journal)
        body = tree.root.body
        args, kwargs = tree.root.given
        asked = {"arguments": list(args), "named arguments": dict(kwargs), "attributes": attributes_of(body.flow)}
        name = f"{type(body.flow).__module__}:{body.__qualname__}"
        try:
            self.recording = journal.begin("flow", name, asked, manner.run)
        except BaseException:
            self._close()
            raise
        keys = _Keys(tree)
        self.journaled = _JournaledTree(_Read(tree), self.recording, keys.describe)
        if self.is_given_up:  # nobody waits for it any more, and it must not keep its lease
            self._stop(CallCancelled("the run was cancelled before it began"))

    def _give_up(self) -> None:
        self.is_given_up = True

    def _finish(self) -> None:
        """The run has come to its end, or was cancelled."""
        recording = self.recording
        assert recording is not None
        states = {"done": "done", "failed": "failed"}
        try:
            recording.finish(states.get(str(self.state), "interrupted"), self.error)
        finally:
            self._close()
            self._warn(recording)

    def _stop(self, error: BaseException) -> None:
        """The run has ended by an error: that of the journal, if it was that, has been raised already."""
        recording = self.recording
        assert recording is not None
        try:
            if recording.error is None:
                recording.finish("failed" if isinstance(error, Exception) else "interrupted", error)
        except JournalError as other:
            error.add_note(f"nor could the end of the run be recorded: {other}")
        finally:
            self._close()

    def _close(self) -> None:
        """Close the journal, if it was opened here."""
        journal, self.journal = self.journal, None
        if journal is not None and journal is not self.manner.journal:
            journal.close()

    def _warn(self, recording: Recording) -> None:
        """Say what of the journal was of no use, and what could not be put there."""
        for keys, what in (
            (recording.dropped, "recorded values were dropped, since their code or what they take has changed"),
            (list(recording.unkept), "values could not be kept, and are made again if it is resumed"),
        ):
            if keys:
                names = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else "")
                warnings.warn(f"of the run {recording.id!r} {len(keys)} {what}: {names}", JournalWarning, stacklevel=2)


def opened_and_resumed(cls: type, journal: Any, run: str) -> tuple[tuple[Any, type, str, Any], str]:
    """How a recorded run of a class of flows was begun, and its name.

    Parameters
    ----------
    cls : type
    journal : str, Path or Journal
    run : str

    Raises
    ------
    UnknownRunError
        There is no such run.
    JournalError
        It is none of this class; or what it was begun with could not be kept.
    """
    opened = open_journal(journal, must_exist=True)
    try:
        info, asked = opened.run(run), opened.asked(run)
    finally:
        if opened is not journal:
            opened.close()
    name, _, task = info.name.rpartition(":")[2].rpartition(".")  # as a script its module has another name
    owner = next((each for each in cls.__mro__ if hasattr(vars(each).get(task), "function")), None)
    if info.kind != "flow" or name != cls.__qualname__ or owner is None:
        raise JournalError(f"the run {run!r} is a {info.kind} {info.name!r}, and none of {cls.__qualname__}")
    held = [*enumerate(asked["arguments"], 1), *asked["named arguments"].items(), *asked["attributes"].items()]
    lost = [str(each) for each, value in held if type(value) is Unkept]
    if lost:
        raise JournalError(
            f"of the run {run!r} these could not be kept: {', '.join(lost)}; submit it again with the same flow and "
            f"arguments, by using(journal=..., run={run!r})"
        )
    flow: Any = object.__new__(cls)  # as pickle does it: with its attributes, and without being initialised
    vars(flow).update(asked["attributes"])
    return (flow, owner, task, (tuple(asked["arguments"]), asked["named arguments"])), info.id


def _let_be() -> None:
    """It is short, and is not given up."""


class _JournaledTree(Journaled):
    """What a call has asked for goes to the journal as plain data."""

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        super().done(call, _plain(value))


class _Read:
    """A tree that is told plain data, as they stand in the journal."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        body = self.tree.nodes[call.number].body
        self.tree.done(call, _unplain(value, body.flow))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tree, name)

    def ready(self) -> Iterator[Call]:
        """Calls that may start now."""
        return self.tree.ready()

    def path(self, call: Call) -> str:
        """What people call it."""
        return self.tree.path(call)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        self.tree.failed(call, error)

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return self.tree.is_active()


def _plain(value: Any) -> Any:
    """What a call gave, so that it can be recorded."""
    if type(value) is Grown:
        asked = [(each.flow, _name(each.owner), each.name, _plain_recipe(each.given)) for each in value.asked]
        return _GROWN, asked, _plain_recipe(value.value)
    return (_VALUE, value) if _mark(value) else value


def _unplain(value: Any, flow: Any) -> Any:
    """The other way round."""
    mark = _mark(value)
    if mark != _GROWN:
        return value[1] if mark else value
    asked = [
        Asked(other, _owner(flow if other is None else other, owner, name), name, _unplain_recipe(given))
        for other, owner, name, given in value[1]
    ]
    return Grown(asked, _unplain_recipe(value[2]))


def _mark(value: Any) -> str:
    """What is said by the first of a tuple that stands for something else; "" of any other value."""
    first = value[0] if type(value) is tuple and value else None  # an array is not to be compared
    return first if type(first) is str and first in (_GROWN, _VALUE) else ""


def _plain_recipe(value: Any) -> Any:
    return ("recipe", to_plain(value)) if type(value) is Recipe else ("value", value)


def _unplain_recipe(value: Any) -> Any:
    kind, held = value
    return from_plain(held) if kind == "recipe" else held


def _name(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def _owner(flow: Any, name: str, task: str) -> type:
    """The class of a flow that has a task, by name: nothing is imported because it stands in a journal."""
    classes = [cls for cls in type(flow).__mro__ if hasattr(vars(cls).get(task), "function")]
    for cls in classes:
        if _name(cls) == name:
            return cls
    # Of a file that was run as a script, and is now imported, or the other way round, the module has another name.
    alike = [cls for cls in classes if name.endswith(f".{cls.__qualname__}")]
    if len(alike) == 1:
        return alike[0]
    if not classes:
        has_not = f"which {type(flow).__qualname__} does not have"
        raise JournalError(f"the journal names the task {task!r} of {name}, {has_not}")
    return classes[0]  # the task has moved


class _Keys:
    """Keys and versions of calls.

    Parameters
    ----------
    tree : Tree
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        flow = type(tree.root.body.flow)
        for held in [each for cls in flow.__mro__ for each in vars(cls).values()]:
            if isinstance(getattr(held, "function", None), FunctionType):  # a task, that may be called later
                code_version(flow, held.function)
        self._places: dict[int, str] = {}
        self._codes: dict[int, str] = {}  # by body
        self._flows: dict[int, str] = {}

    def describe(self, call: Call) -> tuple[str, str]:
        """Key and version of a call."""
        number = call.number
        body = self.tree.nodes[number].body
        if id(body) not in self._codes:
            self._codes[id(body)] = f"{code_version(type(body.flow), body.function)} {self._attributes(body.flow)}"
        arguments = digest_of_value(tuple(call.args)).hex()
        return self._key(number), f"{self._codes[id(body)]} {arguments}"

    def _attributes(self, flow: Any) -> str:
        """Of a flow: each by itself, for one may be of a kind of which nobody can say whether it is the same."""
        if id(flow) not in self._flows:
            held = sorted(attributes_of(flow).items())
            digests = [f"{name} {digest_of_value(value).hex()}" for name, value in held]
            self._flows[id(flow)] = hashlib.blake2b("\n".join(digests).encode(), digest_size=12).hexdigest()
        return self._flows[id(flow)]

    def _key(self, number: int) -> str:
        """The path of a call; of a long one a digest of what is left out of it goes with it."""
        tree, path = self.tree, self.tree.path_of(number)
        above = tree.nodes[number].above
        place = f"{self._places.get(above, '')}/{tree.nodes[number].index}"
        digest = hashlib.blake2b(place.encode(), digest_size=12).hexdigest()
        self._places[number] = digest
        return path if path.count("/") <= _DEEP else f"{path} {digest}"


def attributes_of(flow: Any) -> dict[str, Any]:
    """What a flow was given by its user."""
    return {name: value for name, value in vars(flow).items() if not name.startswith("_thalweg")}


def code_version(flow: type, function: FunctionType) -> str:
    """The version of a task: of its method, and of the methods that are no tasks and that it calls, and so on.

    Values that stand in the classes count as well, if they are named there.  It is made once in a process: what a class
    holds may change while its tasks are called.
    """
    known = _versions.setdefault(flow, {})
    if function not in known:
        known[function] = _code_version(flow, function)
    return known[function]


def _code_version(flow: type, function: FunctionType) -> str:
    seen: dict[FunctionType, None] = {}
    pending = [function]
    values: set[str] = set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen[current] = None
        for name in sorted(_names(current.__code__)):
            pending += _functions(flow, name)
            values.update(f"{name} {digest_of_value(value).hex()}" for value in _values(flow, name))
    parts = sorted(signature_of(each) for each in seen) + sorted(values)
    return hashlib.blake2b("".join(parts).encode(), digest_size=12).hexdigest()


def _names(code: CodeType) -> set[str]:
    """Names of attributes in a function, and in the functions within it."""
    return {name for each in codes_in(code) for name in each.co_names}


def _values(flow: type, name: str) -> list[Any]:
    """What a name stands for in the classes of a flow, if it is a value: no method, property or task."""
    if name.startswith("__"):
        return []
    held = [vars(cls)[name] for cls in flow.__mro__ if name in vars(cls)]
    return [each for each in held if not hasattr(type(each), "__get__")]


def _functions(flow: type, name: str) -> list[FunctionType]:
    """What a name stands for in the classes of a flow, if it is a function and no task."""
    held = [vars(cls).get(name) for cls in flow.__mro__]
    inner = [getattr(each, part, None) for each in held for part in ("fget", "__func__", "func")]
    return [each for each in held + inner if isinstance(each, FunctionType)]

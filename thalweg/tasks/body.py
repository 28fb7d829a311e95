"""What an executor calls for a task, wherever that is: the method itself, and a note of the tasks that it asks for.

A method that asks for other tasks gives a `Grown`: what it asked for, and how its value is made of theirs.  All this
travels: between processes a flow is what its attributes were when the run was submitted, and the version of its code.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from copy import copy
from typing import Any, NamedTuple

from ..errors import CallCancelled, CodeVersionError
from ..signature import signature_of
from .promise import Promise
from .recipe import pack

__all__ = ["Asked", "Body", "Grown", "Recorder", "current", "frozen", "is_frozen", "waited_for"]

_FROZEN = "_thalweg_is_submitted"

_current: ContextVar[Recorder | None] = ContextVar("thalweg_task", default=None)


class Asked(NamedTuple):
    """A task that was asked for.

    Attributes
    ----------
    flow : object or None
        Whose; None for the flow that it was asked for in.
    owner : type
        The class that the method was defined in.
    name : str
    given : object
        Arguments by position and by name, or the recipe for them.
    """

    flow: Any
    owner: type
    name: str
    given: Any


class Grown(NamedTuple):
    """What a call gives that has asked for other tasks.

    Attributes
    ----------
    asked : list of Asked
    value : object
        Its value, or the recipe for it.
    """

    asked: list[Asked]
    value: Any

    def __repr__(self) -> str:
        names = list(dict.fromkeys(each.name for each in self.asked))
        return f"{len(self.asked)} calls of {', '.join(names)}"


class Recorder:
    """Notes what one call of a task asks for.

    Parameters
    ----------
    flow : object
        Whose task is called.
    name : str
    """

    def __init__(self, flow: Any, name: str) -> None:
        self.flow = flow
        self.name = name
        self.asked: list[Asked] = []
        self.others: dict[int, tuple[Any, Any]] = {}  # by id: another flow, and as it was when first asked
        self.is_over = False

    def ask(self, flow: Any, owner: type, name: str, given: tuple[tuple[Any, ...], dict[str, Any]]) -> Promise:
        """Note that a task is asked for.

        Raises
        ------
        CallCancelled
            The call has ended: who asks goes on in the background.
        PromiseError
            Among the arguments is a promise of another call.
        """
        if self.is_over:
            raise CallCancelled(
                f"the task {name!r} was called by something that {self.name!r} has left behind, after its end; "
                "let a task wait for all that it begins"
            )
        packed = pack(given, self) if self.asked else given
        self.asked.append(Asked(None if flow is self.flow else self._other(flow), owner, name, packed))
        return Promise(self, len(self.asked) - 1, name, self.name)

    def _other(self, flow: Any) -> Any:
        if id(flow) not in self.others:
            self.others[id(flow)] = flow, frozen(flow)
        return self.others[id(flow)][1]

    def end(self, value: Any) -> Any:
        """What the call gives: its value, or with it what it has asked for."""
        self.is_over = True
        if self.asked or type(value) is Promise:
            return Grown(self.asked, pack(value, self))
        return value


def current() -> Recorder | None:
    """The call of a task that this is within."""
    return _current.get()


def frozen(flow: Any) -> Any:
    """A flow as it is now: a copy whose attributes stay as they are."""
    if is_frozen(flow):
        return flow
    made = copy(flow)
    made.__dict__[_FROZEN] = True
    return made


def is_frozen(flow: Any) -> bool:
    """Is it the flow of a run, and not to be changed?"""
    return _FROZEN in flow.__dict__


class Body:
    """Calls one task of one flow; what executors are given.

    Parameters
    ----------
    flow : object
        With its attributes as they are to be.
    owner : type
        The class that the method was defined in.
    name : str
    is_awaited : bool, optional
        If it is a coroutine function, is what it gives awaited by who calls?

    Notes
    -----
    Where it arrives in another process it compares versions before it calls anything for the first time.
    """

    def __init__(self, flow: Any, owner: type, name: str, *, is_awaited: bool = True) -> None:
        self.flow = flow
        self.owner = owner
        self.name = name
        self.is_awaited = is_awaited
        self.task: Any = owner.__dict__[name]
        self.function = self.task.function
        self.is_coroutine: bool = self.task.is_coroutine
        self.__qualname__ = f"{type(flow).__qualname__}.{name}"
        self.__wrapped__ = self.function

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the method, or give the coroutine that does."""
        if self.is_coroutine:
            call = self._call_async(args, kwargs)
            return call if self.is_awaited else waited_for(call)
        recorder = Recorder(self.flow, self.name)
        token = _current.set(recorder)
        try:
            return recorder.end(self.function(self.flow, *args, **kwargs))
        except SystemExit as error:
            raise _exited(self.name, error) from error
        finally:
            recorder.is_over = True
            _current.reset(token)

    async def _call_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recorder = Recorder(self.flow, self.name)
        token = _current.set(recorder)
        try:
            return recorder.end(await self.function(self.flow, *args, **kwargs))
        except SystemExit as error:
            raise _exited(self.name, error) from error
        finally:
            recorder.is_over = True
            _current.reset(token)

    def __reduce__(self) -> Any:
        return _arrive, (self.flow, self.owner, self.name, self.is_awaited, versions(type(self.flow), self.owner))


def _arrive(flow: Any, owner: type, name: str, is_awaited: bool, sent: dict[str, str]) -> Any:  # noqa: FBT001 - by pickle
    """A body in the process that it was sent to, or what refuses in its place: to arrive is never a failure."""
    here = versions(type(flow), owner)
    other = [cls for cls, version in sent.items() if here.get(cls, version) != version]
    is_there = getattr(owner.__dict__.get(name), "function", None) is not None
    if other or not is_there:
        return _Refusal(type(flow).__qualname__, name, other)
    flow.__dict__[_FROZEN] = True
    return Body(flow, owner, name, is_awaited=is_awaited)


class _Refusal:
    """Called in place of a task whose code is another one here."""

    def __init__(self, flow: str, name: str, classes: list[str]) -> None:
        self.flow = flow
        self.name = name
        self.classes = classes

    def __call__(self, *_: Any) -> Any:
        """Refuse.

        Raises
        ------
        CodeVersionError
            Always.
        """
        what = f"another version of {', '.join(self.classes)}" if self.classes else f"no task {self.name!r}"
        raise CodeVersionError(
            f"the task {self.name!r} of {self.flow} was not called: this worker has {what}; "
            "install the same version of the code there, and start the worker anew",
            flow=self.flow,
            place=_here(),
        )


def _here() -> str | None:
    """The address of the worker of a cluster that this process is."""
    distributed = sys.modules.get("distributed")
    try:
        return None if distributed is None else str(distributed.get_worker().address)
    except ValueError:  # this is no worker
        return None


def versions(flow: type, owner: type) -> dict[str, str]:
    """The versions of the classes that a flow is made of, by name; not of those that travel with it."""
    classes = [cls for cls in (*flow.__mro__, owner) if _is_users(cls)]
    return {f"{cls.__module__}.{cls.__qualname__}": signature_of(cls) for cls in classes}


def _is_users(cls: type) -> bool:
    """Does it come from a file that each process has for itself?"""
    if "__main__" in cls.__module__ or "<locals>" in cls.__qualname__:
        return False  # it travels with its code
    top = cls.__module__.partition(".")[0]
    return top not in sys.stdlib_module_names and not cls.__module__.startswith(__package__)


def waited_for(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, on an event loop of its own; in another thread if one is running in this."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, asyncio.run, coroutine).result()


def _exited(name: str, error: SystemExit) -> CallCancelled:
    return CallCancelled(
        f"the task {name!r} called sys.exit({error.code if error.code is not None else ''}); only the task ended, and "
        "it has no value: let it return one, or raise an error"
    )

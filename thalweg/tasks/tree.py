"""The calls of one run of a flow: what a driver drives, a tree that grows while it is being made.

A call may ask for others: these are below it, wait only for those next to them whose values they take, and its own
value is made of theirs.  It has ended when all below it have, also those whose value nobody takes::

    waiting --has all it takes--> ready --> running --(asked for others)--> grown --> done
       |                                       |                              |
       |                                       +------------> done            +--(one below has failed)--> failed
       +--(what it takes has failed)--> skipped               +-> failed

What does not depend on a failure goes on; so which calls are made, and which error is told, is the same for every
executor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import CodeVersionError, TaskError, ThalwegError, WorkerDied
from ..executors.contract import Attempt, Call, GuardedCall, Outcome
from ..executors.events import Stream
from ..executors.placement import Placement
from ..executors.states import State
from ..text import error_text, value_text
from .body import Asked, Body, Grown
from .recipe import Recipe

__all__ = ["Tree", "told_call"]

_LIVES = 3  # a call that has killed so many workers is not made again
_ENDS = 4  # of a long chain of calls, so many from the first on and from the last back are shown
_SHORT = 60  # characters of an argument in a message


class Node:
    """One call in the tree.

    Attributes
    ----------
    above : int
        Number of the call that asked for it; -1 for the first.
    index : int
        Which of those that it asked for.
    first : int
        Number of the first that this one has asked for.
    open : int
        How many of those have not ended; before it was called: how many it waits for.
    given : object
        Its arguments, or the recipe for them; None when it has ended.
    value : object
        What it gave; while it is grown, the recipe for that.
    culprit : int
        Number of the call whose failure is to blame; -1 if there is none.
    """

    __slots__ = (
        "above",
        "body",
        "culprit",
        "first",
        "given",
        "index",
        "open",
        "size",
        "state",
        "takers",
        "value",
    )

    def __init__(self, body: Body, given: Any, above: int, index: int) -> None:
        self.body = body
        self.given = given
        self.above = above
        self.index = index
        self.first = 0
        self.size = 0
        self.open = 0
        self.takers: list[int] = []
        self.state = State.WAITING
        self.value: Any = None
        self.culprit = -1


class Tree:
    """The calls of one run.

    Parameters
    ----------
    asked : Asked
        The first; its flow is what those that it asks for have in common.
    is_awaited : bool, optional
        Are coroutine functions awaited by who makes the calls?

    Attributes
    ----------
    errors : dict of int to TaskError
        By number, in the order in which they came.
    stream : Stream or None
        Is told of each step.
    """

    def __init__(self, asked: Asked, *, is_awaited: bool = True) -> None:
        self.is_awaited = is_awaited
        self.nodes: list[Node] = []
        self.free: list[int] = []  # the last first: a branch is followed to its end, as Python does
        self.flying: set[int] = set()
        self.errors: dict[int, TaskError] = {}
        self.is_stopped = False
        self.stream: Stream | None = None
        self.deaths: Counter[int] = Counter()  # by number of the call: workers that died at it
        self.refusals: dict[int, tuple[str, ...]] = {}  # ... and those that have another version of its code
        self._bodies: dict[tuple[int, type, str], Body] = {}
        self._plant([asked], -1, asked.flow)

    @property
    def root(self) -> Node:
        """The first call."""
        return self.nodes[0]

    def ready(self) -> Iterator[Call]:
        """Calls that may start now."""
        while self.free and not self.is_stopped:
            number = self.free.pop()
            node = self.nodes[number]
            try:
                if type(node.given) is Recipe:
                    node.given = node.given.make(partial(self._value, self.nodes[node.above].first))
            except Exception as error:
                self._fail(number, error)
                continue
            node.state = State.RUNNING
            self.flying.add(number)
            task = node.body.task
            placement = task.placement
            if number in self.refusals:
                placement = replace(placement or Placement(), avoid=self.refusals[number])
            if task.policy is None and placement is None:
                yield Call(number, node.body, node.given)
            else:
                yield GuardedCall(number, node.body, node.given, policy=task.policy, placement=placement)

    def path(self, call: Call) -> str:
        """The names of the calls that led to it, and its own; of very many the middle is left out."""
        return self.path_of(call.number)

    def path_of(self, number: int) -> str:
        """As `path`, by number."""
        return "/".join(self._chain(number, self._label))

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        number = call.number
        self.flying.discard(number)
        node = self.nodes[number]
        if type(value) is not Grown:
            self._end(number, value)
            return
        node.value = value.value
        self._plant(value.asked, number, node.body.flow)

    def failed(self, call: Call, error: Exception) -> None:
        """`call` ended with `error`."""
        number = call.number
        self.flying.discard(number)
        if not self._is_lost(number, error):
            self._fail(number, error)
            return
        if isinstance(error, CodeVersionError):
            self.refusals[number] = (*self.refusals.get(number, ()), str(error.place))
        else:
            self.deaths[number] += 1
        self.nodes[number].state = State.READY
        self.free.append(number)

    def _is_lost(self, number: int, error: Exception) -> bool:
        """Is the worker to blame, so that the call is to be made once more elsewhere?"""
        if isinstance(error, CodeVersionError):
            return error.place is not None and error.place not in self.refusals.get(number, ())
        task = self.nodes[number].body.task
        return isinstance(error, WorkerDied) and task.is_remade and self.deaths[number] + 1 < _LIVES

    def is_active(self) -> bool:
        """Is there anything left to start or to wait for?"""
        return not self.is_stopped and (bool(self.free) or bool(self.flying))

    def stop(self) -> None:
        """Start nothing more, and cancel what is in flight."""
        self.is_stopped = True

    def told(self, kind: str, call: Call, data: Attempt | Outcome) -> None:
        """Of a step by the driver."""
        if self.stream is None:
            return
        if kind is State.FAILED and isinstance(data, Outcome) and isinstance(data.error, Exception):
            kind = "retry" if self._is_lost(call.number, data.error) else kind
        self.stream(kind, call, data)

    def finish(self) -> None:
        """Nothing of it is being made any more, nor will be."""
        for node in self.nodes:
            if node.state in (State.WAITING, State.READY, State.RUNNING):
                node.state = State.CANCELLED
        self.free.clear()
        self.flying.clear()

    def culprit(self) -> TaskError | None:
        """The first failure in the order of the calls, if that is how the run has ended."""
        return self.errors.get(self.root.culprit)

    def counts(self) -> dict[State, int]:
        """How many calls are at what, so far."""
        counts = dict.fromkeys(State, 0)
        for node in self.nodes:
            counts[node.state] += 1
        return counts

    def _plant(self, asked: list[Asked], above: int, flow: Any) -> None:
        """Calls that have been asked for by another."""
        first = len(self.nodes)
        if above >= 0:
            parent = self.nodes[above]
            parent.first, parent.size, parent.open = first, len(asked), len(asked)
        free = []
        for index, each in enumerate(asked):
            number = first + index
            node = Node(self._body(each, flow), each.given, above, index)
            self.nodes.append(node)
            if type(each.given) is Recipe:
                node.open = len(each.given.promised)
                for other in each.given.promised:
                    self.nodes[first + other].takers.append(number)
            else:
                node.state = State.READY
                free.append(number)
        self.free.extend(reversed(free))

    def _body(self, asked: Asked, flow: Any) -> Body:
        """What is called for it: one for each task of each flow, so that it travels once."""
        flow = flow if asked.flow is None else asked.flow
        key = (id(flow), asked.owner, asked.name)
        body = self._bodies.get(key)
        if body is None:
            body = self._bodies[key] = Body(flow, asked.owner, asked.name, is_awaited=self.is_awaited)
        return body

    def _fail(self, number: int, error: Exception) -> None:
        """A call has raised, or cannot be made."""
        node = self.nodes[number]
        said = self._say(number, error)
        self.errors[number] = said
        node.culprit = number
        self._end(number, None, State.FAILED)

    def _end(self, number: int, value: Any, state: State = State.DONE) -> None:
        """A call has ended: so have those that rest on it."""
        pending: list[tuple[int, Any, State]] = [(number, value, state)]
        while pending:
            number, value, state = pending.pop()
            node = self.nodes[number]
            node.state, node.value, node.given = state, value, None
            for taker in node.takers:
                self._let(taker, node, pending)
            if node.above < 0:
                continue
            above = self.nodes[node.above]
            above.open -= 1
            if not above.open:
                pending.append(self._resolved(node.above))

    def _let(self, taker: int, giver: Node, pending: list[tuple[int, Any, State]]) -> None:
        """What a call takes has ended."""
        node = self.nodes[taker]
        if node.state is not State.WAITING:
            return
        if giver.state is not State.DONE:
            node.culprit = giver.culprit
            pending.append((taker, None, State.SKIPPED))
            node.state = State.SKIPPED
            return
        node.open -= 1
        if not node.open:
            node.state = State.READY
            self.free.append(taker)

    def _resolved(self, number: int) -> tuple[int, Any, State]:
        """All that a call has asked for has ended: what becomes of the call."""
        node = self.nodes[number]
        below = self.nodes[node.first : node.first + node.size]
        node.culprit = next((each.culprit for each in below if each.culprit >= 0), -1)
        value, state = node.value, State.DONE
        if node.culprit >= 0:
            value, state = None, State.FAILED
        elif type(value) is Recipe:
            try:
                value = value.make(partial(self._value, node.first))
            except Exception as error:
                self.errors[number] = self._say(number, error)
                node.culprit = number
                value, state = None, State.FAILED
        for each in below:
            each.value = None  # nobody else can take it
        return number, value, state

    def _value(self, first: int, index: int) -> Any:
        return self.nodes[first + index].value

    def _say(self, number: int, error: Exception) -> TaskError:
        """The error that tells of a failure."""
        node = self.nodes[number]
        chain = tuple(self._chain(number, lambda each: told_call(self.nodes[each].body.name, self.nodes[each].given)))
        path, call = self.path_of(number), chain[-1]
        text = f"{type(error).__name__}: {error}" if isinstance(error, ThalwegError) else error_text(error)
        via = f"; it was asked for by {' > '.join(chain[:-1])}" if len(chain) > 1 else ""
        said = TaskError(
            f"the task {path!r} failed by {text}; it was called as {call}{via}",
            task=node.body.name,
            path=path,
            arguments=call[len(node.body.name) :],
            chain=chain,
        )
        said.__cause__ = error
        return said

    def _chain(self, number: int, text: Callable[[int], str]) -> list[str]:
        """Texts of the calls that led to one, from the first on."""
        numbers = []
        while number >= 0:
            numbers.append(number)
            number = self.nodes[number].above
        numbers.reverse()
        if len(numbers) <= 2 * _ENDS + 1:
            return [text(each) for each in numbers]
        left_out = f"({len(numbers) - 2 * _ENDS} more)"
        return [*map(text, numbers[:_ENDS]), left_out, *map(text, numbers[-_ENDS:])]

    def _label(self, number: int) -> str:
        """What a call is among those that were asked for with it."""
        node = self.nodes[number]
        if node.above < 0 or self.nodes[node.above].size == 1:
            return node.body.name
        return f"{node.body.name}[{node.index}]"


def told_call(name: str, given: Any) -> str:
    """A call in a line: its name, and what it was called with, as far as that is known and short."""
    if type(given) is Recipe or given is None:
        return f"{name}(...)"
    args, kwargs = given
    texts = [_short(each) for each in args] + [f"{key}={_short(each)}" for key, each in kwargs.items()]
    return f"{name}({', '.join(texts)})"


def _short(value: Any) -> str:
    text = value_text(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"

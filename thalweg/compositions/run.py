"""The nodes of a composition on their way: what a driver drives.

A node may begin when all before it have ended well, or have said that others may go on.  What waits for one that failed
never begins; all else does::

    waiting --all before it have ended--> free --taken--> open --> done
                                            |              +-----> failed (and free others, if it says so)
                                            +--(nothing can run it)--^
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from graphlib import CycleError as Circle
from graphlib import TopologicalSorter
from typing import Any

from ..errors import (
    BuildError,
    ContinueAfterErrorException,
    CycleError,
    StopScheduleException,
    TryAgainException,
)
from ..executors.contract import Attempt, Call, GuardedCall, Outcome
from ..executors.events import Stream
from ..executors.order import Order
from ..executors.policy import Policy
from ..executors.states import State
from .node_runner import NodeRunner
from .note import DAGNote
from .status import tell

__all__ = ["NodesRun"]

_WAITING = State.WAITING
NodeDone = Callable[[Any, str, BaseException | None], object]


class NodesRun(Order):
    """The nodes of one composition, and what became of them.

    Parameters
    ----------
    graph : mapping of node to iterable of node
        What must have ended before a node begins.
    retry : Policy
        For runners that say nothing of it.
    node_done : callable or None
        Called with node, state (or ``"retry"``) and error.

    Raises
    ------
    BuildError
        The graph is none.
    """

    def __init__(self, graph: Mapping[Hashable, Iterable[Hashable]], retry: Policy, node_done: NodeDone | None) -> None:
        self.nodes, before = _numbered(graph)
        super().__init__(before)
        self.retry = retry if retry.tries == 1 else _with_signal(retry)
        self.node_done = node_done
        self.configure: Callable[[Any], NodeRunner] | None = None  # as long as it is being driven
        self.stream: Stream | None = None
        self.open: dict[int, None] = {}
        self.runners: dict[int, NodeRunner] = {}  # by number: the latest
        self.results: dict[Hashable, Any] = {}
        self.error: BaseException | None = None  # the first that is no signal to go on
        self.is_cancelled = False

    def refuse_circle(self) -> None:
        """See whether all nodes would have their turn.

        Raises
        ------
        CycleError
            They would not; one circle is named.
        """
        if self.is_sound():
            return
        sorter = TopologicalSorter[Hashable]()
        for number, later_ones in enumerate(self.after):
            for later in later_ones:
                sorter.add(self.nodes[later], self.nodes[number])
        try:
            sorter.prepare()
        except Circle as circle:
            cycle = tuple(circle.args[1])
            said = f"nodes wait for each other in a circle: {' -> '.join(map(str, cycle))}; take one of these arcs away"
            raise CycleError(said, cycle=cycle) from None

    def call(self, number: int) -> Call:
        """The call of a node, which may begin now."""
        runner = self.runners[number] = self._configured(self.nodes[number])
        self.open[number] = None
        said = runner.retry
        policy = self.retry if said is None else _with_signal(said)
        if policy.tries == 1:
            return Call(number, runner, ())
        return GuardedCall(number, self._try, (number,), policy=policy)

    def _configured(self, node: Hashable) -> NodeRunner:
        assert self.configure is not None
        runner = self.configure(node)
        if not isinstance(runner, NodeRunner):
            raise BuildError(
                f"configure_node_runner gave {runner!r} for the node {str(node)!r}; let it give a NodeRunner"
            )
        if runner.status is not _WAITING:
            raise BuildError(
                f"configure_node_runner gave a runner for the node {str(node)!r} that is {runner.status} already; "
                "let it give a new one each time"
            )
        return runner

    def _try(self, number: int) -> Any:
        """Begin a try of a node: what is to be awaited."""
        runner = self.runners[number]
        if runner.done:
            runner = self.runners[number] = runner.retry_task()
        return runner()

    def path(self, call: Call) -> str:
        """Name of the node."""
        return str(self.nodes[call.number])

    def done(self, call: Call, value: Any) -> None:
        """`call` gave `value`."""
        del self.open[call.number]
        node = self.nodes[call.number]
        self.results[node] = value
        super().done(call, value)
        if self.node_done is not None:
            tell(self.node_done, node, State.DONE, None)

    def fail(self, number: int, error: Exception) -> None:
        """A node has failed, or nothing can run it; what waits for it does not begin, unless it says otherwise."""
        self.open.pop(number, None)
        if isinstance(error, ContinueAfterErrorException):
            super().fail(number, error)
        else:
            self.states[number] = State.FAILED
            self.errors[number] = error
            if isinstance(error, StopScheduleException):
                self.error = error
                self.is_held = self.is_cancelled = True
            elif self.error is None:
                self.error = error
        tell(self.node_done, self.nodes[number], State.FAILED, error)

    def is_active(self) -> bool:
        """Is there a node to begin, or to wait for?"""
        if self.is_cancelled:
            return False
        if self.is_stopped:  # nor is a further try begun
            return any(not self.runners[number].done for number in self.open)
        return bool(self.open) or (bool(self.free) and not self.is_held)

    def stop(self) -> None:
        """Begin no further node, nor a further try."""
        self.is_stopped = self.is_held = True

    @property
    def is_through(self) -> bool:
        """Has everything ended that could begin?"""
        return not self.open and not self.free

    def told(self, kind: str, call: Call, data: Attempt | Outcome) -> None:
        """Of a step by the driver."""
        if kind == "retry" and isinstance(data, Outcome):
            tell(self.node_done, self.nodes[call.number], kind, data.error)
        if self.stream is not None:
            self.stream(kind, call, data)

    def conclude(self) -> None:
        """Nothing of it is being run any more, nor will be."""
        for number in self.open:
            runner = self.runners[number]
            runner.cancel()  # it may not have begun
            self.states[number] = runner.status
            if isinstance(runner.error, Exception):  # before a try that did not come
                self.errors[number] = runner.error
            tell(self.node_done, self.nodes[number], runner.status, runner.error)
        if _WAITING in self.states:
            self.states = [State.SKIPPED if state is _WAITING else state for state in self.states]


def _with_signal(policy: Policy) -> Policy:
    """A node that asks for another try gets one, whatever else is worth it."""
    if issubclass(TryAgainException, policy.errors):
        return policy
    return policy._replace(errors=(*policy.errors, TryAgainException))


def _numbered(graph: Mapping[Hashable, Iterable[Hashable]]) -> tuple[list[Any], list[list[int]]]:
    """The nodes of a graph, and by number the numbers of those before each."""
    if not isinstance(graph, Mapping):
        raise BuildError(f"the graph is {graph!r}; give a dict of nodes with the sets of those before them")
    nodes: list[Any] = list(graph)
    numbers = {node: number for number, node in enumerate(nodes)}
    before: list[list[int]] = []
    for node, others in graph.items():
        if isinstance(others, str) or not isinstance(others, Iterable):
            raise BuildError(f"what comes before the node {str(node)!r} is {others!r}; give a set of nodes")
        # A set has an order of its own in each process; what begins first is not to depend on that.
        ones = sorted(others, key=str) if isinstance(others, AbstractSet) and len(others) > 1 else others
        mine: dict[int, None] = {}
        for one in ones:
            number = numbers.setdefault(one, len(nodes))
            mine[number] = None
            if number == len(nodes):
                nodes.append(one)
            elif one is not nodes[number]:
                _join_notes(nodes, number, one)
        before.append(list(mine))
    before.extend([] for _ in range(len(nodes) - len(before)))
    return nodes, before


def _join_notes(nodes: list[Any], number: int, other: Any) -> None:
    """Of equal notes the one with a payload counts."""
    known = nodes[number]
    if not (isinstance(other, DAGNote) and isinstance(known, DAGNote) and other.node_data):
        return
    if not known.node_data:
        nodes[number] = other
    elif known.node_data != other.node_data:
        raise BuildError(
            f"the node {str(other)!r} stands in the graph with two payloads, {dict(known.node_data)!r} and "
            f"{dict(other.node_data)!r}; give it one, or make two nodes of it by single_instance=False"
        )

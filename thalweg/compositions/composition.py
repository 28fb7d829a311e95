"""A small graph of nodes that are run in order, each when all before it have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from ..errors import BuildError, CallCancelled, CycleError, SpentError, StopScheduleException, TryAgainException
from ..executors.contract import Executor
from ..executors.driver import Driver
from ..executors.event_loop import EventLoopExecutor, LoopHost
from ..executors.events import Stream, subscribers
from ..executors.policy import Policy, policy_of
from ..executors.states import State
from .instruments import CallableInstrument
from .node_runner import NodeRunner
from .note import DAGNote
from .run import NodesRun
from .status import ENDS, Status, tell

__all__ = ["Composition", "DAGNote"]

TRY_AGAIN = Policy(tries=5, pause_seconds=0.1, growth=2.0, jitter=0.1, errors=(TryAgainException,))


class Composition:
    """A graph of nodes, to be run once.

    Parameters
    ----------
    graph : mapping of node to iterable of node
        For each node those that must have ended before it begins, as for `graphlib.TopologicalSorter`.  A node is
        anything hashable, such as a `DAGNote`.
    schedule_done_cb : callable, optional
        Called at the end with this composition, its `Status`, the error or None, and the seconds it took.
    node_processing_done_cb : callable, optional
        Called whenever a node has ended, or is to be tried again, with the node, its `State` or ``"retry"``, and the
        error or None.
    status_cb : callable, optional
        Called with this composition, its old `Status` and its new one, at each change.
    node_executor : callable, optional
        What runs the nodes, where `configure_node_runner` is not overridden; called with their payloads.
    retry : Policy or int, optional
        How often a node is tried whose error the policy names, or is a `TryAgainException`; by default that alone is
        worth another try, of five, with pauses from a tenth of a second on, each twice as long as the one before.
    executor : str or Executor, optional
        Who calls `node_executor`, as for a `CallableInstrument`: ``"processes"``, ``"dask"`` ...

    Raises
    ------
    BuildError
        The graph is none, a node stands there with two payloads, the policy is out of its range, or an executor has
        nothing to call.

    Attributes
    ----------
    graph : dict
        As it was given.

    Notes
    -----
    Nodes that may begin at the same time begin in the order in which the graph has them.  Callbacks are called on the
    event loop, and should be quick; what they raise is written to the logger ``thalweg.compositions``.

    Three exceptions are signals of a node: `TryAgainException`, `ContinueAfterErrorException` (it has failed, and what
    waits for it begins nevertheless) and `StopScheduleException` (everything is cancelled).  After any other, what
    waits for the node does not begin, all the rest is run, and the composition has failed.

    Examples
    --------
    >>> import asyncio
    >>> async def shout(word):
    ...     return word.upper()
    >>> first, second = DAGNote("first", word="here"), DAGNote("second", word="there")
    >>> composition = Composition({second: {first}}, node_executor=shout)
    >>> asyncio.run(composition.start())
    'done'
    >>> list(composition.results.values())
    ['HERE', 'THERE']
    """

    def __init__(
        self,
        graph: Mapping[Any, Iterable[Any]],
        schedule_done_cb: Callable[[Any, Status, BaseException | None, float], object] | None = None,
        node_processing_done_cb: Callable[[Any, str, BaseException | None], object] | None = None,
        *,
        status_cb: Callable[[Any, Status, Status], object] | None = None,
        node_executor: Callable[..., Any] | None = None,
        retry: Policy | int = TRY_AGAIN,
        executor: str | Executor | None = None,
    ) -> None:
        self._id: str | None = None
        self.leave_line: Callable[[], object] | None = None  # while a Perform has it in its line
        self.schedule_done_cb = schedule_done_cb
        policy = TRY_AGAIN if retry is TRY_AGAIN else policy_of(retry, None) or Policy()
        self._run = NodesRun(graph, policy, node_processing_done_cb)
        self.graph = dict(graph)
        self._status_cb = status_cb
        if executor is not None:
            if node_executor is None:
                raise BuildError(
                    f"the executor {executor!r} has nothing to call; give node_executor=, or a CallableInstrument with "
                    "this executor to the runners"
                )
            node_executor = CallableInstrument(node_executor, executor=executor)
        self._executor = node_executor
        self._status = Status.WAITING
        self._error: BaseException | None = None
        self._is_sound = False
        self._host: LoopHost | None = None
        self._over: asyncio.Event | None = None  # set at the end of a drive, if somebody waits for it
        self._start_time: float | None = None  # by the clock of the loop
        self._seconds = 0.0

    def configure_node_runner(self, node: Any) -> NodeRunner:
        """What runs a node; to be overridden.

        Parameters
        ----------
        node : Hashable
            It may begin now: `results` has what those before it gave.

        Raises
        ------
        BuildError
            It is not overridden, and there is no `node_executor`.
        """
        if self._executor is None:
            raise BuildError(
                f"nothing says how to run the node {str(node)!r}; give node_executor=, or override "
                "configure_node_runner"
            )
        runner = NodeRunner(self._executor)
        return runner.prepare(**node.node_data) if isinstance(node, DAGNote) else runner.prepare(node=node)

    async def start(self, *, raises: bool = True) -> Status:
        """Run the nodes, or those that are left after a pause, and wait for the end.

        Parameters
        ----------
        raises : bool, optional
            If a node has failed, is that raised?

        Returns
        -------
        Status
            ``"done"``, ``"failed"``, ``"cancelled"`` after `stop`, `cancel` or a signal, or ``"paused"``.

        Raises
        ------
        Exception
            What the first node raised that failed, when all the rest has ended.
        CycleError
            Nodes wait for each other; nothing was run.
        SpentError
            It has ended already.
        CancelledError
            This was cancelled; so were all nodes, and they have ended.
        """
        if self._status in ENDS:
            raise SpentError(f"the composition {self.instance_id} is {self._status}, and runs once; make another one")
        self._run.is_held = self._run.is_stopped
        if self._host is not None:
            self._change(Status.RUNNING)
            self._nudge()
            if self._over is None:
                self._over = asyncio.Event()
            await self._over.wait()
        else:
            self.prepare()
            await self._drive()
        if not raises or self._status is not Status.FAILED:
            return self._status
        error = self._error
        assert error is not None
        del self  # the traceback holds this frame
        try:
            raise error
        finally:
            del error

    def prepare(self) -> None:
        """See that no nodes wait for each other; done at the start, too.

        Raises
        ------
        CycleError
            They do; the callback is told, and the composition has failed.
        """
        if not self._is_sound:
            try:
                self._run.refuse_circle()
            except CycleError as error:
                self._end(Status.FAILED, error)
                raise
            self._is_sound = True

    def pause(self) -> bool:
        """Begin no further node; those at work go on to their end, `start` goes on with the rest.

        Returns
        -------
        bool
            Was there anything to pause?
        """
        if self._status is not Status.RUNNING or self._run.is_through:
            return False
        self._run.is_held = True
        self._change(Status.PAUSED)
        self._nudge()
        return True

    def stop(self) -> bool:
        """Begin no further node, nor a further try, ever; those at work go on to their end.

        Returns
        -------
        bool
            Was there anything to stop?
        """
        return self._cut(at_once=False)

    def cancel(self) -> bool:
        """As `stop`, but nodes at work are cancelled.

        Returns
        -------
        bool
            Was there anything to cancel?
        """
        return self._cut(at_once=True)

    def _cut(self, *, at_once: bool) -> bool:
        if self._status in ENDS:
            return False
        self._run.stop()
        self._run.is_cancelled = self._run.is_cancelled or at_once
        if self._host is None:
            self._conclude()
        else:
            self._nudge()
        return True

    @property
    def instance_id(self) -> str:
        """What tells it from all others."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    @property
    def status(self) -> Status:
        """What it is at."""
        return self._status

    @property
    def error(self) -> BaseException | None:
        """Why it has failed or was cancelled."""
        return self._error

    @property
    def results(self) -> Mapping[Any, Any]:
        """What the nodes gave that have run, in the order in which they ended."""
        return MappingProxyType(self._run.results)

    @property
    def errors(self) -> Mapping[Any, BaseException]:
        """What nodes raised, in the order in which they failed."""
        return {self._run.nodes[number]: error for number, error in self._run.errors.items()}

    @property
    def states(self) -> dict[Any, State]:
        """What each node is at; at the end, ``"skipped"`` for those that never began."""
        return dict(zip(self._run.nodes, self._run.states, strict=True))

    def runner(self, node: Hashable) -> NodeRunner | None:
        """What runs a node, or ran it last; None if it has not begun."""
        return next((self._run.runners.get(number) for number, one in enumerate(self._run.nodes) if one == node), None)

    async def _drive(self) -> None:
        """Drive the nodes until they have ended, or are paused and none is at work."""
        run, loop = self._run, asyncio.get_running_loop()
        if self._start_time is None:
            self._start_time = loop.time()
            if told := subscribers():
                run.stream = Stream(told, run.path)
                run.stream("begin", None, self)
        begun = self._start_time
        listener = None if run.node_done is None and run.stream is None else run.told
        # Whatever was cancelled is waited for: at the end nothing goes on in the background.
        host = self._host = LoopHost(grace_seconds=None)
        executor = EventLoopExecutor()
        run.configure = self.configure_node_runner
        self._change(Status.RUNNING)
        try:
            await host.drive(Driver(run, host, lambda _: executor, listener=listener))
        except BaseException as error:
            run.is_cancelled = True
            if not isinstance(error, asyncio.CancelledError) and run.error is None:
                run.error = error
            raise
        finally:
            self._host = None
            self._seconds = loop.time() - begun
            run.configure = None
            if not run.is_held or run.is_stopped or run.is_cancelled or run.is_through:
                self._conclude()
            if self._over is not None:
                self._over.set()
                self._over = None
            del self  # an error of a node that is raised from here holds this frame

    def _conclude(self) -> None:
        """Nothing of it is running, nor will be."""
        run = self._run
        is_cut = not run.is_through or isinstance(run.error, StopScheduleException)
        run.conclude()
        if is_cut:
            left = [str(node) for node, state in zip(run.nodes, run.states, strict=True) if state is not State.DONE]
            cut = CallCancelled(f"it was cancelled before these nodes had run: {', '.join(left)}")
            self._end(Status.CANCELLED, cut if run.error is None else run.error)
        else:
            self._end(Status.DONE if run.error is None else Status.FAILED, run.error)

    def _end(self, status: Status, error: BaseException | None) -> None:
        self._error = error
        self._change(status)
        if self._run.stream is not None:
            self._run.stream("end", None, self, error)
            self._run.stream = None
        if self.schedule_done_cb is not None:
            tell(self.schedule_done_cb, self, status, error, self._seconds)
        if self.leave_line is not None:
            self.leave_line()

    def _change(self, status: Status) -> None:
        old, self._status = self._status, status
        if self._status_cb is not None and old is not status:
            tell(self._status_cb, self, old, status)

    def _nudge(self) -> None:
        """Let the driver look again."""
        if self._host is not None:
            self._host.post(_nothing)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.instance_id}: {self._status}>"


def _nothing() -> None:
    """What is posted to a driver that is only to look again."""

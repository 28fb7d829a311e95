"""What runs one node, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import copy
from types import MappingProxyType
from typing import Any, Self
from uuid import uuid4

from ..errors import BuildError, CallTimeout, SpentError
from ..executors.policy import Policy, policy_of
from ..executors.states import State
from .status import tell

__all__ = ["NodeRunner"]

# To look up a member of an Enum takes as long as many a step here.
_WAITING, _RUNNING, _DONE, _FAILED, _CANCELLED = (
    State.WAITING, State.RUNNING, State.DONE, State.FAILED, State.CANCELLED,
)  # fmt: skip


class NodeRunner:
    """A call to be made once: what is called, with what, and how long it may take.

    Parameters
    ----------
    node_executor : callable, optional
        Called with `node_params` by name.  What it gives is awaited if it can be; a plain function should be quick, for
        it holds up the event loop: `CallableInstrument` calls one in a thread.
    node_params : mapping, optional
    node_timeout : float, optional
        How long it may take [s]; None for as long as it likes.
    node_status_cb : callable, optional
        Called with the runner, its old `State` and its new one, at each change.
    retry : Policy or int, optional
        How often a composition tries it; by default as the executor says by an attribute `retry`, else as the
        composition says.  Each try is made by a child of its own.

    Raises
    ------
    BuildError
        The timeout, or the policy, is out of its range.

    Examples
    --------
    >>> import asyncio
    >>> async def greet(name):
    ...     return f"hello, {name}"
    >>> runner = NodeRunner().prepare(name="Ada").run(greet)
    >>> asyncio.run(runner())
    'hello, Ada'
    >>> runner.status, runner.done
    ('done', True)
    """

    __slots__ = (
        "_callback",
        "_end_time",
        "_error",
        "_executor",
        "_id",
        "_params",
        "_parent_id",
        "_policy",
        "_result",
        "_start_time",
        "_status",
        "_task",
        "_timeout",
    )

    def __init__(
        self,
        node_executor: Callable[..., Any] | None = None,
        node_params: Mapping[str, Any] | None = None,
        node_timeout: float | None = None,
        node_status_cb: Callable[[NodeRunner, State, State], object] | None = None,
        *,
        retry: Policy | int | None = None,
    ) -> None:
        self._executor = node_executor
        self._params: Mapping[str, Any] = {} if node_params is None else dict(node_params)
        if node_timeout is not None or retry is not None:
            policy_of(retry, node_timeout)
        self._timeout = node_timeout
        self._policy = Policy(tries=retry) if isinstance(retry, int) else retry
        self._callback = node_status_cb
        self._reset(None)

    def _reset(self, parent_id: str | None) -> None:
        self._parent_id = parent_id
        self._id: str | None = None
        self._status = _WAITING
        self._result: Any = None
        self._error: BaseException | None = None
        self._start_time: float | None = None
        self._end_time: float | None = None
        self._task: asyncio.Task[Any] | None = None

    def prepare(self, **node_params: Any) -> Self:
        """Set what the executor is called with.

        Raises
        ------
        SpentError
            It has begun.
        """
        self._refuse_change("prepared")
        self._params = node_params
        return self

    def run(self, node_executor: Callable[..., Any]) -> Self:
        """Set what is called; it is called when the runner is, not now.

        Raises
        ------
        SpentError
            It has begun.
        """
        self._refuse_change("given another executor")
        self._executor = node_executor
        return self

    async def __call__(self) -> Any:
        """Make the call.

        Returns
        -------
        object
            What it gave.

        Raises
        ------
        SpentError
            It has been made, or is being made.
        CallTimeout
            It took longer than its timeout, and was cancelled.
        BuildError
            There is nothing to call.
        """
        self._refuse_change("run")
        if self._executor is None:
            raise BuildError("a node runner has nothing to call; write NodeRunner().prepare(...).run(function)")
        self._task = asyncio.current_task()
        self._start_time = asyncio.get_running_loop().time()
        self._change(_RUNNING)
        try:
            if self._timeout is None:
                result = self._executor(**self._params)
                if hasattr(result, "__await__"):
                    result = await result
            else:
                result = await self._in_time(self._timeout)
        except asyncio.CancelledError as error:
            self._end(_CANCELLED, None, error)
            del self  # the traceback holds this frame
            raise
        except BaseException as error:
            self._end(_FAILED, None, error)
            del self
            raise
        self._end(_DONE, result, None)
        return result

    async def _in_time(self, seconds: float) -> Any:
        assert self._executor is not None
        timeout = asyncio.timeout(seconds)
        try:
            async with timeout:
                result = self._executor(**self._params)
                return await result if hasattr(result, "__await__") else result
        except TimeoutError as error:
            if not timeout.expired():
                raise  # one of its own
            raise CallTimeout(f"it took longer than its timeout of {seconds:g} s") from error
        finally:
            del self  # the traceback holds this frame

    def retry_task(self) -> Self:
        """A child that does the same, with an id of its own and this one's as its parent's.

        Raises
        ------
        SpentError
            This one has not ended yet.
        """
        if not self.done:
            raise SpentError(f"the node runner {self.instance_id} has not ended, and has no child; wait for its end")
        child = copy(self)
        child._reset(self.instance_id)  # noqa: SLF001 - one of us
        return child

    def cancel(self) -> bool:
        """Cancel the call, or see to it that it is not made.

        Returns
        -------
        bool
            Was there anything to cancel?
        """
        if self.done:
            return False
        if self._task is not None:
            return self._task.cancel()
        self._end(_CANCELLED, None, None)
        return True

    @property
    def instance_id(self) -> str:
        """What tells it from all others."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    @property
    def parent_id(self) -> str | None:
        """The id of the runner that it is another try of."""
        return self._parent_id

    @property
    def status(self) -> State:
        """What it is at."""
        return self._status

    @property
    def done(self) -> bool:
        """Has it ended, in whatever way?"""
        return self._status is not _WAITING and self._status is not _RUNNING

    @property
    def result(self) -> Any:
        """What the call gave; None if it did not."""
        return self._result

    @property
    def error(self) -> BaseException | None:
        """What the call raised."""
        return self._error

    @property
    def node_params(self) -> Mapping[str, Any]:
        """What the executor is called with, to be read."""
        return MappingProxyType(self._params)

    @property
    def retry(self) -> Policy | None:
        """How often a composition tries it; None for as it says."""
        if self._policy is not None:
            return self._policy
        said = getattr(self._executor, "retry", None)
        return said if isinstance(said, Policy) else None  # others use that name, too

    @property
    def node_info(self) -> dict[str, Any]:
        """Ids, status, timeout, and the times of its loop at which it began and ended [s], for logs."""
        return {
            "instance_id": self.instance_id,
            "parent_id": self._parent_id,
            "status": self._status,
            "timeout": self._timeout,
            "start_time": self._start_time,
            "end_time": self._end_time,
        }

    def _refuse_change(self, what: str) -> None:
        if self._status is not _WAITING:
            raise SpentError(
                f"the node runner {self.instance_id} is {self._status} and cannot be {what}; "
                "retry_task() gives a child that can, when it has ended"
            )

    def _change(self, status: State) -> None:
        old, self._status = self._status, status
        if self._callback is not None:
            tell(self._callback, self, old, status)

    def _end(self, status: State, result: Any, error: BaseException | None) -> None:
        if self._start_time is not None:
            self._end_time = asyncio.get_running_loop().time()
        self._task = None
        self._result = result
        self._error = error
        self._change(status)

    def __repr__(self) -> str:
        return f"<NodeRunner {self.instance_id}: {self._status}>"

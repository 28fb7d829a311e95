"""`task`: a method of a flow whose calls may be made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Concatenate, Generic, Never, ParamSpec, Protocol, TypeVar, overload

from ..errors import BuildError
from ..executors.placement import DEFAULT_QUEUE, Placement
from ..executors.policy import Policy, policy_of
from .body import current, waited_for
from .conduct import Manner
from .run import Run, begin, conduct, conduct_here

__all__ = ["BoundTask", "Task", "task"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Task(Generic[P, R]):
    """A method that was decorated; its class has it.

    Attributes
    ----------
    function : callable
        The method as it was written.
    name : str
    owner : type
        The class that it was defined in.
    is_coroutine : bool
    policy : Policy or None
    placement : Placement or None
    is_remade : bool
        Is a call whose worker died made again?
    """

    owner: type

    def __init__(
        self, function: Callable[..., Any], policy: Policy | None, placement: Placement | None, *, is_remade: bool
    ) -> None:
        import inspect

        if not inspect.isfunction(function):
            raise BuildError(
                f"@task was put on {function!r}; put it on a method of a class that derives from Flow, below "
                "any other decorator"
            )
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise BuildError(
                f"the task {function.__qualname__} yields, and a task has one value; let it return a list, or take "
                "@task away to have it run within the task that calls it"
            )
        self.function = function
        self.name = function.__name__
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.policy = policy
        self.placement = placement
        self.is_remade = is_remade
        self.signature = inspect.signature(function)
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Task[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> BoundTask[P, R]: ...
    def __get__(self, instance: object | None, owner: type | None = None) -> Task[P, R] | BoundTask[P, R]:
        return self if instance is None else BoundTask(self, instance, Manner())

    def __call__(self, *_: object, **__: object) -> Never:
        """Refuse: a task is called on its flow.

        Raises
        ------
        BuildError
            Always.
        """
        raise BuildError(
            f"the task {self.function.__qualname__} was called on no flow; put it into a class that derives from Flow, "
            "and call it on an object of that"
        )

    def __repr__(self) -> str:
        return f"<task {self.function.__qualname__}>"


class BoundTask(Generic[P, R]):
    """A task of one flow, to be called.

    Within a task a call asks for the task, and gives the promise of its value, for a type checker the value.  Outside
    of a run it is an ordinary call, and so are the calls of tasks within it: it gives the value itself.
    """

    __slots__ = ("_flow", "_manner", "_task")

    def __init__(self, task: Task[P, R], flow: Any, manner: Manner) -> None:
        self._task = task
        self._flow = flow
        self._manner = manner

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask for the task, or, outside of a run, call it."""
        task, flow = self._task, self._flow
        asking = current()
        if asking is not None:
            task.signature.bind(flow, *args, **kwargs)
            promise: Any = asking.ask(flow, task.owner, task.name, (args, kwargs))
            return promise  # type: ignore[no-any-return]
        value: Any = task.function(flow, *args, **kwargs)
        return waited_for(value) if task.is_coroutine else value  # type: ignore[no-any-return]

    def using(
        self,
        executor: Any = None,
        *,
        timeout: float | None = None,
        journal: Any = None,
        run: str | None = None,
    ) -> BoundTask[P, R]:
        """The same task, to be run in a certain way.

        Parameters
        ----------
        executor : str or Executor, optional
            As for a dispatch: ``"sync"``, ``"threads"``, ``"processes"``, ``"async"``, ``"dask"`` ... or one of your
            own.  By default the cluster that ``THALWEG_SCHEDULER`` names, else threads of this process; coroutine
            functions are awaited on an event loop.
        timeout : float, optional
            After which the run is ended [s].
        journal : str, Path or Journal, optional
            Where the values are kept, so that the run can be resumed.
        run : str, optional
            Name of the run in the journal; of one that is there what is left is done.
        """
        return BoundTask(self._task, self._flow, Manner(executor, timeout, journal, run))

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Run[R]:
        """Begin a run with this task, in the background.

        Returns
        -------
        Run
            Earlier ones of this program come first, wherever calls have to wait for a place.

        Raises
        ------
        TypeError
            The task does not take these arguments.
        UnknownExecutorError
            No executor has this name.
        """
        return begin(self._first(*args, **kwargs), self._manner)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run this task, and wait for its value.

        Raises
        ------
        TaskError
            A task has failed; of several, the first in the order of the calls.
        CallTimeout
            The run took longer than its timeout.
        """
        value: R = conduct_here(self._first(*args, **kwargs), self._manner)
        return value

    async def arun(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, on the running event loop, where coroutine functions are awaited; cancelled, it ends all calls."""
        value: R = await conduct(self._first(*args, **kwargs), self._manner)
        return value

    def _first(self, *args: Any, **kwargs: Any) -> tuple[Any, type, str, Any]:
        self._task.signature.bind(self._flow, *args, **kwargs)
        return self._flow, self._task.owner, self._task.name, (args, kwargs)

    @property
    def name(self) -> str:
        """The task's name."""
        return self._task.name

    def __repr__(self) -> str:
        return f"<task {self._task.name} of {self._flow!r}>"


class _Decorator(Protocol):
    """What `task` with options gives."""

    @overload
    def __call__(self, function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[Any, P], R], /) -> Task[P, R]: ...


@overload
def task(function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
@overload
def task(function: Callable[Concatenate[Any, P], R], /) -> Task[P, R]: ...
@overload
def task(
    *,
    queue: str = ...,
    requires: Mapping[str, float] | None = ...,
    tolerations: Iterable[str] = ...,
    taint: str | None = ...,
    priority: int = ...,
    retry: Policy | int | None = ...,
    timeout: float | None = ...,
) -> _Decorator: ...
def task(
    function: Any = None,
    /,
    *,
    queue: str = DEFAULT_QUEUE,
    requires: Mapping[str, float] | None = None,
    tolerations: Iterable[str] = (),
    taint: str | None = None,
    priority: int = 0,
    retry: Policy | int | None = None,
    timeout: float | None = None,
) -> Any:
    """Make a method of a `Flow` a task: its calls may be made anywhere.

    Parameters
    ----------
    function : callable, optional
        The method, plain or ``async``; the decorator may stand with or without parentheses.
    queue : str, optional
        On a cluster: only workers that take this queue make the call.
    requires : mapping of str to float, optional
        What it uses up while it is made, such as ``{"GPU": 1}``.
    tolerations : iterable of str, optional
        Only workers that tolerate all of these make it.
    taint : str, optional
        One more of these.
    priority : int, optional
        Tasks of a higher one begin first.
    retry : Policy or int, optional
        How often it is tried, and on which errors; by default once, but up to three times where the worker dies.
    timeout : float, optional
        How long one try may take [s].

    Raises
    ------
    BuildError
        It is no plain method, or an option is out of its range.

    Notes
    -----
    On one machine `queue`, `requires` and `tolerations` are always met.

    Examples
    --------
    >>> from thalweg.tasks import Flow, task
    >>> class Sums(Flow):
    ...     @task
    ...     def entrypoint(self, n: int) -> int:
    ...         return self.add(self.square(n), self.square(n + 1))
    ...
    ...     @task(retry=2, timeout=60)
    ...     def square(self, n: int) -> int:
    ...         return n * n
    ...
    ...     @task
    ...     def add(self, a: int, b: int) -> int:
    ...         return a + b
    >>> Sums().entrypoint.run(3)
    25
    """
    wanted = (tolerations,) if isinstance(tolerations, str) else tuple(tolerations)
    asked = Placement(queue, requires or {}, (*wanted, *(() if taint is None else (taint,))), priority)
    placement = None if asked == Placement() else asked
    policy = policy_of(retry, timeout)

    def decorate(method: Any) -> Task[Any, Any]:
        return Task(method, policy, placement, is_remade=retry is None)

    return decorate if function is None else decorate(function)

"""Jobs: what is to be awaited, and after what.

A job knows what it requires, and how its latest run went; who runs it is `thalweg.jobs.run`'s to know.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from inspect import isawaitable
from types import CoroutineType, MethodType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from ..errors import BuildError, JobError, UnknownNodeError
from ..executors.contract import Call, Executor, GuardedCall
from ..executors.policy import Policy, policy_of
from ..executors.states import State
from ..text import error_text
from .listing import describe

if TYPE_CHECKING:
    from .run import JobRun
    from .sequence import Sequence

    Requirement: TypeAlias = "AbstractJob | Sequence | Iterable[Requirement] | None"

__all__ = ["AbstractJob", "Job", "PrintJob", "members"]

_ENDED = frozenset((State.DONE, State.FAILED))
_BEGUN = frozenset((State.RUNNING, State.CANCELLED))


class AbstractJob:
    """A job with a `co_run` of its own; most are made by `Job`.

    Parameters
    ----------
    label : str, optional
        What people call it.
    forever : bool, optional
        Nobody waits for its end: it is cancelled when all others have ended.  Who requires it waits until it ends by
        itself.
    critical : bool, optional
        If it raises, all else is ended; by default as the scheduler says.
    required : job, Sequence or iterable of these, optional
        What must have ended before it begins, well or not.
    requires : optional
        The same as `required`.
    timeout : float, optional
        How long it may take [s]; then it is cancelled, and has raised `CallTimeout`.

    Attributes
    ----------
    label, forever, critical, timeout
        As given.
    latest : JobRun or None
        The run that it took part in last, and its `number` there.

    Raises
    ------
    BuildError
        What is required is no job, or the timeout is no number.

    Examples
    --------
    >>> from thalweg.jobs import Scheduler
    >>> class Greeting(AbstractJob):
    ...     async def co_run(self):
    ...         return f"hello from {self.label}"
    >>> greeting = Greeting(label="here")
    >>> Scheduler(greeting).orchestrate()
    True
    >>> greeting.result()
    'hello from here'
    """

    is_scheduler = False  # does it run jobs of its own?
    is_spent = False  # can it be awaited no more?
    is_plain = False  # is there nothing about it but a function and arguments?

    def __init__(
        self,
        *,
        label: str | None = None,
        forever: bool = False,
        critical: bool | None = None,
        required: Requirement = None,
        requires: Requirement = None,
        timeout: float | None = None,
    ) -> None:
        self.label = label
        self.forever = forever
        self.critical: bool | None = critical
        self.timeout = timeout
        self.policy: Policy | None = None if timeout is None else policy_of(None, timeout)
        self.requirements: dict[AbstractJob, None] = {}
        self.latest: JobRun | None = None
        self.number = 0
        self.requires(required, requires)

    async def co_run(self) -> Any:
        """What the job does; to be defined by each class of jobs."""
        raise NotImplementedError(f"{type(self).__name__} has no co_run; define it as an async method")

    async def co_shutdown(self) -> None:
        """Called on every job, begun or not, when the scenario has ended; does nothing unless a class says so."""

    def close(self) -> None:
        """Let go of what will never be awaited."""

    def call(self, number: int) -> Call:
        """How an executor is to make it; it does not begin before it is awaited."""
        if self.policy is None:
            return Call(number, self.co_run, ())
        return GuardedCall(number, self.co_run, (), policy=self.policy)

    def requires(self, *requirements: Requirement, remove: bool = False) -> Self:
        """Say what must have ended before this job begins, well or not.

        Parameters
        ----------
        *requirements : job, Sequence, iterable of these, or None
            Of a sequence it is the last job.  None is nothing.
        remove : bool, optional
            Take them away instead.

        Returns
        -------
        AbstractJob
            Itself.

        Raises
        ------
        BuildError
            Something is no job.
        UnknownNodeError
            One that is to be removed was not required.
        """
        for job in members(requirements, None if remove else self):
            if not remove:
                self.requirements[job] = None
            elif job in self.requirements:
                del self.requirements[job]
            else:
                raise UnknownNodeError.among(job.name, [each.name for each in self.required], "requirement")
        return self

    @property
    def required(self) -> tuple[AbstractJob, ...]:
        """The jobs that must have ended before this one begins."""
        return tuple(self.requirements)

    @property
    def state(self) -> State:
        """What it is at in its latest run."""
        return State.WAITING if self.latest is None else self.latest.states[self.number]

    def is_idle(self) -> bool:
        """Has it not begun?"""
        return self.state not in _ENDED and self.state not in _BEGUN

    def is_running(self) -> bool:
        """Has it begun, and not come to its end?  A job that was cancelled never does: its `state` says so."""
        return self.state in _BEGUN

    def is_done(self) -> bool:
        """Has it come to its end, well or not?"""
        return self.state in _ENDED

    def is_critical(self) -> bool:
        """Does all else end if it raises?  Where it does not say so itself, as its scheduler says."""
        if self.critical is not None:
            return self.critical
        return self.latest is not None and self.latest.critical

    def result(self) -> Any:
        """What it gave.

        The method itself, not called, may be an argument of another job, which then waits for the value: see `Job`.

        Raises
        ------
        JobError
            It has not ended.
        BaseException
            What it raised.
        """
        state, run = self.state, self.latest
        if run is None or state not in _ENDED:
            raise JobError(f"{self.name!r} has no result: it is {state}; ask when it is done", job=self.name)
        error = run.errors.get(self.number)
        if error is not None:
            raise error
        return run.values[self.number]

    def raised_exception(self) -> BaseException | None:
        """What it raised in its latest run; None if it raised nothing."""
        return None if self.latest is None else self.latest.errors.get(self.number)

    @property
    def name(self) -> str:
        """What errors and events call it: its label, or what it is made of."""
        return self.label or type(self).__name__

    @property
    def about(self) -> Any:
        """What says what it does: its class, or its function."""
        return type(self)

    def __repr__(self) -> str:
        return describe(self)


class Job(AbstractJob):
    """A job made of a coroutine function, or of a coroutine.

    Parameters
    ----------
    corun : coroutine function, or coroutine
        Only what is made of a function can run again.
    *args : object
        Of the function.  For ``other.result``, not called, the value of that job is put in when this one begins: it is
        required, and if it has failed, so has this one.
    kwargs : mapping, optional
        Arguments of the function by name, likewise.
    executor : str or Executor, optional
        Who makes it, if not the event loop: ``"processes"``, ``"dask"`` ...  The function may then be a plain one; it,
        its arguments and its value must be able to travel there.
    **options : object
        Those of every job: ``label``, ``forever``, ``critical``, ``required`` or ``requires``, ``timeout``.

    Raises
    ------
    BuildError
        `corun` can be neither called nor awaited, or a coroutine is given arguments or an executor.

    Examples
    --------
    >>> from thalweg.jobs import Scheduler
    >>> async def add(x, y):
    ...     return x + y
    >>> first = Job(add, 1, 2)
    >>> second = Job(add, first.result, 10)
    >>> Scheduler(first, second).orchestrate()
    True
    >>> second.result()
    13
    """

    def __init__(
        self,
        corun: Callable[..., Awaitable[Any]] | Awaitable[Any],
        *args: Any,
        kwargs: Mapping[str, Any] | None = None,
        executor: str | Executor | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.corun = corun
        self.executor = executor
        self.args = args
        self.kwargs = dict(kwargs or {})
        given = [*args, *self.kwargs.values()]
        takes = [arg.__self__ for arg in given if _is_result(arg)]
        self.requires(takes)
        self.is_once = isawaitable(corun)
        if self.is_once and given:
            raise BuildError(f"{self.name!r} is a coroutine, which has its arguments; give them to a function")
        if self.is_once and executor is not None:
            raise BuildError(f"{self.name!r} is a coroutine, which cannot travel; give its function to the executor")
        if not (self.is_once or callable(corun)):
            raise BuildError(f"a job of {corun!r}, which cannot be awaited; give a coroutine function or a coroutine")
        self.function: Callable[..., Awaitable[Any]] = self._take if self.is_once else corun  # type: ignore[assignment]
        is_own = type(self).co_run is Job.co_run
        self.is_plain = is_own and not takes and not kwargs and self.policy is None and executor is None

    def _take(self) -> Awaitable[Any]:
        """The coroutine, once."""
        self.is_spent = True
        coroutine: Any = self.corun
        return coroutine  # type: ignore[no-any-return]

    async def co_run(self) -> Any:
        """Await the coroutine, or call the function."""
        return await self._filled()()

    def _filled(self) -> Callable[..., Awaitable[Any]]:
        """The function with its arguments."""
        args = [self._value_of(arg) for arg in self.args]
        return partial(self.function, *args, **{name: self._value_of(arg) for name, arg in self.kwargs.items()})

    def call(self, number: int) -> Call:
        """How an executor is to make it."""
        if type(self).co_run is not Job.co_run:
            return super().call(number)
        return GuardedCall(number, self._filled(), (), executor=self.executor, policy=self.policy)

    def _value_of(self, arg: Any) -> Any:
        if not _is_result(arg):
            return arg
        try:
            return arg()
        except Exception as error:
            giver: AbstractJob = arg.__self__
            how = error if isinstance(error, JobError) else f"{giver.name!r} raised {error_text(error)}"
            raise JobError(f"{self.name!r} takes a result that is not there: {how}", job=self.name) from error

    def close(self) -> None:
        """Let go of a coroutine that will not be awaited any more; Python would complain of it."""
        self.is_spent = self.is_once
        if isinstance(self.corun, CoroutineType):
            self.corun.close()

    @property
    def name(self) -> str:
        """What errors and events call it: its label, or the name of its function."""
        return self.label or str(getattr(self.corun, "__name__", type(self.corun).__name__))

    @property
    def about(self) -> Any:
        """What says what it does: its function."""
        return self.corun


class PrintJob(Job):
    """A job that prints its messages.

    Parameters
    ----------
    *messages : object
        As for `print`; a result of another job as for `Job`.
    sleep : float, optional
        Wait so long afterwards [s].
    banner : object, optional
        Printed before the messages.
    **options : object
        Those of every job.

    Examples
    --------
    >>> from thalweg.jobs import Scheduler
    >>> Scheduler(PrintJob("all", "is", "well")).orchestrate()
    all is well
    True
    """

    def __init__(self, *messages: Any, sleep: float = 0.0, banner: Any = None, **options: Any) -> None:
        self.sleep = sleep
        shown = messages if banner is None else (banner, *messages)
        super().__init__(self._show, *shown, **options)

    async def _show(self, *messages: Any) -> None:
        sys.stdout.write(" ".join(map(str, messages)) + "\n")
        if self.sleep:
            import asyncio

            await asyncio.sleep(self.sleep)

    @property
    def name(self) -> str:
        """What errors and events call it: its label, or its class."""
        return self.label or type(self).__name__


def members(given: Iterable[Any], asker: object = None) -> Iterator[AbstractJob]:
    """The jobs that requirements mean: of a sequence the last, of anything that can be gone through its members.

    Raises
    ------
    BuildError
        Something is no job.
    """
    pending = list(reversed(list(given)))
    while pending:
        item = pending.pop()
        if isinstance(item, AbstractJob):
            yield item
        elif hasattr(item, "required_by"):
            pending += item.required_by(asker)
        elif isinstance(item, Iterable) and not isinstance(item, str | bytes):
            pending += reversed(list(item))
        elif item is not None:
            raise BuildError(f"a job requires {item!r}, which is no job; give jobs, sequences, or lists of these")


def _is_result(arg: object) -> bool:
    return isinstance(arg, MethodType) and isinstance(arg.__self__, AbstractJob) and arg.__name__ == "result"

"""`Flow`: the class that tasks are methods of."""

from __future__ import annotations

from typing import Any

from ..errors import BuildError
from .body import is_frozen
from .conduct import Manner
from .definition import BoundTask, Task
from .run import Run, resume

__all__ = ["Flow"]


class Flow:
    """A class of tasks that flow into one another; derive from it.

    Notes
    -----
    Each object has its own attributes, and they travel with its tasks: a run has them as they were when it was
    submitted.  A task does not set them: what it finds out, it returns.  What is large and does not change is better
    an argument of the tasks that need it.  What cannot travel, such as an open connection, is left out by
    ``__getstate__``, as for `pickle`.

    Methods that are not decorated are called within the task that calls them, there and then.

    Examples
    --------
    >>> from thalweg.tasks import Flow, task
    >>> class Words(Flow):
    ...     def __init__(self, least):
    ...         self.least = least
    ...
    ...     @task
    ...     def entrypoint(self, text: str) -> list[str]:
    ...         return self.longest([self.clean(word) for word in text.split()])
    ...
    ...     @task
    ...     def clean(self, word: str) -> str:
    ...         return word.strip(".,").lower()
    ...
    ...     @task
    ...     def longest(self, words: list[str]) -> list[str]:
    ...         return [word for word in words if len(word) >= self.least]
    >>> words = Words(least=5)
    >>> run = words.submit("Rivers bend, waters meet.")
    >>> run.result(timeout=60)
    ['rivers', 'waters']
    >>> words.entrypoint("Plain calls are for tests.")  # outside of a run
    ['plain', 'calls', 'tests']
    """

    def submit(
        self,
        *args: Any,
        executor: Any = None,
        timeout: float | None = None,
        journal: Any = None,
        run: str | None = None,
        **kwargs: Any,
    ) -> Run[Any]:
        """Begin a run with the task `entrypoint`, in the background.

        The same as ``flow.entrypoint.using(executor, ...).submit(...)``, of which a type checker knows more, and which
        a task is begun by that has a parameter called `executor`, `timeout`, `journal` or `run`.

        Parameters
        ----------
        *args, **kwargs : object
            For the task.
        executor, timeout, journal, run
            As for `BoundTask.using`.

        Returns
        -------
        Run

        Raises
        ------
        BuildError
            The class has no task of that name.
        """
        entry = getattr(self, "entrypoint", None)
        if not isinstance(entry, BoundTask):
            tasks = ", ".join(
                sorted(
                    {name for cls in type(self).__mro__ for name, each in vars(cls).items() if isinstance(each, Task)}
                )
            )
            raise BuildError(
                f"{type(self).__name__} has no task 'entrypoint' to begin with; decorate one by @task, or begin with "
                f"another: flow.NAME.submit(...), where NAME is one of {tasks or '(none)'}"
            )
        return entry.using(executor, timeout=timeout, journal=journal, run=run).submit(*args, **kwargs)

    @classmethod
    def resume(cls, run: str, journal: Any, *, executor: Any = None, timeout: float | None = None) -> Run[Any]:
        """Go on with a recorded run of this class, with the attributes and arguments that it was begun with.

        Parameters
        ----------
        run : str
            Its name in the journal.
        journal : str, Path or Journal
        executor, timeout
            As for `BoundTask.using`.

        Returns
        -------
        Run

        Raises
        ------
        UnknownRunError
            There is no such run.
        JournalError
            It is none of this class; or what it was begun with could not be kept.
        """
        return resume(cls, run, Manner(executor, timeout, journal))

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_change(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_change(name)
        super().__delattr__(name)

    def _refuse_change(self, name: str) -> None:
        if is_frozen(self):
            raise AttributeError(
                f"the attribute {name!r} of {type(self).__name__} was to be changed by a task; other tasks may run on "
                "other machines and would not see it: return the value, and pass it to the tasks that need it"
            )

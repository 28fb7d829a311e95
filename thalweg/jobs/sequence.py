"""Jobs one after the other, without a word about requirements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from ..errors import BuildError
from .job import AbstractJob

if TYPE_CHECKING:
    from .job import Requirement
    from .jobset import JobSet

__all__ = ["Sequence", "refuse_other"]


class Sequence:
    """Jobs of which each requires the one before.

    Parameters
    ----------
    *items : job or Sequence
    required, requires : job, Sequence or iterable of these, optional
        What the first job requires.

    Raises
    ------
    BuildError
        Something is neither a job nor a sequence.

    Notes
    -----
    Who requires a sequence requires its last job, also if that is appended later.

    Examples
    --------
    >>> from thalweg.jobs import PrintJob, Scheduler
    >>> morning = Sequence(PrintJob("get up"), PrintJob("have tea"))
    >>> Scheduler(PrintJob("go", required=morning), morning).orchestrate()
    get up
    have tea
    go
    True
    """

    def __init__(
        self, *items: AbstractJob | Sequence, required: Requirement = None, requires: Requirement = None
    ) -> None:
        self.items: list[AbstractJob | Sequence] = []
        self.before: list[Requirement] = []  # what the first job requires, as long as there is none
        self.followers: list[AbstractJob | Sequence] = []  # who requires this sequence
        self.schedulers: list[JobSet] = []
        self.requires(required, requires)
        self.append(*items)

    @property
    def jobs(self) -> list[AbstractJob]:
        """All jobs, first to last, those of sequences within included."""
        found: list[AbstractJob] = []
        pending: list[AbstractJob | Sequence] = [self]
        while pending:
            item = pending.pop()
            if isinstance(item, AbstractJob):
                found.append(item)
            else:
                pending += reversed(item.items)
        return found

    def append(self, *items: AbstractJob | Sequence) -> Self:
        """Add jobs or sequences behind the last one.

        Returns
        -------
        Sequence
            Itself.

        Raises
        ------
        BuildError
            Something is neither a job nor a sequence.
        """
        for item in items:
            refuse_other(item, "Sequence")
            item.requires(self.items[-1] if self.items else self.before)
            self.items.append(item)
            for scheduler in self.schedulers:
                scheduler.add(item)
        if items:
            for follower in list(self.followers):
                follower.requires(self.items[-1])
        return self

    def requires(self, *requirements: Requirement) -> Self:
        """Say what must have ended before the first job begins; see `AbstractJob.requires`.

        Returns
        -------
        Sequence
            Itself.
        """
        if self.items:
            self.items[0].requires(*requirements)
        else:
            self.before += requirements
        return self

    def required_by(self, asker: Any) -> list[Requirement]:
        """What `asker` requires if it requires this sequence: the last job, now and when there is a later one."""
        if asker is not None:
            self.followers.append(asker)
        return [self.items[-1]] if self.items else self.before

    def join(self, scheduler: JobSet) -> None:
        """Have what is appended later, here or to a sequence within, added to a scheduler, too."""
        pending = [self]
        for sequence in pending:  # the list grows while it is read
            sequence.schedulers.append(scheduler)
            pending += [item for item in sequence.items if isinstance(item, Sequence)]

    def __iter__(self) -> Iterator[AbstractJob]:
        return iter(self.jobs)

    def __repr__(self) -> str:
        return f"<Sequence: {', '.join([repr(job.name) for job in self.jobs])}>"


def refuse_other(item: object, where: str) -> None:
    """Refuse what is neither a job nor a sequence, and say what to write.

    Raises
    ------
    BuildError
        It is something else.
    """
    if isinstance(item, AbstractJob | Sequence):
        return
    if isinstance(item, list | tuple | set | frozenset | dict):
        raise BuildError(f"a {type(item).__name__} of jobs was given where jobs are meant; write {where}(*jobs)")
    raise BuildError(f"{item!r} is neither a job nor a sequence; write {where}(Job(...))")

"""Jobs as a set: what it holds, what follows from requirements, and how it is cut down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ..errors import UnknownNodeError
from .job import AbstractJob, members
from .sequence import Sequence, refuse_other

if TYPE_CHECKING:
    from .job import Requirement

__all__ = ["JobSet"]


class JobSet(AbstractJob):
    """A job that holds jobs; what it does with them is a scheduler's to say.

    Parameters
    ----------
    *jobs : job or Sequence
    **options : object
        Those of every job.

    Raises
    ------
    BuildError
        Something is neither a job nor a sequence.
    """

    def __init__(self, *jobs: AbstractJob | Sequence, **options: Any) -> None:
        super().__init__(**options)
        self.members: dict[AbstractJob, None] = {}
        self._gather(jobs, "Scheduler")

    @property
    def jobs(self) -> tuple[AbstractJob, ...]:
        """All jobs, as they were added."""
        return tuple(self.members)

    def add(self, job: AbstractJob | Sequence) -> AbstractJob | Sequence:
        """Add a job, or those of a sequence; gives it back.

        Raises
        ------
        BuildError
            It is neither a job nor a sequence.
        """
        self._gather((job,), "add")
        return job

    def update(self, jobs: Iterable[AbstractJob | Sequence]) -> Self:
        """Add jobs and those of sequences; gives the scheduler.

        Raises
        ------
        BuildError
            Something is neither a job nor a sequence.
        """
        self._gather(jobs, "add")
        return self

    def _gather(self, jobs: Iterable[AbstractJob | Sequence], where: str) -> None:
        for item in jobs:
            refuse_other(item, where)
            if isinstance(item, AbstractJob):
                self.members[item] = None
            else:
                item.join(self)
                self.members |= dict.fromkeys(item.jobs)

    def remove(self, job: AbstractJob) -> Self:
        """Take a job out, and leave what requires it as it is; gives the scheduler.

        Raises
        ------
        UnknownNodeError
            It is not there.
        """
        if job not in self.members:
            raise self._unknown(job)
        del self.members[job]
        return self

    def _unknown(self, job: AbstractJob) -> UnknownNodeError:
        return UnknownNodeError.among(job.name, [each.name for each in self.members], "job")

    def bypass_and_remove(self, job: AbstractJob) -> None:
        """Take a job out; what requires it then requires what it required, so the order of the others stays.

        Raises
        ------
        UnknownNodeError
            It is not there.
        """
        if job not in self.members:
            raise self._unknown(job)
        self.keep_only([other for other in self.members if other is not job])

    def keep_only(self, remains: Iterable[AbstractJob | Sequence]) -> None:
        """Take all jobs out but these, which keep their order; what is not in the scheduler is not regarded."""
        kept = {job for item in remains for job in ([item] if isinstance(item, AbstractJob) else item)}
        instead: dict[AbstractJob, dict[AbstractJob, None]] = {}  # of a job that goes: what stands in for it
        for job in self.in_order():
            required = {new: None for old in job.requirements for new in instead.get(old, (old,))}
            if job in kept:
                job.requirements = required
            else:
                instead[job] = required
                del self.members[job]

    def keep_only_between(
        self,
        *,
        starts: Requirement = None,
        ends: Requirement = None,
        keep_starts: bool = True,
        keep_ends: bool = True,
    ) -> None:
        """Keep only what lies behind some jobs and before others; these, too, if that is not denied.

        Parameters
        ----------
        starts, ends : job, Sequence or iterable of these, optional
            None: from the beginning, to the end.
        keep_starts, keep_ends : bool, optional
        """
        first, last = list(members([starts])), list(members([ends]))
        behind = self.successors_downstream(*first) if first else set(self.jobs)
        before = self.predecessors_upstream(*last) if last else set(self.jobs)
        behind = behind.union(first) if keep_starts else behind.difference(first)
        before = before.union(last) if keep_ends else before.difference(last)
        self.keep_only(behind & before)

    def sanitize(self) -> bool:
        """Drop requirements of jobs that are not here, also in schedulers within.

        Returns
        -------
        bool
            Was there nothing to drop?
        """
        foreign = [
            (job, other)
            for scheduler in self._schedulers()
            for job in scheduler.jobs
            for other in job.required
            if other not in scheduler.members
        ]
        for job, other in foreign:
            job.requires(other, remove=True)
        return not foreign

    def rain_check(self) -> bool:
        """Could all jobs have their turn: is there no circle of requirements, here or in schedulers within?"""
        return not any(scheduler.circle() for scheduler in self._schedulers())

    check_cycles = rain_check

    def graph(self) -> Any:
        """The jobs as a `networkx.DiGraph`: an arc leads from what is required to what requires it."""
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from(self.members)
        arcs = [(other, job) for job in self.members for other in job.requirements if other in self.members]
        graph.add_edges_from(arcs)
        return graph

    def circle(self) -> list[AbstractJob]:
        """Jobs that require each other in a circle, the first once more at the end; empty if there is no circle."""
        import networkx as nx

        try:
            arcs = nx.find_cycle(self.graph())
        except nx.NetworkXNoCycle:
            return []
        return [arcs[0][0], *[arc[1] for arc in arcs]]

    def in_order(self) -> list[AbstractJob]:
        """The jobs as they were added, but each after what it requires, unless there is a circle."""
        import networkx as nx

        place = {job: number for number, job in enumerate(self.members)}
        try:
            return list(nx.lexicographical_topological_sort(self.graph(), place.__getitem__))
        except nx.NetworkXUnfeasible:
            return list(self.members)

    def entry_jobs(self) -> list[AbstractJob]:
        """Jobs that require none of the others."""
        return [job for job, number in self.graph().in_degree() if not number]

    def exit_jobs(self, *, discard_forever: bool = True) -> list[AbstractJob]:
        """Jobs that none of the others requires; of those that run for ever only if they are not to be discarded."""
        ends = [job for job, number in self.graph().out_degree() if not number]
        return [job for job in ends if not (discard_forever and job.forever)]

    def predecessors_upstream(self, *starts: AbstractJob) -> set[AbstractJob]:
        """What some jobs require, what that requires, and so on."""
        import networkx as nx

        graph = self.graph()
        return {other for job in starts if job in graph for other in nx.ancestors(graph, job)}

    def successors_downstream(self, *starts: AbstractJob) -> set[AbstractJob]:
        """What requires some jobs, what requires that, and so on."""
        import networkx as nx

        graph = self.graph()
        return {other for job in starts if job in graph for other in nx.descendants(graph, job)}

    def _schedulers(self) -> Iterator[JobSet]:
        """The scheduler and those within."""
        pending: list[JobSet] = [self]
        seen: set[JobSet] = {self}
        for scheduler in pending:  # the list grows while it is read
            yield scheduler
            for job in scheduler.members:
                if isinstance(job, JobSet) and job not in seen:
                    seen.add(job)
                    pending.append(job)

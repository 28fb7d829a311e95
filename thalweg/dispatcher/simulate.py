"""How long a plan would take on so many workers: list scheduling, foretold without a call.

What is to be done is read off the plan: which calls wait for which.  Then time is run through, from one end of a call
to the next: whenever a worker is free it gets the call that has been ready longest, as in a run [1]_.

References
----------
.. [1] R. L. Graham, "Bounds for certain multiprocessing anomalies", Bell System Technical Journal 45(9), 1966.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from operator import index

from ..errors import BuildError
from .building import check_weight
from .network import Kind
from .plan import Plan, path_text
from .timeline import TimedCall, Timeline, Try

__all__ = ["Simulation", "simulate"]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was foretold of a plan.

    Attributes
    ----------
    workers : int
    makespan_seconds : float
        From the start of the first call to the end of the last.
    work_seconds : float
        All calls together.
    critical_seconds : float
        The longest chain of calls each of which waits for the one before: no number of workers makes it shorter.
    rows : list of (str, float, float, int)
        By call, in the order of their starts: path, start and end [s], and number of the worker, from 0 on.

    Notes
    -----
    With n workers no schedule is shorter than ``max(critical_seconds, work_seconds / n)``, and this one is at most
    ``work_seconds / n + (1 - 1 / n) * critical_seconds``.
    """

    workers: int
    makespan_seconds: float
    work_seconds: float
    critical_seconds: float
    rows: list[tuple[str, float, float, int]] = field(repr=False)

    @property
    def utilisation(self) -> float:
        """How much of the time the workers are at work: between 0 and 1; 0 where nothing takes time."""
        return self.work_seconds / (self.workers * self.makespan_seconds) if self.makespan_seconds else 0.0

    @property
    def timeline(self) -> Timeline:
        """The calls as `Solution.timeline` would have them, from time 0 on."""
        return Timeline(
            [
                TimedCall(path, start, end, f"worker {worker}", (Try(1, start, end, f"worker {worker}", None),))
                for path, start, end, worker in self.rows
            ]
        )


def simulate(
    plan: Plan,
    durations: Mapping[str, float],
    *,
    workers: int = 1,
    default: float | None = None,
) -> Simulation:
    """How long a plan would take, and how busy its workers would be.

    Parameters
    ----------
    plan : Plan
        Of `Dispatcher.solve`.
    durations : mapping of str to float
        How long each call takes [s], by path as in `Plan.calls`: such as `Timeline.durations` of a run.  Others may be
        there, too.
    workers : int, optional
        Calls that are made at once.
    default : float, optional
        How long those take that `durations` does not have [s]; None: it must have all.

    Returns
    -------
    Simulation

    Raises
    ------
    BuildError
        A duration is missing or negative, or there is no worker.

    Notes
    -----
    Nothing is added for handing calls over, and nothing fails: the plan is followed as it is.  Domains belong to their
    calls; the gates of sub-dispatchers, estimators and links take no time.

    O((calls + arcs) log workers).

    Examples
    --------
    >>> from thalweg import Dispatcher, simulate
    >>> dsp = Dispatcher()
    >>> for name in "fgh":
    ...     _ = dsp.add_function(name, abs, ["a"], [name.upper()])
    >>> plan = dsp.solve({"a"})
    >>> alone, both = (simulate(plan, {"f": 2, "g": 1, "h": 1}, workers=n) for n in (1, 2))
    >>> alone.makespan_seconds, both.makespan_seconds, both.utilisation
    (4.0, 2.0, 1.0)
    """
    try:
        count = index(workers)
    except TypeError:
        count = 0
    if count < 1:
        raise BuildError(f"workers is {workers!r}; give a whole number, at least 1")
    calls = _Calls(plan)
    seconds = _seconds(calls.paths, durations, default)
    rows = calls.schedule(seconds, count)
    makespan = max([end for _, _, end, _ in rows], default=0.0)
    return Simulation(count, makespan, sum(seconds), calls.longest(seconds), rows)


def _seconds(paths: list[str], durations: Mapping[str, float], default: float | None) -> list[float]:
    """How long each call takes."""
    if not isinstance(durations, Mapping):
        raise BuildError(f"durations is a {type(durations).__name__}; give a mapping of paths to seconds")
    lacking = [path for path in paths if path not in durations] if default is None else []
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        names = ", ".join(map(repr, lacking[:3]))
        raise BuildError(f"there is no duration of {names}{more}; give them, or default=... for the rest")
    return [check_weight(durations.get(path, default), f"the duration of {path!r}") for path in paths]


class _Calls:
    """The calls of a plan and what they wait for: each call, and each other step, is a number."""

    def __init__(self, plan: Plan) -> None:
        network, provider, takes = plan.network, plan.search.provider, plan.search.takes
        chosen = dict.fromkeys([provider[x] for x in plan.order])
        number = {f: place for place, f in enumerate(chosen)}
        known = set(plan.order)
        self.before: list[list[int]] = [
            list(dict.fromkeys([number[provider[u]] for u in takes(f) if u in known])) for f in chosen
        ]
        self.after: list[list[int]] = [[] for _ in chosen]
        for step, steps in enumerate(self.before):
            for earlier in steps:
                self.after[earlier].append(step)
        is_call = [network.kind[f] == Kind.FUNCTION for f in chosen]
        self.call_of = [-1] * len(chosen)  # by step: which call it is
        self.paths: list[str] = []
        for step, (f, is_one) in enumerate(zip(chosen, is_call, strict=True)):
            if is_one:
                self.call_of[step] = len(self.paths)
                self.paths.append(path_text(network.function_path(f)))

    def schedule(self, seconds: list[float], workers: int) -> list[tuple[str, float, float, int]]:
        """Rows of a simulation; steps that are no calls need no worker, and no time."""
        lacking = [len(steps) for steps in self.before]
        ready = deque([step for step, count in enumerate(lacking) if not count])
        running: list[tuple[float, int, int, int]] = []  # end, order of starts, step, worker
        idle = list(range(workers))  # a heap: the first free worker is taken
        rows: list[tuple[str, float, float, int]] = []
        now = 0.0
        waiting: deque[int] = deque()  # calls that wait for a worker
        while ready or waiting or running:
            while ready:
                step = ready.popleft()
                if self.call_of[step] >= 0:
                    waiting.append(step)
                else:
                    self._end(step, lacking, ready)
            while waiting and idle:
                step = waiting.popleft()
                worker, call = heappop(idle), self.call_of[step]
                end = now + seconds[call]
                heappush(running, (end, len(rows), step, worker))
                rows.append((self.paths[call], now, end, worker))
            if running:
                now, _, step, worker = heappop(running)
                heappush(idle, worker)
                self._end(step, lacking, ready)
        return rows

    def _end(self, step: int, lacking: list[int], ready: deque[int]) -> None:
        for later in self.after[step]:
            lacking[later] -= 1
            if not lacking[later]:
                ready.append(later)

    def longest(self, seconds: list[float]) -> float:
        """Length of the longest chain."""
        lacking = [len(steps) for steps in self.before]
        starts = [0.0] * len(lacking)
        longest = 0.0
        ready = deque([step for step, count in enumerate(lacking) if not count])
        while ready:
            step = ready.popleft()
            call = self.call_of[step]
            end = starts[step] + (seconds[call] if call >= 0 else 0.0)
            longest = max(longest, end)
            for later in self.after[step]:
                starts[later] = max(starts[later], end)
            self._end(step, lacking, ready)
        return longest

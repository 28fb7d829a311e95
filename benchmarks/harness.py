"""Timing: competitors take turns, several rounds, medians.

Whatever disturbs the machine for a while then disturbs all of them alike, and ratios keep their sense.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GC_NOTE = "collector on; collected and frozen before each sample, so that each pays for its own garbage only"
# On a busy machine the time on the wall counts other programs. Nothing timed here waits or has threads, so the time of
# the processor is all there is; where its clock is coarse (Windows), the wall will do.
_FINE = time.get_clock_info("thread_time").resolution < 1e-6
clock = time.thread_time if _FINE else time.perf_counter
CLOCK_NOTE = "processor time" if _FINE else "time on the wall"


# A sample lasts at least so long [s], in at most so many calls.
_SAMPLE = 0.010
_CALLS = 50


@dataclass(frozen=True, slots=True)
class Competitor:
    """Something that can be timed.

    ``prepare`` is not timed, and what it gives is handed to ``run``; ``check`` sees one result, before timing. A
    competitor elsewhere (in another interpreter) times itself: ``elsewhere`` gives the seconds of one sample.
    ``size`` is that of its model, where it is not everybody's.
    """

    name: str
    run: Callable[..., Any] | None = None
    prepare: Callable[[], Any] | None = None
    check: Callable[[Any], None] | None = None
    elsewhere: Callable[[], float] | None = None
    note: str = ""
    size: int | None = None

    def warm_up(self) -> None:
        if self.run is None:
            self.sample()
            return
        result = self.run(self.prepare()) if self.prepare else self.run()
        if self.check:
            self.check(result)

    def sample(self) -> float:
        """Seconds per call.

        The first call of a sample finds the caches of the processor full of what others left there; unless it is so
        long that this does not matter, it is not counted.
        """
        if self.elsewhere is not None:
            return self.elsewhere()
        seconds = self._once()
        if seconds >= _SAMPLE:
            return seconds
        total, calls = 0.0, 0
        while total < _SAMPLE and calls < _CALLS:
            total += self._once()
            calls += 1
        return total / calls

    def _once(self) -> float:
        assert self.run is not None
        if self.prepare is None:
            start = clock()
            result = self.run()
            seconds = clock() - start
        else:
            ready = self.prepare()
            start = clock()
            result = self.run(ready)
            seconds = clock() - start
        # What a result costs to throw away is not the dispatch's.
        del result
        return seconds


def interleave(competitors: Iterable[Competitor], rounds: int = 11, *, collector: bool = True) -> dict[str, float]:
    """Median seconds per call of each competitor."""
    field = list(competitors)
    for competitor in field:
        competitor.warm_up()
    samples: dict[str, list[float]] = {competitor.name: [] for competitor in field}
    was_on = gc.isenabled()
    try:
        for _ in range(rounds):
            for competitor in field:
                gc.enable()
                gc.collect()
                gc.freeze()
                if not collector:
                    gc.disable()
                samples[competitor.name].append(competitor.sample())
                gc.unfreeze()
    finally:
        gc.unfreeze()
        (gc.enable if was_on else gc.disable)()
    return {name: statistics.median(times) for name, times in samples.items()}


def once(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a single call, and what it gave: for things too slow or too stateful to repeat."""
    gc.collect()
    start = clock()
    result = run()
    return clock() - start, result


class ElsewhereError(Exception):
    """An error in another interpreter, already said in a line."""


def said(error: BaseException) -> str:
    """An error as one short line of a table."""
    if isinstance(error, ElsewhereError):
        return str(error)
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= 100 else text[:97] + "..."

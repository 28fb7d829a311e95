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


@dataclass(frozen=True, slots=True)
class Competitor:
    """Something that can be timed.

    ``prepare`` is not timed, and what it gives is handed to ``run``; ``check`` sees one result, before timing.
    ``number`` calls make one sample, each timed alone, so that ``prepare`` may stand between them. A competitor
    elsewhere (in another interpreter) times itself: ``elsewhere`` gives the seconds of one sample.
    """

    name: str
    run: Callable[..., Any] | None = None
    prepare: Callable[[], Any] | None = None
    number: int = 1
    check: Callable[[Any], None] | None = None
    elsewhere: Callable[[], float] | None = None
    note: str = ""

    def warm_up(self) -> None:
        if self.run is None:
            self.sample()
            return
        result = self.run(self.prepare()) if self.prepare else self.run()
        if self.check:
            self.check(result)

    def sample(self) -> float:
        """Seconds per call."""
        if self.elsewhere is not None:
            return self.elsewhere()
        run, prepare = self.run, self.prepare
        assert run is not None
        total = 0.0
        for _ in range(self.number):
            if prepare is None:
                start = clock()
                result = run()
                total += clock() - start
            else:
                ready = prepare()
                start = clock()
                result = run(ready)
                total += clock() - start
                del ready
            # What a result costs to throw away is not the dispatch's, and the next call should not pay it.
            del result
        return total / self.number


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

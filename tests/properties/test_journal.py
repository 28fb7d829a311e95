"""A recorded run that is interrupted anywhere, and goes on elsewhere, gives the solution of calls in line."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.properties.compare import see
from tests.properties.description import Case
from tests.properties.equations import Network
from tests.properties.models import cases
from thalweg.executors.contract import Drivable
from thalweg.executors.inline import InlineExecutor
from thalweg.journal import JournalWarning, open_journal
from thalweg.journal.lineage import key_of

FEW = 2000 if os.environ.get("THALWEG_SOAK") == "1" else 60


class Foreign:
    """An executor with a loop of its own."""

    name = "foreign"

    def drive(self, run: Drivable) -> None:
        InlineExecutor().drive(run)


EXECUTORS = st.sampled_from([None, "sync", "threads", "async", Foreign()])


class Countdown:
    """A stopper that is set when it has been asked so often."""

    def __init__(self, left: int) -> None:
        self.left = left

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@settings(max_examples=FEW)
@given(cases(), st.lists(st.integers(0, 8), max_size=3), st.lists(EXECUTORS, min_size=4, max_size=4))
def test_an_interrupted_run_gives_the_solution_of_one_that_was_not(
    case: Case, stops: list[int], executors: list[Any]
) -> None:
    assume(not Network(case.model, case.question).has_gate_in_circle())
    alone = see(case)
    with (
        TemporaryDirectory() as folder,
        open_journal(Path(folder) / "runs.db") as journal,
        warnings.catch_warnings(action="ignore", category=JournalWarning),
    ):
        known: set[str] = set()
        for stop, executor in zip([*stops, None, None], [*executors, None], strict=False):
            stopper = None if stop is None else Countdown(stop)
            driven = see(case, executor=executor, journal=journal, run="one", stopper=stopper)
            recorded = driven.solution.recorded
            again = {key_of(tuple(path.split("/"))) for path in driven.solution.recomputed}
            assert not again & (known - set(recorded.dropped))
            known = {entry.key for entry in journal.entries("one") if entry.has_value}
    assert driven.values == alone.values
    shown = [(x,) for x in alone.solution]
    assert [driven.providers[x] for x in shown] == [alone.providers[x] for x in shown]
    assert sorted(driven.solution.unreachable) == sorted(alone.solution.unreachable)

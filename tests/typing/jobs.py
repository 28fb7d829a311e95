"""What a type checker knows of scenarios of jobs. mypy reads this file; nothing runs it."""

import asyncio
from pathlib import Path
from typing import assert_type

from thalweg import Gate
from thalweg.executors import Event
from thalweg.jobs import AbstractJob, Engine, Job, PrintJob, Scheduler, Sequence, Verdict
from thalweg.plotting import Plot


async def fetch(name: str, seconds: float = 0.0) -> str:
    return name


class Probe(AbstractJob):
    async def co_run(self) -> int:
        return 1

    async def co_shutdown(self) -> None:
        pass


class Other(Scheduler):
    pass


def tell(event: Event) -> None:
    pass


first = Job(fetch, "a", label="first", forever=False, critical=True, timeout=1.0)
once = Job(fetch("b"), required=first)
later = Job(fetch, first.result, kwargs={"seconds": once.result}, requires=[first, Sequence(once, PrintJob("x"))])
probe = Probe(label="probe", required=Sequence(later)).requires(first, [once, None])
assert_type(probe, Probe)
assert_type(probe.required, tuple[AbstractJob, ...])
assert_type(probe.is_done(), bool)
assert_type(probe.raised_exception(), BaseException | None)

scenario = Scheduler(first, Sequence(once, Sequence(later)), probe, jobs_window=Gate(2), timeout=5.0)
assert_type(scenario.orchestrate(timeout=1.0, on_event=tell, monitor=True), Verdict)
assert_type(scenario.run(asyncio.new_event_loop()), Verdict)
assert_type(scenario.jobs, tuple[AbstractJob, ...])
assert_type(scenario.predecessors_upstream(first), set[AbstractJob])
assert_type(scenario.plot(format="svg", direction="TB"), Plot)
assert_type(scenario.save_as_dotfile("a.dot"), Path)
assert_type(Other().update([first]), Other)
Engine(scenario).keep_only_between(starts=first, ends=[later])

Scheduler([first])  # type: ignore[arg-type]
scenario.orchestrate(timeout="soon")  # type: ignore[arg-type]
Job("fetch")  # type: ignore[arg-type]


async def main() -> None:
    verdict = await scenario.co_orchestrate()
    assert_type(verdict.failed, tuple[AbstractJob, ...])
    assert_type(verdict.error, Exception | None)
    assert_type(bool(verdict), bool)

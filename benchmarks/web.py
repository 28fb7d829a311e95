"""A model as a service, beside endpoints written by hand: requests per second, latency, errors, cost in the server."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 30.0  # for each, in 11 rounds
PROCESSES = 2
CONNECTIONS = 8  # of each process
NEEDED = 0.7  # of the requests per second of an endpoint written by hand
TINY = {"SECONDS": 1.1}

# Like is compared with like: what answers others while a function is at work, and what does not.
AGAINST = {"threads": "thalweg", "loop": "quick"}
CALLED = {
    "thalweg": "thalweg",
    "threads": "by hand, in a thread",
    "quick": "thalweg, quick=True",
    "loop": "by hand, on the event loop",
}


@dataclass
class Served:
    """One server, and what its clients have seen so far."""

    kind: str
    process: subprocess.Popen[str]
    port: int
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    def cost(self) -> float:
        import psutil

        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def start(kind: str) -> Served:
    words = [sys.executable, "-m", "benchmarks.serving", kind]
    process = subprocess.Popen(words, cwd=root(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return Served(kind, process, json.loads(process.stdout.readline()))


def root() -> Path:
    return Path(__file__).parents[1]


def ask(served: Served, seconds: float) -> None:
    before = served.cost()
    words = [sys.executable, "-m", "benchmarks.load", str(served.port), str(seconds), str(CONNECTIONS)]
    clients = [subprocess.Popen(words, cwd=root(), stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    seen: list[dict[str, Any]] = [json.loads(client.communicate()[0]) for client in clients]
    count = sum(len(each["latencies"]) for each in seen)
    served.rates.append(count / seconds)
    served.costs.append((served.cost() - before) / max(count, 1))
    served.errors += sum(each["errors"] for each in seen)
    for each in seen:
        served.latencies += each["latencies"]


def measure(options: Any) -> Iterator[Row]:
    field_of = {kind: start(kind) for kind in CALLED}
    try:
        for served in field_of.values():
            ask(served, 0.5)  # warm
            served.rates.clear()
            served.costs.clear()
            served.latencies.clear()
        for _ in range(options.rounds):
            for served in field_of.values():
                ask(served, SECONDS / 11)
    finally:
        for served in field_of.values():
            served.process.terminate()
            served.process.wait(30)
            assert served.process.stdout is not None
            served.process.stdout.close()
    yield from rows(field_of)


def rows(field_of: dict[str, Served]) -> Iterator[Row]:
    for kind, served in field_of.items():
        note = ""
        if kind in AGAINST:
            pairs = zip(field_of[AGAINST[kind]].rates, served.rates, strict=True)
            share = statistics.median(ours / theirs for ours, theirs in pairs)
            note = f"{CALLED[AGAINST[kind]]} answers {share:.0%} of it"
        yield Row("web", "10 functions", CALLED[kind], statistics.median(served.rates), "requests/s", note=note)
    # The same for each second that the server had the processor: other programs on the machine do not count.
    for kind, served in field_of.items():
        rate = 1 / statistics.median(served.costs)
        if kind not in AGAINST:
            yield Row("web", "processor time alone", CALLED[kind], rate, "requests/s")
            continue
        share = 1 / statistics.median(field_of[AGAINST[kind]].costs) / rate
        limit, note = f">= {NEEDED:.0%}", f"{CALLED[AGAINST[kind]]} answers {share:.0%} of it"
        yield Row(
            "web", "processor time alone", CALLED[kind], rate, "requests/s", 1 / share, limit, share >= NEEDED, note
        )
    for kind, served in field_of.items():
        cuts = statistics.quantiles(served.latencies, n=1000)
        note = f"median {cuts[499] * 1e3:.2f}, 99.9 % {cuts[998] * 1e3:.1f}"
        yield Row("web", "latency, 99 %", CALLED[kind], cuts[989] * 1e3, "ms", note=note)
    errors = sum(served.errors for served in field_of.values())
    answers = sum(len(served.latencies) for served in field_of.values())
    yield Row("web", "errors", "all", errors, "", None, "0", errors == 0, f"of {answers:,} answers")

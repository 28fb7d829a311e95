"""What a journal in SQLite adds to a run, each value on the disk before anything rests on it; and how fast it is read.

Calls of 1 ms: busy ones hold the interpreter, the others wait, as for a service. Layers are 50 calls side by side, each
of which takes two values of the layer before; in a chain nothing can be done while a value is on its way to the disk.
Time on the wall, for the disk is waited for; *one commit* is what that takes where one value is written at a time.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import thalweg
from benchmarks.report import Row
from thalweg.journal import open_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "journal"
CALL_SECONDS = 0.001
LAYERS, WIDTH = 8, 50
CHAIN = 200
THREADS = 4
RECORDED = 1_000_000
LIMIT = 1.15
LIMIT_SECONDS = 10.0

TINY = {"LAYERS": 2, "WIDTH": 4, "CHAIN": 3, "RECORDED": 300}


def busy(*values: float) -> float:
    until = time.perf_counter() + CALL_SECONDS
    while time.perf_counter() < until:
        pass
    return sum(values) + 1.0


def patient(*values: float) -> float:
    time.sleep(CALL_SECONDS)
    return sum(values) + 1.0


def add(x: float) -> float:
    return x + 1.0


def layers(function: Callable[..., float]) -> thalweg.Dispatcher:
    dsp = thalweg.Dispatcher(name="layers")
    for layer in range(LAYERS):
        for i in range(WIDTH):
            inputs = [f"x{layer},{i}", f"x{layer},{(i + 1) % WIDTH}"] if layer else ["x"]
            dsp.add_function(f"f{layer},{i}", function, inputs, [f"x{layer + 1},{i}"])
    return dsp


def chain(function: Callable[..., float]) -> thalweg.Dispatcher:
    dsp = thalweg.Dispatcher(name="chain")
    for i in range(CHAIN):
        dsp.add_function(f"f{i}", function, [f"x{i}" if i else "x"], [f"x{i + 1}"])
    return dsp


def seconds_of(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(options: Options) -> Iterator[Row]:
    # Beside the repository, for the folder of temporary files may be memory.
    with tempfile.TemporaryDirectory(prefix=".journal-", dir=Path(__file__).parent) as folder:
        yield from added(options, Path(folder))
        yield commit(options, Path(folder))
        yield from resumed(Path(folder))


def added(options: Options, folder: Path) -> Iterator[Row]:
    """The same run without and with a journal, in turns."""
    wide = f"{LAYERS} layers of {WIDTH} calls"
    cases: list[tuple[str, thalweg.Dispatcher, str | None, bool]] = [
        (f"{wide}, busy, in line", layers(busy), None, True),
        (f"{wide}, waiting, in {THREADS} threads", layers(patient), "threads", True),
        (f"chain of {CHAIN} calls, busy, in line", chain(busy), None, False),
    ]
    names = count()
    with open_journal(folder / "runs.db") as journal, thalweg.open_executor("threads", max_workers=THREADS) as pool:
        for case, dsp, executor, is_limited in cases:
            how: dict[str, Any] = {"executor": pool} if executor else {}
            plain, kept = [], []
            for _ in range(1 + options.rounds):
                plain.append(seconds_of(lambda dsp=dsp, how=how: dsp.dispatch({"x": 0.0}, **how)))
                run = str(next(names))
                kept.append(
                    seconds_of(
                        lambda dsp=dsp, how=how, run=run: dsp.dispatch({"x": 0.0}, journal=journal, run=run, **how)
                    )
                )
            without, recorded = statistics.median(plain[1:]), statistics.median(kept[1:])
            ratio = recorded / without
            yield Row(NAME, case, "without a journal", without * 1e3, "ms", without / recorded)
            yield Row(NAME, case, "recorded", recorded * 1e3, "ms", 1.0)
            if is_limited:
                yield Row(NAME, case, "recorded / without", ratio, "times", None, f"<= {LIMIT:g}", ratio <= LIMIT)
            else:
                each = (recorded - without) / CHAIN
                yield Row(NAME, case, "added to each call", each * 1e3, "ms", note="each waits for its commit")


def commit(options: Options, folder: Path) -> Row:
    """One value at a time, and the wait for the disk."""
    with open_journal(folder / "runs.db") as journal, journal.begin("bench", "", {}) as recording:
        samples = []
        for number in range(20 * options.rounds):
            start = time.perf_counter()
            recording.record(str(number), 1.0)
            recording.flush()
            samples.append(time.perf_counter() - start)
    return Row(NAME, "one value", "one commit", statistics.median(samples) * 1e3, "ms")


def resumed(folder: Path) -> Iterator[Row]:
    """A run that is taken up with all its values known."""
    dsp = thalweg.Dispatcher(name="many")
    dsp.add_from_lists(
        fun_list=[
            {"function": add, "function_id": f"f{i}", "inputs": ["x"], "outputs": [f"y{i}"]} for i in range(RECORDED)
        ]
    )
    case = f"{RECORDED:,} recorded values"
    dsp.dispatch({"x": 0.0})  # the model is made flat, and its plan found
    with open_journal(folder / "many.db") as journal:
        first = seconds_of(lambda: dsp.dispatch({"x": 0.0}, journal=journal, run="one"))
        left: list[Any] = []
        again = seconds_of(lambda: left.append(dsp.dispatch({"x": 0.0}, journal=journal, run="one")))
    assert not left[0].recomputed
    yield Row(NAME, case, "recorded, quick calls", first, "s")
    yield Row(NAME, case, "resumed", again, "s", None, f"<= {LIMIT_SECONDS:g} s", again <= LIMIT_SECONDS)

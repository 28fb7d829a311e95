"""What an import costs beyond Python's own start, in a fresh interpreter each time.

The limit is on the time of the processor: that on the wall counts whatever else the machine does.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.__main__ import Options

NAME = "imports"
LIMIT_SECONDS = 0.060
ROOT = Path(__file__).parent.parent
# What a user writes who is about to build a model: a package that imports nothing until then hides nothing here.
CODES = {
    "thalweg": "import thalweg",
    "thalweg, Dispatcher": "from thalweg import Dispatcher",
    "schedula": "from schedula import Dispatcher",
    "graphtik": "from graphtik import compose, operation",
    "pipefunc": "from pipefunc import Pipeline, PipeFunc",
    "Hamilton": "from hamilton import base, driver",
}
# What an import of thalweg should leave to the moment when it is needed.
HEAVY = ("numpy", "networkx", "asyncio", "concurrent.futures", "multiprocessing", "inspect", "logging", "dataclasses")
STARTS = 11  # of each, at least

TINY = {"STARTS": 1}


def start(code: str, compiled: str) -> tuple[float, float]:
    """Wall and processor seconds of an interpreter that runs ``code``.

    Everybody's files are compiled by then, into the folder ``compiled``: a machine may be told not to keep what it has
    compiled beside the sources, and would then measure the compiler.
    """
    command = [sys.executable, "-W", "ignore", "-c", f"{code}; import time; print(time.process_time())"]
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    clock = time.perf_counter()
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment)
    return time.perf_counter() - clock, float(ran.stdout)


def measure(options: Options) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as compiled:
        codes = {"bare": "pass"}
        for name, code in CODES.items():
            if options.peers or name.startswith("thalweg"):
                try:
                    start(code, compiled)
                    codes[name] = code
                except subprocess.CalledProcessError as error:
                    if name.startswith("thalweg"):
                        raise
                    yield Row(NAME, "wall", name, None, "", note=error.stderr.strip().rsplit("\n", 1)[-1][:100])
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
        for _ in range(max(options.rounds, STARTS)):
            for name, code in codes.items():
                times[name].append(start(code, compiled))
    for which, case in enumerate(("wall", "processor")):
        yield from rows(case, {name: statistics.median(pair[which] for pair in pairs) for name, pairs in times.items()})
    yield Row(NAME, "loaded", "thalweg, Dispatcher", None, "", note=loaded())


def rows(case: str, medians: dict[str, float]) -> Iterator[Row]:
    bare = medians.pop("bare")
    yield Row(NAME, case, "Python's own start", bare * 1e3, "ms")
    ours = medians["thalweg, Dispatcher"] - bare
    for name, seconds in medians.items():
        above, asked = seconds - bare, case == "processor" and name.startswith("thalweg")
        limit = f"<= {LIMIT_SECONDS * 1e3:g}" if asked else ""
        passed = above <= LIMIT_SECONDS if asked else None
        yield Row(NAME, case, name, above * 1e3, "ms above", above / ours, limit, passed)


def loaded() -> str:
    """Which of the heavy modules are there after the import."""
    code = f"import sys, thalweg; thalweg.Dispatcher; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return ran.stdout.strip() or "none of the heavy modules"

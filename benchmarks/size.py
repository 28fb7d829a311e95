"""Models of a million nodes: building, solving and dispatching, each shape in an interpreter of its own.

Nodes are functions and data together. *First*: with the making of the flat network. The memory is that of the whole
process at its highest, Python, the imports and the description of the model included.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.__main__ import Options

NAME = "size"
NODES = 1_000_000
SOLVE_SECONDS, DISPATCH_SECONDS, MEGABYTES = 3.0, 6.0, 1_500
TIMES_NETWORKX = 3.0

TINY = {"NODES": 300}


def one(x: Any) -> Any:
    return x


def three(x: Any, y: Any, z: Any) -> Any:  # noqa: ARG001 - it stands for any function of three inputs
    return x


def chain(nodes: int) -> Iterator[tuple[Any, list[str], str]]:
    return ((one, [f"d{i}"], f"d{i + 1}") for i in range(nodes // 2))


def fan_out(nodes: int) -> Iterator[tuple[Any, list[str], str]]:
    return ((one, ["d0"], f"d{i + 1}") for i in range(nodes // 2))


def layered(nodes: int, width: int = 100) -> Iterator[tuple[Any, list[str], str]]:
    for i in range(nodes // 2):
        row, column = divmod(i, width)
        inputs = [f"d{row},{(column + step) % width}" for step in (0, 1, 7)]
        yield three, inputs, f"d{row + 1},{column}"


def grid(nodes: int) -> Iterator[tuple[Any, list[str], str]]:
    """A way right and a way down from each datum: of most data there are two providers."""
    side = int((nodes / 3) ** 0.5)
    for row in range(side):
        for column in range(side):
            if column + 1 < side:
                yield one, [f"d{row},{column}"], f"d{row},{column + 1}"
            if row + 1 < side:
                yield one, [f"d{row},{column}"], f"d{row + 1},{column}"


SHAPES = {"chain": chain, "fan-out": fan_out, "layered": layered, "grid": grid}
GIVEN = {"chain": ["d0"], "fan-out": ["d0"], "layered": [f"d0,{i}" for i in range(100)], "grid": ["d0,0"]}


def build(shape: str, nodes: int) -> Any:
    import thalweg

    dsp = thalweg.Dispatcher(name=shape)
    for number, (function, inputs, output) in enumerate(SHAPES[shape](nodes)):
        dsp.add_function(f"f{number}", function, inputs, [output])
    return dsp


def measure_here(shape: str, nodes: int) -> dict[str, float]:
    """Seconds of the processor, and megabytes."""
    import resource
    import time

    found: dict[str, float] = {}

    def timed(name: str, run: Any) -> Any:
        start = time.process_time()
        result = run()
        found[name] = time.process_time() - start
        return result

    inputs = dict.fromkeys(GIVEN[shape], 1)
    dsp = timed("building", lambda: build(shape, nodes))
    found["nodes"] = len(dsp.nodes)
    solution = timed("dispatch, first", lambda: dsp.dispatch(inputs))
    assert len(solution) == len(dsp.data_nodes)
    del solution
    dsp.solution = None
    dsp.add_data("another")  # what was found is forgotten
    plan = timed("solve, first", lambda: dsp.solve(inputs))
    assert len(plan.order) == len(dsp.data_nodes) - 1 - len(inputs)
    del plan
    dsp.set_default_value("another", 1)
    dsp.make_network()
    timed("solve, network there", lambda: dsp.solve(inputs))
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return found


def against_networkx(shape: str, nodes: int) -> dict[str, float]:
    """Seconds to solve, and seconds of networkx on the same graph, made beforehand."""
    import time

    import networkx as nx

    dsp = build(shape, nodes)
    graph = dsp.graph
    ours, theirs = [], []
    dsp.make_network()
    for turn in range(3):
        dsp.set_default_value("another", turn, initial_dist=5.0)
        dsp.make_network()
        start = time.process_time()
        plan = dsp.solve(GIVEN[shape])
        ours.append(time.process_time() - start)
        distances = plan.search.dist
        del plan
        start = time.process_time()
        lengths = nx.single_source_dijkstra_path_length(graph, GIVEN[shape][0])
        theirs.append(time.process_time() - start)
        index = dsp.make_network().top.index
        assert all(distances[x] == lengths[name] for name, x in index.items() if name != "another")
        del lengths, distances
    return {"thalweg": min(ours), "networkx": min(theirs)}


def elsewhere(what: str, shape: str, nodes: int) -> dict[str, float]:
    """What a new interpreter measures."""
    command = [sys.executable, "-m", "benchmarks.size", what, shape, str(nodes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(options: Options) -> Iterator[Row]:
    limits = {"solve, first": SOLVE_SECONDS, "dispatch, first": DISPATCH_SECONDS}
    for shape in SHAPES:
        found = elsewhere("measure", shape, NODES)
        for what in ("building", "solve, first", "solve, network there", "dispatch, first"):
            limit = limits.get(what)
            said = f"< {limit:g}" if limit else ""
            passed = found[what] < limit if limit else None
            yield Row(
                NAME, f"{shape}, {found['nodes']:,.0f} nodes, {what}", "thalweg", found[what], "s", None, said, passed
            )
        size = found["memory"]
        yield Row(NAME, f"{shape}, in all", "thalweg", size, "MB", None, f"< {MEGABYTES}", size < MEGABYTES)
    for shape in ("chain", "fan-out", "grid") if options.peers else ():
        found = elsewhere("networkx", shape, NODES)
        yield Row(NAME, f"{shape}, solve", "networkx", found["networkx"], "s")
        times = found["networkx"] / found["thalweg"]
        limit = f">= {TIMES_NETWORKX:g}"
        yield Row(NAME, f"{shape}, networkx / thalweg", "thalweg", times, "times", None, limit, times >= TIMES_NETWORKX)


if __name__ == "__main__":
    what, shape, nodes = sys.argv[1:]
    print(json.dumps((measure_here if what == "measure" else against_networkx)(shape, int(nodes))))

"""Areas below curves, by a flow of tasks: on threads, in processes, and over an interruption."""

import tempfile
from math import atan, exp
from pathlib import Path

from model import Integral, Recorded, peak, root, waves

import thalweg as tw
from thalweg.tasks import TaskError


def areas() -> None:
    """Have three areas made at once, and compare them with the exact ones."""
    exact = {"peak": 100 * (atan(70.0) + atan(30.0)), "root": 2 / 3, "waves": 0.6384591893150102}
    curves = {"peak": (peak, 1.0), "root": (root, 1.0), "waves": (waves, 6.0)}
    runs = {name: Integral(curve, 1e-7).entrypoint.submit(0.0, high) for name, (curve, high) in curves.items()}
    again = Integral(root, 1e-7).entrypoint.using("processes").submit(0.0, 1.0)
    for name, run in runs.items():
        area, pieces = run.result(timeout=100)
        calls = run.counts["done"]
        print(
            f"{name}: {area:.6f} of {pieces} pieces, by {calls} calls; right to 1e-6: {abs(area - exact[name]) < 1e-6}"
        )
    print(f"in processes the same: {again.result(timeout=100) == runs['root'].result()}")


def interrupted() -> None:
    """Begin with what is there, and go on when the rest has come."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "measurements")
        bound = Integral(Recorded(str(file)), 1e-8).entrypoint.using(
            "sync", journal=f"sqlite:///{folder}/runs.db", run="measured"
        )
        try:
            bound.run(0.0, 1.0)
        except TaskError as error:
            print(f"\n{error.path}: {error.__cause__}")
        file.touch()
        run = bound.submit(0.0, 1.0)
        area, _ = run.result(timeout=100)
        recalled = len(run.recorded.recalled) if run.recorded is not None else 0
        print(f"measured: {area:.6f}; right to 1e-6: {abs(area - 1 + exp(-1)) < 1e-6}")
        print(f"{recalled} of {run.counts['done']} calls were not made again")


def main() -> None:
    """Show both."""
    areas()
    interrupted()
    tw.shutdown_executors()


if __name__ == "__main__":
    main()

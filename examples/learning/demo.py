"""A pipeline of machine learning in which every step may go another way.

The data are the wines that scikit-learn brings along. Nothing here depends on chance: every third wine is held back
for the test, and all methods have one solution.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from model import dsp, wines

import thalweg as tw

STEPS = ("x_whole", "classifier", "guess")


def tell(title: str, solution: tw.Solution) -> None:
    """Print which way each step went, what failed, and how good the result is."""
    print(f"\n{title}")
    for name in STEPS:
        if name in solution:
            provider = solution.providers[name]
            print(f"  {name:10} from {', '.join(provider) if isinstance(provider, tuple) else provider}")
    for failure in solution.errors.values():
        reason = str(failure.error).partition("\n")[0] if failure.kind == "refused" else type(failure.error).__name__
        print(f"  {failure.path}: {reason}")
    right, total = solution["right"], len(solution["y_test"])
    print(f"  at least 9 of 10 wines known by their taste: {right > 0.9 * total}")


def main() -> int:
    features, labels = wines()
    holed = features.copy()
    holed[::7, 3] = np.nan
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "classifier.joblib"
        wanted = ["right", "y_test"]

        tell("The table as it is", dsp({}, outputs=wanted))
        tell("A table with gaps", dsp({"features": holed, "labels": labels}, outputs=wanted))
        tell("Too few steps for the solver", dsp({"steps": 2}, outputs=wanted))
        tell("Trained and saved", dsp({"model_file": file}, outputs=[*wanted, "save"]))
        tell("A model is there: not trained again", dsp({"model_file": file}, outputs=wanted))
        file.write_bytes(b"")
        tell("An empty file", dsp({"model_file": file}, outputs=wanted))

        few = slice(57, 61)  # two of one grower, two of the next
        solution = dsp({"features": features[few], "labels": labels[few]}, outputs=["guess"])
        print("\nFour wines only: too few for those who ask five neighbours")
        print(f"  opinions that could be had: {', '.join(solution.providers['guess'])}")
    plan = dsp.solve([], wanted)
    print(f"\nThe plan without a file: {', '.join(plan.calls)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

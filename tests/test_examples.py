"""Every example runs as a script, from any folder, without a warning, and says what was recorded.

`output.txt` beside a demo is what it printed when somebody last looked at it and found it right. To record anew:
`python examples/units/demo.py > examples/units/output.txt`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = [pytest.param(path, id=path.parent.name) for path in sorted(ROOT.glob("examples/*/demo.py"))]
CHECKS_ITSELF = {"planets"}  # compares its numbers with published ones, and says by its exit code what it found


@pytest.mark.parametrize("script", EXAMPLES)
def test_example_runs_and_says_what_was_recorded(script, tmp_path):
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not done.stderr
    if script.parent.name not in CHECKS_ITSELF:
        assert done.stdout == (script.parent / "output.txt").read_text(encoding="utf-8")


def test_every_example_is_in_the_gallery():
    gallery = (ROOT / "doc" / "gallery.md").read_text(encoding="utf-8")
    missing = [example.id for example in EXAMPLES if f"examples/{example.id}/" not in gallery]
    assert not missing

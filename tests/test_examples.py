"""Every example runs as a script, from any folder, without a warning, and says something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = [pytest.param(path, id=path.parent.name) for path in sorted(ROOT.glob("examples/*/demo.py"))]


@pytest.mark.parametrize("script", EXAMPLES)
def test_example_runs(script, tmp_path):
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

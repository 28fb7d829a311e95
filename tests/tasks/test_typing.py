"""For a type checker a promise is the value; mypy reads tests/typing with the rest, pyright here."""

import json
import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "typing" / "tasks.py"
# A mark where nothing is refused is an error itself, and the marks for mypy count for nothing.
CHECKS = {
    "include": [str(SAMPLE)],
    "typeCheckingMode": "standard",
    "pythonVersion": "3.11",
    "enableTypeIgnoreComments": False,
    "reportUnnecessaryTypeIgnoreComment": "error",
}


def checked(folder, source=None):
    """Have pyright read the sample, or another text in its place, and give what it finds wrong."""
    checks = dict(CHECKS)
    if source is not None:
        (folder / "sample.py").write_text(source)
        checks["include"] = [str(folder / "sample.py")]
    (folder / "pyrightconfig.json").write_text(json.dumps(checks))
    command = [sys.executable, "-m", "basedpyright", "-p", str(folder), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SAMPLE.parents[2])
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == 1
    return [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in found["generalDiagnostics"]]


def test_pyright_takes_promises_for_values_and_refuses_wrong_ones(tmp_path):
    assert checked(tmp_path) == []


def test_pyright_finds_what_the_marks_hide(tmp_path):
    lines = SAMPLE.read_text().splitlines()
    marked = [number for number, line in enumerate(lines, 1) if "# pyright: ignore" in line]
    unmarked = "\n".join(line.split("  # type: ignore")[0] for line in lines)
    found = checked(tmp_path, unmarked)
    assert sorted({int(each.split(":")[0]) for each in found}) == marked
    assert len(marked) >= 8

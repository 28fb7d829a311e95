"""Every benchmark works, at tiny sizes; what it measures then says nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES

ROOT = Path(__file__).parents[1]


def run(names, *options):
    command = [sys.executable, "-m", "benchmarks", *names, "--tiny", "--no-peers", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_it_measures_something(name, tmp_path):
    run([name], "--json", tmp_path / "results.json")
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert rows
    assert {row["benchmark"] for row in rows} == {name}
    assert any(row["value"] is not None for row in rows)


def test_a_page_keeps_the_sections_that_were_not_measured_again(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Old head\n\n## imports\n\nas it was\n\n## memory\n\n| old |\n\n## gone\n\nforgotten\n")
    run(["memory"], "--json", tmp_path / "results.json", "--page", page)
    text = page.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## imports", "## memory"]
    assert "as it was" in text
    assert "| old |" not in text
    assert "| model alone | thalweg |" in text
    assert "Old head" not in text

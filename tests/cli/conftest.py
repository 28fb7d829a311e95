"""An empty folder for each test, in which `thalweg` is the command of this interpreter."""

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    place = tmp_path / "bin" / "thalweg"
    place.parent.mkdir()
    place.write_text(f'#!/bin/sh\nexec {sys.executable} -W error -m thalweg "$@"\n')
    place.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "120")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    return Path(home)

"""Modules of the examples, imported as their scripts import them, and forgotten afterwards."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def example():
    """Give a function that imports all modules of an example."""
    entered = []

    def enter(name):
        folder = EXAMPLES / name
        names = sorted(path.stem for path in folder.glob("*.py"))
        sys.path.insert(0, str(folder))
        entered.append((folder, names))
        return SimpleNamespace(folder=folder, **{each: importlib.import_module(each) for each in names})

    yield enter
    for folder, names in entered:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)

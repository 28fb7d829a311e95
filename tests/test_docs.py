"""Every Python block of the README and of the pages under doc/ runs, and gives what it shows.

The blocks of one page share one namespace, from the top down. A ```pycon block is a session, compared with what it
shows; a ```python block is run. What is not meant to run is marked otherwise (```text, ```bash).
"""

import doctest
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("doc/**/*.md"))]
BLOCK = re.compile(r"^```(?P<kind>python|pycon)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks_of(page):
    """Give kind, code and line number of each block."""
    text = page.read_text(encoding="utf-8")
    return [(found["kind"], found["code"], text.count("\n", 0, found.start("code"))) for found in BLOCK.finditer(text)]


PAGES_WITH_CODE = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if blocks_of(page)]


@pytest.fixture
def namespace(monkeypatch):
    """Give the names of a module that can be found by its name, so that what a page defines can be pickled."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    return vars(module)


@pytest.mark.parametrize("page", PAGES_WITH_CODE)
def test_blocks_run_and_give_what_they_show(page, namespace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = str(page.relative_to(ROOT))
    for kind, code, line in blocks_of(page):
        if kind == "python":
            exec(compile("\n" * line + code, name, "exec"), namespace)  # the lines before: right line numbers
        else:
            run_session(code, namespace, name, line)


def run_session(code, namespace, name, line):
    """Run a block with prompts; fail with doctest's own report."""
    session = doctest.DocTestParser().get_doctest(code, {}, name, name, line)
    session.globs = namespace
    report = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(session, out=report.append, clear_globs=False)
    if report:
        pytest.fail("".join(report), pytrace=False)


def test_the_readme_opens_with_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:8]
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")] == ["make demo", "make test"]

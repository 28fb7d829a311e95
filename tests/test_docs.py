"""Every block of code of the README and of the pages under doc/ runs and gives what it shows, and the pages build.

The blocks of one page share one namespace and one empty folder, from the top down. A ```pycon block is a session,
compared with what it shows; a ```python block is run; a ```console block holds commands after `$`, with what they
print. What is not meant to run is marked otherwise (```text, ```bash).
"""

import doctest
import importlib
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import thalweg
import thalweg.errors
import thalweg.tokens

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("doc/**/*.md"))]
BLOCK = re.compile(r"^```(?P<kind>python|pycon|console)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
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
        if kind == "console":
            run_commands(code, f"{name}, line {line}")
        elif kind == "python":
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


def run_commands(code, place):
    """Run each command of a block; compare what it prints, errors included, with the lines below it."""
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        words = shlex.split(command)
        assert words[0] == "thalweg", f"{place}: only `thalweg` is run, not {words[0]!r}"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", *words],
            env=os.environ | {"PYTHONUTF8": "1", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert doctest.OutputChecker().check_output(expected, done.stdout, OPTIONS), (
            f"{place}: $ {command}\nexpected:\n{expected}\ngot:\n{done.stdout}"
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The pages, built from a copy so that nothing is left among the sources; warnings are errors."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "doc", folder / "doc", ignore=shutil.ignore_patterns("_build", "api"))
    for name in ("CHANGELOG.md", "examples"):
        (folder / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "doc", "html"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(built):
    from sphinx.util.inventory import InventoryFile

    with (built / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: base + path)
    described = {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}
    faces = {face: importlib.import_module(face) for face, _ in public_names()}
    faces |= {"thalweg.tokens": thalweg.tokens}  # the reserved values are described where they are made
    missing = [
        f"{face}.{name}"
        for face, name in public_names()
        if not any(
            f"{home}.{name}" in described and getattr(module, name, None) is getattr(faces[face], name)
            for home, module in faces.items()
        )
    ]
    assert not missing, f"list them in doc/reference/index.md: {', '.join(missing)}"


def public_names():
    """Give the names of all faces: of the package, of its errors, and of each of its parts."""
    faces = ["thalweg", "thalweg.errors"]
    faces += [found.name for found in pkgutil.walk_packages(thalweg.__path__, "thalweg.") if found.ispkg]
    for face in faces:
        for name in getattr(importlib.import_module(face), "__all__", ()):
            yield face, name


@pytest.mark.slow
def test_every_page_can_be_reached(built):
    pages = {path.relative_to(ROOT / "doc") for path in ROOT.glob("doc/**/*.md")}
    unseen = {Path("decisions/0000-template.md")} | {page for page in pages if "_build" in page.parts}
    lost = [str(page) for page in pages - unseen if not (built / page.with_suffix(".html")).is_file()]
    assert not lost


def test_names_beside_those_of_schedula_exist():
    text = (ROOT / "doc" / "coming-from-schedula.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`([\w.]+)`", row[2])]
    assert len(names) > 50
    starts = {"Dispatcher": thalweg.Dispatcher(), "errors": thalweg.errors}
    for name in names:
        first, *rest = name.split(".")
        place = starts[first] if first in starts else getattr(thalweg, first)
        assert all(hasattr(place, part) for part in rest), name


def test_the_readme_opens_with_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:8]
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")] == ["make demo", "make test"]

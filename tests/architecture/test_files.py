"""Files and functions stay readable, faces stay faces, and what we do not do is not done."""

import ast

import pytest

from tests.architecture.source import FUNCTIONS, PACKAGE, ROOT, SOURCES, listed, part_of

FILE_LINES = 600
FACE_LINES = 60
FUNCTION_LINES = 80


def lines_of(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def lines_without_docstring(function):
    """Count the lines of a function; a long docstring is no fault."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def public_names(source):
    """Give the `__all__` of a face, or None where it has none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def face_order(name):
    """Constants, then classes, then the rest: the order in which ruff (RUF022) sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_no_file_is_longer_than_one_can_hold_in_mind():
    long = [
        f"{source.module}: {lines_of(source.path)} lines" for source in SOURCES if lines_of(source.path) > FILE_LINES
    ]
    assert not long, listed(long)


def test_faces_hold_little():
    long = [source.module for source in SOURCES if source.is_face and lines_of(source.path) > FACE_LINES]
    assert not long, listed(long)


def test_no_function_is_longer_than_a_page():
    long = [
        f"{source.at(node.lineno)}: {node.name} has {lines_without_docstring(node)} lines"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, FUNCTIONS) and lines_without_docstring(node) > FUNCTION_LINES
    ]
    assert not long, listed(long)


@pytest.mark.parametrize("source", [pytest.param(each, id=each.module) for each in SOURCES if each.is_face])
def test_a_face_lists_its_names_once_and_sorted(source):
    names = public_names(source)
    assert names is not None, f"{source.module} has no __all__"
    assert names == sorted(set(names), key=face_order)


def test_the_page_on_architecture_names_every_part_of_the_house_and_every_file_of_the_dispatcher():
    page = (ROOT / "doc" / "architecture.md").read_text(encoding="utf-8")
    parts = {f"`{path.name}/`" for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    files = {f"`{path.name}`" for path in (PACKAGE / "dispatcher").glob("*.py")} - {"`__init__.py`"}
    assert not {name for name in parts | files if name not in page}


def test_only_the_command_prints():
    printing = [
        source.at(node.lineno)
        for source in SOURCES
        if part_of(source.module) != "cli"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing, listed(printing)


def test_no_bare_except():
    bare = [
        source.at(node.lineno)
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not bare, listed(bare)

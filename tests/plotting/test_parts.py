"""The parts of pictures: who knows models, and what nobody does."""

import ast

import pytest

from tests.architecture.source import SOURCES, is_within

PARTS = {source.path.stem: source for source in SOURCES if is_within(source.module, {"thalweg.plotting"})}
KNOW_MODELS = {"scene", "story"}
MEET_MODELS = {"gantt", "picture", "sphinx", "tables"}  # they are handed one, and pass it on
CLASSES = {f"thalweg.dispatcher{name}" for name in ("", ".dispatcher", ".plan", ".solution")}


@pytest.mark.parametrize("name", sorted(set(PARTS) - KNOW_MODELS - MEET_MODELS))
def test_writers_know_boxes_and_no_models(name):
    assert not [each.module for each in PARTS[name].imports if is_within(each.module, {"thalweg.dispatcher"})]


@pytest.mark.parametrize("name", sorted(MEET_MODELS))
def test_who_meets_a_model_knows_its_class_only(name):
    ours = {each.module for each in PARTS[name].imports if is_within(each.module, {"thalweg.dispatcher"})}
    assert ours <= CLASSES


def test_nothing_is_evaluated_and_no_template_is_filled():
    doing = {"eval", "exec", "compile", "Template", "format_map", "__import__"}
    found = {
        (name, node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
        for name, source in PARTS.items()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    # The directive runs the lines that the author of a page has written in it, as a doctest does; `re` compiles.
    allowed = {("sphinx", "exec"), ("sphinx", "compile"), ("dot", "compile"), ("text", "compile")}
    assert {each for each in found if each[1] in doing} <= allowed


def test_scripts_of_the_page_write_no_markup_and_ask_nothing_of_a_network():
    folder = PARTS["html"].path.with_name("page")
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.js")))
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "import(",
    ):
        assert word not in code
    assert max(map(len, code.splitlines())) < 200  # readable, not minified

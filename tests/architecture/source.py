"""What the tests of the house look at: every file of the package, parsed and never imported."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "thalweg"
OURS = {"thalweg"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """One imported module: which, where, in which function (None: at the level of the module)."""

    module: str
    line: int
    function: str | None
    only_for_types: bool

    @property
    def runs_at_import(self) -> bool:
        return self.function is None and not self.only_for_types

    @property
    def is_late(self) -> bool:
        return self.function is not None


@dataclass(frozen=True)
class Source:
    """A file of the package: `module` is what one would import, 'thalweg.dispatcher.search'."""

    path: Path
    module: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @property
    def is_face(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The package it stands in, from which relative imports count."""
        return self.module if self.is_face else self.module.rpartition(".")[0]

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"

    @cached_property
    def imports(self) -> list[Import]:
        found: list[Import] = []
        pending: list[tuple[ast.AST, str | None, bool]] = [(self.tree, None, False)]
        while pending:
            node, function, only_for_types = pending.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                found += [Import(name, node.lineno, function, only_for_types) for name in origins(node, self.package)]
            if isinstance(node, FUNCTIONS):
                function = node.name
            for child in ast.iter_child_nodes(node):
                pending.append((child, function, only_for_types or is_guarded(child, node)))
        return sorted(found, key=lambda each: each.line)


def origins(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """Give the modules that it loads; `from a import b` loads a.b where that is a file of ours, else a."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    origin = node.module or ""
    if node.level:
        origin = package.rsplit(".", node.level - 1)[0] + (f".{origin}" if origin else "")
    names = [f"{origin}.{alias.name}" for alias in node.names]
    return sorted({name if is_file_of_ours(name) else origin for name in names})


def is_guarded(child: ast.AST, parent: ast.AST) -> bool:
    """Whether the child stands under the parent's `if TYPE_CHECKING:`."""
    return (
        isinstance(parent, ast.If)
        and isinstance(parent.test, ast.Name)
        and parent.test.id == "TYPE_CHECKING"
        and child in parent.body
    )


def is_within(module: str, names: set[str]) -> bool:
    """Whether the module is one of the names or lies below one."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def is_file_of_ours(module: str) -> bool:
    """Whether the module is a file of the package, or a folder with a face."""
    path = ROOT.joinpath(*module.split("."))
    return is_within(module, OURS) and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())


def part_of(module: str) -> str:
    """Give the part of the house that the module belongs to: 'dispatcher', 'cli'; '' for the face of all."""
    return module.partition(".")[2].partition(".")[0]


def listed(findings: list[str]) -> str:
    """Show all findings; pytest alone would cut the list short."""
    return "\n".join(["", *findings])


def read_package() -> list[Source]:
    sources = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        sources.append(Source(path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)))
    return sources


SOURCES = read_package()

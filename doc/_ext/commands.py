"""The directives `commands`, `exit-codes` and `command-help`, made from the command itself."""

from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from thalweg.cli.codes import Exit
from thalweg.cli.command import whole_parser
from thalweg.cli.table import COMMANDS


class Commands(SphinxDirective):
    """A table of all commands, with what they do."""

    def run(self) -> list[nodes.Node]:
        """Give the table."""
        return [table(("command", "what it does"), ((f"thalweg {row.name}", row.does) for row in COMMANDS.values()))]


class ExitCodes(SphinxDirective):
    """A table of the exit codes."""

    def run(self) -> list[nodes.Node]:
        """Give the table."""
        return [table(("exit code", "what it says"), ((str(code.value), code.meaning) for code in Exit))]


class CommandHelp(SphinxDirective):
    """What each command says of itself, as `--help` has it."""

    def run(self) -> list[nodes.Node]:
        """Give a section for each command."""
        sections = []
        for name, parser in whole_parser().commands.items():
            section = nodes.section(ids=[f"thalweg-{name}"], names=[f"thalweg-{name}"])
            section += nodes.title(text=f"thalweg {name}")
            section += nodes.literal_block(text=parser.format_help(), language="text")
            sections.append(section)
        return sections


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> nodes.table:
    """A table of which the first column is literal."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    top, body = nodes.thead(), nodes.tbody()
    top += line(nodes.paragraph(text=text) for text in head)
    for first, *others in rows:
        body += line([paragraph(f"`{first}`"), *map(paragraph, others)])
    group += [top, body]
    return nodes.table("", group)


def paragraph(text: str) -> nodes.paragraph:
    """A paragraph in which what stands in backquotes is literal."""
    parts = enumerate(text.split("`"))
    return nodes.paragraph(
        "", "", *(nodes.literal(text=part) if number % 2 else nodes.Text(part) for number, part in parts)
    )


def line(cells: Iterable[nodes.Node]) -> nodes.row:
    """A row of a table."""
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directives."""
    app.add_directive("commands", Commands)
    app.add_directive("exit-codes", ExitCodes)
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The table of commands: a row each; how to add one says the head of the package."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from importlib import import_module

__all__ = ["COMMANDS", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """A command.

    Attributes
    ----------
    name : str
    does : str
        What it does, in a line.
    file : str
        The file of this package that has it; by default that of its name.
    add : str
        The function there that adds its arguments to a parser.
    """

    name: str
    does: str
    file: str = ""
    add: str = "add"

    def add_to(self, parser: ArgumentParser) -> None:
        """Load its file, and let it add its arguments."""
        parser.description = f"{self.does[0].upper()}{self.does[1:]}."
        getattr(import_module(f".{self.file or self.name}", __package__), self.add)(parser)


COMMANDS = {
    row.name: row
    for row in (
        Row("run", "ask a model once"),
        Row("fill", "fill the holes of a table"),
        Row("plan", "say what would be called, in order, and call nothing"),
        Row("explain", "say why each value came about as it did, and why not otherwise"),
        Row("missing", "say what else must be known to reach an output"),
        Row("check", "find what is wrong or suspicious in a model"),
        Row("plot", "draw a model, a plan or a run into a file"),
        Row("bench", "measure how long a model takes for an answer, and on what"),
        Row("runs", "list, show, resume, cancel or prune runs that were recorded"),
        Row("serve", "serve a model over HTTP, until it is interrupted"),
        Row("mcp", "serve a model's questions as tools of the Model Context Protocol"),
        Row("completion", "print what lets a shell complete commands, options, and the data of models"),
        Row("scheduler", "have workers make the calls of other programs", "workers", "add_scheduler"),
        Row("worker", "make calls for a scheduler, until it is interrupted", "workers", "add_worker"),
        Row("certs", "make certificates for a scheduler and its workers", "workers", "add_certs"),
    )
}

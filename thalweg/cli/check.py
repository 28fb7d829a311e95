"""``thalweg check``: what is wrong or suspicious in a model."""

from __future__ import annotations

import argparse

from .codes import Exit
from .options import add_manner, add_model, describe, model_of
from .telling import print_json, print_lines

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg check``."""
    describe(
        parser,
        "Nothing is called. The exit code is 1 if there are errors; warnings may be meant so.",
        example="""
            $ thalweg check thalweg.cli.river
            nothing to say against it
        """,
    )
    add_model(parser)
    add_manner(parser, quiet=False, as_json='{"findings": [{"severity", "kind", "node", "message"}, ...]}')
    parser.set_defaults(action=check)


def check(chosen: argparse.Namespace) -> Exit:
    """Find what is wrong or suspicious in a model."""
    with model_of(chosen) as dsp:
        findings = dsp.check()
    if chosen.json:
        told = [
            {
                "severity": finding.severity,
                "kind": finding.kind,
                "node": "/".join(map(str, finding.path)),
                "message": finding.message,
            }
            for finding in findings
        ]
        print_json({"findings": told})
    else:
        print_lines(map(str, findings) if findings else ["nothing to say against it"])
    return Exit.CANNOT if any(finding.severity == "error" for finding in findings) else Exit.WELL

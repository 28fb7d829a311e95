"""``thalweg mcp``: a model's questions as tools of the Model Context Protocol."""

from __future__ import annotations

import argparse
from contextlib import suppress

from .codes import Exit
from .loading import model_named
from .options import add_manner, add_model, describe, natural, output_aside, positive, seconds
from .telling import tell_ready

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg mcp``."""
    describe(
        parser,
        "Over standard input and output, until the input ends: this is what a client starts by itself. With --http at "
        "an address of this machine, until it is interrupted. The tools are describe, reachable, compute, explain and "
        "missing. Needs the extra thalweg[mcp].",
        example="""
            $ thalweg mcp thalweg.cli.river --http --port 0
            river at http://127.0.0.1:.../mcp (Ctrl+C ends)
        """,
    )
    add_model(parser)
    parser.add_argument(
        "--expose", metavar="NODE", action="append", help="this node only: datum, function or path/within (repeat it)"
    )
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP instead of standard streams")
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1", help="loopback address (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="PORT", type=natural, default=5001, help="0 for a free one (default: 5001)")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=60.0, help="for one computation (default: 60)"
    )
    parser.add_argument("--at-work", metavar="N", type=positive, default=8, help="computations at once (default: 8)")
    add_manner(parser, quiet=False, as_json='with --http {"model", "url"}, when it answers')
    parser.set_defaults(action=serve)


def serve(chosen: argparse.Namespace) -> Exit:
    """Serve a model's questions."""
    from ..mcp import Toolbox, http_site, serve_stdio

    with output_aside() as output, model_named(chosen.model) as dsp:
        options = {"expose": chosen.expose, "run_seconds": chosen.timeout, "at_work": chosen.at_work}
        box = Toolbox(dsp, debug=chosen.debug, **options)
        if not chosen.http:
            with suppress(KeyboardInterrupt):  # Ctrl+C is an end like any other
                serve_stdio(box, output)
            return Exit.WELL
        http_site(box, chosen.host, chosen.port).serve(lambda url: tell_ready(chosen, output, box.name, f"{url}/mcp"))
    return Exit.WELL

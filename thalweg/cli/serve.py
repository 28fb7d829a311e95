"""``thalweg serve``: a model over HTTP."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..errors import BuildError
from .codes import Exit
from .loading import model_named
from .options import add_manner, add_model, describe, natural, output_aside, positive, seconds
from .telling import say, tell_ready

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg serve``."""
    describe(
        parser,
        "On a loopback address all of this machine may ask; any other needs --token-file, --client-ca or --insecure.",
        example="""
            $ thalweg serve thalweg.cli.river --port 0
            river at http://127.0.0.1:... (Ctrl+C ends)
        """,
    )
    add_model(parser)
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1", help="address (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="PORT", type=natural, default=5000, help="0 for a free one (default: 5000)")
    parser.add_argument(
        "--expose", metavar="NODE", action="append", help="this node only: datum, function or path/within (repeat it)"
    )
    _add_guards(parser)
    parser.add_argument("--runs", metavar="FILE", help="keep long runs in this file, over restarts")
    parser.add_argument(
        "--journal", metavar="PLACE", help="record the values of long runs there, so that a restart loses none of them"
    )
    parser.add_argument("--timeout", metavar="SECONDS", type=seconds, help="for one answer (default: 60)")
    parser.add_argument("--quick", action="store_true", help="all calls are short: make them without threads")
    parser.add_argument("--at-work", metavar="N", type=positive, help="questions answered at once (default: 64)")
    add_manner(parser, quiet=False, as_json='{"model", "url"}, when it answers')
    parser.set_defaults(action=serve)


def _add_guards(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token-file", metavar="FILE", help="file with the token that clients must show; or set THALWEG_TOKEN"
    )
    parser.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[], help="a name of the server (repeat it)"
    )
    parser.add_argument("--certificate", metavar="FILE", help="serve over TLS")
    parser.add_argument("--key", metavar="FILE", help="key of the certificate")
    parser.add_argument("--client-ca", metavar="FILE", help="ask clients for certificates signed by one of these")
    parser.add_argument("--insecure", action="store_true", help="answer everybody who reaches the address")


def serve(chosen: argparse.Namespace) -> Exit:
    """Serve a model until it is interrupted."""
    from ..web import Application, Limits

    limits: dict[str, Any] = {"run_seconds": chosen.timeout, "at_work": chosen.at_work}
    with output_aside() as output, model_named(chosen.model) as dsp:
        application = Application(
            dsp,
            expose=chosen.expose,
            token=_token(chosen.token_file),
            hosts=chosen.allow_host,
            insecure=chosen.insecure,
            quick=chosen.quick,
            limits=Limits(**{name: value for name, value in limits.items() if value is not None}),
            runs=chosen.runs,
            journal=chosen.journal,
            debug=chosen.debug,
        )
        if not application.guard.guards(chosen.host, mutual_tls=chosen.client_ca is not None):
            raise BuildError(
                f"{chosen.host!r} can be reached from other machines, and nothing guards the model; give --token-file, "
                "--client-ca or --insecure"
            )
        site = application.site(
            chosen.host, chosen.port, certificate=chosen.certificate, key=chosen.key, client_ca=chosen.client_ca
        )
        if chosen.insecure and application.guard.token is None:
            say("insecure: whoever reaches this address may have it call the functions of the model")
        site.serve(lambda url: tell_ready(chosen, output, application.exposure.root.path, url))
    return Exit.WELL


def _token(file: str | None) -> str | None:
    """The token of a file, else that of the environment: on a command line everybody could read it."""
    if file is not None:
        token = Path(file).read_text(encoding="utf-8").strip()
        if not token:
            raise BuildError(f"{file} is empty; put the token into it")
        return token
    return os.environ.get("THALWEG_TOKEN") or None

"""What ``thalweg serve`` does."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from ..errors import BuildError
from .loading import model_named

__all__ = ["serve"]


def serve(chosen: argparse.Namespace) -> int:
    """Serve a model until it is interrupted."""
    from ..web import Application, Limits

    limits: dict[str, Any] = {"run_seconds": chosen.timeout, "at_work": chosen.at_work}
    with model_named(chosen.model) as dsp:
        application = Application(
            dsp,
            expose=chosen.expose,
            token=_token(chosen.token_file),
            hosts=chosen.allow_host,
            insecure=chosen.insecure,
            quick=chosen.quick,
            limits=Limits(**{name: value for name, value in limits.items() if value is not None}),
            runs=chosen.runs,
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
            _say("insecure: whoever reaches this address may have it call the functions of the model")
        output = sys.stdout

        def ready(url: str) -> None:
            output.write(f"{application.exposure.root.path} at {url} (Ctrl+C ends)\n")
            output.flush()

        with redirect_stdout(sys.stderr):  # what the model prints
            site.serve(ready)
    return 0


def _token(file: str | None) -> str | None:
    """The token of a file, else that of the environment: on a command line everybody could read it."""
    if file is not None:
        token = Path(file).read_text(encoding="utf-8").strip()
        if not token:
            raise BuildError(f"{file} is empty; put the token into it")
        return token
    return os.environ.get("THALWEG_TOKEN") or None


def _say(message: str) -> None:
    sys.stderr.write(f"thalweg: {message}\n")

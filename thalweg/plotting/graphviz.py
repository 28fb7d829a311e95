"""The program `dot` of Graphviz: is it there, and what does it make of a source?"""

from __future__ import annotations

import shutil
import subprocess

from ..errors import RenderError

__all__ = ["has_dot", "run_dot"]

_PATIENCE_SECONDS = 120.0


def has_dot() -> bool:
    """Is the program `dot` on the path?"""
    return shutil.which("dot") is not None


def run_dot(source: str, form: str, *, timeout_seconds: float = _PATIENCE_SECONDS) -> bytes:
    """What `dot` makes of a source.

    Parameters
    ----------
    source : str
        In the language of Graphviz.
    form : str
        One of its formats, such as ``"svg"``.
    timeout_seconds : float, optional
        After so long `dot` is ended [s].

    Raises
    ------
    RenderError
        `dot` is missing, fails, or takes too long.
    """
    program = shutil.which("dot")
    if program is None:
        raise RenderError(
            f"cannot make {form}: Graphviz is missing; install it (Debian: apt-get install graphviz), "
            "or take 'html', 'svg', 'mermaid' or 'json', which do without",
            format=form,
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program by its full path, without a shell
            [program, f"-T{form}"],
            input=source.encode("utf-8"),
            capture_output=True,
            check=False,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"dot was ended after {timeout_seconds:g} s; draw less of the model: depth=0, focus=..., or 'html'",
            format=form,
        ) from None
    except OSError as error:
        raise RenderError(f"{program} cannot be started: {error}; mend the installation of Graphviz") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        how = f"was killed by signal {-done.returncode}" if done.returncode < 0 else f"failed ({done.returncode})"
        raise RenderError(f"dot {how}{': ' + said[-1] if said else ''}; take 'html', which does without", format=form)
    return done.stdout

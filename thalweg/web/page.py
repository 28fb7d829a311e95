"""The page of a served model: files that are the same for every model, given to whoever may reach the server.

Nothing of a model is in them; what the page shows it asks for, with a token where one is needed.  Its scripts and
styles are files of ``page/`` and, for the picture, those of `thalweg.plotting`; a policy forbids it everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..plotting.html import drawing_script, drawing_style
from ..plotting.style import STATES
from .problems import plain

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Asset", "assets", "is_public", "page_answer", "static_answer", "wants_page"]

_SCRIPTS = ("main.js", "server.js", "fields.js", "form.js", "live.js", "answer.js", "table.js", "panel.js")
_STYLES = ("page.css",)
_DRAWN = "Picture, chip, drawAll, drawTimeline, html, prepare, seconds, svg"  # of the scripts of pictures
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page: its bytes, their type, and a mark that changes with them."""

    body: bytes
    media_type: str
    mark: str


@cache
def assets() -> Mapping[str, Asset]:
    """The files of the page by name; ``""`` is the page itself."""
    texts = {"": ("page.html", "text/html")} | {name: (name, "text/javascript") for name in _SCRIPTS}
    texts |= {name: (name, "text/css") for name in _STYLES}
    made = {name: (_text(file), kind) for name, (file, kind) in texts.items()}
    made["drawing.js"] = f"{drawing_script()}\nexport {{ {_DRAWN} }};\n", "text/javascript"
    made["drawing.css"] = f"{drawing_style()}{_named_colours()}", "text/css"
    made["icon.svg"] = _text("icon.svg"), "image/svg+xml"
    return {name: _asset(text.encode(), kind) for name, (text, kind) in made.items()}


def _named_colours() -> str:
    """Colours of states by name, for what the page shows besides the picture."""
    pairs = [
        f"--{part}-{name.replace(' ', '-') or 'plain'}:var(--{part}-{number});"
        for number, name in enumerate(STATES)
        for part in ("fill", "line", "text")
    ]
    return f":root{{{''.join(pairs)}}}\n"


def _text(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _asset(body: bytes, kind: str) -> Asset:
    return Asset(body, kind, f'"{sha256(body).hexdigest()[:32]}"')


def wants_page(headers: Any) -> bool:
    """Does who asks name HTML among what it takes, and like nothing else of ours better?

    Examples
    --------
    >>> wants_page([(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")])
    True
    >>> wants_page([(b"accept", b"*/*")]), wants_page([(b"accept", b"application/json, text/html;q=0.5")])
    (False, False)
    """
    liked = {"text/html": 0.0, "application/json": 0.0}
    for name, value in headers:
        if name == b"accept":
            for each in value.decode("latin-1").lower().split(","):
                kind, *marks = [part.strip() for part in each.split(";")]
                if kind in liked:
                    liked[kind] = max(liked[kind], _quality(marks))
    return liked["text/html"] > 0 and liked["text/html"] >= liked["application/json"]


def _quality(marks: list[str]) -> float:
    said = next((mark[2:] for mark in marks if mark.startswith("q=")), "1")
    try:
        return float(said)
    except ValueError:
        return 0.0


def is_public(scope: Mapping[str, Any]) -> bool:
    """Is a file of the page asked for, in which nothing of a model is?"""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    path = _path_within(scope)
    if path in ("", "/"):
        return wants_page(scope["headers"])
    name = path.removeprefix("/static/")
    return name not in ("", path) and name in assets()  # what there is not is left to who knows the model


def _path_within(scope: Mapping[str, Any]) -> str:
    """The path from where the application stands."""
    path, mounted_at = scope["path"], scope.get("root_path", "")
    return str(path[len(mounted_at) :] if mounted_at and f"{path}/".startswith(f"{mounted_at}/") else path)


def page_answer(request: Request) -> Response:
    """The page itself."""
    return _answer(request, assets()[""])


def static_answer(request: Request) -> Response:
    """A file of the page.

    Raises
    ------
    Problem
        There is none of this name.
    """
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise plain(404)
    return _answer(request, asset)


def _answer(request: Request, asset: Asset) -> Response:
    headers = _HEADERS | {"ETag": asset.mark}
    if request.headers.get("if-none-match") == asset.mark:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)

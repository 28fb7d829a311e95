"""Doors to pictures, tables and the web: what models, plans and solutions can show of themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol, Self, TypedDict, Unpack

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Listing", "Picture", "Place", "PlotOptions", "Service", "Serving", "Visible", "WebOptions"]


class Picture(Protocol):
    """What `plot` gives: see `thalweg.plotting.Plot`."""

    format: str | None

    def render(self, format: str | None = None) -> str | bytes:  # noqa: A002
        """The picture in a format."""

    def save(self, path: str | Path, format: str | None = None, *, pages: bool = False) -> Path:  # noqa: A002
        """Write the picture into a file."""

    def show(self) -> Path:
        """Open the picture in a browser."""


class Listing(Protocol):
    """What `table` and `report` give: text as a string, and HTML."""

    def to_html(self) -> str:
        """The same in HTML."""


class PlotOptions(TypedDict, total=False):
    """Keywords of `thalweg.plotting.plot`, which says what they mean."""

    index: bool
    view: bool
    path: Hashable | Iterable[Hashable]
    format: str | None
    depth: int | None
    focus: Hashable | Iterable[Hashable]
    around: int
    direction: str
    theme: str
    unused: bool


class Serving(Protocol):
    """What serves a model: see `thalweg.web.Server`."""

    url: str

    def shutdown(self) -> bool:
        """Answer what was accepted, and end."""

    def __enter__(self) -> Self:
        """The server itself."""

    def __exit__(self, *_: object) -> None:
        """Shut it down."""


class Place(Protocol):
    """Where a model is to be served: see `thalweg.web.Site`."""

    def run(self) -> Serving:
        """Serve in a thread of its own."""

    def serve(self, ready: Callable[[str], object]) -> None:
        """Serve in this thread."""


class Service(Protocol):
    """What `web` gives, an ASGI application: see `thalweg.web.Application`."""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer a request, as ASGI has it."""

    def site(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Place:
        """A place where it is to be served."""


class WebOptions(TypedDict, total=False):
    """Keywords of `thalweg.web.Application`, which says what they mean."""

    expose: Iterable[Hashable] | None
    name: str | None
    token: str | None
    hosts: Iterable[str]
    insecure: bool
    quick: bool
    limits: Any
    runs: Any
    journal: Any
    debug: bool


class Visible:
    """What can be drawn, and listed in a table."""

    __slots__ = ()

    def plot(self: Any, workflow: bool | None = None, **options: Unpack[PlotOptions]) -> Picture:
        """A picture, to be shown, saved or read as text.

        Parameters
        ----------
        workflow : bool, optional
            Lay the run over the model: of a model its latest dispatch.
        **options : object
            ``index``, ``view``, ``path``, ``format``, ``depth``, ``focus``, ``around``, ``direction``, ``theme`` and
            ``unused``, as for `thalweg.plotting.plot`.
        """
        from ..plotting import plot

        return plot(self, workflow, **options)

    def table(self: Any) -> Listing:
        """All nodes as a table, to be read as text or shown as HTML.

        See `thalweg.plotting.table`.
        """
        from ..plotting import table

        return table(self)

    def _repr_html_(self: Any) -> str:
        """What Jupyter shows: a small picture and the table."""
        from ..plotting import card

        return card(self)

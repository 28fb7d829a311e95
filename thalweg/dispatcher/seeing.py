"""Doors to pictures and tables: what models, plans and solutions can show of themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, Unpack

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Listing", "Picture", "PlotOptions", "Visible"]


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

"""What each call of a run is at, on standard error: a line a call on a terminal, a line an event elsewhere."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from ..executors.contract import Outcome
from ..executors.events import Event
from ..executors.states import State
from ..text import error_text, value_text

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["Roster"]

_REFRESHES = 8.0  # a second
_SIGNS = {"waiting": "·", "running": "▶", "retry": "↻", "done": "✔", "failed": "✘", "cancelled": "■"}


class Row:
    """What is shown of one call.

    Attributes
    ----------
    path : str
    kind : str
        That of its latest event.
    begin, end : float or None
        When it began and ended [s].
    said : str
        What it gave or raised.
    """

    __slots__ = ("begin", "end", "kind", "path", "said")

    def __init__(self, path: str) -> None:
        self.path = path
        self.kind: str = State.WAITING
        self.begin: float | None = None
        self.end: float | None = None
        self.said = ""

    def note(self, event: Event) -> None:
        """One event more."""
        self.kind = event.kind
        self.said = _said(event)
        if event.kind == State.RUNNING:
            self.end = None
            self.begin = event.time if self.begin is None else self.begin
        else:
            self.end = event.time

    def cells(self) -> tuple[str, str, str, str]:
        """Sign, name, seconds, and what it is at, gave or raised."""
        *outer, name = self.path.split("/")
        seconds = "" if self.begin is None else f"{(self.end or monotonic()) - self.begin:.1f} s"
        return _SIGNS.get(self.kind, ""), "  " * len(outer) + name, seconds, self.text()

    def text(self) -> str:
        """What it is at, gave or raised."""
        return f"{self.kind}: {self.said}" if self.said else self.kind


class Roster:
    """A subscriber that shows what each call is at.

    Parameters
    ----------
    name : str, optional
        What people call what is run.
    file : text file, optional
        By default standard error.

    Notes
    -----
    What ``monitor=True`` of a scenario of jobs uses, where calls that have not begun are shown, too.  On a terminal, if
    `rich` is installed (the extra ``thalweg[progress]``), each call has a line; where there is no room for all, those
    that have not begun and those that went well are left out.  Elsewhere a line is written when something happens.

    Examples
    --------
    >>> import sys
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("double", lambda a: 2 * a, ["a"], ["b"])
    'double'
    >>> dsp({"a": 1}, on_event=Roster("numbers", sys.stdout))["b"]
         0.0 s  double: running
         0.0 s  double: done: 2
         0.0 s  numbers: 1 done
    2
    """

    def __init__(self, name: str = "", file: TextIO | None = None) -> None:
        self.name = name
        self.file = sys.stderr if file is None else file
        self.runs: set[int] = set()  # those that are not over
        self.rows: dict[str, Row] = {}
        self.start = 0.0
        self.live: Live | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.kind == "begin":
            self.runs.add(event.run)
            if len(self.runs) == 1:
                self._open(event)
        elif event.kind == "end":
            self.runs.discard(event.run)
            if not self.runs:
                self._close(event)
        else:
            row = self.rows.get(event.path) or self.rows.setdefault(event.path, Row(event.path))
            row.note(event)
            self._write(event, event.path, row.text())

    def _open(self, event: Event) -> None:
        self.start = event.time
        paths: list[str] = getattr(event.data, "paths", list)()  # a scenario knows what is to come
        self.rows = {path: Row(path) for path in paths}
        self.live = _live(self.file, self._table)
        if self.live is not None:
            self.live.start()

    def _close(self, event: Event) -> None:
        if self.live is not None:
            self.live.stop()
        self._write(event, self.name or f"run {event.run}", self._summary())
        self.live = None

    def _write(self, event: Event, what: str, how: str) -> None:
        if self.live is None and self.file is not None:  # programs without a console have no file
            self.file.write(f"{event.time - self.start:8.1f} s  {what}: {how}\n")
            self.file.flush()

    def _summary(self) -> str:
        counts: dict[str, int] = {}
        for row in list(self.rows.values()):
            counts[row.kind] = counts.get(row.kind, 0) + 1
        return ", ".join([f"{count} {kind}" for kind, count in counts.items()])

    def _table(self) -> Any:
        """All rows, or as many as there is room for, those that matter most; and a summary."""
        from rich.console import Group
        from rich.table import Column, Table
        from rich.text import Text

        rows = list(self.rows.values())
        room = self.live.console.height - 2 if self.live is not None else len(rows)
        if len(rows) > room:
            rows = [row for row in rows if row.kind not in (State.WAITING, State.DONE)][-room:]
        columns = [Column(no_wrap=True, overflow="ellipsis") for _ in range(3)]
        table = Table(*columns, Column(), box=None, show_header=False, pad_edge=False)  # the last gives way first
        for row in rows:
            *cells, said = row.cells()
            table.add_row(*map(Text, cells), Text(said, no_wrap=True, overflow="ellipsis"))
        summary = f"{self.name}: {self._summary()}, {monotonic() - self.start:.1f} s"
        return Group(table, Text(summary, no_wrap=True, overflow="ellipsis"))


def _said(event: Event) -> str:
    """What a call gave or raised, in a line."""
    if event.error is not None:
        return error_text(event.error)
    value = event.data.value if isinstance(event.data, Outcome) else None
    return "" if value is None else value_text(value)


def _live(file: TextIO | None, table: Any) -> Live | None:
    """A display that shows itself anew again and again; None where there can be none."""
    if file is None or not file.isatty():
        return None
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        return None
    return Live(console=Console(file=file), get_renderable=table, refresh_per_second=_REFRESHES)

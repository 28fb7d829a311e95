"""How far runs are, on standard error: bars by `rich` on a terminal, lines now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ..dispatcher.network import Kind
from ..dispatcher.plan import Plan
from ..executors.events import Event
from ..executors.states import State

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["Count", "Progress", "counted"]

_BAR_SECONDS = 0.05  # a bar is not told of more often
_LINE_SECONDS = 5.0
_ENDS = frozenset((State.DONE, State.FAILED, State.CANCELLED, "recalled"))


class Count:
    """How much of something is through.

    Attributes
    ----------
    name : str
        What people call it.
    unit : str
        What is counted, such as ``"calls"``.
    total : int or None
        How many there will be, as far as that is known.
    begun, ended, failed : int
    note : str
        What is at work now.
    start, shown : float
        When it began, and when it was last shown [s].
    ending : str
        How it ended, if that is worth a word.
    """

    __slots__ = ("begun", "ended", "ending", "failed", "name", "note", "shown", "start", "total", "unit")

    def __init__(self, name: str, unit: str, total: int | None) -> None:
        self.name = name
        self.unit = unit
        self.total = total
        self.begun = self.ended = self.failed = 0
        self.note = self.ending = ""
        self.start = self.shown = monotonic()

    def __str__(self) -> str:
        text = f"{self.ended} {self.unit}" if self.total is None else f"{self.ended} of {self.total} {self.unit}"
        text += f", {self.failed} failed" if self.failed else ""
        return f"{text}, {self.ending}" if self.ending else text


class Display(Protocol):
    """Shows counts."""

    def open(self, count: Count) -> None:
        """Something begins."""

    def update(self, count: Count) -> None:
        """It has gone on; it is up to the display how often that is shown."""

    def close(self, count: Count) -> None:
        """It has ended."""


class Lines:
    """Writes a line now and then.

    Parameters
    ----------
    file : text file or None
    every_seconds : float
        Between two lines of one count; the last is always written.
    """

    def __init__(self, file: TextIO | None, every_seconds: float = _LINE_SECONDS) -> None:
        self.file = file
        self.every_seconds = every_seconds

    def open(self, count: Count) -> None:
        """Nothing is written yet: it may be over soon."""

    def update(self, count: Count) -> None:
        """Write a line if the last one is old."""
        now = monotonic()
        if now - count.shown >= self.every_seconds:
            count.shown = now
            self._write(count)

    def close(self, count: Count) -> None:
        """Write the last line."""
        self._write(count)

    def _write(self, count: Count) -> None:
        if self.file is not None:  # programs without a console have none
            self.file.write(f"{count.name}: {count}, {monotonic() - count.start:.1f} s\n")
            self.file.flush()


class Bars:
    """Shows bars by `rich`, those of all runs of this process below each other."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.rich: RichProgress | None = None
        self.tasks: dict[Count, TaskID] = {}

    def open(self, count: Count) -> None:
        """Add a bar; the first begins the display."""
        with self.lock:
            if self.rich is None:
                self.rich = _rich_progress()
                self.rich.start()
            self.tasks[count] = self.rich.add_task(count.name, total=count.total, note="", count=str(count))

    def update(self, count: Count) -> None:
        """Move a bar, unless that was done just now."""
        now = monotonic()
        if now - count.shown >= _BAR_SECONDS:
            count.shown = now
            self._move(count, count.note)

    def close(self, count: Count) -> None:
        """Leave a bar as it is; the last ends the display."""
        with self.lock:
            self._move(count, "")
            rich, task = self.rich, self.tasks.pop(count)
            if rich is not None:
                rich.stop_task(task)
                if not self.tasks:
                    rich.stop()
                    self.rich = None

    def _move(self, count: Count, note: str) -> None:
        if self.rich is not None:
            text = str(count)
            self.rich.update(self.tasks[count], completed=count.ended, total=count.total, note=note, count=text)


def _rich_progress() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
        console=Console(file=sys.stderr),
    )


_bars = Bars()


def display_for(file: TextIO | None) -> Display:
    """Bars where `file` is a terminal and `rich` is there, else lines."""
    if file is None or not file.isatty():
        return Lines(file)
    try:
        import rich.progress  # noqa: F401 - is it there?
    except ImportError:
        return Lines(file)
    return _bars


class Progress:
    """A subscriber that shows how far runs are.

    Parameters
    ----------
    name : str, optional
        What people call the model.
    display : Display, optional
        By default standard error: bars where that is a terminal and `rich` is installed (the extra
        ``thalweg[progress]``), else a line every few seconds and one at the end.

    Notes
    -----
    The number of calls to come is that of the plan; when one fails there may be more.  What ``progress=True`` of a
    dispatch uses; with `thalweg.monitor.subscribe` it shows all runs.
    """

    def __init__(self, name: str = "", display: Display | None = None) -> None:
        self.name = name
        self.display = display
        self.shown: dict[int, tuple[Count, Display, Sequence[int] | None]] = {}  # by run; and the kinds of its calls

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        if event.kind == "begin":
            self._begin(event)
            return
        count, display, kinds = self.shown[event.run]
        if event.kind == "end":
            del self.shown[event.run]
            count.ending = "" if event.error is None else f"ended by {type(event.error).__name__}"
            display.close(count)
        elif event.attempt is not None and (kinds is None or kinds[event.attempt.call.number] == Kind.FUNCTION):
            _add(count, event)
            display.update(count)

    def _begin(self, event: Event) -> None:
        display = display_for(sys.stderr) if self.display is None else self.display
        total, kinds = _size(event.data)
        count = Count(self.name or f"run {event.run}", "calls", total)
        self.shown[event.run] = count, display, kinds
        display.open(count)


def _size(begun: Any) -> tuple[int | None, Sequence[int] | None]:
    """Of what has begun: how many calls are known to come, and the kinds of a plan's by number."""
    if isinstance(begun, Plan):
        return None if begun.is_open else len(begun.functions), begun.network.kind
    names = getattr(begun, "names", None)
    return None if names is None else len(names), None


def _add(count: Count, event: Event) -> None:
    """One event of a call more."""
    if event.kind == State.RUNNING:
        count.note = event.path
        if event.attempt is not None and event.attempt.number == 1:
            count.begun += 1
            if count.total is not None:
                count.total = max(count.total, count.begun)
    elif event.kind in _ENDS:
        count.ended += event.kind != State.CANCELLED
        count.failed += event.kind == State.FAILED


def counted(results: Iterator[Any], total: int | None, name: str) -> Iterator[Any]:
    """Give what `results` gives, and show on standard error how far it is; errors among them count as failed."""
    display = display_for(sys.stderr)
    count = Count(name or "map", "rows", total)
    display.open(count)
    try:
        for result in results:
            count.ended += 1
            count.failed += isinstance(result, BaseException)
            display.update(count)
            yield result
    except Exception as error:
        count.ending = f"ended by {type(error).__name__}"
        raise
    finally:
        results.close()  # type: ignore[attr-defined]
        display.close(count)

"""How far a command is, on standard error: bars on a terminal, lines elsewhere, nothing for what is over at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from ..monitor.progress import Count, Display, Progress, display_for

__all__ = ["Patient", "counting", "progress_of"]

_PATIENCE_SECONDS = 0.5  # what is over by then needs no bar


class Patient:
    """Shows only what takes its time: another display, opened after a while.

    Parameters
    ----------
    display : Display
    after_seconds : float, optional
        How long something has to go on until it is shown.
    """

    def __init__(self, display: Display, after_seconds: float = _PATIENCE_SECONDS) -> None:
        self.display = display
        self.after_seconds = after_seconds
        self.lock = Lock()
        self.timers: dict[Count, Timer] = {}
        self.shown: set[Count] = set()

    def open(self, count: Count) -> None:
        """Something begins; it is shown later, if it is still there then."""
        timer = self.timers[count] = Timer(self.after_seconds, self._show, [count])
        timer.daemon = True
        timer.start()

    def _show(self, count: Count) -> None:
        with self.lock:
            if count in self.timers:
                self.display.open(count)
                self.shown.add(count)

    def update(self, count: Count) -> None:
        """It has gone on."""
        with self.lock:
            if count in self.shown:
                self.display.update(count)

    def close(self, count: Count) -> None:
        """It has ended."""
        with self.lock:
            timer = self.timers.pop(count)
            if count in self.shown:
                self.shown.remove(count)
                self.display.close(count)
        timer.cancel()
        timer.join()


def _is_wanted(chosen: argparse.Namespace) -> bool:
    return not (chosen.quiet or chosen.json)


def progress_of(chosen: argparse.Namespace, name: str) -> Progress | None:
    """What is to be told of the events of runs; None with ``--quiet`` or ``--json``."""
    return Progress(name, Patient(display_for(sys.stderr))) if _is_wanted(chosen) else None


@contextmanager
def counting(chosen: argparse.Namespace, name: str, unit: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how much of something is through; the function says how many more are.

    Parameters
    ----------
    chosen : Namespace
        With ``quiet`` and ``json``, where nothing is shown.
    name, unit : str
        What goes on, and what is counted.
    total : int or None
        How many there are, as far as that is known.
    """
    if not _is_wanted(chosen):
        yield lambda _: None
        return
    display = Patient(display_for(sys.stderr))
    count = Count(name, unit, total)

    def more(through: int) -> None:
        count.ended += through
        display.update(count)

    display.open(count)
    try:
        yield more
    except BaseException as error:
        count.ending = f"ended by {type(error).__name__}"
        raise
    finally:
        display.close(count)

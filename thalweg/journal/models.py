"""Dispatches whose values are recorded, and go on from there."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..dispatcher.calling import Asker, Options
from ..dispatcher.driven import Driven
from ..dispatcher.nodes import NodeId
from ..dispatcher.plan import Plan
from ..dispatcher.recorded import Recorded
from ..dispatcher.solution import Record, Solution
from ..errors import BuildError, CallCancelled, JournalError
from ..executors import table
from ..executors.driver import Driver, Host
from .journal import Journal, open_journal
from .journaled import Journaled
from .lineage import Lineage
from .recording import Recording
from .records import JournalWarning
from .values import Unkept, digest_of_value

if TYPE_CHECKING:
    from ..dispatcher.dispatcher import Dispatcher

__all__ = ["Durable", "resume"]


class Durable(Driven):
    """One dispatch of a model, recorded in a journal.

    Parameters
    ----------
    dsp, plan, inputs, options
        As for `thalweg.dispatcher.calling.prepare`.
    """

    def __init__(self, dsp: Asker, plan: Plan, inputs: Mapping[NodeId, Any], options: Options) -> None:
        if options.asked is None:
            raise BuildError("a plan does not say what was asked; record a run by dispatch(..., journal=...)")
        super().__init__(dsp, plan, inputs, options)
        self.is_given_up = False
        self.journal: Journal | None = None
        self.recording: Recording | None = None
        self.journaled: Journaled | None = None

    def wait(self) -> Solution:
        """Make the calls that are left, and wait for them here."""
        self._begin()
        try:
            solution = super().wait()
        except BaseException as error:
            self._stop(error)
            self._warn()
            raise
        self._finish(solution)
        self._warn()
        return solution

    async def await_(self) -> Solution:
        """Make the calls that are left, and wait for them on the running event loop, which the disk does not block."""
        if self.goes_to_thread:
            return await super().await_()
        in_thread = table.event_loops().in_thread
        await in_thread(self._begin, self._give_up)
        try:
            solution = await super().await_()
        except BaseException as error:
            await in_thread(partial(self._stop, error), _let_be)
            self._warn()
            raise
        await in_thread(partial(self._finish, solution), _let_be)
        self._warn()
        return solution

    def complete(self, record: Record) -> None:
        """Add to the record what is not the run's to know."""
        super().complete(record)
        recording, journaled = self.recording, self.journaled
        if recording is None or journaled is None:
            return
        recalled = record.recalled = frozenset(journaled.recalled)
        record.made = [f for f in record.calls if f not in recalled]
        dropped, unkept = tuple(recording.dropped), dict(recording.unkept)
        record.recorded = Recorded(recording.id, recording.starts, tuple(journaled.recalled_keys), dropped, unkept)

    def _drive_by(self, host: Host) -> Driver:
        driver = super()._drive_by(host)
        assert self.journaled is not None
        self.journaled.tell_by(host.post, driver.relay)
        return driver

    def _begin(self) -> None:
        """Take the run in its journal, and put that between the run and its driver."""
        options = self.options
        journal = self.journal = open_journal(options.journal)
        try:
            recording = self.recording = journal.begin("model", self.dsp.name, options.asked or {}, options.run)
        except BaseException:
            self._close()
            raise
        try:
            lineage = Lineage(self.run, _unkept(options.asked or {}, recording.asked))
            self.driven = self.journaled = Journaled(self.run, recording, lineage)
            self.journaled.tell = self.stream
        except BaseException as error:
            self._stop(error)
            raise
        if self.is_given_up:  # nobody waits for it any more, and it must not keep its lease
            self._stop(CallCancelled("the dispatch was cancelled before it began"))

    def _give_up(self) -> None:
        self.is_given_up = True

    def _finish(self, solution: Solution) -> None:
        """The run has come to its end, or was stopped."""
        recording = self.recording
        assert recording is not None
        try:
            recording.finish("interrupted" if solution.stopped else "done")
        finally:
            self._close()

    def _stop(self, error: BaseException) -> None:
        """The run has ended by an error: that of the journal, if it was that, has been raised already."""
        recording = self.recording
        assert recording is not None
        try:
            if recording.error is None:
                has_failed = isinstance(error, Exception) and not isinstance(error, CallCancelled)
                recording.finish("failed" if has_failed else "interrupted", error)
        except JournalError as other:
            error.add_note(f"nor could the end of the run be recorded: {other}")
        finally:
            self._close()

    def _warn(self) -> None:
        """Say what of the journal was of no use, and what could not be put there."""
        recording = self.recording
        assert recording is not None
        if recording.dropped:
            warnings.warn(
                f"of the run {recording.id!r} {len(recording.dropped)} recorded values were dropped, since their "
                f"functions or what they rest on have changed: {_some(recording.dropped)}",
                JournalWarning,
                stacklevel=_outside(),
            )
        if recording.unkept:
            key, reason = next(iter(recording.unkept.items()))
            warnings.warn(
                f"of the run {recording.id!r} {len(recording.unkept)} values could not be kept and will be computed "
                f"again if it is resumed: {_some(recording.unkept)}; {key}: {reason}",
                JournalWarning,
                stacklevel=_outside(),
            )

    def _close(self) -> None:
        """Close the journal, if it was opened here."""
        journal, self.journal = self.journal, None
        if journal is not None and journal is not self.options.journal:
            journal.close()


def _unkept(asked: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[NodeId, bytes]:
    """Digests of the inputs that are not compared with those of before."""
    pairs = zip(asked.get("inputs", {}).items(), kept.get("inputs", {}).values(), strict=True)
    return {name: digest_of_value(value) for (name, value), held in pairs if type(held) is Unkept}


def _let_be() -> None:
    """It is short, and is not given up."""


def _outside() -> int:
    """How far up the caller of this library is, as seen by who warns."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - `warnings` counts frames, and there is no other way to see them
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "thalweg":
        frame, level = frame.f_back, level + 1
    return level


def _some(keys: Collection[str], most: int = 5) -> str:
    names = ", ".join(list(keys)[:most])
    return names + (f" and {len(keys) - most} more" if len(keys) > most else "")


def resume(dsp: Dispatcher, run: str, journal: Any, options: Mapping[str, Any]) -> Any:
    """Go on with a recorded run, or give its solution if it is done.

    Parameters
    ----------
    dsp : Dispatcher
        The model, maybe changed: what depends on the changes is computed again.
    run : str
        Name of the run.
    journal : str, Path or Journal
    options : mapping
        Of the dispatch, such as its executor; what was asked is known.

    Returns
    -------
    Solution
        What `Dispatcher.dispatch` gives.

    Raises
    ------
    UnknownRunError
        The journal has no such run.
    JournalError
        It is none of a model; or its inputs could not be kept, and have to be given to a dispatch.
    """
    opened = open_journal(journal, must_exist=True)
    try:
        info = opened.run(run)
        if info.kind != "model":
            raise JournalError(f"the run {run!r} is a {info.kind}, no dispatch of a model; resume it as what it is")
        asked = opened.asked(run)
        inputs, outputs = asked["inputs"], asked["outputs"] or ()
        lost = [repr(name) for name, value in inputs.items() if Unkept in (type(name), type(value))]
        lost += [f"the output {name!r}" for name in outputs if type(name) is Unkept]
        if lost:
            raise JournalError(
                f"of the run {run!r} the inputs {', '.join(lost)} could not be kept; ask again with them: "
                f"dsp.dispatch(inputs, ..., journal=..., run={run!r})"
            )
        return dsp.dispatch(**asked, **options, journal=opened, run=run)
    finally:
        if opened is not journal:
            opened.close()

"""Long runs: accepted at once, worked through in the background, asked for, followed and cancelled by their id.

::

    waiting --> running --> done, failed, cancelled
       ^           |
       +--restart--+------> interrupted

A store in a file keeps them over restarts: what had not ended is begun again, from its inputs, for a run of a model may
be made twice and give the same; with a journal it goes on from the values that are recorded there, which are forgotten
when it has ended.  After `STARTS` beginnings it is given up: it may be what ends the server.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ..dispatcher import Solution
from ..journal import Journal, open_journal
from .answers import MEMBERS, Answers
from .limits import Admission, Limits
from .problems import Problem
from .questions import ModelForm, Question
from .running import Runner
from .stores import RunRecord, RunStore
from .streams import Live
from .values import dump, load

__all__ = ["STARTS", "Runs", "described", "least"]

STARTS = 3  # beginnings of one run, over restarts
_FOLLOWABLE = 32  # latest runs that have ended whose events can still be read
_DRAWABLE = 8  # of these, those whose values are still there to be drawn
_LOG = logging.getLogger("thalweg.web")
T = TypeVar("T")


class Runs:
    """The long runs of one application.

    Parameters
    ----------
    form : ModelForm
        How the model is asked.
    answers : Answers
    runner : Runner
    limits : Limits
    store : RunStore
    journal : str, Path or Journal, optional
        Where values are recorded while a run is at work.

    Raises
    ------
    BuildError, JournalError
        The journal cannot be opened.
    """

    def __init__(
        self,
        form: ModelForm,
        answers: Answers,
        runner: Runner,
        limits: Limits,
        store: RunStore,
        *,
        journal: str | Path | Journal | None = None,
    ) -> None:
        self.form = form
        self.answers = answers
        self.runner = runner
        self.limits = limits
        self.store = store
        if journal is not None and not isinstance(journal, Journal):
            open_journal(journal).close()  # one that cannot be opened is told now, and not by each run
        self.place = journal
        self.journal: Journal | None = None  # when it is first needed
        self.admission = Admission(limits.runs_at_work, limits.runs_waiting, limits.retry_seconds)
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.ending: set[str] = set()  # runs whose end is being kept
        self.lives: OrderedDict[str, Live] = OrderedDict()
        self.streams = 0
        self.is_closing = False
        self.resumed: asyncio.Task[None] | None = None

    async def start(self, body: bytes) -> RunRecord:
        """Accept a run.

        Raises
        ------
        Problem
            The question is wrong, as many runs wait as there may be, or the server is being shut down.
        """
        question = self.form.read(body)
        if self.is_closing:
            raise Problem(503, "closing", "the server is being shut down", headers={"Retry-After": "5"})
        await self.resume()
        if len(self.tasks) >= self.limits.runs_at_work + self.limits.runs_waiting:
            self.admission.refuse()
        record = RunRecord(secrets.token_hex(16), body, "waiting", time.time())
        await self._stored(self.store.put, record)
        self._begin(record, question)
        return record

    def _begin(self, record: RunRecord, question: Question) -> None:
        model = self.form.model
        live = self.lives[record.id] = Live(model.shown.texts(model.dsp), self.limits.events_kept)
        self.tasks[record.id] = asyncio.create_task(self._work(record, question, live))

    async def open(self) -> None:
        """Take runs, also after `close`, and begin again what an earlier process left."""
        self.is_closing, self.resumed = False, None
        await self.resume()

    async def resume(self) -> None:
        """Begin again what an earlier process left; once."""
        if self.resumed is None:
            self.resumed = asyncio.create_task(self._resume())
        await asyncio.shield(self.resumed)

    async def _resume(self) -> None:
        for record in await self._stored(self.store.unfinished):
            try:
                question = self.form.read(record.asked)
            except Problem as problem:  # the model is another one now
                await self._end(record, "failed", problem.body())
                continue
            if record.starts >= STARTS:
                await self._end(record, "interrupted", None)
            else:
                self._begin(replace(record, state="waiting"), question)

    async def _stored(self, function: Callable[..., T], *args: Any) -> T:
        """Ask the store, which may wait for a disk."""
        return await asyncio.to_thread(function, *args) if self.store.is_durable else function(*args)

    async def _work(self, record: RunRecord, question: Question, live: Live) -> None:
        try:
            try:
                record, state, answer = await self._made(record, question, live)
            except asyncio.CancelledError:
                if self.is_closing and self.store.is_durable:
                    raise  # the next process begins it again
                kept: RunRecord | None = await self._stored(self.store.get, record.id)
                record = record if kept is None else kept
                state, answer = ("interrupted" if self.is_closing else "cancelled"), None
            self.ending.add(record.id)
            await self._end(record, state, answer)
        finally:
            live.end()
            self.ending.discard(record.id)
            self.tasks.pop(record.id, None)
            self._drop_lives()

    async def _made(self, record: RunRecord, question: Question, live: Live) -> tuple[RunRecord, str, Any]:
        """Make the calls: how it ended, and the answer, or the problem."""
        model, seconds = self.form.model, least(question.seconds, self.limits.long_run_seconds)
        await self.admission.enter()
        leave = self._leave_once()
        try:
            record = replace(record, state="running", began=time.time(), starts=record.starts + 1)
            await self._stored(self.store.put, record)
            live.planned = model.dsp.solve(question.inputs, question.outputs, **question.options).calls
            solution = await self.runner.run(
                model.dsp,
                question.inputs,
                question.outputs,
                leave,
                seconds=seconds,
                on_event=live,
                **self._recording(record),
                **question.options,
            )
            live.solution = solution
            return record, "done", self.answers.of_model(model, question, solution, MEMBERS)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            partial = getattr(error, "solution", None)
            live.solution = partial if isinstance(partial, Solution) else None
            return record, "failed", self.answers.problem(model, question, error).body()
        finally:
            leave()

    def _recording(self, record: RunRecord) -> dict[str, Any]:
        """Options of a run that is recorded, if runs are."""
        if self.place is None:
            return {}
        if self.journal is None:
            self.journal = open_journal(self.place)
        return {"journal": self.journal, "run": record.id}

    def _leave_once(self) -> Callable[[], object]:
        """What gives a place back when it is first called."""
        places = [self.admission.leave]

        def leave() -> None:
            if places:
                places.pop()()

        return leave

    async def _end(self, record: RunRecord, state: str, answer: Any) -> None:
        text = b"" if answer is None else dump(answer)
        ended = replace(record, state=state, ended=time.time(), answer=text)
        try:
            await self._stored(self.store.put, ended)
            await self._stored(self.store.forget, self.limits.runs_kept)
            if self.journal is not None:
                await asyncio.to_thread(self.journal.prune, [record.id])
        except Exception:  # of whoever made the store; the next start of the server will find the run unfinished
            _LOG.exception("the end of run %s could not be kept", record.id)
        live = self.lives.get(record.id)
        if live is not None:
            live.tell("end", {"path": "", "state": state})

    def _drop_lives(self) -> None:
        ended = [run_id for run_id, live in self.lives.items() if live.is_over]
        for run_id in ended[: max(0, len(ended) - _DRAWABLE)]:
            self.lives[run_id].solution = None
        for run_id in ended[: max(0, len(ended) - _FOLLOWABLE)]:
            del self.lives[run_id]

    async def find(self, run_id: str) -> RunRecord:
        """The record of a run.

        Raises
        ------
        Problem
            There is none.
        """
        await self.resume()
        record = await self._stored(self.store.get, run_id)
        if record is None:
            raise Problem(404, "no-run", "there is no such run; it may have been forgotten")
        return record

    async def solution(self, run_id: str) -> Solution | None:
        """What a run that ended lately has left.

        Raises
        ------
        Problem
            There is no such run.
        """
        await self.find(run_id)
        live = self.lives.get(run_id)
        return None if live is None else live.solution

    async def newest(self) -> list[RunRecord]:
        """The latest runs, newest first."""
        await self.resume()
        return await self._stored(self.store.newest, 100)

    async def cancel(self, run_id: str) -> RunRecord:
        """End a run, with every call in flight; of one that has ended nothing changes.

        Raises
        ------
        Problem
            There is none.
        """
        await self.find(run_id)
        task = self.tasks.get(run_id)
        if task is not None:
            await asyncio.sleep(0)  # a task that was cancelled before its first step would never tell of its end
            if run_id not in self.ending:
                task.cancel()
            await asyncio.wait([task])
        return await self.find(run_id)

    async def follow(self, run_id: str, after: int) -> AsyncIterator[bytes] | None:
        """The events of a run from behind number `after` on; None if it has ended, and all of them are known.

        Raises
        ------
        Problem
            There is no such run, or as many streams are open as there may be.
        """
        record = await self.find(run_id)
        if self.streams >= self.limits.streams:
            self.admission.refuse()
        live = self.lives.get(run_id)
        if live is None:
            return _only_the_end(record)
        return None if live.is_over and after == live.count else self._read(live, after)

    async def _read(self, live: Live, after: int) -> AsyncIterator[bytes]:
        self.streams += 1
        try:
            async for text in live.read(after):
                yield text
        finally:
            self.streams -= 1

    async def close(self) -> None:
        """Take no more runs, wait some time for those that are there, and end the rest and all streams."""
        self.is_closing = True
        pending = set(self.tasks.values())
        if pending:
            _, pending = await asyncio.wait(pending, timeout=self.limits.shutdown_seconds)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
        for live in self.lives.values():
            live.end()
        journal, self.journal = self.journal, None
        if journal is not None and journal is not self.place:
            await asyncio.to_thread(journal.close)


async def _only_the_end(record: RunRecord) -> AsyncIterator[bytes]:
    """The stream of a run whose events are gone."""
    yield b'event: end\ndata: {"path":"","state":"%b"}\n\n' % record.state.encode()


def described(record: RunRecord, address: str, members: Iterable[str]) -> dict[str, Any]:
    """A run as a client sees it, with these members of its answer."""
    told: dict[str, Any] = {
        "id": record.id,
        "state": record.state,
        "created": record.created,
        "began": record.began,
        "ended": record.ended,
        "url": address,
        "events": f"{address}/events",
    }
    if record.answer:
        answer = load(record.answer)
        if record.state == "done":
            told |= {name: value for name, value in answer.items() if name in members}
        else:
            told["problem"] = answer
    return told


def least(one: float | None, other: float | None) -> float | None:
    """The shorter of two times, either of which may be without end."""
    given = [seconds for seconds in (one, other) if seconds is not None]
    return min(given, default=None)

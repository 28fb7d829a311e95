"""Runs on trodden ways: what was found once is not searched again, failures included.

A `Replay` goes along the tracks of its plan (see `thalweg.dispatcher.tracks`) and searches nothing.  Where a loss is
new, a `Retraced` run takes over: it is what the run would have been without any track, is told the outcomes of the
calls that were made, and leaves a new track.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ..executors.contract import Call, perform
from ..tokens import NONE, UNKNOWN
from .failures import Failure, forget_frames, meet
from .in_turn import InTurn
from .network import Kind
from .nodes import NodeId
from .plan import Plan
from .run import Run
from .solution import Record
from .tracks import Loss, Track

__all__ = ["Replay", "Retraced"]


class Replay(Run):
    """A run in line that follows the tracks of its plan.

    Parameters
    ----------
    plan, given, *options
        As for `Run`.
    """

    asks = False  # is somebody to be asked whether a failure ends the run?
    taken: tuple[int, ...] = ()  # by the provider at hand
    start = 0  # the first step to be made

    def __init__(self, plan: Plan, given: Mapping[NodeId, Any], *options: Any) -> None:
        super().__init__(plan, given, *options)
        self.given = given
        self.options = options
        self.track: Track = plan.tracks(need_all=self.need_all).first
        self.losses: list[Loss] = []  # of the step at hand
        self.results: dict[int, Any] = {}  # what functions gave that are not plain, and NONE
        self.raised: dict[int, Exception] = {}
        self.met: dict[tuple[int, int], tuple[Any, int]] = {}  # values that filters saw, and failures from then on

    def follow(self) -> Run | None:
        """Make the calls; gives the run that is to go on with them where the way is new, else None.

        Notes
        -----
        The hot path of every dispatch that was made before: benchmark ``again``.
        """
        values, calls, losses = self.values, self.calls, self.losses
        failures, outer = self.failures, self.outer
        # Nobody is asked about a failure, and no slot waits for what a function gives: there is nothing more to it.
        is_plain = self.raises is None and not self.network.slot_of
        track = self.track
        while self.active:
            if self.asks:
                return Retraced(self)
            if losses:
                for loss in losses:
                    branch = track.branches.get(loss)
                    if branch is None:
                        return Retraced(self)
                    track = branch
                losses.clear()
                self.track, self.owned, self.start = track, True, 0
            steps, functions, search = track.way
            last = self.start  # the first step whose call is not noted yet
            self.start = 0
            for position, x, function, one, taken in steps[last:] if last else steps:
                if function is not None:
                    try:
                        value = function(values[one]) if one >= 0 else function(*taken(values))
                    except Exception as error:
                        f = functions[position]
                        # Mostly it is where whoever came this way lost it, too.
                        end = position + 1
                        calls += functions if end == len(functions) and not last else functions[last:end]
                        if is_plain:
                            failures.append(meet(f, error, outer))
                            losses.append((f, None))
                        else:
                            self.fails(f, error)
                        break
                    if value is NONE:
                        calls += functions[last : position + 1]
                        self.results[functions[position]] = NONE
                        self._lose(functions[position], [x])
                        break
                    values[x] = value
                else:
                    calls += functions[last:position]
                    last = position + 1
                    if values[x] is UNKNOWN:
                        self.taken = taken
                        self.special(functions[position], x)
                        if losses or self.asks:
                            break
            else:
                calls += functions[last:]
                self.active = False
            if not self.active:
                if search is None:
                    return Retraced(self)  # whoever came this way lost something at its last step
                self.search = search
        return None

    def special(self, f: int, x: int) -> None:
        """Make a datum known where that is not the plain call of a function."""
        call = self._other(f, x)
        if call is None:
            return
        self.calls.append(f)
        try:
            value = perform(call)
        except Exception as error:
            self.fails(f, error)
            return
        self.take(call, x, value)

    def take(self, call: Call, x: int, value: Any) -> None:
        """`call`, made for `x`, gave `value`."""
        f = call.number
        self.results[f] = value
        self.done(call, value)
        # Where everything is wanted, a run with a search of its own finishes the step.
        if (not self.losses or (self.owned and self.search.wanted is None)) and (f, x) in self.held:
            self._know(f, x, self.held.pop((f, x)))

    def fails(self, f: int, error: Exception) -> None:
        """The call of `f` ended with `error`."""
        self.raised[f] = error
        self._lose(f)
        self._record(None, None, error, f)

    def _takes(self, function: int) -> tuple[int, ...]:  # noqa: ARG002 - it is the one at hand
        return self.taken

    def _know(self, f: int, x: int, value: Any) -> bool:
        count = len(self.failures)
        is_known = super()._know(f, x, value)
        if x in self.network.extras:
            self.met[f, x] = (self.values[x] if is_known else UNKNOWN, len(self.failures) - count)
        return is_known

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        self._forgo(f, outputs)
        self.losses.append((f, None if outputs is None else tuple(outputs)))

    def _judge(self, failure: Failure) -> None:
        if self.raises is None:
            forget_frames(failure.error, self.outer)
        else:
            self.asks = True  # by a run that could go on from here in any case

    def record(self) -> Record:
        """What the run leaves."""
        record = super().record()
        record.layout = self.track.layout
        if record.layout is None:
            self.track.layout = record.laid_out()
        return record

    def _used(self) -> bytearray | None:
        if self.track.used is None:
            self.track.used = super()._used()
        return self.track.used


class Retraced(InTurn):
    """A run that makes calls only where a replay has made none.

    Parameters
    ----------
    replay : Replay
        It has come to a loss that leads to no track.
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay.plan, replay.given, *replay.options)
        self.replay = replay
        self.made = frozenset(replay.calls)
        self.judged = deque([Failure.of(met, self.network) for met in replay.failures])
        self.raised = replay.raised | {met[0]: met[1] for met in replay.failures if isinstance(met, tuple)}
        self.outer = replay.outer
        self.tracks = replay.plan.tracks(need_all=self.need_all)
        self.track = self.tracks.first
        self.ways: list[tuple[int, int, tuple[int, ...]]] = []  # since the last loss

    def ready(self) -> Iterator[Call]:
        """Calls that were not made yet."""
        replay = self.replay
        for call in super().ready():
            f = call.number
            if f not in self.made:
                yield call
            elif f in self.raised:
                self.failed(call, self.raised[f])
            elif f in replay.results:
                self.done(call, replay.results[f])
            else:
                self.done(call, replay.values[self.network.single[f]])

    def _onward(self) -> Iterator[int]:
        for x in super()._onward():
            if self.values[x] is UNKNOWN and self.search.settled[x]:
                f = self.search.provider[x]
                self.ways.append((f, x, () if self.network.kind[f] == Kind.FUNCTION else self.search.takes(f)))
            yield x

    def _know(self, f: int, x: int, value: Any) -> bool:
        replay = self.replay
        if (f, x) not in replay.met:
            return super()._know(f, x, value)
        known, count = replay.met[f, x]
        if known is UNKNOWN:
            self._lose(f, [x])
        else:
            self.values[x] = known
        for _ in range(count):
            self._judge_again()
        return known is not UNKNOWN

    def _record(self, path: tuple[NodeId, ...] | None, kind: str | None, error: Exception, f: int, x: int = -1) -> None:
        if self.judged:
            self._judge_again()
        else:
            super()._record(path, kind, error, f, x)

    def _judge_again(self) -> None:
        """What is recorded now was met by the replay; it asked nobody about it."""
        failure = self.judged.popleft()
        self.failures.append(failure)
        self._judge(failure)

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        # Leave what was done since the last loss to others.
        if len(self.ways) > len(self.track.way.steps):
            self.track.lay(self.network, self.ways)
            self.tracks.add(len(self.ways))
        self.ways = []
        loss = (f, None if outputs is None else tuple(outputs))
        self.track = self.track.branches.setdefault(loss, Track())
        super()._lose(f, outputs)

    def record(self) -> Record:
        """What the run leaves; if it has come to its end, also to those that go the same way."""
        record = super().record()
        if not self.is_cut_short and self.track.way.search is None:
            self.search.values = ()
            self.track.used, self.track.layout = record.used, record.laid_out()
            self.track.lay(self.network, self.ways, self.search)
            self.tracks.add(len(self.ways) + len(self.search.dist))
        return record

"""A run that goes on where generated code could not: with the values so far, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DomainError
from ..executors.contract import Call
from ..tokens import NONE, RELEASED, UNKNOWN
from .codegen import Line, Nothing, Program, refuse
from .network import Kind
from .replay import Replay

__all__ = ["Resumed"]


class Resumed(Replay):
    """A replay that knows what generated code has done."""

    known: Mapping[int, Any]
    roots: Mapping[int, int]
    spare: Mapping[tuple[int, int], int]

    def resume(self, program: Program, error: Exception) -> None:
        """Come to where the code has come, and meet what it has met.

        Parameters
        ----------
        program : Program
            For the plan of this run, which has made nothing yet.
        error : Exception
            Its traceback begins with the frame of the code.

        Raises
        ------
        Exception
            `error`, where it is not about a step.
        """
        trace = error.__traceback__
        assert trace is not None
        position, what = program.line(trace.tb_lineno)
        variables = trace.tb_frame.f_locals
        within = trace.tb_next
        is_ours = within is not None and within.tb_frame.f_code is refuse.__code__
        if what == Line.END or (within is None and isinstance(error, NameError)):
            raise error  # it is nobody's but ours
        del trace, within
        if what == Line.INPUTS:
            return
        has_set = what in (Line.FILTER, Line.CALLBACK) or isinstance(error, Nothing)
        holders: dict[str, int] = {}
        for place, (_, x, _, _, _) in enumerate(self.track.way.steps[: position + has_set]):
            targets = program.targets.get(place, ())
            if isinstance(targets, str):
                holders[targets] = x
            else:
                holders.update(targets)
        self.roots, self.spare = program.roots, program.spare
        self.known = program.constants | {x: variables[name] for name, x in holders.items() if name in variables}
        for place in range(position):
            self._redo(place)
        self.start = position + 1
        if what == Line.DOMAIN and not is_ours:
            error = _raised_by_domain(error)
        self._meet(position, what, error, variables.get("result"))

    def _meet(self, position: int, what: int, error: Exception, result: Any) -> None:
        x, f = self.track.way.steps[position][1], self.track.way.functions[position]
        if what in (Line.FILTER, Line.CALLBACK):
            self._redo(position)
            self._meet_filter(f, x, what, error)
            return
        self.calls.append(f)
        self.called.add(f)
        if what == Line.RESULT:
            self._meet_result(f, x, error, result)
        else:
            self.fails(f, error)

    def _meet_result(self, f: int, x: int, error: Exception, result: Any) -> None:
        """The result of a function was no good, or a part of it is NONE."""
        outputs = [y for y, _ in self.network.provides[f]]
        if len(outputs) == 1:
            result = NONE
        elif isinstance(error, Nothing):
            result = tuple([self._value(self.spare.get((f, y), y)) for y in outputs])
        self.take(Call(f, _called, ()), x, result)

    def _meet_filter(self, f: int, x: int, what: int, error: Exception) -> None:
        """A filter of a datum has refused, or its callback has raised."""
        path = self.network.data_path(x)
        if what == Line.CALLBACK:
            self.met[f, x] = (self.values[x], 1)
            self._record(path, "callback", error, -1)
            return
        self.values[x] = UNKNOWN
        self.met[f, x] = (UNKNOWN, 1)
        self._lose(f, [x])
        self._record(path, "filter", DomainError("a filter gave NONE") if isinstance(error, Nothing) else error, f)

    def _redo(self, position: int) -> None:
        """Know a step that the code has made."""
        network = self.network
        _, x, function, _, _ = self.track.way.steps[position]
        f = self.track.way.functions[position]
        kind = network.kind[f]
        value = self._value(x)
        if function is not None:
            self.calls.append(f)
        elif kind == Kind.FUNCTION:
            if f not in self.called:
                self._redo_call(f)
            self.held.pop((f, x), None)
            value = None if f in network.sink_of else value
        elif kind == Kind.START:
            self.held.pop((f, x), None)
        elif kind == Kind.ASK or (kind == Kind.COLLECT and network.records[f].function is not None):
            value = True if kind == Kind.ASK else value
            self.calls.append(f)
            self.results[f] = value
        self.values[x] = value
        if x in network.extras:
            self.met[f, x] = (value, 0)

    def _redo_call(self, f: int) -> None:
        """Hand what a function gave to its outputs."""
        network = self.network
        outputs = [y for y, _ in network.provides[f]]
        values = [self._value(self.spare.get((f, y), y)) for y in outputs]
        self.calls.append(f)
        self.called.add(f)
        self.results[f] = values[0] if len(values) == 1 else tuple(values)
        for y, value in zip(outputs, values, strict=True):
            if y in network.slot_of:
                self.values[y] = value
            elif len(values) > 1:
                self.held[f, y] = value

    def _value(self, x: int) -> Any:
        """The value of a datum; `RELEASED` where nothing can need it any more."""
        return self.known.get(self.roots.get(x, x), RELEASED)


def _raised_by_domain(error: Exception) -> DomainError:
    try:
        raise DomainError(f"its domain raised {type(error).__name__}: {error}") from error
    except DomainError as refusal:
        return refusal


def _called() -> None:
    """Stands for a function that was called already."""

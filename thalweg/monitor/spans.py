"""The event stream as spans of OpenTelemetry: the extra ``otel``."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any

from ..errors import DomainError, MissingExtraError
from ..executors.contract import Attempt, Outcome
from ..executors.events import Event, subscribe
from ..executors.states import State

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["Spans", "trace_to"]


class Spans:
    """A subscriber that makes a span for each run, and within it one for each try of a call.

    Parameters
    ----------
    provider : TracerProvider, optional
        By default the one that the application has set.

    Raises
    ------
    MissingExtraError
        OpenTelemetry is not installed.

    Notes
    -----
    A run's span is named ``"dispatch"``, that of a try as its node: ``"child/f"``.  The span of a run is a child of
    what is current where it is dispatched, and that of a try is current in the function, on each executor of this
    process: what a function dispatches, or traces by itself, is found below its try.  In processes of their own there
    is no current span.

    A failed try has the status of an error and the exception; a domain that refuses is an answer, so its span has no
    error.  Attributes: ``thalweg.run``; of tries ``thalweg.path``, ``thalweg.try``, ``thalweg.place``,
    ``thalweg.state`` (a `State`, or ``"retry"``).
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        try:
            from opentelemetry import context, trace
        except ImportError as error:
            raise MissingExtraError.of("spans", "opentelemetry", "otel") from error
        self.trace = trace
        self.attach = context.attach
        self.tracer = trace.get_tracer("thalweg", tracer_provider=provider)
        self.runs: dict[int, Span] = {}
        self.tries: dict[Attempt, Span] = {}

    def __call__(self, event: Event) -> None:
        """Begin or end a span."""
        attempt = event.attempt
        if event.kind == "begin":
            self.runs[event.run] = self.tracer.start_span("dispatch", attributes={"thalweg.run": event.run})
        elif event.kind == "end":
            span = self.runs.pop(event.run)
            if event.error is not None:
                self._fail(span, event.error)
            span.end()
        elif attempt is None or (event.kind == State.RUNNING and attempt.is_following):
            pass  # what follows another call in its place is known when it has ended
        elif event.kind == State.RUNNING:
            span = self.tries[attempt] = self._start(event, attempt)
            # The function is to be called with this span as the current one, wherever that is.
            attempt.context = copy_context()
            attempt.context.run(self.attach, self.trace.set_span_in_context(span))
        else:
            self._end(event, attempt)

    def _start(self, event: Event, attempt: Attempt, start: int | None = None) -> Span:
        attributes: dict[str, Any] = {
            "thalweg.run": event.run,
            "thalweg.path": event.path,
            "thalweg.try": attempt.number,
        }
        within = self.trace.set_span_in_context(self.runs[event.run])
        return self.tracer.start_span(event.path, within, attributes=attributes, start_time=start)

    def _end(self, event: Event, attempt: Attempt) -> None:
        span = self.tries.pop(attempt, None)
        outcome = event.data
        if isinstance(outcome, Outcome):
            if span is None:
                span = self._start(event, attempt, _epoch(outcome.start))
            span.set_attribute("thalweg.place", outcome.place)
        if span is None:
            return  # it was cancelled before it began
        span.set_attribute("thalweg.state", str(event.kind))
        if event.error is not None:
            self._fail(span, event.error)
        span.end(_epoch(outcome.end) if isinstance(outcome, Outcome) else None)

    def _fail(self, span: Span, error: BaseException) -> None:
        span.record_exception(error)
        if not (isinstance(error, DomainError) and error.__cause__ is None):
            span.set_status(self.trace.StatusCode.ERROR, f"{type(error).__name__}: {error}")


def _epoch(moment: float) -> int:
    """A monotonic time as nanoseconds since 1970."""
    return time_ns() - round((monotonic() - moment) * 1e9)


def trace_to(provider: Any = None) -> Callable[[], None]:
    """Make spans of OpenTelemetry of all runs of this process, by the extra ``thalweg[otel]``.

    Parameters
    ----------
    provider : TracerProvider, optional
        As for `Spans`, which says what the spans hold.

    Returns
    -------
    callable
        Ends it.

    Raises
    ------
    MissingExtraError
        OpenTelemetry is not installed.

    Notes
    -----
    Only its API is needed here; the application chooses an SDK and an exporter.  To trace one dispatch alone, give it
    ``on_event=Spans()``.
    """
    return subscribe(Spans(provider))

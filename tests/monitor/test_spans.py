"""Events as spans of OpenTelemetry, seen by the SDK's exporter in memory."""

import asyncio
import sys

import pytest

import thalweg as tw
from thalweg.errors import MissingExtraError, RunTimeout
from thalweg.monitor import Spans, trace_to

trace = pytest.importorskip("opentelemetry.trace")
sdk = pytest.importorskip("opentelemetry.sdk.trace")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

EXECUTORS = ["sync", "async", "threads"]


class Traces:
    """A provider of tracers, and what they have left."""

    def __init__(self):
        self.exporter = memory.InMemorySpanExporter()
        self.provider = sdk.TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(export.SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def tree(self):
        """Names as nested lists, by the order in which they began."""
        below = {}
        for span in sorted(self.spans, key=lambda each: each.start_time):
            below.setdefault(span.parent.span_id if span.parent else None, []).append(span)

        def grow(key):
            return [[span.name, *grow(span.context.span_id)] for span in below.get(key, [])]

        return grow(None)


@pytest.fixture
def traces():
    return Traces()


def chain():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    dsp.add_function("g", lambda b: b, ["b"], ["c"])
    return dsp


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_dispatch_has_a_span_and_each_call_one_below(executor, traces):
    chain()({"a": 1}, executor=executor, on_event=Spans(traces.provider))
    assert traces.tree() == [["dispatch", ["f"], ["g"]]]
    (f,) = traces.named("f")
    assert f.attributes["thalweg.path"] == "f"
    assert (f.attributes["thalweg.try"], f.attributes["thalweg.state"]) == (1, "done")
    assert f.attributes["thalweg.place"]
    assert f.attributes["thalweg.run"] == traces.named("dispatch")[0].attributes["thalweg.run"]
    assert f.status.status_code is trace.StatusCode.UNSET
    assert f.start_time <= f.end_time


@pytest.mark.parametrize("executor", EXECUTORS)
def test_each_try_has_a_span_and_its_error(executor, traces):
    left = [1]

    def flaky(a):
        if left[0]:
            left[0] -= 1
            raise OSError("not yet")

    child = tw.Dispatcher()
    child.add_function("f", flaky, ["a"], ["b"], retry=2)
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "a"}, {"b": "b"}, dsp_id="child")
    dsp({"a": 1}, executor=executor, on_event=Spans(traces.provider))
    first, second = traces.named("child/f")
    assert [span.attributes["thalweg.try"] for span in (first, second)] == [1, 2]
    assert [span.attributes["thalweg.state"] for span in (first, second)] == ["retry", "done"]
    assert (first.status.status_code, first.status.description) == (trace.StatusCode.ERROR, "OSError: not yet")
    assert first.events[0].attributes["exception.message"] == "not yet"
    assert second.status.status_code is trace.StatusCode.UNSET


def test_a_refusal_is_an_answer_and_no_error(traces):
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"], input_domain=lambda a: False)
    dsp({"a": 1}, on_event=Spans(traces.provider))
    (span,) = traces.named("f")
    assert (span.attributes["thalweg.state"], span.status.status_code) == ("failed", trace.StatusCode.UNSET)


def test_a_dispatch_that_raises_has_the_error_and_what_was_cancelled_is_ended(traces):
    async def slow(a):
        await asyncio.Event().wait()

    dsp = tw.Dispatcher()
    dsp.add_function("slow", slow, ["a"], ["b"])
    with pytest.raises(RunTimeout):
        dsp({"a": 1}, timeout=0.01, on_event=Spans(traces.provider))
    (run,), (call,) = traces.named("dispatch"), traces.named("slow")
    assert run.status.status_code is trace.StatusCode.ERROR
    assert run.events[0].attributes["exception.type"].endswith("RunTimeout")
    assert call.attributes["thalweg.state"] == "cancelled"


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_a_function_traces_and_dispatches_is_below_its_try(executor, traces):
    inner = chain()

    def work(a):
        with traces.tracer.start_as_current_span("step"):
            return inner({"a": a}, executor=executor)["c"]

    outer = tw.Dispatcher()
    outer.add_function("before", lambda a: a, ["a"], ["a2"])
    outer.add_function("work", work, ["a2"], ["d"])
    stop = trace_to(traces.provider)
    try:
        with traces.tracer.start_as_current_span("request"):
            assert outer({"a": 1}, executor=executor)["d"] == 1
    finally:
        stop()
    inside = ["dispatch", ["f"], ["g"]]
    assert traces.tree() == [["request", ["dispatch", ["before"], ["work", ["step", inside]]]]]


def test_coroutines_nest_too_also_after_calls_in_threads(traces):
    inner = chain()

    async def work(b):
        with traces.tracer.start_as_current_span("step"):
            await asyncio.sleep(0)
            return (await inner.adispatch({"a": b}))["c"]

    outer = tw.Dispatcher()
    outer.add_function("plain", lambda a: a, ["a"], ["b"])
    outer.add_function("work", work, ["b"], ["d"])

    async def main():
        with traces.tracer.start_as_current_span("request"):
            return await outer.adispatch({"a": 1})

    stop = trace_to(traces.provider)
    try:
        assert asyncio.run(main())["d"] == 1
    finally:
        stop()
    inside = ["dispatch", ["f"], ["g"]]
    assert traces.tree() == [["request", ["dispatch", ["plain"], ["work", ["step", inside]]]]]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_runs_at_once_do_not_mix(executor, traces):
    dsp = chain()
    stop = trace_to(traces.provider)
    try:
        futures = []
        for i in range(10):
            with traces.tracer.start_as_current_span(f"request {i}"):
                futures.append(dsp.submit({"a": i}, executor=executor))
        assert [future.result(30)["c"] for future in futures] == list(range(10))
    finally:
        stop()
    assert sorted(traces.tree()) == [[f"request {i}", ["dispatch", ["f"], ["g"]]] for i in range(10)]


def test_what_follows_in_its_place_has_the_times_of_its_outcome(traces):
    from thalweg.executors.contract import PREVIOUS, Outcome, perform

    class Chains:
        """Makes whole chains at once, here; each call takes a second by its clock."""

        name, takes_chains, capacity = "chains", True, 8

        def start(self, attempt):
            value, clock = None, 100.0
            for each in [attempt, *attempt.following]:
                each.call.args = [value if argument is PREVIOUS else argument for argument in each.call.args]
                value = perform(each.call)
                clock += 1
                each.report(Outcome(each, value, None, clock - 1, clock, "here"))

        def cancel(self, attempt):
            pass

        def close(self, grace_seconds):
            pass

    chain()({"a": 1}, ["c"], executor=Chains(), on_event=Spans(traces.provider))
    (run,), (g,) = traces.named("dispatch"), traces.named("g")
    assert g.parent.span_id == run.context.span_id
    assert (g.end_time - g.start_time) / 1e9 == pytest.approx(1, abs=0.01)


def test_nothing_is_left_open(traces):
    spans = Spans(traces.provider)
    chain()({"a": 1}, executor="threads", on_event=spans)
    assert (spans.runs, spans.tries) == ({}, {})


def test_without_opentelemetry_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'thalweg\[otel\]'") as caught:
        trace_to()
    assert isinstance(caught.value, ImportError)
    assert caught.value.extra == "otel"

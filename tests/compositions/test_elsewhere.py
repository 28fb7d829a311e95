"""Nodes that an executor makes."""

import asyncio
import os
import time

import pytest

import thalweg as tw
from tests.executors import rows
from thalweg.compositions import CallableInstrument, Composition, DAGNote, NodeRunner, Perform
from thalweg.errors import BuildError, CallTimeout, TransferError, UnknownExecutorError, WorkerDied

EVERYWHERE = rows.params(["sync", "async", "threads", "processes", "parallel", "dask"])
NUMBERS = range(6)
GRAPH = {number: [before for before in (number - 1, number - 3) if before >= 0] for number in NUMBERS}


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()
    rows.close_clusters()


@pytest.fixture
def executor(request):
    return rows.Dask().executor if request.param == "dask" else request.param


def add(numbers):
    return sum(numbers) + 1


async def add_awaited(numbers):
    await asyncio.sleep(0)
    return add(numbers)


def work(deed):
    match deed:
        case "fail":
            raise OSError("no route")
        case "leave":
            os._exit(3)
        case "sleep":
            time.sleep(60)
    return os.getpid()


async def process(node):
    await asyncio.sleep(0)
    return node, os.getpid()


class Sums(Composition):
    """Each node is one more than those before it."""

    instrument = None

    def configure_node_runner(self, node):
        return NodeRunner(self.instrument, {"numbers": [self.results[one] for one in self.graph[node]]})


@pytest.mark.parametrize("function", [add, add_awaited])
@pytest.mark.parametrize("executor", EVERYWHERE, indirect=True)
def test_values_go_from_node_to_node(executor, function):
    here, there = Sums(GRAPH), Sums(GRAPH)
    here.instrument, there.instrument = CallableInstrument(function), CallableInstrument(function, executor=executor)
    assert [asyncio.run(one.start()) for one in (here, there)] == ["done"] * 2
    assert dict(there.results) == dict(here.results) == {0: 1, 1: 2, 2: 3, 3: 5, 4: 8, 5: 12}


@pytest.mark.parametrize("executor", rows.params(["processes", "dask"]), indirect=True)
def test_all_nodes_go_where_the_composition_says(executor):
    composition = Composition(GRAPH, node_executor=process, executor=executor)
    asyncio.run(composition.start())
    assert {node: found[0] for node, found in composition.results.items()} == {number: number for number in NUMBERS}
    assert os.getpid() not in {found[1] for found in composition.results.values()}


@rows.PROCESSES
def test_a_node_elsewhere_fails_as_it_would_here_and_the_rest_is_run():
    notes = {deed: DAGNote(deed, deed=deed) for deed in ("fail", "leave", "well")}
    after = DAGNote("after", deed="well")
    graph = dict.fromkeys(notes.values(), ()) | {after: {notes["leave"]}}
    composition = Composition(graph, node_executor=work, executor="processes")
    assert asyncio.run(composition.start(raises=False)) == "failed"
    assert {str(node): type(error) for node, error in composition.errors.items()} == {
        "fail": OSError,
        "leave": WorkerDied,
    }
    assert {str(node): state for node, state in composition.states.items()} == {
        "fail": "failed",
        "leave": "failed",
        "well": "done",
        "after": "skipped",
    }


@rows.PROCESSES
def test_what_is_cancelled_or_too_late_is_ended():
    class Slow(Composition):
        seconds = None

        def configure_node_runner(self, node):
            return NodeRunner(CallableInstrument(work, executor="processes"), {"deed": "sleep"}, self.seconds)

    async def main():
        late, cancelled = Slow({"late": ()}), Slow({"cancelled": ()})
        late.seconds = 0.2
        driving = asyncio.create_task(cancelled.start())
        begun = time.monotonic()
        with pytest.raises(CallTimeout):
            await late.start()
        assert cancelled.cancel()
        assert await driving == "cancelled"
        return time.monotonic() - begun

    assert asyncio.run(main()) < 30
    made = Composition({DAGNote("next", deed="well"): ()}, node_executor=work, executor="processes")
    assert asyncio.run(made.start()) == "done"


@rows.PROCESSES
def test_very_many_share_one_executor():
    async def main():
        made = []
        async with Perform(high_water=20, low_water=10) as perform:
            for _ in range(50):
                made.append(Composition(GRAPH, node_executor=process, executor="processes"))
                await perform.add(made[-1])
        return made

    made = asyncio.run(main())
    assert [composition.status for composition in made] == ["done"] * 50
    assert 1 <= len({found[1] for composition in made for found in composition.results.values()}) <= os.cpu_count()


def test_the_policy_of_a_function_holds_elsewhere_too():
    tries = []

    class Flaky:
        retry = tw.Policy(tries=3, errors=(OSError,))

        def __call__(self, node):
            tries.append(node)
            if len(tries) < 3:
                raise OSError("busy")
            return "well"

    composition = Composition({"a": ()}, node_executor=Flaky(), executor="threads")
    assert asyncio.run(composition.start()) == "done"
    assert tries == ["a"] * 3


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(BuildError, match="'processes' has nothing to call; give node_executor="):
        Composition({"a": ()}, executor="processes")
    with pytest.raises(UnknownExecutorError, match="did you mean 'processes'"):
        asyncio.run(Composition({"a": ()}, node_executor=process, executor="process").start())


@rows.PROCESSES
def test_what_cannot_travel_is_named():
    composition = Composition({DAGNote("a", deed="well"): ()}, node_executor=_Stays(), executor="processes")
    with pytest.raises(TransferError, match="_Stays"):
        asyncio.run(composition.start())


class _Stays:
    def __call__(self, deed):
        return deed

    def __reduce__(self):
        raise TypeError("it stays here")

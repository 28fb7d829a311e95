"""What a type checker knows of compositions. mypy reads this file; nothing runs it."""

from collections.abc import Mapping
from typing import Any, assert_type

from thalweg.compositions import Composition, DAGNote, HttpInstrument, Metrics, NodeRunner, Perform, Status


class Diamond(Composition):
    def configure_node_runner(self, node: DAGNote) -> NodeRunner:
        return NodeRunner(node_timeout=5.0).prepare(**node.node_data).run(HttpInstrument("http://localhost"))


class Shared(Composition):
    @classmethod
    def configure_node_runner(cls, node: DAGNote) -> NodeRunner:
        return NodeRunner().prepare(node=node).run(print)


class Named(NodeRunner):
    pass


def ended(composition: Diamond, status: Status, error: BaseException | None = None, seconds: float = 0) -> None:
    assert_type(composition.results, Mapping[Any, Any])


async def run() -> None:
    a, b = DAGNote("a"), DAGNote("b", url="http://localhost")
    composition = Diamond({b: {a}}, schedule_done_cb=ended)
    assert_type(await composition.start(), Status)
    async with Perform(high_water=10, low_water=5) as perform:
        await perform.add(Shared({"b": ["a"]}))
        assert_type(perform.metrics, Metrics)


def runners_stay_what_they_are(runner: Named) -> None:
    assert_type(runner.prepare(a=1).run(print), Named)
    assert_type(runner.retry_task(), Named)

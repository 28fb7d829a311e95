"""Compositions whose nodes sleep, and note when; on a loop with a clock of its own."""

import asyncio

import pytest

from tests.executors.clock import clock_loop
from thalweg.compositions import Composition, NodeRunner

DIAMOND = {"d": {"b", "c"}, "c": {"a"}, "b": {"a"}}


class Sleepers(Composition):
    """Nodes that sleep.

    Parameters
    ----------
    graph : mapping
    seconds : mapping of node to float
        A second, where it says nothing.
    raising : mapping of node to list of exception or None
        What each try of a node raises at its end.
    """

    def __init__(self, graph, seconds=(), raising=(), **options):
        self.ended_with = []
        self.heard = []
        super().__init__(graph, lambda *args: self.ended_with.append(args), self.hear, **options)
        self.seconds = dict(seconds)
        self.raising = {node: list(errors) for node, errors in dict(raising).items()}
        self.begun = {}
        self.over = {}
        self.runners = []

    def hear(self, node, state, error):
        self.heard.append((node, str(state), error))

    def configure_node_runner(self, node):
        runner = NodeRunner().prepare(node=node).run(self.sleep)
        self.runners.append(runner)
        return runner

    async def sleep(self, node):
        time = asyncio.get_running_loop().time
        self.begun.setdefault(node, []).append(time())
        try:
            await asyncio.sleep(self.seconds.get(node, 1.0))
        finally:
            self.over.setdefault(node, []).append(time())
        error = self.raising[node].pop(0) if self.raising.get(node) else None
        if error is not None:
            raise error
        return f"{node} was here"

    @property
    def first(self):
        """When each node began for the first time."""
        return {node: times[0] for node, times in self.begun.items()}


def timed(work):
    """Run a coroutine on a loop with a clock of its own: what it gives, and when."""
    with clock_loop() as loop:
        return loop.run_until_complete(work), loop.time()


def started(composition, **options):
    """Run a composition from its start to its end, and give when that is."""
    return timed(composition.start(**options))[1]


def at(*steps):
    """What does something at given moments: pairs of a moment [s] and what is called then."""

    async def wait():
        time = asyncio.get_running_loop().time
        for moment, function in steps:
            await asyncio.sleep(moment - time())
            function()

    return wait()


async def beside(work, *steps):
    """Await something, while other things happen at given moments."""
    others = asyncio.create_task(at(*steps))
    try:
        return await work
    finally:
        await others


def approximately(times):
    """The same times, but for what floats lose."""
    return pytest.approx(times, abs=1e-9)

"""A run of a flow: asked for its value, awaited, cancelled, watched; earlier ones first."""

import asyncio
import io
import threading

import pytest

import thalweg as tw
from tests.tasks.flows import Survey
from thalweg.errors import CallCancelled, CallTimeout, TaskError, UnknownExecutorError
from thalweg.monitor import Roster, subscribe
from thalweg.tasks import Flow, task


class Held(Flow):
    """Its tasks wait for what the test does."""

    def __init__(self, name="held"):
        self.name = name
        self.begun, self.go = threading.Event(), threading.Event()
        self.log = []

    @task
    def entrypoint(self):
        return [self.wait(), self.note(1)]

    @task
    def wait(self):
        self.begun.set()
        assert self.go.wait(60)
        return self.name

    @task
    def note(self, value):
        self.log.append(value)
        return value

    @task
    async def forever(self):
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.log.append("cancelled")

    @task
    def many(self, log, n):
        return [self.step(log, i) for i in range(n)]

    @task
    def step(self, log, i):
        log.append((self.name, i))
        return i

    @task
    def flaky(self, log):
        log.append(1)
        if len(log) < 3:
            raise OSError("not yet")
        return len(log)

    @task(retry=3)
    def tries(self, log):
        log.append(1)
        if len(log) < 3:
            raise OSError("not yet")
        return len(log)

    @task(timeout=0.05)
    async def slow(self):
        await asyncio.Event().wait()

    @task
    def begins_a_run(self, n):
        return self.begins_a_run.using("threads").run(n - 1) + 1 if n else 0


def test_it_tells_where_it_is():
    flow = Held()
    run = flow.submit()
    assert flow.begun.wait(60)
    assert (run.status, run.done()) == ("running", False)
    with pytest.raises(CallTimeout, match=r"the run of 'Held\.entrypoint' has not ended within 0\.01 s, and goes on"):
        run.result(timeout=0.01)
    flow.go.set()
    assert run.result(60) == ["held", 1]
    assert (run.status, run.done(), run.errors) == ("done", True, {})
    assert repr(run) == "<run of Held.entrypoint: done>"
    assert run.counts["done"] == 3


def test_one_that_failed():
    run = Survey().fails.submit("because")
    with pytest.raises(TaskError, match="because"):
        run.result(60)
    assert run.status == "failed"
    assert [(path, type(error.__cause__)) for path, error in run.errors.items()] == [("fails", ValueError)]
    with pytest.raises(TaskError):
        run.result()


def test_cancelling_ends_it_and_what_is_in_flight():
    flow = Held()
    run = flow.forever.submit()
    assert flow.begun.wait(60)
    assert run.cancel()
    with pytest.raises(CallCancelled, match="was cancelled, and has no value"):
        run.result(60)
    assert (run.status, flow.log) == ("cancelled", ["cancelled"])
    assert not run.cancel()
    assert run.counts["cancelled"] == 1


def test_a_cancelled_run_leaves_its_place_to_others():
    flow, other = Held(), Held("other")
    with tw.open_executor("threads", max_workers=1) as executor:
        run = flow.entrypoint.using(executor).submit()
        assert flow.begun.wait(60)
        later = other.many.using(executor).submit([], 2)
        run.cancel()
        assert later.result(60) == [0, 1]
        flow.go.set()
    with pytest.raises(CallCancelled):
        run.result(60)


def test_earlier_runs_come_first():
    log, flow = [], Held()
    with tw.open_executor("threads", max_workers=1) as executor:
        blocker = flow.wait.using(executor).submit()
        assert flow.begun.wait(60)
        runs = [Held(name).many.using(executor).submit(log, 4) for name in "abc"]
        flow.go.set()
        assert [run.result(60) for run in runs] == [[0, 1, 2, 3]] * 3
        assert blocker.result(60) == "held"
    assert log == [(name, i) for name in "abc" for i in range(4)]


def test_a_task_may_wait_for_a_run_of_its_own():
    with tw.open_executor("threads", max_workers=1) as executor:
        assert Held().begins_a_run.using(executor).run(5) == 5


def test_a_task_is_tried_again_only_where_it_says_so():
    assert Held().tries.run([]) == 3
    with pytest.raises(TaskError, match="not yet"):
        Held().flaky.run([])


def test_the_time_of_a_task_is_limited():
    with pytest.raises(TaskError, match=r"CallTimeout: it took longer than its timeout of 0\.05 s"):
        asyncio.run(Held().slow.arun())


def test_the_time_of_a_run_is_limited():
    flow = Held()
    run = flow.forever.using(timeout=0.05).submit()
    with pytest.raises(CallTimeout, match=r"the run of 'forever' took longer than its timeout of 0\.05 s"):
        run.result(60)
    assert (run.status, flow.log) == ("failed", ["cancelled"])


def test_it_can_be_awaited():
    async def main():
        runs = [Survey(k).entrypoint.submit(9) for k in (1, 2, 3)]
        return [await run for run in runs]

    assert asyncio.run(main()) == [36, 16, 9]


def test_who_is_cancelled_in_waiting_leaves_the_run_alone():
    flow = Held()

    async def main():
        run = flow.submit()
        waiter = asyncio.ensure_future(run)
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        flow.go.set()
        return await run

    assert asyncio.run(main()) == ["held", 1]


def test_coroutine_functions_are_awaited_on_the_loop_of_who_awaits():
    class Loops(Flow):
        @task
        async def entrypoint(self):
            return id(asyncio.get_running_loop())

    async def main():
        return await Loops().entrypoint.arun() == id(asyncio.get_running_loop())

    assert asyncio.run(main())


def test_cancelling_who_awaits_it_ends_the_run():
    flow = Held()

    async def main():
        waiter = asyncio.ensure_future(flow.forever.arun())
        await asyncio.to_thread(flow.begun.wait, 60)
        waiter.cancel()
        return await asyncio.gather(waiter, return_exceptions=True)

    (error,) = asyncio.run(main())
    assert isinstance(error, asyncio.CancelledError)
    assert flow.log == ["cancelled"]


class Waits(Flow):
    """Its tasks begin runs, and wait for them."""

    @task
    def entrypoint(self, n, way):
        outer = getattr(self, way)
        return self.total([outer(i) for i in range(n)])

    @task
    def asks(self, i):
        return self.leaf.submit(i).result(60)

    @task
    async def awaits(self, i):
        return await asyncio.wait_for(_of(self.leaf.submit(i)), 60)

    @task
    def leaf(self, i):
        return i

    @task
    def total(self, values):
        return sum(values)


async def _of(run):
    return await run


@pytest.mark.parametrize("way", ["asks", "awaits"])
def test_tasks_that_wait_for_runs_leave_them_their_threads(way):
    many = 40  # more than there are threads
    assert Waits().entrypoint.using("threads").run(many, way) == sum(range(many))


def test_a_plain_call_of_a_coroutine_function_is_made_within_a_running_loop_too():
    async def main():
        return Survey().fetch(3)

    assert asyncio.run(main()) == 3
    assert Survey().gathers(4) == 10


def test_who_interrupts_from_within_a_task_ends_the_run_and_nothing_else():
    class Interrupts(Flow):
        @task
        def entrypoint(self):
            raise KeyboardInterrupt

    run = Interrupts().entrypoint.submit()
    with pytest.raises(KeyboardInterrupt):
        run.result(60)
    assert run.status == "cancelled"
    assert Survey().entrypoint.submit(7).result(60) == 9


def test_an_unknown_executor_is_refused_at_once():
    with pytest.raises(UnknownExecutorError, match="did you mean 'threads'"):
        Survey().submit(3, executor="thread")


def test_each_step_is_told():
    seen = []
    unsubscribe = subscribe(lambda event: seen.append((event.path, str(event.kind))))
    try:
        Survey().entrypoint.using("sync").run(1)
    finally:
        unsubscribe()
    paths = ["entrypoint", "entrypoint/part[0]", "entrypoint/total[1]"]
    assert seen == [("", "begin"), *[(path, kind) for path in paths for kind in ("running", "done")], ("", "end")]


def test_a_roster_shows_it():
    file = io.StringIO()
    unsubscribe = subscribe(Roster("survey", file))
    try:
        Survey().entrypoint.using("sync").run(4)
    finally:
        unsubscribe()
    lines = [line.split("s  ", 1)[1] for line in file.getvalue().splitlines()]
    assert lines[1] == "entrypoint: done: 5 calls of part, total"
    assert lines[-2:] == ["entrypoint/total[4]: done: 2", "survey: 6 done"]


def test_nothing_is_left_behind():
    tw.shutdown_executors()
    before = set(threading.enumerate())
    assert [Survey().entrypoint.submit(3).result(60) for _ in range(3)] == [1] * 3
    tw.shutdown_executors()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left <= {"thalweg-runs"}  # it rests after a while without work

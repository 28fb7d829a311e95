"""What runs one node, once."""

import asyncio
import logging

import pytest

from tests.compositions.sleepers import approximately, at, timed
from tests.executors.clock import clock_loop
from thalweg.compositions import NodeRunner
from thalweg.errors import BuildError, CallTimeout, SpentError
from thalweg.executors import Policy


async def sleep(seconds, then=None):
    await asyncio.sleep(seconds)
    return then


async def fail(**params):
    raise LookupError(params)


def test_it_gives_the_parameters_to_what_it_calls_by_name():
    async def note(**params):
        return params

    assert timed(NodeRunner(note, {"a": 1})())[0] == {"a": 1}
    assert timed(NodeRunner().prepare(a=1, b=2).run(note)())[0] == {"a": 1, "b": 2}
    assert timed(NodeRunner(note, {"a": 1}).prepare(b=2)())[0] == {"b": 2}


def test_prepare_and_run_call_nothing():
    calls = []
    runner = NodeRunner().prepare(number=3).run(calls.append)
    assert calls == []
    assert runner.status == "waiting"


def test_an_instance_that_can_be_called_is_called():
    class Doubler:
        async def __call__(self, number):
            return 2 * number

    assert timed(NodeRunner(Doubler(), {"number": 4})())[0] == 8


def test_a_plain_function_gives_what_it_gives():
    assert timed(NodeRunner().prepare(a=1, b=2).run(lambda a, b: a + b)())[0] == 3


def test_it_runs_once():
    runner = NodeRunner(sleep, {"seconds": 1.0, "then": "done"})
    assert timed(runner()) == ("done", 1.0)
    with pytest.raises(SpentError, match=r"is done and cannot be run; retry_task\(\)"):
        timed(runner())
    assert isinstance(SpentError("as a user would guess"), RuntimeError)


def test_it_cannot_be_run_while_it_runs():
    async def twice():
        runner = NodeRunner(sleep, {"seconds": 1.0})
        first = asyncio.create_task(runner())
        await asyncio.sleep(0.5)
        with pytest.raises(SpentError, match="is running"):
            await runner()
        await first

    assert timed(twice())[1] == 1.0


@pytest.mark.parametrize("change", [lambda r: r.prepare(seconds=2.0), lambda r: r.run(fail)])
@pytest.mark.parametrize("moment", [0.5, 2.0])
def test_it_cannot_be_changed_once_it_has_begun(change, moment):
    async def main():
        runner = NodeRunner(sleep, {"seconds": 1.0, "then": "as it was"})
        task = asyncio.create_task(runner())
        await asyncio.sleep(moment)
        with pytest.raises(SpentError, match="retry_task"):
            change(runner)
        assert await task == "as it was"
        assert runner.node_params == {"seconds": 1.0, "then": "as it was"}

    timed(main())


def test_what_it_is_cannot_be_set():
    params = {"seconds": 1.0}
    runner = NodeRunner(sleep, params)
    params["seconds"] = 5.0
    for name in ("status", "result", "error", "done", "instance_id", "parent_id", "node_params", "retry"):
        with pytest.raises(AttributeError):
            setattr(runner, name, None)
    with pytest.raises(TypeError):
        runner.node_params["seconds"] = 7.0
    assert timed(runner())[1] == 1.0


def test_another_try_is_made_by_a_child_with_an_id_of_its_own():
    runner = NodeRunner(fail, {"a": 1})
    with pytest.raises(LookupError):
        timed(runner())
    child = runner.retry_task()
    assert (runner.status, child.status, child.error) == ("failed", "waiting", None)
    assert child.parent_id == runner.instance_id
    assert child.instance_id != runner.instance_id
    assert (runner.parent_id, child.node_params) == (None, {"a": 1})
    with pytest.raises(LookupError):
        timed(child())
    assert child.retry_task().parent_id == child.instance_id


def test_a_child_may_be_changed_and_its_parent_stays_as_it_was():
    runner = NodeRunner(fail, {"a": 1})
    with pytest.raises(LookupError):
        timed(runner())
    child = runner.retry_task().prepare(seconds=2.0, then="better").run(sleep)
    assert timed(child()) == ("better", 2.0)
    assert (runner.status, runner.result, dict(runner.node_params)) == ("failed", None, {"a": 1})


def test_there_is_no_child_before_the_end():
    async def main():
        runner = NodeRunner(sleep, {"seconds": 1.0})
        with pytest.raises(SpentError, match="has not ended"):
            runner.retry_task()
        task = asyncio.create_task(runner())
        await asyncio.sleep(0.5)
        with pytest.raises(SpentError, match="has not ended"):
            runner.retry_task()
        await task
        assert runner.retry_task().parent_id == runner.instance_id

    timed(main())


def test_a_subclass_has_children_of_its_own_kind_with_what_it_added():
    class Named(NodeRunner):
        def __init__(self, name):
            super().__init__(sleep, {"seconds": 0.0})
            self.name = name

    runner = Named("x")
    timed(runner())
    child = runner.retry_task()
    assert (type(child), child.name) == (Named, "x")


def test_a_timeout_ends_the_call_at_its_moment():
    ended = []

    async def hang():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(asyncio.get_running_loop().time())

    runner = NodeRunner(hang, node_timeout=2.5)
    with clock_loop() as loop:
        with pytest.raises(CallTimeout, match=r"timeout of 2\.5 s"):
            loop.run_until_complete(runner())
        assert loop.time() == 2.5
    assert ended == [2.5]
    assert runner.status == "failed"
    assert isinstance(runner.error, TimeoutError)


def test_a_call_within_its_time_is_none_of_the_timeouts_business():
    assert timed(NodeRunner(sleep, {"seconds": 2.0, "then": 1}, node_timeout=2.5)()) == (1, 2.0)
    assert timed(NodeRunner(lambda: 7, node_timeout=2.5)())[0] == 7


def test_a_timeout_error_of_its_own_is_left_as_it_is():
    async def late():
        raise TimeoutError("its own")

    runner = NodeRunner(late, node_timeout=2.5)
    with pytest.raises(TimeoutError, match="its own"):
        timed(runner())
    assert type(runner.error) is TimeoutError


@pytest.mark.parametrize(
    "options", [{"node_timeout": -1.0}, {"node_timeout": "soon"}, {"retry": 0}, {"retry": Policy(tries=0)}]
)
def test_what_cannot_be_meant_is_refused(options):
    with pytest.raises(BuildError):
        NodeRunner(sleep, **options)


def test_what_an_executor_calls_retry_counts_only_if_it_is_a_policy():
    class Ours:
        retry = Policy(tries=2)

    class Theirs:
        def retry(self):
            pass

    assert NodeRunner(Ours()).retry is Ours.retry
    assert NodeRunner(Theirs()).retry is None
    assert NodeRunner(Ours(), retry=3).retry.tries == 3


def test_a_runner_without_anything_to_call_says_what_to_write():
    with pytest.raises(BuildError, match=r"NodeRunner\(\)\.prepare\(\.\.\.\)\.run\(function\)"):
        timed(NodeRunner()())


def test_cancelled_it_says_so():
    async def main():
        runner = NodeRunner(sleep, {"seconds": 5.0})
        task = asyncio.create_task(runner())
        await at((1.0, runner.cancel))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (runner.status, runner.done, runner.cancel()) == ("cancelled", True, False)

    assert timed(main())[1] == 1.0


def test_cancelled_before_it_begins_it_never_runs():
    runner = NodeRunner(sleep, {"seconds": 5.0})
    assert runner.cancel()
    assert runner.status == "cancelled"
    with pytest.raises(SpentError, match="is cancelled"):
        timed(runner())


def test_each_change_of_status_is_told():
    told = []

    def note(runner, old, new):
        assert runner.status is new
        told.append((str(old), str(new)))

    timed(NodeRunner(sleep, {"seconds": 1.0}, None, note)())
    with pytest.raises(LookupError):
        timed(NodeRunner(fail, node_status_cb=note)())
    assert told == [("waiting", "running"), ("running", "done"), ("waiting", "running"), ("running", "failed")]


def test_a_callback_that_raises_is_logged_and_changes_nothing(caplog):
    def broken(*_):
        raise RuntimeError("broken callback")

    with caplog.at_level(logging.ERROR, "thalweg.compositions"):
        assert timed(NodeRunner(sleep, {"seconds": 1.0, "then": 3}, node_status_cb=broken)())[0] == 3
    assert "broken callback" in caplog.text


def test_it_says_what_it_is_and_when_it_ran():
    async def main():
        await asyncio.sleep(1.5)
        runner = NodeRunner(sleep, {"seconds": 2.0}, node_timeout=3.0)
        await runner()
        return runner

    runner, _ = timed(main())
    info = runner.node_info
    assert (info.pop("start_time"), info.pop("end_time")) == (approximately(1.5), approximately(3.5))
    assert info == {"instance_id": runner.instance_id, "parent_id": None, "status": "done", "timeout": 3.0}
    assert repr(runner) == f"<NodeRunner {runner.instance_id}: done>"


def test_what_it_raised_holds_no_runner():
    import gc
    import weakref

    class Watched(NodeRunner):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        for runner in (Watched(fail), Watched(fail, node_timeout=1.0)):
            with pytest.raises(LookupError):
                timed(runner())
        watched = weakref.ref(runner)
        del runner
        assert watched() is None
    finally:
        gc.enable()

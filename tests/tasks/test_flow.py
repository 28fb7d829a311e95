"""What a flow of tasks means: the same as its plain calls, on every executor of this machine."""

import asyncio
import threading

import pytest

from tests.tasks.flows import Box, Child, Pair, Sealed, Survey
from thalweg.errors import BuildError, CallCancelled, PromiseError, TaskError, TransferError, WorkerDied
from thalweg.tasks import Flow, task

HERE = ["sync", "threads", "async", None]
executors = pytest.mark.parametrize("executor", [*HERE, "processes"])
here = pytest.mark.parametrize("executor", HERE)

CALLS = {
    "values to a task in a list": lambda flow: (flow.entrypoint, 7),
    "a coroutine function": lambda flow: (flow.fetch, 3),
    "a coroutine function that asks for tasks": lambda flow: (flow.gathers, 4),
    "values within containers": lambda flow: (flow.in_containers,),
    "a graft": lambda flow: (flow.down, 3),
    "grafts within lists": lambda flow: (flow.nested, 4),
    "recursion with two branches": lambda flow: (flow.fibonacci, 7),
    "a loop that ends when it likes": lambda flow: (flow.collatz, 27),
    "one branch": lambda flow: (flow.branch, 9),
    "the other branch, and a method that is no task": lambda flow: (flow.branch, 3),
    "a flow within a flow": lambda flow: (flow.other_flow, 5),
}


@executors
@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS)
def test_a_run_gives_what_the_plain_call_gives(executor, case):
    bound, *args = case(Survey())
    assert bound.using(executor).run(*args) == bound(*args)


def test_the_plain_call_gives_the_values():
    value = Survey().in_containers()
    assert value == {
        "list": [1, [2, (3,)]],
        "set": {1, 2},
        "frozen": frozenset({3}),
        "pair": Pair(1, [2]),
        "ordered": {"a": 1},
        "counter": {1: 2},
        "box": Box(1, [2, Sealed(3)]),
        2: "key",
        "plain": [0, None],
    }


@executors
@pytest.mark.parametrize("value", [0, None, [], False, "", (), 0.0], ids=repr)
def test_what_is_false_stays_what_it_is(executor, value):
    found = Survey().same.using(executor).run(value)
    assert found == value
    assert type(found) is type(value)


@executors
def test_what_is_shared_among_arguments_is_shared(executor):
    assert Survey().shares.using(executor).run() is True


@here
def test_a_recursion_may_be_as_deep_as_it_likes(executor):
    assert Survey().down.using(executor).run(10_000) == "bottom"


def test_lists_may_be_nested_by_a_recursion_as_deep_as_it_likes():
    value, depth = Survey().nested.using("sync").run(10_000), 0
    while value:
        value, depth = value[1], depth + 1
    assert depth == 10_000


@executors
def test_each_object_has_its_own_attributes(executor):
    two, five = Survey(2), Survey(5)
    runs = [flow.entrypoint.using(executor).submit(11) for flow in (two, five)]
    assert [run.result(60) for run in runs] == [25, 7]


@executors
def test_a_run_has_the_attributes_as_they_were_when_it_was_submitted(executor):
    flow = Survey(2)
    first = flow.entrypoint.using(executor).submit(5)
    flow.divisor = 100
    assert first.result(60) == 4
    assert flow.entrypoint.using(executor).run(5) == 0


@executors
def test_a_task_does_not_set_attributes(executor):
    with pytest.raises(TaskError, match="the attribute 'divisor' of Survey was to be changed by a task") as hit:
        Survey().sets.using(executor).run()
    assert isinstance(hit.value.__cause__, AttributeError)


@executors
def test_an_overridden_task_may_call_that_of_its_base(executor):
    assert Child().part.using(executor).run(5) == [2, "child"]
    assert Child().part(5) == [2, "child"]


def test_processes_make_the_calls_elsewhere():
    here = threading.get_ident()
    process, _ = Survey().where.using("processes").run()
    assert process != Survey().where()[0]
    assert Survey().where.using("sync").run()[1] == here
    assert Survey().where.using("threads").run()[1] != here


@executors
def test_an_error_names_the_task_its_arguments_and_who_asked(executor):
    with pytest.raises(TaskError) as hit:
        Survey().fails_below.using(executor).run(2)
    error = hit.value
    assert str(error) == (
        "the task 'fails_below/fails_below[1]/fails_below[1]/fails' failed by ValueError: far down; it was called as "
        "fails('far down'); it was asked for by fails_below(2) > fails_below(1) > fails_below(0)"
    )
    assert (error.task, error.arguments) == ("fails", "('far down')")
    assert error.chain == ("fails_below(2)", "fails_below(1)", "fails_below(0)", "fails('far down')")
    assert type(error.__cause__) is ValueError


def test_the_chain_of_a_deep_recursion_is_cut():
    class Deep(Flow):
        @task
        def down(self, n):
            return self.down(n - 1) if n else 1 // 0

    with pytest.raises(TaskError) as hit:
        Deep().down.using("sync").run(3000)
    assert hit.value.path == "down/down/down/down/(2993 more)/down/down/down/down"
    assert hit.value.chain[4:6] == ("(2993 more)", "down(3)")


@executors
def test_of_several_failures_the_first_in_the_order_of_the_calls_is_told(executor):
    run = Survey().fails_twice.using(executor).submit()
    with pytest.raises(TaskError, match="first"):
        run.result(60)
    assert sorted(run.errors) == ["fails_twice/fails[0]", "fails_twice/fails[1]"]


@executors
def test_what_takes_a_value_that_is_not_there_is_skipped(executor):
    run = Survey().takes_failed.using(executor).submit()
    with pytest.raises(TaskError, match="below"):
        run.result(60)
    assert list(run.errors) == ["takes_failed/fails[0]"]
    assert (run.counts["skipped"], run.counts["failed"]) == (2, 2)


@executors
def test_a_task_whose_value_nobody_takes_is_called_and_its_failure_told(executor):
    with pytest.raises(TaskError, match="forgotten"):
        Survey().forgets.using(executor).run()


@executors
def test_who_leaves_by_sys_exit_ends_its_task_alone(executor):
    with pytest.raises(TaskError, match=r"called sys\.exit\(3\); only the task ended") as hit:
        Survey().exits.using(executor).run()
    assert type(hit.value.__cause__) is CallCancelled


def test_a_value_that_cannot_be_in_a_set_is_said_so():
    with pytest.raises(TaskError, match=r"same\[1\]' failed by TypeError: unhashable"):
        Survey().unhashable.run()


def test_a_result_that_cannot_travel_is_said_so():
    with pytest.raises(TaskError, match="cannot travel") as hit:
        Survey().unsendable.using("processes").run()
    assert isinstance(hit.value.__cause__, TransferError)


def test_a_call_whose_process_died_is_made_again(tmp_path):
    assert Survey().dies_once.using("processes").run(str(tmp_path / "was here")) == "alive"


def test_a_call_that_kills_its_processes_is_given_up():
    with pytest.raises(TaskError, match="WorkerDied") as hit:
        Survey().dies.using("processes").run()
    assert isinstance(hit.value.__cause__, WorkerDied)


def test_wrong_arguments_are_refused_where_the_call_is_written():
    class Wrong(Flow):
        @task
        def entrypoint(self):
            return self.one(1, 2)

        @task
        def one(self, a):
            return a

    with pytest.raises(TaskError, match="the task 'entrypoint' failed by TypeError: too many positional"):
        Wrong().entrypoint.run()
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        Wrong().one.submit()


def test_a_promise_that_is_used_tells_what_to_do():
    class Asks(Flow):
        @task
        def entrypoint(self):
            return "yes" if self.one() else "no"

        @task
        def one(self):
            return 1

    with pytest.raises(TaskError, match="asked for its truth value; pass the promise") as hit:
        Asks().entrypoint.run()
    assert type(hit.value.__cause__) is PromiseError
    assert Asks().entrypoint() == "yes"


def test_a_promise_that_hides_within_an_object_cannot_travel():
    class Hidden:
        pass

    class Hides(Flow):
        @task
        def entrypoint(self):
            hidden = Hidden()
            hidden.value = self.one()
            return self.takes(hidden)

        @task
        def one(self):
            return 1

        @task
        def takes(self, hidden):
            return hidden.value + 1

    with pytest.raises(TaskError, match="arithmetic"):
        Hides().entrypoint.run()


def test_who_calls_a_task_when_its_own_call_has_ended_is_refused():
    left = []

    class Leaves(Flow):
        @task
        async def entrypoint(self):
            left.append(asyncio.get_running_loop().create_task(self.later()))
            return 1

        async def later(self):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return self.one()

        @task
        def one(self):
            return 1

    async def main():
        assert await Leaves().entrypoint.arun() == 1
        return await asyncio.gather(*left, return_exceptions=True)

    (error,) = asyncio.run(main())
    assert isinstance(error, CallCancelled)
    assert "called by something that 'entrypoint' has left behind" in str(error)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: task(3), "@task was put on 3"),
        (lambda: task(staticmethod(lambda: 1)), "@task was put on <staticmethod"),
        (lambda: task(lambda self: (yield)), "yields, and a task has one value"),
        (lambda: task(queue="")(print), "queue has ''"),
        (lambda: task(requires={"GPU": 0})(print), "requires 0 of 'GPU'"),
        (lambda: task(retry=0)(print), "retry is 0"),
        (lambda: task(timeout=-1)(print), "timeout is -1"),
        (lambda: task(lambda x: x)(3), "was called on no flow; put it into a class that derives from Flow"),
        (lambda: Survey.same(1), "Survey.same was called on no flow"),
    ],
)
def test_what_cannot_be_meant_is_refused(make, says):
    with pytest.raises(BuildError, match=says.replace("(", r"\(")):
        make()


def test_a_flow_without_entrypoint_says_what_it_has():
    class Named(Flow):
        @task
        def begin(self):
            return 1

    with pytest.raises(BuildError, match=r"Named has no task 'entrypoint'.*NAME is one of begin"):
        Named().submit()
    assert Named().begin.submit().result(60) == 1


def test_options_of_a_task():
    class Options(Flow):
        @task(queue="gpu", requires={"GPU": 1}, tolerations=("night",), taint="GPU", priority=2, retry=3, timeout=9)
        def all(self):
            return 1

        @task()
        def none(self):
            return 1

    placement, policy = Options.all.placement, Options.all.policy
    assert (placement.queue, placement.requires, placement.priority) == ("gpu", {"GPU": 1}, 2)
    assert placement.tolerations == ("night", "GPU")
    assert (policy.tries, policy.timeout_seconds) == (3, 9)
    assert (Options.none.placement, Options.none.policy) == (None, None)
    assert Options().all.using("sync").run() == 1

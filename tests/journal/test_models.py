"""Dispatches that are recorded: what is made again, and what is not."""

import asyncio
import enum
import functools
import threading

import numpy as np
import pytest

import thalweg
from tests.journal.helpers import rows_of
from thalweg import Dispatcher
from thalweg.errors import (
    BuildError,
    DispatchError,
    JournalError,
    LeaseLostError,
    RunCancelledError,
    RunHeldError,
    RunTimeout,
    UnknownRunError,
    UnreachableError,
)
from thalweg.executors.states import State
from thalweg.journal import JournalWarning, current_call, open_journal

EXECUTORS = [None, "sync", "async", "threads", "processes", "parallel"]


@pytest.fixture
def path(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


def add(a, b):
    return a + b


def double(x):
    return 2 * x


def identity(_):
    return tuple(current_call())


def chain(*functions):
    """A model ``x0 -> x1 -> ...``."""
    dsp = Dispatcher(name="chain")
    for number, function in enumerate(functions):
        dsp.add_function(f"f{number}", function, [f"x{number}"], [f"x{number + 1}"])
    return dsp


def counted(made, name, function=double):
    def call(*args):
        made.append(name)
        return function(*args)

    return call


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_run_that_is_done_is_answered_without_a_call(path, executor):
    dsp = chain(double, double)
    first = dsp.dispatch({"x0": 1}, ["x2"], executor=executor, journal=path, run="one")
    again = dsp.dispatch({"x0": 1}, ["x2"], executor=executor, journal=path, run="one")
    assert dict(first) == dict(again) == {"x0": 1, "x1": 2, "x2": 4}
    assert first.recomputed == ["f0", "f1"]
    assert again.recomputed == []
    assert again.recorded.recalled == ("f0", "f1")
    assert (again.recorded.run, again.recorded.starts) == ("one", 2)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_solution_is_that_of_a_dispatch_without_a_journal(path, executor):
    def fail(x):
        raise OSError("no route")

    dsp = Dispatcher(name="parent")
    child = Dispatcher(name="child")
    child.add_function("two", lambda q: (q, q + 1), ["q"], ["r", "s"])
    child.add_data("s", filters=[lambda value: value * 10])
    dsp.add_data("d", default_value=5)
    dsp.add_function("fail", fail, ["a"], ["b"])
    dsp.add_function("double", double, ["a"], ["b"], weight=3)
    dsp.add_function("only big", add, ["a", "d"], ["e"], input_domain=lambda a, d: a > 100)
    dsp.add_function("add", add, ["b", "d"], ["e"], weight=5)
    dsp.add_dispatcher(child, {"b": "q"}, {"s": "t"}, dsp_id="child")
    dsp.add_data("w", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    dsp.add_function("w1", double, ["t"], ["w"])
    dsp.add_function("w2", double, ["e"], ["w"])
    plain = dsp.dispatch({"a": 1})
    for start in range(2):
        solution = dsp.dispatch({"a": 1}, executor=executor, journal=path, run="one")
        assert dict(solution) == dict(plain)
        assert solution.providers == plain.providers
        assert sorted(solution.errors) == sorted(plain.errors) == ["fail", "only big"]
        assert dict(solution.sub("child")) == dict(plain.sub("child"))
        assert sorted(solution.recomputed) == (["fail", "only big"] if start else sorted(plain.recomputed))


def test_what_was_not_reached_is_computed_and_nothing_else(path):
    made, is_broken = [], [True]

    def flaky(x):
        made.append("f1")
        if is_broken[0]:
            raise OSError("no route")
        return 2 * x

    dsp = chain(counted(made, "f0"), flaky, counted(made, "f2"))
    with pytest.raises(UnreachableError):
        dsp.dispatch({"x0": 1}, ["x3"], journal=path, run="one")
    with open_journal(path) as journal:
        assert (journal.run("one").state, journal.run("one").values, journal.run("one").failures) == ("failed", 1, 1)
    made.clear()
    is_broken[0] = False
    assert dsp.dispatch({"x0": 1}, ["x3"], journal=path, run="one")["x3"] == 8
    assert made == ["f1", "f2"]
    with open_journal(path) as journal:
        assert (journal.run("one").state, journal.run("one").values, journal.run("one").failures) == ("done", 3, 0)


def test_a_changed_function_and_all_that_rests_on_it_are_computed_again(path):
    def model(factor):
        dsp = chain(double, lambda x: factor * x, double)
        dsp.add_function("aside", double, ["x1"], ["y"])
        return dsp

    model(3).dispatch({"x0": 1}, journal=path, run="one")
    with pytest.warns(JournalWarning, match=r"of the run 'one' 2 recorded values were dropped.*: f1, f2") as warned:
        solution = model(5).dispatch({"x0": 1}, journal=path, run="one")
    assert warned[0].filename == __file__
    assert dict(solution) == {"x0": 1, "x1": 2, "x2": 10, "y": 4, "x3": 20}
    assert sorted(solution.recomputed) == ["f1", "f2"]
    assert solution.recorded.dropped == ("f1", "f2")
    assert "dropped" in str(solution.recorded)
    again = model(5).dispatch({"x0": 1}, journal=path, run="one")
    assert again.recomputed == []


def test_a_changed_domain_filter_or_default_counts_as_changed_code(path):
    def model(limit, factor, default):
        dsp = Dispatcher()
        dsp.add_data("d", default_value=default)
        dsp.add_data("y", filters=[lambda value: value * factor])
        dsp.add_function("f", double, ["x"], ["y"], input_domain=lambda x: x < limit)
        dsp.add_function("g", add, ["y", "d"], ["z"])
        dsp.add_function("h", double, ["x"], ["u"])
        return dsp

    model(10, 2, 1).dispatch({"x": 1}, journal=path, run="one")
    for changed, dropped in ((model(20, 2, 1), ("f", "g")), (model(20, 3, 1), ("g",)), (model(20, 3, 5), ("g",))):
        with pytest.warns(JournalWarning, match="dropped"):
            solution = changed.dispatch({"x": 1}, journal=path, run="one")
        assert solution.recorded.dropped == dropped
        assert dict(solution) == dict(changed.dispatch({"x": 1}))


def test_another_way_than_before_drops_what_rested_on_the_old_one(path):
    is_broken = [True]

    def near(x):
        if is_broken[0]:
            raise OSError("no route")
        return 10 * x

    dsp = Dispatcher()
    dsp.add_function("near", near, ["x"], ["y"])
    dsp.add_function("far", double, ["x"], ["y"], weight=10)
    dsp.add_function("then", double, ["y"], ["z"])
    assert dsp.dispatch({"x": 1}, ["z"], journal=path, run="one")["z"] == 4
    is_broken[0] = False
    with pytest.warns(JournalWarning, match="then"):
        assert dsp.dispatch({"x": 1}, ["z"], journal=path, run="one")["z"] == 20


def test_other_inputs_need_another_run(path):
    dsp = chain(double)
    dsp.dispatch({"x0": 1}, journal=path, run="one")
    with pytest.raises(JournalError, match="begun with other inputs: 'x0'"):
        dsp.dispatch({"x0": 2}, journal=path, run="one")
    with pytest.raises(JournalError, match="begun with other outputs"):
        dsp.dispatch({"x0": 1}, ["x1"], journal=path, run="one")
    assert dsp.dispatch({"x0": 2}, journal=path, run="two")["x1"] == 4


def test_resume_knows_what_was_asked(path):
    dsp = chain(double, double)
    dsp.dispatch({"x0": np.arange(3)}, ["x1"], journal=path, run="one")
    again = dsp.resume("one", path)
    np.testing.assert_array_equal(again["x1"], [0, 2, 4])
    assert "x2" not in again
    assert again.recomputed == []
    with pytest.raises(UnknownRunError, match="has no run 'two'"):
        dsp.resume("two", path)


def test_resume_says_which_inputs_are_lost(path):
    dsp = chain(lambda _: 1)
    dsp.dispatch({"x0": object()}, journal=path, run="one")
    with pytest.raises(JournalError, match="'x0' could not be kept; ask again with them"):
        dsp.resume("one", path)


class Odd:
    """Of a class that is not kept."""

    def __init__(self, size):
        self.size = size

    def __call__(self):
        return self.size


def code_of(size):
    return (lambda: 1) if size == 1 else (lambda: 2)


@pytest.mark.parametrize("odd", [Odd, code_of])
def test_what_rests_on_another_input_that_cannot_be_kept_is_computed_again(path, odd):
    dsp = Dispatcher()
    dsp.add_function("f", lambda x: x(), ["x"], ["y"])
    dsp.add_function("g", double, ["a"], ["b"])
    ask = functools.partial(dsp.dispatch, journal=path, run="one")
    assert ask({"x": odd(1), "a": 1})["y"] == 1
    assert ask({"x": odd(1), "a": 1}).recomputed == []
    with pytest.warns(JournalWarning, match=r"1 recorded values were dropped.*: f"):
        again = ask({"x": odd(2), "a": 1})
    assert (again["y"], again.recomputed) == (2, ["f"])


def test_another_default_that_cannot_be_kept_counts_as_changed_code(path):
    def ask(size):
        dsp = Dispatcher()
        dsp.add_data("x", Odd(size))
        dsp.add_function("f", lambda x: x.size, ["x"], ["y"])
        return dsp.dispatch(journal=path, run="one")

    assert ask(1)["y"] == 1
    assert ask(1).recomputed == []
    with pytest.warns(JournalWarning, match="dropped"):
        assert ask(2)["y"] == 2


class Place(enum.Enum):
    SPRING = 1
    MOUTH = 2


def test_ids_that_cannot_be_kept_are_told_apart_and_have_to_be_given_again(path):
    dsp = Dispatcher()
    dsp.add_function("f", double, [Place.SPRING], [Place.MOUTH])
    ask = functools.partial(dsp.dispatch, journal=path, run="one")
    assert ask({Place.SPRING: 1}, [Place.MOUTH])[Place.MOUTH] == 2
    assert ask({Place.SPRING: 1}, [Place.MOUTH]).recomputed == []
    with pytest.raises(JournalError, match=r"begun with other inputs: .*SPRING"):
        ask({Place.SPRING: 2}, [Place.MOUTH])
    with pytest.raises(JournalError, match=r"SPRING.*, the output .*Place could not be kept; ask again"):
        dsp.resume("one", path)


def test_a_run_of_something_else_is_not_resumed_as_a_model(path):
    with open_journal(path) as journal:
        journal.begin("flow", "other", {}, "one").finish()
        with pytest.raises(JournalError, match="'one' is a flow"):
            chain(double).resume("one", journal)


def test_what_cannot_be_kept_is_said_and_computed_again(path):
    made = []
    dsp = chain(counted(made, "f0", lambda x: iter([x])), counted(made, "f1", next))
    with pytest.warns(JournalWarning, match=r"1 values could not be kept .*: f0; f0: a value of type"):
        solution = dsp.dispatch({"x0": 1}, ["x2"], journal=path, run="one")
    assert list(solution.recorded.unkept) == ["f0"]
    made.clear()
    with pytest.warns(JournalWarning, match="f0"):
        assert dsp.dispatch({"x0": 1}, ["x2"], journal=path, run="one")["x2"] == 1
    assert made == ["f0"]


def test_a_pickle_is_kept_if_the_journal_says_so(path):
    dsp = chain(type, lambda kind: kind(7))
    with open_journal(path, pickle=True) as journal:
        dsp.dispatch({"x0": 1}, journal=journal, run="one")
        again = dsp.dispatch({"x0": 1}, journal=journal, run="one")
    assert again["x2"] == 7
    assert again.recomputed == []


def test_nothing_starts_that_rests_on_a_value_that_is_not_on_the_disk(path):
    with open_journal(path) as journal:
        seen = []

        def look(x):
            seen.append(rows_of(journal, "select key from {entries} order by key"))
            return x

        chain(look, look, look).dispatch({"x0": 1}, journal=journal, run="one", executor="threads")
    assert seen == [[], [("f0",)], [("f0",), ("f1",)]]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_function_can_ask_which_call_it_is(path, executor):
    dsp = chain(identity)
    solution = dsp.dispatch({"x0": 1}, executor=executor, journal=path, run="one")
    assert solution["x1"] == ("one:f0", 1)
    assert current_call() is None


def test_a_coroutine_can_ask_which_call_it_is_and_so_can_a_later_start(path):
    async def ask(x):
        await asyncio.sleep(0)
        if x == 1:
            return tuple(current_call())
        return tuple(current_call()), x / 0

    dsp = Dispatcher()
    dsp.add_function("a", ask, ["x"], ["y"])
    assert dsp.dispatch({"x": 1}, journal=path, run="one")["y"] == ("one:a", 1)
    attempts = []

    def count(_):
        attempts.append(current_call().attempt)
        raise OSError("no route")

    dsp = Dispatcher(raises=False)
    dsp.add_function("b", count, ["x"], ["y"], retry=3)
    for _ in range(2):
        dsp.dispatch({"x": 1}, journal=path, run="two")
    assert attempts == [1, 2, 3, 2, 3, 4]


def test_a_domain_that_asks_knows_the_call_too(path):
    keys = []

    def domain(x):
        keys.append(current_call().key)
        return True

    dsp = Dispatcher()
    dsp.add_function("a", double, ["x"], ["y"], input_domain=domain)
    dsp.dispatch({"x": 1}, journal=path, run="one")
    assert keys == ["one:a"]


def test_the_run_has_ended_as_it_ended(path):
    dsp = chain(double)
    stopper = threading.Event()
    stopper.set()
    with open_journal(path) as journal:
        dsp.dispatch({"x0": 1}, journal=journal, run="done")
        dsp.dispatch({"x0": 1}, journal=journal, run="stopped", stopper=stopper)
        with pytest.raises(DispatchError):
            chain(len).dispatch({"x0": 1}, journal=journal, run="failed", raises=True)
        with pytest.raises(RunTimeout):
            chain(double).dispatch({"x0": 1}, journal=journal, run="late", executor="threads", timeout=0.0)
        with pytest.raises(KeyboardInterrupt):
            chain(interrupt).dispatch({"x0": 1}, journal=journal, run="interrupted")
        states = {run.id: run.shown_state for run in journal.runs()}
        assert "no len()" in journal.run("failed").error
    assert states == {
        "done": "done",
        "stopped": "interrupted",
        "failed": "failed",
        "late": "failed",
        "interrupted": "interrupted",
    }


def interrupt(_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("executor", [None, "threads", "async"])
def test_who_cancels_the_run_in_its_journal_ends_it(path, executor):
    with open_journal(path) as journal, open_journal(path) as other:

        def cancel(x):
            other.cancel("one")
            return x

        with pytest.raises(RunCancelledError):
            chain(cancel, double).dispatch({"x0": 1}, journal=journal, run="one", executor=executor)
        assert journal.run("one").state == "cancelled"
        assert journal.run("one").values == 0


@pytest.mark.parametrize("executor", [None, "threads", "async"])
def test_a_driver_whose_run_was_taken_over_stops(path, executor):
    with open_journal(path) as journal, open_journal(path) as other:
        taken = []

        def lose(x):
            other.store.execute("update runs set expires = 0")
            taken.append(other.begin("model", "chain", {"inputs": {"x0": 1}} | ASKED, "one"))
            return x

        with pytest.raises(LeaseLostError, match="taken over"):
            chain(lose, double).dispatch({"x0": 1}, journal=journal, run="one", executor=executor)
        assert taken[0].starts == 2
        assert journal.run("one").is_held
        taken[0].finish()


ASKED = {"outputs": None, "inputs_dist": {}, "wildcard": False, "objective": "span", "strict": True}


def test_a_run_that_is_driven_is_not_driven_twice(path):
    with open_journal(path) as journal:

        def again(x):
            with pytest.raises(RunHeldError):
                dsp.dispatch({"x0": 1}, journal=journal, run="one")
            return x

        dsp = chain(again)
        dsp.dispatch({"x0": 1}, journal=journal, run="one")
        assert journal.run("one").starts == 1


def test_dispatches_that_are_awaited_submitted_and_mapped_are_recorded_too(path):
    dsp = chain(double)

    async def twice():
        with open_journal(path) as journal:
            return await asyncio.gather(*[dsp.adispatch({"x0": 1}, journal=journal, run=str(n)) for n in range(5)])

    assert [solution["x1"] for solution in asyncio.run(twice())] == [2] * 5
    assert dsp.submit({"x0": 1}, journal=path, run="0").result(60).recomputed == []
    with open_journal(path) as journal:
        for executor in (None, "threads"):
            solutions = list(dsp.map([{"x0": 1}, {"x0": 2}], journal=journal, run="rows", executor=executor))
            assert [(solution["x1"], solution.recorded.run) for solution in solutions] == [(2, "rows/0"), (4, "rows/1")]
        assert len(journal.runs()) == 7


def test_a_task_that_is_cancelled_leaves_a_run_that_can_be_resumed(path):
    begun = asyncio.Event()

    async def long(x):
        begun.set()
        await asyncio.sleep(3600)

    dsp = chain(double)
    dsp.add_function("long", long, ["x1"], ["x2"])

    async def cancel():
        task = asyncio.create_task(dsp.adispatch({"x0": 1}, journal=path, run="one"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    with open_journal(path) as journal:
        assert journal.run("one").shown_state == "interrupted"
        assert journal.run("one").values == 1


def test_texts_that_no_database_takes_are_escaped(path):
    def fail(_):
        raise OSError("no file \udcff\0")

    dsp = Dispatcher(name="m\udcff")
    dsp.add_function("f\udcff", double, ["x\0"], ["y"])
    dsp.add_function("g", fail, ["y"], ["z"])
    for again in (False, True):
        with pytest.raises(DispatchError, match="no file"):
            dsp.dispatch({"x\0": 1}, journal=path, run="one", raises=True)
        with open_journal(path) as journal:
            assert journal.run("one").state == "failed"
            assert [entry.has_value for entry in journal.entries("one")] == [True, False]
            assert journal.run("one").starts == 1 + again
            assert "no file \\udcff" in journal.run("one").error
    assert dsp.dispatch({"x\0": 1}, ["y"], journal=path, run="two").recorded.run == "two"


@pytest.mark.parametrize("executor", ["threads", "sync"])
def test_a_journal_that_is_closed_too_early_interrupts_its_runs(path, executor):
    begun, go_on = threading.Event(), threading.Event()

    def hold(x):
        begun.set()
        assert go_on.wait(60)
        return x

    dsp = chain(hold, double)
    with open_journal(path) as journal:
        future = dsp.submit({"x0": 1}, journal=journal, run="one", executor=executor)
        assert begun.wait(60)
    go_on.set()
    with pytest.raises(JournalError, match="closed before the end of the run 'one'"):
        future.result(60)
    assert dsp.dispatch({"x0": 1}, journal=path, run="one")["x2"] == 2


def test_a_run_needs_a_journal_and_a_question(path):
    dsp = chain(double)
    with pytest.raises(BuildError, match="'one' has no journal"):
        dsp.dispatch({"x0": 1}, run="one")
    with pytest.raises(BuildError, match="a plan does not say what was asked"):
        dsp.run(dsp.solve(["x0"]), {"x0": 1}, journal=path)
    with pytest.raises(BuildError, match="is no journal"):
        dsp.dispatch({"x0": 1}, journal="mysql://host")


def test_nodes_whose_ids_look_alike_are_not_mixed_up(path):
    dsp = Dispatcher()
    child = Dispatcher()
    child.add_function("b", double, ["q"], ["r"])
    dsp.add_dispatcher(child, {"x": "q"}, {"r": "y"}, dsp_id="a")
    dsp.add_function("a/b", add, ["x", "x"], ["z"])
    dsp.add_function(1, lambda x: x + 1, ["x"], ["u"])
    dsp.add_function("1", lambda x: x + 2, ["x"], ["v"])
    dsp.add_function("~1", lambda x: x + 3, ["x"], ["w"])
    first = dsp.dispatch({"x": 1}, journal=path, run="one")
    again = dsp.dispatch({"x": 1}, journal=path, run="one")
    assert dict(first) == dict(again) == dict(dsp.dispatch({"x": 1}))
    assert again.recomputed == []


def test_an_executor_with_a_loop_of_its_own_commits_before_it_goes_on(path):
    from thalweg.executors.inline import InlineExecutor

    class Foreign:
        name = "foreign"

        def drive(self, run):
            InlineExecutor().drive(run)

    made = []
    dsp = chain(counted(made, "f0"), counted(made, "f1"))
    for _ in range(2):
        assert dsp.dispatch({"x0": 1}, ["x2"], executor=Foreign(), journal=path, run="one")["x2"] == 4
    assert made == ["f0", "f1"]


def test_what_is_given_as_outputs_only_lets_values_go(path):
    dsp = chain(double, double)
    for _ in range(2):
        solution = dsp.dispatch({"x0": 1}, ["x2"], keep="outputs", executor="processes", journal=path, run="one")
        assert dict(solution) == {"x2": 4}


def test_explain_and_get_node_know_what_came_from_the_journal(path):
    dsp = chain(double, double)
    dsp.dispatch({"x0": 1}, journal=path, run="one")
    solution = dsp.dispatch({"x0": 1}, journal=path, run="one")
    assert str(solution.explain("x1")) == "x1 = 2: from f0(x0), recorded in run 'one', at distance 2"
    assert solution.get_node("f0").state == State.DONE
    assert "Run 'one', start 2: 2 values from the journal." in str(solution.report())
    assert solution.timeline() == []


def test_who_listens_is_told_what_is_recalled_and_progress_counts_it(path, capsys):
    dsp, seen = chain(double, double), []
    dsp.dispatch({"x0": 1}, ["x1"], journal=path, run="one")
    dsp.dispatch(
        {"x0": 1}, ["x1"], journal=path, run="one", on_event=lambda event: seen.append((event.path, event.kind))
    )
    assert seen == [("", "begin"), ("f0", "recalled"), ("", "end")]
    dsp.dispatch({"x0": 1}, ["x1"], journal=path, run="one", progress=True)
    assert "chain: 1 of 1 calls" in capsys.readouterr().err


def test_a_node_without_a_value_and_none_are_recorded_as_such(path):
    dsp = Dispatcher()
    dsp.add_function("maybe", lambda x: (thalweg.NONE, None), ["x"], ["y", "z"])
    dsp.add_function("else", double, ["x"], ["y"], weight=9)
    for _ in range(2):
        solution = dsp.dispatch({"x": 1}, journal=path, run="one")
        assert solution["y"] == 2
        assert solution["z"] is None
    assert solution.recomputed == []

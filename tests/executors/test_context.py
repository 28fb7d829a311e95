"""Context variables of the caller are those of the calls, on each executor of this process."""

import asyncio
import contextvars

import pytest

import thalweg as tw

user = contextvars.ContextVar("user", default="nobody")


def who(*_):
    return user.get()


async def who_async(*_):
    await asyncio.sleep(0)
    return user.get()


def model(*functions):
    """A chain: what each function sees goes into a datum of its own, and the next waits for it."""
    dsp = tw.Dispatcher()
    for i, function in enumerate(functions):
        dsp.add_function(f"f{i}", function, [f"x{i}"], [f"x{i + 1}"])
    return dsp


@pytest.fixture
def as_ann():
    token = user.set("ann")
    yield
    user.reset(token)


@pytest.mark.usefixtures("as_ann")
@pytest.mark.parametrize("functions", [(who, who), (who_async, who, who_async, who)], ids=["plain", "mixed"])
@pytest.mark.parametrize("executor", [None, "threads", "async"])
def test_calls_see_the_variables_of_the_caller(functions, executor):
    dsp = model(*functions)
    solution = dsp({"x0": 0}, executor=executor)
    assert [solution[f"x{i + 1}"] for i in range(len(functions))] == ["ann"] * len(functions)
    solution = dsp.submit({"x0": 0}, executor=executor).result(30)
    assert [solution[f"x{i + 1}"] for i in range(len(functions))] == ["ann"] * len(functions)


@pytest.mark.usefixtures("as_ann")
def test_a_call_that_is_tried_again_sees_them_too():
    seen = []

    def flaky(_):
        seen.append(user.get())
        if len(seen) < 3:
            raise OSError("not yet")

    dsp = tw.Dispatcher()
    dsp.add_function("f", flaky, ["a"], ["b"], retry=3)
    dsp({"a": 1}, executor="threads")
    assert asyncio.run(dsp.adispatch({"a": 1}, executor="threads"))["b"] is None
    assert seen == ["ann"] * 4


def test_what_a_call_in_a_thread_sets_is_its_own():
    def change(_):
        user.set("bob")

    dsp = model(change, who)
    assert dsp({"x0": 0}, executor="threads")["x2"] == "nobody"
    assert user.get() == "nobody"


def test_tasks_at_once_keep_their_own():
    async def one(name):
        user.set(name)
        return (await model(who, who_async).adispatch({"x0": 0}))["x2"]

    async def main():
        names = [f"user {i}" for i in range(10)]
        assert await asyncio.gather(*map(one, names)) == names

    asyncio.run(main())


@pytest.mark.usefixtures("as_ann")
@pytest.mark.parametrize("gate", [None, tw.Gate(1)], ids=["open", "gate"])
def test_what_a_coroutine_sets_is_its_own_also_where_its_end_lets_another_in(gate):
    async def change(_):
        seen = user.get()
        user.set("bob")
        await asyncio.sleep(0)
        return seen

    def plain(_):
        return user.get()

    dsp = tw.Dispatcher()
    for i in range(4):
        dsp.add_function(f"f{i}", change, ["a"], [f"b{i}"])
        dsp.add_function(f"g{i}", change, [f"b{i}"], [f"c{i}"])
        dsp.add_function(f"h{i}", plain, [f"c{i}"], [f"d{i}"])
    solution = dsp({"a": 0}, gate=gate)
    assert {solution[f"{name}{i}"] for i in range(4) for name in "bcd"} == {"ann"}

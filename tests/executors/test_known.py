"""Functions that travel: once, and again when what they hold is not what it was."""

import functools
import gc
import math
import types
import weakref

import pytest

import thalweg as tw
from tests.executors import rows
from thalweg.errors import TransferError
from thalweg.executors import bundles
from thalweg.executors.bundles import Functions

ELSEWHERE = [name for name in ("processes", "parallel", "dask", "ray") if name in rows.ROWS]


@pytest.fixture(scope="module", autouse=True)
def _shut_down():
    yield
    tw.shutdown_executors()
    rows.close_clusters()


@pytest.fixture
def packed_names(monkeypatch):
    """Whatever is packed."""
    names, dumps = [], bundles.dumps

    def noted(value):
        names.append(str(value))
        return dumps(value)

    monkeypatch.setattr(bundles, "dumps", noted)
    return names


class Run:
    """As a driver, for what is to know one run from another."""

    def report(self, outcome):
        """Nobody asks for it."""


class Times:
    def __init__(self, number):
        self.number = number

    def __call__(self, x):
        return self.number * x

    def times(self, x):
        return self(x)


def times(number):
    return lambda x: number * x


def packed(functions, function):
    """Its record, in a run of its own."""
    run = Run()
    functions.begin(run.report)
    return functions.packed(function)


def global_times():
    """A function whose global is its own affair: its module is not imported anywhere."""
    module = types.ModuleType("nowhere")
    exec("factor = 2\nlimits = [1]\ndef half(x): return x / 2\n", vars(module))
    exec("within = lambda x: [factor * each for each in (half(x),)]", vars(module))
    exec("listed = lambda x: limits[0] * x", vars(module))
    return module


@pytest.mark.parametrize(
    "function",
    [len, math.sqrt, times, int, lambda x, y=(1, "a", (2.5, None)): x, times(3), functools.partial(times, 3)],
)
def test_what_cannot_have_changed_is_packed_once(packed_names, function):
    functions = Functions()
    first = packed(functions, function)
    assert packed(functions, function) is packed(functions, function) is first
    assert len(packed_names) == 1


def test_what_may_have_changed_is_looked_at_once_a_run(packed_names):
    functions, held = Functions(), Times(2)
    run = Run()
    report = run.report
    functions.begin(report)
    first = functions.packed(held)
    assert functions.packed(held) is first
    functions.begin(report)
    assert functions.packed(held) is first
    assert len(packed_names) == 1
    assert packed(functions, held) is first  # as it was
    assert len(packed_names) == 2
    held.number = 3
    second = packed(functions, held)
    assert second.number > first.number
    assert second.parcel != first.parcel
    functions.begin(report)  # the run that began before may have either
    assert functions.packed(held) is second
    assert len(packed_names) == 3


def changed_global(module):
    module.factor = 3


def changed_function(module):
    exec("def half(x): return x / 4", vars(module))


def changed_list(module):
    module.limits[0] = 5


@pytest.mark.parametrize(
    ("name", "change"), [("within", changed_global), ("within", changed_function), ("listed", changed_list)]
)
def test_a_change_of_what_a_function_names_is_seen(name, change):
    functions, module = Functions(), global_times()
    function = getattr(module, name)
    first = packed(functions, function)
    assert packed(functions, function) is first
    change(module)
    assert packed(functions, function).parcel != first.parcel


def test_a_change_of_what_a_function_holds_is_seen():
    functions, number = Functions(), 2

    def closure(x, *, unit=1):
        return number * x * unit

    def changed(change):
        before = packed(functions, closure)
        change()
        return packed(functions, closure) is not before

    def set_number():
        nonlocal number
        number = 3

    assert changed(set_number)
    assert changed(lambda: closure.__kwdefaults__.update(unit=2))
    assert not changed(lambda: None)
    method = Times(2).times
    before = packed(functions, method)
    method.__self__.number = 3
    assert packed(functions, method) is not before


def test_numbers_are_forgotten_when_nobody_uses_them():
    functions, held = Functions(), Times(0)
    in_use = packed(functions, held)
    for number in range(1, 50):
        held.number = number
        packed(functions, held)
    gc.collect()
    assert len(list(functions.forgotten())) == 48  # the first is still in use, the last may be
    numbers = {in_use.number, packed(functions, held).number}
    del held, in_use
    gc.collect()
    assert set(functions.forgotten()) == numbers
    assert not list(functions.forgotten())


def test_a_function_is_not_kept_by_what_is_known_of_it():
    functions, ends = Functions(), []

    def make():
        def calls_itself(x):
            return calls_itself(x - 1) if x else 0

        packed(functions, calls_itself)
        return calls_itself

    weakref.finalize(make(), ends.append, "gone")
    gc.collect()
    assert ends == ["gone"]


def test_how_long_it_takes_is_known_of_the_changed_one_too():
    functions, held = Functions(), Times(2)
    packed(functions, held)
    functions.took(held, 0.5)
    held.number = 3
    assert packed(functions, held).seconds == functions.seconds(held) == 0.5


def test_one_that_does_not_travel_any_more_is_said_so():
    functions, held = Functions(), Times(2)
    packed(functions, held)
    held.number = (each for each in ())
    with pytest.raises(TransferError, match="Times"):
        packed(functions, held)


@pytest.mark.parametrize("executor", rows.params(ELSEWHERE))
def test_each_dispatch_calls_functions_as_they_are_by_then(executor):
    held, limits = Times(2), [2]
    dsp = tw.Dispatcher()
    dsp.add_function("object", held, ["x"], ["a"])
    dsp.add_function("closure", lambda x: limits[0] * x, ["x"], ["b"])
    dsp.add_function("method", held.times, ["x"], ["c"], input_domain=lambda x: x < limits[0])
    made = {"dask": rows.Dask, "ray": rows.Ray}
    executor = made[executor]().executor if executor in made else executor
    for number in (2, 3, 1, 3):
        held.number = limits[0] = number
        inline = dsp({"x": 1})
        solution = dsp({"x": 1}, executor=executor)
        assert dict(solution) == dict(inline)
        assert list(solution.errors) == list(inline.errors) == ["method"] * (number == 1)

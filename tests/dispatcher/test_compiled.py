"""Models as plain functions."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import inspect
import pickle
import sys
import threading
import traceback
import weakref

import pytest

import thalweg as tw
from thalweg.dispatcher.yields import can_give_none
from thalweg.errors import BuildError, DispatchError, UnknownNodeError, UnreachableError


def double(x):
    return 2 * x


def half(x):
    return x / 2


def fails(*_):
    raise ValueError("no luck")


def chain(*functions, **options):
    """A model of functions from d0 to d1, d2 and so on."""
    dsp = tw.Dispatcher(**options)
    for k, function in enumerate(functions):
        dsp.add_function(f"f{k}", function, [f"d{k}"], [f"d{k + 1}"])
    return dsp


def with_fallback(first):
    """d1 is given by `first`, or dearer by `double`."""
    dsp = tw.Dispatcher()
    dsp.add_function("first", first, ["d0"], ["d1"])
    dsp.add_function("second", double, ["d0"], ["d1"], weight=5)
    dsp.add_function("last", half, ["d1"], ["d2"])
    return dsp


# What it looks like


def test_it_has_the_signature_of_its_inputs():
    dsp = chain(double)
    dsp.add_function("g", lambda d1, speed: d1 * speed, ["d1", "speed"], ["x"])
    dsp.set_default_value("speed", 3)
    function = dsp.compile(["d0", "speed"], ["x", "d1"], name="go")
    assert str(inspect.signature(function)) == "(d0, speed=3)"
    assert (function.__name__, function.inputs, function.outputs) == ("go", ("d0", "speed"), ("x", "d1"))
    assert function(1) == (6, 2)
    assert function(1, speed=5) == function(speed=5, d0=1) == (10, 2)
    assert repr(function) == "<compiled go(d0, speed) -> x, d1>"


def test_its_annotations_are_those_of_the_functions():
    def take(mass: float, name) -> str:
        return f"{name}{mass}"

    dsp = tw.Dispatcher()
    dsp.add_function(function=take, outputs=["label"])
    assert str(inspect.signature(dsp.compile(["mass", "name"], ["label"]))) == "(mass: float, name) -> str"


def test_a_default_before_a_required_input_is_none_of_the_signature():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a, b: (a, b), ["a", "b"], ["c"])
    dsp.set_default_value("a", 1)
    assert str(inspect.signature(dsp.compile(["a", "b"], ["c"]))) == "(a, b)"


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["wheel speed", "wheel-speed"], ["wheel_speed", "wheel_speed_2"]),
        (["class", "1st", 7], ["class_", "n1st", "n7"]),
        (["_repair", "error", "Exception"], ["_repair_2", "error_2", "Exception_2"]),
        ([("a", 1), "\u00e9t\u00e9", "%"], ["a_1", "t", "node"]),
        (["a(); import os", "a\nb"], ["a_import_os", "a_b"]),
    ],
)
def test_ids_become_names(ids, names):
    dsp = tw.Dispatcher()
    dsp.add_function("sum of all", lambda *args: args, ids, ["out put"])
    function = dsp.compile(ids, ["out put"])
    assert list(inspect.signature(function).parameters) == names
    assert function(*range(len(ids))) == tuple(range(len(ids)))


def test_its_source_can_be_read_and_its_lines_are_those_of_the_code():
    dsp = with_fallback(double)
    dsp.add_function("pair", lambda d2: (d2, d2), ["d2"], ["x", "y"], input_domain=lambda d2: d2 > 0)
    function = dsp.compile(["d0"], ["y", "d2"])
    assert inspect.getsource(function) == function.source
    body = ast.parse(function.source).body[0].body[0].body
    lines = {statement.lineno for statement in body}
    code_lines = {line for _, _, line in function.func.__code__.co_lines() if line}
    assert lines <= code_lines
    assert max(code_lines) == function.source.count("\n")


def test_a_traceback_shows_the_line_that_names_the_node():
    function = chain(half, fails).compile(["d0"], ["d2"], fallback=False, name="model")
    with pytest.raises(ValueError, match="no luck") as caught:
        function(1)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [(frame.name, frame.line) for frame in frames[1:]] == [
        ("model", "v1 = f1(v1)"),
        ("fails", 'raise ValueError("no luck")'),
    ]


def test_nothing_of_it_stays_when_it_is_gone():
    import linecache

    gc.collect()
    gc.disable()
    try:
        function = chain(double).compile(["d0"], ["d1"])
        name = function.func.__code__.co_filename
        assert linecache.getline(name, 1) == "def model(d0):\n"
        gone = weakref.ref(function)
        del function
        assert gone() is None
    finally:
        gc.enable()
    assert name not in linecache.cache


# What it gives


def test_it_calls_only_what_is_needed():
    calls = []
    dsp = chain(double, half)
    dsp.add_function("other", calls.append, ["d1"], ["x"])
    assert dsp.compile(["d0"], ["d2"])(3) == 3
    assert calls == []


def test_inputs_that_are_outputs_are_handed_back():
    assert chain(double).compile(["d0"], ["d0", "d1"])(3) == (3, 6)


def test_nested_models_cost_no_line():
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(chain(double, half), inputs={"a": "d0"}, outputs={"d2": "b"}, dsp_id="inner")
    function = dsp.compile(["a"], ["b"])
    assert function(3) == 3
    assert function.source.count("\n") == 9


def test_it_is_the_model_as_it_was():
    dsp = chain(double)
    dsp.set_default_value("d0", 5)
    function = dsp.compile(["d0"], ["d1"])
    dsp.set_default_value("d0", 7)
    assert function() == 10
    with pytest.raises(BuildError, match="has changed"):
        pickle.dumps(function)


def test_it_pickles():
    function = pickle.loads(pickle.dumps(chain(double, half, name="there").compile(["d0"], ["d2"], name="go")))
    assert (function(3), function.__name__) == (3, "go")


def test_it_may_call_itself():
    dsp = tw.Dispatcher()
    dsp.add_function("down", lambda n: n * function(n - 1) if n else 1, ["n"], ["product"])
    function = dsp.compile(["n"], ["product"])
    assert function(10) == 3628800


def test_it_may_be_called_by_many_threads_that_fail_and_succeed():
    def picky(d0):
        if d0 % 3 == 0:
            raise ValueError(d0)
        return d0

    function = with_fallback(picky).compile(["d0"], ["d1", "d2"])
    wrong = []

    def work(start):
        for number in range(start, start + 300):
            first = 2 * number if number % 3 == 0 else number
            if function(number) != (first, first / 2):
                wrong.append(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 2400, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_intermediate_values_are_let_go():
    class Big:
        pass

    seen = []

    def make(_):
        big = Big()
        seen.append(weakref.ref(big))
        return big

    def look(_):
        return [each() is None for each in seen]

    dsp = chain(make, make, make, look)
    assert dsp.compile(["d0"], ["d4"])(1) == [True, True, False]


# What fails


def test_another_way_is_taken_with_the_values_so_far():
    calls = []

    def noted(d0):
        calls.append(d0)
        return d0

    dsp = chain(noted, fails)
    dsp.add_function("other", double, ["d1"], ["d2"], weight=9)
    assert dsp.compile(["d0"], ["d2"])(4) == 8
    assert calls == [4]


def test_none_and_refusals_are_no_values():
    assert with_fallback(lambda _: tw.NONE).compile(["d0"], ["d2"])(4) == 4
    dsp = tw.Dispatcher()
    dsp.add_function("first", half, ["a"], ["b"], input_domain=lambda a: a > 0)
    dsp.add_function("second", double, ["a"], ["b"], weight=5)
    function = dsp.compile(["a"], ["b"])
    assert [function(a) for a in (2, -2, 4)] == [1, -4, 2]


def test_a_domain_that_raises_is_told_from_one_that_refuses():
    def _refuse(_):
        raise ValueError("asked too much")

    dsp = tw.Dispatcher()
    dsp.add_function("f", half, ["a"], ["b"], input_domain=_refuse)
    with pytest.raises(UnreachableError) as caught:
        dsp.compile(["a"], ["b"])(1)
    assert [failure.kind for failure in caught.value.solution.errors.values()] == ["domain"]


def test_without_a_way_it_says_what_failed():
    with pytest.raises(UnreachableError, match=r"'d2' cannot be computed .* failed: f1") as caught:
        chain(half, fails).compile(["d0"], ["d2"])(1)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(DispatchError, match="'f1' failed: ValueError: no luck"):
        chain(half, fails, raises=True).compile(["d0"], ["d2"])(1)


def test_what_ends_the_program_is_not_repaired():
    def leave(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_fallback(leave).compile(["d0"], ["d1"])(1)


def test_values_are_let_go_after_a_failure_without_the_collector():
    class Big:
        pass

    function = chain(lambda d0: d0, fails).compile(["d0"], ["d2"])
    big = Big()
    gone = weakref.ref(big)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(UnreachableError):
            function(big)
        function.made_by[0].solution = None
        del big
        assert gone() is None
    finally:
        gc.enable()


# What cannot be made


def test_what_cannot_be_had_is_said_at_once():
    dsp = chain(double)
    dsp.add_data("x")
    with pytest.raises(UnreachableError, match=r"'d1' cannot be computed .* give 'd0'"):
        dsp.compile(["x"], ["d1"])
    with pytest.raises(UnknownNodeError, match="did you mean 'd1'"):
        dsp.compile(["d0"], ["d11"])
    with pytest.raises(BuildError, match="outputs is empty"):
        dsp.compile(["d0"], [])
    with pytest.raises(BuildError, match="give it once"):
        dsp.compile(["d0"], ["d1"], constants={"d0": 1})


def test_a_function_with_a_policy_is_refused():
    dsp = tw.Dispatcher()
    dsp.add_function("f", double, ["a"], ["b"], timeout=3.0)
    with pytest.raises(BuildError, match="'f' has an executor, a timeout or retries"):
        dsp.compile(["a"], ["b"])


# Constants


def test_what_rests_on_constants_is_computed_once():
    calls = []

    def noted(x):
        calls.append(x)
        return x + 1

    dsp = tw.Dispatcher()
    dsp.add_function("once", noted, ["fixed"], ["made"])
    dsp.add_function("twice", lambda made, free: (made, free), ["made", "free"], ["both"])
    function = dsp.compile(["free"], ["both"], constants={"fixed": 1})
    assert [function(5), function(6)] == [(2, 5), (2, 6)]
    assert calls == [1]


def test_a_constant_step_that_fails_is_left_to_the_calls():
    dsp = with_fallback(fails)
    assert dsp.compile([], ["d2"], constants={"d0": 4})() == 4


# Coroutine functions


def test_coroutine_functions_give_a_coroutine_function():
    async def later(d0):
        await asyncio.sleep(0)
        return d0 + 1

    async def fails_later(_):
        await asyncio.sleep(0)
        raise ValueError("later")

    function = chain(later, half).compile(["d0"], ["d2"])
    assert inspect.iscoroutinefunction(function)
    assert asyncio.run(function(3)) == 2
    dsp = with_fallback(fails_later)
    dsp.add_function("third", later, ["d2"], ["d3"])
    assert asyncio.run(dsp.compile(["d0"], ["d3"])(3)) == 4


def test_a_coroutine_function_that_is_tried_after_a_failure_is_awaited():
    async def later(d0):
        await asyncio.sleep(0)
        return d0 + 1

    dsp = with_fallback(fails)
    dsp.add_function("third", later, ["d0"], ["d1"], weight=2)
    function = dsp.compile(["d0"], ["d2"])
    assert not inspect.iscoroutinefunction(function)
    assert function(3) == 2
    assert dsp.compile(["d0"], ["d2"], vectorize=True)([3.0] * 10).tolist() == [2] * 10

    async def within():
        with pytest.raises(BuildError, match=r"write await dsp.adispatch"):
            function(3)

    asyncio.run(within())


# Which functions can give NONE


def test_what_only_computes_gives_no_none():
    import math
    import operator

    assert not can_give_none(lambda a, b: a * (b + 1) if a > b else -a)
    assert not can_give_none(lambda a: (a, [a]))
    assert not can_give_none(math.sqrt)
    assert can_give_none(lambda a: a[0])
    assert can_give_none(lambda a: a.x)
    assert can_give_none(lambda a: tw.NONE)
    assert can_give_none(lambda a, b=tw.NONE: b)
    assert can_give_none(abs)
    assert can_give_none(operator.itemgetter(0))
    none = tw.NONE
    assert can_give_none(lambda a: none)

"""Functions that others make superfluous, and checks that follow links."""

import time

import thalweg as tw


def kinds(dsp):
    return {(finding.kind, finding.path) for finding in dsp.check()}


def test_a_function_that_needs_more_and_costs_no_less_is_dominated():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", max, ["a", "b"], ["c"])
    assert ("dominated", ("g",)) in kinds(dsp)


def test_a_rival_with_a_domain_may_refuse_and_dominates_nothing():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["c"], input_domain=bool)
    dsp.add_function("g", max, ["a", "b"], ["c"])
    assert not kinds(dsp)


def test_types_are_followed_through_links():
    def text(a: int) -> str:
        return str(a)

    def number(b: float) -> float:
        return b

    child = tw.Dispatcher()
    child.add_function("number", number, ["b"], ["c"])
    dsp = tw.Dispatcher()
    dsp.add_function("text", text, ["a"], ["B"])
    dsp.add_dispatcher(child, {"B": "b"}, {"c": "C"}, dsp_id="sub")
    assert ("type", ("sub", "number")) in kinds(dsp)


def test_thousands_of_providers_do_not_cost_their_square():
    dsp = tw.Dispatcher()
    for i in range(5000):
        dsp.add_function(f"f{i}", lambda x, y: x, ["x", f"y{i}"], ["z"], weight=5000 - i)
    start = time.process_time()
    dsp.check()
    assert time.process_time() - start < 5  # half a second; the square would take minutes

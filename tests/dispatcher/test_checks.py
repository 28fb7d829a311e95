"""What a model is told before it runs."""

from __future__ import annotations

from thalweg import Dispatcher


def length(text: str) -> int:
    return len(text)


def shout(text: str) -> str:
    return text.upper()


def both(text: str) -> tuple[str, int]:
    return text, len(text)


def found(dsp):
    return {(finding.kind, "/".join(map(str, finding.path))) for finding in dsp.check()}


def test_a_sound_model_has_no_findings():
    dsp = Dispatcher()
    dsp.add_function("length", length, ["word"], ["size"])
    assert dsp.check() == []


def test_types_that_cannot_agree_are_an_error_that_names_both():
    dsp = Dispatcher()
    dsp.add_function("length", length, ["word"], ["size"])
    dsp.add_function("shout", shout, ["size"], ["noise"])
    (finding,) = dsp.check()
    assert (finding.severity, finding.kind, finding.path) == ("error", "type", ("shout",))
    assert "'length' gives it as int" in str(finding)


def test_a_filter_may_make_anything_of_a_result():
    dsp = Dispatcher()
    dsp.add_function("length", length, ["word"], ["size"], filters=[str])
    dsp.add_function("shout", shout, ["size"], ["noise"])
    assert dsp.check() == []


def test_results_that_cannot_be_split_are_an_error():
    dsp = Dispatcher()
    dsp.add_function("length", length, ["word"], ["size", "weight"])
    dsp.add_function("both", both, ["word"], ["copy", "number"])
    assert found(dsp) == {("arity", "length")}


def test_a_function_of_a_child_that_lacks_an_input():
    child = Dispatcher(name="child")
    child.add_function("f", max, ["a", "b"], ["c"])
    dsp = Dispatcher()
    dsp.add_dispatcher(child, {"a": "a"}, {"c": "c"})
    assert ("unreachable", "child/f") in found(dsp)


def test_a_default_that_hides_a_function():
    dsp = Dispatcher()
    dsp.add_data("c", 1)
    dsp.add_function("f", abs, ["a"], ["c"])
    assert found(dsp) == {("hidden", "c")}


def test_a_last_resort_hides_nothing():
    dsp = Dispatcher()
    dsp.add_data("c", 1, initial_dist=float("inf"))
    dsp.add_function("f", abs, ["a"], ["c"])
    assert found(dsp) == set()


def test_a_function_that_wins_only_when_another_fails():
    dsp = Dispatcher()
    dsp.add_function("near", abs, ["a"], ["c"])
    dsp.add_function("far", max, ["a", "b"], ["c"], weight=3)
    assert found(dsp) == {("dominated", "far")}


def test_data_that_nobody_knows():
    dsp = Dispatcher()
    dsp.add_data("lonely")
    assert found(dsp) == {("unused", "lonely")}


def test_a_collection_of_one():
    dsp = Dispatcher()
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", abs, ["a"], ["c"])
    assert ("collecting", "c") in found(dsp)


def test_a_gate_without_inputs():
    child = Dispatcher(name="child")
    child.add_data("k", 1)
    dsp = Dispatcher()
    dsp.add_dispatcher(child, {}, {"k": "k"}, input_domain=bool)
    assert ("gate", "child") in found(dsp)


def test_the_same_function_twice():
    dsp = Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["a"], ["b"])
    assert ("duplicate", "g") in found(dsp)

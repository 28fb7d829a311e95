"""Why this way, and why not: answers that a person can read."""

from math import inf

import pytest

import thalweg as tw
from thalweg.errors import UnknownNodeError


def fails(*args):
    raise ValueError("no luck")


@pytest.fixture
def dsp():
    dsp = tw.Dispatcher(name="model")
    dsp.add_function("fails", fails, ["a"], ["b"])
    dsp.add_function("dear", lambda a: a + 1, ["a"], ["b"], weight=5)
    dsp.add_function("dearer", lambda a: 0, ["a"], ["b"], weight=50)
    dsp.add_function("refused", lambda a: 0, ["a"], ["b"], weight=1, input_domain=lambda a: False)
    dsp.add_function("lacks", lambda y, z: 0, ["y", "z"], ["b"])
    dsp.add_function("silent", lambda a: tw.NONE, ["a"], ["b"], weight=2)
    dsp.add_function("g", lambda b: b * 10, ["b"], ["c"])
    return dsp


def test_a_given_value_is_explained_as_given(dsp):
    assert str(dsp({"a": 1}).explain("a")) == "a = 1: given, at distance 0"


def test_a_computed_value_is_explained_with_what_became_of_each_alternative(dsp):
    assert str(dsp({"a": 1}).explain("b")).splitlines() == [
        "b = 2: from dear(a), at distance 7",
        "    not fails: failed, ValueError: no luck",
        "    not dearer: dearer, at distance 52",
        "    not refused: refused, DomainError: its domain refused the values",
        "    not lacks: lacked 'y', 'z'",
        "    not silent: gave nothing",
    ]


def test_an_explanation_keeps_the_facts_it_tells(dsp):
    explanation = dsp({"a": 1}).explain("b")
    assert (explanation.id, explanation.value, explanation.provider, explanation.distance) == ("b", 2, "dear", 7)
    assert explanation.inputs == {"a": 0}
    assert {other.provider: (other.state, other.distance, other.missing) for other in explanation.alternatives} == {
        "fails": ("failed", None, ()),
        "dearer": ("dearer", 52, ()),
        "refused": ("refused", None, ()),
        "lacks": ("missing inputs", None, ("y", "z")),
        "silent": ("gave nothing", None, ()),
    }


def test_the_failure_of_an_alternative_is_the_one_in_errors(dsp):
    solution = dsp({"a": 1})
    assert solution.explain("b").alternatives[0].failure is solution.errors["fails"]


def test_all_data_are_explained_one_after_the_other(dsp):
    explanations = dsp({"a": 1}).explain()
    assert list(explanations) == ["a", "b", "c"]
    assert str(explanations).splitlines()[-1] == "c = 20: from g(b), at distance 9"


def test_a_function_without_inputs_is_explained():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda: 3, [], ["a"])
    assert str(dsp().explain("a")) == "a = 3: from f(), at distance 2"


def test_a_value_out_of_a_child_is_explained_by_the_child():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"})
    solution = dsp({"a": -2})
    assert str(solution.explain("b")) == "b = 2: from child(y), at distance 2"
    assert str(solution.sub("child").explain()).splitlines() == [
        "x = -2: given, at distance 0",
        "y = 2: from inner(x), at distance 2",
    ]


def test_a_collected_value_is_explained_by_all_that_contributed():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=lambda estimates: sum(estimates.values()))
    for name in ("f", "g"):
        dsp.add_function(name, abs, ["a"], ["c"])
    explanation = dsp({"a": 1}).explain("c")
    assert str(explanation) == "c = 2: collected from f, g, at distance 2"
    assert explanation.inputs == {"f": 2, "g": 2}


def test_what_became_of_the_other_estimates_is_told():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("fails", fails, ["a"], ["c"])
    dsp.add_function("lacks", abs, ["z"], ["c"])
    text = str(dsp({"a": 1}).explain("c"))
    assert "not fails: failed, ValueError: no luck" in text
    assert "not lacks: lacked 'z'" in text


def test_a_last_resort_is_explained_at_infinite_distance():
    dsp = tw.Dispatcher()
    dsp.add_data("a", 1, inf)
    assert str(dsp().explain("a")) == "a = 1: given, at distance inf"


def test_an_alternative_that_is_as_near_is_explained_too():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["a"], ["b"])
    assert "not g: " in str(dsp({"a": 1}).explain("b"))


def test_a_long_value_is_cut(dsp):
    text = str(dsp({"a": list(range(100))}, raises=False).explain("a"))
    assert text.endswith("...: given, at distance 0")
    assert len(text) < 100


def test_a_value_that_is_not_there_is_not_explained_but_why_not_is_said(dsp):
    with pytest.raises(UnknownNodeError, match="no value to explain; y: it cannot be had"):
        dsp({"a": 1}).explain("y")


def test_an_unknown_datum_is_told_with_near_misses(dsp):
    dsp.add_data("mass")
    solution = dsp({"a": 1})
    for question in (solution.explain, solution.why_not):
        with pytest.raises(UnknownNodeError, match="did you mean 'mass'"):
            question("mas")


def test_why_not_says_what_was_missing_and_what_failed():
    dsp = tw.Dispatcher()
    dsp.add_function("f", fails, ["a"], ["b"])
    dsp.add_function("g", max, ["b", "z"], ["c"])
    dsp.add_function("h", abs, ["y"], ["c"])
    why_not = dsp({"a": 1}).why_not("c")
    assert str(why_not).splitlines() == [
        "c: it cannot be had",
        "    g: lacked 'b', 'z'",
        "    h: lacked 'y'",
        "    nothing gives 'y', 'z'",
        "    failed: f (error): ValueError: no luck",
    ]
    assert (why_not.id, why_not.reason, set(why_not.missing)) == ("c", "unreachable", {"y", "z"})
    assert [failure.path for failure in why_not.failures] == ["f"]
    assert [other.provider for other in why_not.providers] == ["g", "h"]


def test_why_not_says_that_a_domain_refused():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"], input_domain=lambda a: a > 0)
    assert str(dsp({"a": -1}).why_not("b")).splitlines() == [
        "b: it cannot be had",
        "    f: refused, DomainError: its domain refused the values",
        "    failed: f (refused): DomainError: its domain refused the values",
    ]


def test_why_not_says_that_a_value_is_there(dsp):
    assert str(dsp({"a": 1}).why_not("b")) == "b: known"


def test_why_not_says_that_nothing_wanted_needs_it(dsp):
    assert str(dsp({"a": 1}, ["b"]).why_not("c")) == "c: not wanted"


def test_why_not_says_that_nothing_took_a_default(dsp):
    dsp.add_data("spare", 1)
    solution = dsp({"a": 1}, ["b"])
    assert "spare" not in solution
    assert solution.why_not("spare").reason == "not wanted"


def test_why_not_looks_into_children():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", max, ["x", "secret"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"})
    why_not = dsp({"a": 1}).why_not("b")
    assert (why_not.missing, why_not.reason) == (("child/secret",), "unreachable")


def test_why_not_names_the_gate_that_stayed_shut():
    child = tw.Dispatcher(name="child")
    child.add_function("inner", abs, ["x"], ["y"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"}, input_domain=lambda arrived: False)
    assert [failure.path for failure in dsp({"a": 1}).why_not("b").failures] == ["child"]


def test_why_not_of_a_filtered_datum_names_the_refusal():
    dsp = tw.Dispatcher()
    dsp.add_data("b", filters=[fails])
    dsp.add_function("f", abs, ["a"], ["b"])
    why_not = dsp({"a": 1}).why_not("b")
    assert "ValueError: no luck" in str(why_not)
    assert [(failure.path, failure.kind) for failure in why_not.failures] == [("b", "filter")]


def test_why_not_of_a_given_value_that_was_refused_names_the_refusal():
    dsp = tw.Dispatcher()
    dsp.add_data("b", filters=[fails])
    why_not = dsp({"b": 1}).why_not("b")
    assert [(failure.path, failure.kind) for failure in why_not.failures] == [("b", "filter")]


def test_why_not_of_a_failed_estimator_names_the_failure():
    dsp = tw.Dispatcher()
    dsp.add_data("c", wait_inputs=True, function=fails)
    dsp.add_function("f", abs, ["a"], ["c"])
    assert [failure.path for failure in dsp({"a": 1}).why_not("c").failures] == ["c"]


def test_why_not_of_a_circle_ends():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, ["a"], ["b"])
    dsp.add_function("g", abs, ["b"], ["a"])
    assert str(dsp().why_not("a")).splitlines() == ["a: it cannot be had", "    g: lacked 'b'"]


def test_asking_leaves_the_solution_as_it_is(dsp):
    solution = dsp({"a": 1}, ["b"])
    before = dict(solution), solution.distances, solution.providers
    assert [solution.why_not("c").reason for _ in range(3)] == ["not wanted"] * 3
    assert (dict(solution), solution.distances, solution.providers) == before


def test_an_answer_after_20000_steps_needs_no_recursion():
    dsp = tw.Dispatcher()
    for i in range(20_000):
        dsp.add_function(("f", i), abs, [i], [i + 1])
    assert dsp({1: 1}, [2]).why_not(20_000).reason == "not wanted"
    assert dsp({1: 1}).why_not(0).missing == (0,)
    dsp.add_data(-1)
    dsp.add_function("last", max, [20_000, -1], ["end"])
    assert set(dsp({}).why_not("end").missing) == {0, -1}

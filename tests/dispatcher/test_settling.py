"""Distances, ties and collections: what the search prefers, told without calling anything."""

from math import inf

import pytest

import thalweg as tw
from thalweg.errors import BuildError

objectives = pytest.mark.parametrize("objective", ["span", "tree"])


def never(*args):
    raise AssertionError("solving calls nothing")


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


def add(dsp, name, inputs, outputs, **options):
    dsp.add_function(name, never, list(inputs), list(outputs), **options)


def sub(*functions, **defaults):
    """A model of functions given as (name, inputs, outputs)."""
    dsp = tw.Dispatcher(name="child", default_values=defaults)
    for name, inputs, outputs in functions:
        add(dsp, name, inputs, outputs)
    return dsp


@objectives
def test_an_arc_costs_one(dsp, objective):
    add(dsp, "f", "a", "b")
    assert dsp.solve(["a"], objective=objective).distances == {"a": 0, "b": 2}


@objectives
def test_entering_a_function_costs_its_weight(dsp, objective):
    add(dsp, "f", "a", "b", weight=0.25)
    assert dsp.solve(["a"], objective=objective).distances["b"] == 2.25


@pytest.mark.parametrize(("objective", "entry"), [("span", 5), ("tree", 5 + 1)])
def test_an_arc_costs_its_own_weight(dsp, objective, entry):
    add(dsp, "f", "ab", "cd", inp_weight={"a": 5}, out_weight={"d": 0.5})
    distances = dsp.solve(["a", "b"], objective=objective).distances
    assert distances == {"a": 0, "b": 0, "d": entry + 0.5, "c": entry + 1}


def test_the_span_is_the_longest_chain(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "ab", "c")
    assert dsp.solve(["a"]).distances["c"] == 4


def test_the_tree_is_the_total_of_the_derivation(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "ab", "c")
    assert dsp.solve(["a"], objective="tree").distances["c"] == (0 + 1) + (2 + 1) + 1


def test_a_shared_call_counts_in_each_branch_of_the_tree(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "c")
    add(dsp, "h", "b", "d")
    add(dsp, "i", "cd", "e")
    assert dsp.solve(["a"]).distances["e"] == 6
    assert dsp.solve(["a"], objective="tree").distances["e"] == 5 + 5 + 1


@objectives
def test_an_input_taken_twice_is_one_arc(dsp, objective):
    add(dsp, "f", "aa", "b")
    assert dsp.solve(["a"], objective=objective).distances["b"] == 2


@pytest.mark.parametrize(("objective", "provider"), [("span", "broad"), ("tree", "narrow")])
def test_the_objective_decides_between_a_long_step_and_many_inputs(dsp, objective, provider):
    add(dsp, "narrow", "a", "b", weight=1.5)
    add(dsp, "broad", "acd", "b")
    assert dsp.solve(["a", "c", "d"], objective=objective).providers["b"] == provider


def test_an_objective_that_does_not_exist_is_refused_by_name(dsp):
    with pytest.raises(BuildError, match=r"'work'.*'span' or 'tree'"):
        dsp.solve([], objective="work")


def test_a_function_without_inputs_starts_from_START(dsp):  # noqa: N802 - the name of the token
    add(dsp, "f", "", "a", weight=3)
    assert dsp.solve().distances == {"a": 5}


def test_a_chain_of_cheap_steps_beats_a_dear_one(dsp):
    add(dsp, "dear", "a", "c", weight=2.5)
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "c")
    assert dsp.solve(["a"]).calls == ["f", "g"]


def test_a_given_value_is_at_distance_zero(dsp):
    dsp.add_data("a")
    assert dsp.solve(["a"]).distances == {"a": 0}


def test_a_given_value_is_at_its_initial_distance(dsp):
    add(dsp, "f", "a", "b")
    assert dsp.solve(["a"], inputs_dist={"a": 3}).distances == {"a": 3, "b": 5}


def test_a_given_value_of_some_distance_is_beaten_by_a_nearer_one(dsp):
    add(dsp, "f", "a", "b")
    plan = dsp.solve(["a", "b"], inputs_dist={"b": 2.5})
    assert (plan.providers["b"], plan.distances["b"]) == ("f", 2)


def test_a_given_value_wins_against_a_function_at_the_same_distance(dsp):
    add(dsp, "f", "a", "b", priority=9)
    assert dsp.solve(["a", "b"], inputs_dist={"b": 2}).providers["b"] is tw.START


def test_a_default_counts_as_given(dsp):
    dsp.add_data("a", 1)
    add(dsp, "f", "a", "b")
    assert dsp.solve().providers == {"a": tw.START, "b": "f"}


def test_a_default_is_at_its_own_distance(dsp):
    dsp.add_data("a", 1, 3)
    assert dsp.solve().distances == {"a": 3}


def test_a_given_value_replaces_the_default_and_its_distance(dsp):
    dsp.add_data("a", 1, 3)
    assert dsp.solve(["a"]).distances == {"a": 0}


def test_a_nearer_function_beats_a_default(dsp):
    dsp.add_data("b", 1, 2.5)
    add(dsp, "f", "a", "b")
    assert dsp.solve(["a"]).providers["b"] == "f"


def test_a_default_beats_a_function_at_the_same_distance(dsp):
    dsp.add_data("b", 1, 2)
    add(dsp, "f", "a", "b", priority=9)
    assert dsp.solve(["a"]).providers["b"] is tw.START


def test_a_last_resort_is_taken_where_nothing_else_is_left(dsp):
    dsp.add_data("a", 1, inf)
    add(dsp, "f", "a", "b")
    assert dsp.solve().distances == {"a": inf, "b": inf}


def test_a_last_resort_loses_against_any_finite_distance(dsp):
    dsp.add_data("b", 1, inf)
    add(dsp, "f", "a", "b", weight=1e12)
    assert dsp.solve(["a"]).providers["b"] == "f"


def test_a_way_without_a_last_resort_is_nearer_than_any_with_one(dsp):
    dsp.add_data("a", 1, inf)
    add(dsp, "short", "a", "c")
    add(dsp, "long", "b", "c", weight=1e12)
    assert dsp.solve(["b"]).providers["c"] == "long"


def test_among_last_resorts_distances_count_as_usual(dsp):
    dsp.add_data("a", 1, inf)
    add(dsp, "dear", "a", "b", weight=1)
    add(dsp, "near", "a", "b")
    assert dsp.solve().providers["b"] == "near"


def test_an_input_may_be_a_last_resort(dsp):
    add(dsp, "f", "a", "b", weight=1e12)
    assert dsp.solve(["a", "b"], inputs_dist={"b": inf}).providers["b"] == "f"


def test_of_equal_providers_the_first_added_wins(dsp):
    for name in ("zulu", "alpha", "mike"):
        add(dsp, name, "a", "b")
    assert dsp.solve(["a"]).providers["b"] == "zulu"


def test_of_equal_providers_the_higher_priority_wins(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "a", "b", priority=1)
    add(dsp, "h", "a", "b", priority=-1)
    assert dsp.solve(["a"]).providers["b"] == "g"


def test_a_negative_priority_loses_against_none(dsp):
    add(dsp, "f", "a", "b", priority=-1)
    add(dsp, "g", "a", "b")
    assert dsp.solve(["a"]).providers["b"] == "g"


def test_distance_comes_before_priority(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "a", "b", priority=9, weight=0.001)
    assert dsp.solve(["a"]).providers["b"] == "f"


def test_of_equal_providers_the_first_added_wins_whichever_is_ready_first(dsp):
    add(dsp, "late", "ab", "c", inp_weight={"a": 4})
    add(dsp, "early", "a", "c", weight=3)
    assert dsp.solve(["a", "b"]).providers["c"] == "late"


def test_a_tie_waits_for_steps_that_cost_nothing(dsp):
    free = {"inp_weight": {"c": 0}, "out_weight": {"b": 0}}
    add(dsp, "first", "c", "b", **free)
    add(dsp, "second", "a", "b", inp_weight={"a": 0}, out_weight={"b": 0})
    add(dsp, "between", "a", "c", inp_weight={"a": 0}, out_weight={"c": 0})
    assert dsp.solve(["a"]).providers["b"] == "first"


def test_a_sub_dispatcher_stands_where_it_was_added(dsp):
    add(dsp, "f", "a", "b", weight=1)
    dsp.add_dispatcher(sub(("inner", "x", "y")), {"a": "x"}, {"y": "b"}, weight=1)
    add(dsp, "g", "a", "b", weight=1)
    assert dsp.solve(["a"]).providers["b"] == "f"
    other = tw.Dispatcher()
    other.add_dispatcher(sub(("inner", "x", "y")), {"a": "x"}, {"y": "b"})
    add(other, "g", "a", "b")
    assert other.solve(["a"]).providers["b"] == "child"


def test_the_priority_of_a_sub_dispatcher_counts(dsp):
    add(dsp, "f", "a", "b")
    dsp.add_dispatcher(sub(("inner", "x", "y")), {"a": "x"}, {"y": "b"}, priority=1)
    assert dsp.solve(["a"]).providers["b"] == "child"


def test_a_link_costs_nothing(dsp):
    dsp.add_dispatcher(sub(("inner", "x", "y")), {"a": "x"}, {"y": "b"})
    assert dsp.solve(["a"]).distances == {"a": 0, "b": 2}


def test_entering_a_sub_dispatcher_costs_its_weight_and_that_of_the_link(dsp):
    dsp.add_dispatcher(
        sub(("inner", "x", "y")), {"a": "x"}, {"y": "b"}, weight=3, inp_weight={"a": 0.5}, out_weight={"b": 0.25}
    )
    assert dsp.solve(["a"]).distances["b"] == 3 + 0.5 + 2 + 0.25


@objectives
def test_a_circle_ends_by_itself(dsp, objective):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    plan = dsp.solve(["a"], objective=objective)
    assert (plan.calls, plan.providers) == (["f"], {"a": tw.START, "b": "f"})


@objectives
def test_a_circle_that_nothing_enters_gives_nothing(dsp, objective):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    assert dsp.solve(objective=objective).calls == []


@pytest.mark.parametrize(("given", "call"), [("ab", "sum"), ("bc", "first"), ("ac", "second")], ids=str)
def test_a_formula_is_used_in_the_direction_that_is_needed(dsp, given, call):
    add(dsp, "sum", "ab", "c")
    add(dsp, "first", "cb", "a")
    add(dsp, "second", "ca", "b")
    assert dsp.solve(list(given)).calls == [call]


def test_a_child_mounted_twice_has_two_states(dsp):
    inner = sub(("inner", "x", "y"))
    dsp.add_dispatcher(inner, {"a": "x"}, {"y": "b"}, dsp_id="one")
    dsp.add_dispatcher(inner, {"b": "x"}, {"y": "c"}, dsp_id="two")
    plan = dsp.solve(["a"])
    assert (plan.calls, plan.distances) == (["one/inner", "two/inner"], {"a": 0, "b": 2, "c": 4})


def test_parent_and_child_share_one_clock(dsp):
    dsp.add_dispatcher(sub(("there", "x", "y"), ("back", "z", "w")), {"a": "x", "c": "z"}, {"y": "b", "w": "d"})
    add(dsp, "f", "b", "c")
    plan = dsp.solve(["a"], ["d"])
    assert (plan.calls, plan.distances["d"]) == (["child/there", "f", "child/back"], 6)


def test_what_the_parent_gives_comes_before_the_default_of_the_child(dsp):
    dsp.add_dispatcher(sub(("inner", "x", "y"), x=1), ["x"], ["x", "y"])
    plan = dsp.solve(["x"])
    assert plan.distances == {"x": 0, "y": 2}
    assert dsp.solve().providers["x"] == "child"


def test_a_collection_waits_for_its_farthest_provider(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "near", "a", "c")
    add(dsp, "far", "a", "c", weight=5)
    plan = dsp.solve(["a"])
    assert (plan.distances["c"], plan.providers["c"]) == (7, ("near", "far"))


def test_the_tree_of_a_collection_is_the_sum_over_its_providers(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "near", "a", "c")
    add(dsp, "far", "a", "c", weight=5)
    assert dsp.solve(["a"], objective="tree").distances["c"] == 2 + 7


def test_a_collection_is_made_of_what_is_given_and_all_providers(dsp):
    dsp.add_data("c", 1, wait_inputs=True)
    add(dsp, "f", "a", "c")
    assert dsp.solve(["a", "c"]).providers["c"] == dsp.solve(["a"]).providers["c"] == (tw.START, "f")


def test_a_collection_stands_in_the_order_of_addition_whatever_the_priority(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "f", "a", "c")
    dsp.add_dispatcher(sub(("inner", "x", "y")), {"a": "x"}, {"y": "c"})
    add(dsp, "g", "a", "c", priority=5)
    assert dsp.solve(["a"]).providers["c"] == ("f", "child", "g")


def test_a_collection_that_lacks_a_provider_is_settled_last_from_what_has_arrived(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "f", "a", "c")
    add(dsp, "g", "z", "c")
    add(dsp, "long", "a", "b", weight=1e6)
    plan = dsp.solve(["a"])
    assert (plan.providers["c"], plan.distances["c"]) == (("f",), inf)
    assert plan.calls == ["f", "long"]


def test_what_does_not_rest_on_an_incomplete_collection_is_nearer(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "f", "a", "c")
    add(dsp, "g", "z", "c")
    add(dsp, "short", "c", "d")
    add(dsp, "long", "a", "d", weight=1e6)
    assert dsp.solve(["a"], ["d"]).calls == ["long"]


def test_of_two_incomplete_collections_the_one_whose_estimate_is_nearest_is_settled_first(dsp):
    dsp.add_data("far", wait_inputs=True)
    dsp.add_data("near", wait_inputs=True)
    add(dsp, "f", "a", ["far"], weight=3)
    add(dsp, "g", "a", ["near"])
    add(dsp, "to far", ["near"], ["far"])
    add(dsp, "to near", ["far"], ["near"])
    plan = dsp.solve(["a"])
    assert (plan.providers["near"], plan.providers["far"]) == (("g",), ("f", "to far"))


def test_a_circle_through_a_collection_never_blocks(dsp):
    dsp.add_data("c", wait_inputs=True)
    add(dsp, "f", "a", "c")
    add(dsp, "g", "c", "b")
    add(dsp, "h", "b", "c")
    assert dsp.solve(["a"]).providers == {"a": tw.START, "c": ("f",), "b": "g"}


def test_a_wildcard_is_recomputed_from_what_was_given(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    plan = dsp.solve(["a"], ["a"], wildcard=True)
    assert (plan.calls, plan.distances["a"]) == (["f", "g"], 4)


def test_a_datum_given_and_wanted_is_not_recomputed_without_a_wildcard(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    assert dsp.solve(["a"], ["a"]).calls == []


def test_a_datum_may_be_a_wildcard_by_itself(dsp):
    dsp.add_data("a", wildcard=True)
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    assert dsp.solve(["a"], ["a"]).calls == ["f", "g"]


def test_a_datum_may_refuse_to_be_a_wildcard(dsp):
    dsp.add_data("a", wildcard=False)
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    assert dsp.solve(["a"], ["a"], wildcard=True).calls == []


def test_a_wildcard_that_is_not_wanted_is_a_given_value(dsp):
    add(dsp, "f", "a", "b")
    add(dsp, "g", "b", "a")
    assert dsp.solve(["a"], ["b"], wildcard=True).calls == ["f"]
    assert dsp.solve(["a"], wildcard=True).calls == ["f"]


def test_a_wildcard_that_cannot_be_recomputed_is_unreachable(dsp):
    add(dsp, "f", "a", "b")
    assert dsp.solve(["a"], ["a"], wildcard=True).unreachable == ("a",)


def test_what_enters_a_gated_child_is_no_nearer_than_the_gate(dsp):
    inner = sub(("from link", "x", "p"), ("from default", "y", "q"), ("from nothing", "", "r"), y=1)
    dsp.add_dispatcher(inner, {"a": "x"}, {"p": "p", "q": "q", "r": "r"}, input_domain=never, inp_weight={"a": 1})
    plan = dsp.solve(["a"], inputs_dist={"a": 7})
    assert plan.distances == {"a": 7, "q": 7 + 2, "r": 7 + 2, "p": 7 + 1 + 2}


def test_a_gate_without_inputs_opens_at_the_start(dsp):
    dsp.add_dispatcher(sub(("f", "y", "q"), y=1), [], ["q"], input_domain=never)
    assert dsp.solve().distances == {"q": 2}


def test_what_never_arrives_opens_no_gate(dsp):
    dsp.add_dispatcher(sub(("f", "y", "q"), ("g", "x", "p"), y=1), ["x"], ["p", "q"], input_domain=never)
    assert dsp.solve().distances == {}

"""The oracle itself, on models worked out by hand."""

from __future__ import annotations

from math import inf

import pytest

from tests.properties.description import START, Case, Datum, Fn, Model, Question, Sub
from tests.properties.oracle import answer, first_plan


def data(*ids: str, **options: Datum) -> tuple[Datum, ...]:
    return tuple(options.get(x, Datum(x)) for x in ids)


def ask(model: Model, *given: str, outputs: tuple[str, ...] | None = None, **options: object) -> Case:
    return Case(model, Question(tuple((x, 0.0) for x in given), outputs, **options))


def test_a_chain_costs_two_arcs_for_each_function():
    model = Model(data("a", "b", "c"), (Fn("f", ("a",), ("b",)), Fn("g", ("b",), ("c",), weight=0.5)))
    found = answer(ask(model, "a"))
    assert found.values == {("a",): "given:a", ("b",): "f(given:a)", ("c",): "g(f(given:a))"}
    assert found.distances == {("a",): 0, ("b",): 2, ("c",): 4.5}
    assert found.providers == {("a",): START, ("b",): "f", ("c",): "g"}
    assert found.calls == [("f",), ("g",)]
    assert found.order == ["a", "b", "c"]


def test_the_objectives_take_the_longest_or_the_total():
    model = Model(
        data("a", "b", "x"),
        (
            Fn("wide", ("a", "b"), ("x",), inp_weight=(("a", 2), ("b", 2))),
            Fn("narrow", ("a",), ("x",), inp_weight=(("a", 3),)),
        ),
    )
    assert answer(ask(model, "a", "b")).providers["x",] == "wide"
    assert answer(ask(model, "a", "b")).distances["x",] == 3
    assert answer(ask(model, "a", "b", objective="tree")).providers["x",] == "narrow"
    assert answer(ask(model, "a", "b", objective="tree")).distances["x",] == 4


def test_of_equal_providers_the_preferred_then_the_first_is_called():
    first, second = Fn("f", ("a",), ("x",)), Fn("g", ("a",), ("x",))
    assert answer(ask(Model(data("a", "x"), (first, second)), "a")).calls == [("f",)]
    assert answer(ask(Model(data("a", "x"), (first, Fn("g", ("a",), ("x",), priority=1))), "a")).calls == [("g",)]


def test_start_wins_a_tie_and_loses_to_a_nearer_value():
    model = Model((Datum("a"), Datum("x", default=2.0)), (Fn("f", ("a",), ("x",)),))
    assert answer(ask(model, "a")).providers["x",] == START
    dearer = Model((Datum("a"), Datum("x", default=2.5)), model.nodes)
    assert answer(ask(dearer, "a")).providers["x",] == "f"


def test_a_tie_waits_for_a_zero_cost_step():
    """`late` was added first; its way is as long as that of `soon`, with one more datum on it."""
    free = {"inp_weight": (("a", 0.0), ("b", 0.0)), "out_weight": (("b", 0.0), ("x", 0.0))}
    model = Model(
        data("a", "b", "x"),
        (
            Fn("late", ("b",), ("x",), **free),
            Fn("soon", ("a",), ("x",), **free),
            Fn("step", ("a",), ("b",), **free),
        ),
    )
    assert answer(ask(model, "a", outputs=("x",))).calls == [("step",), ("late",)]


def test_within_a_zero_cost_circle_the_shorter_way_comes_first():
    def free(name: str, inp: str, out: str) -> Fn:
        return Fn(name, (inp,), (out,), inp_weight=((inp, 0.0),), out_weight=((out, 0.0),))

    circle = (
        free("zx", "z", "x"),
        free("xy", "x", "y"),
        free("yz", "y", "z"),
        free("xz", "x", "z"),
        free("zy", "z", "y"),
    )
    found = answer(ask(Model(data("a", "x", "y", "z"), (*circle, free("ax", "a", "x"))), "a"))
    assert found.providers == {("a",): START, ("x",): "ax", ("y",): "xy", ("z",): "xz"}


def test_a_failure_is_gone_round_and_known_values_are_kept():
    model = Model(
        data("a", "b", "x"),
        (
            Fn("f", ("a",), ("b",)),
            Fn("bad", ("b",), ("x",), fail=1),
            Fn("dear", ("b",), ("x",), weight=3),
            Fn("never", ("x",), ("b",)),
        ),
    )
    found = answer(ask(model, "a"))
    assert found.calls == [("f",), ("bad",), ("dear",)]
    assert found.errors == {(("bad",), "function")}
    assert found.distances["x",] == 7
    assert found.plans == [[("f",), ("bad",)], [("f",), ("dear",)]]


@pytest.mark.parametrize(
    "wrong", [{"fail": 1}, {"domain": 1}, {"domain": 1, "domain_raises": True}, {"filters": (0, 1)}, {"miscount": 1}]
)
def test_every_failure_takes_the_whole_function(wrong):
    model = Model(data("a", "x", "y"), (Fn("f", ("a",), ("x", "y"), **wrong), Fn("g", ("a",), ("y",), weight=1)))
    found = answer(ask(model, "a"))
    assert set(found.values) == {("a",), ("y",)}
    assert found.calls == [("f",), ("g",)]


def test_nothing_for_one_output_leaves_the_others():
    model = Model(
        data("a", "x", "y"),
        (Fn("f", ("a",), ("x", "y"), nothing=(("x", 1),)), Fn("g", ("a",), ("x",), weight=1)),
    )
    found = answer(ask(model, "a"))
    assert found.providers == {("a",): START, ("x",): "g", ("y",): "f"}


def test_a_filter_of_a_datum_refuses_one_provider():
    model = Model((Datum("a"), Datum("x", default=0.0, filters=(1,))), (Fn("f", ("a",), ("x", "y")),))
    model = Model((*model.data, Datum("y")), model.nodes)
    found = answer(ask(model, "a"))
    assert ("x",) not in found.values
    assert found.values["y",] == "f(given:a).1"
    assert found.calls == [("f",)]


def test_only_the_derivations_of_the_wanted_are_called():
    model = Model(data("a", "b", "x"), (Fn("f", ("a",), ("b",)), Fn("g", ("a",), ("x",)), Fn("effect", ("b",))))
    assert answer(ask(model, "a", outputs=("x",))).calls == [("g",)]
    assert answer(ask(model, "a")).calls == [("f",), ("g",), ("effect",)]


def test_a_collecting_node_awaits_all_in_the_order_of_addition():
    model = Model(
        (Datum("a"), Datum("c", default=1.0, collect=True, estimator=0)),
        (Fn("g", ("a",), ("c",), weight=4), Fn("f", ("a",), ("c",))),
    )
    found = answer(ask(model, "a"))
    assert found.values["c",] == "c({START=default:c,g=g(given:a),f=f(given:a)})"
    assert found.distances["c",] == 6
    assert answer(ask(model, "a", objective="tree")).distances["c",] == 9


def test_a_collecting_node_counts_what_failed():
    model = Model(
        (Datum("a"), Datum("c", collect=True)),
        (Fn("g", ("a",), ("c",), weight=4, fail=1), Fn("f", ("a",), ("c",))),
    )
    found = answer(ask(model, "a"))
    assert found.values["c",] == {"f": "f(given:a)"}
    assert found.distances["c",] == 6


def test_collecting_nodes_that_wait_for_each_other_are_settled_nearest_first():
    """`c` and `d` each await the other; `d` has an estimate at 2, `c` at 3."""
    model = Model(
        (Datum("a"), Datum("c", collect=True), Datum("d", collect=True)),
        (
            Fn("ac", ("a",), ("c",), weight=1),
            Fn("ad", ("a",), ("d",)),
            Fn("cd", ("c",), ("d",)),
            Fn("dc", ("d",), ("c",)),
        ),
    )
    found = answer(ask(model, "a"))
    assert found.values["d",] == {"ad": "ad(given:a)"}
    assert found.values["c",] == {"ac": "ac(given:a)", "dc": "dc({ad=ad(given:a)})"}
    assert found.distances == {("a",): 0, ("c",): inf, ("d",): inf}
    assert found.calls == [("ad",), ("ac",), ("dc",)]


def test_an_infinite_default_is_the_last_resort():
    model = Model((Datum("a"), Datum("x", default=inf)), (Fn("f", ("a",), ("x",), weight=100),))
    assert answer(ask(model, "a")).providers["x",] == "f"
    assert answer(ask(model)).providers == {("x",): START}
    assert answer(ask(model)).distances == {("x",): inf}


def test_a_wildcard_feeds_the_given_value_and_returns_the_computed_one():
    model = Model(data("x", "y"), (Fn("f", ("x",), ("y",)), Fn("g", ("y",), ("x",))))
    found = answer(ask(model, "x", outputs=("x",), wildcard=True))
    assert found.values["x",] == "g(f(given:x))"
    assert found.distances["x",] == 4
    assert answer(ask(model, "x", outputs=("x",))).values == {("x",): "given:x"}


CHILD = Model(
    (Datum("p"), Datum("q", default=0.5), Datum("r")),
    (Fn("f", ("p",), ("r",)), Fn("g", ("q",), ("r",), weight=1)),
)


def test_a_child_shares_the_clock_of_its_parent():
    sub = Sub("s", CHILD, (("a", "p"),), (("r", "x"),), weight=0.25, inp_weight=(("a", 1.0),), out_weight=(("x", 2.0),))
    found = answer(ask(Model(data("a", "x"), (sub,)), "a"))
    assert found.distances["s", "p"] == 1.25
    assert found.providers["s", "r"] == "f"
    assert found.distances["x",] == 5.25
    assert found.providers["x",] == "s"
    assert set(answer(ask(Model(data("a", "x"), (sub,)))).values) == {("s", "q"), ("s", "r"), ("x",)}


def test_a_gate_holds_back_even_the_defaults():
    sub = Sub("s", CHILD, (("a", "p"),), (("r", "x"),), gate=0)
    late = Fn("late", ("b",), ("a",), weight=5)
    found = answer(ask(Model(data("b", "a", "x"), (late, sub)), "b"))
    assert found.distances["s", "q"] == found.distances["s", "p"] == 7
    assert found.providers["s", "r"] == "f"
    assert found.distances["x",] == 9
    assert answer(ask(Model(data("b", "a", "x"), (late, sub)))).values == {}


def test_a_gate_that_refuses_is_asked_again_with_more():
    """The first rule that refuses {a} alone, but not {a, b}, is sought, so that the test shows what it says."""
    for name in "stuvwxyz":
        sub = Sub(name, CHILD, (("a", "p"), ("b", "q")), (("r", "x"),), gate=2)
        found = answer(Case(Model(data("a", "b", "x"), (sub,)), Question((("a", 0.0), ("b", 3.0)))))
        alone = answer(ask(Model(data("a", "b", "x"), (sub,)), "a"))
        if alone.errors == {((name,), "gate")} and not found.errors:
            assert found.distances[name, "p"] == found.distances[name, "q"] == 3
            return
    raise AssertionError("no rule did")


def test_links_come_before_the_defaults_of_the_child():
    child = Model((Datum("p", default=0.0),), ())
    model = Model(data("a", "b"), (Sub("s", child, (("b", "p"), ("a", "p"))),))
    assert answer(ask(model)).values["s", "p"] == "default:p"
    assert answer(ask(model, "a")).values["s", "p"] == "given:a"
    assert answer(ask(model, "a", "b")).values["s", "p"] == "given:b"


def test_the_first_plan_is_what_holds_if_nothing_fails():
    model = Model(data("a", "x"), (Fn("f", ("a",), ("x",), fail=1), Fn("g", ("a",), ("x",), weight=1)))
    plan = first_plan(ask(model, "a"))
    assert [node.path for node in plan.calls()] == [("f",)]


def test_of_two_equally_near_failures_the_run_decides_which_is_met():
    model = Model(
        data("a", "p", "q", "x"),
        (
            Fn("f", ("a",), ("p",), fail=1),
            Fn("g", ("a",), ("q",), fail=1),
            Fn("h", ("p", "q"), ("x",)),
            Fn("dear", ("a",), ("x",), weight=9),
        ),
    )
    case = ask(model, "a", outputs=("x",))
    assert answer(case).calls == [("f",), ("dear",)]
    assert answer(case, [("g",), ("dear",)]).calls == [("g",), ("dear",)]

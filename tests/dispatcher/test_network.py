"""The flat model: numbers, arcs, and what special things become in it."""

import pickle

import pytest

import thalweg as tw
from thalweg.dispatcher.flatten import flatten
from thalweg.dispatcher.network import Kind


@pytest.fixture
def dsp():
    return tw.Dispatcher(name="model")


def kinds(network):
    names = {number: name for name, number in vars(Kind).items() if isinstance(number, int)}
    return [names[kind] for kind in network.kind]


def functions(network, kind):
    return [f for f, other in enumerate(network.kind) if other == kind]


def test_datum_zero_is_start(dsp):
    network = flatten(dsp)
    assert (network.data_ids, kinds(network)) == ([tw.START], ["START"])


def test_data_are_numbered_in_the_order_of_addition(dsp):
    dsp.add_function("f", max, ["b", "a"], ["c"])
    network = flatten(dsp)
    assert network.data_ids == [tw.START, "b", "a", "c"]
    assert network.top.index == {"b": 1, "a": 2, "c": 3}


def test_functions_are_numbered_in_the_order_of_ties(dsp):
    for name, priority in [("f", 0), ("g", 1), ("h", 0), ("i", 1)]:
        dsp.add_function(name, abs, ["a"], ["b"], priority=priority)
    network = flatten(dsp)
    assert [network.records[f].id for f in functions(network, Kind.FUNCTION)] == ["g", "i", "f", "h"]


def test_a_function_without_inputs_takes_start(dsp):
    dsp.add_function("f", lambda: 1, [], ["a"])
    network = flatten(dsp)
    assert (network.inputs[1], network.arguments[1]) == ((0,), ())


def test_a_function_without_outputs_gets_a_sink_of_its_own(dsp):
    dsp.add_function("f", abs, ["a"])
    dsp.add_function("g", abs, ["a"])
    network = flatten(dsp)
    assert network.sink_of == {1: 2, 2: 3}


def test_an_input_taken_twice_is_one_arc_and_two_arguments(dsp):
    dsp.add_function("f", max, ["a", "a"], ["b"])
    network = flatten(dsp)
    assert (network.arity[1], network.arguments[1], network.consumers[1]) == (1, (1, 1), [1])


def test_a_link_is_a_function_of_one_input_and_one_output(dsp):
    child = tw.Dispatcher()
    child.add_function("f", abs, ["x"], ["y"])
    dsp.add_dispatcher(child, {"a": "x"}, {"y": "b"})
    network = flatten(dsp)
    assert kinds(network) == ["START", "LINK", "START", "FUNCTION", "LINK"]
    assert [(network.data_path(u), network.data_path(v)) for f in functions(network, Kind.LINK)
            for u in network.inputs[f] for v, _ in network.provides[f]] == [
        (("a",), ("sub-dispatcher", "x")), (("sub-dispatcher", "y"), ("b",)),
    ]  # fmt: skip


def test_a_child_mounted_twice_is_numbered_twice(dsp):
    child = tw.Dispatcher(name="child")
    child.add_function("f", abs, ["x"], ["y"])
    dsp.add_dispatcher(child, ["x"], [])
    dsp.add_dispatcher(child, ["x"], [])
    network = flatten(dsp)
    paths = [network.function_path(f) for f in functions(network, Kind.FUNCTION)]
    assert paths == [("child", "f"), ("child<0>", "f")]


def test_a_collecting_datum_gets_a_slot_for_each_provider(dsp):
    dsp.add_data("c", wait_inputs=True)
    dsp.add_function("f", abs, ["a"], ["c"])
    dsp.add_function("g", abs, ["a"], ["c"])
    network = flatten(dsp)
    (collect,) = functions(network, Kind.COLLECT)
    assert [network.slot_of[slot] for slot in network.inputs[collect]] == [tw.START, "f", "g"]


def test_a_gate_is_asked_once_for_each_input(dsp):
    child = tw.Dispatcher()
    child.add_function("f", max, ["x", "y"], ["z"])
    dsp.add_dispatcher(child, ["x", "y"], ["z"], input_domain=all)
    network = flatten(dsp)
    gates = {network.provides[f][0][0] for f in functions(network, Kind.ASK)}
    assert (len(functions(network, Kind.ASK)), len(gates)) == (2, 1)


def test_providers_and_consumers_mirror_each_other(dsp):
    dsp.add_function("f", max, ["a", "b"], ["c"])
    dsp.add_function("g", abs, ["a"], ["c"])
    network = flatten(dsp)
    assert network.providers(network.top.index["c"]) == [(1, 1.0), (2, 1.0)]
    assert network.consumers[network.top.index["a"]] == [1, 2]


@pytest.mark.parametrize("weight", [0, 1, 0.3, 1e300], ids=repr)
def test_far_is_above_every_finite_distance(dsp, weight):
    dsp.add_function("f", abs, ["a"], ["b"], weight=weight)
    dsp.add_function("g", abs, ["b"], ["c"], weight=weight)
    far = flatten(dsp).far
    assert dsp.solve(["a"]).distances["c"] == 4 + 2 * weight < far


def test_ranks_are_made_only_where_a_tie_can_depend_on_them(dsp):
    dsp.add_function("f", abs, ["a"], ["b"], inp_weight={"a": 0}, out_weight={"b": 0})
    assert flatten(dsp).rank is None
    dsp.add_function("g", abs, ["a"], ["b"])
    assert flatten(dsp).rank is not None


def test_a_circle_of_free_steps_is_known_as_one(dsp):
    free = {"inp_weight": {"a": 0}, "out_weight": {"b": 0}}
    dsp.add_function("f", abs, ["a"], ["b"], **free)
    assert not flatten(dsp).is_circular
    dsp.add_function("g", abs, ["b"], ["a"], inp_weight={"b": 0}, out_weight={"a": 0})
    assert flatten(dsp).is_circular


def test_flattening_leaves_the_model_as_it_is(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    before = dict(dsp.nodes), dsp.version
    flatten(dsp)
    assert (dict(dsp.nodes), dsp.version) == before


def test_one_network_serves_all_dispatches_of_one_version(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    assert dsp.solve(["a"]).network is dsp.solve(["b"]).network is dsp({"a": 1}).record.network


def test_a_change_makes_a_new_network(dsp):
    dsp.add_function("f", abs, ["a"], ["b"])
    old = dsp.solve(["a"]).network
    dsp.add_data("c")
    assert dsp.solve(["a"]).network is not old


def test_a_change_of_a_child_makes_a_new_network(dsp):
    child = tw.Dispatcher(default_values={"x": 1})
    dsp.add_dispatcher(child, ["x"], ["x"])
    old = dsp.solve().network
    child.set_default_value("x", 2)
    assert dsp.solve().network is not old


def test_a_pickled_network_holds_nothing_that_is_called(dsp):
    dsp.add_data("b", lambda: 3, filters=[lambda x: x], callback=lambda x: x)
    dsp.add_function("f", lambda a: a, ["a"], ["b"], input_domain=lambda a: True)
    network = flatten(dsp)
    twin = pickle.loads(pickle.dumps(network))
    assert twin.function_path(1) == ("f",)
    assert twin.inputs == network.inputs


def test_200_levels_are_made_flat():
    dsp = tw.Dispatcher()
    dsp.add_data("x")
    for _ in range(200):
        parent = tw.Dispatcher()
        parent.add_dispatcher(dsp, ["x"], [], dsp_id="child")
        dsp = parent
    assert len(flatten(dsp).levels) == 201


def test_functions_of_which_there_is_little_to_say_are_numbered_like_others():
    """Weights of 1 that are said are those that are not, but such functions are added one by one."""
    networks = []
    for is_said in (False, True):
        child = tw.Dispatcher(name="child")
        dsp = tw.Dispatcher(name="parent", default_values={"b": 1})
        dsp.add_data("d", filters=[abs])
        for model in (child, dsp):
            for name, inputs, outputs, options in (
                ("f", ["a"], ["b"], {}),
                ("g", ["a", "b"], ["c", "d"], {"weight": 2}),
                ("h", ["c", "c"], ["d"], {"input_domain": bool}),
                ("i", [], ["e"], {}),
                ("j", ["d"], [], {}),
                ("k", ["e"], ["f1"], {"filters": [abs]}),
                ("l", ["e"], ["f2"], {"retry": 2}),
                ("m", ["b"], ["a"], {"priority": 1}),
            ):
                if is_said and inputs:
                    options["inp_weight"] = dict.fromkeys(inputs, 1)
                model.add_function(name, abs, inputs, outputs, **options)
            if model is dsp:
                dsp.add_dispatcher(child, {"f1": "a"}, {"c": "z"})
        networks.append(flatten(dsp))
    first, second = networks
    for name in ("arcs", "arguments", "arity", "consumers", "cost", "data_ids", "even", "far", "function_level"):
        assert getattr(first, name) == getattr(second, name)
    for name in ("inputs", "kind", "plain", "single", "sink_of", "weight"):
        assert getattr(first, name) == getattr(second, name)
    assert list(map(tuple, first.provides)) == list(map(tuple, second.provides))
    assert (first.manners.keys(), first.extras.keys()) == (second.manners.keys(), second.extras.keys())
    assert [record and record.id for record in first.records] == [record and record.id for record in second.records]

"""The search after a loss: it says what a new search says that never knew what was lost."""

from math import inf

import pytest

import thalweg as tw
from thalweg.dispatcher.flatten import flatten
from thalweg.dispatcher.network import Kind
from thalweg.dispatcher.search import Search
from thalweg.tokens import UNKNOWN


def chain(dsp):
    for i in range(5):
        dsp.add_function(f"f{i}", abs, [i], [i + 1])
    dsp.add_function("past", abs, [0], [3], weight=20)
    dsp.add_function("end", abs, [0], [5], weight=40)


def diamond(dsp):
    dsp.add_function("left", abs, [0], ["l"])
    dsp.add_function("right", abs, [0], ["r"], weight=1)
    dsp.add_function("by left", abs, ["l"], [5])
    dsp.add_function("by right", abs, ["r"], [5])
    dsp.add_function("by both", max, ["l", "r"], [5])
    dsp.add_function("again", abs, ["r"], ["l"], weight=3)


def circle(dsp):
    dsp.add_function("enter", abs, [0], ["a"])
    dsp.add_function("late", abs, [0], ["b"], weight=9)
    for one, other in ("ab", "bc", "ca"):
        dsp.add_function(f"{one} to {other}", abs, [one], [other])
    dsp.add_function("leave", abs, ["c"], [5])


def free_steps(dsp):
    def add(name, source, target, **options):
        dsp.add_function(name, abs, [source], [target], inp_weight={source: 0}, out_weight={target: 0}, **options)

    add("first", 0, "a")
    add("second", 0, "a", weight=2)
    add("third", "a", "b")
    add("fourth", 0, "b", weight=1)
    add("fifth", "b", "c")
    add("sixth", "c", 5)
    add("seventh", "a", 5)


def free_circle(dsp):
    free_steps(dsp)
    dsp.add_function("back", abs, ["c"], ["a"], inp_weight={"c": 0}, out_weight={"a": 0})


def many(dsp):
    for i in range(12):
        dsp.add_function(f"f{i}", abs, [0], ["a"], weight=i % 5)
    dsp.add_function("g", abs, ["a"], ["b"])
    for i in range(12):
        dsp.add_function(f"h{i}", max, ["a", "b"], [5], weight=(7 * i) % 5)


def last_resorts(dsp):
    dsp.add_data("a", 1, inf)
    dsp.add_data(5, 1, inf)
    dsp.add_function("f", abs, [0], ["a"])
    dsp.add_function("g", abs, ["a"], ["b"])
    dsp.add_function("h", abs, ["b"], [5])
    dsp.add_function("i", abs, [0], ["b"], weight=100)


def several_outputs(dsp):
    dsp.add_function("two", divmod, [0, 0], ["a", "b"])
    dsp.add_function("three", divmod, ["a", "b"], ["c", 5], weight=1)
    dsp.add_function("other b", abs, [0], ["b"], weight=2)
    dsp.add_function("other a", abs, ["b"], ["a"], weight=2)
    dsp.add_function("last", max, ["a", "b", 0], [5], weight=10)


def nested(dsp):
    child = tw.Dispatcher(name="child")
    child.add_data("p", 1, 5)
    child.add_function("f", abs, ["p"], ["q"])
    child.add_function("g", abs, ["q"], ["r"])
    child.add_function("h", abs, ["p"], ["r"], weight=7)
    dsp.add_function("before", abs, [0], ["x"])
    dsp.add_dispatcher(child, {"x": "p"}, {"q": "y", "r": "z"})
    dsp.add_dispatcher(child, {"y": "p"}, {"r": 5}, dsp_id="again")
    dsp.add_function("beside", abs, [0], [5], weight=30)


MODELS = [chain, diamond, circle, free_steps, free_circle, many, last_resorts, several_outputs, nested]


@pytest.fixture(params=MODELS, ids=lambda build: build.__name__)
def network(request):
    dsp = tw.Dispatcher()
    request.param(dsp)
    return flatten(dsp)


@pytest.fixture(params=["everything", "wanted"])
def begin(request, network):
    """Begin a search that knows 0, for all data or for 5."""
    top = network.top

    def begin(*, tree=False, banned=()):
        seeds = {x: (distance, start) for x, (distance, start, _) in network.defaults.items()}
        seeds |= {0: (0.0, top.start), top.index[0]: (0.0, top.start)}
        wanted = [top.index[5]] if request.param == "wanted" and 5 in top.index else None
        return Search(network, seeds, wanted, tree=tree, banned=banned)

    return begin


def found(search):
    """Distance and provider of what is wanted, and of all that it rests on."""
    goals = range(len(search.dist)) if search.wanted is None else search.wanted
    unknown = [UNKNOWN] * len(search.dist)
    rests_on = search.needed([x for x in goals if search.settled[x]], unknown, set())
    return {x: (search.dist[x], search.provider[x]) for x in rests_on}


def functions(network):
    return [f for f, kind in enumerate(network.kind) if kind == Kind.FUNCTION]


@pytest.mark.parametrize("tree", [False, True], ids=["span", "tree"])
def test_one_loss_is_repaired(network, begin, tree):
    for f in functions(network):
        search = begin(tree=tree)
        search.advance()
        if search.pending[f]:
            continue
        search.lose(f)
        search.advance()
        without = begin(tree=tree, banned=[f])
        without.advance()
        assert found(search) == found(without), network.function_path(f)


@pytest.mark.parametrize("tree", [False, True], ids=["span", "tree"])
def test_losses_one_after_the_other_are_repaired(network, begin, tree):
    search = begin(tree=tree)
    lost = []
    while True:
        search.advance()
        chosen = {search.provider[x] for x in found(search)}
        called = [f for f in functions(network) if f in chosen]
        without = begin(tree=tree, banned=lost)
        without.advance()
        assert found(search) == found(without)
        if not called:
            break
        lost.append(called[len(lost) % len(called)])
        search.lose(lost[-1])
    assert len(lost) > 1


@pytest.mark.parametrize("tree", [False, True], ids=["span", "tree"])
def test_losses_at_once_are_repaired(network, begin, tree):
    search = begin(tree=tree)
    search.advance()
    lost = [f for f in functions(network) if not search.pending[f]][::2]
    for f in lost:
        search.lose(f)
    search.advance()
    without = begin(tree=tree, banned=lost)
    without.advance()
    assert found(search) == found(without)


def test_one_output_alone_may_be_lost(network, begin):
    for f in functions(network):
        search = begin()
        search.advance()
        if search.pending[f]:
            continue
        lost, *kept = [x for x, _ in network.provides[f]]
        before = [x for x in kept if search.provider[x] == f]
        search.lose(f, [lost])
        search.advance()
        assert search.provider[lost] != f
        assert [x for x in kept if search.provider[x] == f] == before


def test_a_search_paused_at_each_datum_finds_what_one_without_pauses_finds(network, begin):
    whole, paused = begin(), begin()
    whole.advance()
    fresh = []
    order = list(paused.steps(bytearray(b"\1") * len(paused.dist), fresh))
    assert order == fresh
    assert found(paused) == found(whole)


def test_a_provider_lost_at_a_pause_is_never_used(network, begin):
    search = begin()
    lost = set()
    for x in search.steps(bytearray(b"\1") * len(search.dist), []):
        f = search.provider[x]
        if network.kind[f] == Kind.FUNCTION and f not in lost and len(lost) < 3:
            lost.add(f)
            search.lose(f)
    without = begin(banned=lost)
    without.advance()
    assert found(search) == found(without)
    assert not lost & {search.provider[x] for x in found(search)}


def test_a_copy_is_a_search_of_its_own(network, begin):
    search = begin()
    search.advance()
    before = found(search)
    twin = search.copy()
    for f in functions(network):
        if not twin.pending[f]:
            twin.lose(f)
    twin.advance()
    assert found(search) == before


def test_a_fresh_search_has_not_begun(begin):
    search = begin()
    search.advance()
    fresh = search.fresh()
    assert not any(fresh.settled)
    fresh.advance()
    assert found(fresh) == found(search)


def test_milestones_are_what_every_derivation_needs():
    dsp = tw.Dispatcher()
    dsp.add_function("one", max, ["a", "b"], ["d"])
    dsp.add_function("two", max, ["b", "c"], ["d"])
    dsp.add_function("last", abs, ["d"], ["e"])
    search = dsp.solve(["a", "b", "c"], ["e"]).search
    index = dsp.solve().network.top.index
    assert {name for name, x in index.items() if search.milestones()[x]} >= {"b", "d", "e"}
    assert not any(search.milestones()[index[name]] for name in "ac")

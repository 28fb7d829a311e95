"""Where boxes stand, by each engine."""

import pytest

from tests.plotting.samples import body, random_model
from thalweg.plotting import layout, scene_of
from thalweg.plotting.layout import Level, box_size, lay_out, levels_of, tangle, text_width
from thalweg.plotting.svg import place_all

ENGINES = ["dot", "fast-sugiyama", "layers"]


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    if request.param == "dot" and not layout.has_dot():
        pytest.skip("Graphviz is not installed")
    if request.param != "dot":
        monkeypatch.setattr(layout, "has_dot", lambda: False)
    if request.param == "fast-sugiyama":
        pytest.importorskip("fast_sugiyama")
    if request.param == "layers":
        monkeypatch.setattr(layout, "_LIBRARY_LIMIT", -1)
    return request.param


def laid_out(pairs, keys=None, direction="LR"):
    keys = keys or list(dict.fromkeys(key for pair in pairs for key in pair))
    return lay_out({"": (keys, pairs)}, dict.fromkeys(keys, (60.0, 30.0)), direction)[""]


def overlapping(places):
    boxes = list(places.items())
    return [
        (one, other)
        for number, (one, a) in enumerate(boxes)
        for other, b in boxes[number + 1 :]
        if abs(a.x - b.x) < (a.width + b.width) / 2 - 0.5 and abs(a.y - b.y) < (a.height + b.height) / 2 - 0.5
    ]


def test_the_engine_is_the_one_that_is_there(engine):
    assert laid_out([("a", "b")]).engine == engine


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_arrows_lead_where_they_are_told_to(engine, direction):
    level = laid_out([("a", "b"), ("b", "c"), ("a", "d"), ("d", "c")], direction=direction)
    along = {"LR": lambda p: p.x, "RL": lambda p: -p.x, "TB": lambda p: p.y, "BT": lambda p: -p.y}[direction]
    order = [along(level.places[key]) for key in "abc"]
    assert order == sorted(order)
    assert order[0] < order[2]


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")],
        [("a", "b"), ("c", "d"), ("e", "f")],
        [("a", f"b{number}") for number in range(40)],
        [(f"a{number}", f"a{number + 1}") for number in range(40)],
    ],
    ids=["pair", "circle", "apart", "fan", "chain"],
)
def test_boxes_do_not_overlap_and_stand_within_the_level(engine, pairs):
    level = laid_out(pairs)
    assert not overlapping(level.places)
    for place in level.places.values():
        assert place.x - place.width / 2 >= -0.5
        assert place.x + place.width / 2 <= level.width + 0.5
        assert place.y - place.height / 2 >= -0.5
        assert place.y + place.height / 2 <= level.height + 0.5


def test_boxes_of_many_sizes_do_not_overlap(engine):
    scene = scene_of(body()({"edge": 2, "mass": 4.0}))
    places, _ = place_all(scene, "LR")
    inside = {key: place for key, place in places.items() if scene.boxes[key].kind != "sub_dispatcher"}
    assert not overlapping(inside)


def test_what_is_mounted_stands_within_its_box(engine):
    scene = scene_of(body())
    places, _ = place_all(scene, "LR")
    for key, box in scene.boxes.items():
        if box.parent:
            outer, inner = places[box.parent], places[key]
            assert abs(outer.x - inner.x) + inner.width / 2 <= outer.width / 2
            assert abs(outer.y - inner.y) + inner.height / 2 <= outer.height / 2


def test_boxes_without_arrows_are_laid_out_too(engine):
    assert set(laid_out([], ["a", "b"]).places) == {"a", "b"}
    assert set(laid_out([("a", "b")], ["a", "b", "c"]).places) == {"a", "b", "c"}
    assert lay_out({"": ([], [])}, {})[""].places == {}


def test_it_is_the_same_each_time(engine):
    pairs = [(f"n{number * 7 % 20}", f"n{number * 11 % 23}") for number in range(60)]
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    assert laid_out(pairs) == laid_out(pairs)


def test_an_arrow_is_of_the_level_where_its_ends_meet():
    scene = scene_of(body())
    levels = levels_of(scene)
    by_label = {"/".join(box.path): box.key for box in scene.boxes.values()}
    assert (by_label["edge"], by_label["shape"]) in levels[""][1]
    assert (by_label["shape/side"], by_label["shape/cube"]) in levels[by_label["shape"]][1]
    assert sum(len(pairs) for _, pairs in levels.values()) == len(scene.arrows)


def test_what_is_entangled_is_not_left_to_graphviz():
    scene = scene_of(random_model(300))
    levels = levels_of(scene)
    assert tangle(*levels[""]) > layout.TANGLED
    found = lay_out(levels, {key: box_size(box) for key, box in scene.boxes.items()})[""]
    assert found.engine == "layers"
    assert not overlapping(found.places)


def test_a_chain_is_not_entangled():
    pairs = [(f"a{number}", f"a{number + 1}") for number in range(2000)]
    assert tangle([f"a{number}" for number in range(2001)], pairs) == 2000


def test_wide_letters_count_as_wide():
    assert text_width("漢字", 10) == 20
    assert text_width("ill", 10) < text_width("www", 10)


def test_a_level_of_nothing_has_no_size():
    assert (Level({}).width, Level({}).height) == (0.0, 0.0)

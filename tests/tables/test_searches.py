"""Many rows search once for each pattern of what is given, and of what fails."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.dispatcher.search import Search
from thalweg.tables import fill


class Count:
    """How many searches were begun, and how many were repaired."""

    def __init__(self, monkeypatch):
        self.begun = self.repaired = 0
        begin, lose = Search.__init__, Search.lose

        def begins(*args, **options):
            self.begun += 1
            begin(*args, **options)

        def loses(*args, **options):
            self.repaired += 1
            return lose(*args, **options)

        monkeypatch.setattr(Search, "__init__", begins)
        monkeypatch.setattr(Search, "lose", loses)

    def of(self, call, *args):
        self.begun = self.repaired = 0
        call(*args)
        return self.begun, self.repaired


@pytest.fixture
def room():
    """Any of three data from the other two; an area above 50 is had by the dearer way."""
    dsp = tw.Dispatcher()
    dsp.add_function("multiply", lambda width, length: width * length, outputs=["area"], input_domain=is_small)
    dsp.add_function("add up", lambda width, length: sum([width] * int(length)), outputs=["area"], weight=5)
    dsp.add_function("divide by width", lambda area, width: area / width, outputs=["length"])
    dsp.add_function("divide by length", lambda area, length: area / length, outputs=["width"])
    return dsp


def is_small(width, length):
    return width * length <= 50


def rows(count):
    """One third without each of the three; half of the areas are large."""
    kinds = [{"width": 2.0, "length": 3.0}, {"width": 20.0, "length": 4.0}, {"area": 6.0, "width": 2.0}]
    return (kinds * count)[:count]


def test_map_searches_once_for_each_pattern_and_failure(room, monkeypatch):
    count = Count(monkeypatch)
    few = count.of(lambda: list(room.map(rows(12), ["area", "length"])))
    assert few[0] == 3  # of two patterns, and of the first for those that go on after its failure
    assert few[1] > 0
    assert count.of(lambda: list(room.map(rows(300), ["area", "length"]))) == (0, 0)
    room.plans.clear()
    assert count.of(lambda: list(room.map(rows(300), ["area", "length"]))) == few


def test_map_of_all_data_searches_no_more_for_more_rows(room, monkeypatch):
    count = Count(monkeypatch)
    few = count.of(lambda: list(room.map(rows(12))))
    room.plans.clear()
    assert count.of(lambda: list(room.map(rows(300)))) == few


def test_fill_searches_once_for_each_pattern_and_failure(room, monkeypatch):
    count = Count(monkeypatch)

    def table(size):
        return {name: [row.get(name, np.nan) for row in rows(size)] for name in ("width", "length", "area")}

    few = count.of(fill, room, table(30))
    assert few == (3, 0)  # of two patterns, and of the first without what refuses
    room.plans.clear()
    assert count.of(fill, room, table(300)) == few
    assert count.of(fill, room, table(300)) == (1, 0)  # a fill remembers failures for itself only


def test_a_vectorized_model_searches_nothing_twice(room, monkeypatch):
    count = Count(monkeypatch)
    function = room.compile(["width", "length"], ["area"], vectorize=True)
    width = np.linspace(1.0, 20.0, 1000)
    assert count.of(function, width, 4.0) == (1, 0)
    assert count.of(function, width, 4.0) == (0, 0)

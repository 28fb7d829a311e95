"""Tables, reports and cards."""

from html.parser import HTMLParser

import pytest

import thalweg as tw
from tests.plotting.samples import body, ran, random_model, timed
from thalweg.plotting import card


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.tags = [], []

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


def read(text):
    reader = Words()
    reader.feed(text)
    return reader


def test_the_table_of_a_model_says_what_takes_and_gives_what():
    lines = str(body().table()).splitlines()
    assert lines[0] == "body"
    assert lines[1].split() == ["node", "kind", "takes", "gives", "about"]
    assert any(line.split() == ["risky", "function", "volume", "weight", "Always", "fails."] for line in lines)


def test_the_table_of_a_run_comes_in_the_order_of_the_story():
    rows = ran().table().rows
    names = [row[0] for row in rows]
    assert names.index("edge") < names.index("shape/cube") < names.index("volume") < names.index("get density")
    assert len(rows) == 21


def test_a_report_tells_the_run():
    text = str(timed().report())
    assert "Failed: risky." in text
    lines = [line.split() for line in text.splitlines()]
    assert ["1", "shape/cube", "computed", "volume", "=", "8", "200", "ms"] in lines
    assert ["shape/volume", "8", "cube", "2"] in lines
    assert ["volume", "8", "shape/volume", "2"] in lines


def test_a_report_says_what_could_not_be_had():
    text = str(body()({"mass": 1.0}, ["density"], raises=False).report())
    assert "Without a value" in text
    assert "waits for volume" in text


@pytest.mark.parametrize("subject", [body(), ran(), body().solve(["edge"]), tw.Dispatcher()], ids=repr)
def test_html_and_text_hold_the_same(subject):
    made = subject.table()
    words = read(made._repr_html_()).words
    assert set(words) >= {cell for row in made.rows for cell in row if cell}


def test_html_is_escaped():
    dsp = tw.Dispatcher(name="<script>")
    dsp.add_function("<b>f</b>", lambda a: "<i>", ["a&b"], ["c"])
    solution = dsp({"a&b": "<u>"})
    for text in (solution.table().to_html(), solution.report()._repr_html_(), card(solution)):
        assert not {"script", "b>f", "u", "i"} & set(read(text).tags)


@pytest.mark.parametrize("subject", [body(), ran(), body().solve(["edge"])], ids=repr)
def test_a_card_has_a_picture_and_the_table(subject):
    tags = read(subject._repr_html_()).tags
    assert "svg" in tags
    assert "table" in tags


def test_the_card_of_a_large_model_has_no_picture_and_few_rows():
    reader = read(random_model(100)._repr_html_())
    assert "svg" not in reader.tags
    assert reader.tags.count("tr") == 13
    assert any("more" in word for word in reader.words)

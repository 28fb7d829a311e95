"""Any names and values: no error, no markup, nothing run."""

import json
import re
from html import escape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thalweg as tw
from tests.plotting.test_text import Endless, Grumpy, Hostile, Huge
from thalweg.plotting import graphviz, layout, report, table
from thalweg.plotting.text import name_text, shorten

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            " ",
            "\n",
            "\\",
            '"',
            "\\N\\G\\l",
            "</script><script>x</script>",
            "]]>",
            "<!--",
            "&amp;",
            "x" * 10_000,
            "\x00\x1b[31m",
            "\ud800",
            "\u202e",
            "end",
            "subgraph",
            "node",
            "{{7*7}}",
            "%s%n",
            "漢字",
            "$\\frac{",
            "__proto__",
            "constructor",
        ]
    ),
)
NAMES = st.one_of(TEXTS, st.integers(), st.tuples(TEXTS, st.integers()))
VALUES = st.one_of(
    TEXTS,
    st.floats(),
    st.binary(max_size=40),
    st.lists(st.integers(), max_size=40),
    st.dictionaries(TEXTS, TEXTS, max_size=4),
    st.sampled_from([Hostile(), Grumpy(), Huge(), Endless(), object(), lambda: 1]),
)


class Cross(Exception):
    def __str__(self):
        raise RuntimeError


@st.composite
def runs(draw):
    """A small model, with a nested one, run on any values; functions give them, or fail."""
    data = draw(st.lists(st.one_of(TEXTS, st.integers()), min_size=2, max_size=4, unique=True))
    functions = draw(st.lists(NAMES.filter(lambda name: name not in data), min_size=2, max_size=4, unique=True))
    dsp = tw.Dispatcher(name=draw(TEXTS))
    inner = tw.Dispatcher(name=draw(TEXTS))
    inner.add_function(functions[0], lambda x: x, [data[0]], [data[1]], description=draw(TEXTS))
    for function in functions[1:]:
        value = draw(VALUES)
        error = draw(st.sampled_from([None, ValueError(draw(TEXTS)), Cross()]))
        dsp.add_function(function, maker(value, error), [draw(st.sampled_from(data))], [data[-1]])
    dsp.add_data(data[-1], description=draw(TEXTS), attributes={"unit": draw(VALUES)})
    dsp.add_dispatcher(inner, {data[0]: data[0]}, {data[1]: data[1]}, dsp_id=functions[0])
    return dsp, dsp({data[0]: draw(VALUES)}, raises=False)


def maker(value, error):
    def made(_):
        if error is not None:
            raise error
        return value

    return made


class Tags(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


OURS = {"html", "head", "meta", "title", "style", "body", "script", "a", "header", "ol", "label", "input", "button"}
OURS |= {"div", "ul", "main", "svg", "g", "aside", "footer"}
TABLE = {"table", "caption", "b", "thead", "tbody", "tr", "th", "td", "p", "h3", "ul", "li"}


def tags_of(text):
    reader = Tags()
    reader.feed(text)
    return reader.tags


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(runs(), st.sampled_from(["LR", "TB"]))
def test_texts_of_any_model_are_harmless(found, direction):
    dsp, solution = found
    for subject in (dsp, solution):
        plot = subject.plot(direction=direction)
        source = plot.render("dot")
        source.encode("utf-8")
        assert source.count("\n") == len(source.splitlines())
        data = json.loads(plot.render("json"))
        assert len(data["boxes"]) == len(plot.drawing.scene.boxes)
        for line in plot.render("mermaid").splitlines():
            assert re.match(r"flowchart|end| *(\w+[\(\[]|subgraph|\w+ (-->|-\.->|==>)|classDef|class |end)", line)
        tables = [table(subject)] + ([report(subject)] if subject is solution else [])
        for each in tables:
            str(each).encode("utf-8")
            assert tags_of(each.to_html()) <= TABLE


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_graphviz_takes_the_source_of_any_model(found):
    if not graphviz.has_dot():
        pytest.skip("Graphviz is not installed")
    for subject in found:
        svg = graphviz.run_dot(subject.plot().render("dot"), "svg")
        names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
        assert names <= {"svg", "g", "title", "polygon", "path", "text", "a", "ellipse", "polyline"}


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_pages_and_our_own_pictures_of_any_model_are_harmless(found):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout, "has_dot", lambda: False)
        patched.setattr("thalweg.plotting.writers.has_dot", lambda: False)
        for subject in found:
            svg = subject.plot().render("svg")
            names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
            assert names <= {"svg", "g", "title", "rect", "path", "text", "defs", "marker"}
            assert tags_of(subject.plot().render("html")) <= OURS


@settings(deadline=None, max_examples=200)
@given(VALUES, NAMES)
def test_every_value_has_a_short_text_that_a_picture_can_hold(value, name):
    for text in (shorten(value), name_text(name)):
        assert 0 < len(text) <= 60
        text.encode("utf-8")
        ElementTree.fromstring(f"<a>{escape(text)}</a>")

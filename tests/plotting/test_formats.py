"""Every format: right, harmless, and the same in every process."""

import json
import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import thalweg as tw
from tests.plotting.samples import body, ran, timed
from thalweg.errors import PlotError, RenderError
from thalweg.plotting import WRITERS, graphviz, layout, writers

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
EVIL = '"><script>alert(1)</script>\\N\n</title>{{7*7}}${1}<!--'


@pytest.fixture
def without_dot(monkeypatch):
    """A path on which there is no Graphviz."""
    monkeypatch.setenv("PATH", os.devnull)


def false_dot(folder, monkeypatch, script):
    """A program named dot that does something else."""
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def evil():
    dsp = tw.Dispatcher(name=EVIL)
    inner = tw.Dispatcher(name=EVIL)
    inner.add_function(f"f{EVIL}", lambda x: f"{x}{EVIL}", [f"x{EVIL}"], [f"y{EVIL}"])
    dsp.add_dispatcher(inner, {f"a{EVIL}": f"x{EVIL}"}, {f"y{EVIL}": f"b{EVIL}"}, dsp_id=f"s{EVIL}")
    dsp.add_function(f"g{EVIL}", risky, [f"b{EVIL}"], [f"c{EVIL}"], description=EVIL)
    return dsp({f"a{EVIL}": EVIL})


def risky(value):
    raise ValueError(EVIL)


def words_of(svg):
    root = ElementTree.fromstring(svg)
    return "".join(root.itertext()).replace("\u200b", "")  # a space without width keeps Graphviz from its \\N


@needs_dot
@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("subject", [body(), body().solve(["edge"]), ran(), timed(), tw.Dispatcher()], ids=repr)
def test_everything_is_written_in_every_format(subject, name):
    content = subject.plot(format=name).render()
    assert content
    assert isinstance(content, bytes) == (name in ("png", "pdf"))


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_source_is_the_same_in_every_process(seed):
    code = "from tests.plotting.samples import ran; print(ran().plot(), ran().plot(format='mermaid'), end='')"
    environment = dict(os.environ, PYTHONHASHSEED=seed)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stdout.decode() == f"{ran().plot()} {ran().plot(format='mermaid')}"


@needs_dot
@pytest.mark.parametrize("form", ["svg", "mermaid", "html"])
def test_nothing_of_a_model_becomes_markup(form):
    text = evil().plot(format=form).render()
    assert "<script>alert" not in text
    if form == "svg":
        assert "<script>alert(1)</script>" in words_of(text)


def test_our_own_svg_escapes_too(without_dot):
    text = evil().plot(format="svg").render()
    assert "<script>alert" not in text
    assert "<script>alert(1)</script>" in words_of(text)


@needs_dot
def test_labels_say_what_they_are_and_not_what_graphviz_makes_of_them():
    dsp = tw.Dispatcher()
    dsp.add_function(r"\N \G \l", len, ["a"], ["b"])
    assert r"\N \G \l" in words_of(dsp.plot().render("svg"))
    for number in range(300):
        dsp.add_function(rf"\N{number}", len, ["a"], [rf"\l{number}"])
    assert r"\N299" in words_of(dsp.plot().render("svg"))  # large pictures have labels of another kind


def test_json_holds_the_scene():
    data = json.loads(timed().plot(format="json").render())
    assert data["format"] == 1
    assert data["steps"][0]["text"] == "cube gives volume = 8"
    assert {each["place"] for each in data["spans"]} == {"thread-1", "thread-2"}
    assert any(each["label"] == "risky" and each["state"] == "failed" for each in data["boxes"])


def test_json_has_a_word_for_what_is_infinitely_far():
    dsp = tw.Dispatcher()
    dsp.add_data("a", 1, initial_dist=float("inf"))
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    assert '"distance":"Infinity"' in dsp().plot(format="json").render()


def test_mermaid_has_a_subgraph_for_each_open_sub_dispatcher():
    text = ran().plot(format="mermaid").render()
    assert len(re.findall(r"^ *subgraph s\d+\[", text, re.MULTILINE)) == 1
    assert text.count("\n  end\n") == 1
    assert "==>" in text


def test_svg_without_graphviz_says_so(without_dot):
    text = ran().plot(format="svg").render()
    words = words_of(text)
    assert "Laid out without Graphviz (Graphviz is not installed); with it arrows cross less" in words
    for name in ("shape", "1. cube", "4. risky", "gravity"):
        assert name in words


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_png_and_pdf_without_graphviz_say_what_to_do(without_dot, form):
    with pytest.raises(RenderError, match=f"cannot make {form}: Graphviz is missing; install it"):
        ran().plot(format=form).render()


def test_html_without_graphviz_says_so(without_dot):
    text = ran().plot(format="html").render()
    assert "with it arrows cross less" in text


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo bad label >&2; exit 3", r"dot failed \(3\): bad label"),
        ("kill -ABRT $$", "dot was killed by signal 6"),
        ("exit 0", r"dot failed \(0\)"),
    ],
)
def test_a_dot_that_crashes_is_a_clear_error_or_done_without(tmp_path, monkeypatch, script, message):
    false_dot(tmp_path, monkeypatch, script)
    with pytest.raises(RenderError, match=message):
        ran().plot(format="png").render()
    assert "risky" in words_of(ran().plot(format="svg").render())
    assert "risky" in ran().plot(format="html").render()


def test_a_dot_that_hangs_is_ended(tmp_path, monkeypatch):
    false_dot(tmp_path, monkeypatch, "exec sleep 60")
    with pytest.raises(RenderError, match=r"dot was ended after 0\.05 s"):
        graphviz.run_dot("digraph {}", "svg", timeout_seconds=0.05)


def test_a_dot_that_cannot_be_started_is_a_clear_error(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_bytes(b"\x7fELF no program")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="cannot be started"):
        graphviz.run_dot("digraph {}", "svg")


@pytest.mark.parametrize("name", ["gif", "", "SVG", 3])
def test_an_unknown_format_names_those_that_are(name):
    with pytest.raises(PlotError, match="choose from dot, html, json, mermaid, pdf, png, svg"):
        writers.writer_of(name)


def test_the_page_may_do_nothing_but_what_is_its_own():
    text = evil().plot(format="html").render()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'", policy)
    assert not re.findall(r"https?://(?!www\.w3\.org)", text.split('id="scene"')[0])
    assert text.count("<script") == 2
    assert "innerHTML" not in text
    assert "eval(" not in text


def test_the_layout_does_not_depend_on_the_order_of_a_set():
    code = (
        "from tests.plotting.samples import ran; from thalweg.plotting import layout\n"
        "layout.has_dot = lambda: False\n"
        "print(ran().plot(format='html'), end='')"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env=dict(os.environ, PYTHONHASHSEED=seed)
        ).stdout
        for seed in ("1", "2")
    }
    assert len(pages) == 1
    assert layout.GAP > 0

"""The object that `plot` gives, and its options."""

import pytest

import thalweg as tw
from tests.plotting.samples import body, ran
from thalweg.errors import PlotError, RenderError, UnknownNodeError
from thalweg.plotting import Plot, picture, plot


def labels(made):
    scene = made.drawing.shown()
    return {box.label for box in scene.boxes.values()}


def test_as_a_string_it_is_its_source():
    assert str(ran().plot()).startswith('digraph "body" {')
    assert str(ran().plot(format="svg")).startswith('digraph "body" {')
    assert str(ran().plot(format="mermaid")).startswith("flowchart LR")


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_it_leads_where_it_is_told_to(direction):
    assert f'rankdir="{direction}"' in str(body().plot(direction=direction))


def test_a_model_with_workflow_shows_its_latest_run():
    dsp = body()
    with pytest.raises(PlotError, match="dispatch the model first"):
        dsp.plot(workflow=True)
    dsp({"edge": 2})
    assert dsp.plot(workflow=True).drawing.scene.subject == "run"
    assert dsp.plot().drawing.scene.subject == "model"
    assert dsp.solution.plot(workflow=False).drawing.scene.subject == "model"


def test_depth_says_what_is_open():
    assert "cube" in labels(body().plot())
    assert "cube" not in labels(body().plot(depth=0))
    assert "cube" in labels(body().plot(depth=1))


def test_too_many_boxes_close_sub_dispatchers_by_themselves():
    child = tw.Dispatcher()
    for number in range(150):
        child.add_function(f"f{number}", abs, [f"a{number}"], [f"b{number}"])
    dsp = tw.Dispatcher()
    dsp.add_dispatcher(child, {"a": "a0"}, {"b0": "b"}, dsp_id="child")
    assert labels(dsp.plot()) == {"a", "b", "child"}
    assert len(labels(dsp.plot(depth=1))) > 300


def test_focus_shows_a_neighbourhood():
    assert labels(body().plot(focus="risky", around=1)) == {"volume", "risky", "weight"}
    assert labels(body().plot(focus=["density"], around=1)) == {"density", "get density"}
    assert labels(body().plot(focus="shape/cube", around=1)) == {"shape", "side", "cube", "volume"}
    assert labels(body().plot(focus="lost", around=9)) == {"zeta", "lost", "omega"}


def test_focus_on_a_sub_dispatcher_shows_all_of_it():
    assert {"cube", "ball", "edge"} <= labels(body().plot(focus="shape", around=1))


def test_an_unknown_focus_is_refused_with_its_near_miss():
    with pytest.raises(UnknownNodeError, match="did you mean 'risky'"):
        body().plot(focus="riski")


def test_names_that_are_no_text_can_be_in_focus():
    dsp = tw.Dispatcher()
    dsp.add_function("f", abs, [("a", 1)], [7])
    assert labels(dsp.plot(focus=[7], around=1)) == {"7", "f"}
    assert labels(dsp.plot(focus=[("a", 1)], around=1)) == {"('a', 1)", "f"}


def test_what_was_not_used_can_be_left_out():
    shown = labels(ran().plot(unused=False))
    assert {"weigh", "risky", "moon"} <= shown
    assert not {"dear", "lost", "ball"} & shown


def test_the_index_lists_all_calls_even_hidden_ones():
    assert "1. cube · computed" in str(ran().plot(index=True, depth=0))
    assert "1. cube · computed" not in str(ran().plot(depth=0))


def test_a_path_shows_a_part():
    assert labels(body().plot(path="shape")) == labels(body().plot(path=["shape"]))
    with pytest.raises(UnknownNodeError):
        body().plot(path="nowhere")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "gif"}, "unknown format 'gif'; choose from dot, html"),
        ({"direction": "up"}, "unknown direction 'up'; choose from LR"),
        ({"theme": "pink"}, "unknown theme 'pink'; choose from light, dark"),
        ({"depth": -1}, "depth=-1 is no whole number"),
        ({"around": 1.5}, "around=1.5 is no whole number"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(PlotError, match=message):
        body().plot(**options)


@pytest.mark.parametrize("name", ["a.dot", "a.gv", "a.html", "a.json", "a.mmd", "a.mermaid", "a.svg", "a.SVG"])
def test_it_is_saved_in_the_format_of_its_name(tmp_path, name):
    path = ran().plot().save(tmp_path / name)
    assert path == tmp_path / name
    assert path.stat().st_size > 100


def test_a_name_that_says_no_format_is_refused(tmp_path):
    with pytest.raises(PlotError, match=r"'picture' says no format; end it with one of \.dot, \.html"):
        ran().plot().save(tmp_path / "picture")
    assert ran().plot(format="dot").save(tmp_path / "picture").read_text(encoding="utf-8").startswith("digraph")


def test_a_path_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(RenderError, match=r"cannot write .*nowhere.*No such file or directory; give another path"):
        ran().plot().save(tmp_path / "nowhere" / "a.svg")


def test_pages_of_closed_sub_dispatchers_are_linked(tmp_path):
    inner = body()
    outer = tw.Dispatcher(name="outer")
    outer.add_dispatcher(inner, {"edge": "edge"}, {"volume": "volume"}, dsp_id="inner")
    outer.plot(depth=0).save(tmp_path / "a.dot", pages=True)
    files = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert len(files) == 3
    assert 'URL="a-s1.dot"' in files["a.dot"]
    assert "get density" not in files["a.dot"]
    assert "get density" in files["a-s1.dot"]
    assert 'URL="a-s2.dot"' in files["a-s1.dot"]
    assert "cube" in files["a-s2.dot"]


def test_in_jupyter_it_shows_itself():
    bundle = ran().plot()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    assert "<svg" in bundle["image/svg+xml"]
    page = ran().plot(format="html")._repr_mimebundle_()["text/html"]
    assert page.startswith('<iframe srcdoc="&lt;!doctype html')
    assert set(ran().plot(format="dot")._repr_mimebundle_()) == {"text/plain"}
    assert set(ran().plot()._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}


def test_it_is_shown_by_the_browser(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(picture.webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr(picture.tempfile, "tempdir", str(tmp_path))
    made = body().plot(view=True)
    assert isinstance(made, Plot)
    assert opened[0].endswith("/plot.html")
    assert body().plot(format="dot").show().suffix == ".html"


def test_without_a_browser_it_says_where_the_picture_is(monkeypatch, tmp_path):
    monkeypatch.setattr(picture.webbrowser, "open", lambda address: False)
    monkeypatch.setattr(picture.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(RenderError, match=r"the picture is in .*plot\.html"):
        body().plot().show()


def test_plans_are_drawn_too():
    plan = body().solve(["edge"], ["volume"])
    assert repr(plan.plot()).startswith("<Plot of plan 'body'")
    assert plot(plan, unused=False).drawing.scene.boxes


def test_values_do_not_run_when_they_are_drawn():
    ran_code = []

    class Trap:
        def __format__(self, spec):
            ran_code.append(spec)
            return ""

        def __html__(self):
            ran_code.append("html")
            return ""

        def _repr_html_(self):
            ran_code.append("repr_html")
            return ""

        def __call__(self):
            ran_code.append("call")

        def __iter__(self):
            ran_code.append("iter")
            return iter(())

    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda a: a, ["a"], ["b"])
    solution = dsp({"a": Trap()})
    for form in ("dot", "html", "json", "mermaid", "svg"):
        solution.plot(format=form).render()
    assert ran_code == []

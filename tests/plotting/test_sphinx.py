"""The directive of Sphinx, and the template for models, shown by building a small project with warnings as errors."""

import re
import subprocess
import sys

import pytest

pytest.importorskip("sphinx")

from thalweg.errors import PlotError
from thalweg.plotting.sphinx import parse_options

PAGE = """
Models
======

.. autosummary::
   :toctree: api
   :template: autosummary/dispatcher.rst

   small.dsp

.. dispatcher:: sol
   :code:
   :opt: workflow=True, index=True, focus=['area']
   :height: 350
   :width: 80%

   >>> from small import dsp
   >>> sol = dsp({"side": 2})
   >>> sol["area"]
   4

.. dispatcher:: small:dsp
   :alt: the model alone
"""
SMALL = '''"""Small models."""

import thalweg as tw

dsp = tw.Dispatcher(name="square")
"""A model of squares."""
dsp.add_function("square", lambda side: side**2, ["side"], ["area"])
'''
CONF = """
import sys
sys.path.insert(0, {root!r})
project = "small"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "thalweg.plotting.sphinx"]
autosummary_generate = True
"""


def build(folder, builder, page=PAGE):
    source, out = folder / "source", folder / builder
    source.mkdir(exist_ok=True)
    (source / "small.py").write_text(SMALL, encoding="utf-8")
    (source / "index.rst").write_text(page, encoding="utf-8")
    (source / "conf.py").write_text(CONF.format(root=str(source)), encoding="utf-8")
    arguments = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", builder, str(source), str(out)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return done, out


@pytest.mark.slow
def test_a_project_is_built_without_a_warning(tmp_path):
    done, out = build(tmp_path, "html")
    assert done.returncode == 0, done.stderr
    index = (out / "index.html").read_text(encoding="utf-8")
    frames = re.findall(r'<iframe[^>]*src="([^"]+)"', index)
    assert len(frames) == 2
    assert "height:350px" in index
    assert "width:80%" in index
    assert 'title="the model alone"' in index
    run = (out / frames[0]).read_text(encoding="utf-8")
    assert "square gives area = 4" in run
    assert (out / "api" / "small.dsp.html").is_file()
    assert "../_dispatchers/" in (out / "api" / "small.dsp.html").read_text(encoding="utf-8")
    assert "sol = dsp" in re.sub("<[^>]+>", "", index)  # :code:


@pytest.mark.slow
def test_where_no_frame_can_be_the_table_is_shown(tmp_path):
    done, out = build(tmp_path, "text")
    assert done.returncode == 0, done.stderr
    assert re.search(r"square +function +side +area", (out / "index.txt").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (".. dispatcher:: dsp\n\n   >>> 1 / 0\n", "line 6 raised ZeroDivisionError"),
        (".. dispatcher:: dsp\n\n   >>> other = 1\n", "leave no 'dsp'"),
        (".. dispatcher:: nowhere:dsp\n", "cannot import 'nowhere:dsp'"),
        (".. dispatcher:: small:__name__\n", "is a str; give a model"),
        (".. dispatcher:: small:dsp\n   :opt: focus=__import__('os')\n", "cannot read the options"),
    ],
)
def test_what_cannot_be_shown_is_a_clear_error(tmp_path, lines, message):
    done, _ = build(tmp_path, "html", f"Page\n====\n\n{lines}")
    assert done.returncode != 0
    assert message in done.stderr


@pytest.mark.parametrize("text", ["index=True, depth=0", "focus=('a', 'b')", ""])
def test_options_are_literals(text):
    assert parse_options(text) == eval(f"dict({text})")


@pytest.mark.parametrize(
    "text", ["index=f()", "1", "**{'index': 1}", "x)(", "depth=0) or f(", "view=True", "index=" + "(" * 500]
)
def test_whatever_else_stands_in_the_options_is_refused(text):
    with pytest.raises(PlotError):
        parse_options(text)

"""How Sphinx makes the pages: `make doc`."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "thalweg"
author = "The thalweg maintainers"
copyright = "2026, The thalweg maintainers"
release = version = installed_version("thalweg")

extensions = [
    "myst_parser",
    "commands",  # of this folder: _ext/commands.py
    "numpydoc",
    "pictures",  # of this folder: _ext/pictures.py
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "thalweg.plotting.sphinx",
    "sphinx-mathjax-offline",  # pages are read without a network, too
]
exclude_patterns = ["_build", "decisions/0000-template.md"]
templates_path = ["_templates"]

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

# The reference lists what the face lists, each name on a page of its own, made from its docstring.
autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_member_order = "alphabetical"
autodoc_typehints = "none"  # the docstrings say the types, with their meaning
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
default_role = "py:obj"  # a name in backquotes is a link where there is such a name, and a literal elsewhere

html_theme = "furo"
html_title = f"thalweg {version}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]

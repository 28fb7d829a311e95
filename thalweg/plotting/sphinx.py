"""An extension of Sphinx: the directive ``dispatcher``, and a template of autosummary for models.

In ``conf.py``: ``extensions = ["thalweg.plotting.sphinx"]``.  Then::

    .. dispatcher:: dsp
       :code:
       :opt: workflow=True, index=True
       :height: 400px

       >>> import thalweg
       >>> dsp = thalweg.Dispatcher(name="mine")

The lines of the directive are run as a doctest's are, and the name is looked up in what they leave; without lines the
name is imported, ``package.module:dsp``.  Options of the plot are literals; nothing of them is evaluated.
"""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module, metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from ..dispatcher import Dispatcher, Plan, Solution
from ..errors import PlotError, ThalwegError
from .picture import plot
from .tables import table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["DispatcherDirective", "dispatcher_picture", "parse_options", "setup"]

_FOLDER = "_dispatchers"


class dispatcher_picture(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801 - as docutils has them
    """A page within the page; what cannot hold one shows the table that is in it."""


class DispatcherDirective(SphinxDirective):  # type: ignore[misc]
    """Shows a model, plan or solution."""

    required_arguments = 1
    final_argument_whitespace = False
    has_content = True
    option_spec: ClassVar[Any] = {
        "code": directives.flag,
        "opt": directives.unchanged,
        "height": directives.length_or_percentage_or_unitless,
        "width": directives.length_or_percentage_or_unitless,
        "alt": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """The code, if it is to be shown, and the picture."""
        name = self.arguments[0]
        try:
            options = parse_options(self.options.get("opt", ""))
            subject = self._find(name)
            picture = plot(subject, options.pop("workflow", None), **options)
            page = picture.render("html")
            text = str(table(subject))
        except ThalwegError as error:
            raise self.error(str(error)) from error
        found: list[nodes.Node] = []
        if "code" in self.options and self.content:
            code = "\n".join(self.content)
            found.append(nodes.literal_block(code, code, language="pycon"))
        node = dispatcher_picture(
            page=page,
            height=_css_length(self.options.get("height", "480px")),
            width=_css_length(self.options.get("width", "100%")),
            alt=self.options.get("alt", f"picture of {name}"),
        )
        node += nodes.literal_block(text, text, language="none")
        self.set_source_info(node)
        return [*found, node]

    def _find(self, name: str) -> Dispatcher | Plan | Solution:
        """What the name stands for: in what the lines leave, or in a module."""
        found: Any
        if self.content:
            names = self._run_lines()
            if name not in names:
                raise PlotError(f"the lines of the directive leave no {name!r}; it is the name to be shown")
            found = names[name]
        else:
            module, _, attribute = name.rpartition(":" if ":" in name else ".")
            try:
                found = import_module(module)
                for part in attribute.split("."):
                    found = getattr(found, part)
            except (ImportError, AttributeError, ValueError) as error:
                raise PlotError(f"cannot import {name!r}: {error}; write package.module:name") from error
        if hasattr(found, "register") and not isinstance(found, Dispatcher):
            found = found.register()  # a model that was only written down
        if not isinstance(found, Dispatcher | Plan | Solution):
            raise PlotError(f"{name!r} is a {type(found).__name__}; give a model, a plan or a solution")
        return found

    def _run_lines(self) -> dict[str, Any]:
        """Run the examples in the lines, as a doctest is run; they are the author's own, like any code of the docs."""
        names: dict[str, Any] = {"__name__": "__main__"}
        for example in doctest.DocTestParser().get_examples("\n".join(self.content)):
            line = self.content_offset + example.lineno + 1
            try:
                exec(compile(example.source, f"<directive, line {line}>", "single"), names)  # noqa: S102
            except Exception as error:
                raise PlotError(f"line {line} raised {type(error).__name__}: {error}") from error
        return names


def parse_options(text: str) -> dict[str, Any]:
    """Keywords with literal values, as they stand in a call.

    Raises
    ------
    PlotError
        It is no list of keywords, or a value is no literal.

    Examples
    --------
    >>> parse_options("index=True, focus=['a', 'b']")
    {'index': True, 'focus': ['a', 'b']}
    """
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or not isinstance(call.func, ast.Name):
            raise ValueError
        found = {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg is not None}
        if len(found) != len(call.keywords):
            raise ValueError
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise PlotError(f"cannot read the options {text!r}; write name=literal, name=literal") from None
    unknown = [name for name in found if name not in _options()]
    if unknown:
        raise PlotError(f"unknown option {unknown[0]!r}; choose from {', '.join(_options())}")
    return found


def _options() -> Iterator[str]:
    """Names of the options that a picture in a page can have."""
    return iter(("workflow", "index", "path", "depth", "focus", "around", "direction", "theme", "unused"))


def _css_length(text: str) -> str:
    return f"{text}px" if text.replace(".", "", 1).isdigit() else text


def _visit_html(self: Any, node: dispatcher_picture) -> None:
    """Write the page beside the others, and show it in a frame."""
    page: str = node["page"]
    name = f"{_FOLDER}/{sha256(page.encode('utf-8')).hexdigest()[:20]}.html"
    target = Path(self.builder.outdir) / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(page, encoding="utf-8")
    address = relative_uri(self.builder.get_target_uri(self.builder.current_docname), name)
    style = f"width:{node['width']};height:{node['height']};border:1px solid #8884;border-radius:6px"
    attributes = {"src": address, "title": node["alt"], "loading": "lazy", "style": style}
    self.body.append(self.starttag(node, "iframe", "", **attributes) + "</iframe>\n")
    raise nodes.SkipNode


def _visit(self: Any, node: dispatcher_picture) -> None:
    """Elsewhere: only the table that is in it."""


def _add_templates(_: Sphinx, config: Config) -> None:
    config.templates_path.append(str(files("thalweg.plotting") / "templates"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    show = (_visit, _visit)
    app.add_node(dispatcher_picture, html=(_visit_html, _visit), latex=show, text=show, man=show, texinfo=show)
    app.add_directive("dispatcher", DispatcherDirective)
    app.connect("config-inited", _add_templates)
    return {"version": metadata.version("thalweg"), "parallel_read_safe": True, "parallel_write_safe": True}

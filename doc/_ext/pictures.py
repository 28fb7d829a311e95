"""The directive `picture`: what an expression of a page draws, made anew with the page.

The expression sees what the blocks of code above it on the page have defined, and `example("units")`, the model of an
example. It gives something with a `plot` method, or a plot::

    ```{picture} solution.plot()
    :alt: how the flow was computed
    ```
"""

import contextlib
import doctest
import importlib
import io
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?P<kind>python|pycon)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Picture(SphinxDirective):
    """Draw what an expression gives."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "alt": directives.unchanged_required,
        "width": directives.length_or_percentage_or_unitless,
    }

    def run(self) -> list[nodes.Node]:
        """Give one image; its file stands in the folder of what was built."""
        expression = self.arguments[0]
        page = Path(self.env.doc2path(self.env.docname))
        plot = eval(expression, namespace_of(page, self.lineno))  # noqa: S307 - our own pages
        digest = sha256(f"{self.lineno} {expression}".encode()).hexdigest()
        name = f"{self.env.docname.replace('/', '-')}-{digest[:8]}.svg"
        folder = Path(self.env.srcdir) / "_build" / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(plot.render("svg"), encoding="utf-8")
        alternative = self.options.get("alt", expression)
        image = nodes.image(uri=f"/_build/pictures/{name}", alt=alternative, classes=["picture"])
        if "width" in self.options:
            image["width"] = self.options["width"]
        return [image]


def namespace_of(page: Path, line: int) -> dict[str, Any]:
    """Run the blocks of code of a page down to a line, and give the names they have made."""
    names: dict[str, Any] = {"__name__": "page", "example": example}
    text = "".join(page.read_text(encoding="utf-8").splitlines(keepends=True)[: line - 1])
    for found in BLOCK.finditer(text):
        if found["kind"] == "python":
            exec(compile(found["code"], str(page), "exec"), names)  # noqa: S102 - our own pages
        else:
            run_session(found["code"], names)
    return names


def run_session(code: str, names: dict[str, Any]) -> None:
    """Run a block with prompts; what it shows, errors among it, is the business of the tests."""
    for each in doctest.DocTestParser().get_examples(code):
        expected = contextlib.suppress(Exception) if each.exc_msg is not None else contextlib.nullcontext()
        with contextlib.redirect_stdout(io.StringIO()), expected:
            exec(compile(each.source, "page", "single"), names)  # noqa: S102 - our own pages


def example(name: str, module: str = "model") -> Any:
    """Give a module of an example, imported as its demo imports it, and forgotten afterwards."""
    folder = ROOT / "examples" / name
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))
        for other in set(sys.modules) - before:
            if (folder / f"{other}.py").is_file():
                del sys.modules[other]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": False, "parallel_write_safe": True}

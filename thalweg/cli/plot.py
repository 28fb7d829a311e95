"""``thalweg plot``: a picture of a model, of a plan or of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..dispatcher import Dispatcher
from ..errors import PlotError
from ..plotting.writers import DIRECTIONS, WRITERS, format_of
from .asking import add_question, ask, tell_failures
from .codes import Exit
from .options import add_manner, add_model, describe, given_names, given_values, model_of, natural
from .telling import print_json, say

__all__ = ["add"]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg plot``."""
    describe(
        parser,
        "With known values (-i) or wanted data (-o) the model is asked, as by `thalweg run`, and the run is drawn over "
        "it, with --plan the way that it would go, for which names are enough; else the model alone.",
        example="""
            $ thalweg plot thalweg.cli.river river.svg -i width=12 -i depth=1.5 -i speed=0.5 -o flow
            thalweg: river.svg: run of river, 12 boxes, 18 arrows
        """,
    )
    add_model(parser)
    parser.add_argument(
        "file", metavar="FILE", help=f"the picture, by its end: {', '.join('.' + name for name in WRITERS)}; - for "
        "standard output"
    )  # fmt: skip
    add_question(parser, values=False)
    parser.add_argument("--plan", action="store_true", help="draw what would be called, and call nothing")
    parser.add_argument("--format", choices=tuple(WRITERS), help="by default what the end of FILE says, else svg")
    _add_view(parser)
    add_manner(parser, as_json='{"file", "format", "subject", "boxes", "arrows"}')
    parser.set_defaults(action=plot)


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--path", metavar="PATH", default="", help="draw this sub-dispatcher, such as house/air")
    parser.add_argument("--depth", metavar="N", type=natural, help="draw sub-dispatchers open so deep; 0 closes all")
    parser.add_argument(
        "--focus", metavar="NODE", action="append", default=[], help="draw the neighbourhood of this node (repeat it)"
    )
    parser.add_argument("--around", metavar="N", type=natural, default=2, help="arrows to a neighbour (default: 2)")
    parser.add_argument("--direction", choices=DIRECTIONS, default="LR", help="where arrows lead (default: LR)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="colours (default: light)")
    parser.add_argument("--index", action="store_true", help="list all calls beside the picture")
    parser.add_argument("--used", action="store_true", help="leave out what the run or plan did not use")
    parser.add_argument("--open", action="store_true", help="show the picture in a browser, too")


def plot(chosen: argparse.Namespace) -> Exit:
    """Draw a model, a plan or a run into a file."""
    if chosen.file == "-" and chosen.json:
        raise PlotError("the picture and --json cannot both go to standard output; name a file")
    form = chosen.format or ("svg" if chosen.file == "-" else format_of(Path(chosen.file)))
    with model_of(chosen) as dsp:
        picture = _subject(chosen, dsp).plot(
            path=chosen.path,
            format=form,
            depth=chosen.depth,
            focus=chosen.focus,
            around=chosen.around,
            direction=chosen.direction,
            theme=chosen.theme,
            index=chosen.index,
            unused=not chosen.used,
        )
        content = picture.render(form) if chosen.file == "-" else b""
        if chosen.file != "-":
            picture.save(chosen.file, form)
        if chosen.open:
            picture.show()
        scene = picture.drawing.scene
    told = {"file": chosen.file, "format": form, "subject": scene.subject}
    told |= {"boxes": len(scene.boxes), "arrows": len(scene.arrows)}
    if chosen.file == "-":
        sys.stdout.buffer.write(content if isinstance(content, bytes) else content.encode())
    elif chosen.json:
        print_json(told)
    elif not chosen.quiet:
        counts = f"{told['boxes']} boxes, {told['arrows']} arrows"
        say(f"{chosen.file}: {scene.subject} of {scene.title}, {counts}")
    return Exit.WELL


def _subject(chosen: argparse.Namespace, dsp: Dispatcher) -> Any:
    """What is to be drawn."""
    if chosen.plan:
        return dsp.solve(given_names(chosen), chosen.outputs, objective=chosen.objective)
    if not chosen.inputs and chosen.input_file is None and chosen.outputs is None:
        return dsp
    solution = ask(chosen, dsp, given_values(chosen), raises=False)
    tell_failures(chosen, solution)
    return solution

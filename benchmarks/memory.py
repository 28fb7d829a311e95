"""What a model weighs: bytes per function with its data node.

A chain, whose functions are one object, so that only the model counts: nodes, arcs, names. The model alone is held to
the limit, and so is the model with what a first dispatch adds and keeps (network, plan, the latest solution).
"""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import said
from benchmarks.models import Model, chain
from benchmarks.peers import PEERS, schedula_model
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "memory"
SIZE = 10_000
# pipefunc needs a time that grows as the square of the size, and like Hamilton cannot run a long chain.
PEER_SIZE = {"pipefunc": 200, "Hamilton": 200}
LIMIT_BYTES = 1_500

TINY = {"SIZE": 20, "PEER_SIZE": {}}


def weigh(make: Callable[[], Any]) -> tuple[int, Any]:
    """Bytes that are there after a call and were not before, with what keeps them alive."""
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        return tracemalloc.get_traced_memory()[0], made
    finally:
        tracemalloc.stop()


def thalweg(case: str, dispatch: Callable[[Any, Model], Any] | None) -> Row:
    """A model alone, or after a dispatch."""
    # Names are made within the weighing: they belong to the model.
    subject.build(chain(10)).dispatch({"d0": 1})

    def make() -> Any:
        model = chain(SIZE)
        built = subject.build(model)
        if dispatch is not None:
            dispatch(built, model)
        return built

    each = weigh(make)[0] / SIZE
    return Row(NAME, case, "thalweg", each, "B/function", None, f"<= {LIMIT_BYTES}", each <= LIMIT_BYTES)


def measure(options: Options) -> Iterator[Row]:
    yield thalweg("model alone", None)
    yield thalweg("model after a dispatch", lambda built, model: built.dispatch(model.given))
    yield thalweg("model after a dispatch with outputs", lambda built, model: built.dispatch(model.given, model.wanted))
    built = subject.build(chain(SIZE))
    built.dispatch({"d0": 1})
    size, _ = weigh(lambda: built.dispatch({"d0": 1}))
    yield Row(NAME, "solution", "thalweg", size / SIZE, "B/function")
    for name in PEERS if options.peers else ():
        yield from peer(name)


def peer(name: str) -> Iterator[Row]:
    size = PEER_SIZE.get(name, SIZE)
    make = PEERS[name]
    try:
        # What the import costs, and what is made on first use, is not the model's.
        make(chain(10))(None)()
        each = weigh(lambda: schedula_model(chain(size)) if name == "schedula" else make(chain(size)))[0] / size
        yield Row(NAME, "model alone", name, each, "B/function", note="" if size == SIZE else f"measured at {size}")
        if name == "schedula":
            built = schedula_model(chain(size))
            each = weigh(lambda: built.dispatch({"d0": 1}).copy())[0] / size
            yield Row(NAME, "solution", name, each, "B/function")
    except (Exception, RecursionError) as error:  # noqa: BLE001 - whatever a peer raises is the finding
        yield Row(NAME, "model alone", name, None, "", note=said(error))

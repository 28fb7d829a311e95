"""Dispatch of 1,000 trivial functions in three shapes, and how the time grows up to 100,000.

*Cold*: model and network are there, the search is done anew. *First*: the first dispatch after building, with the
making of the network. *Again*: the same inputs and outputs as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import Competitor, interleave, once, said
from benchmarks.models import SHAPES, Model, one, three
from benchmarks.peers import PEERS, schedula_pipe
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options
    from benchmarks.elsewhere import Elsewhere
    from benchmarks.peers import Adapter

NAME = "dispatch"
SIZE = 1_000
SIZES = (1_000, 10_000, 100_000)
SMALLER = (1_000, 500, 250, 100)
PER_FUNCTION_LIMIT = 2.0
SCHEDULA_LIMIT = 10.0
# Per function, at a hundred times the size: the caches of the processor alone cost some of it.
LINEAR_LIMIT = 2.0

TINY = {"SIZE": 20, "SIZES": (20, 40), "SMALLER": (20,)}


def bare_calls(model: Model) -> Callable[[], None]:
    """The calls themselves: each function once, arguments at hand."""
    ones = [step.function for step in model.steps if step.function is one]
    threes = [step.function for step in model.steps if step.function is three]

    def run() -> None:
        for function in ones:
            function(1)
        for function in threes:
            function(1, 1, 1)

    return run


def whole(model: Model, wanted: list[str] | None) -> Callable[[Any], None]:
    """A check that a result holds what was asked for."""
    names = model.computed() if wanted is None else wanted

    def check(result: Any) -> None:
        missing = [name for name in names if name not in result]
        assert not missing, f"{len(missing)} data missing, such as {missing[0]}"

    return check


def cold(model: Model, wanted: list[str] | None, name: str = "thalweg, cold") -> Competitor:
    built = subject.build(model)

    def run(_: None) -> Any:
        return built.dispatch(model.given, wanted)

    return Competitor(name, run, lambda: subject.forget(built), check=whole(model, wanted))


def first(model: Model, wanted: list[str] | None) -> Competitor:
    def run(built: Any) -> Any:
        return built.dispatch(model.given, wanted)

    return Competitor("thalweg, first", run, lambda: subject.build(model))


def again(model: Model, wanted: list[str] | None) -> Competitor:
    built = subject.build(model)
    note = "" if subject.keeps_plans(built) else "no plan is kept"
    return Competitor("thalweg, again", lambda: built.dispatch(model.given, wanted), note=note)


def compiled(model: Model, wanted: list[str] | None) -> Competitor:
    built = subject.build(model)
    function = built.compile(list(model.given), wanted if wanted is not None else model.computed())
    values = list(model.given.values())
    return Competitor("thalweg, compiled", lambda: function(*values))


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer's model of one shape, built as large as the peer can do; ``dispatch`` is given what is wanted."""

    name: str
    model: Model
    dispatch: Callable[[list[str] | None], Competitor]


def build_peers(shape: str, options: Options) -> Iterator[Peer | Row]:
    """Each peer with its model, and rows on the building and on what cannot be done."""
    for name, adapter in PEERS.items() if options.peers else ():
        for size in SMALLER:
            model = SHAPES[shape](size)
            try:
                if name == "graphtik" and options.graphtik is not None:
                    seconds, dispatch = build_elsewhere(name, shape, size, options.graphtik)
                else:
                    seconds, dispatch = build_here(name, adapter, model)
                dispatch(None).warm_up()
                dispatch(model.wanted).warm_up()
            except (Exception, RecursionError) as error:  # noqa: BLE001 - whatever a peer raises is the finding
                yield Row(NAME, f"{shape}, {size:,}", name, None, "", note=said(error))
                if not isinstance(error, RecursionError):
                    break
                continue
            note = "" if size == SIZE else f"{size:,} functions"
            yield Row(NAME, f"{shape}, building", name, seconds * 1e6 / size, "us/function", note=note)
            yield Peer(name, model, dispatch)
            break


def build_here(name: str, adapter: Adapter, model: Model) -> tuple[float, Callable[[list[str] | None], Competitor]]:
    seconds, make = once(lambda: adapter(model))
    size = len(model.steps)
    note = "" if size == SIZE else f"measured at {size:,}"

    def dispatch(wanted: list[str] | None) -> Competitor:
        return Competitor(name, make(wanted), check=whole(model, wanted), note=note, size=size)

    return seconds, dispatch


def build_elsewhere(
    name: str, shape: str, size: int, other: Elsewhere
) -> tuple[float, Callable[[list[str] | None], Competitor]]:
    number, seconds = other.build(name, f"models:{SHAPES[shape].__name__}", {"size": size})
    return seconds, lambda wanted: other.competitor(name, number, wanted)


def at_one_size(shape: str, peers: list[Peer], options: Options, *, everything: bool) -> Iterator[Row]:
    model = SHAPES[shape](SIZE)
    wanted = None if everything else model.wanted
    case = f"{shape}, {SIZE:,}, {'everything' if everything else 'the last wanted'}"
    field = [Competitor("calls alone", bare_calls(model)), cold(model, wanted), first(model, wanted)]
    field += [again(model, wanted), *optional(compiled, model, wanted)]
    field += [peer.dispatch(None if everything else peer.model.wanted) for peer in peers]
    if options.peers and not everything:
        seconds, pipe = once(lambda: schedula_pipe(model, wanted))
        field.append(Competitor("schedula, pipe", pipe, note=f"prepared in {seconds * 1e3:.0f} ms"))
    medians = interleave(field, options.rounds)
    yield from rows(case, field, {who.name: 1e6 * medians[who.name] / (who.size or SIZE) for who in field})


def optional(make: Callable[..., Competitor], *arguments: Any) -> Iterator[Competitor]:
    try:
        yield make(*arguments)
    except (AttributeError, NotImplementedError) as error:
        print(f"left out: {make.__name__}: {said(error)}")


def rows(case: str, field: list[Competitor], each: dict[str, float]) -> Iterator[Row]:
    """Microseconds per function of each, and the two limits on the cold dispatch."""
    ours, calls = each["thalweg, cold"], each["calls alone"]
    for who in field:
        yield Row(NAME, case, who.name, each[who.name], "us/function", each[who.name] / ours, note=who.note)
    above = ours - calls
    limit = f"<= {PER_FUNCTION_LIMIT:g}"
    yield Row(
        NAME, case, "thalweg, cold, above the calls", above, "us/function", None, limit, above <= PER_FUNCTION_LIMIT
    )
    if "schedula" in each:
        times = each["schedula"] / ours
        limit = f">= {SCHEDULA_LIMIT:g}"
        yield Row(NAME, case, "schedula / thalweg, cold", times, "times", None, limit, times >= SCHEDULA_LIMIT)


def building(shape: str, model: Model) -> Row:
    seconds = interleave([Competitor("thalweg", lambda: subject.build(model))], 5)["thalweg"]
    return Row(NAME, f"{shape}, building", "thalweg", seconds * 1e6 / len(model.steps), "us/function")


def growth(shape: str, options: Options) -> Iterator[Row]:
    """Time per function at growing sizes, everything wanted."""
    each: dict[int, float] = {}
    for size in SIZES:
        model = SHAPES[shape](size)
        field = [Competitor("calls alone", bare_calls(model)), cold(model, None)]
        medians = interleave(field, max(3, min(options.rounds, 500_000 // size)))
        each[size] = (medians["thalweg, cold"] - medians["calls alone"]) * 1e6 / size
        yield Row(
            NAME,
            f"{shape}, growth",
            f"thalweg, cold, {size:,}, above the calls",
            each[size],
            "us/function",
            None,
            f"<= {PER_FUNCTION_LIMIT:g}",
            each[size] <= PER_FUNCTION_LIMIT,
        )
    grown = each[SIZES[-1]] / each[SIZES[0]]
    who = f"{SIZES[-1]:,} / {SIZES[0]:,}, per function"
    limit = f"<= {LINEAR_LIMIT:g}"
    yield Row(NAME, f"{shape}, growth", who, grown, "times", None, limit, grown <= LINEAR_LIMIT)


def measure(options: Options) -> Iterator[Row]:
    for shape in SHAPES:
        peers: list[Peer] = []
        yield building(shape, SHAPES[shape](SIZE))
        for found in build_peers(shape, options):
            if isinstance(found, Row):
                yield found
            else:
                peers.append(found)
        yield from at_one_size(shape, peers, options, everything=True)
        # In a fan-out the last are everything.
        if shape != "fan-out":
            yield from at_one_size(shape, peers, options, everything=False)
    for shape in SHAPES:
        yield from growth(shape, options)

"""Dispatch of 1,000 trivial functions in three shapes, and how the time grows up to 100,000.

*Cold*: model and network are there, the search is done anew. *First*: the first dispatch after building, with the
making of the network. *Again*: the same inputs and outputs as before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks import subject
from benchmarks.harness import Competitor, interleave, once, said
from benchmarks.models import SHAPES, Model, one, three
from benchmarks.peers import PEERS, schedula_pipe
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.__main__ import Options

NAME = "dispatch"
SIZE = 1_000
SIZES = (1_000, 10_000, 100_000)
SMALLER = (1_000, 500, 250, 100)
PER_FUNCTION_LIMIT = 2.0
SCHEDULA_LIMIT = 10.0
# Per function, at a hundred times the size: the caches of the processor alone cost some of it.
LINEAR_LIMIT = 2.0


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
    return Competitor("thalweg, again", lambda: built.dispatch(model.given, wanted))


def compiled(model: Model, wanted: list[str] | None) -> Competitor:
    built = subject.build(model)
    function = built.compile(list(model.given), wanted if wanted is not None else model.computed())
    values = list(model.given.values())
    return Competitor("thalweg, compiled", lambda: function(*values))


# Largest size that a peer could do, by peer and shape: to fail again takes some of them half a minute.
able: dict[tuple[str, str], int] = {}


def peers(shape: str, model: Model, wanted: list[str] | None, options: Options) -> Iterator[Competitor | Row]:
    """Each peer ready to be timed, after a row on what it cannot do."""
    for name, adapter in PEERS.items():
        if name == "graphtik" and options.graphtik is not None:
            seconds, competitor = options.graphtik.competitor(
                name, f"models:{SHAPES[shape].__name__}", {"size": len(model.steps)}, wanted
            )
            yield Row(NAME, f"{shape}, building", name, seconds * 1e6 / len(model.steps), "us/function")
            yield competitor
            continue
        for size in SMALLER:
            if size > able.get((name, shape), SIZE):
                continue
            smaller = model if size == len(model.steps) else SHAPES[shape](size)
            asked = wanted if wanted is None or smaller is model else smaller.wanted
            try:
                seconds, dispatch = once(lambda m=smaller, a=asked, make=adapter: make(m, a))  # type: ignore[misc]
                whole(smaller, asked)(dispatch())
            except (Exception, RecursionError) as error:  # noqa: BLE001 - whatever a peer raises is the finding
                yield Row(NAME, f"{shape}, {size:,}", name, None, "", note=said(error))
                if not isinstance(error, RecursionError):
                    break
                continue
            able[name, shape] = size
            yield Row(NAME, f"{shape}, building", name, seconds * 1e6 / size, "us/function", note=f"{size:,}")
            note = "" if smaller is model else f"measured at {size:,}"
            yield Competitor(name, dispatch, note=note, number=len(model.steps) // size)
            break


def at_one_size(shape: str, options: Options, *, everything: bool) -> Iterator[Row]:
    model = SHAPES[shape](SIZE)
    wanted = None if everything else model.wanted
    case = f"{shape}, {SIZE:,}, {'everything' if everything else 'the last wanted'}"
    field = [Competitor("calls alone", bare_calls(model)), cold(model, wanted), first(model, wanted)]
    field += [again(model, wanted), *optional(compiled, model, wanted)]
    if everything:
        yield building(shape, model)
    for found in peers(shape, model, wanted, options) if options.peers else ():
        if isinstance(found, Row):
            if everything:
                yield found
        else:
            field.append(found)
    if options.peers and not everything:
        seconds, pipe = once(lambda: schedula_pipe(model, wanted))
        field.append(Competitor("schedula, pipe", pipe, note=f"prepared in {seconds * 1e3:.0f} ms"))
    medians = interleave(field, options.rounds)
    sizes = {who.name: int(who.note.rsplit(" ", 1)[1].replace(",", "")) for who in field if "measured" in who.note}
    yield from rows(case, field, {who: 1e6 * s / sizes.get(who, SIZE) for who, s in medians.items()})


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
        for everything in (True, False):
            # In a fan-out the last are everything.
            if everything or shape != "fan-out":
                start = time.perf_counter()
                yield from at_one_size(shape, options, everything=everything)
                print(f"{shape}: {time.perf_counter() - start:.1f} s", flush=True)
    for shape in SHAPES:
        yield from growth(shape, options)

"""What must still be given so that wanted data can be computed.

Asks the search and calls nothing.  The sets themselves are found in `thalweg.dispatcher.supplies`; here the model is
cut down to what can matter, and the sets are put in order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from typing import TYPE_CHECKING

from ..errors import BuildError, UnknownNodeError
from ..tokens import UNKNOWN
from .building import check_ids
from .network import Network
from .nodes import NodeId
from .plan import Plan, make_plan
from .shrink import reachable, useful
from .supplies import Ways, all_of_size, best_labels, can_hold, indispensable

if TYPE_CHECKING:
    from .dispatcher import Dispatcher
    from .solution import Record

__all__ = ["missing", "missing_after"]

_NEAR = 2500  # ways before the outputs among which larger sets are sought
_LABELS = 8  # sets kept of each datum there
_RANKED = 64  # sets of one size for which a plan is made to put them in order


def missing(
    dsp: Dispatcher,
    outputs: Iterable[NodeId],
    inputs: Iterable[NodeId] = (),
    k: int = 5,
    *,
    among: Iterable[NodeId] | None = None,
) -> list[tuple[NodeId, ...]]:
    """The cheapest sets of further inputs that would make all the outputs computable.

    Parameters
    ----------
    dsp : Dispatcher
    outputs : iterable of Hashable
        What is wanted: data, and functions without outputs.
    inputs : iterable of Hashable, optional
        What is given already, defaults aside.
    k : int, optional
        The number of sets that are wanted at most.
    among : iterable of Hashable, optional
        Data that can be given; None: all data of the model but the outputs.

    Returns
    -------
    list of tuple of Hashable
        Sets of data, none of which contains another: ``[()]`` if nothing is missing, ``[]`` if nothing helps.  Those of
        fewest values come first; of equal ones that with which the outputs are nearest (the farthest output counts, by
        the distances of `Dispatcher.solve`); of equal ones that which comes first in the order of the model.  Within
        a set the data are in the order of the model.

    Raises
    ------
    UnknownNodeError
        An id is not in the model.
    BuildError
        `k` is less than 1.

    Notes
    -----
    The smallest set is as hard to find as the smallest hitting set.  What must be in every set is found first, as far
    as that is plain.  Then all sets of one further value, of two, and so on, are looked at together, as long as there
    are not too many (some 1000 values that could be given: sets of one and mostly of two values; 100: of three; 20: of
    any number): up to that size the answer is exact.  Larger sets are the best that a bounded search finds; each
    suffices, and can spare none of its values.  That no function fails is taken for granted, and that every gate lets
    in.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("divide", lambda way, time: way / time, ["way", "time"], ["speed"])
    'divide'
    >>> dsp.add_function("kinetic", lambda mass, speed: mass * speed**2 / 2, ["mass", "speed"], ["energy"])
    'kinetic'
    >>> missing(dsp, ["energy"], ["mass"])
    [('speed',), ('way', 'time')]
    """
    if k < 1:
        raise BuildError(f"k is {k!r}; ask for at least one set")
    names = check_ids(outputs, "outputs", once=False)
    return _sets_for(dsp.solve(inputs, names), names, k, among)


def missing_after(record: Record, outputs: Iterable[NodeId], k: int) -> list[tuple[NodeId, ...]]:
    """As `missing`, after a run: with what is known, and without what failed or gave nothing."""
    network, search = record.network, record.search
    known = [name for name, x in network.top.index.items() if record.values[x] is not UNKNOWN]
    names = tuple(outputs)
    plan = make_plan(network, dict.fromkeys(known, 0.0), names, banned=search.dead, gone=search.gone)
    return _sets_for(plan, names, k, None)


def _sets_for(
    plan: Plan, names: tuple[NodeId, ...], k: int, among: Iterable[NodeId] | None
) -> list[tuple[NodeId, ...]]:
    if not plan.unreachable:
        return [()]
    places = {name: place for place, name in enumerate(plan.network.top.index)}
    offered = _offered(places, names, among) - plan.given
    ways, supplies = _cut(plan, {place: name for name, place in places.items() if name in offered})
    found = [
        sorted([supplies[datum] for datum in each])
        for each in _sets(ways, k, max(k, _RANKED) if plan.network.collectors else k)
    ]
    data = list(places)
    ranked = sorted([(len(each), _distance(plan, names, [data[place] for place in each]), each) for each in found])
    return [tuple([data[place] for place in each]) for _, _, each in ranked[:k]]


def _offered(data: Collection[NodeId], outputs: Iterable[NodeId], among: Iterable[NodeId] | None) -> set[NodeId]:
    """Data that may be given."""
    if among is None:
        return set(data).difference(outputs)
    offered = set(check_ids(among, "among", once=False))
    for name in offered:
        if name not in data:
            raise UnknownNodeError.among(name, data, "datum in among")
    return offered


def _distance(plan: Plan, outputs: Iterable[NodeId], supplied: Iterable[NodeId]) -> float:
    """Distance of the farthest output when a set is given, too."""
    given = dict.fromkeys([*plan.given, *supplied], 0.0)
    search = make_plan(plan.network, given, outputs, banned=plan.search.dead, gone=plan.search.gone).search
    return max([search.dist[datum] for datum in search.wanted or ()], default=0.0)


def _cut(plan: Plan, offered: Mapping[int, NodeId]) -> tuple[Ways, dict[int, int]]:
    """The ways that can matter, and for each supply the place of its datum in the model."""
    network, seeds, banned, gone = plan.network, plan.search.seeds, plan.search.dead, plan.search.gone
    free = reachable(network, seeds, banned, gone)
    supplies: dict[int, int] = {}
    for place, name in offered.items():
        datum = network.top.index[name]
        if not free[datum]:
            supplies[network.start_slots.get(datum, datum)] = place
    able = reachable(network, [*seeds, *supplies], banned, gone)
    wanted = plan.search.wanted or ()
    if not all(able[datum] for datum in wanted):
        return Ways(), {}
    made = _Cutter(network, able, gone)
    for function in useful(network, able, wanted, set()) - banned:
        made.add(function)
    ways = made.ways
    goal = ways.goal = ways.datum()
    ways.way([made.number(datum) for datum in wanted], [(goal, 0.0)])
    ways.known = {
        made.numbers[x]: min(distance, network.far) for x, (distance, _) in seeds.items() if x in made.numbers
    }
    ways.supplies = [made.numbers[x] for x in supplies if x in made.numbers]
    return ways, {made.numbers[x]: place for x, place in supplies.items() if x in made.numbers}


class _Cutter:
    """Makes `Ways` of functions of a network."""

    def __init__(self, network: Network, able: bytearray, gone: Set[tuple[int, int]]) -> None:
        self.network = network
        self.gone = gone
        self.able = able
        self.ways = Ways()
        self.numbers: dict[int, int] = {}
        self.relays: dict[tuple[int, float], int] = {}

    def number(self, datum: int) -> int:
        """Number of a datum of the network among the ways."""
        if datum not in self.numbers:
            self.numbers[datum] = self.ways.datum()
        return self.numbers[datum]

    def add(self, function: int) -> None:
        """Add a function; a collecting one as a way from each estimate, since it may have to do with one."""
        network = self.network
        inputs = [u for u in network.inputs[function] if self.able[u]]
        outputs = [(v, cost) for v, cost in network.provides[function] if (function, v) not in self.gone]
        gives = [(self.number(v), cost + network.weight[function]) for v, cost in outputs]
        if function in network.collectors:
            for slot in inputs:
                self.ways.way([self.number(slot)], gives)
        elif len(inputs) == len(network.inputs[function]):
            arcs = [network.arc(u, function) for u in inputs]
            least = min(arcs)
            takes = [self.relay(u, arc - least) for u, arc in zip(inputs, arcs, strict=True)]
            self.ways.way(takes, [(v, cost + least) for v, cost in gives])

    def relay(self, datum: int, delay: float) -> int:
        """A datum, or one behind it that is farther by `delay`: where the arcs into a function weigh differently."""
        number = self.number(datum)
        if not delay:
            return number
        if (number, delay) not in self.relays:
            relay = self.relays[number, delay] = self.ways.datum()
            self.ways.way([number], [(relay, delay)])
        return self.relays[number, delay]


def _sets(ways: Ways, k: int, most: int) -> list[frozenset[int]]:
    """Sets of supplies that suffice, none containing another: at least `k` if there are; of one size the nearest."""
    if ways.goal < 0:
        return []
    everywhere = indispensable(ways)
    ways.known.update(dict.fromkeys(everywhere, 0.0))
    free = ways.reach(())
    ways.supplies = [datum for datum in ways.supplies if not free[datum]]
    if free[ways.goal]:
        return [frozenset(everywhere)]
    found: list[frozenset[int]] = []
    for size in range(1, len(ways.supplies) + 1):
        sets = all_of_size(ways, size, found, most) if can_hold(ways, size) else None
        if sets is None:
            found += _large(ways, found, max(k, _RANKED))
            break
        found += sets
        if len(found) >= k:
            break
    return [each.union(everywhere) for each in found]


def _large(ways: Ways, known: list[frozenset[int]], most: int) -> list[frozenset[int]]:
    """Sets beyond the size that can be looked at exactly, not containing a known one or each other."""
    makers = ways.makers()
    everywhere, offered = range(len(ways.takes)), ways.supplies
    found = best_labels(ways, most, ways.near(_NEAR), _LABELS) or best_labels(ways, most, everywhere, _LABELS)
    ways.supplies = [datum for datum in offered if not makers[datum]]
    if ways.suffice(ways.supplies):
        found += best_labels(ways, most, everywhere, 1)  # what is common to many data is found from the sources
    ways.supplies = offered
    spare = sorted({_spared(ways, each) for each in found}, key=lambda each: (len(each), sorted(each)))
    kept: list[frozenset[int]] = []
    for each in spare:
        if not any(other <= each for other in (*known, *kept)):
            kept.append(each)
    return kept


def _spared(ways: Ways, supplied: frozenset[int]) -> frozenset[int]:
    """A set without what it can spare."""
    for datum in sorted(supplied):
        if ways.suffice(supplied - {datum}):
            supplied -= {datum}
    return supplied

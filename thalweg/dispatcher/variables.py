"""Names for generated code, and which of its variables holds which datum."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .network import Kind, Network
from .nodes import NodeId
from .tracks import Step, Way

__all__ = ["Names", "Variables", "ways"]


class Names:
    """Python names that are like the ids of nodes, each given once."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self.taken = set(reserved)

    def new(self, node_id: NodeId) -> str:
        """A name for a node."""
        name = str(node_id)
        if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
            name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "node"
            if name[0].isdigit() or keyword.iskeyword(name):
                name += "_" if keyword.iskeyword(name) else ""
                name = f"n{name}" if name[0].isdigit() else name
        if name in self.taken:
            number = 2
            while f"{name}_{number}" in self.taken:
                number += 1
            name = f"{name}_{number}"
        self.taken.add(name)
        return name


def ways(way: Way) -> Iterator[tuple[Step, int]]:
    """Steps with their providers."""
    return zip(way.steps, way.functions, strict=True)


class Variables:
    """Which local variable holds which datum, and from when on it may hold another.

    Parameters
    ----------
    network : Network
    way : Way
    fixed : container of int
        Data whose values need no variable of their own.
    outputs : iterable of int
        Data whose values are needed at the end.
    are_kept : bool
        Keep what a function that the track does not call might take.

    Attributes
    ----------
    slot : dict of int to int
        By datum that a step sets: number of the variable.
    spare : dict of (int, int) to int
        By function and datum that another provider gives, or nobody needs: a number that stands for its value.
    data : list of list of int
        By variable: the data that it holds, one after the other.
    """

    def __init__(
        self, network: Network, way: Way, fixed: Mapping[int, Any], outputs: Iterable[int], *, are_kept: bool
    ) -> None:
        self.network = network
        self.fixed = fixed
        self.are_kept = are_kept
        self.root: dict[int, int] = {}  # datum that is handed on as it is -> where it comes from
        self.spare: dict[tuple[int, int], int] = {}
        self.several = {(f, x) for (_, x, function, _, _), f in ways(way) if function is None}
        self.sets: list[int | list[int]] = []  # data that a step sets; a number where it is one
        self.called: set[int] = set()
        last = self._last_uses(way, outputs)
        self.slot: dict[int, int] = {}
        self.data: list[list[int]] = []
        self._share(last)

    def _last_uses(self, way: Way, outputs: Iterable[int]) -> dict[int, int]:
        """The last step that needs the value of each datum."""
        arguments, root, fixed, called = self.network.arguments, self.root, self.fixed, self.called
        end = len(way.steps)
        last: dict[int, int] = {}
        for (position, x, function, _, taken), f in ways(way):
            if function is not None:
                for u in arguments[f]:
                    last[root.get(u, u)] = position
                self.sets.append([] if x in fixed else x)
            else:
                for u in self._read(f, x, taken):
                    last[root.get(u, u)] = position
                self.sets.append(self._set(f, x))
            called.add(f)
        for x in outputs:
            last[root.get(x, x)] = end
        if self.are_kept:
            consumers = self.network.consumers
            last.update(dict.fromkeys(self.spare.values(), end))
            for x in (*last, *root):
                if x < len(consumers) and not called.issuperset(consumers[x]):
                    last[root.get(x, x)] = end
        return last

    def _share(self, last: dict[int, int]) -> None:
        """Let data that are not needed at the same time have the same variable."""
        over = sorted(last, key=last.__getitem__, reverse=True)
        free: list[int] = []
        slot, data = self.slot, self.data
        for position, sets in enumerate(self.sets):
            while over and last[over[-1]] <= position:
                x = over.pop()
                if x in slot:
                    free.append(slot[x])
            for x in (sets,) if isinstance(sets, int) else sets:
                if free and x in last:
                    slot[x] = free.pop()
                    data[slot[x]].append(x)
                else:
                    slot[x] = len(data)
                    data.append([x])

    def _read(self, f: int, x: int, taken: Sequence[int] | None) -> Sequence[int]:
        """Data whose values a step reads."""
        network = self.network
        if network.kind[f] == Kind.FUNCTION:
            return (*network.arguments[f], x) if x in network.extras else network.arguments[f]
        return network.inputs[f] if network.kind[f] == Kind.LINK else taken or ()

    def _set(self, f: int, x: int) -> list[int]:
        """Data that a step sets."""
        network, kind = self.network, self.network.kind[f]
        if x in self.fixed:
            return []
        if kind == Kind.FUNCTION:
            if f in network.sink_of:
                return []
            return [] if f in self.called else self._outputs(f)
        if kind == Kind.LINK and x not in network.extras:
            source = network.inputs[f][0]
            self.root[x] = self.root.get(source, source)
            return []
        if kind == Kind.ASK or (kind in (Kind.START, Kind.DEFAULT) and x not in network.extras):
            return []
        return [x]

    def _outputs(self, f: int) -> list[int]:
        """What is to be kept of what a function gives."""
        network = self.network
        kept: list[int] = []
        for y, _ in network.provides[f]:
            if (f, y) in self.several:
                kept.append(y)
            elif self.are_kept and network.consumers[y]:
                self.spare[f, y] = len(network.consumers) + len(self.spare)
                kept.append(self.spare[f, y])
        return kept

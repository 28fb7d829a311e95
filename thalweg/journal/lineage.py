"""Which calls of a model have a recorded value, and when it still holds.

A call is known by the path of its node.  Its version is a digest of its function's signature, and of where each of its
arguments comes from: given, or the version of the call that made it, and so on all the way back.  So a recorded value
holds if the code behind it is what it was, and the same way was taken; else it is dropped, and all that rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ..dispatcher.network import Kind, Network
from ..dispatcher.nodes import NodeId
from ..dispatcher.run import Run
from ..executors.contract import Call
from ..signature import signature_of
from ..tokens import ABSENT
from .records import storable
from .values import digest_of_value

__all__ = ["Lineage", "key_of"]

_BYTES = 16


def key_of(path: tuple[NodeId, ...]) -> str:
    """The key of a node: the ids on its path with slashes between, unlike that of any other node.

    Examples
    --------
    >>> key_of(("plant", "a/b"))
    'plant/a~1b'
    """
    return "/".join([_part(each) for each in path])


def _part(node_id: NodeId) -> str:
    if type(node_id) is not str or storable(node_id) != node_id:
        return f"~2{type(node_id).__qualname__}:" + _part(storable(repr(node_id)))
    return node_id.replace("~", "~0").replace("/", "~1") if "~" in node_id or "/" in node_id else node_id


class Lineage:
    """Keys and versions of the calls of one run.

    Parameters
    ----------
    run : Run
    unkept : mapping, optional
        By datum: a digest of what is given for it, where that is not compared when the run is taken up.

    Notes
    -----
    The signatures of all functions are made now: what a function has in its closure may change while it is called.
    """

    def __init__(self, run: Run, unkept: Mapping[NodeId, bytes] | None = None) -> None:
        self.run = run
        self.unkept = unkept or {}
        for function in {id(each): each for record in run.network.records for each in _functions_of(record)}.values():
            signature_of(function)
        network: Network = run.network
        self.network = network
        self.versions: list[bytes | None] = [None] * len(network.kind)  # by function
        self.origins: list[bytes | None] = [None] * len(network.consumers)  # by datum
        self._keys: dict[int, str] = {}  # by level: what stands before an id
        self._signatures: dict[tuple[int, ...], bytes] = {}
        self._plain: dict[int, bytes] = {}  # of functions without a domain and filters
        self._datum_of = {slot: x for x, slot in network.start_slots.items()}
        self._kept: list[Any] = []  # whose identities are in use

    def __call__(self, call: Call) -> tuple[str, str] | None:
        """Key and version of a call; None for one that is asked again each time: that of a gate."""
        f = call.number
        kind = self.network.kind[f]
        taken: Sequence[int]
        if kind == Kind.FUNCTION:
            taken = self.network.arguments[f]
        elif kind == Kind.COLLECT:
            taken = self._arrived(f)
        else:
            return None
        origins = self.origins
        digest = blake2b(self._signature(f), digest_size=_BYTES)
        if kind == Kind.COLLECT:
            digest.update(self._names(taken))
        for x in taken:
            digest.update(origins[x] or self._origin(x))
        version = self.versions[f] = digest.digest()
        return self._key(f), version.hex()

    def _key(self, f: int) -> str:
        level = self.network.function_level[f]
        before = self._keys.get(level)
        if before is None:
            path = self.network.levels[level].path
            before = self._keys[level] = key_of(path) + "/" if path else ""
        return before + _part(self.network.records[f].id)

    def _signature(self, f: int) -> bytes:
        """Of the function of a node, its domain and its filters."""
        function = self.network.plain[f]
        if function is not None:
            known = self._plain.get(id(function))
            if known is None:
                known = self._plain[id(function)] = self._of_functions([function])
            return known
        held = _functions_of(self.network.records[f])
        while held[-1] is None:
            held.pop()  # as if it were plain
        return self._of_functions(held)

    def _of_functions(self, functions: list[Any]) -> bytes:
        identity = tuple(map(id, functions))
        known = self._signatures.get(identity)
        if known is None:
            texts = ["" if each is None else signature_of(each) for each in functions]
            known = self._signatures[identity] = "\n".join(texts).encode()
            self._kept.append(functions)
        return known

    def _origin(self, datum: int) -> bytes:
        """Where a known datum comes from."""
        origins, network, search = self.origins, self.network, self.run.search
        stack = [datum]
        while stack:
            x = stack[-1]
            if origins[x] is not None:
                stack.pop()
                continue
            f = search.provider[x]
            kind = network.kind[f]
            behind: list[int] = []
            if kind == Kind.LINK or (kind == Kind.COLLECT and self.versions[f] is None):
                behind = self._arrived(f)
                unknown = [u for u in behind if origins[u] is None]
                if unknown:
                    stack += unknown
                    continue
            origins[x] = self._joined(x, f, [origins[u] or b"" for u in behind])
            stack.pop()
        found = origins[datum]
        assert found is not None
        return found

    def _arrived(self, f: int) -> list[int]:
        """What a collection or a link takes, as far as it has a value."""
        return [u for u in self.run.search.takes(f) if self.run.values[u] is not ABSENT]

    def _names(self, slots: Sequence[int]) -> bytes:
        """Who has filled the slots of a collection."""
        return repr([self.network.slot_of.get(u) for u in slots]).encode()

    def _joined(self, x: int, f: int, behind: list[bytes]) -> bytes:
        """The origin of a datum, where those of what its provider takes are known."""
        network = self.network
        kind, version = network.kind[f], self.versions[f]
        node = network.extras.get(x)
        filters = list(node.filters) if node is not None else []
        if version is not None and network.single[f] == x and not filters:
            return version
        if kind == Kind.LINK and not filters:
            return behind[0]
        parts = [b"%d" % kind, self._of_functions(filters)]
        if version is not None:
            places = [y for y, _ in network.provides[f]]
            parts += [version, b"%d" % places.index(x)]
        elif kind == Kind.START:
            x = self._datum_of.get(x, x)
            parts.append(key_of(network.data_path(x)).encode())  # its value is compared when a run is taken up
            data_id = network.data_ids[x]
            if not network.data_level[x] and data_id in self.run.plan.given:
                parts.append(self.unkept.get(data_id, b""))
            elif x in network.defaults:
                parts.append(digest_of_value(network.defaults[x][2]))
        elif kind == Kind.DEFAULT:
            parts.append(digest_of_value(network.records[f].default_value))
        else:
            parts.append(self._names(self._arrived(f)))
        return blake2b(b"\n".join(parts + behind), digest_size=_BYTES).digest()


def _functions_of(record: Any) -> list[Any]:
    """The function of a node, its domain and its filters."""
    return [getattr(record, "function", None), getattr(record, "input_domain", None), *getattr(record, "filters", ())]

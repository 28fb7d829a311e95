"""What of a program can be reached from outside: the model that was given, narrowed by `expose`, and nothing else.

Everything that answers a request knows nodes only by what stands here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ..dispatcher import Dispatcher
from ..dispatcher.building import free_id
from ..dispatcher.copying import rebuild
from ..dispatcher.nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode
from ..errors import BuildError, UnknownNodeError
from ..tokens import EMPTY, SELF, Token

__all__ = ["Exposure", "ServedFunction", "ServedModel", "Shown", "expose_model"]

Path: TypeAlias = tuple[str, ...]


class Shown:
    """Which nodes may be named.

    Parameters
    ----------
    paths : set of tuple of str, optional
        Nodes with all that is in them; None for all there are.
    """

    def __init__(self, paths: set[Path] | None = None) -> None:
        self.paths = paths
        self._texts: frozenset[str] | None = None  # when they are first asked for

    def has(self, path: Path) -> bool:
        """May this node be named?"""
        return self.paths is None or any(path[:length] in self.paths for length in range(len(path) + 1))

    def leads_to(self, path: Path) -> bool:
        """May this node be named, or one in it?"""
        return self.has(path) or any(other[: len(path)] == path for other in self.paths or ())

    def texts(self, dsp: Dispatcher) -> frozenset[str]:
        """Paths, as text, of the nodes of the model that may be named.

        A name may have slashes: of a text that stands for several nodes, all must be shown.
        """
        if self._texts is None:
            network = dsp.make_network()
            functions = [network.function_path(f) for f, record in enumerate(network.records) if record is not None]
            data = [network.data_path(x) for x in range(len(network.data_ids))]
            found: dict[bool, set[str]] = {False: set(), True: set()}
            for path in (tuple(map(str, ids)) for ids in [*functions, *data]):
                found[self.has(path)].add("/".join(path))
            self._texts = frozenset(found[True] - found[False])
        return self._texts

    def below(self, path: Path) -> Shown:
        """The same, seen from a model within."""
        if self.has(path):
            return Shown()
        return Shown({other[len(path) :] for other in self.paths or () if other[: len(path)] == path})


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that answers.

    Attributes
    ----------
    path : str
        Its address, such as ``"house/air"``.
    dsp : Dispatcher
    data : dict of str to Hashable
        Data that may be given and asked for, by their name in JSON.
    effects : dict of str to Hashable
        Functions without outputs that may be asked for.
    shown : Shown
        What may be named in answers, from this model.
    """

    path: str
    dsp: Dispatcher
    data: dict[str, NodeId]
    effects: dict[str, NodeId]
    shown: Shown


@dataclass(frozen=True, slots=True)
class ServedFunction:
    """A function that answers.

    Attributes
    ----------
    path : str
        Its address, such as ``"house/air/loss"``.
    node : FunctionNode
    dsp : Dispatcher
        A model of this function alone.
    inputs : dict of str to Hashable
        What it takes, by name, in its order.
    required : frozenset of str
        Inputs without a default.
    result : Hashable
        The datum of `dsp` that has the result.
    """

    path: str
    node: FunctionNode
    dsp: Dispatcher
    inputs: dict[str, NodeId]
    required: frozenset[str]
    result: NodeId


@dataclass(frozen=True, slots=True)
class Exposure:
    """All that answers, by address.

    Attributes
    ----------
    root : ServedModel
    served : dict of str to ServedModel or ServedFunction
    """

    root: ServedModel
    served: dict[str, ServedModel | ServedFunction]


def expose_model(dsp: Dispatcher, expose: Iterable[Hashable] | None, name: str | None) -> Exposure:
    """Take what may be reached out of a model.

    Parameters
    ----------
    dsp : Dispatcher
        It is copied as it is now; later changes are not served.
    expose : str or iterable of Hashable, optional
        Data, functions and sub-dispatchers, those within others by paths such as ``"air/loss"``; None for all.
    name : str, optional
        First part of all addresses; by default the name of the model, or ``"model"``.

    Raises
    ------
    UnknownNodeError
        A node to be exposed is not in the model.
    BuildError
        Two nodes have the same name as text.
    """
    snapshot = rebuild(dsp, lambda node: node)
    expose = (expose,) if isinstance(expose, str) else expose  # not its letters
    shown = Shown(None if expose is None else {_path_of(snapshot, each) for each in expose})
    served: dict[str, ServedModel | ServedFunction] = {}
    start = (name or snapshot.name).strip("/") or "model"
    stack: list[tuple[str, Dispatcher, Shown]] = [(start, snapshot, shown)]
    root: ServedModel | None = None
    while stack:
        path, model, visible = stack.pop()
        one = _served_model(path, model, visible)
        root = root or one
        found: dict[str, ServedModel | ServedFunction] = {}
        if one is root or one.data or one.effects:
            found[path] = one
        for key, node in _by_text(model, (FunctionNode, SubDispatcherNode)).items():
            if isinstance(node, FunctionNode) and visible.has((key,)):
                found[f"{path}/{key}"] = _served_function(f"{path}/{key}", node, model)
            elif isinstance(node, SubDispatcherNode) and visible.leads_to((key,)):
                stack.append((f"{path}/{key}", node.dsp, visible.below((key,))))
        for address in found.keys() & served.keys():
            raise BuildError(f"two nodes have the address {address!r}; rename one, so that no name has a slash")
        served |= found
    assert root is not None
    return Exposure(root, served)


def _path_of(dsp: Dispatcher, name: Hashable) -> Path:
    """Path of a node that is to be exposed."""
    if name in dsp.nodes:
        return (str(name),)
    parts = name.split("/") if isinstance(name, str) else [str(name)]
    found: list[str] = []
    model = dsp
    while parts:
        nodes = {str(key): node for key, node in model.nodes.items()}
        names = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]  # which may have slashes themselves
        known = [each for each in names if each in nodes]
        if known and known[0] != names[0]:
            known = [each for each in known if isinstance(nodes[each], SubDispatcherNode)]
        if not known:
            raise UnknownNodeError.among(parts[0], nodes, "node to be exposed")
        found.append(known[0])
        parts = parts[known[0].count("/") + 1 :]
        node = nodes[known[0]]
        model = node.dsp if isinstance(node, SubDispatcherNode) else model
    return tuple(found)


def _by_text(model: Dispatcher, kinds: tuple[type, ...]) -> dict[str, Any]:
    """Nodes by their name in addresses and in JSON; reserved ones have none."""
    found: dict[str, Any] = {}
    for node_id, node in model.nodes.items():
        if isinstance(node, kinds) and not isinstance(node_id, Token):
            text = str(node_id)
            if text in found:
                raise BuildError(f"{found[text].id!r} and {node_id!r} are both called {text!r} in JSON; rename one")
            found[text] = node
    return found


def _served_model(path: str, model: Dispatcher, shown: Shown) -> ServedModel:
    data = {text: node.id for text, node in _by_text(model, (DataNode,)).items() if shown.has((text,))}
    functions = _by_text(model, (FunctionNode,)).items()
    effects = {text: node.id for text, node in functions if not node.outputs and shown.has((text,))}
    return ServedModel(path, model, data, effects, shown)


def _served_function(path: str, node: FunctionNode, model: Dispatcher) -> ServedFunction:
    """A function, in a model of its own that gives the result as it is."""
    alone = Dispatcher(name=path, executor=model.executor)
    result = free_id("return", {node.id, *node.inputs})
    required: set[str] = set()
    for name in node.inputs:
        datum = model.nodes[name]
        assert isinstance(datum, DataNode)
        default = model if name is SELF and datum.default_value is EMPTY else datum.default_value
        alone.put_node(DataNode(name, default))
        if default is EMPTY:
            required.add(str(name))
    alone.put_node(DataNode(result))
    alone.put_node(replace(node, outputs=(result,), out_weight=None))
    inputs = {str(name): name for name in node.inputs if not isinstance(name, Token)}
    return ServedFunction(path, node, alone, inputs, frozenset(required & inputs.keys()), result)

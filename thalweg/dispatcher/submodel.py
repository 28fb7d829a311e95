"""Parts of a model, as models of their own: by name, and by what a dispatch used.

A part never gives a value that the whole would not give in the same way: a function is kept with all of its inputs or
not at all, and where only some of its outputs are kept its result is still split over all that it was made for.  The
nodes keep their order, so ties are decided as in the whole.  Models are read and never changed; what is kept of one is
copied.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import BuildError, UnknownNodeError
from ..tokens import SINK, START
from .building import check_ids
from .nodes import DataNode, FunctionNode, NodeId, SubDispatcherNode
from .shrink import shrink_dsp
from .trim import with_links, with_outputs

if TYPE_CHECKING:
    import networkx as nx

    from .dispatcher import Dispatcher

__all__ = ["get_sub_dsp", "get_sub_dsp_from_workflow", "graph", "shrink_dsp"]

_KINDS = {DataNode: "data", FunctionNode: "function", SubDispatcherNode: "sub_dispatcher"}


def graph(dsp: Dispatcher) -> nx.DiGraph[Any]:
    """The model as a new graph.

    Parameters
    ----------
    dsp : Dispatcher

    Returns
    -------
    networkx.DiGraph
        Nodes in the order of the model, each with its record as ``node`` and a ``kind``: ``"data"``, ``"function"`` or
        ``"sub_dispatcher"``.  Arcs have a ``weight``.  START (kind ``"start"``) is there if a function has no inputs,
        SINK (kind ``"sink"``) if one has no outputs; their ``node`` is None.

    Notes
    -----
    O(V + E).  What is mounted is one node; the graph of the child is ``node.dsp.graph``.
    """
    import networkx as nx

    found: nx.DiGraph[Any] = nx.DiGraph()
    functions = [node for node in dsp.nodes.values() if isinstance(node, FunctionNode)]
    if not all(node.inputs for node in functions):
        found.add_node(START, kind="start", node=None)
    for node in dsp.nodes.values():
        found.add_node(node.id, kind=_KINDS[type(node)], node=node)
    if not all(node.outputs for node in functions):
        found.add_node(SINK, kind="sink", node=None)
    for node in dsp.nodes.values():
        if not isinstance(node, DataNode):
            found.add_weighted_edges_from(_arcs(node))
    return found


def _arcs(node: FunctionNode | SubDispatcherNode) -> list[tuple[NodeId, NodeId, float]]:
    """Arcs into a node and out of it, with their weights."""
    entering, leaving = node.inp_weight or {}, node.out_weight or {}
    if isinstance(node, FunctionNode):
        arcs = [(x, node.id, entering.get(x, 1.0)) for x in node.inputs or (START,)]
        return arcs + [(node.id, x, leaving.get(x, 1.0)) for x in node.outputs or (SINK,)]
    arcs = [(x, node.id, entering.get(x, 0.0)) for x, _ in node.inputs]
    return arcs + [(node.id, x, leaving.get(x, 0.0)) for _, x in node.outputs]


def get_sub_dsp(dsp: Dispatcher, nodes: Iterable[NodeId]) -> Dispatcher:
    """The part of the model that the given nodes span.

    Parameters
    ----------
    dsp : Dispatcher
    nodes : iterable of Hashable
        Ids of data, functions and sub-dispatchers; START and SINK may be among them and change nothing.

    Returns
    -------
    Dispatcher
        All the data named; the functions named that have all their inputs among them and, if they have outputs, at
        least one of these; the sub-dispatchers named, each with a copy of its child and the links whose data in `dsp`
        are named.

    Raises
    ------
    UnknownNodeError
        An id is not in the model.

    Notes
    -----
    O(V + E), children included.  A function that keeps some of its outputs is called and filtered as before, then the
    values of the other outputs are dropped (`thalweg.dispatcher.trim.Pick`).  A sub-dispatcher that loses all its links
    is left out, and so is one with a gate that loses all its inputs: asked without any, the gate might let in what it
    kept out.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("division", divmod, ["a", "b"], ["quotient", "rest"])
    'division'
    >>> dict(get_sub_dsp(dsp, ["a", "b", "division", "rest"])({"a": 7, "b": 4}))
    {'a': 7, 'b': 4, 'rest': 3}
    """
    named = dict.fromkeys(check_ids(nodes, "nodes", once=False))
    _refuse_unknown(dsp, named, "node")
    return _span(dsp, named)


def _refuse_unknown(dsp: Dispatcher, names: Iterable[NodeId], what: str) -> None:
    for name in names:
        if name not in dsp.nodes and name not in (START, SINK):
            raise UnknownNodeError.among(name, dsp.nodes, what)


def _span(
    dsp: Dispatcher, named: Container[NodeId], has_arc: Callable[[NodeId, NodeId], bool] = lambda _, __: True
) -> Dispatcher:
    """The part of a model that `named` spans; of the arcs that give data it has those of which `has_arc` says so."""
    part = dsp.copy_structure()
    for node in dsp.nodes.values():
        if node.id not in named:
            continue
        if isinstance(node, DataNode):
            part.put_node(replace(node, attributes=dict(node.attributes)))
        elif isinstance(node, FunctionNode):
            outputs = [x for x in node.outputs if x in named and has_arc(node.id, x)]
            if all(x in named for x in node.inputs) and (outputs or not node.outputs):
                part.put_node(with_outputs(node, outputs))
        else:
            entering = tuple([link for link in node.inputs if link[0] in named])
            leaving = tuple([link for link in node.outputs if link[1] in named and has_arc(node.id, link[1])])
            is_blind = node.input_domain is not None and node.inputs and not entering
            if not is_blind and (entering or leaving or not (node.inputs or node.outputs)):
                part.put_node(with_links(node, node.dsp.copy(), entering, leaving))
    return part


def get_sub_dsp_from_workflow(
    dsp: Dispatcher,
    sources: Iterable[NodeId],
    graph: nx.DiGraph[Any] | None = None,
    *,
    reverse: bool = False,
    add_missing: bool = False,
    check_inputs: bool = True,
    blockers: Iterable[NodeId] | None = None,
    wildcard: bool = False,  # noqa: ARG001 - see Notes
) -> Dispatcher:
    """The part of the model that a walk along the arcs of a workflow reaches.

    Parameters
    ----------
    dsp : Dispatcher
    sources : iterable of Hashable
        Where the walk starts: ids of nodes, or START.
    graph : networkx.DiGraph, optional
        Where it walks, such as the workflow of a solution that was kept, or ``dsp.graph``; by default the workflow of
        the latest dispatch.
    reverse : bool, optional
        Walk against the arcs: from outputs to what they rest on.
    add_missing : bool, optional
        Enter a function at the first of its inputs that is reached, and take in the others as data.
    check_inputs : bool, optional
        Enter a function only when all of its inputs are reached; False is the same as `add_missing`, for a function is
        never kept without one of its inputs.  A walk in reverse enters every function that it meets, and those whose
        inputs it does not reach (because of a blocker, say) are then left out.
    blockers : iterable of Hashable, optional
        Nodes that the walk reaches, but does not go beyond.  Sources do not block.
    wildcard : bool, optional
        Accepted for the sake of models that give it.

    Returns
    -------
    Dispatcher
        The data and functions that were reached, with those arcs from function to data that `graph` has; the
        sub-dispatchers that were reached, each with a copy of its whole child and the links to the data reached.

    Raises
    ------
    BuildError
        There was no dispatch yet, and no graph is given.
    UnknownNodeError
        A source or blocker is not in the model.

    Notes
    -----
    O(V + E).  `wildcard` changes nothing: what gives a source its value again is kept if the walk meets it, and a
    dispatch of the part, with `wildcard` or without, uses it or not.
    """
    if graph is None:
        if dsp.solution is None:
            raise BuildError("there is no workflow yet; dispatch the model first, or give graph=...")
        graph = dsp.solution.workflow
    origins = check_ids(sources, "sources", once=False)
    ends = frozenset(check_ids(blockers or (), "blockers", once=False))
    _refuse_unknown(dsp, [*origins, *ends], "node")
    eager = reverse or add_missing or not check_inputs
    reached = _walk(dsp, graph, origins, ends, reverse=reverse, eager=eager)
    if add_missing or not check_inputs:
        for node in [dsp.nodes[name] for name in reached if name in dsp.nodes]:
            if isinstance(node, FunctionNode):
                reached.update(dict.fromkeys(node.inputs))
            elif isinstance(node, SubDispatcherNode):
                reached.update(dict.fromkeys([parent for parent, _ in node.inputs]))
    return _span(dsp, reached, graph.has_edge)


def _walk(
    dsp: Dispatcher,
    graph: nx.DiGraph[Any],
    origins: Iterable[NodeId],
    blockers: Container[NodeId],
    *,
    reverse: bool,
    eager: bool,
) -> dict[NodeId, None]:
    """Nodes that a walk reaches; where it is not `eager` it enters a function when all its inputs are reached."""
    ahead = graph.pred if reverse else graph.succ
    reached = dict.fromkeys(origins)
    queue = list(reached)
    waiting: dict[NodeId, list[NodeId]] = {}  # datum not reached yet -> functions that were met before it
    for name in queue:  # the list grows while it is read
        is_end = name not in graph or (name in blockers and name not in origins)
        met = () if is_end else ahead[name]
        for node_id in [*met, *waiting.pop(name, ())]:
            node = dsp.nodes.get(node_id)
            if node is None or node_id in reached:
                continue
            if isinstance(node, FunctionNode) and not eager:
                lacking = next((x for x in node.inputs if x not in reached), None)
                if lacking is not None:
                    waiting.setdefault(lacking, []).append(node_id)
                    continue
            reached[node_id] = None
            queue.append(node_id)
    return reached

"""A model whose distances are seconds: weights from the times of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import BuildError
from ..tokens import START
from .building import check_weight
from .copying import rebuild
from .network import Kind
from .nodes import DataNode, FunctionNode, Node, NodeId, SubDispatcherNode
from .solution import Solution

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

__all__ = ["reweight"]


def reweight(dsp: Dispatcher, solutions: Iterable[Solution], *, prior: float | None = None) -> Dispatcher:
    """A copy of a model in which functions weigh the seconds that their calls took, and arcs nothing.

    So the cheapest way is the fastest: by the objective ``"span"`` that which ends first where there are workers
    enough, by ``"tree"`` that of the least work where nothing is shared.

    Parameters
    ----------
    dsp : Dispatcher
        It is not changed.
    solutions : iterable of Solution
        Of runs with times: ``timeline=True`` of a dispatch, or an executor.
    prior : float, optional
        Weight of the functions of which no call was timed [s]; by default the mean of the others.

    Returns
    -------
    Dispatcher
        What is mounted in it is weighed likewise.

    Raises
    ------
    BuildError
        There are no times, something else than solutions is given, or the prior is no weight.

    Notes
    -----
    A weight is the mean over all calls that ended well, each from the start of its first try to the end of its last; a
    child that is mounted several times is one model, and its functions have one mean.  Functions are found by their
    paths; those that the model does not have are left out.

    Priorities and the initial distances of defaults stay as they are: a default at distance 10 is one that is taken if
    nothing is had in 10 s.

    O(V + E), and O(A) in the number of timed attempts.

    Examples
    --------
    >>> from time import sleep
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("slow", lambda a: sleep(0.05), ["a"], ["b"])
    'slow'
    >>> dsp.add_function("quick", lambda a: sleep(0.001), ["a"], ["b"], weight=1)
    'quick'
    >>> runs = [dsp({"a": 1}, timeline=True), dsp.get_sub_dsp(["a", "quick", "b"])({"a": 1}, timeline=True)]
    >>> dsp.solve({"a"}).calls, dsp.reweight(runs).solve({"a"}).calls
    (['slow'], ['quick'])
    """
    measured = _measure(dsp, solutions)
    if prior is None:
        prior = sum(measured.values()) / len(measured)
    rest = check_weight(prior, "prior")
    return rebuild(dsp, lambda node: _weigh(node, measured.get(id(node), rest)))


def _measure(dsp: Dispatcher, solutions: Iterable[Solution]) -> dict[int, float]:
    """Mean duration [s] by the identity of the record of a function."""
    taken: dict[int, list[float]] = {}
    models: dict[tuple[NodeId, ...], Dispatcher | None] = {(): dsp}
    for solution in solutions:
        if not isinstance(solution, Solution):
            raise BuildError(f"reweight() got {solution!r}; give solutions")
        for path, seconds in _durations(solution):
            model = _model_at(models, path[:-1])
            node = None if model is None else model.nodes.get(path[-1])
            if isinstance(node, FunctionNode):
                taken.setdefault(id(node), []).append(seconds)
    if not taken:
        raise BuildError("none of the solutions has times of functions of this model; dispatch it with timeline=True")
    return {key: sum(times) / len(times) for key, times in taken.items()}


def _durations(solution: Solution) -> list[tuple[tuple[NodeId, ...], float]]:
    """Path and duration [s] of each call of a whole run that ended well."""
    record = solution.record
    network, first = record.network, dict[int, float]()
    found = []
    for f, _, start, end, _, error in record.rows:
        begin = first.setdefault(f, start)
        if error is None and network.kind[f] == Kind.FUNCTION:
            found.append((network.function_path(f), end - begin))
    return found


def _model_at(models: dict[tuple[NodeId, ...], Dispatcher | None], path: tuple[NodeId, ...]) -> Dispatcher | None:
    """The model that is mounted there, if there is one."""
    depth = len(path)
    while path[:depth] not in models:
        depth -= 1
    for end in range(depth + 1, len(path) + 1):
        above = models[path[: end - 1]]
        node = None if above is None else above.nodes.get(path[end - 1])
        models[path[:end]] = node.dsp if isinstance(node, SubDispatcherNode) else None
    return models[path]


def _weigh(node: Node, seconds: float) -> Node:
    """A node that weighs what it took, and whose arcs weigh nothing."""
    if isinstance(node, DataNode):
        return node
    if isinstance(node, SubDispatcherNode):
        return replace(node, weight=0.0, inp_weight=None, out_weight=None)
    entering = dict.fromkeys(node.inputs or (START,), 0.0)
    return replace(node, weight=seconds, inp_weight=entering, out_weight=dict.fromkeys(node.outputs, 0.0))

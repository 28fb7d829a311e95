"""The model, and the way through it: joins building, searching and running.

Whatever is derived from the nodes (the flat network, the graph) is made when asked for and forgotten when the model
changes.  A run never changes the model, so any number of threads may dispatch one model at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

from ..errors import BuildError
from ..tokens import NONE
from . import building
from .cache import Plans, plan_for
from .calling import PLAIN, Options, Raises, check_raises, prepare
from .copying import signed
from .flatten import flatten
from .helpers import selector
from .model import Model
from .network import Network
from .nodes import NodeId
from .plan import Plan
from .recorded import Keeper, asked_of
from .seeing import Service, Serving, Visible, WebOptions
from .solution import Solution

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    import networkx as nx

    from ..executors import Executor
    from ..executors.events import Subscriber
    from ..executors.gate import Gate
    from .checks import Finding
    from .compiled import Compiled

__all__ = ["Dispatcher"]

_OPTIONS = frozenset(
    (
        "executor",
        "gate",
        "inputs_dist",
        "journal",
        "keep",
        "objective",
        "on_event",
        "progress",
        "raises",
        "run",
        "select_output_kw",
        "stopper",
        "strict",
        "timeline",
        "timeout",
        "wildcard",
    )
)  # of a dispatch, besides its inputs and outputs


class Dispatcher(Model, Visible):
    """A weighted graph of data, functions and sub-models, and the way through it.

    Parameters
    ----------
    name : str, optional
        Name of the model.
    default_values : mapping, optional
        Default values by data id.
    raises : {"unreachable", True, False} or callable, optional
        What ends a run by an error: a wanted output that cannot be had; the first failure (a domain that says no is
        an answer, not a failure, here); nothing; or what the callable says when it is given each error.
    description : str, optional
    executor : str or Executor, optional
        Makes the calls of the functions that name none, unless a dispatch says otherwise.

    Attributes
    ----------
    nodes : dict of Hashable to Node
        Records of all nodes in the order in which they were added.
    version : int
        Grows with every change.
    solution : Solution or None
        What the latest dispatch left.

    Examples
    --------
    >>> dsp = Dispatcher(name="circle")
    >>> @dsp.function(outputs=["area"])
    ... def square(radius):
    ...     return 3 * radius**2
    >>> dsp({"radius": 2})["area"]
    12
    """

    def __init__(
        self,
        name: str = "",
        default_values: Mapping[NodeId, Any] | None = None,
        raises: Raises = "unreachable",
        description: str = "",
        executor: str | Executor | None = None,
    ) -> None:
        super().__init__(name, default_values, description, executor)
        check_raises(raises)
        self.raises = raises
        self.solution: Solution | None = None
        self._networks: dict[frozenset[NodeId], tuple[Any, Network]] = {}
        self.plans = Plans()

    def copy_structure(self) -> Self:
        """An empty model with the same name, description, `raises` and executor."""
        return type(self)(name=self.name, raises=self.raises, description=self.description, executor=self.executor)

    @property
    def graph(self) -> nx.DiGraph[Any]:
        """The model as a new graph: nodes with their record as ``node``, arcs with their ``weight``."""
        from .submodel import graph

        return graph(self)

    def get_sub_dsp(self, nodes: Iterable[NodeId]) -> Dispatcher:
        """Cut out the part of the model that `nodes` span.

        See `thalweg.dispatcher.submodel.get_sub_dsp`.
        """
        from .submodel import get_sub_dsp

        return get_sub_dsp(self, nodes)

    def get_sub_dsp_from_workflow(
        self,
        sources: Iterable[NodeId],
        graph: nx.DiGraph[Any] | None = None,
        reverse: bool = False,
        add_missing: bool = False,
        check_inputs: bool = True,
        blockers: Iterable[NodeId] | None = None,
        wildcard: bool = False,
    ) -> Dispatcher:
        """Cut out what the latest dispatch, or `graph`, reaches from `sources`.

        See `thalweg.dispatcher.submodel.get_sub_dsp_from_workflow`.
        """
        from .submodel import get_sub_dsp_from_workflow

        return get_sub_dsp_from_workflow(
            self,
            sources,
            graph,
            reverse=reverse,
            add_missing=add_missing,
            check_inputs=check_inputs,
            blockers=blockers,
            wildcard=wildcard,
        )

    def shrink_dsp(
        self,
        inputs: Iterable[NodeId] | None = None,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        wildcard: bool = True,
    ) -> Dispatcher:
        """Cut out everything that can take part in any derivation of the outputs from the inputs.

        See `thalweg.dispatcher.submodel.shrink_dsp`.
        """
        from .submodel import shrink_dsp

        return shrink_dsp(self, inputs, outputs, inputs_dist=inputs_dist, wildcard=wildcard)

    def check(self) -> list[Finding]:
        """What is wrong or suspicious in the model, before it runs.

        See `thalweg.dispatcher.checks.check`.
        """
        from .checks import check

        return check(self)

    def missing(
        self,
        outputs: Iterable[NodeId],
        inputs: Iterable[NodeId] = (),
        k: int = 5,
        *,
        among: Iterable[NodeId] | None = None,
    ) -> list[tuple[NodeId, ...]]:
        """Cheapest sets of further inputs that would make the outputs computable.

        See `thalweg.dispatcher.missing.missing`.
        """
        from .missing import missing

        return missing(self, outputs, inputs, k, among=among)

    def reweight(self, solutions: Iterable[Solution], *, prior: float | None = None) -> Dispatcher:
        """Copy the model with the seconds that calls took as its weights, so that the cheapest way is the fastest.

        See `thalweg.dispatcher.reweight.reweight`.
        """
        from .reweight import reweight

        return reweight(self, solutions, prior=prior)

    @overload
    def web(self, *, run: Literal[True], **options: Unpack[WebOptions]) -> Serving: ...

    @overload
    def web(self, *, run: Literal[False] = False, **options: Unpack[WebOptions]) -> Service: ...

    def web(self, *, run: bool = False, **options: Unpack[WebOptions]) -> Service | Serving:
        """The model as a web service: an ASGI application, which can also serve itself.

        See `thalweg.web.web`.
        """
        from ..web import web

        return web(self, run=run, **options)

    def solve(
        self,
        inputs: Mapping[NodeId, Any] | Iterable[NodeId] | None = None,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        wildcard: bool = False,
        *,
        objective: str = "span",
        strict: bool = True,
    ) -> Plan:
        """Find the cheapest way and call nothing.

        Parameters
        ----------
        inputs : mapping or iterable of Hashable, optional
            Ids of what would be given.
        outputs, inputs_dist, wildcard, objective, strict
            As for `dispatch`.

        Returns
        -------
        Plan
            Calls in order, distances, and the chosen provider of each datum.

        Raises
        ------
        UnknownNodeError
            An id is not in the model.

        Notes
        -----
        O(E + V log V) in the worst case, O(E) where distances repeat.
        """
        return plan_for(self, inputs, outputs, inputs_dist, wildcard, objective, strict=strict)

    def dispatch(
        self,
        inputs: Mapping[NodeId, Any] | None = None,
        outputs: Iterable[NodeId] | None = None,
        inputs_dist: Mapping[NodeId, float] | None = None,
        wildcard: bool = False,
        *,
        objective: str = "span",
        raises: Raises | None = None,
        strict: bool = True,
        stopper: Any = None,
        executor: str | Executor | None = None,
        keep: str = "all",
        gate: Gate | None = None,
        timeout: float | None = None,
        on_event: Subscriber | None = None,
        timeline: bool = False,
        progress: bool = False,
        journal: str | Path | Keeper | None = None,
        run: str | None = None,
        select_output_kw: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute what is wanted from what is given, by the cheapest way that works.

        Parameters
        ----------
        inputs : mapping, optional
            Values by data id.
        outputs : iterable of Hashable, optional
            Wanted data, functions without outputs, or `SINK` for all of these; by default everything computable.
        inputs_dist : mapping, optional
            Initial distances of inputs, 0 by default.
        wildcard : bool, optional
            Recompute data that are both given and wanted.
        objective : {"span", "tree"}, optional
            Make the longest chain short, or the total of the derivation tree small.
        raises : optional
            As for `Dispatcher`; by default as the model says.
        strict : bool, optional
            Refuse inputs that the model does not know; False lets them pass through to the solution.
        stopper : event, optional
            Has ``is_set()``; when set, the run ends before the next call with what is known.
        executor : str or Executor, optional
            Makes the calls: ``"sync"`` (one after the other, here), ``"async"``, ``"threads"``, ``"processes"``,
            ``"parallel"`` (each in a process of its own), the name of another that is installed, or an executor made
            by `open_executor`.  By default as the model says; else in line, on an event loop if it has coroutine
            functions.
        keep : {"all", "outputs"}, optional
            Keep all values, or let intermediate ones go as soon as nothing can need them.
        gate : Gate, optional
            Admits the calls; shared by several dispatches, those of all together.
        timeout : float, optional
            How long the run may take [s]; then what is in flight is cancelled.
        on_event : callable, optional
            Told of each `Event` of the run, in the thread that drives it; what it raises is logged, and no more.
        timeline : bool, optional
            Note when and where each call is made, for `Solution.timeline`, also where calls are made in line; with an
            executor, a gate, a timeout or `on_event` that is done anyway.
        progress : bool, optional
            Show on standard error how far the run is: a bar where that is a terminal and `rich` is installed (the extra
            ``thalweg[progress]``), else a line now and then.
        journal : str, Path or Journal, optional
            Record each value in ``"sqlite:///runs.db"`` or another place that `thalweg.journal.open_journal` knows, and
            take over what is recorded of a run of this name: only what is left is computed.
        run : str, optional
            Name of the run in the journal; by default a new one.
        select_output_kw : mapping, optional
            Keywords of `selector`, which then picks the result from the solution.

        Returns
        -------
        Solution
            Values by data id, and how each came about.

        Raises
        ------
        UnknownNodeError
            An id is not in the model.
        UnreachableError
            A wanted output cannot be had; nothing is called if that is plain beforehand.
        DispatchError
            The first failure, if `raises` says so.
        RunTimeout
            The run took longer than `timeout`.
        BuildError
            An option is wrong; or coroutine functions are to be awaited, and this thread runs an event loop already.
        JournalError
            The run cannot be recorded, is driven by somebody else, or was asked something else before.

        Notes
        -----
        Thread-safe and re-entrant.  O(E + V log V) besides the calls themselves.
        """
        if inputs is not None and not isinstance(inputs, Mapping):
            raise BuildError(f"inputs is a {type(inputs).__name__}; give a mapping of data ids to values")
        if journal is not None and outputs is not None:
            outputs = list(outputs)  # it is read twice
        # Where everything is wanted the calls are found as the run goes: nothing is searched twice if some fail.
        plan = plan_for(
            self,
            inputs,
            outputs,
            inputs_dist,
            wildcard,
            objective,
            strict=strict,
            ahead=outputs is not None or progress,
        )
        named = (raises, stopper, executor, gate, timeout, on_event, journal, run)
        if named == _NOBODY and keep == "all" and not (timeline or progress or wildcard):
            options = PLAIN
        else:
            options = Options(
                raises=raises,
                stopper=stopper,
                executor=executor,
                keep=keep,
                gate=gate,
                timeout=timeout,
                on_event=on_event,
                timeline=timeline,
                progress=progress,
                wildcard=wildcard,
                journal=journal,
                run=run,
                asked=None if journal is None else asked_of(inputs, outputs, inputs_dist, wildcard, objective, strict),
            )
        solution = prepare(self, plan, inputs or {}, options).wait()
        return solution if select_output_kw is None else selector(dictionary=solution, **select_output_kw)

    __call__ = dispatch

    def compile(
        self,
        inputs: Iterable[NodeId],
        outputs: Iterable[NodeId],
        *,
        fallback: bool = True,
        name: str | None = None,
        constants: Mapping[NodeId, Any] | None = None,
        vectorize: bool = False,
        missing: Any = NONE,
    ) -> Compiled:
        """Make a plain function of the model as it is now, as quick as the calls written by hand.

        See `thalweg.dispatcher.compiled.compile_model`.
        """
        from .compiled import compile_model

        options: dict[str, Any] = {"fallback": fallback, "name": name, "constants": constants}
        return compile_model(self, inputs, outputs, **options, vectorize=vectorize, missing=missing)

    def run(self, plan: Plan, inputs: Mapping[NodeId, Any], **options: Any) -> Solution:
        """Run a plan: what `dispatch` does after `solve`.

        Parameters
        ----------
        plan : Plan
            Made by `solve` of this model for the ids of `inputs`.
        inputs : mapping
            Values by data id; those that the plan's model does not know pass through.
        **options
            ``raises``, ``stopper``, ``executor``, ``keep``, ``gate``, ``timeout``, ``on_event``, ``timeline``,
            ``progress``, as for `dispatch`.

        Raises
        ------
        BuildError
            The plan was made for other inputs.
        UnreachableError, DispatchError, RunTimeout
            As for `dispatch`.
        """
        return prepare(self, plan, inputs, Options(**options)).wait()

    def resume(self, run: str, journal: str | Path | Keeper, **options: Any) -> Any:
        """Go on with a recorded run, or give its solution if it is done; only what is left is computed.

        See `thalweg.journal.models.resume`.
        """
        from ..journal.models import resume

        return resume(self, run, journal, options)

    async def adispatch(
        self, inputs: Mapping[NodeId, Any] | None = None, outputs: Iterable[NodeId] | None = None, **options: Any
    ) -> Any:
        """As `dispatch`, awaited on the running event loop, which it never blocks.

        Parameters
        ----------
        inputs, outputs, **options
            As for `dispatch`.  Without an executor, coroutine functions are awaited in tasks of their own, plain ones
            are called in threads.

        Notes
        -----
        Cancelling the task cancels every call in flight, and waits for them; a thread that goes on is left to itself
        after a grace period of 1 s.
        """
        plan, options, select = self._prepare(inputs, outputs, options)
        solution = await prepare(self, plan, inputs or {}, Options(**options)).await_()
        return solution if select is None else selector(dictionary=solution, **select)

    def submit(
        self, inputs: Mapping[NodeId, Any] | None = None, outputs: Iterable[NodeId] | None = None, **options: Any
    ) -> Future[Any]:
        """As `dispatch`, in the background.

        Parameters
        ----------
        inputs, outputs, **options
            As for `dispatch`.

        Returns
        -------
        concurrent.futures.Future
            Of what `dispatch` gives.  Its ``cancel()`` cancels every call in flight, also when the run has begun.
        """
        from .many import submit

        return submit(self, inputs, outputs, options)

    def map(
        self,
        rows: Iterable[Mapping[NodeId, Any]],
        outputs: Iterable[NodeId] | None = None,
        *,
        gate: Gate | None = None,
        ordered: bool = True,
        return_exceptions: bool = False,
        progress: bool = False,
        **options: Any,
    ) -> Iterator[Any]:
        """Dispatch many rows, some at a time.

        Parameters
        ----------
        rows : iterable of mapping
            Inputs of one dispatch each; read as there is room for more.
        outputs, **options
            As for `dispatch`; ``run="name"`` records a run for each row, ``"name/0"`` and so on.
        gate : Gate, optional
            Admits the dispatches; shared with other calls of `map`, it admits those of all together.
        ordered : bool, optional
            Give the results in the order of the rows; else each as soon as it is there.
        return_exceptions : bool, optional
            Give the error of a dispatch in the place of its result, and go on; else it is raised and ends the rest.
        progress : bool, optional
            Show on standard error how many rows are through, as `dispatch` does for calls.

        Yields
        ------
        Solution
            What `dispatch` gives for a row.

        Notes
        -----
        Without an executor and a gate the rows are dispatched one after the other, in line, as they are asked for.
        """
        from .many import map_rows

        manner: dict[str, Any] = {
            "gate": gate,
            "ordered": ordered,
            "return_exceptions": return_exceptions,
            "progress": progress,
        }
        return map_rows(self, rows, outputs, options, **manner)

    def _prepare(
        self, inputs: Mapping[NodeId, Any] | None, outputs: Iterable[NodeId] | None, options: Mapping[str, Any]
    ) -> tuple[Plan, dict[str, Any], Mapping[str, Any] | None]:
        """The plan for what is asked, the options of its run, and those of `selector` for what it leaves."""
        if inputs is not None and not isinstance(inputs, Mapping):
            raise BuildError(f"inputs is a {type(inputs).__name__}; give a mapping of data ids to values")
        rest = dict(options)
        building.refuse_unknown({name: rest[name] for name in rest if name not in _OPTIONS}, self.dispatch)
        if rest.get("journal") is not None:
            outputs = None if outputs is None else list(outputs)
            how = {name: rest.get(name, default) for name, default in _HOW.items()}
            rest["asked"] = asked_of(inputs, outputs, **how)
        # Where everything is wanted the calls are found as the run goes: nothing is searched twice if some fail.
        plan = plan_for(
            self,
            inputs,
            outputs,
            rest.pop("inputs_dist", None),
            rest.get("wildcard", False),
            rest.pop("objective", "span"),
            strict=rest.pop("strict", True),
            ahead=outputs is not None or bool(rest.get("progress")),
        )
        return plan, rest, rest.pop("select_output_kw", None)

    __signed__ = signed

    def signature(self) -> Any:
        """Versions of the model and of all that is mounted in it."""
        if not self.mounted:
            return self.version
        versions, stack = [self.version], self.mounted.copy()
        while stack:
            dsp = stack.pop()
            versions.append(dsp.version)
            stack += dsp.mounted
        return tuple(versions)

    def make_network(self, split: frozenset[NodeId] = frozenset()) -> Network:
        """The model made flat, from the cache where nothing has changed.

        Parameters
        ----------
        split : frozenset of Hashable, optional
            Data to be recomputed though they are given.
        """
        signature = self.signature()
        cached = self._networks.get(split)
        if cached is not None and cached[0] == signature:
            return cached[1]
        network = flatten(self, split)
        if len(self._networks) >= _NETWORKS:
            self._networks = {}
        self._networks[split] = (signature, network)
        return network

    def own_state(self) -> dict[str, Any]:
        """What of the model is worth keeping in a file, besides its nodes."""
        return super().own_state() | {"_networks": {}, "solution": None}

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        functions, subs = len(self.function_nodes), len(self.sub_dsp_nodes)
        inner = f", {subs} sub-dispatchers" if subs else ""
        return f"<Dispatcher{name}: {len(self.data_nodes)} data, {functions} functions{inner}>"


_HOW: dict[str, Any] = {"inputs_dist": None, "wildcard": False, "objective": "span", "strict": True}
_NOBODY = (None,) * 8
_NETWORKS = 8  # flat networks kept per model, one for each set of wildcards

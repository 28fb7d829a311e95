"""The questions to a model, as tools: what is asked is checked, answered, and told in JSON.

Nothing here knows of the protocol.  What can be named, how values are read and written, and what is said of a failure
is decided by the same files as for a model on the web.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json

from ..dispatcher import Dispatcher, Plan
from ..dispatcher.nodes import DataNode
from ..errors import RunTimeout, near_misses
from ..tokens import EMPTY, START
from ..web.answers import Answers
from ..web.exposure import expose_model
from ..web.problems import Problem
from ..web.questions import ModelForm
from ..web.running import Runner
from ..web.schema import as_json, kinds_of
from ..web.values import dump, tame
from .schemas import Tool, tools_of

__all__ = ["Toolbox"]

_SETS = 5  # of missing data, where nobody says how many
_DIGITS = 4300  # of a whole number that Python reads by itself
_SAID_ELSEWHERE = ("title", "description", "default", "x-unit")
_OR_NOT_FINITE = TypeAdapter(as_json(float)).json_schema()  # long, and all that most data are
_ANY_NUMBER = {"type": "number"}
_COMPUTED = frozenset(("return", "errors"))


class Toolbox:
    """The questions to a model, as tools.

    Parameters
    ----------
    dsp : Dispatcher
        It is asked as it is now; later changes are not seen.
    expose : iterable of Hashable, optional
        Nodes that may be named, as for `thalweg.web.Application`; by default all.
    run_seconds : float or None, optional
        How long a computation may take [s].
    at_work : int, optional
        Computations made at once; others wait.
    debug : bool, optional
        Tell tracebacks.

    Attributes
    ----------
    tools : dict of str to Tool
    description : str
        Of the model.

    Raises
    ------
    UnknownNodeError
        A node to be exposed is not in the model.
    BuildError
        Two nodes have the same name as text.

    Examples
    --------
    >>> import asyncio, thalweg
    >>> dsp = thalweg.Dispatcher(name="circle")
    >>> _ = dsp.add_function("square", lambda radius: 3 * radius**2, ["radius"], ["area"])
    >>> box = Toolbox(dsp)
    >>> asyncio.run(box.call("compute", {"inputs": {"radius": 2}, "outputs": ["area"]}))
    {'values': {'area': 12}, 'failures': []}
    >>> asyncio.run(box.call("missing", {"outputs": ["area"]}))
    {'missing': [['radius']]}
    >>> box.close()
    """

    def __init__(
        self,
        dsp: Dispatcher,
        *,
        expose: Iterable[Hashable] | None = None,
        run_seconds: float | None = 60.0,
        at_work: int = 8,
        debug: bool = False,
    ) -> None:
        self.model = expose_model(dsp, expose, None).root
        self.description = dsp.description
        self.debug = debug
        self.run_seconds = run_seconds
        self.form = ModelForm(self.model, kinds_of(self.model.dsp)[id(self.model.dsp)])
        self.answers = Answers(debug=debug, run_seconds=run_seconds)
        self.runner = Runner(at_work, is_quick=False)
        self.room = asyncio.Semaphore(at_work)
        self.tools: dict[str, Tool] = tools_of(self.form)
        self._texts = {name: text for text, name in self.form.wanted.items()}

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.model.path

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question.

        Parameters
        ----------
        name : str
            Of a tool.
        arguments : mapping
            What it is asked, as read from JSON.

        Returns
        -------
        dict
            The answer, of what JSON has.

        Raises
        ------
        Problem
            The arguments do not fit, or there is no answer.
        """
        handlers: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "describe": self._describe,
            "reachable": self._reachable,
            "missing": self._missing,
        }
        if name in handlers:
            self._refuse_unknown(name, arguments)
            told = await asyncio.to_thread(handlers[name], arguments)
        else:
            told = await self._compute(arguments, explaining=name == "explain")
        answer: dict[str, Any] = json.loads(dump(told), parse_int=_whole)
        return answer

    def close(self) -> None:
        """Let the threads go."""
        self.runner.close()

    async def _compute(self, arguments: Mapping[str, Any], *, explaining: bool) -> dict[str, Any]:
        question = self.form.read(_body(arguments))
        seconds = min((each for each in (question.seconds, self.run_seconds) if each is not None), default=None)
        members = _COMPUTED | {"explain"} if explaining else _COMPUTED
        try:
            async with self.room:
                solution = await self.runner.run(
                    self.model.dsp,
                    question.inputs,
                    question.outputs,
                    lambda: None,
                    seconds=seconds,
                    **question.options,
                )
            if explaining:  # all that the outputs rest on, too
                question.outputs = None
            answer = self.answers.of_model(self.model, question, solution, members)
        except RunTimeout:
            raise Problem(
                422, "time", f"it took longer than {seconds:g} s; ask for less, or give it more time"
            ) from None
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # a function may also raise SystemExit: it ends no server
            raise self.answers.problem(self.model, question, error) from None
        told = {"values": answer["return"], "failures": answer.get("errors", [])}
        return told | ({"explanations": answer["explain"]} if explaining else {})

    def _describe(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        names = self._names(arguments, "names", self.model.data) if "names" in arguments else list(self.model.data)
        schema = TypeAdapter(self.form.inputs).json_schema()
        nodes = self.model.dsp.data_nodes
        data = {name: self._datum(nodes[self.model.data[name]], schema["properties"][name]) for name in names}
        functions = {} if "names" in arguments else dict(self._functions())
        told = {"model": self.name, "description": self.description, "data": data, "functions": functions}
        return told | {name: schema[name] for name in ("$defs",) if name in schema}  # what the kinds refer to

    def _datum(self, node: DataNode, schema: Mapping[str, Any]) -> dict[str, Any]:
        kind = {key: value for key, value in schema.items() if key not in _SAID_ELSEWHERE}
        told: dict[str, Any] = {"kind": _ANY_NUMBER if kind == _OR_NOT_FINITE else kind} if kind else {}
        if node.attributes.get("unit"):
            told["unit"] = str(node.attributes["unit"])
        if node.description:
            told["description"] = node.description
        if node.default_value is not EMPTY:
            told["default"] = tame(node.default_value)
        return told

    def _functions(self) -> Iterable[tuple[str, dict[str, Any]]]:
        data = {name: text for text, name in self.model.data.items()}
        for node in self.model.dsp.function_nodes.values():
            if self.model.shown.has((str(node.id),)):
                told: dict[str, Any] = {
                    "takes": [data[name] for name in node.inputs if name in data],
                    "gives": [data[name] for name in node.outputs if name in data],
                }
                if node.description:
                    told["description"] = node.description
                yield str(node.id), told

    def _reachable(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        data = self.model.data
        given = self._names(arguments, "inputs", data)
        objective = arguments.get("objective", "span")
        if objective not in ("span", "tree"):
            raise _unfit("objective", f"{str(objective)[:50]!r} is none; it may be 'span' or 'tree'")
        plan = self.model.dsp.solve([data[text] for text in given], objective=objective)
        distances, providers = plan.distances, plan.providers
        computable = {
            text: {"distance": distances[name], "provider": self._provider(providers[name])}
            for name, text in sorted(self._texts.items(), key=lambda item: distances.get(item[0], 0.0))
            if name in distances and text not in given
        }
        out = [text for text, name in data.items() if name not in distances]
        return {"computable": computable, "calls": list(self._calls(plan)), "out_of_reach": out}

    def _calls(self, plan: Plan) -> Iterable[str]:
        for f in plan.functions:
            path = tuple(map(str, plan.network.function_path(f)))
            if self.model.shown.has(path):
                yield "/".join(path)

    def _provider(self, provider: Any) -> Any:
        """Name of what would give a datum; null for a default, and for what is not exposed."""
        if isinstance(provider, tuple) and provider not in self.model.dsp.nodes:
            return [self._provider(each) for each in provider]
        is_shown = provider is not START and self.model.shown.has((str(provider),))
        return str(provider) if is_shown else None

    def _missing(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        data, wanted = self.model.data, self.form.wanted
        outputs = self._names(arguments, "outputs", wanted)
        if not outputs:
            raise _unfit("outputs", "nothing is wanted; name at least one datum")
        k = arguments.get("k", _SETS)
        if type(k) is not int or not 1 <= k <= 100:
            raise _unfit("k", "it is no whole number from 1 to 100")
        known = [data[text] for text in self._names(arguments, "inputs", data)]
        among = [name for name in data.values() if name not in {wanted[text] for text in outputs}]
        sets = self.model.dsp.missing([wanted[text] for text in outputs], known, k, among=among)
        return {"missing": [[self._texts[name] for name in names] for names in sets]}

    def _names(self, arguments: Mapping[str, Any], member: str, known: Mapping[str, Any]) -> list[str]:
        names = arguments.get(member) or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _unfit(member, "it is no list of names")
        for name in names:
            if name not in known:
                raise _unfit(member, _unknown(name, known))
        return list(dict.fromkeys(names))

    def _refuse_unknown(self, tool: str, arguments: Mapping[str, Any]) -> None:
        known = self.tools[tool].takes["properties"]
        for name in arguments:
            if name not in known:
                raise _unfit(name, _unknown(name, known))


def _body(arguments: Mapping[str, Any]) -> bytes:
    """Arguments as the body of a request."""
    try:
        return to_json(dict(arguments))
    except PydanticSerializationError as error:  # half of a character, which a message can have all the same
        raise Problem(400, "json", f"this is no JSON: {error}") from None


def _whole(digits: str) -> int | str:
    """A whole number; one that is longer than most clients read is a text, or they would get no answer at all."""
    return int(digits) if len(digits) <= _DIGITS else digits


def _unknown(name: str, known: Iterable[str]) -> str:
    close = near_misses(name[:200], known)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"unknown name {name[:200]!r}{hint}"


def _unfit(member: str, detail: str) -> Problem:
    return Problem(422, "unfit", f"/{member}: {detail}")

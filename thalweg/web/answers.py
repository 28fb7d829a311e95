"""What a request gets: the members of an answer, and what becomes of the errors of a run.

A run that gave what was wanted is a success, with what failed on the way among its ``errors``.  One that did not is a
problem: 422 if other values, or more of them, might have helped, 500 if the failure was not the model's, 504 if its
time was over.  Nodes that are not exposed are never named.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from ..dispatcher import Solution
from ..dispatcher.explain import Alternative
from ..dispatcher.failures import Failure
from ..dispatcher.nodes import NodeId
from ..errors import DispatchError, RunTimeout, UnknownNodeError, UnreachableError
from ..text import any_of
from ..tokens import START
from .exposure import ServedFunction, ServedModel
from .problems import Problem, bug, is_of_the_server
from .questions import Question
from .values import dump, tame, text_of

__all__ = ["MEMBERS", "Answers", "answered", "chosen", "members_of", "parameters", "provider_text"]

MEMBERS = ("input", "return", "errors", "explain")
_BY_DEFAULT = frozenset(("return", "errors"))
_LOG = logging.getLogger("thalweg.web")


def members_of(query: bytes) -> frozenset[str]:
    """Which members of an answer are wanted: ``?data=input,return``.

    Raises
    ------
    Problem
        The parameter names something else.

    Examples
    --------
    >>> sorted(members_of(b"data=input,return")), sorted(members_of(b""))
    (['input', 'return'], ['errors', 'return'])
    """
    if not query:
        return _BY_DEFAULT
    said = [value for name, value in parameters(query) if name == "data"]
    said = ["errors" if name == "error" else name for name in ",".join(said).split(",")] if said else []
    return chosen("data", said, MEMBERS) or _BY_DEFAULT


def parameters(query: bytes) -> list[tuple[str, str]]:
    """The parameters of an address.

    Raises
    ------
    Problem
        There are too many.
    """
    try:
        return parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Problem(400, "parameter", "the address has too many parameters") from None


def chosen(name: str, said: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    """What a parameter chooses of what there is.

    Raises
    ------
    Problem
        It chooses something else.
    """
    wanted = frozenset(said)
    for each in sorted(wanted.difference(known)):
        raise Problem(400, "parameter", f"{name}={each[:50]} is unknown; it may be {', '.join(known)}")
    return wanted


def answered(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(dump(told), status, headers=headers, media_type="application/json")


class Answers:
    """Makes answers of solutions and errors.

    Parameters
    ----------
    debug : bool
        Tell tracebacks.
    run_seconds : float or None
        How long a run may take.
    """

    def __init__(self, *, debug: bool, run_seconds: float | None) -> None:
        self.debug = debug
        self.run_seconds = run_seconds

    def of_model(
        self, model: ServedModel, question: Question, solution: Solution, members: Iterable[str]
    ) -> dict[str, Any]:
        """The answer of a model."""
        answer: dict[str, Any] = {}
        if "input" in members:
            answer["input"] = question.asked
        if "return" in members:
            answer["return"] = self.values(model, question, solution)
        if "errors" in members:
            errors = self.failures(model, solution)
            if errors:
                answer["errors"] = errors
        if "explain" in members:
            answer["explain"] = _explanations(model, question, solution)
        return answer

    def values(self, model: ServedModel, question: Question, solution: Mapping[NodeId, Any]) -> dict[str, Any]:
        """What was wanted, as far as it was had; everything, if nothing in particular was."""
        if question.outputs is None:
            wanted = {name: text for text, name in model.data.items()}
            return {wanted[name]: tame(value) for name, value in solution.items() if name in wanted}
        texts = question.asked["outputs"]
        pairs = zip(texts, question.outputs, strict=True)
        return {text: tame(solution[name]) for text, name in pairs if name in solution}

    def of_function(
        self, function: ServedFunction, question: Question, solution: Solution, members: Iterable[str]
    ) -> dict[str, Any]:
        """The answer of a function."""
        answer: dict[str, Any] = {}
        if "input" in members:
            answer["input"] = question.asked
        if "return" in members:
            answer["return"] = tame(solution[function.result])
        return answer

    def failures(self, model: ServedModel, solution: Mapping[NodeId, Any]) -> list[dict[str, Any]]:
        """What failed in a run."""
        if not isinstance(solution, Solution):
            return []
        return [self._failure(model, failure) for failure in solution.errors.values()]

    def _failure(self, model: ServedModel, failure: Failure) -> dict[str, Any]:
        if not model.shown.has(tuple(map(str, failure.node))):
            return {"node": None, "kind": failure.kind}
        error = failure.error
        told: dict[str, Any] = {
            "node": failure.path,
            "kind": failure.kind,
            "error": type(error).__name__,
            "message": text_of(error),
        }
        instead = {
            str(datum): str(other)
            for datum, other in failure.alternative.items()
            if other is not None and model.shown.has((str(datum),)) and model.shown.has((str(other),))
        }
        if instead:
            told["instead"] = instead
        if self.debug:
            told["traceback"] = failure.traceback
        return told

    def problem(self, served: ServedModel | ServedFunction, question: Question, error: BaseException) -> Problem:
        """What becomes of what a run raised."""
        if isinstance(error, Problem):
            return error
        if isinstance(error, RunTimeout):
            return self._of_late_run(question)
        if isinstance(error, UnknownNodeError):
            return Problem(422, "unfit", str(error))
        if isinstance(error, DispatchError):
            if isinstance(served, ServedFunction):
                return self._of_failed_function(served, error)
            return self._of_failed_model(served, question, error)
        _LOG.error("a run of %r ended by an error of the server", served.path, exc_info=error)
        return bug(error, debug=self.debug)

    def _of_late_run(self, question: Question) -> Problem:
        """The run took too long for the server, or for the client, who may then give it more."""
        asked, limit = question.seconds, self.run_seconds
        if asked is not None and (limit is None or asked <= limit):
            return Problem(422, "time", f"the run took longer than the {asked:g} s that it was given; give it more")
        return Problem(
            504, "time", f"the run took longer than {limit:g} s; ask for less, or start a long run by POST /runs"
        )

    def _of_failed_model(self, model: ServedModel, question: Question, error: DispatchError) -> Problem:
        failures = error.solution.errors if isinstance(error.solution, Solution) else {}
        facts: dict[str, Any] = {"errors": self.failures(model, error.solution)}
        standing = [failures[path] for path in getattr(error, "failures", failures) if path in failures]
        status = 500 if any(is_of_the_server(failure.error) for failure in standing) else 422
        if not isinstance(error, UnreachableError):
            return Problem(status, "failed", self._what_failed(model, standing), **facts)
        texts = {name: text for text, name in {**model.data, **model.effects}.items()}
        outputs = [texts[name] for name in error.outputs if name in texts]
        detail = f"{', '.join(map(repr, outputs))} cannot be had from what is given"
        if standing:
            detail += f"; {self._what_failed(model, standing)}"
        sets = [
            [texts[name] for name in names]
            for names in error.missing
            if names and all(n in model.data.values() for n in names)
        ]
        if sets:
            detail += f"; it would help to give {any_of(sets)}"
        facts |= {"outputs": outputs, "missing": sets, "return": self.values(model, question, error.solution)}
        return Problem(status, "unreachable", detail, **facts)

    def _what_failed(self, model: ServedModel, failures: Iterable[Failure]) -> str:
        told = [self._failure(model, failure) for failure in failures]
        names = [f"{each['node']} failed: {each['error']}: {each['message']}" for each in told if each["node"]]
        hidden = len(told) - len(names)
        if hidden:
            names.append(f"{hidden} that {'is' if hidden == 1 else 'are'} not exposed failed")
        return "; ".join(names) or "a function failed"

    def _of_failed_function(self, function: ServedFunction, error: DispatchError) -> Problem:
        failures = list(error.solution.errors.values()) if isinstance(error.solution, Solution) else []
        name = str(function.node.id)
        if not failures:
            return Problem(422, "unreachable", f"{name} gave nothing for these values")
        failure = failures[0]
        status = 500 if is_of_the_server(failure.error) else 422
        kind = "refused" if failure.kind == "refused" else "failed"
        told: dict[str, Any] = {
            "node": name, "kind": failure.kind, "error": type(failure.error).__name__, "message": text_of(failure.error)
        }  # fmt: skip
        if self.debug:
            told["traceback"] = failure.traceback
        return Problem(status, kind, f"{name} {kind}: {told['error']}: {told['message']}", errors=[told])


def _explanations(model: ServedModel, question: Question, solution: Solution) -> dict[str, Any]:
    """Why each wanted datum has its value."""
    names = list(model.data.values()) if question.outputs is None else question.outputs
    texts = {name: text for text, name in model.data.items()}
    told: dict[str, Any] = {}
    for name in names:
        if name in texts and name in solution:
            why = solution.explain(name)
            assert not isinstance(why, dict)
            told[texts[name]] = {
                "provider": provider_text(model, why.provider),
                "distance": why.distance,
                "inputs": {texts[each]: distance for each, distance in why.inputs.items() if each in texts},
                "alternatives": [_alternative(model, each) for each in why.alternatives],
            }
    return told


def provider_text(model: ServedModel, provider: Any) -> Any:
    """Name of what gave a datum; ``"START"`` for what was given, null for what is not exposed."""
    if isinstance(provider, tuple) and provider not in model.dsp.nodes:
        return [provider_text(model, each) for each in provider]
    if provider is START:
        return "START"
    return str(provider) if model.shown.has((str(provider),)) else None


def _alternative(model: ServedModel, other: Alternative) -> dict[str, Any]:
    told: dict[str, Any] = {"provider": provider_text(model, other.provider), "state": other.state}
    if other.distance is not None:
        told["distance"] = other.distance
    if other.missing:
        told["missing"] = [str(name) for name in other.missing if model.shown.has((str(name),))]
    if other.failure is not None and told["provider"] is not None:
        told["error"] = f"{type(other.failure.error).__name__}: {text_of(other.failure.error)}"
    return told

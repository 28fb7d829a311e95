"""Random descriptions of models, and the building of a real model from a description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import thalweg as tw
from tests.properties import description
from tests.properties.description import NOTHING, START, Case, Datum, Fn, Model, Question, Rule, Sub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DATA_IDS = "abcdefgh"
FUNCTION_IDS = "pqrstuvw"
SUB_IDS = "xyz"


class RefusedError(Exception):
    """What the callables of a built model raise."""


def told(value: Any) -> Any:
    """A value as the description knows it: the marks of the library replaced by texts."""
    if isinstance(value, dict):
        return {START if key is tw.START else key: told(part) for key, part in value.items()}
    return value


def told_id(provider: Any) -> Any:
    """A provider as the description knows it."""
    if isinstance(provider, tuple):
        return tuple(map(told_id, provider))
    return START if provider is tw.START else provider


def _given_back(value: Any) -> Any:
    if isinstance(value, list):
        return [tw.NONE if part == NOTHING else part for part in value]
    return tw.NONE if value == NOTHING else value


def _or_raise(value: Any, what: str) -> Any:
    if value is None:
        raise RefusedError(what)
    return value


@dataclass(frozen=True)
class Call:
    """The function of a function node; it notes each call."""

    fn: Fn
    log: Log

    def __call__(self, *args: Any) -> Any:
        self.log.calls.append(self.fn.name)
        return _given_back(_or_raise(description.result(self.fn, tuple(map(told, args))), self.fn.name))


@dataclass(frozen=True)
class Domain:
    """The domain of a function node."""

    fn: Fn

    def __call__(self, *args: Any) -> bool:
        refuses = description.domain_refuses(self.fn, tuple(map(told, args)))
        if refuses and self.fn.domain_raises:
            raise RefusedError(self.fn.name)
        return not refuses


@dataclass(frozen=True)
class Filter:
    """A filter of a function's result or of a datum."""

    rule: Rule
    name: str

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list):
            value = [NOTHING if part is tw.NONE else told(part) for part in value]
        else:
            value = NOTHING if value is tw.NONE else told(value)
        return _given_back(_or_raise(description.filtered(self.rule, self.name, value), self.name))


@dataclass(frozen=True)
class Estimator:
    """The estimator of a collecting node."""

    datum: Datum
    names: tuple[tuple[str, str], ...]

    def __call__(self, estimates: Mapping[Any, Any]) -> Any:
        made = description.estimate(self.datum, dict(self.names), told(dict(estimates)))
        return _or_raise(made, self.datum.name)


@dataclass(frozen=True)
class Callback:
    """The callback of a datum."""

    datum: Datum

    def __call__(self, value: Any) -> None:
        if description.callback_raises(self.datum, told(value)):
            raise RefusedError(self.datum.name)


@dataclass(frozen=True)
class Gate:
    """The gate of a sub-dispatcher."""

    sub: Sub

    def __call__(self, arrived: Mapping[str, Any]) -> bool:
        refuses = description.gate_refuses(self.sub, told(dict(arrived)))
        if refuses and self.sub.gate_raises:
            raise RefusedError(self.sub.name)
        return not refuses


class Log:
    """The names of the functions in the order they were really called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __hash__(self) -> int:
        return id(self)


def build(model: Model, log: Log | None = None) -> tw.Dispatcher:
    """Build the real model. Equal children are one model, mounted more than once."""
    return _build(model, log or Log(), {}, {})


def _build(
    model: Model, log: Log, above: dict[str, str], built: dict[tuple[Model, Any], tw.Dispatcher]
) -> tw.Dispatcher:
    key = (model, tuple(above.items()))
    if key not in built:
        dsp = tw.Dispatcher()
        names = {item.id: item.name for item in (*model.data, *model.nodes)}
        for datum in model.data:
            _add_datum(dsp, datum, {**above, **names})
        for item in model.nodes:
            if isinstance(item, Fn):
                _add_function(dsp, item, log)
            else:
                _add_sub(dsp, item, _build(item.model, log, names, built))
        built[key] = dsp
    return built[key]


def _add_datum(dsp: tw.Dispatcher, datum: Datum, names: dict[str, str]) -> None:
    options: dict[str, Any] = {}
    if datum.default is not None:
        options = {"default_value": description.default_value(datum), "initial_dist": datum.default}
    if datum.collect:
        options["wait_inputs"] = True
        if datum.estimator is not None:
            options["function"] = Estimator(datum, tuple(names.items()))
    if datum.filters:
        options["filters"] = _filters(datum.filters, datum.name)
    if datum.callback is not None:
        options["callback"] = Callback(datum)
    dsp.add_data(datum.id, **options)


def _add_function(dsp: tw.Dispatcher, fn: Fn, log: Log) -> None:
    dsp.add_function(
        fn.id,
        Call(fn, log),
        inputs=list(fn.inputs),
        outputs=list(fn.outputs),
        input_domain=None if fn.domain is None else Domain(fn),
        weight=fn.weight,
        inp_weight=dict(fn.inp_weight) or None,
        out_weight=dict(fn.out_weight) or None,
        filters=_filters(fn.filters, fn.name) or None,
        priority=fn.priority,
    )


def _add_sub(dsp: tw.Dispatcher, sub: Sub, child: tw.Dispatcher) -> None:
    dsp.add_dispatcher(
        child,
        inputs=_grouped(sub.inputs),
        outputs=_grouped(sub.outputs),
        dsp_id=sub.id,
        input_domain=None if sub.gate is None else Gate(sub),
        weight=sub.weight,
        inp_weight=dict(sub.inp_weight) or None,
        out_weight=dict(sub.out_weight) or None,
    )


def _filters(rules: tuple[Rule, ...], name: str) -> list[Callable[[Any], Any]]:
    return [Filter(rule, f"{name}/{k}") for k, rule in enumerate(rules)]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, str | tuple[str, ...]]:
    """The pairs as a mapping, a tuple where one key has several."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return {key: values if len(values) > 1 else values[0] for key, values in found.items()}


def ask(dsp: tw.Dispatcher, case: Case, **options: Any) -> Any:
    """Put the question of a case to a built model; nothing is raised about what cannot be had."""
    return dsp.dispatch(*asked(case), **{"raises": False, **spoken(case.question), **options})


def asked(case: Case) -> tuple[dict[str, Any], list[str] | None]:
    """The values that a case gives, and the outputs that it wants."""
    data = {datum.id: datum for datum in case.model.data}
    given = {x: description.given_value(data[x]) for x, _ in case.question.given}
    return given, None if case.question.outputs is None else list(case.question.outputs)


def spoken(question: Question) -> dict[str, Any]:
    """What else a question says."""
    return {
        "inputs_dist": {x: distance for x, distance in question.given if distance} or None,
        "wildcard": question.wildcard,
        "objective": question.objective,
    }


RULES = st.sampled_from((0, 0, 0, 0, 0, 1, 2, 3))
PLAIN_WEIGHTS = st.sampled_from((1.0, 0.5, 2.0))
WEIGHTS = st.sampled_from((1.0, 0.5, 2.0, 0.0))
ZERO_WEIGHTS = st.sampled_from((0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Style:
    """What may stand in the models that are drawn."""

    weights: st.SearchStrategy[float] = WEIGHTS
    depth: int = 3
    failures: bool = True
    collecting: bool = True
    estimators_only: bool = False
    gates: bool = True
    infinite: bool = True
    wildcards: bool = True
    priorities: bool = True
    wanted: bool = False
    objectives: tuple[str, ...] = ("span", "tree")
    size: int = 6

    def rule(self) -> st.SearchStrategy[int]:
        """A rule by which something goes wrong."""
        return RULES if self.failures else st.just(0)


@st.composite
def some(draw: st.DrawFn, parts: st.SearchStrategy[Any], sizes: tuple[int, ...]) -> list[Any]:
    """Different parts, as many as one of the sizes says: a plain list would nearly always be short."""
    size = draw(st.sampled_from(sizes))
    return draw(st.lists(parts, unique=True, min_size=size, max_size=size))


@st.composite
def data(draw: st.DrawFn, data_id: str, style: Style) -> Datum:
    """A data node; most have no options."""
    kind = draw(st.sampled_from(("plain", "plain", "plain", "plain", "default", "collect", "fussy")))
    if kind == "default":
        distances = (0.0, 1.0, 3.0, 0.5) + ((inf,) if style.infinite else ())
        return Datum(data_id, default=draw(st.sampled_from(distances)))
    if kind == "collect" and style.collecting:
        made = st.sampled_from((0, 0, 3)) if style.estimators_only else st.sampled_from((None, 0, 0, 3))
        default = draw(st.sampled_from((None, None, 0.0, 2.0)))
        estimator = draw(made)
        return Datum(data_id, default, collect=True, estimator=estimator if style.failures else estimator and 0)
    if kind == "fussy" and style.failures:
        filters = tuple(draw(st.lists(RULES, max_size=2)))
        return Datum(data_id, draw(st.sampled_from((None, 0.0))), filters=filters, callback=draw(RULES) or None)
    return Datum(data_id)


@st.composite
def functions(draw: st.DrawFn, function_id: str, ids: str, style: Style) -> Fn:
    """A function node; about a half go wrong for some arguments."""
    inputs = draw(some(st.sampled_from(ids), tuple(min(k, len(ids)) for k in (1, 1, 1, 2, 2, 3, 0))))
    outputs = draw(some(st.sampled_from(ids), tuple(min(k, len(ids)) for k in (1, 1, 1, 1, 2, 2, 3, 0))))
    found = Fn(
        function_id,
        tuple(inputs),
        tuple(outputs),
        weight=draw(st.sampled_from((0.0, 0.0, 0.5, 1.0, 2.0))),
        inp_weight=tuple((x, draw(style.weights)) for x in inputs),
        out_weight=tuple((x, draw(style.weights)) for x in outputs),
        priority=draw(st.sampled_from((0, 0, 0, 1, -1))) if style.priorities else 0,
    )
    if not style.failures:
        return found
    kind = draw(st.sampled_from(("sound", "sound", "fail", "domain", "miscount", "filters", "nothing")))
    if kind == "domain":
        return replace(found, domain=draw(st.sampled_from((2, 0, 1, 3))), domain_raises=draw(st.booleans()))
    if kind == "filters":
        return replace(found, filters=tuple(draw(st.lists(RULES, min_size=1, max_size=2))))
    if kind == "nothing":
        return replace(found, nothing=tuple((x, draw(st.sampled_from((1, 0, 2)))) for x in outputs))
    return found if kind == "sound" else replace(found, **{kind: draw(st.sampled_from((2, 1, 3)))})


def _once(pairs: list[tuple[str, str]], collecting: set[str]) -> list[tuple[str, str]]:
    """Leave out further links to the same collecting datum."""
    targets = [target for _, target in pairs]
    return [pair for k, pair in enumerate(pairs) if pair[1] not in collecting or pair[1] not in targets[:k]]


@st.composite
def subs(draw: st.DrawFn, sub_id: str, level: tuple[Datum, ...], child: Model, style: Style) -> Sub:
    """A mounting of a child.

    A collecting datum is linked at most once, and not if it has a default below: its estimates are named by their
    provider, and those would have one name.
    """
    here, below = [x.id for x in level], [x.id for x in child.data]
    pairs = st.tuples(st.sampled_from(here), st.sampled_from(below))
    sizes = tuple(min(k, len(here) * len(below)) for k in (1, 2, 3, 0))
    inputs = sorted(draw(some(pairs, sizes)), key=lambda pair: here.index(pair[0]))
    outputs = sorted(draw(some(pairs, sizes)), key=lambda pair: below.index(pair[1]))
    links = _once([(inner, outer) for outer, inner in outputs], {x.id for x in level if x.collect})
    inputs = _once(inputs, {x.id for x in child.data if x.collect})
    inputs = [
        pair for pair in inputs if pair[1] not in {x.id for x in child.data if x.collect and x.default is not None}
    ]
    parents = list(dict.fromkeys(outer for outer, _ in inputs))
    weights = st.sampled_from((0.0, 0.0, 1.0, 0.5))
    return Sub(
        sub_id,
        child,
        tuple(inputs),
        tuple(links),
        weight=draw(weights),
        inp_weight=tuple((x, draw(weights)) for x in parents),
        out_weight=tuple((x, draw(weights)) for x in dict.fromkeys(b for _, b in links)),
        gate=draw(st.sampled_from((None, None, 2, 0, 3, 1))) if style.gates else None,
        gate_raises=draw(st.booleans()) if style.gates else False,
    )


@st.composite
def models(draw: st.DrawFn, style: Style, depth: int = 1) -> Model:
    """One level of a model with what is mounted in it; deeper levels are smaller."""
    size = max(2, style.size - 2 * depth + 2)
    ids = DATA_IDS[: draw(st.sampled_from((*range(3, size + 1), 2, 1)))]
    level = tuple(draw(data(x, style)) for x in ids)
    nodes: list[Fn | Sub] = [draw(functions(f, ids, style)) for f in FUNCTION_IDS[: draw(st.integers(1, size + 1))]]
    if depth < style.depth:
        children: list[Model] = []
        for sub_id in SUB_IDS[: draw(st.sampled_from((0, 1, 2)))]:
            if not children or draw(st.booleans()):
                children.append(draw(models(style, depth + 1)))
            sub = draw(subs(sub_id, level, children[-1], style))
            nodes.insert(draw(st.integers(0, len(nodes))), sub)
    return Model(level, tuple(nodes))


@st.composite
def cases(draw: st.DrawFn, style: Style | None = None) -> Case:
    """A model and a question."""
    style = style or Style()
    model = draw(models(style))
    ids = [datum.id for datum in model.data]
    near = (0.0, 0.0, 0.0, 1.0, 0.5) + ((inf,) if style.infinite else ())
    given = draw(some(st.sampled_from(ids), tuple(min(k, len(ids)) for k in (1, 1, 2, 2, 3, 0))))
    few = some(st.sampled_from(ids), tuple(min(k, len(ids)) for k in (1, 2)))
    outputs = draw(few if style.wanted else st.none() | few)
    question = Question(
        tuple((x, draw(st.sampled_from(near))) for x in given),
        None if outputs is None else tuple(outputs),
        draw(st.sampled_from(style.objectives)),
        wildcard=style.wildcards and outputs is not None and draw(st.sampled_from((False, False, True))),
    )
    return Case(model, question)

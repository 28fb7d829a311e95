"""A plain description of a model and of a question put to it: what the oracle reads and what a model is built from.

It also says what the user's callables do (`result`, `refuses` ...), because both the oracle and the built model
need that. Everything else, in which order they are asked and what follows, each side works out for itself.

A value is a *provenance term*: a text that says how it came about, so that a value got in a wrong way is a wrong
value. A *rule* is a small integer: 0 says never, 1 says always, ``n > 1`` says so for about one in ``n`` of the
arguments, decided by a checksum of them.
"""

from __future__ import annotations

import zlib
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

Rule = int
Weights = tuple[tuple[str, float], ...]
NOTHING = "<nothing>"
START = "START"


class Plain:
    """Shows a record without the fields that have their default, so that a found counterexample can be read."""

    def __repr__(self) -> str:
        shown = [
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)  # type: ignore[arg-type]
            if one.default is MISSING or getattr(self, one.name) != one.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show a found counterexample so, too."""
        printer.text(repr(self))


@dataclass(frozen=True, repr=False)
class Datum(Plain):
    """A data node. `default` is the initial distance of its default value; None means that it has none."""

    id: str
    default: float | None = None
    collect: bool = False
    estimator: Rule | None = None
    filters: tuple[Rule, ...] = ()
    callback: Rule | None = None
    tag: str = ""

    @property
    def name(self) -> str:
        """The text that stands for it in terms; stays the same when the ids are changed."""
        return self.tag or self.id


@dataclass(frozen=True, repr=False)
class Fn(Plain):
    """A function node, with what its callables do wrong: each is a rule about the arguments."""

    id: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    weight: float = 0.0
    inp_weight: Weights = ()
    out_weight: Weights = ()
    priority: int = 0
    domain: Rule | None = None
    domain_raises: bool = False
    fail: Rule = 0
    miscount: Rule = 0
    filters: tuple[Rule, ...] = ()
    nothing: tuple[tuple[str, Rule], ...] = ()
    tag: str = ""

    @property
    def name(self) -> str:
        """The text that stands for it in terms."""
        return self.tag or self.id


@dataclass(frozen=True, repr=False)
class Sub(Plain):
    """A model inside a model. `inputs` are pairs (parent, child), `outputs` are pairs (child, parent)."""

    id: str
    model: Model
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    weight: float = 0.0
    inp_weight: Weights = ()
    out_weight: Weights = ()
    gate: Rule | None = None
    gate_raises: bool = False
    tag: str = ""

    @property
    def name(self) -> str:
        """The text that stands for it in terms."""
        return self.tag or self.id


@dataclass(frozen=True, repr=False)
class Model(Plain):
    """One level: its data in the order of addition, then its functions and sub-dispatchers in theirs."""

    data: tuple[Datum, ...] = ()
    nodes: tuple[Fn | Sub, ...] = ()


@dataclass(frozen=True, repr=False)
class Question(Plain):
    """One dispatch: initial distances of the given data, and the wanted data (None: everything)."""

    given: tuple[tuple[str, float], ...] = ()
    outputs: tuple[str, ...] | None = None
    objective: str = "span"
    wildcard: bool = False


@dataclass(frozen=True, repr=False)
class Case(Plain):
    """A model and a question."""

    model: Model
    question: Question = field(default_factory=Question)


def show(value: Any) -> str:
    """A value as it stands within a term."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}={show(part)}" for key, part in value.items()) + "}"
    return str(value)


def term(name: str, *parts: Any) -> str:
    """`name(parts)`, replaced by a checksum when it grows long."""
    text = f"{name}({','.join(show(part) for part in parts)})"
    return text if len(text) <= 100 else f"{name}#{zlib.crc32(text.encode()):08x}"


def says(rule: Rule | None, name: str, *parts: Any) -> bool:
    """Whether the rule says yes about these arguments."""
    if not rule:
        return False
    return zlib.crc32(term(name, *parts).encode()) % rule == 0


def given_value(datum: Datum) -> str:
    """The value that a dispatch gives to a datum."""
    return f"given:{datum.name}"


def default_value(datum: Datum) -> str:
    """The default value of a datum."""
    return f"default:{datum.name}"


def domain_refuses(fn: Fn, args: tuple[Any, ...]) -> bool:
    """Whether the domain of a function refuses these arguments, by being false or by raising."""
    return says(fn.domain, f"domain {fn.name}", *args)


def result(fn: Fn, args: tuple[Any, ...]) -> Any:
    """What the function itself returns; None stands for raising. A wrong number of outputs is one too many."""
    if says(fn.fail, f"fail {fn.name}", *args):
        return None
    text = term(fn.name, *args)
    parts = [
        NOTHING if says(dict(fn.nothing).get(out), f"nothing {fn.name} {k}", *args) else f"{text}.{k}"
        for k, out in enumerate(fn.outputs)
    ]
    if len(parts) > 1 and says(fn.miscount, f"miscount {fn.name}", *args):
        return [*parts, "one too many"]
    if len(parts) == 1:
        return NOTHING if parts[0] == NOTHING else text
    return parts if parts else text


def filtered(rule: Rule, name: str, value: Any) -> Any:
    """What a filter makes of a value; None stands for raising. It lets NOTHING pass, also inside a list."""
    if says(rule, f"filter {name}", value):
        return None
    if isinstance(value, list):
        return [part if part == NOTHING else f"{show(part)}|{name}" for part in value]
    return value if value == NOTHING else term(name, value)


def estimate(datum: Datum, names: dict[str, str], estimates: dict[str, Any]) -> Any:
    """What the estimator makes of `{provider id: value}`; None stands for raising.

    `names` gives what stands for an id in terms, so that a model with other ids has the same values.
    """
    named = {names.get(key, key): value for key, value in estimates.items()}
    if says(datum.estimator, f"estimate {datum.name}", named):
        return None
    return term(datum.name, named)


def callback_raises(datum: Datum, value: Any) -> bool:
    """Whether the callback of a datum raises when it is told its value."""
    return says(datum.callback, f"callback {datum.name}", value)


def gate_refuses(sub: Sub, arrived: dict[str, Any]) -> bool:
    """Whether the gate of a sub-dispatcher refuses `{parent id: value}`, by being false or by raising."""
    return says(sub.gate, f"gate {sub.name}", *sorted(show(value) for value in arrived.values()))

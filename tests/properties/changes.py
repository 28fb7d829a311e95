"""Changes of a case that must not change what comes of it, or only in a way that is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from tests.properties.description import Case, Datum, Fn, Model, Sub

Names = dict[str, str]


def renamed(case: Case) -> tuple[Case, Names]:
    """The same case with other ids, whose alphabetical order is the reverse; and the new id of each old one."""
    names = {old: f"{'zyxwvutsrqponmlkjihgfedcba'[ord(old) - ord('a')]}{ord(old)}" for old in _letters(case.model)}
    question = replace(
        case.question,
        given=tuple((names[x], distance) for x, distance in case.question.given),
        outputs=None if case.question.outputs is None else tuple(names[x] for x in case.question.outputs),
    )
    return Case(_renamed_model(case.model, names), question), names


def _letters(model: Model) -> set[str]:
    here = {item.id for item in (*model.data, *model.nodes)}
    return here.union(*(_letters(item.model) for item in model.nodes if isinstance(item, Sub)))


def _renamed_model(model: Model, names: Names) -> Model:
    data = tuple(replace(datum, id=names[datum.id], tag=datum.name) for datum in model.data)
    return Model(data, tuple(_renamed_node(item, names) for item in model.nodes))


def _renamed_node(item: Fn | Sub, names: Names) -> Fn | Sub:
    weights = {
        "inp_weight": tuple((names[x], weight) for x, weight in item.inp_weight),
        "out_weight": tuple((names[x], weight) for x, weight in item.out_weight),
    }
    if isinstance(item, Fn):
        return replace(
            item,
            id=names[item.id],
            tag=item.name,
            inputs=tuple(names[x] for x in item.inputs),
            outputs=tuple(names[x] for x in item.outputs),
            nothing=tuple((names[x], rule) for x, rule in item.nothing),
            **weights,
        )
    return replace(
        item,
        id=names[item.id],
        tag=item.name,
        model=_renamed_model(item.model, names),
        inputs=tuple((names[a], names[b]) for a, b in item.inputs),
        outputs=tuple((names[a], names[b]) for a, b in item.outputs),
        **weights,
    )


def doubled(case: Case) -> Case:
    """The same case with every weight and every initial distance doubled."""
    given = tuple((x, 2 * distance) for x, distance in case.question.given)
    return Case(_doubled_model(case.model), replace(case.question, given=given))


def _doubled_model(model: Model) -> Model:
    data = tuple(replace(d, default=None if d.default is None else 2 * d.default) for d in model.data)
    return Model(data, tuple(map(_doubled_node, model.nodes)))


def _doubled_node(item: Fn | Sub) -> Fn | Sub:
    """An arc from START has weight 1, whatever is said: the node makes up for it."""
    start = 1.0 if isinstance(item, Fn) and not item.inputs else 0.0
    found = replace(
        item,
        weight=2 * item.weight + start,
        inp_weight=tuple((x, 2 * weight) for x, weight in item.inp_weight),
        out_weight=tuple((x, 2 * weight) for x, weight in item.out_weight),
    )
    return replace(found, model=_doubled_model(found.model)) if isinstance(found, Sub) else found


def with_a_dearer_way(case: Case, distances: dict[tuple[str, ...], float]) -> Case | None:
    """The same case with one more way, by far the dearest, to each plain datum that has a finite distance."""
    plain = {datum.id for datum in case.model.data if not datum.collect}
    near = [path[0] for path, d in distances.items() if len(path) == 1 and path[0] in plain and isfinite(d)]
    if not near:
        return None
    dear = Fn("dear", (near[0],), tuple(near[1:]) or (near[0],), weight=1000.0)
    return replace(case, model=replace(case.model, nodes=(dear, *case.model.nodes)))


def with_other_order(case: Case, data: tuple[Datum, ...]) -> Case:
    """The same case with its data added in another order, and its question put the other way round."""
    question = replace(
        case.question,
        given=case.question.given[::-1],
        outputs=None if case.question.outputs is None else case.question.outputs[::-1],
    )
    return Case(replace(case.model, data=data), question)

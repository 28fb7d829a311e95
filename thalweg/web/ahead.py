"""What can be said before anything is called: what is still missing, and which way would be taken.

Both are asked with names alone: ``{"inputs": [...], "outputs": [...]}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required

from annotated_types import Ge, Le
from pydantic import Field

from ..dispatcher import Plan
from ..dispatcher.nodes import NodeId
from ..tokens import START
from .answers import answered, provider_text
from .exposure import ServedModel
from .limits import Limits, read_body
from .questions import Form, ModelForm, one_of
from .running import Workshop
from .schema import as_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Ahead", "AheadForm", "plan_of"]

_MOST_SETS = 20
_USUAL_SETS = 5


class AheadForm(Form):
    """How a question is read that is asked ahead of a run, with names alone.

    Parameters
    ----------
    form : ModelForm
        How the model is asked.
    is_missing : bool, optional
        Is it asked what is missing?  Then something must be wanted.
    """

    def __init__(self, form: ModelForm, *, is_missing: bool = False) -> None:
        self.model = form.model
        self.wanted = form.wanted
        data: Any = one_of(form.model.data)
        wanted: Any = one_of(form.wanted)
        said = Field(description="names of what is wanted")
        outputs: Any = Annotated[list[wanted], said] if is_missing else Annotated[list[wanted] | None, said]
        self.is_missing = is_missing
        self.types: dict[str, Any] = {
            "inputs": Annotated[list[data] | None, Field(description="names of what would be given")],
            "outputs": outputs,
        }
        if is_missing:
            count: Any = as_json(Annotated[int, Ge(1), Le(_MOST_SETS)])
            self.types["sets"] = Annotated[count, Field(description="how many sets at most")]
        else:
            self.types["objective"] = Literal["span", "tree"]
        self.members = tuple(self.types)
        super().__init__(self.types | ({"outputs": Required[outputs]} if is_missing else {}), is_called=False)

    def read(self, body: bytes) -> dict[str, Any]:
        """The members of a body, in the ids of the model.

        Raises
        ------
        Problem
            It is no JSON, or does not fit the schema.
        """
        asked = self.plain(body)
        for member, known in (("inputs", self.model.data), ("outputs", self.wanted)):
            if asked.get(member) is not None:
                asked[member] = [known[text] for text in asked[member]]
        return asked

    def names(self, member: str) -> Iterable[str] | None:
        """Names of data, and of what may be wanted."""
        return {"inputs": self.model.data, "outputs": self.wanted}.get(member)


class Ahead:
    """Answers what is asked ahead of a run.

    Parameters
    ----------
    form : ModelForm
        How the model is asked.
    workshop : Workshop
    limits : Limits
    """

    def __init__(self, form: ModelForm, workshop: Workshop, limits: Limits) -> None:
        self.form = AheadForm(form)
        self.missing_form = AheadForm(form, is_missing=True)
        self.workshop = workshop
        self.limits = limits

    async def missing(self, request: Request) -> Response:
        """What must still be given."""
        asked = self.missing_form.read(await read_body(request.scope, request.receive, self.limits))
        return answered(await self.workshop.make(lambda _: _missing(self.form.model, asked)))

    async def plan(self, request: Request) -> Response:
        """Which calls would be made."""
        asked = self.form.read(await read_body(request.scope, request.receive, self.limits))
        return answered(await self.workshop.make(lambda _: _told(self.form, plan_of(self.form.model, asked))))


def plan_of(model: ServedModel, asked: Mapping[str, Any]) -> Plan:
    """The plan that is asked for, in the ids of the model."""
    objective = asked.get("objective", "span")
    return model.dsp.solve(asked.get("inputs") or (), asked.get("outputs"), objective=objective)


def _missing(model: ServedModel, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The sets of data that would help, of those that may be given."""
    texts = {name: text for text, name in model.data.items()}
    outputs: list[NodeId] = asked["outputs"]
    given: Iterable[NodeId] = asked.get("inputs") or ()
    among = [name for name in texts if name not in outputs]
    sets = model.dsp.missing(outputs, given, asked.get("sets", _USUAL_SETS), among=among)
    return {"is_enough": () in sets, "missing": [[texts[name] for name in names] for names in sets if names]}


def _told(form: AheadForm, plan: Plan) -> dict[str, Any]:
    """A plan as a client sees it."""
    model = form.model
    texts = {name: text for text, name in form.wanted.items()}
    distances, providers = plan.distances, plan.providers
    shown = model.shown.texts(model.dsp)
    ways = {
        text: {"provider": provider_text(model, providers.get(name, START)), "distance": distances[name]}
        for text, name in model.data.items()
        if name in distances
    }
    return {
        "count": len(plan.calls),
        "calls": [path for path in plan.calls if path in shown],
        "data": ways,
        "unreachable": [texts[name] for name in plan.unreachable if name in texts],
    }

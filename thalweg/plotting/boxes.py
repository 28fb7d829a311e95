"""The records of a picture: boxes, arrows between them, and the story of a run; they know nothing of models.

A box may stand in another (`Box.parent`): what is mounted is drawn within its sub-dispatcher, or hidden by it.  Arrows
join the innermost boxes; where one of these is hidden, the arrow ends at what hides it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Arrow", "Box", "Scene", "Span", "Step"]


@dataclass(frozen=True, slots=True)
class Box:
    """One node.

    Attributes
    ----------
    key : str
        Name within the scene, the same in every process: letters and digits.
    parent : str
        Key of the box that it stands in, empty at the top.
    path : tuple of str
        Names of the nodes from the top of the model.
    kind, state : str
        Keys of `style.KINDS` and `style.STATES`.
    label : str
        What people call it.
    value : str
        Its value, shortened.
    note : str
        Why it is in its state: the error, what it waits for.
    about : str
        What it is: the first line of its description, its unit.
    order : int or None
        Number of its call in the run or plan, from 1.
    distance : float or None
    seconds : float or None
        What its calls took.
    is_wanted : bool
        Was it asked for?
    """

    key: str
    parent: str
    path: tuple[str, ...]
    kind: str
    label: str
    state: str = ""
    value: str = ""
    note: str = ""
    about: str = ""
    order: int | None = None
    distance: float | None = None
    seconds: float | None = None
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arc from box to box; `state` is a key of `style.ARROWS`, `count` how many arcs it stands for."""

    source: str
    target: str
    state: str = ""
    weight: float | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a run: the box that was called, what became known by it, and both in words."""

    box: str
    state: str
    gives: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """When a call ran: seconds from the start of the run, where, and its tries as (start, end, error)."""

    box: str
    start: float
    end: float
    place: str
    tries: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn.

    Attributes
    ----------
    title : str
    subject : str
        ``"model"``, ``"plan"`` or ``"run"``.
    boxes : dict of str to Box
        By key; a box comes after the one that it stands in.
    arrows : list of Arrow
    summary : tuple of str
        What is to be seen, in a few sentences.
    given : tuple of str
        Boxes whose values were there before the first call.
    steps : tuple of Step
        The run, call by call.
    spans : tuple of Span
        Times of the calls, if they were kept.
    details : dict of str to list
        By box: (heading, form, text), where the form is ``"text"``, ``"code"`` or ``"error"``.
    """

    title: str
    subject: str
    boxes: dict[str, Box]
    arrows: list[Arrow]
    summary: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    spans: tuple[Span, ...] = ()
    details: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def children(self) -> dict[str, list[str]]:
        """Keys of the boxes that stand in each box; those at the top under the empty key."""
        found: dict[str, list[str]] = {"": []}
        for box in self.boxes.values():
            found.setdefault(box.parent, []).append(box.key)
        return found

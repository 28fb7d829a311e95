"""Where a call may be made: its queue, what it needs there, and which calls come before others.

A call says what it asks for, a worker what it offers, and both are compared in one place, here.  Executors of this
machine ignore it all: whatever a call asks for is at hand where its program runs.

How a worker of a Dask cluster announces itself: it is started with ``startup_information={"thalweg": Offer(...)}``,
which it passes to the scheduler when it registers; what it has of things that are used up by calls at work, such as
``GPU``, are its Dask resources (``resources={"GPU": 1}``).  A worker that announces nothing takes every queue, and
tolerates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import BuildError

__all__ = ["ANNOUNCED", "DEFAULT_QUEUE", "Offer", "Placement"]

DEFAULT_QUEUE = "default"
ANNOUNCED = "thalweg"  # the name under which a worker's offer is known to its scheduler


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a call may be made, and when.

    Parameters
    ----------
    queue : str, optional
        Made only by workers that take this queue.
    requires : mapping of str to float, optional
        What the call uses up while it is made, such as ``{"GPU": 1}``; made only where so much is free.
    tolerations : tuple of str, optional
        Made only by workers that tolerate all of these.
    priority : int, optional
        Calls of a higher one begin first; among equal ones those of the earlier run.
    avoid : tuple of str, optional
        Addresses of workers that have refused it: made there only if there are no others.

    Raises
    ------
    BuildError
        A name is no text, or an amount no positive number.

    Examples
    --------
    >>> Placement(queue="training", requires={"GPU": 1}).requires
    {'GPU': 1}
    """

    queue: str = DEFAULT_QUEUE
    requires: Mapping[str, float] = field(default_factory=dict)
    tolerations: tuple[str, ...] = ()
    priority: int = 0
    avoid: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerations", _names(self.tolerations, "tolerations"))
        object.__setattr__(self, "avoid", _names(self.avoid, "avoid"))
        _names((self.queue,), "queue")
        _names(self.requires, "requires")
        object.__setattr__(self, "requires", dict(self.requires))
        amounts: Mapping[str, Any] = self.requires
        for name, amount in amounts.items():
            if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 < amount < float("inf"):
                raise BuildError(f"a placement requires {amount!r} of {name!r}; give a positive number")
        priority: Any = self.priority
        if isinstance(priority, bool) or not isinstance(priority, int):
            raise BuildError(f"a placement's priority is {self.priority!r}; give a whole number")

    def __hash__(self) -> int:
        return hash((self.queue, frozenset(self.requires.items()), self.tolerations, self.priority, self.avoid))

    def asked(self) -> dict[str, Any]:
        """What decides which workers may make the call, in plain values."""
        return {"queue": self.queue, "tolerations": self.tolerations, "avoid": self.avoid}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a worker is there for.

    Parameters
    ----------
    include : tuple of str or None, optional
        Queues that it takes; None for all.
    exclude : tuple of str, optional
        Queues that it does not take, whatever `include` says.
    tolerations : tuple of str, optional
        What it tolerates: calls that ask for it are made nowhere else.

    Raises
    ------
    BuildError
        A name is no text.

    Examples
    --------
    >>> offer = Offer(exclude=("training",))
    >>> offer.takes(Placement()), offer.takes(Placement(queue="training"))
    (True, False)

    As a Dask worker announces it:

    >>> offer(None)
    {'include': None, 'exclude': ['training'], 'tolerations': []}
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    tolerations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.include is not None:
            object.__setattr__(self, "include", _names(self.include, "include"))
        object.__setattr__(self, "exclude", _names(self.exclude, "exclude"))
        object.__setattr__(self, "tolerations", _names(self.tolerations, "tolerations"))

    def takes(self, placement: Placement) -> bool:
        """May a call with this placement be made here, as far as queues and tolerations go?"""
        if self.include is not None and placement.queue not in self.include:
            return False
        return placement.queue not in self.exclude and set(placement.tolerations) <= set(self.tolerations)

    def __call__(self, worker: Any) -> dict[str, Any]:  # noqa: ARG002 - a Dask worker gives itself
        """The offer in plain values, which any scheduler can read."""
        include = None if self.include is None else list(self.include)
        return {"include": include, "exclude": list(self.exclude), "tolerations": list(self.tolerations)}

    @classmethod
    def announced(cls, information: Mapping[str, Any]) -> Offer:
        """The offer in what a worker has told its scheduler about itself; that of a plain worker if there is none.

        Parameters
        ----------
        information : mapping
            Of the worker, as in ``client.scheduler_info()["workers"]``.
        """
        offer = information.get(ANNOUNCED)
        return cls(**offer) if isinstance(offer, Mapping) else cls()


def _names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Names as a tuple; one text alone is not taken for its letters."""
    found: tuple[Any, ...] = (names,) if isinstance(names, str) else tuple(names)
    for name in found:
        if not isinstance(name, str) or not name:
            raise BuildError(f"{what} has {name!r} among its names; give texts that are not empty")
    return found

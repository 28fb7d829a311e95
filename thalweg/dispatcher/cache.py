"""Plans kept by what was asked, so that who asks again searches nothing.

They are forgotten when the model changes, and the oldest when there are too many, or too large ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .plan import Plan

__all__ = ["Plans", "Question"]

_PLANS = 256  # of one model
_ROOM = 4_000_000  # nodes in all plans of one model: a plan takes some 50 bytes for each


class Question:
    """What was asked of a model, and the plan for it, once there is one.

    Parameters
    ----------
    *what : Hashable
        All that a plan depends on besides the model.
    """

    __slots__ = ("is_known", "plan")

    def __init__(self, *what: Any) -> None:  # noqa: ARG002 - the key of the cache
        self.plan: Plan | None = None
        self.is_known = False  # was it asked before?


class Plans:
    """The plans of one version of a model.

    Parameters
    ----------
    signature : Hashable
        The version.
    size : int
        Number of its nodes.

    Attributes
    ----------
    question : callable
        Gives the one `Question` for what is asked; from any thread.
    """

    __slots__ = ("question", "signature")

    def __init__(self, signature: Any = None, size: int = 0) -> None:
        self.signature = signature
        self.question = lru_cache(max(1, min(_PLANS, _ROOM // (size + 1))))(Question)

    def __reduce__(self) -> tuple[Any, ...]:
        return Plans, ()  # they are not worth keeping in a file

    def clear(self) -> None:
        """Forget all."""
        self.question.cache_clear()

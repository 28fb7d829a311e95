"""What commands tell programs: the parts of JSON documents that several of them have.

The page on the command says what the members mean; what is told here is a promise.
"""

from __future__ import annotations

from typing import Any

from ..dispatcher.explain import Alternative, Explanation, WhyNot
from ..dispatcher.failures import Failure
from ..text import error_text
from ..tokens import START

__all__ = ["explanation_facts", "failure_facts", "obstacle_facts"]


def failure_facts(failure: Failure) -> dict[str, Any]:
    """What failed, and what was taken instead."""
    return {
        "node": failure.path,
        "kind": failure.kind,
        "error": error_text(failure.error),
        "instead": {datum: other for datum, other in failure.alternative.items() if other is not None},
    }


def explanation_facts(reason: Explanation) -> dict[str, Any]:
    """Why a datum has its value; the provider of what was given is null."""
    return {
        "datum": reason.id,
        "value": reason.value,
        "provider": None if reason.provider is START else reason.provider,
        "distance": reason.distance,
        "inputs": reason.inputs,
        "alternatives": list(map(_alternative_facts, reason.alternatives)),
    }


def obstacle_facts(obstacle: WhyNot) -> dict[str, Any]:
    """Why a datum has no value."""
    return {
        "datum": obstacle.id,
        "reason": obstacle.reason,
        "missing": obstacle.missing,
        "failures": list(map(failure_facts, obstacle.failures)),
        "alternatives": list(map(_alternative_facts, obstacle.providers)),
    }


def _alternative_facts(other: Alternative) -> dict[str, Any]:
    return {
        "provider": other.provider,
        "state": other.state,
        "distance": other.distance,
        "missing": other.missing,
        "error": None if other.failure is None else error_text(other.failure.error),
    }

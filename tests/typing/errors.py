"""What a type checker knows of the errors. mypy reads this file; nothing runs it."""

from collections.abc import Hashable
from typing import assert_type

from thalweg import errors


def facts_have_types(unknown: errors.UnknownNodeError, unreachable: errors.UnreachableError) -> None:
    assert_type(unknown.suggestions, tuple[Hashable, ...])
    assert_type(unreachable.outputs, tuple[Hashable, ...])
    assert_type(unreachable.failures, tuple[str, ...])


def errors_are_caught_as_what_one_would_guess(
    unknown: errors.UnknownNodeError, build: errors.BuildError, domain: errors.DomainError
) -> tuple[KeyError, ValueError, ValueError]:
    return unknown, build, domain

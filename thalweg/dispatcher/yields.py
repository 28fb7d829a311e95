"""Whether a function can give NONE: nothing but a look at its code, and "yes" where that does not tell."""

from __future__ import annotations

import sys
from opcode import opmap
from types import BuiltinFunctionType, FunctionType
from typing import Any

from ..tokens import NONE

__all__ = ["can_give_none"]

# What makes a new value of others, hands on an argument or a constant, or only moves things.  No NONE comes of that,
# where none is among the arguments.  Whatever takes an element, an attribute or a global, or calls anything, may.
_NAMES = """
    CACHE RESUME NOP EXTENDED_ARG PUSH_NULL POP_TOP COPY SWAP RETURN_VALUE RETURN_CONST
    LOAD_CONST LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_LOAD_FAST LOAD_FAST_AND_CLEAR STORE_FAST STORE_FAST_LOAD_FAST
    STORE_FAST_STORE_FAST LOAD_SMALL_INT LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW NOT_TAKEN
    BINARY_OP UNARY_POSITIVE UNARY_NEGATIVE UNARY_NOT UNARY_INVERT COMPARE_OP IS_OP CONTAINS_OP TO_BOOL
    BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_STRING FORMAT_VALUE FORMAT_SIMPLE CONVERT_VALUE
    JUMP_FORWARD JUMP_BACKWARD JUMP_IF_TRUE_OR_POP JUMP_IF_FALSE_OR_POP POP_JUMP_IF_TRUE POP_JUMP_IF_FALSE
    POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE
    POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_BACKWARD_IF_FALSE
"""
# From Python 3.14 on, BINARY_OP takes elements too.
_UNLESS = {"BINARY_OP"} if sys.version_info >= (3, 14) else set()
_HARMLESS = frozenset(opmap[name] for name in _NAMES.split() if name in opmap and name not in _UNLESS) | {0}
_NUMBERS = ("math", "cmath")


def can_give_none(function: Any) -> bool:
    """Can a function give NONE if none of its arguments is NONE?

    Notes
    -----
    An operator that a class of values defines is trusted to give none.
    """
    if type(function) is FunctionType:
        defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        if any(value is NONE for value in defaults):
            return True
        return not _HARMLESS.issuperset(function.__code__.co_code[::2])
    if type(function) is BuiltinFunctionType:
        return function.__module__ not in _NUMBERS
    return True

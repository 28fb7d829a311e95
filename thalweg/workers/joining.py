"""The executor of a program that uses a scheduler: one for each, joined when it is first needed."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..executors import table
from ..executors.contract import Executor
from .access import Access

__all__ = ["joined", "leave"]

_CONNECT_SECONDS = 10  # for a scheduler that is not there


def joined(access: Access) -> Executor:
    """The executor that has a scheduler make its calls; all runs of this program share it.

    Parameters
    ----------
    access : Access

    Notes
    -----
    `thalweg.shutdown_executors` leaves the scheduler.
    """
    return table.kept(_name(access), partial(_join, access))


def leave(access: Access) -> None:
    """Let go of a scheduler; what is in flight is cancelled."""
    table.drop(_name(access))


def _join(access: Access) -> Executor:
    options: dict[str, Any] = {} if access.certs is None else {"security": access.security()}
    return table.make("dask", address=access.address, timeout=_CONNECT_SECONDS, **options)


def _name(access: Access) -> str:
    return f"dask at {access.address}, certificates {access.certs}"

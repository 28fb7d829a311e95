"""The nodes of a composition: names with a payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from ..errors import BuildError

__all__ = ["DAGNote"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class DAGNote:
    """A node with a payload; notes of one name are one node.

    Parameters
    ----------
    node_name : str
    single_instance : bool, optional
        Are all notes of this name one node?  If not, this one equals itself alone.
    **node_data : object
        The payload: what its runner is to know.  JSON must be able to say it, for it may be sent elsewhere.

    Raises
    ------
    BuildError
        The payload has something that JSON cannot say.

    Notes
    -----
    Where one node stands several times in a graph, one of its notes may have the payload; two different payloads are
    refused by the composition.

    Examples
    --------
    >>> DAGNote("parse", path="a.txt") == DAGNote("parse")
    True
    >>> DAGNote("parse", single_instance=False) == DAGNote("parse", single_instance=False)
    False
    >>> dict(DAGNote("parse", path="a.txt").node_data)
    {'path': 'a.txt'}
    """

    __slots__ = ("_data", "_hash", "_id", "_is_single", "_name")

    def __init__(self, node_name: str, single_instance: bool = True, **node_data: Any) -> None:  # noqa: FBT001, FBT002
        self._name = node_name
        self._is_single = single_instance
        self._id: str | None = None
        self._data = _NOTHING
        self._hash = hash((DAGNote, node_name)) if single_instance else hash(self.instance_id)
        if node_data:
            _check(node_name, node_data)
            self._data = MappingProxyType(node_data)

    @property
    def node_name(self) -> str:
        """Its name."""
        return self._name

    @property
    def single_instance(self) -> bool:
        """Are all notes of this name one node?"""
        return self._is_single

    @property
    def instance_id(self) -> str:
        """What tells this note from all others."""
        if self._id is None:
            self._id = uuid4().hex
        return self._id

    @property
    def node_data(self) -> Mapping[str, Any]:
        """The payload, to be read."""
        return self._data

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DAGNote):
            return NotImplemented
        if self._is_single and other._is_single:
            return self._name == other._name
        return self is other or (not self._is_single and not other._is_single and self._id == other._id)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._name, self._is_single, self.instance_id, dict(self._data))

    def __str__(self) -> str:
        return self._name if self._is_single else f"{self._name}:{self.instance_id}"

    def __repr__(self) -> str:
        data = "".join(f", {name}={value!r}" for name, value in self._data.items())
        return f"DAGNote({self._name!r}{'' if self._is_single else ', single_instance=False'}{data})"


def _check(node_name: str, node_data: Mapping[str, Any]) -> None:
    """Refuse what JSON cannot say."""
    for name, value in node_data.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise BuildError(
                f"the payload {name!r} of the node {node_name!r} cannot be said in JSON ({error}); "
                "give text, numbers, lists, dicts, true, false or None, and let the runner bring the rest"
            ) from error


def _again(kind: type[DAGNote], name: str, single: bool, number: str, data: Mapping[str, Any]) -> DAGNote:  # noqa: FBT001
    """The note again, in another process, too."""
    note = kind(name, single, **data)
    note._id = number  # noqa: SLF001 - it is made here
    if not single:
        note._hash = hash(number)  # noqa: SLF001
    return note

"""Tables that are sent to be filled: read, checked against the limits, filled, and told about.

The body is the file itself, and its ``Content-Type`` says what it is.  What comes back is JSON, or the filled table in
the kind that ``Accept`` asks for.  Columns are the data that are exposed; all others are strangers.
"""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json
from starlette.responses import Response

from ..dispatcher.nodes import DataNode, NodeId
from ..errors import TableError, UnknownNodeError
from ..tables.files import dump_table, parse_table
from ..tables.filled import CellGroup, Filled, fill
from ..tables.report import story_of
from ..tables.table import Table
from ..tokens import START
from .answers import answered, chosen, parameters, provider_text
from .limits import Limits, kind_of_body, read_body
from .problems import Problem
from .values import NON_FINITE, dump

if TYPE_CHECKING:
    from threading import Event as Flag

    from starlette.requests import Request

    from .exposure import ServedModel
    from .running import Workshop

__all__ = ["KINDS", "PARTS", "Fillings"]

JSON = "application/json"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
KINDS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    WORKBOOK: ".xlsx",
    PARQUET: ".parquet",
    JSON: ".json",
}
PARTS = ("table", "report", "cells", "file")  # of an answer
_ROWS = 200  # that are told of, if nobody says how many
_PACKED = 4  # times as much as the limit may be in a packed table
_PARAMETERS = ("data", "rows", "only", "add", "keep", "sheet")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with a table.

    Attributes
    ----------
    kind : str
        Its media type.
    as_file : str
        Media type of the answer, where it is the filled table itself; else empty.
    parts : frozenset of str
        Of an answer in JSON.
    rows : int
        How many rows such an answer has.
    only, add, keep : tuple of str
        Columns to be filled, all but these not; new ones; those that may be strangers, ``"*"`` for all.
    sheet : str or None
    """

    kind: str
    as_file: str
    parts: frozenset[str]
    rows: int
    only: tuple[str, ...]
    add: tuple[str, ...]
    keep: tuple[str, ...]
    sheet: str | None

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Wish:
        """What a request wishes.

        Raises
        ------
        Problem
            A parameter is unknown, or no number where it must be one.
        """
        said: dict[str, list[str]] = {name: [] for name in _PARAMETERS}
        for name, value in parameters(scope["query_string"]):
            if name not in said:
                raise Problem(400, "parameter", f"{name[:50]!r} is no parameter; they are {', '.join(_PARAMETERS)}")
            said[name].append(value)
        rows = said["rows"][-1] if said["rows"] else str(_ROWS)
        if not (rows.isascii() and rows.isdigit() and len(rows) < 7):
            raise Problem(400, "parameter", f"rows={rows[:50]} is no number of rows; give one below a million")
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        wanted = accept.partition(b",")[0].partition(b";")[0].strip().lower().decode("latin-1")
        parts = chosen("data", ",".join(said["data"]).split(",") if said["data"] else (), PARTS)
        return cls(
            kind=kind_of_body(scope["headers"]),
            as_file=wanted if wanted in KINDS and wanted != JSON else "",
            parts=parts or frozenset(("table",)),
            rows=int(rows),
            only=tuple(said["only"]),
            add=tuple(said["add"]),
            keep=tuple(said["keep"]),
            sheet=said["sheet"][-1] if said["sheet"] else None,
        )


class Fillings:
    """Answers with filled tables.

    Parameters
    ----------
    model : ServedModel
    workshop : Workshop
    limits : Limits
    """

    def __init__(self, model: ServedModel, workshop: Workshop, limits: Limits) -> None:
        self.model = model
        self.workshop = workshop
        self.limits = limits
        self.data = {text: name for text, name in model.data.items() if text == name}

    async def fill(self, request: Request) -> Response:
        """The table of a request, filled."""
        wish = Wish.of(request.scope)
        limits = self.limits
        body = await read_body(request.scope, request.receive, limits, tuple(KINDS), limits.table_bytes)
        return await self.workshop.make(lambda stop: self._answer(body, wish, stop))

    def _answer(self, body: bytes, wish: Wish, stop: Flag) -> Response:
        try:
            filled = self._filled(read_table(body, wish.kind, wish.sheet, self.limits), wish, stop)
            if wish.as_file:
                headers = {"Content-Disposition": f'attachment; filename="filled{KINDS[wish.as_file]}"'}
                return Response(_file(filled.table, wish.as_file), media_type=wish.as_file, headers=headers)
            return answered(self._told(filled, wish))
        except (TableError, UnknownNodeError) as error:
            raise Problem(422, "table", str(error)) from None

    def _filled(self, table: Table, wish: Wish, stop: Flag) -> Filled:
        strangers = tuple([name for name in table if name not in self.data])
        keep = strangers if "*" in wish.keep else wish.keep
        outputs: Iterable[str] | None = wish.only or None
        if wish.add:
            outputs = [*(wish.only or [str(name) for name in table if name in self.data]), *wish.add]
        filled = fill(self.model.dsp, table, outputs, keep=keep, among=self.data.values(), stopper=stop)
        shown = self.model.shown
        return filled if shown.paths is None else filled.retold(lambda group: _discreet(group, self.model))

    def _told(self, filled: Filled, wish: Wish) -> dict[str, Any]:
        """The answer in JSON."""
        told: dict[str, Any] = {
            "summary": filled.summary(),
            "rows": filled.table.rows,
            "filled": filled.count,
            "open": filled.open_count,
        }
        if "table" in wish.parts:
            told["columns"] = [self._column(filled, name, wish.rows) for name in filled.table]
            groups = [("filled", each) for each in filled.filled] + [("open", each) for each in filled.open]
            told["groups"] = [_group(state, each, self.model, wish.rows) for state, each in groups]
        if "report" in wish.parts:
            told["report"] = filled.report()
        if "cells" in wish.parts:
            told["cells"] = filled.report("csv")
        if "file" in wish.parts:
            content = _file(filled.table, wish.kind)
            is_text = wish.kind not in _PACKED_KINDS
            body = {"text": content.decode()} if is_text else {"base64": b64encode(content).decode()}
            told["file"] = {"type": wish.kind, "ending": KINDS[wish.kind], **body}
        return told

    def _column(self, filled: Filled, name: Any, rows: int) -> dict[str, Any]:
        """A column with its first cells; null is a hole."""
        cells = filled.table[name][:rows].tolist()
        holes = filled.table.holes(name)[:rows].tolist()
        told: dict[str, Any] = {
            "name": str(name),
            "known": name in self.data,
            "cells": [None if hole else cell for cell, hole in zip(cells, holes, strict=True)],
        }
        node = self.model.dsp.nodes.get(name) if name in self.data else None
        if isinstance(node, DataNode):
            unit = node.attributes.get("unit")
            told |= {"unit": str(unit)} if unit else {}
            told |= {"description": node.description} if node.description else {}
        return told


def read_table(body: bytes, kind: str, sheet: str | None, limits: Limits) -> Table:
    """The table that a body is.

    Raises
    ------
    TableError
        It is no table.
    Problem
        It is too large.
    """
    check = _PACKED_KINDS.get(kind)
    if check is not None:
        try:
            check(body, limits)
        except (Problem, TableError):
            raise
        except Exception as error:  # each reader has errors of its own
            raise TableError(f"this cannot be read: {type(error).__name__}: {error}") from None
    table = _from_json(body) if kind == JSON else parse_table(body, f"table{KINDS[kind]}", sheet=sheet)
    _check_cells(table.rows * len(table), limits)
    return table


def _check_cells(count: int, limits: Limits) -> None:
    if count > limits.table_cells:
        most = limits.table_cells
        raise Problem(413, "too-long", f"the table has {count} cells, and may have {most}; send it in parts")


def _check_workbook(body: bytes, limits: Limits) -> None:
    """How large a workbook is when it is unpacked is said before it is: a small one may hold very much."""
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        _check_unpacked(sum(each.file_size for each in packed.infolist()), limits)


def _check_parquet(body: bytes, limits: Limits) -> None:
    try:
        from pyarrow import parquet
    except ImportError:
        return  # the reader says so itself
    about = parquet.ParquetFile(io.BytesIO(body)).metadata
    _check_cells(about.num_rows * about.num_columns, limits)
    _check_unpacked(sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups)), limits)


def _check_unpacked(length: int, limits: Limits) -> None:
    most = _PACKED * limits.table_bytes
    if length > most:
        raise Problem(413, "too-long", f"the table has {length} bytes when it is unpacked, and may have {most}")


_PACKED_KINDS: dict[str, Callable[[bytes, Limits], None]] = {WORKBOOK: _check_workbook, PARQUET: _check_parquet}


def _from_json(body: bytes) -> Table:
    """A table from a list of rows, or from an object of columns."""
    try:
        said = from_json(body)
    except ValueError as error:
        raise TableError(f"this is no JSON: {error}") from None
    if isinstance(said, list) and said and all(isinstance(row, dict) for row in said):
        names = dict.fromkeys(name for row in said for name in row)
        said = {name: [row.get(name) for row in said] for name in names}
    if not isinstance(said, dict) or not said or not all(isinstance(cells, list) for cells in said.values()):
        raise TableError('give {"column": [cells ...], ...}, or a list of rows [{"column": cell, ...}, ...]')
    table = Table({name: _read_numbers(cells) for name, cells in said.items()})
    if not table.rows:
        raise TableError("the table has no row; give at least one")
    return table


def _read_numbers(cells: list[Any]) -> list[Any]:
    """Cells of a column of numbers, of which those that JSON does not have are texts."""
    if not all(cell is None or type(cell) in (int, float) or cell in NON_FINITE for cell in cells):
        return cells
    return [float(cell) if isinstance(cell, str) else cell for cell in cells]


def _file(table: Table, kind: str) -> bytes:
    """A table as a file of a kind."""
    if kind == JSON:
        columns = {str(name): zip(table[name].tolist(), table.holes(name).tolist(), strict=True) for name in table}
        return dump({name: [None if hole else cell for cell, hole in cells] for name, cells in columns.items()})
    stream = io.BytesIO()
    dump_table(table, stream, f"filled{KINDS[kind]}")
    return stream.getvalue()


def _group(state: str, group: CellGroup, model: ServedModel, rows: int) -> dict[str, Any]:
    """Cells that came about in one way, with those of their rows that are told of."""
    told: dict[str, Any] = {
        "column": str(group.column),
        "state": state,
        "count": len(group.rows),
        "rows": group.rows[group.rows < rows].tolist(),
        "why": story_of(group),
        "failed": [{"node": each.node, "kind": each.kind, "error": each.messages[0]} for each in group.failures],
    }
    if group.derivation is not None:
        told["provider"] = provider_text(model, group.derivation.provider)
        told["distance"] = group.derivation.distance
    else:
        told["missing"] = [list(map(str, names)) for names in group.missing]
    return told


_HIDDEN = "(not exposed)"


def _discreet(group: CellGroup, model: ServedModel) -> CellGroup:
    """A group of cells that names only what may be named."""
    shown = model.shown.texts(model.dsp)

    def name(path: str) -> str:
        return path if path in shown else _HIDDEN

    def names(paths: Iterable[NodeId]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name(str(path)) for path in paths))

    found = group.derivation
    if found is not None:
        gave = found.provider
        provider = gave if gave is START else names(gave) if isinstance(gave, tuple) else name(str(gave))
        functions, defaults = names(found.functions), names(found.defaults)
        found = replace(found, provider=provider, functions=functions, defaults=defaults)
    failures = tuple(
        [
            each if name(each.node) != _HIDDEN else replace(each, node=_HIDDEN, messages=("it failed",))
            for each in group.failures
        ]
    )
    return replace(group, derivation=found, failures=failures)

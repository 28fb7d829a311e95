"""Which version of the code a function is: a text that changes when what the function would do may have changed.

It is made from the source without what does not matter (comments, docstrings, layout, annotations, decorators, whose
work is seen in what they give), from default values and closures, and from what the function names at the top of its
own file: other functions, classes, constants.  Of a method and of an object that can be called the object counts as
well, as it is when it is first seen; of values that are held so plain ones, arrays, containers, dataclasses, members of
enumerations, whatever can be called, and models; any other by its class alone.  What a function calls in other files is
not looked at; nor are values that a program assigns to globals while it runs.  A function without a source is known by
its bytecode, which differs between versions of Python; one without either by its name.

An object may say itself what of it counts: by a method ``__signed__``, which gives values.
"""

from __future__ import annotations

import ast
import enum
import functools
import hashlib
import linecache
import re
import sys
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["codes_in", "signature_of"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range)
_TOLD = {  # whose text tells all of them; named, since to import them all takes its time
    "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "pathlib": ("PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"),
    "uuid": ("UUID",),
    "zoneinfo": ("ZoneInfo",),
}
_DEPTH = 20  # containers within containers; what lies deeper is known by its type

_known: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_files: dict[str, tuple[list[str], _File]] = {}


def signature_of(function: Any) -> str:
    """The version of a function's code, as 32 hexadecimal digits.

    Parameters
    ----------
    function : callable
        A function, a method, a `functools.partial`, a class, or an object that can be called.

    Returns
    -------
    str
        The same in each process that runs the same code.

    Notes
    -----
    It is made when a function is first asked for, and kept: closures that change afterwards change it no more in this
    process.  Thread-safe.

    Examples
    --------
    >>> def double(a):
    ...     return 2 * a
    >>> def triple(a):
    ...     return 3 * a
    >>> signature_of(double) == signature_of(triple)
    False
    """
    try:
        known = _known.get(function)
    except TypeError:  # it has no hash, or no room for a reference
        return _digest(_walk(function))
    if known is None:
        known = _digest(_walk(function))
        with suppress(TypeError):
            _known[function] = known
    return known


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(text))
        digest.update(text)
    return digest.hexdigest()


def _walk(start: Any) -> Iterator[str]:
    """What a callable is made of, and all that is reached from there, each once."""
    seen: set[int] = set()
    pending = [start]
    keep = []  # an id is only good as long as its object lives
    while pending:
        target = pending.pop()
        if id(target) in seen:
            yield "again"
            continue
        seen.add(id(target))
        keep.append(target)
        yield from _parts(target, pending)


def _parts(target: Any, pending: list[Any]) -> Iterator[str]:
    """The parts of one callable or object; others that it holds are added to what is pending."""
    if hasattr(type(target), "__signed__"):
        yield type(target).__qualname__
        yield from _value(target.__signed__(), pending)
    elif isinstance(target, types.FunctionType):
        yield from _of_function(target, pending)
    elif isinstance(target, types.MethodType):
        yield f"method of {type(target.__self__).__qualname__}"
        pending += [target.__func__, target.__self__]
    elif isinstance(target, types.BuiltinFunctionType):
        yield _name(target)
        if not isinstance(target.__self__, types.ModuleType):
            yield from _value(target.__self__, pending)
    elif isinstance(target, functools.partial):
        yield "partial"
        pending.append(target.func)
        yield from _value(target.args, pending)
        yield from _value(target.keywords, pending)
    elif isinstance(target, type):
        yield from _of_class(target)
    else:
        yield from _of_object(target, pending)


def _of_function(target: types.FunctionType, pending: list[Any]) -> Iterator[str]:
    yield from _of_code(target.__code__)
    held: list[Any] = list(target.__defaults__ or ())
    held += [target.__kwdefaults__] if target.__kwdefaults__ else []
    for name, cell in zip(target.__code__.co_freevars, target.__closure__ or (), strict=True):
        yield name
        try:
            held.append(cell.cell_contents)
        except ValueError:
            yield "empty"
    for value in held:
        yield from _value(value, pending)


def _of_object(target: Any, pending: list[Any]) -> Iterator[str]:
    """Of a callable that is no function, or of what a method belongs to."""
    kind, own = type(target), getattr(target, "__dict__", None)
    # Asked of the class, and not of the object: one that has every attribute has no end.
    if hasattr(kind, "__wrapped__") or (own is not None and "__wrapped__" in own):  # `functools.lru_cache`, and others
        yield kind.__qualname__
        pending.append(target.__wrapped__)
    elif own is not None or hasattr(kind, "__slots__"):
        yield from _of_class(kind)
        call = getattr(kind, "__call__", None)  # noqa: B004 - not whether there is one: which
        if isinstance(call, types.FunctionType):
            pending.append(call)
        yield from _value(_state(target), pending)
    else:
        yield _name(target)


def _name(target: Any) -> str:
    module = getattr(target, "__module__", "")
    return f"{module}.{getattr(target, '__qualname__', getattr(target, '__name__', type(target).__qualname__))}"


def _state(target: Any) -> Any:
    """What an object would have with it on its way to another process, but for its docstring."""
    try:
        state = target.__getstate__()
    except Exception:  # noqa: BLE001 - of a class of somebody else's, and it does not travel
        state = target.__dict__
    return {name: value for name, value in state.items() if name != "__doc__"} if type(state) is dict else state


def _value(value: Any, pending: list[Any], depth: int = 0) -> Iterator[str]:
    """A value that a function holds: what of it is sure to be the same in another process."""
    kind = type(value)
    if kind in _PLAIN or kind.__name__ in _TOLD.get(kind.__module__, ()):
        yield f"{kind.__name__} {value!r}"
    elif depth >= _DEPTH:
        yield kind.__qualname__
    elif kind in (tuple, list, dict):
        yield f"{kind.__name__} {len(value)}"
        for each in value if kind is not dict else [each for pair in value.items() for each in pair]:
            yield from _value(each, pending, depth + 1)
    elif kind in (set, frozenset):
        yield f"{kind.__name__} {len(value)}"
        yield from sorted("".join(_value(each, [], depth + 1)) for each in value)
    elif hasattr(kind, "tobytes") and hasattr(kind, "dtype"):
        yield f"{value.dtype} {getattr(value, 'shape', '')}"
        if value.dtype.hasobject:  # the bytes are addresses
            yield from _value(value.tolist(), pending, depth + 1)
        else:
            yield hashlib.blake2b(value.tobytes()).hexdigest()
    elif callable(value) or hasattr(kind, "__signed__") or hasattr(kind, "__dataclass_fields__"):
        yield "callable" if callable(value) else "object"
        pending.append(value)
    else:
        yield from _rarer(value, pending, depth)


def _rarer(value: Any, pending: list[Any], depth: int) -> Iterator[str]:
    yield type(value).__qualname__
    if isinstance(value, types.ModuleType):
        yield value.__name__
    elif isinstance(value, re.Pattern):
        yield f"{value.pattern!r} {value.flags}"
    elif isinstance(value, enum.Enum):
        yield value.name or ""
        yield from _value(value.value, pending, depth + 1)


def _of_class(cls: type) -> Iterator[str]:
    """The source of a class that stands at the top of its file; else its name must do.

    A file that is run as a program has another name than when it is imported, and makes the same classes.
    """
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    file = _file(path) if path else None
    nodes = file.top.get(cls.__name__, ()) if file is not None else ()
    if file is not None and nodes:
        yield cls.__qualname__
        for node in nodes:
            yield from file.closure_of(node)
    else:
        yield _name(cls)


def _of_code(code: types.CodeType) -> Iterator[str]:
    """The source behind a code object, and what it names at the top of its file; else its bytecode."""
    file = _file(code.co_filename)
    node = file.find(code) if file is not None else None
    if file is None or node is None:
        yield from _bytecode(code)
        return
    yield from file.closure_of(node)


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object, and all within it: those of the functions, classes and the like that it makes."""
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending += [each for each in code.co_consts if isinstance(each, types.CodeType)]


def _bytecode(code: types.CodeType) -> Iterator[str]:
    yield f"python {sys.version_info[:2]}"
    for each in codes_in(code):
        yield each.co_code.hex()
        yield " ".join(each.co_names)
        for index, constant in enumerate(each.co_consts):
            if not isinstance(constant, types.CodeType) and not (index == 0 and isinstance(constant, str)):
                yield repr(constant)  # else it comes by itself, or is maybe the docstring


class _File:
    """The parsed source of one file."""

    def __init__(self, path: str, lines: list[str]) -> None:
        source = "".join(lines)
        tree = ast.parse(source)
        self.codes = set(map(_mark, codes_in(compile(source, path, "exec", dont_inherit=True))))
        self.top: dict[str, list[ast.stmt]] = {}  # name -> the statements that define it
        for statement in _at_top(tree):
            for name in _defined(statement):
                self.top.setdefault(name, []).append(statement)
        self.by_line: dict[int, list[_Definition]] = {}
        for node in ast.walk(tree):
            if isinstance(node, _Definition):
                decorators = getattr(node, "decorator_list", ())
                line = min([node.lineno, *[each.lineno for each in decorators]])
                self.by_line.setdefault(line, []).append(node)
        self.dumps: dict[int, tuple[str, frozenset[str]]] = {}

    def find(self, code: types.CodeType) -> _Definition | None:
        """The definition that a code object was compiled from; None if the source is no longer that of the code."""
        if _mark(code) not in self.codes:
            return None
        name = None if code.co_name == "<lambda>" else code.co_name
        nodes = [node for node in self.by_line.get(code.co_firstlineno, ()) if getattr(node, "name", None) == name]
        if len(nodes) > 1:
            places = {place for place in code.co_positions() if None not in place}
            nodes = [node for node in nodes if _lies_in(node, places)]
            nodes.sort(key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))
        return nodes[0] if nodes else None

    def closure_of(self, start: ast.AST) -> Iterator[str]:
        """A definition, and those at the top of the file that it names, and so on."""
        seen: set[int] = set()
        pending = [start]
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            text, names = self._dump(node)
            yield text
            pending += [each for name in sorted(names & self.top.keys(), reverse=True) for each in self.top[name]]

    def _dump(self, node: ast.AST) -> tuple[str, frozenset[str]]:
        known = self.dumps.get(id(node))
        if known is None:
            bare = _Bare()
            text = ast.dump(bare.visit(deepcopy(node)))
            known = self.dumps[id(node)] = text, frozenset(bare.names)
        return known


def _file(path: str) -> _File | None:
    """The file of a path, parsed once; None if there is no source."""
    linecache.checkcache(path)
    lines = linecache.getlines(path)
    if not lines:
        return None
    known = _files.get(path)
    if known is not None and known[0] is lines:
        return known[1]
    try:
        file = _File(path, lines)
    except (SyntaxError, ValueError, RecursionError):
        return None
    _files[path] = lines, file
    return file


def _at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a file, also those that a condition, a loop or an attempt at its top holds.

    What is only there when the file is run as a program is not there where it is imported, and is left out.
    """
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "__name__" in map(_id, ast.walk(node.test)):
            continue
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            pending += reversed(list(ast.iter_child_nodes(node)))


def _id(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    if isinstance(statement, ast.AnnAssign | ast.AugAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def _lies_in(node: _Definition, places: set[tuple[int | None, int | None, int | None, int | None]]) -> bool:
    """Does a code object work on the whole body of a definition?"""
    body = node.body if isinstance(node, ast.Lambda) else node
    return (body.lineno, body.end_lineno, body.col_offset, body.end_col_offset) in places


def _mark(code: types.CodeType) -> tuple[Any, ...]:
    """What a code object has in common with another that was compiled from the same place of the same text."""
    constants = tuple([repr(each) for each in code.co_consts if not isinstance(each, types.CodeType)])
    return code.co_name, code.co_firstlineno, code.co_linetable, code.co_code, code.co_names, constants


class _Bare(ast.NodeTransformer):
    """Takes away what does not matter, and notes the names that are read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        self.names.add(node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = _without_docstring(node.body)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return node  # in the body of a dataclass it makes a field
        self.names.update(each.id for each in ast.walk(node.annotation) if isinstance(each, ast.Name))
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.body = _without_docstring(node.body)
        node.decorator_list = []
        node.returns = None
        return self.generic_visit(node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.Pass()]
    return body

"""A plan as straight-line Python: one line for each call, values in local variables.

The lines are made as a syntax tree, so whatever a node is called, nothing but a name comes of it.  Functions and fixed
values are globals of a namespace of its own: of all ways to hold them that is the one that Python reads fastest, and
the one whose compilation stays linear.  A local variable is used again as soon as nothing can need its value.

What can go wrong in a line is told by its number: see `Line`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple, Never

from ..errors import DomainError
from ..tokens import NONE
from .network import Kind, Network
from .nodes import NodeId
from .run import as_many
from .tracks import Way
from .variables import Names, Variables, ways
from .yields import can_give_none

__all__ = ["Line", "Nothing", "Program", "Recipe", "refuse", "write"]

_LOAD, _STORE = ast.Load(), ast.Store()
_NO_KEYWORDS: list[ast.keyword] = []
_FIRST = 3  # line of the first statement, behind the head and ``try``


class Name(ast.Name):
    """A name that has no place of its own: it takes that of what stands before it, so one will do for all lines."""

    lineno = end_lineno = col_offset = end_col_offset = -1


class Call(ast.Call):
    """A call that is known by its line alone."""

    col_offset = 0


class Assign(ast.Assign):
    """An assignment that is known by its line alone."""

    col_offset = 0
    type_comment = None


class Nothing(Exception):
    """Raised in generated code where a function gives NONE."""


class Line:
    """What a line of generated code does for its step; plain integers."""

    INPUTS: Final = 0  # look whether anything given is NONE
    DOMAIN: Final = 1  # ask the domain
    CALL: Final = 2  # call the function, with its filters
    RESULT: Final = 3  # split the result, or see that it is NONE
    FILTER: Final = 4  # apply the filters of the datum
    CALLBACK: Final = 5  # tell the callback of the datum
    END: Final = 6  # give back what is wanted


_WORDS = 7


class Program:
    """Generated code, and what its lines and variables mean.

    Attributes
    ----------
    function : function
    lines : list of int
        By line from the first statement: position of the step and one of `Line`, in one number.
    targets : dict of int to str or list of (str, int)
        By position: the local variable that the step sets for its datum, or those that it sets, with their data.
    roots : dict of int to int
        By datum that has the value of another: that one.
    spare : dict of (int, int) to int
        By function and datum: what stands for its value among the targets, where it is not that of the datum.
    constants : dict of int to object
        Values that no step sets, by datum.
    parameters : dict of Hashable to str
        By id of an input.
    """

    __slots__ = ("constants", "first", "function", "lines", "parameters", "roots", "spare", "targets")

    def __init__(self, function: FunctionType, writer: _Writer) -> None:
        self.function = function
        self.lines = writer.lines
        self.first = _FIRST if writer.can_repair else _FIRST - 1
        self.targets = writer.targets
        self.parameters = writer.parameters
        self.roots = writer.variables.root
        self.spare = writer.variables.spare
        self.constants = writer.constant

    def line(self, number: int) -> tuple[int, int]:
        """Position of the step of a line, and what the line does."""
        return divmod(self.lines[number - self.first], _WORDS)


class Recipe(NamedTuple):
    """What code is to be written of.

    Attributes
    ----------
    network : Network
    way : Way
        What is to be done.
    inputs, outputs : tuple of Hashable
        Data of the top level.
    name : str
        Of the function.
    fixed : mapping of int to object
        Values that are given here once and for all, by datum.
    known : mapping of int to object
        Values that are there before the first step, by datum: those of the fixed ones that no filter has to see, and
        what was made of them.
    can_repair : bool
        Hand the error to ``_repair`` where a step fails; else it is raised as it is.
    """

    network: Network
    way: Way
    inputs: tuple[NodeId, ...]
    outputs: tuple[NodeId, ...]
    name: str
    fixed: Mapping[int, Any]
    known: Mapping[int, Any]
    can_repair: bool

    def source(self) -> str:
        """The code as text."""
        return ast.unparse(_Writer(self).tree()) + "\n"


def write(recipe: Recipe, filename: str, repair: Any) -> Program:
    """Generate code.

    Parameters
    ----------
    recipe : Recipe
    filename : str
        Where tracebacks say that it stands.
    repair : callable or None
        Called with the error where a step fails; what it gives is given back.

    Notes
    -----
    O(n) in the number of steps: benchmark ``compile``.
    """
    writer = _Writer(recipe)
    code = compile(writer.tree(), filename, "exec")
    body = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    writer.globals["_repair"] = repair
    return Program(FunctionType(body, writer.globals, recipe.name), writer)


_RESERVED = ("Exception", "_", "_NONE", "_Nothing", "_refuse", "_repair", "error", "result", "tuple", "type")


class _Writer:
    """Writes the statements of one function."""

    def __init__(self, recipe: Recipe) -> None:
        network = self.network = recipe.network
        top = network.top
        self.way = recipe.way
        self.outputs = [top.outlet.get(data_id, top.index[data_id]) for data_id in recipe.outputs]
        self.name = recipe.name
        self.can_repair = recipe.can_repair
        self.names = Names(_RESERVED)
        self.parameters = {data_id: self.names.new(data_id) for data_id in recipe.inputs}
        self.globals: dict[str, Any] = {"__builtins__": __builtins__, "__name__": "thalweg.compiled"}
        self.globals |= {"_NONE": NONE, "_Nothing": Nothing, "_refuse": refuse}
        self.variable: dict[int, str] = {}  # by datum that a step sets, or that is given
        self.constant: dict[int, Any] = {}  # by datum
        self.source: dict[int, str | None] = {}  # what is given, or a default, and has to pass filters first
        self._seat(recipe.fixed, recipe.known)
        self.variables = Variables(network, self.way, recipe.known, self.outputs, are_kept=self.can_repair)
        self.roots = self.variables.root
        self.called: set[int] = set()
        self.checks: dict[int, bool] = {}  # by id of a function: must its result be looked at?
        self.is_checked = any(value is NONE for value in self.constant.values())
        self.targets: dict[int, str | list[tuple[str, int]]] = {}
        self.lines: list[int] = []
        self.body: list[ast.stmt] = []
        self.line = _FIRST if self.can_repair else _FIRST - 1
        self.loads: dict[str, Name] = {}
        self.stores: dict[str, Name] = {}
        self.loads_of: dict[int, ast.expr] = {}  # by what the value of a datum comes from
        self.coroutines = frozenset(network.coroutines)
        self.is_async = not self.coroutines.isdisjoint(self.way.functions)
        self._name_variables()

    def _seat(self, fixed: Mapping[int, Any], known: Mapping[int, Any]) -> None:
        """Parameters, defaults and what is known stand for their data."""
        network, index = self.network, self.network.top.index
        given = {index[data_id]: name for data_id, name in self.parameters.items()}
        for x in (*network.defaults, *given):
            target = network.start_slots.get(x, x)
            if x in given:
                self.variable[target] = given[x]
            else:
                self.constant[target] = network.defaults[x][2]
        for step, f in ways(self.way):
            if network.kind[f] == Kind.DEFAULT:
                self.constant[step[1]] = network.records[f].default_value
        self.source = {x: self.variable.get(x) for x in network.extras}
        self.constant |= fixed
        self.constant |= known

    def _name_variables(self) -> None:
        """A variable that holds one datum is called like it."""
        ids = [*self.network.data_ids, *(self.network.data_ids[y] for _, y in self.variables.spare)]
        names = []
        for number, data in enumerate(self.variables.data):
            data_id = ids[data[0]] if len(data) == 1 else None
            names.append(self.names.new(f"v{number + 1}" if data_id is None else data_id))
        for x, slot in self.variables.slot.items():
            self.variable[x] = names[slot]

    def tree(self) -> ast.Module:
        """The function, as the only statement of a module."""
        self._check_inputs()
        network, known = self.network, self.variables.fixed
        for position, x, function, _, taken in self.way.steps:
            f = self.way.functions[position]
            kind = network.kind[f]
            if x in known or (kind == Kind.LINK and x not in network.extras):
                continue
            if function is not None:
                self._call(position, f, x, function)
                continue
            if kind == Kind.FUNCTION:
                if f not in self.called:
                    self.called.add(f)
                    self._guarded_call(position, f)
            elif kind == Kind.COLLECT:
                self._collect(position, f, x, taken)
            elif kind == Kind.ASK:
                self._open(position, f, taken)
            elif x in network.extras:
                value = self._load(network.inputs[f][0]) if kind == Kind.LINK else self._load_source(x)
                self._assign(position, Line.FILTER, [x], value)
            if x in network.extras:
                self._filter(position, x)
        self._return()
        return ast.Module([self._function()], [])

    def _call(self, position: int, f: int, x: int, function: Any) -> None:
        """A function that has one output and no more; the hot path of this file."""
        network, line = self.network, self.line
        name = self.variable[x]
        bound = self.names.new(network.records[f].id)
        self.globals[bound] = function
        loads, roots, arguments = self.loads_of, self.roots, network.arguments[f]
        taken = [loads.get(roots.get(u, u)) or self._load(u) for u in arguments]
        value: ast.expr = Call(Name(bound, _LOAD), taken, _NO_KEYWORDS, lineno=line)
        if self.is_async and f in self.coroutines:
            value = ast.Await(value, lineno=line, col_offset=0)
        self.targets[position] = name
        self.body.append(Assign([self._stored(name)], value, lineno=line))
        self.lines.append(position * _WORDS + Line.CALL)
        self.line = line + 1
        is_checked = self.checks.get(id(function))
        if is_checked is None:
            is_checked = self.checks[id(function)] = self.is_checked or can_give_none(function)
        if is_checked:
            self._refuse_nothing(position, Line.RESULT, [x])

    def _guarded_call(self, position: int, f: int) -> None:
        """A function with a domain, filters, or other than one output."""
        network, record = self.network, self.network.records[f]
        arguments = network.arguments[f]
        if record.input_domain is not None:
            self._ask(position, f, [self._load(u) for u in arguments])
        value = self._called(f, self._bind(record.function, record.id), arguments)
        for k, function in enumerate(record.filters):
            name = self._bind(function, f"{record.id}_filter_{k + 1}")
            value = ast.Call(self._name(name), [value], [], **self._at)
        outputs = [y for y, _ in network.provides[f]]
        if f in network.sink_of:
            self._state(position, Line.CALL, ast.Expr(value, **self._at))
        elif len(outputs) == 1:
            self._assign(position, Line.CALL, outputs, value)
            self._refuse_nothing(position, Line.RESULT, outputs)
        else:
            result = self._stored("result")
            self._state(position, Line.CALL, ast.Assign([result], value, **self._at))
            self._split(position, f, outputs)

    def _split(self, position: int, f: int, outputs: list[int]) -> None:
        """Hand the result of a function to its outputs; those that nobody needs get one variable."""
        split = self._bind(_Splitter(len(outputs), self.network.records[f]), f"{self.network.records[f].id}_results")
        result = self._name("result")
        is_tuple = ast.Compare(
            ast.Call(self._name("type"), [result], [], **self._at), [ast.Is()], [self._name("tuple")], **self._at
        )
        several = ast.Call(self._name(split), [result], [], **self._at)
        value = ast.IfExp(is_tuple, result, several, **self._at)
        numbers = [self.variables.spare.get((f, y), y) for y in outputs]
        kept = [(f, y) in self.variables.spare or (f, y) in self.variables.several for y in outputs]
        names = [self.variable[y] if is_kept else "_" for y, is_kept in zip(numbers, kept, strict=True)]
        target = ast.Tuple([self._stored(name) for name in names], _STORE, **self._at)
        needed = [y for y, is_kept in zip(numbers, kept, strict=True) if is_kept]
        self.targets[position] = [(self.variable[y], y) for y in needed]
        self._state(position, Line.RESULT, ast.Assign([target], value, **self._at))
        self._refuse_nothing(position, Line.RESULT, needed)

    def _collect(self, position: int, f: int, x: int, taken: Sequence[int]) -> None:
        """The estimates of a collecting datum, and what is made of them."""
        network, record = self.network, self.network.records[f]
        value = self._mapping(f, taken, [network.slot_of[slot] for slot in taken])
        if record.function is not None:
            name = self._bind(record.function, f"{record.id}_estimator")
            value = ast.Call(self._name(name), [value], [], **self._at)
        self._assign(position, Line.CALL, [x], value)
        if record.function is not None:
            self._refuse_nothing(position, Line.RESULT, [x])

    def _open(self, position: int, f: int, taken: Sequence[int]) -> None:
        """Ask the gate of a sub-dispatcher."""
        ids = self.network.data_ids
        arrived = [u for u in taken if u and ids[u] is not None]
        self._ask(position, f, [self._mapping(f, arrived, [ids[u] for u in arrived])])

    def _ask(self, position: int, f: int, values: list[ast.expr]) -> None:
        """Ask the domain of a function or a gate."""
        record = self.network.records[f]
        domain = self._name(self._bind(record.input_domain, f"{record.id}_domain"))
        is_refused = ast.UnaryOp(ast.Not(), ast.Call(domain, values, [], **self._at), **self._at)
        refusal = ast.Call(self._name("_refuse"), [], [], **self._at)
        self._if(position, Line.DOMAIN, is_refused, ast.Expr(refusal, **self._at))

    def _mapping(self, f: int, data: Sequence[int], ids: Sequence[NodeId]) -> ast.expr:
        """Values of data by ids."""
        like = self.network.records[f].id
        keys: list[ast.expr | None] = [self._name(self._bind(each, f"{like}_{each}")) for each in ids]
        return ast.Dict(keys, [self._load(u) for u in data], **self._at)

    def _filter(self, position: int, x: int) -> None:
        """The filters and the callback of a datum."""
        node = self.network.extras[x]
        for k, function in enumerate(node.filters):
            name = self._bind(function, f"{node.id}_filter_{k + 1}")
            self._assign(position, Line.FILTER, [x], ast.Call(self._name(name), [self._load(x)], [], **self._at))
            self._refuse_nothing(position, Line.FILTER, [x])
        if node.callback is not None:
            name = self._bind(node.callback, f"{node.id}_callback")
            told = ast.Call(self._name(name), [self._load(x)], [], **self._at)
            self._state(position, Line.CALLBACK, ast.Expr(told, **self._at))

    def _check_inputs(self) -> None:
        """A NONE that is given may pass through functions that are trusted to give none."""
        if self.can_repair and self.parameters:
            self._refuse_nothing(0, Line.INPUTS, self.parameters.values())

    def _refuse_nothing(self, position: int, what: int, data: Iterable[int | str]) -> None:
        """Raise if a value is NONE."""
        names = [x if isinstance(x, str) else self.variable[x] for x in data]
        tests: list[ast.expr] = [
            ast.Compare(self._name(name), [ast.Is()], [self._name("_NONE")], **self._at) for name in names
        ]
        if tests:
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests, **self._at)
            self._if(position, what, test, ast.Raise(self._name("_Nothing"), None, **self._at))

    def _return(self) -> None:
        outputs = [self._load(x) for x in self.outputs]
        value = outputs[0] if len(outputs) == 1 else ast.Tuple(outputs, _LOAD, **self._at)
        self._state(len(self.way.steps), Line.END, ast.Return(value, **self._at))

    def _function(self) -> ast.stmt:
        """The whole function."""
        body = self.body
        if self.can_repair:
            place = self._at
            self.line += 1
            call: ast.expr = ast.Call(self._name("_repair"), [self._name("error")], [], **self._at)
            if self.is_async:
                call = ast.Await(call, **self._at)
            handler = ast.ExceptHandler(self._name("Exception"), "error", [ast.Return(call, **self._at)], **place)
            body = [ast.Try(body, [handler], [], [], lineno=2, col_offset=4)]
        head: dict[str, Any] = {"lineno": 1, "col_offset": 0}
        parameters = [ast.arg(name, **head) for name in self.parameters.values()]
        kind = ast.AsyncFunctionDef if self.is_async else ast.FunctionDef
        return kind(self.name, ast.arguments([], parameters, None, [], [], None, []), body, [], **head)

    def _called(self, f: int, name: str, arguments: Sequence[int]) -> ast.expr:
        """A call, awaited where the function is a coroutine function."""
        call = ast.Call(self._name(name), [self._load(u) for u in arguments], [], **self._at)
        return ast.Await(call, **self._at) if self.is_async and f in self.coroutines else call

    def _bind(self, value: Any, like: NodeId) -> str:
        """A new global for a value."""
        name = self.names.new(like)
        self.globals[name] = value
        return name

    def _load(self, x: int) -> ast.expr:
        """The value of a datum."""
        root = self.roots.get(x, x)
        name = self.variable.get(root)
        if name is None:
            name = self.variable[root] = self._bind(self.constant[root], self._id_of(root))
        found = self.loads_of[root] = self._name(name)
        return found

    def _id_of(self, x: int) -> NodeId:
        data_id = self.network.data_ids[x]
        return "value" if data_id is None else data_id

    def _load_source(self, x: int) -> ast.expr:
        """What is given of a datum, or its default, before its filters have seen it."""
        name = self.source[x]
        return self._name(self._bind(self.constant[x], f"{self.network.data_ids[x]}_default") if name is None else name)

    @property
    def _at(self) -> dict[str, Any]:
        return {"lineno": self.line, "col_offset": 0}

    def _name(self, name: str) -> ast.expr:
        found = self.loads.get(name)
        if found is None:
            found = self.loads[name] = Name(name, _LOAD)
        return found

    def _stored(self, name: str) -> ast.expr:
        found = self.stores.get(name)
        if found is None:
            found = self.stores[name] = Name(name, _STORE)
        return found

    def _assign(self, position: int, what: int, data: Sequence[int], value: ast.expr) -> None:
        (x,) = data
        name = self.variable[x]
        self.targets[position] = name
        self._state(position, what, ast.Assign([self._stored(name)], value, **self._at))

    def _if(self, position: int, what: int, test: ast.expr, then: ast.stmt) -> None:
        """A condition takes two lines."""
        statement = ast.If(test, [then], [], **self._at)
        self._state(position, what, statement)
        self._next(position, what)
        then.lineno = self.line - 1

    def _state(self, position: int, what: int, statement: ast.stmt) -> None:
        self.body.append(statement)
        self._next(position, what)

    def _next(self, position: int, what: int) -> None:
        self.lines.append(position * _WORDS + what)
        self.line += 1


class _Splitter:
    """Makes as many values of a result as there are outputs."""

    def __init__(self, count: int, record: Any) -> None:
        self.count = count
        self.record = record

    def __call__(self, value: Any) -> tuple[Any, ...]:
        return as_many(value, self.count, self.record)


def refuse() -> Never:
    """What generated code calls where a domain says no."""
    raise DomainError("its domain refused the values")

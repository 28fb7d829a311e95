"""Small functions for the values and the mappings of a model; they know nothing of models."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from ..errors import UnknownNodeError

__all__ = [
    "add_args",
    "bypass",
    "combine_dicts",
    "kk_dict",
    "map_dict",
    "map_list",
    "parent_func",
    "replicate_value",
    "selector",
    "stlp",
    "summation",
]

Values = dict[Hashable, Any]


def _copied(value: Any, copy: bool) -> Any:
    if not copy:
        return value
    return deepcopy(value)


def selector(
    keys: Iterable[Hashable],
    dictionary: Mapping[Hashable, Any],
    copy: bool = False,
    output_type: str = "dict",
    allow_miss: bool = False,
) -> Any:
    """Chosen entries of a mapping.

    Parameters
    ----------
    keys : iterable of Hashable
    dictionary : mapping
    copy : bool, optional
        Give deep copies of the values.
    output_type : {"dict", "list", "values"}, optional
        What to give; ``"values"`` is a tuple, or the value itself if there is one key.
    allow_miss : bool, optional
        Leave out keys that are not there.

    Raises
    ------
    UnknownNodeError
        A key is not there.
    ValueError
        Unknown `output_type`.

    Examples
    --------
    >>> selector(["mass", "radius"], {"mass": 5, "radius": 2, "age": 4}, output_type="values")
    (5, 2)
    """
    chosen: Values = {}
    for key in keys:
        if key in dictionary:
            chosen[key] = _copied(dictionary[key], copy)
        elif not allow_miss:
            raise UnknownNodeError.among(key, dictionary, "key", "allow_miss=True leaves it out")
    if output_type == "dict":
        return chosen
    if output_type == "list":
        return list(chosen.values())
    if output_type == "values":
        values = tuple(chosen.values())
        return values[0] if len(values) == 1 else values
    raise ValueError(f"unknown output_type {output_type!r}; use 'dict', 'list' or 'values'")


def combine_dicts(*dicts: Mapping[Hashable, Any], copy: bool = False, base: Values | None = None) -> Values:
    """One dict of several; later ones win.

    Parameters
    ----------
    *dicts : mapping
    copy : bool, optional
        Give deep copies of the values.
    base : dict, optional
        Dict to be updated and given back.

    Examples
    --------
    >>> combine_dicts({"a": 1, "b": 1}, {"b": 2})
    {'a': 1, 'b': 2}
    """
    combined = {} if base is None else base
    for one in dicts:
        combined.update(one)
    for key, value in combined.items() if copy else ():
        combined[key] = _copied(value, copy)
    return combined


def map_dict(
    key_map: Mapping[Hashable, Any], *dicts: Mapping[Hashable, Any], copy: bool = False, base: Values | None = None
) -> Values:
    """One dict of several with other keys.

    Parameters
    ----------
    key_map : mapping
        ``{old key: new key}``; other keys stay.
    *dicts : mapping
    copy, base
        As for `combine_dicts`.

    Examples
    --------
    >>> map_dict({"m": "mass"}, {"m": 5, "age": 4})
    {'mass': 5, 'age': 4}
    """
    renamed = [{key_map.get(key, key): value for key, value in one.items()} for one in dicts]
    return combine_dicts(*renamed, copy=copy, base=base)


def map_list(key_map: Iterable[Any], *inputs: Any, copy: bool = False, base: Values | None = None) -> Values:
    """Names for values given by position.

    Parameters
    ----------
    key_map : iterable
        For each input: its name; or a mapping, by which the input, a mapping, is renamed; or a list, which names the
        elements of the input.
    *inputs : object
    copy, base
        As for `combine_dicts`.

    Examples
    --------
    >>> map_list(["mass", {"r": "radius"}, ["x", "y"]], 5, {"r": 2}, (3, 4))
    {'mass': 5, 'radius': 2, 'x': 3, 'y': 4}
    """
    named: Values = {} if base is None else base
    todo = list(zip(key_map, inputs, strict=False))
    while todo:
        key, value = todo.pop(0)
        if isinstance(key, Mapping):
            map_dict(key, value, base=named)
        elif isinstance(key, list):
            todo = [*zip(key, value, strict=False), *todo]
        else:
            named[key] = value
    return combine_dicts(copy=copy, base=named)


def bypass(*inputs: Any, copy: bool = False) -> Any:
    """Its arguments: one as it is, several as a tuple.

    Examples
    --------
    >>> bypass(1), bypass(1, 2)
    (1, (1, 2))
    """
    values = _copied(inputs, copy)
    return values[0] if len(values) == 1 else values


def summation(*inputs: Any) -> Any:
    """Sum of its arguments.

    Examples
    --------
    >>> summation(1, 2.5)
    3.5
    """
    return sum(inputs[1:], inputs[0]) if inputs else 0


def stlp(value: Any) -> Any:
    """A string as a tuple of one; anything else as it is.

    Examples
    --------
    >>> stlp("mass"), stlp(("mass", "radius"))
    (('mass',), ('mass', 'radius'))
    """
    return (value,) if isinstance(value, str) else value


def kk_dict(*keys: Any, **mapped: Any) -> Values:
    """A mapping of names to themselves, and of what is given otherwise.

    Parameters
    ----------
    *keys : Hashable or mapping
        Names, and mappings that are taken as they are.
    **mapped : object
        Further entries.

    Raises
    ------
    ValueError
        A key comes twice.

    Examples
    --------
    >>> kk_dict("a", {"b": "c"})
    {'a': 'a', 'b': 'c'}
    """
    result: Values = {}
    for item in (*keys, mapped):
        entries = item if isinstance(item, Mapping) else {item: item}
        twice = [key for key in entries if key in result]
        if twice:
            raise ValueError(f"key given twice: {', '.join(map(repr, twice))}; name each once")
        result.update(entries)
    return result


def replicate_value(value: Any, n: int = 2, copy: bool = True) -> tuple[Any, ...]:
    """A value, `n` times.

    Parameters
    ----------
    value : object
    n : int, optional
    copy : bool, optional
        Make each a deep copy.

    Examples
    --------
    >>> replicate_value([1], n=2)
    ([1], [1])
    """
    return tuple([_copied(value, copy) for _ in range(n)])


class add_args:  # noqa: N801 - used like a function, and people know it by this name
    """A function that takes `n` further arguments in front and does not use them.

    Parameters
    ----------
    func : callable
    n : int, optional
        Number of arguments in front.
    callback : callable, optional
        Called after each call with the result and all arguments.

    Examples
    --------
    >>> add_args(len, n=1)("unused", [1, 2])
    2
    """

    def __init__(self, func: Callable[..., Any], n: int = 1, callback: Callable[..., object] | None = None) -> None:
        self.func = func
        self.n = n
        self.callback = callback
        self.__name__ = getattr(func, "__name__", type(func).__name__)
        self.__doc__ = func.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function without the arguments in front."""
        result = self.func(*args[self.n :], **kwargs)
        if self.callback is not None:
            self.callback(result, *args, **kwargs)
        return result

    @property
    def __signature__(self) -> Any:
        import inspect

        signature = inspect.signature(self.func)
        front = [inspect.Parameter(f"unused_{i}", inspect.Parameter.POSITIONAL_ONLY) for i in range(self.n)]
        return signature.replace(parameters=[*front, *signature.parameters.values()])


def parent_func(func: Callable[..., Any], input_id: int | None = None) -> Any:
    """The function inside wrappers made by `functools.partial` and `add_args`.

    Parameters
    ----------
    func : callable
    input_id : int, optional
        Position of an argument of the wrapper.

    Returns
    -------
    callable or tuple
        The function; with `input_id` also the position of that argument in it.

    Examples
    --------
    >>> parent_func(add_args(len, n=2), input_id=2)
    (<built-in function len>, 0)
    """
    while isinstance(func, (partial, add_args)):
        if input_id is not None:
            input_id += len(func.args) if isinstance(func, partial) else -func.n
        func = func.func
    return func if input_id is None else (func, input_id)

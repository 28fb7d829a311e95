"""Models named on a command line: ``path.py:name`` or ``package.module:name``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ..dispatcher import Dispatcher
from ..dispatcher.blueprint import Blueprint
from ..errors import ModelFileError, near_misses

__all__ = ["model_named", "models_in", "module_named"]


@contextmanager
def model_named(name: str) -> Iterator[Dispatcher]:
    """The model of a name on the command line.

    Parameters
    ----------
    name : str
        ``path.py:name`` or ``package.module:name``; without ``:name`` the only dispatcher there.

    Raises
    ------
    ModelFileError
        There is no such file, module or name, it raises, or it is no dispatcher.

    Notes
    -----
    While the block runs, modules beside a model file can be imported, as if the file were run; afterwards
    ``sys.path`` is as it was and these modules are forgotten.
    """
    place, attribute = _split(name)
    with _loaded(place) as module:
        yield _pick(module, attribute, place)


@contextmanager
def module_named(name: str) -> Iterator[tuple[ModuleType, str]]:
    """The file or module of a name on the command line, and what is named in it, "" for nothing; as `model_named`."""
    place, attribute = _split(name)
    with _loaded(place) as module:
        yield module, attribute


def models_in(place: str) -> list[str]:
    """Names of the models in a file or module.

    Parameters
    ----------
    place : str

    Raises
    ------
    ModelFileError
        It is not there, or raises.
    """
    with _loaded(place) as module:
        return list(_models(module))


@contextmanager
def _loaded(place: str) -> Iterator[ModuleType]:
    is_file = place.endswith(".py")
    folder = Path(place).resolve().parent if is_file else Path.cwd()
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield _run_file(Path(place)) if is_file else _import(place)
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        if is_file:
            for other in set(sys.modules) - before:
                origin = getattr(sys.modules[other], "__file__", None)
                if origin and Path(origin).is_relative_to(folder):
                    del sys.modules[other]


def _split(name: str) -> tuple[str, str]:
    """File or module, and name in it; a colon may also stand behind the letter of a drive."""
    place, colon, attribute = name.rpartition(":")
    if colon and attribute.replace(".", "_").isidentifier():
        return place, attribute
    return name, ""


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ModelFileError(f"there is no model file {str(path)!r}")
    # A name of its own, so that a model file called like a module of somebody else's does not stand in for it.
    # `__main__` in it says to executors: no other process can import this.
    name = f"_thalweg_model__main__{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise ModelFileError(_what_happened(error, path.resolve().parent)) from error
    _travel_by_value(module)
    return module


def _travel_by_value(module: ModuleType) -> None:
    """Let what a model file defines travel to other processes whole, for they cannot import it by its name."""
    try:
        import cloudpickle
    except ImportError:  # then executors say what is missing
        return
    cloudpickle.register_pickle_by_value(module)


def _import(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ModelFileError(f"{name!r} is neither a file that ends in .py nor a module")
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            hint = f" (for a file write {name}.py)" if Path(f"{name}.py").is_file() else ""
            raise ModelFileError(f"there is no module {error.name!r}{hint}") from error
        raise ModelFileError(_what_happened(error, Path.cwd())) from error


def _what_happened(error: BaseException, folder: Path) -> str:
    """File, line and error; of the traceback the last line that is the user's own."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}, line {error.lineno}: {type(error).__name__}: {error.msg}"
    place, trace = "", error.__traceback__
    while trace is not None:
        origin = trace.tb_frame.f_code.co_filename
        if Path(origin).is_relative_to(folder) and origin != __file__:
            place = f"{origin}, line {trace.tb_lineno}: "
        trace = trace.tb_next
    return f"{place}{what}"


def _models(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if isinstance(value, (Dispatcher, Blueprint))}


def _pick(module: ModuleType, attribute: str, place: str) -> Dispatcher:
    """The dispatcher of that name, or the only one."""
    models = _models(module)
    if not attribute:
        if len({id(value) for value in models.values()}) != 1:
            names = ", ".join(f"{place}:{name}" for name in models)
            raise ModelFileError(
                f"{place} has {'several dispatchers' if models else 'no dispatcher'}"
                + (f"; name one: {names}" if models else "")
            )
        attribute = next(iter(models))
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            close = near_misses(attribute, [*models, *vars(module)])
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise ModelFileError(f"{place} has nothing called {attribute!r}{hint}")
        value = getattr(value, part)
    if isinstance(value, Blueprint):
        value = value.register()
    if not isinstance(value, Dispatcher):
        names = f"; its dispatchers are {', '.join(models)}" if models else ""
        raise ModelFileError(f"{attribute!r} in {place} is a {type(value).__name__}, not a Dispatcher{names}")
    return value

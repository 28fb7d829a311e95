"""Models written down first and built when they are needed.

A blueprint keeps the calls that would build a model.  Importing a module of many blueprints costs next to nothing;
`Blueprint.register` builds the model once, children included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .dispatcher import Dispatcher

__all__ = ["BlueDispatcher", "Blueprint"]

F = TypeVar("F", bound=Callable[..., Any])


class Blueprint:
    """A model to be built later.

    Parameters
    ----------
    *args, **kwargs
        Those of `Dispatcher`.

    Examples
    --------
    >>> plan = Blueprint(name="rectangle")
    >>> _ = plan.add_function("multiply", lambda a, b: a * b, outputs=["area"])
    >>> plan.register()({"a": 2, "b": 3})["area"]
    6
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.arguments = (args, kwargs)
        self.deferred: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._built: Dispatcher | None = None

    def _defer(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Blueprint:
        self.deferred.append((method, args, kwargs))
        self._built = None
        return self

    def add_data(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.add_data`."""
        return self._defer("add_data", args, kwargs)

    def add_function(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.add_function`."""
        return self._defer("add_function", args, kwargs)

    def add_func(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.add_func`."""
        return self._defer("add_func", args, kwargs)

    def function(self, outputs: Any = None, **options: Any) -> Callable[[F], F]:
        """Decorator that notes the function below it."""

        def add(function: F) -> F:
            self.add_func(function, outputs, **options)
            return function

        return add

    def add_dispatcher(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.add_dispatcher`; the child may be a blueprint."""
        return self._defer("add_dispatcher", args, kwargs)

    def add_from_lists(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.add_from_lists`."""
        return self._defer("add_from_lists", args, kwargs)

    def set_default_value(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Note a call of `Dispatcher.set_default_value`."""
        return self._defer("set_default_value", args, kwargs)

    def extend(self, *others: Any) -> Blueprint:
        """Note a call of `Dispatcher.extend`."""
        return self._defer("extend", others, {})

    def register(self) -> Dispatcher:
        """The model, built at the first call and whenever something was noted since.

        Raises
        ------
        BuildError
            A call that was noted is refused.
        """
        if self._built is None:
            args, kwargs = self.arguments
            dsp = Dispatcher(*args, **kwargs)
            for method, arguments, options in self.deferred:
                getattr(dsp, method)(*arguments, **options)
            self._built = dsp
        return self._built

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Dispatch the model."""
        return self.register().dispatch(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Blueprint of {len(self.deferred)} steps>"


BlueDispatcher = Blueprint

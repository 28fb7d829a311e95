"""Models made of many interdependent functions, and the cheapest way through them."""

from .dispatcher import Dispatcher, Plan, Solution
from .dispatcher.blueprint import BlueDispatcher, Blueprint
from .dispatcher.functions import (
    DispatchPipe,
    MapDispatch,
    SubDispatch,
    SubDispatchFunction,
    SubDispatchPipe,
    add_function,
    load_dispatcher,
    run_model,
    save_dispatcher,
)
from .dispatcher.helpers import (
    add_args,
    bypass,
    combine_dicts,
    kk_dict,
    map_dict,
    map_list,
    parent_func,
    replicate_value,
    selector,
    stlp,
    summation,
)
from .dispatcher.simulate import Simulation, simulate
from .executors import Gate, Policy, open_executor, shutdown_executors
from .tokens import EMPTY, END, NONE, PLOT, SELF, SINK, START

__all__ = [
    "EMPTY", "END", "NONE", "PLOT", "SELF", "SINK", "START", "BlueDispatcher", "Blueprint", "DispatchPipe",
    "Dispatcher", "Gate", "MapDispatch", "Plan", "Policy", "Simulation", "Solution", "SubDispatch",
    "SubDispatchFunction", "SubDispatchPipe", "add_args", "add_function", "bypass", "combine_dicts", "kk_dict",
    "load_dispatcher", "map_dict", "map_list", "open_executor", "parent_func", "replicate_value", "run_model",
    "save_dispatcher", "selector", "shutdown_executors", "simulate", "stlp", "summation",
]  # fmt: skip

__version__ = "0.1.0"

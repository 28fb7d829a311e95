"""Flows of tasks: methods whose calls may be made on many machines, written as plain Python."""

from ..errors import CodeVersionError, PromiseError, TaskError
from .definition import BoundTask, Task, task
from .flow import Flow
from .promise import Promise
from .run import Run

__all__ = ["BoundTask", "CodeVersionError", "Flow", "Promise", "PromiseError", "Run", "Task", "TaskError", "task"]

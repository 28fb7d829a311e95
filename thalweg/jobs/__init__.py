"""Scenarios of asyncio jobs with requirements: another way to say what the executors run."""

from .job import AbstractJob, Job, PrintJob
from .run import Verdict
from .scheduler import Engine, Scheduler
from .sequence import Sequence

__all__ = ["AbstractJob", "Engine", "Job", "PrintJob", "Scheduler", "Sequence", "Verdict"]

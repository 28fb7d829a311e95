"""Processes that make the calls of flows and models for other programs: a scheduler, workers, who may reach them."""

from .access import Access, scheduler_in_use
from .certs import make_certificates
from .joining import joined, leave
from .launch import Fleet, launch_workers
from .serving import Duty, serve_scheduler, serve_worker

__all__ = [
    "Access",
    "Duty",
    "Fleet",
    "joined",
    "launch_workers",
    "leave",
    "make_certificates",
    "scheduler_in_use",
    "serve_scheduler",
    "serve_worker",
]

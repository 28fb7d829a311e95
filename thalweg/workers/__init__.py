"""Processes that make the calls of flows and models for other programs: a scheduler, workers, and who may reach them."""

from .access import Access, scheduler_in_use
from .certs import make_certificates
from .launch import Fleet, launch_workers
from .serving import serve_scheduler, serve_worker

__all__ = [
    "Access",
    "Fleet",
    "launch_workers",
    "make_certificates",
    "scheduler_in_use",
    "serve_scheduler",
    "serve_worker",
]

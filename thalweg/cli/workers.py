"""``thalweg scheduler``, ``thalweg worker``, ``thalweg certs``: machines that make calls for others."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable
from typing import Any

from ..errors import WorkersError
from ..executors.placement import Offer
from .codes import Exit
from .options import add_manner, describe, natural, positive

__all__ = ["add_certs", "add_scheduler", "add_worker"]


_LOOKING = "worker for {}, once that answers (Ctrl+C ends)"


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg scheduler``."""
    describe(
        parser,
        "Workers join it, and programs send it their runs: set THALWEG_SCHEDULER to its address. On a loopback address "
        "it serves this machine alone; any other needs --certs.",
        example="""
            $ thalweg scheduler --port 0
            scheduler at tcp://127.0.0.1:... (Ctrl+C ends)
        """,
    )
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1", help="address (default: 127.0.0.1)")
    parser.add_argument("--port", metavar="PORT", type=natural, default=8786, help="0 for a free one (default: 8786)")
    _add_common(parser)
    parser.set_defaults(action=scheduler)


def add_worker(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg worker``."""
    describe(
        parser,
        "It takes calls of all queues that it does not exclude, and that ask for no toleration but those it has.",
        example="""
            $ thalweg worker --scheduler 127.0.0.1:8786 --include-queue training --resource GPU=1
            worker for tcp://127.0.0.1:8786, once that answers (Ctrl+C ends)
        """,
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="HOST:PORT (default: THALWEG_SCHEDULER)")
    for option, text in (
        ("--include-queue", "take this queue, and no other that is not named (repeat it)"),
        ("--exclude-queue", "do not take this queue (repeat it)"),
        ("--toleration", "take calls that ask for this, too (repeat it)"),
    ):
        parser.add_argument(option, metavar="NAME", action="append", default=[], help=text)
    parser.add_argument(
        "--resource", metavar="NAME=AMOUNT", action="append", default=[], type=_amount, help="it has this (repeat it)"
    )
    parser.add_argument("--threads", metavar="N", type=positive, default=1, help="calls at once (default: 1)")
    parser.add_argument("--name", metavar="NAME", help="what it is called (default: its address)")
    parser.add_argument("--host", metavar="HOST", help="address to listen to (default: as the scheduler is reached)")
    parser.add_argument(
        "--memory", metavar="SIZE", default="auto", type=_size, help="how much it may use, such as 4GiB (default: auto)"
    )
    parser.add_argument(
        "--supervise", action="store_true", help="make calls in a process that is started anew when it ends"
    )
    _add_common(parser)
    parser.set_defaults(action=worker)


def add_certs(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``thalweg certs``."""
    describe(
        parser,
        "Copy ca.pem, node.pem and node.key to each machine of the fleet, and leave ca.key where it is.",
        example="""
            $ thalweg certs $(mktemp --directory) --host 10.0.0.7
            /...: ca.pem, node.pem, node.key for each machine; ca.key stays here
        """,
    )
    parser.add_argument("folder", metavar="FOLDER", help="gets the certificates")
    parser.add_argument(
        "--host", metavar="HOST", action="append", default=[], help="name or address of a machine (repeat it)"
    )
    parser.add_argument("--authority", metavar="FOLDER", help="signed by the ca.key there (default: a new one)")
    parser.add_argument("--days", metavar="N", type=positive, default=825, help="good for so long (default: 825)")
    add_manner(parser, quiet=False)
    parser.set_defaults(action=certs)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--certs", metavar="FOLDER", help="speak TLS with these certificates (default: THALWEG_CERTS)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    add_manner(parser, as_json='{"address": ...}, when it is there', quiet=True)


def _amount(text: str) -> tuple[str, float]:
    name, equals, amount = text.partition("=")
    try:
        number = float(amount) if equals else 1.0
    except ValueError:
        number = 0.0
    if not name or not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=AMOUNT with an amount above 0")
    return name, number


def _size(text: str) -> str:
    if text != "auto" and not re.fullmatch(r"\d+(\.\d+)? ?([kMGT]i?)?B", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 4GiB")
    return text


def scheduler(chosen: argparse.Namespace) -> Exit:
    """Be a scheduler."""
    from ..workers import serve_scheduler
    from ..workers.access import certs_in_use

    _log(chosen)
    told = _teller(chosen, lambda facts: f"scheduler at {facts['address']} (Ctrl+C ends)")
    folder = certs_in_use(chosen.certs)
    serve_scheduler(host=chosen.host, port=chosen.port, certs=folder, ready=told, until_eof=chosen.until_eof)
    return Exit.WELL


def worker(chosen: argparse.Namespace) -> Exit:
    """Be a worker."""
    from ..workers import Access, Duty, serve_worker

    access = Access.found(chosen.scheduler, chosen.certs)
    if access is None:
        raise WorkersError("no scheduler is named; give --scheduler HOST:PORT, or set THALWEG_SCHEDULER")
    _log(chosen)
    serve_worker(
        access,
        Duty(
            Offer(chosen.include_queue or None, chosen.exclude_queue, chosen.toleration),
            resources=dict(chosen.resource),
            threads=chosen.threads,
            memory=chosen.memory,
            supervise=chosen.supervise,
        ),
        name=chosen.name,
        host=chosen.host,
        looking=None if chosen.json else lambda: print(_LOOKING.format(access.address), flush=True),
        ready=_teller(chosen, lambda facts: f"worker at {facts['address']} serves"),
        until_eof=chosen.until_eof,
    )
    return Exit.WELL


def certs(chosen: argparse.Namespace) -> Exit:
    """Make certificates."""
    from ..workers import make_certificates

    folder = make_certificates(chosen.folder, hosts=chosen.host, days=chosen.days, authority=chosen.authority)
    print(f"{folder}: ca.pem, node.pem, node.key for each machine; ca.key stays here")
    return Exit.WELL


def _teller(chosen: argparse.Namespace, sentence: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], None]:
    documents = 1  # one, however often a worker comes back: whoever reads it may have stopped reading

    def tell(facts: dict[str, Any]) -> None:
        nonlocal documents
        if not chosen.json:
            print(sentence(facts), flush=True)
        elif documents:
            documents -= 1
            print(json.dumps(facts), flush=True)

    return tell


def _log(chosen: argparse.Namespace) -> None:
    """What the cluster has to say goes to standard error: all of it with --debug; before it is loaded."""
    level = "info" if chosen.debug else "error" if chosen.quiet else "warning"
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", level)  # processes below this one see it, too

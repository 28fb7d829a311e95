"""Attempts for executors to make, what came of them, and what they left behind."""

import contextlib
import gc
import os
import tempfile
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import psutil

from thalweg.executors.contract import Call, GuardedCall, SpecialAttempt

# A guard against a test that hangs, not a measure of speed.
PATIENCE = 60.0


class Sink:
    """Takes outcomes, in the order in which they are reported."""

    def __init__(self):
        self.queue = SimpleQueue()
        self.numbers = 0

    def attempt(self, function, *args, limit=None, domain=None, filters=(), following=(), is_kept=True):
        self.numbers += 1
        if domain is None and not filters:
            call = Call(self.numbers, function, args)
        else:
            call = GuardedCall(self.numbers, function, args, domain, filters)
        attempt = SpecialAttempt(call, self.queue.put)
        attempt.limit_seconds = limit
        attempt.following = following
        attempt.is_kept = is_kept
        return attempt

    def take(self):
        return self.queue.get(timeout=PATIENCE)

    def take_all(self, attempts):
        """The outcomes of these attempts, in their order, and of no other."""
        found = {}
        for _ in attempts:
            outcome = self.take()
            assert outcome.attempt not in found, "reported twice"
            found[outcome.attempt] = outcome
        return [found[attempt] for attempt in attempts]

    def is_empty(self):
        return self.queue.empty()


def outcomes(executor, *calls):
    """Start all, and give what came of each."""
    sink = Sink()
    attempts = [sink.attempt(*each) for each in calls]
    for attempt in attempts:
        executor.start(attempt)
    found = sink.take_all(attempts)
    assert sink.is_empty()
    return found


def outcome(executor, function, *args, **options):
    sink = Sink()
    attempt = sink.attempt(function, *args, **options)
    executor.start(attempt)
    return sink.take_all([attempt])[0]


def value(executor, function, *args, **options):
    found = outcome(executor, function, *args, **options)
    if found.error is not None:
        raise found.error
    return found.value


def run_chain(executor, *attempts):
    """Start a chain, and give the outcomes of it, up to the first failure or the last."""
    head, *rest = attempts
    head.following = rest
    executor.start(head)
    sink = head.report.__self__
    found = []
    while len(found) < len(attempts) and (not found or found[-1].error is None):
        found.append(sink.get(timeout=PATIENCE))
    assert [each.attempt for each in found] == list(attempts[: len(found)])
    return found


def files():
    """Files and directories of ours, anywhere."""
    bases = {"/dev/shm", tempfile.gettempdir()}
    return sorted(str(path) for base in bases for path in Path(base).glob(f"thalweg-{os.getpid()}-*/**/*"))


def descriptors():
    """What is open in this process: number and what it leads to."""
    found = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found.add((each.name, str(each.readlink())))
    return found


def what_is_there():
    """Processes, threads, descriptors and files of this process: each is one thing, not one of a number."""
    return {
        "processes": set(psutil.Process().children(recursive=True)),
        "threads": set(threading.enumerate()),
        "descriptors": descriptors(),
        "files": set(files()),
    }


@contextlib.contextmanager
def nothing_left_behind():
    """Fail if something is there afterwards that was not there before.

    What was there before may go: a pool of another test removes spare files a second after their last use, and closes
    the descriptors of a dead worker after it has reported the death.
    """
    gc.collect()
    before = what_is_there()
    yield
    left = [f"{kind}: {each}" for kind, there in what_is_there().items() for each in there - before[kind]]
    assert not left, f"left behind are {left}"


def until(condition):
    """Wait for what another process does; fails if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.001)

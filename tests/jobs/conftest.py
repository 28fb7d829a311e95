"""Scenarios on an event loop with a clock of its own, and a diary of what their jobs do."""

import asyncio

import pytest

from tests.executors.clock import clock_loop
from thalweg.jobs import Job


@pytest.fixture
def clock():
    """An event loop to orchestrate on; at the end nothing may be left on it."""
    with clock_loop() as loop:
        yield loop


class Diary:
    """Who began and who ended, and when [s]."""

    def __init__(self, loop):
        self.loop = loop
        self.entries = []

    def note(self, what, name):
        self.entries.append((self.loop.time(), what, name))

    async def sleep(self, name, seconds, error=None):
        """For jobs: sleep, and give the name, or raise."""
        self.note("begins", name)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.note("is cancelled", name)
            raise
        self.note("ends", name)
        if error is not None:
            raise error
        return name

    def of(self, *whats):
        return [(time, name) for time, what, name in self.entries if what in whats]

    @property
    def begun(self):
        return self.of("begins")

    @property
    def ended(self):
        return self.of("ends")

    @property
    def cancelled(self):
        return self.of("is cancelled")


@pytest.fixture
def diary(clock):
    return Diary(clock)


@pytest.fixture
def job(diary):
    """Make a job that sleeps, and notes when it begins and ends."""

    def make(name, seconds=1.0, *, error=None, **options):
        return Job(diary.sleep, name, seconds, error, label=name, **options)

    return make

"""An event loop whose clock is its own: where nothing is ready, time goes on to the next timer at once.

So a test says what happens at which moment, to the last digit, and takes no longer than its calls.
"""

import asyncio
import selectors
from contextlib import contextmanager

PATIENCE_SECONDS = 20.0  # before a test that waits in vain is given up


class ClockLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits for time; reports from threads are waited for as ever.

    Attributes
    ----------
    moment : float
        Its time, from 0 [s].
    turns : int
        How often it has looked for what is ready.
    """

    def __init__(self):
        self.moment = 0.0
        self.turns = 0
        super().__init__(_Selector(self))

    def time(self):
        return self.moment


class _Selector(selectors.SelectSelector):
    def __init__(self, loop):
        super().__init__()
        self.loop = loop

    def select(self, timeout=None):
        self.loop.turns += 1
        if timeout is None:
            ready = super().select(PATIENCE_SECONDS)
            assert ready, "nothing is left that could ever happen on this loop"
            return ready
        ready = super().select(0)
        if not ready:
            self.loop.moment += timeout
        return ready


@contextmanager
def clock_loop():
    """A loop with a clock of its own; at the end nothing may be left on it."""
    loop = ClockLoop()
    try:
        yield loop
        assert not asyncio.all_tasks(loop), "something is left in the background"
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

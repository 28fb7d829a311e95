"""Runs for executors to drive, each stepped by hand: they say what may start, and note what they are told."""

from thalweg.executors.contract import Call, GuardedCall


def call(number, function, *args, domain=None, filters=()):
    if domain is None and not filters:
        return Call(number, function, args)
    return GuardedCall(number, function, args, domain, filters)


class Steps:
    """A run of given calls, each of which may start when those before it that it names have ended.

    Parameters
    ----------
    *steps : tuple of (Call, int...)
        A call, and the numbers of the calls that it waits for.
    stop_after : int, optional
        Number of the call with whose end the run is over.
    """

    def __init__(self, *steps, stop_after=None):
        self.waiting = {step[0].number: (step[0], set(step[1:])) for step in steps}
        self.stop_after = stop_after
        self.stopped = False
        self.given = []
        self.open = set()
        self.outcomes = {}
        self.events = []

    def is_active(self):
        return not self.stopped and bool(self.waiting or self.open)

    def ready(self):
        while not self.stopped:
            free = [number for number, (_, needs) in self.waiting.items() if needs <= self.outcomes.keys()]
            if not free:
                return
            step, _ = self.waiting.pop(free[0])
            self.given.append(step.number)
            self.open.add(step.number)
            yield step

    def done(self, call, value):
        self.end(call, ("done", value))

    def failed(self, call, error):
        self.end(call, ("failed", error))

    def end(self, call, outcome):
        assert call.number in self.open, "reported without being given, or twice"
        self.open.remove(call.number)
        self.outcomes[call.number] = outcome
        self.events.append(call.number)
        if call.number == self.stop_after:
            self.stopped = True

"""Runs for executors to drive, each stepped by hand: they say what may start, and note what they are told."""

from collections import deque

from thalweg.executors.contract import Call, GuardedCall
from thalweg.tokens import DROPPED, PREVIOUS


def call(number, function, *args, domain=None, filters=(), executor=None, policy=None):
    if domain is None and not filters and executor is None and policy is None:
        return Call(number, function, args)
    return GuardedCall(number, function, args, domain, filters, executor=executor, policy=policy)


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
        self.missing = {step[0].number: set(step[1:]) for step in steps}
        self.later = {}
        for step, *needs in steps:
            for number in needs:
                self.later.setdefault(number, []).append(step)
        self.free = deque(step[0] for step in steps if not step[1:])
        self.left = len(steps)
        self.stop_after = stop_after
        self.stopped = False
        self.given = []
        self.open = set()
        self.outcomes = {}
        self.events = []

    def path(self, call):
        return f"call {call.number}"

    def stop(self):
        self.stopped = True

    def is_active(self):
        return not self.stopped and self.left > 0

    def ready(self):
        while self.free and not self.stopped:
            step = self.free.popleft()
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
        self.left -= 1
        self.outcomes[call.number] = outcome
        self.events.append(call.number)
        for step in self.later.get(call.number, ()):
            needs = self.missing[step.number]
            needs.discard(call.number)
            if not needs:
                self.free.append(step)
        if call.number == self.stop_after:
            self.stopped = True


class Line(Steps):
    """Calls that each take the value of the one before, where `PREVIOUS` stands among their arguments.

    Parameters
    ----------
    *calls : Call
    kept : container of int
        Numbers of the calls whose value is wanted though the next one has it.
    """

    def __init__(self, *calls, kept=()):
        super().__init__(*((one, *([calls[k - 1].number] if k else [])) for k, one in enumerate(calls)))
        self.kept = kept
        self.calls = calls
        self.chained = []
        self.dropped = []
        self.held = set()  # given as what follows another: not to be given once more

    def follow(self, call):
        place = self.calls.index(call) + 1
        if place == len(self.calls):
            return None
        self.held.add(self.calls[place].number)
        return self.calls[place], call.number in self.kept

    def end(self, call, outcome):
        super().end(call, outcome)
        for one in [one for one in self.free if one.number in self.held]:
            self.free.remove(one)

    def began(self, call):
        self.held.discard(call.number)
        self.chained.append(call.number)
        self.given.append(call.number)
        self.open.add(call.number)

    def untaken(self, call):
        self.held.discard(call.number)
        self.dropped.append(call.number)
        if not self.missing[call.number]:
            self.free.append(call)

    def ready(self):
        for one in super().ready():
            one.args = tuple(self.outcomes[one.number - 1][1] if arg is PREVIOUS else arg for arg in one.args)
            yield one

    def values(self):
        return {number: "dropped" if value is DROPPED else value for number, (_, value) in self.outcomes.items()}

"""A program that is killed: it drives a seeded model of 200 calls, recorded in a journal.

    python recorded.py JOURNAL RUN SEED EXECUTOR LEASE [BYTES OF A FILE]

It tells of each call as it begins, in a line on standard output: ``call KEY``; and of its end: ``end SUM``.
"""

import os
import random
import resource
import sys
import time

from thalweg import Dispatcher
from thalweg.errors import JournalError
from thalweg.journal import current_call, open_journal

CALLS = 200
INPUTS = 5
SECONDS = 0.001


def say(text):
    """In one piece, whoever else writes: threads of this process, or workers."""
    os.write(1, f"{text}\n".encode())


class Mix:
    """A function that is unlike its neighbours; some fail, some take longer, some give a large value."""

    def __init__(self, number, kind):
        self.number, self.kind = number, kind

    def __call__(self, *values):
        current = current_call()
        if current is not None:
            say(f"call {current.key.partition(':')[2]}")
            time.sleep(SECONDS)
        if self.kind == "fails":
            raise OSError("no route")
        total = sum(len(value) if isinstance(value, bytes) else value for value in values)
        mixed = (total * 31 + self.number) % 1_000_003
        return bytes(70_000 + mixed % 1000) if self.kind == "large" else mixed


def model(seed):
    """Each datum is made of some of those before it, by one function or, where that fails, another."""
    chance = random.Random(seed)
    dsp = Dispatcher(name="seeded")
    data = [f"in{number}" for number in range(INPUTS)]
    for name in data:
        dsp.add_data(name)
    number = 0
    while number < CALLS:
        inputs = chance.sample(data[-12:], min(len(data), chance.randint(1, 3)))
        kind = chance.choices(["fails", "large", "plain"], [1, 1, 18])[0]
        output = f"d{number}"
        if kind == "fails":
            dsp.add_function(f"f{number}", Mix(number, "fails"), inputs, [output])
            number += 1
        dsp.add_function(f"f{number}", Mix(number, kind if kind == "large" else "plain"), inputs, [output], weight=5)
        number += 1
        data.append(output)
    return dsp


def total_of(solution):
    """A number that says whether two solutions are the same."""
    values = [(name, value if isinstance(value, int) else len(value)) for name, value in solution.items()]
    return sum((place + 1) * value for place, (_, value) in enumerate(sorted(values)))


def main(where, run, seed, executor, lease, limit=""):
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    dsp = model(int(seed))
    inputs = {f"in{number}": number for number in range(INPUTS)}
    try:
        with open_journal(where, lease_seconds=float(lease)) as journal:
            solution = dsp.dispatch(inputs, executor=executor, journal=journal, run=run)
    except JournalError as error:
        say(f"error {type(error).__name__}: {error}")
        return 3
    say(f"end {total_of(solution)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

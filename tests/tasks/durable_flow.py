"""A flow that writes down each of its calls; the tests run it, also in processes that are killed."""

import os
import random
import sys
import time

from thalweg.journal import current_call
from thalweg.tasks import Flow, task


class Ledger(Flow):
    """Adds numbers in a tree of calls; every call leaves a line in a file."""

    def __init__(self, log, seed=1, *, pause=0.0):
        self.log = log
        self.seed = seed
        self.pause = pause

    @task
    def entrypoint(self, n):
        self.note("entrypoint")
        return self.add([self.branch(i) for i in range(n)])

    @task
    def branch(self, i):
        self.note(f"branch {i}")
        chance = random.Random(self.seed * 1000 + i)
        return self.add([self.leaf(i, chance.randrange(100)) for _ in range(chance.randrange(1, 6))])

    @task
    def leaf(self, i, number):
        self.note(f"leaf {i} {number}")
        time.sleep(self.pause)
        return number

    @task
    def add(self, numbers):
        self.note(f"add {len(numbers)}")
        return sum(numbers)

    @task
    def dies_once(self):
        call = current_call()
        with open(self.log, "a+") as log:  # noqa: PTH123
            log.seek(0)
            if not log.read():
                log.write(str(call.attempt))
                log.flush()
                os._exit(9)
        return tuple(call)

    def note(self, what):
        call = current_call()
        with open(self.log, "a") as log:  # noqa: PTH123 - the shortest way to one write
            log.write(f"{'-' if call is None else call.key}|{what}\n")


if __name__ == "__main__":
    log, journal, executor, name = sys.argv[1:]
    value = Ledger(log, pause=0.002).entrypoint.using(executor, journal=journal, run=name).run(40)
    sys.stdout.write(f"{value}\n")

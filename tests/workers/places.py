"""A flow whose tasks ask for places; worker processes import this file."""

import os
import time
from pathlib import Path

from thalweg.tasks import Flow, task


class Places(Flow):
    @task
    def anywhere(self):
        return os.environ.get("PLACE", "plain")

    @task(queue="training", requires={"GPU": 1})
    def trains(self):
        return os.environ.get("PLACE", "plain")

    @task(queue="training", taint="night")
    def at_night(self):
        return os.environ.get("PLACE", "plain")

    @task(queue="far")
    def waits_far_away(self, folder):
        return self.wait_once(folder)

    @task
    def waits_once(self, folder):
        return self.wait_once(folder)

    def wait_once(self, folder):
        begun = Path(folder, "begun")
        if begun.exists():
            return "again"
        begun.write_text(str(os.getpid()))
        while True:
            time.sleep(1)

    @task
    def waits_for(self, file, begun):
        Path(begun).write_text("begun")
        while not Path(file).exists():
            time.sleep(0.002)
        return "gone"

    @task
    def runs_within(self, n):
        return [Places().count.run(range(n)), os.getpid(), Places().pid.submit().result(60)]

    @task
    def pid(self):
        return os.getpid()

    @task
    def many(self, log, name, n):
        return self.count([self.step(log, name, i) for i in range(n)])

    @task
    def step(self, log, name, i):
        with Path(log).open("a") as file:
            file.write(name)
        return i

    @task
    def count(self, parts):
        return len(parts)

"""Run within a network namespace of its own: a worker in another one is cut off while it makes a call."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.workers.places import Places
from thalweg.workers import Access

HERE = "10.231.77.1"


def start(*words, within=()):
    command = [
        *within,
        sys.executable,
        "-m",
        "thalweg",
        *words,
        "--json",
        "--until-eof",
        "--certs",
        os.environ["CERTS"],
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline()
    return process


def main(folder, other, link):
    scheduler = start("scheduler", "--host", HERE, "--port", "8786")
    access = Access(f"tls://{HERE}:8786", os.environ["CERTS"])
    os.environ.update(THALWEG_SCHEDULER=access.address, THALWEG_CERTS=os.environ["CERTS"])
    worker = ["worker", "--include-queue", "far", "--scheduler", access.address]
    far = start(*worker, within=["ip", "netns", "exec", other])
    run = Places().waits_far_away.submit(folder)
    begun = Path(folder, "begun")
    while not begun.exists():
        time.sleep(0.01)
    subprocess.run(["ip", "link", "set", link, "down"], check=True)
    cut = time.monotonic()
    near = start(*worker)
    value = run.result(120)
    sys.stdout.write(f"{value} {time.monotonic() - cut:.3f}\n")
    for process in (near, far, scheduler):
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main(*sys.argv[1:])

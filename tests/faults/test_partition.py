"""A worker that cannot be reached any more is given up within the stated time, and its call is made elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Nothing of this is reached from elsewhere: two namespaces, and a wire between them.
SECONDS = 12  # in place of the 30 of the page on workers

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes network namespaces"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="the command ip of iproute2 is missing"),
]


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespaces():
    names = [f"thalweg-{os.getpid()}-{side}" for side in "ab"]
    links = [f"tw{os.getpid()}{side}" for side in "ab"]
    try:
        for name in names:
            try:
                ip("netns", "add", name)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
        ip("link", "add", links[0], "netns", names[0], "type", "veth", "peer", "name", links[1], "netns", names[1])
        for name, link, address in zip(names, links, ("10.231.77.1/30", "10.231.77.2/30"), strict=True):
            ip("-n", name, "addr", "add", address, "dev", link)
            ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names, links
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def test_a_worker_that_is_cut_off_is_found_within_the_stated_time(namespaces, tmp_path):
    pytest.importorskip("distributed")
    from thalweg.workers import make_certificates

    (here, there), (link, _) = namespaces
    certs = make_certificates(tmp_path / "certs")
    environment = os.environ | {
        "CERTS": str(certs),
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{SECONDS}s",
        "PYTHONPATH": str(ROOT),
    }
    command = ["ip", "netns", "exec", here, sys.executable, "-m", "tests.faults.partition", str(tmp_path), there, link]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stderr
    value, seconds = done.stdout.split()
    assert value == "again"
    assert float(seconds) < SECONDS + 5  # and what the other worker needs to start, and to take the call
